"""The fake gateway's faults, journal and memory: what tests and the playground do to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bot.playground.gateway import FakeGateway, FaultKind
from tests.contract.rig import Clock, meeting

MASTER = "sk-master-canary-9d1b"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> Iterator[FakeGateway]:
    with FakeGateway(clock, MASTER) as fake:
        yield fake


@pytest.fixture
def admin(fake: FakeGateway) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {MASTER}"}
    with httpx.Client(base_url=fake.base_url, headers=headers, timeout=5, trust_env=False) as client:
        yield client


def mint(admin: httpx.Client, **asked: object) -> str:
    secret: str = admin.post("/key/generate", json=asked).json()["key"]
    return secret


def chat(fake: FakeGateway, secret: str, model: str = "mock-gpt") -> httpx.Response:
    return httpx.post(
        f"{fake.base_url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {secret}"},
        json={"model": model, "messages": [{"role": "user", "content": "hi"}]},
        timeout=5,
    )


# --- faults ---


def test_a_fault_happens_as_often_as_told_and_on_its_route_only(fake: FakeGateway, admin: httpx.Client) -> None:
    fake.faults.add(FaultKind.ERROR, times=2, route="/key/list")
    assert admin.get("/health/readiness").status_code == 200
    assert [admin.get("/key/list").status_code for _ in range(3)] == [500, 500, 200]


def test_a_lost_reply_was_carried_out_and_a_cut_was_not(fake: FakeGateway, admin: httpx.Client) -> None:
    for kind, keys in ((FaultKind.CUT, 0), (FaultKind.REPLY_LOST, 1)):
        fake.faults.add(kind)
        with pytest.raises(httpx.TransportError):
            mint(admin)
        assert len(fake.live_keys()) == keys


def test_rate_limiting_says_for_how_long(fake: FakeGateway, admin: httpx.Client) -> None:
    fake.faults.add(FaultKind.RATE_LIMITED, seconds=3)
    reply = admin.get("/key/list")
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "3")
    assert admin.get("/key/list").status_code == 200


def test_latency_and_another_fault_meet_on_one_call(clock: Clock) -> None:
    slept: list[float] = []
    with FakeGateway(clock, MASTER, sleep=slept.append) as fake:
        fake.faults.add(FaultKind.LATENCY, seconds=2, times=None)
        fake.faults.add(FaultKind.ERROR, status=503)
        assert httpx.get(f"{fake.base_url}/health/readiness").status_code == 503
        assert httpx.get(f"{fake.base_url}/health/readiness").status_code == 200
    assert slept == [2, 2]


def test_faults_are_set_and_cleared_over_http(fake: FakeGateway, admin: httpx.Client) -> None:
    admin.post("/_play/faults", json={"kind": "down", "route": "/key/list"})
    assert [fault["kind"] for fault in admin.get("/_play/faults").json()["faults"]] == ["down"]
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            admin.get("/key/list")
    admin.delete("/_play/faults")
    assert admin.get("/key/list").status_code == 200


@pytest.mark.parametrize("asked", [{"kind": "earthquake"}, {"kind": "cut", "colour": 1}, {}])
def test_an_unknown_fault_is_refused(fake: FakeGateway, admin: httpx.Client, asked: dict[str, object]) -> None:
    assert admin.post("/_play/faults", json=asked).status_code == 400
    assert fake.faults.waiting() == []


def test_habits_are_changed_over_http(fake: FakeGateway, admin: httpx.Client) -> None:
    assert admin.post("/_play/habits", json={"block_lag_seconds": 60}).json()["block_lag_seconds"] == 60
    assert fake.habits.block_lag_seconds == 60
    assert admin.post("/_play/habits", json={"mood": "bad"}).status_code == 400


def test_a_gateway_switched_down_fails_everywhere_but_on_its_switches(fake: FakeGateway, admin: httpx.Client) -> None:
    secret = mint(admin)
    admin.post("/_play/habits", json={"is_down": True})
    paths = ("/key/list", "/health/readiness", "/user/daily/activity", "/v1/models", "/no/such/page")
    assert [admin.get(path).status_code for path in paths] == [503] * 5
    assert chat(fake, secret).status_code == 503
    assert len(admin.get("/_play/keys").json()["keys"]) == 1
    admin.post("/_play/habits", json={"is_down": False})
    assert chat(fake, secret).status_code == 200


def test_caps_are_changed_behind_everybodys_back(fake: FakeGateway, admin: httpx.Client) -> None:
    secret = mint(admin, key_alias="a", max_budget=0)
    assert chat(fake, secret).status_code == 422
    [row] = admin.post("/_play/keys", json={"key_alias": "a", "max_budget": 5}).json()["keys"]
    assert (row["max_budget"], chat(fake, secret).status_code) == (5, 200)
    assert admin.post("/_play/keys", json={"key_alias": "nobody", "max_budget": 5}).status_code == 404


def test_a_stopped_gateway_refuses_connections_and_comes_back_as_it_was(fake: FakeGateway, admin: httpx.Client) -> None:
    secret = mint(admin)
    address = fake.base_url
    fake.stop()
    with pytest.raises(httpx.ConnectError):
        chat(fake, secret)
    fake.start()
    assert fake.base_url == address
    assert chat(fake, secret).status_code == 200


def test_it_listens_on_loopback_only(fake: FakeGateway) -> None:
    assert fake.base_url.startswith("http://127.0.0.1:")


# --- journal and inspector ---


def test_the_journal_has_every_call_and_no_secret(fake: FakeGateway, admin: httpx.Client, clock: Clock) -> None:
    secret = mint(admin, key_alias="a")
    admin.get("/key/info", params={"key": secret})
    fake.faults.add(FaultKind.CUT)
    with pytest.raises(httpx.TransportError):
        admin.post("/key/block", json={"key": secret})
    seen = [(v.method, v.path, v.status, v.fault) for v in fake.journal]
    assert seen == [
        ("POST", "/key/generate", 200, None),
        ("GET", "/key/info", 200, None),
        ("POST", "/key/block", None, "cut"),
    ]
    assert {visit.at for visit in fake.journal} == {clock.now}
    told = admin.get("/_play/journal").text + admin.get("/_play/keys").text
    assert secret not in told
    assert MASTER not in told


def test_seen_once_nothing_is_printed(
    fake: FakeGateway, admin: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    admin.get("/key/info", params={"key": mint(admin)})
    fake.faults.add(FaultKind.CUT)
    with pytest.raises(httpx.TransportError):
        mint(admin)
    assert capfd.readouterr() == ("", "")


def test_the_inspector_shows_what_a_key_is_and_spent(fake: FakeGateway, admin: httpx.Client) -> None:
    fake.habits.flush_seconds = 10
    secret = mint(admin, key_alias="a", max_budget=1)
    chat(fake, secret, "mock-expensive")
    [row] = admin.get("/_play/keys").json()["keys"]
    assert (row["key_alias"], row["status"], row["works"]) == ("a", "active", True)
    assert (row["spend"], row["live_spend"]) == (0, pytest.approx(0.028))
    assert row["really_spent"] == pytest.approx(0.028)
    assert list(fake.really_spent().values()) == [28_000]


def test_what_was_really_spent_stays_whatever_anybody_resets(fake: FakeGateway, admin: httpx.Client) -> None:
    fake.habits.flush_seconds = 10
    secret = mint(admin, key_alias="a", max_budget=1)
    chat(fake, secret, "mock-expensive")
    admin.post("/key/update", json={"key": secret, "spend": 0})
    admin.post("/key/delete", json={"keys": [secret]})
    assert list(fake.really_spent().values()) == [28_000]


# --- memory ---


def test_a_new_process_takes_over_all_there_was(fake: FakeGateway, admin: httpx.Client, clock: Clock) -> None:
    fake.habits.flush_seconds = 10
    per_day = {"budget_duration": "1d", "max_budget": 0.06}
    terms = {"duration": "7d", "budget_duration": "1mo", "metadata": {"a": [1]}, "budget_limits": [per_day]}
    kept = mint(admin, key_alias="kept", max_budget=1, **terms)
    gone = mint(admin, key_alias="gone")
    chat(fake, kept, "mock-expensive")
    admin.post("/key/delete", json={"key_aliases": ["gone"]})
    saved = json.dumps(fake.dump())
    assert kept not in saved
    assert MASTER not in saved
    with FakeGateway(clock, MASTER) as later:
        later.habits.flush_seconds = 10
        later.load(json.loads(saved))
        assert later.dump() == fake.dump()
        assert chat(later, kept).status_code == 200
        assert [chat(later, kept, "mock-expensive").status_code for _ in range(3)] == [200, 200, 422]
        assert chat(later, gone).status_code == 401
        clock.advance(3600 * 24 * 7)
        assert chat(later, kept).json()["error"]["type"] == "expired_key"


# --- many at once ---


def test_calls_meanwhile_are_refused_what_a_call_under_way_may_cost(fake: FakeGateway, admin: httpx.Client) -> None:
    under_way, go_on = threading.Event(), threading.Event()

    def think(seconds: float) -> None:
        if seconds:
            under_way.set()
            go_on.wait(5)

    fake.state.sleep, fake.habits.chat_seconds = think, 1
    secret = mint(admin, max_budget=0.03)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(chat, fake, secret, "mock-expensive")
        assert under_way.wait(5)
        assert [chat(fake, secret, "mock-expensive").status_code for _ in range(3)] == [422] * 3
        go_on.set()
        assert first.result(5).status_code == 200
    assert chat(fake, secret, "mock-expensive").status_code == 200
    assert chat(fake, secret, "mock-expensive").status_code == 422


def test_mints_at_once_all_succeed_with_one_alias(fake: FakeGateway, admin: httpx.Client) -> None:
    fake.state.sleep, fake.habits.race_seconds = meeting(8), 1

    def race(_: int) -> int:
        return admin.post("/key/generate", json={"key_alias": "same"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(race, range(8))) == [200] * 8
    assert len({key.token for key in fake.live_keys() if key.key_alias == "same"}) == 8
    assert race(0) == 400


def test_the_master_key_is_never_stopped_nor_charged(fake: FakeGateway) -> None:
    assert chat(fake, MASTER, "mock-expensive").status_code == 200
    assert fake.state.charges == []
