"""Readings as they stand, and usage summed again from its rows: what the check of the books compares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

_CHUNK: Final = 5_000


class Reading(NamedTuple):
    """A key's month or day as the books have it, amounts in micro-USD."""

    key_id: str
    label: str
    period: str
    before_micros: int
    lifetime_micros: int
    usage_micros: int
    spent_micros: int
    undated_micros: int
    unpriced_requests: int


class Used(NamedTuple):
    """Usage of a key in a period, in micro-USD."""

    label: str
    micros: int
    unpriced_requests: int


def readings(session: Session) -> Iterator[Reading]:
    """Every reading: a key's months in their order, then its days, a few thousand rows at a time in memory."""
    for row in session.execute(_READINGS, execution_options={"yield_per": _CHUNK}):
        yield Reading(*row)


def usage_by_period(session: Session) -> dict[tuple[str, str], Used]:
    """What rows of usage come to, by key and month, and by key and day under a daily cap."""
    day = "to_char(u.hour, 'YYYY-MM-DD')" if session.connection().dialect.name != "sqlite" else "substr(u.hour, 1, 10)"
    statement = text(_USAGE.replace("DAY", day))
    return {(row.key_id, row.period): Used(row.label, row.micros, row.unpriced) for row in session.execute(statement)}


_READINGS: Final = text(
    """
    SELECT r.key_id, k.label, r.period, r.before_micros, r.lifetime_micros, r.usage_micros, r.spent_micros,
           r.undated_micros, r.unpriced_requests
    FROM readings r JOIN keys k ON k.id = r.key_id
    ORDER BY r.key_id, length(r.period), r.period
    """
)
_USAGE: Final = """
    WITH days AS (
      SELECT u.key_id, DAY AS day, sum(u.cost_micros) AS micros, sum(u.unpriced_requests) AS unpriced
      FROM usage u GROUP BY u.key_id, DAY
    )
    SELECT d.key_id, k.label, substr(d.day, 1, 7) AS period, CAST(sum(d.micros) AS BIGINT) AS micros,
           CAST(sum(d.unpriced) AS BIGINT) AS unpriced
    FROM days d JOIN keys k ON k.id = d.key_id GROUP BY d.key_id, k.label, substr(d.day, 1, 7)
    UNION ALL
    SELECT d.key_id, k.label, d.day, CAST(d.micros AS BIGINT), CAST(d.unpriced AS BIGINT)
    FROM days d JOIN keys k ON k.id = d.key_id WHERE k.daily_cap_micros IS NOT NULL
"""
