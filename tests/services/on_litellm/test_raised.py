"""Raises and their ends once more, with a real LiteLLM proxy in the gateway's place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyState
from bot.domain.requests import RequestState, Target
from bot.gateways.base import CapPeriod
from bot.services.raised import end_raises
from storage import keys, requests
from tests.company import Company
from tests.contract.rig import Rig
from tests.services.kit import held, wanted
from tests.services.on_litellm.conftest import CALL_MICROS
from tests.services.raises_kit import agreed_raise, now_key, state_of

pytestmark = [pytest.mark.litellm, pytest.mark.xdist_group("litellm"), pytest.mark.timeout(120)]


class Caller:
    """Somebody who uses the key, and counts what that cost."""

    def __init__(self, rig: Rig, handle: str, secret: str) -> None:
        self.rig, self.handle, self.secret = rig, handle, secret
        self.micros = 0

    def call(self) -> int:
        """One call; the answer's status."""
        status = self.rig.chat(self.secret, "mock-expensive").status_code
        self.micros += CALL_MICROS if status == 200 else 0
        return status

    def is_stopped(self) -> bool:
        """The gateway refuses, if need be after the one call that crosses the cap."""
        self.rig.until(lambda: self.call() == 422)
        return self.is_counted()

    def is_counted(self) -> bool:
        """The gateway's record shows everything that was ever spent, and nothing twice."""
        self.rig.until(lambda: self.rig.found(self.handle).spent_micros == self.micros, seconds=40)
        return True


def _key(company: Company, rig: Rig) -> tuple[Key, Caller]:
    """A key with room for one call, and somebody who uses it."""
    key = held(company, what=wanted(0.03, 1))
    assert key.handle is not None
    rig.made.append(key.handle)
    return key, Caller(rig, key.handle, company.shown[-1].secret)


def _ends(company: Company, at: datetime) -> None:
    company.clock.at = at
    end_raises(company.purser)
    company.perform()


def test_a_raise_and_its_end_move_the_cap_and_keep_what_was_spent(company: Company, rig: Rig) -> None:
    key, ana = _key(company, rig)
    assert ana.call() == 200
    assert ana.is_stopped()
    end = rig.now() + timedelta(hours=6)

    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 0.09, end)
    assert state_of(company, request_id) is RequestState.FULFILLED
    seen = rig.found(ana.handle)
    assert (seen.cap_micros, seen.spent_micros) == (120_000, ana.micros)
    assert ana.call() == 200
    assert ana.is_counted()

    _ends(company, end)
    seen = rig.found(ana.handle)
    assert (seen.cap_micros, seen.spent_micros) == (30_000, ana.micros)
    assert now_key(company, key).cap_micros == 30_000
    assert ana.is_stopped()


def test_a_raised_day_and_its_end_keep_what_the_day_has_spent(company: Company, rig: Rig) -> None:
    key, ana = _key(company, rig)
    caps = keys.Change(cap_micros=5_000_000, daily_cap_micros=30_000)
    with company.purser.deciding() as session:
        keys.move(session, key.id, KeyState.LIVE, KeyState.LIVE, caps)
        asked = requests.get(session, key.request_id)
        assert asked is not None
        terms = replace(asked.terms, cap_micros=5_000_000, daily_cap_micros=30_000)
        requests.move(session, asked.id, asked.state, asked.state, requests.Change(terms=terms))
    rig.gateway.set_cap(ana.handle, 5_000_000, CapPeriod.TOTAL, 30_000)
    assert ana.call() == 200
    assert ana.is_stopped()
    end = rig.now() + timedelta(hours=6)

    agreed_raise(company, Target(Layer.AUTOMATION, key.id), 0.09, end)
    seen = rig.found(ana.handle)
    assert (seen.cap_micros, seen.daily_cap_micros, seen.spent_micros) == (5_000_000, 120_000, ana.micros)
    assert ana.call() == 200
    assert ana.is_counted()

    _ends(company, end)
    seen = rig.found(ana.handle)
    assert (seen.cap_micros, seen.daily_cap_micros, seen.spent_micros) == (5_000_000, 30_000, ana.micros)
    assert ana.is_stopped()
