"""Raises: by how much a limit stands higher, and until when. Ends are dealt with once, by compare-and-set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from storage.money_tables import RaiseRow


@dataclass(frozen=True, slots=True)
class Raise:
    """More money for a limit until a moment, as a request was granted. Counts while `starts_at <= now < ends_at`."""

    id: str
    request_id: str
    layer: Layer
    subject_id: str
    micros: int
    """By how much, in micro-USD."""
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    """When its end was dealt with; None while it stands, or ended unnoticed."""


def add(session: Session, new: Raise) -> None:
    """Write down a raise. Raises `IntegrityError` when its request has led to one already."""
    row = RaiseRow(
        id=new.id,
        request_id=new.request_id,
        layer=str(new.layer),
        subject_id=new.subject_id,
        micros=new.micros,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        ended_at=new.ended_at,
    )
    session.add(row)
    session.flush()


def of_request(session: Session, request_id: str) -> Raise | None:
    """What a request for a raise has led to, or None."""
    found = _many(session, RaiseRow.request_id == request_id)
    return found[0] if found else None


def of_key(session: Session, key_id: str) -> list[Raise]:
    """Every raise there ever was of a key's cap or day, the one that ends first leading."""
    layers = (str(Layer.KEY), str(Layer.AUTOMATION))
    return _many(session, col(RaiseRow.layer).in_(layers), RaiseRow.subject_id == key_id)


def active(session: Session, layer: Layer, subject_id: str, now: datetime) -> list[Raise]:
    """The raises of a limit that count at this moment, the one that ends first leading."""
    return _many(
        session,
        RaiseRow.layer == str(layer),
        RaiseRow.subject_id == subject_id,
        col(RaiseRow.starts_at) <= now,
        col(RaiseRow.ends_at) > now,
    )


def between(session: Session, since: datetime, until: datetime) -> list[Raise]:
    """Raises that counted at any moment from `since` until before `until`, the one that ends first leading."""
    return _many(session, col(RaiseRow.starts_at) < until, col(RaiseRow.ends_at) > since)


def due(session: Session, now: datetime) -> list[Raise]:
    """Raises that are over and whose end has not been dealt with, the one that ended first leading."""
    return _many(session, col(RaiseRow.ended_at).is_(None), col(RaiseRow.ends_at) <= now)


def mark_ended(session: Session, raise_id: str, now: datetime) -> bool:
    """Note that the raise's end is being dealt with; True for exactly one caller ever."""
    done = session.exec(
        update(RaiseRow)
        .where(col(RaiseRow.id) == raise_id, col(RaiseRow.ended_at).is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def follow(session: Session, raise_id: str, to_key_id: str) -> None:
    """Let a raise of a key be one of the key in its place."""
    session.exec(
        update(RaiseRow)
        .where(col(RaiseRow.id) == raise_id)
        .values(subject_id=to_key_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _many(session: Session, *where: Any) -> list[Raise]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(RaiseRow).where(*where).order_by(col(RaiseRow.ends_at), col(RaiseRow.starts_at), RaiseRow.id)
    return [_raise(row) for row in session.exec(query).all()]


def _raise(row: RaiseRow) -> Raise:
    return Raise(
        id=row.id,
        request_id=row.request_id,
        layer=Layer(row.layer),
        subject_id=row.subject_id,
        micros=row.micros,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
    )
