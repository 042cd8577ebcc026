"""What `/ai-budget` shows: every limit that binds a person, how fresh it is, and what waits for their word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import BudgetFacts
from bot.domain.keys import OffCause
from bot.domain.people import Member
from bot.domain.requests import Refused
from bot.services import approvals, budgets, facts, raising, syncing, teams
from bot.services.homes import home_facts
from bot.services.raising import AskRaise, TeamWord
from bot.services.requests import Place
from bot.services.turning_off import start
from storage import keys
from tests.company import ANA, BEN, OLGA, OMAR, Company, person
from tests.fakes import Mishap
from tests.services.kit import (
    CHANNEL,
    USD,
    add_project,
    ask,
    automation_wanted,
    choose,
    held,
    project_wanted,
    set_budget,
    spend,
    wanted,
)

FAY = person("fay")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    company_anywhere.directory.everybody[FAY.id] = FAY
    add_project(company_anywhere)
    add_project(company_anywhere, "ads", 100, ANA)
    return company_anywhere


def shown(company: Company, who: Member = ANA, channel: str = CHANNEL) -> BudgetFacts:
    found = budgets.show(company.purser, company.actor(who), channel)
    assert isinstance(found, BudgetFacts), found
    return found


def names(found: BudgetFacts) -> list[str]:
    return [f"{each.layer} {each.name}" for each in found.limits]


def test_a_member_sees_their_team_the_projects_they_lead_and_their_own(company: Company) -> None:
    assert names(shown(company)) == ["team search", "project ads"]
    assert names(shown(company, BEN)) == ["team search", "project reranker"]
    set_budget(company, Layer.MEMBER, ANA.id, 70)
    held(company, ANA, project_wanted(50))
    made = held(company, ANA, automation_wanted(100, 5))
    temporary = held(company, ANA, wanted(25))
    assert names(shown(company)) == [
        "team search",
        "project ads",
        "project reranker",
        "member <@U0ANA>",
        "key reranker-0001",
        f"key {made.label}",
        f"automation {made.label}",
        f"key {temporary.label}",
    ]
    assert names(shown(company, BEN))[-2:] == [f"key {made.label}", f"automation {made.label}"], "Ben answers for it"


def test_an_owner_sees_every_project_of_the_channels_team(company: Company) -> None:
    assert names(shown(company, OMAR)) == ["team search", "project ads", "project reranker"]


def test_the_channels_team_comes_first(company: Company) -> None:
    teams.create(company.purser, company.actor(OLGA), "C0ART", "art", 100 * USD)
    teams.invite(company.purser, company.actor(OLGA), "C0ART", (ANA.id,))
    assert names(shown(company))[0] == "team search"
    assert "team art" in names(shown(company))
    assert names(shown(company, channel="C0ART"))[0] == "team art"
    assert names(shown(company, channel="D0ANA"))[0] == "team art", "by name where no team lives"
    assert names(shown(company, BEN, "C0ART")) == ["team search", "project reranker"], "not Ben's team"


def test_each_limit_says_what_is_spent_promised_and_left(company: Company) -> None:
    made = held(company, ANA, wanted(100))
    spend(company, made, 30)
    ask(company, BEN, wanted(10))
    team = shown(company).limits[0]
    assert (team.budget_micros, team.spent_micros, team.committed_micros) == (500 * USD, 30 * USD, 70 * USD)
    assert (team.headroom_micros, team.period) == (400 * USD, "2026-11")
    own = shown(company).limits[-1]
    assert (own.layer, own.budget_micros, own.spent_micros, own.resets_at) == (Layer.KEY, 100 * USD, 30 * USD, None)


def test_a_key_that_a_limit_stopped_is_shown_and_one_that_is_off_is_not(company: Company) -> None:
    stopped, over = held(company, ANA, wanted(25)), held(company, ANA, automation_wanted())
    for made, cause in ((stopped, OffCause.BUDGET), (over, OffCause.DISABLED)):
        with company.purser.deciding() as session:
            now_key = keys.get(session, made.id)
            assert now_key is not None
            start(session, company.clock.now(), now_key, "purser", cause, "because")
        company.perform()
    assert f"key {stopped.label}" in names(shown(company))
    assert f"key {over.label}" not in names(shown(company))


def test_honest_it_says_how_fresh_the_figures_are(company: Company) -> None:
    held(company)
    syncing.sync_live(company.purser)
    read_at = shown(company).freshness[0].read_at
    assert read_at is not None
    company.clock.advance(minutes=10)
    company.gateway.mishaps.add("list_keys", Mishap.DOWN)
    with pytest.raises(Exception, match="down"):
        syncing.sync_live(company.purser)
    (fresh,) = shown(company).freshness
    assert (fresh.gateway, fresh.read_at) == ("memory", read_at)
    assert "down" in fresh.error
    assert company.clock.now() - read_at > timedelta(minutes=10)


def test_honest_models_without_a_price_are_named(company: Company) -> None:
    made = held(company)
    assert made.handle is not None
    company.gateway.measure(made.handle, "dear-model", company.clock.now(), requests=12, unpriced_requests=12)
    syncing.sync_usage(company.purser)
    assert shown(company).unpriced == (("dear-model", 12),)


def test_who_is_in_no_team_reads_what_to_do(company: Company) -> None:
    refused = budgets.show(company.purser, company.actor(FAY), CHANNEL)
    assert isinstance(refused, Refused)
    assert refused.text == ("You are not in team search. Ask one of its owners to type `/ai-team invite @you` here.")


def test_everybody_sees_the_budget_that_policy_gives_them(company: Company) -> None:
    choose(company, member_budget_micros=150 * USD)
    assert [each.budget_micros for each in shown(company).limits if each.layer is Layer.MEMBER] == [150 * USD]
    home = home_facts(company.purser, ANA)
    assert [(each.layer, each.budget_micros) for each in home.budgets] == [
        (Layer.TEAM, 500 * USD),
        (Layer.MEMBER, 150 * USD),
        (Layer.PROJECT, 100 * USD),
    ]


# --- the queue ---


def queue(company: Company, who: Member) -> list[str]:
    return [found.request.id for found in budgets.queue(company.purser, company.actor(who))]


def test_the_queue_holds_what_waits_for_ones_word(company: Company) -> None:
    first = ask(company, ANA, wanted(25))
    second = raising.ask_raise(
        company.purser, company.actor(OMAR), Place(CHANNEL), AskRaise(50 * USD, "launch", target=TeamWord())
    )
    assert not isinstance(second, Refused)
    raise_id = second.facts.request.id
    assert queue(company, OLGA) == [first, raise_id]
    assert queue(company, OMAR) == [first], "not his own"
    assert queue(company, ANA) == queue(company, BEN) == []
    approvals.approve(company.purser, company.actor(OLGA), first)
    assert queue(company, OLGA) == [raise_id]


def test_the_queue_leaves_out_what_one_has_agreed_to(company: Company) -> None:
    set_budget(company, Layer.TEAM, "team_1", 5000)
    large = ask(company, ANA, wanted(1500))
    approvals.approve(company.purser, company.actor(OMAR), large)
    assert (queue(company, OMAR), queue(company, OLGA)) == ([], [large])


def test_leads_and_quiet_approvers_find_in_the_queue_what_they_may_decide(company: Company) -> None:
    choose(company, lead_up_to_micros=60 * USD, quiet_approvers=(FAY.id,))
    small, large = ask(company, ANA, project_wanted(60)), ask(company, ANA, project_wanted(61, reason="more"))
    assert queue(company, BEN) == [small]
    assert queue(company, FAY) == [small, large]


def test_a_request_tells_every_budget_it_takes_from(company: Company) -> None:
    found = facts.request_now(company.purser, ask(company, ANA, project_wanted(50)))
    assert found is not None
    assert [each.name for each in found.budgets] == ["search", "reranker"]
    assert found.project is not None
    assert found.raised is None
