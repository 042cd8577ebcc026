"""What GitHub's deliveries are answered: nothing is read unsigned, and nothing believed further than needed."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from bot.github import Webhook, is_signed
from bot.services.secret_alerts import Delivery

SECRET = b"It's a Secret to Everybody"
ALERT: dict[str, Any] = {
    "action": "created",
    "alert": {"number": 7, "html_url": "https://github.com/acme/search/security/secret-scanning/7"},
    "repository": {"full_name": "acme/search"},
}


def answered(
    said: object, *, event: str = "secret_scanning_alert", delivery: str = "72d3162e-cc78"
) -> tuple[int, list[Delivery]]:
    """The status, and what was taken in."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    signature = f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"
    headers = {"x-hub-signature-256": signature, "x-github-event": event, "x-github-delivery": delivery}
    taken: list[Delivery] = []

    def take(one: Delivery) -> bool:
        taken.append(one)
        return True

    status, _ = Webhook(SECRET, take).answer(headers, body)
    return status, taken


def test_githubs_own_example_of_a_signature() -> None:
    """From https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert is_signed(SECRET, b"Hello, World!", signature)
    assert not is_signed(SECRET, b"Hello, World.", signature)


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=757107", "757107ea0eb2509fc211", "sha256=é", "\udcff"])
def test_any_other_signature_is_refused(signature: str) -> None:
    assert not is_signed(SECRET, b"Hello, World!", signature)
    hook = Webhook(SECRET, lambda _: pytest.fail("taken in unsigned"))
    assert hook.answer({"x-hub-signature-256": signature}, json.dumps(ALERT).encode())[0] == 401


def test_an_alert_is_taken_in_with_what_is_needed_to_look_it_up() -> None:
    status, taken = answered(ALERT)
    assert status == 202
    (only,) = taken
    assert (only.repository, only.number, only.id) == ("acme/search", 7, "72d3162e-cc78")
    assert only.url.endswith("/secret-scanning/7")


@pytest.mark.parametrize("action", ["resolved", "revoked", "validated", "assigned", "?"])
def test_other_news_of_an_alert_needs_nothing(action: str) -> None:
    assert answered(ALERT | {"action": action}) == (202, [])


def test_other_events_need_nothing() -> None:
    assert answered(ALERT, event="push") == (202, [])
    assert answered({"zen": "Keep it logically awesome."}, event="ping") == (200, [])


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff",
        [],
        {},
        ALERT | {"alert": None},
        ALERT | {"alert": {"number": "seven"}},
        ALERT | {"alert": {"number": 0}},
        ALERT | {"repository": {"full_name": "../../admin"}},
        ALERT | {"repository": {"full_name": "acme/search/../x"}},
        ALERT | {"repository": {"full_name": "acme/search?x=1"}},
    ],
)
def test_what_cannot_be_looked_up_is_refused(said: object) -> None:
    assert answered(said) == (400, [])


@pytest.mark.parametrize("delivery", ["", "x" * 101, "a b", "../.."])
def test_a_delivery_needs_an_id(delivery: str) -> None:
    assert answered(ALERT, delivery=delivery) == (400, [])


def test_a_page_that_is_no_page_is_not_shown_to_people() -> None:
    for url in ("javascript:alert(1)", "https://x|<!channel>", "http://plain", 5):
        _, (only,) = answered(ALERT | {"alert": {"number": 7, "html_url": url}})
        assert only.url == ""
