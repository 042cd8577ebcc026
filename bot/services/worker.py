"""Performs the outbox: claims a row, does it, writes down how it went. At least once, in order per stream.

One of the three places with a broad `except`: whatever an effect raises, its row is retried or buried, and
the loop goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.gateways.base import FailureKind, GatewayError
from bot.services.context import Purser
from bot.services.ports import DeliveryError
from storage import outbox
from storage.engine import BooksUnavailable
from storage.outbox import Claimed

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Effect:
    """How one kind of outbox row is performed, how often it is tried, and what is done when that is not enough."""

    perform: Callable[[Purser, Claimed], None]
    attempts: int
    on_failing: Callable[[Purser, Claimed, str], None] | None = None
    """Called once, when the third try failed."""
    on_dead: Callable[[Purser, Claimed, str], None] | None = None


Effects = dict[str, Effect]
TELL_AT_ATTEMPT = 3
