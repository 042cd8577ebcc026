"""Who may ask for what, what each kind must have, and what no ask may go past: each refusal says what to do instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.allowing import Asking, end_refused, may_ask, within_headroom, within_limits
from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import AskRule, KindPolicy, Policy, Who
from bot.domain.requests import Ask, Because, Purpose, Refused, Target, Terms
from bot.domain.rules import Rule, rule_text
from tests.domain.kit import NOON, USD, after, ask, budget

POLICY = Policy()
TIGHT = replace(
    POLICY,
    kinds={
        **POLICY.kinds,
        KeyKind.TEMPORARY: KindPolicy(100 * USD, 7 * DAY_SECONDS, 30 * DAY_SECONDS),
        KeyKind.PROJECT: KindPolicy(300 * USD),
    },
)


def project(usd: float = 200, **others: Any) -> Ask:
    values = {"name": "reranker", "project": "reranker", "lead_id": "U0BEN", **others}
    return ask(usd, others.pop("days", None), kind=KeyKind.PROJECT, **values)


def automation(usd: float = 200, day_usd: float | None = 10, **others: Any) -> Ask:
    values = {"name": "nightly-evals", "lead_id": "U0BEN", **others}
    made = ask(usd, None, kind=KeyKind.AUTOMATION, **values)
    return replace(made, terms=replace(made.terms, daily_cap_micros=None if day_usd is None else round(day_usd * USD)))


def timed(asked: Ask, days: int) -> Ask:
    return replace(asked, terms=replace(asked.terms, duration_seconds=days * DAY_SECONDS))


# --- limits and must-haves ---

LIMITS = [
    (
        TIGHT,
        ask(100.01),
        Because.CAP_TOO_LARGE,
        Rule.LARGEST_CAP,
        "The largest cap for a temporary key is $100: `/ai-key $100 7d what it is for`.",
    ),
    (
        TIGHT,
        project(300.01),
        Because.CAP_TOO_LARGE,
        Rule.LARGEST_CAP,
        "The largest cap for a project key is $300: `/ai-key project search $300 what it is for`.",
    ),
    (
        POLICY,
        automation(500.01),
        Because.CAP_TOO_LARGE,
        Rule.LARGEST_CAP,
        "The largest cap for an automation key is $500: `/ai-key automation nightly-evals $500 $25/day @lead reason`.",
    ),
    (
        POLICY,
        automation(500, 50.01),
        Because.WRONG_DAILY_CAP,
        Rule.LARGEST_DAILY_CAP,
        "The largest cap per day for an automation key is $50.",
    ),
    (
        TIGHT,
        ask(25, days=31),
        Because.TIME_TOO_LONG,
        Rule.LONGEST_TIME,
        "The longest time for a temporary key is 30 days.",
    ),
    (
        TIGHT,
        ask(25, days=31, purpose=Purpose.EXTEND),
        Because.TIME_TOO_LONG,
        Rule.LONGEST_TIME,
        "The longest extension for a temporary key is 30 days.",
    ),
    (
        POLICY,
        ask(50, days=7, kind=KeyKind.MEMBER),
        Because.TIME_TOO_LONG,
        Rule.MUST_HAVES,
        "A member key does not end by itself. Leave out the time: `/ai-key member $50`.",
    ),
    (
        POLICY,
        timed(project(), 7),
        Because.TIME_TOO_LONG,
        Rule.MUST_HAVES,
        "A project key does not end by itself. Leave out the time: `/ai-key project reranker $200 what it is for`.",
    ),
    (
        POLICY,
        timed(automation(), 7),
        Because.TIME_TOO_LONG,
        Rule.MUST_HAVES,
        (
            "An automation key does not end by itself. Leave out the time: "
            "`/ai-key automation nightly-evals $200 $10/day @lead reason`."
        ),
    ),
    (
        POLICY,
        project(name="", project=""),
        Because.WRONG_NAME,
        Rule.MUST_HAVES,
        "Say which project the key is for: `/ai-key project search $200 what it is for`.",
    ),
    (
        POLICY,
        project(lead_id=None),
        Because.WRONG_LEAD,
        Rule.MUST_HAVES,
        "A project key needs a lead, who answers for it: `/ai-key project reranker $200 @lead what it is for`.",
    ),
    (
        POLICY,
        automation(lead_id=None),
        Because.WRONG_LEAD,
        Rule.MUST_HAVES,
        (
            "An automation key needs a lead, who answers for it: "
            "`/ai-key automation nightly-evals $200 $10/day @lead reason`."
        ),
    ),
    (
        POLICY,
        automation(day_usd=None),
        Because.WRONG_DAILY_CAP,
        Rule.MUST_HAVES,
        "An automation key needs a cap per day as well: `/ai-key automation nightly-evals $200 $10/day @lead reason`.",
    ),
    (
        POLICY,
        automation(40, 40.01),
        Because.WRONG_DAILY_CAP,
        Rule.MUST_HAVES,
        "$40.01 a day is more than $40 a month: `/ai-key automation nightly-evals $40 $2/day @lead reason`.",
    ),
    (
        POLICY,
        replace(ask(), terms=Terms(25 * USD, 60, daily_cap_micros=USD)),
        Because.WRONG_DAILY_CAP,
        Rule.MUST_HAVES,
        "Only automation keys have a cap per day. Leave it out: `/ai-key $25 7d what it is for`.",
    ),
    (
        replace(POLICY, kinds={KeyKind.MEMBER: KindPolicy()}),
        ask(),
        Because.KIND_NOT_OFFERED,
        Rule.OFFERED_KINDS,
        "Temporary keys are not offered here. There is: member.",
    ),
    (
        replace(POLICY, models=("gpt-3",)),
        ask(models=("gpt-4o",)),
        Because.MODEL_NOT_OFFERED,
        Rule.OFFERED_MODELS,
        "`gpt-4o` is not offered. There is: `gpt-3`.",
    ),
]


@pytest.mark.parametrize(("policy", "asked", "because", "rule", "text"), LIMITS)
def test_limits_are_said_with_what_to_type_instead(
    policy: Policy, asked: Ask, because: Because, rule: Rule, text: str
) -> None:
    assert within_limits(asked, policy, Asking(offered=("gpt-4o",))) == Refused(because, text, rule)


@pytest.mark.parametrize("name", ["", "Nightly", "a b", "-x", "x" * 25, "sk-evals", "sk"])
def test_an_automation_keys_name_can_start_a_label(name: str) -> None:
    refused = within_limits(automation(name=name), POLICY)
    assert refused is not None
    assert refused.because is Because.WRONG_NAME
    assert refused.text == (
        "An automation key needs a name of 1 to 24 of a-z, 0-9 and hyphens, which its label starts with: "
        "`/ai-key automation nightly-evals $200 $10/day @lead reason`."
    )


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        (TIGHT, ask(100)),
        (TIGHT, ask(25, days=30)),
        (POLICY, ask(25, days=None)),
        (POLICY, ask(MAX_MICROS / USD, days=None, kind=KeyKind.MEMBER)),
        (POLICY, ask(models=("anything",))),
        (replace(POLICY, kinds={KeyKind.TEMPORARY: KindPolicy(default_seconds=60)}), ask(25, days=3000)),
        (TIGHT, project(300)),
        (POLICY, automation(500, 50)),
        (POLICY, automation(50, 50)),
        (POLICY, automation(name="x" * 24)),
        (POLICY, ask(25, project="reranker")),
    ],
)
def test_what_is_within_limits(policy: Policy, asked: Ask) -> None:
    assert within_limits(asked, policy) is None


def test_models_are_checked_where_they_are_known() -> None:
    asked = ask(models=("o9", "gpt-4o"))
    text = "`o9` is not offered. There is: `gpt-3`, `gpt-4o`."
    known = Asking(offered=("gpt-4o", "gpt-3"))
    assert within_limits(asked, POLICY, known) == Refused(Because.MODEL_NOT_OFFERED, text, Rule.OFFERED_MODELS)
    assert within_limits(ask(models=("gpt-4o",)), POLICY, known) is None


@pytest.mark.parametrize("name", ["*", "openai/*", "gpt-*-mini", "all-models"])
@pytest.mark.parametrize("offered", [(), ("*",), ("openai/*",), ("all-models", "gpt-*-mini")])
def test_a_name_that_stands_for_many_models_is_refused_wherever_it_comes_from(
    name: str, offered: tuple[str, ...]
) -> None:
    asking = Asking(offered=offered, model_groups=("all-models",))
    refused = within_limits(ask(models=("gpt-4o", name)), POLICY, asking)
    assert refused is not None
    assert (refused.because, refused.rule) == (Because.MODEL_NOT_OFFERED, Rule.OFFERED_MODELS)
    assert within_limits(ask(models=(name,), purpose=Purpose.EXTEND), POLICY, replace(asking, offered=())) is None


def test_a_pattern_that_is_offered_offers_each_model_it_fits() -> None:
    asking = Asking(offered=("openai/*", "small"))
    assert within_limits(ask(models=("openai/gpt-4o", "small")), POLICY, asking) is None
    refused = within_limits(ask(models=("mistral/large",)), POLICY, asking)
    assert refused is not None
    assert refused.text == "`mistral/large` is not offered. There is: `openai/*`, `small`."


def test_a_long_list_of_models_is_cut() -> None:
    refused = within_limits(ask(models=("zz",)), POLICY, Asking(offered=tuple(f"m{n:02d}" for n in range(30))))
    assert refused is not None
    assert refused.text.count("`m") == 20
    assert refused.text.endswith("`m18`, `m19`.")


# --- raises ---


def more(usd: float, layer: Layer, kind: KeyKind | None = None) -> Ask:
    terms = Terms(round(usd * USD), None, ends_at=after(days=10))
    return Ask(kind, terms, "launch", Purpose.RAISE, target=Target(layer, "x"))


@pytest.mark.parametrize(
    ("asked", "stands", "month", "text"),
    [
        (
            more(51, Layer.KEY, KeyKind.TEMPORARY),
            50,
            None,
            "The largest cap for a temporary key is $100, and this makes it $101.",
        ),
        (
            more(11, Layer.AUTOMATION, KeyKind.AUTOMATION),
            40,
            500,
            "The largest cap per day for an automation key is $50, and this makes it $51.",
        ),
        (
            more(11, Layer.AUTOMATION, KeyKind.AUTOMATION),
            30,
            40,
            "$41 a day is more than the key has a month, $40. Raise that first.",
        ),
        (more(2, Layer.TEAM), 999_999, None, "The largest limit is $1,000,000, and this makes it $1,000,001."),
    ],
)
def test_a_raised_limit_stays_within_policy(asked: Ask, stands: float, month: float | None, text: str) -> None:
    asking = Asking(limit=budget(stands), month_micros=None if month is None else round(month * USD))
    refused = within_limits(asked, TIGHT, asking)
    assert refused is not None
    assert refused.text == text
    less = replace(asked, terms=replace(asked.terms, cap_micros=asked.terms.cap_micros - USD))
    assert within_limits(less, TIGHT, asking) is None


def test_a_raise_of_a_budget_knows_no_kind() -> None:
    assert within_limits(more(5000, Layer.PROJECT), TIGHT, Asking(limit=budget(100))) is None


@pytest.mark.parametrize(
    ("ends_at", "says"),
    [
        (None, "A raise ends on a day to come"),
        (NOON, "A raise ends on a day to come"),
        (after(seconds=1), None),
        (after(days=366), None),
        (after(days=366, seconds=1), "A raise ends within a year, by 2027-11-20 at the latest"),
    ],
)
def test_a_raise_ends_within_a_year(ends_at: datetime | None, says: str | None) -> None:
    refused = end_refused(ends_at, NOON)
    assert (refused is None) is (says is None)
    if refused is not None and says is not None:
        assert refused.text == f"{says}: `/ai-budget raise $200 team until 2026-12-15 reason`."
        assert (refused.because, refused.rule) == (Because.WRONG_END, Rule.RAISE_ENDS)


# --- headroom ---


def test_headroom_is_respected_to_the_micro_and_the_tightest_is_named() -> None:
    budgets = [budget(500, name="search"), budget(100, spent=60, committed=15, layer=Layer.PROJECT, name="reranker")]
    assert within_headroom(25 * USD, budgets) is None
    assert within_headroom(25 * USD + 1, []) is None
    text = "Only $25 is left in project reranker's budget of $100 until 1 December, and this asks for $26."
    assert within_headroom(26 * USD, budgets) == Refused(Because.NO_HEADROOM, text, Rule.HEADROOM)
    assert isinstance(within_headroom(25 * USD + 1, budgets), Refused)


def test_an_overspent_budget_has_nothing_left() -> None:
    refused = within_headroom(1, [budget(100, spent=130)])
    assert refused is not None
    assert refused.text.startswith("Only $0 is left in team search's budget of $100")


# --- who may ask ---

OPUS = AskRule("no-opus", Who.OWNERS, models=("opus*",))
LED = AskRule("leads-automate", Who.LEADS, kinds=(KeyKind.AUTOMATION,))
SHUT = AskRule("ads-is-shut", Who.NOBODY, teams=("ads",))
RULED = replace(POLICY, ask_rules=(SHUT, OPUS, LED))


def named(asked: Ask, who: Who = Who.MEMBERS, team: str = "search", policy: Policy = RULED) -> str:
    """The rule that refuses, or nothing."""
    refused = may_ask(asked, policy, Asking(team=team, gateway="litellm", standing=who))
    return "" if refused is None else refused.rule


@pytest.mark.parametrize(
    ("asked", "who", "rule"),
    [
        (ask(models=("gpt",)), Who.MEMBERS, ""),
        (ask(models=("gpt", "opus-4")), Who.MEMBERS, "no-opus"),
        (ask(models=("opus-4",)), Who.LEADS, "no-opus"),
        (ask(models=("opus-4",)), Who.OWNERS, ""),
        (ask(), Who.MEMBERS, "no-opus"),
        (ask(), Who.OWNERS, ""),
        (automation(models=("gpt",)), Who.MEMBERS, "leads-automate"),
        (automation(models=("gpt",)), Who.LEADS, ""),
        (automation(), Who.LEADS, "no-opus"),
        (ask(models=("opus-4",), purpose=Purpose.EXTEND), Who.MEMBERS, "no-opus"),
        (more(10, Layer.TEAM), Who.MEMBERS, ""),
    ],
)
def test_the_rule_that_refuses_is_named(asked: Ask, who: Who, rule: str) -> None:
    assert named(asked, who) == rule


@pytest.mark.parametrize("who", list(Who))
def test_where_nobody_may_ask_nobody_may(who: Who) -> None:
    assert named(ask(models=("gpt",)), who, team="ads") == ("ads-is-shut" if who is not Who.NOBODY else "")


def test_a_permissive_rule_about_one_model_lets_no_other_through() -> None:
    free = AskRule("gpt-for-all", Who.MEMBERS, models=("gpt*",))
    policy = replace(POLICY, ask_rules=(free, OPUS))
    assert named(ask(models=("gpt-4o",)), policy=policy) == ""
    assert named(ask(models=("gpt-4o", "opus-4")), policy=policy) == "no-opus"
    assert named(ask(), policy=policy) == "no-opus", "no list of models means all of them"


def test_the_first_rule_that_fits_decides() -> None:
    wide = AskRule("owners-only", Who.OWNERS)
    free = AskRule("gpt-for-all", Who.MEMBERS, models=("gpt*",))
    assert named(ask(models=("gpt-4o",)), policy=replace(POLICY, ask_rules=(free, wide))) == ""
    assert named(ask(models=("gpt-4o",)), policy=replace(POLICY, ask_rules=(wide, free))) == "owners-only"


def test_a_rule_can_be_about_a_gateway() -> None:
    policy = replace(POLICY, ask_rules=(AskRule("not-there", Who.NOBODY, gateways=("openrouter",)),))
    assert named(ask(), policy=policy) == ""
    assert may_ask(ask(), policy, Asking(gateway="openrouter")) is not None


@pytest.mark.parametrize(
    ("rule", "asked", "text"),
    [
        (
            OPUS,
            ask(models=("opus-4",)),
            (
                "By the rule `no-opus`, only owners of the team ask for keys for `opus*` here. "
                "Ask for other models: `/ai-key $25 7d models=NAME,NAME reason`."
            ),
        ),
        (
            OPUS,
            ask(),
            (
                "By the rule `no-opus`, only owners of the team ask for keys for `opus*` here. "
                "A key without a list of models is for all of them: `/ai-key $25 7d models=NAME,NAME reason`."
            ),
        ),
        (
            LED,
            automation(),
            (
                "By the rule `leads-automate`, only leads of the team's projects and owners ask for automation keys "
                "here. Ask one of them."
            ),
        ),
        (replace(SHUT, teams=()), ask(), "By the rule `ads-is-shut`, nobody asks for temporary keys here."),
    ],
)
def test_a_rule_is_told_with_its_name_and_a_way_on(rule: AskRule, asked: Ask, text: str) -> None:
    assert may_ask(asked, replace(POLICY, ask_rules=(rule,)), Asking()) == Refused(Because.NOT_ALLOWED, text, rule.name)


PATTERNS = st.lists(st.sampled_from(["a*", "b", "*"]), max_size=2).map(tuple)
RULES = st.lists(
    st.builds(
        AskRule,
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(Who),
        kinds=st.lists(st.sampled_from(KeyKind), max_size=2).map(tuple),
        models=PATTERNS,
    ),
    max_size=4,
).map(tuple)
MODELS = st.lists(st.sampled_from(["a1", "a2", "b", "c"]), min_size=1, max_size=3, unique=True).map(tuple)


@given(rules=RULES, models=MODELS, who=st.sampled_from([Who.MEMBERS, Who.LEADS, Who.OWNERS]))
def test_who_may_ask_for_all_models_may_ask_for_each(
    rules: tuple[AskRule, ...], models: tuple[str, ...], who: Who
) -> None:
    policy = replace(POLICY, ask_rules=rules)
    alone = [named(ask(models=(model,)), who, policy=policy) for model in models]
    together = named(ask(models=models), who, policy=policy)
    assert bool(together) is any(alone), "together they are as allowed as each of them"
    if not named(ask(), who, policy=policy):
        assert not together


@given(rules=RULES, models=MODELS)
def test_who_stands_higher_may_ask_for_no_less(rules: tuple[AskRule, ...], models: tuple[str, ...]) -> None:
    policy = replace(POLICY, ask_rules=rules)
    refused = [bool(named(ask(models=models), who, policy=policy)) for who in (Who.MEMBERS, Who.LEADS, Who.OWNERS)]
    assert refused == sorted(refused, reverse=True)


# --- the rules in words ---


def test_the_rules_in_words() -> None:
    policy = replace(POLICY, auto_approve_micros=50 * USD, lead_up_to_micros=80 * USD)
    assert rule_text(Rule.SMALL_ASK, policy) == (
        "temporary keys of up to $50 for up to 7 days need no owner, up to $50 a person and week"
    )
    assert rule_text(Rule.PROJECT_LEAD, policy) == "up to $80, the project's lead or an owner has to agree"
    assert rule_text(Rule.ONE_OWNER, policy) == "an owner has to agree"
    assert rule_text(Rule.TWO_OWNERS, policy) == "from $1,000 on, two owners have to agree"
    assert all(rule_text(rule, policy) for rule in Rule)


def test_the_month_of_a_limit_ends_when_people_are_told() -> None:
    """The moment in a refusal is the budget's own reset moment."""
    refused = within_headroom(600 * USD, [budget(500, resets_at=datetime(2027, 1, 1, tzinfo=UTC))])
    assert refused is not None
    assert "until 1 January" in refused.text
