"""Everything around Purser: time, ids, Slack with its list of people and its events, a gateway. All of it fails.

Two Pursers on two threads use these at once, so each holds a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from bot.domain.leavers import Account
from bot.domain.people import Member
from bot.gateways.base import FailureKind, GatewayError, Issued, KeyRecord, KeySpec
from bot.services.ports import Accounts, CursorLost, DeliveryError, Page
from tests.company import WORKSPACE
from tests.fakes import Clock, Gateway, Ids, Mishap, Notifier

ELSEWHERE = "T0ELSE"
CALL_SECONDS = 0.08
"""What a call to Slack or the gateway takes."""


class SharedClock(Clock):
    """One time for both."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return super().now()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            super().sleep(seconds)


class SharedIds(Ids):
    """No id twice."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def new(self, noun: str) -> str:
        with self._lock:
            return super().new(noun)

    def suffix(self) -> str:
        with self._lock:
            return super().suffix()


@dataclass
class Listing:
    """How the list of people goes wrong today."""

    left_out: frozenset[str] = frozenset()
    """People it lacks."""
    unknown: frozenset[str] = frozenset()
    """People whom Slack does not know by name either."""
    foreign: frozenset[str] = frozenset()
    """People it tells as somebody of another workspace."""
    is_repeating: bool = False
    """Every page has the end of the one before."""
    is_forgetful: bool = False
    """It forgets once where reading was to go on."""
    breaks: int = 0
    """So many pages in a row do not come."""

    @property
    def is_true(self) -> bool:
        return not (self.left_out or self.unknown or self.foreign)


class Slack:
    """Who is in the workspace, by id and page by page."""

    page_size = 100

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.members: dict[str, Member] = {}
        self.listing = Listing()
        self.down = False
        self.hidden: set[str] = set()
        """People of whom Slack tells nothing any more, in no way."""
        self.told: dict[str, Member | None] = {}
        """What was last said of everybody since a list began: None for "nobody of that id"."""
        self.lists = 0
        """How often somebody began at the first page."""
        self._lock = threading.Lock()

    def change(self, member_id: str, **fields: object) -> Member:
        self.members[member_id] = replace(self.members[member_id], **fields)  # type: ignore[arg-type]
        return self.members[member_id]

    def is_member_of(self, channel_id: str) -> bool:
        self._answer()
        return True

    def lookup(self, member_id: str) -> Member | None:
        self._answer()
        is_unknown = member_id in self.listing.unknown or member_id in self.hidden
        found = None if is_unknown else self.members.get(member_id)
        self.told[member_id] = found
        return found

    def people(self, cursor: str = "") -> Page:
        """The people of one page, and where the next begins."""
        self._answer()
        with self._lock:
            if self.listing.breaks:
                self.listing.breaks -= 1
                raise DeliveryError(FailureKind.TRANSIENT, "Slack: ratelimited", retry_after_seconds=30)
            if cursor and self.listing.is_forgetful:
                self.listing.is_forgetful = False
                raise CursorLost(FailureKind.PERMANENT, "Slack: invalid_cursor")
            if not cursor:
                self.lists += 1
                self.told.clear()
            begin = int(cursor or 0)
            left_out = self.listing.left_out | self.hidden
            everybody = [one for name, one in sorted(self.members.items()) if name not in left_out]
            first = max(0, begin - 7) if self.listing.is_repeating else begin
            listed = [self._as_listed(one) for one in everybody[first : begin + self.page_size]]
            self.told |= {one.id: one for one in listed}
            end = begin + self.page_size
            return Page(tuple(listed), str(end) if end < len(everybody) else "")

    def account(self, member_id: str) -> Account | None:
        found = self.lookup(member_id)
        return None if found is None else Account(found)

    def accounts(self, cursor: str = "") -> Accounts:
        page = self.people(cursor)
        return Accounts(tuple(Account(one) for one in page.people), page.cursor)

    def _as_listed(self, one: Member) -> Member:
        return replace(one, workspace_id=ELSEWHERE) if one.id in self.listing.foreign else one

    def _answer(self) -> None:
        self.clock.sleep(CALL_SECONDS)
        if self.down:
            raise DeliveryError(FailureKind.UNKNOWN, "Slack did not answer")


class Channels(Notifier):
    """What is posted, while Slack answers; now and then it does not, or its answer is lost."""

    def __init__(self, slack: Slack, random: Random) -> None:
        super().__init__()
        self.slack, self.random = slack, random
        self.fails_of_thousand = 0
        self._lock = threading.RLock()

    @contextmanager
    def _calling(self, method: str) -> Iterator[None]:
        with self._lock:
            self.slack.clock.sleep(CALL_SECONDS)
            if self.slack.down:
                raise DeliveryError(FailureKind.UNKNOWN, "Slack did not answer")
            if self.random.randrange(1000) < self.fails_of_thousand:
                self.mishaps.add(method, self.random.choice((Mishap.DOWN, Mishap.LOST)))
            with super()._calling(method):
                yield


class FlakyGateway(Gateway):
    """A gateway that is down at times, loses replies, and says yes without doing anything."""

    def __init__(self, clock: Clock, random: Random) -> None:
        super().__init__(clock)
        self.random = random
        self.down = False
        self.fails_of_thousand = 0
        self.faults = 0
        """How often it failed by chance."""
        self.off_at: dict[str, datetime] = {}
        """When each key that is off went off."""
        self._aliases: set[str | None] = set()
        self._lock = threading.RLock()

    def put(self, record: KeyRecord) -> None:
        """A key that is simply there."""
        self.held[record.handle] = record
        self._aliases.add(record.alias)

    def works(self, handle: str) -> bool:
        """Whether calls with a key are answered now."""
        key = self._read(handle)
        return key is not None and key.enabled

    def from_a_backup(self, handles: list[str]) -> None:
        """It forgot that these were turned off."""
        for handle in handles:
            self.change(handle, enabled=True)

    def change(self, handle: str, **fields: object) -> None:
        was = self.held[handle].enabled
        super().change(handle, **fields)
        if was and not self.held[handle].enabled:
            self.off_at[handle] = self.clock.at
        elif not was and self.held[handle].enabled:
            self.off_at.pop(handle, None)

    def issue(self, spec: KeySpec) -> Issued:
        """As in the fake, and quick however many keys there are: none of ours is ever deleted and made again."""
        assert spec.alias not in self._aliases, spec.alias
        with self._lock:
            known, self.held = self.held, {}
            try:
                return super().issue(spec)
            finally:
                self._aliases |= {key.alias for key in self.held.values()}
                self.held = known | self.held

    def _apply(self, method: str, work: Callable[[], None]) -> None:
        with self._lock:
            self.clock.sleep(CALL_SECONDS)
            if self.down:
                raise GatewayError(FailureKind.TRANSIENT, "memory does not answer")
            if self.random.randrange(1000) < self.fails_of_thousand:
                self.faults += 1
                lies = (Mishap.LYING,) if method == "disable" else ()
                self.mishaps.add(method, self.random.choice((Mishap.DOWN, Mishap.LOST, *lies)))
            super()._apply(method, work)


@dataclass(frozen=True, order=True)
class Delivery:
    """One event as it reaches Purser: when, and how the person was when it was sent."""

    at: datetime
    number: int
    member: Member


class Wire:
    """Slack's events on their way: some are lost, some come twice, some overtake others."""

    def __init__(self, random: Random, lost_of_hundred: int = 8) -> None:
        self.random, self.lost_of_hundred = random, lost_of_hundred
        self.sent = self.lost = self.repeated = self.late = 0

    def send(
        self, member: Member, at: datetime, *, is_lost: bool | None = None, is_late: bool = False
    ) -> list[Delivery]:
        """How an event about somebody arrives, if it does."""
        self.sent += 1
        if self.random.randrange(100) < self.lost_of_hundred if is_lost is None else is_lost:
            self.lost += 1
            return []
        times = [self._delay(is_late=is_late)]
        if self.random.random() < 0.08:
            self.repeated += 1
            times.append(times[0] + self._delay())
        return [Delivery(at + delay, self.sent * 2 + number, member) for number, delay in enumerate(times)]

    def _delay(self, *, is_late: bool = False) -> timedelta:
        if self.random.random() < 0.06 or is_late:
            self.late += 1
            return timedelta(minutes=self.random.uniform(20 if is_late else 1, 45))
        return timedelta(seconds=self.random.uniform(0.2, 3))


def somebody(number: int, *, is_guest: bool = False) -> Member:
    """The person of this number."""
    return Member(f"U{number:06}", WORKSPACE, f"p{number}", f"Person {number}", is_guest=is_guest)
