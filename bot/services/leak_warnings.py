"""The warning in the thread of a message that held a key: posted once, and written anew when the key is proven off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.facts import Notice
from bot.domain.keys import KeyState
from bot.services.alerting import stopped_facts
from bot.services.context import Effect, Purser
from bot.services.ports import DeliveryError, FailureKind, Sending
from bot.services.telling import Telling
from storage import keys, outbox
from storage.engine import Session
from storage.outbox import Claimed

WARN = "slack.leak"
PAUSES_SECONDS = (3, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600, 3600, 3600, 7200, 7200, 14400, 28800)
"""Between looks at whether all keys are off: for a day, by when owners were called more than once."""


@dataclass(frozen=True, slots=True)
class Place:
    """A thread in Slack."""

    channel_id: str
    thread_ts: str


def warn_thread(session: Session, at: datetime, place: Place, telling: Telling, *, once: str) -> None:
    """Say in a thread, at this moment, what stood in its message. `once` makes it one warning per event."""
    payload = {"channel_id": place.channel_id, "thread_ts": place.thread_ts, **telling.payload()}
    _add(session, at, {**payload, "look": 0, "ts": None, "once": once})


def _add(session: Session, at: datetime, payload: dict[str, Any]) -> None:
    outbox.add(
        session,
        stream=f"leak:{payload['once']}",
        effect=WARN,
        payload=payload,
        unique_key=f"{WARN}:{payload['once']}:{payload['look']}",
        now=at,
        not_before=at,
    )


def _warn(purser: Purser, row: Claimed) -> None:
    """Post the warning, or write it anew once all keys in it are off; look again later while they are not.

    A channel that Purser is not in, or no more, gets none: owners read of the incident elsewhere.
    """
    payload, now = dict(row.payload), purser.now()
    telling = Telling.from_payload(payload)
    with purser.books.reading() as session:
        is_settled = all(_is_off(session, key_id) for key_id in telling.key_ids)
        facts = stopped_facts(session, list(telling.key_ids), now)
    notice = Notice(telling.occasion, telling.actor_id, keys=facts, others=telling.others)
    channel_id, ts = payload["channel_id"], payload["ts"]
    try:
        if ts is None:
            sending = Sending(f"outbox-{row.id}", row.outcome_unknown)
            ts = purser.notifier.post(channel_id, notice, now, sending, thread_ts=payload["thread_ts"]).ts
        elif is_settled:
            purser.notifier.update(channel_id, ts, notice, now)
    except DeliveryError as failed:
        if failed.kind is FailureKind.PERMANENT:
            return
        raise
    look = payload["look"]
    if not is_settled and look < len(PAUSES_SECONDS):
        at = now + timedelta(seconds=PAUSES_SECONDS[look])
        with purser.books.transaction() as session:
            _add(session, at, {**payload, "look": look + 1, "ts": ts})


def _is_off(session: Session, key_id: str) -> bool:
    key = keys.get(session, key_id)
    return key is None or key.state in (KeyState.DISABLED, KeyState.DISCARDED)


LEAK_EFFECTS: dict[str, Effect] = {WARN: Effect(_warn, attempts=50)}
