"""Keys of people who left change hands: taken over, turned off, stopped in the end; told in one message."""

from __future__ import annotations

import pytest

from bot.domain.keys import KeyState, OffCause
from bot.domain.leaving_facts import Handed
from bot.domain.offboarding import Outcome, Source
from bot.domain.requests import Refused
from bot.services import giving, handing_over, leaving, restoring, teams, turning_off
from bot.services.context import Repeated
from bot.services.guarding import guard
from bot.services.handover_times import watch_handovers
from bot.services.syncing import sync_live
from storage import ledger, people
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services import handing_kit as kit
from tests.services.handing_kit import automation, leaves, pass_days, shown, take, taken
from tests.services.kit import (
    CHANNEL,
    add_project,
    ask,
    choose,
    held,
    project_wanted,
    refusal,
    spend,
)


def actions(company: Company, key_id: str) -> list[str]:
    with company.books.reading() as session:
        return [row.action for row in ledger.entries(session, key_id=key_id)]


def project_lead(company: Company) -> str:
    with company.books.reading() as session:
        return people.projects_of(session, kit.TEAM)[0].lead_id


def test_who_takes_a_key_over_holds_it_and_it_works_on_as_before(company_anywhere: Company) -> None:
    company = company_anywhere
    made = automation(company)
    left = leaves(company)
    assert shown(company).facts.waiting[0].asked_ids == (BEN.id,)
    done = taken(company, BEN, left, made)
    after = kit.key(company, made.id)
    assert [one.key.label for one in done.keys] == [made.label]
    assert (after.holder_id, after.lead_id, after.state) == (BEN.id, BEN.id, KeyState.LIVE)
    (record,) = company.gateway.on()
    assert (record.handle, record.holder) == (made.handle, BEN.id)
    (one,) = shown(company).facts.keys
    assert (one.left.outcome, one.left.by) == (Outcome.TAKEN, BEN.id)
    assert not kit.due(company, left)
    assert "key.taken_over" in actions(company, made.id)
    pass_days(company, 30)
    assert kit.key(company, made.id).state is KeyState.LIVE


def test_a_lead_is_replaced_and_the_holder_stays(company: Company) -> None:
    made = automation(company, who=BEN, lead=ANA)
    left = leaves(company)
    assert shown(company).facts.asked_ids == (OLGA.id, OMAR.id)
    taken(company, OMAR, left, made)
    after = kit.key(company, made.id)
    assert (after.holder_id, after.lead_id) == (BEN.id, OMAR.id)
    assert company.gateway.calls["set_holder"] == 0


def test_of_two_who_take_it_over_one_does_and_the_other_reads_who(company_anywhere: Company) -> None:
    company = company_anywhere
    made = automation(company)
    left = leaves(company)
    taken(company, BEN, left, made)
    assert refusal(take(company, OMAR, left, made)).text == f"`{made.label}` was taken over by <@{BEN.id}> already."
    assert refusal(take(company, OMAR, left)).text == f"`{made.label}` was taken over by <@{BEN.id}> already."
    assert kit.key(company, made.id).holder_id == BEN.id


def test_one_click_delivered_twice_takes_it_over_once(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    actor = company.actor(BEN, "the-same-click")
    assert isinstance(handing_over.take_over(company.purser, actor, left.id, kit.TEAM), Handed)
    with pytest.raises(Repeated):
        handing_over.take_over(company.purser, actor, left.id, kit.TEAM)
    assert actions(company, made.id).count("key.taken_over") == 1


def test_only_leads_and_owners_decide_and_no_guest(company: Company) -> None:
    made = automation(company, lead=OMAR)
    left = leaves(company)
    assert "Only the lead of" in refusal(take(company, BEN, left, made)).text
    assert "Guests" in refusal(take(company, GUS, left, made)).text
    no = handing_over.disable_waiting(company.purser, company.actor(BEN), left.id, kit.TEAM)
    assert "Only the lead of" in refusal(no).text
    assert kit.key(company, made.id).holder_id == ANA.id


def test_a_lead_takes_what_is_theirs_and_reads_what_is_not(company: Company) -> None:
    mine, others = automation(company, "mine", lead=BEN), automation(company, "others", lead=OMAR)
    left = leaves(company)
    done = taken(company, BEN, left)
    assert [one.key.label for one in done.keys] == [mine.label]
    assert done.refused == (others.label,)
    assert [one.key.key.label for one in shown(company).facts.waiting] == [others.label]


def test_the_project_goes_along_when_it_was_only_moved_for_the_time_being(company: Company) -> None:
    add_project(company, lead=ANA)
    made = held(company, ANA, project_wanted())
    left = leaves(company)
    assert project_lead(company) == OLGA.id
    done = taken(company, OMAR, left, made)
    assert done.project_names == ("reranker",)
    assert project_lead(company) == OMAR.id
    after = kit.key(company, made.id)
    assert (after.holder_id, after.lead_id) == (OMAR.id, OMAR.id)


def test_a_lead_that_an_owner_chose_is_not_moved_by_who_takes_a_key(company: Company) -> None:
    add_project(company, lead=ANA)
    made = held(company, ANA, project_wanted())
    left = leaves(company)
    led = giving.change_lead(company.purser, company.actor(OLGA), CHANNEL, "reranker", BEN.id)
    assert isinstance(led, Handed), led
    company.perform()
    assert kit.key(company, made.id).lead_id == BEN.id
    assert shown(company).facts.asked_ids == (BEN.id,)
    taken(company, OMAR, left, made)
    assert project_lead(company) == BEN.id
    assert (kit.key(company, made.id).holder_id, kit.key(company, made.id).lead_id) == (OMAR.id, BEN.id)


def test_turning_off_what_waits_is_proven(company_anywhere: Company) -> None:
    company = company_anywhere
    made, other = automation(company), automation(company, "other")
    left = leaves(company)
    done = handing_over.disable_waiting(company.purser, company.actor(BEN), left.id, kit.TEAM)
    assert isinstance(done, Handed)
    assert {one.key.label for one in done.keys} == {made.label, other.label}
    assert all(one.key.proof is not None for one in done.keys)
    assert company.gateway.on() == []
    company.perform()
    assert {one.left.outcome for one in shown(company).facts.keys} == {Outcome.ENDED}
    again = handing_over.disable_waiting(company.purser, company.actor(OMAR), left.id, kit.TEAM)
    assert f"was turned off by <@{BEN.id}> already" in refusal(again).text


def test_nobody_takes_it_over_so_it_is_stopped_with_proof_after_reminders(company_anywhere: Company) -> None:
    company = company_anywhere
    made = automation(company)
    leaves(company)
    pass_days(company, 8)
    after = kit.key(company, made.id)
    assert (after.state, after.off_cause, after.off_by) == (KeyState.DISABLED, OffCause.LEFT, "purser")
    assert after.off_reason == "nobody took it over within 7 days after Ana left"
    assert after.proof is not None
    assert company.gateway.on() == []
    assert kit.parts(company) == ["reminder", "reminder", "last_reminder", "stopped"]
    assert shown(company).facts.keys[0].left.outcome is Outcome.STOPPED


def test_reminders_ask_who_can_act_at_that_moment(company: Company) -> None:
    automation(company)
    leaves(company)
    leaves(company, BEN)
    ana = next(one for one in company.notifier.departure_now.values() if one.facts.departure.member_id == ANA.id)
    assert ana.facts.asked_ids == (OLGA.id, OMAR.id)
    pass_days(company, 2.1)
    reminder = next(one.notice for one in company.notifier.departures if one.where.startswith("thread:"))
    assert reminder.facts.asked_ids == (OLGA.id, OMAR.id)


def test_whoever_takes_it_over_leads_it_when_its_lead_left_as_well(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    leaves(company, BEN)
    taken(company, OMAR, left, made)
    assert (kit.key(company, made.id).holder_id, kit.key(company, made.id).lead_id) == (OMAR.id, OMAR.id)


def test_a_stopped_key_is_taken_over_late_and_restored_by_an_owner(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    pass_days(company, 7.5)
    assert kit.key(company, made.id).state is KeyState.DISABLED
    taken(company, BEN, left, made)
    assert kit.key(company, made.id).state is KeyState.DISABLED
    restored = restoring.restore(company.purser, company.actor(OMAR), made.id)
    assert not isinstance(restored, Refused), restored
    company.perform()
    after = kit.key(company, made.id)
    assert (after.state, after.holder_id) == (KeyState.LIVE, BEN.id)
    pass_days(company, 30)
    assert kit.key(company, made.id).state is KeyState.LIVE


def test_a_key_that_goes_off_otherwise_waits_no_more(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(label=made.label), "not needed"))
    company.perform()
    assert shown(company).facts.keys[0].left.outcome is Outcome.ENDED
    assert not kit.due(company, left)
    pass_days(company, 8)
    assert kit.parts(company) == []
    assert kit.key(company, made.id).off_by == OMAR.id


def test_a_lead_who_leaves_with_ten_keys_is_one_message(company: Company) -> None:
    made = [automation(company, f"job-{number}", who=BEN, lead=ANA, usd=20) for number in range(10)]
    left = leaves(company)
    assert kit.parts(company, "channel:") == ["message"]
    assert len(shown(company).facts.waiting) == 10
    done = taken(company, OMAR, left)
    assert len(done.keys) == 10
    assert {kit.key(company, one.id).lead_id for one in made} == {OMAR.id}
    assert kit.parts(company, "channel:") == ["message"]
    assert len(company.gateway.on()) == 10


def test_nothing_is_posted_where_nobody_has_to_know_or_do_anything(company: Company) -> None:
    leaves(company)
    assert company.notifier.departures == []


def test_their_own_keys_are_told_as_off_and_proven(company: Company) -> None:
    made = held(company)
    leaves(company)
    assert kit.key(company, made.id).state is KeyState.DISABLED
    (one,) = shown(company).facts.keys
    assert one.left.outcome is Outcome.OFF
    assert one.key.key.proof is not None
    assert shown(company).facts.asked_ids == ()


def test_what_they_had_asked_for_is_told_as_closed(company: Company) -> None:

    asked = ask(company)
    company.perform()
    leaves(company)
    assert [one.id for one in shown(company).facts.closed] == [asked]


def test_a_channel_that_takes_nothing_sends_it_to_those_asked_and_the_owners(company: Company) -> None:
    automation(company)
    company.notifier.mishaps.add("post_departure", Mishap.REFUSED)
    leaves(company)
    assert kit.parts(company, "channel:") == []
    assert {one.where for one in company.notifier.departures} == {f"direct:{one.id}" for one in (BEN, OLGA, OMAR)}
    pass_days(company, 2.1)
    assert kit.parts(company, f"direct:{BEN.id}")[-1] == "reminder"


def test_a_reply_that_was_lost_is_not_posted_again(company: Company) -> None:
    automation(company)
    company.notifier.mishaps.add("post_departure", Mishap.LOST)
    leaves(company)
    company.settle()
    assert kit.parts(company, "channel:") == ["message"]
    assert len(company.notifier.departure_now) == 1


def test_an_owner_gives_a_key_to_somebody_of_the_team(company_anywhere: Company) -> None:
    company = company_anywhere
    made = automation(company, lead=ANA)
    done = giving.hand_over(company.purser, company.actor(OMAR), made.label, BEN.id)
    assert isinstance(done, Handed), done
    company.perform()
    after = kit.key(company, made.id)
    assert (after.holder_id, after.lead_id, after.state) == (BEN.id, BEN.id, KeyState.LIVE)
    assert company.gateway.on()[0].holder == BEN.id
    assert company.notifier.occasions(f"direct:{BEN.id}")[-1] == "key_handed"
    assert company.notifier.occasions(f"direct:{ANA.id}")[-1] == "key_handed"
    assert company.notifier.occasions(f"thread:{made.request_id}")[-1] == "key_handed"
    assert "holds" in refusal(giving.hand_over(company.purser, company.actor(OMAR), made.label, BEN.id)).text


def test_a_key_that_waits_and_is_given_away_waits_no_more(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    done = giving.hand_over(company.purser, company.actor(OLGA), made.label, OMAR.id)
    assert isinstance(done, Handed), done
    company.perform()
    assert (shown(company).facts.keys[0].left.by, kit.due(company, left)) == (OMAR.id, False)


def test_who_is_back_does_not_lead_what_was_given_away(company: Company) -> None:
    made = automation(company, who=BEN, lead=ANA)
    leaves(company)
    company.directory.change(ANA.id, is_departed=False)
    leaving.came_back(company.purser, ANA.id)
    done = giving.hand_over(company.purser, company.actor(OLGA), made.label, OMAR.id)
    assert isinstance(done, Handed), done
    assert (kit.key(company, made.id).holder_id, kit.key(company, made.id).lead_id) == (OMAR.id, OMAR.id)


def test_what_cannot_be_given_away_says_why(company: Company) -> None:
    made, own = automation(company), held(company)

    def no(who: object = OMAR, label: str = made.label, to: str = BEN.id) -> str:
        return refusal(giving.hand_over(company.purser, company.actor(who), label, to)).text  # type: ignore[arg-type]

    assert "stays with the person it was made for" in no(label=own.label)
    assert "No key is called" in no(label="nothing-0000")
    assert "is not in team search" in no(to="U0GUS") or "guest" in no(to="U0GUS")
    assert "cannot take this" in no(to="U0EVE")
    assert "Only the lead" in no(ANA)
    leaves(company, BEN)
    assert "cannot take this" in no(to=BEN.id)


def test_who_leads_a_project_answers_for_its_keys(company: Company) -> None:
    add_project(company, lead=ANA)
    made = held(company, BEN, project_wanted())
    assert made.lead_id == ANA.id
    done = giving.change_lead(company.purser, company.actor(OMAR), CHANNEL, "reranker", BEN.id)
    assert isinstance(done, Handed), done
    company.perform()
    assert (project_lead(company), kit.key(company, made.id).lead_id) == (BEN.id, BEN.id)
    assert company.notifier.occasions(f"direct:{BEN.id}")[-1] == "project_led"
    again = giving.change_lead(company.purser, company.actor(OMAR), CHANNEL, "reranker", BEN.id)
    assert "already" in refusal(again).text
    assert "Only owners" in refusal(giving.change_lead(company.purser, company.actor(BEN), CHANNEL, "x", ANA.id)).text
    none = giving.change_lead(company.purser, company.actor(OMAR), CHANNEL, "nothing", ANA.id)
    assert "has no project nothing" in refusal(none).text


def test_coming_back_takes_nothing_from_who_took_it_over(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    taken(company, BEN, left, made)
    company.directory.change(ANA.id, is_departed=False)
    leaving.came_back(company.purser, ANA.id)
    company.perform()
    assert kit.key(company, made.id).holder_id == BEN.id


def test_a_crash_while_it_is_stopped_stops_it_once(company: Company) -> None:
    automation(company)
    leaves(company)
    company.clock.advance(days=7, hours=1)
    with company.crashing("after-gateway-disabled", down_seconds=61):
        watch_handovers(company.purser)
        company.perform()
    watch_handovers(company.purser)
    company.settle()
    assert company.gateway.on() == []
    assert kit.parts(company).count("stopped") == 1


def test_policy_says_how_long_a_key_waits(company: Company) -> None:
    choose(company, take_over_seconds=2 * 86_400, remind_take_over_seconds=86_400)
    made = automation(company)
    leaves(company)
    pass_days(company, 2.1)
    assert kit.key(company, made.id).off_reason == "nobody took it over within 2 days after Ana left"
    assert kit.parts(company) == ["last_reminder", "stopped"]


def test_a_feed_can_be_wrong_and_then_restore_is_offered(company: Company) -> None:
    made = held(company)
    leaves(company, source=Source.FEED, by=OLGA.id, note="row 7")
    assert shown(company).facts.can_be_undone
    assert kit.key(company, made.id).state is KeyState.DISABLED


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST, Mishap.LYING, Mishap.REFUSED])
def test_the_gateway_names_the_new_holder_in_the_end_whatever_goes_wrong(company: Company, mishap: Mishap) -> None:
    made = automation(company)
    left = leaves(company)
    company.gateway.mishaps.add("set_holder", mishap)
    taken(company, BEN, left, made)
    company.settle()
    assert [record.holder for record in company.gateway.on()] == [BEN.id]
    assert company.gateway.calls["set_holder"] == (1 if mishap is Mishap.LOST else 2)


def test_a_key_that_is_gone_at_its_gateway_has_no_holder_to_tell(company: Company) -> None:
    made = automation(company)
    left = leaves(company)
    assert made.handle is not None
    company.gateway.delete(made.handle)
    taken(company, BEN, left, made)
    company.settle()
    assert company.gateway.calls["set_holder"] == 0


def test_a_team_without_owners_asks_the_workspaces(company: Company) -> None:
    made = automation(company, who=BEN, lead=OMAR)
    removed = teams.remove(company.purser, company.actor(OLGA), CHANNEL, (OLGA.id,))
    assert not isinstance(removed, Refused), removed
    left = leaves(company, OMAR)
    assert shown(company).facts.asked_ids == (OLGA.id,)
    assert shown(company).facts.owner_ids == (OLGA.id,)
    taken(company, OLGA, left, made)
    assert kit.key(company, made.id).lead_id == OLGA.id


def test_whoever_takes_a_key_reads_whether_its_usage_counts_to_them_now(company: Company) -> None:
    held_by, led_by = automation(company, "held"), automation(company, "led", who=BEN, lead=ANA)
    left = leaves(company)
    assert taken(company, BEN, left, held_by).counted == ()
    assert taken(company, OMAR, left, led_by).counted == (led_by.label,)


def test_a_key_that_a_limit_stopped_waits_as_well_and_comes_back_to_who_took_it(company: Company) -> None:
    made = automation(company)
    company.gateway.caps_hold = False
    spend(company, made, 6)
    guard(company.purser)
    company.perform()
    assert kit.key(company, made.id).off_cause is OffCause.BUDGET
    left = leaves(company)
    assert shown(company).facts.waiting[0].key.key.id == made.id
    taken(company, BEN, left, made)
    company.clock.advance(days=1)
    sync_live(company.purser)
    guard(company.purser)
    company.settle()
    after = kit.key(company, made.id)
    assert (after.state, after.holder_id) == (KeyState.LIVE, BEN.id)
