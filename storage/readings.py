"""What keys have spent in each month and, under a daily cap, each day: live totals, dated usage, and what counts.

`bot.domain.settling` is the rule. Months and days of a key are two chains: in each, all periods together are charged
the greater of the live total and the usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row
from sqlmodel import Session

from bot.domain import settling
from bot.domain.budgets import TOTAL
from bot.domain.periods import day_end, day_of, month_end, month_of, month_start
from bot.domain.settling import Count, Settled
from storage import live_hours, syncs
from storage import reading_statements as sql
from storage.staging import stage

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The `read_at` of a period that has usage, in which no live total was told yet, nor before it."""
_CHUNK: Final = 500
_MONTH: Final = len("2026-11")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a key has spent in a period, in micro-USD."""

    micros: int
    lifetime_micros: int
    """The newest live total told until the end of the period."""
    read_at: datetime | None
    """When its gateway last told all its spend; None when it never did."""
    unpriced_requests: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the books know of a key before its gateway is asked again."""

    key_id: str
    is_monthly: bool
    """Whether its cap is for a month, so that the gateway's window tells what was spent in it."""
    is_in_play: bool
    """Whether it may spend, or was stopped by a limit and comes back."""
    is_open: bool
    """Whether this month, and this day under a daily cap, has a reading."""
    lifetime_micros: int | None
    """The newest live total; None when there is no reading at all."""

    def learns_from(self, lifetime_micros: int) -> bool:
        """Whether such a total tells anything new. Keys in play get a reading each period even when it does not."""
        if self.is_in_play and not self.is_open:
            return True
        return lifetime_micros != (self.lifetime_micros or 0)


def known(session: Session, gateway: str, at: datetime) -> dict[str, Known]:
    """Every key of the gateway, by its handle."""
    asked = {"gateway": gateway, "month": month_of(at), "day": day_of(at)}
    return {
        row.handle: Known(
            row.id,
            row.cap_period == "month",
            bool(row.is_in_play),
            bool(row.has_month and (row.has_day or not row.is_daily)),
            row.lifetime_micros,
        )
        for row in session.execute(sql.KNOWN, asked)
    }


def note_live(session: Session, told: Iterable[tuple[str, int, int | None]], at: datetime) -> None:
    """Write down the live totals that a gateway told in a call which began at `at`, in micro-USD.

    Each is a key's id, the total of its lifetime, and what was spent in the month of `at` where the gateway tells that
    too: it shows what the total was when the month began, even if nobody read it then. A total told earlier never
    replaces one told later. Totals that start again with each month go through `storage.windows`.
    """
    rows = list(told)
    for start in range(0, len(rows), _CHUNK):
        chunk = {key_id: (total, in_month) for key_id, total, in_month in rows[start : start + _CHUNK]}
        _close_month_before(session, chunk, at)
        totals = {key_id: total for key_id, (total, _) in chunk.items()}
        live_hours.note(session, totals, at)
        unsettled = _note(session, month_of(at), totals, at)
        daily = _with_daily_cap(session, totals)
        unsettled |= _note(session, day_of(at), {key_id: totals[key_id] for key_id in daily}, at)
        settle(session, unsettled)


def spent(session: Session, key_id: str, period: str) -> Spent | None:
    """What the key has spent in a month, a day or, for `total`, ever; None when that was never read."""
    total = period == TOTAL
    row = session.execute(sql.SPENT_EVER if total else sql.SPENT, {"key": key_id, "period": period}).first()
    if row is None:
        return None
    moments = [each for each in (row.read_at, row.synced_at) if each is not None and each > NEVER]
    return Spent(row.micros, row.lifetime_micros, max(moments, default=None), row.unpriced_requests)


def open_periods(session: Session, pairs: Iterable[tuple[str, str]]) -> None:
    """Have a row for each key and period: it starts from the total that was known before it, with nothing spent."""
    stage(session, "wanted_periods", {"key_id": "TEXT", "period": "TEXT"}, pairs)
    session.execute(sql.OPEN, {"never": NEVER})


def settle(session: Session, changed: Iterable[tuple[str, str]]) -> None:
    """Settle again what counts, after the counts of these keys and periods changed."""
    since: dict[tuple[str, int], str] = {}
    for key_id, period in changed:
        chain = (key_id, len(period))
        since[chain] = min(period, since.get(chain, period))
    while since:
        since = _settle(session, since)


def _settle(session: Session, since: Mapping[tuple[str, int], str]) -> dict[tuple[str, int], str]:
    """Settle each chain from a period on; gives those that have to be settled from their beginning."""
    columns = {"key_id": "TEXT", "grain": "INTEGER", "since": "TEXT"}
    stage(session, "unsettled", columns, ((*chain, start) for chain, start in since.items()))
    moved: list[dict[str, Any]] = []
    further: dict[tuple[str, int], str] = {}
    rows = session.execute(sql.CHAINS)
    for chain, found in groupby(rows, key=lambda row: (row.key_id, len(row.period))):
        tail = list(found)
        anchor = tail.pop(0) if tail[0].period < tail[0].since else None
        counts = [Count(row.usage_micros, row.lifetime_micros) for row in tail]
        if anchor is None:
            settled = settling.settle(counts, tail[0].before_micros)
        else:
            before = Settled(anchor.before_micros, anchor.spent_micros, anchor.undated_micros)
            charged = before.before_micros + before.spent_micros
            settled = settling.settle(counts, charged, before.undated_micros)
            if settling.reaches_back(Count(anchor.usage_micros, anchor.lifetime_micros), before, settled[0]):
                further[chain] = ""
                continue
        moved += [
            {"key": row.key_id, "period": row.period, **now._asdict()}
            for row, now in zip(tail, settled, strict=True)
            if (row.before_micros, row.spent_micros, row.undated_micros) != now
        ]
    if moved:
        session.execute(sql.SETTLED, moved)
        recede(session, min((row["period"] for row in moved if len(row["period"]) == _MONTH), default=None))
    return further


def followed(session: Session, period: str, keys: Iterable[str]) -> set[str]:
    """Those of the keys that have a later period of the same kind."""
    start = datetime.fromisoformat(f"{period}-01" if len(period) == _MONTH else period).replace(tzinfo=UTC)
    after = month_of(month_end(start)) if len(period) == _MONTH else day_of(day_end(start))
    if session.execute(sql.ANY_LATER, {"after": after, "grain": len(period)}).first() is None:
        return set()
    rows = session.execute(sql.FOLLOWED, {"period": period, "grain": len(period), "keys": sorted(keys)})
    return {row.key_id for row in rows}


def recede(session: Session, month: str | None) -> None:
    """The month counts differently now, so that whoever posted it has to look again."""
    if month is not None:
        before = month_start(datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)) - timedelta(days=1)
        syncs.recede(session, syncs.What.SETTLED, month, month_of(before))


def _close_month_before(session: Session, told: Mapping[str, tuple[int, int | None]], at: datetime) -> None:
    """At the first reading in a month: what the total was when it began, where the gateway's window shows it."""
    known = {key_id: total - in_month for key_id, (total, in_month) in told.items() if in_month is not None}
    begun = _rows(session, month_of(at), known)
    end = month_start(at) - timedelta(microseconds=1)
    before = {key_id: total for key_id, total in known.items() if total > 0 and key_id not in begun}
    if not before:
        return
    open_periods(session, [(key_id, month_of(end)) for key_id in before])
    rows = _rows(session, month_of(end), before)
    higher = {key_id: total for key_id, total in before.items() if total > rows[key_id].lifetime_micros}
    settle(session, _note(session, month_of(end), higher, end))


def _note(session: Session, period: str, totals: Mapping[str, int], at: datetime) -> set[tuple[str, str]]:
    """Write the totals of one period down; gives the keys whose chain has to be settled."""
    if not totals:
        return set()
    there = _rows(session, period, totals)
    missing = [(key_id, period) for key_id in totals if key_id not in there]
    if missing:
        open_periods(session, missing)
        there = _rows(session, period, totals)
    later = followed(session, period, totals)
    quick: list[dict[str, Any]] = []
    unsettled: set[tuple[str, str]] = set()
    for key_id, total in totals.items():
        row = there[key_id]
        if row.read_at > at:
            continue
        counts = total - row.before_micros
        # While this newest period has undated spend, what counts before it does not depend on it.
        is_quick = key_id not in later and row.spent_micros > row.usage_micros and counts >= row.usage_micros
        if not is_quick:
            unsettled.add((key_id, period))
        micros = counts if is_quick else row.spent_micros
        quick.append({"key": key_id, "period": period, "total": total, "spent": micros, "at": at})
    if quick:
        session.execute(sql.TOLD, quick)
        if later:
            session.execute(sql.CARRY, [{"grain": len(period), **told} for told in quick if told["key"] in later])
        if len(period) == _MONTH:
            recede(session, period)
    return unsettled


def _rows(session: Session, period: str, keys: Iterable[str]) -> dict[str, Row[Any]]:
    found = session.execute(sql.ROWS, {"period": period, "keys": sorted(keys)})
    return {row.key_id: row for row in found}


def _with_daily_cap(session: Session, keys: Iterable[str]) -> list[str]:
    return [row.id for row in session.execute(sql.DAILY, {"keys": sorted(keys)})]
