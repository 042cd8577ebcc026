"""What may be asked, who must agree, and what an owner's word means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budgets import Budget
from bot.domain.deciding import (
    Agreed,
    AutoApproved,
    NeedsOwners,
    OneMore,
    Rule,
    decide,
    judge_approval,
    owners_needed,
    rule_text,
    within_headroom,
    within_limits,
)
from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.policy import KindPolicy, Policy
from bot.domain.requests import (
    ALLOWED_MOVES,
    Approval,
    Ask,
    Because,
    Nudge,
    Purpose,
    Refused,
    RequestState,
    Terms,
    Verdict,
    nudge_due,
)
from tests.domain.kit import NOON, USD, after, ask, budget, request

POLICY = Policy()
SMALL = replace(POLICY, auto_approve_micros=50 * USD)
CAPS = st.integers(1, 3000 * USD)
SECONDS = st.none() | st.integers(1, 60 * DAY_SECONDS)
MODELS = st.lists(st.sampled_from(["gpt-4o", "gpt-4o-mini", "o9"]), max_size=2).map(tuple)
TERMS = st.builds(Terms, CAPS, SECONDS, MODELS)
ASKS = st.builds(
    Ask, st.sampled_from(KeyKind), TERMS, st.just("evaluate"), st.sampled_from(Purpose), st.none() | st.just("key_1")
)
POLICIES = st.builds(
    lambda two, auto, largest, models: Policy(
        kinds={**POLICY.kinds, KeyKind.TEMPORARY: KindPolicy(largest, 7 * DAY_SECONDS, 30 * DAY_SECONDS)},
        two_owners_from_micros=two,
        auto_approve_micros=min(auto, two - 1),
        models=models,
    ),
    CAPS,
    CAPS,
    CAPS,
    MODELS,
)
BUDGETS = st.lists(st.builds(budget, st.integers(0, 4000), spent=st.integers(0, 3000)), max_size=3)


# --- asking ---


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS, more=st.lists(st.integers(0, 10**10), min_size=3, max_size=3))
def test_more_budget_never_turns_yes_into_no(
    asked: Ask, policy: Policy, budgets: list[Budget], more: list[int]
) -> None:
    richer = [replace(each, budget_micros=each.budget_micros + add) for each, add in zip(budgets, more, strict=False)]
    before, now = decide(asked, policy, budgets, ()), decide(asked, policy, richer, ())
    if not isinstance(before, Refused):
        assert now == before


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS, smaller=CAPS)
def test_asking_for_less_never_turns_yes_into_no(
    asked: Ask, policy: Policy, budgets: list[Budget], smaller: int
) -> None:
    less = replace(asked, terms=replace(asked.terms, cap_micros=min(smaller, asked.terms.cap_micros)))
    before, now = decide(asked, policy, budgets, ()), decide(less, policy, budgets, ())
    if not isinstance(before, Refused):
        assert not isinstance(now, Refused)
    if isinstance(before, AutoApproved):
        assert now == before


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS, offered=MODELS)
def test_a_refusal_always_says_why_in_sentences(
    asked: Ask, policy: Policy, budgets: list[Budget], offered: tuple[str, ...]
) -> None:
    decision = decide(asked, policy, budgets, offered)
    if isinstance(decision, Refused):
        assert decision.text.endswith(".")
        assert decision.text[0].isupper() or decision.text[0] == "`"


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS)
def test_named_every_yes_carries_its_rule(asked: Ask, policy: Policy, budgets: list[Budget]) -> None:
    match decide(asked, policy, budgets, ()):
        case AutoApproved(rule):
            assert rule is Rule.SMALL_ASK
            assert asked.terms.cap_micros <= policy.auto_approve_micros
            assert (asked.kind, asked.purpose) == (KeyKind.TEMPORARY, Purpose.ISSUE)
        case NeedsOwners(rule, count):
            two = asked.terms.cap_micros >= policy.two_owners_from_micros
            assert (rule, count) == ((Rule.TWO_OWNERS, 2) if two else (Rule.ONE_OWNER, 1))
        case Refused():
            pass


@pytest.mark.parametrize(
    ("policy", "asked", "auto"),
    [
        (POLICY, ask(0.01), False),
        (SMALL, ask(50), True),
        (SMALL, ask(50.01), False),
        (SMALL, ask(50, days=8), False),
        (replace(SMALL, auto_approve_seconds=8 * DAY_SECONDS), ask(50, days=8), True),
        (SMALL, ask(25, days=None, kind=KeyKind.MEMBER), False),
        (SMALL, ask(25, purpose=Purpose.EXTEND), False),
    ],
)
def test_small_asks_inside_policy_need_nobody(policy: Policy, asked: Ask, auto: bool) -> None:
    assert isinstance(decide(asked, policy, [budget(500)], ()), AutoApproved) is auto


@pytest.mark.parametrize(("promised_usd", "auto"), [(0, True), (25, True), (25.01, False), (50, False)])
def test_small_asks_stay_small_together(promised_usd: float, auto: bool) -> None:
    decision = decide(ask(25), SMALL, [budget(500)], (), round(promised_usd * USD))
    assert decision == (AutoApproved(Rule.SMALL_ASK) if auto else NeedsOwners(Rule.ONE_OWNER, 1))


@pytest.mark.parametrize(("usd", "count"), [(999.99, 1), (1000, 2), (5000, 2)])
def test_two_owners_exactly_from_the_threshold(usd: float, count: int) -> None:
    rule = Rule.TWO_OWNERS if count == 2 else Rule.ONE_OWNER
    assert owners_needed(round(usd * USD), POLICY) == NeedsOwners(rule, count)
    assert decide(ask(usd), POLICY, [], ()) == NeedsOwners(rule, count)


def test_the_rules_in_words() -> None:
    assert rule_text(Rule.SMALL_ASK, SMALL) == "temporary keys of up to $50 in all, for up to 7 days, need no owner"
    assert rule_text(Rule.ONE_OWNER, POLICY) == "an owner has to agree"
    assert rule_text(Rule.TWO_OWNERS, POLICY) == "from $1,000 on, two owners have to agree"


TIGHT = replace(
    POLICY, kinds={**POLICY.kinds, KeyKind.TEMPORARY: KindPolicy(100 * USD, 7 * DAY_SECONDS, 30 * DAY_SECONDS)}
)


@pytest.mark.parametrize(
    ("policy", "asked", "offered", "because", "text"),
    [
        (TIGHT, ask(100.01), (), Because.CAP_TOO_LARGE, "The largest cap for a temporary key is $100."),
        (TIGHT, ask(25, days=31), (), Because.TIME_TOO_LONG, "The longest time for a temporary key is 30 days."),
        (
            TIGHT,
            ask(25, days=31, purpose=Purpose.EXTEND),
            (),
            Because.TIME_TOO_LONG,
            "The longest extension for a temporary key is 30 days.",
        ),
        (
            POLICY,
            ask(25, days=7, kind=KeyKind.MEMBER),
            (),
            Because.TIME_TOO_LONG,
            "A member key does not end by itself. Leave out the time: `/ai-key member $50`.",
        ),
        (
            replace(POLICY, kinds={KeyKind.MEMBER: KindPolicy()}),
            ask(),
            (),
            Because.KIND_NOT_OFFERED,
            "Temporary keys are not offered here.",
        ),
        (
            POLICY,
            ask(models=("o9", "gpt-4o")),
            ("gpt-4o", "gpt-3"),
            Because.MODEL_NOT_OFFERED,
            "`o9` is not offered. There is: `gpt-3`, `gpt-4o`.",
        ),
        (
            replace(POLICY, models=("gpt-3",)),
            ask(models=("gpt-4o",)),
            ("gpt-4o",),
            Because.MODEL_NOT_OFFERED,
            "`gpt-4o` is not offered. There is: `gpt-3`.",
        ),
    ],
)
def test_limits_are_said(policy: Policy, asked: Ask, offered: tuple[str, ...], because: Because, text: str) -> None:
    assert within_limits(asked, policy, offered) == Refused(because, text)
    assert decide(asked, policy, [], offered) == Refused(because, text)


@pytest.mark.parametrize(
    ("policy", "asked", "offered"),
    [
        (TIGHT, ask(100), ()),
        (TIGHT, ask(25, days=30), ()),
        (POLICY, ask(25, days=None), ()),
        (POLICY, ask(MAX_MICROS / USD, days=None, kind=KeyKind.MEMBER), ()),
        (POLICY, ask(models=("anything",)), ()),
        (POLICY, ask(models=("gpt-4o",)), ("gpt-4o", "gpt-3")),
        (replace(POLICY, kinds={KeyKind.TEMPORARY: KindPolicy(default_seconds=60)}), ask(25, days=3000), ()),
    ],
)
def test_what_is_within_limits(policy: Policy, asked: Ask, offered: tuple[str, ...]) -> None:
    assert within_limits(asked, policy, offered) is None


def test_a_long_list_of_models_is_cut() -> None:
    refused = within_limits(ask(models=("zz",)), POLICY, [f"m{number:02d}" for number in range(30)])
    assert refused is not None
    assert refused.text.count("`m") == 20
    assert refused.text.endswith("`m18`, `m19`.")


def test_headroom_is_respected_to_the_micro_and_the_tightest_is_named() -> None:
    budgets = [budget(500, name="search"), budget(100, spent=60, committed=15, name="reranker")]
    assert within_headroom(25 * USD, budgets) is None
    assert within_headroom(25 * USD + 1, []) is None
    text = "Only $25 is left in reranker's budget of $100 until 1 December, and this asks for $26."
    assert within_headroom(26 * USD, budgets) == Refused(Because.NO_HEADROOM, text)
    assert isinstance(within_headroom(25 * USD + 1, budgets), Refused)


def test_an_overspent_budget_has_nothing_left() -> None:
    refused = within_headroom(1, [budget(100, spent=130)])
    assert refused is not None
    assert refused.text.startswith("Only $0 is left in search's budget of $100")


def test_an_extension_asks_for_no_money() -> None:
    broke = [budget(0)]
    assert decide(ask(25, purpose=Purpose.EXTEND), POLICY, broke, ()) == NeedsOwners(Rule.ONE_OWNER, 1)
    refused = decide(ask(25), POLICY, broke, ())
    assert isinstance(refused, Refused)
    assert refused.because is Because.NO_HEADROOM


# --- an owner's yes ---


def said(owner: str, verdict: Verdict = Verdict.APPROVE, *, stands: bool = True) -> Approval:
    return Approval(owner, verdict, "", stands, NOON)


RICH = [budget(1_000_000)]
BIG = request(1500)


def test_one_owner_is_enough_below_the_threshold() -> None:
    asked = request(25)
    assert judge_approval(asked, "U0OMAR", asked.terms, POLICY, RICH, ()) == Agreed(asked.terms, Rule.ONE_OWNER)


def test_two_owners_agree_to_the_same_terms() -> None:
    first = judge_approval(BIG, "U0OMAR", BIG.terms, POLICY, RICH, ())
    assert first == OneMore(BIG.terms, Rule.TWO_OWNERS, still_needed=1, needed=2)
    seconded = replace(BIG, approvals=(said("U0OMAR"),))
    assert judge_approval(seconded, "U0OLGA", BIG.terms, POLICY, RICH, ()) == Agreed(BIG.terms, Rule.TWO_OWNERS)


def test_the_same_owners_second_yes_counts_once() -> None:
    asked = replace(BIG, approvals=(said("U0OMAR"),))
    assert isinstance(judge_approval(asked, "U0OMAR", BIG.terms, POLICY, RICH, ()), OneMore)


@pytest.mark.parametrize("word", [said("U0OLGA", stands=False), said("U0OLGA", Verdict.DENY)])
def test_only_a_standing_yes_counts(word: Approval) -> None:
    asked = replace(BIG, approvals=(word,))
    assert isinstance(judge_approval(asked, "U0OMAR", BIG.terms, POLICY, RICH, ()), OneMore)


@given(terms=TERMS.filter(lambda terms: terms != BIG.terms))
def test_changing_the_terms_takes_back_every_earlier_yes(terms: Terms) -> None:
    asked = replace(BIG, approvals=(said("U0OLGA"), said("U0FAY")))
    judged = judge_approval(asked, "U0OMAR", terms, POLICY, RICH, ())
    if terms.cap_micros >= POLICY.two_owners_from_micros:
        assert isinstance(judged, OneMore | Refused)
    elif isinstance(judged, Agreed):
        assert judged.rule is Rule.ONE_OWNER


@given(cap=CAPS, owners=st.lists(st.sampled_from(["U0OMAR", "U0OLGA", "U0FAY"]), unique=True, max_size=3))
def test_agreement_takes_as_many_different_owners_as_the_rule_says(cap: int, owners: list[str]) -> None:
    asked = request(cap / USD, approvals=tuple(said(owner) for owner in owners))
    judged = judge_approval(asked, "U0OMAR", asked.terms, POLICY, RICH, ())
    needed = owners_needed(asked.terms.cap_micros, POLICY).count
    agreeing = len({*owners, "U0OMAR"})
    if agreeing >= needed:
        assert isinstance(judged, Agreed)
    else:
        rule = Rule.TWO_OWNERS
        assert judged == OneMore(asked.terms, rule, still_needed=needed - agreeing, needed=needed)


def test_an_owner_cannot_agree_past_policy_or_headroom() -> None:
    asked = request(25)
    too_long = Terms(25 * USD, 31 * DAY_SECONDS)
    refused = judge_approval(asked, "U0OMAR", too_long, POLICY, RICH, ())
    assert isinstance(refused, Refused)
    assert refused.because is Because.TIME_TOO_LONG
    refused = judge_approval(asked, "U0OMAR", asked.terms, POLICY, [budget(20)], ())
    assert isinstance(refused, Refused)
    assert refused.because is Because.NO_HEADROOM
    assert refused.text == (
        "Only $20 is left in search's budget of $20 until 1 December, and this asks for $25. "
        "Approve with changes to a smaller cap, or deny."
    )
    refused = judge_approval(asked, "U0OMAR", Terms(25 * USD, 60, ("o9",)), POLICY, RICH, ["gpt-4o"])
    assert isinstance(refused, Refused)
    assert refused.because is Because.MODEL_NOT_OFFERED


def test_agreeing_to_an_extension_needs_no_headroom_but_keeps_its_limits() -> None:
    asked = request(25, purpose=Purpose.EXTEND, extends_key_id="key_1")
    assert isinstance(judge_approval(asked, "U0OMAR", asked.terms, POLICY, [budget(0)], ()), Agreed)
    refused = judge_approval(asked, "U0OMAR", Terms(25 * USD, 31 * DAY_SECONDS), POLICY, RICH, ())
    assert isinstance(refused, Refused)
    assert refused.text == "The longest extension for a temporary key is 30 days."


def test_words_that_stand_are_kept_in_order() -> None:
    words = (said("U0A"), said("U0B", Verdict.DENY), said("U0C", stands=False), said("U0D"))
    asked = request(approvals=words)
    assert asked.standing(Verdict.APPROVE) == (words[0], words[3])
    assert asked.standing(Verdict.DENY) == (words[1],)


# --- a request's life ---


def test_what_is_over_stays_over() -> None:
    assert set(ALLOWED_MOVES) == set(RequestState)
    over = {state for state, follows in ALLOWED_MOVES.items() if not follows}
    S = RequestState  # noqa: N806 - short for a table
    assert over == {S.DENIED, S.CANCELLED, S.EXPIRED, S.FULFILLED, S.LAPSED}
    assert ALLOWED_MOVES[S.DRAFT] == {S.WAITING, S.APPROVED, S.CANCELLED}
    assert ALLOWED_MOVES[S.WAITING] == {S.APPROVED, S.DENIED, S.CANCELLED, S.EXPIRED}
    assert ALLOWED_MOVES[S.APPROVED] == {S.FULFILLED, S.LAPSED, S.CANCELLED}


@pytest.mark.parametrize(
    ("moment", "others", "due"),
    [
        (after(hours=4) - timedelta(seconds=1), {}, None),
        (after(hours=4), {}, Nudge.REMIND),
        (after(hours=20), {"reminded_at": NOON}, None),
        (after(hours=24) - timedelta(seconds=1), {}, Nudge.REMIND),
        (after(hours=24), {}, Nudge.ESCALATE),
        (after(hours=24), {"reminded_at": NOON}, Nudge.ESCALATE),
        (after(hours=30), {"escalated_at": NOON}, None),
        (after(hours=72) - timedelta(seconds=1), {"escalated_at": NOON}, None),
        (after(hours=72), {}, Nudge.EXPIRE),
        (after(hours=72), {"reminded_at": NOON, "escalated_at": NOON}, Nudge.EXPIRE),
        (after(hours=100), {"state": RequestState.APPROVED}, None),
        (after(hours=100), {"state": RequestState.DRAFT}, None),
    ],
)
def test_an_unanswered_request_is_brought_up_again_and_ends(
    moment: datetime, others: dict[str, Any], due: Nudge | None
) -> None:
    assert nudge_due(request(**others), POLICY, moment) is due


@given(st.lists(st.integers(0, 30 * HOUR_SECONDS), max_size=8))
def test_nudges_come_in_order_and_each_once(pauses: list[int]) -> None:
    waiting, now, seen = request(), NOON, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        due = nudge_due(waiting, POLICY, now)
        if due is None:
            continue
        seen.append(due)
        changes: dict[Nudge, dict[str, Any]] = {
            Nudge.REMIND: {"reminded_at": now},
            Nudge.ESCALATE: {"escalated_at": now},
            Nudge.EXPIRE: {"state": RequestState.EXPIRED},
        }
        waiting = replace(waiting, **changes[due])
    order = [Nudge.REMIND, Nudge.ESCALATE, Nudge.EXPIRE]
    assert seen == [nudge for nudge in order if nudge in seen]


# --- the defaults that the design names ---


def test_policy_starts_as_documented() -> None:
    temporary, member = POLICY.kinds[KeyKind.TEMPORARY], POLICY.kinds[KeyKind.MEMBER]
    assert (temporary.default_seconds, temporary.longest_seconds) == (7 * DAY_SECONDS, 30 * DAY_SECONDS)
    assert (member.default_seconds, member.longest_seconds) == (None, None)
    assert set(POLICY.kinds) == {KeyKind.TEMPORARY, KeyKind.MEMBER}
    assert POLICY.two_owners_from_micros == 1_000_000_000
    assert (POLICY.auto_approve_micros, POLICY.auto_approve_seconds) == (0, 604_800)
    assert POLICY.models == ()
    assert (POLICY.remind_after_seconds, POLICY.escalate_after_seconds) == (14_400, 86_400)
    assert (POLICY.give_up_after_seconds, POLICY.claim_within_seconds) == (259_200, 259_200)
    assert POLICY.draft_seconds == 3600
