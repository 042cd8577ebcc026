"""How a benchmark's outcome is printed and written down: tables, the machine, and its section of the document."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from math import ceil
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

What Purser costs, measured beside something that does only what must be done: a bare Bolt app, or the gateway itself.
Both sides run in turn in the same minutes on the same machine, so compare within a table, not across machines. `make
bench` measures everything; each section names its own command and rewrites itself with `--write`. Nothing here is a
test: figures move with the machine, and no build fails because of them.

The figures on a real LiteLLM need `LITELLM_TEST_BASE_URL` and `LITELLM_TEST_MASTER_KEY`, and are left out without.
"""


@dataclass(frozen=True)
class Table:
    """Rows of ready text under their columns."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __str__(self) -> str:
        """Markdown that reads well in a terminal too."""
        lines = [self.columns, tuple("-" * len(name) for name in self.columns), *self.rows]
        widths = [max(len(line[index]) for line in lines) for index in range(len(self.columns))]
        ruled = [("-" * width if line is lines[1] else cell.ljust(width)) for line in lines
                 for cell, width in zip(line, widths, strict=True)]  # fmt: skip
        count = len(widths)
        rows = [ruled[start : start + count] for start in range(0, len(ruled), count)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@dataclass(frozen=True)
class Section:
    """What one benchmark found. `how` says what was done, so that a reader could doubt it."""

    name: str
    title: str
    how: str
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    def __str__(self) -> str:
        """The section as it stands in the document, without its heading."""
        when = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}. Command: `make bench ARGS={self.name}`."
        notes = "\n".join(f"- {note}" for note in self.notes)
        return "\n\n".join(part for part in (when, self.how, *map(str, self.tables), notes) if part)


def machine() -> str:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("slack-bolt", "waitress", "sqlmodel", "psycopg"))
    return (
        f"{cores} cores ({platform.machine()}), load {load:.1f} at the end, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}"
    )


def at(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]


def ms(seconds: float) -> str:
    """Milliseconds, with a decimal where it matters."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def mib(size_bytes: int) -> str:
    """Mebibytes."""
    return f"{size_bytes / 2**20:.0f} MiB"


def write(section: Section) -> None:
    """Put the section between its markers in the document, or at its end when it has none yet."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else HEAD
    begin, end = f"<!-- bench:{section.name} -->", f"<!-- /bench:{section.name} -->"
    fresh = f"{begin}\n{section}\n{end}"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if marked.search(text):
        text = marked.sub(lambda _: fresh, text)
    else:
        text = f"{text.rstrip()}\n\n## {section.title}\n\n{fresh}\n"
    DOCUMENT.write_text(text, encoding="utf-8")
