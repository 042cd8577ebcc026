"""Off is proven: recorded, probed, or said to be unconfirmed; and what is off can be on again by an owner only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.domain.facts import KeyFacts, Off
from bot.domain.keys import Key, KeyState, Proof
from bot.domain.requests import Because, Refused, RequestState
from bot.gateways.base import Probe
from bot.services import approvals, auditing, expiry, reconcile, requests, restoring, turning_off
from bot.services.requests import Sent
from bot.services.turning_off import Target
from tests.company import ANA, BEN, OMAR, Company
from tests.fakes import Mishap
from tests.services.kit import held, key, request


def disable(company: Company, target: Target, reason: str = "leaked") -> list[Off | Refused]:
    return list(turning_off.disable(company.purser, company.actor(BEN), target, reason))


def last(outcomes: list[Off | Refused]) -> Off:
    assert isinstance(outcomes[-1], Off)
    return outcomes[-1]


def test_off_is_proven_by_the_gateways_own_record(company: Company) -> None:
    made = held(company)
    off = last(disable(company, Target(label=made.label)))
    assert off.proof is Proof.RECORDED
    assert company.gateway.on() == []
    company.perform()
    assert "key_disabled" in company.notifier.occasions("direct:U0ANA")
    assert "key_disabled" in company.notifier.occasions("direct:U0OMAR")


def test_off_is_proven_by_a_call_with_the_pasted_secret(company: Company) -> None:
    made = held(company)
    off = last(disable(company, Target(secret=company.shown[0].secret)))
    assert off.proof is Proof.PROBED
    assert off.key.key.id == made.id


def test_off_a_pasted_secret_that_still_works_is_told_and_tried_until_it_is_refused(company: Company) -> None:
    held(company)
    company.gateway.probes += [Probe.ACCEPTED] * 3
    outcomes = disable(company, Target(secret=company.shown[0].secret))
    assert isinstance(outcomes[0], Off)
    assert (outcomes[0].proof, outcomes[0].probe_accepted) == (Proof.RECORDED, True)
    assert (last(outcomes).proof, last(outcomes).probe_accepted) == (Proof.PROBED, False)


def test_off_a_pasted_secret_that_goes_on_working_calls_the_owners(company: Company) -> None:
    held(company)
    company.gateway.probes += [Probe.ACCEPTED] * 20
    off = last(disable(company, Target(secret=company.shown[0].secret)))
    assert (off.proof, off.probe_accepted) == (Proof.RECORDED, True)
    company.perform()
    assert "off_unproven" in company.notifier.occasions("direct:U0OMAR")


def test_off_a_gateway_that_cannot_be_asked_proves_nothing_and_fails_nothing(company: Company) -> None:
    held(company)
    company.gateway.mishaps.add("probe", *[Mishap.DOWN] * 20)
    off = last(disable(company, Target(secret=company.shown[0].secret)))
    assert (off.proof, off.probe_accepted) == (Proof.RECORDED, False)


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LYING])
def test_off_is_never_a_bare_tick(company: Company, mishap: Mishap) -> None:
    made = held(company)
    company.gateway.mishaps.add("disable", *[mishap] * 3)
    assert last(disable(company, Target(label=made.label))).proof is None
    assert key(company, made.id).state is KeyState.DISABLING
    for _ in range(3):
        company.clock.advance(seconds=10)
        company.perform()
    assert "off_unproven" in company.notifier.occasions("direct:U0OMAR")
    company.settle()
    assert key(company, made.id).state is KeyState.DISABLED
    assert company.notifier.occasions("direct:U0ANA").count("key_disabled") == 1


@pytest.mark.parametrize("point", ["after-disable-commit", "after-gateway-disabled"])
def test_once_a_crash_midway_loses_no_disable(company: Company, point: str) -> None:
    made = held(company)
    with company.crashing(point):
        disable(company, Target(label=made.label))
    company.settle()
    assert key(company, made.id).state is KeyState.DISABLED
    assert company.gateway.on() == []
    assert company.notifier.occasions("direct:U0ANA").count("key_disabled") == 1


def test_disabling_again_says_it_was_off_already(company: Company) -> None:
    made = held(company)
    disable(company, Target(label=made.label), "leaked")
    off = last(disable(company, Target(label=made.label), "again"))
    assert off.already
    assert off.key.key.off_reason == "leaked"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target(label="ana-9999"), "No key is called `ana-9999`."),
        (Target(secret="sk-unknown"), "Purser did not hand out this key"),
        (Target(key_id="key_999"), "Purser does not know this key."),
    ],
)
def test_an_unknown_key_changes_nothing(company: Company, target: Target, text: str) -> None:
    made = held(company)
    (refused,) = disable(company, target)
    assert isinstance(refused, Refused)
    assert refused.text.startswith(text)
    assert key(company, made.id).state is KeyState.LIVE


def test_only_the_holder_gives_a_key_back(company: Company) -> None:
    made = held(company)
    refused = turning_off.give_back(company.purser, company.actor(BEN), Target(key_id=made.id))
    assert isinstance(refused, Refused)
    assert refused.because is Because.NOT_ALLOWED
    off = turning_off.give_back(company.purser, company.actor(ANA), Target(key_id=made.id))
    assert isinstance(off, Off)
    assert off.proof is Proof.RECORDED


def give_back(company: Company, made: Key) -> None:
    turning_off.give_back(company.purser, company.actor(ANA), Target(label=made.label))


def turn_off(company: Company, made: Key) -> None:
    disable(company, Target(label=made.label))


def let_end(company: Company, made: Key) -> None:
    assert made.expires_at is not None
    company.clock.at = made.expires_at
    expiry.pass_time(company.purser)


def lose(company: Company, made: Key) -> None:
    """Somebody turns it off at the gateway."""
    company.gateway.disable(made.handle or "")
    reconcile.reconcile(company.purser)


def more_time(company: Company, made: Key) -> str:
    """Ask for more time; the request's id."""
    asked = requests.extend(company.purser, company.actor(ANA), made.label, 86_400, "almost done")
    assert isinstance(asked, Sent), asked
    company.perform()
    return asked.facts.request.id


@pytest.mark.parametrize("ends", [give_back, turn_off, let_end, lose])
def test_an_ask_for_more_time_closes_when_its_key_goes_off(company: Company, ends: Callable[..., None]) -> None:
    made = held(company)
    company.clock.advance(days=6)
    request_id = more_time(company, made)
    ends(company, made)
    company.settle()
    closed = request(company, request_id)
    assert closed.state is RequestState.CANCELLED
    assert closed.closed_with_its_key
    late = approvals.approve(company.purser, company.actor(OMAR), request_id)
    assert isinstance(late, approvals.AlreadyDecided)
    company.clock.advance(days=5)
    expiry.pass_time(company.purser)
    company.settle()
    assert company.notifier.occasions("direct:U0ANA").count("extension_closed") == 1
    told = company.notifier.occasions(f"thread:{request_id}")
    assert told.count("extension_closed") == 1
    assert {"reminder", "escalation", "request_expired"}.isdisjoint(told)
    assert company.notifier.cards[closed.card_ts or ""].request.state is RequestState.CANCELLED
    report = auditing.verify(company.books)
    assert report.ok, report.lines


def test_once_a_crash_while_a_key_goes_off_still_closes_its_extension(company: Company) -> None:
    made = held(company)
    request_id = more_time(company, made)
    with company.crashing("after-disable-commit"):
        turn_off(company, made)
    assert request(company, request_id).closed_with_its_key
    company.settle()
    assert company.notifier.occasions("direct:U0ANA").count("extension_closed") == 1


def test_a_restored_key_can_be_extended_by_asking_again(company: Company) -> None:
    made = held(company)
    first = more_time(company, made)
    turn_off(company, made)
    restoring.restore(company.purser, company.actor(OMAR), made.id)
    company.settle()
    assert request(company, first).closed_with_its_key
    second = more_time(company, made)
    approvals.approve(company.purser, company.actor(OMAR), second)
    company.settle()
    assert request(company, second).state is RequestState.FULFILLED


def test_an_owner_restores_and_nobody_else(company: Company) -> None:
    made = held(company)
    disable(company, Target(label=made.label))
    refused = restoring.restore(company.purser, company.actor(ANA), made.id)
    assert isinstance(refused, Refused)
    assert refused.because is Because.NOT_ALLOWED
    restored = restoring.restore(company.purser, company.actor(OMAR), made.id)
    assert isinstance(restored, KeyFacts)
    assert restored.key.state is KeyState.LIVE
    assert len(company.gateway.on()) == 1


def test_a_restore_that_the_gateway_refuses_ends_off_and_is_told(company: Company) -> None:
    made = held(company)
    disable(company, Target(label=made.label))
    company.gateway.mishaps.add("enable", Mishap.REFUSED)
    restoring.restore(company.purser, company.actor(OMAR), made.id)
    company.settle()
    assert key(company, made.id).state is KeyState.DISABLED
    assert company.gateway.on() == []
    assert company.notifier.occasions("direct:U0OMAR").count("effect_failed") == 1


def test_a_key_ends_at_its_time_warned_before_and_proven_off(company: Company) -> None:
    made = held(company)
    for hours in (144, 23, 1):
        company.clock.advance(hours=hours)
        for _ in range(2):
            expiry.pass_time(company.purser)
            company.perform()
    assert key(company, made.id).state is KeyState.DISABLED
    assert key(company, made.id).proof is Proof.RECORDED
    told = company.notifier.occasions("direct:U0ANA")
    assert told.count("expiry_warning") == 2
    assert told.count("key_expired") == 1


def test_off_a_key_turned_on_behind_our_back_is_turned_off_again(company: Company) -> None:
    made = held(company)
    disable(company, Target(label=made.label))
    company.gateway.change(made.handle or "", enabled=True)
    reconcile.reconcile(company.purser)
    company.settle()
    assert company.gateway.on() == []
    assert key(company, made.id).state is KeyState.DISABLED


def test_the_cap_holds_when_somebody_raises_it_at_the_gateway(company: Company) -> None:
    made = held(company)
    company.gateway.change(made.handle or "", cap_micros=10**12)
    reconcile.reconcile(company.purser)
    company.perform()
    assert company.gateway.on()[0].cap_micros == made.cap_micros
    assert company.notifier.occasions("direct:U0OLGA").count("cap_restored") == 1


def test_a_key_gone_at_the_gateway_is_off_in_the_books_and_told(company: Company) -> None:
    made = held(company)
    company.gateway.change(made.handle or "", enabled=False, deleted=True)
    reconcile.reconcile(company.purser)
    company.settle()
    assert key(company, made.id).state is KeyState.DISABLED
    assert "key_gone" in company.notifier.occasions("direct:U0ANA")
