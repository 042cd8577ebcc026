"""Usage as gateways measured it, by key, hour and model: replaced whenever a gateway tells it differently.

What changes here changes, in the same transaction, the sums that reports are made of, what counts as spent
(`storage.readings`), and which days are posted as they stand (`storage.syncs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import and_
from sqlmodel import Session, col, select

from bot.domain.periods import day_end, day_of
from bot.domain.usage import Usage
from storage import readings, syncs
from storage import usage_statements as sql
from storage.leaving_tables import UnknownKeyRow
from storage.staging import instant, stage
from storage.tables import KeyRow

CHUNK_ROWS: Final = 5_000
"""How many rows are compared and written by one statement."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of rows that a gateway told."""

    known: int = 0
    """Rows of keys that the books know; the others were left out."""
    telling: int = 0
    """Those of them that tell anything but zeros."""
    changed: int = 0
    """Those that were new, or differed from what was there."""

    def __add__(self, other: Written) -> Written:
        return Written(self.known + other.known, self.telling + other.telling, self.changed + other.changed)


def write(session: Session, gateway: str, rows: Iterable[Usage], now: datetime) -> Written:
    """Make the books say of each key, hour and model what the gateway says now.

    Rows of keys the books do not know are left out, and so are rows dated after today: some clock is wrong. Left out
    is also what an adopted key used until the end of the day on which it was adopted: by day nobody can tell apart
    what it used before. Of two rows with the same key, hour and model the later counts.
    """
    done, before, each = Written(), instant(day_end(now)), iter(rows)
    while chunk := list(islice(each, CHUNK_ROWS)):
        done += _write(session, gateway, chunk, before)
    return done


def zero(session: Session, gateway: str, rows: Iterable[Usage]) -> Written:
    """Rows of one gateway that it no longer tells: they stay, and tell nothing."""
    nothing = (Usage(*row[:3], *[0] * len(sql.COUNTS)) for row in rows)
    done, each = Written(), iter(nothing)
    while chunk := list(islice(each, CHUNK_ROWS)):
        done += _write(session, gateway, chunk, before=None)
    return done


def telling(session: Session, gateway: str, day: date) -> int:
    """How many rows of that UTC day tell anything but zeros."""
    return int(session.execute(sql.COUNT_TELLING, _span(gateway, day)).scalar_one())


def told(session: Session, gateway: str, day: date) -> Iterator[Usage]:
    """Those rows, a few thousand at a time in memory."""
    found = session.execute(sql.TELLING, _span(gateway, day), execution_options={"yield_per": CHUNK_ROWS})
    for row in found:
        yield Usage(*row)


def oldest_day(session: Session, gateway: str) -> str | None:
    """The first UTC day of which there is usage of this gateway's keys."""
    at: datetime | None = session.execute(sql.OLDEST, {"gateway": gateway}).scalar()
    return None if at is None else day_of(at)


def unpriced_models(
    session: Session, key_ids: Iterable[str], since: datetime, until: datetime
) -> list[tuple[str, int]]:
    """Models that these keys used from `since` until before `until` without a price, with the number of requests."""
    ids = sorted(key_ids)
    if not ids:
        return []
    found = session.execute(sql.UNPRICED, {"keys": ids, "since": since, "until": until})
    return [(row.model, row.requests) for row in found]


def _write(session: Session, gateway: str, rows: Sequence[Usage], before: str | None) -> Written:
    ours = _ours(session, gateway, {row.handle for row in rows})
    hours: dict[datetime, str] = {}
    staged: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for row in rows:
        key = ours.get(row.handle)
        if key is None:
            continue
        hour = hours.get(row.hour)
        if hour is None:
            hour = hours[row.hour] = instant(row.hour)
        if (before is None or hour < before) and hour >= key.since:
            staged[key.id, hour, row.model] = (key.id, hour, row.model, *row[3:], hour[:10])
    daily = {key.id for key in ours.values() if key.is_daily}
    changed = _apply(session, gateway, staged.values(), daily) if staged else 0
    silent = sum(1 for row in staged.values() if not row[3] and not any(row[3:-1]))
    return Written(len(staged), len(staged) - silent, changed)


def _apply(session: Session, gateway: str, rows: Iterable[tuple[Any, ...]], daily: set[str]) -> int:
    """Write what differs, and count it; gives how many rows did."""
    stage(session, "staged_usage", sql.STAGED, rows)
    stage(session, "usage_deltas", sql.DELTAS, ())
    session.execute(sql.FIND_DELTAS)
    days = session.execute(sql.DAY_CHANGES).all()
    if not days:
        return 0
    for statement in (sql.ADD_ROWS, sql.ADD_DAYS, sql.ADD_MODELS):
        session.execute(statement)
    changes: dict[tuple[str, str], _Change] = {}
    for day in days:
        for period in (day.day[:7], day.day) if day.key_id in daily else (day.day[:7],):
            so_far = changes.get((day.key_id, period), _NO_CHANGE)
            changes[day.key_id, period] = _Change(so_far.micros + day.micros, so_far.unpriced + day.unpriced)
    readings.settle(session, _count_in(session, changes))
    since = min(day.day for day in days)
    readings.recede(session, since[:7])
    day_before = datetime.fromisoformat(since).replace(tzinfo=UTC) - timedelta(days=1)
    syncs.recede(session, syncs.What.POSTED, since, day_of(day_before), gateway)
    return int(sum(day.changed for day in days))


class _Change(NamedTuple):
    """By how much what a key used in a month or day rose or fell."""

    micros: int
    unpriced: int


_NO_CHANGE: Final = _Change(0, 0)


def _count_in(session: Session, changes: Mapping[tuple[str, str], _Change]) -> list[tuple[str, str]]:
    """Count the changes in the readings; gives the keys and periods that have to be settled."""
    stage(session, "usage_changes", sql.CHANGES, ((*where, *change) for where, change in changes.items()))
    missing = [(row.key_id, row.period) for row in session.execute(sql.UNOPENED)]
    if missing:
        readings.open_periods(session, missing)
    unsettled: list[tuple[str, str]] = []
    explained: dict[str, list[str]] = {}
    for row in session.execute(sql.COUNT_IN).all():
        more = changes[row.key_id, row.period].micros
        undated = row.spent_micros > row.usage_micros - more
        if more and undated and row.lifetime_micros - row.before_micros >= row.usage_micros:
            explained.setdefault(row.period, []).append(row.key_id)
        elif more:
            unsettled.append((row.key_id, row.period))
    # While the newest period has undated spend, before and after, usage only explains some of it.
    for period, keys in explained.items():
        unsettled += [(key_id, period) for key_id in readings.followed(session, period, keys)]
    return unsettled


class _Ours(NamedTuple):
    """A key of ours, as rows of usage are written for it."""

    id: str
    is_daily: bool
    """Whether it has a daily cap, and so is counted by the day as well."""
    since: str
    """The first hour that counts, as a staged column takes it: of an adopted key the day after; else empty."""


def _ours(session: Session, gateway: str, handles: set[str]) -> dict[str, _Ours]:
    adopted = and_(
        col(UnknownKeyRow.gateway) == KeyRow.gateway,
        col(UnknownKeyRow.handle) == KeyRow.handle,
        col(UnknownKeyRow.key_id) == KeyRow.id,
    )
    query = (
        select(KeyRow.handle, KeyRow.id, KeyRow.daily_cap_micros, UnknownKeyRow.decided_at)
        .join(UnknownKeyRow, adopted, isouter=True)
        .where(KeyRow.gateway == gateway, col(KeyRow.handle).in_(handles))
    )
    return {
        handle: _Ours(key_id, daily is not None, "" if at is None else instant(day_end(at)))
        for handle, key_id, daily, at in session.exec(query)
        if handle
    }


def _span(gateway: str, day: date) -> dict[str, object]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {"gateway": gateway, "since": start, "until": start + timedelta(days=1)}
