"""Rotation: a new key on the same terms, both for a while, then the old one off; never more than was agreed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.cuts import Window
from bot.domain.facts import Occasion, RequestFacts
from bot.domain.incidents import Found
from bot.domain.keys import Key, KeyKind, KeyState, OffCause, Proof, warning_due
from bot.domain.people import Member
from bot.domain.requests import Because, Purpose, Refused, RequestState, Target
from bot.services import approvals, cuts, requests, restoring, revealing, rotating, sharing, teams, turning_off
from bot.services.auditing import verify
from bot.services.expiry import pass_time
from bot.services.guarding import guard
from bot.services.leaking import Source
from bot.services.raised import end_raises
from bot.services.revealing import Shown
from bot.services.syncing import sync_live
from bot.services.turning_off import Target as Named
from storage import budgets
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.kit import (
    CHANNEL,
    USD,
    automation_wanted,
    headroom,
    held,
    key,
    keys_of,
    refusal,
    request,
    spend,
    wanted,
)
from tests.services.raises_kit import agreed_raise, at_gateway, on, rows, told, waiting_raise


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def asked(company: Company, old: Key, overlap_seconds: int | None = None, who: Member = ANA) -> str:
    outcome = rotating.rotate(company.purser, company.actor(who), old.label, overlap_seconds)
    assert isinstance(outcome, RequestFacts), outcome
    return outcome.request.id


def revealed(company: Company, request_id: str, who: Member = ANA) -> Key:
    shown = revealing.reveal(company.purser, company.actor(who), request_id, company.show)
    assert isinstance(shown, Shown), shown
    company.perform()
    return key(company, shown.key.id)


def rotated(company: Company, old: Key, overlap_seconds: int | None = None) -> Key:
    return revealed(company, asked(company, old, overlap_seconds))


def poll(company: Company) -> None:
    """What every poll does with keys that share a cap, and what follows at the gateway."""
    sync_live(company.purser)
    cuts.end_cuts(company.purser)
    sharing.share(company.purser)
    guard(company.purser)
    company.perform()


def later(company: Company, **span: float) -> None:
    company.clock.advance(seconds=timedelta(**span).total_seconds())
    pass_time(company.purser)
    rotating.retire(company.purser)
    company.perform()


def leak(company: Company, old: Key) -> None:
    secret = next(one.secret for one in company.shown if one.key.id == old.id)
    for _ in turning_off.stop_leaked(company.purser, secret, Source(Found.WATCHED)):
        pass
    company.perform()


def caps(company: Company, *some: Key) -> int:
    """What these keys may spend together, by the books; the gateway has to say the same."""
    now = [key(company, one.id) for one in some]
    for one in now:
        if one.state is KeyState.LIVE:
            assert at_gateway(company, one).cap_micros == one.cap_micros
    return sum(one.cap_micros for one in now)


def why(outcome: object) -> str:
    return refusal(outcome).text


def test_nobody_has_to_agree_and_both_work_until_the_overlap_is_over(company: Company) -> None:
    old = held(company)
    request_id = asked(company, old)
    company.perform()
    made = request(company, request_id)
    assert (made.purpose, made.state, made.rule) == (Purpose.ROTATE, RequestState.APPROVED, "same-terms")
    assert told(company, f"direct:{ANA.id}", Occasion.APPROVED) == 2
    assert key(company, old.id).retires_at is None  # nothing happens to it before the new one is shown
    later(company, hours=5)
    assert key(company, old.id).state is KeyState.LIVE

    new = revealed(company, request_id)
    before = key(company, old.id)
    assert (new.replaces_id, new.state, before.state) == (old.id, KeyState.LIVE, KeyState.LIVE)
    assert before.retires_at is not None
    assert timedelta(minutes=59) < before.retires_at - company.clock.now() <= timedelta(hours=1)
    assert (new.kind, new.team_id, new.models, new.expires_at) == (old.kind, old.team_id, old.models, old.expires_at)
    later(company, minutes=59)
    assert key(company, old.id).state is KeyState.LIVE
    later(company, minutes=1)
    after = key(company, old.id)
    assert (after.state, after.off_cause, after.proof) == (KeyState.DISABLED, OffCause.ROTATED, Proof.RECORDED)
    assert told(company, f"direct:{ANA.id}", Occasion.KEY_ROTATED) == 1
    assert key(company, new.id).state is KeyState.LIVE
    assert verify(company.books).ok


@pytest.mark.parametrize("kind", [KeyKind.TEMPORARY, KeyKind.MEMBER])
def test_both_keys_together_never_have_more_than_was_agreed(company: Company, kind: KeyKind) -> None:
    old = held(company, what=wanted(40, 7 if kind is KeyKind.TEMPORARY else None, kind=kind))
    spend(company, old, 10)
    free = headroom(company)
    new = rotated(company, old, 3 * 86_400)
    assert caps(company, old, new) == 40 * USD
    assert headroom(company) == free  # one promise, not two
    assert (key(company, old.id).cap_micros, new.cap_micros) == (25 * USD, 15 * USD)
    spend(company, old, 14)  # nearly all of its part
    poll(company)
    assert caps(company, old, new) == 40 * USD
    assert (key(company, old.id).cap_micros, key(company, new.id).cap_micros) == (32 * USD, 8 * USD)
    assert headroom(company) == free - 14 * USD + 14 * USD  # spent is what had been promised
    spend(company, new, 7)
    poll(company)
    assert caps(company, old, new) == 40 * USD
    later(company, days=3)
    assert key(company, old.id).off_cause is OffCause.ROTATED
    poll(company)
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 40 * USD - 24 * USD
    assert headroom(company) == free


def test_what_the_old_key_is_found_to_have_spent_later_comes_off_the_new_one(company: Company) -> None:
    old = held(company)
    new = rotated(company, old, 0)
    assert key(company, old.id).off_cause is OffCause.ROTATED
    assert key(company, new.id).cap_micros == 25 * USD
    spend(company, old, 4)  # the gateway counted it late
    poll(company)
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 21 * USD


def test_used_up_together_both_are_stopped(company: Company) -> None:
    old = held(company)
    new = rotated(company, old)
    spend(company, old, 12)
    spend(company, new, 13)
    poll(company)
    for one in (old, new):
        assert (key(company, one.id).state, key(company, one.id).off_cause) == (KeyState.DISABLED, OffCause.BUDGET)
    agreed_raise(company, Target(Layer.KEY, new.id), 10, on("2026-11-25"))
    poll(company)
    poll(company)
    assert [key(company, one.id).state for one in (old, new)] == [KeyState.LIVE, KeyState.LIVE]
    assert caps(company, old, new) == 35 * USD


def test_a_new_month_begins_with_all_that_was_agreed(company: Company) -> None:
    old = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    spend(company, old, 20)
    new = rotated(company, old, 0)
    assert key(company, new.id).cap_micros == 30 * USD
    company.clock.at = on("2026-12-01 00:01")
    poll(company)
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 50 * USD


def test_an_automation_keys_day_is_shared_as_well(company: Company) -> None:
    old = held(company, what=automation_wanted(100, 8))
    spend(company, old, 2)
    new = rotated(company, old, 3600)
    days = [key(company, one.id).daily_cap_micros for one in (old, new)]
    assert days == [5 * USD, 3 * USD]
    assert caps(company, old, new) == 100 * USD
    later(company, hours=1)
    poll(company)
    assert key(company, new.id).daily_cap_micros == 6 * USD


def test_a_raise_of_the_old_key_follows_to_the_new_one_and_ends_there(company: Company) -> None:
    old = held(company)
    agreed_raise(company, Target(Layer.KEY, old.id), 10, on("2026-11-24"))
    new = rotated(company, old)
    assert caps(company, old, new) == 35 * USD
    later(company, hours=1)
    poll(company)
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 35 * USD
    company.clock.at = on("2026-11-24")
    end_raises(company.purser)
    company.perform()
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 25 * USD
    assert told(company, f"direct:{ANA.id}", Occasion.RAISE_ENDED) == 1
    assert verify(company.books).ok


def test_what_waits_for_an_owner_follows_to_the_new_key(company: Company) -> None:
    old = held(company)
    more = requests.extend(company.purser, company.actor(ANA), old.label, 86_400, "not done")
    assert isinstance(more, requests.Sent)
    money = waiting_raise(company, Target(Layer.KEY, old.id), 10, on("2026-11-25"))
    new = rotated(company, old, 0)
    for request_id in (more.facts.request.id, money):
        assert request(company, request_id).state is RequestState.WAITING
        assert not isinstance(approvals.approve(company.purser, company.actor(OMAR), request_id), Refused)
    company.perform()
    after = key(company, new.id)
    assert (after.cap_micros, after.expires_at) == (35 * USD, (old.expires_at or on("2026-01-01")) + timedelta(days=1))
    assert key(company, old.id).state is KeyState.DISABLED


def test_more_for_the_old_key_is_refused_and_says_which_to_ask_for(company: Company) -> None:
    old = held(company)
    new = rotated(company, old)
    said = why(requests.extend(company.purser, company.actor(ANA), old.label, 86_400, ""))
    assert f"`/ai-key extend {new.label} 7d`" in said
    held_again = requests.ask(company.purser, company.actor(ANA), requests.Place(CHANNEL), wanted(5, 1))
    assert isinstance(held_again, requests.Duplicate)
    assert held_again.holds.key.id == new.id
    assert (held_again.holds.replaces, held_again.holds.replaced_by) == (old.label, "")


def test_rotating_twice(company: Company) -> None:
    old = held(company)
    request_id = asked(company, old)
    assert "press *Reveal key*" in why(rotating.rotate(company.purser, company.actor(ANA), old.label))
    new = revealed(company, request_id)
    assert f"`{new.label}` has taken the place" in why(rotating.rotate(company.purser, company.actor(ANA), old.label))
    said = why(rotating.rotate(company.purser, company.actor(ANA), new.label))
    assert f"`{old.label}` still works beside `{new.label}`" in said
    later(company, hours=1)
    third = rotated(company, new)
    later(company, hours=1)
    poll(company)
    assert [key(company, one.id).state for one in (old, new)] == [KeyState.DISABLED, KeyState.DISABLED]
    assert key(company, third.id).cap_micros == 25 * USD


def test_what_cannot_be_rotated_says_why(company: Company) -> None:
    mine, bens = held(company), held(company, BEN)
    assert "You hold no key" in why(rotating.rotate(company.purser, company.actor(ANA), bens.label))
    assert "You hold no key" in why(rotating.rotate(company.purser, company.actor(ANA), "ana-none"))
    assert "at most 7 days" in why(rotating.rotate(company.purser, company.actor(ANA), mine.label, 8 * 86_400))
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=mine.label), "odd"))
    company.perform()
    assert "An owner can restore it" in why(rotating.rotate(company.purser, company.actor(ANA), mine.label))
    back = held(company, what=wanted(10, 1, "another"))
    turning_off.give_back(company.purser, company.actor(ANA), Named(label=back.label))
    assert "was given back" in why(rotating.rotate(company.purser, company.actor(ANA), back.label))
    over = held(company, what=wanted(10, 1, "a third"))
    later(company, days=1)
    assert "time is over" in why(rotating.rotate(company.purser, company.actor(ANA), over.label))


def test_a_stopped_key_is_not_rotated_before_its_limit_has_room(company: Company) -> None:
    old = held(company)
    spend(company, old, 25)
    poll(company)
    said = why(rotating.rotate(company.purser, company.actor(ANA), old.label))
    assert "cannot be replaced now" in said
    assert f"`/ai-budget raise $50 {old.label} REASON`" in said
    with company.purser.deciding() as session:
        budgets.set_monthly(session, "budget_t", Layer.TEAM, "team_1", 20 * USD, company.clock.now())
    other = held_under(company)
    assert "team search" in why(rotating.rotate(company.purser, company.actor(BEN), other.label))


def held_under(company: Company) -> Key:
    """A key of Ben's that works although the team's budget is used up."""
    with company.purser.deciding() as session:
        budgets.set_monthly(session, "budget_t", Layer.TEAM, "team_1", 900 * USD, company.clock.now())
    made = held(company, BEN)
    with company.purser.deciding() as session:
        budgets.set_monthly(session, "budget_t", Layer.TEAM, "team_1", 20 * USD, company.clock.now())
    return made


def test_a_rotation_never_revealed_lapses_and_the_old_key_lives_on(company: Company) -> None:
    old = held(company)
    free = headroom(company)
    request_id = asked(company, old)
    assert headroom(company) == free
    later(company, days=3, seconds=1)
    assert request(company, request_id).state is RequestState.LAPSED
    assert key(company, old.id).state is KeyState.LIVE
    assert "lapsed" in why(revealing.reveal(company.purser, company.actor(ANA), request_id, company.show))
    asked(company, old)  # and it can be asked for again


def test_turned_off_after_the_ask_no_new_key_brings_it_back(company: Company) -> None:
    old = held(company)
    request_id = asked(company, old)
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=old.label), "odd"))
    company.perform()
    said = why(revealing.reveal(company.purser, company.actor(ANA), request_id, company.show))
    assert "An owner can restore it" in said
    assert keys_of(company, request_id) == []
    turning_off.give_back(company.purser, company.actor(ANA), Named(label=old.label))
    assert request(company, request_id).state in (RequestState.APPROVED, RequestState.LAPSED)


def test_given_back_the_rotation_that_waits_lapses(company: Company) -> None:
    old = held(company)
    request_id = asked(company, old)
    turning_off.give_back(company.purser, company.actor(ANA), Named(label=old.label))
    company.perform()
    assert request(company, request_id).state is RequestState.LAPSED
    assert headroom(company) == 500 * USD


def test_turned_off_during_the_overlap_the_old_key_leaves_its_part(company: Company) -> None:
    old = held(company)
    new = rotated(company, old)
    list(turning_off.disable(company.purser, company.actor(BEN), Named(label=old.label), "found in a log"))
    company.perform()
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 25 * USD
    said = why(restoring.restore(company.purser, company.actor(OMAR), old.id))
    assert f"`{new.label}` has taken the place of `{old.label}`" in said
    later(company, hours=2)
    assert key(company, old.id).off_cause is OffCause.DISABLED


def test_the_new_key_lost_the_old_one_lives_on(company: Company) -> None:
    old = held(company)
    new = rotated(company, old)
    turning_off.give_back(company.purser, company.actor(ANA), Named(label=new.label))
    company.perform()
    assert at_gateway(company, old).cap_micros == key(company, old.id).cap_micros == 25 * USD
    later(company, hours=2)
    assert key(company, old.id).state is KeyState.LIVE
    again = rotated(company, old, 0)
    assert key(company, old.id).state is KeyState.DISABLED
    assert key(company, again.id).cap_micros == 25 * USD


def test_the_new_key_lost_the_old_one_is_a_key_like_any_other_until_the_new_one_is_restored(company: Company) -> None:
    old = held(company)
    new = rotated(company, old)
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=new.label), "odd"))
    company.perform()
    later(company, hours=2)
    now = company.purser.now()
    assert (key(company, old.id).state, key(company, old.id).retires_at) == (KeyState.LIVE, None)
    assert warning_due(key(company, old.id), now + timedelta(days=6, hours=1)) is not None
    before = rows(company)
    later(company, hours=1)
    assert rows(company) == before  # it is decided once
    restoring.restore(company.purser, company.actor(OLGA), new.id)
    company.perform()
    later(company, minutes=1)
    gone = key(company, old.id)
    assert (key(company, new.id).state, gone.state, gone.off_cause) == (
        KeyState.LIVE,
        KeyState.DISABLED,
        OffCause.ROTATED,
    )
    assert verify(company.books).ok


def test_one_key_is_replaced_by_one_key_however_often_that_is_tried(company: Company) -> None:
    old = held(company)
    lost = rotated(company, old)
    leak(company, lost)
    again = rotated(company, old, 0)
    said = f"`{again.label}` has taken the place of `{lost.label}`"
    assert said in why(rotating.rotate(company.purser, company.actor(ANA), lost.label))
    assert said in why(restoring.restore(company.purser, company.actor(OMAR), lost.id))


def test_a_leaked_key_is_replaced_at_once_and_never_comes_back(company: Company) -> None:
    old = held(company)
    spend(company, old, 5)
    free = headroom(company)
    leak(company, old)
    assert headroom(company) == free + 20 * USD
    request_id = asked(company, old, 7200)
    assert headroom(company) == free  # promised again while it waits
    new = revealed(company, request_id)
    assert headroom(company) == free
    assert (new.cap_micros, key(company, old.id).state) == (20 * USD, KeyState.DISABLED)
    assert company.shown[-1].overlap_seconds is None


def test_who_leaks_a_key_that_an_owner_turned_off_gets_no_new_one_without_an_owner(company: Company) -> None:
    old = held(company)
    request_id = asked(company, old)
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=old.label), "odd"))
    company.perform()
    list(turning_off.disable(company.purser, company.actor(ANA), Named(secret=company.shown[-1].secret), ""))
    company.perform()
    said = why(revealing.reveal(company.purser, company.actor(ANA), request_id, company.show))
    assert "An owner can restore it" in said
    agreed = restoring.restore(company.purser, company.actor(OMAR), old.id)
    assert isinstance(agreed, RequestFacts)
    assert revealed(company, agreed.request.id).replaces_id == old.id
    assert request(company, request_id).state is RequestState.LAPSED
    assert verify(company.books).ok


def test_a_key_turned_off_and_then_leaked_is_not_rotated_by_its_holder(company: Company) -> None:
    old = held(company)
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=old.label), "odd"))
    company.perform()
    leak(company, old)
    assert "An owner can restore it" in why(rotating.rotate(company.purser, company.actor(ANA), old.label))


def test_restoring_a_leaked_key_gives_its_holder_a_new_one(company: Company) -> None:
    old = held(company)
    leak(company, old)
    ten = Window(10 * USD, 86_400)
    assert "Nobody restores" not in why(restoring.restore(company.purser, company.actor(ANA), old.id, ten))
    outcome = restoring.restore(company.purser, company.actor(OMAR), old.id, ten)
    assert isinstance(outcome, RequestFacts)
    assert (outcome.request.requester_id, outcome.request.rule) == (ANA.id, "one-owner")
    company.perform()
    assert key(company, old.id).state is KeyState.DISABLED
    assert told(company, f"direct:{ANA.id}", Occasion.APPROVED) == 2
    assert "already" in why(restoring.restore(company.purser, company.actor(OLGA), old.id))
    new = revealed(company, outcome.request.id)
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 10 * USD
    company.clock.advance(seconds=86_400)
    poll(company)
    assert at_gateway(company, new).cap_micros == key(company, new.id).cap_micros == 25 * USD
    assert verify(company.books).ok


def test_a_member_key_and_the_one_in_its_place_count_as_one(company: Company) -> None:
    old = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    new = rotated(company, old, 3 * 86_400)
    mine = wanted(50, None, kind=KeyKind.MEMBER)
    said = why(requests.ask(company.purser, company.actor(ANA), requests.Place(CHANNEL), mine))
    assert f"You hold `{new.label}` already" in said
    spend(company, old, 25)
    spend(company, new, 25)
    poll(company)
    agreed_raise(company, Target(Layer.KEY, new.id), 10, on("2026-11-25"))
    poll(company)
    poll(company)
    assert [key(company, one.id).state for one in (old, new)] == [KeyState.LIVE, KeyState.LIVE]


def test_a_second_member_key_asked_for_meanwhile_is_not_made(company: Company) -> None:
    old = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    leak(company, old)
    asked(company, old)
    mine = wanted(50, None, kind=KeyKind.MEMBER)
    said = why(requests.ask(company.purser, company.actor(ANA), requests.Place(CHANNEL), mine))
    assert "Reveal key" in said


def test_who_left_reveals_nothing_and_the_old_key_is_as_it_was(company: Company) -> None:
    old = held(company)
    request_id = asked(company, old)
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (ANA.id,))
    assert refusal(
        revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)
    ).because is Because.NOT_ALLOWED  # fmt: skip
    assert refusal(rotating.rotate(company.purser, company.actor(ANA), old.label)).because is Because.NOT_ALLOWED


@pytest.mark.parametrize("at", ["after-gateway-minted", "after-recorded-before-shown", "after-shown-before-live"])
def test_a_crash_before_the_new_key_is_live_leaves_the_old_one_alone(company: Company, at: str) -> None:
    old = held(company)
    request_id = asked(company, old, 0)
    with company.crashing(at, down_seconds=61):
        revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)
    pass_time(company.purser)
    company.settle()
    poll(company)
    assert at_gateway(company, old).cap_micros == 25 * USD
    assert key(company, old.id).state is KeyState.LIVE
    new = revealed(company, request_id)
    assert key(company, old.id).off_cause is OffCause.ROTATED
    assert len([one for one in keys_of(company, request_id) if one.state is KeyState.LIVE]) == 1
    assert key(company, new.id).cap_micros == 25 * USD


def test_a_gateway_away_at_the_end_of_the_overlap_is_asked_until_it_says_off(company: Company) -> None:
    old = held(company)
    rotated(company, old)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 3)
    later(company, hours=1)
    assert key(company, old.id).state is KeyState.DISABLING
    company.settle()
    assert (key(company, old.id).state, key(company, old.id).proof) == (KeyState.DISABLED, Proof.RECORDED)


def test_the_ledger_tells_a_rotation_from_end_to_end(company: Company) -> None:
    old = held(company)
    new = rotated(company, old)
    later(company, hours=1)
    done = [row.action for row in rows(company, key_id=old.id)]
    for action in ("request.made", "request.approved", "key.replaced", "key.rotated", "key.proven_off"):
        assert action in done
    replaced = next(row for row in rows(company, action="key.replaced"))
    assert (replaced.actor, replaced.reason.startswith(f"by {new.label}, works until")) == (ANA.id, True)
