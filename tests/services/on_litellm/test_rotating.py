"""Rotation and restoring once more, with a real LiteLLM proxy in the gateway's place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.cuts import Window
from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.keys import Key, KeyState, OffCause, Proof
from bot.services import restoring, revealing, rotating, sharing, turning_off
from bot.services.cuts import end_cuts
from bot.services.revealing import Shown
from bot.services.syncing import sync_live
from bot.services.turning_off import Target as Named
from tests.company import ANA, OMAR, Company
from tests.contract.rig import Rig
from tests.services.kit import held, key, wanted
from tests.services.on_litellm.conftest import CALL_MICROS

pytestmark = [pytest.mark.litellm, pytest.mark.xdist_group("litellm"), pytest.mark.timeout(180)]


def calls(rig: Rig, secret: str) -> int:
    """The status of one call that costs."""
    return rig.chat(secret, "mock-expensive").status_code


def cap(company: Company, rig: Rig, one: Key) -> int:
    """What the gateway's record says, which is what the books say."""
    now = key(company, one.id)
    assert rig.found(now.handle or "").cap_micros == now.cap_micros
    return now.cap_micros


def test_both_keys_work_and_share_a_cap_then_the_old_one_is_off(company: Company, rig: Rig) -> None:
    old = held(company, what=wanted(0.24, 1))
    rig.made.append(old.handle or "")
    first = company.shown[-1].secret
    assert calls(rig, first) == 200
    rig.until(lambda: rig.found(old.handle or "").spent_micros == CALL_MICROS, seconds=40)
    sync_live(company.purser)

    asked = rotating.rotate(company.purser, company.actor(ANA), old.label, 3600)
    assert isinstance(asked, RequestFacts)
    shown = revealing.reveal(company.purser, company.actor(ANA), asked.request.id, company.show)
    assert isinstance(shown, Shown), shown
    company.perform()
    new, second = key(company, shown.key.id), company.shown[-1].secret
    rig.made.append(new.handle or "")
    assert cap(company, rig, old) + cap(company, rig, new) == 240_000
    assert (calls(rig, first), calls(rig, second)) == (200, 200)

    assert [calls(rig, first) for _ in range(2)] == [200, 200]
    rig.until(lambda: rig.found(old.handle or "").spent_micros == 4 * CALL_MICROS, seconds=40)
    rig.until(lambda: rig.found(new.handle or "").spent_micros == CALL_MICROS, seconds=40)
    sync_live(company.purser)
    sharing.share(company.purser)
    company.perform()
    assert cap(company, rig, old) + cap(company, rig, new) == 240_000
    assert cap(company, rig, old) > 4 * CALL_MICROS  # what the new one had left was moved to where it is used

    company.clock.advance(seconds=timedelta(hours=1).total_seconds())
    rotating.retire(company.purser)
    company.perform()
    gone = key(company, old.id)
    assert (gone.state, gone.off_cause, gone.proof) == (KeyState.DISABLED, OffCause.ROTATED, Proof.RECORDED)
    rig.until(lambda: calls(rig, first) == 401, seconds=90)
    assert cap(company, rig, new) == 240_000 - 4 * CALL_MICROS
    assert calls(rig, second) == 200


def test_a_restored_key_has_so_much_for_so_long(company: Company, rig: Rig) -> None:
    made = held(company, what=wanted(5, 1))
    rig.made.append(made.handle or "")
    secret = company.shown[-1].secret
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=made.label), "odd"))
    company.perform()
    outcome = restoring.restore(company.purser, company.actor(OMAR), made.id, Window(30_000, 3600))
    assert isinstance(outcome, KeyFacts)
    company.perform()
    assert cap(company, rig, made) == 30_000
    rig.until(lambda: calls(rig, secret) == 200, seconds=90)
    rig.until(lambda: calls(rig, secret) == 422, seconds=60)
    company.clock.advance(seconds=3600)
    end_cuts(company.purser)
    company.perform()
    assert cap(company, rig, made) == 5_000_000
    rig.until(lambda: calls(rig, secret) == 200, seconds=60)
