"""What the benchmarks stand on: an office to measure in, databases, the real gateway, loads, and looks at a process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx

from bot.playground.slack.payloads import slash_command
from storage import outbox
from tests import forking, postgres
from tests.bench.load import Plan, Shot
from tests.office import ROOT, Office

CROWD = tuple(f"member{number:02}" for number in range(1, 41))
"""People who ask: enough of them that nobody asks for hundreds of keys."""
BUDGET = "$1000000"
DRAIN_SECONDS = 30.0
# Of twenty commands. Every tenth waits for the gateway, which is more often than on a real day.
ASKS, LISTS, UNKNOWN, PROBES = 8, 7, 3, 2


class Skipped(Exception):
    """This cannot be measured here; says why."""


@contextlib.contextmanager
def office(database_url: str) -> Iterator[Office]:
    """Fakes around an installation yet to be started, without the file that moves its clock."""
    with tempfile.TemporaryDirectory(prefix="purser-bench-", ignore_cleanup_errors=True) as folder:
        url = database_url or f"sqlite:///{folder}/purser.db"
        with Office(url, Path(folder)) as made:
            made.environment = {"purser_clock_file": ""}
            made.start = forking.start_cold  # what it takes and holds is measured
            yield made


@contextlib.contextmanager
def fresh_postgres() -> Iterator[str]:
    """The URL of an empty PostgreSQL database. Raises `Skipped` where there is no server."""
    with contextlib.ExitStack() as stack:
        running = os.environ.get("PURSER_TEST_POSTGRES")
        try:
            server = (
                postgres.Server(urlsplit(running).port or 5432) if running else stack.enter_context(postgres.running())
            )
        except postgres.NoServer as problem:
            raise Skipped(str(problem)) from problem
        name = f"bench_{uuid.uuid4().hex}"
        yield server.create(name)
        server.drop(name)


def real_litellm() -> tuple[str, str]:
    """Base URL and master key of a real proxy. Raises `Skipped` where there is none."""
    base_url, master_key = os.environ.get("LITELLM_TEST_BASE_URL"), os.environ.get("LITELLM_TEST_MASTER_KEY")
    if not base_url or not master_key:
        raise Skipped("no real LiteLLM: LITELLM_TEST_BASE_URL and LITELLM_TEST_MASTER_KEY are not set")
    try:
        httpx.get(f"{base_url}/health/liveliness", timeout=5, trust_env=False).raise_for_status()
    except httpx.HTTPError as problem:
        raise Skipped(f"LiteLLM at LITELLM_TEST_BASE_URL does not answer: {type(problem).__name__}") from problem
    return base_url, master_key


def forget(base_url: str, master_key: str, secrets: Sequence[str]) -> None:
    """Leave no key behind at a real gateway."""
    with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as client:
        for secret in secrets:
            client.post("/key/delete", json={"keys": [secret]}, headers={"Authorization": f"Bearer {master_key}"})


def admit_crowd(made: Office) -> None:
    """A team with a budget that never ends, and the crowd in it."""
    made.found_team(monthly=BUDGET)
    olga = made.slack.person("olga")
    for name in CROWD:
        made.slack.add_user(name)
        made.slack.invite("search", name)
    before = len(olga.ephemerals("search"))
    invited = olga.command(f"/ai-team invite {' '.join(f'@{name}' for name in CROWD)}", channel="search")
    assert invited.ok, invited
    made.sees(lambda: len(olga.ephemerals("search")) > before or None, timeout=30)


def switched_off_key(made: Office) -> str:
    """The secret of a key that was used and turned off: pasted again, it is probed at the gateway again."""
    secret = made.key()
    turn_off(made, secret)
    return secret


def turn_off(made: Office, secret: str) -> float:
    """Omar pastes a key into `/ai-disable`: seconds until he reads that a call with it was refused."""
    omar = made.slack.person("omar")
    before = len(omar.ephemerals("search"))
    started = time.monotonic()
    assert omar.command(f"/ai-disable {secret} seen in a log", channel="search").ok

    def proven() -> bool:
        return any("refused" in made.text(message) for message in omar.ephemerals("search")[before:])

    made.sees(lambda: proven() or None, timeout=90)
    return time.monotonic() - started


def commands(made: Office, count: int, secret: str, tag: str) -> list[str]:
    """Bodies of realistic slash commands by the crowd, in turn: asks, lists, unknown labels, a pasted key."""
    turns = ["ask"] * ASKS + ["list"] * LISTS + ["unknown"] * UNKNOWN + ["probe"] * PROBES
    turns = [turns[index * 7 % len(turns)] for index in range(len(turns))]  # 7 and 20 share no factor: well mixed
    channel = made.slack.state.channel("search")
    bodies = []
    for number in range(count):
        command, text = {
            "ask": ("/ai-key", f"${5 + number % 20} 7d measure {tag} number {number}"),
            "list": ("/ai-key", "list"),
            "unknown": ("/ai-disable", f"nobody-{2 + number % 8}xyz seen in a log"),
            "probe": ("/ai-disable", f"{secret} seen in a log"),
        }[turns[number % len(turns)]]
        user = made.slack.state.user(CROWD[number % len(CROWD)])
        bodies.append(urlencode(slash_command(made.slack.world, user, channel, command, text)))
    return bodies


def fire(made: Office, url: str, bodies: Sequence[str], per_second: float) -> list[Shot]:
    """Send the commands from a process of its own."""
    plan = made.tmp_path / "plan.json"
    plan.write_text(json.dumps(asdict(Plan(url, made.slack.signing_secret, per_second, list(bodies)))), "utf-8")
    ran = python("tests.bench.load", str(plan), stdout=subprocess.PIPE)
    said, _ = ran.communicate(timeout=len(bodies) / per_second + 60)
    return [Shot(**shot) for shot in json.loads(said)]


def python(module: str, *arguments: str, stdout: int) -> subprocess.Popen[str]:
    """Start a module of the project as a process of its own, with nothing of this one's environment."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment, stdout=stdout, text=True)


@contextlib.contextmanager
def bare_bolt(made: Office) -> Iterator[tuple[str, int]]:
    """The bare app's URL for Slack and its process id, while the block runs."""
    slack = made.slack
    process = python("tests.bench.bare", slack.api_url, slack.bot_token, slack.signing_secret, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"{process.stdout.readline().split()[-1]}/slack/events", process.pid
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def drained(made: Office) -> float | None:
    """Seconds until every effect written down was performed; None if it took too long."""
    books = made.books()
    started = time.monotonic()
    try:
        while time.monotonic() - started < DRAIN_SECONDS:
            with books.reading() as session:
                if not outbox.backlog(session, datetime.now(UTC)).effects:
                    return time.monotonic() - started
            time.sleep(0.1)
    finally:
        books.close()
    return None


def rss_bytes(pid: int) -> int:
    """How much memory a process holds (VmRSS of proc(5), in kB of 1024 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used (utime and stime of proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
