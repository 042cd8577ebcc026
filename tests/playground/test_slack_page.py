"""The JSON API that a page uses: one person's screen, long polling, the same acts, and nobody from elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from werkzeug.http import parse_options_header

from bot.playground.slack import FakeSlack
from tests.playground.slack_bots import MANIFEST, actions, button, modal, new_app, over_http, section, text_input


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST) as fake:
        fake.invite_bot("search")
        app = new_app(fake)

        @app.command("/ask")
        def ask(ack: Any, body: dict, client: WebClient) -> None:
            ack("asked")
            client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("Cap", "cap")))

        @app.view("form")
        def form(ack: Any) -> None:
            ack(response_action="errors", errors={"cap": "too much"})

        @app.action("go")
        def go(ack: Any, body: dict, client: WebClient) -> None:
            ack()
            channel = body["container"]["channel_id"]
            client.chat_update(channel=channel, ts=body["container"]["message_ts"], text="gone", blocks=[])

        app.event("message")(lambda: None)
        with over_http(fake, app):
            yield fake


@pytest.fixture
def page(slack: FakeSlack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{slack.base_url}/_play", trust_env=False, timeout=5) as client:
        yield client


def screen(page: httpx.Client, who: str, **query: float) -> dict:
    return dict(page.get("/state", params={"as": who, **query}).json())


def channel(shown: dict, name: str) -> dict:
    return dict(next(c for c in shown["channels"] if c.get("name") == name))


def test_each_person_sees_their_own_screen(slack: FakeSlack, page: httpx.Client) -> None:
    ana, gus = screen(page, "ana"), screen(page, "gus")
    assert [c["name"] for c in ana["channels"]] == ["general", "search"]
    assert [c["name"] for c in gus["channels"]] == ["search"]
    assert [c["name"] for c in screen(page, "omar")["channels"]] == ["general", "search", "ops-private"]
    page.post("/command", json={"as": "ana", "text": "/ask", "channel": "search"})
    assert [m["text"] for m in screen(page, "ana")["ephemerals"]] == ["asked"]
    assert screen(page, "ben")["ephemerals"] == []
    assert screen(page, "ana")["connected"] is True


def test_unread_messages_are_counted_until_read(page: httpx.Client) -> None:
    ts = page.post("/message", json={"as": "ben", "text": "hi @ana", "channel": "search"}).json()["ts"]
    before = channel(screen(page, "ana"), "search")
    assert (before["unread"], before["mentions"]) == (1, 1)
    page.post("/read", json={"as": "ana", "channel": "search", "ts": ts})
    assert channel(screen(page, "ana"), "search")["unread"] == 0
    assert channel(screen(page, "ben"), "search")["unread"] == 0


def test_a_reply_in_a_thread_is_unread_only_for_whom_it_mentions(slack: FakeSlack, page: httpx.Client) -> None:
    parent = slack.person("ben").says("search", "a question")
    for who in ("ana", "fay"):
        page.post("/read", json={"as": who, "channel": "search", "ts": parent.ts})
    reply = {"as": "ben", "channel": "search", "thread_ts": parent.ts}
    page.post("/message", json=reply | {"text": "never mind"})
    page.post("/message", json=reply | {"text": "or do you know, @fay?"})
    assert channel(screen(page, "ana"), "search")["unread"] == 0
    fay = channel(screen(page, "fay"), "search")
    assert (fay["unread"], fay["mentions"]) == (1, 1)


def test_a_public_channel_can_be_joined_and_no_other(slack: FakeSlack, page: httpx.Client) -> None:
    slack.deactivate("ben")
    slack.reactivate("ben")
    assert page.post("/join", json={"as": "ben", "channel": "search"}).json() == {"ok": True}
    assert channel(screen(page, "ben"), "search")["is_member"] is True
    for who, room in (("ana", "ops-private"), ("gus", "general"), ("eve", "general")):
        refused = page.post("/join", json={"as": who, "channel": room})
        assert (refused.status_code, refused.json()["error"]) == (409, f"{who} can't join #{room}")


def test_a_link_ends_where_its_bracket_closes(slack: FakeSlack) -> None:
    said = slack.person("ben").says("search", "see <https://example.com/a?b=1&c=2>, please")
    assert said.text == "see &lt;<https://example.com/a?b=1&amp;c=2>&gt;, please"


def test_a_poll_answers_at_the_next_change(page: httpx.Client) -> None:
    seq = screen(page, "ana")["seq"]
    assert screen(page, "ana", since=seq, wait=0.05) == {"seq": seq, "unchanged": True}
    say = threading.Timer(0.1, lambda: page.post("/message", json={"as": "ben", "text": "hi", "channel": "search"}))
    say.start()
    started = time.monotonic()
    shown = screen(page, "ana", since=seq)
    say.join()
    assert time.monotonic() - started < 2
    assert channel(shown, "search")["messages"][-1]["text"] == "hi"


def test_a_form_is_filled_and_its_complaints_come_back(page: httpx.Client) -> None:
    page.post("/command", json={"as": "ana", "text": "/ask", "channel": "search"})
    modal_id = next(iter(_eventually(lambda: screen(page, "ana")["modals"])))["id"]
    values = {"cap": {"typed": "$1e9"}}
    reply = page.post("/submit", json={"as": "ana", "view_id": modal_id, "values": values}).json()
    assert reply["errors"] == {"cap": "too much"}
    assert page.post("/submit", json={"as": "ben", "view_id": modal_id}).status_code == 409
    assert page.post("/close", json={"as": "ana", "view_id": modal_id}).json()["ok"]
    assert screen(page, "ana")["modals"] == []


def test_a_button_is_pressed_by_its_ids_and_only_while_it_is_there(slack: FakeSlack, page: httpx.Client) -> None:
    client = new_app(slack).client
    ts = client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[actions(button("Go", "go"))])["ts"]
    press = {"as": "ana", "channel": "search", "ts": ts, "block_id": "buttons", "action_id": "go"}
    assert page.post("/action", json=press).json()["status"] == 200
    _eventually(lambda: channel(screen(page, "ana"), "search")["messages"][-1]["text"] == "gone")
    assert page.post("/action", json=press).status_code == 409


def test_faults_people_and_sockets_are_set_from_the_page(slack: FakeSlack, page: httpx.Client) -> None:
    fault = {"kind": "rate_limited", "method": "chat.postMessage", "times": 2}
    assert len(page.post("/faults", json=fault).json()["faults"]) == 1
    assert page.post("/faults", json={"clear": True}).json()["faults"] == []
    assert page.post("/faults", json={"kind": "gremlins"}).status_code == 400
    page.post("/people", json={"user": "ben", "deleted": True})
    assert slack.state.user("ben").deleted
    assert page.post("/command", json={"as": "ben", "text": "/ask", "channel": "search"}).status_code == 409
    assert page.post("/sockets", json={"how": "refresh"}).json()["connections"] == 0


def test_the_clock_belongs_to_the_runner(slack: FakeSlack, page: httpx.Client) -> None:
    assert page.post("/clock", json={"hours": 1}).status_code == 501
    slack.move_clock = lambda body: {"moved": body["hours"]}
    assert page.post("/clock", json={"hours": 1}).json() == {"ok": True, "moved": 1}


def test_the_inspector_sees_payloads_both_ways_without_secrets(page: httpx.Client) -> None:
    page.post("/command", json={"as": "ana", "text": "/ask about sk-pasted-secret", "channel": "search"})
    _eventually(lambda: screen(page, "ana")["modals"])
    entries = page.get("/journal").json()["entries"]
    assert {(e["direction"], e["method"]) for e in entries} >= {("out", "/ask"), ("in", "views.open")}
    command = next(e for e in entries if e["method"] == "/ask")
    assert (command["body"]["text"], command["answer"]) == ("about sk-…cret", {"text": "asked"})
    assert page.get("/journal", params={"since": entries[-1]["seq"]}).json()["entries"] == []


@pytest.mark.parametrize("name", ["keys.txt", 'a "b".txt', "schlüssel 鍵.txt"])
def test_files_go_up_and_come_down(page: httpx.Client, name: str) -> None:
    page.post(
        "/upload",
        params={"as": "ana", "channel": "search", "name": name},
        content=b"sk-1",
        headers={"Content-Type": "application/octet-stream"},
    )
    shown = channel(screen(page, "ana"), "search")["messages"][-1]
    down = page.get(f"/file/{shown['files'][0]['id']}")
    assert (down.status_code, down.content) == (200, b"sk-1")
    assert parse_options_header(down.headers["Content-Disposition"]) == ("attachment", {"filename": name})


def test_other_sites_cannot_use_it(page: httpx.Client) -> None:
    body = {"as": "ana", "text": "hi", "channel": "search"}
    assert page.post("/message", data=body).status_code == 415
    assert page.post("/message", json=body, headers={"Origin": "https://evil.example"}).status_code == 403
    assert page.get("/state", params={"as": "ana"}, headers={"Host": "evil.example"}).status_code == 403


def test_commands_and_shortcuts_are_offered_with_their_hints(page: httpx.Client) -> None:
    offered = page.get("/vocabulary").json()
    assert offered["commands"][0] == {"command": "/ask", "description": "asks", "usage_hint": "[text]"}
    assert [s["callback_id"] for s in offered["shortcuts"]] == ["report_leak", "anywhere"]


def test_the_workspace_survives_a_restart(slack: FakeSlack, page: httpx.Client) -> None:
    slack.person("ana").says("search", "before")
    slack.person("ana").uploads("search", "x.bin", b"\x00\xff")
    new_app(slack).client.chat_postEphemeral(channel="C0SEARCH", user="U0BEN", text="psst")
    new_app(slack).client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": [section("home")]})
    saved = httpx.Response(200, json=slack.dump()).json()  # through JSON, as from a file
    with FakeSlack(MANIFEST) as again:
        again.load(saved)
        assert [m.text for m in again.channel("search").messages] == ["before", ""]
        assert next(iter(again.state.files.values())).content == b"\x00\xff"
        assert [m.text for m in again.person("ben").ephemerals()] == ["psst"]
        assert again.text_of(again.person("ana").home()).strip() == "home"
        assert again.person("ana").says("search", "after").ts > slack.channel("search").messages[-1].ts
        with pytest.raises(ValueError, match="format"):
            again.load({"format": 99})


def _eventually(look: Callable[[], Any], timeout: float = 3.0) -> Any:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.01)
    raise AssertionError("it never came")
