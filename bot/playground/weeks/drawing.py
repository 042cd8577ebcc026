"""Draws the wishes of twelve weeks from a seed: the same for the same start day. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.playground.weeks.days import Days, Slot
from bot.playground.weeks.money import BURST_REASON, Quiet, quiet
from bot.playground.weeks.who import FOUNDER, SEARCH, SQUADS, Squad, squad_of
from bot.playground.weeks.wishes import (
    CAPS,
    DAILY_WORK,
    DENIALS,
    KEYS,
    LENGTHS,
    WEIGHTS,
    Course,
    End,
    Fate,
    Habit,
    How,
    Wish,
    course,
    ending,
    extension,
    picked,
    reasons,
)

SEED = 20260
LAUNCH_WORKDAY = 38
"""The first workday of the launch; its key is asked for on the day before."""
LAUNCH_REASON = "launch of the new ranking: traffic of the first two weeks"
BACKFILL_REASON = "one-off backfill of embeddings"
NO_KEY = ((Fate.DENIED, 7), (Fate.CANCELLED, 5), (Fate.UNANSWERED, 4), (Fate.LAPSED, 2))
CHANGED, RETURNED, LEAKED, DISABLED, EXTENDED = 10, 13, 4, 2, 12
ALSO_MEMBERS = ("omar", "lukas")
"""Owners with a key of their own; the others work with their teams' keys."""
HABITS = {
    "henry": Habit.IDLE,
    "sofia": Habit.SPIKE,
    "viktor": Habit.LOOP,
    "tomas": Habit.NIGHTLY,
    "sam": Habit.SERVICE,
    "freya": Habit.UNTOUCHED,
}
"""Member keys with a story; all others are used as people do."""
SERVED = {
    "reranker": (300, 8.0),
    "query-rewrites": (200, 6.0),
    "code-review": (300, 8.0),
    "churn-model": (350, 9.0),
    "forecasts": (220, 7.0),
    "reply-drafts": (250, 8.0),
}
"""What the key of each project may cost a month, and costs a day."""
AUTOMATIONS = (
    ("ci-reviews", "sam", "platform", 16, 150, 8, 3.0, Habit.CI, BURST_REASON),
    ("nightly-index", "tomas", "search", 20, 120, 15, 2.5, Habit.NIGHTLY, "the index is rebuilt every night"),
    ("invoice-sync", "carlos", "data", 18, 90, 8, 2.0, Habit.NIGHTLY, "reads new invoices every night"),
)
"""Name, who leads it, team, workday, caps a month and day, what it costs a day, how it is used, what it is for."""
RUNS_DRY = 0.5
"""A key that may cost more than this part of its cap is not given back, found or extended: it may be used up before."""
LOSES_A_KEY = "noah"
"""Posts a member key in public, and asks for a new one."""


@dataclass(slots=True)
class Draw:
    """Wishes as they are drawn. `all` gives them in the order in which they are asked."""

    days: Days
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    drawn: list[Wish] = field(default_factory=list)
    quiet: Quiet = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is drawn yet."""
        self.quiet = quiet(self.days)

    def all(self) -> tuple[Wish, ...]:
        """Every wish, numbered in order."""
        self._members()
        self._by_hand()
        self._projects()
        self._automations()
        untold = reasons(self.rng)
        for fate in self._fates():
            self._temporary(fate, untold)
        self._end_some()
        ordered = sorted(self.drawn, key=lambda wish: (wish.asked, wish.who, wish.reason))
        return tuple(replace(wish, number=number) for number, wish in enumerate(ordered, 1))

    def _add(self, squad: Squad, who: str, found: Course, **more: object) -> Wish:
        """A wish that is simply granted, but for what `more` says."""
        how = self.rng.choices((How.BUTTON, How.THREAD), (5, 1))[0]
        fields: dict[str, object] = {
            "number": 0,
            "who": who,
            "squad": squad.name,
            "fate": Fate.GRANTED,
            "how": how,
            "by": found.by,
            "asked": found.asked,
            "decided": found.decided,
            "revealed": found.revealed,
        }
        fields |= more
        fields.setdefault("asked_cap", fields["cap"])
        fields.setdefault("asked_days", fields["days"])
        wish = Wish(**fields)  # type: ignore[arg-type]
        self.drawn.append(wish)
        return wish

    def _members(self) -> None:
        for squad in SQUADS:
            for who in (*squad.members, *(owner for owner in squad.owners if owner in ALSO_MEMBERS)):
                first = squad.workday + 1
                late = 4 if who in HABITS or who == LOSES_A_KEY else 26
                found = self._course(who, squad, range(first, first + late))
                cap = self.rng.choice((40, 50, 60, 80, 100))
                habit = HABITS.get(who, Habit.PERSON)
                cap = {Habit.SPIKE: 150, Habit.SERVICE: 120, Habit.NIGHTLY: 100}.get(habit, cap)
                daily = round(cap * self.rng.uniform(0.2, 0.8) / 22, 2)
                reason = self.rng.choice(DAILY_WORK)
                lost = who == LOSES_A_KEY
                wish = self._add(
                    squad, who, found, cap=cap, days=None, reason=reason, habit=habit, daily_usd=daily,
                    end=End.LEAKED if lost else End.ITSELF, ended_by="fay" if lost else "",
                    ended=Slot(self.days.workdays[33], 2) if lost else None,
                )  # fmt: skip
                if lost:
                    again = self._course(who, squad, range(34, 36))
                    new = "a new one: the old key was in a public repository"
                    self._add(squad, who, again, cap=wish.cap, days=None, reason=new, daily_usd=wish.daily_usd)

    def _by_hand(self) -> None:
        found = self._course("zofia", SEARCH, range(LAUNCH_WORKDAY - 2, LAUNCH_WORKDAY))
        self._add(
            SEARCH, "zofia", replace(found, by="omar"), cap=1200, days=14, reason=LAUNCH_REASON, second=FOUNDER,
            how=How.BUTTON, habit=Habit.LAUNCH, daily_usd=60.0,
        )  # fmt: skip
        data = squad_of("data")
        found = self._course("jonas", data, range(24, 28))
        self._add(data, "jonas", found, cap=15, days=5, reason=BACKFILL_REASON, how=How.BUTTON, daily_usd=14.0)

    def _projects(self) -> None:
        for squad in SQUADS:
            for project in squad.projects:
                cap, daily = SERVED[project.name]
                found = self._course(project.lead, squad, range(project.workday + 1, project.workday + 5))
                self._add(
                    squad, project.lead, found, cap=cap, days=None, reason=f"{project.name} in production",
                    project=project.name, how=How.BUTTON, habit=Habit.SERVICE, daily_usd=daily,
                )  # fmt: skip

    def _automations(self) -> None:
        for name, who, team, workday, cap, daily_cap, daily, habit, reason in AUTOMATIONS:
            squad = squad_of(team)
            found = self._course(who, squad, range(workday, workday + 4))
            self._add(
                squad, who, found, cap=cap, days=None, reason=reason, automation=name, daily_cap=daily_cap,
                how=How.BUTTON, habit=habit, daily_usd=daily,
            )  # fmt: skip

    def _fates(self) -> list[Fate]:
        keys = KEYS - len(self.drawn)
        fates = [fate for fate, count in NO_KEY for _ in range(count)]
        fates += [Fate.CHANGED] * CHANGED + [Fate.GRANTED] * (keys - CHANGED)
        self.rng.shuffle(fates)
        return fates

    def _temporary(self, fate: Fate, untold: dict[str, list[str]]) -> None:
        squad = squad_of(self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])
        who = self.rng.choice(squad.people)
        cap, lives = picked(self.rng, CAPS), picked(self.rng, LENGTHS)
        found = self._course(who, squad, range(squad.workday + 1, len(self.days.workdays) - 1), grows=True)
        daily = round(cap * self.rng.uniform(0.1, 0.7) / _used_days(lives), 2)
        wish = self._add(
            squad, who, found, cap=cap, days=lives, reason=untold[squad.name].pop(), fate=fate, daily_usd=daily
        )
        self.drawn[-1] = self._fated(wish)

    def _fated(self, wish: Wish) -> Wish:
        rng = self.rng
        match wish.fate:
            case Fate.CHANGED:
                how = rng.choice((How.THREAD, How.FORM))
                asked_days = min(30, (wish.days or 1) * 2)
                return replace(wish, how=how, asked_cap=wish.cap * 2, asked_days=asked_days)
            case Fate.DENIED:
                how = rng.choice((How.THREAD, How.FORM))
                return replace(wish, how=how, note=rng.choice(DENIALS), revealed=None)
            case Fate.CANCELLED:
                return replace(wish, decided=self.days.following(wish.who, wish.asked), revealed=None)
            case Fate.UNANSWERED:
                return replace(wish, decided=None, revealed=None)
            case Fate.LAPSED:
                return replace(wish, revealed=None)
            case _:
                return wish

    def _end_some(self) -> None:
        """Give some temporary keys an early end or more time."""
        wanted = [End.RETURNED] * RETURNED + [End.LEAKED] * LEAKED + [End.DISABLED] * DISABLED + [None] * EXTENDED
        last = self.days.workdays[-1]
        for index in self.rng.sample(range(len(self.drawn)), len(self.drawn)):
            wish = self.drawn[index]
            if not wanted or wish.revealed is None or (wish.days or 0) < 3 or wish.reason == LAUNCH_REASON:
                continue
            if wish.daily_usd * _used_days(wish.days or 0) > RUNS_DRY * wish.cap:
                continue
            end = wanted[-1]
            if end is None:
                longer = extension(self.rng, self.days, wish)
                if longer is None or self.quiet.holds(wish.squad, longer.asked, longer.agreed):
                    continue
                self.drawn[index] = replace(wish, extension=longer)
            else:
                who = wish.who if end is End.RETURNED else self._finder(wish)
                ended = ending(self.rng, self.days, who, wish.revealed, wish.days or 0)
                if ended is None or ended.day > last or self.quiet.holds(wish.squad, ended):
                    continue
                self.drawn[index] = replace(wish, end=end, ended=ended, ended_by=who)
            wanted.pop()
        assert not wanted, wanted

    def _finder(self, wish: Wish) -> str:
        """Anybody in the team's channel may turn a key off."""
        here = [name for name in squad_of(wish.squad).people if name != wish.who]
        return self.rng.choice(here)

    def _course(self, who: str, squad: Squad, workdays: range, *, grows: bool = False) -> Course:
        """A course that begins on one of these workdays; more often on later ones when asking `grows`."""
        for workday in self._tries(workdays, grows=grows):
            found = course(self.rng, self.days, who, squad, workday)
            if found is not None and not self.quiet.holds(squad.name, found.asked, found.decided, found.revealed):
                return found
        raise AssertionError(f"{who} finds no time in {workdays}")

    def _tries(self, workdays: range, *, grows: bool) -> Iterator[int]:
        there = len(self.days.workdays) - 1
        choices = [day for day in workdays if day <= there]
        weights = [1.0 + (day / there if grows else 0.0) for day in choices]
        for _ in range(50):
            yield self.rng.choices(choices, weights)[0]


def _used_days(days: int) -> float:
    """On about so many of a key's days it is used."""
    return max(1.0, days * 0.6)
