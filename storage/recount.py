"""Readings and sums as they are kept, and usage summed again from its rows: what the check of the books compares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from bot.domain.usage import Totals

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


class Summed(NamedTuple):
    """Of a key's day, or a project's model in a day: usage added up again, and the sum that is kept. Amounts are
    micro-USD.
    """

    what: str
    day: str
    due_micros: int
    kept_micros: int
    due_requests: int
    kept_requests: int


def wrong_sums(session: Session) -> Iterator[Summed]:
    """Sums kept for reports that are not what rows of usage add up to, in any count; team by team."""
    day = "to_char(u.hour, 'YYYY-MM-DD')" if session.connection().dialect.name != "sqlite" else "substr(u.hour, 1, 10)"
    teams = [row.id for row in session.execute(text("SELECT id FROM teams ORDER BY id"))]
    for template in (_WRONG_DAYS, _WRONG_MODELS):
        statement = text(template.replace("DAY", day))
        for team_id in teams:
            for row in session.execute(statement, {"team": team_id}):
                yield Summed(*row)


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
_DUE: Final = ", ".join(f"u.{name}" for name in Totals._fields)
_KEPT: Final = ", ".join(f"-u.{name}" for name in Totals._fields)
_COMPARED: Final = f"""
    CAST(sum(CASE WHEN is_due = 1 THEN cost_micros ELSE 0 END) AS BIGINT) AS due_micros,
    CAST(sum(CASE WHEN is_due = 0 THEN -cost_micros ELSE 0 END) AS BIGINT) AS kept_micros,
    CAST(sum(CASE WHEN is_due = 1 THEN requests ELSE 0 END) AS BIGINT) AS due_requests,
    CAST(sum(CASE WHEN is_due = 0 THEN -requests ELSE 0 END) AS BIGINT) AS kept_requests
    FROM both_counts GROUP BY what, day
    HAVING {" OR ".join(f"sum({name}) <> 0" for name in Totals._fields)} ORDER BY day, what
"""
_WRONG_DAYS: Final = f"""
    WITH both_counts AS (
      SELECT k.label AS what, DAY AS day, 1 AS is_due, {_DUE}
      FROM keys k CROSS JOIN usage u WHERE k.team_id = :team AND u.key_id = k.id
      UNION ALL
      SELECT k.label, u.day, 0, {_KEPT}
      FROM keys k CROSS JOIN usage_days u WHERE k.team_id = :team AND u.key_id = k.id
    )
    SELECT what, day, {_COMPARED}
"""  # noqa: S608
_WRONG_MODELS: Final = f"""
    WITH both_counts AS (
      SELECT coalesce(k.project_id, :team) || ' ' || u.model AS what, DAY AS day, 1 AS is_due, {_DUE}
      FROM keys k CROSS JOIN usage u WHERE k.team_id = :team AND u.key_id = k.id
      UNION ALL
      SELECT CASE WHEN u.project_id = '' THEN :team ELSE u.project_id END || ' ' || u.model, u.day, 0, {_KEPT}
      FROM usage_models u WHERE u.team_id = :team
    )
    SELECT what, day, {_COMPARED}
"""  # noqa: S608
