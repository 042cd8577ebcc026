"""The channels in which messages are looked through for keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.incident_tables import LeakWatchRow


@dataclass(frozen=True, slots=True)
class LeakWatch:
    """Who turned it on in a channel, and when."""

    channel_id: str
    set_by: str
    set_at: datetime


def get(session: Session, channel_id: str) -> LeakWatch | None:
    """The watch over this channel, or None."""
    row = session.get(LeakWatchRow, channel_id)
    return None if row is None else LeakWatch(row.channel_id, row.set_by, row.set_at)


def every(session: Session) -> list[LeakWatch]:
    """All of them, in the order of their channels' ids."""
    rows = session.exec(select(LeakWatchRow).order_by(LeakWatchRow.channel_id)).all()
    return [LeakWatch(row.channel_id, row.set_by, row.set_at) for row in rows]


def turn_on(session: Session, channel_id: str, by: str, now: datetime) -> bool:
    """Watch a channel from now on; False when it is watched already."""
    if get(session, channel_id) is not None:
        return False
    session.add(LeakWatchRow(channel_id=channel_id, set_by=by, set_at=now))
    session.flush()
    return True


def turn_off(session: Session, channel_id: str) -> bool:
    """Watch a channel no more; False when it was not watched."""
    done = session.exec(delete(LeakWatchRow).where(col(LeakWatchRow.channel_id) == channel_id))
    session.expire_all()
    return bool(done.rowcount)
