"""Performs what tells one person of a sweep, from what is true when it is sent."""

from __future__ import annotations

from bot.domain.sweeps import Moment, SweepNotice, SweepState
from bot.services.context import Effect, Purser
from bot.services.ports import Sending
from bot.services.sweeping_facts import SWEEP, facts
from storage import sweeps
from storage.outbox import Claimed


def _direct(purser: Purser, row: Claimed) -> None:
    moment = Moment(row.payload["moment"])
    with purser.books.reading() as session:
        found = sweeps.get(session, row.payload["sweep_id"])
        if found is None or (moment is Moment.PAUSED and found.state is not SweepState.PAUSED):
            return  # how it ended is told as well
        notice = SweepNotice(moment, facts(session, purser, found), row.payload["by"])
    sending = Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)
    purser.notifier.direct_sweep(row.payload["member_id"], notice, purser.now(), sending)


SWEEP_EFFECTS: dict[str, Effect] = {SWEEP: Effect(_direct, attempts=50)}
