"""Keys at a gateway that Purser did not make: written down, told once, kept fresh, and turned off with proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.inventory import TurnedOff, UnknownKey, UnknownState
from bot.domain.keys import Proof
from bot.domain.requests import Refused
from bot.gateways.base import KeyRecord
from bot.services import adopting, unknown
from bot.services.context import Repeated
from storage import ledger, unknown_keys
from tests.company import ANA, GUS, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.adopting_kit import adopted, by_hand, compare, found, handle_of, wanted
from tests.services.adopting_kit import unknown as now
from tests.services.kit import USD, held


def off(company: Company, one: UnknownKey) -> TurnedOff:
    outcome = unknown.turn_off(company.purser, company.actor(OLGA), one.id)
    assert isinstance(outcome, TurnedOff), outcome
    return outcome


def told(company: Company, occasion: str) -> int:
    return company.occasions().get(f"direct:{OLGA.id}", []).count(occasion)


def rows(company: Company, action: str) -> list[ledger.Recorded]:
    with company.books.reading() as session:
        return ledger.entries(session, action=action)


# --- what is written down ---


def test_a_key_made_by_hand_is_written_down_told_once_and_kept_fresh(company_anywhere: Company) -> None:
    company = company_anywhere
    secret = by_hand(company, cap_micros=None, models=("mock-gpt",))
    handle = handle_of(secret)
    compare(company)
    first = now(company, secret)
    assert (first.state, first.name, first.seen.cap_micros, first.seen.models) == (
        UnknownState.OPEN,
        "made-by-hand",
        None,
        ("mock-gpt",),
    )
    company.clock.advance(minutes=10)
    company.gateway.change(handle, cap_micros=7 * USD, spent_micros=3 * USD)
    compare(company)
    fresh = now(company, secret)
    assert (fresh.seen.cap_micros, fresh.seen.spent_micros) == (7 * USD, 3 * USD)
    assert fresh.found_at == first.found_at
    assert fresh.seen_at > first.seen_at
    assert told(company, "unknown_keys") == 1
    assert [row.reason for row in rows(company, "gateway.unknown_key")] == ["made-by-hand"]


def test_seen_at_moves_on_although_nothing_changed(company: Company) -> None:
    one = found(company)
    company.clock.advance(minutes=10)
    compare(company)
    assert now(company, "sk-by-hand-made-by-hand").seen_at > one.seen_at


def test_one_that_is_gone_is_called_gone_and_open_again_when_it_is_back(company_anywhere: Company) -> None:
    company = company_anywhere
    secret = by_hand(company)
    compare(company)
    company.gateway.change(handle_of(secret), deleted=True)
    compare(company)
    assert now(company, secret).state is UnknownState.GONE
    company.gateway.change(handle_of(secret), deleted=False)
    compare(company)
    assert now(company, secret).state is UnknownState.OPEN
    assert told(company, "unknown_keys") == 1


def test_a_short_list_lets_no_key_vanish(company_anywhere: Company) -> None:
    company = company_anywhere
    one = found(company)
    company.clock.advance(minutes=10)
    unknown.note(company.purser, company.gateway, (), company.clock.now())
    kept = now(company, "sk-by-hand-made-by-hand")
    assert kept.state is UnknownState.OPEN
    assert kept.seen_at > one.seen_at


def test_of_very_many_that_a_list_does_not_show_some_are_asked_for_at_a_time(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for alias in ("one", "two", "three"):
        by_hand(company, alias)
    compare(company)
    for handle in company.gateway.held:
        company.gateway.change(handle, deleted=True)
    monkeypatch.setattr(unknown, "MOST_ASKED", 2)
    for left in (1, 0):
        compare(company)
        with company.books.reading() as session:
            assert unknown_keys.count_open(session) == left


def test_a_short_list_does_not_make_purser_forget_what_was_to_go_off(company_anywhere: Company) -> None:
    company = company_anywhere
    one = found(company)
    company.gateway.mishaps.add("disable", Mishap.DOWN)
    assert off(company, one).proof is None
    unknown.note(company.purser, company.gateway, (), company.clock.now())
    assert now(company, "sk-by-hand-made-by-hand").is_going_off
    company.settle()
    assert now(company, "sk-by-hand-made-by-hand").state is UnknownState.DISABLED
    assert not company.gateway.on()
    assert told(company, "unknown_off") == 1


def test_several_new_ones_are_one_message(company: Company) -> None:
    by_hand(company, "one")
    by_hand(company, "two")
    compare(company)
    (notice,) = [said.notice for said in company.notifier.messages if said.notice.occasion == "unknown_keys"]
    assert (notice.note, notice.others) == ("memory", ("one", "two"))


def test_what_an_earlier_version_told_is_not_told_again(company: Company) -> None:
    from bot.services.context import Subjects, record

    secret = by_hand(company)
    once = f"memory:{handle_of(secret)}"
    with company.books.transaction() as session:
        record(
            session,
            company.clock.now(),
            actor="purser",
            action="gateway.unknown_key",
            about=Subjects(),
            once=once,
            reason="made-by-hand",
        )
    compare(company)
    assert now(company, secret).state is UnknownState.OPEN
    assert told(company, "unknown_keys") == 0


def test_keys_of_purser_are_never_among_them(company: Company) -> None:
    held(company)
    compare(company)
    with company.books.reading() as session:
        assert unknown_keys.count_open(session) == 0


def test_a_mark_of_ours_that_the_books_do_not_know_is_no_other_installations(company: Company) -> None:
    one = found(company, tags={"installation": company.purser.installation, "key": "key_lost"})
    assert one.seen.installation == ""
    assert adopted(company, one).handle == one.seen.handle


def test_a_list_that_is_older_than_the_adoption_changes_nothing(company: Company) -> None:
    one = found(company)
    stale = company.gateway.list_keys()
    made = adopted(company, one)
    unknown.note(company.purser, company.gateway, stale, company.clock.now())
    with company.books.reading() as session:
        kept = unknown_keys.get(session, "memory", one.seen.handle)
    assert kept is not None
    assert (kept.state, kept.key_id) == (UnknownState.ADOPTED, made.id)


def test_a_list_that_is_older_than_the_disabling_calls_nobody(company: Company) -> None:
    one = found(company)
    stale: list[KeyRecord] = company.gateway.list_keys()
    off(company, one)
    unknown.note(company.purser, company.gateway, stale, company.clock.now())
    company.perform()
    assert told(company, "unknown_back") == 0
    assert now(company, "sk-by-hand-made-by-hand").state is UnknownState.DISABLED


# --- turning it off ---


def test_off_is_proven_by_the_gateways_own_record(company_anywhere: Company) -> None:
    company = company_anywhere
    one = found(company)
    done = off(company, one)
    assert (done.proof, done.unknown.state, done.unknown.decided_by) == (
        Proof.RECORDED,
        UnknownState.DISABLED,
        OLGA.id,
    )
    assert not company.gateway.on()
    assert [row.actor for row in rows(company, "unknown.disabled")] == [OLGA.id]
    assert len(rows(company, "unknown.proven_off")) == 1
    assert told(company, "unknown_off") == 0  # she reads it in the answer


def can_be_turned_off_again(company: Company) -> None:
    """It is open, its owners were told once, and their decision takes effect."""
    again = now(company, "sk-by-hand-made-by-hand")
    assert (again.state, again.decided_by) == (UnknownState.OPEN, None)
    assert told(company, "unknown_back") == 1
    assert off(company, again).proof is Proof.RECORDED


def test_found_working_again_it_is_open_again_and_reported(company_anywhere: Company) -> None:
    company = company_anywhere
    one = found(company)
    off(company, one)
    compare(company)
    company.gateway.change(one.seen.handle, enabled=True)
    compare(company)
    compare(company)
    can_be_turned_off_again(company)
    company.gateway.change(one.seen.handle, enabled=True)
    compare(company)
    assert told(company, "unknown_back") == 2


def test_one_that_was_to_go_off_and_was_gone_is_reported_when_it_works_again(company_anywhere: Company) -> None:
    company = company_anywhere
    one = found(company)
    stale = company.gateway.list_keys()
    company.gateway.change(one.seen.handle, deleted=True)
    assert off(company, one).unknown.state is UnknownState.GONE
    unknown.note(company.purser, company.gateway, stale, company.clock.now())
    company.perform()
    assert told(company, "unknown_back") == 0
    company.gateway.change(one.seen.handle, enabled=True, deleted=False)
    compare(company)
    compare(company)
    can_be_turned_off_again(company)


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST, Mishap.LYING])
def test_a_gateway_that_fails_is_asked_again_and_who_decided_is_told_when_it_is_off(
    company: Company, mishap: Mishap
) -> None:
    one = found(company)
    company.gateway.mishaps.add("disable", mishap)
    done = off(company, one)
    assert done.proof is None
    assert done.unknown.is_going_off
    company.settle()
    assert now(company, "sk-by-hand-made-by-hand").state is UnknownState.DISABLED
    assert not company.gateway.on()
    assert told(company, "unknown_off") == 1


def test_owners_are_called_once_when_it_cannot_be_turned_off(company: Company) -> None:
    one = found(company)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 6)
    off(company, one)
    for _ in range(5):
        company.clock.advance(seconds=301)
        company.perform()
    assert told(company, "unknown_unproven") == 1


@pytest.mark.parametrize("at", ["after-disable-commit", "before-effect:gateway.unknown_off", "after-gateway-disabled",
                                "after-effect:gateway.unknown_off"])  # fmt: skip
def test_a_crash_on_the_way_is_finished_by_the_outbox(company: Company, at: str) -> None:
    one = found(company)
    with company.crashing(at, down_seconds=31):
        unknown.turn_off(company.purser, company.actor(OLGA), one.id)
    company.settle()
    assert now(company, "sk-by-hand-made-by-hand").state is UnknownState.DISABLED
    assert not company.gateway.on()
    assert len(rows(company, "unknown.proven_off")) == 1


def test_one_that_was_deleted_meanwhile_counts_as_gone(company: Company) -> None:
    one = found(company)
    company.gateway.change(one.seen.handle, enabled=False, deleted=True)
    assert off(company, one).unknown.state is UnknownState.GONE


@pytest.mark.parametrize("who", [OMAR, ANA, GUS])
def test_only_workspace_owners_turn_them_off(company: Company, who: object) -> None:
    one = found(company)
    outcome = unknown.turn_off(company.purser, company.actor(who), one.id)  # type: ignore[arg-type]
    assert isinstance(outcome, Refused)
    assert company.gateway.on()


def test_once_a_repeated_click_is_one_decision_and_a_second_one_reads_who_was_faster(company: Company) -> None:
    one = found(company)
    actor = company.actor(OLGA)
    unknown.turn_off(company.purser, actor, one.id)
    with pytest.raises(Repeated):
        unknown.turn_off(company.purser, actor, one.id)
    again = unknown.turn_off(company.purser, company.actor(OLGA), one.id)
    assert isinstance(again, Refused)
    assert again.text == f"`made-by-hand` is off already by <@{OLGA.id}>."
    assert company.gateway.calls["disable"] == 1


def test_what_is_being_turned_off_is_not_adopted_and_what_is_adopted_not_turned_off(company: Company) -> None:
    one, two = found(company, "one"), found(company, "two")
    company.gateway.mishaps.add("disable", Mishap.DOWN)
    off(company, one)
    refused = adopting.adopt(company.purser, company.actor(OLGA), wanted(one))
    assert isinstance(refused, Refused)
    assert "is being turned off by" in refused.text
    adopted(company, two)
    no = unknown.turn_off(company.purser, company.actor(OLGA), two.id)
    assert isinstance(no, Refused)
    assert "it is a key of Purser's now" in no.text


def test_at_a_gateway_that_is_not_set_up_any_more_nothing_is_promised(company: Company) -> None:
    one = found(company)
    company.purser = replace(company.purser, gateways={})
    outcome = unknown.turn_off(company.purser, company.actor(OLGA), one.id)
    assert isinstance(outcome, Refused)
    assert "not set up for memory any more" in outcome.text
    assert not now(company, "sk-by-hand-made-by-hand").is_going_off


def test_another_installations_keys_are_left_to_it(company: Company) -> None:
    one = found(company, tags={"installation": "fedcba9876543210"})
    outcome = unknown.turn_off(company.purser, company.actor(OLGA), one.id)
    assert isinstance(outcome, Refused)
    assert "another Purser installation" in outcome.text
    assert company.gateway.on()


def test_ten_thousand_of_them_are_compared_in_few_steps(company: Company) -> None:
    """Each look writes only what changed, whatever there is."""
    with company.books.reading() as session:
        assert unknown_keys.count_open(session) == 0
    template = company.gateway.held[handle_of(by_hand(company, "first"))]
    many = [replace(template, handle=f"{number:064x}", alias=f"key-{number}") for number in range(10_000)]
    with company.books.transaction() as session:
        strangers = (unknown.stranger(company.purser, one) for one in many)
        noted = unknown_keys.see(session, "memory", strangers, company.clock.now())
    assert len(noted.new) == 10_000
    with company.books.transaction() as session:
        strangers = (unknown.stranger(company.purser, one) for one in many[:-3])
        noted = unknown_keys.see(session, "memory", strangers, company.clock.now())
        assert not noted.new
        assert unknown_keys.count_open(session) == 9_997
