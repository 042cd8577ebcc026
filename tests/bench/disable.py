"""From `/ai-disable` with a pasted key to the proof shown, and to the moment an independent caller is refused."""

from __future__ import annotations

import threading
import time
from typing import Self

import httpx

from tests.bench.ground import BUDGET, forget, office, real_litellm, turn_off
from tests.bench.report import Section, Table, at, ms
from tests.office import chat

ROUNDS = 12
POLL_SECONDS = 0.02

HOW = f"""\
{ROUNDS} keys on a real LiteLLM, each in use by a caller that Purser knows nothing of: a chat with the mock model every
{POLL_SECONDS * 1000:.0f} ms, over and over. The time runs from typing `/ai-disable` with the key until the answer
that says a call with it was refused, and until the caller gets its first 401. *Block directly* is the gateway's own
`POST /key/block` of another such key, to the caller's first 401. One LiteLLM worker: with several, a key
may go on working for up to a minute, and Purser says so."""


def measure() -> Section:
    """Rounds of both in turn. Raises `Skipped` without a real LiteLLM."""
    base_url, master_key = real_litellm()
    taken: dict[str, list[float]] = {"proof": [], "refused": [], "direct": []}
    secrets: list[str] = []
    with office("") as made:
        made.environment |= {"litellm_base_url": base_url, "litellm_master_key": master_key}
        made.spawn()
        made.found_team(monthly=BUDGET)
        try:
            for number in range(ROUNDS):
                secret = made.key(f"$5 7d disable number {number}")
                secrets.append(secret)
                with Caller(base_url, secret) as caller:
                    taken["proof"].append(turn_off(made, secret))
                    taken["refused"].append(caller.refused_after())
                taken["direct"].append(_block(base_url, master_key, secrets))
        finally:
            forget(base_url, master_key, secrets)
    named = {
        "proof": "`/ai-disable` to proof shown",
        "refused": "`/ai-disable` to the caller's first 401",
        "direct": "block directly, to the caller's first 401",
    }
    rows = [(named[name], *(ms(at(values, percent)) for percent in (50, 95, 100))) for name, values in taken.items()]
    return Section("disable", "Turning a key off", HOW, [Table(("what", "median", "p95", "max"), rows)])


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


def _block(base_url: str, master_key: str, secrets: list[str]) -> float:
    headers = {"Authorization": f"Bearer {master_key}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=30, trust_env=False) as client:
        minted = client.post("/key/generate", json={"max_budget": 5}).raise_for_status().json()
        secrets.append(minted["key"])
        with Caller(base_url, minted["key"]) as caller:
            client.post("/key/block", json={"key": minted["token_id"]}).raise_for_status()
            return caller.refused_after()
