"""Which keys are called old, and that Keep quiets every reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.aging import IN_USE, ages, answers_for, is_kept, old_key
from bot.domain.digests import Age
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import Policy
from tests.domain.kit import NOON, after, key

POLICY = Policy()
TODAY = NOON.date()
HERE = frozenset({"U0ANA", "U0BEN"})


def a_key(days_old: float = 10, **others: Any) -> Key:
    return key(**{"state": KeyState.LIVE, "revealed_at": after(days=-days_old), "kept_until": None, **others})


def why(made: Key, used_days_ago: int | None = 0, **others: Any) -> tuple[Age, ...]:
    last = None if used_days_ago is None else TODAY - timedelta(days=used_days_ago)
    values: dict[str, Any] = {"people": HERE, "policy": POLICY, "now": NOON, **others}
    return ages(made, last, **values)


@pytest.mark.parametrize(
    ("used_days_ago", "days_old", "expected"),
    [
        (0, 60, ()),
        (30, 60, ()),  # used until the end of that day, so for 29 and a half days it certainly was not
        (31, 60, (Age.UNUSED,)),
        (None, 29.9, ()),
        (None, 30, (Age.UNUSED,)),
        (31, 20, ()),  # used by who minted it, perhaps; its holder has it for 20 days
    ],
)
def test_a_key_is_unused_after_thirty_whole_days(
    used_days_ago: int | None, days_old: float, expected: tuple[Age, ...]
) -> None:
    assert why(a_key(days_old), used_days_ago) == expected


@pytest.mark.parametrize("kind", [KeyKind.MEMBER, KeyKind.PROJECT, KeyKind.AUTOMATION])
def test_keys_without_an_end_are_due_for_rotation_after_ninety_days(kind: KeyKind) -> None:
    assert why(a_key(89.9, kind=kind, lead_id="U0BEN")) == ()
    assert why(a_key(90, kind=kind, lead_id="U0BEN")) == (Age.PAST_ROTATION,)


def test_temporary_keys_end_by_themselves_and_are_not_rotated() -> None:
    assert why(a_key(300, kind=KeyKind.TEMPORARY)) == ()


@pytest.mark.parametrize(
    ("kind", "lead_id", "expected"),
    [
        (KeyKind.MEMBER, None, (Age.NO_HOLDER,)),
        (KeyKind.TEMPORARY, None, (Age.NO_HOLDER,)),
        (KeyKind.PROJECT, "U0BEN", ()),
        (KeyKind.AUTOMATION, "U0BEN", ()),
        (KeyKind.AUTOMATION, "U0GONE", (Age.NO_HOLDER,)),
        (KeyKind.PROJECT, None, (Age.NO_HOLDER,)),
    ],
)
def test_a_persons_own_key_needs_its_holder_the_others_their_lead(
    kind: KeyKind, lead_id: str | None, expected: tuple[Age, ...]
) -> None:
    assert why(a_key(kind=kind, lead_id=lead_id, holder_id="U0LEFT")) == expected


def test_all_reasons_are_told_at_once() -> None:
    made = a_key(200, kind=KeyKind.MEMBER, holder_id="U0LEFT")
    assert why(made, 40) == (Age.UNUSED, Age.PAST_ROTATION, Age.NO_HOLDER)
    old = old_key(made, TODAY - timedelta(days=40), HERE, POLICY, NOON)
    assert old is not None
    assert (old.holder_id, old.since) == (
        "U0LEFT",
        datetime.combine(date(2026, 10, 11), datetime.min.time(), NOON.tzinfo),
    )


def test_a_key_that_is_only_past_its_rotation_is_old_since_then() -> None:
    old = old_key(a_key(100, kind=KeyKind.MEMBER), TODAY, HERE, POLICY, NOON)
    assert old is not None
    assert old.since == after(days=-10)


def test_a_key_whose_use_nobody_tells_is_not_called_unused() -> None:
    made = a_key(100, kind=KeyKind.MEMBER)
    assert why(made, None) == (Age.UNUSED, Age.PAST_ROTATION)
    assert why(made, None, use_known=False) == (Age.PAST_ROTATION,)


@pytest.mark.parametrize("state", sorted(set(KeyState) - IN_USE))
def test_a_key_that_is_off_or_on_its_way_there_is_nobodys_worry(state: KeyState) -> None:
    assert why(a_key(400, kind=KeyKind.MEMBER, state=state), None, people=()) == ()


def test_the_installation_says_how_long_that_is() -> None:
    policy = replace(POLICY, unused_seconds=7 * DAY_SECONDS)
    assert why(a_key(60), 8, policy=policy) == (Age.UNUSED,)
    never = replace(
        POLICY, kinds={**POLICY.kinds, KeyKind.MEMBER: replace(POLICY.kinds[KeyKind.MEMBER], rotate_seconds=None)}
    )
    assert why(a_key(400, kind=KeyKind.MEMBER), policy=never) == ()


# --- properties ---

MOMENTS = st.floats(-400, 400).map(lambda days: after(days=days))
DAYS = st.integers(-400, 0).map(lambda days: TODAY + timedelta(days=days))
KEYS = st.builds(
    a_key,
    st.floats(0, 400),
    kind=st.sampled_from(KeyKind),
    state=st.sampled_from(sorted(IN_USE)),
    holder_id=st.sampled_from(["U0ANA", "U0LEFT"]),
    lead_id=st.sampled_from([None, "U0BEN", "U0GONE"]),
    kept_until=st.none() | MOMENTS,
)


@given(KEYS, st.none() | DAYS, MOMENTS)
def test_a_key_is_never_both_kept_and_called_old(made: Key, last_used: date | None, now: datetime) -> None:
    assert not (is_kept(made, now) and ages(made, last_used, HERE, POLICY, now))


@given(KEYS, DAYS, st.integers(0, 400), MOMENTS)
def test_more_time_unused_never_makes_a_key_younger(made: Key, last_used: date, earlier: int, now: datetime) -> None:
    older = ages(made, last_used - timedelta(days=earlier), HERE, POLICY, now)
    assert set(ages(made, last_used, HERE, POLICY, now)) <= set(older)
    assert set(older) <= set(ages(made, None, HERE, POLICY, now))


@given(KEYS, st.none() | DAYS, MOMENTS, st.floats(0, 400))
def test_time_alone_never_makes_a_key_younger(made: Key, last_used: date | None, now: datetime, more: float) -> None:
    later = ages(made, last_used, HERE, POLICY, now + timedelta(days=more))
    assert set(ages(made, last_used, HERE, POLICY, now)) <= set(later)


@given(KEYS, st.none() | DAYS, MOMENTS)
def test_an_old_key_names_who_answers_for_it_and_since_when(made: Key, last_used: date | None, now: datetime) -> None:
    old = old_key(made, last_used, HERE, POLICY, now)
    assert (old is None) == (not ages(made, last_used, HERE, POLICY, now))
    if old is not None:
        assert old.holder_id == answers_for(made)
        assert (old.holder_id in HERE) == (Age.NO_HOLDER not in old.ages)
