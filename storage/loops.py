"""Requests that failed or were tried again, by key and day, as far as loops are looked for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import String, bindparam, text
from sqlmodel import Session

from bot.domain.loops import Day
from storage.watched import STOPPABLE

_CHUNK: Final = 500
_FAILING: Final = text(
    f"""
    SELECT u.key_id, u.requests, u.failures + u.retries AS bad FROM usage_days u JOIN keys k ON k.id = u.key_id
    WHERE u.day = :day AND u.failures + u.retries >= :least
      AND k.state IN ({", ".join(f"'{state}'" for state in STOPPABLE)})
    """  # noqa: S608
)
_BEFORE: Final = text(
    """
    SELECT key_id, requests, failures + retries AS bad FROM usage_days
    WHERE key_id IN :keys AND day >= :since AND day < :day
    """
).bindparams(bindparam("keys", expanding=True, type_=String()))


def failing(session: Session, day: str, least: int) -> dict[str, Day]:
    """Keys in use of whose requests so many failed or were tried again on that UTC day."""
    found = session.execute(_FAILING, {"day": day, "least": least})
    return {row.key_id: Day(row.requests, row.bad) for row in found}


def before(session: Session, key_ids: Collection[str], since: str, day: str) -> dict[str, list[Day]]:
    """The days of these keys from one UTC day to before another, in no order."""
    days: dict[str, list[Day]] = {}
    ids = sorted(key_ids)
    for start in range(0, len(ids), _CHUNK):
        asked = {"keys": ids[start : start + _CHUNK], "since": since, "day": day}
        for row in session.execute(_BEFORE, asked):
            days.setdefault(row.key_id, []).append(Day(row.requests, row.bad))
    return days
