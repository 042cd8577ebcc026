"""Who holds a key, as its gateway's record has it: told whenever a key changes hands, and believed once it is read.

An effect names the key and no person, so one that comes late or twice still tells who holds it by then.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.keys import UNSHOWN, KeyState
from bot.gateways.base import FailureKind, GatewayError
from bot.services.context import Effect, Purser, effect
from storage import keys
from storage.engine import Session
from storage.outbox import Claimed

HOLDER = "gateway.holder"
ALWAYS = 1_000_000


def wanted(session: Session, now: datetime, key_id: str, *, once: str) -> None:
    """Decide within a transaction that the gateway is told who holds a key now.

    In a stream of its own: turning the key off neither waits for this nor withdraws it.
    """
    stream, payload = f"holder:{key_id}", {"key_id": key_id}
    effect(session, now, stream=stream, name=HOLDER, payload=payload, once=f"{key_id}:{once}")


def tell_gateway(purser: Purser, row: Claimed) -> None:
    """Let the gateway's record name who holds the key by the books. Idempotent. Raises `GatewayError`.

    One that is gone there is left alone.
    """
    with purser.books.reading() as session:
        key = keys.get(session, row.payload["key_id"])
    if key is None or key.handle is None or key.state in {*UNSHOWN, KeyState.DISCARDING, KeyState.DISCARDED}:
        return
    gateway = purser.gateways[key.gateway]
    seen = gateway.find(key.handle)
    if seen is None or seen.deleted or seen.holder == key.holder_id:
        return
    gateway.set_holder(key.handle, key.holder_id)
    seen = gateway.find(key.handle)
    if seen is not None and not seen.deleted and seen.holder != key.holder_id:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name}'s record still names another holder")


HOLDER_EFFECTS: dict[str, Effect] = {HOLDER: Effect(tell_gateway, attempts=ALWAYS, stubborn=True)}
