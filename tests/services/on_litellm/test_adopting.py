"""A key made by hand at a real LiteLLM proxy: found, adopted, spent with, capped anew and turned off."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from bot.domain.budgets import TOTAL
from bot.domain.inventory import Adopted, UnknownKey, UnknownState
from bot.domain.keys import KeyState
from bot.gateways.base import CapPeriod
from bot.services import adopting, turning_off, unknown
from bot.services.auditing import verify
from bot.services.syncing import sync_live
from bot.services.turning_off import Target
from storage import readings, unknown_keys
from tests.company import ANA, BEN, INSTALLATION, OLGA, Company
from tests.contract.rig import Rig
from tests.services.adopting_kit import wanted
from tests.services.kit import key
from tests.services.on_litellm.conftest import CALL_MICROS

pytestmark = [pytest.mark.litellm, pytest.mark.xdist_group("litellm"), pytest.mark.timeout(180)]


class ByHand:
    """A key that somebody with the master key made, and who uses it."""

    def __init__(self, rig: Rig, **fields: Any) -> None:
        made = rig.raw("POST", "/key/generate", {"key_alias": rig.alias(), **fields}).json()
        self.rig, self.secret, self.handle = rig, str(made["key"]), str(made["token"])
        rig.made.append(self.handle)

    def call(self) -> int:
        """One call of $0.028; the answer's status."""
        return self.rig.chat(self.secret, "mock-expensive").status_code

    def spent_at_least(self, micros: int) -> int:
        """Wait until the gateway's record shows so much; what it shows then."""
        self.rig.until(lambda: self.rig.found(self.handle).spent_micros >= micros, seconds=40)
        return self.rig.found(self.handle).spent_micros


@pytest.fixture
def by_hand(rig: Rig) -> ByHand:
    return ByHand(rig, metadata={"owner": "ci"}, models=["mock-gpt", "mock-expensive"])


def noticed(company: Company, made: ByHand) -> UnknownKey:
    """As reconcile notes it; other keys of this proxy are nobody's business here."""
    gateway = made.rig.gateway
    listed = [seen for seen in gateway.list_keys() if seen.handle == made.handle]
    unknown.note(company.purser, gateway, listed, company.clock.now())
    with company.books.reading() as session:
        found = unknown_keys.get(session, gateway.name, made.handle)
    assert found is not None
    return found


def spent(company: Company, key_id: str) -> int:
    company.clock.advance(seconds=60)
    sync_live(company.purser)
    with company.books.reading() as session:
        read = readings.spent(session, key_id, TOTAL)
    return 0 if read is None else read.micros


def test_adopted_spent_with_capped_anew_and_turned_off(company: Company, by_hand: ByHand) -> None:
    assert [by_hand.call(), by_hand.call()] == [200, 200]
    before = by_hand.spent_at_least(2 * CALL_MICROS)
    one = noticed(company, by_hand)
    assert (one.seen.spent_micros, one.seen.cap_micros, one.seen.models) == (
        before,
        None,
        ("mock-gpt", "mock-expensive"),
    )
    done = adopting.adopt(company.purser, company.actor(OLGA), wanted(one, usd=0.05))
    assert isinstance(done, Adopted)
    assert done.is_done
    made = key(company, done.key.id)
    record = by_hand.rig.found(by_hand.handle)
    assert (record.cap_micros, record.cap_period, record.holder) == (50_000, CapPeriod.TOTAL, ANA.id)
    assert record.tags == {"installation": INSTALLATION, "key": made.id, "request": made.request_id}
    assert record.expires_at is not None
    info = by_hand.rig.raw("GET", "/key/info", key=by_hand.handle).json()["info"]
    assert info["metadata"]["owner"] == "ci"  # what others wrote beside our marks stays
    assert spent(company, made.id) == 0
    # What it had spent before was more than its cap, and it goes on working.
    assert by_hand.call() == 200
    after = by_hand.spent_at_least(before + CALL_MICROS)
    assert spent(company, made.id) == after - before
    by_hand.rig.until(lambda: by_hand.call() == 422)
    list(turning_off.disable(company.purser, company.actor(BEN), Target(secret=by_hand.secret), "posted"))
    company.perform()
    assert key(company, made.id).state is KeyState.DISABLED
    by_hand.rig.until(lambda: by_hand.call() == 401)
    report = verify(company.books)
    assert report.ok, report.lines


def test_turned_off_without_being_adopted(company: Company, by_hand: ByHand) -> None:
    one = noticed(company, by_hand)
    unknown.turn_off(company.purser, company.actor(OLGA), one.id)
    assert noticed(company, by_hand).state is UnknownState.DISABLED
    by_hand.rig.until(lambda: by_hand.call() == 401)


def test_the_master_key_is_never_among_them(company: Company, rig: Rig) -> None:
    own = rig.gateway.list_keys()
    assert hashlib.sha256(rig.master_key.encode()).hexdigest() not in {seen.handle for seen in own}
