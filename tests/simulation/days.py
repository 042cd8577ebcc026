"""Time in a simulation: Purser's jobs at their slots, programs using keys in between, a gateway doing as it likes."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from bot.domain.periods import DAY_SECONDS
from bot.gateways.base import GatewayError
from bot.jobs.schedule import JOBS as ALL_JOBS
from bot.jobs.schedule import Job
from bot.services.context import Purser
from bot.services.runs import slot_of
from storage import outbox
from tests.simulation.firm import Firm

JOBS = tuple(job for job in ALL_JOBS if job.name != "homes")
"""Nobody looks at a Home tab in a simulation."""
TOLD_AFTER = timedelta(seconds=5)
"""When what was decided in a slot has been told as well."""


def at_slots(firm: Firm, until: datetime) -> None:
    """Live until then, with every job run at each of its slots and the outbox performed in between."""
    clock, every = firm.clock, {job.name: job.seconds(firm.purser.policy) for job in JOBS}
    while True:
        slots = {name: slot_of(clock.at, seconds) + timedelta(seconds=seconds) for name, seconds in every.items()}
        due = min(slots.values())
        if due > until:
            break
        clock.at = max(due, clock.at)
        firm.gateway.misbehave()
        for job in JOBS:
            if slots[job.name] == due:
                run(firm.purser, job)
        told(firm)
        clock.at = max(clock.at, due + TOLD_AFTER)
        told(firm)
    clock.at = max(clock.at, until)
    firm.gateway.misbehave()


def at_leisure(firm: Firm, until: datetime, *, every_seconds: int = DAY_SECONDS) -> None:
    """Live until then while nothing much happens: jobs run once in a while, and make up for the slots they missed."""
    while firm.clock.at < until:
        firm.clock.at = min(until, firm.clock.at + timedelta(seconds=every_seconds))
        once_each(firm)


def once_each(firm: Firm) -> None:
    """Every job, and all that follows from them."""
    firm.gateway.misbehave()
    for job in JOBS:
        run(firm.purser, job)
    told(firm)
    firm.clock.advance(seconds=TOLD_AFTER.total_seconds())
    told(firm)


def run(purser: Purser, job: Job) -> None:
    """One job as its runner does it, once per slot: a gateway that fails is the next slot's business."""
    with contextlib.suppress(GatewayError):
        job.run(purser)


def told(firm: Firm) -> None:
    """Perform what is due in the outbox, if anything is."""
    with firm.books.reading() as session:
        due = outbox.next_due(session, firm.clock.at)
    if due is not None and due <= firm.clock.at:
        firm.perform()
