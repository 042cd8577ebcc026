"""Times in which a team or project is expected to spend more than usual."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import tuple_, update
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from bot.domain.incidents import Expected
from storage.incident_tables import ExpectedRow


def add(session: Session, new: Expected) -> None:
    """Write down such a time."""
    session.add(
        ExpectedRow(
            id=new.id,
            layer=str(new.layer),
            subject_id=new.subject_id,
            reason=new.reason,
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            set_by=new.set_by,
            set_at=new.set_at,
        )
    )
    session.flush()


def end(session: Session, expected_id: str, at: datetime) -> bool:
    """End one before its time; False when it was ended or over already."""
    done = session.exec(
        update(ExpectedRow)
        .where(col(ExpectedRow.id) == expected_id, col(ExpectedRow.ended_at).is_(None), col(ExpectedRow.ends_at) > at)
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def of(session: Session, subjects: Iterable[tuple[Layer, str]], since: datetime) -> list[Expected]:
    """Those of these subjects that were not over at that moment, ended ones too, in order of their beginning."""
    pairs = sorted({(str(layer), subject_id) for layer, subject_id in subjects})
    if not pairs:
        return []
    query = (
        select(ExpectedRow)
        .where(tuple_(col(ExpectedRow.layer), col(ExpectedRow.subject_id)).in_(pairs), ExpectedRow.ends_at > since)
        .order_by(col(ExpectedRow.starts_at), ExpectedRow.id)
    )
    return [_expected(row) for row in session.exec(query)]


def _expected(row: ExpectedRow) -> Expected:
    return Expected(
        id=row.id,
        layer=Layer(row.layer),
        subject_id=row.subject_id,
        reason=row.reason,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        set_by=row.set_by,
        set_at=row.set_at,
        ended_at=row.ended_at,
    )
