"""The command line: starts, checks and reads Purser. Says what to do about every failure; exits 2 on bad settings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import __version__
from bot.settings import Configuration, SettingsError, load

if TYPE_CHECKING:
    from storage.engine import Books

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
ledger_app = typer.Typer(no_args_is_help=True, help="Check and export the ledger.")
app.add_typer(ledger_app, name="ledger")
usage_app = typer.Typer(no_args_is_help=True, help="Export what keys have used.")
app.add_typer(usage_app, name="usage")


@usage_app.callback()
def _usage() -> None:
    """Keeps `export` a command of its own: a group of one would otherwise be that one."""


_CHECK = "`purser doctor` checks everything."
Http = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Serve over HTTP here instead of Socket Mode.")]


def main() -> None:
    """Run the command line."""
    app()


@app.callback()
def _about() -> None:
    """Purser hands out AI keys in Slack and keeps the books."""
    from bot import logs

    logs.configure("WARNING")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@app.command()
def serve(http: Http = None) -> None:
    """Run the bot: in Socket Mode, or over HTTP."""
    from bot import logs
    from bot.serving import address
    from bot.serving import serve as run

    configuration = _configuration(http=http is not None)
    logs.configure(configuration.settings.purser_log_level)
    if http is not None:
        try:
            address(http)
        except ValueError as wrong:
            _stop(f"--http: {wrong}")
    with _explained():
        run(configuration, http)


@app.command()
def doctor(http: Http = None) -> None:
    """Check settings, Slack, the books and the gateway, and say what to do about each failure."""
    from bot.doctor import examine

    configuration = _configuration(http=http is not None)
    findings = examine(configuration)
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}: {finding.found}")
        if not finding.ok and finding.remedy:
            print(f"      {finding.remedy}")
    if any(not finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the database to the revision this version needs. `serve` does so by itself."""
    from storage.engine import Books

    books = Books(_configuration(http=False, any_mode=True).settings.database_url)
    with _explained():
        before = books.revision()
        books.migrate()
    were = "" if before == books.head() else " (they were empty)" if before is None else f" (they were at {before})"
    print(f"The books are at {books.head()}{were}.")


@app.command("run-job")
def run_job(
    name: Annotated[str, typer.Argument(help="The job's name, as `purser run-job list` shows it.")],
    team: Annotated[str | None, typer.Option(help="Only for digest, with --dry-run: whose.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show a team's digest; post nothing.")] = False,
    week: Annotated[str | None, typer.Option(metavar="2026-W46", help="Which week's; the last one by itself.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write the digest's chart to this file as well.")] = None,
) -> None:
    """Run one job now, whatever its schedule says; or show a team's digest (digest --team NAME --dry-run)."""
    from bot.app import build, identity, slack_client
    from bot.jobs.schedule import JOBS
    from storage.engine import Books

    if dry_run or team or week or png:
        if not dry_run or team is None or name != "digest":
            _stop("A digest is shown with: purser run-job digest --team NAME --dry-run [--week 2026-W46] [--png FILE]")
        _show_digest(team, week, png)
        return
    job = next((job for job in JOBS if job.name == name), None)
    if job is None:
        listed = "\n".join(f"  {job.name}: every {job.every_seconds} s" for job in JOBS)
        if name == "list":
            print(listed)
            return
        _stop(f"There is no job {name!r}. There are:\n{listed}")
    configuration = _configuration(http=False, any_mode=True)
    books = Books(configuration.settings.database_url)
    with _explained():
        books.migrate()
        running = build(configuration, books, identity(slack_client(configuration.settings)))
        job.run(running.purser)
        running.stop_idle()
    print(f"{name} has run. What it decided is performed by the running bot.")


def _show_digest(team: str, week: str | None, png: Path | None) -> None:
    from rich.console import Console

    from bot import digest_preview
    from bot.app import build, identity, slack_client
    from bot.charts import png as drawn
    from bot.domain.requests import Refused
    from bot.services.digest_past import look_back

    configuration = _configuration(http=False, any_mode=True)
    with _explained(), _books() as books:
        running = build(configuration, books, identity(slack_client(configuration.settings)))
        past = look_back(running.purser, team, week)
        running.stop_idle()
        if isinstance(past, Refused):
            _stop(past.text)
        digest_preview.show(past, Console(highlight=False))
        if png is not None:
            charts = [chart for message in digest_preview.messages(past) for chart in message.charts]
            if not charts:
                _stop("There is nothing to draw in that week, so no picture was written.", code=1)
            png.write_bytes(drawn(charts[0]))
            print(f"The chart is in {png}.")


@app.command()
def scan(
    paths: Annotated[list[str], typer.Argument(metavar="PATH|-", help="Files, directories, or - for standard input.")],
    disable: Annotated[bool, typer.Option("--disable", help="Turn off the keys that are found, with proof.")] = False,
) -> None:
    """Look for leaked keys in files, diffs and logs. Exits 1 when one was found that may be used. See docs/leaks.md."""
    from bot.app import Identity, build
    from bot.scanning import scan as run

    configuration = _configuration(http=False, any_mode=True)
    with _explained(), _books() as books:
        running = build(configuration, books, Identity("", ""))
        code = run(running.purser, paths, print, disable=disable)
        running.stop_idle()
    raise typer.Exit(code)


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what a sweep would do; change nothing.")] = False,
) -> None:
    """Look through everybody in Slack now for people who left, and off-board them. Exits 1 when it stops and asks."""
    from bot.app import build, identity, slack_client
    from bot.sweep_cli import run

    configuration = _configuration(http=False, any_mode=True)
    with _explained(), _books() as books:
        running = build(configuration, books, identity(slack_client(configuration.settings)))
        code = run(running.purser, print, dry_run=dry_run)
        running.stop_idle()
    raise typer.Exit(code)


@app.command()
def health() -> None:
    """Ask the running bot whether it is ready; for the container's health check."""
    import httpx

    at = _configuration(http=False, any_mode=True).settings.purser_health
    if at == "off":
        _stop("PURSER_HEALTH is off, so there is nothing to ask.", code=1)
    try:
        reply = httpx.get(f"http://{at}/readyz", timeout=5, trust_env=False)
    except httpx.HTTPError as failed:
        _stop(f"Purser does not answer at {at}: {type(failed).__name__}", code=1)
    print(reply.text.strip())
    raise typer.Exit(0 if reply.status_code == 200 else 1)


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def playground(context: typer.Context) -> None:
    """Start Purser with a make-believe Slack and gateway on this machine: no accounts needed."""
    from bot.playground.run import main as run

    raise typer.Exit(run(context.args))


@ledger_app.command()
def verify(
    anchor: Annotated[list[str] | None, typer.Option(metavar="SEQ:HASH", help="A head noted down earlier.")] = None,
) -> None:
    """Recompute the hash chain and every derivable figure; names the first row that differs."""
    from bot.services.auditing import verify as check

    with _explained(), _books() as books:
        try:
            report = check(books, anchor or [])
        except ValueError as wrong:
            _stop(str(wrong))
    print("\n".join(report.lines))
    raise typer.Exit(0 if report.ok else 1)


@ledger_app.command()
def export(
    fmt: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="A file; standard output when left out.")] = None,
) -> None:
    """Write every ledger row, oldest first. Streams: any size."""
    from storage import ledger

    if fmt not in {"csv", "jsonl"}:
        _stop(f"--format is csv or jsonl, not {fmt!r}.")
    with _explained(), _books() as books, books.reading() as session:
        _write(ledger.export(session, fmt=ledger.Format(fmt)), output)


@usage_app.command("export")
def export_usage(  # noqa: PLR0913, PLR0917 - one parameter an option
    team: Annotated[str | None, typer.Option(metavar="NAME", help="Only this team.")] = None,
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Only this project.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every team.")] = False,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="First UTC day, such as 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Last UTC day, today when left out.")] = None,
    by: Annotated[str, typer.Option(metavar="hour|day", help="What a line is of, beside key and model.")] = "day",
    output: Annotated[Path | None, typer.Option(help="A file; standard output when left out.")] = None,
) -> None:
    """Write what keys have used as CSV, the last 30 days by default. Streams: any size. See docs/usage-export.md."""
    from bot.app import SystemClock
    from bot.domain.usage_csv import Grain
    from bot.services import exporting

    if by not in list(Grain):
        _stop(f"--by is hour or day, not {by!r}.")
    if everything == bool(team or project):
        _stop("Say whose usage: --team NAME, --project NAME or --all.")
    with _explained(), _books() as books, books.reading() as session:
        try:
            clock = SystemClock(_configuration(http=False, any_mode=True).settings.purser_clock_file)
            span = exporting.days_named(since, until, clock.now().date())
            chosen = exporting.keys_named(session, team, project)
        except ValueError as wrong:
            _stop(str(wrong))
        _write(exporting.lines(session, chosen, span, grain=Grain(by)), output)


def _write(lines: Iterable[str], output: Path | None) -> None:
    if output is None:
        sys.stdout.writelines(lines)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def _configuration(*, http: bool, any_mode: bool = False) -> Configuration:
    try:
        return load(http=http, any_mode=any_mode)
    except SettingsError as wrong:
        count = len(wrong.problems)
        head = "One setting is missing or wrong:" if count == 1 else f"{count} settings are missing or wrong:"
        _stop("\n".join([head, *(f"  - {problem}" for problem in wrong.problems), "See .env.example for all of them."]))


@contextmanager
def _explained() -> Iterator[None]:
    """What Slack, the gateway, the database or the system refuse is a sentence, not a traceback; exit code 1."""
    from slack_sdk.errors import SlackApiError

    from bot.gateways.base import GatewayError
    from storage.engine import BooksUnavailable

    try:
        yield
    except SlackApiError as refused:
        _stop(f"Slack refused the bot token: {refused.response['error']}. {_CHECK}", code=1)
    except GatewayError as refused:
        _stop(f"The gateway did not do it: {refused.message}. {_CHECK}", code=1)
    except BooksUnavailable as wrong:
        _stop(f"The database cannot be used: {wrong}. {_CHECK}", code=1)
    except OSError as wrong:
        _stop(f"Purser cannot go on: {wrong}. {_CHECK}", code=1)


@contextmanager
def _books() -> Iterator[Books]:
    """The books as they stand, at this version's revision; closed afterwards."""
    from storage.engine import Books

    books = Books(_configuration(http=False, any_mode=True).settings.database_url)
    try:
        found = books.revision()
        if found != books.head():
            _stop(f"The books are {'empty' if found is None else f'at {found}'}: run `purser migrate`.", code=1)
        yield books
    finally:
        books.close()


def _stop(text: str, code: int = 2) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(code)
