"""The rules of other tools, as favourably as is fair: at every look, with Purser's floor, and with what people know.

Each has the same floor of what an alarm is about, the same hours left out, and the same quiet while more is expected.
By the hour each compares with the same hour of the last 30 days, which knows of nights; by the day the last 24 hours
with the 24 hours before each of the last 30 days' same moment, so that no alarm waits for midnight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt

from bot.domain.pasts import DAY_HOURS, Past

DAYS, FEWEST_DAYS = 30, 7

Limit = Callable[[Past, int], list[tuple[int, int]]]
"""What was spent before the hour in progress that counts with it, and above what in all it is an alarm; one or several
of them."""
Worth = Callable[[list[int]], float]
"""From where on, of what is usual."""


def _median(times: float, some: list[int]) -> float:
    return times * median(some)


def _mean(times: float, some: list[int]) -> float:
    return times * sum(some) / len(some)


def _z(deviations: float, some: list[int]) -> float:
    mean = sum(some) / len(some)
    return mean + deviations * sqrt(sum((one - mean) ** 2 for one in some) / len(some))


def median(some: list[int]) -> float:
    """The middle, or half-way between the two in the middle."""
    ordered, half = sorted(some), len(some) // 2
    return ordered[half] if len(some) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _limit(count: int, worth: Worth, past: Past, floor: int) -> list[tuple[int, int]]:
    """Of so many hours together."""
    some = []
    for day in range(1, DAYS + 1):
        last = past.end - day * DAY_HOURS
        begin = last - count + 1
        if begin >= past.first and past.hours.is_whole(begin, last + 1):
            some.append(past.hours.between(begin, last + 1))
    if len(some) < FEWEST_DAYS:
        return []
    usual = median(some)
    return [(past.before(count), round(max(worth(some), usual + floor)))]


def _spans(worth: Worth) -> dict[str, Limit]:
    hour: Limit = partial(_limit, 1, worth)
    day: Limit = partial(_limit, DAY_HOURS, worth)
    return {"by the hour": hour, "by the day": day, "either": lambda past, floor: hour(past, floor) + day(past, floor)}


BASELINES: dict[str, Limit] = {
    f"{name}, {span}": limit
    for name, worth in (
        ("3 x median", partial(_median, 3.0)),
        ("z-score 3", partial(_z, 3.0)),
        ("2 x 30-day mean", partial(_mean, 2.0)),
    )
    for span, limit in _spans(worth).items()
}
