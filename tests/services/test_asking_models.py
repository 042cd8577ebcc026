"""Models of a key: what policy offers is what it gets, on every screen and at the gateway, and no name means many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.policy import AskRule, Who
from bot.domain.requests import Ask, Because
from bot.services import approvals, requests, revealing
from bot.services.approvals import Changes, Decided
from bot.services.requests import Drafted, Place
from bot.services.revealing import Shown
from tests.company import ANA, OMAR, Company
from tests.services.kit import CHANNEL, ask, choose, held, key, refusal, request, wanted

OFFERED = ("small", "large")


def with_models(*models: str) -> Ask:
    asked = wanted()
    return replace(asked, terms=replace(asked.terms, models=models))


def at_the_gateway(company: Company, key_id: str) -> tuple[str, ...]:
    handle = key(company, key_id).handle
    assert handle is not None
    return company.gateway.held[handle].models


def test_an_ask_without_models_is_one_for_all_that_policy_offers(company: Company) -> None:
    choose(company, models=OFFERED)
    drafted = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), wanted(), draft=True)
    assert isinstance(drafted, Drafted)
    assert drafted.facts.request.terms.models == OFFERED
    made = held(company, ANA, wanted())
    assert request(company, made.request_id).terms.models == OFFERED
    assert company.shown[-1].gateway.models == OFFERED
    assert made.models == at_the_gateway(company, made.id) == OFFERED


def test_where_policy_offers_no_fewer_a_key_is_for_all_of_the_gateways_models(company: Company) -> None:
    made = held(company, ANA, wanted())
    assert made.models == at_the_gateway(company, made.id) == ()


def test_an_owner_who_takes_the_models_away_agrees_to_all_that_policy_offers(company: Company) -> None:
    choose(company, models=OFFERED)
    request_id = ask(company, ANA, with_models("small"))
    done = approvals.approve(company.purser, company.actor(OMAR), request_id, Changes(models=()))
    assert isinstance(done, Decided)
    assert done.facts.request.terms.models == OFFERED


def test_what_was_agreed_before_policy_named_models_is_made_for_those(company: Company) -> None:
    request_id = ask(company)
    choose(company, models=OFFERED)
    approvals.approve(company.purser, company.actor(OMAR), request_id)
    shown = revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)
    assert isinstance(shown, Shown)
    assert at_the_gateway(company, shown.key.id) == OFFERED


@pytest.mark.parametrize("name", ["openai/*", "*", "all-models"])
@pytest.mark.parametrize("offered", [[], ["openai/*"], ["*"]])
def test_a_name_that_means_many_models_slips_past_no_rule(company: Company, name: str, offered: list[str]) -> None:
    company.gateway.offered = ["small", *offered]
    company.gateway.capabilities = replace(company.gateway.capabilities, model_groups=("all-models",))
    choose(company, ask_rules=(AskRule("frontier", Who.OWNERS, models=("openai/gpt-5*",)),))
    refused = refusal(requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), with_models(name)))
    assert refused.because is Because.MODEL_NOT_OFFERED
    assert refused.text == (
        f"`{name}` is no single model. Name each one you want: `/ai-key $25 7d models=NAME,NAME reason`."
    )
    request_id = ask(company, ANA, with_models("small"))
    changed = approvals.approve(company.purser, company.actor(OMAR), request_id, Changes(models=(name,)))
    assert refusal(changed).because is Because.MODEL_NOT_OFFERED


def test_what_the_gateway_lists_by_a_pattern_is_asked_for_by_name(company: Company) -> None:
    company.gateway.offered = ["openai/*"]
    made = held(company, ANA, with_models("openai/gpt-4o"))
    assert made.models == ("openai/gpt-4o",)
    wrong = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), with_models("mistral/large"))
    assert refusal(wrong).because is Because.MODEL_NOT_OFFERED
