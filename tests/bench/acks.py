"""How fast slash commands are acknowledged while everything behind them is slow, beside a bare Bolt app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.ground import (
    ASKS,
    LISTS,
    PROBES,
    UNKNOWN,
    Skipped,
    admit_crowd,
    bare_bolt,
    commands,
    cpu_seconds,
    drained,
    fire,
    fresh_postgres,
    office,
    switched_off_key,
)
from tests.bench.load import Shot
from tests.bench.report import Section, Table, at, ms
from tests.office import Office

PER_SECOND = 50.0
ROUND_SECONDS = 15.0
ROUNDS = 2
"""Of each side, in turn: half a minute each."""
GATEWAY_SECONDS = 2.0

HOW = f"""\
{PER_SECOND:.0f} signed slash commands a second for {ROUNDS * ROUND_SECONDS:.0f} s to each side, in rounds of
{ROUND_SECONDS:.0f} s in turn, from an open-loop generator: a command is sent when it is due, whether or not earlier
ones were answered, and its latency counts from then. Both sides run in HTTP mode behind the same server (waitress),
each as a process of its own. Bare Bolt acknowledges and does nothing; Purser does the work as well, against a fake
Slack and a fake gateway that takes {GATEWAY_SECONDS:.0f} s for every call. Of twenty commands, by 40 members in turn,
{ASKS} ask for a key, {LISTS} list keys, {UNKNOWN} disable a label that does not exist, and {PROBES} paste a key that
is off already, which is tried at the gateway again. The generator, the fake Slack, the fake gateway, the database and
both bots share the machine's cores (the generator at a higher priority, if it may): on real ground the first four are
elsewhere. *From sent* leaves out how late the generator was itself. PostgreSQL runs without fsync."""


@dataclass
class Side:
    """What one side did in all its rounds."""

    name: str
    shots: list[Shot] = field(default_factory=list)
    cpu: float = 0.0

    def row(self) -> tuple[str, ...]:
        """Its line of the table."""
        answered = self.answered
        failed = len(self.shots) - len(answered)
        sent = at(self.from_sent, 99)
        share = self.cpu / (ROUNDS * ROUND_SECONDS)
        quantiles = (ms(at(answered, percent)) for percent in (50, 95, 99, 100))
        return (self.name, str(len(self.shots)), str(failed), *quantiles, ms(sent), f"{share:.0%}")

    @property
    def answered(self) -> list[float]:
        """Seconds until each command that was answered well."""
        return [shot.seconds for shot in self.shots if shot.seconds is not None] or [float("inf")]

    @property
    def from_sent(self) -> list[float]:
        """The same without the generator's own lateness."""
        return [shot.seconds - shot.late_seconds for shot in self.shots if shot.seconds is not None] or [float("inf")]


COLUMNS = ("side", "commands", "failed", "p50", "p95", "p99", "max", "p99 from sent", "of a core")


def measure() -> Section:
    """On SQLite, and on PostgreSQL where there is one."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    _on("SQLite", "", rows, notes)
    try:
        with fresh_postgres() as url:
            _on("PostgreSQL", url, rows, notes)
    except Skipped as why:
        notes.append(f"PostgreSQL was left out: {why}.")
    return Section("ack", "Acknowledging a slash command", HOW, [Table(COLUMNS, rows)], notes)


def _on(database: str, url: str, rows: list[tuple[str, ...]], notes: list[str]) -> None:
    bare, purser = Side(f"bare Bolt (beside {database})"), Side(f"Purser on {database}")
    with office(url) as made, bare_bolt(made) as (bare_url, bare_pid):
        bot = made.spawn()
        admit_crowd(made)
        secret = switched_off_key(made)
        made.gateway.faults.add("latency", times=None, seconds=GATEWAY_SECONDS)
        for target, _ in ((bare_url, 0), (bot.url, 0)):  # whatever is loaded or opened at first use
            fire(made, target, commands(made, 40, secret, "warming up"), 20)
        drained(made)
        drains: list[float | None] = []
        for number in range(ROUNDS):
            _round(made, bare, bare_url, bare_pid, commands(made, _COUNT, secret, f"bare round {number}"))
            _round(made, purser, bot.url, bot.process.pid, commands(made, _COUNT, secret, f"round {number}"))
            drains.append(drained(made))
    rows += [bare.row(), purser.row()]
    notes.append(_verdict(database, bare, purser, drains))


_COUNT = int(PER_SECOND * ROUND_SECONDS)


def _round(made: Office, side: Side, url: str, pid: int, bodies: Sequence[str]) -> None:
    before = cpu_seconds(pid)
    side.shots += fire(made, url, bodies, PER_SECOND)
    side.cpu += cpu_seconds(pid) - before


def _verdict(database: str, bare: Side, purser: Side, drains: Sequence[float | None]) -> str:
    slow = sum(seconds > 1 for seconds in purser.answered)
    ratios = ", ".join(
        f"{name} {at(ours, percent) / at(theirs, percent):.1f} x"
        for name, percent, ours, theirs in (
            ("p50", 50, purser.answered, bare.answered),
            ("p99", 99, purser.answered, bare.answered),
            ("p99 from sent", 99, purser.from_sent, bare.from_sent),
        )
    )
    done = "more than half a minute" if None in drains else f"{max(d or 0.0 for d in drains):.1f} s"
    return (
        f"{database}: {slow} acknowledgements over 1 s; against bare Bolt {ratios}. After the last command of a round "
        f"it took {done} until everything was posted."
    )
