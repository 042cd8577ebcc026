"""Months as their tests need them: a key that lasts, a pass of the job, and what was told and written down."""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import MonthFacts, Occasion
from bot.domain.keys import Key, KeyKind
from bot.services.month import turn_month
from bot.services.raised import end_raises
from storage import budgets
from tests.company import Company
from tests.services.kit import CHANNEL, USD, held, wanted
from tests.services.raises_kit import rows

IN_CHANNEL = f"channel:{CHANNEL}"


def monthly(company: Company, usd: float = 50) -> Key:
    """A key with a cap per month, which ends never."""
    return held(company, what=wanted(usd, None, kind=KeyKind.MEMBER))


def spend(company: Company, key: Key, usd: float, at: datetime | None = None) -> None:
    assert key.handle is not None
    company.gateway.spend(key.handle, round(usd * USD), at=at)


def turn(company: Company) -> None:
    """One pass of the job, as far as it concerns months, and everything it causes."""
    end_raises(company.purser)
    turn_month(company.purser)
    company.perform()


def told(company: Company, where: str = IN_CHANNEL) -> list[MonthFacts]:
    """The messages about a new month that were posted there, oldest first."""
    found = [
        said.notice.month
        for said in company.notifier.messages
        if said.where == where and said.notice.occasion is Occasion.MONTH_TURNED
    ]
    assert None not in found
    return [facts for facts in found if facts is not None]


def closed_months(company: Company) -> list[tuple[str | None, int | None]]:
    """What the ledger says of the months that ended."""
    return [(row.period, row.amount_micros) for row in rows(company, action="month.turned", team_id="team_1")]


def team_limit(company: Company) -> Budget:
    with company.books.reading() as session:
        found = budgets.state(session, Layer.TEAM, "team_1", "search", company.clock.now())
    assert found is not None
    return found
