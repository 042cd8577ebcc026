"""From `/ai-disable` with a pasted key to *recorded*, *probed* and shown, and to a caller's first refusal."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Self

import httpx

from bot.playground.gateway.faults import FaultKind
from storage import ledger
from tests.bench.ground import BUDGET, Skipped, drained, forget, office, real_litellm, turn_off
from tests.bench.report import Section, Table, at, ms
from tests.office import Office, chat

ROUNDS = 12
FAULTY_ROUNDS = 8
POLL_SECONDS = 0.02
DOWN_SECONDS = 5.0
LAG_SECONDS = 1.0

HOW = f"""\
{ROUNDS} keys on a real LiteLLM, each in use by a caller that Purser knows nothing of: a chat with the mock model every
{POLL_SECONDS * 1000:.0f} ms, over and over. The time runs from typing `/ai-disable` with the key until the ledger says
*recorded* (the gateway's own record, read again, says off), until it says *probed* (a call with the key was refused),
until that answer is shown, and until the caller gets its first 401. *Block directly* is the gateway's own
`POST /key/block` of another such key: its reply, and the caller's first 401. One LiteLLM worker: with several, a key
may go on working for up to a minute, and Purser says so.

Under faults, {FAULTY_ROUNDS} keys each on the fake gateway: nothing wrong; the reply to the block lost; two errors
(503) before it works; everything down for {DOWN_SECONDS:.0f} s; and keys that are accepted for {LAG_SECONDS:.0f} s
after the gateway has recorded them as off, as by another worker's cache."""


def measure() -> Section:
    """Rounds of both in turn; without a real LiteLLM, those under faults alone."""
    tables = []
    try:
        tables.append(_real())
    except Skipped:
        if not FAULTY_ROUNDS:
            raise
    tables.append(_faulty())
    return Section("disable", "Turning a key off", HOW, tables)


def _real() -> Table:
    """Raises `Skipped` without a real LiteLLM."""
    base_url, master_key = real_litellm()
    taken: dict[str, list[float]] = defaultdict(list)
    secrets: list[str] = []
    with office("") as made:
        made.environment |= {"litellm_base_url": base_url, "litellm_master_key": master_key}
        made.spawn()
        made.found_team(monthly=BUDGET)
        try:
            for number in range(ROUNDS):
                secret = _key(made, number)
                secrets.append(secret)
                with Caller(base_url, secret) as caller:
                    for name, seconds in _times(made, secret).items():
                        taken[name].append(seconds)
                    taken["the caller's first 401"].append(caller.refused_after())
                replied, refused = _block(base_url, master_key, secrets)
                taken["block directly: the reply"].append(replied)
                taken["block directly: the caller's first 401"].append(refused)
        finally:
            forget(base_url, master_key, secrets)
    rows = [(name, *_row(values)) for name, values in taken.items()]
    return Table(("on a real LiteLLM", "p50", "p95", "max"), rows)


def _faulty() -> Table:
    rows = []
    with office("") as made:
        made.spawn()
        made.found_team(monthly=BUDGET)
        number = 0
        for name, going_wrong in FAULTS.items():
            taken: dict[str, list[float]] = defaultdict(list)
            for _ in range(FAULTY_ROUNDS):
                number += 1
                secret = _key(made, number)
                assert chat(made.gateway.base_url, secret).status_code == 200
                with going_wrong(made):
                    for what, seconds in _times(made, secret).items():
                        taken[what].append(seconds)
            for what, values in taken.items():
                rows.append((name, what, *_row(values)))
    return Table(("on the fake gateway", "until", "p50", "p95", "max"), rows)


@contextmanager
def _nothing(_made: Office) -> Iterator[None]:
    yield


@contextmanager
def _reply_lost(made: Office) -> Iterator[None]:
    made.gateway.faults.add(FaultKind.REPLY_LOST, route="/key/block")
    yield
    made.gateway.faults.clear()


@contextmanager
def _errors(made: Office) -> Iterator[None]:
    made.gateway.faults.add(FaultKind.ERROR, times=2, route="/key/block", status=503)
    yield
    made.gateway.faults.clear()


@contextmanager
def _down(made: Office) -> Iterator[None]:
    made.gateway.habits.is_down = True
    back = threading.Timer(DOWN_SECONDS, lambda: setattr(made.gateway.habits, "is_down", False))
    back.start()
    yield
    back.join()


@contextmanager
def _lagging(made: Office) -> Iterator[None]:
    made.gateway.habits.block_lag_seconds = LAG_SECONDS
    yield
    made.gateway.habits.block_lag_seconds = 0.0


FAULTS: dict[str, Callable[[Office], AbstractContextManager[None]]] = {
    "nothing wrong": _nothing,
    "reply lost": _reply_lost,
    "two errors": _errors,
    f"down for {DOWN_SECONDS:.0f} s": _down,
    f"accepts for {LAG_SECONDS:.0f} s more": _lagging,
}


def _key(made: Office, number: int) -> str:
    """Another key of Ana's, once the channel has read all there was to say of the one before."""
    assert drained(made) is not None
    return made.key(f"automation job-{number} $5 $1/day @omar disable it")


def _times(made: Office, secret: str) -> dict[str, float]:
    """Turn a key off: seconds until each step, by its name."""
    began = datetime.now(UTC)
    shown = turn_off(made, secret)
    with made.glasses.reading() as session:
        recorded = ledger.entries(session, action="key.proven_off")[-1].at
        probed = ledger.entries(session, action="key.probed_off")[-1].at
    return {
        "recorded": (recorded - began).total_seconds(),
        "probed": (probed - began).total_seconds(),
        "probed, and shown": shown,
    }


def _row(values: list[float]) -> tuple[str, str, str]:
    return ms(at(values, 50)), ms(at(values, 95)), ms(at(values, 100))


class Caller:
    """Somebody who uses a key until it is refused. `began` is set to when turning it off was asked for."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base_url, self._secret = base_url, secret
        self._refused_at: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._use, daemon=True)
        self.began = 0.0

    def __enter__(self) -> Self:
        assert chat(self._base_url, self._secret).status_code == 200
        self._thread.start()
        time.sleep(0.2)
        self.began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)

    def refused_after(self, patience_seconds: float = 90) -> float:
        """Seconds from `began` until the first 401."""
        self._thread.join(patience_seconds)
        assert self._refused_at is not None, "the key still works"
        return self._refused_at - self.began

    def _use(self) -> None:
        while not self._stop.is_set():
            if chat(self._base_url, self._secret).status_code == 401:
                self._refused_at = time.monotonic()
                return
            time.sleep(POLL_SECONDS)


def _block(base_url: str, master_key: str, secrets: list[str]) -> tuple[float, float]:
    """Block a key at the gateway itself: seconds until it replied, and until a caller's first 401."""
    headers = {"Authorization": f"Bearer {master_key}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=30, trust_env=False) as client:
        minted = client.post("/key/generate", json={"max_budget": 5}).raise_for_status().json()
        secrets.append(minted["key"])
        with Caller(base_url, minted["key"]) as caller:
            client.post("/key/block", json={"key": minted["token_id"]}).raise_for_status()
            replied = time.monotonic() - caller.began
            return replied, caller.refused_after()
