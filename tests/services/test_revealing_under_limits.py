"""A key is not revealed while a limit it would be under is reached: it would be stopped as soon as it is shown."""

from __future__ import annotations

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.requests import Ask, Because, Refused, RequestState
from bot.services import approvals, requests, revealing
from bot.services.raising import TeamWord
from bot.services.requests import Duplicate, Place, Sent
from bot.services.revealing import Shown
from tests.company import ANA, BEN, OMAR, Company
from tests.services.kit import (
    CHANNEL,
    USD,
    add_project,
    choose,
    granted,
    held,
    project_wanted,
    refusal,
    request,
    set_budget,
    spend,
    wanted,
)
from tests.services.raising_kit import approve, asked


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    add_project(company_anywhere)
    return company_anywhere


def reveal(company: Company, request_id: str) -> Shown | Refused:
    return revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)


def test_nothing_is_revealed_under_a_budget_that_is_used_up(company: Company) -> None:
    other = held(company, BEN, wanted(100))
    request_id = granted(company, ANA, wanted(25))
    spend(company, other, 500)
    refused = refusal(reveal(company, request_id))
    assert (refused.because, refused.rule) == (Because.NO_HEADROOM, "headroom")
    assert refused.text == (
        "Team search's budget of $500 is used up, so no key can be used under it. It starts again on 1 December at "
        "00:00 UTC. Your approval stands until 23 November, 12:00 UTC; to go on before, ask for more: "
        "`/ai-budget raise $50 team reason`."
    )
    assert company.gateway.calls["issue"] == 1, "only Ben's"
    assert request(company, request_id).state is RequestState.APPROVED


def test_it_is_revealed_once_more_was_agreed_to(company: Company) -> None:
    other = held(company, BEN, wanted(100))
    request_id = granted(company, ANA, wanted(25))
    spend(company, other, 500)
    approve(company, asked(company, 50, TeamWord(), BEN))
    assert isinstance(reveal(company, request_id), Shown)


def test_it_is_revealed_in_the_next_month(company: Company) -> None:
    other = held(company, BEN, wanted(100))
    company.clock.advance(days=9)
    request_id = granted(company, ANA, wanted(25))
    spend(company, other, 500)
    assert isinstance(reveal(company, request_id), Refused)
    company.clock.advance(days=2)
    assert isinstance(reveal(company, request_id), Shown)


def test_a_soft_budget_stops_nothing(company: Company) -> None:
    other = held(company, BEN, wanted(100))
    request_id = granted(company, ANA, wanted(25))
    set_budget(company, Layer.TEAM, "team_1", 500, hard=False)
    spend(company, other, 500)
    assert isinstance(reveal(company, request_id), Shown)


@pytest.mark.parametrize("layer", [Layer.PROJECT, Layer.MEMBER])
def test_any_layer_it_would_be_under_counts_and_no_other(company: Company, layer: Layer) -> None:
    is_project = layer is Layer.PROJECT
    what = project_wanted(20) if is_project else wanted(20)
    other_kind = wanted(20, None, "daily", KeyKind.MEMBER) if is_project else project_wanted(20)
    subject = "project_1" if is_project else ANA.id
    spender = held(company, BEN, project_wanted(10)) if is_project else held(company, ANA, wanted(10, 7, "first"))
    set_budget(company, layer, subject, 60)
    bound, free = granted_anyway(company, what), granted(company, ANA, other_kind)
    spend(company, spender, 60)
    name = "Project reranker's" if is_project else "<@U0ANA>'s"
    word = "project reranker " if is_project else ""
    refused = refusal(reveal(company, bound))
    assert refused.text.startswith(f"{name} budget of $60 is used up")
    assert refused.text.endswith(f"`/ai-budget raise $50 {word}reason`.")
    assert isinstance(reveal(company, free), Shown)


def granted_anyway(company: Company, what: Ask) -> str:
    """Granted, in spite of what Ana may hold already."""
    outcome = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), what)
    if isinstance(outcome, Duplicate):
        outcome = requests.send_draft(company.purser, company.actor(ANA), outcome.facts.request.id)
    assert isinstance(outcome, Sent)
    approvals.approve(company.purser, company.actor(OMAR), outcome.facts.request.id)
    return outcome.facts.request.id


def test_the_budget_that_policy_gives_everybody_counts_too(company: Company) -> None:
    choose(company, member_budget_micros=30 * USD)
    first = held(company, ANA, wanted(20))
    request_id = granted(company, ANA, wanted(5, None, "daily", KeyKind.MEMBER))
    spend(company, first, 30)
    assert refusal(reveal(company, request_id)).text.startswith("<@U0ANA>'s budget of $30 is used up")
