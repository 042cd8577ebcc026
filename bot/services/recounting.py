"""Counts measured spend a second time, for `purser ledger verify`: usage against the ledger, and
what is kept of usage against its rows.

Nothing here is what the books are kept with: sums are made again from their sources, and what counts as spent by
the rule in `bot.domain.settling`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby

from bot.domain.digests import DigestState
from bot.domain.settling import Count, settle
from storage import digests, ledger, posted, recount, syncs, usage
from storage.engine import Session
from storage.ledger import Check, Difference
from storage.posted import Gap
from storage.recount import Reading
from storage.syncs import What


def _days_agree(session: Session) -> Iterable[Difference]:
    """Of every day that counts as posted, the ledger has each key's usage."""
    for mark in syncs.all_of(session, What.POSTED):
        first = usage.oldest_day(session, mark.gateway)
        if first is None or mark.through is None:
            continue
        day, last = date.fromisoformat(first), date.fromisoformat(mark.through)
        while day <= last:
            yield from _differences("spend", day.isoformat(), posted.gaps_of_day(session, mark.gateway, day))
            day += timedelta(days=1)


def _months_agree(session: Session) -> Iterable[Difference]:
    """Of every month that counts as settled, the ledger has what each key is charged."""
    for mark in syncs.all_of(session, What.SETTLED):
        month = posted.oldest_month(session, mark.gateway)
        while month is not None and mark.through is not None and month <= mark.through:
            yield from _differences("months", month, posted.gaps_of_month(session, mark.gateway, month))
            month = posted.month_after(month)


def _differences(check: str, period: str, gaps: Iterable[Gap]) -> Iterator[Difference]:
    for gap in gaps:
        yield Difference(check, f"{gap.label} {period}", str(gap.due_micros), str(gap.posted_micros))


def _readings_agree(session: Session) -> Iterable[Difference]:
    """Each reading holds the usage of its period, and counts as spent what settling its sources gives."""
    used = recount.usage_by_period(session)
    for _, chain in groupby(recount.readings(session), key=lambda row: (row.key_id, len(row.period))):
        yield from _settled(list(chain), used)
    for (_, period), sums in used.items():
        yield Difference("readings", f"{sums.label} {period}", f"{sums.micros} of usage", "no reading")


def _settled(chain: list[Reading], used: dict[tuple[str, str], recount.Used]) -> Iterator[Difference]:
    for row in chain:
        sums = used.pop((row.key_id, row.period), None)
        micros, unpriced = (0, 0) if sums is None else (sums.micros, sums.unpriced_requests)
        if (micros, unpriced) != (row.usage_micros, row.unpriced_requests):
            told = f"{row.usage_micros} of usage, {row.unpriced_requests} unpriced"
            yield Difference("readings", f"{row.label} {row.period}", f"{micros} of usage, {unpriced} unpriced", told)
    counts = [Count(row.usage_micros, row.lifetime_micros) for row in chain]
    for row, due in zip(chain, settle(counts, chain[0].before_micros), strict=True):
        if (row.before_micros, row.spent_micros, row.undated_micros) != due:
            wanted = f"{due.spent_micros} spent after {due.before_micros}, {due.undated_micros} undated"
            told = f"{row.spent_micros} spent after {row.before_micros}, {row.undated_micros} undated"
            yield Difference("readings", f"{row.label} {row.period}", wanted, told)


def _digests_agree(session: Session) -> Iterable[Difference]:
    """Each digest has its ledger row and each such row its digest, with the sum of the days that were told."""
    actions = (f"digest.{state}" for state in DigestState)
    rows = {row.idempotency_key: row for action in actions for row in ledger.entries(session, action=action)}
    for digest in digests.all_of(session):
        subject = f"{digest.audience} {digest.subject_id} {digest.week.name}"
        row = rows.pop(f"digest:{digest.audience}:{digest.subject_id}:{digest.week.name}", None)
        is_posted = digest.state is DigestState.POSTED
        due = sum(day.cost_micros for day in digest.figures.days) if is_posted else None
        if row is None or (row.action, row.amount_micros) != (f"digest.{digest.state}", due):
            found = "no row" if row is None else f"{row.action} of {row.amount_micros}"
            yield Difference("digests", subject, f"digest.{digest.state} of {due}", found)
    for row in rows.values():
        yield Difference("digests", row.idempotency_key, "a digest", "none")


CHECKS = (
    Check("spend", _days_agree),
    Check("months", _months_agree),
    Check("readings", _readings_agree),
    Check("digests", _digests_agree),
)
