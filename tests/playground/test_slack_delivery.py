"""A real Bolt app against the fake, over HTTP and over Socket Mode: what people do arrives, and the answer is seen."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack import FakeSlack, NotInSlack, Options
from tests.playground.slack_bots import (
    MANIFEST,
    actions,
    button,
    modal,
    new_app,
    over_http,
    over_socket,
    section,
    text_input,
)


class SmallBot:
    """Does one of each thing an app can do, and remembers what it was sent."""

    def __init__(self, slack: FakeSlack) -> None:
        self.seen: list[dict] = []
        self.app = new_app(slack)
        self.app.command("/ask")(self.ask)
        self.app.command("/raw")(self.note)
        self.app.action("approve")(self.approve)
        self.app.view("form")(self.submitted)
        self.app.view_closed("form")(self.note)
        self.app.shortcut("report_leak")(self.note)
        self.app.event("message")(self.note_event)
        self.app.event("user_change")(self.note_event)
        self.app.event("app_home_opened")(self.home)

    def sent(self, key: str, value: object = ...) -> dict:
        """The first payload that has this key (with this value)."""
        return next(b for b in list(self.seen) if key in b and value in (..., b[key]))

    def ask(self, ack: Any, body: dict, client: WebClient, respond: Any) -> None:
        self.seen.append(body)
        match body["text"].split(" ")[0]:
            case "form":
                ack()
                client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("Cap", "cap")))
            case "card":
                ack()
                blocks = [section("*Card*"), actions(button("Approve", "approve", value="7"))]
                client.chat_postMessage(channel=body["channel_id"], text="a card", blocks=blocks)
            case "later":
                ack()
                respond("here it is")
            case _:
                ack(f"you said {body['text']}")

    def note(self, ack: Any, body: dict) -> None:
        ack()
        self.seen.append(body)

    def note_event(self, event: dict) -> None:
        self.seen.append(event)

    def approve(self, ack: Any, body: dict, client: WebClient, respond: Any) -> None:
        ack()
        self.seen.append(body)
        channel, ts = body["container"]["channel_id"], body["container"]["message_ts"]
        client.chat_update(channel=channel, ts=ts, text=f"approved by <@{body['user']['id']}>", blocks=[])
        respond("done", replace_original=False)

    def submitted(self, ack: Any, body: dict, view: dict) -> None:
        self.seen.append(body)
        cap = view["state"]["values"]["cap"]["typed"]["value"]
        if not cap.startswith("$"):
            ack(response_action="errors", errors={"cap": "Write it as $25."})
        elif cap == "$1":
            ack(response_action="update", view=modal(section("Thank you"), submit=None))
        else:
            ack()

    def home(self, event: dict, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Your keys")]})


@pytest.fixture(params=["http", "socket"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST, options=Options(retry_delays_seconds=(0.0, 0.05, 0.1))) as fake:
        fake.invite_bot("search")
        yield fake


@pytest.fixture
def bot(slack: FakeSlack, mode: str) -> Iterator[SmallBot]:
    bot = SmallBot(slack)
    with over_http(slack, bot.app) if mode == "http" else over_socket(slack, bot.app):
        yield bot
        slack.settle()


def test_a_command_is_acknowledged_and_only_its_author_sees_the_answer(slack: FakeSlack, bot: SmallBot) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    reply = ana.command("/ask hello", channel="search")
    assert (reply.status, reply.text, reply.ok) == (200, "you said hello", True)
    assert reply.ack_ms < 1000
    assert [slack.text_of(m) for m in ana.ephemerals("search")] == ["you said hello"]
    assert ben.ephemerals("search") == []
    assert slack.channel("search").messages == []
    assert slack.violations == []


def test_escaped_commands_name_people_and_channels_and_raw_ones_do_not(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    ana.command("/ask give @ben and #general <!channel> & @nobody", channel="search")
    assert bot.seen[-1]["text"] == ("give <@U0BEN|ben> and <#C0GENERAL|general> &lt;!channel&gt; &amp; @nobody")
    ana.command("/raw give @ben <!channel> & more", channel="search")
    assert bot.seen[-1]["text"] == "give @ben <!channel> & more"


def test_addresses_and_links_are_marked_up_and_left_whole(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").command("/ask mail ana@example.com or https://example.com/@ben?a=1&b=2", channel="search")
    assert bot.seen[-1]["text"] == (
        "mail <mailto:ana@example.com|ana@example.com> or <https://example.com/@ben?a=1&amp;b=2>"
    )


def test_an_answer_through_the_response_url_is_an_ephemeral(slack: FakeSlack, bot: SmallBot) -> None:
    assert slack.person("ana").command("/ask later", channel="search").answer() == "here it is"


def test_a_button_reaches_the_bot_and_the_card_changes_in_place(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").command("/ask card", channel="search")
    card = slack.wait_for(lambda: slack.channel("search").messages[0])
    reply = slack.person("omar").click("Approve", in_=card)
    assert reply.ok
    slack.wait_for(lambda: slack.text_of(card) == "approved by @omar")
    body = bot.sent("actions")
    assert body["actions"][0]["value"] == "7"
    assert body["user"] == {"id": "U0OMAR", "username": "omar", "name": "omar", "team_id": "T0PURSER"}
    assert body["container"]["is_ephemeral"] is False
    assert reply.answer() == "done"
    with pytest.raises(NotInSlack, match="no button 'Approve'"):
        slack.person("olga").click("Approve", in_=card)


def test_somebody_from_another_workspace_presses_with_their_own_team_id(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").command("/ask card", channel="search")
    card = slack.wait_for(lambda: slack.channel("search").messages[0])
    slack.person("eve").click("Approve", in_=card)
    body = slack.wait_for(lambda: bot.sent("actions"))
    assert body["user"]["team_id"] == "T0ELSEWHERE"
    assert body["team"]["id"] == "T0PURSER"
    assert "not a valid command" in slack.person("eve").command("/ask x", channel="search").text


def test_a_form_complains_inline_then_goes_through(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    assert ana.command("/ask form", channel="search").answer().splitlines()[0] == "Form"
    assert ana.submit(answers={}).errors == {"cap": "Please complete this required field."}
    assert not [b for b in bot.seen if b.get("type") == "view_submission"], "Slack's client refuses itself"
    assert ana.submit(answers={"Cap": "25"}).errors == {"cap": "Write it as $25."}
    assert ana.modal() is not None
    assert ana.submit(answers={"Cap": "$1"}).ok
    assert "Thank you" in slack.text_of(ana.modal())
    ana.close()
    assert ana.modal() is None
    assert slack.violations == []


def test_a_message_shortcut_carries_the_message(slack: FakeSlack, bot: SmallBot) -> None:
    message = slack.person("ben").says("search", "my key is sk-1234")
    assert slack.person("ana").shortcut("report_leak", message).ok
    body = slack.wait_for(lambda: bot.sent("callback_id", "report_leak"))
    assert body["message"]["text"] == "my key is sk-1234"
    assert body["message"]["user"] == "U0BEN"
    with pytest.raises(NotInSlack, match="report_leak"):
        slack.person("ana").shortcut("unknown", message)


def test_a_reply_in_a_thread_reaches_the_bot_with_its_parent(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    ana.command("/ask card", channel="search")
    card = slack.wait_for(lambda: slack.channel("search").messages[0])
    slack.person("omar").reply(card, "approve $20 3d for @ana")
    event = slack.wait_for(lambda: bot.sent("thread_ts", card.ts))
    assert event["text"] == "approve $20 3d for <@U0ANA>"
    assert [slack.text_of(m) for m in slack.channel("search").replies(card)] == ["approve $20 3d for @ana"]
    assert len(slack.channel("search").messages) == 1


def test_messages_are_heard_only_where_the_bot_is(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").says("general", "secret")
    slack.person("ana").says("search", "open")
    slack.person("ana").says("dm", "psst")
    slack.wait_for(lambda: len([e for e in bot.seen if e.get("type") == "message"]) == 2)
    slack.settle()
    assert {e["text"]: e["channel_type"] for e in bot.seen} == {"open": "channel", "psst": "im"}


def test_the_home_tab_is_published_when_opened(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    assert ana.home() is None
    ana.opens_home()
    assert slack.text_of(slack.wait_for(ana.home)).strip() == "Your keys"


def test_a_departure_is_told(slack: FakeSlack, bot: SmallBot) -> None:
    slack.deactivate("ana")
    slack.wait_for(lambda: [e for e in bot.seen if e.get("type") == "user_change"])
    assert bot.seen[-1]["user"]["deleted"] is True
    with pytest.raises(NotInSlack, match="deactivated"):
        slack.person("ana").says("search", "still here?")


def test_an_unknown_command_never_reaches_the_bot(slack: FakeSlack, bot: SmallBot) -> None:
    reply = slack.person("ana").command("/nope now", channel="search")
    assert (reply.status, reply.text) == (0, "/nope is not a valid command.")
    assert bot.seen == []


def test_a_command_in_a_thread_is_refused_by_slack(slack: FakeSlack, bot: SmallBot) -> None:
    reply = slack.person("ana").command("/ask x", channel="search", in_thread=True)
    assert "not supported in threads" in reply.text
    assert bot.seen == []


def test_commands_typed_at_once_are_all_acknowledged(slack: FakeSlack, bot: SmallBot) -> None:
    replies: list = []
    people = [slack.person(name) for name in ("ana", "ben", "omar", "olga", "fay", "gus")]
    threads = [
        threading.Thread(target=lambda p=p: replies.append(p.command("/ask hi", channel="search"))) for p in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.text for r in replies] == ["you said hi"] * 6


def test_duplicates_carry_the_same_trigger_and_event_ids(slack: FakeSlack, bot: SmallBot) -> None:
    slack.fault("duplicate", "/ask", copies=3)
    slack.person("ana").command("/ask hi", channel="search")
    assert len(bot.seen) == 3
    assert len({b["trigger_id"] for b in bot.seen}) == 1
    slack.fault("duplicate", "message", copies=3)
    slack.person("ana").says("search", "hello")
    slack.settle()
    bodies = [e.body for e in slack.world.journal.entries(method="message", direction="out")]
    assert len(bodies) == 3
    assert len({b["event_id"] for b in bodies}) == 1


def test_nobody_there_is_a_failed_command() -> None:
    with FakeSlack(MANIFEST) as slack:
        reply = slack.person("ana").command("/ask hi", channel="search")
        assert reply.error == "dispatch_failed"
        assert reply.text == '/ask failed with the error "dispatch_failed"'
        slack.deliver_to("http://127.0.0.1:9/slack/events")
        assert slack.person("ana").command("/ask hi", channel="search").error == "dispatch_failed"


def test_a_late_acknowledgement_is_a_timeout_and_is_not_shown() -> None:
    with FakeSlack(MANIFEST, options=Options(ack_seconds=0.2)) as slack:
        app = new_app(slack)

        @app.command("/ask")
        def slow(ack: Any) -> None:
            time.sleep(0.5)
            ack("too late")

        with over_socket(slack, app):
            reply = slack.person("ana").command("/ask hi", channel="search")
            assert reply.error == "operation_timeout"
            time.sleep(0.5)
            assert [m.text for m in slack.person("ana").ephemerals()] == [
                '/ask failed with the error "operation_timeout"'
            ]


def test_an_event_is_retried_with_its_number_and_reason() -> None:
    options = Options(retry_delays_seconds=(0.0, 0.01, 0.02))
    with FakeSlack(MANIFEST, options=options) as slack:
        slack.invite_bot("search")
        app = new_app(slack)
        heard: list = []

        @app.middleware
        def refuse(req: Any, next_: Any) -> None:
            heard.append((req.headers.get("x-slack-retry-num"), req.headers.get("x-slack-retry-reason")))
            if len(heard) > 2:
                next_()

        @app.event("message")
        def message() -> None:
            pass

        with over_http(slack, app):
            slack.person("ana").says("search", "hello")
            slack.settle()
        assert heard == [(None, None), (["1"], ["http_error"]), (["2"], ["http_error"])]


def test_events_are_retried_three_times_then_given_up() -> None:
    with FakeSlack(MANIFEST, options=Options(retry_delays_seconds=(0.0, 0.0, 0.0))) as slack:
        slack.invite_bot("search")
        slack.deliver_to("http://127.0.0.1:9/")
        slack.person("ana").says("search", "hello")
        slack.settle()
        assert len(slack.world.journal.entries(method="message", direction="out")) == 4


def test_events_without_a_subscription_are_not_sent() -> None:
    manifest = MANIFEST | {"settings": {"interactivity": {"is_enabled": True}}}
    with FakeSlack(manifest) as slack:
        slack.invite_bot("search")
        slack.deliver_to("http://127.0.0.1:9/")
        slack.person("ana").says("search", "hello")
        slack.settle()
        assert slack.world.journal.entries(direction="out") == []


def test_requests_are_signed_so_that_bolt_refuses_forgeries() -> None:
    with FakeSlack(MANIFEST) as slack:
        bot = SmallBot(slack)
        with over_http(slack, bot.app):
            url = str(slack.world.courier.url)
            assert slack.verify_url()
            assert httpx.post(url, data={"command": "/ask", "text": "x"}).status_code == 401
            slack.world.courier.wall_clock = lambda: time.time() - 600
            reply = slack.person("ana").command("/ask hi", channel="search")
            assert (reply.status, reply.error) == (401, "dispatch_failed")
            assert bot.seen == []


def test_a_payload_can_be_replayed_and_a_forged_one_sent() -> None:
    with FakeSlack(MANIFEST) as slack:
        bot = SmallBot(slack)
        with over_http(slack, bot.app):
            slack.person("ana").command("/ask hi", channel="search")
            (body,) = slack.sent("/ask")
            assert slack.deliver("slash_commands", body).text == "you said hi"
            assert slack.deliver("slash_commands", body | {"user_id": "U0EVE"}).status == 200
            assert [b["user_id"] for b in bot.seen] == ["U0ANA", "U0ANA", "U0EVE"]
            url, form = str(slack.world.courier.url), "command=%2Fask&text=x"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            now = int(time.time())
            fresh, stale = slack.signed_headers(form, now), slack.signed_headers(form, now - 600)
            assert httpx.post(url, content=form, headers=headers | fresh).status_code == 200
            assert httpx.post(url, content=form, headers=headers | stale).status_code == 401
            assert httpx.post(url, content=form + "y", headers=headers | fresh).status_code == 401


def test_slack_asks_sockets_to_come_back_and_no_command_is_lost_after_it() -> None:
    with FakeSlack(MANIFEST) as slack:
        bot = SmallBot(slack)
        with over_socket(slack, bot.app):
            assert slack.disconnect() == 1
            slack.wait_connected()
            assert slack.person("ana").command("/ask hi", channel="search").text == "you said hi"


def test_two_connections_share_the_payloads() -> None:
    with FakeSlack(MANIFEST) as slack:
        first, second = SmallBot(slack), SmallBot(slack)
        with over_socket(slack, first.app), over_socket(slack, second.app):
            slack.wait_for(lambda: slack.connected() == 2)
            for _ in range(4):
                slack.person("ana").command("/ask hi", channel="search")
            assert len(first.seen) == len(second.seen) == 2


def test_a_socket_needs_a_fresh_ticket() -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    with FakeSlack(MANIFEST) as slack:
        url = slack.world.hub.new_url()
        with connect(url, proxy=None) as socket:
            assert '"hello"' in socket.recv()
        with pytest.raises(InvalidStatus), connect(url, proxy=None):
            pass


def test_triggers_work_once_and_not_for_long() -> None:
    with FakeSlack(MANIFEST) as slack:
        client = new_app(slack).client
        view = modal(text_input("Cap", "cap"))

        def refused(trigger_id: str) -> str:
            with pytest.raises(SlackApiError) as caught:
                client.views_open(trigger_id=trigger_id, view=view)
            return str(caught.value.response["error"])

        trigger = slack.world.tickets.trigger("U0ANA")
        client.views_open(trigger_id=trigger, view=view)
        assert refused(trigger) == "exchanged_trigger_id"
        assert refused("made-up") == "invalid_trigger_id"
        old = slack.world.tickets.trigger("U0ANA")
        slack.world.tickets.trigger_seconds = 0.0
        assert refused(old) == "expired_trigger_id"


def test_errors_must_name_inputs_of_the_form() -> None:
    with FakeSlack(MANIFEST) as slack:
        app = new_app(slack)

        @app.command("/ask")
        def ask(ack: Any, body: dict, client: WebClient) -> None:
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("Cap", "cap")))

        @app.view("form")
        def submitted(ack: Any) -> None:
            ack(response_action="errors", errors={"nowhere": "?"})

        with over_http(slack, app):
            slack.person("ana").command("/ask", channel="search").answer()
            reply = slack.person("ana").submit(answers={"cap": "1"})
        assert reply.error == "errors name no input block: nowhere"
        assert slack.violations == ["view_submission: errors name no input block: nowhere"]


def test_the_bot_is_told_of_closed_forms_that_asked_for_it() -> None:
    with FakeSlack(MANIFEST) as slack:
        bot = SmallBot(slack)
        with over_http(slack, bot.app):
            trigger = slack.world.tickets.trigger("U0ANA")
            view = modal(text_input("Cap", "cap"), notify_on_close=True)
            bot.app.client.views_open(trigger_id=trigger, view=view)
            assert slack.person("ana").close().ok
            slack.wait_for(lambda: bot.seen[-1]["type"] == "view_closed")


def test_a_view_hash_guards_against_races_and_typed_values_stay() -> None:
    with FakeSlack(MANIFEST) as slack:
        client = new_app(slack).client
        trigger = slack.world.tickets.trigger("U0ANA")
        view = client.views_open(trigger_id=trigger, view=modal(text_input("Cap", "cap")))["view"]
        ana = slack.person("ana")
        ana.fill(ana.modal(), {"Cap": "$25"})
        bigger = modal(text_input("Cap", "cap"), text_input("Time", "time"))
        updated = client.views_update(view_id=view["id"], hash=view["hash"], view=bigger)["view"]
        assert updated["state"]["values"]["cap"]["typed"]["value"] == "$25"
        with pytest.raises(SlackApiError, match="hash_conflict"):
            client.views_update(view_id=view["id"], hash=view["hash"], view=bigger)
        with contextlib.suppress(SlackApiError):
            client.views_update(view_id="V0", view=bigger)
        assert slack.violations == []


def test_a_response_url_answers_five_times() -> None:
    with FakeSlack(MANIFEST) as slack:
        token = slack.world.tickets.response_url("U0ANA", "C0SEARCH")
        url = slack.world.response_url(token)
        answers = [httpx.post(url, json={"text": f"answer {n}"}, trust_env=False) for n in range(6)]
        assert [a.status_code for a in answers] == [200] * 5 + [404]
        assert answers[-1].json() == {"ok": False, "error": "used_url"}
        assert len(slack.person("ana").ephemerals("search")) == 5


def test_a_response_url_replaces_and_deletes_its_ephemeral() -> None:
    with FakeSlack(MANIFEST) as slack:
        app = new_app(slack)

        @app.command("/ask")
        def ask(ack: Any, respond: Any) -> None:
            ack()
            respond(text="sure?", blocks=[actions(button("Cancel", "cancel"), button("Go", "go"))])

        @app.action("go")
        def go(ack: Any, respond: Any) -> None:
            ack()
            respond("gone ahead", replace_original=True)

        @app.action("cancel")
        def cancel(ack: Any, respond: Any) -> None:
            ack()
            respond(delete_original=True)

        with over_http(slack, app):
            ana = slack.person("ana")
            ana.command("/ask", channel="search").answer()
            ana.command("/ask", channel="search")
            slack.wait_for(lambda: len(ana.ephemerals()) == 2)
            first, second = ana.ephemerals()
            ana.click("Go", in_=first)
            slack.wait_for(lambda: slack.text_of(first) == "gone ahead")
            ana.click("Cancel", in_=second)
            slack.wait_for(lambda: len(ana.ephemerals()) == 1)
        assert slack.violations == []
