"""Usage as a table of text: which columns an export has, what each means, and how a cell is written.

CSV as RFC 4180 has it, in UTF-8, each line ended by a line feed. A cell that a spreadsheet would take for a formula
starts with an apostrophe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.domain.money import MICROS_PER_USD


class Grain(StrEnum):
    """What a line of an export is of."""

    HOUR = "hour"
    """A key, a model and an hour, or a day where the gateway only tells days: as it was told."""
    DAY = "day"
    """A key, a model and a UTC day."""


class Column(NamedTuple):
    """One column."""

    name: str
    meaning: str


COLUMNS = (
    Column("date", "The UTC day."),
    Column(
        "hour",
        "By hour: the hour of that day in UTC, `00` to `23`; always `00` where the gateway only tells days. "
        "By day: empty.",
    ),
    Column("gateway", "Where the key lives."),
    Column("team", "The team's name."),
    Column("project", "The project's name; empty for keys of none."),
    Column("key", "The key's label; `keys of others` for those you may not see one by one, added up."),
    Column("kind", "`temporary`, `member`, `project` or `automation`."),
    Column("holder_id", "Slack user id of who holds the key."),
    Column("holder_name", "That person's name in Slack, as Purser saw it last."),
    Column("lead_id", "Slack user id of who answers for a project or automation key; empty for a person's own."),
    Column("lead_name", "That person's name."),
    Column("model", "The model's name, as the gateway has it."),
    Column("requests", "Requests, failed ones as well."),
    Column("failures", "Requests that failed."),
    Column("retries", "Requests that were sent again; 0 where the gateway does not tell."),
    Column("tasks", "Pieces of work; as many as requests that worked, where the gateway does not tell."),
    Column("input_tokens", "Tokens in, those from a cache as well."),
    Column("cached_tokens", "Of them, those read from a cache."),
    Column("output_tokens", "Tokens out."),
    Column("cost_micros", "The cost in micro-USD, a millionth of a dollar: exact. 0 for requests without a price."),
    Column("cost_usd", "The same in US dollars with six decimals: exact as well."),
    Column("unpriced_requests", "Requests that used tokens and have no price; their cost is in no column."),
)
OTHERS = "keys of others"
"""What stands for keys that the reader may not see one by one."""

_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""What a spreadsheet may take for a formula, also behind spaces or as full-width signs."""
_QUOTED = re.compile(r'[",\r\n]')


class KeyCells(NamedTuple):
    """What a line says of its key, in the order of the columns."""

    gateway: str
    team: str
    project: str
    key: str
    kind: str
    holder_id: str
    holder_name: str
    lead_id: str
    lead_name: str


def heading() -> str:
    """The first line."""
    return ",".join(column.name for column in COLUMNS) + "\n"


def cells(texts: Iterable[str]) -> str:
    """Some cells of a line, with the commas between them."""
    return ",".join(map(cell, texts))


def cell(text: str) -> str:
    """Text as a cell: no formula, and quoted where it has to be."""
    safe = f"'{text}" if _FORMULA.match(text) else text
    if not _QUOTED.search(safe):
        return safe
    doubled = safe.replace('"', '""')
    return f'"{doubled}"'


def line(when: str, key: str, model: str, counts: Sequence[int]) -> str:
    """One line: its day and hour, cells of the key and the model as `cells` made them, and counts as in `Totals`."""
    requests, failures, retries, tasks, tokens_in, cached, tokens_out, micros, unpriced = counts
    return (
        f"{when},{key},{model},{requests},{failures},{retries},{tasks},{tokens_in},{cached},{tokens_out},"
        f"{micros},{usd(micros)},{unpriced}\n"
    )


def usd(micros: int) -> str:
    """Micro-USD in dollars with six decimals, exactly: `12.500000`."""
    whole, rest = divmod(abs(micros), MICROS_PER_USD)
    return f"{'-' if micros < 0 else ''}{whole}.{rest:06d}"
