"""Unused keys: who is asked, what answers, what silence does, and what it never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.confirming import Answer, Part
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause, Proof
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Refused
from bot.services import confirming, keeping, requests, restoring, rotating, teams, turning_off
from bot.services.confirming import ask_unused, settle
from bot.services.syncing import sync_usage
from bot.services.turning_off import Target
from bot.services.unanswered import watch_questions
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.confirming_kit import (
    actions,
    answer,
    done,
    labels,
    last,
    look,
    member_key,
    told,
    use,
)
from tests.services.kit import CHANNEL, automation_wanted, choose, held, key, refusal, spend, wanted

LONG = 31


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Both databases: what is decided must be decided once."""
    return company_anywhere


def asked_about(company: Company, who: Member = ANA) -> Key:
    """A key that its holder was asked about just now."""
    made = member_key(company, who)
    look(company, days=LONG)
    assert labels(told(company, Part.ASKED, who)[-1]) == [made.label]
    return made


# --- asking ---


def test_whoever_holds_unused_keys_is_asked_about_all_of_them_in_one_message(company: Company) -> None:
    hers = [member_key(company), held(company, ANA, wanted(5, 30, reason="a trial"))]
    company.clock.advance(days=20)
    choose(company, unused_seconds=15 * DAY_SECONDS)
    his = member_key(company, BEN)
    choose(company, unused_seconds=15 * DAY_SECONDS)
    look(company)
    (message,) = told(company, Part.ASKED)
    assert message.member_id == ANA.id
    assert labels(message) == [one.label for one in hers]
    assert last(company, his) is None


def test_nobody_is_asked_twice_however_often_is_looked(company: Company) -> None:
    asked_about(company)
    look(company, hours=1)
    look(company, days=1)
    assert len(told(company, Part.ASKED)) == 1
    assert actions(company, "confirmation.") == ["confirmation.asked"]


def test_what_becomes_unused_on_the_same_day_waits_for_the_next(company: Company) -> None:
    choose(company, unused_seconds=30 * DAY_SECONDS)
    member_key(company)
    company.clock.advance(hours=3)
    later = held(company, ANA, automation_wanted(lead=ANA))
    look(company, days=30, hours=-2)
    look(company, hours=3)
    assert len(told(company, Part.ASKED, ANA)) == 1
    look(company, days=1)
    assert [labels(one) for one in told(company, Part.ASKED, ANA)[1:]] == [[later.label]]


def test_a_lead_is_asked_about_the_keys_they_answer_for(company: Company) -> None:
    made = held(company, ANA, automation_wanted(lead=BEN))
    look(company, days=LONG)
    assert [labels(one) for one in told(company, Part.ASKED, BEN)] == [[made.label]]
    assert told(company, Part.ASKED, ANA) == []


def test_of_a_key_without_a_holder_the_teams_owners_are_asked(company: Company) -> None:
    made = member_key(company, BEN)
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    look(company, days=LONG)
    assert {one.member_id for one in told(company, Part.ASKED)} == {OLGA.id, OMAR.id}
    assert key(company, made.id).state is KeyState.LIVE


def test_a_key_in_use_is_never_asked_about(company: Company) -> None:
    made = member_key(company)
    for _ in range(5):
        use(company, made)
        look(company, days=20)
    assert told(company, Part.ASKED) == []


def test_a_key_whose_gateway_is_silent_or_tells_no_use_is_never_asked_about(company: Company) -> None:
    member_key(company)
    look(company, days=LONG, read=False)
    assert told(company, Part.ASKED) == []
    told_nothing = replace(company.gateway.capabilities, usage_per_key=False)
    company.gateway.capabilities = told_nothing
    look(company, days=LONG)
    assert told(company, Part.ASKED) == []


def test_a_kept_key_and_one_that_ends_before_the_deadline_are_not_asked_about(company: Company) -> None:
    choose(company, unused_seconds=20 * DAY_SECONDS)
    kept, ending = member_key(company), held(company, BEN, wanted(5, 26, reason="a trial"))
    company.clock.advance(days=15)
    keeping.keep(company.purser, company.actor(ANA), kept.id)
    look(company, days=6)
    assert told(company, Part.ASKED) == []
    assert last(company, ending) is None


def test_an_installation_may_ask_nobody(company: Company) -> None:
    choose(company, asks_unused=False)
    member_key(company)
    look(company, days=LONG)
    assert told(company, Part.ASKED) == []


def test_more_keys_than_a_message_holds_wait_for_the_next_day(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "MOST_ASKED", 2)
    for number in range(3):
        held(company, ANA, automation_wanted(1, 1, name=f"job-{number}", lead=BEN))
    look(company, days=LONG)
    look(company, hours=1)
    assert [len(one.notice.keys) for one in told(company, Part.ASKED, BEN)] == [2]
    look(company, days=1)
    assert [len(one.notice.keys) for one in told(company, Part.ASKED, BEN)] == [2, 1]


# --- answers ---


def test_keep_answers_from_wherever_it_is_pressed(company: Company) -> None:
    made = asked_about(company)
    keeping.keep(company.purser, company.actor(OMAR), made.id)
    assert answer(company, made) == (Answer.KEPT, OMAR.id)
    assert actions(company, "key.confirmed") == ["key.confirmed"]
    look(company, days=8)
    assert key(company, made.id).state is KeyState.LIVE
    assert told(company, Part.REMINDED) == []


def test_a_kept_key_is_asked_about_again_when_it_was_not_used_for_another_month(company: Company) -> None:
    made = asked_about(company)
    keeping.keep(company.purser, company.actor(ANA), made.id)
    look(company, days=29)
    assert len(told(company, Part.ASKED)) == 1
    look(company, days=2)
    assert [labels(one) for one in told(company, Part.ASKED)] == [[made.label]] * 2


def test_use_answers_by_itself(company: Company) -> None:
    made = asked_about(company)
    company.clock.advance(days=3)
    use(company, made)
    look(company, hours=1)
    assert answer(company, made) == (Answer.MOOT, "purser")
    look(company, days=5)
    assert key(company, made.id).state is KeyState.LIVE


def test_a_live_total_that_rises_is_use_even_where_usage_says_nothing(company: Company) -> None:
    made = asked_about(company)
    company.clock.advance(days=3)
    spend(company, made, 0.5)
    look(company, hours=1)
    assert answer(company, made) == (Answer.MOOT, "purser")


def test_asking_for_more_time_or_for_a_new_key_answers_too(company: Company) -> None:
    choose(company, unused_seconds=15 * DAY_SECONDS)
    extended, rotated = held(company, ANA, wanted(5, 30, reason="a trial")), member_key(company, BEN)
    look(company, days=16)
    requests.extend(company.purser, company.actor(ANA), extended.label, 3 * DAY_SECONDS, "still testing")
    rotating.rotate(company.purser, company.actor(BEN), rotated.label)
    look(company, hours=1)
    assert answer(company, extended) == (Answer.KEPT, ANA.id)
    assert answer(company, rotated) == (Answer.KEPT, BEN.id)


def test_giving_it_back_answers_at_once(company: Company) -> None:
    made = asked_about(company)
    turning_off.give_back(company.purser, company.actor(ANA), Target(key_id=made.id))
    question = last(company, made)
    assert question is not None
    settle(company.purser, (question.id,))
    assert answer(company, made) == (Answer.OFF, ANA.id)


# --- silence ---


def test_silence_is_reminded_of_and_then_turns_the_key_off_with_proof(company: Company) -> None:
    made = asked_about(company)
    look(company, days=5, hours=23)
    assert told(company, Part.REMINDED) == []
    look(company, hours=1)
    assert [labels(one) for one in told(company, Part.REMINDED, ANA)] == [[made.label]]
    look(company, hours=23)
    assert key(company, made.id).state is KeyState.LIVE
    look(company, hours=2)
    gone = key(company, made.id)
    assert (gone.state, gone.off_cause, gone.proof) == (KeyState.DISABLED, OffCause.UNUSED, Proof.RECORDED)
    assert answer(company, made) == (Answer.SILENT, "purser")
    assert "nobody has used it" in (gone.off_reason or "")
    assert [labels(one) for one in told(company, Part.STOPPED, OMAR)] == [[made.label]]
    assert told(company, Part.STOPPED, ANA) == []
    assert Occasion.KEY_DISABLED in company.notifier.occasions(f"direct:{ANA.id}")
    assert len(told(company, Part.REMINDED)) == 1


def test_what_was_turned_off_so_is_restored_by_an_owner_and_not_asked_about_at_once(company: Company) -> None:
    made = asked_about(company)
    look(company, days=6)
    look(company, days=1, hours=1)
    assert key(company, made.id).state is KeyState.DISABLED
    assert not isinstance(restoring.restore(company.purser, company.actor(OMAR), made.id), Refused)
    done(company)
    assert key(company, made.id).state is KeyState.LIVE
    look(company, days=1)
    look(company, days=20)
    assert len(told(company, Part.ASKED)) == 1
    look(company, days=12)
    assert len(told(company, Part.ASKED)) == 2


def test_while_the_gateway_is_silent_no_key_is_turned_off_and_people_are_reminded_anew(company: Company) -> None:
    made = asked_about(company)
    look(company, days=6)
    for _ in range(6):
        look(company, read=False, days=1)
    assert key(company, made.id).state is KeyState.LIVE
    assert len(told(company, Part.REMINDED)) == 1
    look(company, hours=1)
    assert len(told(company, Part.REMINDED)) == 2
    look(company, hours=23)
    assert key(company, made.id).state is KeyState.LIVE
    look(company, hours=2)
    assert key(company, made.id).off_cause is OffCause.UNUSED


def test_what_was_used_while_the_gateway_was_silent_is_not_turned_off(company: Company) -> None:
    made = asked_about(company)
    look(company, days=6)
    use(company, made)
    look(company, read=False, days=1, hours=1)
    look(company, hours=1)
    assert key(company, made.id).state is KeyState.LIVE
    assert answer(company, made) == (Answer.MOOT, "purser")


def test_nothing_goes_off_unannounced_though_purser_slept_through_the_deadline(company: Company) -> None:
    made = asked_about(company)
    look(company, days=30)
    assert key(company, made.id).state is KeyState.LIVE
    assert len(told(company, Part.REMINDED)) == 1
    look(company, days=1)
    assert key(company, made.id).off_cause is OffCause.UNUSED


def test_two_replicas_ask_remind_and_stop_once(company: Company) -> None:
    made = member_key(company)
    look(company, read=True, days=LONG)
    for days in (0, 6, 1.1):
        company.clock.advance(days=days)
        look(company)
        for job in (watch_questions, ask_unused):
            job(company.purser)
        done(company)
    assert [len(told(company, part)) for part in (Part.ASKED, Part.REMINDED)] == [1, 1]
    assert len(told(company, Part.STOPPED, OMAR)) == 1
    assert actions(company, "key.unused") == ["key.unused"]
    assert key(company, made.id).proof is Proof.RECORDED


def test_who_cannot_be_written_to_is_asked_through_the_owners(company: Company) -> None:
    company.notifier.mishaps.add("direct_questions", Mishap.REFUSED)
    made = member_key(company)
    look(company, days=LONG)
    company.settle()
    assert {one.member_id for one in told(company, Part.ASKED)} == {OLGA.id, OMAR.id}
    assert key(company, made.id).state is KeyState.LIVE


def test_a_question_that_is_answered_before_it_is_sent_is_not_sent(company: Company) -> None:
    made = member_key(company)
    company.clock.advance(days=LONG)
    sync_usage(company.purser)
    ask_unused(company.purser)
    keeping.keep(company.purser, company.actor(ANA), made.id)
    company.perform()
    assert answer(company, made) == (Answer.KEPT, ANA.id)
    assert told(company, Part.ASKED) == []


# --- rotation ---


def test_a_holder_is_told_once_that_a_rotation_is_due_and_nothing_is_stopped(company: Company) -> None:
    made = member_key(company)
    for _ in range(8):
        use(company, made)
        look(company, days=11)
    assert told(company, Part.ROTATION) == []
    use(company, made)
    look(company, days=2)
    look(company, days=1)
    (message,) = told(company, Part.ROTATION)
    assert (message.member_id, labels(message)) == (ANA.id, [made.label])
    assert message.notice.keys[0].due_at == (made.revealed_at or company.clock.now()) + timedelta(days=90)
    use(company, made)
    look(company, days=25)
    assert len(told(company, Part.ROTATION)) == 1
    assert key(company, made.id).state is KeyState.LIVE


def test_somebody_elses_rotation_is_told_to_nobody_else(company: Company) -> None:
    made = held(company, ANA, automation_wanted(lead=BEN))
    use(company, made)
    company.clock.advance(days=89)
    use(company, made)
    look(company, days=2)
    assert [one.member_id for one in told(company, Part.ROTATION)] == [ANA.id]
    assert "You hold no key" in refusal(rotating.rotate(company.purser, company.actor(BEN), made.label)).text
    assert not isinstance(rotating.rotate(company.purser, company.actor(ANA), made.label), Refused)
