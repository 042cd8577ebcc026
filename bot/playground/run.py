"""`purser playground`: reads its options, refuses what would not be safe, founds the team, stays up, stops cleanly."""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bot.playground.browser import may_open, open_page
from bot.playground.cast import Cast, StoryFailed
from bot.playground.folder import Folder, Trouble
from bot.playground.slack.world import APP_TOKEN, BOT_TOKEN
from bot.playground.story import Story, found, founded
from bot.playground.terminal import Terminal
from bot.playground.town import HOST, Town, read_manifest
from bot.playground.weeks import scenario
from bot.playground.weeks.plan import Plan
from bot.playground.welcome import say_a_key, say_welcome

PORT = 4310
INTERRUPTED = 130
LOOKS_UP_SECONDS = 0.5
"""How late Ctrl-C or SIGTERM may be noticed."""
STOPPED_WITHIN_SECONDS = 35.0
"""Longer than the bot may take to stop. A process that is still here then says where it hangs, and ends."""


def options() -> argparse.ArgumentParser:
    """What can be typed after `purser playground`."""
    parser = argparse.ArgumentParser(
        prog="purser playground",
        description="Start the real bot with a make-believe Slack and gateway on this machine: no accounts needed.",
    )
    parser.add_argument("--data", type=Path, default=Path(".playground"), metavar="DIR", help="where it keeps its data")
    parser.add_argument("--reset", action="store_true", help="start clean: forget what is in that folder")
    parser.add_argument("--port", type=int, default=PORT, help="of the page; the gateway's is the next one")
    parser.add_argument("--host", default=HOST, help="loopback only")
    parser.add_argument("--no-open", action="store_true", help="leave it to you to open the page")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="the app's manifest, if not the project's")
    parser.add_argument("--scenario", choices=("weeks",), help="fill a fresh playground: twelve weeks of a company")
    story = parser.add_mutually_exclusive_group()
    story.add_argument("--story", action="store_true", help="tell the main path in the terminal before staying up")
    story.add_argument("--once", action="store_true", help="tell it and stop")
    return parser


def main(args: Sequence[str], environment: Mapping[str, str] | None = None, terminal: Terminal | None = None) -> int:
    """Run it until Ctrl-C or SIGTERM. 0 when all went well, 1 when the story failed, 2 when it refuses to start."""
    asked = options().parse_args(list(args))
    out = terminal or Terminal()
    try:
        refuse_what_is_real(os.environ if environment is None else environment, asked.host)
        manifest = read_manifest(asked.manifest)
        folder = Folder(asked.data)
        folder.open(reset=asked.reset)
    except Trouble as wrong:
        out.note(str(wrong))
        return 2
    _interrupt_on_signals()
    try:
        plan = scenario.begin(folder) if asked.scenario else None
        return _run(Town(folder, manifest, asked.port), asked, plan, out)
    except Trouble as wrong:
        out.note(str(wrong))
        return 2
    finally:
        folder.close()


def refuse_what_is_real(environment: Mapping[str, str], host: str) -> None:
    """Raise `Trouble` for a real token or an address that others can reach."""
    for name, own in (("SLACK_BOT_TOKEN", BOT_TOKEN), ("SLACK_APP_TOKEN", APP_TOKEN)):
        if environment.get(name, own) not in ("", own):
            raise Trouble(
                f"{name} is set to a token that the playground did not make. It must never come near a real workspace, "
                f"so it does not start beside one. Start it with: env -u {name} purser playground"
            )
    if host not in (HOST, "localhost"):
        raise Trouble(
            f"The playground listens on {HOST} only, not on {host}: it has no passwords, and anybody who reaches it "
            "can be anybody in it."
        )


def _interrupt_on_signals() -> None:
    """SIGTERM and a closed terminal end it as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def _run(town: Town, asked: argparse.Namespace, plan: Plan | None, out: Terminal) -> int:
    try:
        return _live(town, asked, plan, out)
    except KeyboardInterrupt:
        out.note("\nStopping.")
        return INTERRUPTED if asked.once else 0
    except StoryFailed as wrong:
        out.note(f"\nIt stopped here. {wrong}\nThe end of {town.folder.bot_log}:\n{town.bot.last_words()}")
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # stopping takes a moment, and must not be stopped half-way
        faulthandler.dump_traceback_later(STOPPED_WITHIN_SECONDS, exit=True)
        town.stop()


def _live(town: Town, asked: argparse.Namespace, plan: Plan | None, out: Terminal) -> int:
    out.title(
        "Purser's playground",
        "The real bot, with a make-believe Slack and gateway, all on this machine: no accounts, no bill.",
    )
    began = time.monotonic()
    town.start(out.note)
    cast = Cast(town.slack, town.gateway.base_url)
    if plan is not None:
        scenario.play(town, plan, out)
    elif asked.once or asked.story:
        out.note("What is framed below is what the bot really sent.")
        out.took((time.monotonic() - began, "to start all three"))
        Story(cast, town.bot, out).play()
    elif not founded(cast):
        found(cast)
    if asked.once:
        return 0
    if asked.story and plan is None:
        say_a_key(town, cast, out)
    say_welcome(town, out)
    if not asked.no_open and may_open(os.environ, sys.platform, in_terminal=sys.stdout.isatty()):
        open_page(town.slack.base_url, sys.platform)
    while True:  # a thread that only waits is not woken by a signal that another thread was given
        time.sleep(LOOKS_UP_SECONDS)
