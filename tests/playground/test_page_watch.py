"""What the page is served and what it watches: its files, deltas of several screens, badges, and one long poll."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from slack_sdk.errors import SlackApiError

from bot.playground.gateway.faults import Faults as GatewayFaults
from bot.playground.gateway.habits import Habits
from bot.playground.page import Around, Switches, create_page, create_switches, create_watch
from bot.playground.slack import FakeSlack, Message
from tests.playground.slack_bots import MANIFEST, modal, new_app, section, text_input


class Outside:
    """What is around Slack, as a test wants it."""

    def __init__(self) -> None:
        self.bot = {"pid": 1, "alive": True, "connected": True, "starts": 1}
        self.progress: dict | None = None
        self.runaway: dict | None = None
        self.gateway = GatewayFaults()
        self.habits = Habits()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def slack(outside: Outside) -> Iterator[FakeSlack]:
    fake = FakeSlack(MANIFEST)
    switches = Switches(fake.world.faults, outside.gateway, outside.habits)
    around = Around(
        lambda: {"now": "noon"}, lambda: outside.bot, switches.wire, lambda: outside.progress, lambda: outside.runaway
    )
    for routes in (create_page(), create_watch(fake.world, around), create_switches(switches, fake.state)):
        fake.app.register_blueprint(routes)
    with fake:
        fake.invite_bot("search")
        yield fake


@pytest.fixture
def page(slack: FakeSlack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=slack.base_url, trust_env=False, timeout=10) as client:
        yield client


def watch(page: httpx.Client, *people: str, since: int = -1, wait: float = 0.05, **more: int) -> dict:
    asked: dict[str, Any] = {"as": list(people), "since": since, "wait": wait, **more}
    reply = page.get("/_play/watch", params=asked)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def room(seen: dict, person: str, name: str = "search") -> dict:
    return next(dict(found) for found in seen["screens"][person]["channels"] if found["name"] == name)


def texts(room: dict) -> list[str]:
    return [message["text"] for message in room["messages"]]


# --- what changed ---


def test_the_first_look_is_whole_and_says_what_is_around(
    slack: FakeSlack, page: httpx.Client, outside: Outside
) -> None:
    said = slack.person("ben").says("search", "hi @ana")
    outside.progress = {"text": "Week 3 of 12", "share": 0.25}
    seen = watch(page, "ana", "gus")
    assert list(seen["screens"]) == ["ana", "gus"]
    assert [found["name"] for found in seen["screens"]["ana"]["channels"]] == ["general", "search"]
    assert [found["name"] for found in seen["screens"]["gus"]["channels"]] == ["search"]
    assert texts(room(seen, "ana")) == ["hi <@U0ANA>"]
    assert room(seen, "ana")["order"] == [said.ts]
    assert (room(seen, "ana", "general")["purpose"], room(seen, "ana")["kind"]) == ("Everybody", "public_channel")
    assert seen["screens"]["ana"]["me"]["tz"] == "Europe/Madrid"
    assert seen["users"]["U0BEN"]["display_name"] == "Ben"
    assert (seen["clock"], seen["bot"]["pid"], seen["progress"]["share"]) == ({"now": "noon"}, 1, 0.25)
    assert (seen["violations"], seen["journal_seq"]) == (0, slack.world.journal.seq)
    assert not any(seen["switches"].values())


def test_later_looks_bring_only_what_changed_and_the_order_of_all(slack: FakeSlack, page: httpx.Client) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    first, second = ana.says("search", "first"), ben.says("search", "second")
    seen = watch(page, "ana")
    third = ben.says("search", "third")
    ana.edits(first, "first, edited")
    later = watch(page, "ana", since=seen["seq"])
    assert texts(room(later, "ana")) == ["first, edited", "third"]
    assert room(later, "ana")["messages"][0]["edited"]["user"] == ana.id
    assert room(later, "ana")["order"] == [first.ts, second.ts, third.ts]
    again = watch(page, "ana", since=later["seq"])
    assert again == {"seq": later["seq"], "unchanged": True, "clock": {"now": "noon"}}


def test_a_deleted_message_leaves_the_order_and_an_older_one_moves_up(slack: FakeSlack, page: httpx.Client) -> None:
    ben = slack.person("ben")
    said = [ben.says("search", f"message {number}") for number in range(5)]
    seen = watch(page, "ana", messages=3)
    assert (texts(room(seen, "ana")), room(seen, "ana")["earlier"]) == (["message 2", "message 3", "message 4"], 2)
    ben.deletes(said[4])
    later = watch(page, "ana", since=seen["seq"], messages=3)
    assert room(later, "ana")["order"] == [said[1].ts, said[2].ts, said[3].ts]
    assert "message 1" in texts(room(later, "ana"))
    assert room(later, "ana")["earlier"] == 1


def test_whoever_joins_a_channel_sees_what_was_said_before(slack: FakeSlack, page: httpx.Client) -> None:
    slack.person("omar").says("ops-private", "for us only")
    seen = watch(page, "ana")
    slack.invite("ops-private", "ana")
    assert texts(room(watch(page, "ana", since=seen["seq"]), "ana", "ops-private")) == ["for us only"]
    slack.kick("ops-private", "ana")
    left = watch(page, "ana", since=seen["seq"])
    assert "ops-private" not in [found["name"] for found in left["screens"]["ana"]["channels"]]


def test_what_only_one_person_sees_comes_and_goes_for_them_alone(slack: FakeSlack, page: httpx.Client) -> None:
    client = new_app(slack).client
    client.chat_postEphemeral(channel="C0SEARCH", user="U0ANA", text="psst")
    seen = watch(page, "ana", "ben")
    ephemerals = seen["screens"]["ana"]["ephemerals"]
    assert [(message["text"], message["channel"]) for message in ephemerals["messages"]] == [("psst", "C0SEARCH")]
    assert ephemerals["order"] == [ephemerals["messages"][0]["ts"]]
    assert seen["screens"]["ben"]["ephemerals"] == {"order": [], "messages": []}
    client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": [section("home")]})
    later = watch(page, "ana", since=seen["seq"])
    assert later["screens"]["ana"]["ephemerals"] == {"order": ephemerals["order"], "messages": []}
    assert later["screens"]["ana"]["home"]["blocks"][0]["text"]["text"] == "home"


def test_open_forms_are_stacked_bottom_to_top(slack: FakeSlack, page: httpx.Client) -> None:
    client = new_app(slack).client
    trigger = slack.world.tickets.trigger("U0ANA")
    view = client.views_open(trigger_id=trigger, view=modal(text_input("Cap", "cap")))["view"]
    shown = watch(page, "ana")["screens"]["ana"]["modals"]
    assert [(form["id"], form["notice"]) for form in shown] == [(view["id"], "")]


def test_replies_stand_among_the_messages_with_their_thread(slack: FakeSlack, page: httpx.Client) -> None:
    parent = slack.person("ben").says("search", "parent")
    slack.person("ana").reply(parent, "reply")
    messages = room(watch(page, "ana"), "ana")["messages"]
    assert [message.get("thread_ts") for message in messages] == [None, parent.ts]


def test_a_reply_brings_back_the_thread_it_is_in_however_old(slack: FakeSlack, page: httpx.Client) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    parent = ana.says("search", "long ago")
    early = ben.reply(parent, "soon after")
    for number in range(4):
        ben.says("search", f"message {number}")
    seen = watch(page, "ana", messages=3)
    assert parent.ts not in room(seen, "ana")["order"]
    late = ben.reply(parent, "at last")
    later = room(watch(page, "ana", since=seen["seq"], messages=3), "ana")
    assert texts(later) == ["long ago", "soon after", "at last"]
    assert (later["order"][:2], later["order"][-1], later["earlier"]) == ([parent.ts, early.ts], late.ts, 2)
    whole = watch(page, "ana", messages=3)
    assert (room(whole, "ana")["order"], texts(room(whole, "ana"))[0]) == (later["order"], "long ago")
    ben.edits(early, "soon after, edited")
    assert texts(room(watch(page, "ana", since=whole["seq"], messages=3), "ana")) == ["soon after, edited"]


def test_a_number_of_an_earlier_life_gets_everything_anew(slack: FakeSlack, page: httpx.Client) -> None:
    slack.person("ben").says("search", "hello")
    assert texts(room(watch(page, "ana", since=slack.state.seq + 1000), "ana")) == ["hello"]
    slack.state.leap(10**12)
    assert slack.state.touch() == 10**12 + 1


def test_a_stranger_s_name_is_refused_in_words(page: httpx.Client) -> None:
    reply = page.get("/_play/watch", params={"as": "nobody"})
    assert reply.status_code == 400
    assert "no user 'nobody'" in reply.json()["error"]


def test_thousands_of_messages_cost_milliseconds(slack: FakeSlack, page: httpx.Client) -> None:
    state = slack.state
    for number in range(3000):
        state.add_message(Message(state.new_ts(), "C0SEARCH", "U0BEN", f"message {number} for <@U0ANA>"))
    seen = watch(page, "ana", "omar")
    slack.person("ben").says("search", "one more")
    began = time.monotonic()
    later = watch(page, "ana", "omar", since=seen["seq"])
    assert time.monotonic() - began < 0.5  # about 0.01 on a quiet machine
    assert texts(room(later, "ana")) == ["one more"]
    assert len(room(later, "ana")["order"]) == 200
    assert later["badges"]["ana"] == {"unread": 3001, "mentions": 3000}


# --- badges ---


def test_badges_are_there_for_everybody_who_can_sign_in(slack: FakeSlack, page: httpx.Client) -> None:
    slack.person("ben").says("search", "hi @ana")
    last = slack.person("fay").says("search", "hi all")
    new_app(slack).client.chat_postMessage(channel="U0ANA", text="for you")
    badges = watch(page)["badges"]
    assert set(badges) == {"ana", "ben", "omar", "olga", "fay", "gus", "eve"}
    assert badges["ana"] == {"unread": 3, "mentions": 2}
    assert badges["ben"] == {"unread": 1, "mentions": 0}
    page.post("/_play/read", json={"as": "ana", "channel": "search", "ts": last.ts})
    slack.deactivate("gus")
    badges = watch(page)["badges"]
    assert badges["ana"] == {"unread": 1, "mentions": 1}
    assert "gus" not in badges


def test_badges_agree_with_the_channels_counts(slack: FakeSlack, page: httpx.Client) -> None:
    for person in ("ben", "omar", "ben"):
        slack.person(person).says("search", "hello @ana and @ben")
    seen = watch(page, "ana", "ben", "omar")
    for person in ("ana", "ben", "omar"):
        channels = seen["screens"][person]["channels"]
        for what in ("unread", "mentions"):
            assert seen["badges"][person][what] == sum(channel[what] for channel in channels)


# --- waiting ---


@pytest.mark.parametrize("change", ["message", "read", "switch", "elsewhere"])
def test_one_long_poll_wakes_at_any_change(slack: FakeSlack, page: httpx.Client, change: str) -> None:
    seq = watch(page, "ana")["seq"]
    changes = {
        "message": lambda: slack.person("ben").says("search", "hi"),
        "read": lambda: page.post("/_play/read", json={"as": "ana", "channel": "search", "ts": "1"}),
        "switch": lambda: page.post("/_play/switches", json={"gateway_down": True}),
        "elsewhere": slack.state.touch,
    }
    later = threading.Timer(0.2, changes[change])
    began = time.monotonic()
    later.start()
    seen = watch(page, "ana", since=seq, wait=8)
    assert 0.15 < time.monotonic() - began < 4
    assert "unchanged" not in seen
    later.join()


# --- switches ---


def turned(page: httpx.Client, **asked: bool) -> set[str]:
    reply = page.post("/_play/switches", json=asked)
    assert reply.status_code == 200, reply.text
    switches = reply.json()["switches"]
    assert switches == watch(page)["switches"] == page.get("/_play/switches").json()["switches"]
    return {name for name, on in switches.items() if on}


def test_each_lie_of_the_gateway_has_a_switch_that_shows_what_is_true(page: httpx.Client, outside: Outside) -> None:
    lies = {"gateway_over_caps", "gateway_tells_less", "gateway_counts_twice"}
    assert turned(page, **dict.fromkeys(lies, True)) == lies
    habits = outside.habits
    assert (habits.accepts_over_caps, habits.tells_percent, habits.counts_twice) == (True, 50.0, True)
    assert turned(page, gateway_over_caps=False, gateway_counts_twice=False) == {"gateway_tells_less"}
    habits.tells_percent = 100.0
    assert turned(page) == set()
    habits.counts_twice = True
    assert turned(page) == {"gateway_counts_twice"}
    assert turned(page, gateway_counts_twice=False) == set()
    assert habits == Habits()


def test_each_switch_stands_for_its_fault(page: httpx.Client, slack: FakeSlack, outside: Outside) -> None:
    assert turned(page) == set()
    assert turned(page, gateway_down=True, gateway_slow=True) == {"gateway_down", "gateway_slow"}
    assert [(f.kind, f.times, f.seconds) for f in outside.gateway.waiting()] == [
        ("down", None, 0),
        ("latency", None, 5),
    ]
    assert turned(page, gateway_down=True) == {"gateway_down", "gateway_slow"}
    assert len(outside.gateway.waiting()) == 2
    assert turned(page, gateway_down=False, gateway_reply_lost=True) == {"gateway_slow", "gateway_reply_lost"}
    assert turned(page, gateway_slow=False) == {"gateway_reply_lost"}
    assert [fault.kind for fault in outside.gateway.take("/key/info")] == []
    assert [fault.kind for fault in outside.gateway.take("/key/generate")] == ["reply_lost"]
    assert turned(page) == set()
    client = new_app(slack).client
    client.retry_handlers = []
    assert turned(page, slack_rate_limited=True) == {"slack_rate_limited"}
    for _ in range(3):
        with pytest.raises(SlackApiError, match="ratelimited"):
            client.auth_test()
    assert turned(page, slack_rate_limited=False) == set()
    assert client.auth_test()["ok"]
    assert turned(page, slack_list_foreign=True) == {"slack_list_foreign"}
    assert {one["team_id"] for one in client.users_list(limit=100)["members"]} == {"T0ELSEWHERE"}
    assert turned(page, slack_list_foreign=False) == set()
    assert {one["team_id"] for one in client.users_list(limit=100)["members"]} == {"T0PURSER"}


def test_a_switch_shows_a_fault_that_came_another_way_and_leaves_others_alone(
    page: httpx.Client, slack: FakeSlack, outside: Outside
) -> None:
    page.post("/_play/faults", json={"kind": "rate_limited", "method": "chat.postMessage", "times": 2})
    page.post("/_play/faults", json={"kind": "server_error", "method": "chat.update"})
    outside.gateway.add("error", route="/key/info")
    outside.gateway.add("latency", seconds=0.1)
    assert turned(page) == {"slack_rate_limited", "gateway_slow"}
    assert turned(page, slack_rate_limited=False, gateway_slow=False) == set()
    assert [fault["kind"] for fault in slack.world.faults.wire()] == ["server_error"]
    assert [fault.kind for fault in outside.gateway.waiting()] == ["error"]


def test_an_unknown_switch_turns_nothing(page: httpx.Client, outside: Outside) -> None:
    for asked in ({"gateway_down": True, "gateway_haunted": True}, {"gateway_down": "yes"}, ["gateway_down"]):
        reply = page.post("/_play/switches", json=asked)
        assert reply.status_code == 400
        assert reply.json()["ok"] is False
    assert outside.gateway.waiting() == []


# --- files ---


def test_the_page_and_its_files_come_with_headers_that_keep_it_to_itself(page: httpx.Client) -> None:
    index, script = page.get("/"), page.get("/static/js/dom.js")
    assert (index.headers["Content-Type"], script.headers["Content-Type"]) == (
        "text/html; charset=utf-8",
        "text/javascript; charset=utf-8",
    )
    for reply in (index, script):
        assert reply.status_code == 200
        assert reply.headers["Content-Security-Policy"] == (
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-cache"
    same = page.get("/static/js/dom.js", headers={"If-None-Match": script.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../watch.py",
        "/static/%2e%2e/watch.py",
        "/static/..%2fwatch.py",
        "/static/js/../../watch.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/nothing.js",
        "/static/js",
        "/static/",
        "/watch.py",
    ],
)
def test_nothing_but_the_page_s_own_files_is_served(slack: FakeSlack, path: str) -> None:
    port = int(slack.base_url.rpartition(":")[2])
    request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode()  # as it is: a client would tidy the path
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] in (b"404", b"308")  # 308: a doubled slash is tidied first
    assert b"import" not in answer
    assert b"root:" not in answer


def test_the_page_names_every_module_so_that_all_are_fetched_at_once(page: httpx.Client) -> None:
    named = re.findall(r'<link rel="modulepreload" href="(/static/js/[^"]+)">', page.get("/").text)
    assert "/static/js/main.js" in named
    assert [page.get(one).status_code for one in named] == [200] * len(named)
    imported = {target for one in named for target in re.findall(r'from "([^"]+)";', page.get(one).text)}
    assert {Path(one).name for one in imported} <= {Path(one).name for one in named}


def test_a_file_of_another_kind_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "index.html").write_text("<p>hi</p>", encoding="utf-8")
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(create_page(tmp_path))
    client = app.test_client()
    for path, status in (("/", 200), ("/static/index.html", 200), ("/static/notes.txt", 404)):
        with client.get(path, headers={"Host": "127.0.0.1"}) as reply:
            assert reply.status_code == status


@pytest.mark.parametrize("path", ["/", "/static/js/dom.js", "/_play/watch?as=ana", "/_play/switches"])
def test_other_sites_cannot_read_the_page(page: httpx.Client, path: str) -> None:
    assert page.get(path, headers={"Host": "evil.example"}).status_code == 403
    assert page.get(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert page.get(path, headers={"Host": "localhost:4310"}).status_code == 200


def test_what_is_not_there_is_said_in_json_to_whoever_speaks_it(page: httpx.Client) -> None:
    for reply in (page.get("/_play/nonsense"), page.post("/_play/watch", json={})):
        assert reply.status_code in (404, 405)
        assert reply.json()["error"].startswith("there is no ")
    assert page.get("/nonsense").headers["Content-Type"].startswith("text/html")
