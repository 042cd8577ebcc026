"""Accounts that a leaver has at a gateway: taken away once, never with a key that anybody needs, and all of it said."""

from __future__ import annotations

import pytest

from bot.domain.keys import KeyKind
from bot.domain.offboarding import Source
from bot.gateways.base import CapPeriod, KeySpec
from bot.services import leaving, seats
from bot.services.failpoints import Failpoint
from tests.company import ANA, Company
from tests.fakes import Mishap
from tests.seats import MemoryMembers
from tests.services.guard_kit import add_key, now, settle
from tests.services.kit import automation_wanted, held
from tests.services.leaving_kit import activate, deactivate, no_dead_letters, restore, rows, works_at_gateway


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    company_anywhere.gateway.members = MemoryMembers(company_anywhere.gateway)
    return company_anywhere


def accounts(company: Company, **people: str) -> MemoryMembers:
    members = company.gateway.members
    assert isinstance(members, MemoryMembers)
    members.people |= people
    return members


def stray(company: Company, holder: str, alias: str = "made-by-hand") -> str:
    """A key at the gateway that Purser did not make; its handle."""
    return company.gateway.issue(KeySpec(alias, holder, 1, CapPeriod.TOTAL, None, ())).handle


def test_the_account_of_a_leaver_is_taken_away_and_their_keys_stay_where_restore_finds_them(company: Company) -> None:
    members = accounts(company, U0ANA="ana@example.com", U0BEN="ben@example.com")
    key = add_key(company)
    deactivate(company, ANA)
    assert members.people == {"U0BEN": "ben@example.com"}
    record = company.gateway.held[key.handle or ""]
    assert (record.enabled, record.deleted, record.holder) == (False, False, "")
    assert rows(company, "seat.removed") == ["memory: U0ANA; user"]


def test_a_key_that_others_depend_on_works_on_without_the_account(company: Company) -> None:
    members = accounts(company, U0ANA="")
    key = held(company, ANA, automation_wanted())
    deactivate(company, ANA)
    assert works_at_gateway(company, now(company, key))
    assert members.people == {}


def test_a_key_that_purser_did_not_make_keeps_the_account_and_is_named_once(company: Company) -> None:
    members = accounts(company, U0ANA="")
    handle = stray(company, "U0ANA")
    deactivate(company, ANA)
    for _ in range(3):
        seats.look_again(company.purser)
        settle(company)
    assert "U0ANA" in members.people
    assert company.gateway.held[handle].enabled, "nobody's key is turned off by that"
    (said,) = rows(company, "seat.kept")
    assert "made-by-hand (works)" in said


def test_once_that_key_is_gone_the_account_goes_within_the_hour(company: Company) -> None:
    members = accounts(company, U0ANA="")
    handle = stray(company, "U0ANA")
    deactivate(company, ANA)
    company.gateway.delete(handle)
    company.clock.advance(hours=1)
    seats.look_again(company.purser)
    settle(company)
    assert members.people == {}
    assert len(rows(company, "seat.removed")) == 1
    seats.look_again(company.purser)
    settle(company)
    assert len(rows(company, "seat.removed")) == 1


def test_an_account_is_found_by_an_address_that_slack_has_verified(company: Company) -> None:
    members = accounts(company, sso_17="Ana@Example.com")
    company.directory.emails[ANA.id] = "ana@example.com"
    leaving.notice(company.purser, ANA.id, Source.FEED)
    settle(company)
    assert members.people == {}


def test_an_account_found_by_an_address_that_is_not_verified_is_left_to_people(company: Company) -> None:
    members = accounts(company, sso_17="ana@example.com")
    company.directory.emails[ANA.id] = "ana@example.com"
    company.directory.unconfirmed.add(ANA.id)
    deactivate(company, ANA)
    assert "sso_17" in members.people
    (said,) = rows(company, "seat.kept")
    assert "not verified" in said


def test_no_account_is_said_with_what_was_looked_for(company: Company) -> None:
    accounts(company)
    deactivate(company, ANA)
    assert rows(company, "seat.none") == [
        "memory: no account; under their Slack id; Slack tells Purser no address of theirs"
    ]


def test_where_nobody_has_accounts_nothing_is_said(company: Company) -> None:
    company.gateway.members = None
    deactivate(company, ANA)
    assert [row for action in ("none", "removing", "removed", "kept") for row in rows(company, f"seat.{action}")] == []


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_a_gateway_that_does_not_answer_is_asked_until_it_does(company: Company, mishap: Mishap) -> None:
    members = accounts(company, U0ANA="")
    company.gateway.mishaps.add("remove_seat", mishap, mishap)
    deactivate(company, ANA)
    company.settle()
    assert members.people == {}
    assert len(rows(company, "seat.removed")) == 1
    assert no_dead_letters(company)


def test_a_crash_after_it_was_taken_away_leaves_no_riddle(company: Company) -> None:
    members = accounts(company, U0ANA="")
    with company.crashing(Failpoint.AFTER_SEAT_REMOVED, down_seconds=60):
        deactivate(company, ANA)
    company.settle()
    assert members.people == {}
    assert (len(rows(company, "seat.removing")), len(rows(company, "seat.removed"))) == (1, 1)
    assert rows(company, "seat.none") == []


def test_whoever_is_back_before_it_comes_to_it_keeps_the_account(company: Company) -> None:
    members = accounts(company, U0ANA="")
    leaving.notice(company.purser, ANA.id, Source.SWEEP)
    leaving.came_back(company.purser, ANA.id)
    settle(company)
    assert "U0ANA" in members.people


def test_an_account_kept_by_many_keys_names_the_first_of_them(company: Company) -> None:
    accounts(company, U0ANA="")
    for number in range(25):
        stray(company, "U0ANA", f"hand-{number:02}")
    deactivate(company, ANA)
    (said,) = rows(company, "seat.kept")
    assert "25 keys are on it" in said
    assert "hand-19" in said
    assert "hand-20" not in said
    assert "and 5 more" in said


def test_the_account_of_somebody_who_left_long_ago_is_not_looked_for_again(company: Company) -> None:
    accounts(company, U0ANA="")
    deactivate(company, ANA)
    before = company.gateway.calls["seats"]
    company.clock.advance(days=1)
    seats.look_again(company.purser)
    settle(company)
    assert company.gateway.calls["seats"] == before


def test_whoever_is_restored_holds_their_keys_at_the_gateway_again(company: Company) -> None:
    """Their keys were moved off the account, which does not come back: a key's record needs no account to name them."""
    accounts(company, U0ANA="")
    own, shared = add_key(company, usd=20), add_key(company, kind=KeyKind.AUTOMATION, usd=20)
    departure = deactivate(company, ANA)
    activate(company, ANA)
    restore(company, departure)
    for key in (own, shared):
        record = company.gateway.held[key.handle or ""]
        assert (record.enabled, record.holder) == (True, ANA.id)
