"""Departures: who left, what they were in which team, what they led, and what became of their keys.

What changes once (an end, a key that waits) is compare-and-set: one caller of two wins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.offboarding import (
    Departure,
    DepartureState,
    LeftKey,
    LeftProject,
    LeftTeam,
    Outcome,
    Source,
    Was,
)
from bot.domain.people import Role
from storage.leaving_tables import DepartureKeyRow, DepartureProjectRow, DepartureRow, DepartureTeamRow

_AT_ONCE = 500


def add(session: Session, new: Departure) -> None:
    """Write down that somebody left. Raises `IntegrityError` when they have an open departure already."""
    row = DepartureRow(
        id=new.id,
        member_id=new.member_id,
        source=str(new.source),
        note=new.note,
        noticed_at=new.noticed_at,
        noticed_by=new.noticed_by,
        left_at=new.left_at,
        state=str(new.state),
        ended_at=new.ended_at,
        ended_by=new.ended_by,
    )
    session.add(row)
    session.flush()


def get(session: Session, departure_id: str) -> Departure | None:
    """The departure, or None."""
    row = session.get(DepartureRow, departure_id)
    return None if row is None else _departure(row)


def open_of(session: Session, member_id: str) -> Departure | None:
    """The departure of this person that stands, or None."""
    found = _departures(session, DepartureRow.member_id == member_id, DepartureRow.state == DepartureState.OPEN)
    return found[0] if found else None


def open_among(session: Session, member_ids: Collection[str]) -> set[str]:
    """Those of these people whose departure stands, in one query for every 500 of them."""
    found: set[str] = set()
    for some in _portions(member_ids):
        query = select(DepartureRow.member_id).where(
            col(DepartureRow.member_id).in_(some), DepartureRow.state == DepartureState.OPEN
        )
        found.update(session.exec(query).all())
    return found


def newest_among(session: Session, member_ids: Collection[str]) -> list[Departure]:
    """The newest departure, in whatever state, of each of these people who ever left, in a query for 500 of them."""
    newest: dict[str, Departure] = {}
    for some in _portions(member_ids):
        for one in _departures(session, col(DepartureRow.member_id).in_(some)):
            newest.setdefault(one.member_id, one)
    return list(newest.values())


def latest_of(session: Session, member_id: str) -> Departure | None:
    """The newest departure of this person, in whatever state, or None."""
    found = _departures(session, DepartureRow.member_id == member_id, limit=1)
    return found[0] if found else None


def closing(session: Session, member_ids: Collection[str], at: datetime) -> str | None:
    """Which of these people was noticed to have left at that very moment: their requests were closed then."""
    found = _departures(session, col(DepartureRow.member_id).in_(member_ids), DepartureRow.noticed_at == at)
    return found[0].member_id if found else None


def recent(session: Session, limit: int | None = None, since: datetime | None = None) -> list[Departure]:
    """All departures or so many at most, newest first; with `since` those noticed from then on."""
    where = () if since is None else (col(DepartureRow.noticed_at) >= since,)
    return _departures(session, *where, limit=limit)


def end(session: Session, departure_id: str, state: DepartureState, by: str, now: datetime) -> bool:
    """Let a departure end; False when it has. One that is open ends as returned or undone, a returned one as undone."""
    before = [DepartureState.OPEN, *([DepartureState.RETURNED] if state is DepartureState.UNDONE else [])]
    done = session.exec(
        update(DepartureRow)
        .where(col(DepartureRow.id) == departure_id, col(DepartureRow.state).in_(before))
        .values(state=str(state), ended_at=now, ended_by=by)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


# --- teams ---


def add_team(session: Session, new: LeftTeam) -> None:
    """Write down what the leaver was in one team."""
    row = DepartureTeamRow(
        departure_id=new.departure_id,
        team_id=new.team_id,
        role=str(new.role),
        channel_id=new.channel_id,
        ts=new.ts,
        due_at=new.due_at,
        reminded_at=new.reminded_at,
        restored_at=new.restored_at,
        restored_by=new.restored_by,
    )
    session.add(row)
    session.flush()


def teams(session: Session, departure_id: str) -> list[LeftTeam]:
    """What the leaver was in each team concerned, by team id."""
    return _teams(session, DepartureTeamRow.departure_id == departure_id)


def team(session: Session, departure_id: str, team_id: str) -> LeftTeam | None:
    """What the leaver was in this team, or None when it is not concerned."""
    row = session.get(DepartureTeamRow, (departure_id, team_id))
    return None if row is None else _team(row)


def teams_waiting(session: Session) -> list[LeftTeam]:
    """Teams in which keys of somebody who left wait for a new holder, the earliest due first."""
    return _teams(session, col(DepartureTeamRow.due_at).is_not(None), first=col(DepartureTeamRow.due_at))


def set_message(session: Session, departure_id: str, team_id: str, channel_id: str, ts: str) -> bool:
    """Write down where the team's message about the departure stands; False when that is known already."""
    where = (col(DepartureTeamRow.ts).is_(None),)
    return _set_team(session, departure_id, team_id, where, channel_id=channel_id, ts=ts)


def mark_reminded(session: Session, departure_id: str, team_id: str, now: datetime) -> bool:
    """Note once that the team was reminded of keys that wait; False if it was noted."""
    return _set_team(session, departure_id, team_id, (col(DepartureTeamRow.reminded_at).is_(None),), reminded_at=now)


def mark_restored(session: Session, departure_id: str, team_id: str, by: str, now: datetime) -> bool:
    """Note once that what the leaver was in the team was put back; False if it was noted."""
    where = (col(DepartureTeamRow.restored_at).is_(None),)
    return _set_team(session, departure_id, team_id, where, restored_at=now, restored_by=by)


def set_due(session: Session, departure_id: str, team_id: str, due_at: datetime) -> bool:
    """From now on something waits in the team, until then; False when something did before."""
    return _set_team(session, departure_id, team_id, (col(DepartureTeamRow.due_at).is_(None),), due_at=due_at)


def clear_due(session: Session, departure_id: str, team_id: str) -> bool:
    """Nothing waits in the team any more; False when nothing did."""
    return _set_team(session, departure_id, team_id, (col(DepartureTeamRow.due_at).is_not(None),), due_at=None)


# --- projects ---


def add_project(session: Session, new: LeftProject) -> None:
    """Write down that the leaver led this project, and who leads it since."""
    row = DepartureProjectRow(
        departure_id=new.departure_id, project_id=new.project_id, moved_to=new.moved_to, moved_at=new.moved_at
    )
    session.add(row)
    session.flush()


def projects(session: Session, departure_id: str) -> list[LeftProject]:
    """Projects that the leaver led, by project id."""
    query = (
        select(DepartureProjectRow)
        .where(DepartureProjectRow.departure_id == departure_id)
        .order_by(DepartureProjectRow.project_id)
    )
    return [
        LeftProject(row.departure_id, row.project_id, row.moved_to, row.moved_at) for row in session.exec(query).all()
    ]


def move_project(session: Session, departure_id: str, project_id: str, moved_to: str, now: datetime) -> None:
    """Write down who leads a project of the leaver's by now."""
    session.exec(
        update(DepartureProjectRow)
        .where(col(DepartureProjectRow.departure_id) == departure_id, col(DepartureProjectRow.project_id) == project_id)
        .values(moved_to=moved_to, moved_at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


# --- keys ---


def add_key(session: Session, new: LeftKey) -> None:
    """Write down a key that the leaver held or led. Raises `IntegrityError` when it waits in another departure."""
    row = DepartureKeyRow(
        departure_id=new.departure_id,
        key_id=new.key_id,
        team_id=new.team_id,
        was=str(new.was),
        outcome=str(new.outcome),
        by=new.by,
        at=new.at,
    )
    session.add(row)
    session.flush()


def keys_of(session: Session, departure_id: str) -> list[LeftKey]:
    """Every key that the leaver held or led when they left, by key id."""
    return _keys(session, DepartureKeyRow.departure_id == departure_id)


def key_of(session: Session, departure_id: str, key_id: str) -> LeftKey | None:
    """The key as this departure has it, or None when it is not one of it."""
    row = session.get(DepartureKeyRow, (departure_id, key_id))
    return None if row is None else _key(row)


def waiting_for(session: Session, key_id: str) -> LeftKey | None:
    """The departure because of which this key waits for a new holder, or None."""
    found = _keys(session, DepartureKeyRow.key_id == key_id, DepartureKeyRow.outcome == Outcome.WAITING)
    return found[0] if found else None


def waiting_among(session: Session, key_ids: Collection[str]) -> set[str]:
    """Those of these keys that wait for a new holder."""
    found: set[str] = set()
    for some in _portions(key_ids):
        query = select(DepartureKeyRow.key_id).where(
            col(DepartureKeyRow.key_id).in_(some), DepartureKeyRow.outcome == Outcome.WAITING
        )
        found.update(session.exec(query).all())
    return found


def waiting_in(session: Session, departure_id: str, team_id: str) -> list[LeftKey]:
    """Keys of the team that wait for a new holder because of this departure, by key id."""
    return [one for one in keys_of(session, departure_id) if (one.team_id, one.outcome) == (team_id, Outcome.WAITING)]


def of_key(session: Session, key_id: str) -> list[LeftKey]:
    """Every departure that this key was part of."""
    return _keys(session, DepartureKeyRow.key_id == key_id)


def settle_key(
    session: Session, departure_id: str, key_id: str, outcome: Outcome, by: str | None, now: datetime
) -> bool:
    """A key that waited was taken, stopped or ended otherwise; False when it does not wait any more."""
    done = session.exec(
        update(DepartureKeyRow)
        .where(
            col(DepartureKeyRow.departure_id) == departure_id,
            col(DepartureKeyRow.key_id) == key_id,
            col(DepartureKeyRow.outcome) == Outcome.WAITING,
        )
        .values(outcome=str(outcome), by=by, at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


# --- rows ---


def _portions(ids: Collection[str]) -> Iterator[list[str]]:
    """These ids, each once, in lists that a query takes whatever the database."""
    every = sorted(set(ids))
    return (every[first : first + _AT_ONCE] for first in range(0, len(every), _AT_ONCE))


def _departures(session: Session, *where: Any, limit: int | None = None) -> list[Departure]:  # noqa: ANN401
    newest = (col(DepartureRow.noticed_at).desc(), col(DepartureRow.id).desc())
    query = select(DepartureRow).where(*where).order_by(*newest).limit(limit)
    return [_departure(row) for row in session.exec(query).all()]


def _departure(row: DepartureRow) -> Departure:
    return Departure(
        id=row.id,
        member_id=row.member_id,
        source=Source(row.source),
        noticed_at=row.noticed_at,
        noticed_by=row.noticed_by,
        note=row.note,
        left_at=row.left_at,
        state=DepartureState(row.state),
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def _set_team(session: Session, departure_id: str, team_id: str, where: Any, **columns: Any) -> bool:  # noqa: ANN401
    here = (col(DepartureTeamRow.departure_id) == departure_id, col(DepartureTeamRow.team_id) == team_id)
    done = session.exec(
        update(DepartureTeamRow).where(*here, *where).values(**columns).execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _teams(session: Session, *where: Any, first: Any = None) -> list[LeftTeam]:  # noqa: ANN401
    order = [col(DepartureTeamRow.departure_id), col(DepartureTeamRow.team_id)]
    query = select(DepartureTeamRow).where(*where).order_by(*([] if first is None else [first]), *order)
    return [_team(row) for row in session.exec(query).all()]


def _team(row: DepartureTeamRow) -> LeftTeam:
    return LeftTeam(
        departure_id=row.departure_id,
        team_id=row.team_id,
        role=Role(row.role),
        channel_id=row.channel_id,
        ts=row.ts,
        due_at=row.due_at,
        reminded_at=row.reminded_at,
        restored_at=row.restored_at,
        restored_by=row.restored_by,
    )


def _keys(session: Session, *where: Any) -> list[LeftKey]:  # noqa: ANN401
    query = select(DepartureKeyRow).where(*where).order_by(DepartureKeyRow.departure_id, DepartureKeyRow.key_id)
    return [_key(row) for row in session.exec(query).all()]


def _key(row: DepartureKeyRow) -> LeftKey:
    return LeftKey(row.departure_id, row.key_id, row.team_id, Was(row.was), Outcome(row.outcome), row.by, row.at)
