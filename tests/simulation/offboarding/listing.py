"""The daily look through everybody: what it must make of what Slack told it, and what owners answer when it stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.domain.requests import Refused
from bot.domain.sweeps import WORKING, Sweep, SweepState
from bot.domain.sweeps import Listing as Source
from bot.services import sweeping, sweeping_deciding
from storage import sweeps
from storage.tables import MemberRow
from tests.company import WORKSPACE
from tests.simulation.offboarding.organisation import BEGIN, POLICY, WORKSPACE_OWNERS, Organisation
from tests.simulation.offboarding.outside import Listing

LEAST = 5
"""As the rule has it: so many people or keys are never too many."""
AGREE, CALL_OFF, NOTHING = "agree", "call off", "nothing"


@dataclass
class Great:
    """Something that happens to very many, or to the list of people, just before a look."""

    day: int
    happens: Callable[[], Listing | None]
    answer: str = AGREE


@dataclass(frozen=True)
class Seen:
    """What somebody standing beside Slack and the gateway knows just before a look."""

    present: frozenset[str]
    """People whom Purser believes to be there."""
    working: tuple[tuple[str, str | None], ...]
    """Who holds and who leads each key that works."""


class Looks:
    """Has everybody looked through day by day, and holds every look to what Slack told it."""

    def __init__(self, org: Organisation) -> None:
        self.org = org
        self.greats: list[Great] = []
        self.answer = AGREE
        self.pages = 0
        self.let_pass: set[str] = set()
        """People who were not found, and of whom owners said that this is right."""
        self._judged: set[str] = set()
        self._answered: set[str] = set()
        self._done: set[str] = set()

    def look(self) -> None:
        """Let the job see whether a day is over and go on with what is half done, and come again when it is."""
        latest = self._latest()
        if latest is None or latest.state not in WORKING:
            if latest is not None and not _is_due(latest, self.org.clock.at):
                self.org.at(latest.started_at + timedelta(days=1, seconds=1), self.look)
                return
            if not self.org.slack.down:
                self._great()
        self.work()
        self.org.after(self.look, minutes=1)

    def work(self) -> None:
        """Have the job do what there is to do, and hold it to what it was told."""
        seen = self._seen()
        self.org.machine(sweeping.sweep)
        self._judge(seen)

    def _go_on(self) -> None:
        """A look that owners let go on is worked on until it is done."""
        self.work()
        latest = self._latest()
        if latest is not None and latest.state in WORKING:
            self.org.after(self._go_on, minutes=1)

    def idle(self) -> None:
        """The job runs at other times too: nothing begins before its day."""
        latest = self._latest()
        if latest is not None and latest.state not in WORKING and not _is_due(latest, self.org.clock.at):
            self.org.machine(sweeping.sweep)
            self.org.must(self._latest() == latest, "a look began that was not due")

    def _great(self) -> None:
        """What was planned for today or a day on which nothing could be read."""
        self.org.slack.listing, self.answer = Listing(), AGREE
        today = (self.org.clock.at - BEGIN).days
        if self.greats and self.greats[0].day <= today:
            great = self.greats.pop(0)
            self.org.slack.listing = great.happens() or Listing()
            self.answer = great.answer

    def _judge(self, seen: Seen) -> None:
        """Hold a look that has just come to a conclusion to what Slack told it."""
        latest = self._latest()
        if latest is None:
            return
        if latest.state is not SweepState.READING and latest.id not in self._judged:
            self._judged.add(latest.id)
            self.org.figures.looks += 1
            expected, why = self._expected(seen), latest.why if latest.state is SweepState.PAUSED else ""
            self.org.must(why == expected[0], f"look {latest}: stopped for {why!r}, expected {expected}")
            if why:
                self.org.figures.trips.append(why)
                self._answer(latest, self.answer)
        if latest.state is SweepState.DONE and latest.id not in self._done:
            self._done.add(latest.id)
            self._heard()

    def _expected(self, seen: Seen) -> tuple[str, str]:
        """Why a look has to stop, by the rule as people are told it; empty for not at all. And the counts."""
        told = {one: self.org.slack.told.get(one) for one in seen.present}
        gone = {one for one, member in told.items() if member is not None and member.is_departed}
        elsewhere = {one for one, member in told.items() if member is not None and member.workspace_id != WORKSPACE}
        missing = {one for one, member in told.items() if member is None} - self.let_pass
        touched = sum(holder in gone or lead in gone for holder, lead in seen.working)
        people = f"{len(gone)} gone, {len(elsewhere)} elsewhere, {len(missing)} missing of {len(told)} people"
        counts = f"{people}, {touched} of {len(seen.working)} keys"
        if len(elsewhere) > _most(len(told)):
            return "workspace", counts
        if missing:
            return "short", counts
        if len(gone - elsewhere) > _most(len(told)):
            return "people", counts
        return ("keys" if touched > _most(len(seen.working)) else ""), counts

    def _heard(self) -> None:
        """A look has come to its end: whoever was told as gone, and is, is known as gone now."""
        for member_id, member in self.org.slack.told.items():
            person = self.org.truth.people.get(member_id)
            if member is not None and member.is_departed and person is not None and not person.is_here:
                self.org.truth.heard_of(member_id, self.org.clock.at)

    # --- owners ---

    def _answer(self, stopped: Sweep, answer: str) -> None:
        if answer == NOTHING:
            return
        first, second = self.org.chance.sample(WORKSPACE_OWNERS, 2)
        if answer == CALL_OFF:
            self._later(lambda: self._calls_off(stopped.id, first))
            return
        self._later(lambda: self._agrees(stopped.id, first, second))

    def _later(self, act: Callable[[], None]) -> None:
        def when_slack_answers() -> None:
            if self.org.slack.down:
                self._later(act)
            else:
                act()

        self.org.after(when_slack_answers, hours=self.org.chance.uniform(0.5, 6))

    def _calls_off(self, sweep_id: str, owner: str) -> None:
        purser = self.org.either().purser
        actor = self.org.acting(owner, purser)
        if isinstance(actor, Refused):
            return
        did = sweeping_deciding.call_off(purser, actor, sweep_id)
        self.org.must(not isinstance(did, Refused), did)
        self._is(sweep_id, SweepState.CALLED_OFF)

    def _agrees(self, sweep_id: str, first: str, second: str) -> None:
        """Two of them: the first may press as often as they like."""
        for owner, state in ((first, SweepState.PAUSED), (first, SweepState.PAUSED), (second, None)):
            purser = self.org.either().purser
            actor = self.org.acting(owner, purser)
            if isinstance(actor, Refused):
                return
            sweeping_deciding.agree(purser, actor, sweep_id)
            if state is not None:
                self._is(sweep_id, state)
        missing = {one for one, member in self.org.slack.told.items() if member is None}
        self.let_pass |= missing
        self._go_on()

    def _is(self, sweep_id: str, state: SweepState) -> None:
        with self.org.books.reading() as session:
            found = sweeps.get(session, sweep_id)
        self.org.must(found is not None and found.state is state, f"{found} should be {state}")

    # --- what there is ---

    def _latest(self) -> Sweep | None:
        with self.org.books.reading() as session:
            return sweeps.latest(session, Source.SLACK)

    def _seen(self) -> Seen:
        with self.org.books.reading() as session:
            here = select(MemberRow.id).where(~col(MemberRow.is_departed), ~col(MemberRow.has_left))
            present = frozenset(session.exec(here).all())
        working = [key for key in self.org.truth.keys.values() if self.org.gateway.works(key.handle)]
        return Seen(present, tuple((key.holder, key.lead) for key in working))


def _is_due(latest: Sweep, now: datetime) -> bool:
    return now - latest.started_at >= timedelta(days=1)


def _most(count: int) -> int:
    return max(LEAST, count * POLICY.fuse_percent // 100)
