"""What closing a team's month needs: since when there is a team, what its keys spent, how far that was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from storage import syncs
from storage.money_tables import ReadingRow
from storage.syncs import What
from storage.tables import KeyRow, TeamRow


def founded_at(session: Session, team_id: str) -> datetime:
    """When the team was made. Raises `LookupError` when there is no such team."""
    row = session.get(TeamRow, team_id)
    if row is None:
        raise LookupError(team_id)
    return row.created_at


def spent(session: Session, team_id: str, month: str) -> int:
    """What the team's keys, whatever became of them, have spent in this month so far as is known, in micro-USD."""
    query = (
        select(func.coalesce(func.sum(ReadingRow.spent_micros), 0))
        .join(KeyRow, col(KeyRow.id) == col(ReadingRow.key_id))
        .where(KeyRow.team_id == team_id, ReadingRow.period == month)
    )
    return int(session.exec(query).one())


@dataclass(frozen=True, slots=True)
class Heard:
    """What the gateways of a team's keys have told, the one that lags most deciding."""

    live_at: datetime | None
    """When the newest reading of all live spend began; None when some gateway has told none."""
    usage_at: datetime | None
    """When usage by day was last asked for and told, or refused; None when that was never answered."""
    asks_usage: bool
    """Whether usage by day is asked for at all."""


def heard(session: Session, team_id: str, asked: Iterable[str]) -> Heard | None:
    """How far the spend of the team's keys has been read at those of these gateways that it ever had one at.

    None when there is no such gateway.
    """
    mine = (KeyRow.team_id == team_id, col(KeyRow.handle).is_not(None), col(KeyRow.gateway).in_(set(asked)))
    gateways = set(session.exec(select(KeyRow.gateway).where(*mine).distinct()))
    if not gateways:
        return None
    live = {sync.gateway: sync.read_at for sync in syncs.all_of(session, What.LIVE)}
    usage = [sync for sync in syncs.all_of(session, What.USAGE) if sync.gateway in gateways]
    return Heard(
        live_at=_oldest([live.get(gateway) for gateway in gateways]),
        usage_at=_oldest([sync.tried_at if sync.error else sync.read_at for sync in usage]),
        asks_usage=bool(usage),
    )


def _oldest(moments: list[datetime | None]) -> datetime | None:
    """The oldest of these; None when one is missing."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
