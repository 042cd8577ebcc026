"""How fresh usage is: which gateways some keys live in, and when each of them told all its usage last. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain.facts import Freshness
from bot.domain.keys import SPENDING
from bot.services.context import Purser
from storage import syncs, usage_reports
from storage.engine import Session
from storage.syncs import What
from storage.usage_reports import Chosen


def gateways(session: Session, purser: Purser, chosen: Chosen) -> list[str]:
    """Those that the chosen keys live in, by name; without any such key all that are set up.

    One that is set up no more is among them only as long as a key in it may still spend: else nothing it could tell
    is missing, however long it has told nothing.
    """
    spending = set(usage_reports.gateways(session, chosen, SPENDING))
    lived_in = usage_reports.gateways(session, chosen)
    return [name for name in lived_in if name in purser.gateways or name in spending] or list(purser.gateways)


def freshness(session: Session, purser: Purser, chosen: Chosen) -> tuple[Freshness, ...]:
    """When each of these gateways told all its usage last, and what went wrong since."""
    marks = {mark.gateway: mark for mark in syncs.all_of(session, What.USAGE)}
    found = ((name, marks.get(name)) for name in gateways(session, purser, chosen))
    return tuple(
        Freshness(name, None) if mark is None else Freshness(name, mark.read_at, mark.error or "")
        for name, mark in found
    )


def oldest(moments: Iterable[datetime | None]) -> datetime | None:
    """The oldest of these moments; None when one of them never was, or there is none."""
    all_of_them = list(moments)
    known = [at for at in all_of_them if at is not None]
    return min(known) if known and len(known) == len(all_of_them) else None
