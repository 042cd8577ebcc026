"""Spend histories of keys that never were, drawn from a seed, with every incident in them labelled.

Each has eight weeks that are known and four weeks that are looked at minute by minute. What a key costs is drawn
first, then how much of it somebody outside, or a program gone wrong, adds to it, and last what polls see of both.
Nothing here knows how a spike is told. Labels say what happened, not what can be noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from random import Random

from tests.bench.workloads import HOURS, KNOWN_HOURS, LOOKED_DAYS, PATTERNS, Draft, add_quirks, dollars

MINUTES = LOOKED_DAYS * 1440
USD = 1_000_000
LONGEST_PAUSE_MINUTES = 75
"""What grew in a longer time is in no hour, as in the books."""
OVER = 5.0
"""From how many dollars on an incident has to be noticed."""
INCIDENT, SECOND = 0.5, 0.1
"""How many histories have an incident, and another one."""


@dataclass(frozen=True)
class Label:
    """An incident: from one minute of the four weeks to another, and what it cost in each of them, in dollars."""

    kind: str
    begins: int
    cost: tuple[float, ...]

    @property
    def ends(self) -> int:
        return self.begins + len(self.cost)

    @property
    def total(self) -> float:
        return sum(self.cost)

    @property
    def is_fast(self) -> bool:
        """Whether it cost over five dollars within some hour."""
        so_far = [0.0, *accumulate(self.cost)]
        return any(until - since >= OVER for since, until in zip(so_far, so_far[60:] or so_far[-1:], strict=False))

    @property
    def due(self) -> int:
        """The minute by which it had cost five dollars."""
        so_far = accumulate(self.cost)
        return self.begins + next((n for n, cost in enumerate(so_far, 1) if cost >= OVER), len(self.cost))


@dataclass(frozen=True)
class History:
    """One key as polls saw it. Hours are numbered from `since`, minutes from the first that is looked at."""

    pattern: str
    since: datetime
    born: int
    """The hour in which the key was handed out; below zero when it is older than what is known."""
    cap_micros: int
    is_monthly: bool
    """Whether the cap comes anew each month."""
    zone: int
    """The team's time zone, in hours from UTC."""
    is_personal: bool
    """Whether it is one person's key, and not a service's or a batch's."""
    known: tuple[int, ...]
    """What was seen in each hour of the eight weeks, in micro-USD."""
    growth: tuple[tuple[int, int], ...]
    """Minutes in which a poll saw the total grow, and by how much."""
    labels: tuple[Label, ...]
    expected: tuple[tuple[int, int], ...] = ()
    """Hours in which an owner said that more is expected."""
    quirks: tuple[str, ...] = ()


def draw(pattern: str, seed: int) -> History:
    """One history of that pattern; the same seed draws the same."""
    random = Random(f"{pattern} {seed}")
    made = Draft(random, datetime(2025, 1, 6, tzinfo=UTC) + timedelta(days=random.randrange(500)))
    made.zone = random.choice((-8, -5, 0, 1, 2, 5, 9))
    PATTERNS[pattern](made)
    add_quirks(made, pattern)
    made.cost[: max(0, made.born)] = [0.0] * max(0, made.born)
    active = sum(made.cost) / max(1, HOURS - max(0, made.born)) * made.cap_hours
    cap = max(10.0, active * random.uniform(1.5, 4)) if made.cap is None else made.cap
    labels = tuple(sorted(_incidents(made, cap), key=lambda label: label.begins))
    known, growth = _seen(made, labels)
    return History(
        pattern,
        made.since,
        made.born,
        round(cap * USD),
        made.is_monthly,
        made.zone,
        made.is_personal,
        known,
        growth,
        labels,
        tuple(made.expected),
        tuple(made.quirks),
    )


# --- incidents ---


def _incidents(made: Draft, cap: float) -> Iterator[Label]:
    random, first = made.random, max(24 * 2, made.born - KNOWN_HOURS + 1)
    last = min(LOOKED_DAYS * 24 - 50, made.born - KNOWN_HOURS + made.cap_hours if made.cap_hours < 700 else HOURS)
    chances = (INCIDENT, SECOND)
    middle = (first + last) // 2
    for chance, (since, until) in zip(chances, ((first, middle), (middle, last)), strict=True):
        if random.random() < chance and until > since:
            kind = random.choices(list(INCIDENTS), [weight for weight, _ in INCIDENTS.values()])[0]
            begins = random.randrange(since, until) * 60 + random.randrange(60)
            cost = INCIDENTS[kind][1](made, begins)
            left = cap * random.uniform(0.4, 0.9)
            kept = [one for one, so_far in zip(cost, accumulate(cost), strict=True) if so_far <= left]
            if sum(kept) > 0.5:
                yield Label(kind, begins, tuple(kept[: MINUTES - begins - 1]))


def _leak(low: float, high: float) -> Callable[[Draft, int], list[float]]:
    """Somebody else calls with the key, at any hour: steadily, or now and then."""

    def make(made: Draft, begins: int) -> list[float]:
        random = made.random
        per_minute, minutes = dollars(random, low, high) / 60, round(dollars(random, 2, 48) * 60)
        idle, spell = random.choice((0, 0, 0, 0.3, 0.6)), random.randrange(20, 120)
        on = [random.random() >= idle or number == 0 for number in range(minutes // spell + 1)]
        return [per_minute * random.uniform(0.5, 1.5) * on[number // spell] for number in range(minutes)]

    return make


def _loop(made: Draft, begins: int) -> list[float]:
    """A program that tries again and again: several times what the key costs in an hour of work, until it is mended."""
    random = made.random
    usual = _working_hour(made)
    per_minute = usual * (dollars(random, 3, 25) - 1) / 60
    return [per_minute * random.uniform(0.7, 1.3) for _ in range(round(dollars(random, 1, 30) * 60))]


def _dearer(made: Draft, begins: int) -> list[float]:
    """A dearer model, or longer prompts, by mistake: what the key does costs several times as much."""
    by, hours = dollars(made.random, 4, 12) - 1, round(dollars(made.random, 8, 72))
    first = KNOWN_HOURS + begins // 60
    return [made.cost[min(hour, HOURS - 1)] * by / 60 for hour in range(first, first + hours) for _ in range(60)]


def _working_hour(made: Draft) -> float:
    """What the key costs in an hour in which it costs anything to speak of; a dollar when it never did."""
    active = sorted(cost for cost in made.cost if cost > 0.01)
    return active[len(active) // 2] if active else 1.0


# --- what polls see ---


def _seen(made: Draft, labels: tuple[Label, ...]) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    random = made.random
    known = [round(cost * USD) for cost in made.cost[:KNOWN_HOURS]]
    for hour in random.sample(range(KNOWN_HOURS - 4), 3) if "late" in made.quirks else ():
        known[hour : hour + 3] = [0, 0, sum(known[hour : hour + 3])]
    if "gap" in made.quirks:
        gap, hours = random.randrange(KNOWN_HOURS - 80), random.randrange(2, 72)
        known[gap : gap + hours] = [0] * hours
    costs = [0.0] * MINUTES
    for hour in range(LOOKED_DAYS * 24):
        if (cost := made.cost[KNOWN_HOURS + hour]) > 0:
            pieces = 60 if made.smooth else random.randrange(1, 15)
            minutes = range(60) if made.smooth else [random.randrange(60) for _ in range(pieces)]
            for minute in minutes:
                costs[hour * 60 + minute] += cost / pieces
    for label in labels:
        for minute, cost in enumerate(label.cost, label.begins):
            costs[minute] += cost
    total = [round(so_far * USD) for so_far in accumulate(costs)]
    return tuple(known), tuple(_grown(made, total))


def _grown(made: Draft, total: list[int]) -> Iterator[tuple[int, int]]:
    """By how much each poll sees the total grow."""
    random, lag = made.random, made.random.choice((0, 1, 1, 2, 5))
    told = [0] * lag + total[: MINUTES - lag]
    if "late" in made.quirks:
        for _ in range(3):
            begins, minutes = random.randrange(MINUTES - 400), random.randrange(30, 300)
            told[begins : begins + minutes] = [told[begins]] * minutes
    if "restated" in made.quirks:
        at = random.randrange(1440, MINUTES)
        by = round((told[at] - told[at - 1440]) * random.choice((-0.1, 0.02, 0.05, 0.1)))
        told[at:] = [one + by for one in told[at:]]
    polls = list(range(MINUTES))
    if "gap" in made.quirks:
        for _ in range(random.randrange(1, 4)):
            begins = random.randrange(MINUTES - 4000)
            minutes = round(dollars(random, 10, 3000))
            polls = [minute for minute in polls if not begins < minute < begins + minutes]
    for before, now in pairwise(polls):
        if told[now] > told[before] and now - before <= LONGEST_PAUSE_MINUTES:
            yield now, told[now] - told[before]


INCIDENTS: dict[str, tuple[float, Callable[[Draft, int], list[float]]]] = {
    "slow leak": (0.15, _leak(2, 6)),
    "leak": (0.25, _leak(6, 30)),
    "fast leak": (0.25, _leak(30, 300)),
    "loop": (0.25, _loop),
    "dearer": (0.10, _dearer),
}
