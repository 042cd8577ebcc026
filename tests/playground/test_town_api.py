"""The JSON API around the fake Slack: the bot's process, the ledger, the gateway, the clock, and buttons by name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest

from tests.playground.visitors import Playground, eventually, running, unused_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150), pytest.mark.xdist_group("town-api")]


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with Playground(tmp_path_factory.mktemp("town") / "data", port=unused_port()) as playground:
        yield playground
        assert playground.get("journal")["violations"] == []
        playground.stop()


def test_it_says_who_is_there_and_where(playground: Playground) -> None:
    about = playground.get("about")
    assert {person["name"] for person in about["cast"]} == {"ana", "ben", "omar", "olga", "fay", "gus", "eve"}
    assert about["slack"] + "/_play" == playground.url
    assert about["gateway"] == playground.gateway
    assert about["bot"]["connected"]


def test_a_key_is_used_metered_and_refused_through_the_page(playground: Playground) -> None:
    secret = playground.key("/ai-key $3 1d metering")
    good = playground.post("chat", key=secret, prompt="Say hello")
    assert (good["status"], good["ok"]) == (200, True)
    assert float(good["cost_usd"]) > 0
    spent = [key["live_spend"] for key in playground.get("gateway/keys")["keys"] if key["max_budget"] == 3]
    assert spent == [pytest.approx(float(good["cost_usd"]))]
    bad = playground.post("chat", key="sk-nonsense-nonsense")
    assert (bad["status"], bad["ok"]) == (401, False)


def test_a_form_is_filled_and_sent_by_its_labels(playground: Playground) -> None:
    playground.asks("/ai-key $10 2d a form", "ben")
    playground.post("press", {"as": "omar", "label": "Deny", "channel": "search"})
    modal = playground.reads("omar", "=== Modal").partition("=== Modal")[2]
    label = next(line.split(":")[0].strip() for line in modal.splitlines() if ":" in line)
    submit = playground.get("state", person="omar")["modals"][-1]["submit"]["text"]
    sent = playground.post("press", {"as": "omar", "label": submit, "answers": {label: "not this month"}})
    assert sent["errors"] == {}
    assert "not this month" in playground.reads("ben", "not this month")


def test_a_button_that_is_not_there_is_said_to_be_missing(playground: Playground) -> None:
    refused = playground.post("press", {"as": "gus", "label": "Launch"}, status=409)
    assert refused["error"] == "gus sees no button 'Launch'"


def test_the_ledger_is_read_row_by_row_with_its_chain_checked(playground: Playground) -> None:
    ledger = playground.get("ledger")
    assert ledger["verified"] is True
    assert ledger["report"][0].startswith("The ledger is whole")
    rows = ledger["rows"]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["prev_hash"] == before["hash"] for before, row in pairwise(rows))
    assert playground.get("ledger", since=rows[-1]["seq"])["rows"] == []


def test_the_clock_moves_for_everybody_and_never_back(playground: Playground) -> None:
    before = playground.get("state", person="ana")["now"]
    playground.post("clock", advance_seconds=2 * 3600)
    assert playground.get("state", person="ana")["now"] >= before + 2 * 3600
    secret = playground.key("/ai-key $4 1d expiring")
    assert playground.post("chat", key=secret)["status"] == 200
    playground.post("clock", advance_seconds=2 * 86_400)
    playground.reads("ana", "Its time ended")  # the bot knows
    assert playground.post("chat", key=secret)["status"] == 401  # and so does the gateway
    refused = playground.post("clock", status=400, advance_seconds=-60)
    assert "time only moves on" in refused["error"]


def test_the_gateway_breaks_and_is_mended_on_request(playground: Playground) -> None:
    secret = playground.key("/ai-key $5 7d breaking")
    assert httpx.post(f"{playground.url}/gateway/faults", json={"kind": "error"}, trust_env=False).status_code == 200
    assert playground.post("chat", key=secret)["status"] == 500
    assert playground.post("chat", key=secret)["status"] == 200
    playground.post("gateway/faults", kind="down")
    cut = playground.post("chat", key=secret)
    assert (cut["ok"], cut["status"]) == (False, 0)
    assert httpx.delete(f"{playground.url}/gateway/faults", trust_env=False).json() == {"faults": []}
    assert playground.post("chat", key=secret)["status"] == 200
    assert playground.post("gateway/faults", status=400, kind="nonsense")["error"]
    assert playground.post("gateway/passwords", status=400)["error"] == "missing or unknown: passwords"


def test_the_bot_is_killed_and_back_with_everything_it_knew(playground: Playground) -> None:
    playground.asks("/ai-key $10 2d before the crash", "ben")
    waiting = playground.screen("ben").count("[Reveal key]")
    before = playground.get("bot")
    after = playground.post("bot", do="kill")
    assert after["connected"]
    assert after["pid"] != before["pid"]
    assert not running(before["pid"])
    playground.post("press", {"as": "omar", "label": "Approve"})
    eventually(lambda: playground.screen("ben").count("[Reveal key]") > waiting)
    assert playground.post("bot", status=400, do="tickle")["ok"] is False


def test_other_sites_get_no_answer(playground: Playground) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        reply = httpx.get(f"{playground.url}/about", headers=headers, trust_env=False)
        assert reply.status_code == 403
    form = httpx.post(f"{playground.url}/bot", data={"do": "kill"}, trust_env=False)
    assert form.status_code == 415
