"""The part of the JSON API that stands around Slack: the bot's process, the ledger, the gateway, shortcuts for curl.

Beside the routes of slack/playapi.py on the same address and behind the same guard.
"""

from __future__ import annotations

import time

import httpx
from flask import Blueprint, Response, jsonify, request

from bot.playground.auditor import Auditor
from bot.playground.folder import Trouble
from bot.playground.gateway import FakeGateway
from bot.playground.mover import Mover
from bot.playground.process import BotProcess
from bot.playground.screens import newest_with_button, screen_text
from bot.playground.slack import FakeSlack, NotInSlack
from bot.playground.slack.playapi import guard, json_body

GATEWAY_ROUTES = frozenset({"keys", "journal", "faults", "habits"})
GATEWAY_SECONDS = 60.0
"""A gateway told to be slow is given this long."""


def create_blueprint(
    slack: FakeSlack, gateway: FakeGateway, mover: Mover, bot: BotProcess, auditor: Auditor
) -> Blueprint:
    """Routes under /_play. Register it before the fake Slack starts."""
    routes = Blueprint("town", __name__, url_prefix="/_play")
    guard(routes)
    _add_about(routes, slack, gateway, mover, bot)
    _add_bot(routes, bot)
    _add_ledger(routes, auditor)
    _add_gateway(routes, gateway)
    _add_people(routes, slack)
    return routes


def _add_about(routes: Blueprint, slack: FakeSlack, gateway: FakeGateway, mover: Mover, bot: BotProcess) -> None:
    @routes.get("/about")
    def about() -> Response:
        people = [user for user in slack.state.users.values() if not user.is_bot and user.name != "slackbot"]
        cast = [{"name": user.name, "real_name": user.real_name, "title": user.title} for user in people]
        return jsonify(
            slack=slack.base_url,
            gateway=gateway.base_url,
            models=[model.name for model in gateway.state.offered],
            clock=mover.wire(),
            bot=bot.wire(),
            cast=cast,
        )

    @routes.get("/clock")
    def get_clock() -> Response:
        return jsonify(mover.wire() | {"choices": mover.choices()})


def _add_bot(routes: Blueprint, bot: BotProcess) -> None:
    @routes.get("/bot")
    def how_it_is() -> Response:
        return jsonify(bot.wire())

    @routes.post("/bot")
    def kill() -> Response:
        if json_body().get("do") != "kill":
            raise ValueError('what it does is {"do": "kill"}')
        began = time.monotonic()
        try:
            bot.kill()
        except Trouble as wrong:
            raise NotInSlack(str(wrong)) from None
        return jsonify({"ok": True, "seconds": round(time.monotonic() - began, 3), **bot.wire()})


def _add_ledger(routes: Blueprint, auditor: Auditor) -> None:
    @routes.get("/ledger")
    def ledger() -> Response:
        return jsonify(auditor.look(int(request.args.get("since", 0))))


def _add_gateway(routes: Blueprint, gateway: FakeGateway) -> None:
    @routes.route("/gateway/<what>", methods=["GET", "POST", "DELETE"])
    def pass_on(what: str) -> tuple[Response, int]:
        if what not in GATEWAY_ROUTES:
            raise KeyError(what)
        answer = _call(gateway, request.method, f"/_play/{what}", json_body=request.get_json(silent=True))
        return jsonify(answer.json()), answer.status_code

    @routes.post("/chat")
    def use_a_key() -> Response:
        asked = json_body()
        messages = [{"role": "user", "content": asked.get("prompt", "Hello")}]
        began = time.monotonic()
        try:
            answer = _call(
                gateway,
                "POST",
                "/v1/chat/completions",
                json_body={"model": asked.get("model", gateway.state.offered[0].name), "messages": messages},
                key=str(asked["key"]),
            )
        except httpx.TimeoutException:
            return jsonify(ok=False, status=0, error=f"The gateway did not answer within {GATEWAY_SECONDS:g} s.")
        except httpx.HTTPError:
            return jsonify(ok=False, status=0, error="The gateway cut the connection.")
        return jsonify(
            ok=answer.is_success,
            status=answer.status_code,
            answer=answer.json(),
            cost_usd=answer.headers.get("x-litellm-response-cost"),
            ms=round((time.monotonic() - began) * 1000),
        )


def _call(gateway: FakeGateway, method: str, path: str, *, json_body: object, key: str = "") -> httpx.Response:
    """A real HTTP call, as from another machine."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{gateway.base_url}{path}"
    return httpx.request(method, url, json=json_body, headers=headers, timeout=GATEWAY_SECONDS, trust_env=False)


def _add_people(routes: Blueprint, slack: FakeSlack) -> None:
    """For those who drive it by hand: press what is written on a button, read what is on a screen."""

    @routes.post("/press")
    def press() -> Response:
        asked = json_body()
        person, label, answers = slack.person(asked["as"]), str(asked["label"]), asked.get("answers") or {}
        modal = person.modal()
        submit = (modal.content.get("submit") or {}).get("text") if modal is not None else None
        if modal is not None and submit == label:
            return jsonify({"ok": True, **person.submit(modal, answers).wire()})
        shown = newest_with_button(slack, person, label, asked.get("channel"))
        if shown is None:
            raise NotInSlack(f"{person.user.name} sees no button {label!r}")
        return jsonify({"ok": True, **person.click(label, in_=shown).wire()})

    @routes.get("/text")
    def text() -> Response:
        person = slack.person(request.args["as"])
        return Response(screen_text(slack, person, int(request.args.get("messages", 20))), mimetype="text/plain")
