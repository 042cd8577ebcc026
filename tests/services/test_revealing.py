"""Seen once: a key is minted when it is asked for, shown once, and never left working unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.keys import KeyState
from bot.domain.requests import Because, Refused, RequestState
from bot.services import expiry, minting, revealing, turning_off
from bot.services.revealing import Shown
from bot.services.turning_off import Target
from tests.company import ANA, BEN, OMAR, Company
from tests.fakes import Mishap
from tests.services.kit import ask, granted, held, key, keys_of, request


def reveal(company: Company, request_id: str) -> Shown | Refused:
    return revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)


def test_seen_once_the_requester_sees_the_key_and_nobody_else(company: Company) -> None:
    request_id = granted(company)
    for other in (BEN, OMAR):
        refused = revealing.reveal(company.purser, company.actor(other), request_id, company.show)
        assert isinstance(refused, Refused)
        assert refused.text == "This key is for <@U0ANA>, and only they can reveal it."
    assert isinstance(reveal(company, request_id), Shown)
    again = reveal(company, request_id)
    assert isinstance(again, Refused)
    assert "was shown already" in again.text
    assert len(company.shown) == len(company.gateway.held) == 1


def test_the_clock_starts_when_the_key_is_revealed(company: Company) -> None:
    request_id = granted(company)
    company.clock.advance(hours=50)
    reveal(company, request_id)
    (made,) = keys_of(company, request_id)
    assert made.expires_at is not None
    assert abs(made.expires_at - company.clock.at - timedelta(days=7)) < timedelta(seconds=1)


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_once_a_lost_or_failed_mint_leaves_one_key(company: Company, mishap: Mishap) -> None:
    request_id = granted(company)
    company.gateway.mishaps.add("issue", mishap)
    first = reveal(company, request_id)
    outcome = first if isinstance(first, Shown) else reveal(company, request_id)
    assert isinstance(outcome, Shown)
    assert [seen.handle for seen in company.gateway.on()] == [key(company, outcome.key.id).handle]


def test_once_a_second_key_waits_until_the_first_is_surely_gone(company: Company) -> None:
    request_id = granted(company)
    company.gateway.mishaps.add("issue", Mishap.LOST)
    company.gateway.mishaps.add("find_alias", *[Mishap.DOWN] * 3)
    refused = reveal(company, request_id)
    assert isinstance(refused, Refused)
    assert refused.because is Because.BUSY
    assert "no second key is made" in refused.text
    assert len(company.gateway.on()) == 1
    company.settle()
    assert company.gateway.on() == []
    assert isinstance(reveal(company, request_id), Shown)
    assert len(company.gateway.on()) == 1


def test_a_gateway_that_falls_silent_after_minting_leaves_one_key(company: Company) -> None:
    """Its record cannot be read: something was made, so it is deleted and made anew."""
    request_id = granted(company)
    company.gateway.mishaps.add("find", Mishap.DOWN)
    assert isinstance(reveal(company, request_id), Shown)
    assert len(company.gateway.on()) == 1
    assert [each.state for each in keys_of(company, request_id)] == [KeyState.DISCARDED, KeyState.LIVE]


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_a_key_that_could_not_be_shown_is_deleted_and_the_next_click_mints_anew(
    company: Company, mishap: Mishap
) -> None:
    request_id = granted(company)
    company.show_fails = mishap
    refused = reveal(company, request_id)
    assert isinstance(refused, Refused)
    assert "it was withdrawn" in refused.text
    assert company.gateway.on() == []
    assert isinstance(reveal(company, request_id), Shown)
    assert [each.state for each in keys_of(company, request_id)] == [KeyState.DISCARDED, KeyState.LIVE]


@pytest.mark.parametrize(
    "point",
    ["after-mint-intent", "after-gateway-minted", "after-recorded-before-shown", "after-shown-before-live"],
)
def test_once_whatever_point_it_dies_at_no_unseen_key_works_for_long(company: Company, point: str) -> None:
    request_id = granted(company)
    with company.crashing(point):
        reveal(company, request_id)
    assert isinstance(reveal(company, request_id), Refused), "another click must not race the first"
    company.clock.advance(seconds=minting.LEASE_SECONDS + 1)
    expiry.pass_time(company.purser)
    company.perform()
    assert company.gateway.on() == []
    assert isinstance(reveal(company, request_id), Shown)
    assert len(company.gateway.on()) == 1


def test_a_key_that_may_have_been_seen_is_withdrawn_and_its_holder_told(company: Company) -> None:
    request_id = granted(company)
    with company.crashing("after-shown-before-live"):
        reveal(company, request_id)
    company.clock.advance(seconds=minting.LEASE_SECONDS + 1)
    expiry.pass_time(company.purser)
    company.settle()
    assert company.notifier.occasions("direct:U0ANA").count("key_withdrawn") == 1


def test_an_approval_nobody_claims_lapses_and_gives_its_promise_back(company: Company) -> None:
    request_id = granted(company)
    company.clock.advance(hours=72)
    refused = reveal(company, request_id)
    assert isinstance(refused, Refused)
    assert refused.because is Because.TOO_LATE
    expiry.pass_time(company.purser)
    assert request(company, request_id).state is RequestState.LAPSED


def test_nothing_is_revealed_before_it_is_approved(company: Company) -> None:
    refused = reveal(company, ask(company))
    assert isinstance(refused, Refused)
    assert refused.text == "This request is waiting, so there is no key to reveal."
    assert company.gateway.calls["issue"] == 0


@pytest.mark.parametrize("method", ["issue"])
def test_a_gateway_that_refuses_is_quoted(company: Company, method: str) -> None:
    request_id = granted(company)
    company.gateway.mishaps.add(method, Mishap.REFUSED)
    refused = reveal(company, request_id)
    assert isinstance(refused, Refused)
    assert refused.because is Because.GATEWAY_CANNOT
    assert "memory: refused" in refused.text


def test_a_gateway_that_sets_another_cap_than_agreed_gets_its_key_back(company: Company) -> None:
    request_id = granted(company)
    company.gateway.mishaps.add("issue", Mishap.LYING)  # the reply names a key that the record does not show
    outcome = reveal(company, request_id)
    assert isinstance(outcome, Shown)
    assert len(company.gateway.on()) == 1


def test_a_key_disabled_while_it_is_shown_is_not_live(company: Company) -> None:
    request_id = granted(company)

    def disable_meanwhile(revealed: object) -> None:
        (made,) = keys_of(company, request_id)
        list(turning_off.disable(company.purser, company.actor(BEN), Target(label=made.label), "leaked"))

    outcome = revealing.reveal(company.purser, company.actor(ANA), request_id, disable_meanwhile)
    assert isinstance(outcome, Refused)
    assert "was turned off while it was being made" in outcome.text
    assert company.gateway.on() == []


def test_seen_once_no_secret_is_in_any_message_or_fact(company: Company) -> None:
    made = held(company)
    secret = company.shown[0].secret
    assert secret not in repr(company.notifier.messages) + repr(company.notifier.cards) + repr(made)
    assert secret not in repr(company.shown)


def test_a_key_turned_off_before_its_gateway_was_asked_is_never_made(company: Company) -> None:
    """Somebody disables it by label between the moment its alias is written down and the mint."""
    request_id = granted(company)

    def disable_meanwhile() -> None:
        label = keys_of(company, request_id)[-1].label
        list(turning_off.disable(company.purser, company.actor(BEN), Target(label=label), "odd"))

    outcome = revealing.reveal(company.purser, company.actor(ANA), request_id, company.show, opening=disable_meanwhile)

    assert isinstance(outcome, Refused)
    assert "turned off while it was being made" in outcome.text
    assert company.gateway.calls["issue"] == 0
    assert not company.shown
