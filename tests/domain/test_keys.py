"""A key's life: what may follow what, when to warn, what can be undone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.keys import (
    ALLOWED_MOVES,
    SPENDING,
    UNSHOWN,
    WARNING_SECONDS,
    ExpiryWarning,
    KeyState,
    OffCause,
    alias_for,
    can_be_raised,
    can_restore,
    extended_expiry,
    fingerprint,
    is_expired,
    label_for,
    warning_due,
)
from tests.domain.kit import NOON, after, key

DAY, HOUR = ExpiryWarning.DAY, ExpiryWarning.HOUR


def reachable(start: KeyState) -> set[KeyState]:
    found, ahead = {start}, [start]
    while ahead:
        for state in ALLOWED_MOVES[ahead.pop()] - found:
            found.add(state)
            ahead.append(state)
    return found


def test_every_state_is_in_the_map_and_no_state_follows_itself() -> None:
    assert set(ALLOWED_MOVES) == set(KeyState)
    assert all(state not in follows for state, follows in ALLOWED_MOVES.items())


def test_a_key_that_was_shown_is_never_deleted_and_one_that_was_not_never_lives_on() -> None:
    assert not reachable(KeyState.LIVE) & {KeyState.DISCARDING, KeyState.DISCARDED, *UNSHOWN}
    assert reachable(KeyState.DISCARDING) == {KeyState.DISCARDING, KeyState.DISCARDED}


def test_off_is_proven_before_a_key_counts_as_off() -> None:
    leading = {state for state, follows in ALLOWED_MOVES.items() if KeyState.DISABLED in follows}
    assert leading == {KeyState.DISABLING}


def test_what_may_spend_and_what_nobody_has_seen() -> None:
    assert {KeyState.LIVE, KeyState.DISABLING, KeyState.RESTORING} == SPENDING
    assert {KeyState.MINTING, KeyState.MINTED} == UNSHOWN


@pytest.mark.parametrize(
    ("moment", "others", "due"),
    [
        (after(days=5), {}, None),
        (after(days=6) - timedelta(seconds=1), {}, None),
        (after(days=6), {}, DAY),
        (after(days=6, hours=22), {}, DAY),
        (after(days=6, hours=22), {"warned_day_at": NOON}, None),
        (after(days=6, hours=23), {}, HOUR),
        (after(days=6, hours=23), {"warned_day_at": NOON}, HOUR),
        (after(days=6, hours=23, minutes=59), {"warned_hour_at": NOON}, None),
        (after(days=7) - timedelta(seconds=1), {}, HOUR),
        (after(days=7), {}, None),
        (after(days=8), {}, None),
        (after(days=6), {"state": KeyState.DISABLED}, None),
        (after(days=6), {"expires_at": None}, None),
        (after(days=6), {"revealed_at": None}, None),
    ],
)
def test_a_key_is_warned_a_day_and_an_hour_before(
    moment: datetime, others: dict[str, Any], due: ExpiryWarning | None
) -> None:
    assert warning_due(key(**others), moment) is due


@pytest.mark.parametrize(
    ("life", "left", "due"),
    [
        ({"days": 1}, {"hours": 2}, None),
        ({"days": 1, "seconds": 1}, {"hours": 2}, DAY),
        ({"days": 1}, {"minutes": 30}, HOUR),
        ({"hours": 1}, {"minutes": 30}, None),
        ({"hours": 1, "seconds": 1}, {"minutes": 30}, HOUR),
        ({"hours": 1, "seconds": 1}, {"hours": 1, "seconds": 1}, None),
    ],
)
def test_a_short_life_is_not_warned_of_what_was_just_said(
    life: dict[str, float], left: dict[str, float], due: ExpiryWarning | None
) -> None:
    ends = after(**life)
    assert warning_due(key(expires_at=ends), ends - timedelta(**left)) is due


@given(life=st.integers(1, 60 * 86_400), passed=st.integers(0, 61 * 86_400))
def test_a_warning_is_never_late_nor_early(life: int, passed: int) -> None:
    due = warning_due(key(expires_at=after(seconds=life)), after(seconds=passed))
    if due is not None:
        assert 0 < life - passed <= WARNING_SECONDS[due] < life


@pytest.mark.parametrize(
    ("others", "moment", "expired"),
    [
        ({}, after(days=7) - timedelta(microseconds=1), False),
        ({}, after(days=7), True),
        ({}, after(days=8), True),
        ({"state": KeyState.DISABLED}, after(days=8), False),
        ({"expires_at": None}, after(days=800), False),
    ],
)
def test_a_live_key_ends_at_its_moment(others: dict[str, Any], moment: datetime, expired: bool) -> None:
    assert is_expired(key(**others), moment) is expired


OFF = {"state": KeyState.DISABLED, "off_cause": OffCause.DISABLED}


@pytest.mark.parametrize(
    ("others", "says"),
    [
        (OFF, None),
        (OFF | {"expires_at": None}, None),
        (OFF | {"expires_at": after(seconds=1)}, None),
        (
            OFF | {"expires_at": NOON},
            "`ana-7kq2`'s time is over. Its holder can ask for a new key with `/ai-key`.",
        ),
        (
            OFF | {"off_cause": OffCause.RETURNED},
            "`ana-7kq2` was given back by its holder. Ask for a new key with `/ai-key`.",
        ),
        (
            {"state": KeyState.DISABLING},
            "`ana-7kq2` is still being turned off. Try again once that is confirmed.",
        ),
        ({"state": KeyState.LIVE}, "`ana-7kq2` is not off, so there is nothing to restore."),
        ({"state": KeyState.RESTORING}, "`ana-7kq2` is not off, so there is nothing to restore."),
        ({"state": KeyState.DISCARDED}, "`ana-7kq2` is not off, so there is nothing to restore."),
    ],
)
def test_what_can_be_restored_and_why_not(others: dict[str, Any], says: str | None) -> None:
    assert can_restore(key(**others), NOON) == says


def test_a_key_found_off_at_the_gateway_may_be_turned_on_again() -> None:
    assert can_restore(key(**OFF | {"off_cause": OffCause.DRIFT}), NOON) is None


@given(st.sampled_from(list(KeyState)), st.sampled_from([*OffCause, None]), st.integers(-100, 100))
def test_every_refusal_to_restore_is_a_sentence(state: KeyState, cause: OffCause | None, days: int) -> None:
    says = can_restore(key(state=state, off_cause=cause, expires_at=after(days=days)), NOON)
    assert (says is None) <= (state is KeyState.DISABLED)
    assert says is None or says.endswith(".")


@pytest.mark.parametrize(
    ("ends", "until"),
    [(after(days=7), after(days=9)), (None, after(days=2)), (after(days=-1), after(days=2)), (NOON, after(days=2))],
)
def test_an_extension_counts_from_the_present_end_or_from_now(ends: datetime | None, until: datetime) -> None:
    assert extended_expiry(key(expires_at=ends), 2 * 86_400, NOON) == until


def test_a_fingerprint_is_the_hmac_of_the_secret_under_the_pepper() -> None:
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert fingerprint("what do ya want for nothing?", b"Jefe") == expected
    assert fingerprint("sk-1", b"pepper") != fingerprint("sk-1", b"salt")


def test_labels_and_aliases() -> None:
    assert label_for("ana", "7kq2") == "ana-7kq2"
    assert alias_for("ana-7kq2") == "purser-ana-7kq2"


def test_more_money_is_of_use_to_keys_in_use_and_to_those_that_only_a_limit_stopped() -> None:
    for state in KeyState:
        assert can_be_raised(key(state=state)) is (state in {KeyState.LIVE, KeyState.RESTORING})
    for state in (KeyState.DISABLING, KeyState.DISABLED):
        assert can_be_raised(key(state=state, off_cause=OffCause.BUDGET))
        assert not can_be_raised(key(state=state, off_cause=OffCause.RETURNED))
