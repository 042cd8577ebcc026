"""A sweep that stopped: two different owners let it go on, one ends it, and a newer one takes its place."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.domain.offboarding import Trip
from bot.domain.people import Member, Role
from bot.domain.requests import Refused
from bot.domain.sweeps import SweepFacts, SweepState
from bot.services import sweeping, sweeping_deciding
from bot.services.context import Actor
from storage import people
from tests.company import ANA, BEN, GUS, OLGA, OMAR, WORKSPACE, Company, person
from tests.services import kit
from tests.services.sweep_kit import agree, all_sweeps, crowd, latest, leave, left, resume, rows, sweep, told

FAY = person("fay")


def stopped(company: Company, gone: int = 6) -> list[Member]:
    """A sweep that stopped as too many are gone; those who are."""
    new = crowd(company, 20)
    leave(company, *new[:gone])
    assert sweep(company).state is SweepState.PAUSED
    return new[:gone]


def refused(company: Company, who: Member, does: str = "agree") -> Refused:
    return kit.refusal(getattr(sweeping_deciding, does)(company.purser, company.actor(who), latest(company).id))


def test_two_owners_let_it_go_on(company_anywhere: Company) -> None:
    company = company_anywhere
    gone = stopped(company)
    assert agree(company, OLGA).sweep.state is SweepState.PAUSED
    sweeping.sweep(company.purser)
    assert left(company) == []
    assert agree(company, OMAR).sweep.state is SweepState.ACTING
    assert resume(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [one.id for one in gone]
    assert all_sweeps(company) == ["paused", "agreed", "agreed", "done"]
    assert told(company, OLGA) == ["paused", "agreed", "done"]
    assert told(company, OMAR) == ["paused", "agreed", "done"]


def test_the_ledger_says_what_it_found_and_who_agreed(company: Company) -> None:
    stopped(company)
    agree(company, OLGA)
    agree(company, OMAR)
    resume(company)
    assert rows(company, "sweep.paused")[0].reason == (
        "people: 6 of 24 people gone, 0 missing, 0 elsewhere; 0 of 0 keys"
    )
    assert [row.actor for row in rows(company, "sweep.agreed")] == [OLGA.id, OMAR.id]
    assert rows(company, "sweep.done")[0].reason == "27 listed: 6 gone, 0 here again, 0 back"


def test_one_owner_does_not_count_twice(company: Company) -> None:
    stopped(company)
    agree(company, OLGA)
    assert "You have agreed already" in refused(company, OLGA).text
    assert latest(company).state is SweepState.PAUSED


def test_two_who_agree_at_once_both_count(company_anywhere: Company) -> None:
    company = company_anywhere
    stopped(company)
    start = threading.Barrier(2)
    actors = [company.actor(OLGA), company.actor(OMAR)]

    def press(actor: Actor) -> object:
        start.wait(10)
        return sweeping_deciding.agree(company.purser, actor, latest(company).id)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(press, actors))
    assert all(isinstance(one, SweepFacts) for one in outcomes)
    assert latest(company).state is SweepState.ACTING


def test_whoever_is_here_again_is_left_alone_after_all_that(company: Company) -> None:
    gone = stopped(company)
    agree(company, OLGA)
    agree(company, OMAR)
    company.directory.change(gone[0].id, is_departed=False)
    resume(company)
    assert [one.member_id for one in left(company)] == [one.id for one in gone[1:]]
    assert company.notifier.sweeps[-1].notice.facts.spared == 1


def test_one_owner_calls_it_off(company: Company) -> None:
    stopped(company)
    ended = sweeping_deciding.call_off(company.purser, company.actor(OMAR), latest(company).id)
    assert isinstance(ended, SweepFacts)
    company.clock.advance(minutes=2)
    assert resume(company).state is SweepState.CALLED_OFF
    assert left(company) == []
    assert told(company, OLGA) == ["paused", "called_off"]
    assert "was called off" in refused(company, OLGA).text


def test_a_newer_sweep_takes_its_place_and_asks_anew(company: Company) -> None:
    stopped(company)
    old = latest(company).id
    agree(company, OLGA)
    assert sweep(company).state is SweepState.PAUSED
    assert latest(company).agreed == ()
    pressed = sweeping_deciding.agree(company.purser, company.actor(OMAR), old)
    assert "newer sweep" in kit.refusal(pressed).text
    assert told(company, OMAR) == ["paused", "agreed", "replaced", "paused"]


@pytest.mark.parametrize("does", ["agree", "call_off"])
def test_members_guests_and_those_who_left_decide_nothing(company: Company, does: str) -> None:
    stopped(company)
    company.directory.change(OMAR.id, is_departed=True)
    for who in (ANA, GUS, OMAR):
        refused(company, who, does)
    assert latest(company).state is SweepState.PAUSED


def test_an_owner_who_left_since_does_not_count(company: Company) -> None:
    company.directory.everybody[FAY.id] = FAY
    kit_owner(company, FAY)
    stopped(company)
    agree(company, OMAR)
    with company.books.transaction() as session:
        people.set_departed(session, OMAR.id, departed=True)
    assert agree(company, OLGA).sweep.state is SweepState.PAUSED
    assert agree(company, FAY).sweep.state is SweepState.ACTING


def kit_owner(company: Company, who: Member) -> None:
    """Another owner of the team."""
    company.actor(who)
    with company.books.transaction() as session:
        people.set_role(session, "team_1", who.id, Role.OWNER, company.clock.now())


def test_team_owners_are_asked_only_where_the_workspace_has_too_few(company: Company) -> None:
    authority = replace(company.purser.authority, workspace_owner_ids=frozenset({OLGA.id, BEN.id}))
    company.purser = replace(company.purser, authority=authority)
    stopped(company)
    assert (told(company, OLGA), told(company, BEN), told(company, OMAR)) == (["paused"], ["paused"], [])
    assert "Only owners of the workspace" in refused(company, OMAR).text


def test_a_list_of_another_workspace_stops_it_and_touches_nobody(company: Company) -> None:
    for one in (OLGA, OMAR, ANA, BEN):
        company.directory.change(one.id, workspace_id="T0OTHER")
    assert sweep(company).trip is Trip.WORKSPACE
    assert company.purser.authority.workspace_id == WORKSPACE
    assert left(company) == []


def test_a_short_list_stops_it_and_nobody_missing_is_ever_touched(company: Company) -> None:
    key = kit.held(company, ANA)
    del company.directory.everybody[ANA.id]
    assert sweep(company).trip is Trip.SHORT
    agree(company, OLGA)
    agree(company, OMAR)
    assert resume(company).state is SweepState.DONE
    assert left(company) == []
    assert kit.key(company, key.id).off_at is None


def test_whom_owners_let_pass_as_missing_does_not_stop_every_sweep_from_then_on(company: Company) -> None:
    del company.directory.everybody[ANA.id]
    sweep(company)
    agree(company, OLGA)
    agree(company, OMAR)
    resume(company)
    leave(company, BEN)
    assert sweep(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [BEN.id]
    assert sweep(company).state is SweepState.DONE
    del company.directory.everybody[OMAR.id]
    assert sweep(company).trip is Trip.SHORT


def test_a_list_short_by_many_asks_for_a_few_and_stops(company: Company) -> None:
    company.directory.unlisted = {one.id for one in crowd(company, 200)}
    assert sweep(company).trip is Trip.SHORT
    assert len(company.directory.looked_up) < 100


def test_one_leaver_with_very_many_keys_stops_it(company: Company) -> None:
    kit.choose(company, hard_budgets=False)
    for number in range(6):
        kit.held(company, ANA, kit.automation_wanted(5, 1, name=f"job-{number}", lead=ANA))
    leave(company, ANA)
    assert sweep(company).trip is Trip.KEYS


def test_whoever_agreed_and_decides_about_sweeps_no_more_does_not_count(company: Company) -> None:
    authority = company.purser.authority
    before = replace(authority, workspace_owner_ids=frozenset({OLGA.id, BEN.id}))
    company.purser = replace(company.purser, authority=before)
    stopped(company)
    agree(company, BEN)
    after = replace(authority, workspace_owner_ids=frozenset({OLGA.id, FAY.id}))
    company.directory.everybody[FAY.id] = FAY
    company.purser = replace(company.purser, authority=after)
    assert agree(company, OLGA).sweep.state is SweepState.PAUSED
    assert agree(company, FAY).sweep.state is SweepState.ACTING
