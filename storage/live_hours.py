"""By how much live totals were seen to grow in each hour: when spend happened, where usage is dated by the day only.

No figure of money rests on it, so what cannot be placed in an hour is left out: corrections downwards, totals that
begin again, and what grew while nobody looked for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from sqlalchemy import String, bindparam, delete, text
from sqlmodel import Session, col

from bot.domain.periods import month_of
from bot.domain.spans import Span
from bot.domain.working_hours import is_off_hour
from storage.columns import UtcDateTime
from storage.money_tables import LiveHourRow
from storage.staging import stage
from storage.usage_reports import Chosen, chosen_keys

LONGEST_PAUSE_SECONDS: Final = 4_500
"""An hour, and a quarter for a reading that is late: what grew in a longer time tells no hour."""
MOST_MICROS: Final = 10**15
"""A billion dollars: a total that grows by more at once is wrong, and sums of these stay within a BIGINT."""
_CHUNK: Final = 500


class Timed(NamedTuple):
    """What live totals saw in a span, in micro-USD."""

    off_micros: int
    """Outside 08:00 to 20:00 from Monday to Friday."""
    micros: int
    """In all: what the former is a share of."""


# Joined with the readings before the new totals are written to them. A key without one in this month begins anew.
_GROWN: Final = text(
    """
    INSERT INTO live_hours (key_id, hour, spent_micros)
    SELECT t.key_id, :hour, t.total - r.lifetime_micros
    FROM live_totals t
    JOIN readings r ON r.key_id = t.key_id AND r.period = :month
    JOIN keys k ON k.id = t.key_id
    JOIN syncs s ON s.gateway = k.gateway AND s.what = 'live'
    WHERE t.total > r.lifetime_micros AND t.total - r.lifetime_micros <= :most
      AND r.read_at <= :at AND s.read_at >= :since AND s.read_at <= :at
    ON CONFLICT (key_id, hour) DO UPDATE SET spent_micros = live_hours.spent_micros + excluded.spent_micros
    """
).bindparams(*(bindparam(name, type_=UtcDateTime()) for name in ("hour", "at", "since")))
_BY_HOUR: Final = (
    text(
        """
        SELECT hour, CAST(sum(spent_micros) AS BIGINT) AS micros FROM live_hours
        WHERE key_id IN :keys AND hour >= :since AND hour < :until GROUP BY hour
        """
    )
    .bindparams(
        bindparam("keys", expanding=True, type_=String()),
        *(bindparam(name, type_=UtcDateTime()) for name in ("since", "until")),
    )
    .columns(hour=UtcDateTime())
)


def note(session: Session, totals: Mapping[str, int], at: datetime) -> None:
    """Write down by how much these live totals have grown, before `storage.readings` takes them in.

    `totals` are micro-USD by the keys' ids, as told in a call that began at `at`.
    """
    if not totals:
        return
    stage(session, "live_totals", {"key_id": "TEXT", "total": "BIGINT"}, totals.items())
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = at - timedelta(seconds=LONGEST_PAUSE_SECONDS)
    asked = {"hour": hour, "month": month_of(at), "at": at, "since": since, "most": MOST_MICROS}
    session.execute(_GROWN, asked)


def off_hours(session: Session, chosen: Chosen, span: Span, zone: tzinfo) -> Timed | None:
    """What live totals saw in the span outside working hours of that zone, and in all; None when they saw nothing."""
    off = seen = 0
    for keys in _chunks(sorted(chosen_keys(session, chosen))):
        asked = {"keys": keys, "since": span.begins_at, "until": span.ends_at}
        for hour, micros in session.execute(_BY_HOUR, asked):
            seen += micros
            off += micros if is_off_hour(hour, zone) else 0
    return Timed(off, seen) if seen else None


def prune(session: Session, before: datetime) -> None:
    """Forget hours before then."""
    gone = delete(LiveHourRow).where(col(LiveHourRow.hour) < before)
    session.exec(gone.execution_options(synchronize_session=False))


def _chunks(key_ids: list[str]) -> Iterable[list[str]]:
    return (key_ids[start : start + _CHUNK] for start in range(0, len(key_ids), _CHUNK))
