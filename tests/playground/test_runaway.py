"""The runaway script: it spends a key for real, tries again whatever happens, and ends when the key is turned off."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.playground.gateway import FakeGateway, FaultKind
from bot.playground.runaway import Runaway, create_runaway
from tests.contract.rig import Clock
from tests.playground.visitors import eventually


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with FakeGateway(Clock()) as fake:
        yield fake


@pytest.fixture
def runaway(gateway: FakeGateway) -> Iterator[Runaway]:
    script = Runaway(gateway)
    yield script
    script.stop()


def managed(gateway: FakeGateway, path: str, **body: object) -> dict:
    headers = {"Authorization": f"Bearer {gateway.master_key}"}
    reply = httpx.post(f"{gateway.base_url}{path}", json=body, headers=headers, timeout=5, trust_env=False)
    assert reply.is_success, reply.text
    return dict(reply.json())


def key(gateway: FakeGateway, **terms: object) -> str:
    return str(managed(gateway, "/key/generate", key_alias="purser-ana-7kq2", **terms)["key"])


def shown(runaway: Runaway) -> dict:
    wire = runaway.wire()
    assert wire is not None
    return wire


def test_it_spends_until_the_key_is_turned_off_and_says_what_it_cost(gateway: FakeGateway, runaway: Runaway) -> None:
    secret = key(gateway)
    assert runaway.wire() is None
    runaway.start(secret)
    eventually(lambda: shown(runaway)["answered"] >= 2)
    assert (shown(runaway)["label"], shown(runaway)["how"]) == ("ana-7kq2", "running")

    managed(gateway, "/key/block", key=secret)

    eventually(lambda: shown(runaway)["how"] == "refused", 5)
    seen = shown(runaway)
    assert seen["status"] == 401
    (really,) = gateway.really_spent().values()
    assert round(seen["spent_usd"] * 1_000_000) == really > 100_000
    calls = gateway.calls
    time.sleep(0.6)
    assert gateway.calls == calls


def test_a_cap_or_an_outage_does_not_stop_it(gateway: FakeGateway, runaway: Runaway) -> None:
    runaway.start(key(gateway, max_budget=0.05))
    eventually(lambda: shown(runaway)["refused"] >= 2, 8)
    assert shown(runaway)["how"] == "running"
    gateway.faults.add(FaultKind.CUT, times=1)
    eventually(lambda: shown(runaway)["status"] == 0, 8)
    eventually(lambda: shown(runaway)["status"] != 0, 8)


def test_when_it_is_stopped_no_more_calls_are_made_and_the_key_still_works(
    gateway: FakeGateway, runaway: Runaway
) -> None:
    runaway.start(key(gateway))
    eventually(lambda: shown(runaway)["answered"])
    runaway.stop()
    calls = gateway.calls
    assert shown(runaway)["how"] == "stopped"
    time.sleep(0.6)
    assert gateway.calls == calls
    assert len(gateway.live_keys()) == 1


def test_one_runs_at_a_time_and_only_with_a_key_of_the_gateways(gateway: FakeGateway, runaway: Runaway) -> None:
    for unknown in ("sk-NobodyKnowsThis1234567", "", "hello"):
        with pytest.raises(ValueError, match="knows no such key"):
            runaway.start(unknown)
    secret = key(gateway)
    runaway.start(secret)
    with pytest.raises(ValueError, match="runs already"):
        runaway.start(secret)
    with pytest.raises(ValueError, match="still runs"):
        runaway.dismiss()
    runaway.stop()
    runaway.dismiss()
    assert runaway.wire() is None
    runaway.start(secret)
    eventually(lambda: shown(runaway)["answered"])


@pytest.fixture
def page(runaway: Runaway) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(create_runaway(runaway))
    return app.test_client()


def test_the_page_starts_stops_and_dismisses_it_and_never_sees_the_secret(
    gateway: FakeGateway, page: FlaskClient
) -> None:
    secret = key(gateway)

    def do(what: str, **more: str) -> dict:
        reply = page.post("/_play/runaway", json={"do": what, **more}, base_url="http://127.0.0.1")
        assert reply.status_code == 200, reply.text
        assert secret not in reply.text
        return dict(reply.json or {})

    assert do("start", key=secret)["runaway"]["how"] == "running"
    eventually(lambda: '"answered":0' not in page.get("/_play/runaway", base_url="http://127.0.0.1").text)
    assert do("stop")["runaway"]["how"] == "stopped"
    assert do("dismiss")["runaway"] is None
    wrong = page.post("/_play/runaway", json={"do": "dance"}, base_url="http://127.0.0.1")
    assert wrong.status_code == 400
    assert "start" in wrong.text
