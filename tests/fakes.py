"""In-memory stand-ins for everything the services need and do not own: time, ids, people, Slack, a gateway.

They behave as their ports promise, and misbehave on demand: lost replies, refusals, lies, a crash at a failpoint.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

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
from bot.domain.usage import Usage
from bot.gateways.base import (
    AliasTaken,
    Capabilities,
    CapPeriod,
    CapScope,
    FailureKind,
    GatewayError,
    Health,
    Issued,
    KeyRecord,
    KeySpec,
    Members,
    Probe,
)
from bot.services.ports import Accounts, CursorLost, DeliveryError, FileToSend, Page, Posted, Sending
from storage.engine import Books, Session

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Clock:
    """Moves when told to or slept on, and by a microsecond whenever it is read: no two moments are the same."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


class Ids:
    """Counts, so that a failing test reads the same each time."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def new(self, noun: str) -> str:
        self.counts[noun] += 1
        return f"{noun}_{self.counts[noun]}"

    def suffix(self) -> str:
        self.counts["suffix"] += 1
        return f"{self.counts['suffix']:04d}"


class Directory:
    """People and channels as Slack knows them; `down` makes Slack not answer."""

    def __init__(self, *people: Member) -> None:
        self.everybody = {person.id: person for person in people}
        self.not_in: set[str] = set()
        """Channels that Purser is not in."""
        self.down = False
        self.unlisted: set[str] = set()
        """People whom no page lists, though asking for them by name finds them."""
        self.repeated: set[str] = set()
        """People whom every page lists."""
        self.page_people = 200
        self.cursors_lost = 0
        """So many places in the list are forgotten yet."""
        self.limited_seconds: list[float] = []
        """The next pages are refused: ask again after so long."""
        self.pages_read: list[str] = []
        """The cursors that pages were asked for by."""
        self.looked_up: list[str] = []
        self.emails: dict[str, str] = {}
        """Addresses of people, by id; none are told while this is empty."""
        self.unconfirmed: set[str] = set()
        """People whose address Slack has not verified."""

    def is_member_of(self, channel_id: str) -> bool:
        self._must_be_up()
        return channel_id not in self.not_in

    def lookup(self, member_id: str) -> Member | None:
        self._must_be_up()
        self.looked_up.append(member_id)
        return self.everybody.get(member_id)

    def people(self, cursor: str = "") -> Page:
        """By id; the cursor is the id after which the page begins."""
        self._must_be_up()
        self.pages_read.append(cursor)
        if self.limited_seconds:
            wait = self.limited_seconds.pop(0)
            raise DeliveryError(FailureKind.TRANSIENT, "Slack asked to slow down", retry_after_seconds=wait)
        if cursor and self.cursors_lost:
            self.cursors_lost -= 1
            raise CursorLost(FailureKind.PERMANENT, "Slack refused listing people: invalid_cursor")
        rest = [one for one in sorted(self.everybody) if one > cursor and one not in self.unlisted]
        page = rest[: self.page_people]
        shown = (*page, *sorted(self.repeated - set(page)))
        following = page[-1] if len(rest) > len(page) else ""
        return Page(tuple(self.everybody[one] for one in shown), following)

    def accounts(self, cursor: str = "") -> Accounts:
        page = self.people(cursor)
        return Accounts(tuple(map(self._account, page.people)), page.cursor)

    def account(self, member_id: str) -> Account | None:
        person = self.lookup(member_id)
        return None if person is None else self._account(person)

    def _account(self, person: Member) -> Account:
        email = self.emails.get(person.id, "")
        confirmed = bool(email) and person.id not in self.unconfirmed
        return Account(person, email, confirmed)

    def change(self, member_id: str, **fields: bool | str) -> Member:
        self.everybody[member_id] = replace(self.everybody[member_id], **fields)  # type: ignore[arg-type]
        return self.everybody[member_id]

    def _must_be_up(self) -> None:
        if self.down:
            raise DeliveryError(FailureKind.UNKNOWN, "Slack did not answer")


class Mishap(StrEnum):
    """How one call goes wrong."""

    DOWN = "down"
    """Nothing was applied, and the caller is told so."""
    LOST = "lost"
    """Applied, but the reply is lost."""
    REFUSED = "refused"
    """Nothing was applied, and never will be."""
    LYING = "lying"
    """Nothing was applied, but the answer says it was. Gateways only."""

    @property
    def kind(self) -> FailureKind:
        """What the caller is told."""
        return {
            Mishap.DOWN: FailureKind.TRANSIENT,
            Mishap.LOST: FailureKind.UNKNOWN,
            Mishap.REFUSED: FailureKind.PERMANENT,
            Mishap.LYING: FailureKind.UNKNOWN,
        }[self]


class Mishaps:
    """The next calls, by name of the method (`*` for any), go wrong in this order."""

    def __init__(self) -> None:
        self.coming: list[tuple[str, Mishap]] = []

    def add(self, method: str, *mishaps: Mishap) -> None:
        self.coming += [(method, mishap) for mishap in mishaps]

    def clear(self) -> None:
        self.coming.clear()

    def take(self, method: str) -> Mishap | None:
        for index, (name, mishap) in enumerate(self.coming):
            if name in ("*", method):
                del self.coming[index]
                return mishap
        return None


@dataclass(frozen=True)
class Message:
    """One thing that somebody can read: in a thread, or directly."""

    sending_id: str
    where: str
    """`thread:REQUEST`, `direct:MEMBER` or `channel:CHANNEL`."""
    notice: Notice


@dataclass(frozen=True)
class SentFile:
    """One file that somebody can open."""

    sending_id: str
    where: str
    """A channel's or a person's id."""
    thread_ts: str | None
    name: str
    title: str
    content: bytes
    text: str


@dataclass(frozen=True)
class SentDigest:
    """A digest that somebody can read: its message, or what follows in the thread."""

    sending_id: str
    where: str
    """`channel:CHANNEL`, `thread:TS` or `direct:MEMBER`."""
    notice: DigestNotice


@dataclass(frozen=True)
class SentDeparture:
    """A message about somebody who left that somebody can read."""

    sending_id: str
    where: str
    """`channel:CHANNEL`, `thread:TS` or `direct:MEMBER`."""
    notice: DepartureNotice


@dataclass(frozen=True)
class SentSweep:
    """One message to an owner about a sweep."""

    sending_id: str
    member_id: str
    notice: SweepNotice


@dataclass(frozen=True)
class SentQuestions:
    """A direct message about keys that somebody can read."""

    sending_id: str
    member_id: str
    notice: AskedNotice


@dataclass(frozen=True)
class SentIncident:
    """A message about an incident that somebody can read."""

    sending_id: str
    where: str
    """`channel:CHANNEL`, `thread:TS` or `direct:MEMBER`."""
    notice: IncidentNotice


class Notifier:
    """A Slack that keeps what it is told, and finds by its id what may have arrived already."""

    def __init__(self) -> None:
        self.mishaps = Mishaps()
        self.cards: dict[str, RequestFacts] = {}
        """What each request's card shows now, by its timestamp."""
        self.card_posts: list[tuple[str, str]] = []
        """Each posting of a card: sending id, request id."""
        self.messages: list[Message] = []
        self.digests: list[SentDigest] = []
        self.sweeps: list[SentSweep] = []
        self.incidents: list[SentIncident] = []
        self.incident_now: dict[str, IncidentNotice] = {}
        """What each incident's message shows now, by its timestamp."""
        self.questions: list[SentQuestions] = []
        self.reviews: list[str] = []
        """Each posting of a message of a review: its sending id."""
        self.review_now: dict[str, ReviewNotice] = {}
        """What each message of a review shows now: by its timestamp, or by its id in the thread."""
        self.departures: list[SentDeparture] = []
        self.departure_now: dict[str, DepartureNotice] = {}
        """What each message about somebody who left shows now, by its timestamp."""
        self.standing: dict[str, Notice] = {}
        """What each message posted in a channel shows now, by its timestamp."""
        self.updates: list[str] = []
        """Each update of such a message, by its timestamp."""
        self.usage: dict[str, PostedUsage] = {}
        """Answers about usage posted in channels, by their timestamp."""
        self.files: list[SentFile] = []
        self.homes: dict[str, tuple[str, HomeFacts]] = {}
        """What each person's Home tab shows, by whose it is: Slack's name of the view, and the facts."""
        self.published: list[str] = []
        """Whose Home tab was published, each time."""

    def post_card(self, facts: RequestFacts, now: datetime, sending: Sending) -> Posted:
        channel = facts.request.channel_id
        ts = f"{channel}-{sending.id}"
        if not (sending.maybe_sent and ts in self.cards):
            with self._calling("post_card"):
                self.card_posts.append((sending.id, facts.request.id))
                self.cards[ts] = facts
        return Posted(channel, ts)

    def update_card(self, facts: RequestFacts, now: datetime) -> None:
        with self._calling("update_card"):
            self.cards[facts.request.card_ts or ""] = facts

    def reply(self, facts: RequestFacts, notice: Notice, now: datetime, sending: Sending) -> None:
        self._post("reply", Message(sending.id, f"thread:{facts.request.id}", notice), sending)

    def direct(self, member_id: str, notice: Notice, now: datetime, sending: Sending) -> None:
        self._post("direct", Message(sending.id, f"direct:{member_id}", notice), sending)

    def post(
        self, channel_id: str, notice: Notice, now: datetime, sending: Sending, *, thread_ts: str | None = None
    ) -> Posted:
        ts = f"{channel_id}-{sending.id}"
        if not (sending.maybe_sent and ts in self.standing):
            with self._calling("post"):
                where = f"channel:{channel_id}" if thread_ts is None else f"thread:{thread_ts}"
                self.messages.append(Message(sending.id, where, notice))
                self.standing[ts] = notice
        return Posted(channel_id, ts)

    def update(self, channel_id: str, ts: str, notice: Notice, now: datetime) -> None:
        with self._calling("update"):
            self.updates.append(ts)
            self.standing[ts] = notice

    def post_usage(self, channel_id: str, usage: PostedUsage, now: datetime, sending: Sending) -> Posted:
        ts = f"{channel_id}-{sending.id}"
        if not (sending.maybe_sent and ts in self.usage):
            with self._calling("post_usage"):
                self.usage[ts] = usage
        return Posted(channel_id, ts)

    def send_file(
        self, where: str, file: FileToSend, text: str, sending: Sending, *, thread_ts: str | None = None
    ) -> Posted:
        if not (sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.files)):
            content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
            with self._calling("send_file"):
                self.files.append(SentFile(sending.id, where, thread_ts, file.name, file.title, content, text))
        return Posted(where, f"{where}-{sending.id}")

    def post_digest(self, notice: DigestNotice, sending: Sending) -> Posted:
        where, ts = f"channel:{notice.channel_id}", f"{notice.channel_id}-{sending.id}"
        self._tell_digest("post_digest", SentDigest(sending.id, where, notice), sending)
        return Posted(notice.channel_id, ts)

    def follow_digest(self, notice: DigestNotice, sending: Sending) -> None:
        self._tell_digest("follow_digest", SentDigest(sending.id, f"thread:{notice.digest.ts}", notice), sending)

    def direct_digest(self, member_id: str, notice: DigestNotice, sending: Sending) -> None:
        self._tell_digest("direct_digest", SentDigest(sending.id, f"direct:{member_id}", notice), sending)

    def _tell_digest(self, method: str, sent: SentDigest, sending: Sending) -> None:
        if not (sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.digests)):
            with self._calling(method):
                self.digests.append(sent)

    def post_incident(self, channel_id: str, notice: IncidentNotice, now: datetime, sending: Sending) -> Posted:
        ts = f"{channel_id}-{sending.id}"
        if not (sending.maybe_sent and ts in self.incident_now):
            with self._calling("post_incident"):
                self.incidents.append(SentIncident(sending.id, f"channel:{channel_id}", notice))
                self.incident_now[ts] = notice
        return Posted(channel_id, ts)

    def update_incident(self, notice: IncidentNotice, now: datetime) -> None:
        with self._calling("update_incident"):
            self.incident_now[notice.facts.incident.ts or ""] = notice

    def follow_incident(self, notice: IncidentNotice, now: datetime, sending: Sending) -> None:
        sent = SentIncident(sending.id, f"thread:{notice.facts.incident.ts}", notice)
        self._tell_incident("follow_incident", sent, sending)

    def direct_incident(self, member_id: str, notice: IncidentNotice, now: datetime, sending: Sending) -> None:
        self._tell_incident("direct_incident", SentIncident(sending.id, f"direct:{member_id}", notice), sending)

    def _tell_incident(self, method: str, sent: SentIncident, sending: Sending) -> None:
        if not (sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.incidents)):
            with self._calling(method):
                self.incidents.append(sent)

    def post_departure(self, channel_id: str, notice: DepartureNotice, now: datetime, sending: Sending) -> Posted:
        ts = f"{channel_id}-{sending.id}"
        if not (sending.maybe_sent and ts in self.departure_now):
            with self._calling("post_departure"):
                self.departures.append(SentDeparture(sending.id, f"channel:{channel_id}", notice))
                self.departure_now[ts] = notice
        return Posted(channel_id, ts)

    def update_departure(self, notice: DepartureNotice, now: datetime) -> None:
        with self._calling("update_departure"):
            self.departure_now[notice.facts.left.ts or ""] = notice

    def follow_departure(self, notice: DepartureNotice, now: datetime, sending: Sending) -> None:
        sent = SentDeparture(sending.id, f"thread:{notice.facts.left.ts}", notice)
        self._tell_departure("follow_departure", sent, sending)

    def direct_departure(self, member_id: str, notice: DepartureNotice, now: datetime, sending: Sending) -> None:
        self._tell_departure("direct_departure", SentDeparture(sending.id, f"direct:{member_id}", notice), sending)

    def _tell_departure(self, method: str, sent: SentDeparture, sending: Sending) -> None:
        if not (sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.departures)):
            with self._calling(method):
                self.departures.append(sent)

    def direct_sweep(self, member_id: str, notice: SweepNotice, now: datetime, sending: Sending) -> None:
        if not (sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.sweeps)):
            with self._calling("direct_sweep"):
                self.sweeps.append(SentSweep(sending.id, member_id, notice))

    def direct_questions(self, member_id: str, notice: AskedNotice, now: datetime, sending: Sending) -> None:
        if not (sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.questions)):
            with self._calling("direct_questions"):
                self.questions.append(SentQuestions(sending.id, member_id, notice))

    def post_review(self, channel_id: str, notice: ReviewNotice, now: datetime, sending: Sending) -> Posted:
        ts = f"{channel_id}-{sending.id}"
        if not (sending.maybe_sent and ts in self.review_now):
            with self._calling("post_review"):
                self.reviews.append(sending.id)
                self.review_now[ts] = notice
        return Posted(channel_id, ts)

    def update_review(self, notice: ReviewNotice, now: datetime) -> None:
        with self._calling("update_review"):
            self.review_now[notice.facts.review.ts or ""] = notice

    def put_in_review(self, notice: ReviewNotice, now: datetime, sending: Sending) -> None:
        with self._calling("put_in_review"):
            if sending.id not in self.review_now:
                self.reviews.append(sending.id)
            self.review_now[sending.id] = notice

    def publish_home(self, member_id: str, facts: HomeFacts, now: datetime, expected: Shown) -> Shown | None:
        """As Slack does it: a view is named when it is published, and what stands there by then is not replaced."""
        stands = self.homes.get(member_id)
        if expected.fingerprint == repr(facts):
            return expected
        if expected.view_hash and (stands is None or stands[0] != expected.view_hash):
            return None
        with self._calling("publish_home"):
            self.published.append(member_id)
            self.homes[member_id] = f"view-{len(self.published)}", facts
        return Shown(repr(facts), self.homes[member_id][0])

    def _post(self, method: str, message: Message, sending: Sending) -> None:
        if sending.maybe_sent and any(earlier.sending_id == sending.id for earlier in self.messages):
            return
        with self._calling(method):
            self.messages.append(message)

    @contextmanager
    def _calling(self, method: str) -> Iterator[None]:
        mishap = self.mishaps.take(method)
        if mishap in (Mishap.DOWN, Mishap.REFUSED):
            raise DeliveryError(mishap.kind, f"Slack: {mishap}")
        yield
        if mishap is not None:
            raise DeliveryError(mishap.kind, f"Slack: {mishap}")

    def occasions(self, where: str) -> list[str]:
        """Why somebody was written to, in order: `thread:REQUEST`, `direct:MEMBER`."""
        return [str(message.notice.occasion) for message in self.messages if message.where == where]


class Crash(BaseException):
    """The process is gone: nothing after it happens."""


@dataclass
class Life:
    """Whether the process lives. Its failpoint kills it when the armed name is reached, once."""

    armed: str | None = None
    is_over: bool = False

    def failpoint(self, name: str) -> None:
        if self.armed is not None and name.startswith(self.armed):
            self.armed = None
            self.is_over = True
        self.go_on()

    def go_on(self) -> None:
        """The dead do nothing: no `finally` cleans up after a killed process."""
        if self.is_over:
            raise Crash


class MortalBooks(Books):
    """Real books, which a dead process does not reach."""

    life = Life()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        self.life.go_on()
        with super().transaction() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        self.life.go_on()
        with super().reading() as session:
            yield session


class Gateway:
    """A gateway in memory. What it holds, `held` shows; what goes wrong, `mishaps` decides."""

    name = "memory"
    public_url = "https://gateway.example.com"
    capabilities = Capabilities(
        can_mint=True,
        cap_scope=CapScope.KEY,
        cap_periods=frozenset(CapPeriod),
        reversible_disable=True,
        native_expiry=True,
        usage_per_key=True,
        usage_lag_seconds=0,
        disable_lag_seconds=2,
        daily_cap=True,
    )

    def __init__(self, clock: Clock, life: Life | None = None) -> None:
        self.clock = clock
        self.life = life or Life()
        self.mishaps = Mishaps()
        self.held: dict[str, KeyRecord] = {}
        self.measured: dict[tuple[str, str, datetime], Usage] = {}
        """What `usage` tells, by key, model and hour; tests may take from it, put into it and restate it."""
        self.forgotten: dict[str, int] = {}
        """What a key had spent when its cap began to count anew, by its handle."""
        self.caps_hold = True
        """Whether `spend` stops at a cap, as a gateway should."""
        self.offered = ["mock-gpt", "mock-large"]
        self.members: Members | None = None
        self.probes: list[Probe] = []
        """What the next probes meet, whatever is held."""
        self.calls: Counter[str] = Counter()
        self._made = 0

    # --- what tests look at and do behind Purser's back ---

    def on(self) -> list[KeyRecord]:
        """Keys that work now."""
        return [key for handle in self.held if (key := self._read(handle)) is not None and key.enabled]

    def change(self, handle: str, **fields: object) -> None:
        """What somebody does at the gateway by hand."""
        self.held[handle] = replace(self.held[handle], **fields)  # type: ignore[arg-type]

    def spend(self, handle: str, micros: int, model: str = "mock-gpt", at: datetime | None = None) -> int:
        """Use a key in one call, as far as its caps let it, and measure that. Gives what was spent."""
        key, at = self.held[handle], at or self.clock.now()
        if self.caps_hold:
            room = [micros]
            counted = key.spent_micros - self.forgotten.get(handle, 0)
            room += [] if key.cap_micros is None else [key.cap_micros - counted]
            room += [] if key.daily_cap_micros is None else [key.daily_cap_micros - self.spent_on(handle, at.date())]
            micros = max(0, min(room))
        self.change(handle, spent_micros=key.spent_micros + micros)
        self.measure(handle, model, at, cost_micros=micros, requests=1, tasks=1)
        return micros

    def spent_on(self, handle: str, day: date) -> int:
        """What a key spent in a UTC day, in micro-USD."""
        return sum(row.cost_micros for row in self.measured.values() if (row.handle, row.hour.date()) == (handle, day))

    def measure(self, handle: str, model: str, at: datetime, **more: int) -> None:
        """Add to what is told of a key and model in the hour of `at`, and to nothing else."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        row = self.measured.get((handle, model, hour)) or Usage(handle, model, hour, *[0] * 9)
        added = {name: getattr(row, name) + number for name, number in more.items()}
        self.measured[handle, model, hour] = row._replace(**added)

    # --- the protocol ---

    def issue(self, spec: KeySpec) -> Issued:
        if any(key.alias == spec.alias and not key.deleted for key in self.held.values()):
            raise AliasTaken(spec.alias, f"there is a key {spec.alias}")
        self._made += 1
        secret = f"sk-memory-{self._made:012}"
        handle = _hash(secret)

        def mint() -> None:
            self.held[handle] = KeyRecord(
                handle=handle,
                alias=spec.alias,
                enabled=True,
                deleted=False,
                cap_micros=spec.cap_micros,
                cap_period=spec.cap_period,
                spent_micros=0,
                expires_at=spec.expires_at,
                models=spec.models,
                tags=spec.tags,
                daily_cap_micros=spec.daily_cap_micros,
                holder=spec.holder,
            )

        self._apply("issue", mint)
        return Issued(handle, secret, spec.expires_at)

    def set_cap(self, handle: str, cap_micros: int, cap_period: CapPeriod, daily_cap_micros: int | None = None) -> None:
        caps = {"cap_micros": cap_micros, "cap_period": cap_period, "daily_cap_micros": daily_cap_micros}
        self._change("set_cap", handle, **caps)

    def forget_spend(self, handle: str) -> None:
        def forget() -> None:
            self.forgotten[handle] = self.held[handle].spent_micros

        if handle not in self.held or self.held[handle].deleted:
            raise GatewayError(FailureKind.PERMANENT, "memory has no such key any more")
        self._apply("forget_spend", forget)

    def set_expiry(self, handle: str, expires_at: datetime | None) -> None:
        self._change("set_expiry", handle, expires_at=expires_at)

    def set_tags(self, handle: str, tags: dict[str, str]) -> None:
        self._change("set_tags", handle, tags=tags)

    def set_holder(self, handle: str, holder: str) -> None:
        self._change("set_holder", handle, holder=holder)

    def disable(self, handle: str) -> None:
        self._apply("disable", lambda: self.change(handle, enabled=False) if handle in self.held else None)

    def enable(self, handle: str) -> None:
        self._change("enable", handle, enabled=True)

    def delete(self, handle: str) -> None:
        """As the protocol says, an adapter reads back: a lie is noticed."""
        gone = {"enabled": False, "deleted": True}
        self._apply("delete", lambda: self.change(handle, **gone) if handle in self.held else None)
        if handle in self.held and not self.held[handle].deleted:
            raise GatewayError(FailureKind.TRANSIENT, "memory said the key was deleted, but still has it")

    def find(self, handle: str) -> KeyRecord | None:
        self._apply("find", lambda: None)
        return self._read(handle)

    def find_alias(self, alias: str) -> list[KeyRecord]:
        self._apply("find_alias", lambda: None)
        return [key for key in self._all() if key.alias == alias and not key.deleted]

    def list_keys(self) -> list[KeyRecord]:
        self._apply("list_keys", lambda: None)
        return [key for key in self._all() if not key.deleted]

    def usage(self, since: date, until: date) -> Iterator[Usage]:
        self._apply("usage", lambda: None)
        yield from sorted(row for row in self.measured.values() if since <= row.hour.date() <= until)

    def handle_of(self, secret: str) -> str | None:
        return _hash(secret)

    def is_own_credential(self, secret: str) -> bool:
        return secret == "sk-memory-master"

    def probe(self, secret: str) -> Probe:
        self._apply("probe", lambda: None)
        if self.probes:
            return self.probes.pop(0)
        key = self._read(_hash(secret))
        return Probe.ACCEPTED if key is not None and key.enabled else Probe.REFUSED

    def models(self) -> list[str]:
        self._apply("models", lambda: None)
        return list(self.offered)

    def ping(self) -> Health:
        return Health(ok=True, message="memory is ready")

    def _all(self) -> Iterable[KeyRecord]:
        return [key for handle in self.held if (key := self._read(handle)) is not None]

    def _read(self, handle: str) -> KeyRecord | None:
        key = self.held.get(handle)
        if key is not None and key.expires_at is not None and key.expires_at <= self.clock.now():
            return replace(key, enabled=False)
        return key

    def _change(self, method: str, handle: str, **fields: object) -> None:
        key = self.held.get(handle)
        if key is None or key.deleted:
            raise GatewayError(FailureKind.PERMANENT, "memory has no such key any more")
        self._apply(method, lambda: self.change(handle, **fields))

    def _apply(self, method: str, work: Callable[[], None]) -> None:
        """Do it, unless a mishap says otherwise."""
        self.life.go_on()
        self.calls[method] += 1
        mishap = self.mishaps.take(method)
        if mishap in (None, Mishap.LOST):
            work()
        if mishap not in (None, Mishap.LYING):
            raise GatewayError(mishap.kind, f"memory: {mishap}")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
