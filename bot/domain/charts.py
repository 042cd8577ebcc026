"""What a chart shows, whoever draws it: matplotlib as a picture, or Slack as a block of its own.

Pure description. Values are micro-USD or counts; `bot.charts` and `bot.slack.views.charts` draw it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """How it is drawn."""

    COLUMNS = "columns"
    """One upright column a category, series stacked: days, mostly."""
    AGAINST = "against"
    """One upright column a category, the second series standing quietly behind the first: this week against last."""
    BARS = "bars"
    """One lying bar a category: rankings."""
    LINE = "line"
    """One line a series, over categories in order."""


class Unit(StrEnum):
    """What the values are."""

    MONEY = "money"
    """Micro-USD."""
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values; one a category. None: not known, or not yet."""

    name: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with the words that stand for it where it cannot be seen."""

    title: str
    """At most 50 characters."""
    look: Look
    unit: Unit
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    """The first is what it is about; further ones are other parts, stacked on it (columns, bars), drawn beside it
    (lines) or what it is compared with (against: exactly two). At most six."""
    alt: str
    """What it shows, in a sentence or two with the figures that matter; at most 2,000 characters."""
    limit: int | None = None
    """A line drawn across: a budget, in the unit of the values."""
    limit_name: str = ""
    band: tuple[tuple[int, int] | None, ...] = ()
    """A range around the first series, one pair a category: a forecast. Empty for none."""
    band_name: str = "Forecast"
