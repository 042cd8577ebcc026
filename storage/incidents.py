"""Incidents as they are opened, looked after and closed; and the ledger rows that are their timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from bot.domain.incidents import ALLOWED_MOVES, Cause, Evidence, Found, Incident, IncidentKind, IncidentState
from storage.incident_tables import IncidentLineRow, IncidentRow
from storage.tables import LedgerRow

_AT_ONCE = 500


def add(session: Session, new: Incident) -> None:
    """Write down an incident that opens. Raises `IntegrityError` when one about its subject is open already."""
    row = IncidentRow(
        id=new.id,
        kind=str(new.kind),
        layer="" if new.layer is None else str(new.layer),
        subject_id=new.subject_id,
        team_id=new.team_id,
        state=str(new.state),
        evidence=_written(new.evidence),
        opened_at=new.opened_at,
        opened_by=new.opened_by,
        opened_seq=new.opened_seq,
        assignee_id=new.assignee_id,
    )
    session.add(row)
    session.flush()


def get(session: Session, incident_id: str) -> Incident | None:
    """The incident, or None."""
    row = session.get(IncidentRow, incident_id)
    return None if row is None else _incident(row)


def open_about(session: Session, layer: Layer | None, subject_id: str) -> Incident | None:
    """The incident about this subject that is not closed, or None."""
    found = _many(
        session,
        IncidentRow.layer == ("" if layer is None else str(layer)),
        IncidentRow.subject_id == subject_id,
        col(IncidentRow.closed_at).is_(None),
    )
    return found[0] if found else None


def last_about(session: Session, layer: Layer | None, subject_id: str) -> Incident | None:
    """The newest incident about this subject, open or closed, or None."""
    about = (IncidentRow.layer == ("" if layer is None else str(layer)), IncidentRow.subject_id == subject_id)
    newest = (col(IncidentRow.opened_at).desc(), col(IncidentRow.id).desc())
    row = session.exec(select(IncidentRow).where(*about).order_by(*newest).limit(1)).first()
    return None if row is None else _incident(row)


def lately_about(session: Session, layer: Layer, subject_id: str, since: datetime) -> list[Incident]:
    """Incidents about this subject that are not closed, or were closed after that moment; oldest first."""
    is_late = col(IncidentRow.closed_at).is_(None) | (col(IncidentRow.closed_at) > since)
    return _many(session, IncidentRow.layer == str(layer), IncidentRow.subject_id == subject_id, is_late)


def at_message(session: Session, channel_id: str, ts: str) -> Incident | None:
    """The incident whose message stands at this place, or None."""
    found = _many(session, IncidentRow.channel_id == channel_id, IncidentRow.ts == ts)
    return found[0] if found else None


def unclosed(session: Session, team_id: str | None = None) -> list[Incident]:
    """Incidents that are not closed, of one team or of all, oldest first."""
    of_team = [] if team_id is None else [IncidentRow.team_id == team_id]
    return _many(session, col(IncidentRow.closed_at).is_(None), *of_team)


def every(session: Session) -> list[Incident]:
    """Every incident there ever was, oldest first."""
    return _many(session)


def move(session: Session, incident_id: str, frm: IncidentState, to: IncidentState, **columns: Any) -> bool:  # noqa: ANN401
    """Move it from one state to another, or change columns where it stands; False when it was not there.

    Raises ValueError for a move that the domain does not know.
    """
    if to is not frm and to not in ALLOWED_MOVES[frm]:
        msg = f"an incident does not go from {frm} to {to}"
        raise ValueError(msg)
    done = session.exec(
        update(IncidentRow)
        .where(col(IncidentRow.id) == incident_id, col(IncidentRow.state) == frm)
        .values(state=str(to), **columns)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def set_message(session: Session, incident_id: str, channel_id: str, ts: str) -> bool:
    """Write down where its message stands; False when that is known already."""
    done = session.exec(
        update(IncidentRow)
        .where(col(IncidentRow.id) == incident_id, col(IncidentRow.ts).is_(None))
        .values(channel_id=channel_id, ts=ts)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def see(session: Session, incident_id: str, evidence: Evidence) -> None:
    """Write down what is abnormal now, in the place of what was when it was opened before."""
    seen = update(IncidentRow).where(col(IncidentRow.id) == incident_id).values(evidence=_written(evidence))
    session.exec(seen.execution_options(synchronize_session=False))
    session.expire_all()


def add_line(session: Session, incident_id: str, seq: int) -> None:
    """Let a ledger row that is not about its key belong to an incident."""
    session.add(IncidentLineRow(incident_id=incident_id, seq=seq))
    session.flush()


def timeline(session: Session, incident: Incident) -> Iterator[LedgerRow]:
    """What happened in it, oldest first: rows about its key while it was open, and those added to it. A stream."""
    lines = select(IncidentLineRow.seq).where(IncidentLineRow.incident_id == incident.id)
    belongs: Any = col(LedgerRow.seq).in_(lines)
    if incident.key_id is not None:
        belongs = or_(belongs, (col(LedgerRow.key_id) == incident.key_id) & _between(incident))
    query = select(LedgerRow).where(belongs).order_by(col(LedgerRow.seq)).execution_options(yield_per=_AT_ONCE)
    yield from session.exec(query)


def added(
    session: Session, incident_id: str, *actions: str, newest: int | None = None, since: datetime | None = None
) -> list[LedgerRow]:
    """The newest rows of these actions, of all when none is named, that were added to it; oldest first."""
    query = select(LedgerRow).join(IncidentLineRow, col(IncidentLineRow.seq) == col(LedgerRow.seq))
    query = query.where(IncidentLineRow.incident_id == incident_id)
    if actions:
        query = query.where(col(LedgerRow.action).in_(actions))
    if since is not None:
        query = query.where(col(LedgerRow.at) > since)
    return list(session.exec(query.order_by(col(LedgerRow.seq).desc()).limit(newest)))[::-1]


def about_key(session: Session, key_id: str, since_seq: int, since: datetime) -> list[LedgerRow]:
    """Rows about a key from a row and from a moment on, oldest first."""
    about = (LedgerRow.key_id == key_id, col(LedgerRow.seq) >= since_seq, col(LedgerRow.at) >= since)
    return list(session.exec(select(LedgerRow).where(*about).order_by(col(LedgerRow.seq))))


def newest(session: Session, incident: Incident) -> LedgerRow | None:
    """The newest row of its timeline."""
    rows = added(session, incident.id, newest=1)
    if incident.key_id is not None:
        about = (LedgerRow.key_id == incident.key_id, _between(incident))
        rows += session.exec(select(LedgerRow).where(*about).order_by(col(LedgerRow.seq).desc()).limit(1)).all()
    return max(rows, key=lambda row: row.seq, default=None)


def line(session: Session, seq: int) -> LedgerRow | None:
    """One row of the ledger, or None."""
    return session.get(LedgerRow, seq)


def _between(incident: Incident) -> Any:  # noqa: ANN401 - SQLAlchemy's column expressions
    since = col(LedgerRow.seq) >= incident.opened_seq
    return since if incident.closed_seq is None else since & (col(LedgerRow.seq) <= incident.closed_seq)


def _many(session: Session, *where: Any) -> list[Incident]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(IncidentRow).where(*where).order_by(col(IncidentRow.opened_at), IncidentRow.id)
    return [_incident(row) for row in session.exec(query).all()]


def _incident(row: IncidentRow) -> Incident:
    return Incident(
        id=row.id,
        kind=IncidentKind(row.kind),
        layer=Layer(row.layer) if row.layer else None,
        subject_id=row.subject_id,
        team_id=row.team_id,
        state=IncidentState(row.state),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        opened_seq=row.opened_seq,
        evidence=_read(row.evidence),
        closed_seq=row.closed_seq,
        channel_id=row.channel_id,
        ts=row.ts,
        assignee_id=row.assignee_id,
        snoozed_until=row.snoozed_until,
        reminded_at=row.reminded_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        cause=None if row.cause is None else Cause(row.cause),
    )


def _written(evidence: Evidence) -> dict[str, Any]:
    plain = asdict(evidence)
    plain["found"] = None if evidence.found is None else str(evidence.found)
    plain["since"] = None if evidence.since is None else evidence.since.astimezone(UTC).isoformat()
    plain["hours"] = [[hour.astimezone(UTC).isoformat(), micros] for hour, micros in evidence.hours]
    return plain


def _read(plain: Mapping[str, Any]) -> Evidence:
    """Read what `_written` wrote, now or in an earlier version: what it did not know keeps its default."""
    known = {name: plain[name] for name in Evidence.__dataclass_fields__ if name in plain}
    if known.get("found"):
        known["found"] = Found(known["found"])
    if known.get("since"):
        known["since"] = datetime.fromisoformat(known["since"])
    known["hours"] = tuple((datetime.fromisoformat(hour), int(micros)) for hour, micros in known.get("hours", ()))
    return Evidence(**known)
