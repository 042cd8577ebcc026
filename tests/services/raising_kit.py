"""The steps of asking for a raise and agreeing to it, each by the use case itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import RequestFacts
from bot.domain.people import Member
from bot.domain.requests import Refused
from bot.services import approvals, facts, raising
from bot.services.approvals import Changes
from bot.services.raising import AskRaise, RaiseWord
from bot.services.requests import Place, Sent
from storage import budgets
from tests.company import ANA, OMAR, Company
from tests.services.kit import CHANNEL, USD

IN_TEN_DAYS = datetime(2026, 11, 30, tzinfo=UTC)


def asking(
    company: Company, usd: float = 200, target: RaiseWord | None = None, who: Member = ANA, **more: Any
) -> Sent | Refused:
    values = {"reason": "launch week", "ends_at": IN_TEN_DAYS, **more}
    wanted_more = AskRaise(round(usd * USD), target=target, **values)
    return raising.ask_raise(company.purser, company.actor(who), Place(CHANNEL), wanted_more)


def asked(company: Company, usd: float = 200, target: RaiseWord | None = None, who: Member = ANA, **more: Any) -> str:
    outcome = asking(company, usd, target, who, **more)
    assert isinstance(outcome, Sent), outcome
    return outcome.facts.request.id


def approve(company: Company, request_id: str, who: Member = OMAR, changes: Changes | None = None) -> approvals.Outcome:
    return approvals.approve(company.purser, company.actor(who), request_id, changes or Changes())


def limit(company: Company, layer: Layer, subject_id: str) -> Budget:
    with company.books.reading() as session:
        found = budgets.state(session, layer, subject_id, "", company.clock.now())
    assert found is not None
    return found


def facts_of(company: Company, request_id: str) -> RequestFacts:
    found = facts.request_now(company.purser, request_id)
    assert found is not None
    return found
