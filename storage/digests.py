"""Weekly digests: one for each audience, subject and week, with the figures as they were posted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from bot.domain.digests import Audience, Digest, DigestState, Figures, Week
from bot.domain.keys import PERSONAL_KINDS
from storage.tables import DigestRow, KeyRow, TeamRow

_FIGURES: Final = TypeAdapter(Figures)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a team's digest comes, and how far it has come."""

    team_id: str
    time_zone: str
    minutes: int
    """After midnight, on Mondays."""
    founded_at: datetime
    told: Week | None
    """The newest week that was posted or skipped."""


def to_json(figures: Figures) -> dict[str, Any]:
    """Figures as they are kept; `from_json` reads them."""
    kept: dict[str, Any] = _FIGURES.dump_python(figures, mode="json")
    return kept


def from_json(kept: dict[str, Any]) -> Figures:
    """Read what `to_json` wrote; what an earlier version did not know yet is as it is by default."""
    return _FIGURES.validate_python(kept)


def add(session: Session, new: Digest) -> None:
    """Write down a week's digest. A second one of the same audience, subject and week is an error."""
    row = DigestRow(
        id=new.id,
        audience=new.audience,
        subject_id=new.subject_id,
        week=new.week.name,
        state=new.state,
        at=new.at,
        figures=to_json(new.figures),
    )
    session.add(row)
    session.flush()


def get(session: Session, digest_id: str) -> Digest | None:
    """The digest, or None."""
    row = session.get(DigestRow, digest_id)
    return None if row is None else _digest(row)


def of_week(session: Session, audience: Audience, subject_id: str, week: Week) -> Digest | None:
    """That week's digest, posted or skipped; None when nothing became of it yet."""
    row = session.exec(select(DigestRow).where(*_is(audience, subject_id), DigestRow.week == week.name)).first()
    return None if row is None else _digest(row)


def told_of(session: Session, audience: Audience, week: Week) -> set[str]:
    """Everybody for whom that week's digest was written down."""
    query = select(DigestRow.subject_id).where(DigestRow.audience == audience, DigestRow.week == week.name)
    return set(session.exec(query))


def schedules(session: Session) -> list[Schedule]:
    """Of every team that gets a digest, by name."""
    told = dict(
        session.exec(
            select(DigestRow.subject_id, func.max(DigestRow.week))
            .where(DigestRow.audience == Audience.TEAM)
            .group_by(DigestRow.subject_id)
        ).all()
    )
    teams = select(TeamRow.id, TeamRow.time_zone, TeamRow.digest_minutes, TeamRow.created_at).order_by(TeamRow.name)
    return [
        Schedule(team_id, time_zone, minutes, founded_at, Week.named(told[team_id]) if team_id in told else None)
        for team_id, time_zone, minutes, founded_at in session.exec(teams)
        if minutes is not None
    ]


def all_of(session: Session) -> Iterator[Digest]:
    """Every digest there is, oldest first."""
    for row in session.exec(select(DigestRow).order_by(col(DigestRow.at), DigestRow.id)):
        yield _digest(row)


def skipped_before(session: Session, audience: Audience, subject_id: str, week: Week) -> tuple[Week, ...]:
    """The weeks before this one that were skipped since the last that was posted, oldest first."""
    query = (
        select(DigestRow.week, DigestRow.state)
        .where(*_is(audience, subject_id), DigestRow.week < week.name)
        .order_by(col(DigestRow.week).desc())
    )
    found: list[Week] = []
    for name, state in session.exec(query):
        if state != DigestState.SKIPPED:
            break
        found.insert(0, Week.named(name))
    return tuple(found)


def set_message(session: Session, digest_id: str, channel_id: str, ts: str) -> bool:
    """Write down where its message stands; False when that is known already."""
    done = session.exec(
        update(DigestRow)
        .where(col(DigestRow.id) == digest_id, col(DigestRow.ts).is_(None))
        .values(channel_id=channel_id, ts=ts)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def holders(session: Session, team_id: str | None, since: datetime, until: datetime) -> dict[str, str]:
    """Keys that could be used at any moment from `since` until before `until`, with who each counts to.

    Those of one team, or with None of all.
    """
    query = select(KeyRow.id, KeyRow.kind, KeyRow.holder_id, KeyRow.lead_id).where(
        col(KeyRow.revealed_at) < until,
        or_(col(KeyRow.off_at).is_(None), col(KeyRow.off_at) >= since),
        or_(col(KeyRow.expires_at).is_(None), col(KeyRow.expires_at) >= since),
    )
    if team_id is not None:
        query = query.where(KeyRow.team_id == team_id)
    return {
        key_id: holder if kind in PERSONAL_KINDS else lead or holder
        for key_id, kind, holder, lead in session.exec(query)
    }


def _is(audience: Audience, subject_id: str) -> tuple[Any, ...]:
    return DigestRow.audience == audience, DigestRow.subject_id == subject_id


def _digest(row: DigestRow) -> Digest:
    return Digest(
        id=row.id,
        audience=Audience(row.audience),
        subject_id=row.subject_id,
        week=Week.named(row.week),
        state=DigestState(row.state),
        at=row.at,
        figures=from_json(row.figures),
        channel_id=row.channel_id,
        ts=row.ts,
    )
