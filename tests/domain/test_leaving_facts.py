"""What people are told of a leaver: when they are reminded, what is worth telling, and what can be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.leaving_facts import DepartureFacts, LeavingPart, LeftKeyFacts, Ref, reminder_due
from bot.domain.offboarding import DepartureState, LeftTeam, Outcome, Source
from bot.domain.people import Role
from tests.slack.views import kit_departures as kit
from tests.slack.views.kit import EVERYDAY

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TWO_DAYS = 2 * 86_400
REMINDER, LAST = LeavingPart.REMINDER, LeavingPart.LAST_REMINDER


def waiting(days: float = 7, reminded: float | None = None) -> LeftTeam:
    """Keys wait for so many days, and people were reminded so many days after the first moment."""
    at = None if reminded is None else NOON + reminded * DAY
    return LeftTeam("departure-1", "team-1", Role.MEMBER, due_at=NOON + days * DAY, reminded_at=at)


@pytest.mark.parametrize(
    ("after", "reminded", "due"),
    [
        (0, None, None),
        (1.99, None, None),
        (2, None, REMINDER),
        (3.9, 2, None),
        (4, 2, REMINDER),
        (5.49, 2, REMINDER),
        (5.5, 2, None),
        (5.99, 4, None),
        (6, 4, LAST),
        (6.9, 4, LAST),
        (6.1, 6, None),
        (7, 4, None),
        (9, 4, None),
    ],
)
def test_reminders_come_every_so_often_and_once_a_day_before_the_end(
    after: float, reminded: float | None, due: LeavingPart | None
) -> None:
    assert reminder_due(waiting(reminded=reminded), NOON, NOON + after * DAY, TWO_DAYS) is due


def test_nobody_is_reminded_of_nothing() -> None:
    assert reminder_due(replace(waiting(), due_at=None), NOON, NOON + 3 * DAY, TWO_DAYS) is None


@given(st.integers(1, 40), st.integers(3_600, 20 * 86_400))
def test_whoever_may_wait_is_told_a_day_before_it_ends_and_never_after(days: int, every: int) -> None:
    left, told = waiting(days), []
    for hour in range(days * 24 + 48):
        now = NOON + timedelta(hours=hour)
        if part := reminder_due(left, NOON, now, every):
            told.append((part, now))
            left = replace(left, reminded_at=now)
    assert left.due_at is not None
    assert [part for part, _ in told].count(LAST) == (1 if days > 1 else 0)
    assert all(now < left.due_at for _, now in told)


@pytest.mark.parametrize("ref", [Ref("departure-1", "team-1"), Ref("departure-1", "team-1", "key-1")])
def test_a_button_says_what_it_is_about(ref: Ref) -> None:
    assert Ref.of(ref.id) == ref


@pytest.mark.parametrize("text", ["", "departure-1", ":team-1", "departure-1:"])
def test_another_value_says_nothing(text: str) -> None:
    assert Ref.of(text) is None


def facts(*keys: LeftKeyFacts, role: Role = Role.MEMBER, **departure: Any) -> DepartureFacts:
    return kit.facts(EVERYDAY, *keys, left={"role": role}, departure=departure)


OFF, WAITING = kit.left_key(EVERYDAY, 1, Outcome.OFF), kit.left_key(EVERYDAY, 2, Outcome.WAITING)
BACK: dict[str, Any] = {"state": DepartureState.RETURNED}
FEED: dict[str, Any] = {"source": Source.FEED}


def test_a_message_needs_a_key_a_role_a_project_or_an_ask() -> None:
    project = kit.states(EVERYDAY)["lead_of_ten"].projects
    asks = kit.states(EVERYDAY)["everything"].closed
    assert not facts().is_worth_telling
    assert facts(OFF).is_worth_telling
    assert facts(role=Role.OWNER).is_worth_telling
    assert replace(facts(), projects=project).is_worth_telling
    assert replace(facts(), closed=asks).is_worth_telling


def test_restore_is_offered_to_who_is_back_or_was_only_on_a_list() -> None:
    assert not facts(OFF).can_be_undone
    assert facts(OFF, **BACK).can_be_undone
    assert facts(OFF, **FEED).can_be_undone
    assert facts(role=Role.MEMBER, **BACK).can_be_undone
    assert not facts(WAITING, role=Role.NONE, **BACK).can_be_undone
    undone = facts(OFF, **FEED, state=DepartureState.UNDONE)
    assert not undone.can_be_undone
    done = facts(OFF, **BACK)
    assert not replace(done, left=replace(done.left, restored_at=NOON)).can_be_undone


def test_a_key_can_be_taken_while_it_waits_and_after_it_was_stopped_but_not_once_it_is_gone() -> None:
    stopped = kit.left_key(EVERYDAY, 3, Outcome.STOPPED)
    gone = replace(stopped, key=replace(stopped.key, key=replace(stopped.key.key, deleted_at=NOON)))
    back = kit.left_key(EVERYDAY, 4, Outcome.TAKEN)
    assert [one.can_be_taken for one in (WAITING, stopped, gone, OFF, back)] == [True, True, False, False, False]
    assert [one.is_waiting for one in (WAITING, stopped)] == [True, False]


def test_everybody_who_is_asked_is_named_once() -> None:
    one = replace(WAITING, asked_ids=("U0OMAR", "U0OLGA"))
    other = replace(WAITING, asked_ids=("U0OLGA", "U0BEN"))
    assert facts(one, other, OFF).asked_ids == ("U0OMAR", "U0OLGA", "U0BEN")
    assert facts(OFF).asked_ids == ()
