"""What the days ahead will cost when they go on like those before: weekday patterns and levels, for `domain.forecast`.

Two kinds of spend are told apart. Steady spend has a weekday pattern and a level: the level is the mean since it last
changed, where every day it may have changed on counts as much as it is likely, so that a launch is followed within
days and a single spike is not; steady growth goes on, ever slower. Days off are left out, and expected as often as
they were. Irregular spend, nothing on most days and a lot on some, has a mean alone.

All of it is estimated in floating-point numbers; the same days give the same estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, sqrt
from statistics import median

_WEEKEND = 0.4
"""What a day of the weekend is to a working day, as long as nothing is known."""
_DAYS_UNKNOWN = 3.0
"""How many days of weekends, or of work, it takes until what is known of them counts as much as that."""
_WEEKS_ALIKE = 2.0
"""How many weeks it takes until a weekday counts as much by itself as what it has in common with the others."""
_WEEKS_IRREGULAR = 8.0
"""Both of them, for irregular spend, whose weekdays differ by chance."""
_LITTLE = 0.1
"""Below this share of what was expected a working day is a day off, and one of irregular spend a day without."""
_IRREGULAR = 0.6
"""Spend is irregular when fewer of the working days than this share have any to speak of."""
_HEAVY = 1.8
"""By how much the variance of irregular spend is more than it was seen to be: the greatest batch is yet to come."""
_WORKS = 0.5
"""A weekday with this share of the mean or less is none to be off on."""
_STOPPED_DAYS = 5
"""So many working days without spend in a row, up to now, are no days off: it ended."""
_SPIKE = 3.0
"""A day is cut off where it is more than so many deviations above the days around it."""
_AROUND = 15
"""How many days are around a day, itself among them."""
_CHANGED, _CHANGED_AT_ONCE, _CHANGED_DAYS = 16.0, 4.0, 56
"""How much better a change of level has to explain so many days, in twice the log-likelihood; less of fewer days."""
_GROWS, _GROWS_DAYS = 8.0, 28
"""The same for steady growth or decline, which is believed from so many days on."""
_GROWS_ON = 0.95
"""By what share of what it grew before, each further day ahead grows."""
_FEWEST = 3
"""With fewer working days than this, all days count."""
_LEAST_WEIGHT, _LEAST_NOISE = 0.02, 0.1
"""What share of the mean a weekday weighs at least, and what share of the mean root noise is."""

Roots = list[float]
"""Square roots of amounts: there the noise of big and small days is alike, and a spike weighs less."""


@dataclass(frozen=True, slots=True)
class Past:
    """Days that are known, in order, without gaps; the first one has spend."""

    weekdays: list[int]
    """0 is Monday."""
    micros: list[float]

    def only(self, kept: Sequence[int]) -> Past:
        """Some of them."""
        return Past([self.weekdays[one] for one in kept], [self.micros[one] for one in kept])


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of the days ahead, in micro-USD."""

    days: list[float]
    variance: float
    """Of their sum, as a share of its square: what is by chance, and what is not known well."""
    spikes: float = 0.0
    """What a day costs more on average by spikes, or would if spend that ended came back: in no day's figure."""


def outlook(past: Past, ahead: Sequence[int]) -> Outlook:
    """What to expect of the weekdays ahead, at least one."""
    return (_irregular if _is_irregular(past) else _steady)(past, ahead)


def _is_irregular(past: Past) -> bool:
    active = [micros for micros in past.micros if micros]
    much = _LITTLE * sum(active) / len(active)
    working = [micros for weekday, micros in zip(past.weekdays, past.micros, strict=True) if weekday < 5]
    return len(working) >= 5 and sum(micros >= much for micros in working) < _IRREGULAR * len(working)


def _irregular(past: Past, ahead: Sequence[int]) -> Outlook:
    """The mean of all days. The sum of days ahead is skewed, so that what is likely is less."""
    count = len(past.micros)
    mean = sum(past.micros) / count
    week = _week(past, [mean] * count, _WEEKS_IRREGULAR, _WEEKS_IRREGULAR)
    missed = [micros - mean * week[weekday] for weekday, micros in zip(past.weekdays, past.micros, strict=True)]
    of_a_day = sum(one * one for one in missed) / count / (mean * mean)
    variance = of_a_day / len(ahead) + of_a_day / count
    return Outlook([mean * week[weekday] / (1 + variance) for weekday in ahead], _HEAVY * variance)


def _week(past: Past, levels: Sequence[float], unknown: float, alike: float) -> list[float]:
    """What each weekday is to the level around it; the mean of all seven is one.

    Where little is known, weekends are as usual, working days alike, and so are both days of a weekend.
    """
    level = sum(levels) / len(levels)
    got, due = [0.0] * 7, [0.0] * 7
    for weekday, micros, around in zip(past.weekdays, past.micros, levels, strict=True):
        got[weekday] += micros
        due[weekday] += around
    working = 7 / (5 + 2 * _WEEKEND)
    alone = []
    for some, usual in ((slice(0, 5), working), (slice(5, 7), working * _WEEKEND)):
        common = (sum(got[some]) + unknown * level * usual) / (sum(due[some]) + unknown * level)
        alone += [
            (one + alike * level * common) / (other + alike * level)
            for one, other in zip(got[some], due[some], strict=True)
        ]
    return [7 * one / sum(alone) for one in alone]


@dataclass(frozen=True, slots=True)
class _Clean:
    """Working days as they usually are: spikes cut off, days off left out, and weekends, where they are quiet."""

    week: list[float]
    number: list[int]
    """Which day of the past each is, from 0."""
    roots: Roots
    scales: Roots
    """What each root is to that of the level, by its weekday."""
    uncut: Roots
    noise: float
    """The deviation of a root."""
    works: float
    """What share of the working days was none off."""


def _clean(past: Past) -> _Clean:
    """Weekday pattern, spikes and days off each depend on the others, so they are looked for three times."""
    roots = [sqrt(micros) for micros in past.micros]
    off = [False] * len(roots)
    tame = roots
    for _ in range(3):
        on = [one for one, is_off in enumerate(off) if not is_off]
        seen = Past(past.weekdays, [root * root for root in tame]).only(on)
        week = _week(seen, _means(tame, on), _DAYS_UNKNOWN, _WEEKS_ALIKE)
        scales = [sqrt(max(week[weekday], _LEAST_WEIGHT)) for weekday in past.weekdays]
        works = [week[weekday] > _WORKS for weekday in past.weekdays]
        due = [scale * level for scale, level in zip(scales, _medians(roots, scales, works), strict=True)]
        noise = _noise([abs(roots[one] - due[one]) for one in on], sum(roots) / len(roots))
        tame = [min(root, usual + _SPIKE * noise) for root, usual in zip(roots, due, strict=True)]
        off = _off(works, roots, due)
    number = [one for one, work in enumerate(works) if work and not off[one]]
    if len(number) < _FEWEST:
        number = list(range(len(roots)))
    return _Clean(
        week,
        number,
        [tame[one] for one in number],
        [scales[one] for one in number],
        [roots[one] for one in number],
        noise,
        1 - sum(off) / max(1, sum(works)),
    )


def _means(tame: Roots, on: Sequence[int]) -> list[float]:
    """The mean of the week around each day that is not off, so that the weekday pattern is not in it."""
    least, known = max(tame) ** 2 / 1_000_000, set(on)
    around = _around(len(tame), 7)
    near = [[tame[day] ** 2 for day in around[one] if day in known] for one in on]
    return [max(least, sum(some) / len(some)) for some in near]


def _medians(roots: Roots, scales: Roots, works: Sequence[bool]) -> Roots:
    """The usual level around each day, by the working days."""
    near = [[roots[day] / scales[day] for day in around if works[day]] for around in _around(len(roots), _AROUND)]
    return [median(some) if some else 0.0 for some in near]


def _around(count: int, width: int) -> list[range]:
    """The days around each day; at both ends as many as elsewhere."""
    begins = [max(0, min(one - width // 2, count - width)) for one in range(count)]
    return [range(begin, min(count, begin + width)) for begin in begins]


def _noise(missed: Sequence[float], mean: float) -> float:
    """The deviation of roots, from how far they missed: spikes left out."""
    rough = 1.25 * sum(missed) / len(missed)
    usual = [one for one in missed if one <= _SPIKE * rough]
    return max(1.25 * sum(usual) / len(usual), _LEAST_NOISE * mean)


def _off(works: Sequence[bool], roots: Roots, due: Roots) -> list[bool]:
    """Which days are off. At the end of the past, too many in a row are none."""
    off = [work and root * root < _LITTLE * usual * usual for work, root, usual in zip(works, roots, due, strict=True)]
    last = max((one for one, work in enumerate(works) if work and not off[one]), default=-1)
    if sum(off[last + 1 :]) >= _STOPPED_DAYS:
        off[last + 1 :] = [False] * len(off[last + 1 :])
    return off


@dataclass(frozen=True, slots=True)
class _Course:
    """One way that the level may go on."""

    evidence: float
    """How much better it explains the days than a level that never changed, in twice the log-likelihood."""
    levels: list[float]
    """Of the days ahead, in micro-USD."""
    behind: float
    """What was spent on the days that it is known from."""


def _steady(past: Past, ahead: Sequence[int]) -> Outlook:
    """Each weekday's share of the level: all courses that it may take, each as likely as it is."""
    clean = _clean(past)
    courses = _changes(clean, len(past.micros), len(ahead)) + _growth(clean, len(past.micros), len(ahead))
    best = max(course.evidence for course in courses)
    weights = [exp((course.evidence - best) / 2) for course in courses]
    whole = sum(weights)
    levels = [
        sum(weight * course.levels[day] for weight, course in zip(weights, courses, strict=True)) / whole
        for day in range(len(ahead))
    ]
    shares = [clean.works * clean.week[weekday] for weekday in ahead]
    days = [level * share for level, share in zip(levels, shares, strict=True)]
    usual = sum(past.micros) / len(past.micros)
    if levels[0] < _LITTLE * usual:
        return Outlook(days, 0.0, usual)
    mean = sum(days)
    sums = [sum(map(float.__mul__, course.levels, shares)) for course in courses]
    apart = sum(weight * (one - mean) ** 2 for weight, one in zip(weights, sums, strict=True)) / whole / mean**2
    known = [weight / max(course.behind, mean / 31) for weight, course in zip(weights, courses, strict=True)]
    by_chance = 4 * clean.noise**2 * (sum(known) / whole + 1 / mean)
    spikes = sum(root**2 - cut**2 for root, cut in zip(clean.uncut, clean.roots, strict=True)) / len(past.micros)
    return Outlook(days, apart + by_chance, spikes)


def _changes(clean: _Clean, days: int, ahead: int) -> list[_Course]:
    """The level since each day on which it may have changed; the first: that it never did."""
    unlikely = max(_CHANGED_AT_ONCE, _CHANGED * days / _CHANGED_DAYS)
    got = [0.0, *accumulate(map(float.__mul__, clean.roots, clean.scales))]
    due = [0.0, *accumulate(scale * scale for scale in clean.scales)]
    end = len(clean.roots)

    def explained(since: int, until: int) -> float:
        return (got[until] - got[since]) ** 2 / (due[until] - due[since]) / clean.noise**2

    courses = [_course(clean, 0, 0.0, ahead)]
    for since in range(2, end - 1):
        evidence = explained(0, since) + explained(since, end) - explained(0, end) - unlikely
        courses.append(_course(clean, since, evidence, ahead))
    return courses


def _course(clean: _Clean, since: int, evidence: float, ahead: int) -> _Course:
    """The mean since then. A change by one day is cut off no more, for then it is the level; one of two days may be."""
    roots, scales = clean.uncut[since:], clean.scales[since:]
    each = [root / scale for root, scale in zip(roots, scales, strict=True)]
    usual = min(each) if len(each) == 2 else median(each)
    behind = sum(
        min(root, scale * usual + _SPIKE * clean.noise) ** 2 for root, scale in zip(roots, scales, strict=True)
    )
    level = behind / sum(scale * scale for scale in scales)
    return _Course(evidence, [level] * ahead, behind)


def _growth(clean: _Clean, days: int, ahead: int) -> list[_Course]:
    """A level whose root grew, or shrank, by as much each day; none as long as too few days are known."""
    if days < _GROWS_DAYS:
        return []
    weights = [scale * scale for scale in clean.scales]
    middle = sum(map(float.__mul__, weights, map(float, clean.number))) / sum(weights)
    away = [number - middle for number in clean.number]
    width = sum(weight * one * one for weight, one in zip(weights, away, strict=True))
    mean = sum(map(float.__mul__, clean.roots, clean.scales)) / sum(weights)
    step = sum(root * scale * one for root, scale, one in zip(clean.roots, clean.scales, away, strict=True)) / width
    evidence = step * step * width / clean.noise**2 - _GROWS
    fitted = sum(weight * max(0.0, mean + step * one) ** 2 for weight, one in zip(weights, away, strict=True))
    behind = sum(root * root for root in clean.roots)
    further = accumulate((_GROWS_ON**number for number in range(ahead)), initial=days - 1 - middle)
    levels = [max(0.0, mean + step * one) ** 2 * behind / fitted for one in list(further)[1:]]
    return [_Course(evidence, levels, behind)]
