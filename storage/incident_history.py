"""What led to an incident and what it cost: earlier changes, approvals and models, and what was spent since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from bot.domain.keys import PERSONAL_KINDS
from storage.incident_tables import IncidentLineRow
from storage.money_tables import LiveHourRow, UsageRow
from storage.tables import KeyRow, LedgerRow, OutboxRow

_SUBJECT: Final[dict[Layer, Any]] = {
    Layer.TEAM: KeyRow.team_id,
    Layer.PROJECT: KeyRow.project_id,
    Layer.MEMBER: KeyRow.holder_id,
    Layer.KEY: KeyRow.id,
}


def of_key(session: Session, key_id: str, actions: Collection[str], since: datetime) -> Sequence[LedgerRow]:
    """Rows of these actions about a key from a moment on, oldest first."""
    about = (LedgerRow.key_id == key_id, col(LedgerRow.action).in_(actions), col(LedgerRow.at) >= since)
    return session.exec(select(LedgerRow).where(*about).order_by(col(LedgerRow.seq))).all()


def of_limits(session: Session, actions: Collection[str], since: datetime) -> Sequence[LedgerRow]:
    """Rows of these actions about no key, from a moment on, oldest first. There are few of them."""
    about = (col(LedgerRow.key_id).is_(None), col(LedgerRow.action).in_(actions), col(LedgerRow.at) >= since)
    return session.exec(select(LedgerRow).where(*about).order_by(col(LedgerRow.seq))).all()


def agreed(session: Session, request_ids: Collection[str], key_ids: Collection[str]) -> Sequence[LedgerRow]:
    """Every yes to these requests, and to more for these keys, oldest first."""
    said = col(LedgerRow.action).in_(("request.seconded", "request.approved"))
    about = col(LedgerRow.request_id).in_(request_ids) | col(LedgerRow.key_id).in_(key_ids)
    return session.exec(select(LedgerRow).where(said, about).order_by(col(LedgerRow.seq))).all()


def new_models(session: Session, key_id: str, since: datetime) -> list[tuple[str, datetime]]:
    """Models that the key used from a moment on and never before, though it was used before; first used when."""
    first = func.min(col(UsageRow.hour))
    query = select(UsageRow.model, first).where(UsageRow.key_id == key_id).group_by(col(UsageRow.model)).order_by(first)
    found = [(model, at) for model, at in session.exec(query)]
    return [(model, at) for model, at in found if at >= since] if any(at < since for _, at in found) else []


def standing(session: Session, actions: Collection[str]) -> Iterator[tuple[str, LedgerRow]]:
    """Rows of these actions that were added to incidents, with the incident's id: by incident, oldest first."""
    query = (
        select(IncidentLineRow.incident_id, LedgerRow)
        .join(LedgerRow, col(LedgerRow.seq) == col(IncidentLineRow.seq))
        .where(col(LedgerRow.action).in_(actions))
        .order_by(col(IncidentLineRow.incident_id), col(LedgerRow.seq))
    )
    yield from ((incident_id, row) for incident_id, row in session.exec(query))


def told(session: Session, unique_keys: Collection[str]) -> set[str]:
    """Those of these unique keys that an effect has, whatever became of it."""
    query = select(OutboxRow.unique_key).where(col(OutboxRow.unique_key).in_(unique_keys))
    return set(session.exec(query))


def newest_figures(session: Session, stream: str, effect: str) -> str:
    """The figures that the newest effect of this name in a stream was written down with; empty when there were none."""
    query = select(OutboxRow.payload).where(OutboxRow.stream == stream, OutboxRow.effect == effect)
    said = [payload.get("figures") for payload in session.exec(query.order_by(col(OutboxRow.id).desc()).limit(20))]
    return next((figures for figures in said if figures), "")


def spent_in_hours(session: Session, layer: Layer, subject_id: str, since: datetime) -> int:
    """What live totals of all keys of a subject were seen to grow by since the hour of this moment, in micro-USD.

    A person's keys are those for their own work, as in their budget.
    """
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    own = [col(KeyRow.kind).in_(sorted(PERSONAL_KINDS))] if layer is Layer.MEMBER else []
    query = (
        select(func.sum(col(LiveHourRow.spent_micros)))
        .join(KeyRow, col(KeyRow.id) == col(LiveHourRow.key_id))
        .where(_SUBJECT[layer] == subject_id, col(LiveHourRow.hour) >= hour, *own)
    )
    return int(session.exec(query).one() or 0)
