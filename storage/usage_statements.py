"""The statements of `storage.usage`: plain SQL that both databases read the same way."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import String, bindparam, text

from bot.domain.usage import Usage
from storage.columns import UtcDateTime

COUNTS: Final = Usage._fields[3:]
"""What a row counts, in the order of `Usage`; before them stand handle, model and hour."""
_IDENTITY: Final = ("key_id", "hour", "model")
STAGED: Final = {
    "key_id": "TEXT",
    "hour": "TIMESTAMPTZ",
    "model": "TEXT",
    **dict.fromkeys(COUNTS, "BIGINT"),
    "day": "TEXT",
}
"""Rows as told, with the day that `hour` is in."""
DELTAS: Final = {
    "key_id": "TEXT",
    "hour": "TIMESTAMPTZ",
    "model": "TEXT",
    "day": "TEXT",
    **dict.fromkeys(COUNTS, "BIGINT"),
}
"""By how much each row that differs from what was there differs."""
CHANGES: Final = {"key_id": "TEXT", "period": "TEXT", "micros": "BIGINT", "unpriced": "BIGINT"}
"""By how much what a key used in a month or day rose or fell."""


def _pairs(one: str, other: str, names: tuple[str, ...]) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in names)


def _typed(sql: str, **reads: UtcDateTime) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    moments = [bindparam(name, type_=UtcDateTime()) for name in ("since", "until") if f":{name}" in sql]
    made = text(sql).bindparams(*moments)
    return made.columns(**reads) if reads else made


_SAME_ROW: Final = _pairs("u", "staged_usage", _IDENTITY)
_SAME_COUNTS: Final = _pairs("u", "staged_usage", COUNTS)
_TELLS: Final = " OR ".join(f"u.{name} <> 0" for name in COUNTS)
_IN_DAY: Final = """
    FROM usage u JOIN keys k ON k.id = u.key_id
    WHERE u.hour >= :since AND u.hour < :until AND k.gateway = :gateway
"""

# A row that is not there yet counts as changed, and from nothing.
FIND_DELTAS: Final = text(
    f"""
    INSERT INTO usage_deltas ({", ".join(DELTAS)})
    SELECT staged_usage.key_id, staged_usage.hour, staged_usage.model, staged_usage.day,
           {", ".join(f"staged_usage.{name} - coalesce(u.{name}, 0)" for name in COUNTS)}
    FROM staged_usage LEFT JOIN usage u ON {_SAME_ROW}
    WHERE u.key_id IS NULL OR NOT ({_SAME_COUNTS})
    """  # noqa: S608
)
DAY_CHANGES: Final = text(
    """
    SELECT key_id, day, count(*) AS changed, CAST(sum(cost_micros) AS BIGINT) AS micros,
           CAST(sum(unpriced_requests) AS BIGINT) AS unpriced
    FROM usage_deltas GROUP BY key_id, day
    """
)


def _added(table: str, identity: tuple[str, ...], select: str) -> Any:  # noqa: ANN401
    """Add deltas to the counts of a table, row by row; rows that are not there yet are."""
    return text(
        f"""
        INSERT INTO {table} ({", ".join((*identity, *COUNTS))}) {select}
        ON CONFLICT ({", ".join(identity)}) DO UPDATE
        SET {", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in COUNTS)}
        """  # noqa: S608
    )


_SUMS: Final = ", ".join(f"CAST(sum(d.{name}) AS BIGINT)" for name in COUNTS)
ADD_ROWS: Final = _added(
    "usage",
    _IDENTITY,
    f"SELECT {', '.join((*_IDENTITY, *COUNTS))} FROM usage_deltas WHERE true",  # noqa: S608
)
ADD_DAYS: Final = _added(
    "usage_days",
    ("key_id", "day"),
    f"SELECT d.key_id, d.day, {_SUMS} FROM usage_deltas d WHERE true GROUP BY d.key_id, d.day",  # noqa: S608
)
ADD_MODELS: Final = _added(
    "usage_models",
    ("team_id", "day", "project_id", "model"),
    f"""
    SELECT k.team_id, d.day, coalesce(k.project_id, ''), d.model, {_SUMS}
    FROM usage_deltas d JOIN keys k ON k.id = d.key_id WHERE true
    GROUP BY k.team_id, d.day, coalesce(k.project_id, ''), d.model
    """,  # noqa: S608
)
UNOPENED: Final = text(
    """
    SELECT key_id, period FROM usage_changes c
    WHERE NOT EXISTS (SELECT 1 FROM readings r WHERE r.key_id = c.key_id AND r.period = c.period)
    """
)
COUNT_IN: Final = text(
    """
    UPDATE readings
    SET usage_micros = usage_micros + c.micros, undated_micros = undated_micros - c.micros,
        unpriced_requests = unpriced_requests + c.unpriced
    FROM usage_changes c WHERE readings.key_id = c.key_id AND readings.period = c.period
    RETURNING readings.key_id, readings.period, readings.before_micros, readings.lifetime_micros,
              readings.usage_micros, readings.spent_micros
    """
)
COUNT_TELLING: Final = _typed(f"SELECT count(*) {_IN_DAY} AND ({_TELLS})")
TELLING: Final = _typed(
    f"SELECT k.handle, u.model, u.hour, {', '.join(f'u.{name}' for name in COUNTS)} {_IN_DAY} AND ({_TELLS})",
    hour=UtcDateTime(),
)
OLDEST: Final = _typed(
    "SELECT u.hour FROM usage u JOIN keys k ON k.id = u.key_id WHERE k.gateway = :gateway ORDER BY u.hour LIMIT 1",
    hour=UtcDateTime(),
)
UNPRICED: Final = _typed(
    """
    SELECT u.model, CAST(sum(u.unpriced_requests) AS BIGINT) AS requests FROM usage u
    WHERE u.unpriced_requests > 0 AND u.hour >= :since AND u.hour < :until AND u.key_id IN :keys
    GROUP BY u.model ORDER BY 2 DESC, 1
    """
).bindparams(bindparam("keys", expanding=True, type_=String()))
