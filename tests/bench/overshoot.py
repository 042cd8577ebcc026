"""How far past a limit is spent while a gateway lies: measured on simulated days, beside the bound that is promised."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from bot.domain.budgets import BUDGETED
from bot.domain.money import MICROS_PER_USD
from tests.bench.report import Section, Table
from tests.fakes import MortalBooks
from tests.simulation import measuring, working
from tests.simulation.firm import Firm, busy_firm
from tests.simulation.lying import Lie
from tests.simulation.measuring import Episode

SEEDS = range(1, 6)
PAST_CAPS = (Lie.OVER_CAPS, Lie.RAISES_CAPS)
"""Lies under which the gateway does not hold a key's own cap, so that Purser alone does."""

COLUMNS = (
    *("the gateway", "times reached", "burn rate", "bound", "overshoot", "largest", "of its bound"),
    *("exceeded for", "longest"),
)
HOW = f"""\
A firm of two teams, two projects, four people and twelve keys of all kinds, the real jobs at their slots (live spend
every 60 s, usage by day every 600 s) on SQLite, a simulated clock, and a gateway in memory that lies while every key
burns money, by the call, as long as the gateway accepts it. Twice some 20 busy minutes, once across the end of a
month, with {len(SEEDS)} seeds for each lie. Counted are limits that nobody but Purser holds: budgets, and caps as well
where the gateway does not hold them. *Overshoot* is what was truly spent past a limit in its period, whatever
anybody's books said; *exceeded for* the time from the call that reached it to the last one that was accepted, without
times in which all its keys were off.

**The bound**: overshoot ≤ burn rate x (poll interval + how late the gateway tells spend + how long it goes on
accepting a key that it has recorded as off + 1 s for the pass itself and the call under way). *Burn rate* is what the
keys under the limit spend, all together, when it is reached. A gateway that tells less for a while adds that while and
one more round, because Purser lets keys on again when spend was corrected. One whose live totals start again without
saying so, or were told too high and are corrected, adds 600 s until usage by day has been read again. While a gateway
is down nobody can stop anything there: the outage itself, and up to 300 s until the next try, are added, said apart."""


def measure() -> Section:
    """Every lie with every seed."""
    rows, apart = [], []
    with tempfile.TemporaryDirectory(prefix="purser-bench-") as folder:
        firms = _Firms(Path(folder))
        for lie in working.lies_told(Random(0)):
            reached = [episode for seed in SEEDS for episode in _reached(firms.found(seed), lie)]
            within = [episode for episode in reached if not episode.outage_seconds]
            rows.append(_row(lie, within))
            if outage := [episode for episode in reached if episode.outage_seconds]:
                apart.append(_row(f"{lie}: in the outage", outage))
    title = "Overshoot when a gateway lies"
    return Section("overshoot", title, HOW, [Table(COLUMNS, [*rows, *apart])], [_note(rows)])


class _Firms:
    """The same firm again and again, each time over a copy of its books."""

    def __init__(self, folder: Path) -> None:
        self._first, self._copy = folder / "first.db", folder / "copy.db"
        books = MortalBooks(f"sqlite:///{self._first}")
        books.migrate()
        self._firm = busy_firm(books, seed=0)
        books.close()

    def found(self, seed: int) -> Firm:
        for old in self._copy.parent.glob("copy.db*"):
            old.unlink()
        shutil.copyfile(self._first, self._copy)
        return self._firm.twin(MortalBooks(f"sqlite:///{self._copy}"), seed)


def _reached(firm: Firm, lie: str) -> Iterator[Episode]:
    lies = working.lies_told(firm.random)[lie]
    working.work(firm, lies)
    firm.books.close()
    holds_caps = not any(one.lie in PAST_CAPS for one in lies)
    for episode in measuring.episodes(firm):
        if episode.subject[0] in BUDGETED or not holds_caps:
            yield episode


def _row(what: str, episodes: Sequence[Episode]) -> tuple[str, ...]:
    over = [episode.overshoot_micros for episode in episodes]
    lasted = [episode.lasted_seconds for episode in episodes]
    most = max(episode.overshoot_micros / episode.bound_micros for episode in episodes)
    return (
        what,
        str(len(episodes)),
        f"${60 * statistics.median(one.burn_micros for one in episodes) / MICROS_PER_USD:.2f} a minute",
        _usd(statistics.median(episode.bound_micros for episode in episodes)),
        _usd(statistics.median(over)),
        _usd(max(over)),
        f"{100 * most:.0f}%",
        f"{statistics.median(lasted):.0f} s",
        f"{max(lasted):.0f} s",
    )


def _note(rows: Sequence[tuple[str, ...]]) -> str:
    most = max(rows, key=lambda row: int(row[6].rstrip("%")))
    return (
        "*Burn rate*, *bound*, *overshoot* and *exceeded for* are medians over all times a limit was reached. *Of its "
        f"bound*: the largest share of its own bound that any overshoot used up, outages apart {most[6]} at most."
    )


def _usd(micros: float) -> str:
    return f"${micros / MICROS_PER_USD:,.2f}"
