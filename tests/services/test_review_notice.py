"""A review turns nothing off that nobody could read of: its notice stood for its time, with whoever holds a key now."""

from __future__ import annotations

import pytest

from bot.domain.confirming import Answer, Part, Place, ReviewFacts, ReviewState, Why
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause
from bot.services import giving, reviewing
from bot.services.auditing import verify
from bot.services.housekeeping import tidy
from bot.services.reviewing import watch_reviews
from storage import confirmations, reviews
from tests.company import ANA, BEN, OMAR, Company
from tests.fakes import Mishap
from tests.services.confirming_kit import (
    actions,
    answer,
    begin,
    done,
    in_channel,
    in_thread,
    labels,
    look_at_reviews,
    member_key,
    told,
)
from tests.services.guard_kit import poll
from tests.services.kit import automation_wanted, held, key, spend


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Both databases: what is decided must be decided once."""
    return company_anywhere


def due_by(company: Company, review: ReviewFacts) -> float:
    """Days from now until what nobody confirmed goes off, as the messages say."""
    with company.books.reading() as session:
        found = reviews.get(session, review.review.id)
        assert found is not None
        dues = {one.due_at for one in confirmations.of_review(session, found.id) if one.answer is None}
    assert dues <= {found.due_at}
    return (found.due_at - company.clock.now()).total_seconds() / 86_400


def goes_off_three_days_later(company: Company, made: Key) -> None:
    """Not before the notice has stood for its time, and then."""
    look_at_reviews(company, days=2, hours=23)
    assert key(company, made.id).state is KeyState.LIVE
    look_at_reviews(company, hours=2)
    assert key(company, made.id).off_cause is OffCause.UNCONFIRMED


def test_purser_down_from_before_its_notice_was_posted_until_after_the_end_turns_nothing_off(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    company.clock.advance(days=11, minutes=1)
    watch_reviews(company.purser)  # decided, and then the process is gone for a week
    look_at_reviews(company, days=7)
    assert key(company, made.id).state is KeyState.LIVE
    notice = in_thread(company, facts, Place.NOTICE)
    assert notice is not None
    assert [one.label for one in notice.facts.answered(None)] == [made.label]
    look_at_reviews(company, minutes=1)
    assert due_by(company, facts) == pytest.approx(3, abs=0.01)
    goes_off_three_days_later(company, made)


def test_while_slack_takes_no_notice_nothing_goes_off(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    company.notifier.mishaps.add("put_in_review", *[Mishap.DOWN] * 40)
    look_at_reviews(company, days=11, minutes=1)
    for _ in range(4):
        look_at_reviews(company, days=1)
    assert in_thread(company, facts, Place.NOTICE) is None
    assert key(company, made.id).state is KeyState.LIVE
    company.notifier.mishaps.clear()
    look_at_reviews(company, minutes=6)
    assert in_thread(company, facts, Place.NOTICE) is not None
    goes_off_three_days_later(company, made)


def test_a_notice_so_long_ago_that_the_books_forgot_it_is_given_anew(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    look_at_reviews(company, days=11, minutes=1)
    company.clock.advance(days=40)
    tidy(company.purser)
    look_at_reviews(company)
    assert key(company, made.id).state is KeyState.LIVE
    assert due_by(company, facts) == pytest.approx(3, abs=0.01)
    look_at_reviews(company, days=3, minutes=1)
    assert key(company, made.id).off_cause is OffCause.UNCONFIRMED


def test_a_review_whose_notice_cannot_be_posted_is_over_and_its_owners_are_told(company: Company) -> None:
    made = member_key(company)
    begin(company)
    company.notifier.mishaps.add("put_in_review", Mishap.REFUSED)
    look_at_reviews(company, days=11, minutes=1)
    assert in_channel(company).facts.review.state is ReviewState.DONE
    assert Occasion.EFFECT_FAILED in company.notifier.occasions(f"direct:{OMAR.id}")
    look_at_reviews(company, days=4)
    assert key(company, made.id).state is KeyState.LIVE
    assert answer(company, made, Why.REVIEW) == (Answer.MOOT, "purser")


def test_a_review_whose_keys_could_not_be_posted_is_over(company: Company) -> None:
    made = member_key(company)
    company.notifier.mishaps.add("put_in_review", Mishap.REFUSED)
    begin(company)
    look_at_reviews(company, days=11, minutes=1)
    look_at_reviews(company, days=4)
    assert key(company, made.id).state is KeyState.LIVE


def test_a_message_of_a_review_that_cannot_be_written_anew_ends_nothing(company: Company) -> None:
    member_key(company)
    kept = member_key(company, BEN)
    facts = begin(company)
    company.notifier.mishaps.add("put_in_review", Mishap.REFUSED)
    with company.books.reading() as session:
        question = confirmations.last_about(session, kept.id, Why.REVIEW)
    assert question is not None
    reviewing.confirm(company.purser, company.actor(OMAR), question.id)
    done(company)
    with company.books.reading() as session:
        assert [one.id for one in reviews.open_ones(session)] == [facts.review.id]


def test_whoever_holds_a_key_since_the_notice_is_told_before_it_goes_off(company: Company) -> None:
    made, other = held(company, ANA, automation_wanted(lead=ANA)), member_key(company)
    facts = begin(company)
    look_at_reviews(company, days=11, minutes=1)
    look_at_reviews(company, days=2)
    giving.hand_over(company.purser, company.actor(OMAR), made.label, BEN.id)
    look_at_reviews(company, days=1, minutes=1)
    assert key(company, other.id).off_cause is OffCause.UNCONFIRMED
    assert key(company, made.id).state is KeyState.LIVE
    assert [labels(one) for one in told(company, Part.NOTICED, BEN)] == [[made.label]]
    assert in_channel(company).facts.review.state is ReviewState.OPEN
    assert due_by(company, facts) == pytest.approx(3, abs=0.01)
    look_at_reviews(company, days=2, hours=23)
    assert key(company, made.id).state is KeyState.LIVE
    look_at_reviews(company, hours=2)
    assert key(company, made.id).off_cause is OffCause.UNCONFIRMED
    assert in_channel(company).facts.review.state is ReviewState.DONE
    assert len(told(company, Part.NOTICED, BEN)) == 1
    assert actions(company, "review.") == ["review.started", "review.noticed", "review.postponed", "review.ended"]
    assert verify(company.books).ok


def test_the_thread_names_who_holds_a_key_by_now(company: Company) -> None:
    made = held(company, ANA, automation_wanted(lead=ANA))
    facts = begin(company)
    giving.hand_over(company.purser, company.actor(OMAR), made.label, BEN.id)
    look_at_reviews(company, minutes=1)
    page = in_thread(company, facts, "page:0")
    assert page is not None
    assert [(one.key.key.holder_id, one.key.key.lead_id) for one in page.entries] == [(BEN.id, BEN.id)]


def test_owners_do_not_read_that_a_key_of_somebody_who_cannot_be_written_to_is_theirs(company: Company) -> None:
    member_key(company)
    facts = begin(company)
    company.notifier.mishaps.add("direct_questions", Mishap.REFUSED)
    look_at_reviews(company, days=11, minutes=1)
    assert told(company, Part.NOTICED) == []
    assert in_thread(company, facts, Place.NOTICE) is not None


def test_a_key_that_a_limit_has_stopped_is_kept_for_as_long_as_any_other(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    company.gateway.caps_hold = False
    spend(company, made, 60)
    poll(company)
    assert key(company, made.id).off_cause is OffCause.BUDGET
    reviewing.confirm(company.purser, company.actor(OMAR), facts.keys[0].question.id)
    kept_until = key(company, made.id).kept_until
    assert kept_until is not None
    assert (kept_until - company.clock.now()).days >= 29
