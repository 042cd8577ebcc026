"""Caps as the books have them: what was agreed, plus the raises that stand, minus the cuts that stand."""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import TOTAL, Layer
from bot.domain.cuts import CutWhy
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.money import MICROS_PER_CENT
from bot.domain.periods import day_of, month_of
from storage import cuts, keys, raises, readings, requests
from storage.engine import Session

_WORKS = frozenset({KeyState.LIVE, KeyState.RESTORING})


def works(key: Key) -> bool:
    """Whether a key works, or comes back by itself."""
    return key.state in _WORKS or (
        key.off_cause is OffCause.BUDGET and key.state in (KeyState.DISABLING, KeyState.DISABLED)
    )


def stand(session: Session, key_id: str) -> Key | None:
    """Let the books' caps of a key be what follows from what was agreed, its raises and its cuts; the key after that.

    Never below a cent, for nothing is capped at zero. None when there is no such key.
    """
    key = keys.get(session, key_id)
    if key is None:
        return None
    whole = standing(session, key, Layer.KEY)
    day = None if key.daily_cap_micros is None else standing(session, key, Layer.AUTOMATION)
    if (whole, day) == (key.cap_micros, key.daily_cap_micros):
        return key
    moved = keys.move(session, key.id, key.state, key.state, keys.Change(cap_micros=whole, daily_cap_micros=day))
    assert moved, key.id
    return keys.get(session, key_id)


def standing(session: Session, key: Key, layer: Layer) -> int:
    """What one of the key's caps should be by the books. One that is off shows again what it would be alone."""
    shares = works(key) or key.state is not KeyState.DISABLED
    return max(MICROS_PER_CENT, full(session, key, layer) - (_shared(session, key, layer) if shares else 0))


def full(session: Session, key: Key, layer: Layer) -> int:
    """What a key's cap would be if it shared it with no other key."""
    more = sum(one.micros for one in raises.of_key(session, key.id) if one.layer is layer and one.ended_at is None)
    less = sum(
        one.micros
        for one in cuts.standing(session, key.id)
        if one.layer is layer and one.why is CutWhy.RESTORED
    )  # fmt: skip
    return agreed(session, key, layer) + more - less


def agreed(session: Session, key: Key, layer: Layer) -> int:
    """What was agreed for one of the key's caps, without raises and cuts."""
    request = requests.get(session, key.request_id)
    assert request is not None, key.request_id
    return (request.terms.daily_cap_micros or 0) if layer is Layer.AUTOMATION else request.terms.cap_micros


def used(session: Session, key: Key, layer: Layer, now: datetime) -> int:
    """What counts against one of the key's caps at this moment; 0 when nothing was read yet."""
    whole = TOTAL if key.cap_period == TOTAL else month_of(now)
    period = day_of(now) if layer is Layer.AUTOMATION else whole
    found = readings.spent(session, key.id, period)
    return 0 if found is None else found.micros


def cap_of(key: Key, layer: Layer) -> int:
    """One of the key's caps, in micro-USD: the whole one, or that of a day (0 for none)."""
    return (key.daily_cap_micros or 0) if layer is Layer.AUTOMATION else key.cap_micros


def _shared(session: Session, key: Key, layer: Layer) -> int:
    """What of a key's cap is other keys', by what was written down last."""
    found = (one for one in cuts.standing(session, key.id) if one.layer is layer and one.why is CutWhy.ROTATED)
    return sum(one.micros for one in found)
