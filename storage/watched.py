"""Keys as the guard looks at them: columns instead of whole keys, for it looks at all of them every minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, SQLModel, col

from bot.domain.budgets import Layer, Stop
from bot.domain.keys import KeyKind, KeyState, OffCause
from storage.alerts import Ref
from storage.tables import KeyRow

STOPPABLE: Final = (KeyState.LIVE, KeyState.RESTORING)
"""States of keys that a limit can stop. Those nobody was shown yet are stopped once they are live."""
STOPPED: Final = (KeyState.DISABLING, KeyState.DISABLED)
NOT_BACK: Final = (*STOPPED, KeyState.RESTORING)


class Watched(NamedTuple):
    """As much of a key as says which limits it is under."""

    id: str
    kind: KeyKind
    team_id: str
    project_id: str | None
    holder_id: str
    has_day: bool
    expires_at: datetime | None
    created_at: datetime
    state: KeyState
    stop: Stop | None


def stoppable(session: Session) -> list[Watched]:
    """Every key that a reached limit would have to stop."""
    return _watched(session, col(KeyRow.state).in_(STOPPABLE))


def stopped(session: Session) -> list[Watched]:
    """Every key that a limit has stopped and that is not back."""
    return _watched(session, col(KeyRow.off_cause) == OffCause.BUDGET, col(KeyRow.state).in_(NOT_BACK))


def several_member_keys(session: Session) -> set[str]:
    """Ids of people with more than one member key that works, or that a limit stopped."""
    is_stopped = and_(col(KeyRow.off_cause) == OffCause.BUDGET, col(KeyRow.state).in_(NOT_BACK))
    query = (
        columns(col(KeyRow.holder_id))
        .where(col(KeyRow.kind) == KeyKind.MEMBER, or_(col(KeyRow.state).in_(STOPPABLE), is_stopped))
        .group_by(col(KeyRow.holder_id))
        .having(func.count() > 1)
    )
    return set(session.execute(query).scalars())


def stopped_by(session: Session, ref: Ref, holder_id: str | None = None, since: datetime | None = None) -> list[str]:
    """The ids of keys that this limit has stopped in this period and that are not back, those stopped first first."""
    layer, subject, period = ref
    query = columns(col(KeyRow.id)).where(
        col(KeyRow.stop_layer) == layer,
        col(KeyRow.stop_subject_id) == subject,
        col(KeyRow.stop_period) == period,
        col(KeyRow.off_cause) == OffCause.BUDGET,
        col(KeyRow.state).in_(NOT_BACK),
    )
    if holder_id is not None:
        query = query.where(col(KeyRow.holder_id) == holder_id)
    if since is not None:
        query = query.where(col(KeyRow.off_at) >= since)
    return list(session.execute(query.order_by(col(KeyRow.off_at), col(KeyRow.created_at), col(KeyRow.id))).scalars())


def is_any_under(session: Session, layer: Layer, subject_id: str, kinds: frozenset[KeyKind]) -> bool:
    """Whether a limit on this would have any key of these kinds to stop."""
    under = _under(layer, subject_id, kinds)
    query = columns(col(KeyRow.id)).where(under, col(KeyRow.state).in_(STOPPABLE))
    return session.execute(query.limit(1)).first() is not None


def stopped_by_others(
    session: Session, layer: Layer, subject_id: str, kinds: frozenset[KeyKind]
) -> set[tuple[Layer, str]]:
    """The other limits that have stopped keys of these kinds under this one, where those are not back."""
    stop = (col(KeyRow.stop_layer), col(KeyRow.stop_subject_id))
    query = columns(*stop).where(
        _under(layer, subject_id, kinds),
        col(KeyRow.off_cause) == OffCause.BUDGET,
        col(KeyRow.state).in_(NOT_BACK),
        stop[0].is_not(None),
    )
    found = {(Layer(one), subject or "") for one, subject in session.execute(query.distinct())}
    return found - {(layer, subject_id)}


def _under(layer: Layer, subject_id: str, kinds: frozenset[KeyKind]) -> ColumnElement[bool]:
    column = {Layer.TEAM: KeyRow.team_id, Layer.PROJECT: KeyRow.project_id, Layer.MEMBER: KeyRow.holder_id}
    return and_(col(column.get(layer, KeyRow.id)) == subject_id, col(KeyRow.kind).in_(kinds))


_keys: Final = SQLModel.metadata.tables[str(KeyRow.__tablename__)]
_COLUMNS: Final = (
    *("id", "kind", "team_id", "project_id", "holder_id", "daily_cap_micros", "expires_at", "created_at", "state"),
    *("stop_layer", "stop_subject_id", "stop_period", "stop_limit_micros"),
)
_KINDS: Final = {str(kind): kind for kind in KeyKind}
_STATES: Final = {str(state): state for state in KeyState}


def _watched(session: Session, *where: ColumnElement[bool]) -> list[Watched]:
    query = columns(*[_keys.c[name] for name in _COLUMNS]).where(*where)
    return [_one(*row) for row in session.execute(query)]


def _one(*row: Any) -> Watched:  # noqa: ANN401 - a row of columns
    key_id, kind, team_id, project_id, holder_id, daily, expires_at, created_at, state, *stop = row
    layer, subject, period, limit = stop
    return Watched(
        id=key_id,
        kind=_KINDS[kind],
        team_id=team_id,
        project_id=project_id,
        holder_id=holder_id,
        has_day=daily is not None,
        expires_at=expires_at,
        created_at=created_at,
        state=_STATES[state],
        stop=None if layer is None else Stop(Layer(layer), subject or "", period or "", limit or 0),
    )
