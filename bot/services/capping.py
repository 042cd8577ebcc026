"""Caps at the gateway: set to what the books say at that moment, and believed only once the record shows them.

An effect names the key and no amount, so one that comes late, twice or out of turn still does the right thing.
Decides nothing about how high a cap should be.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.keys import UNSHOWN, Key, KeyState
from bot.domain.money import show
from bot.domain.requests import Request, RequestState, Verdict
from bot.gateways.base import CapPeriod, CapScope, FailureKind, Gateway, GatewayError, KeyRecord
from bot.services.context import Purser, effect, record
from bot.services.proving import owners_of
from bot.services.subjects import subjects
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from storage import keys, outbox, raises, requests
from storage.engine import Session
from storage.raises import Raise

CAP = "gateway.cap"


def wanted(session: Session, now: datetime, key_id: str, *, once: str) -> int:
    """Decide within a transaction that the gateway is told a key's caps; returns the outbox id that will do it."""
    payload = {"key_id": key_id}
    return effect(session, now, stream=key_stream(key_id), name=CAP, payload=payload, once=f"{key_id}:{once}")


def is_waiting(session: Session, key_id: str) -> bool:
    """Whether the gateway has not been told yet what the books say of the key's caps.

    Ask before withdrawing what waits in the key's stream, and want it anew afterwards.
    """
    return bool(outbox.pending(session, stream=key_stream(key_id), effect=CAP))


def shows(gateway: Gateway, seen: KeyRecord, key: Key) -> bool:
    """Whether the gateway's record has exactly the caps that the books say, as far as it can hold any."""
    able = gateway.capabilities
    if able.cap_scope is not CapScope.KEY:
        return True
    held = (seen.cap_micros, str(seen.cap_period)) == (key.cap_micros, key.cap_period)
    return held and (not able.daily_cap or seen.daily_cap_micros == key.daily_cap_micros)


def difference(seen: KeyRecord, key: Key) -> str:
    """What the gateway's record has instead of the key's caps: `$500 instead of $25`."""
    if seen.cap_micros != key.cap_micros:
        return f"{_cap(seen.cap_micros)} instead of {_cap(key.cap_micros)}"
    if str(seen.cap_period) != key.cap_period:
        return f"for a period of {seen.cap_period} instead of {key.cap_period}"
    return f"{_cap(seen.daily_cap_micros)} a day instead of {_cap(key.daily_cap_micros)} a day"


def _cap(micros: int | None) -> str:
    return "no cap" if micros is None else show(micros)


def hold(gateway: Gateway, key: Key) -> bool:
    """Make the gateway's record show what the books say of the key's caps; False when the key is gone there.

    Whatever was spent stays spent. Idempotent: nothing is sent when the record is right. Raises `GatewayError`,
    also when the gateway said yes and its record says otherwise.
    """
    assert key.handle is not None, key.id
    seen = gateway.find(key.handle)
    if seen is None or seen.deleted:
        return False
    if shows(gateway, seen, key):
        return True
    gateway.set_cap(key.handle, key.cap_micros, CapPeriod(key.cap_period), key.daily_cap_micros)
    seen = gateway.find(key.handle)
    if seen is None or seen.deleted:
        return False
    if not shows(gateway, seen, key):
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name}'s record does not show the new cap")
    return True


def cap_at_gateway(purser: Purser, key_id: str) -> bool:
    """Tell the gateway the caps that the books say now; then raises that waited for this are told. Idempotent.

    False when the key is gone there, so that no raise of it can stand. A key that is off is capped as well, so that
    it cannot come back with another cap. Raises `GatewayError`.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None:
        return True
    is_made = key.handle is not None and key.state not in {*UNSHOWN, KeyState.DISCARDING, KeyState.DISCARDED}
    if is_made and not hold(purser.gateways[key.gateway], key):
        return False
    with purser.deciding() as session:
        after = keys.get(session, key_id)
        assert after is not None
        if (after.cap_micros, after.daily_cap_micros) != (key.cap_micros, key.daily_cap_micros):
            return True  # the books have moved on, and what followed from that comes next
        now = purser.now()
        for request, one in untold(session, key_id):
            about = subjects(request)
            seq = record(session, now, actor="purser", action="raise.proven", about=about, once=request.id)
            fulfil(session, request, seq, now, tell=one.ended_at is None)
    return True


def tell_failing(purser: Purser, key_id: str, outbox_id: int, error: str) -> None:
    """Tell owners, once per change, that a key's cap at the gateway is not what it should be. Purser keeps trying."""
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if key is None:
            return
        telling = Telling(Occasion.CAP_UNPROVEN, None, key.request_id, key.id, note=error)
        once = f"{key.id}:{outbox_id}"
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, owners_of(session, purser, key), once=once)


def fulfil(session: Session, request: Request, seq: int, now: datetime, *, tell: bool = True) -> None:
    """An agreed raise stands from here on: its card says so, and who asked is told. `seq` is its ledger row.

    One that has ended before the gateway could show it is done with, and no longer told.
    """
    if not requests.move(session, request.id, RequestState.APPROVED, RequestState.FULFILLED):
        return
    refresh_cards(session, request, seq, now)
    if not tell:
        return
    agreed = request.standing(Verdict.APPROVE)
    telling = Telling(Occasion.RAISED, agreed[-1].owner_id if agreed else None, request.id, request.extends_key_id)
    tell_thread(session, now, telling, once=request.id)
    tell_people(session, now, telling, (request.requester_id,), once=request.id)


def refresh_cards(session: Session, request: Request, seq: int, now: datetime) -> None:
    """Let the card of the raise tell the truth again, and that of the key whose cap it changes."""
    refresh_card(session, now, request.id, seq)
    key = keys.get(session, request.extends_key_id or "")
    if key is not None:
        refresh_card(session, now, key.request_id, seq)


def untold(session: Session, key_id: str) -> list[tuple[Request, Raise]]:
    """Raises of the key that the books count and that nobody has been told of."""
    found = ((requests.get(session, one.request_id), one) for one in raises.of_key(session, key_id))
    return [(request, one) for request, one in found if request and request.state is RequestState.APPROVED]
