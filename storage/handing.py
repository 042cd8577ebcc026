"""Keys that change hands: another holder or lead, a stopped key that is taken over late, and reminders of what waits.

All of it is compare-and-set: of two people who take the same key, one does.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.keys import Key
from bot.domain.offboarding import LeftProject, LeftTeam, Outcome
from storage.leaving_tables import DepartureKeyRow, DepartureProjectRow, DepartureTeamRow
from storage.tables import KeyRow


def give(session: Session, key: Key, *, holder_id: str, lead_id: str | None) -> bool:
    """Let these hold and lead a key from now on; False when others did by then than when it was read."""
    done = session.exec(
        update(KeyRow)
        .where(
            col(KeyRow.id) == key.id,
            col(KeyRow.holder_id) == key.holder_id,
            col(KeyRow.lead_id).is_(None) if key.lead_id is None else col(KeyRow.lead_id) == key.lead_id,
        )
        .values(holder_id=holder_id, lead_id=lead_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def take_stopped(session: Session, departure_id: str, key_id: str, by: str, now: datetime) -> bool:
    """A key that was stopped, as nobody took it over, is taken over after all; False when somebody has."""
    done = session.exec(
        update(DepartureKeyRow)
        .where(
            col(DepartureKeyRow.departure_id) == departure_id,
            col(DepartureKeyRow.key_id) == key_id,
            col(DepartureKeyRow.outcome) == Outcome.STOPPED,
        )
        .values(outcome=str(Outcome.TAKEN), by=by, at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def reminded(session: Session, left: LeftTeam, now: datetime) -> bool:
    """Note that a team is reminded now; False when it was since it was read, or nothing waits there any more."""
    marker = col(DepartureTeamRow.reminded_at)
    done = session.exec(
        update(DepartureTeamRow)
        .where(
            col(DepartureTeamRow.departure_id) == left.departure_id,
            col(DepartureTeamRow.team_id) == left.team_id,
            col(DepartureTeamRow.due_at).is_not(None),
            marker.is_(None) if left.reminded_at is None else marker == left.reminded_at,
        )
        .values(reminded_at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def led(session: Session, project_id: str) -> list[LeftProject]:
    """Every departure with which this project lost its lead."""
    query = (
        select(DepartureProjectRow)
        .where(DepartureProjectRow.project_id == project_id)
        .order_by(DepartureProjectRow.departure_id)
    )
    return [
        LeftProject(row.departure_id, row.project_id, row.moved_to, row.moved_at) for row in session.exec(query).all()
    ]
