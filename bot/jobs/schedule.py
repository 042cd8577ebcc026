"""ONE table of what runs by itself and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.services.context import Purser
from bot.services.expiry import pass_time
from bot.services.housekeeping import refresh_catalog, tidy
from bot.services.reconcile import reconcile


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once per slot over all replicas. Slots start every `every_seconds` since 1970 UTC.

    Each job does everything that is due, so a missed slot is made up for by the next one.
    """

    name: str
    every_seconds: int
    run: Callable[[Purser], None]
    in_every_process: bool = False
    """For what a process keeps in memory: not claimed, so each replica does it for itself."""


JOBS = (
    Job("expiry", 30, pass_time),
    Job("reconcile", 600, reconcile),
    Job("catalog", 300, refresh_catalog, in_every_process=True),
    Job("housekeeping", 86_400, tidy),
)
