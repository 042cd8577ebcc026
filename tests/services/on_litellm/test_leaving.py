"""Somebody leaves, with a real LiteLLM proxy in the gateway's place: what is taken over works on, the rest is off."""

from __future__ import annotations

import time

import pytest

from bot.domain.keys import KeyState, OffCause, Proof
from tests.company import ANA, OLGA, Company
from tests.contract.rig import Rig
from tests.services.handing_kit import automation, taken
from tests.services.kit import held, key, wanted
from tests.services.leaving_kit import activate, deactivate, restore

pytestmark = [pytest.mark.litellm, pytest.mark.xdist_group("litellm"), pytest.mark.timeout(180)]


def calls(rig: Rig, secret: str) -> int:
    return rig.chat(secret, "mock-gpt").status_code


def test_a_leavers_own_key_is_refused_and_the_one_others_need_works_on(company: Company, rig: Rig) -> None:
    own = held(company, what=wanted(5, 7))
    nightly = automation(company, who=ANA, lead=ANA)
    rig.made += [own.handle or "", nightly.handle or ""]
    own_secret, nightly_secret = (shown.secret for shown in company.shown[-2:])
    assert (calls(rig, own_secret), calls(rig, nightly_secret)) == (200, 200)

    begun = time.monotonic()
    left = deactivate(company, ANA)
    after = key(company, own.id)
    assert (after.state, after.off_cause, after.proof) == (KeyState.DISABLED, OffCause.LEFT, Proof.RECORDED)
    print(f"event to proven off: {time.monotonic() - begun:.2f} s")
    rig.until(lambda: calls(rig, own_secret) == 401, seconds=90)
    assert not rig.found(own.handle or "").enabled

    taken(company, OLGA, left)
    assert calls(rig, nightly_secret) == 200
    assert rig.found(nightly.handle or "").enabled


def test_a_wrong_deactivation_is_undone_and_the_same_secret_works_again(company: Company, rig: Rig) -> None:
    own = held(company, what=wanted(5, 7))
    rig.made.append(own.handle or "")
    secret = company.shown[-1].secret
    left = deactivate(company, ANA)
    rig.until(lambda: calls(rig, secret) == 401, seconds=90)
    activate(company, ANA)
    assert key(company, own.id).state is KeyState.DISABLED  # coming back brings nothing back
    assert calls(rig, secret) == 401

    restore(company, left)
    assert key(company, own.id).state is KeyState.LIVE
    rig.until(lambda: calls(rig, secret) == 200, seconds=90)
    assert rig.found(own.handle or "").cap_micros == own.cap_micros
