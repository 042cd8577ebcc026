"""The contract over the LiteLLM adapter, and the differential test that keeps the fake honest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.gateways import litellm_usage
from tests.contract.gateway_contract import UNKNOWN_HANDLE, GatewayContract
from tests.contract.members_contract import MembersContract
from tests.contract.rig import Rig, litellm_on_fake, litellm_on_real
from tests.contract.spending_contract import SpendingContract

if TYPE_CHECKING:
    from tests.conftest import RealLiteLLM


@pytest.fixture
def cut_pages(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ask for so many rows a page from now on."""
    return lambda rows: monkeypatch.setattr(litellm_usage, "PAGE_SIZE", rows)


class TestLiteLLMOnFake(GatewayContract, SpendingContract, MembersContract):
    """Always."""

    @pytest.fixture
    def rig(self) -> Iterator[Rig]:
        with litellm_on_fake() as rig:
            yield rig


@pytest.mark.litellm
@pytest.mark.xdist_group("litellm")
class TestLiteLLMOnReal(GatewayContract, SpendingContract, MembersContract):
    """Where a proxy is running."""

    @pytest.fixture
    def rig(self, litellm: RealLiteLLM) -> Iterator[Rig]:
        with litellm_on_real(litellm.base_url, litellm.master_key) as rig:
            yield rig


@pytest.mark.litellm
@pytest.mark.xdist_group("litellm")
def test_the_fake_answers_every_step_as_the_real_proxy_does(litellm: RealLiteLLM) -> None:
    with litellm_on_fake() as fake, litellm_on_real(litellm.base_url, litellm.master_key) as real:
        alias = fake.alias()
        expected, answered = _Script(real, alias).run(), _Script(fake, alias).run()
    assert list(answered) == list(expected)
    differences = {
        step: {"real": shape, "fake": answered[step]} for step, shape in expected.items() if answered[step] != shape
    }
    assert differences == {}


class _Script:
    """The same calls on any proxy; each answer is reduced to what programs depend on."""

    def __init__(self, rig: Rig, alias: str) -> None:
        self.rig = rig
        self.alias = alias
        self.seen: dict[str, Any] = {}
        self.secret = self.token = ""

    def run(self) -> dict[str, Any]:
        self._mint()
        self._look()
        self._spend()
        self._change()
        self._windows()
        self._block()
        self._delete()
        self._mistakes()
        self._users()
        self._strangers()
        self._activity()
        self._cleanup()
        return self.seen

    def step(self, name: str, response: httpx.Response) -> httpx.Response:
        assert name not in self.seen
        self.seen[name] = (response.status_code, _shape(response.json()))
        return response

    def post(self, name: str, path: str, body: object) -> httpx.Response:
        return self.step(name, self.rig.raw("POST", path, body))

    def get(self, name: str, path: str, **params: str | int) -> httpx.Response:
        return self.step(name, self.rig.raw("GET", path, **params))

    def as_member(self, name: str, method: str, path: str, secret: str | None = None) -> None:
        secret = self.secret if secret is None else secret
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        body: dict[str, object] | None = {} if method == "POST" else None
        self.step(name, httpx.request(method, self.rig.base_url + path, headers=headers, json=body, timeout=20))

    def chat(self, name: str, model: str = "mock-gpt") -> None:
        self.step(name, self.rig.chat(self.secret, model))

    def _mint(self) -> None:
        body = {
            "key_alias": self.alias,
            "user_id": "U-1",
            "max_budget": 0.05,
            "budget_duration": "1mo",
            "duration": "600s",
            "models": ["mock-gpt", "mock-expensive"],
            "metadata": {"purser": {"k": "v"}},
            "key_type": "llm_api",
        }
        minted = self.post("mint", "/key/generate", body).json()
        self.secret, self.token = minted["key"], minted["token_id"]
        self.seen["duration in the reply"] = minted["duration"]
        self.post("mint a taken alias", "/key/generate", body)
        own = {"key": f"sk-{self.alias}", "key_alias": f"{self.alias}-own", "max_budget": 1}
        self.post("mint with a key of one's own", "/key/generate", own)
        again = {**own, "key_alias": f"{self.alias}-own2", "max_budget": 2}
        echoed = self.post("mint it again with other values", "/key/generate", again).json()
        kept = self.rig.raw("GET", "/key/info", key=echoed["token_id"]).json()["info"]
        self.seen["echoed and kept"] = (echoed["max_budget"], kept["max_budget"])

    def _look(self) -> None:
        self.get("info", "/key/info", key=self.token)
        echo = self.rig.raw("GET", "/key/info", key=self.secret).json()["key"]
        self.seen["info echoes a secret"] = echo == self.secret
        self.get("info of nobody", "/key/info", key=UNKNOWN_HANDLE)
        self.get("list of hashes", "/key/list", key_alias=self.alias)
        self.get("list of objects", "/key/list", key_alias=self.alias, return_full_object="true")
        part = self.rig.raw("GET", "/key/list", key_alias=self.alias[:-2]).json()
        self.seen["part of an alias finds"] = part["keys"]
        self.get("a page past the end", "/key/list", page=9_999)
        self.get("page 0", "/key/list", page=0)
        self.get("size 101", "/key/list", size=101)
        self.get("a status that does not exist", "/key/list", status="zzz")
        self.get("readiness", "/health/readiness")
        self.get("liveliness", "/health/liveliness")
        self.get("logs without dates", "/spend/logs/v2")
        self.get("no such page", "/no/such/page")
        self.get("mint by GET", "/key/generate")

    def _spend(self) -> None:
        self.chat("chat")
        self.chat("chat, most of the budget", "mock-expensive")
        self.chat("chat, over the budget", "mock-expensive")
        self.chat("chat, budget gone", "mock-expensive")
        self.chat("chat, a model it may not call", "no-such-model")
        self.as_member("models, budget gone", "GET", "/v1/models")

    def _change(self) -> None:
        self.post("raise", "/key/update", {"key": self.token, "max_budget": 1.5})
        self.chat("chat, after the raise")
        self.post("replace metadata", "/key/update", {"key": self.token, "metadata": {"other": 1}})
        info = self.rig.raw("GET", "/key/info", key=self.token).json()["info"]
        self.seen["metadata after"] = info["metadata"]
        self.post("no window", "/key/update", {"key": self.token, "budget_duration": None})
        self.post("30d window", "/key/update", {"key": self.token, "budget_duration": "30d"})
        reset = self.rig.raw("GET", "/key/info", key=self.token).json()["info"]["budget_reset_at"]
        self.seen["30d resets on a first"] = reset[8:10]
        self.post("budget as text", "/key/update", {"key": self.token, "max_budget": "5.00"})
        self.post("never expires", "/key/update", {"key": self.token, "duration": "-1"})
        self.post("update nobody", "/key/update", {"key": UNKNOWN_HANDLE, "max_budget": 1})

    def _windows(self) -> None:
        """A cap per day: how it is written, that it stops, and that what it counts is kept."""
        per_day = {"budget_duration": "1d", "max_budget": 0.05}
        body = {"key_alias": f"{self.alias}-w", "max_budget": 5, "budget_limits": [per_day], "key_type": "llm_api"}
        minted = self.post("mint with a window", "/key/generate", body).json()
        member, token, self.secret = self.secret, minted["token_id"], minted["key"]
        self.seen["a window as minted"] = _window(minted)
        for number in range(3):
            self.chat(f"chat {number} in the window", "mock-expensive")
        self.as_member("models, window gone", "GET", "/v1/models")
        self.info_of_windows("spent", token)
        for name, limits in (("raised", [{**per_day, "max_budget": 0.07}]), ("removed", []), ("given back", [per_day])):
            answer = self.post(f"window {name}", "/key/update", {"key": token, "budget_limits": limits}).json()
            self.seen[f"window {name}, as answered"] = _window(answer)
            self.info_of_windows(name, token)
            self.chat(f"chat, window {name}", "mock-expensive")
        self.post("window taken away", "/key/update", {"key": token, "budget_limits": None})
        for name, windows in _BAD_WINDOWS.items():
            self.post(f"window of {name}", "/key/update", {"key": token, "budget_limits": windows})
        self.post("window below zero", "/key/update", {"key": token, "budget_limits": [{**per_day, "max_budget": -1}]})
        self.post("delete with a window", "/key/delete", {"keys": [token]})
        self.get("info, deleted with a window", "/key/info", key=token)
        self.secret = member

    def info_of_windows(self, name: str, token: str) -> None:
        info = self.get(f"info, window {name}", "/key/info", key=token).json()["info"]
        usage = (info.get("budget_limits_usage") or {}).get("1d", {}).get("current_spend")
        self.seen[f"window {name}"] = (_window(info), usage and round(usage, 6))
        listed = self.rig.raw("GET", "/key/list", key_hash=token, return_full_object="true").json()["keys"][0]
        self.seen[f"window {name}, as listed"] = _window(listed)

    def _activity(self) -> None:
        """What is told of the key that `_mint` made and `_delete` took away."""
        today = self.rig.now().date().isoformat()
        asked = {"start_date": today, "end_date": today, "api_key": self.token}
        self.rig.pass_time(4)  # until all is written
        body = self.get("activity", "/user/daily/activity", **asked).json()
        [day] = body["results"]
        breakdown = day["breakdown"]
        self.seen["activity, its fields"] = [
            sorted(day),
            sorted(day["metrics"]),
            sorted(breakdown),
            sorted(body["metadata"]),
        ]
        for kind in ("models", "model_groups", "providers", "endpoints", "api_keys", "mcp_servers"):
            counts = {name.replace(self.token, "KEY"): _counts(entry) for name, entry in breakdown[kind].items()}
            self.seen[f"activity by {kind}"] = counts
        self.seen["activity of the key"] = breakdown["model_groups"]["mock-gpt"]["api_key_breakdown"][self.token][
            "metadata"
        ]["key_exists"]
        self.get("activity past the end", "/user/daily/activity", page=9_999, **asked)
        self.get("activity, page 0", "/user/daily/activity", page=0, **asked)
        self.get("activity, page too large", "/user/daily/activity", page_size=1001, **asked)
        self.get("activity without dates", "/user/daily/activity")

    def _block(self) -> None:
        self.post("block", "/key/block", {"key": self.token})
        self.post("block again", "/key/block", {"key": self.token})
        self.chat("chat, blocked")
        self.as_member("models, blocked", "GET", "/v1/models")
        self.get("info, blocked", "/key/info", key=self.token)
        self.post("unblock", "/key/unblock", {"key": self.token})
        self.as_member("models, unblocked", "GET", "/v1/models")
        self.post("block nobody", "/key/block", {"key": UNKNOWN_HANDLE})
        self.post("block nonsense", "/key/block", {"key": "zz"})
        self.post("block nothing", "/key/block", {})
        self.post("expire now", "/key/update", {"key": self.token, "duration": "0s"})
        self.as_member("models, expired", "GET", "/v1/models")
        self.get("info, expired", "/key/info", key=self.token)

    def _delete(self) -> None:
        listed = self.post("delete one known and one not", "/key/delete", {"keys": [self.token, UNKNOWN_HANDLE]})
        self.seen["both are called deleted"] = len(listed.json()["deleted_keys"])
        self.post("delete again", "/key/delete", {"keys": [self.token]})
        self.post("delete nothing", "/key/delete", {})
        self.get("info, deleted", "/key/info", key=self.token)
        self.get("list of deleted", "/key/list", key_alias=self.alias, status="deleted", return_full_object="true")
        self.post("block a deleted one", "/key/block", {"key": self.token})
        self.chat("chat, deleted")

    def _mistakes(self) -> None:
        self.post("bad duration", "/key/generate", {"duration": "7x"})
        self.post("negative duration", "/key/generate", {"duration": "-5s"})
        self.post("negative budget", "/key/generate", {"max_budget": -1})
        self.post("budget of letters", "/key/generate", {"max_budget": "abc"})
        self.post("short key", "/key/generate", {"key": "sk-short"})
        self.post("update without a key", "/key/update", {"max_budget": 1})
        own = f"sk-{self.alias}"
        self.post("fractional duration", "/key/update", {"key": own, "duration": "1.5s"})
        self.post("negative duration on update", "/key/update", {"key": own, "duration": "-5s"})

    def _users(self) -> None:
        """Accounts of people: how they are made, found in parts, and take their keys with them."""
        name = f"U-{self.alias}"
        body = {"user_id": name, "user_email": f"Ana.{name}@Example.com", "auto_create_key": False}
        self.post("make a user", "/user/new", body)
        self.post("make the user again", "/user/new", body)
        same = {"user_id": f"{name}-2", "user_email": f"ana.{name}@example.com".lower(), "auto_create_key": False}
        self.post("make a user of a taken address", "/user/new", same)
        listed = self.get("users by id", "/user/list", user_ids=name).json()
        self.seen["a user as listed"] = (sorted(listed["users"][0]), listed["total"], listed["total_pages"])
        for what, asked in (
            ("part of an id", {"user_ids": name[1:].upper()}),
            ("address", {"user_email": name.upper()}),
        ):
            found = self.get(f"users by {what}", "/user/list", **asked).json()["users"]
            self.seen[f"users by {what}, found"] = [user["user_id"].replace(name, "NAME") for user in found]
        self.get("users by nobody's address", "/user/list", user_email="zzz-nobody")
        self.get("users past the end", "/user/list", user_ids=name, page=99)
        self.get("users, page 0", "/user/list", page=0)
        self.get("users, page too large", "/user/list", page_size=101)
        key = self.post("a key of the user", "/key/generate", {"key_alias": f"{self.alias}-u", "user_id": name}).json()
        counted = self.rig.raw("GET", "/user/list", user_ids=name).json()["users"][0]
        self.seen["keys of the user, counted"] = counted["key_count"]
        listed = self.rig.raw("GET", "/key/list", user_id=name).json()["keys"]
        self.seen["keys of the user, listed"] = listed == [key["token_id"]]
        self.post("delete nobody's account", "/user/delete", {"user_ids": ["U-NOBODY-AT-ALL"]})
        self.post("delete no account", "/user/delete", {})
        self.post("delete the user", "/user/delete", {"user_ids": [name]})
        self.post("delete the user again", "/user/delete", {"user_ids": [name]})
        self.get("info of a key that went with its user", "/key/info", key=key["token_id"])
        self.as_member("models, key gone with its user", "GET", "/v1/models", key["key"])

    def _strangers(self) -> None:
        self.as_member("no key", "GET", "/v1/models", "")
        self.as_member("not a key", "GET", "/v1/models", "hello")
        self.as_member("an unknown key", "GET", "/v1/models", "sk-unknown-0123456789")
        self.as_member("an unknown key on management", "GET", "/key/list", "sk-unknown-0123456789")
        body = {"key_alias": f"{self.alias}-m", "key_type": "llm_api"}
        member = self.rig.raw("POST", "/key/generate", body).json()["key"]
        self.as_member("a member mints", "POST", "/key/generate", member)
        self.as_member("a member lists", "GET", "/key/list", member)
        manager_body = {"key_alias": f"{self.alias}-mm", "key_type": "management"}
        manager = self.rig.raw("POST", "/key/generate", manager_body).json()["key"]
        self.as_member("a management key lists models", "GET", "/v1/models", manager)
        self.as_member("a management key mints", "POST", "/key/generate", manager)
        self.as_member("chat without messages", "POST", "/v1/chat/completions", member)
        self.secret = member
        self.chat("chat, a model that does not exist", "no-such-model")

    def _cleanup(self) -> None:
        for suffix in ("-own", "-m", "-mm"):
            self.post(f"delete by alias {suffix}", "/key/delete", {"key_aliases": [self.alias + suffix]})


_BAD_WINDOWS: dict[str, object] = {
    "no rhythm": [{"max_budget": 1}],
    "no amount": [{"budget_duration": "1d"}],
    "null": [{"budget_duration": "1d", "max_budget": None}],
    "a word": "x",
}


def _window(body: dict[str, Any]) -> Any:
    """The windows of a key as any route writes them, without the day."""
    windows = body.get("budget_limits")
    return windows and [{**window, "reset_at": window["reset_at"][10:]} for window in windows]


def _counts(entry: dict[str, Any]) -> tuple[float, ...]:
    """What programs read of daily activity."""
    metrics = entry["metrics"]
    counted = ("api_requests", "failed_requests", "successful_requests", "prompt_tokens", "completion_tokens")
    return (*(metrics[name] for name in counted), round(metrics["spend"], 9))


def _shape(body: Any) -> Any:
    """What programs depend on: names of fields, error types and codes; not the values."""
    match body:
        case {"error": {"type": kind, "code": code, **error}}:
            return ("error", kind, code, sorted(str(name) for name in error))
        case {"detail": [{"type": kind, "loc": where}, *_]}:
            return ("invalid", kind, where)
        case {"info": dict(info)}:
            return (sorted(body), sorted(info), info["status"], info["blocked"])
        case {"keys": [dict(first), *_]}:
            return (sorted(body), sorted(first))
        case dict():
            return sorted(str(name) for name in body)
        case _:
            return body
