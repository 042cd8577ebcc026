"""Keys that a limit stopped and that nobody is there for: off for good, told to those concerned, promised nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Notice, Occasion
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.people import Role
from bot.domain.requests import Because, Refused, Target
from bot.services import requests, restoring, teams, turning_off
from bot.services.expiry import pass_time
from bot.services.guarding import guard
from bot.services.people import Freshness, identify
from bot.services.requests import Place
from bot.slack.views import phrases
from bot.slack.views.direct import direct
from storage import people
from tests.company import ANA, BEN, GUS, OLGA, OMAR, WORKSPACE, Company
from tests.fakes import Mishap
from tests.services.guard_kit import TEAM_ID, add_key, is_live, is_stopped, now, poll, set_budget, spend, sync, told
from tests.services.kit import CHANNEL, USD, headroom, held, refusal, wanted
from tests.services.raises_kit import agreed_raise

DECEMBER = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
DAILY = wanted(50, None, "daily work", KeyKind.MEMBER)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def said(company: Company, who: str) -> str:
    """What somebody reads about a key that went off; it was told once."""
    (notice,) = told(company, f"direct:{who}", Occasion.KEY_DISABLED)
    return read(company, notice, who)


def read(company: Company, notice: Notice, who: str) -> str:
    is_anothers = notice.key is not None and notice.key.key.holder_id != who
    return direct(notice, company.clock.now(), for_owner=is_anothers).text


def leave(company: Company, user_id: str) -> tuple[str, ...]:
    """Olga takes somebody out of the team; what she reads about their keys."""
    did = teams.remove(company.purser, company.actor(OLGA), CHANNEL, (user_id,))
    assert not isinstance(did, Refused), did
    return did.remarks


# --- the holder is gone ---


def test_a_stopped_key_whose_holder_left_is_off_for_good_and_its_promise_is_free(company: Company) -> None:
    anas = add_key(company, ANA, KeyKind.PROJECT, usd=300, lead=BEN)
    spend(company, add_key(company, OMAR), 510)
    poll(company)
    assert is_stopped(company, anas)
    promised = headroom(company)
    (remark,) = leave(company, ANA.id)
    assert remark == f"<@{ANA.id}> also held `{anas.label}`, which a limit has stopped. It stays off now, for good."
    for _ in range(3):
        poll(company)
    after = now(company, anas)
    assert (after.state, after.off_cause, after.stop) == (KeyState.DISABLED, OffCause.DISABLED, None)
    assert headroom(company) - promised == 300 * USD
    company.clock.at = DECEMBER
    poll(company)
    assert now(company, anas).state is KeyState.DISABLED


def test_holder_owners_and_lead_read_why_a_stopped_key_stays_off(company: Company) -> None:
    anas = add_key(company, ANA, KeyKind.PROJECT, usd=300, lead=BEN)
    spend(company, anas, 510)
    poll(company)
    leave(company, ANA.id)
    poll(company)
    poll(company)
    why = "it does not come back, because its holder is not in team search any more"
    for who in (ANA, OLGA, OMAR, BEN):
        assert why in said(company, who.id), who.id
    assert "Nothing is promised to it any more" in said(company, BEN.id)
    shown = phrases.key_state(now(company, anas))
    assert why in shown
    assert "by itself" not in shown
    assert company.notifier.occasions(f"direct:{GUS.id}") == []


def test_whoever_left_the_workspace_gets_no_key_back(company: Company) -> None:
    anas = add_key(company)
    spend(company, anas, 510)
    poll(company)
    identify(company.purser, company.directory.change(ANA.id, is_departed=True).id, WORKSPACE, "d", Freshness.NOW)
    poll(company)
    after = now(company, anas)
    assert (after.off_cause, after.off_reason, after.stop) == (OffCause.LEFT, "Ana left", None)


def test_keys_that_work_and_keys_of_others_are_not_touched_when_somebody_leaves(company: Company) -> None:
    works, bens = add_key(company), add_key(company, BEN)
    set_budget(company, Layer.MEMBER, BEN.id, 10)
    spend(company, bens, 20)
    poll(company)
    (remark,) = leave(company, ANA.id)
    assert remark.startswith(f"<@{ANA.id}> still holds `{works.label}`.")
    poll(company)
    assert is_live(company, works)
    assert is_stopped(company, bens)


def test_once_the_holder_is_back_an_owner_can_restore_the_key(company: Company) -> None:
    anas = add_key(company)
    spend(company, anas, 510)
    poll(company)
    leave(company, ANA.id)
    poll(company)
    company.clock.at = DECEMBER
    poll(company)
    refused = refusal(restoring.restore(company.purser, company.actor(OMAR), anas.id))
    assert "is not in team search any more" in refused.text
    with company.purser.deciding() as session:
        people.set_role(session, TEAM_ID, ANA.id, Role.MEMBER, company.clock.now())
    set_budget(company, Layer.TEAM, TEAM_ID, 2000)
    assert not isinstance(restoring.restore(company.purser, company.actor(OMAR), anas.id), Refused)
    assert is_live(company, anas)


# --- one member key per person ---


def used_up(company: Company) -> Key:
    """Ana's member key, stopped because its own cap is used up."""
    key = held(company, ANA, DAILY)
    company.gateway.caps_hold = False
    spend(company, key, 50)
    poll(company)
    assert is_stopped(company, key)
    return key


def test_who_has_a_stopped_member_key_asks_for_a_raise_instead_of_another(company: Company) -> None:
    first = used_up(company)
    refused = refusal(requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), DAILY))
    assert refused.because is Because.WRONG_STATE
    assert refused.text == (
        f"You hold `{first.label}` already, and member keys are one per person. It is stopped, because it reached its "
        f"cap: $50 of $50 in November. It comes back by itself on 1 December, or with a raise: "
        f"`/ai-budget raise $50 {first.label} REASON`."
    )


def test_a_stopped_member_key_does_not_come_back_beside_another(company: Company) -> None:
    first = used_up(company)
    second = add_key(company, ANA, KeyKind.MEMBER, 60)
    company.clock.at = DECEMBER
    poll(company)
    assert is_live(company, second)
    after = now(company, first)
    assert (after.state, after.off_cause) == (KeyState.DISABLED, OffCause.DISABLED)
    assert f"its holder has {second.label} by now" in said(company, ANA.id)


def test_of_two_stopped_member_keys_the_older_one_comes_back(company: Company) -> None:
    first = add_key(company, ANA, KeyKind.MEMBER)
    company.clock.advance(seconds=60)
    second = add_key(company, ANA, KeyKind.MEMBER)
    spend(company, first, 510)
    sync(company)
    guard(company.purser)
    company.clock.at = DECEMBER
    for _ in range(3):
        poll(company)
    assert is_live(company, first)
    assert now(company, second).off_cause is OffCause.DISABLED


# --- the time of a key is over while it is to come back ---


def test_a_key_that_ends_while_the_gateway_will_not_turn_it_on_ends(company: Company) -> None:
    key = add_key(company, days=1)
    spend(company, key, 510)
    poll(company)
    agreed_raise(company, Target(Layer.TEAM, TEAM_ID), 100, DECEMBER)
    company.gateway.mishaps.add("enable", *[Mishap.DOWN] * 40)
    guard(company.purser)
    company.perform()
    assert now(company, key).state is KeyState.RESTORING
    assert key.expires_at is not None
    company.clock.at = key.expires_at + timedelta(hours=1)
    for _ in range(2):
        pass_time(company.purser)
        poll(company)
    after = now(company, key)
    assert (after.state, after.off_cause) == (KeyState.DISABLED, OffCause.EXPIRED)
    assert len(told(company, f"direct:{ANA.id}", Occasion.KEY_EXPIRED)) == 1


def test_a_restored_key_whose_time_is_over_is_not_turned_on(company: Company) -> None:
    key = held(company, what=wanted(50, 1))
    with company.purser.deciding() as session:
        turning_off.start(session, company.clock.now(), key, OMAR.id, OffCause.DISABLED, "leaked")
    company.perform()
    company.gateway.mishaps.add("enable", *[Mishap.DOWN] * 3)
    restoring.restore(company.purser, company.actor(OMAR), key.id)
    assert now(company, key).state is KeyState.RESTORING
    company.clock.advance(seconds=2 * 86_400)
    company.perform()
    after = now(company, key)
    assert (after.state, after.off_cause) == (KeyState.DISABLED, OffCause.EXPIRED)
