"""What the LiteLLM adapter does with answers that no well-behaved proxy gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.gateways.base import CapPeriod, FailureKind, KeySpec
from bot.gateways.http import Patience, Surroundings
from bot.gateways.litellm import LiteLLM
from tests.contract.rig import failure_of, kind_of

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
SECRET = "sk-minted-canary-0a1b2c3d"
HANDLE = hashlib.sha256(SECRET.encode()).hexdigest()
SPEC = KeySpec("ana-7kq2", "U-ANA", 25_000_000, CapPeriod.MONTH, NOW + timedelta(days=7), ("mock-gpt",), {})
MINTED = {
    "key": SECRET,
    "token_id": HANDLE,
    "key_alias": "ana-7kq2",
    "max_budget": 25.0,
    "budget_duration": "1mo",
    "expires": "2026-11-27T18:00:00.123456Z",
    "models": ["mock-gpt"],
    "duration": None,
}
Route = httpx.Response | Callable[[dict[str, Any]], httpx.Response]


class Proxy:
    """A proxy that answers each path with one thing, and remembers what it was sent."""

    def __init__(self, **answers: Route) -> None:
        self.answers = {path.replace("__", "/"): answer for path, answer in answers.items()}
        self.sent: list[tuple[str, dict[str, Any], httpx.Request]] = []
        self.gateway = LiteLLM(
            "http://proxy.internal",
            "sk-master-canary-00",
            "https://ai.example",
            now=lambda: NOW,
            patience=Patience(first_wait_seconds=0, longest_wait_seconds=0),
            around=Surroundings(lambda: NOW, httpx.MockTransport(self.answer)),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        self.sent.append((request.url.path, body, request))
        answer = self.answers.get(request.url.path[1:], httpx.Response(404, json={}))
        if callable(answer):
            return answer(body)
        return httpx.Response(answer.status_code, content=answer.content)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.sent]


def reply(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def without(*names: str, **changed: object) -> dict[str, object]:
    return {k: v for k, v in MINTED.items() if k not in names} | changed


def test_a_mint_asks_for_what_was_agreed_in_exact_words() -> None:
    proxy = Proxy(key__generate=reply(MINTED))
    proxy.gateway.issue(SPEC)
    [(_, body, request)] = proxy.sent
    assert body == {
        "key_alias": "ana-7kq2",
        "user_id": "U-ANA",
        "max_budget": 25.0,
        "budget_duration": "1mo",
        "duration": "604800s",
        "models": ["mock-gpt"],
        "metadata": {"purser": {}},
        "key_type": "llm_api",
    }
    assert request.headers["litellm-changed-by"] == "purser"


def test_the_handle_is_computed_where_an_old_version_does_not_give_it() -> None:
    issued = Proxy(key__generate=reply(without("token_id"))).gateway.issue(SPEC)
    assert (issued.handle, issued.expires_at) == (HANDLE, datetime(2026, 11, 27, 18, 0, 0, 123_000, tzinfo=UTC))


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (without("max_budget"), "cap"),
        (without(max_budget=26.0), "cap"),
        (without(budget_duration="30d"), "cap period"),
        (without(budget_duration=None), "cap period"),
        (without(expires=None), "expiry"),
        (without(models=[]), "choice of models"),
        (without(models=["mock-gpt", "other"]), "choice of models"),
    ],
)
def test_a_key_without_the_agreed_limits_is_deleted_and_never_shown(answer: dict[str, object], what: str) -> None:
    proxy = Proxy(key__generate=reply(answer), key__delete=reply({"deleted_keys": [HANDLE]}))
    error = failure_of(lambda: proxy.gateway.issue(SPEC))
    assert error.kind is FailureKind.PERMANENT
    assert what in error.message
    assert proxy.paths() == ["/key/generate", "/key/delete", "/key/info"]
    assert proxy.sent[1][1] == {"keys": [HANDLE]}


def test_a_key_without_the_agreed_limits_that_cannot_be_deleted_is_unknown() -> None:
    proxy = Proxy(key__generate=reply(without("max_budget")), key__delete=reply({}, 429))
    assert kind_of(lambda: proxy.gateway.issue(SPEC)) is FailureKind.UNKNOWN


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "key",
        {},
        without("key"),
        without(key=None),
        without(key="other"),
        without(token_id="0" * 64),
        without(max_budget="lots"),
        without(expires="soon"),
    ],
)
def test_an_answer_to_a_mint_that_makes_no_sense_is_unknown_and_not_quoted(answer: object) -> None:
    error = failure_of(lambda: Proxy(key__generate=reply(answer)).gateway.issue(SPEC))
    assert error.kind is FailureKind.UNKNOWN
    assert SECRET not in f"{error!r}{error.__cause__}"


def test_only_a_taken_alias_is_a_taken_alias() -> None:
    bad = reply({"error": {"message": "no", "type": "bad_request_error", "param": "x", "code": "400"}}, 400)
    error = failure_of(lambda: Proxy(key__generate=bad).gateway.issue(SPEC))
    assert type(error).__name__ == "CallFailed"


def test_a_cap_that_the_gateway_did_not_take_is_said() -> None:
    proxy = Proxy(key__update=reply({"max_budget": 5.0}))
    assert kind_of(lambda: proxy.gateway.set_cap(HANDLE, 6_000_000, CapPeriod.TOTAL)) is FailureKind.PERMANENT


@pytest.mark.parametrize("answer", [{}, {"keys": "none"}, [], {"keys": ["a hash only"]}])
def test_a_list_that_cannot_be_read_is_not_an_empty_list(answer: object) -> None:
    assert kind_of(Proxy(key__list=reply(answer)).gateway.list_keys) is FailureKind.PERMANENT


def test_a_key_on_two_pages_is_one_key() -> None:
    page = {"keys": [{"token": "a" * 64}, {"token": "b" * 64}], "total_pages": 2}
    proxy = Proxy(key__list=reply(page))
    assert [key.handle[0] for key in proxy.gateway.list_keys()] == ["a", "b"]


def test_an_alias_filter_that_matches_parts_or_nothing_at_all_does_not_matter() -> None:
    rows = [{"token": "a" * 64, "key_alias": "ana-7kq2-old"}, {"token": "b" * 64, "key_alias": "ana-7kq2"}]
    proxy = Proxy(key__list=reply({"keys": rows, "total_pages": 1}))
    assert [key.handle for key in proxy.gateway.find_alias("ana-7kq2")] == ["b" * 64]


def test_a_401_from_something_before_the_gateway_is_no_proof() -> None:
    for answer in (httpx.Response(401, content=b"<html>"), reply({"detail": "log in"}, 401)):
        assert Proxy(v1__models=answer).gateway.probe("sk-x") == "unreachable"


def test_seen_once_the_probe_sends_the_secret_as_bearer_only_and_nothing_else() -> None:
    proxy = Proxy(v1__models=reply({"data": []}))
    proxy.gateway.probe(SECRET)
    [(path, body, request)] = proxy.sent
    assert (path, body, request.headers["Authorization"]) == ("/v1/models", {}, f"Bearer {SECRET}")
    assert SECRET not in str(request.url)


def test_a_list_of_models_that_cannot_be_read_is_said() -> None:
    assert kind_of(Proxy(v1__models=reply({})).gateway.models) is FailureKind.PERMANENT
