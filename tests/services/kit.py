"""The steps that tests of use cases take: a team, a request, a key, each by the use case itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind
from bot.domain.money import MICROS_PER_USD
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Ask, Refused, Request, Terms
from bot.services import approvals, requests, revealing, teams
from bot.services.requests import Place, Sent
from bot.services.revealing import Shown
from bot.services.syncing import sync_live
from storage import budgets, keys
from storage import requests as request_rows
from tests.company import ANA, BEN, OLGA, OMAR, Company

CHANNEL = "C0SEARCH"
USD = MICROS_PER_USD


def found_team(company: Company, monthly_usd: int = 500) -> None:
    for did in (
        teams.create(company.purser, company.actor(OLGA), CHANNEL, "search", monthly_usd * USD),
        teams.invite(company.purser, company.actor(OLGA), CHANNEL, (ANA.id, BEN.id)),
        teams.make_owner(company.purser, company.actor(OLGA), CHANNEL, (OMAR.id,)),
    ):
        assert not isinstance(did, Refused), did


def wanted(
    usd: float = 25, days: int | None = 7, reason: str = "evaluate rerankers", kind: KeyKind = KeyKind.TEMPORARY
) -> Ask:
    seconds = None if days is None else days * DAY_SECONDS
    return Ask(kind, Terms(round(usd * USD), seconds), reason)


def project_wanted(usd: float = 50, name: str = "reranker", reason: str = "serve rerankers", **others: Any) -> Ask:
    return Ask(KeyKind.PROJECT, Terms(round(usd * USD), None), reason, name=name, **others)


def automation_wanted(
    usd: float = 100, day_usd: float = 5, name: str = "nightly-evals", lead: Member | None = BEN, **others: Any
) -> Ask:
    terms = Terms(round(usd * USD), None, daily_cap_micros=round(day_usd * USD))
    lead_id = None if lead is None else lead.id
    return Ask(KeyKind.AUTOMATION, terms, "run the evals", name=name, lead_id=lead_id, **others)


def choose(company: Company, **policy: Any) -> None:
    """What the installation's policy says from now on."""
    company.purser = replace(company.purser, policy=replace(company.purser.policy, **policy))


def add_project(company: Company, name: str = "reranker", usd: float = 200, lead: Member = BEN) -> str:
    """A project of the team, as its owner adds one; its id."""
    new = teams.NewProject(name, round(usd * USD), lead.id)
    did = teams.add_project(company.purser, company.actor(OLGA), CHANNEL, new)
    assert not isinstance(did, Refused), did
    return next(project.id for project in did.team.projects if project.name == name)


def set_budget(company: Company, layer: Layer, subject_id: str, usd: float, *, hard: bool | None = None) -> None:
    """A budget that is simply there."""
    with company.purser.deciding() as session:
        budget_id = company.ids.new("budget")
        budgets.set_monthly(session, budget_id, layer, subject_id, round(usd * USD), company.clock.now(), hard=hard)


def spend(company: Company, made: Key, usd: float) -> None:
    """Use the key, and have what was spent read."""
    assert made.handle is not None
    company.gateway.caps_hold = False
    company.gateway.spend(made.handle, round(usd * USD))
    sync_live(company.purser)


def refusal(outcome: object) -> Refused:
    """The outcome, which must be a refusal."""
    assert isinstance(outcome, Refused), outcome
    return outcome


def ask(company: Company, who: Member = ANA, what: Ask | None = None) -> str:
    """Ask and return the request's id."""
    outcome = requests.ask(company.purser, company.actor(who), Place(CHANNEL), what or wanted())
    assert isinstance(outcome, Sent), outcome
    return outcome.facts.request.id


def granted(company: Company, who: Member = ANA, what: Ask | None = None) -> str:
    """Ask, have Omar approve, and return the request's id."""
    request_id = ask(company, who, what)
    outcome = approvals.approve(company.purser, company.actor(OMAR), request_id)
    assert isinstance(outcome, approvals.Decided), outcome
    return request_id


def held(company: Company, who: Member = ANA, what: Ask | None = None) -> Key:
    """Ask, approve, reveal and return the key, everybody told."""
    request_id = granted(company, who, what)
    shown = revealing.reveal(company.purser, company.actor(who), request_id, company.show)
    assert isinstance(shown, Shown), shown
    company.perform()
    return key(company, shown.key.id)


def key(company: Company, key_id: str) -> Key:
    with company.books.reading() as session:
        found = keys.get(session, key_id)
    assert found is not None
    return found


def keys_of(company: Company, request_id: str) -> list[Key]:
    with company.books.reading() as session:
        return keys.of_request(session, request_id)


def request(company: Company, request_id: str) -> Request:
    with company.books.reading() as session:
        found = request_rows.get(session, request_id)
    assert found is not None
    return found


def headroom(company: Company) -> int:
    """The team's headroom now, in micro-USD."""
    with company.books.reading() as session:
        state = budgets.state(session, Layer.TEAM, "team_1", "search", company.clock.now())
    assert state is not None
    return state.headroom_micros
