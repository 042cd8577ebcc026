"""From Approve to the direct message, and from Reveal key to the key in the modal, beside the gateway's own mint."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import httpx

from bot.gateways.base import CapPeriod, KeySpec
from bot.gateways.litellm_wire import mint_body
from tests.bench.ground import BUDGET, forget, office, real_litellm, turn_off
from tests.bench.relay import Relay
from tests.bench.report import Section, Table, at, ms
from tests.office import Office

ROUNDS = 30
WARMING_UP = 2

HOW = f"""\
{ROUNDS} rounds on a real LiteLLM with its own database, Purser as a process of its own in HTTP mode on SQLite. Each
round makes a key twice: once directly, with the two calls that a careful client makes (`POST /key/generate` over a
connection of its own, `GET /key/info`), and once through Purser: asked, approved, revealed. *Reveal* is the time from
the click to the modal that holds the key, *approve* from the click to the direct message with the button. Purser
calls LiteLLM through a relay that notes how long LiteLLM took; *Purser's share* is the rest of that round, with the
fake Slack, the relay and the wire in it."""


def measure() -> Section:
    """Rounds of both in turn. Raises `Skipped` without a real LiteLLM."""
    base_url, master_key = real_litellm()
    taken: dict[str, list[float]] = {name: [] for name in ("mint", "approve", "reveal", "gateway", "own")}
    secrets: list[str] = []
    with Relay(base_url) as relay, office("") as made, _client(base_url, master_key) as client:
        made.environment |= {"litellm_base_url": relay.base_url, "litellm_master_key": master_key}
        made.spawn()
        made.found_team(monthly=BUDGET)
        try:
            for number in range(ROUNDS + WARMING_UP):
                if number == WARMING_UP:
                    taken = {name: [] for name in taken}
                taken["mint"].append(_mint(client, base_url, master_key, number, secrets))
                _through_purser(made, relay, number, secrets, taken)
        finally:
            forget(base_url, master_key, secrets)
    return Section("reveal", "Approving and revealing", HOW, [_table(taken)], [_note(taken)])


def _client(base_url: str, master_key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {master_key}"}
    return httpx.Client(base_url=base_url, headers=headers, timeout=30, trust_env=False)


def _mint(client: httpx.Client, base_url: str, master_key: str, number: int, secrets: list[str]) -> float:
    now = datetime.now(UTC)
    alias = f"bench-{number}-{time.time_ns()}"
    spec = KeySpec(alias, "U0ANA", 5_000_000, CapPeriod.TOTAL, now + timedelta(days=7), (), {"key": alias})
    body = mint_body(spec, now)
    fresh = _client(base_url, master_key)
    started = time.monotonic()
    made = fresh.post("/key/generate", json=body).raise_for_status().json()
    client.get("/key/info", params={"key": made["token_id"]}).raise_for_status()
    taken = time.monotonic() - started
    fresh.close()
    secrets.append(made["key"])
    return taken


def _through_purser(made: Office, relay: Relay, number: int, secrets: list[str], taken: dict[str, list[float]]) -> None:
    card = made.ask(f"$5 7d reveal number {number}")
    time.sleep(0.1)  # nothing of the asking should still be on its way
    started = time.monotonic()
    direct = made.approve(card)
    taken["approve"].append(time.monotonic() - started)
    time.sleep(0.1)
    started = time.monotonic()
    secret = made.reveal(direct)
    total = time.monotonic() - started
    gateway = relay.seconds_since(started)
    taken["reveal"].append(total)
    taken["gateway"].append(gateway)
    taken["own"].append(total - gateway)
    secrets.append(secret)
    made.slack.person("ana").close()
    made.sees(lambda: "Revealed as" in made.text(made.cards()[-1]) or None)
    # She may hold one such key at a time.
    turn_off(made, secret)


def _table(taken: dict[str, list[float]]) -> Table:
    named = {
        "mint": "LiteLLM directly: generate and look",
        "approve": "Approve to direct message",
        "reveal": "Reveal to key in the modal",
        "gateway": "of which LiteLLM",
        "own": "of which Purser's share",
    }
    rows = [(named[name], *(ms(at(values, percent)) for percent in (50, 95, 100))) for name, values in taken.items()]
    return Table(("what", "median", "p95", "max"), rows)


def _note(taken: dict[str, list[float]]) -> str:
    ratio = at(taken["reveal"], 50) / at(taken["mint"], 50)
    return f"Revealing takes {ratio:.1f} x the gateway's own mint (medians)."
