"""The weekly digest: which week is due when, what of it is worth saying, and which keys are old.

A week is Monday to Sunday in UTC, as usage may be dated by UTC days only, so that every team's week is the same week.
It is told on Monday at the team's own time, at the earliest an hour after the week is over in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from bot.domain.money import MICROS_PER_CENT
from bot.domain.spans import FIRST_YEAR, LAST_YEAR, Span
from bot.domain.usage import NOTHING, Totals


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week, by its Monday."""

    monday: date

    @property
    def name(self) -> str:
        """ISO 8601: `2026-W47`."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def span(self) -> Span:
        """Its days."""
        return Span(self.monday, self.monday + timedelta(days=7))

    def moved(self, weeks: int) -> Week:
        """So many weeks later."""
        return Week(self.monday + timedelta(weeks=weeks))

    @classmethod
    def of(cls, day: date) -> Self:
        """The week that a day is in."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def named(cls, name: str) -> Self:
        """The week of a name such as `2026-W47`. Raises ValueError when there is no such week."""
        year, _, number = name.partition("-W")
        is_named = len(year) == 4 and len(number) == 2 and (year + number).isascii() and (year + number).isdigit()
        if not (is_named and FIRST_YEAR <= int(year) <= LAST_YEAR):
            msg = f"{name!r} is no week; weeks look like 2026-W47"
            raise ValueError(msg)
        return cls(date.fromisocalendar(int(year), int(number), 1))


class Why(StrEnum):
    """What moved the spend of a week against the week before."""

    NEW_KEYS = "new_keys"
    """Keys that were first used in this week."""
    VOLUME = "volume"
    """More or fewer requests with keys that were used before."""
    MIX = "mix"
    """Requests went to dearer or cheaper models."""
    PRICE = "price"
    """A request of the same model cost more or less: its price, or its length."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason of a movement. Causes sum to the movement exactly, their points to its whole percents."""

    why: Why
    micros: int
    points: int | None
    """Percentage points of what was spent the week before; None when nothing was."""


@dataclass(frozen=True, slots=True)
class Rank:
    """One line of a ranking."""

    id: str
    name: str
    totals: Totals
    before: Totals = NOTHING


class Age(StrEnum):
    """Why a key is called old."""

    UNUSED = "unused"
    PAST_ROTATION = "past_rotation"
    NO_HOLDER = "no_holder"
    """Who held it, or led it, has left."""


@dataclass(frozen=True, slots=True)
class OldKey:
    """A key in use that nobody seems to need, or that is past its time."""

    key_id: str
    label: str
    holder_id: str
    ages: tuple[Age, ...]
    since: datetime
    """When it was last used, or revealed; for PAST_ROTATION alone, when it should have been rotated."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the month's spend will end, in micro-USD, with a range that four of five months fall into."""

    low_micros: int
    likely_micros: int
    high_micros: int
    runs_out_on: date | None = None
    """The day on which the budget would be used up; None when it would not in this month."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a budget stood at the end of the week, and where it is heading."""

    name: str
    """The team's name, `project reranker`, or the person's mention."""
    budget_micros: int
    month_micros: int
    """What was charged to the month by then."""
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Troubles:
    """What the people who run Purser should know."""

    dead_letters: int = 0
    drift: tuple[str, ...] = ()
    """What the books and the gateways disagree on, a sentence each."""
    stale: tuple[str, ...] = ()
    """Gateways whose figures are old, with since when, a sentence each."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Every figure of one digest, as it was posted: what is kept, and what a later look is compared with."""

    week: Week
    team_id: str
    """Empty for a personal digest and for the owners' roll-up."""
    name: str
    """The team's name then, or the person's mention."""
    totals: Totals
    before: Totals
    """The week before."""
    causes: tuple[Cause, ...] = ()
    days: tuple[Totals, ...] = ()
    """Monday to Sunday."""
    days_before: tuple[Totals, ...] = ()
    members: tuple[Rank, ...] = ()
    """The biggest spender first; all of them."""
    models: tuple[Rank, ...] = ()
    projects: tuple[Rank, ...] = ()
    teams: tuple[Rank, ...] = ()
    """For the owners' roll-up."""
    keys: tuple[Rank, ...] = ()
    """For a personal digest: the keys of the person, by label."""
    courses: tuple[Course, ...] = ()
    """The person's budgets; in the owners' roll-up, the budget of each team that has one."""
    budget_micros: int | None = None
    """The budget of the month in which the week ended, raises included."""
    month_micros: int = 0
    """What was charged to that month by the end of the week, or of the month."""
    forecast: Forecast | None = None
    old_keys: tuple[OldKey, ...] = ()
    holders: int = 0
    """People with a key that could be used."""
    active_holders: int = 0
    """Those of them who used one in the week."""
    weekend_micros: int = 0
    """Spent on Saturday and Sunday, UTC."""
    off_hours_micros: int | None = None
    """Seen in live totals outside 08:00 to 20:00 from Monday to Friday, in the team's time zone; None when unknown."""
    timed_micros: int = 0
    """What live totals saw in the week in all: what `off_hours_micros` is a share of."""
    unpriced: tuple[tuple[str, int], ...] = ()
    undated_micros: int = 0
    time_zone: str = "UTC"
    """The team's, in which `off_hours_micros` was measured."""
    read_at: datetime | None = None
    """The oldest moment at which a gateway concerned told all its usage; None when one never did."""
    troubles: Troubles = field(default_factory=Troubles)
    skipped: tuple[str, ...] = ()
    """Names of weeks before it that were skipped."""

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say: no usage is known of this week or the one before."""
        return self.totals == NOTHING and self.before == NOTHING

    @property
    def is_told(self) -> bool:
        """Whether what is not known did not happen: every gateway has told the week, and no spend is without a day."""
        is_read = self.read_at is not None and self.read_at >= self.week.span.ends_at
        return is_read and not self.troubles.stale and self.undated_micros < MICROS_PER_CENT


class Audience(StrEnum):
    """Whom a digest is for."""

    TEAM = "team"
    MEMBER = "member"
    """One person's own use, for those who asked for it."""
    OWNERS = "owners"
    """The roll-up across teams, for an owner of the workspace."""


class DigestState(StrEnum):
    """What became of a week's digest."""

    POSTED = "posted"
    """Decided and written down; the outbox posts it."""
    SKIPPED = "skipped"
    """It could not come by Wednesday, and will not."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A week's digest as the books keep it: one for each audience, subject and week."""

    id: str
    audience: Audience
    subject_id: str
    """A team's id, or the Slack user id of the person it is for."""
    week: Week
    state: DigestState
    at: datetime
    figures: Figures
    """As they were then. Of one that was skipped only the name, and `skipped`: all weeks that this one stands for."""
    channel_id: str | None = None
    ts: str | None = None
    """Where its message stands."""


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """A digest to be told, with what is true when it is."""

    digest: Digest
    channel_id: str = ""
    """Where the team lives; empty for a digest that is one person's."""
    next_at: datetime | None = None
    """When the next one comes; None when none will."""
    why: str = ""
    """Why a team's digest comes to an owner directly: a sentence or two, with what Slack said of the channel."""
    note: str = ""
    """A remark for the thread: that something which belongs there could not be put there."""
    names: tuple[tuple[str, str], ...] = ()
    """What people in it are called by now, by Slack user id: long lists name them without calling on them."""
