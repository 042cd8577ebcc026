"""What of the measured spend stands in the ledger, and what does not yet: differences by key and day, or month.

A day's usage is posted as one row per key, a month's settled spend as what its days leave over. `SPEND` rows are the
first of their key and day, `ADJUST` rows whatever came later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, text
from sqlmodel import Session

from bot.domain.periods import month_end
from storage.columns import UtcDateTime
from storage.staging import stage

SPEND: Final = "key.spend"
ADJUST: Final = "key.adjust"


class Gap(NamedTuple):
    """A key and period of which the ledger and the books' other tables say different amounts, in micro-USD."""

    key_id: str
    label: str
    team_id: str
    project_id: str | None
    holder_id: str
    due_micros: int
    """What usage, or for a month the readings, say."""
    posted_micros: int
    """What the ledger says."""
    rows: int
    """How many rows of exactly this period the ledger has for the key."""


def gaps_of_day(session: Session, gateway: str, day: date, key_ids: Iterable[str] | None = None) -> list[Gap]:
    """Where the ledger differs from the usage of a UTC day: of all keys of the gateway, or of those alone.

    Those alone only within `Books.transaction`.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    asked = {"since": start, "until": start + timedelta(days=1), "period": day.isoformat()}
    return _gaps(session, _DAY, gateway, asked, key_ids)


def gaps_of_month(session: Session, gateway: str, month: str, key_ids: Iterable[str] | None = None) -> list[Gap]:
    """Where what a month's days and adjustments come to in the ledger differs from what counts as spent in it."""
    return _gaps(session, _MONTH, gateway, {"period": month, "after": month_after(month)}, key_ids)


def oldest_month(session: Session, gateway: str) -> str | None:
    """The first month in which a key of the gateway has a reading."""
    found: str | None = session.execute(_OLDEST, {"gateway": gateway}).scalar()
    return found


def first_day(month: str) -> datetime:
    """00:00 UTC on the first day of a month that is given by its name."""
    return datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)


def month_after(month: str) -> str:
    """The name of the month after this one."""
    return f"{month_end(first_day(month)):%Y-%m}"


class _Sides(NamedTuple):
    """Where each side of a comparison is found."""

    due: str
    posted: str


# A month's days sort between its own name and the next month's, whatever the collation.
_DAY: Final = _Sides(
    "SELECT key_id, cost_micros AS due, 0 AS posted, 0 AS same FROM usage WHERE hour >= :since AND hour < :until",
    "period = :period",
)
_MONTH: Final = _Sides(
    "SELECT key_id, spent_micros AS due, 0 AS posted, 0 AS same FROM readings WHERE period = :period",
    "period >= :period AND period < :after",
)


def _gaps(
    session: Session, sides: _Sides, gateway: str, asked: dict[str, Any], key_ids: Iterable[str] | None
) -> list[Gap]:
    if key_ids is not None:
        stage(session, "wanted_keys", {"key_id": "TEXT"}, ((key_id,) for key_id in key_ids))
    found = session.execute(_statement(sides, some=key_ids is not None), {"gateway": gateway, **asked})
    return [Gap(*row) for row in found]


@cache
def _statement(sides: _Sides, *, some: bool) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    """Both sides in one list, so that what only one of them knows of is found as well."""
    narrowed = "AND key_id IN (SELECT key_id FROM wanted_keys)" if some else ""
    made = text(
        f"""
        SELECT k.id, k.label, k.team_id, k.project_id, k.holder_id, s.due, s.posted, s.same
        FROM (
          SELECT key_id, CAST(sum(due) AS BIGINT) AS due, CAST(sum(posted) AS BIGINT) AS posted,
                 CAST(sum(same) AS BIGINT) AS same
          FROM (
            {sides.due} {narrowed}
            UNION ALL
            SELECT key_id, 0, amount_micros, CASE WHEN period = :period THEN 1 ELSE 0 END FROM ledger
            WHERE action IN ('{SPEND}', '{ADJUST}') AND {sides.posted} {narrowed}
          ) AS amounts
          GROUP BY key_id HAVING sum(due) <> sum(posted)
        ) AS s
        JOIN keys k ON k.id = s.key_id AND k.gateway = :gateway
        ORDER BY k.id
        """  # noqa: S608
    )
    if sides is _DAY:
        made = made.bindparams(*(bindparam(name, type_=UtcDateTime()) for name in ("since", "until")))
    return made


_OLDEST: Final = text(
    """
    SELECT r.period FROM readings r JOIN keys k ON k.id = r.key_id
    WHERE length(r.period) = 7 AND k.gateway = :gateway ORDER BY r.period LIMIT 1
    """
)
