"""What a listed person means, and when a sweep is due, late or stuck."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.offboarding import Verdict
from bot.domain.people import Member
from bot.domain.sweeps import (
    BACK,
    EVERY_SECONDS,
    FEED_SECONDS,
    GRACE_SECONDS,
    Found,
    Known,
    Listing,
    Sweep,
    SweepState,
    finding,
    is_due,
    is_late,
    is_stuck,
)

HOME = "T0HOME"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANA = Member("U0ANA", HOME, "ana", "Ana")
GONE, ELSEWHERE = replace(ANA, is_departed=True), replace(ANA, workspace_id="T0ELSE")
HERE = Known(ANA.id, is_here=True)
AWAY = Known(ANA.id, is_here=False, may_return=True)


# --- one person ---


@pytest.mark.parametrize(
    ("listed", "verdict"), [(ANA, Verdict.PRESENT), (GONE, Verdict.GONE), (ELSEWHERE, Verdict.ELSEWHERE)]
)
def test_somebody_known_as_present_is_what_the_list_says(listed: Member, verdict: Verdict) -> None:
    assert finding(HERE, listed, HOME) == Found(ANA.id, verdict)


def test_somebody_deactivated_in_another_workspace_has_not_left_ours() -> None:
    assert finding(HERE, replace(GONE, workspace_id="T0ELSE"), HOME) == Found(ANA.id, Verdict.ELSEWHERE)


def test_somebody_departed_is_of_interest_when_active_again() -> None:
    assert finding(AWAY, ANA, HOME) == Found(ANA.id, Verdict.PRESENT, BACK)
    assert finding(AWAY, GONE, HOME) is None
    assert finding(AWAY, ELSEWHERE, HOME) is None


def test_whom_a_feed_told_of_is_not_back_by_being_listed() -> None:
    assert finding(replace(AWAY, may_return=False), ANA, HOME) is None


def test_somebody_departed_whose_keys_still_work_is_gone() -> None:
    assert finding(replace(AWAY, is_late=True), GONE, HOME) == Found(ANA.id, Verdict.GONE)


# --- time ---


def _sweep(state: SweepState = SweepState.DONE, hours_ago: float = 0, **more: object) -> Sweep:
    started = NOON - timedelta(hours=hours_ago)
    return replace(Sweep("sweep_1", Listing.SLACK, state, started, "purser"), **more)  # type: ignore[arg-type]


def test_the_first_is_due_at_once_and_each_other_a_day_later() -> None:
    assert is_due(None, NOON)
    assert is_due(_sweep(hours_ago=24), NOON)
    assert not is_due(_sweep(hours_ago=23.99), NOON)


def test_it_is_late_when_the_present_one_has_been_at_it_for_hours_and_the_last_ended_a_day_before() -> None:
    ended, reading = _sweep(hours_ago=26), _sweep(SweepState.READING, hours_ago=2)
    assert is_late(ended, ended, reading, NOON)
    assert not is_late(ended, ended, replace(reading, started_at=NOON - timedelta(hours=1)), NOON)
    assert not is_late(replace(ended, started_at=NOON - timedelta(hours=25)), ended, reading, NOON)


def test_it_is_not_late_while_owners_are_asked() -> None:
    paused = _sweep(SweepState.PAUSED, hours_ago=30)
    assert not is_late(paused, paused, paused, NOON)


def test_one_that_never_ended_is_late_a_day_after_the_first_began() -> None:
    first = _sweep(SweepState.READING, hours_ago=(EVERY_SECONDS + GRACE_SECONDS) / 3600)
    assert is_late(None, first, first, NOON)
    assert not is_late(None, None, None, NOON)


def test_another_may_take_the_place_of_one_that_nobody_works_on() -> None:
    old = _sweep(SweepState.READING, hours_ago=24)
    assert is_stuck(old, NOON)
    assert not is_stuck(replace(old, leased_until=NOON + timedelta(seconds=1)), NOON)
    assert not is_stuck(replace(old, started_at=NOON - timedelta(hours=23)), NOON)


def test_a_list_from_outside_is_given_up_after_minutes_while_it_is_read() -> None:
    feed = _sweep(SweepState.READING, hours_ago=FEED_SECONDS / 3600, listing=Listing.FEED)
    assert is_stuck(feed, NOON)
    assert not is_stuck(replace(feed, state=SweepState.ACTING), NOON)
