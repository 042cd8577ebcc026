"""What people wish for over the twelve weeks: each request with its fate, drawn from a seed. Pure.

A hundred and twenty of them become keys. A few are written by hand, because something happens to them that people
should be able to find: the launch, the spike, the retry loop, the key nobody uses any more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from bot.playground.weeks.days import REVEALING, Days, Slot, awake
from bot.playground.weeks.who import FOUNDER, SQUADS, Squad, squad_of

KEYS = 120


class Fate(StrEnum):
    """What becomes of a request."""

    GRANTED = "granted"
    CHANGED = "changed"
    """Granted, with another cap or time than was asked for."""
    DENIED = "denied"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"
    LAPSED = "lapsed"
    """Granted, and never revealed."""


class How(StrEnum):
    """How an owner says it."""

    BUTTON = "button"
    THREAD = "thread"
    FORM = "form"


class End(StrEnum):
    """How a key ends: by itself, or because of somebody."""

    ITSELF = "itself"
    RETURNED = "returned"
    LEAKED = "leaked"
    """Somebody found it and pasted it."""
    DISABLED = "disabled"
    """Somebody named its label."""


class Habit(StrEnum):
    """How a key is used."""

    PERSON = "person"
    NIGHTLY = "nightly"
    SERVICE = "service"
    LAUNCH = "launch"
    SPIKE = "spike"
    LOOP = "loop"
    IDLE = "idle"
    """Used for its first weeks, and never since."""
    UNTOUCHED = "untouched"
    CI = "ci"
    """Checks all through the working day, and on one day far too many."""


@dataclass(frozen=True, slots=True)
class Extension:
    """More time, asked for and agreed to."""

    asked: Slot
    agreed: Slot
    days: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One request from its beginning to the end of its key. Amounts are US dollars.

    Without `days` its cap is a month's, and it has no end: a member key, unless it is a project's or automation's.
    `cap` and `days` are what was granted in the end, `asked_cap` and `asked_days` what was asked for.
    """

    number: int
    who: str
    squad: str
    asked_cap: int
    asked_days: int | None
    cap: int
    days: int | None
    reason: str
    fate: Fate
    how: How
    by: str
    second: str | None = None
    note: str = ""
    asked: Slot
    decided: Slot | None
    revealed: Slot | None
    extension: Extension | None = None
    end: End = End.ITSELF
    ended: Slot | None = None
    ended_by: str = ""
    habit: Habit = Habit.PERSON
    daily_usd: float = 1.0
    project: str = ""
    """The project of a project key."""
    automation: str = ""
    """What an automation key is called; its cap a day is `daily_cap`."""
    daily_cap: int = 0

    @property
    def is_personal(self) -> bool:
        """A temporary or member key, which is charged to whoever holds it."""
        return not self.project and not self.automation

    @property
    def is_member(self) -> bool:
        """A person's own key, with a monthly cap and no end."""
        return self.days is None and self.is_personal

    @property
    def all_days(self) -> int | None:
        """How long its key lives if nobody ends it; none for those without an end."""
        if self.days is None:
            return None
        return self.days + (self.extension.days if self.extension else 0)


DAILY_WORK = (
    "daily work: code and reviews",
    "daily work: writing and summaries",
    "daily work: notebooks and analysis",
    "my own key for daily work",
    "editor plugin and small scripts",
    "drafting, translating, looking things up",
)
DOING = ("try", "compare", "evaluate", "benchmark", "prototype", "demo", "debug", "load-test")
THINGS = {
    "search": (
        "the new rerankers",
        "query rewriting",
        "hybrid retrieval",
        "synonym mining",
        "snippet generation",
        "typo handling in Polish and Czech",
        "embedding refresh",
        "facet suggestions",
    ),
    "platform": (
        "review comments on pull requests",
        "log triage",
        "incident summaries",
        "the agent sandbox",
        "release notes from commits",
        "test generation",
        "dependency updates",
        "runbook search",
    ),
    "data": (
        "churn features from call notes",
        "labels for the survey answers",
        "invoice extraction",
        "forecast narratives",
        "SQL from questions",
        "entity matching across suppliers",
        "anomaly explanations",
        "topic models for reviews",
    ),
    "support": (
        "reply drafts in five languages",
        "ticket routing",
        "the help centre rewrite",
        "sentiment on chats",
        "macros from old tickets",
        "voice transcripts",
    ),
}
WEIGHTS = {"search": 3.4, "platform": 2.6, "data": 2.6, "support": 1.6}
CAPS = ((10, 3), (15, 3), (20, 4), (25, 5), (30, 2), (40, 2), (50, 2), (75, 1))
LENGTHS = ((1, 1), (3, 3), (5, 3), (7, 7), (14, 4), (21, 1), (30, 1))
DENIALS = (
    "too much for a trial, start with $20",
    "please use the team's reranker key first",
    "not before the security review",
    "we tried this in spring, let us talk first",
    "ask again when the data is cleared",
    "wrong team: this belongs to data",
    "the budget is for the launch this month",
)


def picked(rng: random.Random, weighted: tuple[tuple[int, int], ...]) -> int:
    """One of the values, by weight."""
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


@dataclass(frozen=True, slots=True)
class Course:
    """When a request is asked, decided and its key revealed, and by whom it is decided."""

    asked: Slot
    decided: Slot
    revealed: Slot
    by: str


def course(rng: random.Random, days: Days, who: str, squad: Squad, workday: int) -> Course | None:
    """A plausible course that begins on this workday (counted from 0); none when the weeks end before it does."""
    day = days.workdays[workday]
    asked = Slot(day, rng.choice(awake(who)))
    owners = [owner for owner in squad.owners if owner != who] or [FOUNDER]
    by = min(owners, key=lambda owner: days.following(owner, asked) or Slot(999, 0))
    if rng.random() < 0.12:
        by = FOUNDER if who != FOUNDER else by
    decided = days.following(by, asked if rng.random() < 0.6 else Slot(asked.day, asked.part + 1))
    if decided is None or decided.day - asked.day > 2:
        return None
    revealed = days.following(who, decided if rng.random() < 0.7 else Slot(decided.day, decided.part + 1), REVEALING)
    if revealed is None or revealed.day - decided.day > 2:
        return None
    return Course(asked, decided, revealed, by)


def reasons(rng: random.Random) -> dict[str, list[str]]:
    """For each team, what temporary keys are for: each only once."""
    told = {}
    for squad in SQUADS:
        told[squad.name] = [f"{doing} {thing}" for doing in DOING for thing in THINGS[squad.name]]
        rng.shuffle(told[squad.name])
    return told


def ending(rng: random.Random, days: Days, who: str, revealed: Slot, lives: int) -> Slot | None:
    """A moment well within a key's life in which this person is at work; none when there is none."""
    earliest = Slot(revealed.day + max(1, round(lives * rng.uniform(0.3, 0.8))), 0)
    found = days.following(who, earliest)
    return found if found is not None and found.day < revealed.day + lives else None


def extension(rng: random.Random, days: Days, wish: Wish) -> Extension | None:
    """More time, asked for on one of the key's last days and agreed to before it ends; none when too late."""
    assert wish.revealed is not None
    assert wish.days is not None
    last = wish.revealed.day + wish.days
    for back in (2, 1, 3):
        asked = days.following(wish.who, Slot(last - back, 0))
        if asked is None or asked.day >= last or asked.day <= wish.revealed.day:
            continue
        owners = [name for name in (*squad_of(wish.squad).owners, FOUNDER) if name != wish.who]
        by = owners[0]
        agreed = days.following(by, asked)
        if agreed is not None and agreed.day < last and agreed.day - asked.day <= 1:
            return Extension(asked, agreed, rng.choice((3, 7, 7)), by)
    return None
