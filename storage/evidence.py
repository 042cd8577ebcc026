"""What the books hold about a departure besides its own rows: those of the ledger, and what was spent before it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from bot.domain.offboarding import Departure
from storage import ledger
from storage.leaving_tables import DepartureRow
from storage.money_tables import LiveHourRow
from storage.tables import LedgerRow

MOST_ROWS = 5_000
"""Rows of the ledger that one departure shows: far more than any had."""
_MONEY = ("spend", "adjust")
_HOUR = timedelta(hours=1)


def rows(
    session: Session, departure: Departure, key_ids: Collection[str], project_ids: Collection[str]
) -> list[ledger.Recorded]:
    """Rows about the person, their keys and projects, from the departure until the next one, in order.

    Rows that the departure itself wrote are among them whatever they are about, such as a request that passed on.
    """
    first = ledger.entries(session, idempotency_key=f"member.left:{departure.id}")
    if not first:
        return []
    about = or_(
        LedgerRow.member_id == departure.member_id,  # type: ignore[arg-type]
        col(LedgerRow.key_id).in_(key_ids),
        (col(LedgerRow.action) == "project.led") & col(LedgerRow.project_id).in_(project_ids),
        col(LedgerRow.idempotency_key).contains(departure.id, autoescape=True),
    )
    where = [col(LedgerRow.seq) >= first[0].seq, about, col(LedgerRow.action).not_in(_MONEY)]
    if (until := _next(session, departure)) is not None:
        where.append(col(LedgerRow.seq) < until)
    query = select(LedgerRow).where(*where).order_by(col(LedgerRow.seq)).limit(MOST_ROWS)
    return [ledger.Recorded(**row.model_dump()) for row in session.exec(query)]


def _next(session: Session, departure: Departure) -> int | None:
    """The row at which the same person left again, or None."""
    query = (
        select(DepartureRow.id)
        .where(
            DepartureRow.member_id == departure.member_id, col(DepartureRow.noticed_at) > departure.noticed_at
        )
        .order_by(col(DepartureRow.noticed_at))
        .limit(1)
    )  # fmt: skip
    following = session.exec(query).first()
    if following is None:
        return None
    row = ledger.entries(session, idempotency_key=f"member.left:{following}")
    return row[0].seq if row else None


def others(session: Session, departure: Departure) -> list[str]:
    """Other departures of the same person, newest first, by id."""
    query = (
        select(DepartureRow.id)
        .where(DepartureRow.member_id == departure.member_id, DepartureRow.id != departure.id)
        .order_by(col(DepartureRow.noticed_at).desc())
    )
    return list(session.exec(query))


def noticed_between(session: Session, since: datetime, until: datetime | None = None) -> list[str]:
    """Departures noticed from one moment on, and before another, oldest first, by id."""
    where = [col(DepartureRow.noticed_at) >= since]
    if until is not None:
        where.append(col(DepartureRow.noticed_at) < until)
    query = select(DepartureRow.id).where(*where).order_by(col(DepartureRow.noticed_at), DepartureRow.id)
    return list(session.exec(query))


def spent_between(session: Session, key_id: str, since: datetime, until: datetime) -> int | None:
    """What a key spent in the whole hours between two moments, in micro-USD, as live totals tell it.

    None where no whole hour lies between them, so that nothing is known.
    """
    start = since.replace(minute=0, second=0, microsecond=0)
    first = start if start == since else start + _HOUR
    last = until.replace(minute=0, second=0, microsecond=0)
    if first >= last:
        return None
    query = select(func.sum(col(LiveHourRow.spent_micros))).where(
        LiveHourRow.key_id == key_id, col(LiveHourRow.hour) >= first, col(LiveHourRow.hour) < last
    )
    return int(session.exec(query).one() or 0)
