"""Requests over HTTP that Slack did not make, or made long ago, or for somebody else, do nothing."""

from __future__ import annotations

import json
import time
from urllib.parse import quote, urlencode

import httpx
import pytest

from bot.web import LARGEST_BODY_BYTES
from tests.scenarios.desk import Desk

FORM = "application/x-www-form-urlencoded"
FIVE_MINUTES = 300


def url(desk: Desk) -> str:
    found = desk.slack.world.courier.url
    assert found is not None
    return found


def command(desk: Desk, text: str = "$25 7d evaluate rerankers", **other: str) -> str:
    """The body of a slash command as Slack sends it."""
    fields = {
        "command": "/ai-key",
        "text": text,
        "user_id": "U0ANA",
        "team_id": "T0PURSER",
        "channel_id": desk.slack.channel("search").id,
        "trigger_id": f"{time.time()}.forged",
        "response_url": f"{desk.slack.base_url}/response/nowhere",
    }
    return urlencode(fields | other)


def post(desk: Desk, body: str | bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(url(desk), content=body, headers={"Content-Type": FORM, **headers}, timeout=10, trust_env=False)


def test_the_requests_below_are_refused_for_their_signatures_only(desk: Desk) -> None:
    """The same body, well signed, asks for a key: so what follows fails for no other reason."""
    body = command(desk)
    assert post(desk, body, desk.slack.signed_headers(body, int(time.time()))).status_code == 200
    desk.sees(desk.office.cards)


def test_forged_stale_and_early_requests_are_refused(desk: Desk) -> None:
    body = command(desk)
    now = int(time.time())
    good = desk.slack.signed_headers(body, now)
    signature = good["X-Slack-Signature"]
    last = "0" if signature[-1] != "0" else "1"
    wrong = {
        "no headers": {},
        "no signature": {"X-Slack-Request-Timestamp": str(now)},
        "no timestamp": {"X-Slack-Signature": signature},
        "one digit off": {**good, "X-Slack-Signature": signature[:-1] + last},
        "empty": {**good, "X-Slack-Signature": ""},
        "of another body": desk.slack.signed_headers(body + "&x=1", now),
        "of another time": {**good, "X-Slack-Request-Timestamp": str(now - 1)},
        "stale": desk.slack.signed_headers(body, now - FIVE_MINUTES - 5),
        "from the future": desk.slack.signed_headers(body, now + FIVE_MINUTES + 5),
        "not a time": {**good, "X-Slack-Request-Timestamp": "soon"},
    }
    for what, headers in wrong.items():
        answered = post(desk, body, headers)
        assert answered.status_code in (400, 401, 500), what
        assert "traceback" not in answered.text.lower(), what
    # ssl_check=1 once went past the signature.
    assert post(desk, body + "&ssl_check=1", {}).status_code != 200 or not desk.office.cards()
    desk.settle()
    assert desk.office.cards() == []
    assert desk.ephemerals("ana") == []


def test_a_replayed_request_with_a_good_signature_is_done_once(desk_on_each: Desk) -> None:
    desk = desk_on_each
    body = command(desk)
    headers = desk.slack.signed_headers(body, int(time.time()))
    for _ in range(3):
        assert post(desk, body, headers).status_code == 200
    desk.sees(desk.office.cards)
    desk.settle()
    assert len(desk.office.cards()) == 1

    card = desk.office.card()
    desk.office.approve(card)
    click = desk.slack.sent("block_actions")[-1]
    body = urlencode({"payload": json.dumps(click)})
    headers = desk.slack.signed_headers(body, int(time.time()))
    assert post(desk, body, headers).status_code == 200
    desk.settle()
    assert len(desk.thread(card)) == 1
    assert len(desk.dms("ana")) == 1


def test_another_workspaces_requests_do_nothing(desk: Desk) -> None:
    """Signed with our secret, as by Slack Connect, but of a person of another workspace."""
    for body in (
        command(desk, team_id="T0ELSEWHERE"),
        command(desk, user_id="U0EVE"),
        command(desk, user_id="U0NOBODY"),
    ):
        assert post(desk, body, desk.slack.signed_headers(body, int(time.time()))).status_code == 200
    desk.settle()
    assert desk.office.cards() == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "payload=",
        "payload=%7B",
        "payload=" + quote('{"type":"block_actions"}'),
        "payload=" + quote('{"type":"view_submission","view":{}}'),
        "payload=" + quote("[]"),
        "command=%2Fai-key&text=%ED%A0%80%20lone%20surrogate",
        "command=%2Fai-key&text=%FF%FE%00",
        "a" * 5000,
        "{}",
    ],
)
def test_well_signed_nonsense_breaks_nothing(desk: Desk, body: str) -> None:
    answered = post(desk, body, desk.slack.signed_headers(body, int(time.time())))
    assert answered.status_code < 600
    assert "traceback" not in answered.text.lower()
    desk.settle()
    desk.slack.clear_violations()  # an answer to nobody goes nowhere
    desk.ask()  # and Purser still serves


def test_a_lone_surrogate_in_a_command_is_answered_as_any_other_word(desk: Desk) -> None:
    fields = command(desk, text="TEXT").replace("TEXT", "%ED%A0%80%2425")
    assert post(desk, fields, desk.slack.signed_headers(fields, int(time.time()))).status_code == 200
    desk.settle()
    assert desk.office.cards() == []
    reason = command(desk, text="TEXT").replace("TEXT", "%2425+7d+half+%ED%A0%80+a+pair")
    assert post(desk, reason, desk.slack.signed_headers(reason, int(time.time()))).status_code == 200
    assert "half" in desk.text(desk.office.card())


def test_an_oversized_body_is_refused_before_it_is_read(desk: Desk) -> None:
    body = command(desk, text="x" * (LARGEST_BODY_BYTES + 1))
    answered = post(desk, body, desk.slack.signed_headers(body, int(time.time())))
    assert answered.status_code == 413
    desk.ask()
