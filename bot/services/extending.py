"""Extensions after they were asked for: made at the gateway, lapsed when that fails, closed when their key goes off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import Key, OffCause, can_be_extended
from bot.domain.requests import RequestState, Target
from bot.gateways.base import FailureKind, GatewayError
from bot.services import sharing
from bot.services.context import Purser, effect, record
from bot.services.subjects import subjects
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from storage import keys, outbox, requests
from storage.engine import Session

EXTEND = "gateway.extend"


@dataclass(frozen=True, slots=True)
class Extension:
    """More time that was agreed: the key, and its new end."""

    request_id: str
    key_id: str
    until: datetime


def wanted(session: Session, now: datetime, new: Extension, *, once: str) -> None:
    """Decide within a transaction that the new end is set at the gateway."""
    payload = {"request_id": new.request_id, "key_id": new.key_id, "expires_at": new.until.isoformat()}
    effect(session, now, stream=key_stream(new.key_id), name=EXTEND, payload=payload, once=once)


def waiting(session: Session, key_id: str) -> list[Extension]:
    """Agreed extensions of the key that the gateway does not show yet, oldest first.

    Ask before withdrawing what waits in the key's stream, and want them anew afterwards.
    """
    rows = (row.payload for row in outbox.pending(session, stream=key_stream(key_id), effect=EXTEND))
    return [Extension(row["request_id"], key_id, datetime.fromisoformat(row["expires_at"])) for row in rows]


def extend_at_gateway(purser: Purser, request_id: str, key_id: str, until: datetime) -> None:
    """Set the agreed end at the gateway, read it back, and only then in the books. Idempotent.

    Raises `GatewayError`. A key turned off meanwhile stays off, and its extension lapses. One that a limit stopped
    comes back with its new end.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
        request = requests.get(session, request_id)
    if key is None or request is None or request.state is not RequestState.APPROVED:
        return
    if not can_be_extended(key) or key.handle is None:
        with purser.deciding() as session:
            lapse(session, request_id, _too_late(key), purser.now())
        return
    gateway = purser.gateways[key.gateway]
    gateway.set_expiry(key.handle, until)
    seen = gateway.find(key.handle)
    if seen is None or (seen.expires_at is not None and abs((seen.expires_at - until).total_seconds()) > 60):
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name}'s record does not show the new end")
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key.id) or key  # it may have been stopped, or have come back, meanwhile
        if not can_be_extended(key):
            return
        if not requests.move(session, request.id, RequestState.APPROVED, RequestState.FULFILLED):
            return
        keys.move(session, key.id, key.state, key.state, keys.Change(expires_at=until))
        reason = f"until {until:%Y-%m-%d %H:%M} UTC"
        seq = record(
            session, now, actor="purser", action="key.extended", about=subjects(request), once=request.id, reason=reason
        )
        refresh_card(session, now, request.id, seq)
        refresh_card(session, now, key.request_id, seq)
        telling = Telling(Occasion.EXTENDED, None, request.id, key.id)
        tell_thread(session, now, telling, once=request.id)
        tell_people(session, now, telling, (key.holder_id,), once=request.id)


def end_all(session: Session, key: Key, now: datetime) -> None:
    """The key goes off for good: what was agreed lapses, and what still waits for an owner is closed.

    What it leaves of a cap it shared is from then on the other keys'. A new one in its place is only made of a key
    that may come back, or that leaked.
    """
    gone = keys.get(session, key.id)
    if gone is not None and gone.off_cause in (OffCause.RETURNED, OffCause.EXPIRED):
        for rotation in requests.rotations_of(session, key.id, RequestState.APPROVED):
            lapse(session, rotation.id, f"{key.label} {_ENDED[gone.off_cause]} before a new key was revealed", now)
    sharing.settle(session, now, key)
    for extension in requests.extensions_of(session, key.id, RequestState.APPROVED):
        lapse(session, extension.id, _too_late(key), now)
    _close_waiting(session, key, now)


def _close_waiting(session: Session, key: Key, now: datetime) -> None:
    """The key goes off for good: nobody has to decide about more time or money for it any more, and who asked is told.

    It stays closed if the key is restored: more can then be asked for again.
    """
    why = f"{key.label} went off before this was decided"
    closing = requests.extensions_of(session, key.id, RequestState.WAITING)
    for layer in (Layer.KEY, Layer.AUTOMATION):
        closing += requests.raises_of(session, Target(layer, key.id), RequestState.WAITING)
    for request in closing:
        change = requests.Change(decided_at=now)
        if not requests.move(session, request.id, RequestState.WAITING, RequestState.CANCELLED, change):
            continue
        about = subjects(request)
        seq = record(session, now, actor="purser", action="request.cancelled", about=about, once=request.id, reason=why)
        refresh_card(session, now, request.id, seq)
        telling = Telling(Occasion.EXTENSION_CLOSED, None, request.id, key.id)
        tell_thread(session, now, telling, once=request.id)
        tell_people(session, now, telling, (request.requester_id,), once=request.id)


_ENDED = {OffCause.RETURNED: "was given back", OffCause.EXPIRED: "came to its end"}


def _too_late(key: Key) -> str:
    return f"{key.label} was turned off before it could be extended"


def lapse(session: Session, request_id: str, why: str, now: datetime) -> None:
    """An approved extension cannot be made: it lapses, and its requester is told why."""
    request = requests.get(session, request_id)
    if request is None or not requests.move(session, request_id, RequestState.APPROVED, RequestState.LAPSED):
        return
    about = subjects(request)
    seq = record(session, now, actor="purser", action="request.lapsed", about=about, once=request.id, reason=why)
    refresh_card(session, now, request.id, seq)
    telling = Telling(Occasion.EFFECT_FAILED, None, request.id, request.extends_key_id, note=why)
    tell_thread(session, now, telling, once=request.id)
    tell_people(session, now, telling, (request.requester_id,), once=request.id)
