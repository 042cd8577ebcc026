"""What a gateway contract test stands on: an adapter, a way to spend with a key, and time."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from bot.domain.usage import Usage
from bot.gateways.base import CapPeriod, FailureKind, Gateway, GatewayError, Issued, KeyRecord, KeySpec
from bot.gateways.http import Patience
from bot.gateways.litellm import LiteLLM
from bot.playground.gateway import FakeGateway, Habits

IMPATIENT = Patience(first_wait_seconds=0.0, longest_wait_seconds=0.0)
"""Repeats without waiting, so that tests are quick."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 18, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Rig:
    """One adapter under test. Keys it makes are deleted at the end."""

    gateway: Gateway
    base_url: str
    master_key: str
    now: Callable[[], datetime]
    pass_time: Callable[[float], None]
    made: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    settle_seconds: float = 0.0
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def alias(self) -> str:
        return f"contract-{uuid.uuid4().hex[:12]}"

    def issue(
        self,
        alias: str | None = None,
        *,
        cap_micros: int = 1_000_000,
        cap_period: CapPeriod = CapPeriod.TOTAL,
        lives_seconds: float | None = 3600,
        models: tuple[str, ...] = (),
        tags: dict[str, str] | None = None,
        daily_cap_micros: int | None = None,
    ) -> Issued:
        expires_at = None if lives_seconds is None else self.now() + timedelta(seconds=lives_seconds)
        spec = KeySpec(
            alias or self.alias(),
            "U-ANA",
            cap_micros,
            cap_period,
            expires_at,
            models,
            tags or {"key": "k1"},
            daily_cap_micros,
        )
        issued = self.gateway.issue(spec)
        self.made.append(issued.handle)
        return issued

    def user(self, email: str, *, name: str | None = None, role: str | None = None) -> str:
        """Somebody with an account there, past the adapter; their id stands in the address for `{}`."""
        user_id = name or f"U0{uuid.uuid4().hex[:12].upper()}"
        body = {"user_id": user_id, "user_email": email.format(user_id), "auto_create_key": False, "user_role": role}
        assert self.raw("POST", "/user/new", body).status_code == 200
        self.users.append(user_id)
        return user_id

    def found(self, handle: str) -> KeyRecord:
        record = self.gateway.find(handle)
        assert record is not None
        return record

    def usage_of(self, handle: str) -> list[Usage]:
        """What the gateway tells of a key today, and of the day before: midnight may have passed."""
        today = self.now().date()
        return [row for row in self.gateway.usage(today - timedelta(days=1), today) if row.handle == handle]

    def chat(self, secret: str, model: str = "mock-gpt") -> httpx.Response:
        """Call a model as a member would, and let the gateway finish its sums.

        LiteLLM settles the reservation of a call some moments after answering it: until then the next call may
        be refused although there is money, or admitted although there is none.
        """
        response = self.client.post(
            f"{self.base_url}/v1/chat/completions",
            headers={"Authorization": f"Bearer {secret}"},
            json={"model": model, "messages": [{"role": "user", "content": "hi"}]},
            timeout=20,
        )
        time.sleep(self.settle_seconds)
        return response

    def raw(self, method: str, path: str, body: object = None, **params: str | int) -> httpx.Response:
        """Call the gateway past the adapter, with its master key."""
        headers = {"Authorization": f"Bearer {self.master_key}"}
        url = f"{self.base_url}{path}"
        return self.client.request(method, url, headers=headers, json=body, params=params or None, timeout=20)

    def until(self, condition: Callable[[], bool], seconds: float = 15) -> None:
        """Wait for the gateway to have written something."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the gateway did not write it in time"
            time.sleep(0.1)

    def clean(self) -> None:
        for handle in self.made:
            self.gateway.delete(handle)
        for user_id in self.users:
            self.raw("POST", "/user/delete", {"user_ids": [user_id]})
        self.client.close()


@dataclass
class FakeRig(Rig):
    """The LiteLLM adapter on a fake LiteLLM, which can be told to misbehave."""

    fake: FakeGateway = field(default_factory=lambda: FakeGateway(Clock()))
    clock: Clock = field(default_factory=Clock)

    def calls(self, path: str) -> int:
        """How often a path was called."""
        return sum(visit.path == path for visit in self.fake.journal)

    def second_adapter(self) -> LiteLLM:
        """The adapter of another process."""
        return LiteLLM(self.base_url, self.master_key, self.base_url, now=self.now, patience=IMPATIENT)


@contextmanager
def litellm_on_fake(patience: Patience = IMPATIENT, habits: Habits | None = None) -> Iterator[FakeRig]:
    clock = Clock()
    with FakeGateway(clock, "sk-master-canary-5f2e", habits=habits) as fake:
        gateway = LiteLLM(fake.base_url, fake.master_key, "https://ai.example", now=clock, patience=patience)
        rig = FakeRig(gateway, fake.base_url, fake.master_key, clock, clock.advance, fake=fake, clock=clock)
        yield rig
        rig.client.close()
        gateway.close()


@contextmanager
def litellm_on_real(base_url: str, master_key: str) -> Iterator[Rig]:
    def now() -> datetime:
        return datetime.now(UTC)

    gateway = LiteLLM(base_url, master_key, "https://ai.example", now=now)
    rig = Rig(gateway, base_url, master_key, now, time.sleep, settle_seconds=0.4)
    yield rig
    rig.clean()
    gateway.close()


def meeting(parties: int) -> Callable[[float], None]:
    """A sleep that lasts until so many sleep: they are at the same point at the same time, without luck."""
    barrier = threading.Barrier(parties, timeout=5)

    def sleep(seconds: float) -> None:
        if seconds:
            barrier.wait()

    return sleep


def failure_of(action: Callable[[], object]) -> GatewayError:
    """The error that an action raises."""
    try:
        action()
    except GatewayError as error:
        return error
    raise AssertionError("it did not fail")


def kind_of(action: Callable[[], object]) -> FailureKind:
    return failure_of(action).kind
