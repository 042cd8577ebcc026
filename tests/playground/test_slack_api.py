"""The fake Web API refuses what Slack refuses, in Slack's words, and remembers that it had to."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack import FakeSlack
from tests.playground.slack_bots import MANIFEST, actions, button, modal, new_app, section, text_input


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST) as fake:
        fake.invite_bot("search")
        yield fake


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])


def refused(call: Callable[..., Any], **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**args)
    return str(caught.value.response["error"])


def test_only_its_own_tokens_open_it(slack: FakeSlack) -> None:
    def test(token: str) -> str:
        return refused(WebClient(token, base_url=slack.api_url).auth_test)

    assert test("xoxb-1234-5678-real") == "invalid_auth"
    assert httpx.post(slack.api_url + "auth.test", trust_env=False).json()["error"] == "not_authed"
    bot = WebClient(slack.bot_token, base_url=slack.api_url)
    assert refused(bot.apps_connections_open, app_token=slack.bot_token) == "not_allowed_token_type"
    assert bot.auth_test(token=slack.app_token)["app_id"] == "A0PURSER"


def test_auth_test_tells_the_granted_scopes(slack: FakeSlack, client: WebClient) -> None:
    assert client.auth_test().headers["x-oauth-scopes"].split(",") == sorted(slack.scopes)


def test_unknown_methods_are_loud(slack: FakeSlack, client: WebClient) -> None:
    assert refused(client.pins_list, channel="C0SEARCH") == "unknown_method"
    assert slack.violations == ["pins.list: unknown_method"]


@pytest.mark.parametrize("how", ["json", "form", "query"])
def test_arguments_may_come_in_any_form(slack: FakeSlack, how: str) -> None:
    url, auth = slack.api_url + "chat.postMessage", {"Authorization": f"Bearer {slack.bot_token}"}
    args: dict = {"channel": "C0SEARCH", "text": "hi", "blocks": [section("hi")]}
    flat = args | {"blocks": json.dumps(args["blocks"])}
    with httpx.Client(trust_env=False) as http:
        match how:
            case "json":
                answer = http.post(url, json=args, headers=auth)
            case "form":
                answer = http.post(url, data=flat | {"token": slack.bot_token})
            case _:
                answer = http.get(url, params=flat, headers=auth)
    assert answer.json()["ok"], answer.text
    assert slack.text_of(slack.channel("search").messages[0]) == "hi"


def test_where_the_bot_may_write(slack: FakeSlack, client: WebClient) -> None:
    def post(channel: str) -> str:
        return refused(client.chat_postMessage, channel=channel, text="x")

    assert post("C0GENERAL") == "not_in_channel"
    assert post("C0OPS") == "channel_not_found", "a private channel does not exist for those outside"
    assert post("CNOWHERE") == "channel_not_found"
    slack.archive("search")
    assert post("C0SEARCH") == "is_archived"
    slack.archive("search", archived=False)
    assert refused(client.api_call, api_method="chat.postMessage", json={"channel": "C0SEARCH"}) == "no_text"
    client.conversations_join(channel="C0GENERAL")
    client.chat_postMessage(channel="#general", text="by name")
    client.chat_postMessage(channel="U0ANA", text="a direct message")
    assert [m.text for m in slack.person("ana").dms()] == ["a direct message"]
    assert slack.violations == []


def test_ephemerals_reach_one_person_in_the_channel_and_stay_out_of_history(
    slack: FakeSlack, client: WebClient
) -> None:
    client.chat_postEphemeral(channel="C0SEARCH", user="U0ANA", text="only you")
    assert [m.text for m in slack.person("ana").ephemerals("search")] == ["only you"]
    assert client.conversations_history(channel="C0SEARCH")["messages"] == []
    slack.kick("search", "ben")
    assert refused(client.chat_postEphemeral, channel="C0SEARCH", user="U0BEN", text="x") == "user_not_in_channel"
    ts = slack.person("ana").ephemerals()[0].ts
    assert refused(client.chat_update, channel="C0SEARCH", ts=ts, text="x") == "message_not_found"


def test_only_own_messages_are_changed_and_unsent_parts_stay(slack: FakeSlack, client: WebClient) -> None:
    theirs = slack.person("ana").says("search", "mine")
    assert refused(client.chat_update, channel="C0SEARCH", ts=theirs.ts, text="x") == "cant_update_message"
    assert refused(client.chat_delete, channel="C0SEARCH", ts=theirs.ts) == "cant_delete_message"
    assert refused(client.chat_update, channel="C0SEARCH", ts="1.2", text="x") == "message_not_found"
    metadata = {"event_type": "outbox", "event_payload": {"id": 7}}
    ts = client.chat_postMessage(channel="C0SEARCH", text="a", blocks=[section("b")], metadata=metadata)["ts"]
    client.chat_update(channel="C0SEARCH", ts=ts, text="c")
    stored = client.conversations_history(channel="C0SEARCH", include_all_metadata=True)["messages"][0]
    assert (stored["text"], stored["blocks"][0]["text"]["text"]) == ("c", "b")
    assert stored["metadata"] == metadata
    assert "edited" in stored
    plain = client.conversations_history(channel="C0SEARCH")["messages"][0]
    assert "metadata" not in plain
    client.chat_delete(channel="C0SEARCH", ts=ts)
    assert [m.text for m in slack.channel("search").messages] == ["mine"]


def test_threads_are_read_parent_first_and_page_by_page(slack: FakeSlack, client: WebClient) -> None:
    parent = client.chat_postMessage(channel="C0SEARCH", text="card")["ts"]
    replies = [client.chat_postMessage(channel="C0SEARCH", text=str(n), thread_ts=parent)["ts"] for n in range(5)]
    pages = [
        [m["text"] for m in page["messages"]]
        for page in client.conversations_replies(channel="C0SEARCH", ts=parent, limit=2)
    ]
    assert pages == [["card", "0"], ["1", "2"], ["3", "4"]]
    since = client.conversations_replies(channel="C0SEARCH", ts=parent, oldest=replies[3])["messages"]
    assert [m["text"] for m in since] == ["card", "4"]
    history = client.conversations_history(channel="C0SEARCH")["messages"]
    assert [(m["text"], m["reply_count"]) for m in history] == [("card", 5)]
    assert refused(client.conversations_replies, channel="C0SEARCH", ts="1.2") == "thread_not_found"
    link = client.chat_getPermalink(channel="C0SEARCH", message_ts=replies[0])["permalink"]
    assert f"thread_ts={parent}" in link


def test_timestamps_are_unique_and_increase_though_the_clock_stands(slack: FakeSlack, client: WebClient) -> None:
    now = slack.state.clock()
    slack.state.clock = lambda: now
    stamps = [client.chat_postMessage(channel="C0SEARCH", text="x")["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps))


def test_every_method_needs_its_scope(slack: FakeSlack, client: WebClient) -> None:
    slack.scopes.discard("chat:write")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0SEARCH", text="x")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    assert "commands" in caught.value.response["provided"]
    slack.scopes.discard("groups:history")
    slack.invite_bot("ops-private")
    assert refused(client.conversations_history, channel="C0OPS") == "missing_scope"
    client.conversations_history(channel="C0SEARCH")
    slack.scopes.discard("users:read.email")
    assert "email" not in client.users_info(user="U0ANA")["user"]["profile"]
    assert len(slack.violations) == 2


def test_people_are_listed_in_pages_with_the_deactivated_and_without_strangers(
    slack: FakeSlack, client: WebClient
) -> None:
    slack.deactivate("ben")
    pages = [page["members"] for page in client.users_list(limit=3)]
    assert [len(p) for p in pages] == [3, 3, 2]
    people = {u["name"]: u for page in pages for u in page}
    assert people["ben"]["deleted"] is True
    assert people["gus"]["is_restricted"] is True
    assert people["purser"]["is_bot"] is True
    assert "eve" not in people
    assert client.users_info(user="U0EVE")["user"]["is_stranger"] is True
    assert refused(client.users_info, user="U0NOBODY") == "user_not_found"
    assert "U0BEN" not in client.conversations_members(channel="C0SEARCH")["members"]


def test_direct_messages_are_opened_once(slack: FakeSlack, client: WebClient) -> None:
    first = client.conversations_open(users="U0ANA")
    assert first["already_open"] is False
    again = client.conversations_open(users=["U0ANA"])
    assert (again["already_open"], again["channel"]["id"]) == (True, first["channel"]["id"])
    slack.deactivate("ana")
    assert refused(client.conversations_open, users="U0ANA") == "user_disabled"


def test_channels_of_the_bot_are_listed_by_kind(slack: FakeSlack, client: WebClient) -> None:
    def names(**args: Any) -> list[str]:
        return [c["name"] for c in client.conversations_list(**args)["channels"]]

    assert names() == ["general", "search"]
    assert names(types="public_channel,private_channel") == ["general", "search"]
    slack.invite_bot("ops-private")
    assert names(types="private_channel") == ["ops-private"]
    assert [c["name"] for c in client.users_conversations()["channels"]] == ["search"]
    assert client.conversations_info(channel="C0SEARCH")["channel"]["is_member"] is True


def test_bad_blocks_are_refused_with_a_pointer(slack: FakeSlack, client: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[section("a" * 3001)])
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert len(slack.violations) == 1
    long = [section("a" * 2900) for _ in range(5)]
    assert refused(client.chat_postMessage, channel="C0SEARCH", text="x", blocks=long) == "msg_blocks_too_long"
    assert slack.channel("search").messages == []


def test_bad_views_are_refused_with_a_pointer_and_leave_the_trigger_unused(slack: FakeSlack, client: WebClient) -> None:
    trigger = slack.world.tickets.trigger("U0ANA")
    bad = modal(text_input("Cap", "cap"), title={"type": "plain_text", "text": "t" * 25})
    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=trigger, view=bad)
    assert caught.value.response["error"] == "invalid_arguments"
    assert "[json-pointer:/view/title/text]" in caught.value.response["response_metadata"]["messages"][0]
    client.views_open(trigger_id=trigger, view=modal(text_input("Cap", "cap")))


def test_blocks_without_a_fallback_text_go_through_but_are_noted(slack: FakeSlack) -> None:
    body = {"channel": "C0SEARCH", "blocks": [section("hi")]}
    auth = {"Authorization": f"Bearer {slack.bot_token}"}
    assert httpx.post(slack.api_url + "chat.postMessage", json=body, headers=auth, trust_env=False).json()["ok"]
    assert "missing_text_in_message" in slack.violations[0]


def test_the_stack_of_modals_holds_three(slack: FakeSlack, client: WebClient) -> None:
    view = modal(text_input("Cap", "cap"))
    first = client.views_open(trigger_id=slack.world.tickets.trigger("U0ANA"), view=view)["view"]
    for _ in range(2):
        pushed = client.views_push(trigger_id=slack.world.tickets.trigger("U0ANA", first["id"]), view=view)
        assert pushed["view"]["root_view_id"] == first["id"]
    trigger = slack.world.tickets.trigger("U0ANA", first["id"])
    assert refused(client.views_push, trigger_id=trigger, view=view) == "push_limit_reached"
    assert len(slack.person("ana").modals()) == 3


def test_a_file_is_uploaded_in_three_steps_and_shared(slack: FakeSlack, client: WebClient) -> None:
    client.files_upload_v2(
        channel="C0SEARCH", content="a,b\n1,2\n", filename="usage.csv", title="Usage", initial_comment="here"
    )
    message = slack.channel("search").messages[0]
    stored = slack.state.files[message.files[0]]
    assert (stored.content, stored.title, message.text) == (b"a,b\n1,2\n", "Usage", "here")
    assert slack.violations == []


def test_rate_limits_last_as_long_as_asked_and_bolt_waits_for_them(slack: FakeSlack) -> None:
    slack.fault("rate_limited", "chat.postMessage", times=1, retry_after_seconds=0)
    client = new_app(slack).client
    client.chat_postMessage(channel="C0SEARCH", text="after all")
    statuses = [e.status for e in slack.world.journal.entries(method="chat.postMessage")]
    assert statuses == [429, 200]


def test_a_lost_reply_was_applied_and_a_cut_connection_was_not(slack: FakeSlack, client: WebClient) -> None:
    slack.fault("reply_lost", "chat.postMessage")
    with pytest.raises(Exception, match=r"closed connection|reset"):
        client.chat_postMessage(channel="C0SEARCH", text="applied")
    slack.fault("cut", "chat.postMessage")
    with pytest.raises(Exception, match=r"closed connection|reset"):
        client.chat_postMessage(channel="C0SEARCH", text="not applied")
    slack.fault("server_error", "chat.postMessage")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0SEARCH", text="not applied either")
    assert caught.value.response.status_code == 500
    client.chat_postMessage(channel="C0SEARCH", text="fine")
    assert [m.text for m in slack.channel("search").messages] == ["applied", "fine"]


def test_a_home_tab_needs_to_be_enabled(slack: FakeSlack, client: WebClient) -> None:
    home = {"type": "home", "blocks": [section("hi"), actions(button("Disable now", "disable"))]}
    first = client.views_publish(user_id="U0ANA", view=home)["view"]
    assert refused(client.views_publish, user_id="U0ANA", view=home, hash="old") == "hash_conflict"
    again = client.views_publish(user_id="U0ANA", view=home, hash=first["hash"])["view"]
    assert again["id"] == first["id"]
    slack.world.manifest.home_enabled = False
    assert refused(client.views_publish, user_id="U0BEN", view=home) == "not_enabled"


def test_reactions_are_counted_once(slack: FakeSlack, client: WebClient) -> None:
    ts = slack.person("ana").says("search", "hello").ts
    client.reactions_add(channel="C0SEARCH", timestamp=ts, name="eyes")
    assert refused(client.reactions_add, channel="C0SEARCH", timestamp=ts, name="eyes") == "already_reacted"
    history = client.conversations_history(channel="C0SEARCH")["messages"]
    assert history[0]["reactions"] == [{"name": "eyes", "users": ["U0PURSER"], "count": 1}]


def test_it_listens_and_delivers_on_loopback_only() -> None:
    from bot.playground.slack import Options

    with pytest.raises(ValueError, match="loopback"):
        FakeSlack(MANIFEST, options=Options(host="0.0.0.0"))
    with FakeSlack(MANIFEST) as slack, pytest.raises(ValueError, match="this machine"):
        slack.deliver_to("https://example.com/slack/events")


def test_a_manifest_that_slack_would_not_honour_is_a_violation() -> None:
    broken = json.loads(json.dumps(MANIFEST))
    broken["oauth_config"]["scopes"]["bot"] = ["chat:write"]
    slack = FakeSlack(broken)
    assert "manifest: commands or shortcuts without the scope commands" in slack.violations
    assert "manifest: event message.channels without the scope channels:history" in slack.violations


def test_a_list_of_people_is_strict_about_limits_and_places(slack: FakeSlack, client: WebClient) -> None:
    assert refused(client.users_list, limit=1001) == "invalid_limit"
    assert refused(client.users_list, limit=3, cursor="bmV4dDoz") == "invalid_cursor"
    assert refused(client.users_list, limit=3, cursor="not a cursor") == "invalid_cursor"
    first = client.users_list(limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    slack.add_user("aaron")  # whoever comes between two pages moves nobody
    following = client.users_list(limit=3, cursor=cursor)
    assert not {one["id"] for one in first["members"]} & {one["id"] for one in following["members"]}


def test_a_list_of_people_can_come_short_repeated_or_from_elsewhere(slack: FakeSlack, client: WebClient) -> None:
    def listed(**args: Any) -> list[dict[str, Any]]:
        return [one for page in client.users_list(**args) for one in page["members"]]

    whole = {one["id"] for one in listed(limit=100)}
    slack.fault("list_short", "users.list")
    assert len(listed(limit=100)) == len(whole) // 2
    slack.fault("list_short", "users.list", users=["U0BEN"])
    assert {one["id"] for one in listed(limit=100)} == whole - {"U0BEN"}
    slack.fault("list_repeated", "users.list")
    assert len(listed(limit=3)) == len(whole) + 1
    slack.fault("list_foreign", "users.list", users=["U0BEN"])
    assert {one["id"] for one in listed(limit=100) if one["team_id"] != "T0PURSER"} == {"U0BEN"}
    slack.fault("people_hidden", "users.list", users=["U0BEN"])
    assert refused(client.users_info, user="U0BEN") == "user_not_found"
    assert {one["id"] for one in listed(limit=100)} == whole - {"U0BEN"}
