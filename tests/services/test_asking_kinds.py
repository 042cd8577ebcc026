"""Keys of all four kinds: what each must have, what their names mean, and what becomes of them at the gateway."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind
from bot.domain.policy import AskRule, KindPolicy, Who
from bot.domain.requests import Ask, Because, Refused, RequestState, Terms
from bot.gateways.base import CapPeriod
from bot.services import approvals, requests, revealing, teams
from bot.services.facts import request_now
from bot.services.people import Freshness, identify
from bot.services.requests import Drafted, Duplicate, Place, Sent
from bot.services.revealing import Shown
from tests.company import ANA, BEN, EVE, OLGA, OMAR, WORKSPACE, Company
from tests.services.kit import (
    CHANNEL,
    USD,
    add_project,
    ask,
    automation_wanted,
    choose,
    granted,
    held,
    key,
    project_wanted,
    refusal,
    request,
    set_budget,
    wanted,
)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    add_project(company_anywhere)
    return company_anywhere


def asking(company: Company, what: Ask, who: object = ANA) -> requests.Outcome:
    return requests.ask(company.purser, company.actor(who), Place(CHANNEL), what)  # type: ignore[arg-type]


def record_of(company: Company, made: Key) -> tuple[int | None, CapPeriod, int | None]:
    """The cap, its period and the cap per day that the gateway itself holds."""
    handle = key(company, made.id).handle
    assert handle is not None
    seen = company.gateway.held[handle]
    return seen.cap_micros, seen.cap_period, seen.daily_cap_micros


# --- what becomes of each kind ---


def test_a_project_key_is_the_projects_and_led_by_its_lead(company: Company) -> None:
    made = held(company, ANA, project_wanted(50))
    assert made.label.startswith("reranker-")
    assert (made.holder_id, made.lead_id, made.kind) == (ANA.id, BEN.id, KeyKind.PROJECT)
    assert made.project_id == "project_1"
    assert (made.cap_period, made.expires_at) == (CapPeriod.MONTH, None)
    assert record_of(company, made) == (50 * USD, CapPeriod.MONTH, None)


def test_an_automation_key_has_a_day_and_a_lead_of_its_own(company: Company) -> None:
    made = held(company, ANA, automation_wanted(100, 5, project="reranker"))
    assert made.label.startswith("nightly-evals-")
    assert (made.lead_id, made.project_id, made.daily_cap_micros) == (BEN.id, "project_1", 5 * USD)
    assert record_of(company, made) == (100 * USD, CapPeriod.MONTH, 5 * USD)


def test_temporary_and_member_keys_stay_their_holders(company: Company) -> None:
    temporary = held(company, ANA, replace(wanted(25), project="reranker", name="ignored", lead_id=BEN.id))
    member = held(company, ANA, wanted(50, None, kind=KeyKind.MEMBER))
    assert temporary.label.startswith("ana-")
    assert (temporary.project_id, temporary.lead_id) == ("project_1", None)
    assert record_of(company, temporary) == (25 * USD, CapPeriod.TOTAL, None)
    assert (member.label[:4], member.project_id) == ("ana-", None)
    assert record_of(company, member) == (50 * USD, CapPeriod.MONTH, None)


def test_honest_a_gateway_without_a_cap_per_day_is_said_before_approval(company: Company) -> None:
    company.gateway.capabilities = replace(company.gateway.capabilities, daily_cap=False)
    says = "The gateway has no cap per day; Purser counts the day itself and stops the key when it is used up."
    request_id = ask(company, ANA, automation_wanted())
    facts = request_now(company.purser, request_id)
    assert facts is not None
    assert says in facts.gateway.limits
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    shown = revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)
    assert isinstance(shown, Shown)
    assert (shown.key.daily_cap_micros, record_of(company, shown.key)[2]) == (5 * USD, None)
    assert says in company.shown[-1].gateway.limits
    other = request_now(company.purser, ask(company, ANA, project_wanted()))
    assert other is not None
    assert says not in other.gateway.limits


def test_a_gateway_that_sets_no_cap_per_day_although_it_can_gets_its_key_back(company: Company) -> None:
    request_id = granted(company, ANA, automation_wanted())
    issue = company.gateway.issue
    company.gateway.issue = lambda spec: issue(replace(spec, daily_cap_micros=None))  # type: ignore[method-assign]
    refused = refusal(revealing.reveal(company.purser, company.actor(ANA), request_id, company.show))
    assert "did not set the cap per day that was agreed" in refused.text
    assert company.gateway.on() == []


def test_a_long_project_name_still_makes_a_label_that_can_be_typed(company: Company) -> None:
    add_project(company, "x" * 40)
    made = held(company, ANA, project_wanted(10, "x" * 40))
    assert made.label.startswith("x" * 24 + "-")
    assert len(made.label) <= 30


def test_what_only_a_project_is_charged_to_leaves_the_persons_own_budget_alone(company: Company) -> None:
    set_budget(company, Layer.MEMBER, ANA.id, 10)
    sent = asking(company, project_wanted(50))
    assert isinstance(sent, Sent)
    assert [each.layer for each in sent.facts.budgets] == [Layer.TEAM, Layer.PROJECT]
    refused = refusal(asking(company, wanted(50)))
    assert refused.text == (
        "Only $10 is left in <@U0ANA>'s budget of $10 until 1 December, and this asks for $50. "
        "Ask for less, or for more budget first: `/ai-budget raise $40 reason`."
    )


def test_everybody_has_the_budget_that_policy_gives_where_no_owner_set_one(company: Company) -> None:
    choose(company, member_budget_micros=30 * USD)
    assert refusal(asking(company, wanted(31))).because is Because.NO_HEADROOM
    set_budget(company, Layer.MEMBER, ANA.id, 40)
    assert isinstance(asking(company, wanted(31)), Sent)
    assert refusal(asking(company, wanted(31), BEN)).because is Because.NO_HEADROOM


# --- names ---

MISSING = [
    (
        project_wanted(name="search-api"),
        Because.WRONG_NAME,
        "Team search has no such project. There is: `ads`, `reranker`.",
    ),
    (
        replace(wanted(), project="nothing"),
        Because.WRONG_NAME,
        "Team search has no such project. There is: `ads`, `reranker`.",
    ),
    (
        project_wanted(name="ads", project="reranker"),
        Because.WRONG_NAME,
        (
            "A project key is charged to its own project. Leave out `project=`: "
            "`/ai-key project ads $50 what it is for`."
        ),
    ),
    (
        project_wanted(name=""),
        Because.WRONG_NAME,
        "Say which project the key is for: `/ai-key project search $50 what it is for`.",
    ),
    (
        automation_wanted(lead=None),
        Because.WRONG_LEAD,
        (
            "An automation key needs a lead, who answers for it: "
            "`/ai-key automation nightly-evals $100 $5/day @lead reason`."
        ),
    ),
    (
        automation_wanted(lead=EVE),
        Because.WRONG_LEAD,
        (
            "<@U0EVE> is not in team search, so cannot answer for this key. Name somebody who is: "
            "`/ai-key automation nightly-evals $100 $5/day @lead reason`."
        ),
    ),
    (
        project_wanted(lead_id=EVE.id),
        Because.WRONG_LEAD,
        (
            "<@U0EVE> is not in team search, so cannot answer for this key. Name somebody who is: "
            "`/ai-key project reranker $50 @lead what it is for`."
        ),
    ),
]


@pytest.mark.parametrize(("what", "because", "text"), MISSING)
def test_a_name_that_means_nothing_here_is_answered_with_those_that_do(
    company: Company, what: Ask, because: Because, text: str
) -> None:
    add_project(company, "ads")
    refused = refusal(asking(company, what))
    assert (refused.because, refused.text) == (because, text)


def test_a_team_without_projects_reads_how_to_get_one(company: Company) -> None:
    teams.create(company.purser, company.actor(OLGA), "C0ADS", "ads", 100 * USD)
    refused = refusal(requests.ask(company.purser, company.actor(OLGA), Place("C0ADS"), project_wanted()))
    assert refused.text == ("Team ads has no projects yet. An owner adds one: `/ai-team project search $200 @lead`.")


def test_a_projects_name_is_read_in_any_case(company: Company) -> None:
    assert isinstance(asking(company, project_wanted(name="ReRanker")), Sent)


def test_a_lead_who_left_the_team_leads_no_new_key(company: Company) -> None:
    waiting = ask(company, ANA, project_wanted())
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    refused = refusal(asking(company, project_wanted(reason="another")))
    assert refused.text == (
        "<@U0BEN>, who leads reranker, is not in team search, so cannot answer for this key. Name somebody who is: "
        "`/ai-key project reranker $50 @lead what it is for`."
    )
    refused = refusal(approvals.approve(company.purser, company.actor(OMAR), waiting))
    assert refused.because is Because.WRONG_LEAD
    assert isinstance(asking(company, project_wanted(lead_id=ANA.id, reason="another")), Sent)


def test_a_lead_who_left_the_workspace_leads_no_new_key(company: Company) -> None:
    gone = company.directory.change(BEN.id, is_departed=True)
    identify(company.purser, gone.id, WORKSPACE, "d", Freshness.NOW)
    assert refusal(asking(company, automation_wanted())).because is Because.WRONG_LEAD


# --- drafts ---


@pytest.mark.parametrize(
    "what", [project_wanted(), automation_wanted(project="reranker"), replace(wanted(), project="reranker")]
)
def test_a_draft_is_sent_as_it_stood(company: Company, what: Ask) -> None:
    drafted = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), what, draft=True)
    assert isinstance(drafted, Drafted)
    assert [each.layer for each in drafted.facts.budgets][:2] == [Layer.TEAM, Layer.PROJECT]
    sent = requests.send_draft(company.purser, company.actor(ANA), drafted.facts.request.id)
    assert isinstance(sent, Sent)
    before, after = drafted.facts.request, sent.facts.request
    assert (after.name, after.lead_id, after.project_id) == (before.name, before.lead_id, "project_1")
    assert (after.state, after.terms) == (RequestState.WAITING, before.terms)


def test_the_form_offers_the_projects_of_the_askers_teams(company: Company) -> None:
    add_project(company, "ads")
    facts = requests.form(company.purser, company.actor(ANA), CHANNEL)
    assert not isinstance(facts, Refused)
    assert [(project.name, project.lead_id) for project in facts.projects] == [("ads", BEN.id), ("reranker", BEN.id)]


# --- what one holds already ---


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (project_wanted(50), project_wanted(30, reason="more of it")),
        (automation_wanted(100), automation_wanted(50, project="reranker")),
    ],
)
def test_a_second_key_of_the_same_name_becomes_a_question(company: Company, first: Ask, second: Ask) -> None:
    made = held(company, ANA, first)
    outcome = asking(company, second)
    assert isinstance(outcome, Duplicate)
    assert outcome.holds.key.id == made.id
    assert isinstance(asking(company, second, OMAR), Sent), "somebody else holds none"
    anyway = requests.send_draft(company.purser, company.actor(ANA), outcome.facts.request.id)
    assert isinstance(anyway, Sent)


def test_keys_of_other_names_are_other_keys(company: Company) -> None:
    held(company, ANA, automation_wanted(50))
    held(company, ANA, project_wanted(50))
    assert isinstance(asking(company, automation_wanted(50, name="weekly-evals")), Sent)
    add_project(company, "ads")
    assert isinstance(asking(company, project_wanted(50, "ads")), Sent)


def test_the_very_same_ask_twice_is_one(company: Company) -> None:
    ask(company, ANA, automation_wanted())
    refused = refusal(asking(company, automation_wanted()))
    assert refused.text == "You have asked for this already, and owners have been told. Nothing to do."
    assert isinstance(asking(company, automation_wanted(name="weekly-evals")), Sent)


# --- rules of the installation ---


def test_who_may_ask_for_what_is_a_named_rule(company: Company) -> None:
    led = AskRule("leads-automate", Who.LEADS, teams=("search",), kinds=(KeyKind.AUTOMATION,), gateways=("memory",))
    choose(company, ask_rules=(led,))
    refused = refusal(asking(company, automation_wanted()))
    assert (refused.because, refused.rule) == (Because.NOT_ALLOWED, "leads-automate")
    assert "`leads-automate`" in refused.text
    assert isinstance(asking(company, automation_wanted(), BEN), Sent), "Ben leads a project"
    assert isinstance(asking(company, automation_wanted(), OMAR), Sent), "Omar owns the team"
    assert isinstance(asking(company, wanted()), Sent)


def test_a_rule_about_another_team_is_not_about_this_one(company: Company) -> None:
    choose(company, ask_rules=(AskRule("shut", Who.NOBODY, teams=("ads",)),))
    assert isinstance(asking(company, wanted()), Sent)


def test_an_ask_rule_that_comes_in_between_stops_a_draft(company: Company) -> None:
    drafted = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), wanted(), draft=True)
    assert isinstance(drafted, Drafted)
    choose(company, ask_rules=(AskRule("shut", Who.NOBODY),))
    assert refusal(requests.send_draft(company.purser, company.actor(ANA), drafted.facts.request.id)).rule == "shut"


def test_a_kind_has_the_caps_that_policy_gives_it(company: Company) -> None:
    kinds = company.purser.policy.kinds
    choose(company, kinds={**kinds, KeyKind.AUTOMATION: KindPolicy(80 * USD, largest_daily_cap_micros=4 * USD)})
    assert refusal(asking(company, automation_wanted(81, 4))).rule == "largest-cap"
    assert refusal(asking(company, automation_wanted(80, 4.01))).rule == "largest-daily-cap"
    request_id = ask(company, ANA, automation_wanted(80, 4))
    more = approvals.Changes(daily_cap_micros=5 * USD)
    assert refusal(approvals.approve(company.purser, company.actor(OMAR), request_id, more)).rule == "largest-daily-cap"
    less = approvals.Changes(cap_micros=40 * USD, daily_cap_micros=2 * USD)
    approvals.approve(company.purser, company.actor(OMAR), request_id, less)
    found = request(company, request_id)
    assert found.state is RequestState.APPROVED
    assert found.terms == Terms(40 * USD, None, daily_cap_micros=2 * USD)


def test_the_team_reads_its_policy(company: Company) -> None:
    here, nowhere = (teams.policy(company.purser, channel) for channel in (CHANNEL, "C0NOWHERE"))
    assert (here.policy, nowhere.policy) == (company.purser.policy, company.purser.policy)
    assert here.team is not None
    assert (here.team.name, nowhere.team) == ("search", None)


def test_what_is_asked_for_is_said_with_every_limit_it_would_be_under(company: Company) -> None:
    set_budget(company, Layer.MEMBER, ANA.id, 60)
    sent = asking(company, replace(wanted(25), project="reranker"))
    assert isinstance(sent, Sent)
    assert [(each.layer, each.headroom_micros) for each in sent.facts.budgets] == [
        (Layer.TEAM, 500 * USD),
        (Layer.PROJECT, 200 * USD),
        (Layer.MEMBER, 60 * USD),
    ]
