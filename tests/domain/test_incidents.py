"""The rules of incidents: what goes on in the same one, when people are reminded, what may be kept of their words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budgets import Layer
from bot.domain.incident_facts import Line
from bot.domain.incident_lines import WORDS_CHARS, is_told, what_happened, without_secrets
from bot.domain.incidents import (
    ALLOWED_MOVES,
    Cause,
    Evidence,
    Follows,
    Incident,
    IncidentKind,
    IncidentState,
    Reminder,
    follows,
    reminder_due,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Incident(
    id="incident_1",
    kind=IncidentKind.SPIKE,
    layer=Layer.KEY,
    subject_id="key_1",
    team_id="team_1",
    state=IncidentState.OPEN,
    opened_at=NOON,
    opened_by="purser",
    opened_seq=7,
    evidence=Evidence(seen_micros=40),
)
CLOSED = replace(OPEN, state=IncidentState.CLOSED, closed_at=NOON + HOUR, cause=Cause.RETRY_LOOP)


def _at(hours: float) -> datetime:
    return NOON + HOUR * hours


@pytest.mark.parametrize(
    ("kind", "began", "at", "expected"),
    [
        (IncidentKind.SPIKE, 0.5, 1.1, Follows.SETTLED),
        (IncidentKind.SPIKE, 2, 2.5, Follows.AGAIN),
        (IncidentKind.SPIKE, 25.5, 25.6, Follows.NEW),
        (IncidentKind.LOOP, 2, 2.5, Follows.NEW),
        (IncidentKind.LEAK, 2, 2.5, Follows.NEW),
        (IncidentKind.AFTER_OFF, 2, 2.5, Follows.AGAIN),
        (IncidentKind.AFTER_OFF, 2, 24 * 20, Follows.AGAIN),
        (IncidentKind.AFTER_OFF, 2, 24 * 40, Follows.NEW),
    ],
)
def test_what_follows_a_closed_spike(kind: IncidentKind, began: float, at: float, expected: Follows) -> None:
    assert follows(CLOSED, kind, Evidence(since=_at(began)), _at(at)) is expected


def test_nothing_follows_what_never_was_or_is_still_open() -> None:
    assert follows(None, IncidentKind.SPIKE, Evidence(), NOON) is Follows.NEW
    assert follows(OPEN, IncidentKind.SPIKE, Evidence(), NOON) is Follows.NEW


@pytest.mark.parametrize(("seen", "expected"), [(79, Follows.SETTLED), (80, Follows.SETTLED), (81, Follows.AGAIN)])
def test_what_was_expected_is_settled_up_to_twice_as_much(seen: int, expected: Follows) -> None:
    meant = replace(CLOSED, cause=Cause.EXPECTED)
    evidence = Evidence(since=_at(2), seen_micros=seen)
    assert follows(meant, IncidentKind.SPIKE, evidence, _at(3)) is expected


@pytest.mark.parametrize(
    ("incident", "hours", "expected"),
    [
        (OPEN, 1.9, None),
        (OPEN, 2, Reminder.UNACKNOWLEDGED),
        (replace(OPEN, reminded_at=_at(2)), 3.9, None),
        (replace(OPEN, reminded_at=_at(2)), 4, Reminder.UNACKNOWLEDGED),
        (replace(OPEN, snoozed_until=_at(5)), 4.9, None),
        (replace(OPEN, snoozed_until=_at(5)), 5, Reminder.SNOOZE_OVER),
        (replace(OPEN, state=IncidentState.ACKNOWLEDGED, reminded_at=_at(1)), 24.9, None),
        (replace(OPEN, state=IncidentState.ACKNOWLEDGED, reminded_at=_at(1)), 25, Reminder.STILL_OPEN),
        (CLOSED, 1000, None),
    ],
)
def test_when_people_are_reminded(incident: Incident, hours: float, expected: Reminder | None) -> None:
    assert reminder_due(incident, _at(hours), 7200) is expected


def test_every_state_can_be_left() -> None:
    assert set(ALLOWED_MOVES) == set(IncidentState)
    assert all(ALLOWED_MOVES.values())


@pytest.mark.parametrize(
    ("action", "reason", "amount", "expected"),
    [
        ("incident.opened", "spike", None, "opened it: more was spent than is usual"),
        ("incident.again", "leak: https://x", None, "noticed more: its secret was found where others can read it. https://x"),
        ("incident.reopened", "it goes on", None, "opened it again: it goes on"),
        ("incident.reopened", "", None, "opened it again"),
        ("incident.closed", "prompt_size", None, "closed it: larger prompts"),
        ("incident.assigned", "U0BEN", None, "asked Ben to look after it"),
        ("incident.reminded", "snooze_over", None, "reminded owners: the snooze was over"),
        ("key.proven_off", "", 9_000_000, "read in the gateway's record that the key is off; it had spent $9 by then"),
        ("key.something_new", "why", None, "noted key something new. why"),
    ],
)  # fmt: skip
def test_rows_of_the_timeline_in_words(action: str, reason: str, amount: int | None, expected: str) -> None:
    line = Line(1, NOON, "U0OMAR", action, reason, amount)
    assert what_happened(line, {"U0BEN": "Ben"}.__getitem__) == expected


def test_what_is_told_in_the_thread() -> None:
    assert is_told("key.disabled")
    assert is_told("incident.closed")
    assert is_told("key.something_new")
    assert not is_told("incident.opened")
    assert not is_told("incident.explained")
    assert not is_told("limit.passed")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the retry-budget-exhausted path loops", "the retry-budget-exhausted path loops"),
        ("it was sk-Zq8rT2vLw9XyB4nM7pKd5Q there", "it was [left out] there"),
        ("KEY=sk-Zq8rT2vLw9XyB4nM7pKd5Q", "KEY=[left out]"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
    ],
)
def test_what_is_kept_of_words(text: str, kept: str) -> None:
    assert without_secrets(text) == kept


@given(st.text(), st.from_regex(r"sk-[A-Za-z0-9]{20,40}", fullmatch=True), st.text())
def test_no_key_of_ours_is_ever_kept(before: str, secret: str, after: str) -> None:
    kept = without_secrets(f"{before} {secret} {after}")
    assert secret not in kept
    assert len(kept) <= WORDS_CHARS
