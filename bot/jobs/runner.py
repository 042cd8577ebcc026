"""Wakes the jobs. APScheduler only looks at the clock; the claim in the books decides who runs a slot.

One of the three places with a broad `except`: a job that fails is logged and has its next slot.
"""

from __future__ import annotations

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from bot.jobs.schedule import JOBS, Job
from bot.services.context import Purser
from bot.services.runs import run_once, slot_of

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 1.0
"""How often each job's slot is looked at, in true seconds."""
LOOK_EVERY_SECONDS_WHERE_TIME_JUMPS = 0.05
"""The same where somebody moves the clock by hours and watches what comes of it."""


class Runner:
    """Runs every job of the table at its time, in the background."""

    def __init__(self, purser: Purser, look_every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        """Nothing runs before `start`."""
        self._purser = purser
        self._look_every_seconds = look_every_seconds
        self._last: dict[str, object] = {}
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Look at every job at once, which catches up on missed slots, and from then on again and again."""
        for job in JOBS:
            self._scheduler.add_job(self.look, args=[job])
            self._scheduler.add_job(self.look, "interval", seconds=self._look_every_seconds, args=[job], id=job.name)
        self._scheduler.start()

    def stop(self) -> None:
        """Let running jobs end."""
        self._scheduler.shutdown(wait=True)

    def look(self, job: Job) -> None:
        """Run the job if its present slot is still free."""
        try:
            every_seconds = job.seconds(self._purser.policy)
            slot = slot_of(self._purser.now(), every_seconds)
            if self._last.get(job.name) == slot:
                return
            if job.in_every_process:
                job.run(self._purser)
            else:
                run_once(self._purser, job.name, every_seconds, job.run)
            self._last[job.name] = slot
        except Exception:
            log.exception("a job failed and will run again", job=job.name)
            self._last[job.name] = slot_of(self._purser.now(), job.seconds(self._purser.policy))
