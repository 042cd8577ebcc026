"""Cold start of `purser serve --http` until it is ready, and the memory it holds, beside a bare Bolt app."""

from __future__ import annotations

import time
from urllib.parse import urljoin

import httpx

from tests.bench.ground import admit_crowd, bare_bolt, commands, drained, fire, office, rss_bytes, switched_off_key
from tests.bench.report import Section, Table, at, mib, ms
from tests.office import Office

ROUNDS = 7
COMMANDS = 1_000
PER_SECOND = 50.0

HOW = f"""\
Median of {ROUNDS} starts in turn, from starting the process to the first 200 of `/readyz`: Purser on a new SQLite file,
which it brings to its newest revision first, Purser again on that file, and the bare Bolt app. Files are in the
system's cache. Memory is the process's resident set: when ready, and after {COMMANDS:,} commands (the mix of the
acknowledgement benchmark, {PER_SECOND:.0f} a second) with everything behind them done."""


def measure() -> Section:
    """Starts in turn, then one process under load."""
    seconds: dict[str, list[float]] = {"new": [], "again": [], "bare": []}
    memory: dict[str, list[int]] = {"new": [], "again": [], "bare": []}
    with office("") as made:
        for number in range(ROUNDS):
            made.database_url = f"sqlite:///{made.tmp_path}/start-{number}.db"
            for name in ("new", "again"):
                taken, held = _start(made)
                seconds[name].append(taken)
                memory[name].append(held)
            started = time.monotonic()
            with bare_bolt(made) as (url, pid):
                _ready(url)
                seconds["bare"].append(time.monotonic() - started)
                memory["bare"].append(rss_bytes(pid))
    purser_after, bare_after = _worked()
    after = {"new": mib(purser_after), "again": "", "bare": mib(bare_after)}
    named = {"new": "Purser, new database", "again": "Purser, second start", "bare": "bare Bolt"}
    rows = [
        (
            named[name],
            ms(at(seconds[name], 50)),
            ms(max(seconds[name])),
            mib(int(at(memory[name], 50))),
            after[name],
        )
        for name in named
    ]
    columns = ("what", "ready after, median", "max", "memory when ready", f"after {COMMANDS:,} commands")
    return Section("start", "Cold start and memory", HOW, [Table(columns, rows)])


def _start(made: Office) -> tuple[float, int]:
    started = time.monotonic()
    bot = made.spawn()
    _ready(bot.url)
    taken = time.monotonic() - started
    held = rss_bytes(bot.process.pid)
    bot.stop()
    return taken, held


def _ready(url: str) -> None:
    until = time.monotonic() + 30
    while httpx.get(urljoin(url, "/readyz"), timeout=5, trust_env=False).status_code != 200:
        assert time.monotonic() < until, "it never became ready"
        time.sleep(0.005)


def _worked() -> tuple[int, int]:
    """What Purser and the bare app hold after their commands, in bytes."""
    with office("") as made, bare_bolt(made) as (bare_url, bare_pid):
        bot = made.spawn()
        admit_crowd(made)
        bodies = commands(made, COMMANDS, switched_off_key(made), "memory")
        fire(made, bare_url, bodies, 2 * PER_SECOND)
        fire(made, bot.url, bodies, PER_SECOND)
        drained(made)
        return rss_bytes(bot.process.pid), rss_bytes(bare_pid)
