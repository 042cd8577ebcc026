"""How far each gateway has been read, and how far what it told has been posted to the ledger.

`live` and `usage` are what a gateway is asked for, `again` is the reading of many days a second time, `posted` and
`settled` the newest day and month that stand in the ledger. Marks only tell where to go on: forgetting one costs time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.facts import Freshness
from storage.money_tables import SyncRow


class What(StrEnum):
    """What a mark is of."""

    LIVE = "live"
    """The live totals of all keys."""
    USAGE = "usage"
    """Usage by day; `through` is the newest day read."""
    AGAIN = "again"
    """The last weeks of usage read again; `through` is the day on which that was done."""
    POSTED = "posted"
    """Days in the ledger; `through` is the newest, and all before it are there as well."""
    SETTLED = "settled"
    """Months in the ledger; `through` is the newest, and all before it are there as well."""


@dataclass(frozen=True, slots=True)
class Sync:
    """How far one of these has come at a gateway."""

    gateway: str
    what: What
    tried_at: datetime
    read_at: datetime | None
    """When the newest full reading began; None when there was none."""
    through: str | None
    error: str | None
    """Why the newest try failed; None when it did not."""


def of(session: Session, gateway: str, what: What) -> Sync | None:
    """The mark, or None when it was never tried."""
    row = session.get(SyncRow, (gateway, str(what)))
    return None if row is None else _sync(row)


def all_of(session: Session, what: What) -> list[Sync]:
    """The marks of every gateway, by its name."""
    rows = session.exec(select(SyncRow).where(SyncRow.what == str(what)).order_by(SyncRow.gateway)).all()
    return [_sync(row) for row in rows]


def read(session: Session, gateway: str, what: What, at: datetime, through: str | None = None) -> None:
    """A reading that began at that moment is complete. An older one than the newest changes nothing."""
    row = _row(session, gateway, what, at)
    if row.read_at is not None and row.read_at > at:
        return
    row.read_at = at
    row.tried_at = max(row.tried_at, at)
    row.error = None
    if through is not None:
        row.through = through
    session.flush()


def failed(session: Session, gateway: str, what: What, at: datetime, error: str) -> None:
    """A reading that began at that moment failed, unless a newer one has been completed meanwhile."""
    row = _row(session, gateway, what, at)
    if row.read_at is not None and row.read_at > at:
        return
    row.tried_at = max(row.tried_at, at)
    row.error = error
    session.flush()


def reached(session: Session, gateway: str, what: What, at: datetime, through: str) -> None:
    """A reading has come so far, and is not complete yet."""
    row = _row(session, gateway, what, at)
    row.through = max(row.through or through, through)
    session.flush()


def advance(session: Session, gateway: str, what: What, at: datetime, frm: str | None, to: str) -> bool:
    """Move a mark on; False, and nothing is moved, when it is not where the caller last saw it."""
    row = _row(session, gateway, what, at)
    if row.through != frm:
        return False
    row.through, row.read_at, row.tried_at = to, at, at
    session.flush()
    return True


def recede(session: Session, what: What, since: str, to: str, gateway: str | None = None) -> None:
    """What was done from `since` on is to be done again: marks that are there, or further, go back to `to`."""
    change = update(SyncRow).where(col(SyncRow.what) == str(what), col(SyncRow.through) >= since).values(through=to)
    if gateway is not None:
        change = change.where(col(SyncRow.gateway) == gateway)
    session.exec(change.execution_options(synchronize_session="fetch"))


def freshness(session: Session) -> list[Freshness]:
    """How fresh the live totals of each gateway are, by its name."""
    return [Freshness(sync.gateway, sync.read_at, sync.error or "") for sync in all_of(session, What.LIVE)]


def _row(session: Session, gateway: str, what: What, at: datetime) -> SyncRow:
    row = session.get(SyncRow, (gateway, str(what))) or SyncRow(gateway=gateway, what=str(what), tried_at=at)
    session.add(row)
    return row


def _sync(row: SyncRow) -> Sync:
    return Sync(row.gateway, What(row.what), row.tried_at, row.read_at, row.through, row.error)
