"""The whole playground as one thing to start and stop: fake Slack, fake gateway, their clock, and the real bot between.

Keeps what the fakes remember in the data folder, so that the next start goes on from there.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from bot.playground.auditor import Auditor
from bot.playground.books import POLICY, Glance
from bot.playground.clock import PlayClock
from bot.playground.controls import create_blueprint
from bot.playground.folder import Folder, Trouble
from bot.playground.gateway import FakeGateway
from bot.playground.gateway.models import MORE_MODELS
from bot.playground.mover import Mover
from bot.playground.page import Around, Switches, create_page, create_switches, create_watch
from bot.playground.process import ROOT, BotProcess, Say
from bot.playground.runaway import Runaway, create_runaway
from bot.playground.slack import FakeSlack, Options

HOST = "127.0.0.1"
OWNERS = "U0OLGA"
FINANCE = "U0FAY"
SAVE_EVERY_SECONDS = 1.0
LOOK_EVERY_SECONDS = 0.1


def read_manifest(path: Path | None = None) -> dict[str, Any]:
    """The app's manifest, by default the project's. Raises `Trouble` when there is none."""
    path = path or ROOT / "manifest.yml"
    try:
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as wrong:
        raise Trouble(f"The app's manifest {path} cannot be read: {wrong}. Name one with --manifest FILE.") from wrong
    if not isinstance(manifest, dict):
        raise Trouble(f"{path} is not a manifest. Name one with --manifest FILE.")
    return manifest


def free_port(wanted: int) -> int:
    """The port, or 0 (any free one) when something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except (OSError, OverflowError):
            return 0
    return wanted


class Town:
    """`start` it, and `stop` it whatever happened."""

    def __init__(self, folder: Folder, manifest: Mapping[str, Any], port: int) -> None:
        """The folder is open. Slack takes `port`, the gateway the next, or whatever is free. Raises `Trouble`."""
        self.folder = folder
        saved = folder.saved()
        self.resumed = saved is not None
        self.clock = PlayClock(folder.clock_file)
        options = Options(clock=self.clock.now, host=HOST, port=free_port(port))
        self.slack = FakeSlack(manifest, options=options)
        self.gateway = FakeGateway(self.clock.now, models=MORE_MODELS, port=free_port(port + 1))
        if saved is not None:
            self.slack.load(saved["slack"])
            self.gateway.load(saved["gateway"])
        self.slack.world.never_shown.add(self.gateway.master_key)
        # Numbers go on from the time of day: an open page may have seen more of an earlier start than was saved.
        self.slack.state.leap(int(time.time() * 1000))
        self.bot = BotProcess(folder.path, folder.bot_log, lambda: self.slack.connected() > 0)
        self.glance = Glance(folder.books)
        self.mover = Mover(
            self.clock,
            zone=self._zone,
            key_ends=self._key_ends,
            traffic=self._traffic,
            done=self.glance.is_done,
            tell=self.slack.state.touch,
        )
        self.slack.move_clock = self.mover.move
        self.auditor = Auditor(folder.database_url)
        self.switches = Switches(self.slack.world.faults, self.gateway.faults, self.gateway.state.habits)
        self.runaway = Runaway(self.gateway)
        self.progress: dict[str, Any] | None = None
        """What the page says goes on by itself: a `text`, and which `share` of it is done."""
        self._stopping = threading.Event()
        self._saver: threading.Thread | None = None
        self._saved_at: object = None
        self._lookout: threading.Thread | None = None

    def start(self, say: Say) -> None:
        """Everything up, the bot connected. Raises `Trouble`."""
        self.gateway.start()
        self._open_page()
        self.slack.start()
        self.bot.configure(self._settings())
        self.bot.start(say)
        self._saver = threading.Thread(target=self._keep_saved, args=(say,), name="saver", daemon=True)
        self._saver.start()

    def _open_page(self) -> None:
        around = Around(self.mover.wire, self.bot.wire, self.switches.wire, lambda: self.progress, self.runaway.wire)
        for routes in (
            create_blueprint(self.slack, self.gateway, self.mover, self.bot, self.auditor),
            create_page(),
            create_watch(self.slack.world, around),
            create_switches(self.switches, self.slack.state),
            create_runaway(self.runaway),
        ):
            self.slack.app.register_blueprint(routes)
        self._lookout = threading.Thread(target=self._look_out, name="lookout", daemon=True)
        self._lookout.start()

    def stop(self) -> None:
        """Everything down, nothing left running, everything saved."""
        self._stopping.set()
        self.runaway.stop()
        self.mover.stop()
        self.bot.stop()
        self.auditor.close()
        self.glance.close()
        if self._lookout is not None:
            self._lookout.join()
        if self._saver is not None:
            self._saver.join()
            self.save()
        self.gateway.stop()
        self.slack.stop()

    def save(self) -> None:
        """Keep what the fakes remember. Open modals are not kept, as a page reloaded has none: one may show a key."""
        self._saved_at = self._version()
        slack = self.slack.dump() | {"modals": {}}
        self.folder.save({"slack": slack, "gateway": self.gateway.dump()})

    def _settings(self) -> dict[str, str]:
        """The environment that the bot is told, and all that makes this a playground."""
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": self.folder.database_url,
            "PURSER_OWNERS": OWNERS,
            "PURSER_FINANCE": FINANCE,
            "PURSER_CONFIG": str(self.folder.policy(POLICY)),
            "PURSER_PEPPER": self.folder.pepper(),
            "LITELLM_BASE_URL": self.gateway.base_url,
            "LITELLM_MASTER_KEY": self.gateway.master_key,
            "PURSER_CLOCK_FILE": str(self.folder.clock_file),
            "PURSER_HEALTH": "off",
        }

    def _zone(self) -> tzinfo:
        """The workspace's time zone: that of its first owner."""
        owner = next((user for user in self.slack.state.users.values() if user.is_owner), None)
        try:
            return ZoneInfo(owner.tz) if owner is not None else UTC
        except ZoneInfoNotFoundError:
            return UTC

    def _key_ends(self) -> list[datetime]:
        now = self.clock.now()
        return [key.expires for key in self.gateway.keys if key.expires is not None and key.works(now)]

    def _traffic(self) -> object:
        """Differs when the bot has done something that can be seen from outside."""
        return self.slack.world.journal.seq, self.gateway.calls, self.folder.books_written()

    def _version(self) -> object:
        """Differs when there is something new to save."""
        return self.slack.state.seq, self.gateway.calls

    def _look_out(self) -> None:
        """Wake the page for what is no change of Slack's: the bot, switches that used themselves up, calls."""
        seen: object = None
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            journal, calls = self.slack.world.journal.seq, self.gateway.calls
            around = self.bot.wire(), self.switches.wire(), self.runaway.wire(), journal, calls
            if around != seen:
                seen = around
                self.slack.state.touch()

    def _keep_saved(self, say: Say) -> None:
        complained = False
        while not self._stopping.wait(SAVE_EVERY_SECONDS):
            if self._version() == self._saved_at or self.progress is not None:
                continue
            try:
                self.save()
            except OSError as wrong:
                if not complained:
                    say(f"What happens here cannot be saved in {self.folder.path}: {wrong.strerror}")
                complained = True
