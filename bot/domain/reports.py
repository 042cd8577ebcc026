"""What `/ai-usage` is asked, and what it answers: a scope, a span, and the sums of each part.

Who may see what is decided in `bot.services.sights`, by the authority that `people` knows; nothing here knows how it is
shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.budgets import Budget
from bot.domain.facts import Freshness
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals, total


class Extent(StrEnum):
    """Whose usage it is."""

    MEMBER = "member"
    """What one person holds: `me`, or `@user`."""
    TEAM = "team"
    PROJECT = "project"
    KEY = "key"
    ALL = "all"
    """Every team: workspace owners and finance."""


class Grouping(StrEnum):
    """By what it is split."""

    MODEL = "model"
    MEMBER = "member"
    """By who holds the key; project and automation keys by who leads them."""
    PROJECT = "project"
    KEY = "key"
    DAY = "day"
    TEAM = "team"
    """Where the extent is ALL."""


USUAL = {
    Extent.MEMBER: Grouping.KEY,
    Extent.TEAM: Grouping.MEMBER,
    Extent.PROJECT: Grouping.KEY,
    Extent.KEY: Grouping.DAY,
    Extent.ALL: Grouping.TEAM,
}
"""By what usage is split when nobody says."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose usage: an extent, and the one it is of (empty for ALL)."""

    extent: Extent
    subject_id: str = ""
    """Of a member their Slack user id, of a key its id, and so on."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked."""

    scope: Scope
    span: Span
    by: Grouping


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the whole: a model, a person, a day."""

    id: str
    """What it is of: an id, a model's name, or a day such as `2026-11-21`; empty for what belongs to none."""
    name: str
    """How people call it; a member is a mention, a key its label."""
    totals: Totals
    now: Totals
    """Of it, what lies in the days that are compared."""
    before: Totals
    """What it was in the days that they are compared with."""


@dataclass(frozen=True, slots=True)
class Report:
    """The answer. `parts` sum to `whole`, exactly; the biggest spender first, days in order."""

    question: Question
    name: str
    """How people call what the scope is of."""
    team_name: str
    """Empty for ALL, and for a person in several teams."""
    parts: tuple[Part, ...]
    whole: Totals
    now: Totals
    before: Totals
    compared: tuple[Span, Span] | None
    """The days of `now` and `before`; None when no day of the span is over."""
    days: tuple[tuple[date, Totals], ...]
    """Each day of the span up to today, those without usage as well."""
    freshness: tuple[Freshness, ...]
    """How fresh the usage of each gateway concerned is."""
    undated_micros: int = 0
    """What was spent this month, by live totals, that no usage dates yet: in no figure of the report."""
    unpriced: tuple[tuple[str, int], ...] = ()
    """Models without a price, with the number of requests; their cost is in no figure."""
    budget: Budget | None = None
    """The limit on what the scope is of, as it stands now."""
    withheld: int = 0
    """How many keys of others are summed into one part, because the asker may not see them one by one."""
    untold_retries: tuple[str, ...] = ()
    """Gateways concerned that do not tell which requests were tried again."""

    @property
    def is_sound(self) -> bool:
        """Whether parts sum to the whole, to the micro-dollar."""
        return total(part.totals for part in self.parts) == self.whole if self.parts else self.whole == NOTHING


@dataclass(frozen=True, slots=True)
class Asked:
    """When a question was asked, and by whom, so that its pages and its posting show the same span."""

    id: str
    member_id: str
    question: Question
    at: datetime
    page: int = 1
    """Which page of the answer was wanted."""


@dataclass(frozen=True, slots=True)
class PostedUsage:
    """An answer that who asked for it shows to everybody in a channel."""

    report: Report
    asked: Asked
    names: tuple[tuple[str, str], ...] = ()
    """What people in it are called, by Slack user id."""
