"""Guarding limits: what is told when a limit fills up, which keys a reached one stops, and when they may come back.

Facts in, a frozen value out. A key never flaps around the line: once stopped it needs a reason to come back, and a
figure that wobbles by less than a twentieth of the limit is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.budgets import TOTAL, Budget, Layer, Stop
from bot.domain.keys import PERSONAL_KINDS, KeyKind
from bot.domain.money import show, show_beside
from bot.domain.periods import DAY_SECONDS

REACHED = 100
"""The threshold at which a limit is used up, in percent."""
BACK_AT_PERCENT = 95
"""How far a corrected spend has to fall below a limit that stopped keys before they come back."""
SNOOZE_SECONDS = DAY_SECONDS
WIDEST_FIRST = (Layer.TEAM, Layer.PROJECT, Layer.MEMBER, Layer.KEY, Layer.AUTOMATION)
STOP_ORDER = (KeyKind.AUTOMATION, KeyKind.TEMPORARY, KeyKind.MEMBER, KeyKind.PROJECT)
"""Which keys a reached limit stops first: those that spend by themselves, and last those that serve customers."""

Subject = tuple[Layer, str]
"""Which limit: its layer and what it is set on."""


@dataclass(frozen=True, slots=True)
class Due:
    """Thresholds that a limit has passed and that nobody has dealt with."""

    tell: int | None
    """The one to tell; None when all of them were overtaken by one that has been told."""
    overtaken: tuple[int, ...] = ()
    """Passed together with a higher one: written down, never told."""
    again: bool = False
    """The limit was reached before, raised since, and reached again: it is told anew."""


def thresholds_of(chosen: Iterable[int]) -> tuple[int, ...]:
    """The percentages at which people are told, lowest first; 100 is always among them."""
    return tuple(sorted({percent for percent in chosen if 0 < percent < REACHED} | {REACHED}))


def due(
    limit: Budget, chosen: Iterable[int], dealt_with: Mapping[int, int], *, is_snoozed: bool, stops_keys: bool
) -> Due | None:
    """What there is to tell of a limit, or None.

    `dealt_with` holds the thresholds written down in its period with the height of the limit then, in micro-USD.
    While a limit is snoozed only reaching it is told; the rest waits until the snooze is over. A limit that was raised
    and is reached again is told again when it `stops_keys`: when there are any that it has not stopped.
    """
    passed = [percent for percent in thresholds_of(chosen) if limit.used_percent >= percent]
    if not passed:
        return None
    highest = passed[-1]
    if is_snoozed and highest < REACHED:
        return None
    if stops_keys and highest == REACHED and limit.budget_micros > dealt_with.get(REACHED, limit.budget_micros):
        return Due(REACHED, tuple(percent for percent in passed[:-1] if percent not in dealt_with), again=True)
    new = [percent for percent in passed if percent not in dealt_with]
    if not new:
        return None
    if highest in new:
        return Due(highest, tuple(new[:-1]))
    return Due(None, tuple(new))


def stops(limit: Budget) -> bool:
    """Whether the limit lets none of its keys go on."""
    return limit.hard and limit.is_reached


def subjects_of(
    key_id: str, kind: KeyKind, team_id: str, project_id: str | None, holder_id: str, *, has_day: bool
) -> tuple[Subject, ...]:
    """Every limit that there may be over a key, widest first."""
    return (
        (Layer.TEAM, team_id),
        *([] if project_id is None else [(Layer.PROJECT, project_id)]),
        *([(Layer.MEMBER, holder_id)] if kind in PERSONAL_KINDS else []),
        (Layer.KEY, key_id),
        *([(Layer.AUTOMATION, key_id)] if has_day else []),
    )


def stopping(subjects: Sequence[Subject], reached: Mapping[Subject, Budget]) -> Budget | None:
    """The limit that stops a key under these: the widest that is reached; None when none is."""
    return next((reached[subject] for subject in subjects if subject in reached), None)


def stop_rank(kind: KeyKind) -> int:
    """How early a key of this kind is stopped, 0 first."""
    return STOP_ORDER.index(kind)


class Back(StrEnum):
    """Why a stopped key comes back."""

    RAISED = "raised"
    TURNED = "turned"
    FELL = "fell"
    LIFTED = "lifted"


def why_back(stop: Stop, limits: Collection[Budget]) -> Back | None:
    """Why a key that this limit had stopped may work again now, or None. `limits` are all that it is under.

    As long as any of them is reached, nothing is reason enough. More budget never turns a reason into none.
    """
    if any(stops(limit) for limit in limits):
        return None
    stopped_by = (stop.layer, stop.subject_id)
    limit = next((limit for limit in limits if (limit.layer, limit.subject_id) == stopped_by), None)
    if limit is None or not limit.hard:
        return Back.LIFTED
    if limit.period != stop.period:
        return Back.TURNED
    if limit.budget_micros > stop.limit_micros:
        return Back.RAISED
    if limit.spent_micros * 100 <= limit.budget_micros * BACK_AT_PERCENT:
        return Back.FELL
    return None


def held_by(stop: Stop, subjects: Sequence[Subject], limits: Mapping[Subject, Budget]) -> Budget | None:
    """The reached limit that keeps a stopped key off instead of the one that its stop names; the widest of several.

    None as long as that one still does, in the period in which it stopped the key, and when no limit is reached.
    """
    named = limits.get((stop.layer, stop.subject_id))
    if named is not None and named.hard and named.period == stop.period and why_back(stop, [named]) is None:
        return None
    return stopping(subjects, {one: limits[one] for one in subjects if one in limits and stops(limits[one])})


def back_text(why: Back, limit: Budget | None) -> str:
    """Why a key comes back, for the ledger."""
    match why:
        case Back.TURNED:
            return "a new period began"
        case Back.LIFTED:
            return "the limit that had stopped it stops keys no more"
        case Back.RAISED | Back.FELL:
            assert limit is not None
            spent = show_beside(limit.spent_micros, limit.budget_micros)
            what = "the limit was raised" if why is Back.RAISED else "spend was corrected"
            return f"{what}: {spent} of {show(limit.budget_micros)}"


def stop_text(limit: Budget) -> str:
    """Why a limit stops a key, as a sentence goes on: `team search reached its budget: $502.10 of $500 in November`."""
    spent = f"{show_beside(limit.spent_micros, limit.budget_micros)} of {show(limit.budget_micros)}"
    month = "" if limit.period in ("", TOTAL) or limit.resets_at is None else f" in {_month_name(limit.period)}"
    match limit.layer:
        case Layer.TEAM | Layer.PROJECT:
            return f"{limit.layer} {limit.name} reached its budget: {spent}{month}"
        case Layer.MEMBER:
            return f"its holder's budget was reached: {spent}{month}"
        case Layer.KEY:
            return f"it reached its cap: {spent}{month}"
        case Layer.AUTOMATION:
            return f"it reached its cap per day: {spent} on {int(limit.period[8:10])}{month.removeprefix(' in')}"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _month_name(period: str) -> str:
    """The name of the month that a month or day falls in."""
    return _MONTHS[int(period[5:7]) - 1]
