"""The composition root: the only module that knows everything, and the only one with a clock or dice."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import signal
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler

from bot.domain.people import Authority
from bot.gateways.litellm import LiteLLM
from bot.github import GitHub, Webhook
from bot.jobs.runner import LOOK_EVERY_SECONDS, LOOK_EVERY_SECONDS_WHERE_TIME_JUMPS, Runner
from bot.services.context import Purser
from bot.services.effects import EFFECTS
from bot.services.failpoints import all_failpoints
from bot.services.secret_alerts import take
from bot.services.worker import Worker
from bot.settings import Configuration, Settings
from bot.slack.charting import Charting
from bot.slack.directory import SlackDirectory
from bot.slack.notifier import SlackNotifier
from bot.slack.routes import register
from bot.web import Hook
from storage.engine import Books

LISTENER_THREADS = 64
"""Run the handlers, after the ack: gateways take seconds, and one must not hold up the others."""
DIRECTORY_TIMEOUT_SECONDS = 2
"""Forms look people up before they are acknowledged, within Slack's three seconds."""
SLACK_TIMEOUT_SECONDS = 10
_LABEL_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o, which look alike."""


class SystemClock:
    """The time of day, moved by the seconds that `file` holds, if any: how the playground moves time."""

    def __init__(self, file: Path | None = None, stopping: threading.Event | None = None) -> None:
        """Without a file, the true time. Once `stopping` is set, nobody waits any more."""
        self._file = file
        self._stopping = stopping or threading.Event()

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._moved_seconds())

    def sleep(self, seconds: float) -> None:
        """Wait in real time, or until Purser stops."""
        self._stopping.wait(seconds)

    def _moved_seconds(self) -> float:
        if self._file is None:
            return 0.0
        try:
            return float(self._file.read_text(encoding="ascii") or 0)
        except (OSError, ValueError):
            return 0.0


class RandomIds:
    """Ids from the operating system's randomness."""

    def new(self, noun: str) -> str:
        """The noun and 80 random bits, such as `req_k3v9...`."""
        return f"{noun}_{''.join(secrets.choice(_LABEL_ALPHABET) for _ in range(16))}"

    def suffix(self) -> str:
        """Four characters that are easy to read aloud, one of them a digit, so that a label is no word."""
        while True:
            drawn = "".join(secrets.choice(_LABEL_ALPHABET) for _ in range(4))
            if any(map(str.isdigit, drawn)):
                return drawn


def failpoint_at(name: str | None) -> Callable[[str], None]:
    """Kill this process, without any goodbye, when the named point is reached. Tests only.

    Raises ValueError for a name that no point has.
    """
    if name is not None and name not in all_failpoints(EFFECTS):
        msg = f"there is no failpoint {name!r}"
        raise ValueError(msg)

    def reached(here: str) -> None:
        if here == name:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Slack: the workspace, and our own user."""

    workspace_id: str
    bot_user_id: str


@dataclass(frozen=True, slots=True)
class Running:
    """Everything that was put together, to be started and stopped together."""

    purser: Purser
    bolt: App
    worker: Worker
    runner: Runner
    listeners: ThreadPoolExecutor
    close: Callable[[], None]
    """Lets go of connections to gateways."""
    stopping: threading.Event
    """Ends all waiting."""
    webhooks: dict[str, Hook] = field(default_factory=dict)
    """What is answered under `/webhooks/`, by name."""

    def start(self) -> None:
        """Start performing the outbox and waking the jobs."""
        self.worker.start()
        self.runner.start()

    def stop_idle(self) -> None:
        """Let go of everything when nothing was started."""
        self.listeners.shutdown(wait=False)
        self.close()
        self.purser.books.close()

    def stop(self) -> None:
        """End what is being done, take up nothing new, and close the books."""
        self.stopping.set()
        self.runner.stop()
        self.listeners.shutdown(wait=True)
        self.worker.stop()
        self.close()
        self.purser.books.close()


def slack_client(
    settings: Settings, *, timeout: int = SLACK_TIMEOUT_SECONDS, patient: bool = False, repeats: bool = True
) -> WebClient:
    """A client for Slack's Web API. A patient one waits once when Slack asks to slow down.

    One that `repeats` sends a call again when the connection broke, even if the first may have been carried out.
    """
    handlers: list[Any] = [ConnectionErrorRetryHandler(max_retry_count=1)] if repeats else []
    if patient:
        handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    tls = ssl.create_default_context() if settings.slack_api_url.startswith("https:") else None
    return WebClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url.rstrip("/") + "/",
        timeout=timeout,
        ssl=tls,
        retry_handlers=handlers,
    )


def identity(client: WebClient) -> Identity:
    """Ask Slack who we are. Raises `SlackApiError` for a wrong token."""
    said = client.auth_test()
    return Identity(str(said["team_id"]), str(said["user_id"]))


def gateways(settings: Settings, clock: SystemClock) -> dict[str, LiteLLM]:
    """Every gateway that is configured, by name; new keys are minted at the first."""
    litellm = LiteLLM(
        settings.litellm_base_url,
        settings.litellm_master_key.get_secret_value(),
        settings.litellm_public_url or settings.litellm_base_url,
        now=clock.now,
    )
    return {litellm.name: litellm}


def github(settings: Settings, clock: SystemClock) -> GitHub | None:
    """Where secrets that were found in code are looked up, if Purser was given a token for it."""
    token = settings.github_token
    return None if token is None else GitHub(settings.github_api_url, token.get_secret_value(), now=clock.now)


def webhooks(settings: Settings, purser: Purser) -> dict[str, Hook]:
    """What is answered under `/webhooks/`, by name."""
    secret = settings.github_webhook_secret
    if secret is None:
        return {}
    return {"github": Webhook(secret.get_secret_value().encode(), partial(take, purser)).answer}


def build(configuration: Configuration, books: Books, us: Identity) -> Running:
    """Put everything together. Nothing runs yet, nothing is called."""
    settings = configuration.settings
    stopping = threading.Event()
    clock = SystemClock(settings.purser_clock_file, stopping)
    pepper = settings.purser_pepper.get_secret_value().encode()
    bell = threading.Event()
    minting_at = gateways(settings, clock)
    code_host = github(settings, clock)
    charting = Charting(native=settings.purser_native_charts, sleep=clock.sleep)
    purser = Purser(
        books=books,
        clock=clock,
        ids=RandomIds(),
        policy=configuration.policy,
        authority=Authority(us.workspace_id, frozenset(settings.purser_owners), frozenset(settings.purser_finance)),
        gateways=minting_at,
        notifier=SlackNotifier(slack_client(settings, repeats=False), charting),
        directory=SlackDirectory(slack_client(settings, timeout=DIRECTORY_TIMEOUT_SECONDS), slack_client(settings)),
        pepper=pepper,
        installation=hmac.new(pepper, b"installation", hashlib.sha256).hexdigest()[:16],
        code_host=code_host,
        effects=EFFECTS,
        wake=bell.set,
        failpoint=failpoint_at(settings.purser_failpoint),
    )

    def close() -> None:
        for gateway in minting_at.values():
            gateway.close()
        if code_host is not None:
            code_host.close()

    listeners = ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listener")
    secret = settings.slack_signing_secret
    bolt = App(
        client=slack_client(settings, patient=True),
        signing_secret=secret.get_secret_value() if secret else None,
        listener_executor=listeners,
        # Acks run where the request came in. Otherwise Bolt queues them with the handlers and polls for the outcome,
        # every 10 ms from every request, which ends in seconds of delay just when there is much to do.
        process_before_response=True,
        raise_error_for_unhandled_request=False,
        token_verification_enabled=False,
    )
    register(bolt, purser, charting)
    look = LOOK_EVERY_SECONDS_WHERE_TIME_JUMPS if settings.purser_clock_file else LOOK_EVERY_SECONDS
    worker, runner = Worker(purser, bell), Runner(purser, look)
    return Running(purser, bolt, worker, runner, listeners, close, stopping, webhooks(settings, purser))
