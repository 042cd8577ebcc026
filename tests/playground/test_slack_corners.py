"""Rarer roads through the fake: other acknowledgements, edits, newcomers, richer blocks, sockets that misbehave."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import connect

from bot.playground.slack import FakeSlack, NotInSlack, Options, check_message, check_view
from tests.playground.slack_bots import MANIFEST, actions, button, modal, new_app, over_http, section, text_input

EVENTS = ["message.channels", "app_mention", "team_join", "user_change", "member_joined_channel", "channel_archive"]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    manifest = json.loads(json.dumps(MANIFEST))
    manifest["settings"]["event_subscriptions"]["bot_events"] = EVENTS
    manifest["oauth_config"]["scopes"]["bot"].append("app_mentions:read")
    with FakeSlack(manifest, options=Options(retry_delays_seconds=())) as fake:
        fake.invite_bot("search")
        yield fake


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url)


def answering(slack: FakeSlack, client: WebClient, ack_with: dict) -> Any:
    """Ana submits a form on a stack of two; the bot acknowledges so."""
    app = new_app(slack)
    app.view("form")(lambda ack: ack(**ack_with))
    app.view_closed("form")(lambda ack: ack())
    ana = slack.person("ana")
    below = modal(text_input("Cap", "cap"), notify_on_close=True)
    first = client.views_open(trigger_id=slack.world.tickets.trigger(ana.id), view=below)["view"]
    client.views_push(trigger_id=slack.world.tickets.trigger(ana.id, first["id"]), view=modal(text_input("Cap", "cap")))
    with over_http(slack, app):
        return ana.submit(answers={"Cap": "1"})


def test_an_empty_acknowledgement_closes_one_view(slack: FakeSlack, client: WebClient) -> None:
    assert answering(slack, client, {}).ok
    assert len(slack.person("ana").modals()) == 1


def test_clear_closes_all_and_tells_of_those_below(slack: FakeSlack, client: WebClient) -> None:
    assert answering(slack, client, {"response_action": "clear"}).ok
    assert slack.person("ana").modals() == []
    assert [b["is_cleared"] for b in slack.sent("view_closed")] == [True]


def test_push_puts_a_view_on_top(slack: FakeSlack, client: WebClient) -> None:
    assert answering(slack, client, {"response_action": "push", "view": modal(section("third"), submit=None)}).ok
    assert [slack.text_of(v).splitlines()[1] for v in slack.person("ana").modals()][-1] == "third"


@pytest.mark.parametrize(
    ("ack_with", "complaint"),
    [
        ({"response_action": "update", "view": modal(section("x" * 3001))}, "less than 3001"),
        ({"response_action": "dance"}, "invalid response_action dance"),
    ],
)
def test_a_wrong_acknowledgement_is_seen_and_noted(
    slack: FakeSlack, client: WebClient, ack_with: dict, complaint: str
) -> None:
    reply = answering(slack, client, ack_with)
    assert not reply.ok
    assert len(slack.person("ana").modals()) == 2, "the form stays"
    assert any(complaint in v for v in slack.violations)


def test_a_public_acknowledgement_shows_the_command_too(slack: FakeSlack) -> None:
    app = new_app(slack)
    app.command("/ask")(lambda ack: ack(response_type="in_channel", text="for all"))
    with over_http(slack, app):
        slack.person("ana").command("/ask secret", channel="search")
    assert [m.text for m in slack.channel("search").messages] == ["/ask secret", "for all"]
    assert slack.person("ana").ephemerals() == []


def test_what_slack_would_not_show_is_a_violation(slack: FakeSlack, client: WebClient) -> None:
    app = new_app(slack)
    app.action("go")(lambda ack: ack("you never see this"))
    app.command("/ask")(lambda ack: ack(text="x", blocks=[section("x" * 3001)]))
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[actions(button("Go", "go"))])
    with over_http(slack, app):
        slack.person("ana").click("Go", in_=slack.channel("search").messages[0])
        slack.person("ana").command("/ask", channel="search")
    assert "Slack shows nothing of" in slack.violations[0]
    assert "less than 3001" in slack.violations[1]


def test_edits_and_deletions_are_told_with_what_was_there_before(slack: FakeSlack) -> None:
    ana = slack.person("ana")
    message = ana.says("search", "my key is sk-1")
    ana.edits(message, "my key is gone")
    ana.deletes(message)
    with pytest.raises(NotInSlack, match="somebody else's"):
        slack.person("ben").edits(message, "hacked")
    slack.settle()
    told = {b["event"].get("subtype"): b["event"] for b in slack.sent("message")}
    assert told["message_changed"]["message"]["text"] == "my key is gone"
    assert told["message_changed"]["previous_message"]["text"] == "my key is sk-1"
    assert told["message_deleted"]["deleted_ts"] == message.ts


def test_the_bot_hears_its_own_messages_marked_as_its_own(slack: FakeSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C0SEARCH", text="hello")
    slack.settle()
    (body,) = slack.sent("message")
    assert (body["event"]["bot_id"], body["event"]["user"]) == ("B0PURSER", "U0PURSER")


def test_mentions_newcomers_members_and_archives_are_told(slack: FakeSlack) -> None:
    slack.person("ana").says("search", "hi @purser")
    slack.add_user("zoe", "Zoe Zimmer", is_restricted=True)
    slack.invite("search", "zoe")
    slack.change_user("zoe", title="Intern")
    slack.archive("search")
    slack.settle()
    assert slack.sent("app_mention")[0]["event"]["text"] == "hi <@U0PURSER>"
    assert slack.sent("team_join")[0]["event"]["user"]["is_restricted"] is True
    assert slack.sent("user_change")[0]["event"]["user"]["profile"]["title"] == "Intern"
    assert "U0ZOE" in [b["event"]["user"] for b in slack.sent("member_joined_channel")]
    assert slack.sent("channel_archive")[0]["event"]["channel"] == "C0SEARCH"
    with pytest.raises(NotInSlack, match="archived"):
        slack.person("ana").says("search", "anybody?")
    with pytest.raises(ValueError, match="there is a zoe already"):
        slack.add_user("zoe")


def test_a_reactivated_person_is_told_and_back_without_their_channels(slack: FakeSlack) -> None:
    slack.deactivate("ben")
    slack.reactivate("ben")
    slack.settle()
    assert {b["event"]["user"]["deleted"] for b in slack.sent("user_change")} == {True, False}
    with pytest.raises(NotInSlack, match="not in #search"):
        slack.person("ben").says("search", "back")


def test_a_private_channel_is_made_and_the_bot_let_in(slack: FakeSlack, client: WebClient) -> None:
    room = slack.add_channel("vault", "omar", private=True)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.conversations_info(channel=room.id)
    slack.invite_bot("vault")
    assert client.conversations_info(channel=room.id)["channel"]["is_private"] is True
    with pytest.raises(SlackApiError, match="method_not_supported_for_channel_type"):
        client.conversations_join(channel=room.id)


def test_a_command_typed_over_several_lines_is_one_command(slack: FakeSlack) -> None:
    app = new_app(slack)
    app.command("/ask")(lambda ack: ack())
    with over_http(slack, app):
        slack.person("ana").command("/ask\n$25 7d\nfor tests", channel="search")
    assert [b["text"] for b in slack.sent("/ask")] == ["$25 7d\nfor tests"]


def test_frames_that_slack_would_not_understand_are_violations(slack: FakeSlack) -> None:
    with connect(slack.world.hub.new_url(), proxy=None) as socket:
        assert json.loads(socket.recv())["type"] == "hello"
        socket.send("hello?")
        socket.send("{}")
        slack.wait_for(lambda: len(slack.violations) == 2)
        slack.person("ana").says("search", "hi")
        envelope = json.loads(socket.recv())
        assert envelope["type"] == "events_api"
        assert (envelope["accepts_response_payload"], envelope["retry_attempt"]) == (False, 0)
        socket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "thanks"}}))
        slack.settle()
    assert slack.violations[-1] == "socket mode: a payload in the acknowledgement of events_api"


def test_an_eleventh_connection_is_turned_away(slack: FakeSlack) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(slack.world.hub.new_url(), proxy=None)) for _ in range(10)]
        assert sorted(json.loads(s.recv())["num_connections"] for s in sockets) == list(range(1, 11))
        another = stack.enter_context(connect(slack.world.hub.new_url(), proxy=None))
        assert json.loads(another.recv())["reason"] == "too_many_websockets"


def test_what_breaks_the_fake_is_loud(slack: FakeSlack) -> None:
    slack.state.users.clear()
    auth = {"Authorization": f"Bearer {slack.bot_token}"}
    assert httpx.post(slack.api_url + "auth.test", headers=auth, trust_env=False).status_code == 500
    assert "the fake broke on it: KeyError" in slack.violations[0]


def text(words: str) -> dict:
    return {"type": "mrkdwn", "text": words}


RICH: list[dict] = [
    {"type": "card", "title": text("Key"), "body": text("ana-7kq2"), "actions": [button("Give back", "back")]},
    {"type": "container", "title": {"type": "plain_text", "text": "Keys"}, "child_blocks": [section("one")]},
    {"type": "carousel", "elements": [{"type": "card", "title": text("Key")}]},
    {"type": "data_table", "caption": "Spend", "rows": [[{"type": "raw_text", "text": "ana"}]] * 2},
    {"type": "context", "elements": [text("as of 12:00")]},
]
TOO_RICH = [
    ({"type": "card"}, "hero_image, title, actions or body"),
    ({"type": "card", "body": text("x" * 201)}, "less than 201"),
    ({"type": "card", "title": text("x"), "actions": [{"type": "overflow"}]}, "unsupported type: overflow"),
    ({"type": "container", "child_blocks": [section("x")]}, "title or rich_text_title"),
    ({"type": "container", "title": {"type": "plain_text", "text": "x"}, "child_blocks": [{"type": "no"}]}, "no"),
    ({"type": "carousel", "elements": [section("x")]}, "must be a card"),
    ({"type": "data_table", "caption": "x", "rows": [[{"type": "raw_text", "text": "x"}]]}, "header row"),
    ({"type": "table", "rows": [[{"type": "mrkdwn", "text": "x"}]]}, "unsupported type: mrkdwn"),
    ({"type": "data_visualization", "title": "x" * 51, "chart": {"type": "bar"}}, "less than 51"),
    ({"type": "data_visualization", "title": "x", "chart": {"type": "gauge"}}, "must be one of line"),
]


def test_richer_blocks_are_known_read_and_pressed(slack: FakeSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=RICH)
    message = slack.channel("search").messages[0]
    shown = slack.text_of(message).splitlines()
    assert shown == ["Key", "ana-7kq2", "[Give back]", "Keys", "one", "Key", "Spend", "ana", "ana", "as of 12:00"]
    assert slack.person("ana").click("Give back", in_=message).error == "dispatch_failed", "found, but nobody listens"


@pytest.mark.parametrize(("block", "complaint"), TOO_RICH, ids=[c for _, c in TOO_RICH])
def test_richer_blocks_have_limits_too(block: dict, complaint: str) -> None:
    problems = check_message([block], "x")
    assert any(complaint in p for p in problems), problems


def test_a_container_is_for_messages_only() -> None:
    assert any("unsupported type in a modal" in p for p in check_view(modal(RICH[1])))
