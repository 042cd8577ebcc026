"""Cuts: by how much a key's caps stand lower, and until when. Ends are dealt with once, by compare-and-set."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from bot.domain.cuts import ROTATED_ONCE, Cut, CutWhy
from storage.incident_tables import CutRow


def add(session: Session, new: Cut) -> None:
    """Write down a cut. Raises `IntegrityError` for a second one of the same cap and name."""
    session.add(
        CutRow(
            id=new.id,
            key_id=new.key_id,
            layer=str(new.layer),
            micros=new.micros,
            why=str(new.why),
            once=new.once,
            set_by=new.set_by,
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            ended_at=new.ended_at,
        )
    )
    session.flush()


def get(session: Session, cut_id: str) -> Cut | None:
    """The cut, or None."""
    row = session.get(CutRow, cut_id)
    return None if row is None else _cut(row)


def standing(session: Session, key_id: str) -> list[Cut]:
    """The cuts of a key's caps whose end has not been dealt with, the one that ends first leading."""
    return _many(session, CutRow.key_id == key_id, col(CutRow.ended_at).is_(None))


def of_key(session: Session, key_id: str) -> list[Cut]:
    """Every cut there ever was of a key's caps, the one that ends first leading."""
    return _many(session, CutRow.key_id == key_id)


def shared(session: Session) -> list[str]:
    """The ids of keys whose cap is, or was until now, shared with another key."""
    query = select(CutRow.key_id).where(CutRow.why == str(CutWhy.ROTATED), col(CutRow.ended_at).is_(None)).distinct()
    return sorted(session.exec(query))


def due(session: Session, now: datetime) -> list[Cut]:
    """Cuts that are over and whose end has not been dealt with, the one that ended first leading."""
    return _many(session, col(CutRow.ended_at).is_(None), col(CutRow.ends_at) <= now)


def restored(session: Session) -> list[Cut]:
    """Cuts that stand since a key was restored, the one that ends first leading."""
    return _many(session, CutRow.why == str(CutWhy.RESTORED), col(CutRow.ended_at).is_(None))


def mark_ended(session: Session, cut_id: str, now: datetime) -> bool:
    """Note that the cut's end is being dealt with; True for exactly one caller ever."""
    return _set(session, [col(CutRow.id) == cut_id, col(CutRow.ended_at).is_(None)], {"ended_at": now})


def resize(session: Session, cut_id: str, micros: int, starts_at: datetime) -> bool:
    """Make a cut that stands larger or smaller; False when it has ended."""
    values = {"micros": micros, "starts_at": starts_at}
    return _set(session, [col(CutRow.id) == cut_id, col(CutRow.ended_at).is_(None)], values)


def follow(session: Session, key_id: str, to_key_id: str) -> bool:
    """Let what was cut of a restored key be cut of the one in its place; whether there was anything."""
    where = [
        col(CutRow.key_id) == key_id, col(CutRow.ended_at).is_(None), col(CutRow.why) == str(CutWhy.RESTORED)
    ]  # fmt: skip
    return _set(session, where, {"key_id": to_key_id})


def put_shared(session: Session, new: Cut) -> None:
    """Let the one cut that a cap has for being shared be as large as this one; none at all for 0 micro-USD."""
    where = (CutRow.key_id == new.key_id, CutRow.layer == str(new.layer), CutRow.once == ROTATED_ONCE)
    row = session.exec(select(CutRow).where(*where)).first()
    if row is None:
        if new.micros > 0:
            add(session, new)
        return
    if new.micros > 0:
        row.micros, row.ended_at, row.ends_at = new.micros, None, new.ends_at
    elif row.ended_at is None:
        row.ended_at = new.starts_at
    session.add(row)
    session.flush()


def _set(session: Session, where: list[Any], values: dict[str, Any]) -> bool:
    done = session.exec(update(CutRow).where(*where).values(values).execution_options(synchronize_session=False))
    session.expire_all()
    return done.rowcount > 0


def _many(session: Session, *where: Any) -> list[Cut]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(CutRow).where(*where).order_by(col(CutRow.ends_at), col(CutRow.starts_at), CutRow.id)
    return [_cut(row) for row in session.exec(query).all()]


def _cut(row: CutRow) -> Cut:
    return Cut(
        id=row.id,
        key_id=row.key_id,
        layer=Layer(row.layer),
        micros=row.micros,
        why=CutWhy(row.why),
        once=row.once,
        set_by=row.set_by,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
    )
