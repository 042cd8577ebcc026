"""Stopping the keys under a limit that is reached, automation first; the proof comes as for any key turned off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import guard
from bot.domain.budgets import Budget, Stop
from bot.domain.guard import Subject
from bot.domain.keys import OffCause
from bot.domain.requests import Target
from bot.services.alerting import announce
from bot.services.context import Purser
from bot.services.failpoints import Failpoint
from bot.services.limits import limit
from bot.services.telling import IN_CHANNEL, refresh_stop, tell_stopped
from bot.services.turning_off import start
from storage import keys
from storage.engine import Session
from storage.watched import STOPPABLE, Watched

AT_ONCE = 10
"""Keys per transaction: everybody else who decides something waits for that long, a twentieth of a second."""
PAUSE_SECONDS = 0.005
"""Between two of them, so that those who wait get their turn."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """A key that has to go off, and the limit that is reached, as it was read."""

    key_id: str
    limit: Budget


def to_stop(stoppable: Iterable[Watched], reached: Mapping[Subject, Budget]) -> list[Stopping]:
    """Which keys the reached limits stop, in the order in which that is done."""
    found = []
    for key in stoppable:
        above = guard.subjects_of(key.id, key.kind, key.team_id, key.project_id, key.holder_id, has_day=key.has_day)
        if (stopped_by := guard.stopping(above, reached)) is not None:
            found.append((guard.stop_rank(key.kind), key.created_at, key.id, stopped_by))
    return [Stopping(key_id, stopped_by) for *_, key_id, stopped_by in sorted(found, key=lambda one: one[:3])]


def stop(purser: Purser, stoppings: Sequence[Stopping]) -> None:
    """Decide that these keys go off, some per transaction, on what the books say then. Another may have done it."""
    for first in range(0, len(stoppings), AT_ONCE):
        with purser.deciding() as session:
            _stop_some(session, purser, stoppings[first : first + AT_ONCE])
        purser.failpoint(Failpoint.AFTER_STOP_COMMIT)
        purser.clock.sleep(PAUSE_SECONDS)


def _stop_some(session: Session, purser: Purser, some: Sequence[Stopping]) -> None:
    now = purser.now()
    looked: dict[Subject, _Reached | None] = {}
    for one in some:
        subject = (one.limit.layer, one.limit.subject_id)
        if subject not in looked:
            looked[subject] = _still_reached(session, purser, one.limit, now)
        reached, key = looked[subject], keys.get(session, one.key_id)
        if reached is None or key is None or key.state not in STOPPABLE:
            continue
        reason = guard.stop_text(reached.limit)
        if start(session, now, key, "purser", OffCause.BUDGET, reason, stop=reached.stop) is not None:
            tell_stopped(session, now, reached.alert_id, key)
    for reached in looked.values():
        if reached is not None and reached.limit.layer in IN_CHANNEL:
            refresh_stop(session, now, reached.stop)


@dataclass(frozen=True, slots=True)
class _Reached:
    """A limit as it stands in this transaction, and the alert that says so."""

    limit: Budget
    alert_id: str

    @property
    def stop(self) -> Stop:
        return Stop(self.limit.layer, self.limit.subject_id, self.limit.period, self.limit.budget_micros)


def _still_reached(session: Session, purser: Purser, seen: Budget, now: datetime) -> _Reached | None:
    fresh = limit(session, purser, Target(seen.layer, seen.subject_id), seen.name)
    if fresh is None or not guard.stops(fresh):
        return None
    alert_id = announce(session, purser, fresh, now)
    assert alert_id is not None, seen
    return _Reached(fresh, alert_id)
