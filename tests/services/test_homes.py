"""Home tabs that are open keep showing what is so, whatever Slack does, and no older one is put over a newer one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.digests import Age
from bot.domain.homes import HomeFacts, Shown
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.domain.people import Member
from bot.domain.requests import RequestState
from bot.services import approvals, homes, teams
from bot.services.homes import home_facts, keep_up, show
from bot.services.ports import DeliveryError
from bot.services.subscribing import want_digest
from bot.services.syncing import sync_live, sync_usage
from storage import ledger, requests
from storage.tables import KeyRow
from tests.company import ANA, BEN, OLGA, OMAR, Company, person
from tests.fakes import Mishap
from tests.services.kit import CHANNEL, USD, add_project, ask, held, project_wanted, wanted
from tests.storage.spending import a_key, a_request, put


def shown(company: Company, who: Member = ANA) -> HomeFacts:
    """What stands in somebody's Home tab now."""
    return company.notifier.homes[who.id][1]


def states(company: Company, who: Member = ANA) -> list[RequestState]:
    return [one.request.state for one in shown(company, who).requests]


# --- it stays true ---


def test_an_open_tab_shows_what_others_did(company_anywhere: Company) -> None:
    company = company_anywhere
    request_id = ask(company)
    show(company.purser, ANA)
    assert states(company) == [RequestState.WAITING]
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    keep_up(company.purser)
    assert states(company) == [RequestState.APPROVED]


def test_an_open_tab_shows_what_was_spent(company: Company) -> None:
    made = held(company)
    show(company.purser, ANA)
    assert made.handle is not None
    company.gateway.spend(made.handle, 3 * USD)
    sync_live(company.purser)
    keep_up(company.purser)
    assert [one.spent_micros for one in shown(company).keys] == [3 * USD]


def test_nothing_is_published_while_nothing_happens_and_nothing_of_what_others_do_not_see(company: Company) -> None:
    show(company.purser, ANA)
    for _ in range(3):
        keep_up(company.purser)
    assert company.notifier.published == [ANA.id]
    want_digest(company.purser, company.actor(BEN), wanted=True)
    keep_up(company.purser)
    assert company.notifier.published == [ANA.id]


def test_a_tab_that_was_opened_more_than_an_hour_ago_is_let_be_and_one_acted_in_is_not(company: Company) -> None:
    request_id = ask(company)
    show(company.purser, ANA)
    show(company.purser, BEN)
    company.clock.advance(minutes=50)
    show(company.purser, ANA)
    company.clock.advance(minutes=50)
    before = list(company.notifier.published)
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    keep_up(company.purser)
    assert company.notifier.published == [*before, ANA.id]


def test_who_has_left_is_published_nothing(company: Company) -> None:
    request_id = ask(company)
    show(company.purser, ANA)
    company.directory.change(ANA.id, is_departed=True)
    company.actor(ANA)
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    keep_up(company.purser)
    keep_up(company.purser)
    assert company.notifier.published == [ANA.id]


# --- the work of one pass is bounded ---


def test_one_pass_looks_at_few_and_those_left_over_are_next(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "LOOKS", 3)
    monkeypatch.setattr(homes, "PUBLISHES", 2)
    crowd = [person(f"member{number}") for number in range(5)]
    company.directory.everybody |= {one.id: one for one in crowd}
    teams.invite(company.purser, company.actor(OLGA), CHANNEL, tuple(one.id for one in crowd))
    for one in crowd:
        show(company.purser, one)
    company.notifier.published.clear()
    for one in crowd:
        ask(company, one, wanted(5, reason=f"for {one.name}"))
    rounds = []
    while True:
        before = len(company.notifier.published)
        keep_up(company.purser)
        if len(company.notifier.published) == before:
            break
        rounds.append(len(company.notifier.published) - before)
    assert rounds == [2, 2, 1]
    assert sorted(company.notifier.published) == sorted(one.id for one in crowd)


def test_one_pass_ends_soon_however_long_a_tab_takes(company: Company) -> None:
    for who in (ANA, BEN, OMAR):
        show(company.purser, who)
    company.notifier.published.clear()
    ask(company)
    ask(company, BEN)
    slowly(company, homes.PASS_SECONDS)
    keep_up(company.purser)
    assert company.notifier.published == [ANA.id, BEN.id]
    keep_up(company.purser)
    assert company.notifier.published == [ANA.id, BEN.id, OMAR.id]


# --- whatever Slack does ---


def test_a_tab_that_slack_refuses_holds_up_no_other_and_is_left_until_something_changes(company: Company) -> None:
    request_id = ask(company)
    for who in (ANA, OMAR):
        show(company.purser, who)
    company.notifier.published.clear()
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    company.notifier.mishaps.add("publish_home", Mishap.REFUSED)
    keep_up(company.purser)
    keep_up(company.purser)
    assert company.notifier.published == [OMAR.id]
    ask(company, ANA, wanted(5, reason="another"))
    keep_up(company.purser)
    assert ANA.id in company.notifier.published


def test_when_slack_asks_to_slow_down_nothing_is_tried_until_then(company: Company) -> None:
    request_id = ask(company)
    for who in (ANA, OMAR):
        show(company.purser, who)
    company.notifier.published.clear()
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    company.notifier.mishaps.add("publish_home", Mishap.DOWN)
    keep_up(company.purser)
    keep_up(company.purser)
    assert company.notifier.published == []
    company.clock.advance(seconds=homes.SLOW_SECONDS)
    keep_up(company.purser)
    assert sorted(company.notifier.published) == [ANA.id, OMAR.id]


def test_a_lost_reply_is_made_up_for(company: Company) -> None:
    request_id = ask(company)
    show(company.purser, ANA)
    company.notifier.mishaps.add("publish_home", Mishap.LOST)
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    keep_up(company.purser)
    approvals_seen = list(company.notifier.published)
    company.clock.advance(seconds=homes.LOST_SECONDS)
    keep_up(company.purser)  # what stands there is not what the books noted: read again, and published over it
    assert len(company.notifier.published) == len(approvals_seen) + 1
    assert states(company) == [RequestState.APPROVED]
    keep_up(company.purser)
    assert len(company.notifier.published) == len(approvals_seen) + 1


def test_opening_it_again_makes_up_for_an_opening_that_failed_also_by_itself(company: Company) -> None:
    company.notifier.mishaps.add("publish_home", Mishap.DOWN)
    with pytest.raises(DeliveryError):
        show(company.purser, ANA)
    keep_up(company.purser)
    assert company.notifier.published == [ANA.id]


# --- no older one over a newer one ---


def slowly(company: Company, seconds: float) -> None:
    """Every publication takes so long, nearly."""
    publish = company.notifier.publish_home

    def publish_home(member_id: str, facts: HomeFacts, now: datetime, expected: Shown) -> Shown | None:
        company.clock.advance(seconds=seconds * 0.9)
        return publish(member_id, facts, now, expected)

    company.notifier.publish_home = publish_home  # type: ignore[method-assign]


def meanwhile(company: Company, does: Callable[[], object]) -> None:
    """Something happens between the reading of the next tab's facts and its publication, once."""
    publish, left = company.notifier.publish_home, [does]

    def publish_home(member_id: str, facts: HomeFacts, now: datetime, expected: Shown) -> Shown | None:
        if left:
            left.pop()()
        return publish(member_id, facts, now, expected)

    company.notifier.publish_home = publish_home  # type: ignore[method-assign]


def test_a_tab_read_before_the_person_acted_is_not_put_over_the_one_that_shows_it(company: Company) -> None:
    first = ask(company)
    show(company.purser, ANA)
    ask(company, ANA, wanted(5, reason="another"))

    def acts() -> None:
        approvals.approve(company.purser, company.actor(OMAR), first)
        show(company.purser, ANA)

    meanwhile(company, acts)
    keep_up(company.purser)
    assert states(company)[0] is RequestState.APPROVED
    assert len(states(company)) == 2


def test_the_persons_own_tab_read_before_a_pass_is_not_put_over_that_of_the_pass(company: Company) -> None:
    first = ask(company)
    show(company.purser, ANA)

    def others() -> None:
        approvals.approve(company.purser, company.actor(OMAR), first)
        keep_up(company.purser)

    meanwhile(company, others)
    show(company.purser, ANA)
    assert states(company) == [RequestState.APPROVED]


# --- what it shows ---


def test_the_week_of_ones_own_keys_stands_beside_them(company: Company) -> None:
    made = held(company)
    assert made.handle is not None
    company.gateway.spend(made.handle, 3 * USD, at=company.clock.now() - timedelta(days=1))
    company.gateway.spend(made.handle, 2 * USD)
    company.gateway.spend(made.handle, 9 * USD, at=company.clock.now() - timedelta(days=7))
    sync_usage(company.purser)
    week = home_facts(company.purser, ANA).week
    assert week is not None
    assert (week.whole.cost_micros, week.now.cost_micros, week.before.cost_micros) == (5 * USD, 3 * USD, 0)
    assert home_facts(company.purser, BEN).week is None, "never held a key"


def test_owners_see_their_teams_and_others_none(company: Company) -> None:
    made = held(company)
    ask(company, BEN)
    assert made.handle is not None
    company.gateway.spend(made.handle, 3 * USD)
    sync_usage(company.purser)
    (team,) = home_facts(company.purser, OMAR).teams
    assert (team.team.name, team.waiting) == ("search", 1)
    assert team.week is not None
    assert [(part.name, part.totals.cost_micros) for part in team.week.parts] == [(f"<@{ANA.id}>", 3 * USD)]
    assert home_facts(company.purser, ANA).teams == ()
    assert [each.team.name for each in home_facts(company.purser, OLGA).teams] == ["search"]


def test_an_owner_of_the_workspace_sees_their_own_teams_first_and_how_many_more_there_are(company: Company) -> None:
    for number in range(6):
        teams.create(company.purser, company.actor(OLGA), f"C0MORE{number}", f"a-team-{number}", 100 * USD)
    facts = home_facts(company.purser, OLGA)
    assert len(facts.teams) == homes.TEAMS
    assert facts.teams_left_out == 2


def test_a_key_that_nobody_used_is_old_at_the_owners_home(company: Company) -> None:
    made = held(company, what=wanted(25, days=None, kind=KeyKind.MEMBER))
    company.clock.advance(days=31)
    sync_usage(company.purser)
    (team,) = home_facts(company.purser, OMAR).teams
    assert [(one.key_id, one.ages) for one in team.old_keys] == [(made.id, (Age.UNUSED,))]


# --- a digest of one's own ---


def test_asking_for_a_digest_is_one_line_in_the_ledger_however_often(company: Company) -> None:
    ana = company.actor(ANA)
    first = want_digest(company.purser, ana, wanted=True)
    again = want_digest(company.purser, company.actor(ANA), wanted=True)
    assert (first.wanted, first.was, again.wanted, again.was) == (True, False, True, True)
    assert home_facts(company.purser, ANA).wants_digest
    want_digest(company.purser, company.actor(ANA), wanted=False)
    assert not home_facts(company.purser, ANA).wants_digest
    with company.books.reading() as session:
        said = [row.action for row in ledger.entries(session) if row.action.startswith("digest.")]
    assert said == ["digest.wanted", "digest.declined"]


def test_of_much_that_waits_for_a_person_the_first_is_shown_and_the_rest_counted(company: Company) -> None:
    with company.books.transaction() as session:
        for number in range(12):
            waits = a_request(f"r{number:02d}", RequestState.WAITING, team_id="team_1", requester_id=ANA.id)
            requests.add(session, replace(waits, created_at=waits.created_at + timedelta(minutes=number)))
    omar, ana = home_facts(company.purser, OMAR), home_facts(company.purser, ANA)
    assert [one.request.id for one in omar.waiting_for_me] == [f"r{number:02d}" for number in range(homes.WAITING)]
    assert omar.waiting_left_out == 2
    assert (ana.waiting_for_me, ana.waiting_left_out) == ((), 0)


def test_who_leads_a_project_and_may_agree_alone_is_shown_what_waits_for_them(company: Company) -> None:
    policy = replace(company.purser.policy, lead_up_to_micros=100 * USD)
    company.purser = replace(company.purser, policy=policy)
    add_project(company, lead=BEN)
    waits = ask(company, ANA, project_wanted(30))
    assert [one.request.id for one in home_facts(company.purser, BEN).waiting_for_me] == [waits]
    assert home_facts(company.purser, OMAR).waiting_for_me == ()


def test_of_many_keys_those_in_use_are_shown_and_of_the_others_those_turned_off_last(company: Company) -> None:
    made = held(company)
    with company.books.transaction() as session:
        for number in range(12):
            off = a_key(f"off-{number:02d}", KeyState.DISABLED, team_id="team_1", holder_id=ANA.id)
            put(session, off)
            row = session.get(KeyRow, off.id)
            assert row is not None
            row.off_at, row.off_cause = off.created_at + timedelta(days=number), OffCause.RETURNED
    ana = home_facts(company.purser, ANA)
    newest_first = [f"off-{number:02d}" for number in range(11, 2, -1)]
    assert [one.key.id for one in ana.keys] == [made.id, *newest_first]
    assert ana.keys_left_out == 3


def test_an_owner_who_became_a_guest_sees_no_team_at_a_glance(company: Company) -> None:
    guest = replace(OMAR, is_guest=True)
    assert home_facts(company.purser, OMAR).teams
    assert home_facts(company.purser, guest).teams == ()
