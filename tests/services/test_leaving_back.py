"""A wrong deactivation is undone with one Restore: keys, roles and leads come back as far as the rules allow."""

from __future__ import annotations

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.incidents import Found
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.offboarding import Departure, DepartureState, Outcome, Source
from bot.domain.people import Member, Role
from bot.domain.requests import Because, Refused
from bot.services import auditing, departed, leaving, teams, turning_off
from bot.services.context import Actor, Repeated
from bot.services.leaking import Source as LeakSource
from bot.services.leaving import Restored
from storage import departures, keys, people
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import TEAM_ID, add_key, add_project, is_live, now, poll, set_budget, settle, spend, told
from tests.services.kit import CHANNEL, held, refusal, wanted
from tests.services.leaving_kit import (
    activate,
    deactivate,
    lead,
    left_keys,
    left_team,
    no_dead_letters,
    restore,
    role,
    rows,
    second_team,
    state,
    works_at_gateway,
)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def wrong(company: Company, who: Member = ANA) -> Departure:
    """Somebody was deactivated in Slack by mistake, and is active again."""
    departure = deactivate(company, who)
    activate(company, who)
    return departure


def refused(company: Company, departure: Departure, by: Member = OLGA) -> Refused:
    return refusal(leaving.restore(company.purser, company.actor(by), departure.id))


def test_one_restore_puts_back_keys_roles_and_leads(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, OMAR)
    temporary, member = add_key(company, OMAR, usd=20), add_key(company, OMAR, KeyKind.MEMBER, usd=20)
    departure = wrong(company, OMAR)
    did = restore(company, departure)
    assert {one.key.id for one in did.keys} == {temporary.id, member.id}
    assert is_live(company, temporary, member)
    assert (role(company, OMAR), lead(company, project_id)) == (Role.OWNER, OMAR.id)
    assert ([team.name for team in did.teams], did.projects) == (["search"], ("reranker",))
    assert state(company, departure) is DepartureState.UNDONE
    assert left_team(company, departure).restored_by == OLGA.id
    assert rows(company, "member.restored") == [f"keys {temporary.label}, {member.label}; in search; leads reranker"]
    assert len(told(company, f"direct:{OMAR.id}", Occasion.KEY_RESTORED)) == 2
    assert auditing.verify(company.books).ok
    assert no_dead_letters(company)


def test_slack_is_asked_at_that_moment_whether_they_are_active(company: Company) -> None:
    key = add_key(company, usd=20)
    departure = deactivate(company, ANA)
    company.directory.change(ANA.id, is_departed=False)  # no event came
    restore(company, departure)
    assert is_live(company, key)


def test_while_slack_says_deactivated_the_owner_reads_what_to_do(company: Company) -> None:
    key = add_key(company, usd=20)
    departure = deactivate(company, ANA)
    no = refused(company, departure)
    assert no.because is Because.WRONG_STATE
    assert no.text == (
        f"Slack still says that <@{ANA.id}> is deactivated. Have the account activated in Slack first, then press "
        "*Restore* again."
    )
    assert not works_at_gateway(company, key)
    company.directory.down = True
    assert "Please try again" in refusal(leaving.restore(company.purser, _olga(company), departure.id)).text


def _olga(company: Company) -> Actor:
    return company.actor(OLGA)


def test_a_feed_that_was_wrong_is_undone_although_slack_never_said_so(company: Company) -> None:
    key = add_key(company, usd=20)
    departure = leaving.notice(company.purser, ANA.id, Source.FEED, by=OMAR.id)
    settle(company)
    assert departure is not None
    restore(company, departure)
    assert is_live(company, key)
    with company.books.reading() as session:
        person = people.member(session, ANA.id)
    assert person is not None
    assert not person.is_departed


def test_once_a_second_click_reads_who_restored_it(company: Company) -> None:
    key = add_key(company, usd=20)
    departure = wrong(company)
    twice = company.actor(OLGA)
    assert isinstance(leaving.restore(company.purser, twice, departure.id), Restored)
    with pytest.raises(Repeated):
        leaving.restore(company.purser, twice, departure.id)
    assert refused(company, departure, OMAR).text == f"This was restored already by <@{OLGA.id}>."
    assert is_live(company, key)
    assert len(rows(company, "key.restored")) == 1


def test_nobody_restores_their_own(company: Company) -> None:
    departure = wrong(company, OMAR)
    assert "Nobody restores what was their own" in refused(company, departure, OMAR).text


@pytest.mark.parametrize("who", [BEN, GUS])
def test_only_owners_restore(company: Company, who: Member) -> None:
    departure = wrong(company)
    assert refused(company, departure, who).because is Because.NOT_ALLOWED
    assert role(company, ANA) is Role.NONE


def test_an_owner_of_one_team_restores_what_was_in_that_one_and_reads_whose_the_rest_is(company: Company) -> None:
    ads = second_team(company, ANA)
    key = add_key(company, usd=20)
    departure = wrong(company)
    did = restore(company, departure, OMAR)
    assert [team.name for team in did.others] == ["ads"]
    assert (role(company, ANA), role(company, ANA, ads)) == (Role.MEMBER, Role.NONE)
    assert is_live(company, key)
    rest = restore(company, departure, OLGA)
    assert [team.name for team in rest.teams] == ["ads"]
    assert rest.others == ()
    assert "restored already" in refused(company, departure).text


# --- what stays as it is ---


def test_a_key_that_no_longer_fits_stays_off_and_is_said(company: Company) -> None:
    key, small = add_key(company, usd=400), add_key(company, usd=20)
    departure = wrong(company)
    add_key(company, BEN, usd=300)
    did = restore(company, departure)
    assert [one.key.id for one in did.stays] == [key.id]
    assert [one.key.id for one in did.keys] == [small.id]
    assert now(company, key).state is KeyState.DISABLED


def test_together_restored_keys_never_exceed_the_budget(company: Company) -> None:
    both = [add_key(company, usd=300), add_key(company, usd=300)]
    departure = wrong(company)
    did = restore(company, departure)
    assert ([one.key.id for one in did.keys], [one.key.id for one in did.stays]) == ([both[0].id], [both[1].id])


def test_a_key_that_leaked_never_comes_back(company: Company) -> None:
    key = held(company, ANA, wanted(20))
    departure = deactivate(company, ANA)
    secret = company.shown[-1].secret
    list(turning_off.stop_leaked(company.purser, secret, LeakSource(Found.REPORTED, by=BEN.id)))
    activate(company, ANA)
    did = restore(company, departure)
    assert [one.key.id for one in did.stays] == [key.id]
    assert "known to others" in did.stays[0].why
    assert now(company, key).state is KeyState.DISABLED


def test_a_second_member_key_does_not_come_back(company: Company) -> None:
    first = add_key(company, kind=KeyKind.MEMBER, usd=20)
    departure = wrong(company)
    again = teams.invite(company.purser, company.actor(OLGA), CHANNEL, (ANA.id,))
    assert not isinstance(again, Refused)
    second = add_key(company, kind=KeyKind.MEMBER, usd=20)
    did = restore(company, departure)
    assert [one.key.id for one in did.stays] == [first.id]
    assert is_live(company, second)


def test_what_was_off_before_they_left_stays_off(company: Company) -> None:
    before, since = add_key(company, usd=20), add_key(company, usd=20)
    list(turning_off.disable(company.purser, company.actor(BEN), turning_off.Target(label=before.label), "found it"))
    departure = wrong(company)
    assert departure.id
    assert now(company, since).off_cause is OffCause.LEFT
    did = restore(company, departure)
    assert [one.key.id for one in did.keys] == [since.id]
    assert now(company, before).off_cause is OffCause.DISABLED


def test_a_lead_that_an_owner_has_given_away_since_stays_there(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, ANA)
    departure = wrong(company)
    with company.purser.deciding() as session:
        assert people.set_lead(session, project_id, OLGA.id, BEN.id)
        departures.move_project(session, departure.id, project_id, BEN.id, company.clock.now())
    did = restore(company, departure)
    assert did.projects == ()
    assert lead(company, project_id) == BEN.id


def test_a_guest_is_not_made_an_owner_again(company: Company) -> None:
    departure = wrong(company, OMAR)
    company.directory.change(OMAR.id, is_guest=True)
    restore(company, departure)
    assert role(company, OMAR) is Role.MEMBER


def test_an_older_departure_is_not_undone_while_they_have_left_again(company: Company) -> None:
    first = wrong(company)
    leaving.notice(company.purser, ANA.id, Source.FEED, by=OMAR.id)
    assert "has left again since" in refused(company, first).text
    assert role(company, ANA) is Role.NONE


def test_an_owner_who_leaves_in_the_middle_of_the_click_restores_nothing(company: Company) -> None:
    departure = wrong(company)
    olga = company.actor(OLGA)
    deactivate(company, OLGA)
    assert refusal(leaving.restore(company.purser, olga, departure.id)).because is Because.NOT_ALLOWED
    assert role(company, ANA) is Role.NONE


# --- what waited to be taken over ---


def handover(company: Company, departure: Departure, key: Key, outcome: Outcome, by: Member | None = None) -> None:
    """What became of a key that waited: somebody holds it now, or nobody did and it was stopped."""
    moment = company.clock.now()
    with company.purser.deciding() as session:
        waiting = departures.waiting_for(session, key.id)
        assert waiting is not None
        assert departed.settle(session, moment, waiting, outcome, None if by is None else by.id)
        if outcome is Outcome.STOPPED:
            found = keys.get(session, key.id)
            assert found is not None
            turning_off.start(session, moment, found, "purser", OffCause.LEFT, "nobody took it over")
    settle(company)


def test_keys_that_wait_are_theirs_again_and_nobody_is_asked_any_more(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, lead=ANA)
    departure = wrong(company)
    restore(company, departure)
    assert left_keys(company, departure)[key.id].outcome is Outcome.ENDED
    assert left_team(company, departure).due_at is None
    assert is_live(company, key)
    poll(company)
    assert is_live(company, key)


def test_a_key_that_nobody_took_over_in_time_comes_back(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, usd=20)
    departure = wrong(company)
    handover(company, departure, key, Outcome.STOPPED)
    assert now(company, key).off_cause is OffCause.LEFT
    did = restore(company, departure)
    assert [one.key.id for one in did.keys] == [key.id]
    assert is_live(company, key)


def test_a_key_that_somebody_took_over_stays_theirs(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, usd=20)
    departure = wrong(company)
    handover(company, departure, key, Outcome.TAKEN, BEN)
    did = restore(company, departure)
    assert did.taken == ((key.label, BEN.id),)
    assert did.keys == ()
    assert is_live(company, key)


def test_a_key_whose_lead_left_too_waits_on_as_part_of_that_departure(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.AUTOMATION, lead=BEN)
    first = deactivate(company, ANA)
    second = deactivate(company, BEN)
    activate(company, ANA)
    restore(company, first)
    assert left_keys(company, second)[key.id].outcome is Outcome.WAITING
    assert left_team(company, second).due_at is not None


# --- while the gateway is away ---


def test_a_key_that_cannot_be_turned_on_at_once_works_later_and_is_told_then(company: Company) -> None:
    key = add_key(company, usd=20)
    departure = wrong(company)
    company.gateway.mishaps.add("enable", Mishap.DOWN)
    did = leaving.restore(company.purser, company.actor(OLGA), departure.id)
    assert isinstance(did, Restored)
    assert did.keys[0].key.state is KeyState.RESTORING
    company.settle()
    assert is_live(company, key)


def test_a_budget_that_is_used_up_keeps_their_keys_off(company: Company) -> None:
    key = add_key(company, usd=20)
    departure = wrong(company)
    bens = add_key(company, BEN, usd=600)
    set_budget(company, Layer.TEAM, TEAM_ID, 100)
    spend(company, bens, 101)
    poll(company)
    did = restore(company, departure)
    assert [one.key.id for one in did.stays] == [key.id]
