"""Somebody leaves: their own keys go off with proof, what others depend on works on, roles and leads end or move."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import KeyKind, KeyState, OffCause, Proof
from bot.domain.offboarding import Outcome, Source, Was
from bot.domain.people import Role
from bot.services import auditing, revealing, rotating, turning_off
from bot.services.failpoints import Failpoint
from bot.services.revealing import Shown
from bot.services.turning_off import Target
from tests.company import ANA, BEN, OLGA, OMAR, Company, person
from tests.fakes import Mishap
from tests.services.guard_kit import (
    add_key,
    add_project,
    is_live,
    is_stopped,
    now,
    poll,
    set_budget,
    spend,
    told,
)
from tests.services.kit import automation_wanted, choose, granted, held, keys_of, wanted
from tests.services.leaving_kit import (
    deactivate,
    latest,
    lead,
    left_keys,
    left_team,
    no_dead_letters,
    role,
    rows,
    works_at_gateway,
)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


# --- their own keys ---


def test_within_seconds_the_keys_of_a_leaver_are_proven_off(company: Company) -> None:
    temporary, member = add_key(company), add_key(company, kind=KeyKind.MEMBER)
    before = company.clock.now()
    departure = deactivate(company, ANA)
    for key in (temporary, member):
        after = now(company, key)
        assert (after.state, after.off_cause, after.proof) == (KeyState.DISABLED, OffCause.LEFT, Proof.RECORDED)
        assert after.off_reason == "Ana left"
        assert after.proven_at is not None
        assert after.proven_at - before < timedelta(seconds=5)
        assert not works_at_gateway(company, key)
        assert left_keys(company, departure)[key.id].outcome is Outcome.OFF
    assert departure.source is Source.EVENT
    assert auditing.verify(company.books).ok


def test_whoever_left_is_never_written_to(company: Company) -> None:
    held(company)
    granted(company, ANA, automation_wanted())
    before = company.notifier.occasions(f"direct:{ANA.id}")
    deactivate(company, ANA)
    company.settle()
    assert company.notifier.occasions(f"direct:{ANA.id}") == before
    assert no_dead_letters(company)


def test_a_key_that_cannot_be_proven_off_is_tried_until_it_is_and_owners_are_called(company: Company) -> None:
    key = add_key(company)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 4)
    deactivate(company, ANA)
    for _ in range(4):
        company.clock.advance(seconds=20)
        company.perform()
    assert [notice.key.key.label for notice in told(company, f"direct:{OMAR.id}", Occasion.OFF_UNPROVEN) if notice.key]
    assert now(company, key).state is KeyState.DISABLED
    assert told(company, f"direct:{OMAR.id}", Occasion.KEY_DISABLED)
    assert company.notifier.occasions(f"direct:{ANA.id}") == []


def test_a_key_that_a_limit_stopped_goes_off_for_good_when_its_holder_leaves(company: Company) -> None:
    set_budget(company, Layer.MEMBER, ANA.id, 5)
    key = add_key(company)
    spend(company, key, 6)
    poll(company)
    assert is_stopped(company, key)
    departure = deactivate(company, ANA)
    set_budget(company, Layer.MEMBER, ANA.id, 500)
    poll(company)
    assert (now(company, key).state, now(company, key).off_cause) == (KeyState.DISABLED, OffCause.LEFT)
    assert left_keys(company, departure)[key.id].outcome is Outcome.OFF


def test_both_keys_of_a_rotation_go_off_and_one_that_waits_to_be_revealed_closes(company: Company) -> None:
    old = held(company, ANA, wanted(50, None, "daily work", KeyKind.MEMBER))
    rotated = rotating.rotate(company.purser, company.actor(ANA), old.label, 3600)
    shown = revealing.reveal(company.purser, company.actor(ANA), rotated.request.id, company.show)  # type: ignore[union-attr]
    assert isinstance(shown, Shown)
    company.clock.advance(seconds=3700)
    rotating.retire(company.purser)
    company.perform()
    again = rotating.rotate(company.purser, company.actor(ANA), shown.key.label, 3600)
    deactivate(company, ANA)
    assert now(company, shown.key).off_cause is OffCause.LEFT
    refused = revealing.reveal(company.purser, company.actor(ANA), again.request.id, company.show)  # type: ignore[union-attr]
    assert not isinstance(refused, Shown)
    assert len(company.shown) == 2


def test_a_key_that_is_being_made_is_never_live_when_its_holder_leaves_in_between(company: Company) -> None:
    request_id = granted(company)

    def leave_meanwhile(_: object) -> None:
        deactivate(company, ANA)

    shown = revealing.reveal(company.purser, company.actor(ANA), request_id, leave_meanwhile)
    assert not isinstance(shown, Shown)
    company.settle()
    assert [key.state for key in keys_of(company, request_id)] == [KeyState.DISCARDED]
    assert all(seen.deleted for seen in company.gateway.held.values())
    assert left_keys(company, latest(company, ANA)) == {}


def test_a_key_is_deleted_when_its_holder_leaves_before_the_gateway_has_made_it(company: Company) -> None:
    request_id = granted(company)

    def leave_meanwhile() -> None:
        deactivate(company, ANA)

    shown = revealing.reveal(company.purser, company.actor(ANA), request_id, company.show, leave_meanwhile)
    assert not isinstance(shown, Shown)
    company.settle()
    assert company.shown == []
    assert all(seen.deleted for seen in company.gateway.held.values())


def test_a_key_that_is_made_and_not_shown_yet_is_shown_to_nobody_when_its_holder_leaves(company: Company) -> None:
    request_id = granted(company)

    def failpoint(name: str) -> None:
        if name == Failpoint.AFTER_RECORDED_BEFORE_SHOWN:
            deactivate(company, ANA)

    purser = replace(company.purser, failpoint=failpoint)
    assert not isinstance(revealing.reveal(purser, company.actor(ANA), request_id, company.show), Shown)
    company.settle()
    assert company.shown == []
    assert all(seen.deleted for seen in company.gateway.held.values())


# --- keys that others depend on ---


def test_project_and_automation_keys_work_on_and_wait_for_a_new_holder(company: Company) -> None:
    choose(company, take_over_seconds=5 * 86_400)
    held_key = add_key(company, ANA, KeyKind.PROJECT, lead=BEN)
    led = [add_key(company, BEN, KeyKind.AUTOMATION, lead=ANA) for _ in range(10)]
    departure = deactivate(company, ANA)
    assert is_live(company, held_key, *led)
    left = left_keys(company, departure)
    assert {one.outcome for one in left.values()} == {Outcome.WAITING}
    assert left[held_key.id].was is Was.HOLDER
    assert {left[key.id].was for key in led} == {Was.LEAD}
    assert left_team(company, departure).due_at == departure.noticed_at + timedelta(days=5)
    assert len(rows(company, "key.waits")) == 11


def test_a_key_that_waits_is_not_asked_about_twice(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, lead=BEN)
    first = deactivate(company, ANA)
    second = deactivate(company, BEN)
    assert left_keys(company, first)[key.id].outcome is Outcome.WAITING
    assert left_keys(company, second) == {}
    assert is_live(company, key)


def test_a_key_that_waits_and_a_limit_stopped_comes_back_by_itself(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, usd=300, daily_usd=5, lead=BEN)
    deactivate(company, ANA)
    spend(company, key, 6)
    poll(company)
    assert is_stopped(company, key)
    company.clock.advance(days=1)
    poll(company)
    assert is_live(company, key)


def test_a_key_that_waits_ends_when_somebody_turns_it_off(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, lead=BEN)
    departure = deactivate(company, ANA)
    list(turning_off.disable(company.purser, company.actor(BEN), Target(label=key.label), "not needed"))
    assert left_keys(company, departure)[key.id].outcome is Outcome.ENDED
    assert left_team(company, departure).due_at is None


def test_a_key_in_the_place_of_one_whose_lead_left_waits_as_well(company: Company) -> None:
    old = held(company, BEN, automation_wanted(lead=ANA))
    departure = deactivate(company, ANA)
    did = rotating.rotate(company.purser, company.actor(BEN), old.label, 3600)
    shown = revealing.reveal(company.purser, company.actor(BEN), did.request.id, company.show)  # type: ignore[union-attr]
    assert isinstance(shown, Shown)
    assert left_keys(company, departure)[shown.key.id].outcome is Outcome.WAITING
    company.clock.advance(seconds=3700)
    rotating.retire(company.purser)
    company.perform()
    assert left_keys(company, departure)[old.id].outcome is Outcome.ENDED
    assert left_team(company, departure).due_at is not None


# --- roles and leads ---


def test_a_leaver_is_in_no_team_and_leads_no_project(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, OMAR)
    departure = deactivate(company, OMAR)
    assert role(company, OMAR) is Role.NONE
    assert left_team(company, departure).role is Role.OWNER
    assert lead(company, project_id) == OLGA.id
    assert rows(company, "project.led") == ["Omar left"]
    (reason,) = rows(company, "member.left")
    assert reason == "source event; owner of search; led reranker"


def test_a_lead_goes_to_the_first_owner_who_is_still_here_else_to_the_workspaces(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, BEN)
    deactivate(company, OLGA)
    deactivate(company, BEN)
    assert lead(company, project_id) == OMAR.id
    zoe = person("zoe")
    company.directory.everybody[zoe.id] = zoe
    authority = replace(company.purser.authority, workspace_owner_ids=frozenset({OLGA.id, zoe.id}))
    company.purser = replace(company.purser, authority=authority)
    deactivate(company, OMAR)
    assert lead(company, project_id) == zoe.id


def test_when_the_last_owner_of_a_team_leaves_the_workspaces_owners_are_told(company: Company) -> None:
    deactivate(company, OMAR)
    assert told(company, f"direct:{OLGA.id}", Occasion.TEAM_OWNERLESS) == []
    zoe = person("zoe")
    company.directory.everybody[zoe.id] = zoe
    authority = replace(company.purser.authority, workspace_owner_ids=frozenset({OLGA.id, zoe.id}))
    company.purser = replace(company.purser, authority=authority)
    deactivate(company, OLGA)
    (notice,) = told(company, f"direct:{zoe.id}", Occasion.TEAM_OWNERLESS)
    assert notice.others[0] == "search"
    assert rows(company, "team.removed")[-1] == "Olga left; the team has no owner now"
