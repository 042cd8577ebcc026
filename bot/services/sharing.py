"""Keys that share one cap: each has its part of what was agreed, and together they never have more.

A rotated key, the one in its place and all that went before them are a family. After each reading what is left
is parted anew, so what one of them can spend beyond its part is what it burns in a poll. Nothing spent is ever reset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.budgets import TOTAL, Layer
from bot.domain.cuts import ENDLESS, ROTATED_ONCE, Cut, CutWhy, Sharer, shares
from bot.domain.keys import UNSHOWN, Key, KeyState
from bot.domain.money import MICROS_PER_CENT, show
from bot.domain.periods import day_end, month_end
from bot.services import capping, caps
from bot.services.context import Purser, record
from bot.services.proving import about
from bot.services.telling import refresh_card
from storage import cuts, keys, ledger, raises, requests
from storage.engine import Session

CAPS = (Layer.KEY, Layer.AUTOMATION)
_NEVER_SHOWN = UNSHOWN | {KeyState.DISCARDING, KeyState.DISCARDED}


def family(session: Session, key: Key) -> list[Key]:
    """The key, all it was minted in the place of, and all that were shown in its place; oldest first."""
    key = first = keys.get(session, key.id) or key
    while first.replaces_id is not None and (before := keys.get(session, first.replaces_id)) is not None:
        first = before
    found, look = {key.id: key, first.id: first}, [first]
    while look:
        after = keys.replacing(session, look.pop().id)
        found |= {one.id: one for one in after}
        look += after
    return sorted(found.values(), key=lambda one: (one.created_at, one.id))


def successor(session: Session, key: Key) -> Key | None:
    """The key that works in the place of this one, at the end of however many rotations; None when there is none.

    Also one that an older key was rotated into again, after this one had taken its place and was lost.
    """
    some = family(session, key)
    after = some[1 + [one.id for one in some].index(key.id) :]
    return next((one for one in reversed(after) if caps.works(one)), None)


def left(session: Session, key: Key, now: datetime, layer: Layer = Layer.KEY) -> int:
    """What the key and its family may still spend of what was agreed, in micro-USD; 0 when that is used up."""
    some = family(session, key)
    return max(0, agreed(session, some, layer) - sum(caps.used(session, one, layer, now) for one in some))


def first_caps(session: Session, old: Key, new: Key, now: datetime) -> tuple[Key, list[Cut]]:
    """The new key with the caps it begins with beside those of its family, and the cuts that make them so."""
    some, made = [one for one in family(session, old) if caps.works(one)], []
    for layer in CAPS if new.daily_cap_micros is not None else (Layer.KEY,):
        full = caps.cap_of(new, layer)
        part = left(session, old, now, layer) // (1 + len(some))
        cap = max(MICROS_PER_CENT, min(full, part))
        new = replace(new, cap_micros=cap) if layer is Layer.KEY else replace(new, daily_cap_micros=cap)
        if cap < full:
            made.append(_cut(new, layer, full - cap, now))
    return new, made


def settle(session: Session, now: datetime, key: Key) -> None:
    """Give every key of a family its part of what was agreed, and tell gateways of the caps that moved.

    What was raised or cut of a key that is off for good follows to the one that works in its place.
    """
    some = family(session, key)
    if len(some) == 1:
        return
    for over in _over(session, some, now):
        cuts.mark_ended(session, over.id, now)
    _follow(session, some)
    for part in parts(session, family(session, key), now):
        cuts.put_shared(session, _cut(part.key, part.layer, max(0, part.full_micros - part.cap_micros), now))
    for one in some:
        before, after = keys.get(session, one.id), caps.stand(session, one.id)
        if before is None or after is None or _caps(before) == _caps(after):
            continue
        once = f"{one.id}:{ledger.head(session).seq}"
        if not caps.works(after):
            refresh_card(session, now, one.request_id, f"cap:{once}")
            continue
        rows = about(after, amount_micros=after.cap_micros)
        reason = f"its part of the cap it shares is {show(after.cap_micros)}"
        record(session, now, actor="purser", action="key.shared", about=rows, once=once, reason=reason)
        capping.wanted(session, now, one.id, once=once)


def share(purser: Purser) -> None:
    """After each reading: move the caps of keys that share one, where they have to move."""
    now = purser.now()
    with purser.books.reading() as session:
        moving = [key for key in _families(session) if _moves(session, key, now)]
    for key in moving:
        with purser.deciding() as session:
            settle(session, now, key)


@dataclass(frozen=True, slots=True)
class Part:
    """What a cap of a key would be alone, and what it should be beside its family. Amounts are micro-USD."""

    key: Key
    layer: Layer
    full_micros: int
    cap_micros: int


def parts(session: Session, some: list[Key], now: datetime) -> Iterator[Part]:
    """The caps that the keys of a family should have; of those that are off, only while they may still spend."""
    for layer in CAPS:
        if layer is Layer.AUTOMATION and any(one.daily_cap_micros is None for one in some):
            continue
        sharers = [
            Sharer(
                one.id,
                caps.full(session, one, layer),
                caps.cap_of(one, layer),
                caps.used(session, one, layer, now),
                caps.works(one),
            )
            for one in some
        ]
        should_be = shares(agreed(session, some, layer), sharers)
        for one, sharer in zip(some, sharers, strict=True):
            if sharer.works or one.state is KeyState.DISABLING:
                yield Part(one, layer, sharer.full_micros, should_be[one.id])


def _families(session: Session) -> list[Key]:
    """One key of each family that shares a cap."""
    found: dict[str, Key] = {}
    for key_id in cuts.shared(session):
        key = keys.get(session, key_id)
        if key is not None and key.state not in _NEVER_SHOWN:
            found[family(session, key)[0].id] = key
    return list(found.values())


def _moves(session: Session, key: Key, now: datetime) -> bool:
    """Whether a family's caps have to move, or one of its cuts is over."""
    some = family(session, key)
    if _over(session, some, now) or any(caps.standing(session, one, Layer.KEY) != one.cap_micros for one in some):
        return True
    off = [one for one in some if not caps.works(one)]
    if any(caps.works(one) for one in some) and any(_has_own(session, one) for one in off):
        return True
    return any(
        max(MICROS_PER_CENT, min(part.full_micros, part.cap_micros)) != caps.cap_of(part.key, part.layer)
        for part in parts(session, some, now)
    )


def _over(session: Session, some: list[Key], now: datetime) -> list[Cut]:
    """Cuts of keys that are off, which make no difference any more: their month is over, or all the others are off."""
    all_off = not any(caps.works(one) for one in some)
    off = [one for one in some if not caps.works(one) and one.state is not KeyState.DISABLING]
    shared = (cut for one in off for cut in cuts.standing(session, one.id) if cut.why is CutWhy.ROTATED)
    return [cut for cut in shared if all_off or cut.ends_at <= now]


def _has_own(session: Session, key: Key) -> bool:
    cut = any(one.why is CutWhy.RESTORED for one in cuts.standing(session, key.id))
    return cut or any(one.ended_at is None for one in raises.of_key(session, key.id))


def _follow(session: Session, some: list[Key]) -> None:
    """Let what was raised or cut of keys that are off for good be raised or cut of the newest that works."""
    heir = next((one for one in reversed(some) if caps.works(one)), None)
    if heir is None:
        return
    for key in some:
        if caps.works(key) or not _has_own(session, key):
            continue
        for one in raises.of_key(session, key.id):
            if one.ended_at is None:
                raises.follow(session, one.id, heir.id)
                requests.follow(session, one.request_id, key.id, heir.id)
        cuts.follow(session, key.id, heir.id)


def agreed(session: Session, some: list[Key], layer: Layer) -> int:
    """What all keys of a family together may spend, in micro-USD."""
    base = caps.agreed(session, some[-1], layer)
    return base + sum(caps.full(session, one, layer) - caps.agreed(session, one, layer) for one in some)


def _caps(key: Key) -> tuple[int, int | None]:
    return key.cap_micros, key.daily_cap_micros


def _cut(key: Key, layer: Layer, micros: int, now: datetime) -> Cut:
    ends_at = day_end(now) if layer is Layer.AUTOMATION else month_end(now)
    if layer is Layer.KEY and key.cap_period == TOTAL:
        ends_at = ENDLESS
    return Cut(
        id=f"{key.id}:{layer}:{ROTATED_ONCE}",
        key_id=key.id,
        layer=layer,
        micros=micros,
        why=CutWhy.ROTATED,
        once=ROTATED_ONCE,
        set_by="purser",
        starts_at=now,
        ends_at=ends_at,
    )
