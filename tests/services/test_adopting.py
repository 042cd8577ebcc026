"""Adopting a key that Purser did not make: named, once, within policy, and with nothing charged for what was before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.budgets import TOTAL
from bot.domain.inventory import UnknownState
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.domain.offboarding import Source
from bot.domain.periods import day_of, month_end, month_of
from bot.domain.requests import Refused, RequestState
from bot.domain.rules import Rule
from bot.gateways.base import CapPeriod, KeyRecord
from bot.services import adopting, leaking, leaving, resting, turning_off
from bot.services.auditing import verify
from bot.services.reconcile import reconcile
from bot.services.syncing import sync_live, sync_usage
from bot.services.turning_off import Target
from storage import keys, ledger, readings
from tests.company import ANA, BEN, EVE, INSTALLATION, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.adopting_kit import adopted, by_hand, checked, compare, found, handle_of, refusal, unknown, wanted
from tests.services.kit import USD, add_project, choose, headroom, key, request


def spent(company: Company, key_id: str, period: str | None = None) -> int:
    with company.books.reading() as session:
        read = readings.spent(session, key_id, period or month_of(company.clock.now()))
    return 0 if read is None else read.micros


def assert_books_agree(company: Company) -> None:
    report = verify(company.books)
    assert report.ok, report.lines


def rows(company: Company, action: str) -> list[ledger.Recorded]:
    with company.books.reading() as session:
        return ledger.entries(session, action=action)


# --- what it becomes ---


def test_an_adopted_key_is_live_with_a_holder_an_end_and_its_cap_at_the_gateway(company_anywhere: Company) -> None:
    company = company_anywhere
    one = found(company, spent_micros=40 * USD)
    made = adopted(company, one)
    assert (made.state, made.holder_id, made.kind, made.cap_micros) == (
        KeyState.LIVE,
        ANA.id,
        KeyKind.TEMPORARY,
        25 * USD,
    )
    assert made.handle == one.seen.handle
    assert made.label.startswith("ana-")
    assert made.revealed_at is not None
    assert made.expires_at == made.revealed_at + timedelta(days=7)
    record = company.gateway.held[one.seen.handle]
    assert (record.cap_micros, record.cap_period, record.expires_at) == (25 * USD, CapPeriod.TOTAL, made.expires_at)
    assert record.tags == {"installation": INSTALLATION, "key": made.id, "request": made.request_id}
    assert record.holder == ANA.id
    assert record.alias == "made-by-hand"  # whoever knows it by that name finds it
    assert_books_agree(company)


def test_named_its_request_says_who_answered_for_it(company: Company) -> None:
    made = adopted(company, found(company))
    asked = request(company, made.request_id)
    assert (asked.state, asked.rule, asked.requester_id) == (RequestState.FULFILLED, Rule.ADOPTED, ANA.id)
    assert [word.owner_id for word in asked.approvals] == [OLGA.id]
    (row,) = rows(company, "key.adopted")
    assert (row.actor, row.key_id, row.amount_micros, row.reason) == (OLGA.id, made.id, 25 * USD, "made-by-hand")
    assert company.occasions()[f"direct:{ANA.id}"] == ["adopted"]
    assert any("adopted" in said for where, said in company.occasions().items() if where.startswith("thread:"))


def test_it_is_ours_for_reconcile_from_then_on(company: Company) -> None:
    one = found(company)
    made = adopted(company, one)
    company.gateway.change(one.seen.handle, cap_micros=900 * USD)
    compare(company)
    assert company.gateway.held[one.seen.handle].cap_micros == 25 * USD
    assert len(rows(company, "key.cap_restored")) == 1
    assert len(rows(company, "gateway.unknown_key")) == 1
    assert key(company, made.id).state is KeyState.LIVE


def test_a_pasted_secret_of_it_is_known_by_its_handle(company: Company) -> None:
    secret = by_hand(company)
    compare(company)
    made = adopted(company, unknown(company, secret))
    assert made.fingerprint is None
    with company.books.reading() as session:
        known = leaking.key_of(session, company.purser, secret)
    assert known is not None
    assert known.id == made.id
    list(turning_off.disable(company.purser, company.actor(BEN), Target(secret=secret), "posted"))
    company.perform()
    assert key(company, made.id).state is KeyState.DISABLED
    assert not company.gateway.on()


@pytest.mark.parametrize(
    ("kind", "others", "period"),
    [
        (KeyKind.MEMBER, {}, CapPeriod.MONTH),
        (KeyKind.PROJECT, {"name": "reranker"}, CapPeriod.MONTH),
        (KeyKind.AUTOMATION, {"name": "nightly", "day_usd": 5, "lead_id": BEN.id}, CapPeriod.MONTH),
    ],
)
def test_every_kind_can_be_adopted_and_has_what_it_must_have(
    company: Company, kind: KeyKind, others: dict[str, Any], period: CapPeriod
) -> None:
    add_project(company)
    one = found(company, expires_at=company.clock.now() + timedelta(days=2))
    made = adopted(company, one, kind=kind, **others)
    record = company.gateway.held[one.seen.handle]
    assert (made.kind, record.cap_period, record.expires_at) == (kind, period, None)
    assert record.daily_cap_micros == made.daily_cap_micros
    assert (made.lead_id == BEN.id) is (kind is not KeyKind.MEMBER)


# --- who may, and what is refused ---


@pytest.mark.parametrize("who", [OMAR, ANA])
def test_only_workspace_owners_adopt(company: Company, who: object) -> None:
    assert "Only workspace owners" in refusal(company, found(company), who, holder=BEN)  # type: ignore[arg-type]


def test_nobody_adopts_for_themselves_alone(company: Company) -> None:
    assert "Nobody adopts a key for themselves alone" in refusal(company, found(company), holder=OLGA)


def test_a_holder_has_to_be_in_the_team(company: Company) -> None:
    assert "cannot hold a key" in refusal(company, found(company), holder=EVE)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"usd": 499, "day_usd": 5}, "Only automation keys have a cap per day"),
        ({"days": 31}, "The longest time"),
        ({"kind": KeyKind.AUTOMATION, "name": "nightly", "lead_id": BEN.id}, "needs a cap per day"),
        ({"kind": KeyKind.AUTOMATION, "name": "nightly", "day_usd": 5}, "needs a lead"),
        ({"kind": KeyKind.PROJECT, "name": "nothing"}, "no projects yet"),
        ({"usd": 501, "kind": KeyKind.MEMBER}, "is left in team search's budget of $500"),
    ],
)
def test_what_an_ask_must_have_an_adoption_must_have(company: Company, others: dict[str, Any], words: str) -> None:
    choose_large(company)
    one = found(company)
    assert words in refusal(company, one, **others)
    assert unknown_state(company, one) is UnknownState.OPEN
    assert company.gateway.held[one.seen.handle].tags == {}


def choose_large(company: Company) -> None:
    kinds = company.purser.policy.kinds
    choose(company, kinds={kind: replace(limits, largest_cap_micros=5000 * USD) for kind, limits in kinds.items()})


def unknown_state(company: Company, one: object) -> UnknownState:
    from storage import unknown_keys

    with company.books.reading() as session:
        now = unknown_keys.get(session, one.gateway, one.seen.handle)  # type: ignore[attr-defined]
    assert now is not None
    return now.state


def test_what_two_owners_have_to_agree_to_cannot_be_adopted_by_one(company: Company) -> None:
    choose(company, two_owners_from_micros=20 * USD)
    assert "From $20 on two owners have to agree" in refusal(company, found(company))


def test_a_second_member_key_is_refused(company: Company) -> None:
    first = adopted(company, found(company), kind=KeyKind.MEMBER)
    text = refusal(company, found(company, "another"), kind=KeyKind.MEMBER)
    assert f"<@{ANA.id}> holds `{first.label}` already" in text


def test_a_key_that_may_call_more_than_policy_offers_is_refused(company: Company) -> None:
    choose(company, models=("mock-gpt",))
    assert "may call every model there is" in refusal(company, found(company))
    assert "may call `mock-large` and others" in refusal(company, found(company, "two", models=("mock-large",)))
    made = adopted(company, found(company, "three", models=("mock-gpt",)))
    assert made.models == ("mock-gpt",)


def test_keys_of_another_installation_are_listed_and_never_adopted(company: Company) -> None:
    one = found(company, tags={"installation": "fedcba9876543210", "key": "key_9"})
    assert one.seen.installation == "fedcba9876543210"
    assert "another Purser installation" in refusal(company, one)


def test_a_key_that_is_off_or_gone_at_the_gateway_is_not_adopted(company: Company) -> None:
    one = found(company)
    company.gateway.change(one.seen.handle, enabled=False)
    assert "is off at memory" in refusal(company, one)
    company.gateway.change(one.seen.handle, deleted=True)
    assert "is not at memory any more" in refusal(company, one)


def test_a_gateway_that_does_not_answer_adopts_nothing(company: Company) -> None:
    one = found(company)
    company.gateway.mishaps.add("find", Mishap.DOWN)
    assert "does not answer just now" in refusal(company, one)
    assert unknown_state(company, one) is UnknownState.OPEN


def test_the_form_refuses_what_sending_it_would_refuse(company: Company) -> None:
    one = found(company)
    refused = checked(company, wanted(one, usd=501, kind=KeyKind.MEMBER))
    assert isinstance(refused, Refused)
    assert checked(company, wanted(one)) is None


def test_whoever_leaves_while_the_gateway_is_asked_holds_nothing(company: Company) -> None:
    """Workspace owners are in every team, so that only their having left keeps them from holding a key."""
    owners = frozenset({OLGA.id, OMAR.id})
    company.purser = replace(company.purser, authority=replace(company.purser.authority, workspace_owner_ids=owners))
    one = found(company)
    find = company.gateway.find

    def leaves_meanwhile(handle: str) -> KeyRecord | None:
        leaving.notice(company.purser, OMAR.id, Source.SWEEP)
        return find(handle)

    company.gateway.find = leaves_meanwhile  # type: ignore[method-assign]
    outcome = adopting.adopt(company.purser, company.actor(OLGA), wanted(one, holder=OMAR))
    assert isinstance(outcome, Refused), outcome
    assert "deactivated" in outcome.text
    assert unknown_state(company, one) is UnknownState.OPEN


def test_once_two_owners_who_adopt_at_the_same_time_make_one_key(company_anywhere: Company) -> None:
    company = company_anywhere
    company.purser = replace(
        company.purser,
        authority=replace(company.purser.authority, workspace_owner_ids=frozenset({OLGA.id, OMAR.id})),
    )
    one = found(company)
    made = adopted(company, one)
    assert f"`made-by-hand` was adopted already by <@{OLGA.id}>." in refusal(company, one, OMAR, holder=BEN)
    with company.books.reading() as session:
        assert [each.id for each in keys.in_state(session, *KeyState)] == [made.id]


# --- what it had spent before ---


@pytest.mark.parametrize("kind", [KeyKind.TEMPORARY, KeyKind.MEMBER])
def test_what_was_spent_before_counts_nowhere(company_anywhere: Company, kind: KeyKind) -> None:
    company = company_anywhere
    one = found(company, spent_micros=900 * USD, cap_micros=None)
    before = headroom(company)
    made = adopted(company, one, kind=kind)
    sync_live(company.purser)
    assert spent(company, made.id) == spent(company, made.id, TOTAL) == 0
    assert headroom(company) == before - 25 * USD
    company.gateway.spend(one.seen.handle, 10 * USD)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    assert spent(company, made.id) == spent(company, made.id, TOTAL) == 10 * USD
    assert headroom(company) == before - 25 * USD
    assert_books_agree(company)


def test_the_gateways_own_cap_counts_from_the_adoption_on(company: Company) -> None:
    one = found(company, spent_micros=90 * USD)
    adopted(company, one)
    assert company.gateway.spend(one.seen.handle, 30 * USD) == 25 * USD


def test_the_cap_holds_twice_for_an_adopted_key(company: Company) -> None:
    from bot.services.guarding import guard

    one = found(company, spent_micros=900 * USD)
    made = adopted(company, one)
    company.gateway.caps_hold = False
    company.gateway.spend(one.seen.handle, 26 * USD)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    guard(company.purser)
    company.perform()
    stopped = key(company, made.id)
    assert (stopped.state, stopped.off_cause) == (KeyState.DISABLED, OffCause.BUDGET)


def test_usage_counts_from_the_day_after_and_the_day_itself_by_its_live_total(company_anywhere: Company) -> None:
    company = company_anywhere
    secret = by_hand(company)
    handle = handle_of(secret)
    company.gateway.caps_hold = False
    for days in (2, 1, 0):
        company.gateway.spend(handle, 7 * USD, at=company.clock.now() - timedelta(days=days))
    compare(company)
    made = adopted(company, unknown(company, secret), kind=KeyKind.AUTOMATION, name="ci", day_usd=5, lead_id=BEN.id)
    company.gateway.spend(handle, 2 * USD)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    sync_usage(company.purser)
    today = day_of(company.clock.now())
    assert spent(company, made.id) == spent(company, made.id, today) == 2 * USD
    assert used(company, made.id) == 0
    company.clock.advance(days=1)
    company.gateway.spend(handle, 3 * USD)
    sync_live(company.purser)
    sync_usage(company.purser)
    assert spent(company, made.id, day_of(company.clock.now())) == 3 * USD
    assert spent(company, made.id) == 5 * USD
    assert used(company, made.id) == 3 * USD
    assert_books_agree(company)


def used(company: Company, key_id: str) -> int:
    """What its dated usage comes to, in micro-USD."""
    from bot.domain.spans import last_days
    from storage import usage_reports
    from storage.usage_reports import Chosen

    with company.books.reading() as session:
        chosen = Chosen(key_ids=(key_id,))
        return usage_reports.whole(session, chosen, last_days(30, company.clock.now().date())).cost_micros


def test_a_month_later_the_ledger_balances(company_anywhere: Company) -> None:
    from bot.services import month, posting

    company = company_anywhere
    one = found(company, spent_micros=300 * USD)
    made = adopted(company, one, kind=KeyKind.MEMBER)
    company.gateway.spend(one.seen.handle, 4 * USD)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    company.clock.at = month_end(company.clock.now()) + timedelta(days=3)
    sync_live(company.purser)
    sync_usage(company.purser)
    posting.post_days(company.purser)
    month.turn_month(company.purser)
    company.perform()
    assert_books_agree(company)
    assert sum(row.amount_micros or 0 for row in rows(company, "month") if row.key_id == made.id) <= 4 * USD


def test_nothing_after_it_is_off_is_taken_for_what_it_spent_before(company: Company) -> None:
    """What it rests at is its own total; the gateway's knows more."""
    one = found(company, spent_micros=300 * USD)
    made = adopted(company, one)
    sync_live(company.purser)
    list(turning_off.disable(company.purser, company.actor(BEN), Target(key_id=made.id), "done"))
    company.perform()
    for _ in range(4):
        company.clock.advance(hours=2)
        sync_live(company.purser)
        resting.rest(company.purser)
    assert key(company, made.id).rest_micros == 0
    company.gateway.change(one.seen.handle, enabled=True)
    compare(company)
    after = key(company, made.id)
    assert (after.state, after.deleted_at) == (KeyState.DISABLED, None)
    assert not rows(company, "key.spent_after_off")


# --- crashes and outages ---


@pytest.mark.parametrize("at", ["after-adopted", "before-effect:gateway.adopt", "after-spend-forgotten",
                                "after-effect:gateway.adopt", "before-effect:gateway.cap"])  # fmt: skip
def test_a_crash_after_the_decision_is_finished_by_the_outbox(company: Company, at: str) -> None:
    one = found(company, spent_micros=40 * USD)
    with company.crashing(at, down_seconds=31):
        adopting.adopt(company.purser, company.actor(OLGA), wanted(one))
        company.perform()
    company.settle()
    with company.books.reading() as session:
        (made,) = keys.in_state(session, KeyState.LIVE)
    record = company.gateway.held[one.seen.handle]
    assert (record.cap_micros, record.tags["key"], record.expires_at) == (25 * USD, made.id, made.expires_at)
    assert company.occasions()[f"direct:{ANA.id}"] == ["adopted"]
    assert len(rows(company, "key.adopted")) == 1


@pytest.mark.parametrize("method", ["find", "forget_spend", "set_tags", "set_holder", "set_cap", "set_expiry"])
@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_an_outage_after_the_decision_is_outlived(company: Company, method: str, mishap: Mishap) -> None:
    one = found(company, spent_micros=40 * USD)
    with company.crashing("after-adopted"):
        adopting.adopt(company.purser, company.actor(OLGA), wanted(one))
    company.gateway.mishaps.add(method, mishap)
    company.perform()
    assert not company.gateway.mishaps.coming
    company.settle()
    record = company.gateway.held[one.seen.handle]
    assert (record.cap_micros, record.holder) == (25 * USD, ANA.id)
    assert company.gateway.spend(one.seen.handle, 30 * USD) == 25 * USD


def test_reconcile_does_not_call_a_cap_changed_that_is_only_about_to_be_set(company: Company) -> None:
    one = found(company)
    with company.crashing("after-adopted"):
        adopting.adopt(company.purser, company.actor(OLGA), wanted(one))
    reconcile(company.purser)
    assert not rows(company, "key.cap_restored")
    company.settle()
    compare(company)
    assert not rows(company, "key.cap_restored")


def test_a_key_that_goes_off_right_after_is_marked_as_ours_all_the_same(company: Company) -> None:
    one = found(company)
    with company.crashing("after-adopted"):
        adopting.adopt(company.purser, company.actor(OLGA), wanted(one))
    with company.books.reading() as session:
        (made,) = keys.in_state(session, KeyState.LIVE)
    list(turning_off.disable(company.purser, company.actor(BEN), Target(key_id=made.id), "odd"))
    company.settle()
    record = company.gateway.held[one.seen.handle]
    assert (record.enabled, record.tags["key"], record.cap_micros) == (False, made.id, 25 * USD)


def test_an_older_gateway_that_forgets_its_total_too_loses_no_spend(company: Company) -> None:
    """Without a lifetime total, what is spent after the adoption is told from nothing on."""
    one = found(company, spent_micros=40 * USD)
    forget = company.gateway.forget_spend

    def forgets_all(handle: str) -> None:
        forget(handle)
        company.gateway.change(handle, spent_micros=0)

    company.gateway.forget_spend = forgets_all  # type: ignore[method-assign]
    made = adopted(company, one)
    company.gateway.forgotten.clear()
    company.gateway.spend(one.seen.handle, 3 * USD)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    assert spent(company, made.id) == 3 * USD
