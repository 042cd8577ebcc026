"""What must be true after a simulation, whatever lies were told in it: of the books, of what was said, of who is on."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.facts import Occasion
from bot.domain.periods import day_of, day_start, month_of
from bot.services import auditing
from storage import alerts, ledger, readings
from tests.company import Company
from tests.simulation.firm import Firm
from tests.simulation.lying import UNPRICED, Lie
from tests.simulation.measuring import USAGE_SECONDS

POSTED = ("key.spend", "key.adjust")
STOPPED = "key.budget"
LESSENING = (Lie.TELLS_LESS, Lie.COUNTS_TWICE, Lie.RESETS_TOTALS)
"""Lies under which what is told falls, which is how a true correction looks as well."""
AFTERMATH = timedelta(seconds=2 * USAGE_SECONDS)
"""How long what is told may still have been read in the time of a lie."""


def the_books_hold_the_truth(firm: Firm) -> None:
    """Every key's spend stands in the month it was made in, to the micro-dollar, in the figures and in the ledger."""
    closed = firm.clock.at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    with firm.books.reading() as session:
        posted = Counter[tuple[str, str]]()
        for action in POSTED:
            for row in ledger.entries(session, action=action):
                posted[row.key_id or "", (row.period or "")[:7]] += row.amount_micros or 0
        for key in firm.keys:
            meter = firm.gateway.meters[key.handle or ""]
            months = {month_of(call.at) for call in meter.calls}
            for month in months:
                truth = meter.spent_in[month]
                counted = readings.spent(session, key.id, month)
                assert counted is not None, (key.label, month)
                assert counted.micros == truth, (key.label, month, counted, truth)
                due = sum(call.micros for call in meter.calls if call.at < closed and month_of(call.at) == month)
                assert posted[key.id, month] == due, (key.label, month, posted[key.id, month], due)
                unpriced = sum(call.model == UNPRICED and month_of(call.at) == month for call in meter.calls)
                assert counted.unpriced_requests == unpriced, (key.label, month, counted, unpriced)
    report = auditing.verify(firm.books)
    assert report.ok, report.lines


def each_threshold_was_told_once(company: Company) -> int:
    """One message per threshold, limit and period in each place where it is told. Returns how many were told.

    A limit that was raised and reached again is another limit by then: its height is part of what it is.
    """
    told = Counter(
        (said.where, alert.limit.layer, alert.limit.subject_id, alert.limit.period, alert.threshold, alert.limit_micros)
        for said in company.notifier.messages
        if said.notice.occasion is Occasion.LIMIT and (alert := said.notice.alert) is not None
    )
    assert [one for one, count in told.items() if count > 1] == []
    return len(told)


def keys_came_back_for_a_reason_only(firm: Firm) -> int:
    """Each return follows a new period, a raise or, while the gateway told less, less spend. Returns how many."""
    returns, off_since = 0, dict[str, datetime]()
    with firm.books.reading() as session:
        for row in ledger.entries(session):
            if row.action == STOPPED and row.key_id is not None:
                off_since[row.key_id] = row.at
            if row.action != alerts.RESUMED or row.key_id is None:
                continue
            returns += 1
            alert, since = alerts.get(session, row.idempotency_key.split(":")[1]), off_since[row.key_id]
            assert alert is not None, row
            subject = (alert.layer, alert.subject_id)
            before, after = firm.height(subject, since), firm.height(subject, row.at)
            turned = _period_at(alert.layer, alert.period, row.at) != alert.period
            raised = before is not None and after is not None and after > before
            lies = [one.lie for one in firm.gateway.lies if one.overlaps(since - AFTERMATH, row.at)]
            # What is told late is charged to the new day or month until usage says that it is of the old one.
            misdated = Lie.TELLS_LATE in lies and since - day_start(since) < AFTERMATH
            lesser = misdated or any(lie in LESSENING for lie in lies)
            assert turned or raised or lesser, (row, alert, since)
    return returns


def _period_at(layer: Layer, period: str, at: datetime) -> str:
    if period == TOTAL:
        return TOTAL
    return day_of(at) if layer is Layer.AUTOMATION else month_of(at)
