"""Months of spend that never were, drawn from a seed: what a forecast is measured on.

Each has eight weeks of history, a real calendar, a weekday pattern and noise of its own, and what its pattern is named
after. Nothing here knows how a forecast is made.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

HISTORY_DAYS = 56
USD = 1_000_000


@dataclass(frozen=True)
class Month:
    """A month as it was in the end, with what came before it."""

    days: tuple[tuple[date, int], ...]
    """What each day cost, in micro-USD, the history first."""
    first: date
    budget_micros: int

    @property
    def length(self) -> int:
        """How many days the month has."""
        return monthrange(self.first.year, self.first.month)[1]

    def until(self, day: int) -> list[tuple[date, int]]:
        """Everything up to and including a day of the month."""
        return list(self.days[: HISTORY_DAYS + day])

    def spent(self, day: int) -> int:
        """What the month cost up to and including a day of it."""
        return sum(micros for _, micros in self.days[HISTORY_DAYS : HISTORY_DAYS + day])


Shape = list[float]
"""By how much each day is more than the level: 56 days of history and those of the month."""


def draw(pattern: str, seed: int) -> Month:
    """One month of that pattern; the same seed draws the same month."""
    random = Random(f"{pattern} {seed}")
    first = date(2024 + random.randrange(3), random.randrange(1, 13), 1)
    since = first - timedelta(days=HISTORY_DAYS)
    count = HISTORY_DAYS + monthrange(first.year, first.month)[1]
    shape = _week(random, since, count) if pattern != "batches" else [1.0] * count
    PATTERNS[pattern](random, shape, since)
    level = 5 * USD * 400 ** random.random()
    days = tuple((since + timedelta(days=number), round(level * size)) for number, size in enumerate(shape))
    spent = sum(micros for _, micros in days[HISTORY_DAYS:])
    return Month(days, first, round(spent * random.uniform(0.4, 1.15)))


def _week(random: Random, since: date, count: int) -> Shape:
    """A weekday pattern, quiet at the weekend or not at all, and noise from day to day."""
    weekend = random.choice((0.0, 0.03, 0.1, 0.2, 0.35, 0.6, 1.0))
    week = [random.uniform(0.75, 1.25) * (weekend if weekday > 4 else 1) for weekday in range(7)]
    noise = random.uniform(0.1, 0.45)
    return [week[(since + timedelta(days=n)).weekday()] * random.lognormvariate(0, noise) for n in range(count)]


def _nothing(random: Random, shape: Shape, since: date) -> None:
    pass


def _launches(random: Random, shape: Shape, since: date) -> None:
    """In the month something goes live, mostly, or ends; at once or in some days."""
    at, takes = HISTORY_DAYS + random.randrange(3, 24), random.choice((1, 1, 1, 3, 5))
    by = random.uniform(1.5, 5) if random.random() < 0.75 else random.uniform(0.15, 0.6)
    for number in range(at, len(shape)):
        shape[number] *= 1 + (by - 1) * min(1, (number - at + 1) / takes)


def _holidays(random: Random, shape: Shape, since: date) -> None:
    """One to five working days of the month nobody works, together or apart, and some before."""
    working = [n for n in range(len(shape)) if (since + timedelta(days=n)).weekday() < 5]
    month = [n for n in working if n >= HISTORY_DAYS]
    number = random.randrange(1, 6)
    begins = random.randrange(len(month) - number)
    off = month[begins : begins + number] if random.random() < 0.5 else random.sample(month, number)
    for n in [*off, *random.sample(working[: HISTORY_DAYS // 2], random.randrange(3))]:
        shape[n] = 0.0


def _spikes(random: Random, shape: Shape, since: date) -> None:
    """Single days on which something ran away, in the month and in the four weeks before it."""
    for _ in range(random.randrange(1, 4)):
        shape[HISTORY_DAYS + random.randrange(-28, 28)] += random.uniform(4, 20)


def _growth(random: Random, shape: Shape, since: date) -> None:
    """Up by half a percent to three percent a day, or slowly down."""
    by = random.uniform(1.005, 1.03) if random.random() < 0.8 else random.uniform(0.975, 0.995)
    for number in range(len(shape)):
        shape[number] *= by**number


def _new_teams(random: Random, shape: Shape, since: date) -> None:
    """Nothing until about the month begins; then people join for some weeks."""
    starts, takes = HISTORY_DAYS + random.randrange(-7, 8), random.randrange(1, 22)
    for number in range(len(shape)):
        shape[number] *= 0 if number < starts else min(1, (number - starts + 1) / takes)


def _batches(random: Random, shape: Shape, since: date) -> None:
    """Nothing most days, or next to nothing, and a lot on some, on no day of the week in particular."""
    often, trickle, spread = random.uniform(0.08, 0.35), random.choice((0, 0, 0.02)), random.uniform(0.3, 0.9)
    for number in range(len(shape)):
        batch = random.lognormvariate(0, spread) / often if random.random() < often else 0
        shape[number] = batch + trickle * random.random()


def _everything(random: Random, shape: Shape, since: date) -> None:
    """Growth, holidays and spikes at once, and a launch in every other month."""
    _growth(random, shape, since)
    if random.random() < 0.5:
        _launches(random, shape, since)
    _holidays(random, shape, since)
    _spikes(random, shape, since)


PATTERNS: dict[str, Callable[[Random, Shape, date], None]] = {
    "weekdays": _nothing,
    "launches": _launches,
    "holidays": _holidays,
    "spikes": _spikes,
    "growth": _growth,
    "new teams": _new_teams,
    "batches": _batches,
    "everything": _everything,
}
