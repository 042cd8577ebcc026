"""Keeps what is at hand fresh and small: models gateways offer, done effects, old deliveries, finished slots.

The ledger is never touched.
"""

from __future__ import annotations

from datetime import timedelta

from bot.services.context import Purser
from storage import outbox, runs

KEEP_DAYS = 35
"""Longer than anything is ever repeated."""


def refresh_catalog(purser: Purser) -> None:
    """Ask every gateway for its models, so that forms can open at once."""
    for gateway in purser.gateways.values():
        purser.catalog.refresh(gateway, purser.now())


def tidy(purser: Purser) -> None:
    """Forget what is older than 35 days and done with."""
    now = purser.now()
    before = now - timedelta(days=KEEP_DAYS)
    with purser.books.transaction() as session:
        outbox.prune(session, before)
        runs.prune(session, before)
        runs.prune_seen(session, before)
