"""The plan of twelve weeks: every moment at which somebody does something or something falls due, in order. Pure.

The same start day gives the same plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.playground.weeks.days import DAYS, Days, Slot
from bot.playground.weeks.drawing import Draw
from bot.playground.weeks.money import Deal, deals
from bot.playground.weeks.who import FOUNDER, SQUADS
from bot.playground.weeks.wishes import End, Fate, Wish

SOON = timedelta(minutes=20)
"""What falls due this little before a moment at which people look waits for that moment."""
AFTER_DUE = timedelta(seconds=40)
"""How long after something fell due the clock stops for it: Purser looks every half minute."""
REVEAL_TAKES = timedelta(seconds=15)
"""How long after its moment a key is revealed at the latest."""
CLOSING = timedelta(seconds=60)
"""So long before a month ends, its spend is read once more."""
TURNED = timedelta(seconds=10)
"""So long after a month or week began, or a raise ended, or a digest is due, the clock stops for it."""
DIGEST_HOUR = timedelta(hours=9)
"""When on Monday the teams read of their week: their founder lives by UTC."""
REMINDER, ESCALATION, GIVING_UP = timedelta(hours=4), timedelta(hours=24), timedelta(hours=72)
WARNINGS = (timedelta(days=1), timedelta(hours=1))


class Verb(StrEnum):
    """What people do. The order is that in which things happen within one moment."""

    FOUND = "found"
    PROJECT = "project"
    SET = "set"
    RAISE = "raise"
    GRANT = "grant"
    ASK = "ask"
    CANCEL = "cancel"
    DECIDE = "decide"
    REVEAL = "reveal"
    EXTEND = "extend"
    AGREE = "agree"
    END = "end"


ORDER = {verb: number for number, verb in enumerate(Verb)}


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody does something: about a wish by number, or a team, project or deal by name."""

    verb: Verb
    who: str
    about: int | str


@dataclass(frozen=True, slots=True)
class Stop:
    """A moment to stop the clock at. `due` when Purser has something to do by itself."""

    at: datetime
    acts: tuple[Act, ...] = ()
    due: bool = False
    reads: bool = False
    """What was spent is read, limits are looked at, and digests told: as a month ends and begins, as a raise ends, and
    on Mondays."""


@dataclass(frozen=True, slots=True)
class Life:
    """From when until when a key works, if all goes to plan; `until` none: beyond the twelve weeks."""

    since: datetime
    until: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether the key works at this moment."""
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that will happen."""

    days: Days
    wishes: tuple[Wish, ...]
    stops: tuple[Stop, ...]
    deals: tuple[Deal, ...] = ()

    def deal(self, name: str) -> Deal | None:
        """What is typed about a budget, by its name."""
        return next((deal for deal in self.deals if deal.name == name), None)

    def wish(self, number: int) -> Wish:
        """A wish by its number."""
        return self.wishes[number - 1]

    def life(self, wish: Wish) -> Life | None:
        """When its key works; none when there never is one."""
        return life(self.days, wish)


def make_plan(start: date) -> Plan:
    """The plan for the twelve weeks that begin on this day."""
    days = Days(start)
    wishes = Draw(days).all()
    dealt = deals(days, wishes)
    acts = _acts(days, wishes, dealt)
    return Plan(days, wishes, _stops(days, acts, sorted(_dues(days, wishes)), set(_reads(days, dealt))), dealt)


def life(days: Days, wish: Wish) -> Life | None:
    """When the key of a wish works; none when there never is one."""
    if wish.revealed is None:
        return None
    since = days.at(wish.revealed)
    until = None if wish.all_days is None else since + timedelta(days=wish.all_days)
    if wish.end is not End.ITSELF and wish.ended is not None:
        until = min(days.at(wish.ended), until or days.at(wish.ended))
    return Life(since, until)


def _acts(days: Days, wishes: tuple[Wish, ...], dealt: tuple[Deal, ...]) -> dict[Slot, list[Act]]:
    acts: dict[Slot, list[Act]] = defaultdict(list)
    for squad in SQUADS:
        acts[Slot(days.workdays[squad.workday], 0)].append(Act(Verb.FOUND, FOUNDER, squad.name))
        for project in squad.projects:
            acts[Slot(days.workdays[project.workday], 1)].append(Act(Verb.PROJECT, squad.owners[0], project.name))
    for wish in wishes:
        for slot, act in _acts_of(wish):
            acts[slot].append(act)
    for deal in dealt:
        acts[deal.asked].append(Act(Verb.RAISE if deal.is_raise else Verb.SET, deal.who, deal.name))
        if deal.agreed is not None:
            acts[deal.agreed].append(Act(Verb.GRANT, deal.by, deal.name))
    return acts


def _acts_of(wish: Wish) -> Iterator[tuple[Slot, Act]]:
    yield wish.asked, Act(Verb.ASK, wish.who, wish.number)
    if wish.decided is not None:
        verb, who = (Verb.CANCEL, wish.who) if wish.fate is Fate.CANCELLED else (Verb.DECIDE, wish.by)
        yield wish.decided, Act(verb, who, wish.number)
        if wish.second is not None:
            yield wish.decided, Act(verb, wish.second, wish.number)
    if wish.revealed is not None:
        yield wish.revealed, Act(Verb.REVEAL, wish.who, wish.number)
    if wish.extension is not None:
        yield wish.extension.asked, Act(Verb.EXTEND, wish.who, wish.number)
        yield wish.extension.agreed, Act(Verb.AGREE, wish.extension.by, wish.number)
    if wish.ended is not None:
        yield wish.ended, Act(Verb.END, wish.ended_by, wish.number)


def _dues(days: Days, wishes: tuple[Wish, ...]) -> Iterator[datetime]:
    """When Purser has to do something by itself: remind, ask others, give up, warn, turn off."""
    for wish in wishes:
        asked, decided = days.at(wish.asked), days.at(wish.decided) if wish.decided else None
        yield from (asked + wait for wait in (REMINDER, ESCALATION, GIVING_UP) if not decided or asked + wait < decided)
        if wish.fate is Fate.LAPSED and decided is not None:
            yield decided + GIVING_UP
        if wish.extension is not None:
            asked, agreed = days.at(wish.extension.asked), days.at(wish.extension.agreed)
            yield from (asked + wait for wait in (REMINDER, ESCALATION) if asked + wait < agreed)
        yield from _ends(days, wish)


def _ends(days: Days, wish: Wish) -> Iterator[datetime]:
    """Warnings before a key ends by itself, and that end; those of an end that was then put off, too."""
    lives = life(days, wish)
    if lives is None or wish.revealed is None or wish.days is None:
        return
    first = days.at(wish.revealed) + timedelta(days=wish.days)
    ends = {first: wish.days}
    if wish.extension is not None:
        ends |= {lives.since + timedelta(days=wish.days + wish.extension.days): wish.days + wish.extension.days}
    for end, lived in ends.items():
        put_off = wish.extension is not None and end == first
        for warning in WARNINGS:
            told = end - warning
            in_time = lives.until is None or told < lives.until
            if lived * timedelta(days=1) > warning and in_time and (not put_off or told < _agreed(days, wish)):
                yield told + REVEAL_TAKES
        if not put_off and lives.until == end:
            yield end + REVEAL_TAKES


def _agreed(days: Days, wish: Wish) -> datetime:
    assert wish.extension is not None
    return days.at(wish.extension.agreed)


def _stops(days: Days, acts: dict[Slot, list[Act]], dues: list[datetime], reads: set[datetime]) -> tuple[Stop, ...]:
    """The acts' moments, those at which spend is read, and one for all that falls due between them."""
    over = days.midnight + timedelta(days=DAYS)
    moments = {days.at(slot): tuple(sorted(these, key=_in_order)) for slot, these in acts.items()}
    looked = sorted(moments)
    due_at: set[datetime] = set()
    for due in dues:
        when = next((at for at in looked if due <= at <= due + SOON), None)
        when = when or next((at for at in due_at if due + AFTER_DUE <= at <= due + SOON), None)
        when = when or due + AFTER_DUE
        if when < over + timedelta(days=1):
            due_at.add(when)
    return tuple(Stop(at, moments.get(at, ()), at in due_at, at in reads) for at in sorted({*moments, *due_at, *reads}))


def _reads(days: Days, dealt: tuple[Deal, ...]) -> Iterator[datetime]:
    for day in range(1, DAYS):
        midnight = days.midnight + timedelta(days=day)
        if midnight.day == 1:
            yield midnight - CLOSING
        if midnight.day == 1 or midnight.weekday() == 0 or any(deal.last_day == day - 1 for deal in dealt):
            yield midnight + TURNED
        if midnight.weekday() == 0:
            yield midnight + DIGEST_HOUR + TURNED


def _in_order(act: Act) -> tuple[int, str, int, str]:
    """What belongs together stands together, the verbs of each in their order."""
    if isinstance(act.about, int):
        return act.about, "", ORDER[act.verb], act.who
    return 0, act.about, ORDER[act.verb], act.who
