"""What the page can do beside Slack, on a real playground: switches, the clock in steps, the journal, the ledger."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.playground.slack.world import APP_TOKEN, BOT_TOKEN
from storage import ledger
from storage.engine import Books
from tests.playground.visitors import Playground, eventually, unused_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150), pytest.mark.xdist_group("page-api")]


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with Playground(tmp_path_factory.mktemp("page") / "data", port=unused_port()) as playground:
        yield playground
        assert playground.get("journal")["violations"] == []
        playground.stop()


@pytest.fixture
def own_playground(tmp_path: Path) -> Iterator[Playground]:
    with Playground(tmp_path / "data", port=unused_port()) as playground:
        yield playground
        assert playground.get("journal")["violations"] == []
        playground.stop()


def watch(playground: Playground, since: int = -1, wait: float = 0.1) -> dict:
    return dict(playground.get("watch", person="ana", since=since, wait=wait))


# --- one long poll ---


def test_the_page_is_told_at_once_when_the_bot_dies_and_when_it_is_back(playground: Playground) -> None:
    seen = watch(playground)
    assert (seen["bot"]["connected"], seen["progress"]) == (True, None)
    starts = seen["bot"]["starts"]
    os.kill(seen["bot"]["pid"], signal.SIGKILL)
    killed = time.monotonic()
    while True:
        seen = watch(playground, seen["seq"], wait=20)
        if not (seen["bot"]["alive"] and seen["bot"]["connected"]):
            break
    assert time.monotonic() - killed < 2
    while not (seen["bot"]["connected"] and seen["bot"]["starts"] > starts):
        assert time.monotonic() - killed < 40
        seen = watch(playground, seen["seq"], wait=20)


def test_switches_outlive_the_bot(playground: Playground) -> None:
    playground.post("switches", gateway_slow=True)
    playground.post("bot", do="kill")
    assert watch(playground)["switches"]["gateway_slow"] is True
    faults = playground.get("gateway/faults")["faults"]
    assert [(fault["kind"], fault["seconds"]) for fault in faults] == [("latency", 5.0)]
    playground.post("switches", gateway_slow=False)
    assert playground.get("gateway/faults")["faults"] == []


def test_a_lost_reply_switches_itself_off_and_the_page_is_told(playground: Playground) -> None:
    seen = playground.post("switches", gateway_reply_lost=True)
    assert seen["switches"]["gateway_reply_lost"] is True
    seq = watch(playground)["seq"]
    off = threading.Event()

    def follow() -> None:
        at = seq
        while True:
            seen = watch(playground, at, wait=20)
            at = seen["seq"]
            if "switches" in seen and not seen["switches"]["gateway_reply_lost"]:
                off.set()
                return

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    secret = playground.key("/ai-key $2 1d lost on the way")
    assert off.wait(5)
    assert playground.post("chat", key=secret)["status"] == 200
    follower.join(5)


# --- the clock ---


def test_the_clock_says_where_each_choice_goes(playground: Playground) -> None:
    clock = playground.get("clock")
    assert [(choice["to"], choice["label"]) for choice in clock["choices"]] == [
        ("hour", "+1 hour"),
        ("tomorrow", "Tomorrow"),
        ("monday", "Next Monday 09:00"),
        ("month_end", "Month end"),
    ]
    assert all(choice["at"] > clock["now"] for choice in clock["choices"])
    assert clock["moving_to"] is None
    assert "yesterday" in playground.post("clock", to="yesterday", status=400)["error"]


def choice(playground: Playground, to: str) -> str:
    return next(str(found["at"]) for found in playground.get("clock")["choices"] if found["to"] == to)


def test_a_key_is_warned_of_a_day_and_an_hour_before_its_end_and_ends_on_the_way(own_playground: Playground) -> None:
    secret = own_playground.key("/ai-key $10 7d a week of work")
    moves: dict[str, Any] = {}

    def monday() -> None:
        moves["there"] = choice(own_playground, "monday")
        began = time.monotonic()
        moves["answer"] = own_playground.post("clock", to="monday")
        moves["seconds"] = time.monotonic() - began

    moving = threading.Thread(target=monday)
    moving.start()
    seen = watch(own_playground)
    while not seen["clock"]["moving_to"]:
        seen = watch(own_playground, seen["seq"], wait=5)
    assert seen["clock"]["moving_to"] == moves["there"]
    assert "moving already" in own_playground.post("clock", to="hour", status=409)["error"]
    assert "moving already" in own_playground.post("clock", advance_seconds=60, status=409)["error"]
    moving.join(60)
    assert moves["answer"]["now"] >= moves["there"]
    assert moves["answer"]["moving_to"] is None
    monday()  # and a week later its seven days are over
    assert moves["seconds"] < 30  # 7 on a quiet machine
    told = own_playground.screen("ana").partition("=== Direct messages")[2]
    for words in ("in less than a day", "in less than an hour", "is over"):
        assert told.count(words) == 1, told
    assert told.index("less than a day") < told.index("less than an hour") < told.index("is over")
    assert own_playground.post("chat", key=secret)["status"] == 401


def test_the_end_of_the_month_is_reached_within_seconds(own_playground: Playground) -> None:
    own_playground.key("/ai-key $10 7d month end")
    there = choice(own_playground, "month_end")
    began = time.monotonic()
    answer = own_playground.post("clock", to="month_end")
    assert time.monotonic() - began < 45  # 14 on a quiet machine
    assert answer["now"] >= there
    assert answer["now"][8:16] == "01T00:00"
    assert own_playground.get("ledger")["verified"] is True


# --- the journal ---


def test_no_secret_is_in_the_journal_but_in_the_one_view_that_showed_it(playground: Playground) -> None:
    secret = playground.key("/ai-key $4 1d seen once")
    playground.post("message", {"as": "ben", "channel": "search", "text": f"oops: {secret}"})
    playground.post("command", {"as": "fay", "channel": "search", "text": f"/ai-disable {secret} found it"})
    playground.reads("fay", "refused")
    playground.post("command", {"as": "gus", "channel": "search", "text": f"/ai-key {secret}"})
    entries = playground.get("journal")["entries"]
    showing = [entry for entry in entries if secret in json.dumps(entry)]
    assert len(showing) == 1
    assert showing[0]["direction"] == "in"
    assert showing[0]["method"] in ("views.open", "views.push", "views.update")
    view = showing[0]["body"].pop("view")
    assert secret in json.dumps(view)
    everything = json.dumps(entries, ensure_ascii=False)
    assert secret not in everything
    assert f"oops: sk-…{secret[-4:]}" in everything
    for token in (BOT_TOKEN, APP_TOKEN, "sk-master-1234"):
        assert token not in everything
    last = entries[-1]["seq"]
    assert all(entry["seq"] > last for entry in playground.get("journal", since=last)["entries"])


# --- the ledger ---


def test_the_ledger_is_the_bot_s_own_read_in_milliseconds_without_a_secret(playground: Playground) -> None:
    secret = playground.key("/ai-key $6 1d for the books")
    answer = playground.get("ledger")
    assert (answer["verified"], answer["problems"]) == (True, [])
    assert answer["report"][0].startswith("The ledger is whole")
    books = Books(f"sqlite:///{playground.data}/purser.db")
    with books.reading() as session:
        exported = [json.loads(line) for line in ledger.export(session, fmt=ledger.Format.JSONL)]
    books.close()
    assert answer["rows"] == exported
    assert playground.get("ledger", since=3)["rows"] == exported[3:]
    text = json.dumps(answer, ensure_ascii=False)
    assert not any(word in text for word in (secret, secret[3:], "sk-", "xoxb-", "xapp-"))
    took = []
    for _ in range(5):
        began = time.monotonic()
        playground.get("ledger")
        took.append(time.monotonic() - began)
    assert min(took) < 0.3, "seconds"


def test_a_row_that_was_changed_by_somebody_else_is_shown_as_wrong(tmp_path: Path) -> None:
    with Playground(tmp_path / "data", port=unused_port()) as playground:
        assert playground.get("ledger")["verified"] is True
        with sqlite3.connect(tmp_path / "data" / "purser.db", isolation_level=None) as books:
            books.execute("DROP TRIGGER ledger_refuses_update")
            books.execute("UPDATE ledger SET actor = 'U0EVE' WHERE seq = 2")
        books.close()
        answer = playground.get("ledger")
        assert answer["verified"] is False
        assert answer["problems"][0].startswith("Row 2 is wrong")
        assert answer["rows"][1]["actor"] == "U0EVE"
        playground.stop()


def test_only_the_auditor_knows_the_books() -> None:
    room = Path(__file__).parents[2] / "bot" / "playground"
    imports = re.compile(r"^(from|import) (storage|bot\.services)\b", re.MULTILINE)
    knowing = [path.name for path in room.rglob("*.py") if imports.search(path.read_text(encoding="utf-8"))]
    assert knowing == ["auditor.py"]


# --- the gateway's own routes ---


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_other_sites_get_no_answer_of_the_gateway_s_own_routes(playground: Playground, headers: dict) -> None:
    for what in ("keys", "journal", "faults", "habits"):
        reply = httpx.get(f"{playground.gateway}/_play/{what}", headers=headers, trust_env=False)
        assert reply.status_code == 403
    cleared = httpx.delete(f"{playground.gateway}/_play/faults", headers=headers, trust_env=False)
    assert cleared.status_code == 403
    form = httpx.post(f"{playground.gateway}/_play/faults", data={"kind": "down"}, trust_env=False)
    assert form.status_code == 415
    assert httpx.get(f"{playground.gateway}/_play/keys", trust_env=False).status_code == 200


def test_the_page_names_what_it_needs(playground: Playground) -> None:
    assert httpx.get(playground.page, trust_env=False).status_code == 200
    assert eventually(lambda: playground.get("about")["bot"]["connected"])
