"""Who must agree, and what a yes means: every outcome is named by its rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.allowing import Asking
from bot.domain.budgets import Budget, Layer
from bot.domain.deciding import (
    Agreed,
    AutoApproved,
    Decider,
    NeedsOwners,
    OneMore,
    Rule,
    as_ask,
    decide,
    judge_approval,
    owners_needed,
)
from bot.domain.keys import KeyKind
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import AskRule, KindPolicy, Policy, Who
from bot.domain.requests import Approval, Ask, Because, Purpose, Refused, Target, Terms, Verdict
from tests.domain.kit import NOON, USD, after, ask, budget, request

POLICY = Policy()
SMALL = replace(POLICY, auto_approve_micros=50 * USD)
CAPS = st.integers(1, 3000 * USD)
SECONDS = st.none() | st.integers(1, 60 * DAY_SECONDS)
MODELS = st.lists(st.sampled_from(["gpt-4o", "gpt-4o-mini", "o9"]), max_size=2).map(tuple)
TERMS = st.builds(Terms, CAPS, SECONDS, MODELS, st.none() | CAPS, st.none() | st.just(after(days=10)))
NAMES = st.sampled_from(["", "nightly-evals", "Not A Name"])
ASKS = st.builds(
    Ask,
    st.sampled_from(KeyKind),
    TERMS,
    st.just("evaluate"),
    st.sampled_from(Purpose),
    st.none() | st.just("key_1"),
    NAMES,
    NAMES,
    st.none() | st.just("U0BEN"),
    st.builds(Target, st.sampled_from(Layer), st.just("x")),
)
OWNERS_ONLY = AskRule("no-o9", Who.OWNERS, models=("o9",))
POLICIES = st.builds(
    lambda two, auto, week, lead, largest, models, rules: Policy(
        kinds={**POLICY.kinds, KeyKind.TEMPORARY: KindPolicy(largest, 7 * DAY_SECONDS, 30 * DAY_SECONDS)},
        ask_rules=rules,
        two_owners_from_micros=two,
        lead_up_to_micros=min(lead, two - 1),
        auto_approve_micros=min(auto, two - 1),
        auto_approve_per_week_micros=week,
        models=models,
    ),
    CAPS,
    CAPS,
    CAPS,
    CAPS,
    CAPS,
    MODELS,
    st.sampled_from([(), (OWNERS_ONLY,)]),
)
BUDGETS = st.lists(st.builds(budget, st.integers(0, 4000), spent=st.integers(0, 3000)), max_size=3)
ASKINGS = st.builds(
    Asking,
    standing=st.sampled_from([Who.MEMBERS, Who.LEADS, Who.OWNERS]),
    granted_micros=st.integers(0, 3000 * USD),
    has_lead=st.booleans(),
    offered=MODELS,
    limit=st.none() | st.builds(budget, st.integers(0, 4000)),
    month_micros=st.none() | CAPS,
)


# --- asking ---


@given(
    asked=ASKS,
    policy=POLICIES,
    budgets=BUDGETS,
    asking=ASKINGS,
    more=st.lists(st.integers(0, 10**10), min_size=3, max_size=3),
)
def test_more_budget_never_turns_yes_into_no(
    asked: Ask, policy: Policy, budgets: list[Budget], asking: Asking, more: list[int]
) -> None:
    richer = [replace(each, budget_micros=each.budget_micros + add) for each, add in zip(budgets, more, strict=False)]
    before, now = decide(asked, policy, budgets, asking), decide(asked, policy, richer, asking)
    if not isinstance(before, Refused):
        assert now == before


def smaller(asked: Ask, cap: int) -> Ask:
    """The same ask for less: of an automation key, with no more a day than a month."""
    cap = min(cap, asked.terms.cap_micros)
    day = asked.terms.daily_cap_micros
    terms = replace(asked.terms, cap_micros=cap, daily_cap_micros=None if day is None else min(day, cap))
    return replace(asked, terms=terms)


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS, asking=ASKINGS, cap=CAPS)
def test_asking_for_less_never_turns_yes_into_no(
    asked: Ask, policy: Policy, budgets: list[Budget], asking: Asking, cap: int
) -> None:
    before, now = decide(asked, policy, budgets, asking), decide(smaller(asked, cap), policy, budgets, asking)
    if not isinstance(before, Refused):
        assert not isinstance(now, Refused)
    if isinstance(before, AutoApproved):
        assert now == before


STRICTNESS = [Rule.SMALL_ASK, Rule.PROJECT_LEAD, Rule.ONE_OWNER, Rule.TWO_OWNERS]


@given(asked=ASKS, policy=POLICIES, asking=ASKINGS, cap=CAPS)
def test_asking_for_less_never_meets_a_stricter_rule(asked: Ask, policy: Policy, asking: Asking, cap: int) -> None:
    before, now = decide(asked, policy, [], asking), decide(smaller(asked, cap), policy, [], asking)
    if not isinstance(before, Refused) and not isinstance(now, Refused):
        assert STRICTNESS.index(now.rule) <= STRICTNESS.index(before.rule)


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS, asking=ASKINGS)
def test_a_refusal_always_says_why_in_sentences_and_by_which_rule(
    asked: Ask, policy: Policy, budgets: list[Budget], asking: Asking
) -> None:
    decision = decide(asked, policy, budgets, asking)
    if isinstance(decision, Refused):
        assert decision.text.endswith(".")
        assert decision.text[0].isupper() or decision.text[0] in "`$"
        assert "\n" not in decision.text
        assert decision.rule in {*Rule, OWNERS_ONLY.name}


@given(asked=ASKS, policy=POLICIES, budgets=BUDGETS, asking=ASKINGS)
def test_named_every_yes_carries_its_rule(asked: Ask, policy: Policy, budgets: list[Budget], asking: Asking) -> None:
    cap = asked.terms.cap_micros
    match decide(asked, policy, budgets, asking):
        case AutoApproved(rule):
            assert rule is Rule.SMALL_ASK
            assert cap <= policy.auto_approve_micros
            assert asking.granted_micros + cap <= policy.small_asks_per_week_micros
            assert (asked.kind, asked.purpose) == (KeyKind.TEMPORARY, Purpose.ISSUE)
        case NeedsOwners(Rule.TWO_OWNERS, count):
            assert (cap >= policy.two_owners_from_micros, count) == (True, 2)
        case NeedsOwners(Rule.PROJECT_LEAD, count):
            assert asking.has_lead
            assert asked.purpose is not Purpose.RAISE
            assert (cap <= policy.lead_up_to_micros, count) == (True, 1)
        case NeedsOwners(rule, count):
            assert (rule, count) == (Rule.ONE_OWNER, 1)
            assert cap < policy.two_owners_from_micros
        case Refused():
            pass


@pytest.mark.parametrize(
    ("policy", "asked", "auto"),
    [
        (POLICY, ask(0.01), False),
        (SMALL, ask(50), True),
        (SMALL, ask(50.01), False),
        (replace(SMALL, auto_approve_per_week_micros=500 * USD), ask(50.01), False),
        (SMALL, ask(50, days=8), False),
        (replace(SMALL, auto_approve_seconds=8 * DAY_SECONDS), ask(50, days=8), True),
        (SMALL, ask(25, days=None, kind=KeyKind.MEMBER), False),
        (SMALL, ask(25, purpose=Purpose.EXTEND), False),
        (SMALL, ask(25, purpose=Purpose.RAISE, target=Target(Layer.TEAM, "team_1")), False),
    ],
)
def test_small_asks_inside_policy_need_nobody(policy: Policy, asked: Ask, auto: bool) -> None:
    assert isinstance(decide(asked, policy, [budget(500)]), AutoApproved) is auto


@pytest.mark.parametrize(
    ("week_usd", "granted_usd", "auto"),
    [(0, 0, True), (0, 25, True), (0, 25.01, False), (100, 75, True), (100, 75.01, False), (100, 100, False)],
)
def test_small_asks_stay_small_in_a_week(week_usd: float, granted_usd: float, auto: bool) -> None:
    policy = replace(SMALL, auto_approve_per_week_micros=round(week_usd * USD))
    decision = decide(ask(25), policy, [budget(500)], Asking(granted_micros=round(granted_usd * USD)))
    assert decision == (AutoApproved(Rule.SMALL_ASK) if auto else NeedsOwners(Rule.ONE_OWNER, 1))


@pytest.mark.parametrize(("usd", "count"), [(999.99, 1), (1000, 2), (5000, 2)])
def test_two_owners_exactly_from_the_threshold(usd: float, count: int) -> None:
    rule = Rule.TWO_OWNERS if count == 2 else Rule.ONE_OWNER
    assert owners_needed(round(usd * USD), POLICY) == NeedsOwners(rule, count)
    assert decide(ask(usd), POLICY, []) == NeedsOwners(rule, count)
    more = ask(usd, None, kind=None, purpose=Purpose.RAISE, target=Target(Layer.TEAM, "team_1"))
    assert decide(more, POLICY, []) == NeedsOwners(rule, count)


LED = replace(POLICY, lead_up_to_micros=100 * USD)


@pytest.mark.parametrize(
    ("usd", "has_lead", "rule"),
    [(100, True, Rule.PROJECT_LEAD), (100.01, True, Rule.ONE_OWNER), (100, False, Rule.ONE_OWNER)],
)
def test_a_projects_lead_will_do_up_to_an_amount(usd: float, has_lead: bool, rule: Rule) -> None:
    assert decide(ask(usd), LED, [], Asking(has_lead=has_lead)) == NeedsOwners(rule, 1)


def test_a_lead_decides_no_raise() -> None:
    more = ask(1, None, purpose=Purpose.RAISE, target=Target(Layer.KEY, "key_1"))
    assert decide(more, LED, [], Asking(has_lead=True)) == NeedsOwners(Rule.ONE_OWNER, 1)


def test_an_extension_asks_for_no_money() -> None:
    broke = [budget(0)]
    assert decide(ask(25, purpose=Purpose.EXTEND), POLICY, broke) == NeedsOwners(Rule.ONE_OWNER, 1)
    for purpose in (Purpose.ISSUE, Purpose.RAISE):
        refused = decide(ask(25, purpose=purpose), POLICY, broke)
        assert isinstance(refused, Refused)
        assert refused.because is Because.NO_HEADROOM


@pytest.mark.parametrize(
    ("layer", "name", "typed"),
    [
        (Layer.TEAM, "search", "/ai-budget raise $6 team reason"),
        (Layer.PROJECT, "reranker", "/ai-budget raise $6 project reranker reason"),
        (Layer.MEMBER, "<@U0ANA>", "/ai-budget raise $6 reason"),
    ],
)
def test_who_meets_an_empty_budget_reads_how_to_go_on(layer: Layer, name: str, typed: str) -> None:
    refused = decide(ask(25.50), POLICY, [budget(20, layer=layer, name=name)])
    assert isinstance(refused, Refused)
    whose = name if layer is Layer.MEMBER else f"{layer} {name}"
    assert refused.text == (
        f"Only $20 is left in {whose}'s budget of $20 until 1 December, and this asks for $25.50. "
        f"Ask for less, or for more budget first: `{typed}`."
    )


# --- an owner's yes ---


def said(owner: str, verdict: Verdict = Verdict.APPROVE, *, stands: bool = True) -> Approval:
    return Approval(owner, verdict, "", stands, NOON)


def yes(asked: Any, who: Decider | str = "U0OMAR", terms: Terms | None = None, **others: Any) -> Any:
    decider = Decider(who) if isinstance(who, str) else who
    values: dict[str, Any] = {"policy": POLICY, "budgets": RICH, **others}
    return judge_approval(asked, decider, terms or asked.terms, **values)


RICH = [budget(1_000_000)]
BIG = request(1500)
LEAD = Decider("U0BEN", is_only_lead=True)


def test_one_owner_is_enough_below_the_threshold() -> None:
    asked = request(25)
    assert yes(asked, "U0OMAR") == Agreed(asked.terms, Rule.ONE_OWNER)


def test_two_owners_agree_to_the_same_terms() -> None:
    first = yes(BIG, "U0OMAR")
    assert first == OneMore(BIG.terms, Rule.TWO_OWNERS, still_needed=1, needed=2)
    seconded = replace(BIG, approvals=(said("U0OMAR"),))
    assert yes(seconded, "U0OLGA") == Agreed(BIG.terms, Rule.TWO_OWNERS)


def test_the_same_owners_second_yes_counts_once() -> None:
    asked = replace(BIG, approvals=(said("U0OMAR"),))
    assert isinstance(yes(asked, "U0OMAR"), OneMore)


@pytest.mark.parametrize("word", [said("U0OLGA", stands=False), said("U0OLGA", Verdict.DENY)])
def test_only_a_standing_yes_counts(word: Approval) -> None:
    asked = replace(BIG, approvals=(word,))
    assert isinstance(yes(asked, "U0OMAR"), OneMore)


@given(terms=TERMS.filter(lambda terms: terms != BIG.terms))
def test_changing_the_terms_takes_back_every_earlier_yes(terms: Terms) -> None:
    asked = replace(BIG, approvals=(said("U0OLGA"), said("U0FAY")))
    judged = yes(asked, "U0OMAR", terms)
    if terms.cap_micros >= POLICY.two_owners_from_micros:
        assert isinstance(judged, OneMore | Refused)
    elif isinstance(judged, Agreed):
        assert judged.rule is Rule.ONE_OWNER


@given(cap=CAPS, owners=st.lists(st.sampled_from(["U0OMAR", "U0OLGA", "U0FAY"]), unique=True, max_size=3))
def test_agreement_takes_as_many_different_owners_as_the_rule_says(cap: int, owners: list[str]) -> None:
    asked = request(cap / USD, approvals=tuple(said(owner) for owner in owners))
    judged = yes(asked, "U0OMAR")
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
    refused = yes(asked, "U0OMAR", too_long)
    assert isinstance(refused, Refused)
    assert refused.because is Because.TIME_TOO_LONG
    refused = yes(asked, budgets=[budget(20)])
    assert isinstance(refused, Refused)
    assert refused.because is Because.NO_HEADROOM
    assert refused.text == (
        "Only $20 is left in team search's budget of $20 until 1 December, and this asks for $25. "
        "Approve with changes to a smaller cap, or deny."
    )
    refused = yes(asked, terms=Terms(25 * USD, 60, ("o9",)), asking=Asking(offered=("gpt-4o",)))
    assert isinstance(refused, Refused)
    assert refused.because is Because.MODEL_NOT_OFFERED


def test_agreeing_to_an_extension_needs_no_headroom_but_keeps_its_limits() -> None:
    asked = request(25, purpose=Purpose.EXTEND, extends_key_id="key_1")
    assert isinstance(yes(asked, budgets=[budget(0)]), Agreed)
    refused = yes(asked, "U0OMAR", Terms(25 * USD, 31 * DAY_SECONDS))
    assert isinstance(refused, Refused)
    assert refused.text == "The longest extension for a temporary key is 30 days."


# --- a lead's yes, and raises ---


def test_a_lead_alone_agrees_up_to_an_amount_and_no_further() -> None:
    assert yes(request(100), LEAD, policy=LED) == Agreed(request(100).terms, Rule.PROJECT_LEAD)
    refused = yes(request(100.01), LEAD, policy=LED)
    text = "As the project's lead you decide about its keys of up to $100. An owner has to decide this."
    assert refused == Refused(Because.NOT_ALLOWED, text, Rule.PROJECT_LEAD)
    smaller_cap = replace(request(500).terms, cap_micros=100 * USD)
    assert yes(request(500), LEAD, smaller_cap, policy=LED) == Agreed(smaller_cap, Rule.PROJECT_LEAD)


def test_a_lead_who_owns_the_team_agrees_as_an_owner() -> None:
    assert yes(request(100), Decider("U0BEN"), policy=LED).rule is Rule.ONE_OWNER


def test_no_lead_decides_a_raise() -> None:
    more = request(1, purpose=Purpose.RAISE, target=Target(Layer.KEY, "key_1"))
    refused = yes(more, LEAD, policy=LED)
    assert isinstance(refused, Refused)
    assert refused.rule is Rule.PROJECT_LEAD


@given(cap=CAPS, lead=CAPS, two=CAPS)
def test_no_lead_agrees_to_what_takes_two_owners(cap: int, lead: int, two: int) -> None:
    policy = replace(POLICY, lead_up_to_micros=min(lead, two - 1), two_owners_from_micros=two)
    judged = yes(request(cap / USD), LEAD, policy=policy)
    if isinstance(judged, Agreed):
        assert owners_needed(judged.terms.cap_micros, policy).count == 1


def raised(usd: float, layer: Layer = Layer.TEAM, **others: Any) -> Any:
    terms = Terms(round(usd * USD), None, ends_at=after(days=10))
    kind = KeyKind.TEMPORARY if layer is Layer.KEY else None
    values = {"kind": kind, "asked": terms, "terms": terms, "target": Target(layer, "x"), **others}
    return request(purpose=Purpose.RAISE, **values)


def test_a_raise_takes_owners_by_its_amount() -> None:
    small, large = raised(200), raised(1000)
    assert yes(small, budgets=[]) == Agreed(small.terms, Rule.ONE_OWNER)
    assert yes(large, budgets=[]) == OneMore(large.terms, Rule.TWO_OWNERS, 1, 2)
    seconded = replace(large, approvals=(said("U0OLGA"),))
    assert yes(seconded, budgets=[]) == Agreed(large.terms, Rule.TWO_OWNERS)


def test_a_changed_end_takes_back_every_earlier_yes() -> None:
    large = raised(1000, approvals=(said("U0OLGA"),))
    judged = yes(large, "U0OMAR", replace(large.terms, ends_at=after(days=5)), budgets=[])
    assert isinstance(judged, OneMore)


def test_a_raise_of_a_keys_cap_needs_room_above_it() -> None:
    refused = yes(raised(30, Layer.KEY), budgets=[budget(20)])
    assert isinstance(refused, Refused)
    assert refused.text.endswith("Approve with changes to a smaller amount, or deny.")
    assert isinstance(yes(raised(20, Layer.KEY), budgets=[budget(20)]), Agreed)


def test_who_changes_the_models_must_be_let_ask_for_them() -> None:
    shut = replace(POLICY, ask_rules=(AskRule("no-o9", Who.NOBODY, models=("o9",)),))
    asked = request(25)
    o9 = replace(asked.terms, models=("o9",))
    refused = yes(asked, terms=o9, policy=shut, asking=Asking(standing=Who.OWNERS))
    assert isinstance(refused, Refused)
    assert refused.rule == "no-o9"
    owners = replace(POLICY, ask_rules=(OWNERS_ONLY,))
    assert isinstance(yes(asked, terms=o9, policy=owners, asking=Asking(standing=Who.OWNERS)), Agreed)


def test_what_is_agreed_to_still_has_what_its_kind_must_have() -> None:
    terms = Terms(200 * USD, None, daily_cap_micros=10 * USD)
    named: dict[str, Any] = {
        "kind": KeyKind.AUTOMATION,
        "name": "nightly-evals",
        "lead_id": "U0BEN",
        "asked": terms,
        "terms": terms,
    }
    asked = request(**named)
    assert isinstance(yes(asked), Agreed)
    refused = yes(asked, terms=replace(terms, cap_micros=9 * USD))
    assert isinstance(refused, Refused)
    assert refused.text.startswith("$10 a day is more than $9 a month")


def test_a_request_stands_for_the_ask_it_was_made_of() -> None:
    asked = raised(5, Layer.KEY, extends_key_id="key_1", name="evals", project_id="project_1", lead_id="U0BEN")
    found = as_ask(asked, asked.terms)
    assert (found.kind, found.purpose, found.target) == (asked.kind, Purpose.RAISE, asked.target)
    assert (found.name, found.project, found.lead_id) == ("evals", "project_1", "U0BEN")
    assert found.extends_key_id == "key_1"
