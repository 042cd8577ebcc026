"""What gateways' own records say was spent, as the books count it: without what adopted keys had spent before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.gateways.base import KeyRecord
from storage import readings, unknown_keys, windows
from storage.engine import Session
from storage.windows import Told

Seen = tuple[str, bool, KeyRecord]
"""A key's id, whether its cap is for a month, and its gateway's record."""


def note(session: Session, seen: Iterable[Seen], at: datetime) -> None:
    """Write down what records say that were read in a call which began at `at`."""
    some = _since_adopted(session, seen)
    lasting = [
        (key_id, record.spent_micros, record.spent_in_month(at) if is_monthly else None)
        for key_id, is_monthly, record in some
        if record.counts_until is None
    ]
    readings.note_live(session, lasting, at)
    windows.note(session, _in_windows(some), at)


def totals(session: Session, seen: Iterable[Seen], at: datetime) -> dict[str, int]:
    """The lifetime totals that `note` would write down, by the keys' ids."""
    some = _since_adopted(session, seen)
    lasting = {key_id: record.spent_micros for key_id, _, record in some if record.counts_until is None}
    return lasting | windows.totals(session, _in_windows(some), at)


def own_micros(session: Session, key_id: str, total_micros: int) -> int:
    """What of a lifetime total is the key's own: all but what it had spent when it was adopted, if it was."""
    return max(0, total_micros - unknown_keys.baselines(session).get(key_id, 0))


def _since_adopted(session: Session, seen: Iterable[Seen]) -> list[Seen]:
    """The records, each without what its key had spent when it was adopted."""
    before = unknown_keys.baselines(session)
    return [
        (key_id, is_monthly, replace(record, spent_micros=max(0, record.spent_micros - before[key_id])))
        if key_id in before
        else (key_id, is_monthly, record)
        for key_id, is_monthly, record in seen
    ]


def _in_windows(seen: Iterable[Seen]) -> list[Told]:
    return [
        Told(key_id, record.spent_micros, until)
        for key_id, _, record in seen
        if (until := record.counts_until) is not None
    ]
