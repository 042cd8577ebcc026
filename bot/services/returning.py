"""Keys that a limit had stopped come back by themselves: decided here, done at the gateway, told once."""

from __future__ import annotations

from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState
from bot.services.batches import RESUME, Batch, alert_of, tell_back
from bot.services.context import Purser, effect, record
from bot.services.incidents import touched
from bot.services.proving import about, owners_of
from bot.services.restoring import proven_on, turned_on
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from bot.services.worker import FAILING_AT_ATTEMPT
from storage import alerts, keys, ledger
from storage.engine import Session


def resume(session: Session, now: datetime, key: Key, batch: Batch) -> bool:
    """Decide within a transaction that a key which a limit had stopped comes back by itself.

    False when it is not off any more.
    """
    once = f"{alert_of(session, key.stop)}:{key.id}:{ledger.head(session).seq}"
    if not keys.move(session, key.id, KeyState.DISABLED, KeyState.RESTORING):
        return False
    seq = record(session, now, actor="purser", action=alerts.RESUMED, about=about(key), once=once, reason=batch.why)
    touched(session, now, key.id)
    refresh_card(session, now, key.request_id, seq)
    payload = {"key_id": key.id, "batch": batch.id, "together": list(batch.key_ids), "why": batch.why}
    effect(session, now, stream=key_stream(key.id), name=RESUME, payload=payload, once=once)
    return True


def resume_at_gateway(purser: Purser, key_id: str, batch: Batch, once: str, *, attempts: int) -> None:
    """Let the key work again and believe only what the gateway's record says. Idempotent. Raises `GatewayError`."""
    key = turned_on(purser, key_id)
    if key is None:
        return
    now = purser.now()
    with purser.deciding() as session:
        if proven_on(session, key, once, now):
            tell_back(session, now, key, batch, late=attempts > FAILING_AT_ATTEMPT)


def tell_late(purser: Purser, key_id: str, batch: Batch, error: str) -> None:
    """A key that should be back is not: tell owners, once, and its holder of those that are."""
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if key is None or key.state is not KeyState.RESTORING:
            return
        telling = Telling(Occasion.BACK_LATE, None, key.request_id, key.id, note=error)
        once = f"{batch.id}:{key.id}"
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, owners_of(session, purser, key), once=once)
        tell_back(session, now, key, batch, late=False)
