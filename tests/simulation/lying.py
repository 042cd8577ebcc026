"""A gateway that lies while keys burn money: what it holds and tells is one thing, what was truly spent another.

Keys make calls at a steady rhythm for as long as the gateway accepts them. Every call is kept as it was, so that each
key's true spend at any moment is known. Lies are values with a time, and any of them can be told at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import NamedTuple

from bot.domain.budgets import TOTAL
from bot.domain.periods import month_end, month_of
from bot.domain.usage import Usage
from bot.gateways.base import CapPeriod, FailureKind, GatewayError, KeyRecord
from tests.fakes import Clock, Gateway

EVER = datetime(2000, 1, 1, tzinfo=UTC)
NEVER = datetime(2100, 1, 1, tzinfo=UTC)
PRICED, UNPRICED = "mock-gpt", "mock-brand-new"


class Lie(StrEnum):
    """How a gateway is not what it says. `Lying.amount` is what the comment names."""

    OVER_CAPS = "accepts spend over every cap"
    FORGETS_BLOCKS = "goes on accepting a blocked key"  # for up to so many seconds
    TELLS_LATE = "tells spend late"  # by so many seconds
    TELLS_LESS = "tells less than before"  # so many percent of the truth
    COUNTS_TWICE = "counts calls twice"  # every so many-th call
    IS_DOWN = "is down"
    RAISES_CAPS = "raises caps behind our back"  # one every so many seconds
    RESETS_TOTALS = "starts live totals again"  # every so many seconds; 0: when a month begins
    HAS_NO_PRICE = "has a model without a price"  # every so many-th call is of that model


@dataclass(frozen=True)
class Lying:
    """One lie, and when it is told."""

    lie: Lie
    amount: int = 0
    since: datetime = EVER
    until: datetime = NEVER

    def overlaps(self, since: datetime, until: datetime) -> bool:
        return self.since < until and since < self.until


@dataclass(frozen=True)
class Burn:
    """A program that uses a key: one call of so many micro-USD every so many seconds, while it is accepted."""

    handle: str
    micros: int
    since: datetime
    until: datetime
    every_seconds: float = 1.0

    @property
    def micros_per_second(self) -> float:
        return self.micros / self.every_seconds


class Call(NamedTuple):
    """One call that was accepted, and what it truly cost."""

    at: datetime
    micros: int
    model: str


@dataclass
class Meter:
    """What one key truly spent, and how much of that the gateway has got round to telling."""

    calls: list[Call] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    """The lifetime total after each call."""
    twice: list[int] = field(default_factory=list)
    """What was counted a second time by then."""
    spent_in: Counter[str] = field(default_factory=Counter)
    """By month (`2026-11`), by day (`2026-11-21`) and in `total`."""
    told: int = 0
    """How many calls have been told of; never fewer than before."""
    started_again_at: int = 0
    """The told total when it was last set to zero."""
    dated: dict[date, dict[tuple[str, datetime], list[int]]] = field(default_factory=lambda: defaultdict(dict))
    """By day, model and hour, of the calls told: requests, micro-USD, micro-USD counted a second time."""

    def add(self, call: Call, again_micros: int) -> None:
        self.totals.append((self.totals[-1] if self.totals else 0) + call.micros)
        self.twice.append((self.twice[-1] if self.twice else 0) + again_micros)
        self.calls.append(call)
        day = f"{call.at:%Y-%m-%d}"
        self.spent_in[day] += call.micros
        self.spent_in[day[:7]] += call.micros
        self.spent_in[TOTAL] += call.micros

    def tell_until(self, moment: datetime) -> None:
        upto = bisect_right(self.calls, moment, key=lambda call: call.at)
        for index in range(self.told, upto):
            call = self.calls[index]
            hour = call.at.replace(minute=0, second=0, microsecond=0)
            row = self.dated[hour.date()].setdefault((call.model, hour), [0, 0, 0])
            row[0] += 1
            row[1] += call.micros
            row[2] += self.twice[index] - (self.twice[index - 1] if index else 0)
        self.told = max(self.told, upto)

    def on(self, day: date) -> list[tuple[tuple[str, datetime], list[int]]]:
        """What was told of a day."""
        return sorted(self.dated[day].items()) if day in self.dated else []

    def total(self, *, with_twice: bool) -> int:
        """The lifetime total of the calls told."""
        if self.told == 0:
            return 0
        return self.totals[self.told - 1] + (self.twice[self.told - 1] if with_twice else 0)


class LyingGateway(Gateway):
    """The gateway in memory, with keys in use and lies to tell."""

    capabilities = replace(Gateway.capabilities, usage_lag_seconds=15, disable_lag_seconds=60)

    def __init__(self, clock: Clock, random: Random) -> None:
        super().__init__(clock)
        self.random = random
        self.lies: list[Lying] = []
        self.burns: list[Burn] = []
        """Every program there ever was."""
        self.meters: dict[str, Meter] = defaultdict(Meter)
        self.accepts_until: dict[str, datetime] = {}
        """Until when a key is accepted although it is off, by handle."""
        self.restarts: list[datetime] = []
        """When live totals started again from zero, without saying so."""
        self._running: list[Burn] = []
        self._used_until = clock.at
        self._next: dict[Lie, datetime] = {}
        self._month = month_of(clock.at)
        self._calls = 0

    # --- what is said and done around it ---

    def lying(self, lie: Lie) -> Lying | None:
        """The lie as it is told at this moment."""
        return next((one for one in self.lies if one.lie is lie and one.since <= self.clock.at < one.until), None)

    def tell_the_truth(self) -> None:
        """No lie any more. Live totals that started again stay so, and an old version stays old."""
        self.use()
        old = self.lying(Lie.RESETS_TOTALS) if self._has_windows() else None
        self.lies = [one if one is old else replace(one, until=min(one.until, self.clock.at)) for one in self.lies]
        for meter in self.meters.values():
            meter.tell_until(self.clock.at)

    def use(self) -> None:
        """Let every program make the calls that were due up to now."""
        now = self.clock.at
        since, self._used_until = self._used_until, now
        for burn in self._running:
            if burn.since <= now and since < burn.until:
                self._burn(burn, since, min(now, burn.until))
        self._running = [burn for burn in self._running if burn.until > now]

    def start(self, burn: Burn) -> None:
        """Let a program run. It begins no earlier than now."""
        self.use()
        self.burns.append(burn)
        self._running.append(burn)

    def misbehave(self) -> None:
        """What happens by itself at the gateway, whoever asks it anything or nothing."""
        self.use()
        if (lying := self._due(Lie.RAISES_CAPS)) is not None and (on := sorted(self.on(), key=lambda key: key.handle)):
            key = self.random.choice(on)
            self.change(key.handle, cap_micros=(key.cap_micros or 0) * 20)
            self._next[lying.lie] = self.clock.at + timedelta(seconds=lying.amount)
        month, self._month = self._month, month_of(self.clock.at)
        windows = self._has_windows()
        if windows and month != self._month:
            self._start_again(handle for handle, key in self.held.items() if key.cap_period is CapPeriod.MONTH)
        elif not windows and (resets := self._due(Lie.RESETS_TOTALS)) is not None:
            self._start_again(self.held)
            self.restarts.append(self.clock.at)
            self._next[resets.lie] = self.clock.at + timedelta(seconds=resets.amount)

    def _has_windows(self) -> bool:
        """Whether what is told as the live total of a monthly key is only what it spent in the month."""
        lying = self.lying(Lie.RESETS_TOTALS)
        return lying is not None and lying.amount == 0

    def _start_again(self, handles: Iterable[str]) -> None:
        for handle in handles:
            meter = self.meters[handle]
            self._tell(meter)
            meter.started_again_at = meter.total(with_twice=self.lying(Lie.COUNTS_TWICE) is not None)

    def _due(self, lie: Lie) -> Lying | None:
        lying = self.lying(lie)
        if lying is None:
            return None
        due = self._next.setdefault(lie, max(lying.since, self.clock.at) + timedelta(seconds=lying.amount))
        return lying if due <= self.clock.at else None

    # --- the truth ---

    def spent(self, handle: str, period: str) -> int:
        """What a key truly spent in a month or day, in micro-USD."""
        return self.meters[handle].spent_in[period] if handle in self.meters else 0

    def _burn(self, burn: Burn, since: datetime, until: datetime) -> None:
        """Calls of one program after `since`, up to `until`; lies change only between such spans."""
        meter, every, room = self.meters[burn.handle], timedelta(seconds=burn.every_seconds), self._room(burn.handle)
        unpriced, twice = self.lying(Lie.HAS_NO_PRICE), self.lying(Lie.COUNTS_TWICE)
        at = burn.since + max(0, (since - burn.since) // every + 1) * every
        while at <= until:
            if room(meter, at):
                self._calls += 1
                is_unpriced = unpriced is not None and self._calls % unpriced.amount == 0
                micros = 0 if is_unpriced else burn.micros
                again = micros if twice is not None and self._calls % twice.amount == 0 else 0
                meter.add(Call(at, micros, UNPRICED if is_unpriced else PRICED), again)
            at += every

    def _room(self, handle: str) -> Callable[[Meter, datetime], bool]:
        """Whether a call is let through; the one that goes past a cap still is, as with any real gateway."""
        key, lets_all = self.held[handle], self.lying(Lie.OVER_CAPS) is not None
        ends = NEVER if key.expires_at is None else key.expires_at
        if key.deleted or not key.enabled:
            ends = min(ends, self.accepts_until.get(handle, EVER))

        def has_room(meter: Meter, at: datetime) -> bool:
            if at >= ends:
                return False
            if lets_all or key.cap_micros is None:
                return True
            if key.daily_cap_micros is not None and meter.spent_in[f"{at:%Y-%m-%d}"] >= key.daily_cap_micros:
                return False
            return meter.spent_in[TOTAL if key.cap_period is CapPeriod.TOTAL else f"{at:%Y-%m}"] < key.cap_micros

        return has_room

    # --- the protocol, with lies ---

    def disable(self, handle: str) -> None:
        was_on = handle in self.held and self.held[handle].enabled
        super().disable(handle)
        forgets = self.lying(Lie.FORGETS_BLOCKS)
        if was_on and forgets is not None and not self.held[handle].enabled:
            lasts = timedelta(seconds=self.random.uniform(0, forgets.amount))
            self.accepts_until[handle] = self.clock.at + lasts

    def usage(self, since: date, until: date) -> Iterator[Usage]:
        self._apply("usage", lambda: None)
        less, twice = self.lying(Lie.TELLS_LESS), self.lying(Lie.COUNTS_TWICE)
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        for handle, meter in sorted(self.meters.items()):
            self._tell(meter)
            told = (row for day in days for row in meter.on(day))
            for (model, hour), (requests, micros, again) in told:
                cost = (micros + (again if twice else 0)) * (less.amount if less else 100) // 100
                unpriced = requests if model == UNPRICED else 0
                yield Usage(handle, model, hour, requests, 0, 0, requests, 9 * requests, 0, requests, cost, unpriced)

    def _read(self, handle: str) -> KeyRecord | None:
        record = super()._read(handle)
        if record is None or handle not in self.meters:
            return record
        meter, less = self.meters[handle], self.lying(Lie.TELLS_LESS)
        self._tell(meter)
        told = max(0, meter.total(with_twice=self.lying(Lie.COUNTS_TWICE) is not None) - meter.started_again_at)
        told = told * (less.amount if less else 100) // 100
        if not self._has_windows() or record.cap_period is not CapPeriod.MONTH:
            return replace(record, spent_micros=told, period_spent_micros=None)
        ends = month_end(datetime.fromisoformat(f"{self._month}-01T00:00:00+00:00"))
        return replace(record, spent_micros=told, period_spent_micros=told, is_lifetime=False, resets_at=ends)

    def _tell(self, meter: Meter) -> None:
        late = self.lying(Lie.TELLS_LATE)
        meter.tell_until(self.clock.at - timedelta(seconds=late.amount if late else 0))

    def _apply(self, method: str, work: Callable[[], None]) -> None:
        self.use()
        if self.lying(Lie.IS_DOWN):
            self.calls[method] += 1
            raise GatewayError(FailureKind.TRANSIENT, "memory is down")
        super()._apply(method, work)
