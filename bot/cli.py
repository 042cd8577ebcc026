"""The command line: starts, checks and reads Purser. Says what to do about every failure; exits 2 on bad settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot import cli_ground as ground

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
ledger_app = typer.Typer(no_args_is_help=True, help="Check and export the ledger.")
app.add_typer(ledger_app, name="ledger")
usage_app = typer.Typer(no_args_is_help=True, help="Export what keys have used.")
app.add_typer(usage_app, name="usage")


@usage_app.callback()
def _usage() -> None:
    """Keeps `export` a command of its own: a group of one would otherwise be that one."""


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

    configuration = ground.configuration(http=http is not None)
    logs.configure(configuration.settings.purser_log_level)
    if http is not None:
        try:
            address(http)
        except ValueError as wrong:
            ground.stop(f"--http: {wrong}")
    with ground.explained():
        run(configuration, http)


@app.command()
def doctor(http: Http = None) -> None:
    """Check settings, Slack, the books and the gateway, and say what to do about each failure."""
    from bot.doctor import examine

    configuration = ground.configuration(http=http is not None)
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

    books = Books(ground.configuration(http=False, any_mode=True).settings.database_url)
    with ground.explained():
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
            ground.stop(
                "A digest is shown with: purser run-job digest --team NAME --dry-run [--week 2026-W46] [--png FILE]"
            )
        _show_digest(team, week, png)
        return
    job = next((job for job in JOBS if job.name == name), None)
    if job is None:
        listed = "\n".join(f"  {job.name}: every {job.every_seconds} s" for job in JOBS)
        if name == "list":
            print(listed)
            return
        ground.stop(f"There is no job {name!r}. There are:\n{listed}")
    configuration = ground.configuration(http=False, any_mode=True)
    books = Books(configuration.settings.database_url)
    with ground.explained():
        books.migrate()
        running = build(configuration, books, identity(slack_client(configuration.settings)))
        job.run(running.purser)
        running.stop_idle()
    print(f"{name} has run. What it decided is performed by the running bot.")


def _show_digest(team: str, week: str | None, png: Path | None) -> None:
    from rich.console import Console

    from bot import digest_preview
    from bot.charts import png as drawn
    from bot.domain.requests import Refused
    from bot.services.digest_past import look_back

    with ground.purser() as purser:
        past = look_back(purser, team, week)
        if isinstance(past, Refused):
            ground.stop(past.text)
        digest_preview.show(past, Console(highlight=False))
        if png is not None:
            charts = [chart for message in digest_preview.messages(past) for chart in message.charts]
            if not charts:
                ground.stop("There is nothing to draw in that week, so no picture was written.", code=1)
            png.write_bytes(drawn(charts[0]))
            print(f"The chart is in {png}.")


@app.command()
def scan(
    paths: Annotated[list[str], typer.Argument(metavar="PATH|-", help="Files, directories, or - for standard input.")],
    disable: Annotated[bool, typer.Option("--disable", help="Turn off the keys that are found, with proof.")] = False,
) -> None:
    """Look for leaked keys in files, diffs and logs. Exits 1 when one was found that may be used. See docs/leaks.md."""
    from bot.scanning import scan as run

    with ground.purser(asks_slack=False) as purser:
        code = run(purser, paths, print, disable=disable)
    raise typer.Exit(code)


@app.command()
def inventory(
    csv: Annotated[bool, typer.Option("--csv", help="Write every key, one a line, as CSV.")] = False,
    output: Annotated[Path | None, typer.Option(help="A file; standard output when left out.")] = None,
) -> None:
    """Say what keys there are at each gateway, and which deserve a look; or write all of them. Streams: any size."""
    from bot.domain.inventory_words import lines
    from bot.services import inventory, inventory_files

    with ground.purser(asks_slack=False) as purser, purser.books.reading() as session:
        found = inventory_files.everything(purser, session) if csv else lines(inventory.whole(purser))
        ground.write(found, output)


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what a sweep would do; change nothing.")] = False,
) -> None:
    """Look through everybody in Slack now for people who left, and off-board them. Exits 1 when it stops and asks."""
    from bot.sweep_cli import run

    with ground.purser() as purser:
        code = run(purser, print, dry_run=dry_run)
    raise typer.Exit(code)


@app.command()
def offboard(
    source: Annotated[str, typer.Option("--from", metavar="FILE|-", help="The list; - for standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do; change nothing.")] = False,
) -> None:
    """Off-board the people that a list of leavers names, CSV or SCIM-like JSON. See docs/offboarding.md."""
    from rich.console import Console

    from bot import offboarding_feed as feed
    from bot.domain.leaver_lists import Unreadable

    try:
        listed = feed.load(source)
    except Unreadable as wrong:
        ground.stop(str(wrong))
    with ground.purser() as purser:
        code = feed.run(purser, listed, source, Console(highlight=False), dry_run=dry_run)
    raise typer.Exit(code)


@app.command()
def evidence(
    who: Annotated[str | None, typer.Argument(metavar="@ID", help="Slack user id of who left.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="Everybody whose leaving was noticed since.")] = None,
    output: Annotated[Path | None, typer.Option("--to", help="A file; standard output when left out.")] = None,
) -> None:
    """Write what was done when people left as CSV, for auditors: one fact a line. See docs/offboarding.md."""
    from bot.services import evidence as facts

    if (who is None) == (since is None):
        ground.stop(
            "Say whose evidence: `purser evidence @U012AB3CD`, or of everybody: `purser evidence --since 2026-11-01`."
        )
    with ground.purser(asks_slack=False) as purser, purser.books.reading() as session:
        try:
            found = facts.named(session, None if who is None else who.strip("<@>"), since)
        except ValueError as wrong:
            ground.stop(str(wrong))
        ground.write(facts.lines(session, purser, found), output)


@app.command()
def health() -> None:
    """Ask the running bot whether it is ready; for the container's health check."""
    import httpx

    at = ground.configuration(http=False, any_mode=True).settings.purser_health
    if at == "off":
        ground.stop("PURSER_HEALTH is off, so there is nothing to ask.", code=1)
    try:
        reply = httpx.get(f"http://{at}/readyz", timeout=5, trust_env=False)
    except httpx.HTTPError as failed:
        ground.stop(f"Purser does not answer at {at}: {type(failed).__name__}", code=1)
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

    with ground.explained(), ground.books() as books:
        try:
            report = check(books, anchor or [])
        except ValueError as wrong:
            ground.stop(str(wrong))
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
        ground.stop(f"--format is csv or jsonl, not {fmt!r}.")
    with ground.explained(), ground.books() as books, books.reading() as session:
        ground.write(ledger.export(session, fmt=ledger.Format(fmt)), output)


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
        ground.stop(f"--by is hour or day, not {by!r}.")
    if everything == bool(team or project):
        ground.stop("Say whose usage: --team NAME, --project NAME or --all.")
    with ground.explained(), ground.books() as books, books.reading() as session:
        try:
            clock = SystemClock(ground.configuration(http=False, any_mode=True).settings.purser_clock_file)
            span = exporting.days_named(since, until, clock.now().date())
            chosen = exporting.keys_named(session, team, project)
        except ValueError as wrong:
            ground.stop(str(wrong))
        ground.write(exporting.lines(session, chosen, span, grain=Grain(by)), output)
