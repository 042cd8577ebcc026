"""Silence turns a key off only when whoever answers for it now was told, and when nobody used it up to the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.confirming import Answer, Part
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.requests import Target
from bot.services import approvals, confirming, giving, handing_over, requests, revealing, teams
from bot.services.requests import Place, Sent
from bot.services.revealing import Shown
from bot.services.syncing import sync_live, sync_usage
from bot.services.unanswered import watch_questions
from storage import ledger
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.confirming_kit import answer, done, labels, look, member_key, told, use
from tests.services.guard_kit import poll
from tests.services.kit import CHANNEL, add_project, automation_wanted, choose, held, key, project_wanted, spend, wanted
from tests.services.leaving_kit import deactivate, latest, second_team
from tests.services.raises_kit import waiting_raise


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Both databases: what is decided must be decided once."""
    return company_anywhere


def reminded_about(company: Company, made: Key, *, days: int = 31) -> Key:
    """It goes off in a day, and whoever answers for it was told so."""
    look(company, days=days)
    look(company, days=6)
    assert labels(told(company, Part.REMINDED)[-1]) == [made.label]
    return made


def test_whoever_answers_for_a_key_since_the_reminder_is_reminded_before_it_goes_off(company: Company) -> None:
    add_project(company)
    made = reminded_about(company, held(company, ANA, project_wanted()))
    assert [one.member_id for one in told(company, Part.REMINDED)] == [BEN.id]
    look(company, hours=12)
    giving.change_lead(company.purser, company.actor(OMAR), CHANNEL, "reranker", ANA.id)
    look(company, hours=13)
    assert key(company, made.id).state is KeyState.LIVE
    assert [labels(one) for one in told(company, Part.REMINDED, ANA)] == [[made.label]]
    look(company, hours=23)
    assert key(company, made.id).state is KeyState.LIVE
    look(company, hours=2)
    assert key(company, made.id).off_cause is OffCause.UNUSED


def test_who_takes_over_a_key_says_that_it_is_needed(company: Company) -> None:
    made = reminded_about(company, held(company, ANA, automation_wanted(lead=ANA)))
    deactivate(company, ANA)
    handed = handing_over.take_over(company.purser, company.actor(OMAR), latest(company, ANA).id, made.team_id, made.id)
    assert not hasattr(handed, "because"), handed
    look(company, hours=25)
    assert key(company, made.id).state is KeyState.LIVE
    assert answer(company, made) == (Answer.KEPT, OMAR.id)
    look(company, days=2)
    assert key(company, made.id).state is KeyState.LIVE
    assert len(told(company, Part.ASKED)) == 1


def test_what_waits_to_be_taken_over_has_the_time_that_was_promised_for_it(company: Company) -> None:
    made = reminded_about(company, held(company, ANA, automation_wanted(lead=ANA)))
    deactivate(company, ANA)
    look(company, hours=25)
    assert key(company, made.id).state is KeyState.LIVE
    assert answer(company, made) == (Answer.MOOT, "purser")


def test_while_slack_delivers_no_reminder_nothing_goes_off(company: Company) -> None:
    made = member_key(company)
    look(company, days=31)
    company.notifier.mishaps.add("direct_questions", *[Mishap.DOWN] * 40)
    look(company, days=6)
    for _ in range(5):
        look(company, hours=12)
    assert told(company, Part.REMINDED) == []
    assert key(company, made.id).state is KeyState.LIVE
    company.notifier.mishaps.clear()
    look(company, hours=12)
    assert len(told(company, Part.REMINDED)) == 1
    assert key(company, made.id).state is KeyState.LIVE
    look(company, days=1, hours=1)
    assert key(company, made.id).off_cause is OffCause.UNUSED


def test_what_is_used_in_the_last_minute_is_not_turned_off_though_its_gateway_tells_late(company: Company) -> None:
    company.gateway.capabilities = replace(company.gateway.capabilities, usage_lag_seconds=60)
    made = reminded_about(company, member_key(company))
    company.clock.advance(hours=24, seconds=5)  # used just before, and the gateway does not tell it yet
    sync_usage(company.purser)
    sync_live(company.purser)
    watch_questions(company.purser)
    done(company)
    use(company, made)
    look(company, minutes=2)
    assert key(company, made.id).state is KeyState.LIVE
    assert answer(company, made) == (Answer.MOOT, "purser")


def test_a_reminder_that_comes_late_stands_for_its_time_however_short_that_is(company: Company) -> None:
    choose(company, stop_unused_seconds=4 * HOUR_SECONDS)
    made = member_key(company)
    look(company, days=31)
    company.notifier.mishaps.add("direct_questions", *[Mishap.DOWN] * 99)
    look(company, hours=2)
    for _ in range(10):
        company.clock.advance(minutes=5)
        done(company)
    assert told(company, Part.REMINDED) == []
    company.notifier.mishaps.clear()
    company.clock.advance(minutes=5)
    done(company)
    assert len(told(company, Part.REMINDED)) == 1
    look(company, minutes=70)
    assert key(company, made.id).state is KeyState.LIVE
    look(company, hours=1)
    assert key(company, made.id).off_cause is OffCause.UNUSED


def test_nobody_is_asked_about_a_key_that_waits_to_be_taken_over(company: Company) -> None:
    made = held(company, ANA, automation_wanted(lead=ANA))
    company.clock.advance(days=30)
    deactivate(company, ANA)
    look(company, days=1, hours=1)
    assert told(company, Part.ASKED) == []
    assert key(company, made.id).state is KeyState.LIVE


def test_a_key_that_a_limit_held_back_is_asked_about_once_it_went_unused_while_it_worked(company: Company) -> None:
    company.gateway.caps_hold = False  # a fake gateway's monthly cap never starts again
    made = member_key(company)
    spend(company, made, 60)
    poll(company)
    assert key(company, made.id).off_cause is OffCause.BUDGET
    company.clock.at = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
    sync_usage(company.purser)
    for _ in range(3):
        poll(company)
    assert key(company, made.id).state is KeyState.LIVE
    look(company, days=21)
    assert told(company, Part.ASKED) == []
    look(company, days=10)
    assert [labels(one) for one in told(company, Part.ASKED)] == [[made.label]]


def test_keys_that_end_by_themselves_keep_nobody_from_being_asked_about_others(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "MOST_ASKED", 1)
    choose(company, unused_seconds=20 * DAY_SECONDS)
    held(company, ANA, wanted(5, 25, reason="a trial"))
    made = member_key(company)
    look(company, days=21)
    assert [labels(one) for one in told(company, Part.ASKED)] == [[made.label]]


def test_after_a_late_reminder_its_gateway_has_to_be_read_up_to_the_later_end(company: Company) -> None:
    made = member_key(company)
    look(company, days=31)
    company.notifier.mishaps.add("direct_questions", *[Mishap.DOWN] * 40)
    look(company, days=6)
    for _ in range(3):
        look(company, hours=12)
    company.notifier.mishaps.clear()
    look(company, minutes=6)
    (message,) = told(company, Part.REMINDED)
    question = message.notice.keys[0].question
    assert question is not None
    assert question.due_at - company.clock.now() > timedelta(hours=23)  # the moment it names is still to come
    use(company, made)
    look(company, read=False, days=1, minutes=1)  # what was used since the deadline has not been read
    assert key(company, made.id).state is KeyState.LIVE
    look(company, minutes=1)
    assert answer(company, made) == (Answer.MOOT, "purser")


def test_what_ends_a_question_is_written_down_as_it_is(company: Company) -> None:
    made = member_key(company)
    look(company, days=31)
    choose(company, unused_seconds=60 * DAY_SECONDS)
    look(company, hours=1)
    assert answer(company, made) == (Answer.MOOT, "purser")
    with company.books.reading() as session:
        (row,) = [row for row in ledger.stream(session) if row.action == "confirmation.moot"]
    assert row.reason == "it does not count as unused any more"


def test_asking_for_more_money_on_a_key_says_that_it_is_needed(company: Company) -> None:
    made = member_key(company)
    look(company, days=31)
    waiting_raise(company, Target(Layer.KEY, made.id), 10, company.clock.now() + timedelta(days=20))
    look(company, hours=1)
    assert answer(company, made) == (Answer.KEPT, ANA.id)


def test_of_who_cannot_be_written_to_each_owner_reads_about_keys_of_their_own_team_only(company: Company) -> None:
    hers = held(company, ANA, automation_wanted(lead=ANA))
    second_team(company, ANA)
    teams.make_owner(company.purser, company.actor(OLGA), "C0ADS", (BEN.id,))
    sent = requests.ask(company.purser, company.actor(ANA), Place("C0ADS"), automation_wanted(name="ads", lead=ANA))
    assert isinstance(sent, Sent), sent
    approvals.approve(company.purser, company.actor(OLGA), sent.facts.request.id)
    shown = revealing.reveal(company.purser, company.actor(ANA), sent.facts.request.id, company.show)
    assert isinstance(shown, Shown), shown
    other = shown.key
    company.notifier.mishaps.add("direct_questions", Mishap.REFUSED)
    look(company, days=31)
    assert [labels(one) for one in told(company, Part.ASKED, OMAR)] == [[hers.label]]
    assert [labels(one) for one in told(company, Part.ASKED, BEN)] == [[other.label]]
    company.notifier.mishaps.add("direct_questions", Mishap.REFUSED)
    look(company, days=6)
    look(company, days=1, hours=1)
    assert key(company, hers.id).off_cause is key(company, other.id).off_cause is OffCause.UNUSED
