"""Live totals that a gateway starts again with each calendar month, counted on in the books.

A gateway begins its month some minutes late: until then it goes on counting the month before, and what it tells
belongs there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlmodel import Session

from bot.domain.periods import month_end, month_of
from storage import reading_statements as sql
from storage import readings

_CHUNK = 500
_INSTANT = timedelta(microseconds=1)


class Told(NamedTuple):
    """What a gateway told of one key: what it has spent in the month that ends at `until`, in micro-USD."""

    key_id: str
    micros: int
    until: datetime
    """00:00 UTC on the first day of the month after."""


def note(session: Session, told: Iterable[Told], at: datetime) -> None:
    """Write down what a gateway told in a call which began at `at`. It counts at the latest as the month ended.

    What is told of a month that began after the call did is left to the next call.
    """
    for moment, some in _by_moment(told, at):
        totals = _counted_on(session, some, moment)
        readings.note_live(session, [(key_id, total, None) for key_id, total in totals.items()], moment)


def totals(session: Session, told: Iterable[Told], at: datetime) -> dict[str, int]:
    """The lifetime totals that `note` would write down."""
    found: dict[str, int] = {}
    for moment, some in _by_moment(told, at):
        found |= _counted_on(session, some, moment)
    return found


def _by_moment(told: Iterable[Told], at: datetime) -> Iterable[tuple[datetime, list[Told]]]:
    counted = sorted((one for one in told if one.until <= month_end(at)), key=itemgetter(2, 0))
    for until, some in groupby(counted, key=itemgetter(2)):
        yield min(at, until - _INSTANT), list(some)


def _counted_on(session: Session, told: list[Told], moment: datetime) -> dict[str, int]:
    """Each total on top of all that is known to be spent before the month of this moment."""
    found = {one.key_id: one.micros for one in told}
    for start in range(0, len(told), _CHUNK):
        asked = sorted(one.key_id for one in told[start : start + _CHUNK])
        for row in session.execute(sql.BEFORE_MONTH, {"keys": asked, "month": month_of(moment)}):
            found[row.key_id] += max(row.lifetime_micros, row.charged_micros)
    return found
