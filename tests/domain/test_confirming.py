"""When a question is noticed, put off and acted on; and in which order and pages a review asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.confirming import (
    GRACE_SECONDS,
    PAGE_KEYS,
    Answer,
    Question,
    Standing,
    Step,
    Why,
    answer_of_off,
    due_after_notice,
    first_comes,
    is_reviewed,
    may_be_asked,
    notice_seconds,
    pages,
    step,
)
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import Policy

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Policy()
KEY = Key(
    "key_1", "ana-1", "purser-ana-1", "req_1", "fake", KeyKind.MEMBER, "team_1", None, "U0ANA", 1, "month", (),
    KeyState.LIVE, NOW - 40 * DAY, revealed_at=NOW - 40 * DAY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("why", "policy", "days"),
    [
        (Why.UNUSED, POLICY, 1),
        (Why.UNUSED, Policy(stop_unused_seconds=DAY_SECONDS), 0.5),
        (Why.REVIEW, POLICY, 3),
        (Why.REVIEW, Policy(review_seconds=4 * DAY_SECONDS), 1),
    ],
)
def test_notice_is_a_day_or_three_and_never_most_of_the_time(why: Why, policy: Policy, days: float) -> None:
    assert notice_seconds(why, policy) == days * DAY_SECONDS


def test_a_question_waits_is_noticed_and_then_stops_the_key() -> None:
    due = NOW + 7 * DAY
    assert step(Why.UNUSED, due, None, POLICY, due - 2 * DAY) is Step.WAIT
    assert step(Why.UNUSED, due, None, POLICY, due - DAY) is Step.NOTICE
    assert step(Why.UNUSED, due, due - DAY, POLICY, due - timedelta(seconds=1)) is Step.WAIT
    assert step(Why.UNUSED, due, due - DAY, POLICY, due) is Step.STOP


def test_what_was_slept_through_is_noticed_first_and_has_the_whole_time_of_a_notice() -> None:
    due = NOW - 10 * DAY
    assert step(Why.UNUSED, due, None, POLICY, NOW) is Step.NOTICE
    assert due_after_notice(Why.UNUSED, due, POLICY, NOW) == NOW + DAY
    assert step(Why.UNUSED, due, NOW, POLICY, NOW + timedelta(hours=23)) is Step.WAIT


def test_while_use_is_not_known_nothing_is_stopped() -> None:
    due, grace = NOW, timedelta(seconds=GRACE_SECONDS)
    assert step(Why.UNUSED, due, NOW - DAY, POLICY, due, use_known=False) is Step.WAIT
    assert step(Why.UNUSED, due, NOW - DAY, POLICY, due + grace, use_known=False) is Step.POSTPONE


@given(
    why=st.sampled_from(Why),
    answer_days=st.integers(1, 60),
    noticed=st.none() | st.integers(-90, 90),
    now_hours=st.integers(-2000, 2000),
    known=st.booleans(),
)
def test_silence_never_stops_a_key_before_its_notice_stood(
    why: Why, answer_days: int, noticed: int | None, now_hours: int, known: bool
) -> None:
    policy = Policy(stop_unused_seconds=answer_days * DAY_SECONDS, review_seconds=answer_days * DAY_SECONDS)
    noticed_at = None if noticed is None else NOW + noticed * DAY
    now = NOW + timedelta(hours=now_hours)
    if step(why, NOW, noticed_at, policy, now, use_known=known) is Step.STOP:
        assert known
        assert now >= NOW
        assert noticed_at is not None
        assert (now - noticed_at).total_seconds() >= notice_seconds(why, policy)


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"expires_at": NOW + 6 * DAY}, False),
        ({"expires_at": NOW + 8 * DAY}, True),
        ({"retires_at": NOW + DAY}, False),
        ({"state": KeyState.RESTORING}, False),
    ],
)
def test_a_key_that_ends_before_an_answer_is_due_is_not_asked_about(changes: dict[str, object], asked: bool) -> None:
    assert may_be_asked(replace(KEY, **changes), POLICY, NOW) is asked  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cause", "by", "answer"),
    [
        (OffCause.DISABLED, "U0OMAR", (Answer.OFF, "U0OMAR")),
        (OffCause.RETURNED, "U0ANA", (Answer.OFF, "U0ANA")),
        (OffCause.ROTATED, "U0ANA", (Answer.MOOT, "purser")),
        (OffCause.EXPIRED, "purser", (Answer.MOOT, "purser")),
        (OffCause.LEFT, "purser", (Answer.MOOT, "purser")),
    ],
)
def test_a_key_that_went_off_answers_for_itself(cause: OffCause, by: str, answer: tuple[Answer, str]) -> None:
    assert answer_of_off(replace(KEY, state=KeyState.DISABLED, off_cause=cause, off_by=by)) == answer


def test_a_review_asks_for_what_works_or_comes_back_by_itself() -> None:
    stopped = replace(KEY, state=KeyState.DISABLED, off_cause=OffCause.BUDGET)
    assert is_reviewed(KEY)
    assert is_reviewed(stopped)
    assert not is_reviewed(replace(stopped, off_cause=OffCause.DISABLED))
    assert not is_reviewed(replace(KEY, state=KeyState.MINTED))


def test_the_oldest_key_comes_first_and_of_one_age_the_widest() -> None:
    old = replace(KEY, label="old", revealed_at=NOW - 90 * DAY)
    narrow, wide = replace(KEY, label="narrow"), replace(KEY, label="wide", cap_micros=5)
    assert [key.label for key in sorted([narrow, wide, old], key=first_comes)] == ["old", "wide", "narrow"]


@pytest.mark.parametrize(("keys", "wanted"), [(1, 1), (PAGE_KEYS, 1), (PAGE_KEYS + 1, 2), (500, 34)])
def test_many_keys_are_many_pages(keys: int, wanted: int) -> None:
    question = Question("q", "key_1", Why.REVIEW, NOW, NOW)
    assert pages([Standing(question, "ana-1", "U0ANA", KeyState.LIVE)] * keys) == wanted
