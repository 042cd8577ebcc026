"""More time for keys that a limit stopped: asked for, agreed, set at the gateway, and kept until the key is back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.requests import Refused, RequestState
from bot.services import approvals, requests, turning_off
from bot.services.expiry import pass_time
from bot.services.guarding import guard
from bot.services.requests import Sent
from bot.slack.views import phrases
from bot.slack.views.direct import direct
from bot.slack.views.thread import line
from tests.company import ANA, BEN, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import TEAM_ID, add_key, is_live, is_stopped, now, poll, set_budget, settle, spend, sync
from tests.services.guard_kit import told as told_notices
from tests.services.kit import held, refusal, request, wanted

DM_ANA = f"direct:{ANA.id}"
FIVE_DAYS = 5 * 86_400
DECEMBER = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


@pytest.fixture
def key(company: Company) -> Key:
    """Ana's key, which ends in twelve days: after the turn of the month."""
    return held(company, ANA, wanted(50, 12))


def use_up_the_team(company: Company) -> None:
    """Spend by somebody else, read but not acted upon yet."""
    spend(company, add_key(company, BEN), 510)
    sync(company)


def asked(company: Company, key: Key) -> str:
    outcome = requests.extend(company.purser, company.actor(ANA), key.label, FIVE_DAYS, "not done yet")
    assert isinstance(outcome, Sent), outcome
    return outcome.facts.request.id


def agree(company: Company, request_id: str) -> None:
    outcome = approvals.approve(company.purser, company.actor(OMAR), request_id)
    assert isinstance(outcome, approvals.Decided), outcome


def assert_extended(company: Company, key: Key, request_id: str) -> None:
    """In the books and at the gateway, told once."""
    assert key.expires_at is not None
    until = key.expires_at + timedelta(seconds=FIVE_DAYS)
    assert now(company, key).expires_at == until
    assert company.gateway.held[key.handle or ""].expires_at == until
    assert request(company, request_id).state is RequestState.FULFILLED
    assert company.notifier.occasions(DM_ANA).count(str(Occasion.EXTENDED)) == 1
    assert company.notifier.occasions(DM_ANA).count(str(Occasion.EFFECT_FAILED)) == 0


def test_a_key_that_a_limit_stopped_can_be_extended_and_comes_back_with_its_new_end(company: Company, key: Key) -> None:
    use_up_the_team(company)
    poll(company)
    assert is_stopped(company, key)
    assert phrases.extend_button(now(company, key)) is not None
    request_id = asked(company, key)
    agree(company, request_id)
    settle(company)
    assert is_stopped(company, key)
    assert_extended(company, key, request_id)
    company.clock.at = DECEMBER
    poll(company)
    assert is_live(company, key)


def test_who_gets_more_time_for_a_stopped_key_is_not_told_that_it_works(company: Company, key: Key) -> None:
    use_up_the_team(company)
    poll(company)
    request_id = asked(company, key)
    agree(company, request_id)
    settle(company)
    (notice,) = told_notices(company, DM_ANA, Occasion.EXTENDED)
    for said in (direct(notice, company.clock.now()).text, line(notice)):
        assert f"`{key.label}` now has time until" in said
        assert "team search reached its budget" in said
        assert "now works" not in said


def test_an_extension_asked_for_before_the_stop_can_be_agreed_after_it(company: Company, key: Key) -> None:
    request_id = asked(company, key)
    use_up_the_team(company)
    poll(company)
    assert is_stopped(company, key)
    agree(company, request_id)
    settle(company)
    assert_extended(company, key, request_id)


def test_an_extension_agreed_just_before_the_stop_is_made(company: Company, key: Key) -> None:
    use_up_the_team(company)
    request_id = asked(company, key)
    agree(company, request_id)
    guard(company.purser)
    settle(company)
    assert is_stopped(company, key)
    assert_extended(company, key, request_id)


def test_an_extension_that_the_gateway_refuses_at_first_outlives_a_stop_and_the_old_end(company: Company) -> None:
    key = held(company, ANA, wanted(50, 2))
    company.gateway.mishaps.add("set_expiry", *[Mishap.DOWN] * 6)
    request_id = asked(company, key)
    agree(company, request_id)
    company.perform()
    use_up_the_team(company)
    guard(company.purser)
    settle(company)
    assert is_stopped(company, key)
    assert request(company, request_id).state is RequestState.APPROVED
    assert key.expires_at is not None
    company.clock.at = key.expires_at + timedelta(seconds=1)
    pass_time(company.purser)
    guard(company.purser)
    company.settle()
    assert_extended(company, key, request_id)
    assert now(company, key).off_cause is not OffCause.EXPIRED


def test_turned_off_by_hand_an_agreed_extension_still_lapses(company: Company, key: Key) -> None:
    company.gateway.mishaps.add("set_expiry", *[Mishap.DOWN] * 2)
    request_id = asked(company, key)
    agree(company, request_id)
    company.perform()
    use_up_the_team(company)
    poll(company)
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "leaked"))
    settle(company)
    assert request(company, request_id).state in (RequestState.LAPSED, RequestState.FULFILLED)
    assert now(company, key).off_cause is OffCause.DISABLED
    refused = refusal(requests.extend(company.purser, company.actor(ANA), key.label, FIVE_DAYS, "more"))
    assert "is not in use any more" in refused.text


def test_a_stopped_key_without_an_end_needs_no_more_time(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 510)
    poll(company)
    outcome = requests.extend(company.purser, company.actor(ANA), key.label, FIVE_DAYS, "more")
    assert isinstance(outcome, Refused)
    assert "does not end by itself" in outcome.text


def test_time_agreed_while_a_key_is_coming_back_is_set(company: Company, key: Key) -> None:
    use_up_the_team(company)
    poll(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    company.gateway.mishaps.add("enable", *[Mishap.DOWN] * 2)
    guard(company.purser)
    company.perform()
    assert now(company, key).state is KeyState.RESTORING
    request_id = asked(company, key)
    agree(company, request_id)
    company.settle()
    assert is_live(company, key)
    assert_extended(company, key, request_id)
