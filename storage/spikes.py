"""What is looked at for spikes: who spends in this hour, and what they spent in each hour before.

The first question reads the rows of one hour; the second those of a few keys, some weeks of them. However many keys
there are, and however long hours are kept, nothing else is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import String, bindparam, text
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from bot.domain.incidents import Cause, IncidentKind
from bot.domain.keys import PERSONAL_KINDS, KeyKind
from storage.columns import UtcDateTime
from storage.incident_tables import IncidentRow
from storage.watched import STOPPABLE

_CHUNK: Final = 500
_OF_SPEND: Final = [str(kind) for kind in (IncidentKind.SPIKE, IncidentKind.LOOP, IncidentKind.LEAK)]


class Busy(NamedTuple):
    """A key that spends in this hour."""

    key_id: str
    kind: KeyKind
    team_id: str
    project_id: str | None
    holder_id: str
    spent_micros: int
    """In this hour so far."""
    lately_micros: int
    """In the last hours, this one among them."""


class Disturbed(NamedTuple):
    """A time in which what was spent is nothing to compare with, or was said to be right."""

    subject_id: str
    opened_at: datetime
    closed_at: datetime | None
    is_right: bool


_BUSY: Final = f"""
    SELECT n.key_id, k.kind, k.team_id, k.project_id, k.holder_id, n.spent_micros,
           (SELECT CAST(sum(o.spent_micros) AS BIGINT) FROM live_hours o
            WHERE o.key_id = n.key_id AND o.hour > :since AND o.hour <= :hour) AS lately_micros
    FROM live_hours n JOIN keys k ON k.id = n.key_id
    WHERE n.hour = :hour AND n.spent_micros > 0 AND k.state IN ({", ".join(f"'{state}'" for state in STOPPABLE)})
"""  # noqa: S608
_SPAN: Final = tuple(bindparam(name, type_=UtcDateTime()) for name in ("since", "hour"))
_ALL: Final = text(_BUSY).bindparams(*_SPAN)
_ONE: Final = text(f"{_BUSY} AND n.key_id = :key").bindparams(*_SPAN)
_HOURS: Final = (
    text(
        """
        SELECT key_id, hour, spent_micros FROM live_hours
        WHERE key_id IN :keys AND hour >= :since AND hour < :hour ORDER BY key_id, hour
        """
    )
    .bindparams(bindparam("keys", expanding=True, type_=String()), *_SPAN)
    .columns(hour=UtcDateTime())
)
_PERSONAL: Final = "AND kind IN ({})".format(", ".join(f"'{kind}'" for kind in sorted(PERSONAL_KINDS)))
_TOGETHER: Final = {
    layer: text(
        f"""
        SELECT o.hour, CAST(sum(o.spent_micros) AS BIGINT) AS spent_micros FROM live_hours o
        WHERE o.key_id IN (SELECT id FROM keys WHERE {column} = :subject {personal})
          AND o.hour >= :since AND o.hour < :hour
        GROUP BY o.hour
        """  # noqa: S608
    )
    .bindparams(*_SPAN)
    .columns(hour=UtcDateTime())
    for layer, column, personal in (
        (Layer.MEMBER, "holder_id", _PERSONAL),
        (Layer.PROJECT, "project_id", ""),
        (Layer.TEAM, "team_id", ""),
    )
}


def busy(session: Session, hour: datetime, since: datetime) -> list[Busy]:
    """Every key in use that spends in this hour, with what it spent after the hour of `since`."""
    return [_busy(row) for row in session.execute(_ALL, {"hour": hour, "since": since})]


def busy_one(session: Session, key_id: str, hour: datetime, since: datetime) -> Busy | None:
    """The same of one key; None when it does not, or is not in use."""
    row = session.execute(_ONE, {"hour": hour, "since": since, "key": key_id}).first()
    return None if row is None else _busy(row)


def hours(
    session: Session, key_ids: Collection[str], since: datetime, hour: datetime
) -> Iterator[tuple[str, datetime, int]]:
    """What these keys spent in each hour of a span, in order of the keys; hours without spend are left out."""
    ids = sorted(key_ids)
    for start in range(0, len(ids), _CHUNK):
        asked = {"keys": ids[start : start + _CHUNK], "since": since, "hour": hour}
        for row in session.execute(_HOURS, asked):
            yield row.key_id, row.hour, row.spent_micros


def hours_together(
    session: Session, layer: Layer, subject_id: str, since: datetime, hour: datetime
) -> list[tuple[datetime, int]]:
    """What all keys of a member, project or team together spent in each hour of a span, in no order."""
    asked = {"subject": subject_id, "since": since, "hour": hour}
    return [(row.hour, row.spent_micros) for row in session.execute(_TOGETHER[layer], asked)]


def disturbed(session: Session, layer: Layer, subject_ids: Collection[str], since: datetime) -> list[Disturbed]:
    """Incidents about these subjects that were not over at that moment, as far as they are about spend."""
    found: list[Disturbed] = []
    ids = sorted(subject_ids)
    for start in range(0, len(ids), _CHUNK):
        query = select(IncidentRow).where(
            IncidentRow.layer == str(layer),
            col(IncidentRow.subject_id).in_(ids[start : start + _CHUNK]),
            col(IncidentRow.kind).in_(_OF_SPEND),
            col(IncidentRow.closed_at).is_(None) | (col(IncidentRow.closed_at) > since),
        )
        for row in session.exec(query):
            began = row.evidence.get("since")
            begun_at = row.opened_at if began is None else min(row.opened_at, datetime.fromisoformat(began))
            found.append(Disturbed(row.subject_id, begun_at, row.closed_at, row.cause == Cause.EXPECTED))
    return found


def _busy(row: Any) -> Busy:  # noqa: ANN401 - a row of SQLAlchemy's
    return Busy(
        row.key_id, KeyKind(row.kind), row.team_id, row.project_id, row.holder_id, row.spent_micros, row.lately_micros
    )
