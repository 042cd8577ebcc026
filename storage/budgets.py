"""Budgets as set, and how much of each is spent and promised this month: sums over keys, never stored."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from bot.domain.budgets import Budget, Layer, may_still_spend
from bot.domain.keys import SPENDING, UNSHOWN, Key, KeyState
from bot.domain.periods import month_end, month_of
from bot.domain.requests import Purpose, Request, RequestState
from storage import keys
from storage import requests as request_rows
from storage.tables import BudgetRow, KeyRow


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
    period = month_of(now)
    spent, committed, oldest = 0, 0, None
    for key in _keys(session, layer, subject_id):
        reading = keys.reading(session, key.id, period)
        spent += 0 if reading is None else reading.in_month_micros
        if key.request_id != without_request:
            committed += _committed(session, key, period)
        if reading is not None and key.state in SPENDING:
            oldest = reading.read_at if oldest is None else min(oldest, reading.read_at)
    for request in _unclaimed(session, layer, subject_id):
        committed += 0 if request.id == without_request else request.terms.cap_micros
    return Budget(
        layer=layer,
        subject_id=subject_id,
        name=name,
        budget_micros=row.monthly_micros,
        spent_micros=spent,
        committed_micros=committed,
        resets_at=month_end(now),
        read_at=oldest,
    )


def _committed(session: Session, key: Key, period: str) -> int:
    """What a key may still spend. Unshown keys are counted by their request's promise instead."""
    if key.state not in SPENDING:
        return 0
    if key.cap_period == "total":
        reading = keys.reading(session, key.id)
        return may_still_spend(key.cap_micros, 0 if reading is None else reading.spent_micros)
    reading = keys.reading(session, key.id, period)
    return may_still_spend(key.cap_micros, 0 if reading is None else reading.in_month_micros)


def _keys(session: Session, layer: Layer, subject_id: str) -> list[Key]:
    subject = {Layer.TEAM: KeyRow.team_id, Layer.PROJECT: KeyRow.project_id, Layer.MEMBER: KeyRow.holder_id}[layer]
    gone = UNSHOWN | {KeyState.DISCARDING, KeyState.DISCARDED}
    rows = session.exec(select(KeyRow.id).where(subject == subject_id, KeyRow.state.not_in(gone)))  # type: ignore[attr-defined]
    return [key for key_id in rows.all() if (key := keys.get(session, key_id)) is not None]


def _unclaimed(session: Session, layer: Layer, subject_id: str) -> list[Request]:
    def charged(request: Request) -> bool:
        subject = {
            Layer.TEAM: request.team_id,
            Layer.PROJECT: request.project_id,
            Layer.MEMBER: request.requester_id,
        }
        return request.purpose is Purpose.ISSUE and subject[layer] == subject_id

    return [request for request in request_rows.in_state(session, RequestState.APPROVED) if charged(request)]


def _row(session: Session, layer: Layer, subject_id: str) -> BudgetRow | None:
    query = select(BudgetRow).where(BudgetRow.layer == layer, BudgetRow.subject_id == subject_id)
    return session.exec(query).first()
