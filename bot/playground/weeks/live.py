"""Lives the plan: walks the clock from moment to moment and lets everybody do their part, through the real bot.

All that is in the books afterwards was written by the bot; all that was spent was let through by the gateway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from bot.playground.books import EVERY_SECONDS, Glance
from bot.playground.cast import StoryFailed
from bot.playground.clock import PlayClock
from bot.playground.gateway import FakeGateway
from bot.playground.gateway.records import Calls, Outcome, record
from bot.playground.slack import FakeSlack
from bot.playground.weeks.days import DAYS, WEEKS
from bot.playground.weeks.deeds import Deeds
from bot.playground.weeks.plan import Act, Plan, Stop
from bot.playground.weeks.usage import spells
from bot.playground.weeks.who import NEWCOMERS, SQUADS

HANDS = 8
"""So many people are at their keyboards at once."""
PATIENCE = timedelta(seconds=30)
ENDING = timedelta(seconds=1)
"""So long before a day ends its last calls were made: caps a day count them in it."""


def populate(slack: FakeSlack) -> None:
    """Everybody and their channels. Teams are founded later, by command."""
    for person in NEWCOMERS:
        offset = round(person.hours_from_utc * 3600)
        slack.add_user(
            person.name, person.real_name, display_name=person.display_name, title=person.title, tz=person.tz,
            tz_offset_seconds=offset,
        )  # fmt: skip
    known = {channel.name for channel in slack.state.channels.values()}
    for squad in SQUADS:
        everybody = dict.fromkeys((*squad.people, "olga", "fay"))
        if squad.name in known:
            for name in everybody:
                slack.invite(squad.name, name)
            continue
        channel = slack.add_channel(squad.name, *everybody)
        channel.purpose, channel.creator = squad.purpose, slack.person("olga").id


@dataclass(slots=True)
class Weeks:
    """Twelve weeks, to be lived once. `tell` is called with each week that begins, from 1."""

    slack: FakeSlack
    gateway: FakeGateway
    clock: PlayClock
    glance: Glance
    plan: Plan
    tell: Callable[[int], None]
    spent: Outcome = field(default_factory=Outcome)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _used_until: datetime = field(init=False)
    _deeds: Deeds = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is lived yet."""
        self._used_until = self.plan.days.midnight
        self._deeds = Deeds(self.slack, self.plan, self._spent)

    def live(self) -> None:
        """All of it, up to the true present. Raises `StoryFailed` at the first thing that does not happen."""
        with ThreadPoolExecutor(HANDS, thread_name_prefix="hands") as hands:
            try:
                week = 0
                for stop in self.plan.stops:
                    if stop.at >= self.clock.true_now():
                        break
                    if week < min(WEEKS, self.plan.days.day_of(stop.at) // 7 + 1):
                        week += 1
                        self.tell(week)
                    self._go(stop.at)
                    self._halt(hands, stop)
                self._go(None)
                self._settled(*EVERY_SECONDS)
            finally:
                self._stopping.set()
                hands.shutdown(wait=True, cancel_futures=True)

    def _halt(self, hands: ThreadPoolExecutor, stop: Stop) -> None:
        """Everybody does their part at this moment: what belongs together in order, the rest at once."""
        chains = [list(chain) for _, chain in groupby(stop.acts, key=lambda act: act.about)]
        done = [hands.submit(self._do_all, chain) for chain in chains]
        for one in done:
            one.result()
        jobs = [*(("expiry",) if stop.due else ()), *(("guard", "usage", "digest") if stop.reads else ())]
        if stop.acts or jobs:
            self._settled(*jobs)

    def _do_all(self, chain: list[Act]) -> None:
        for number, act in enumerate(chain):
            if number:
                self._settled()
            if self._stopping.is_set():
                return
            self._deeds.do(act)

    def _settled(self, *jobs: str) -> None:
        if not self.glance.wait(self.clock.now(), *jobs, patience=PATIENCE):
            raise StoryFailed(f"the bot is not done with what is due on {self.clock.now():%-d %B, %H:%M}")

    def _spent(self, squad: str) -> float:
        """What a team's keys have cost this month, in US dollars."""
        begun = self.clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        seen = self._deeds.seen.items()
        tokens = {one.token for number, one in seen if one.token and self.plan.wish(number).squad == squad}
        with self.gateway.state.lock:
            charges = self.gateway.state.charges
            return sum(one.cost for one in charges if one.at >= begun and one.token in tokens)

    def _go(self, to: datetime | None) -> None:
        """Move the clock on, and let keys have been used meanwhile, before anybody looks; each day in its own time."""
        with self.gateway.state.lock:
            wanted = to or self.clock.true_now()
            over = (self.plan.days.midnight + timedelta(days=day) - ENDING for day in range(1, DAYS))
            for at in (*(end for end in over if self.clock.now() < end < wanted), wanted):
                self.clock.advance(max(0.0, (at - self.clock.now()).total_seconds()))
                self._use()
            if to is None:
                self.clock.catch_up()

    def _use(self) -> None:
        """Let keys have been used up to now."""
        until = self.clock.now()
        self.spent = self.spent.plus(record(self.gateway.state, self._calls(until)))
        self._used_until = until

    def _calls(self, until: datetime) -> Iterator[Calls]:
        """What was called since the clock was last moved."""
        days, since = self.plan.days, self._used_until
        for number, seen in self._deeds.seen.items():
            wish = self.plan.wish(number)
            life = self.plan.life(wish)
            if not seen.token or life is None:
                continue
            for day in range(days.day_of(since), min(DAYS - 1, days.day_of(until)) + 1):
                for one in spells(days, wish, day):
                    ends = one.at + timedelta(seconds=one.seconds)
                    if since < ends <= until and life.holds(one.at) and life.holds(ends):
                        yield Calls(seen.token, **asdict(one))
