"""The steps that tests of use cases take: a team, a request, a key, each by the use case itself."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind
from bot.domain.money import MICROS_PER_USD
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Ask, Refused, Request, Terms
from bot.services import approvals, requests, revealing, teams
from bot.services.requests import Place, Sent
from bot.services.revealing import Shown
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
