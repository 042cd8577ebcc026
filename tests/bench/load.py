"""An open-loop load generator: sends signed commands on schedule, whether or not earlier ones were answered.

A process of its own (`python -m tests.bench.load PLAN.json`), so that whoever answers shares no interpreter with it.
A latency counts from the moment a command was due, so a server that stalls pays for all that were due meanwhile.
Speaks to loopback only. Every request has a connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.playground.slack.courier import require_loopback, sign

GIVE_UP_SECONDS = 10.0
MOST_AT_ONCE = 1_000
"""More unanswered commands than this and the rest are not sent, but counted as failed."""


@dataclass(frozen=True)
class Plan:
    """What to send where: form bodies, so many a second."""

    url: str
    signing_secret: str
    per_second: float
    bodies: list[str]


@dataclass(frozen=True)
class Shot:
    """One command: seconds from due to answered (None: not, or not well), and from due to sent."""

    seconds: float | None
    late_seconds: float


async def fire(plan: Plan) -> list[Shot]:
    """Send everything and wait for every answer."""
    where = urlsplit(require_loopback(plan.url))
    host, port = where.hostname or "", where.port or 80
    at_once = asyncio.Semaphore(MOST_AT_ONCE)
    begin = time.perf_counter() + 0.2

    async def shoot(number: int, body: str) -> Shot:
        due = begin + number / plan.per_second
        await asyncio.sleep(due - time.perf_counter())
        if at_once.locked():
            return Shot(None, 0.0)
        async with at_once:
            late = time.perf_counter() - due
            try:
                async with asyncio.timeout(GIVE_UP_SECONDS):
                    good = await _post(host, port, where.path, body, plan.signing_secret)
            except (OSError, TimeoutError):
                good = False
            return Shot(time.perf_counter() - due if good else None, late)

    return list(await asyncio.gather(*(shoot(number, body) for number, body in enumerate(plan.bodies))))


async def _post(host: str, port: int, path: str, body: str, secret: str) -> bool:
    timestamp = str(int(time.time()))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body.encode())}\r\n"
        f"X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: {sign(secret, timestamp, body)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(head.encode() + body.encode())
        answer = await reader.read()
    finally:
        writer.close()
    return answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))


def main(plan_file: str) -> None:
    """Fire the plan in the file and print every shot as JSON."""
    plan = Plan(**json.loads(Path(plan_file).read_text(encoding="utf-8")))
    gc.disable()  # short-lived; a pause of its own would read as one of the server's
    with contextlib.suppress(PermissionError):  # and so would waiting for a processor; only root may go first
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    shots = asyncio.run(fire(plan))
    json.dump([asdict(shot) for shot in shots], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
