"""Keeps what is at hand fresh and small: models gateways offer, done effects, old deliveries, slots and hours.

The ledger is never touched.
"""

from __future__ import annotations

from datetime import timedelta

from bot.services.context import Purser
from storage import homes, live_hours, outbox, runs

KEEP_DAYS = 35
"""Longer than anything is ever repeated."""
KEEP_HOURS_DAYS = 400
"""How long is known in which hours keys were used: a year, and the month it is compared with."""


def refresh_catalog(purser: Purser) -> None:
    """Ask every gateway for its models, so that forms can open at once."""
    for gateway in purser.gateways.values():
        purser.catalog.refresh(gateway, purser.now())


def tidy(purser: Purser) -> None:
    """Forget what is older than 35 days and done with, and in which hours keys were used more than 400 days ago."""
    now = purser.now()
    before = now - timedelta(days=KEEP_DAYS)
    with purser.books.transaction() as session:
        outbox.prune(session, before)
        runs.prune(session, before)
        runs.prune_seen(session, before)
        homes.prune(session, before)
        live_hours.prune(session, now - timedelta(days=KEEP_HOURS_DAYS))
