"""ONE table of what runs by itself and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.policy import Policy
from bot.services.confirming import ask_unused
from bot.services.context import Purser
from bot.services.cuts import end_cuts
from bot.services.digests import send_digests
from bot.services.expiry import pass_time
from bot.services.guarding import guard
from bot.services.handover_times import watch_handovers
from bot.services.homes import keep_up
from bot.services.housekeeping import refresh_catalog, tidy
from bot.services.incident_times import watch_incidents
from bot.services.looping import watch_loops
from bot.services.month import turn_month
from bot.services.posting import post_days
from bot.services.raised import end_raises
from bot.services.reconcile import reconcile
from bot.services.resting import rest
from bot.services.reviewing import watch_reviews
from bot.services.rotation_due import tell_rotation
from bot.services.seats import look_again
from bot.services.sharing import share
from bot.services.spiking import watch_spikes
from bot.services.sweeping import sweep
from bot.services.syncing import catch_up, sync_live, sync_usage
from bot.services.unanswered import watch_questions

Step = Callable[[Purser], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once per slot over all replicas. Slots start every so many seconds since 1970 UTC.

    Each job does everything that is due, so a missed slot is made up for by the next one.
    """

    name: str
    every_seconds: int
    steps: tuple[Step, ...]
    """Done one after another; what one of them raises does not keep the next from being done."""
    in_every_process: bool = False
    """Not claimed, so each replica does it for itself: for what a process keeps in memory, and for what happens so
    often that claims would be most of the books."""
    by_policy: Callable[[Policy], int] | None = None
    """How often it runs where the installation may choose; `every_seconds` is then what it is without a choice."""

    def seconds(self, policy: Policy) -> int:
        """How often it runs here."""
        return self.every_seconds if self.by_policy is None else self.by_policy(policy)

    def run(self, purser: Purser) -> None:
        """Do every step, whatever the others raise. Raises the last of that, with the rest as its context."""
        _run(self.steps, purser)


def _run(steps: tuple[Step, ...], purser: Purser) -> None:
    if steps:
        try:
            steps[0](purser)
        finally:
            _run(steps[1:], purser)


WATCH = (catch_up, sync_live, rest, end_raises, end_cuts, share, turn_month, guard, watch_spikes)
"""What every poll does, in this order: read what was spent, look at keys that are off, let raises and months end, look
at every limit, then for spikes."""
JOBS = (
    Job("guard", Policy().poll_seconds, WATCH, by_policy=lambda policy: policy.poll_seconds),
    Job("usage", 600, (sync_usage, watch_loops)),
    Job("posting", 3600, (post_days,)),
    Job("digest", 60, (send_digests,)),
    Job("expiry", 30, (pass_time,)),
    Job("incidents", 60, (watch_incidents,)),
    Job("sweep", 60, (sweep,)),
    Job("offboarding", 60, (watch_handovers,)),
    Job("reviews", 60, (watch_reviews,)),
    Job("questions", 3600, (watch_questions, ask_unused, tell_rotation)),
    Job("accounts", 3600, (look_again,)),
    Job("reconcile", 600, (reconcile,)),
    Job("catalog", 300, (refresh_catalog,), in_every_process=True),
    Job("homes", 3, (keep_up,), in_every_process=True),
    Job("housekeeping", 86_400, (tidy,)),
)
