"""What services need and do not own: the time, ids, people's records, and a way to tell people things."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.confirming import AskedNotice, ReviewNotice
from bot.domain.digests import DigestNotice
from bot.domain.facts import Notice, RequestFacts
from bot.domain.homes import HomeFacts, Shown
from bot.domain.incident_facts import IncidentNotice
from bot.domain.leavers import Account
from bot.domain.leaving_facts import DepartureNotice
from bot.domain.people import Member
from bot.domain.reports import PostedUsage
from bot.domain.sweeps import SweepNotice
from bot.gateways.base import FailureKind

__all__ = [
    "Accounts",
    "Clock",
    "CursorLost",
    "DeliveryError",
    "Directory",
    "FailureKind",
    "FileToSend",
    "Ids",
    "Notifier",
    "Page",
    "Posted",
    "Sending",
]


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Ids(Protocol):
    """The only source of randomness."""

    def new(self, noun: str) -> str:
        """A fresh id, unguessable and unique, that starts with the noun."""
        ...

    def suffix(self) -> str:
        """Four characters for a key's label, easy to read aloud."""
        ...


class DeliveryError(Exception):
    """Something could not be posted. `kind` says whether asking again helps; the message holds no secret."""

    def __init__(self, kind: FailureKind, message: str, *, retry_after_seconds: float | None = None) -> None:
        """Keep what is needed to decide about a retry."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class CursorLost(DeliveryError):
    """Slack has forgotten the place in its list of people where reading was to go on."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the people whom Slack lists, and where it goes on."""

    people: tuple[Member, ...]
    cursor: str = ""
    """Where the next page begins; empty after the last."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """A page of the same list, with the addresses of people where Slack tells them."""

    accounts: tuple[Account, ...]
    cursor: str = ""
    """Where the next page begins; empty after the last."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class Sending:
    """One posting: its id, carried as message metadata, and whether an earlier try may have arrived."""

    id: str
    maybe_sent: bool


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A file for people: what it is called, and what is in it."""

    name: str
    """As it is saved by who downloads it: `purser-usage-search-2026-11.csv`."""
    title: str
    """As it is shown."""
    content: bytes | Path
    """The bytes, or where on this machine they lie: then they are streamed, however many."""


class Notifier(Protocol):
    """Tells people things. Every method may raise `DeliveryError`; posting is idempotent on `Sending.id`."""

    def post_card(self, facts: RequestFacts, now: datetime, sending: Sending) -> Posted:
        """Post a request's card in its team's channel."""
        ...

    def update_card(self, facts: RequestFacts, now: datetime) -> None:
        """Let the card that stands already tell the truth of now."""
        ...

    def reply(self, facts: RequestFacts, notice: Notice, now: datetime, sending: Sending) -> None:
        """Write a line in the thread of the request's card."""
        ...

    def direct(self, member_id: str, notice: Notice, now: datetime, sending: Sending) -> None:
        """Write to one person."""
        ...

    def post(
        self, channel_id: str, notice: Notice, now: datetime, sending: Sending, *, thread_ts: str | None = None
    ) -> Posted:
        """Post a message of its own in a channel, or in the thread of a message there."""
        ...

    def update(self, channel_id: str, ts: str, notice: Notice, now: datetime) -> None:
        """Let a message posted that way tell the truth of now. One that was deleted stays deleted."""
        ...

    def post_usage(self, channel_id: str, usage: PostedUsage, now: datetime, sending: Sending) -> Posted:
        """Post an answer about usage that somebody shares with a channel."""
        ...

    def send_file(
        self, where: str, file: FileToSend, text: str, sending: Sending, *, thread_ts: str | None = None
    ) -> Posted:
        """Post a message with a file, in a channel or (`where` is a person's id) directly, perhaps in a thread."""
        ...

    def post_digest(self, notice: DigestNotice, sending: Sending) -> Posted:
        """Post a team's weekly digest in its channel: the short message, or the word that it was skipped."""
        ...

    def follow_digest(self, notice: DigestNotice, sending: Sending) -> None:
        """Post a digest's details, or only the notice's remark, in the thread of its message."""
        ...

    def direct_digest(self, member_id: str, notice: DigestNotice, sending: Sending) -> None:
        """Send a digest to one person, with its details in the thread of that message."""
        ...

    def post_incident(self, channel_id: str, notice: IncidentNotice, now: datetime, sending: Sending) -> Posted:
        """Post an incident's one message in its team's channel."""
        ...

    def update_incident(self, notice: IncidentNotice, now: datetime) -> None:
        """Let that message tell the truth of now. One that was deleted stays deleted."""
        ...

    def follow_incident(self, notice: IncidentNotice, now: datetime, sending: Sending) -> None:
        """Write in the thread of an incident's message: its context, its checklist, or what happened."""
        ...

    def direct_incident(self, member_id: str, notice: IncidentNotice, now: datetime, sending: Sending) -> None:
        """Write to one person about an incident."""
        ...

    def post_departure(self, channel_id: str, notice: DepartureNotice, now: datetime, sending: Sending) -> Posted:
        """Post a team's one message about somebody who left in its channel."""
        ...

    def update_departure(self, notice: DepartureNotice, now: datetime) -> None:
        """Let that message tell the truth of now. One that was deleted stays deleted."""
        ...

    def follow_departure(self, notice: DepartureNotice, now: datetime, sending: Sending) -> None:
        """Write in the thread of that message."""
        ...

    def direct_departure(self, member_id: str, notice: DepartureNotice, now: datetime, sending: Sending) -> None:
        """Write to one person about somebody who left."""
        ...

    def direct_questions(self, member_id: str, notice: AskedNotice, now: datetime, sending: Sending) -> None:
        """Write to one person about keys: whether they are needed, that they are off, that they should be rotated."""
        ...

    def post_review(self, channel_id: str, notice: ReviewNotice, now: datetime, sending: Sending) -> Posted:
        """Post a review's one message in its team's channel."""
        ...

    def update_review(self, notice: ReviewNotice, now: datetime) -> None:
        """Let that message tell the truth of now. One that was deleted stays deleted."""
        ...

    def put_in_review(self, notice: ReviewNotice, now: datetime, sending: Sending) -> None:
        """Post a message in the thread of a review, or let the one that carries this id there tell the truth of now."""
        ...

    def direct_sweep(self, member_id: str, notice: SweepNotice, now: datetime, sending: Sending) -> None:
        """Write to one owner about a sweep."""
        ...

    def publish_home(self, member_id: str, facts: HomeFacts, now: datetime, expected: Shown) -> Shown | None:
        """Let the person's Home tab show these facts in the place of what stands there; what stands there then.

        `expected` itself, and nothing is published, when it shows just that; None, and nothing is published, when
        something else than `expected` stands there by now.
        """
        ...


@dataclass(frozen=True, slots=True)
class AlertAtHost:
    """What a code host says of an alert about a secret."""

    secret: str = field(repr=False)
    """Empty when the host does not tell it."""
    is_open: bool


class CodeHost(Protocol):
    """Where code lives and is looked through for secrets. Every method may raise `GatewayError`."""

    def alert(self, repository: str, number: int) -> AlertAtHost | None:
        """The alert with its secret, or None when there is no such alert any more."""
        ...

    def resolve(self, repository: str, number: int, comment: str) -> None:
        """Resolve the alert as revoked. Idempotent."""
        ...


class Directory(Protocol):
    """People and channels as Slack knows them now."""

    def is_member_of(self, channel_id: str) -> bool:
        """Whether Purser itself is in this channel and may post there. May raise `DeliveryError`."""
        ...

    def lookup(self, member_id: str) -> Member | None:
        """The person, or None when Slack knows no such id. May raise `DeliveryError`."""
        ...

    def people(self, cursor: str = "") -> Page:
        """The people from this place in the list on, the deactivated too; from the start when it is empty.

        May raise `DeliveryError`, and `CursorLost` where the list has to be read from its start again.
        """
        ...

    def accounts(self, cursor: str = "") -> Accounts:
        """The same list as `people` gives, with addresses where Purser may see them. May raise as `people` does."""
        ...

    def account(self, member_id: str) -> Account | None:
        """One person's account, with the address where Purser may see it; None when there is none.

        May raise `DeliveryError`.
        """
        ...
