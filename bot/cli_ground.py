"""What all commands stand on: settings, the books, a Purser with nothing running, and failures as sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from bot.settings import Configuration, SettingsError, load

if TYPE_CHECKING:
    from bot.services.context import Purser
    from storage.engine import Books

_CHECK = "`purser doctor` checks everything."


def write(lines: Iterable[str], output: Path | None) -> None:
    """Write lines to a file, or to standard output for None."""
    if output is None:
        sys.stdout.writelines(lines)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def configuration(*, http: bool, any_mode: bool = False) -> Configuration:
    """The settings, or exit code 2 with what is wrong with them."""
    try:
        return load(http=http, any_mode=any_mode)
    except SettingsError as wrong:
        count = len(wrong.problems)
        head = "One setting is missing or wrong:" if count == 1 else f"{count} settings are missing or wrong:"
        stop("\n".join([head, *(f"  - {problem}" for problem in wrong.problems), "See .env.example for all of them."]))


@contextmanager
def explained() -> Iterator[None]:
    """What Slack, the gateway, the database or the system refuse is a sentence, not a traceback; exit code 1."""
    from slack_sdk.errors import SlackApiError

    from bot.gateways.base import GatewayError
    from storage.engine import BooksUnavailable

    try:
        yield
    except SlackApiError as refused:
        stop(f"Slack refused the bot token: {refused.response['error']}. {_CHECK}", code=1)
    except GatewayError as refused:
        stop(f"The gateway did not do it: {refused.message}. {_CHECK}", code=1)
    except BooksUnavailable as wrong:
        stop(f"The database cannot be used: {wrong}. {_CHECK}", code=1)
    except OSError as wrong:
        stop(f"Purser cannot go on: {wrong}. {_CHECK}", code=1)


@contextmanager
def books() -> Iterator[Books]:
    """The books as they stand, at this version's revision; closed afterwards."""
    from storage.engine import Books

    opened = Books(configuration(http=False, any_mode=True).settings.database_url)
    try:
        found = opened.revision()
        if found != opened.head():
            stop(f"The books are {'empty' if found is None else f'at {found}'}: run `purser migrate`.", code=1)
        yield opened
    finally:
        opened.close()


@contextmanager
def purser(*, asks_slack: bool = True) -> Iterator[Purser]:
    """Purser on the books as they stand, with nothing running; who we are is asked of Slack where that matters."""
    from bot.app import Identity, build, identity, slack_client

    found = configuration(http=False, any_mode=True)
    with explained(), books() as opened:
        us = identity(slack_client(found.settings)) if asks_slack else Identity("", "")
        running = build(found, opened, us)
        try:
            yield running.purser
        finally:
            running.stop_idle()


def stop(text: str, code: int = 2) -> NoReturn:
    """Say why and exit."""
    print(text, file=sys.stderr)
    raise typer.Exit(code)
