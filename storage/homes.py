"""Home tabs that people opened: what stands there, and which of them have to be compared with the books again.

Knows nothing of what is shown. What the books have come to is a short text, `mark`, which differs once anything that a
Home tab shows may have changed.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import CursorResult, delete, update
from sqlmodel import Session, col, select

from bot.domain.homes import Shown
from storage import ledger
from storage.money_tables import SyncRow
from storage.syncs import What
from storage.tables import HomeRow

_READ = (str(What.LIVE), str(What.USAGE))


def mark(session: Session) -> str:
    """What the books have come to: the ledger's head, and the newest readings of what was spent."""
    query = (
        select(SyncRow.gateway, SyncRow.what, SyncRow.read_at, SyncRow.error)
        .where(col(SyncRow.what).in_(_READ))
        .order_by(SyncRow.gateway, SyncRow.what)
    )
    read = [str(tuple(row)) for row in session.exec(query)]
    digest = hashlib.sha256("\n".join(read).encode()).hexdigest()[:16]
    return f"{ledger.head(session).seq}:{digest}"


def opened(session: Session, member_id: str, now: datetime) -> None:
    """The person is looking at their Home tab now; until it was published for them, it is due."""
    row = session.get(HomeRow, member_id) or HomeRow(member_id=member_id, opened_at=now, due_at=now)
    row.opened_at = now
    row.looked = ""
    session.add(row)
    session.flush()


def standing(session: Session, member_id: str) -> Shown:
    """What stands in the person's Home tab, as far as it is known."""
    row = session.get(HomeRow, member_id)
    return Shown() if row is None else Shown(row.shown, row.view_hash)


def due(session: Session, mark: str, opened_since: datetime, now: datetime, most: int) -> list[str]:
    """Whose Home tab was opened since then and not compared with the books as they are, longest ago first."""
    query = (
        select(HomeRow.member_id)
        .where(col(HomeRow.opened_at) > opened_since, HomeRow.looked != mark, col(HomeRow.due_at) <= now)
        .order_by(col(HomeRow.due_at), HomeRow.member_id)
        .limit(most)
    )
    return list(session.exec(query))


def looked(session: Session, member_id: str, mark: str, now: datetime) -> None:
    """The person's Home tab was compared with the books as they were at this mark."""
    session.execute(update(HomeRow).where(col(HomeRow.member_id) == member_id).values(looked=mark, due_at=now))


def published(session: Session, member_id: str, shown: Shown, over: Shown, mark: str, now: datetime) -> bool:
    """This view stands there now, over the one that stood there before.

    False, and nothing is written, when another publisher has noted a newer one: theirs was published over ours.
    """
    this = col(HomeRow.member_id) == member_id
    if over.view_hash:
        this &= col(HomeRow.view_hash) == over.view_hash
    values = {"shown": shown.fingerprint, "view_hash": shown.view_hash, "looked": mark, "due_at": now}
    result = session.execute(update(HomeRow).where(this).values(**values))
    assert isinstance(result, CursorResult)
    return int(result.rowcount) == 1


def postpone(session: Session, until: datetime, member_id: str | None = None) -> None:
    """Compare none before then; or not this one's."""
    change = update(HomeRow).where(col(HomeRow.due_at) < until).values(due_at=until)
    session.execute(change if member_id is None else change.where(col(HomeRow.member_id) == member_id))


def prune(session: Session, before: datetime) -> int:
    """Forget Home tabs that nobody has opened since then; opening one publishes it anew. Returns how many."""
    result = session.execute(delete(HomeRow).where(col(HomeRow.opened_at) < before))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
