"""Keys of one holder that come back together, and the one message that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import guard
from bot.domain.budgets import Stop
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState
from bot.services.telling import Telling, key_stream, tell_people
from bot.services.worker import FAILING_AT_ATTEMPT
from storage import alerts, keys, outbox
from storage.engine import Session

RESUME = "gateway.resume"


@dataclass(frozen=True, slots=True)
class Batch:
    """Keys of one holder that come back together for one reason, and are told together."""

    id: str
    key_ids: tuple[str, ...]
    why: str
    """Why they come back, as their holder reads it."""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Batch:
        """Read it from the effect's payload."""
        return cls(payload["batch"], tuple(payload["together"]), payload["why"])


def tell_back(session: Session, now: datetime, key: Key, batch: Batch, *, late: bool) -> None:
    """Tell the holder when the last of the keys is back, and before that only if the rest has to be waited for."""
    found = [one for key_id in batch.key_ids if (one := keys.get(session, key_id)) is not None]
    to_come = [one for one in found if one.state is KeyState.RESTORING]
    back = tuple(one.id for one in found if one.state is KeyState.LIVE)
    if not back or (to_come and (late or not all(_is_late(session, one) for one in to_come))):
        return
    alert_id = alert_of(session, key.stop) or None
    telling = Telling(Occasion.KEYS_BACK, note=batch.why, alert_id=alert_id, key_ids=back)
    once = f"{batch.id}:{'some' if to_come else 'all'}"
    tell_people(session, now, telling, (key.holder_id,), once=once)


def leave(session: Session, now: datetime, key: Key) -> None:
    """A key that was on its way back goes off after all: it may be what the message about the others waited for."""
    for row in outbox.pending(session, stream=key_stream(key.id), effect=RESUME):
        tell_back(session, now, key, Batch.of(row.payload), late=False)


def alert_of(session: Session, stop: Stop | None) -> str:
    """The id of the alert that says the limit was reached; empty when there is none."""
    if stop is None:
        return ""
    found = alerts.of_limit(session, (stop.layer, stop.subject_id, stop.period))
    return next((alert.id for alert in found if alert.threshold == guard.REACHED), "")


def _is_late(session: Session, key: Key) -> bool:
    waiting = outbox.pending(session, stream=key_stream(key.id), effect=RESUME)
    return any(row.attempts >= FAILING_AT_ATTEMPT for row in waiting)
