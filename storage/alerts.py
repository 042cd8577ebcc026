"""Thresholds that limits have passed: each once per limit and period, where its message stands, who snoozed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, or_, update
from sqlalchemy import select as columns
from sqlmodel import Session, SQLModel, col, select

from bot.domain.budgets import Layer
from bot.domain.keys import KeyState, OffCause
from storage.money_tables import AlertRow
from storage.tables import KeyRow, LedgerRow, OutboxRow

_alerts: Final = SQLModel.metadata.tables[str(AlertRow.__tablename__)]
_outbox: Final = SQLModel.metadata.tables[str(OutboxRow.__tablename__)]
RESUMED: Final = "key.resumed"
"""The ledger's word for a key that comes back; its idempotency key names the alert of the limit that had stopped it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A limit at a threshold. Amounts are micro-USD as they stood when it was told."""

    id: str
    layer: Layer
    subject_id: str
    period: str
    threshold: int
    at: datetime
    spent_micros: int
    limit_micros: int
    told: bool
    channel_id: str | None = None
    ts: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None


class Passed(NamedTuple):
    """A threshold that was passed, as much of it as a pass over all limits needs."""

    id: str
    threshold: int
    told: bool
    limit_micros: int
    snoozed_until: datetime | None
    is_posted: bool
    """Whether its message stands in a channel."""


Ref = tuple[Layer, str, str]
"""Which limit, and in which period: layer, subject, period."""


def add(session: Session, new: Alert) -> None:
    """Write down that a threshold was passed. Once per limit, period and threshold: a second one is an error."""
    values = {name: getattr(new, name) for name in Alert.__dataclass_fields__}
    session.add(AlertRow(**values))
    session.flush()


def get(session: Session, alert_id: str) -> Alert | None:
    """The alert, or None."""
    row = session.get(AlertRow, alert_id)
    return None if row is None else _alert(row)


def of_limit(session: Session, ref: Ref) -> list[Alert]:
    """What was passed by this limit in this period, lowest threshold first."""
    query = select(AlertRow).where(*_is(ref)).order_by(col(AlertRow.threshold))
    return [_alert(row) for row in session.exec(query).all()]


def passed(session: Session, periods: Collection[str]) -> Mapping[Ref, list[Passed]]:
    """Everything that was passed in these periods, and in no period by keys that may still spend or come back."""
    alert = _alerts.c
    spending = columns(col(KeyRow.id)).where(
        or_(col(KeyRow.state).in_(_MAY_SPEND), col(KeyRow.off_cause) == OffCause.BUDGET)
    )
    in_total = (alert.period == "total") & alert.subject_id.in_(spending)
    query = columns(*[alert[name] for name in _PASSED]).where(or_(alert.period.in_(list(periods)), in_total))
    found: dict[Ref, list[Passed]] = defaultdict(list)
    for layer, subject, period, alert_id, threshold, told, limit_micros, snoozed_until, ts in session.execute(query):
        one = Passed(alert_id, threshold, told, limit_micros, snoozed_until, ts is not None)
        found[_LAYERS[layer], subject, period].append(one)
    return found


def set_message(session: Session, alert_id: str, channel_id: str, ts: str) -> bool:
    """Write down where an alert's message stands; False when that is known already."""
    return _changed(session, alert_id, col(AlertRow.ts).is_(None), channel_id=channel_id, ts=ts)


def snooze(session: Session, alert_id: str, until: datetime, by: str) -> bool:
    """Say no more of this limit until then; False when there is no such alert."""
    return _changed(session, alert_id, snoozed_until=until, snoozed_by=by)


def tell_again(session: Session, alert: Alert, at: datetime, spent_micros: int, limit_micros: int) -> bool:
    """The limit, raised since, was reached again: a new message. False when another was faster.

    Where the earlier message stands is forgotten, and so is a snooze.
    """
    afresh = {"channel_id": None, "ts": None, "snoozed_until": None, "snoozed_by": None, "told": True}
    unchanged = col(AlertRow.limit_micros) == alert.limit_micros
    return _changed(session, alert.id, unchanged, at=at, spent_micros=spent_micros, limit_micros=limit_micros, **afresh)


def back(session: Session, alert_id: str) -> int:
    """How many keys that this alert's limit had stopped work again."""
    query = (
        select(func.count(func.distinct(LedgerRow.key_id)))
        .join(KeyRow, col(KeyRow.id) == col(LedgerRow.key_id))
        .where(
            LedgerRow.action == RESUMED,
            col(LedgerRow.idempotency_key).startswith(f"{RESUMED}:{alert_id}:", autoescape=True),
            KeyRow.state == KeyState.LIVE,
        )
    )
    return int(session.exec(query).one())


def newest_messages(session: Session, effect: str, alert_ids: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """The payload of the newest effect of this name about each alert, as far as effects are kept, by alert."""
    streams = {alert_stream(one): one for one in alert_ids}
    found: dict[str, Mapping[str, Any]] = {}
    for some in _in_chunks(list(streams)):
        newest = (
            columns(func.max(_outbox.c.id))
            .where(_outbox.c.stream.in_(some), _outbox.c.effect == effect)
            .group_by(_outbox.c.stream)
        )
        rows = session.execute(columns(_outbox.c.stream, _outbox.c.payload).where(_outbox.c.id.in_(newest)))
        found |= {streams[stream]: payload for stream, payload in rows}
    return found


def alert_stream(alert_id: str) -> str:
    """Everything posted about one alert is posted in order."""
    return f"alert:{alert_id}"


_LAYERS: Final = {str(layer): layer for layer in Layer}
_MAY_SPEND: Final = (KeyState.LIVE, KeyState.DISABLING, KeyState.RESTORING)
_PASSED: Final = (
    *("layer", "subject_id", "period", "id", "threshold"),
    *("told", "limit_micros", "snoozed_until", "ts"),
)
_CHUNK: Final = 500
"""How many values one statement is given."""


def _in_chunks(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _is(ref: Ref) -> tuple[ColumnElement[bool], ...]:
    layer, subject, period = ref
    return (
        col(AlertRow.layer) == layer,
        col(AlertRow.subject_id) == subject,
        col(AlertRow.period) == period,
    )


def _changed(session: Session, alert_id: str, *where: ColumnElement[bool], **values: object) -> bool:
    done = session.exec(
        update(AlertRow)
        .where(col(AlertRow.id) == alert_id, *where)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _alert(row: AlertRow) -> Alert:
    values = {name: getattr(row, name) for name in Alert.__dataclass_fields__}
    return Alert(**values | {"layer": Layer(row.layer)})
