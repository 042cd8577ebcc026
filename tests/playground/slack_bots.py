"""Small Bolt apps and the two ways to run them against the fake, shared by its tests."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from flask import Flask, request
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from werkzeug.serving import make_server

from bot.playground.slack import FakeSlack

MANIFEST: dict = {
    "display_information": {"name": "Purser"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "slash_commands": [
            {"command": "/ask", "description": "asks", "usage_hint": "[text]", "should_escape": True},
            {"command": "/raw", "description": "asks without escaping"},
        ],
        "shortcuts": [
            {"name": "Report leaked key", "type": "message", "callback_id": "report_leak", "description": "x"},
            {"name": "Anywhere", "type": "global", "callback_id": "anywhere", "description": "x"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "commands", "chat:write", "im:write", "users:read", "users:read.email", "channels:read",
                "channels:history", "groups:history", "groups:read", "im:history", "files:write",
                "channels:join", "reactions:write", "team:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": ["app_home_opened", "message.channels", "message.im", "user_change", "team_join"]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}  # fmt: skip


def new_app(slack: FakeSlack, **more: Any) -> App:
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=10)
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    return App(
        client=client,
        signing_secret=slack.signing_secret,
        listener_executor=ThreadPoolExecutor(16),
        **more,
    )


@contextmanager
def over_http(slack: FakeSlack, app: App) -> Iterator[None]:
    flask = Flask("bot")
    handler = SlackRequestHandler(app)
    flask.add_url_rule("/slack/events", "events", lambda: handler.handle(request), methods=["POST"])
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    slack.deliver_to(f"http://127.0.0.1:{server.server_port}/slack/events")
    try:
        yield
    finally:
        slack.deliver_to(None)
        server.shutdown()
        thread.join(5)


@contextmanager
def over_socket(slack: FakeSlack, app: App) -> Iterator[SocketModeHandler]:
    handler = SocketModeHandler(app, slack.app_token, web_client=app.client, ping_interval=3)
    handler.connect()  # type: ignore[no-untyped-call]
    slack.wait_connected()
    try:
        yield handler
    finally:
        handler.client.auto_reconnect_enabled = False
        slack.disconnect(hard=True)  # else its reader holds close() up for three seconds
        wake = threading.Timer(0.05, handler.client.message_queue.put, [None])  # it naps for a second
        wake.start()
        handler.close()  # type: ignore[no-untyped-call]
        wake.join()


def section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, **more: object) -> dict:
    return {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": action_id, **more}


def actions(*elements: dict, block_id: str = "buttons") -> dict:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(label: str, block_id: str, **more: object) -> dict:
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }


def modal(*blocks: dict, callback_id: str = "form", **more: object) -> dict:
    view = {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": list(blocks),
    }
    return {k: v for k, v in (view | more).items() if v is not None}


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
