"""Posts measured spend to the ledger: each closed UTC day of each key, and what a month settled at beyond its days.

A figure that changes after it was posted is followed by a row with the difference; no row is ever changed. What is
due is worked out in the transaction that writes it, so two replicas, a crash and a repetition post nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Protocol

from bot.domain.money import show
from bot.domain.periods import month_end
from bot.services.context import Purser
from storage import ledger, posted, syncs, usage
from storage.engine import Session
from storage.ledger import Entry
from storage.posted import ADJUST, SPEND, Gap
from storage.syncs import Sync, What

SETTLED_AFTER_DAYS = 3
"""So long after its end a month's figures are settled: by then gateways have dated what they count late."""
POST_CHUNK = 300
"""Keys posted in one transaction, so that others get their turn."""


def post_days(purser: Purser) -> None:
    """Post what is due of every gateway: days that were read to their end, then months that can be settled."""
    with purser.books.reading() as session:
        marks = [*syncs.all_of(session, What.USAGE), *syncs.all_of(session, What.LIVE)]
    for mark in marks:
        (_post_days_of if mark.what is What.USAGE else _settle_months_of)(purser, mark)


def _post_days_of(purser: Purser, read: Sync) -> None:
    """A day is closed once a later one has been read."""
    with purser.books.reading() as session:
        reached = _reached(session, read.gateway, What.POSTED)
        first = usage.oldest_day(session, read.gateway) if reached is None else _next_day(reached)
    while first is not None and read.through is not None and first < read.through:
        if not _post(purser, _Day(read.gateway, first), reached):
            return
        reached, first = first, _next_day(first)


def _settle_months_of(purser: Purser, live: Sync) -> None:
    """A month is settled some days after its end, once live totals were read since and its days are all posted."""
    with purser.books.reading() as session:
        reached = _reached(session, live.gateway, What.SETTLED)
        month = posted.oldest_month(session, live.gateway) if reached is None else posted.month_after(reached)
        tells_days = syncs.of(session, live.gateway, What.USAGE) is not None
        days = _reached(session, live.gateway, What.POSTED)
    while month is not None and live.read_at is not None:
        end = month_end(posted.first_day(month))
        is_posted = not tells_days or (days is not None and _next_day(days) >= end.date().isoformat())
        if not is_posted or live.read_at < end or purser.now() < end + timedelta(days=SETTLED_AFTER_DAYS):
            return
        if not _post(purser, _Month(live.gateway, month), reached):
            return
        reached, month = month, posted.month_after(month)


class _Period(Protocol):
    """A day or month of a gateway's keys, as it is posted."""

    what: ClassVar[What]
    """The mark that says how far such periods have been posted."""
    gateway: str
    name: str

    def gaps(self, session: Session, key_ids: Iterable[str] | None = None) -> list[Gap]:
        """What is still to be posted."""
        ...

    def row(self, gap: Gap, now: datetime) -> Entry:
        """The ledger row that closes a gap."""
        ...


@dataclass
class _Day:
    what: ClassVar[What] = What.POSTED
    gateway: str
    name: str

    def gaps(self, session: Session, key_ids: Iterable[str] | None = None) -> list[Gap]:
        return posted.gaps_of_day(session, self.gateway, date.fromisoformat(self.name), key_ids)

    def row(self, gap: Gap, now: datetime) -> Entry:
        if not gap.rows:
            return _entry(SPEND, gap, self.name, now, "")
        was, is_now = show(gap.posted_micros), show(gap.due_micros)
        return _entry(ADJUST, gap, self.name, now, f"{self.gateway} now tells {is_now} for this day instead of {was}")


@dataclass
class _Month:
    what: ClassVar[What] = What.SETTLED
    gateway: str
    name: str

    def gaps(self, session: Session, key_ids: Iterable[str] | None = None) -> list[Gap]:
        return posted.gaps_of_month(session, self.gateway, self.name, key_ids)

    def row(self, gap: Gap, now: datetime) -> Entry:
        more = gap.due_micros - gap.posted_micros
        if gap.rows:
            reason = f"the month comes to {show(gap.due_micros)} now, where {show(gap.posted_micros)} was posted"
        else:
            reason = f"{show(more)} of the month's spend that {self.gateway} counted and never dated"
        return _entry(ADJUST, gap, self.name, now, reason)


def _post(purser: Purser, period: _Period, reached: str | None) -> bool:
    """Post one period and move the mark on; False when something changed meanwhile, to be gone on with next time."""
    with purser.books.reading() as session:
        due = [gap.key_id for gap in period.gaps(session)]
    for start in range(0, len(due), POST_CHUNK):
        with purser.books.transaction() as session:
            now = purser.now()
            gaps = period.gaps(session, due[start : start + POST_CHUNK])
            ledger.append_many(session, [period.row(gap, now) for gap in gaps])
    with purser.books.transaction() as session:
        if period.gaps(session):
            return False
        return syncs.advance(session, period.gateway, period.what, purser.now(), reached, period.name)


def _entry(action: str, gap: Gap, period: str, now: datetime, reason: str) -> Entry:
    """How many rows of the period the key has is in the idempotency key: the same gap is never closed twice."""
    return Entry(
        actor="purser",
        action=action,
        idempotency_key=f"{action}:{gap.key_id}:{period}:{gap.rows}",
        at=now,
        team_id=gap.team_id,
        project_id=gap.project_id,
        member_id=gap.holder_id,
        key_id=gap.key_id,
        period=period,
        amount_micros=gap.due_micros - gap.posted_micros,
        reason=reason,
    )


def _reached(session: Session, gateway: str, what: What) -> str | None:
    mark = syncs.of(session, gateway, what)
    return None if mark is None else mark.through


def _next_day(day: str) -> str:
    return (datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)).date().isoformat()
