"""An organisation with its Slack, its gateway and two Pursers, and time that passes in it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.requests import Refused
from bot.services.context import Actor, Purser
from bot.services.people import Freshness, identify, take_note
from storage import outbox
from storage.engine import Books
from tests.company import WORKSPACE
from tests.simulation.offboarding.founding import Size, found
from tests.simulation.offboarding.outside import Channels, Delivery, FlakyGateway, SharedClock, SharedIds, Slack, Wire
from tests.simulation.offboarding.replicas import Replica, Surroundings, at_once
from tests.simulation.offboarding.truth import LEFT, Person, Truth

BEGIN = datetime(2027, 1, 4, tzinfo=UTC)
WORKSPACE_OWNERS = ("U000000", "U000001", "U000002")
"""They never leave: who they are is a setting."""
POLICY = Policy()
DEAD_SECONDS = 600
"""A process that died is started again so much later."""
NEVER = datetime.max.replace(tzinfo=UTC)
Act = Callable[[], object]


@dataclass
class Figures:
    """What is counted on the way, to be told at the end."""

    leaves: int = 0
    missed: int = 0
    """Leaves whose event never came."""
    held: dict[tuple[str, datetime], list[str]] = field(default_factory=dict)
    """The personal keys that a leave has to end, by who left when."""
    events: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    """When the event about a leave arrived at a Purser that lived to see to it."""
    deaths: int = 0
    races: int = 0
    looks: int = 0
    trips: list[str] = field(default_factory=list)
    did: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.did[what] = self.did.get(what, 0) + 1


class Organisation:
    """People, keys, surroundings, two Pursers."""

    def __init__(self, url: str, size: Size, seed: int) -> None:
        self.seed, self.size = seed, size
        self.random = Random(seed)
        self.clock = SharedClock(BEGIN)
        self.ids = SharedIds()
        self.slack = Slack(self.clock)
        self.slack.page_size = max(60, size.people // 10)
        self.channels = Channels(self.slack, Random(seed + 1))
        self.gateway = FlakyGateway(self.clock, Random(seed + 2))
        self.wire = Wire(Random(seed + 3))
        self.chance = Random(seed + 4)
        """Decides who does what, and who dies; `random` only what happens in the world."""
        self.truth = Truth(POLICY.take_over_seconds / 86_400)
        self.figures = Figures()
        around = Surroundings(self.clock, self.ids, self.slack, self.channels, self.gateway)
        owners = frozenset(WORKSPACE_OWNERS)
        self.replicas = [Replica(url, around, POLICY, owners) for _ in range(2)]
        founded = found(self.books, self.truth, size, self.random, BEGIN)
        self.slack.members = dict(founded.members)
        self.team_channels, self.operators = founded.channels, founded.operators
        for record in founded.records:
            self.gateway.put(record)
        self.is_calm = False
        """Whether nothing fails and nobody dies for a while."""
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._numbers = itertools.count()
        self._deliveries = itertools.count()
        self._people = itertools.count(size.people)

    def close(self) -> None:
        for replica in self.replicas:
            replica.books.close()

    # --- who does it ---

    @property
    def books(self) -> Books:
        """Those of a process that is up."""
        return next(one.books for one in self.replicas if one.is_up)

    def must(self, holds: object, what: object) -> None:
        """Fail unless this holds, with the seed that shows it again."""
        if not holds:
            raise AssertionError(f"seed {self.seed}, {self.clock.at:%Y-%m-%d %H:%M:%S}: {what}")

    def either(self) -> Replica:
        """A Purser that is up."""
        return self.chance.choice([one for one in self.replicas if one.is_up])

    def acting(self, person_id: str, purser: Purser) -> Actor | Refused:
        """Somebody clicks: who Slack says they are at that moment."""
        delivery = f"delivery-{next(self._deliveries)}"
        return identify(purser, person_id, WORKSPACE, delivery, Freshness.NOW)

    def machine(self, work: Callable[[Purser], object]) -> bool:
        """Purser does something by itself: one of the two, or both at once, and one may die of it.

        Whether any of them came to its end.
        """
        up = [one for one in self.replicas if one.is_up]
        if len(up) == 2 and self.chance.random() < 0.1:
            self.figures.races += 1
            done: list[bool] = []
            at_once(*(lambda one=one: done.append(one.does(work)) for one in up))
            return any(done)
        one = self.chance.choice(up)
        if len(up) == 2 and not self.is_calm and self.chance.random() < 0.06:
            one.life.steps_left = self.chance.randrange(25)
        finished = one.does(work)
        self._see_to(one)
        return finished

    def _see_to(self, one: Replica) -> None:
        """Start a process that died again, a while later."""
        one.life.steps_left = None
        if not one.is_up:
            self.figures.deaths += 1
            self.at(self.clock.at + timedelta(seconds=DEAD_SECONDS), one.start_again)

    # --- time ---

    def at(self, when: datetime, act: Act) -> None:
        """Something will happen."""
        heapq.heappush(self._agenda, (when, next(self._numbers), act))

    def after(self, act: Act, **time: float) -> None:
        self.at(self.clock.at + timedelta(**time), act)

    def every(self, act: Act, first: datetime, **time: float) -> None:
        """Something happens again and again."""

        def again() -> None:
            self.every(act, max(first, self.clock.at - timedelta(hours=1)) + timedelta(**time), **time)
            act()

        self.at(first, again)

    def live(self, until: datetime) -> None:
        """Let everything happen that is due by then, and the outbox be performed at its times."""
        due = self._outbox_due()
        while (first := min(due, self._first())) <= until:
            self.clock.at = max(self.clock.at, first)
            while self._first() <= self.clock.at:
                heapq.heappop(self._agenda)[2]()
            due = self._outbox_due()
            if due <= self.clock.at:
                self._perform()
                due = self._outbox_due()
        self.clock.at = max(self.clock.at, until)

    def _first(self) -> datetime:
        return self._agenda[0][0] if self._agenda else NEVER

    def _outbox_due(self) -> datetime:
        with self.books.reading() as session:
            return outbox.next_due(session, self.clock.at) or NEVER

    def _perform(self) -> None:
        """What a worker does that wakes now: of one Purser, or of both."""
        up = [one for one in self.replicas if one.is_up]
        if len(up) == 2 and self.chance.random() < 0.05:
            self.figures.races += 1
            at_once(*(one.perform for one in up))
            return
        one = self.chance.choice(up)
        if len(up) == 2 and not self.is_calm and self.chance.random() < 0.03:
            one.life.steps_left = self.chance.randrange(60)
        one.perform()
        self._see_to(one)

    # --- people ---

    def newcomer(self, team: str) -> Person:
        """Somebody new in Slack, whom Purser has not met."""
        number = next(self._people)
        member = Member(f"U{number:06}", WORKSPACE, f"p{number}", f"Person {number}")
        self.slack.members[member.id] = member
        person = Person(member.id, team)
        self.truth.joined(person)
        return person

    def goes(self, person_id: str, *, is_lost: bool | None = None, is_late: bool = False) -> None:
        """Somebody is deactivated in Slack; the event about it may come, late or twice or not at all."""
        now = self.clock.at
        member = self.slack.change(person_id, is_departed=True)
        self.truth.went(person_id, now)
        self.figures.leaves += 1
        self.figures.held[person_id, now] = [
            key.id for key in self.truth.of(person_id) if key.over == LEFT and key.over_at == now
        ]
        deliveries = self._send(member, is_lost, is_late=is_late)
        if not deliveries:
            self.figures.missed += 1
        for one in deliveries:
            self.at(one.at, lambda one=one: self._told_of_leave(one, now))  # type: ignore[misc]

    def returns(self, person_id: str) -> None:
        """Somebody is activated again."""
        member = self.slack.change(person_id, is_departed=False)
        self.truth.came_back(person_id, self.clock.at)
        for one in self._send(member):
            self.at(one.at, lambda one=one: self.machine(lambda purser: hear(purser, one.member)))  # type: ignore[misc]

    def is_renamed(self, person_id: str, name: str) -> None:
        """Somebody's name or picture changes: nothing follows."""
        member = self.slack.change(person_id, name=name)
        for one in self._send(member):
            self.at(one.at, lambda one=one: self.machine(lambda purser: hear(purser, one.member)))  # type: ignore[misc]

    def _send(self, member: Member, is_lost: bool | None = None, *, is_late: bool = False) -> list[Delivery]:
        return self.wire.send(member, self.clock.at, is_lost=True if self.slack.down else is_lost, is_late=is_late)

    def _told_of_leave(self, delivery: Delivery, left: datetime) -> None:
        who = delivery.member.id
        if self.slack.down:  # what it sends comes the same way as what it is asked
            return
        done = self.machine(lambda purser: hear(purser, delivery.member))
        person = self.truth.people[who]
        is_news = not person.is_here and person.left[-1] == left
        if is_news and done:
            self.truth.heard_of(who, self.clock.at)
            self.figures.events.setdefault((who, left), delivery.at)
        elif is_news:
            self.truth.may_have_heard_of(who)


def hear(purser: Purser, member: Member) -> None:
    """What the listener for `user_change` does."""
    take_note(purser, member)
