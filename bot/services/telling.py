"""Writes down what people are to be told, as outbox rows of the deciding transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.facts import Occasion
from bot.domain.keys import ExpiryWarning
from bot.services.context import effect
from storage.engine import Session

CARD = "slack.card"
THREAD = "slack.thread"
DIRECT = "slack.direct"


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
        }

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Telling:
        """Read what `payload` wrote."""
        warning = payload.get("warning")
        return cls(
            occasion=Occasion(payload["occasion"]),
            actor_id=payload.get("actor_id"),
            request_id=payload.get("request_id"),
            key_id=payload.get("key_id"),
            note=payload.get("note", ""),
            warning=None if warning is None else ExpiryWarning(warning),
            others=tuple(payload.get("others", ())),
        )


def refresh_card(session: Session, now: datetime, request_id: str, seq: int) -> None:
    """Let the request's card tell the truth again; `seq` is the ledger row that changed it."""
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


def request_stream(request_id: str) -> str:
    """Everything posted about one request is posted in order."""
    return f"request:{request_id}"


def key_stream(key_id: str) -> str:
    """Everything done to one key at its gateway is done in order, whatever Slack is doing."""
    return f"key:{key_id}"
