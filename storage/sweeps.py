"""Sweeps: where each is, who works on it, and how it ends.

Who works on one holds its lease; a page is written down together with where the next one begins, by whoever holds
the lease and found the place as it was. So of two replicas, or after a crash, nothing is read twice or left out.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, and_, delete, or_, update
from sqlmodel import Session, col, select

from bot.domain.sweeps import RUNNING, WORKING, Listing, Sweep, SweepState
from storage.leaving_tables import SweepPersonRow, SweepRow


def begin(session: Session, sweep_id: str, listing: Listing, by: str, now: datetime) -> Sweep:
    """Write down that a sweep starts. Raises `IntegrityError` when another of this source is running."""
    row = SweepRow(id=sweep_id, source=str(listing), state=str(SweepState.READING), started_at=now, started_by=by)
    session.add(row)
    session.flush()
    return _sweep(row)


def get(session: Session, sweep_id: str) -> Sweep | None:
    """The sweep, or None."""
    row = session.get(SweepRow, sweep_id, populate_existing=True)
    return None if row is None else _sweep(row)


def running(session: Session, listing: Listing) -> Sweep | None:
    """The sweep of this source that reads, acts or waits for owners, or None."""
    return latest(session, listing, RUNNING)


def latest(session: Session, listing: Listing, states: Collection[SweepState] = ()) -> Sweep | None:
    """The newest sweep of this source, in one of these states if any are given, or None."""
    return _first(session, listing, states, col(SweepRow.started_at).desc())


def oldest(session: Session, listing: Listing) -> Sweep | None:
    """The very first sweep of this source, or None."""
    return _first(session, listing, (), col(SweepRow.started_at))


def take(session: Session, sweep_id: str, lease: str, now: datetime, until: datetime) -> bool:
    """Work on the sweep from now on; False when somebody does, or when there is nothing to work on."""
    free = or_(col(SweepRow.leased_until).is_(None), col(SweepRow.leased_until) <= now)
    return _set(session, sweep_id, col(SweepRow.state).in_(WORKING), free, lease=lease, leased_until=until)


def turn_page(session: Session, read: Sweep, lease: str, cursor: str, listed: int, until: datetime) -> bool:
    """The page that begins at `read.cursor` is read, and the next begins at `cursor`; False when somebody else did."""
    here = and_(
        col(SweepRow.state) == SweepState.READING, col(SweepRow.lease) == lease, col(SweepRow.cursor) == read.cursor
    )
    as_it_was = col(SweepRow.pages) == read.pages
    values = {"cursor": cursor, "pages": read.pages + 1, "listed": read.listed + listed, "leased_until": until}
    return _set(session, read.id, here, as_it_was, **values)


def read_anew(session: Session, sweep_id: str, lease: str, why: str) -> bool:
    """Forget what was read, and start at the first page again; False when somebody else works on it."""
    held = and_(col(SweepRow.state) == SweepState.READING, col(SweepRow.lease) == lease)
    if not _set(session, sweep_id, held, cursor="", pages=0, listed=0, why=why):
        return False
    session.execute(delete(SweepPersonRow).where(col(SweepPersonRow.sweep_id) == sweep_id))
    return True


def keep(session: Session, sweep_id: str, lease: str, until: datetime | None, why: str | None = None) -> bool:
    """Whoever holds the lease keeps it until then, or lets go of it; False when they do not hold it."""
    more = {} if why is None else {"why": why}
    return _set(session, sweep_id, col(SweepRow.lease) == lease, leased_until=until, **more)


def move(session: Session, sweep_id: str, came: SweepState, to: SweepState, **columns: Any) -> bool:  # noqa: ANN401
    """Let the sweep change from one state to another; False when it is not in that state."""
    return _set(session, sweep_id, col(SweepRow.state) == came, state=str(to), **columns)


# --- rows ---


def _first(session: Session, listing: Listing, states: Collection[SweepState], order: Any) -> Sweep | None:  # noqa: ANN401
    where = [col(SweepRow.source) == listing, *([col(SweepRow.state).in_(states)] if states else [])]
    query = select(SweepRow).where(*where).order_by(order, col(SweepRow.id)).limit(1)
    row = session.exec(query.execution_options(populate_existing=True)).first()
    return None if row is None else _sweep(row)


def _set(session: Session, sweep_id: str, *where: Any, **columns: Any) -> bool:  # noqa: ANN401
    done = session.execute(
        update(SweepRow)
        .where(col(SweepRow.id) == sweep_id, *where)
        .values(**columns)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def _sweep(row: SweepRow) -> Sweep:
    return Sweep(
        id=row.id,
        listing=Listing(row.source),
        state=SweepState(row.state),
        started_at=row.started_at,
        started_by=row.started_by,
        cursor=row.cursor,
        pages=row.pages,
        listed=row.listed,
        why=row.why,
        agreed=tuple(row.agreed),
        lease=row.lease,
        leased_until=row.leased_until,
        finished_at=row.finished_at,
    )
