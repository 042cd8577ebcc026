"""Writes down what people are to be told, as outbox rows of the deciding transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.budgets import Layer, Stop
from bot.domain.facts import Occasion
from bot.domain.guard import REACHED
from bot.domain.keys import ExpiryWarning, Key
from bot.services.context import effect
from storage import alerts, budgets, ledger, outbox
from storage.alerts import alert_stream
from storage.engine import Session

CARD = "slack.card"
THREAD = "slack.thread"
DIRECT = "slack.direct"
ALERT = "slack.alert"
CHANNEL = "slack.channel"

SETTLE_SECONDS = 3
"""How long what was stopped or came back is given to be proven before it is told."""
_OF_STOPS = (Occasion.LIMIT, Occasion.KEYS_STOPPED)
IN_CHANNEL = (Layer.TEAM, Layer.PROJECT)
"""Layers whose alerts are a message in the team's channel; of the others those concerned are told directly."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell: the occasion and the ids its facts are gathered by when it is sent."""

    occasion: Occasion
    actor_id: str | None = None
    request_id: str | None = None
    key_id: str | None = None
    note: str = ""
    warning: ExpiryWarning | None = None
    others: tuple[str, ...] = ()
    alert_id: str | None = None
    key_ids: tuple[str, ...] = ()
    """Keys that one thing happened to."""
    team_id: str | None = None
    """Whose month turned."""
    month: str | None = None
    """The month that ended, such as `2026-11`."""
    set_from_to: tuple[int | None, int] | None = None
    """What a person's budget was and is now, in micro-USD a month."""
    since: datetime | None = None
    """For keys that a limit stopped: those stopped from then on."""

    def payload(self) -> dict[str, Any]:
        """The outbox payload; `from_payload` reads it."""
        return {
            "occasion": str(self.occasion),
            "actor_id": self.actor_id,
            "request_id": self.request_id,
            "key_id": self.key_id,
            "note": self.note,
            "warning": None if self.warning is None else str(self.warning),
            "others": list(self.others),
            "alert_id": self.alert_id,
            "key_ids": list(self.key_ids),
            "team_id": self.team_id,
            "month": self.month,
            "set_from_to": None if self.set_from_to is None else list(self.set_from_to),
            "since": None if self.since is None else self.since.isoformat(),
        }

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Telling:
        """Read what `payload` wrote."""
        warning, since, was_is = payload.get("warning"), payload.get("since"), payload.get("set_from_to")
        return cls(
            occasion=Occasion(payload["occasion"]),
            actor_id=payload.get("actor_id"),
            request_id=payload.get("request_id"),
            key_id=payload.get("key_id"),
            note=payload.get("note", ""),
            warning=None if warning is None else ExpiryWarning(warning),
            others=tuple(payload.get("others", ())),
            alert_id=payload.get("alert_id"),
            key_ids=tuple(payload.get("key_ids", ())),
            team_id=payload.get("team_id"),
            month=payload.get("month"),
            set_from_to=None if was_is is None else (was_is[0], was_is[1]),
            since=None if since is None else datetime.fromisoformat(since),
        )


def refresh_card(session: Session, now: datetime, request_id: str, seq: int | str) -> None:
    """Let the request's card tell the truth again; `seq` is the ledger row that changed it, or names what did."""
    effect(
        session,
        now,
        stream=request_stream(request_id),
        name=CARD,
        payload={"request_id": request_id},
        once=f"{request_id}:{seq}",
    )


def tell_thread(session: Session, now: datetime, telling: Telling, *, once: str) -> None:
    """Write a line in the thread of the request's card. `once` makes it one line per event."""
    assert telling.request_id is not None
    effect(
        session,
        now,
        stream=request_stream(telling.request_id),
        name=THREAD,
        payload=telling.payload(),
        once=f"{telling.occasion}:{once}",
    )


def tell_people(session: Session, now: datetime, telling: Telling, people: Iterable[str | None], *, once: str) -> None:
    """Write to people directly, each once, none to nobody. `once` makes it one message per event."""
    for person in dict.fromkeys(person for person in people if person):
        effect(
            session,
            now,
            stream=f"direct:{person}",
            name=DIRECT,
            payload={"member_id": person, **telling.payload()},
            once=f"{telling.occasion}:{once}:{person}",
        )


def tell_channel(session: Session, now: datetime, telling: Telling, channel_id: str, *, once: str) -> None:
    """Post a message of its own in a channel. `once` makes it one message per event."""
    effect(
        session,
        now,
        stream=f"channel:{channel_id}",
        name=CHANNEL,
        payload={"channel_id": channel_id, **telling.payload()},
        once=f"{telling.occasion}:{once}",
    )


def refresh_alert(
    session: Session, now: datetime, alert_id: str, *, once: str, figures: str = "", after_seconds: int = SETTLE_SECONDS
) -> None:
    """Post an alert's message, or let the one that stands tell the truth again, some seconds from now.

    Whatever happens to its limit until then is told by the same message. `figures` are those it is sure to show.
    """
    if _is_to_come(session, alert_stream(alert_id)):
        return
    outbox.add(
        session,
        stream=alert_stream(alert_id),
        effect=ALERT,
        payload={"alert_id": alert_id, "figures": figures},
        unique_key=f"{ALERT}:{alert_id}:{once}",
        now=now,
        not_before=now + timedelta(seconds=after_seconds),
    )


def refresh_stop(session: Session, now: datetime, stop: Stop | None) -> None:
    """Something became of a key that this limit had stopped: the message about the limit has to say so."""
    if stop is None:
        return
    for alert in alerts.of_limit(session, (stop.layer, stop.subject_id, stop.period)):
        if alert.threshold >= 100 and alert.told and stop.layer in IN_CHANNEL:
            refresh_alert(session, now, alert.id, once=str(ledger.head(session).seq))


def tell_limit(session: Session, now: datetime, alert_id: str, people: Iterable[str], *, once: str) -> None:
    """Tell people directly of a limit that has come to a threshold, once what it stops is settled."""
    for person in people:
        _tell_later(session, now, Telling(Occasion.LIMIT, alert_id=alert_id), person, once=once)


def tell_stopped(session: Session, now: datetime, alert_id: str, key: Key) -> None:
    """Tell a key's holder, in the transaction that stops it, of all keys of theirs that this limit stops by then.

    One message, once it is settled; a key stopped after that one was written gets another. Who is about to read of
    the limit itself reads there what it stopped.
    """
    if _is_to_come(session, f"{Occasion.LIMIT}:{alert_id}:{key.holder_id}"):
        return
    _withdraw_own(session, now, alert_id, key)
    telling = Telling(Occasion.KEYS_STOPPED, alert_id=alert_id, since=now)
    _tell_later(session, now, telling, key.holder_id, once=f"{now.isoformat()}:{key.id}")


def _withdraw_own(session: Session, now: datetime, alert_id: str, key: Key) -> None:
    """A holder who is about to read that another limit stops their key reads there of its own cap as well."""
    for layer in (Layer.KEY, Layer.AUTOMATION):
        for own in alerts.of_limit(session, (layer, key.id, budgets.period_of(layer, key.cap_period, now))):
            stream = f"{Occasion.LIMIT}:{own.id}:{key.holder_id}"
            if own.id != alert_id and own.threshold >= REACHED and _is_to_come(session, stream):
                outbox.void(session, now=now, stream=stream)


def is_stop_untold(session: Session, key: Key) -> bool:
    """Whether the holder of a stopped key has yet to read which limit stopped it."""
    if key.stop is None:
        return False
    found = alerts.of_limit(session, (key.stop.layer, key.stop.subject_id, key.stop.period))
    said = [f"{occasion}:{one.id}:{key.holder_id}" for one in found for occasion in _OF_STOPS]
    return any(outbox.pending(session, stream=stream) for stream in said)


def _tell_later(session: Session, now: datetime, telling: Telling, person: str, *, once: str) -> None:
    """Write to a person about a limit in a stream of its own, which holds up nothing else they are to read."""
    stream = f"{telling.occasion}:{telling.alert_id}:{person}"
    if _is_to_come(session, stream, telling.since):
        return
    outbox.add(
        session,
        stream=stream,
        effect=DIRECT,
        payload={"member_id": person, **telling.payload()},
        unique_key=f"{DIRECT}:{stream}:{once}",
        now=now,
        not_before=now + timedelta(seconds=SETTLE_SECONDS),
    )


def _is_to_come(session: Session, stream: str, since: datetime | None = None) -> bool:
    """Whether a message of this stream waits that nobody is writing at this moment: it will show what is true then.

    With `since` it has to show what happened from then on; another replica's clock may be ahead of ours.
    """
    waiting = [row for row in outbox.pending(session, stream=stream) if row.leased_until is None]
    starts = [row.payload.get("since") for row in waiting if not row.outcome_unknown]
    return any(since is None or start is None or datetime.fromisoformat(start) <= since for start in starts)


def request_stream(request_id: str) -> str:
    """Everything posted about one request is posted in order."""
    return f"request:{request_id}"


def key_stream(key_id: str) -> str:
    """Everything done to one key at its gateway is done in order, whatever Slack is doing."""
    return f"key:{key_id}"
