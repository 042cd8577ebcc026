"""Who does what only once: slots of jobs, and deliveries from Slack.

Owns the claims, on which all replicas agree because they are rows. Knows nothing of what the jobs do or when
they are due.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CursorResult, and_, delete, func, insert, select, update
from sqlmodel import Session, SQLModel

from storage import tables

_runs: Final = SQLModel.metadata.tables[str(tables.RunRow.__tablename__)]
_seen: Final = SQLModel.metadata.tables[str(tables.SeenRow.__tablename__)]


def claim(session: Session, job: str, slot: datetime, now: datetime) -> bool:
    """True for exactly one caller ever per job and slot. A claim stays claimed, even if its holder dies."""
    this = and_(_runs.c.job == job, _runs.c.slot == slot)
    if session.execute(select(_runs.c.job).where(this)).first() is not None:
        return False
    session.execute(insert(_runs).values(job=job, slot=slot, claimed_at=now))
    return True


def finish(session: Session, job: str, slot: datetime, now: datetime, error: str | None = None) -> None:
    """Record how a claimed slot ended."""
    this = and_(_runs.c.job == job, _runs.c.slot == slot)
    session.execute(update(_runs).where(this).values(finished_at=now, error=error))


def latest(session: Session, job: str) -> datetime | None:
    """The newest slot of the job that was ever claimed."""
    newest: datetime | None = session.execute(select(func.max(_runs.c.slot)).where(_runs.c.job == job)).scalar()
    return newest


def prune(session: Session, before: datetime) -> int:
    """Forget slots before then, but never a job's newest, which catching up starts from. Returns how many."""
    other = _runs.alias("other")
    newest = select(func.max(other.c.slot)).where(other.c.job == _runs.c.job).scalar_subquery()
    result = session.execute(delete(_runs).where(_runs.c.slot < before, _runs.c.slot < newest))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def was_seen(session: Session, key: str) -> bool:
    """Whether `key` has been seen before."""
    return session.execute(select(_seen.c.key).where(_seen.c.key == key)).first() is not None


def first_sight(session: Session, key: str, now: datetime) -> bool:
    """True the first time `key` is seen, over all replicas; rolled back with its transaction, unseen."""
    if was_seen(session, key):
        return False
    session.execute(insert(_seen).values(key=key, at=now))
    return True


def prune_seen(session: Session, before: datetime) -> int:
    """Forget what was seen before then. Returns how many."""
    result = session.execute(delete(_seen).where(_seen.c.at < before))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
