"""People who leave at odd moments: twice, holder and lead both, named by a list after Slack, while they click."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.evidence import Evidence
from bot.domain.facts import KeyFacts
from bot.domain.keys import KeyKind, KeyState
from bot.domain.leavers import Line, Reading
from bot.domain.leaving_facts import Handed
from bot.domain.offboarding import DepartureState, Outcome, Source
from bot.domain.people import Member, Role
from bot.domain.requests import Refused
from bot.services import evidence, feeding, giving, handing_over, leaving, restoring, turning_off
from bot.services.departure_facts import gather
from bot.services.handover_times import watch_handovers
from bot.services.leaving import Restored
from bot.services.people import meet, take_note
from bot.services.turning_off import Target
from storage import people
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Directory, Mishap
from tests.services.guard_kit import TEAM_ID, add_key, add_project, is_live, now, settle
from tests.services.kit import CHANNEL
from tests.services.leaving_kit import activate, deactivate, latest, left_keys, left_team, restore, role, state


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def can_be_undone(company: Company, departure_id: str) -> bool:
    """Whether the team's message offers Restore."""
    with company.books.reading() as session:
        found = gather(session, company.purser, departure_id, TEAM_ID)
    assert found is not None
    return found.can_be_undone


def test_another_lead_does_not_end_the_wait_of_a_key_whose_holder_left_as_well(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, BEN)
    key = add_key(company, ANA, KeyKind.PROJECT, usd=20, project_id=project_id, lead=BEN)
    first = deactivate(company, BEN)
    deactivate(company, ANA)
    done = giving.change_lead(company.purser, company.actor(OLGA), CHANNEL, "reranker", OMAR.id)
    assert isinstance(done, Handed), done
    settle(company)
    assert now(company, key).lead_id == OMAR.id
    assert left_keys(company, first)[key.id].outcome is Outcome.WAITING
    company.clock.advance(days=8)
    watch_handovers(company.purser)
    settle(company)
    assert not is_live(company, key)


def test_somebody_who_left_in_the_middle_of_a_click_takes_nothing_over(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, usd=20, lead=BEN)
    departure = deactivate(company, ANA)
    clicked = company.actor(OLGA)
    deactivate(company, OLGA)
    did = handing_over.take_over(company.purser, clicked, departure.id, TEAM_ID, key.id)
    assert isinstance(did, Refused)
    assert now(company, key).holder_id == ANA.id
    assert left_keys(company, departure)[key.id].outcome is Outcome.WAITING


def test_whom_a_list_keeps_out_after_slack_said_so_can_be_restored_once_they_are_back(company: Company) -> None:
    departure = deactivate(company, ANA)
    assert not can_be_undone(company, departure.id)
    leaving.notice(company.purser, ANA.id, Source.FEED, by="purser", note="line 3")
    settle(company)
    activate(company, ANA)
    assert state(company, departure) is DepartureState.OPEN
    assert can_be_undone(company, departure.id)
    restore(company, departure)
    assert role(company, ANA) is Role.MEMBER


def test_what_an_owner_undid_is_not_done_again_by_a_list_that_only_confirmed_slack(company: Company) -> None:
    line = Line(2, slack_id=ANA.id)
    deactivate(company, ANA)
    feeding.feed(company.purser, feeding.look(company.purser, [line]), "leavers.csv")
    activate(company, ANA)
    restore(company, latest(company, ANA))
    plan = feeding.look(company.purser, [line])
    assert [one.reading for one in plan.matches] == [Reading.UNDONE]


def test_a_list_is_believed_about_somebody_whom_no_list_had_named_when_an_owner_restored_them(company: Company) -> None:
    deactivate(company, ANA)
    activate(company, ANA)
    restore(company, latest(company, ANA))
    plan = feeding.look(company.purser, [Line(2, slack_id=ANA.id)])
    assert [one.reading for one in plan.matches] == [Reading.LEAVES]


def test_an_account_that_was_switched_off_and_on_twice_is_put_back_with_one_restore(company: Company) -> None:
    own, shared = add_key(company, usd=20), add_key(company, ANA, KeyKind.AUTOMATION, usd=20)
    first = deactivate(company, ANA)
    activate(company, ANA)
    deactivate(company, ANA)
    refused = leaving.restore(company.purser, company.actor(OLGA), first.id)
    assert isinstance(refused, Refused)
    activate(company, ANA)
    assert can_be_undone(company, first.id)
    did = restore(company, first)
    assert [one.key.id for one in did.keys] == [own.id]
    assert is_live(company, own, shared)
    assert role(company, ANA) is Role.MEMBER
    company.clock.advance(days=8)
    watch_handovers(company.purser)
    settle(company)
    assert is_live(company, shared)


@pytest.mark.parametrize("is_in_a_team", [True, False])
def test_somebody_without_keys_whom_a_list_named_by_mistake_is_restored_from_the_sheet(
    company: Company, *, is_in_a_team: bool
) -> None:
    """No team is written to about them, so that nothing else offers it."""
    company.actor(BEN)
    if not is_in_a_team:
        with company.books.transaction() as session:
            people.set_role(session, TEAM_ID, BEN.id, Role.NONE, company.clock.now())
    feeding.feed(company.purser, feeding.look(company.purser, [Line(2, slack_id=BEN.id)]), "leavers.csv")
    settle(company)
    assert company.notifier.departures == []
    told = evidence.evidence(company.purser, company.actor(OLGA), BEN.id)
    assert isinstance(told, Evidence), told
    assert told.can_be_undone
    restore(company, told.departure)
    assert role(company, BEN) is (Role.MEMBER if is_in_a_team else Role.NONE)
    after = evidence.evidence(company.purser, company.actor(OLGA), BEN.id)
    assert isinstance(after, Evidence)
    assert not after.can_be_undone


def test_the_sheet_offers_restore_of_whom_slack_named_only_once_a_list_keeps_them_out(company: Company) -> None:
    deactivate(company, ANA)
    before = evidence.evidence(company.purser, company.actor(OLGA), ANA.id)
    leaving.notice(company.purser, ANA.id, Source.FEED)
    after = evidence.evidence(company.purser, company.actor(OLGA), ANA.id)
    assert isinstance(before, Evidence)
    assert isinstance(after, Evidence)
    assert (before.can_be_undone, after.can_be_undone) == (False, True)


def test_an_answer_of_slacks_that_came_late_brings_nobody_back(company: Company) -> None:
    """Slack was asked about them while they were still active, and they left before its answer came."""
    company.actor(ANA)

    class Late(Directory):
        def lookup(self, member_id: str) -> Member | None:
            found = super().lookup(member_id)
            if member_id == ANA.id and not self.limited_seconds:
                self.limited_seconds.append(1)
                deactivate(company, ANA)
            return found

    company.directory = Late(*company.directory.everybody.values())
    company.purser = replace(company.purser, directory=company.directory)
    company.clock.advance(minutes=6)
    assert [one.is_departed for one in meet(company.purser, (ANA.id,))] == [True]
    assert state(company, latest(company, ANA)) is DepartureState.OPEN


def test_a_key_that_is_still_being_turned_off_is_said_to_be_restored_on_its_card(company: Company) -> None:
    key = add_key(company, usd=20)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 20)
    take_note(company.purser, company.directory.change(ANA.id, is_departed=True))
    company.directory.change(ANA.id, is_departed=False)
    did = leaving.restore(company.purser, company.actor(OLGA), latest(company, ANA).id)
    assert isinstance(did, Restored)
    assert [(one.key.id, "on its card" in one.why) for one in did.stays] == [(key.id, True)]


def test_nothing_stops_before_anybody_could_read_that_it_waits(company: Company) -> None:
    """Slack took no message for longer than keys wait."""
    key = add_key(company, ANA, KeyKind.AUTOMATION, usd=20, lead=BEN)
    departure = leaving.notice(company.purser, ANA.id, Source.SWEEP)
    assert departure is not None
    for _ in range(9):
        company.clock.advance(days=1)
        watch_handovers(company.purser)
    assert now(company, key).state is KeyState.LIVE
    settle(company)
    due_at = left_team(company, departure).due_at
    assert due_at is not None
    assert due_at > company.clock.now()
    company.clock.at = due_at
    watch_handovers(company.purser)
    settle(company)
    assert not is_live(company, key)


def test_a_key_whose_lead_is_gone_comes_back_only_with_another_one(company: Company) -> None:
    key = add_key(company, BEN, KeyKind.AUTOMATION, usd=20, daily_usd=5, lead=ANA)
    list(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=key.id), "odd"))
    settle(company)
    deactivate(company, ANA)
    refused = restoring.restore(company.purser, company.actor(OLGA), key.id)
    assert isinstance(refused, Refused)
    assert f"/ai-team handover {key.label} @name" in refused.text
    given = giving.hand_over(company.purser, company.actor(OLGA), key.label, BEN.id)
    assert isinstance(given, Handed), given
    settle(company)
    assert (now(company, key).holder_id, now(company, key).lead_id) == (BEN.id, BEN.id)
    back = restoring.restore(company.purser, company.actor(OLGA), key.id)
    assert isinstance(back, KeyFacts), back
    settle(company)
    assert is_live(company, key)
