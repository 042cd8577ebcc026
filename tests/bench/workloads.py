"""What keys cost, hour by hour, when nothing is wrong: work, services, batches, launches, holidays; by chance.

Sizes are those of keys that people ask for: $5 to $250 a month for a person, $20 to $2,500 for a service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

KNOWN_DAYS, LOOKED_DAYS = 56, 28
DAYS = KNOWN_DAYS + LOOKED_DAYS
HOURS, KNOWN_HOURS = DAYS * 24, KNOWN_DAYS * 24


@dataclass
class Draft:
    """A history being made: dollars by the hour."""

    random: Random
    since: datetime
    cost: list[float] = field(default_factory=lambda: [0.0] * HOURS)
    born: int = -1000
    zone: int = 0
    smooth: bool = False
    is_personal: bool = False
    cap: float | None = None
    cap_hours: int = 30 * 24
    is_monthly: bool = True
    expected: list[tuple[int, int]] = field(default_factory=list)
    quirks: list[str] = field(default_factory=list)

    def at(self, hour: int) -> datetime:
        """The time where its people are."""
        return self.since + timedelta(hours=hour + self.zone)

    def works(self, hour: int) -> bool:
        return self.at(hour).weekday() < 5 and 9 <= self.at(hour).hour < 18


def dollars(random: Random, low: float, high: float) -> float:
    """Dollars, as likely between $1 and $2 as between $10 and $20."""
    return float(low * (high / low) ** random.random())


def _person(made: Draft) -> None:
    """Somebody at work: in most hours something, more or less at random."""
    made.is_personal = True
    random, level = made.random, dollars(made.random, 0.03, 1.5)
    often, noise, evening = random.uniform(0.4, 0.9), random.uniform(0.5, 1.0), random.choice((0, 0, 0.05, 0.15))
    for hour in range(HOURS):
        chance = often if made.works(hour) else evening * (made.at(hour).hour > 7)
        made.cost[hour] = level * random.lognormvariate(0, noise) if random.random() < chance else 0.0


def _service(made: Draft) -> None:
    """Traffic of customers, day and night."""
    random, level = made.random, dollars(made.random, 0.05, 5)
    night, weekend = random.uniform(0.1, 0.8), random.uniform(0.3, 1.1)
    noise, made.smooth = random.uniform(0.08, 0.3), True
    for hour in range(HOURS):
        at = made.at(hour)
        by_day = 1.0 if 8 <= at.hour < 20 else night if at.hour < 6 else (1 + night) / 2
        made.cost[hour] = level * by_day * (weekend if at.weekday() > 4 else 1) * random.lognormvariate(0, noise)


def _checks(made: Draft) -> None:
    """Tests that run with every change: so many an hour, all about as dear."""
    random, price, often = made.random, dollars(made.random, 0.02, 0.5), made.random.uniform(0.3, 2.5)
    for hour in range(HOURS):
        runs = _count(random, often if made.works(hour) else often * 0.05)
        made.cost[hour] = sum(price * random.lognormvariate(0, 0.2) for _ in range(runs))


def _weekly(made: Draft) -> None:
    """A batch once a week, on its day and about its hour; next to nothing besides."""
    random, weekday, begins = made.random, made.random.randrange(7), made.random.randrange(24)
    _batches(made, lambda at: at.weekday() == weekday, begins, dollars(random, 2, 40))


def _monthly(made: Draft) -> None:
    """A batch once a month, on its day and about its hour; next to nothing besides."""
    random, day, begins = made.random, made.random.choice((1, 1, 1, 2, 15, 28)), made.random.randrange(24)
    _batches(made, lambda at: at.day == day, begins, dollars(random, 4, 100))


def _nightly(made: Draft) -> None:
    """A batch every night, or every working day's."""
    random, last = made.random, made.random.choice((5, 7))
    _batches(made, lambda at: at.weekday() < last, random.choice((22, 23, 0, 1, 2, 3, 4)), dollars(random, 0.5, 10))


def _batches(made: Draft, falls: Callable[[datetime], bool], begins: int, size: float) -> None:
    random, takes = made.random, made.random.choice((1, 1, 2, 3, 4))
    noise, late, trickle = random.uniform(0.05, 0.35), random.choice((0, 0, 0.1, 0.3)), random.choice((0, 0, 0.05))
    for hour in range(HOURS):
        made.cost[hour] += trickle * random.random()
        if made.at(hour).hour != begins or not falls(made.at(hour)):
            continue
        start = hour + (random.randrange(1, 4) if random.random() < late else 0)
        batch = size * random.lognormvariate(0, noise) / takes
        for number in range(start, min(start + takes, HOURS)):
            made.cost[number] += batch


def _few(made: Draft) -> None:
    """A few dear calls on a working day."""
    made.is_personal = True
    random, price, often = made.random, dollars(made.random, 0.1, 1.5), made.random.uniform(0.5, 5) / 9
    for hour in range(HOURS):
        calls = _count(random, often) if made.works(hour) else 0
        made.cost[hour] = sum(price * random.lognormvariate(0, 0.6) for _ in range(calls))


def _idle(made: Draft) -> None:
    """Nothing for months; then, mostly, somebody goes back to work with it."""
    made.is_personal = True
    random = made.random
    if random.random() < 0.6:
        _person(made)
        wakes = KNOWN_HOURS + random.randrange(24 * 7, 24 * 24)
        made.cost[:wakes] = [0.0] * wakes
        made.cap = max(10.0, 160 * 0.65 * sum(made.cost) / (HOURS - wakes) * random.uniform(1.5, 4) * 4)
        made.quirks.append("woke up")
    else:
        made.cap = dollars(random, 20, 300)


def _new(made: Draft) -> None:
    """Handed out shortly before or within the four weeks, for a person's work or for a service."""
    (_person if made.random.random() < 0.6 else _service)(made)
    made.born = KNOWN_HOURS + made.random.randrange(-24 * 5, 24 * 18)


def _trial(made: Draft) -> None:
    """A temporary key: an amount and a few days to spend it in, by runs of some hours."""
    made.is_personal, made.is_monthly = True, False
    random = made.random
    cap = made.cap = random.choice((10, 25, 25, 50, 50, 100, 200))
    made.cap_hours = random.choice((3, 7, 7, 7, 14, 30)) * 24
    made.born = KNOWN_HOURS + random.randrange(-24 * 2, 24 * 14)
    left = cap * random.uniform(0.3, 0.9)
    working = [hour for hour in range(made.born, made.born + made.cap_hours) if made.works(hour)] or [made.born]
    for _ in range(random.randrange(3, 14)):
        start = random.choice(working)
        run, takes = min(left, cap * random.uniform(0.02, 0.2)), random.choice((1, 1, 2, 3))
        left -= run
        for number in range(start, min(start + takes, HOURS)):
            made.cost[number] += run / takes


def _count(random: Random, mean: float) -> int:
    """So many things happen in an hour in which so many happen on average."""
    count, so_far = 0, random.expovariate(1)
    while so_far < mean:
        count, so_far = count + 1, so_far + random.expovariate(1)
    return count


# --- what happens to them, and is no incident ---


def add_quirks(made: Draft, pattern: str) -> None:
    random = made.random
    for name, (chance, happens) in QUIRKS.items():
        if random.random() < chance and not (pattern in ("idle", "trial") and name != "month start"):
            happens(made)
            made.quirks.append(name)


def _growth(made: Draft) -> None:
    """Up by a third of a percent to one and a half a day: twice to three times as much in the end, mostly."""
    by = made.random.uniform(1.003, 1.015)
    made.cost = [cost * by ** (hour / 24) for hour, cost in enumerate(made.cost)]


def _launch(made: Draft) -> None:
    """Something goes live and stays, at once or in some days; two of three times an owner said so."""
    random = made.random
    begins = KNOWN_HOURS + random.randrange(2, 24) * 24 + random.randrange(6, 18)
    takes, by = random.choice((1, 1, 24, 48, 96)), random.uniform(2, 6)
    for hour in range(begins, HOURS):
        made.cost[hour] *= 1 + (by - 1) * min(1, (hour - begins + 1) / takes)
    if random.random() < 2 / 3:
        made.expected.append((begins - random.randrange(48), begins + random.choice((5, 7, 10)) * 24))


def _holiday(made: Draft) -> None:
    """Days on which nobody works, or little is asked for."""
    for _ in range(made.random.randrange(1, 4)):
        first, days = made.random.randrange(DAYS - 5), made.random.randrange(1, 5)
        for hour in range(first * 24, (first + days) * 24):
            made.cost[hour] *= 0.15 if made.smooth else 0.0


def _month_start(made: Draft) -> None:
    """Reports on the first days of each month."""
    by, days = made.random.uniform(1.5, 4), made.random.randrange(1, 3)
    made.cost = [cost * (by if made.at(hour).day <= days else 1) for hour, cost in enumerate(made.cost)]


def _busy(made: Draft) -> None:
    """A day or two on which somebody does a lot more of what they do."""
    first, by = KNOWN_DAYS + made.random.randrange(1, LOOKED_DAYS - 2), made.random.uniform(1.5, 4)
    for hour in range(first * 24, (first + made.random.randrange(1, 3)) * 24):
        made.cost[hour] *= by


def _only_marked(made: Draft) -> None:
    """What polls see differs, not what happens: `_seen` makes it."""


PATTERNS: dict[str, Callable[[Draft], None]] = {
    "person": _person,
    "service": _service,
    "checks": _checks,
    "nightly batch": _nightly,
    "weekly batch": _weekly,
    "monthly batch": _monthly,
    "few calls": _few,
    "idle": _idle,
    "new": _new,
    "trial": _trial,
}
QUIRKS: dict[str, tuple[float, Callable[[Draft], None]]] = {
    "growth": (0.15, _growth),
    "launch": (0.06, _launch),
    "holiday": (0.15, _holiday),
    "month start": (0.08, _month_start),
    "busy": (0.10, _busy),
    "late": (0.10, _only_marked),
    "gap": (0.15, _only_marked),
    "restated": (0.08, _only_marked),
}
