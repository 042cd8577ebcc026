"""What goes wrong between Slack and a bot, and what guards against it: silence, retries, forgeries, races, limits."""

import contextlib
import time
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack import FakeSlack, Options
from tests.playground.slack_bots import (
    MANIFEST,
    SmallBot,
    actions,
    button,
    modal,
    new_app,
    over_http,
    over_socket,
    text_input,
)


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
