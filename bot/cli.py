"""The command line: starts, checks and reads Purser. Says what to do about every failure; exits 2 on bad settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot import __version__
from bot.settings import Configuration, SettingsError, load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
ledger_app = typer.Typer(no_args_is_help=True, help="Check and export the ledger.")
app.add_typer(ledger_app, name="ledger")

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
    from slack_sdk.errors import SlackApiError

    from bot import logs
    from bot.serving import address
    from bot.serving import serve as run
    from storage.engine import BooksUnavailable

    configuration = _configuration(http=http is not None)
    logs.configure(configuration.settings.purser_log_level)
    if http is not None:
        try:
            address(http)
        except ValueError as wrong:
            _stop(f"--http: {wrong}")
    try:
        run(configuration, http)
    except SlackApiError as refused:
        _stop(f"Slack refused the bot token: {refused.response['error']}. `purser doctor` checks everything.", code=1)
    except BooksUnavailable as wrong:
        _stop(f"The database cannot be used: {wrong}. `purser doctor` checks everything.", code=1)
    except OSError as wrong:
        _stop(f"Purser cannot start: {wrong}. `purser doctor` checks everything.", code=1)


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
    before = books.revision()
    books.migrate()
    print(f"The books are at {books.head()}" + ("" if before == books.head() else f" (they were at {before})") + ".")


@app.command("run-job")
def run_job(name: Annotated[str, typer.Argument(help="The job's name, as `purser run-job list` shows it.")]) -> None:
    """Run one job now, whatever its schedule says."""
    from bot.app import build, identity, slack_client
    from bot.jobs.schedule import JOBS
    from storage.engine import Books

    job = next((job for job in JOBS if job.name == name), None)
    if job is None:
        listed = "\n".join(f"  {job.name}: every {job.every_seconds} s" for job in JOBS)
        if name == "list":
            print(listed)
            return
        _stop(f"There is no job {name!r}. There are:\n{listed}")
    configuration = _configuration(http=False, any_mode=True)
    books = Books(configuration.settings.database_url)
    books.migrate()
    running = build(configuration, books, identity(slack_client(configuration.settings)))
    job.run(running.purser)
    running.stop_idle()
    print(f"{name} has run. What it decided is performed by the running bot.")


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
    from storage.engine import Books

    books = Books(_configuration(http=False, any_mode=True).settings.database_url)
    report = check(books, anchor or [])
    print("\n".join(report.lines))
    raise typer.Exit(0 if report.ok else 1)


@ledger_app.command()
def export(
    fmt: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="A file; standard output when left out.")] = None,
) -> None:
    """Write every ledger row, oldest first. Streams: any size."""
    from storage import ledger
    from storage.engine import Books

    if fmt not in {"csv", "jsonl"}:
        _stop(f"--format is csv or jsonl, not {fmt!r}.")
    books = Books(_configuration(http=False, any_mode=True).settings.database_url)
    with books.reading() as session:
        lines = ledger.export(session, fmt=ledger.Format(fmt))
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


def _stop(text: str, code: int = 2) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(code)
