"""Keys that a limit had stopped come back by themselves: decided here, done at the gateway, told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import guard
from bot.domain.budgets import Stop
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState
from bot.services.context import Purser, effect, record
from bot.services.proving import about, owners_of
from bot.services.restoring import proven_on, turned_on
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from bot.services.worker import FAILING_AT_ATTEMPT
from storage import alerts, keys, ledger, outbox
from storage.engine import Session

RESUME = "gateway.resume"


@dataclass(frozen=True, slots=True)
class Batch:
    """Keys of one holder that come back together, and are told together."""

    id: str
    key_ids: tuple[str, ...]
    why: str
    """Why they come back, as their holder reads it."""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Batch:
        """Read it from the effect's payload."""
        return cls(payload["batch"], tuple(payload["together"]), payload["why"])


def resume(session: Session, now: datetime, key: Key, batch: Batch) -> bool:
    """Decide within a transaction that a key which a limit had stopped comes back by itself.

    False when it is not off any more.
    """
    once = f"{_alert_of(session, key.stop)}:{key.id}:{ledger.head(session).seq}"
    if not keys.move(session, key.id, KeyState.DISABLED, KeyState.RESTORING):
        return False
    seq = record(session, now, actor="purser", action=alerts.RESUMED, about=about(key), once=once, reason=batch.why)
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
            _tell_back(session, now, key, batch, late=attempts > FAILING_AT_ATTEMPT)


def tell_late(purser: Purser, key_id: str, batch: Batch, error: str) -> None:
    """A key that should be back is not: tell owners, once, and its holder of those that are."""
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if key is None or key.state is not KeyState.RESTORING:
            return
        note = f"{key.label} has room again, but could not be turned on: {error}. Purser keeps trying"
        telling = Telling(Occasion.EFFECT_FAILED, None, key.request_id, key.id, note=note)
        once = f"{batch.id}:{key.id}"
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, owners_of(session, purser, key), once=once)
        _tell_back(session, now, key, batch, late=False)


def _tell_back(session: Session, now: datetime, key: Key, batch: Batch, *, late: bool) -> None:
    """Tell the holder when the last of the keys is back, and before that only if the rest has to be waited for."""
    found = [one for key_id in batch.key_ids if (one := keys.get(session, key_id)) is not None]
    to_come = [one for one in found if one.state is KeyState.RESTORING]
    back = tuple(one.id for one in found if one.state is KeyState.LIVE)
    if not back or (to_come and (late or not all(_is_late(session, one) for one in to_come))):
        return
    alert_id = _alert_of(session, key.stop) or None
    telling = Telling(Occasion.KEYS_BACK, note=batch.why, alert_id=alert_id, key_ids=back)
    once = f"{batch.id}:{'some' if to_come else 'all'}"
    tell_people(session, now, telling, (key.holder_id,), once=once)


def _is_late(session: Session, key: Key) -> bool:
    waiting = outbox.pending(session, stream=key_stream(key.id), effect=RESUME)
    return any(row.attempts >= FAILING_AT_ATTEMPT for row in waiting)


def _alert_of(session: Session, stop: Stop | None) -> str:
    """The id of the alert that says the limit was reached; empty when there is none."""
    if stop is None:
        return ""
    found = alerts.of_limit(session, (stop.layer, stop.subject_id, stop.period))
    return next((alert.id for alert in found if alert.threshold == guard.REACHED), "")
