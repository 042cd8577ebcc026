"""Reads what gateways tell of spend into the books: live totals every minute or so, dated usage more slowly.

A gateway that does not answer is written down as such, and the others are read all the same. Everything may be
killed anywhere and repeated: what was read stays, and the next time goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from bot.domain.periods import day_of, month_start
from bot.domain.usage import Usage
from bot.gateways.base import Gateway, GatewayError
from bot.services import live
from bot.services.context import Purser
from storage import readings, syncs, usage
from storage.syncs import What

RESTATED_DAYS = 3
"""So many days before the newest one read are read again each time: gateways count late, and correct themselves."""
AGAIN_DAYS = 35
"""So many are read again once a day."""
PAUSE_SECONDS = 600
"""How long live totals may go unread before usage is asked when they grew."""
LIVE_CHUNK = 500
"""Keys written in one transaction, so that others get their turn."""
USAGE_CHUNK = 5_000
"""Rows of usage written in one transaction."""

_Item = TypeVar("_Item")


def catch_up(purser: Purser) -> None:
    """Before live totals are read after a pause, read usage by day, where the pause was long enough to matter.

    A total that grew while nobody read it does not say in which month or day it did, and would all be charged to this
    one. Raises the first `GatewayError`, once all gateways were asked.
    """
    _at_each(purser, What.USAGE, _read_missed)


def sync_live(purser: Purser) -> None:
    """Read what every key has spent so far, at every gateway.

    Raises the first `GatewayError`, once all gateways were asked.
    """
    _at_each(purser, What.LIVE, _read_live)


def sync_usage(purser: Purser) -> None:
    """Read usage by day, at every gateway that tells it: what is new, and what may have been restated.

    Raises the first `GatewayError`, once all gateways were asked.
    """
    _at_each(purser, What.USAGE, _read_usage)


def _at_each(purser: Purser, what: What, read: Callable[[Purser, Gateway, datetime], None]) -> None:
    failed: list[GatewayError] = []
    for gateway in purser.gateways.values():
        at = purser.now()
        try:
            read(purser, gateway, at)
        except GatewayError as wrong:
            with purser.books.transaction() as session:
                syncs.failed(session, gateway.name, what, at, wrong.message)
            failed.append(wrong)
    if failed:
        raise failed[0]


def _read_missed(purser: Purser, gateway: Gateway, at: datetime) -> None:
    with purser.books.reading() as session:
        mark = syncs.of(session, gateway.name, What.LIVE)
    if mark is not None and mark.read_at is not None and (at - mark.read_at).total_seconds() > PAUSE_SECONDS:
        _read_usage(purser, gateway, at, again=False)


def _read_live(purser: Purser, gateway: Gateway, at: datetime) -> None:
    """Totals count as of `at`, when the call began. One that is overtaken by a later call changes nothing."""
    held = gateway.list_keys()
    with purser.books.reading() as session:
        ours = readings.known(session, gateway.name, at)
        seen = {key.key_id: (key, record) for record in held if (key := ours.get(record.handle)) is not None}
        totals = live.totals(session, ((key.key_id, key.is_monthly, record) for key, record in seen.values()), at)
    told = [
        (key_id, key.is_monthly, record)
        for key_id, (key, record) in seen.items()
        if key_id in totals and key.learns_from(totals[key_id])
    ]
    for chunk in _chunks(told, LIVE_CHUNK):
        with purser.books.transaction() as session:
            newest = syncs.of(session, gateway.name, What.LIVE)
            if newest is not None and newest.read_at is not None and newest.read_at > at:
                return
            live.note(session, chunk, at)
    with purser.books.transaction() as session:
        syncs.read(session, gateway.name, What.LIVE, at)


def _read_usage(purser: Purser, gateway: Gateway, at: datetime, *, again: bool = True) -> None:
    """Read days that are new or may be restated; once a day, with `again`, many more of them."""
    if not gateway.capabilities.usage_per_key:
        return
    today = at.astimezone(UTC).date()
    with purser.books.reading() as session:
        mark = syncs.of(session, gateway.name, What.USAGE)
        newest = syncs.of(session, gateway.name, What.AGAIN)
    far = again and (newest is None or newest.through != day_of(at))
    reached = None if mark is None or mark.through is None else date.fromisoformat(mark.through)
    for day in _days(_first_day(reached, today, far=far), today):
        _read_day(purser, gateway, day)
        if reached is None or day > reached:
            with purser.books.transaction() as session:
                syncs.reached(session, gateway.name, What.USAGE, at, day.isoformat())
    with purser.books.transaction() as session:
        syncs.read(session, gateway.name, What.USAGE, at, today.isoformat())
        if far:
            syncs.read(session, gateway.name, What.AGAIN, at, today.isoformat())


def _first_day(reached: date | None, today: date, *, far: bool) -> date:
    """Where to begin: at the previous month when nothing was read yet, else as far back as may be restated."""
    if reached is None:
        this_month = month_start(datetime(today.year, today.month, today.day, tzinfo=UTC))
        return month_start(this_month - timedelta(days=1)).date()
    since = min(reached, today) - timedelta(days=RESTATED_DAYS)
    return min(since, today - timedelta(days=AGAIN_DAYS)) if far else since


def _read_day(purser: Purser, gateway: Gateway, day: date) -> None:
    """Make the books say of this day what the gateway says now; of rows that it no longer tells, nothing is left."""
    seen, told = _Seen(), 0
    rows = (row for row in gateway.usage(day, day) if row.hour.date() == day)
    for chunk in _chunks(rows, USAGE_CHUNK):
        for row in chunk:
            seen.add(row)
        priced = [_priced(row, purser.policy.free_models) for row in chunk]
        with purser.books.transaction() as session:
            told += usage.write(session, gateway.name, priced, purser.now()).telling
    with purser.books.reading() as session:
        missing = []
        if usage.telling(session, gateway.name, day) != told:
            missing = [row for row in usage.told(session, gateway.name, day) if row not in seen]
    for gone in _chunks(missing, USAGE_CHUNK):
        with purser.books.transaction() as session:
            usage.zero(session, gateway.name, gone)


def _priced(row: Usage, free_models: tuple[str, ...]) -> Usage:
    """A model that rightly costs nothing is not called unpriced."""
    return row._replace(unpriced_requests=0) if row.unpriced_requests and row.model in free_models else row


class _Seen:
    """Which rows of one day were told: a number for each, so that a large day fits into memory."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._numbers: set[int] = set()

    def add(self, row: Usage) -> None:
        self._numbers.add(self._number(row))

    def __contains__(self, row: Usage) -> bool:
        return self._number(row) in self._numbers

    def _number(self, row: Usage) -> int:
        handle = self._names.setdefault(f"k{row.handle}", len(self._names))
        model = self._names.setdefault(f"m{row.model}", len(self._names))
        return (handle << 40 | model << 8) + row.hour.hour


def _days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=number) for number in range((until - since).days + 1))


def _chunks(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    each = iter(items)
    while chunk := list(islice(each, size)):
        yield chunk
