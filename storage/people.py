"""People, teams and projects as the books keep them. Hands out the domain's values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from bot.domain.people import Member, Project, Role, Team
from storage.tables import MemberRow, MembershipRow, ProjectRow, TeamRow

REMOVED = "removed"
_AT_ONCE = 500


def member(session: Session, member_id: str) -> Member | None:
    """The person as last seen, or None when Purser has never met them."""
    row = session.get(MemberRow, member_id)
    return None if row is None else _member(row)


def members(session: Session, member_ids: Iterable[str]) -> list[Member]:
    """Those of the people whom Purser has met, in one query for every 500 of them."""
    wanted = sorted(set(member_ids))
    found: list[Member] = []
    for first in range(0, len(wanted), _AT_ONCE):
        query = select(MemberRow).where(col(MemberRow.id).in_(wanted[first : first + _AT_ONCE]))
        found += [_member(row) for row in session.exec(query)]
    return found


def seen_at(session: Session, member_id: str) -> datetime | None:
    """When Slack last described this person."""
    row = session.get(MemberRow, member_id)
    return None if row is None else row.seen_at


def save_member(session: Session, person: Member, now: datetime) -> None:
    """Write down what Slack says of a person. Their handle stays as first seen, for labels are made of it."""
    row = session.get(MemberRow, person.id)
    if row is None:
        row = MemberRow(id=person.id, workspace_id="", handle=person.handle, name="", seen_at=now)
    row.workspace_id = person.workspace_id
    row.name = person.name
    row.is_guest = person.is_guest
    row.is_bot = person.is_bot
    row.is_departed = person.is_departed
    row.time_zone = person.time_zone or row.time_zone
    row.seen_at = now
    session.add(row)
    session.flush()


def set_departed(session: Session, member_id: str, *, departed: bool) -> bool:
    """Write down whether Slack says that a person is gone. False when that changes nothing."""
    return _set_member(session, member_id, "is_departed", value=departed)


def set_left(session: Session, member_id: str, *, left: bool) -> bool:
    """Write down whether a feed says that a person left, whatever Slack says. False when that changes nothing."""
    return _set_member(session, member_id, "has_left", value=left)


def has_left(session: Session, member_id: str) -> bool:
    """Whether a feed says that this person left, whatever Slack says."""
    row = session.get(MemberRow, member_id)
    return row is not None and row.has_left


def is_here(session: Session, member_id: str) -> bool:
    """Whether somebody can be written to. People whom Purser has never met count as here."""
    row = session.get(MemberRow, member_id)
    return row is None or not (row.is_departed or row.has_left)


def wants_digest(session: Session, member_id: str) -> bool:
    """Whether this person asked for a weekly digest of their own."""
    row = session.get(MemberRow, member_id)
    return row is not None and row.wants_digest


def want_digest(session: Session, member_id: str, *, wanted: bool) -> bool:
    """Write down whether a person wants a weekly digest of their own. False when that changes nothing."""
    row = session.get(MemberRow, member_id)
    if row is None or row.wants_digest == wanted:
        return False
    row.wants_digest = wanted
    session.add(row)
    session.flush()
    return True


def wanting_digest(session: Session) -> list[Member]:
    """Everybody who asked for a weekly digest of their own and is still here, by id."""
    query = (
        select(MemberRow)
        .where(col(MemberRow.wants_digest), ~col(MemberRow.is_departed), ~col(MemberRow.has_left))
        .order_by(MemberRow.id)
    )
    return [_member(row) for row in session.exec(query).all()]


def team(session: Session, team_id: str) -> Team | None:
    """The team with its people, or None."""
    row = session.get(TeamRow, team_id)
    return None if row is None else _team(session, row)


def team_named(session: Session, name: str) -> Team | None:
    """The team of this name, or None."""
    row = session.exec(select(TeamRow).where(TeamRow.name == name)).first()
    return None if row is None else _team(session, row)


def team_in_channel(session: Session, channel_id: str) -> Team | None:
    """The team that lives in this channel, or None."""
    row = session.exec(select(TeamRow).where(TeamRow.channel_id == channel_id)).first()
    return None if row is None else _team(session, row)


def all_teams(session: Session) -> list[Team]:
    """Every team by name."""
    return [_team(session, row) for row in session.exec(select(TeamRow).order_by(TeamRow.name)).all()]


def count_teams(session: Session) -> int:
    """How many teams there are."""
    return session.exec(select(func.count()).select_from(TeamRow)).one()


def teams_of(session: Session, member_id: str) -> list[Team]:
    """Teams this person belongs to, as member or owner, by name."""
    query = (
        select(TeamRow)
        .join(MembershipRow, col(MembershipRow.team_id) == col(TeamRow.id))
        .where(MembershipRow.member_id == member_id, MembershipRow.role != REMOVED)
        .order_by(TeamRow.name)
    )
    return [_team(session, row) for row in session.exec(query).all()]


def add_team(session: Session, new: Team, created_by: str, now: datetime) -> None:
    """Write down a new team without people."""
    row = TeamRow(
        id=new.id,
        name=new.name,
        channel_id=new.channel_id,
        created_by=created_by,
        created_at=now,
        time_zone=new.time_zone,
        digest_minutes=new.digest_minutes,
    )
    session.add(row)
    session.flush()


def set_digest(session: Session, team_id: str, minutes: int | None, time_zone: str) -> bool:
    """Set when on Monday a team's digest comes, None for never. False when that changes nothing."""
    row = session.get(TeamRow, team_id)
    if row is None or (row.digest_minutes, row.time_zone) == (minutes, time_zone):
        return False
    row.digest_minutes, row.time_zone = minutes, time_zone
    session.add(row)
    session.flush()
    return True


def set_role(session: Session, team_id: str, member_id: str, role: Role, now: datetime) -> bool:
    """Make a person a member or owner of the team, or remove them. False when that changes nothing."""
    word = REMOVED if role is Role.NONE else str(role)
    row = session.get(MembershipRow, (team_id, member_id))
    if (row is None and word == REMOVED) or (row is not None and row.role == word):
        return False
    if row is None:
        row = MembershipRow(team_id=team_id, member_id=member_id, role=word, changed_at=now)
    row.role = word
    row.changed_at = now
    session.add(row)
    session.flush()
    return True


def project(session: Session, project_id: str) -> Project | None:
    """The project, or None."""
    row = session.get(ProjectRow, project_id)
    return None if row is None else _project(row)


def projects_of(session: Session, team_id: str) -> Sequence[Project]:
    """The team's projects by name."""
    rows = session.exec(select(ProjectRow).where(ProjectRow.team_id == team_id).order_by(ProjectRow.name))
    return [_project(row) for row in rows]


def projects_led(session: Session, member_id: str) -> list[Project]:
    """Projects that this person leads, whatever team they are of, by id."""
    rows = session.exec(select(ProjectRow).where(ProjectRow.lead_id == member_id).order_by(ProjectRow.id))
    return [_project(row) for row in rows]


def set_lead(session: Session, project_id: str, from_id: str, to_id: str) -> bool:
    """Let another person lead a project; False when somebody else led it by then."""
    done = session.exec(
        update(ProjectRow)
        .where(col(ProjectRow.id) == project_id, col(ProjectRow.lead_id) == from_id)
        .values(lead_id=to_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def add_project(session: Session, new: Project, now: datetime) -> None:
    """Write down a new project."""
    row = ProjectRow(id=new.id, team_id=new.team_id, name=new.name, lead_id=new.lead_id, created_at=now)
    session.add(row)
    session.flush()


def _set_member(session: Session, member_id: str, column: str, *, value: bool) -> bool:
    row = session.get(MemberRow, member_id)
    if row is None or getattr(row, column) == value:
        return False
    setattr(row, column, value)
    session.add(row)
    session.flush()
    return True


def _member(row: MemberRow) -> Member:
    return Member(
        id=row.id,
        workspace_id=row.workspace_id,
        handle=row.handle,
        name=row.name,
        is_guest=row.is_guest,
        is_bot=row.is_bot,
        is_departed=row.is_departed or row.has_left,
        time_zone=row.time_zone,
    )


def _team(session: Session, row: TeamRow) -> Team:
    query = (
        select(MembershipRow.member_id, MembershipRow.role)  # columns, not objects: every screen needs a whole team
        .where(MembershipRow.team_id == row.id, MembershipRow.role != REMOVED)
        .order_by(col(MembershipRow.changed_at), MembershipRow.member_id)
    )
    people = session.exec(query).all()
    return Team(
        id=row.id,
        name=row.name,
        channel_id=row.channel_id,
        owner_ids=tuple(member_id for member_id, role in people if role == Role.OWNER),
        member_ids=tuple(member_id for member_id, role in people if role == Role.MEMBER),
        time_zone=row.time_zone,
        digest_minutes=row.digest_minutes,
    )


def _project(row: ProjectRow) -> Project:
    return Project(id=row.id, team_id=row.team_id, name=row.name, lead_id=row.lead_id)
