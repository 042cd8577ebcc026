"""What every use case works with, put together once in `bot.app`, and the two ways to write things down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.people import Authority, Member
from bot.domain.periods import month_of
from bot.domain.policy import Policy
from bot.gateways.base import Gateway
from bot.services.catalog import Catalog
from bot.services.ports import Clock, CodeHost, Directory, Ids, Notifier
from bot.services.usual import Usual
from storage import ledger, outbox, runs
from storage.engine import Books, BooksUnavailable, Session
from storage.outbox import Claimed

__all__ = [
    "Actor",
    "BooksUnavailable",
    "Effect",
    "Purser",
    "Repeated",
    "Subjects",
    "changed",
    "effect",
    "record",
    "take_in",
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody doing something: the person, and the id of the delivery from Slack that says so."""

    member: Member
    delivery: str

    @property
    def id(self) -> str:
        """The person's Slack user id."""
        return self.member.id


@dataclass(frozen=True, slots=True)
class Effect:
    """How one kind of outbox row is performed, how often it is tried, and who is told when that fails.

    A stubborn effect is tried again even after a permanent failure: it must happen in the end.
    """

    perform: Callable[[Purser, Claimed], None]
    attempts: int
    stubborn: bool = False
    on_failing: Callable[[Purser, Claimed, str], None] | None = None
    """Called from the third failed try on, while more will follow; tells once, however often it is called."""
    on_dead: Callable[[Purser, Session, Claimed, str], None] | None = None
    """Called in the transaction that gives the effect up."""


def _never(name: str) -> None:
    """No failpoint is armed."""


@dataclass(frozen=True, slots=True)
class Purser:
    """The books, the gateways, the ports and the installation's rules."""

    books: Books
    clock: Clock
    ids: Ids
    policy: Policy
    authority: Authority
    gateways: Mapping[str, Gateway]
    notifier: Notifier
    directory: Directory
    pepper: bytes = field(repr=False)
    installation: str
    """Marks our keys at a gateway that several installations share."""
    catalog: Catalog = field(default_factory=Catalog)
    usual: Usual = field(default_factory=Usual)
    code_host: CodeHost | None = None
    """Where alerts about secrets in code are looked up; None when Purser may not."""
    effects: Mapping[str, Effect] = field(default_factory=dict)
    """How each kind of outbox row is performed, by name."""
    wake: Callable[[], None] = lambda: None
    """Tells the outbox worker that there is something to do now."""
    failpoint: Callable[[str], None] = _never
    """Called by name between two effects; tests arm one to kill the process there."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return self.clock.now()

    @contextmanager
    def deciding(self) -> Iterator[Session]:
        """One transaction that decides something; once it is committed, its effects are performed at once."""
        with self.books.transaction() as session:
            yield session
        self.wake()

    @property
    def default_gateway(self) -> Gateway:
        """The gateway new keys are minted at: the first that was configured."""
        return next(iter(self.gateways.values()))


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a ledger row is about."""

    team_id: str | None = None
    project_id: str | None = None
    member_id: str | None = None
    key_id: str | None = None
    request_id: str | None = None
    amount_micros: int | None = None
    """Money the row is about, in micro-USD."""


def record(  # noqa: PLR0913 - the columns of a ledger row
    session: Session, now: datetime, *, actor: str, action: str, about: Subjects, once: str, reason: str = ""
) -> int:
    """Append one ledger row. `once` is its idempotency key within the action."""
    changed(session, now)
    return ledger.append(
        session,
        ledger.Entry(
            actor=actor,
            action=action,
            idempotency_key=f"{action}:{once}",
            at=now,
            team_id=about.team_id,
            project_id=about.project_id,
            member_id=about.member_id,
            key_id=about.key_id,
            request_id=about.request_id,
            period=None if about.amount_micros is None else month_of(now),
            amount_micros=about.amount_micros,
            reason=reason,
        ),
    )


def effect(
    session: Session,
    now: datetime,
    *,
    stream: str,
    name: str,
    payload: Mapping[str, Any],
    once: str,
) -> int:
    """Write down one effect to perform after this transaction; returns its outbox id."""
    return outbox.add(
        session,
        stream=stream,
        effect=name,
        payload=payload,
        unique_key=f"{name}:{once}",
        now=now,
    )


_DELIVERY = "delivery"


class Repeated(Exception):
    """Slack delivered the same thing again. It was done the first time; there is nothing to do or say."""


def take_in(session: Session, actor: Actor) -> None:
    """Let this transaction act on a delivery from Slack at most once: the first that changes anything.

    Raises `Repeated` when an earlier transaction did. A delivery that is refused changes nothing and is not
    taken in, so the same form may be sent again, corrected or when times have changed.
    """
    if runs.was_seen(session, actor.delivery):
        raise Repeated(actor.delivery)
    session.info[_DELIVERY] = actor.delivery


def changed(session: Session, now: datetime) -> None:
    """This transaction changes something: from now on, its delivery has been taken in."""
    delivery = session.info.pop(_DELIVERY, None)
    if delivery is not None:
        runs.first_sight(session, delivery, now)
