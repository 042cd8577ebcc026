"""What happens to budgets in the twelve weeks: people get own ones, one turns soft, one is cut, raises are asked. Pure.

A team whose budget is cut reaches it before the month ends, and comes back with the next; nobody of it does anything
meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.playground.weeks.days import DAYS, Days, Slot
from bot.playground.weeks.who import FOUNDER, SQUADS, squad_of
from bot.playground.weeks.wishes import Wish

OWN_BUDGETS = ("sofia", "hana", "diego")
"""They have a budget of their own, with room for all that they ask for."""
CUT, CUT_WORKDAYS = "support", 3
"""The team whose budget is cut, and how many workdays before a month ends that is."""
LEFT_BY_CUT_USD = 6
"""How much more it may spend then: less than a day's use."""
SOFT_PROJECT, SOFT_USD = "forecasts", 60
BURST_REASON = "review comments on every pull request"
"""What the automation key is for that one day needs more than its day allows."""
BURST_WORKDAY = 34
MONTH_LEFT_AFTER_CUT = 14
"""Days: the cut is seen in the last month end before these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """Somebody types a line about a budget. A raise is agreed to by somebody, and ends after a day."""

    name: str
    who: str
    squad: str
    line: str
    """`{label}` stands for the label of a key, `{enough}` for what the team has spent this month and a little more."""
    asked: Slot
    by: str = ""
    agreed: Slot | None = None
    reason: str = ""
    key_reason: str = ""
    """What the key is for whose label is meant."""
    last_day: int | None = None
    """The last day on which a raise stands, counted from the start."""

    @property
    def is_raise(self) -> bool:
        """Whether owners are asked, rather than told."""
        return self.agreed is not None


@dataclass(frozen=True, slots=True)
class Quiet:
    """From when until when nobody of the cut team does anything."""

    since: Slot
    until: Slot
    turn_day: int
    """The first day of the next month."""

    def holds(self, squad: str, *slots: Slot | None) -> bool:
        """Whether one of these moments of this team is among them."""
        return squad == CUT and any(slot is not None and self.since <= slot <= self.until for slot in slots)


def quiet(days: Days) -> Quiet:
    """When the team whose budget is cut is quiet: from the cut until its budget is as it was."""
    turn = max(day for day in range(DAYS - MONTH_LEFT_AFTER_CUT) if (days.midnight + timedelta(days=day)).day == 1)
    before = [day for day in days.workdays if day < turn]
    after = next(day for day in days.workdays if day >= turn)
    return Quiet(Slot(before[-CUT_WORKDAYS], 0), Slot(after, 1), turn)


def deals(days: Days, wishes: Iterable[Wish]) -> tuple[Deal, ...]:
    """All that is typed about budgets."""
    wishes = tuple(wishes)
    return (*_own_budgets(days, wishes), *_set(days), *_raises(days))


def _own_budgets(days: Days, wishes: tuple[Wish, ...]) -> Iterator[Deal]:
    for number, who in enumerate(OWN_BUDGETS):
        asked = sum(max(wish.cap, wish.asked_cap) for wish in wishes if wish.who == who and wish.is_personal)
        line = f"/ai-budget set @{who} ${(asked // 10 + 2) * 10}"
        squad = next(squad for squad in SQUADS if who in squad.people)
        yield Deal(name=f"own-{who}", who=FOUNDER, squad=squad.name, line=line, asked=Slot(days.workdays[12], number))


def _set(days: Days) -> Iterator[Deal]:
    still, data = quiet(days), squad_of("data")
    yield Deal(name="cut", who=FOUNDER, squad=CUT, line="/ai-budget set team ${enough}", asked=still.since)
    line = f"/ai-budget set team ${squad_of(CUT).monthly_usd}"
    yield Deal(name="restored", who=FOUNDER, squad=CUT, line=line, asked=still.until)
    line = f"/ai-budget set project {SOFT_PROJECT} ${SOFT_USD} soft"
    yield Deal(name="soft", who=data.owners[0], squad=data.name, line=line, asked=Slot(days.workdays[34], 1))


RAISES = (
    ("own-raise", "hana", "omar", 30, 9, "$40", "labels for the index of the new country"),
    ("project-raise", "priya", "omar", 38, 12, "$150 project query-rewrites", "relevance sprint"),
    ("day-raise", "sam", "lukas", BURST_WORKDAY + 2, 7, "$6/day {label}", "many reviews before the release"),
)
"""Name, who asks, who agrees, on which workday, for how many days, of what by how much, and what for."""


def _raises(days: Days) -> Iterator[Deal]:
    for name, who, by, workday, lasts, what, reason in RAISES:
        asked = days.following(who, Slot(days.workdays[workday], 0))
        assert asked is not None, name
        last = asked.day + lasts
        squad = next(squad for squad in SQUADS if who in squad.people)
        yield Deal(
            name=name, who=who, squad=squad.name, reason=reason, asked=asked, by=by, agreed=days.following(by, asked),
            line=f"/ai-budget raise {what} until {days.midnight + timedelta(days=last):%Y-%m-%d} {reason}",
            key_reason=BURST_REASON if "{label}" in what else "", last_day=last,
        )  # fmt: skip
