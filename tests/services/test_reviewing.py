"""Reviews: begun by owners, answered key by key, noticed before the end; what nobody confirmed is off with proof."""

from __future__ import annotations

import pytest

from bot.domain import confirming as confirming_rules
from bot.domain.confirming import Answer, Part, Place, ReviewFacts, ReviewState, Why
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause, Proof
from bot.domain.people import Member
from bot.domain.requests import Because, Refused
from bot.services import keeping, question_effects, questions, reviewing, teams, turning_off
from bot.services.confirming import settle
from bot.services.context import Repeated
from bot.services.failpoints import Failpoint
from bot.services.turning_off import Target
from storage import confirmations, reviews
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.confirming_kit import (
    actions,
    answer,
    begin,
    done,
    in_channel,
    in_thread,
    labels,
    last,
    look,
    look_at_reviews,
    member_key,
    told,
)
from tests.services.kit import CHANNEL, automation_wanted, held, key, refusal, wanted
from tests.services.leaving_kit import deactivate


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Both databases: what is decided must be decided once."""
    return company_anywhere


def confirm(company: Company, who: Member, made: Key, delivery: str | None = None) -> reviewing.Confirmed | Refused:
    question = last(company, made, Why.REVIEW)
    assert question is not None
    return reviewing.confirm(company.purser, company.actor(who, delivery), question.id)


def of(company: Company, made: Key) -> tuple[Answer | None, str | None]:
    return answer(company, made, Why.REVIEW)


def test_a_review_asks_for_every_key_of_the_team_the_oldest_first(company: Company) -> None:
    second_oldest = member_key(company)
    company.clock.advance(days=1)
    newest = held(company, BEN, wanted(5, 30, reason="a trial"))
    facts = begin(company)
    assert [one.label for one in facts.keys] == [second_oldest.label, newest.label]
    page = in_thread(company, facts, "page:0")
    assert page is not None
    assert [entry.key.key.label for entry in page.entries] == [second_oldest.label, newest.label]
    assert in_channel(company).facts.owner_ids == (OLGA.id, OMAR.id)
    assert actions(company, "review.") == ["review.started"]


def test_many_keys_stand_in_pages_in_their_order(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (questions, question_effects, confirming_rules):
        monkeypatch.setattr(module, "PAGE_KEYS", 2)
    for number in range(3):
        held(company, ANA, automation_wanted(1, 1, name=f"job-{number}", lead=BEN))
    facts = begin(company)
    shown = [in_thread(company, facts, f"page:{number}") for number in range(3)]
    assert [0 if page is None else len(page.entries) for page in shown] == [2, 1, 0]
    assert [posted.partition(":")[2] for posted in company.notifier.reviews] == ["", "page:0", "page:1"]


@pytest.mark.parametrize("who", [ANA, GUS])
def test_only_owners_begin_a_review(company: Company, who: Member) -> None:
    member_key(company)
    assert refusal(reviewing.review(company.purser, company.actor(who), CHANNEL)).because is Because.NOT_ALLOWED


def test_a_team_without_keys_and_a_channel_without_a_team_have_nothing_to_review(company: Company) -> None:
    for channel in (CHANNEL, "C0OTHER"):
        no = refusal(reviewing.review(company.purser, company.actor(OMAR), channel))
        assert no.because is Because.NOT_FOUND


def test_one_review_is_open_and_asking_again_shows_how_it_stands(company: Company) -> None:
    made = member_key(company)
    begin(company)
    confirm(company, OMAR, made)
    again = reviewing.review(company.purser, company.actor(ANA), CHANNEL)
    assert isinstance(again, reviewing.Begun)
    assert not again.is_new
    assert len(again.facts.answered(Answer.KEPT)) == 1
    assert actions(company, "review.started") == ["review.started"]


# --- answers ---


def test_an_owner_confirms_a_key_and_everybody_sees_it(company: Company) -> None:
    made, other = member_key(company), member_key(company, BEN)
    facts = begin(company)
    done_by = confirm(company, OMAR, made)
    assert isinstance(done_by, reviewing.Confirmed)
    done(company)
    assert of(company, made) == (Answer.KEPT, OMAR.id)
    assert [one.label for one in in_channel(company).facts.answered(None)] == [other.label]
    page = in_thread(company, facts, "page:0")
    assert page is not None
    assert [entry.question.answered_by for entry in page.entries] == [OMAR.id, None]
    assert key(company, made.id).kept_until is not None
    assert actions(company, "key.confirmed") == ["key.confirmed"]


def test_confirmed_twice_is_confirmed_once(company: Company) -> None:
    made = member_key(company)
    begin(company)
    confirm(company, OMAR, made, delivery="action:1")
    with pytest.raises(Repeated):
        confirm(company, OMAR, made, delivery="action:1")
    second = confirm(company, OLGA, made)
    assert isinstance(second, reviewing.Confirmed)
    assert (second.already, second.by) == (True, OMAR.id)


@pytest.mark.parametrize("who", [ANA, BEN])
def test_members_confirm_nothing(company: Company, who: Member) -> None:
    made = member_key(company)
    begin(company)
    assert refusal(confirm(company, who, made)).because is Because.NOT_ALLOWED
    assert of(company, made) == (None, None)


def test_an_owner_does_not_confirm_their_own_key_while_another_could(company: Company) -> None:
    made = member_key(company, OLGA)
    begin(company)
    no = refusal(confirm(company, OLGA, made))
    assert no.text == f"You hold `{made.label}`, so somebody else has to confirm it: <@{OMAR.id}>."
    assert isinstance(confirm(company, OMAR, made), reviewing.Confirmed)


def test_the_lead_of_an_owners_key_may_confirm_it(company: Company) -> None:
    made = held(company, OLGA, automation_wanted(lead=BEN))
    begin(company)
    assert isinstance(confirm(company, BEN, made), reviewing.Confirmed)


def test_the_only_owner_there_is_confirms_their_own(company: Company) -> None:
    made = member_key(company, OLGA)
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (OMAR.id,))
    begin(company, OLGA)
    assert isinstance(confirm(company, OLGA, made), reviewing.Confirmed)


def test_keep_pressed_elsewhere_by_who_may_confirm_answers_the_review(company: Company) -> None:
    made, other = member_key(company), member_key(company, BEN)
    begin(company)
    keeping.keep(company.purser, company.actor(OLGA), made.id)
    keeping.keep(company.purser, company.actor(BEN), other.id)
    assert of(company, made) == (Answer.KEPT, OLGA.id)
    assert of(company, other) == (None, None)


def test_a_review_takes_over_a_question_about_an_unused_key(company: Company) -> None:
    made = member_key(company)
    look(company, days=31)
    begin(company)
    assert answer(company, made) == (Answer.MOOT, "purser")
    look(company, days=8)
    assert key(company, made.id).state is KeyState.LIVE
    confirm(company, OMAR, made)
    look(company, days=8)
    assert told(company, Part.STOPPED) == []


def test_a_key_that_goes_off_meanwhile_answers_for_itself(company: Company) -> None:
    returned, stopped = member_key(company), held(company, BEN, wanted(5, 3, reason="a trial"))
    begin(company)
    turning_off.give_back(company.purser, company.actor(ANA), Target(key_id=returned.id))
    question = last(company, returned, Why.REVIEW)
    assert question is not None
    settle(company.purser, (question.id,))
    assert of(company, returned) == (Answer.OFF, ANA.id)
    next(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=stopped.id), "no"))
    look_at_reviews(company, minutes=1)
    assert of(company, stopped) == (Answer.OFF, OMAR.id)
    assert in_channel(company).facts.review.state is ReviewState.DONE


def test_a_key_made_after_the_beginning_is_no_part_of_it(company: Company) -> None:
    member_key(company)
    begin(company)
    later = member_key(company, BEN)
    look_at_reviews(company, days=11, minutes=1)
    look_at_reviews(company, days=3, minutes=1)
    assert last(company, later, Why.REVIEW) is None
    assert key(company, later.id).state is KeyState.LIVE


# --- silence ---


def test_owners_and_holders_are_told_before_anything_goes_off(company: Company) -> None:
    made, kept = member_key(company), member_key(company, BEN)
    facts = begin(company)
    confirm(company, OMAR, kept)
    look_at_reviews(company, days=10, hours=23)
    assert in_thread(company, facts, Place.NOTICE) is None
    look_at_reviews(company, hours=2)
    notice = in_thread(company, facts, Place.NOTICE)
    assert notice is not None
    assert [one.label for one in notice.facts.answered(None)] == [made.label]
    assert [labels(one) for one in told(company, Part.NOTICED, ANA)] == [[made.label]]
    assert told(company, Part.NOTICED, BEN) == []
    assert key(company, made.id).state is KeyState.LIVE


def test_what_nobody_confirmed_goes_off_with_proof_and_the_summary_says_so(company: Company) -> None:
    silent, kept = member_key(company), member_key(company, BEN)
    facts = begin(company)
    confirm(company, OMAR, kept)
    look_at_reviews(company, days=11, minutes=1)
    look_at_reviews(company, days=3, minutes=1)
    gone = key(company, silent.id)
    assert (gone.state, gone.off_cause, gone.proof) == (KeyState.DISABLED, OffCause.UNCONFIRMED, Proof.RECORDED)
    assert key(company, kept.id).state is KeyState.LIVE
    assert of(company, silent) == (Answer.SILENT, "purser")
    summary = in_thread(company, facts, Place.SUMMARY)
    assert summary is not None
    assert [(one.label, one.state) for one in summary.facts.answered(Answer.SILENT)] == [
        (silent.label, KeyState.DISABLED)
    ]
    assert in_channel(company).facts.review.state is ReviewState.DONE
    assert Occasion.KEY_DISABLED in company.notifier.occasions(f"direct:{ANA.id}")
    assert actions(company, "review.") == ["review.started", "review.noticed", "review.ended"]


def test_what_is_not_proven_off_yet_is_said_and_then_corrected(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    look_at_reviews(company, days=11, minutes=1)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 3)
    look_at_reviews(company, days=3, minutes=1)
    summary = in_thread(company, facts, Place.SUMMARY)
    assert summary is not None
    assert [one.state for one in summary.facts.answered(Answer.SILENT)] == [KeyState.DISABLING]
    company.settle()
    look_at_reviews(company, minutes=1)
    summary = in_thread(company, facts, Place.SUMMARY)
    assert summary is not None
    assert [one.state for one in summary.facts.answered(Answer.SILENT)] == [KeyState.DISABLED]
    assert key(company, made.id).proof is Proof.RECORDED


def test_a_review_that_purser_slept_through_gives_notice_first(company: Company) -> None:
    made = member_key(company)
    begin(company)
    look_at_reviews(company, days=40)
    assert key(company, made.id).state is KeyState.LIVE
    assert len(told(company, Part.NOTICED)) == 1
    look_at_reviews(company, days=3, minutes=1)
    assert key(company, made.id).off_cause is OffCause.UNCONFIRMED


def test_all_answered_ends_it_before_its_time(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    confirm(company, OMAR, made)
    look_at_reviews(company, minutes=1)
    assert in_channel(company).facts.review.state is ReviewState.DONE
    assert in_thread(company, facts, Place.SUMMARY) is not None
    assert isinstance(reviewing.review(company.purser, company.actor(OMAR), CHANNEL), reviewing.Begun)


def test_an_owner_calls_it_off_and_nothing_goes_off(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    no = refusal(reviewing.call_off(company.purser, company.actor(ANA), facts.review.id))
    assert no.because is Because.NOT_ALLOWED
    off = reviewing.call_off(company.purser, company.actor(OLGA), facts.review.id)
    assert isinstance(off, ReviewFacts)
    assert off.called_off_by == OLGA.id
    look_at_reviews(company, days=20)
    assert key(company, made.id).state is KeyState.LIVE
    assert of(company, made) == (Answer.MOOT, OLGA.id)
    again = reviewing.call_off(company.purser, company.actor(OMAR), facts.review.id)
    assert isinstance(again, ReviewFacts)
    assert again.called_off_by == OLGA.id


def test_a_review_that_cannot_be_read_turns_nothing_off(company: Company) -> None:
    made = member_key(company)
    company.notifier.mishaps.add("post_review", Mishap.REFUSED)
    begun = reviewing.review(company.purser, company.actor(OMAR), CHANNEL)
    assert isinstance(begun, reviewing.Begun)
    done(company)
    assert Occasion.EFFECT_FAILED in company.notifier.occasions(f"direct:{OMAR.id}")
    look_at_reviews(company, days=11, minutes=1)
    look_at_reviews(company, days=4)
    assert key(company, made.id).state is KeyState.LIVE
    with company.books.reading() as session:
        assert reviews.open_ones(session) == []


# --- replicas and crashes ---


def test_two_replicas_notice_stop_and_end_once(company: Company) -> None:
    made = member_key(company)
    begin(company)
    for days in (11.01, 3.01):
        company.clock.advance(days=days)
        for _ in range(3):
            reviewing.watch_reviews(company.purser)
        done(company)
    assert actions(company, "review.") == ["review.started", "review.noticed", "review.ended"]
    assert actions(company, "key.unconfirmed") == ["key.unconfirmed"]
    assert len(told(company, Part.NOTICED)) == 1
    assert key(company, made.id).proof is Proof.RECORDED


def test_a_lost_reply_and_a_crash_post_every_message_once(company: Company) -> None:
    member_key(company)
    begun = reviewing.review(company.purser, company.actor(OMAR), CHANNEL)
    assert isinstance(begun, reviewing.Begun)
    with company.crashing(Failpoint.AFTER_REVIEW_POSTED, down_seconds=61):
        company.perform()
    company.notifier.mishaps.add("put_in_review", Mishap.LOST)
    company.settle()
    posted = [one.partition(":")[2] for one in company.notifier.reviews]
    assert posted == ["", "page:0"]
    with company.books.reading() as session:
        (review,) = reviews.open_ones(session)
        assert review.ts is not None


def test_a_crash_between_two_keys_goes_on_with_the_rest(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "AT_ONCE", 1)
    every = [member_key(company), member_key(company, BEN), member_key(company, OLGA)]
    begin(company)
    look_at_reviews(company, days=11, minutes=1)
    company.clock.advance(days=3, minutes=1)
    company.gateway.mishaps.add("disable", Mishap.DOWN)
    with company.books.transaction() as session:  # as if it had died after the first
        (review,) = reviews.open_ones(session)
        first = confirmations.of_review(session, review.id)[:1]
        reviewing._stop(session, company.purser, first)
    look_at_reviews(company)
    company.settle()
    assert [key(company, one.id).off_cause for one in every] == [OffCause.UNCONFIRMED] * 3
    assert len(actions(company, "key.unconfirmed")) == 3


def test_a_key_that_goes_off_in_the_last_moment_answers_for_itself(company: Company) -> None:
    made = member_key(company)
    facts = begin(company)
    look_at_reviews(company, days=11, minutes=1)
    company.clock.advance(days=3, minutes=1)
    with company.books.reading() as session:
        waiting = confirmations.of_review(session, facts.review.id)
    turning_off.give_back(company.purser, company.actor(ANA), Target(key_id=made.id))
    with company.purser.deciding() as session:
        reviewing._stop(session, company.purser, waiting)
    assert of(company, made) == (Answer.OFF, ANA.id)


def test_messages_that_are_true_are_not_written_again_however_many_there_are(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "_LOOK_BACK", 1)
    for module in (questions, question_effects, confirming_rules):
        monkeypatch.setattr(module, "PAGE_KEYS", 1)
    for who in (ANA, BEN, OLGA):
        member_key(company, who)
    review = begin(company).review
    look_at_reviews(company)
    with company.books.reading() as session:
        assert questions.stale(session, review.id) == {}


def test_what_waits_to_be_taken_over_is_left_to_who_is_asked_to(company: Company) -> None:
    made = held(company, ANA, automation_wanted())
    begin(company)
    look_at_reviews(company, days=11, minutes=1)
    look_at_reviews(company, days=2)
    deactivate(company, ANA)
    look_at_reviews(company, days=1, minutes=5)
    assert key(company, made.id).state is KeyState.LIVE
    assert of(company, made) == (Answer.MOOT, "purser")
    assert in_channel(company).facts.review.state is ReviewState.DONE
