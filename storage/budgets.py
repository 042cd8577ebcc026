"""Budgets as set, and how much of each is spent and promised this month: sums over keys, never stored."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import and_, case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.domain.budgets import Budget, Layer, may_still_spend
from bot.domain.keys import SPENDING
from bot.domain.periods import month_end, month_of
from bot.domain.requests import Purpose, RequestState
from storage.tables import BudgetRow, KeyRow, ReadingRow, RequestRow


def set_monthly(session: Session, budget_id: str, layer: Layer, subject_id: str, micros: int, now: datetime) -> None:
    """Set what a layer may spend in a calendar month, in micro-USD. Nothing spent is touched."""
    row = _row(session, layer, subject_id) or BudgetRow(
        id=budget_id, layer=layer, subject_id=subject_id, monthly_micros=micros, changed_at=now
    )
    row.monthly_micros = micros
    row.changed_at = now
    session.add(row)
    session.flush()


def monthly(session: Session, layer: Layer, subject_id: str) -> int | None:
    """What the layer may spend in a month, in micro-USD; None when no budget was set."""
    row = _row(session, layer, subject_id)
    return None if row is None else row.monthly_micros


def state(
    session: Session,
    layer: Layer,
    subject_id: str,
    name: str,
    now: datetime,
    *,
    without_request: str | None = None,
) -> Budget | None:
    """One layer's month as it stands; None when no budget was set.

    `without_request` leaves out what that request itself has been promised, to show the state before it.
    """
    row = _row(session, layer, subject_id)
    if row is None:
        return None
    live = _live_keys(session, layer, subject_id, month_of(now))
    promised = [key.may_spend_micros for key in live if key.request_id != without_request]
    return Budget(
        layer=layer,
        subject_id=subject_id,
        name=name,
        budget_micros=row.monthly_micros,
        spent_micros=_spent(session, layer, subject_id, month_of(now)),
        committed_micros=sum(promised) + _unclaimed(session, layer, subject_id, without_request),
        resets_at=month_end(now),
        read_at=min((key.read_at for key in live if key.read_at is not None), default=None),
    )


class _LiveKey(NamedTuple):
    """A key that may still spend: how much, and when that was last read."""

    request_id: str
    may_spend_micros: int
    read_at: datetime | None


_CHARGED_TO: Final = {
    Layer.TEAM: (KeyRow.team_id, RequestRow.team_id),
    Layer.PROJECT: (KeyRow.project_id, RequestRow.project_id),
    Layer.MEMBER: (KeyRow.holder_id, RequestRow.requester_id),
}
"""The column that names a layer's subject, of keys and of requests."""


def _live_keys(session: Session, layer: Layer, subject_id: str, period: str) -> list[_LiveKey]:
    other = aliased(ReadingRow)
    newest = (
        select(func.max(other.period)).where(col(other.key_id) == col(KeyRow.id)).correlate(KeyRow).scalar_subquery()
    )
    query = (
        select(KeyRow, ReadingRow)
        .join(
            ReadingRow,
            and_(col(ReadingRow.key_id) == col(KeyRow.id), col(ReadingRow.period) == newest),
            isouter=True,
        )
        .where(_CHARGED_TO[layer][0] == subject_id, col(KeyRow.state).in_(SPENDING))
    )
    return [_live_key(key, reading, period) for key, reading in session.exec(query)]


def _live_key(key: KeyRow, reading: ReadingRow | None, period: str) -> _LiveKey:
    if reading is None:
        return _LiveKey(key.request_id, key.cap_micros, None)
    spent = reading.spent_micros
    if key.cap_period != "total":
        spent = max(0, spent - reading.spent_before_micros) if reading.period == period else 0
    return _LiveKey(key.request_id, may_still_spend(key.cap_micros, spent), reading.read_at)


def _spent(session: Session, layer: Layer, subject_id: str, period: str) -> int:
    """What the layer's keys, whatever became of them, have spent in this month."""
    in_month = col(ReadingRow.spent_micros) - col(ReadingRow.spent_before_micros)
    query = (
        select(func.coalesce(func.sum(case((in_month > 0, in_month), else_=0)), 0))
        .join(KeyRow, col(KeyRow.id) == col(ReadingRow.key_id))
        .where(_CHARGED_TO[layer][0] == subject_id, ReadingRow.period == period)
    )
    return int(session.exec(query).one())


def _unclaimed(session: Session, layer: Layer, subject_id: str, without_request: str | None) -> int:
    """What is promised to approved requests whose key has not been revealed yet."""
    query = select(func.coalesce(func.sum(RequestRow.cap_micros), 0)).where(
        _CHARGED_TO[layer][1] == subject_id,
        RequestRow.state == RequestState.APPROVED,
        RequestRow.purpose == Purpose.ISSUE,
        RequestRow.id != (without_request or ""),
    )
    return int(session.exec(query).one())


def _row(session: Session, layer: Layer, subject_id: str) -> BudgetRow | None:
    query = select(BudgetRow).where(BudgetRow.layer == layer, BudgetRow.subject_id == subject_id)
    return session.exec(query).first()
