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
DAY_CHANGES: Final = text(
    f"""
    SELECT staged_usage.key_id, staged_usage.day, count(*) AS told,
           CAST(sum(CASE WHEN {_SAME_COUNTS} THEN 0 ELSE 1 END) AS BIGINT) AS changed,
           CAST(sum(staged_usage.cost_micros - coalesce(u.cost_micros, 0)) AS BIGINT) AS micros,
           CAST(sum(staged_usage.unpriced_requests - coalesce(u.unpriced_requests, 0)) AS BIGINT) AS unpriced
    FROM staged_usage LEFT JOIN usage u ON {_SAME_ROW}
    GROUP BY staged_usage.key_id, staged_usage.day
    """  # noqa: S608
)
FORGET_UNCHANGED: Final = text(
    f"DELETE FROM staged_usage WHERE EXISTS (SELECT 1 FROM usage u WHERE {_SAME_ROW} AND {_SAME_COUNTS})"  # noqa: S608
)
UPSERT: Final = text(
    f"""
    INSERT INTO usage ({", ".join((*_IDENTITY, *COUNTS))})
    SELECT {", ".join((*_IDENTITY, *COUNTS))} FROM staged_usage WHERE true
    ON CONFLICT ({", ".join(_IDENTITY)}) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COUNTS)}
    """  # noqa: S608
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
