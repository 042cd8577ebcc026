"""Budgets as set, and how much of each is spent and promised this month: sums over keys, never stored."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, and_, bindparam, case, func
from sqlalchemy import select as columns
from sqlmodel import Session, SQLModel, col, select

from bot.domain.budgets import Budget, Layer, may_still_spend
from bot.domain.keys import SPENDING
from bot.domain.periods import month_end, month_of
from bot.domain.requests import Purpose, RequestState
from storage.money_tables import BudgetRow, ReadingRow
from storage.tables import KeyRow, RequestRow


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
        read_at=min((key.read_at for key in live if key.read_at is not None), default=None)
        or _last_read(session, layer, subject_id, month_of(now)),
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
_keys: Final = SQLModel.metadata.tables[str(KeyRow.__tablename__)]
_readings: Final = SQLModel.metadata.tables[str(ReadingRow.__tablename__)]


def _live_keys(session: Session, layer: Layer, subject_id: str, period: str) -> list[_LiveKey]:
    found = session.execute(_keys_charged_to(layer), {"subject": subject_id, "states": [*SPENDING]})
    return [_live_key(row, period) for row in found]


@cache
def _keys_charged_to(layer: Layer) -> Select[Any]:
    """Keys in one of `states` of a `subject`, with their newest readings. Built once: that takes longer than asking."""
    key, read, other = _keys.c, _readings.c, _readings.alias("other")
    newest = columns(func.max(other.c.period)).where(other.c.key_id == key.id).correlate(_keys).scalar_subquery()
    both = _keys.outerjoin(_readings, and_(read.key_id == key.id, read.period == newest))
    return (
        columns(
            *(key.request_id, key.cap_micros, key.cap_period),
            *(read.period, read.lifetime_micros, read.before_micros, read.read_at),
        )
        .select_from(both)
        .where(
            col(_CHARGED_TO[layer][0]) == bindparam("subject"),
            key.state.in_(bindparam("states", expanding=True)),
        )
    )


def _live_key(row: Row[Any], period: str) -> _LiveKey:
    if row.read_at is None:
        return _LiveKey(row.request_id, row.cap_micros, None)
    spent = row.lifetime_micros
    if row.cap_period != "total":
        spent = max(0, spent - row.before_micros) if row.period == period else 0
    return _LiveKey(row.request_id, may_still_spend(row.cap_micros, spent), row.read_at)


def _spent(session: Session, layer: Layer, subject_id: str, period: str) -> int:
    """What the layer's keys, whatever became of them, have spent in this month."""
    in_month = col(ReadingRow.lifetime_micros) - col(ReadingRow.before_micros)
    query = (
        select(func.coalesce(func.sum(case((in_month > 0, in_month), else_=0)), 0))
        .join(KeyRow, col(KeyRow.id) == col(ReadingRow.key_id))
        .where(_CHARGED_TO[layer][0] == subject_id, ReadingRow.period == period)
    )
    return int(session.exec(query).one())


def _last_read(session: Session, layer: Layer, subject_id: str, period: str) -> datetime | None:
    """When the spend of the layer's keys, whatever became of them, was read last in this month."""
    query = (
        select(func.max(ReadingRow.read_at))
        .join(KeyRow, col(KeyRow.id) == col(ReadingRow.key_id))
        .where(_CHARGED_TO[layer][0] == subject_id, ReadingRow.period == period)
    )
    return session.exec(query).one()


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
