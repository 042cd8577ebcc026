"""Limits as they stand: what a layer may spend, has spent, and has promised. Sums over keys, never stored.

The three budgets are of a calendar month, a key's cap is of its own period, and a key with a daily cap has its day.
What counts as spent is settled in `storage.readings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, select

from bot.domain.budgets import BUDGETED, TOTAL, Budget, Layer
from bot.domain.periods import day_end, day_of, month_end, month_of
from storage import budget_statements as sql
from storage.money_tables import BudgetRow


def set_monthly(  # noqa: PLR0913 - the columns of a budget
    session: Session,
    budget_id: str,
    layer: Layer,
    subject_id: str,
    micros: int,
    now: datetime,
    *,
    hard: bool | None = None,
) -> None:
    """Set what a layer may spend in a calendar month, in micro-USD. Nothing spent is touched.

    `hard` says whether its keys are stopped when it is used up; None leaves that as it is, which is hard at first.
    """
    row = _row(session, layer, subject_id) or BudgetRow(
        id=budget_id, layer=layer, subject_id=subject_id, monthly_micros=micros, changed_at=now
    )
    row.monthly_micros = micros
    row.changed_at = now
    if hard is not None:
        row.hard = hard
    session.add(row)
    session.flush()


def monthly(session: Session, layer: Layer, subject_id: str) -> int | None:
    """What the layer may spend in a month without raises, in micro-USD; None when no budget was set."""
    row = _row(session, layer, subject_id)
    return None if row is None else row.monthly_micros


def period_of(layer: Layer, cap_period: str, at: datetime) -> str:
    """The name of the period that a limit counts at this moment: a month, a day, or `total`.

    `cap_period` is that of the key, and matters only for its cap.
    """
    if layer is Layer.AUTOMATION:
        return day_of(at)
    return TOTAL if layer is Layer.KEY and cap_period == TOTAL else month_of(at)


def state(  # noqa: PLR0913 - the limit, and from whose view
    session: Session,
    layer: Layer,
    subject_id: str,
    name: str,
    now: datetime,
    *,
    without_request: str | None = None,
    default_micros: int | None = None,
    default_hard: bool = True,
) -> Budget | None:  # fmt: skip
    """One limit as it stands; None when there is none.

    `without_request` leaves out what that request itself has been promised, to show the state before it. The
    defaults are those of a member for whom nobody set a budget.
    """
    if layer not in BUDGETED:
        return _state_of_key(session, layer, subject_id, name, now)
    asked = {"subject": subject_id, "month": month_of(now), "without": without_request or "", "now": now}
    row = session.execute(sql.month(layer, one=True), asked).one()
    default = default_micros if layer is Layer.MEMBER else None
    return _budget(layer, row, name, now, default, default_hard=default_hard)


def limits(
    session: Session, now: datetime, default_micros: int | None = None, default_hard: bool = True  # noqa: FBT001, FBT002
) -> Iterator[Budget]:  # fmt: skip
    """Every limit of any key that may spend, or that budget stopped: the widest layers first."""
    for layer in BUDGETED:
        yield from _limits_of(session, layer, now, default_micros, default_hard=default_hard)
    asked = {"month": month_of(now), "day": day_of(now), "now": now}
    rows = session.execute(sql.caps(one=False), asked).all()
    yield from (_cap(row, row.label, now) for row in rows)
    yield from (_day(row, row.label, now) for row in rows if row.daily_cap_micros is not None)


def _limits_of(
    session: Session, layer: Layer, now: datetime, default_micros: int | None, *, default_hard: bool
) -> Iterator[Budget]:
    default = default_micros if layer is Layer.MEMBER else None
    names = {row.subject: row.name for row in session.execute(sql.NAMES[layer])} if layer in sql.NAMES else {}
    for row in session.execute(sql.month(layer, one=False), {"month": month_of(now), "without": "", "now": now}):
        name = names.get(row.subject, f"<@{row.subject}>")
        found = _budget(layer, row, name, now, default, default_hard=default_hard)
        if found is not None:
            yield found


def _budget(
    layer: Layer, row: Row[Any], name: str, now: datetime, default_micros: int | None, *, default_hard: bool
) -> Budget | None:
    """The budget of a month; None when there is neither one nor a default."""
    micros = default_micros if row.monthly_micros is None else row.monthly_micros
    if micros is None:
        return None
    return Budget(
        layer=layer,
        subject_id=row.subject,
        name=name,
        budget_micros=micros + row.raised,
        spent_micros=row.spent,
        committed_micros=row.promised,
        resets_at=month_end(now),
        read_at=row.read_at,
        period=month_of(now),
        hard=default_hard if row.hard is None else bool(row.hard),
        raised_micros=row.raised,
        raised_until=row.until,
        unpriced_requests=row.unpriced,
    )


def _state_of_key(session: Session, layer: Layer, key_id: str, name: str, now: datetime) -> Budget | None:
    asked = {"subject": key_id, "month": month_of(now), "day": day_of(now), "now": now}
    row = session.execute(sql.caps(one=True), asked).first()
    if row is None or (layer is Layer.AUTOMATION and row.daily_cap_micros is None):
        return None
    return (_day if layer is Layer.AUTOMATION else _cap)(row, name, now)


def _cap(row: Row[Any], name: str, now: datetime) -> Budget:
    period = period_of(Layer.KEY, row.cap_period, now)
    return Budget(
        layer=Layer.KEY,
        subject_id=row.id,
        name=name,
        budget_micros=row.cap_micros,
        spent_micros=row.used,
        committed_micros=0,
        resets_at=None if period == TOTAL else month_end(now),
        read_at=row.read_at,
        period=period,
        raised_micros=row.raised,
        raised_until=row.until,
        unpriced_requests=row.unpriced,
    )


def _day(row: Row[Any], name: str, now: datetime) -> Budget:
    return Budget(
        layer=Layer.AUTOMATION,
        subject_id=row.id,
        name=name,
        budget_micros=row.daily_cap_micros,
        spent_micros=row.today,
        committed_micros=0,
        resets_at=day_end(now),
        read_at=row.read_at,
        period=day_of(now),
        raised_micros=row.raised_today,
        raised_until=row.until_today,
        unpriced_requests=row.unpriced_today,
    )


def _row(session: Session, layer: Layer, subject_id: str) -> BudgetRow | None:
    query = select(BudgetRow).where(BudgetRow.layer == layer, BudgetRow.subject_id == subject_id)
    return session.exec(query).first()
