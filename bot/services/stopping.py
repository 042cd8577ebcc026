"""Stopping the keys under a limit that is reached, automation first; the proof comes as for any key turned off.

What a stopped key says of the limit that keeps it off is followed up, for that is what its holder asks a raise of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import guard
from bot.domain.budgets import Budget, Stop
from bot.domain.guard import Subject
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.requests import Target
from bot.services.alerting import announce
from bot.services.context import Purser, record
from bot.services.failpoints import Failpoint
from bot.services.limits import limit, name_of
from bot.services.proving import about
from bot.services.telling import IN_CHANNEL, is_stop_untold, refresh_card, refresh_stop, tell_stopped
from bot.services.turning_off import start
from storage import keys, ledger
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


def to_follow(stopped: Iterable[Watched], limits: Mapping[Subject, Budget]) -> list[Stopping]:
    """Which stopped keys another limit keeps off than the one their stop names, and which one that is."""
    found = []
    for key in stopped:
        above = guard.subjects_of(key.id, key.kind, key.team_id, key.project_id, key.holder_id, has_day=key.has_day)
        if key.state is KeyState.DISABLED and key.stop is not None:
            held_by = guard.held_by(key.stop, above, limits)
            found += [] if held_by is None else [Stopping(key.id, held_by)]
    return found


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


def follow(purser: Purser, found: Sequence[Stopping]) -> None:
    """Write down of these keys which limit keeps them off by now, some per transaction, on what the books say then."""
    for first in range(0, len(found), AT_ONCE):
        with purser.deciding() as session:
            looked: dict[Subject, Budget | None] = {}
            for one in found[first : first + AT_ONCE]:
                key = keys.get(session, one.key_id)
                if key is not None and key.state is KeyState.DISABLED and key.off_cause is OffCause.BUDGET:
                    _follow(session, purser, key, looked)
        purser.clock.sleep(PAUSE_SECONDS)


def _follow(session: Session, purser: Purser, key: Key, looked: dict[Subject, Budget | None]) -> None:
    """Let the key's stop name the limit that keeps it off. `looked` keeps what was read in this transaction.

    Not before its holder was told of the limit that stopped it.
    """
    has_day = key.daily_cap_micros is not None
    above = guard.subjects_of(key.id, key.kind, key.team_id, key.project_id, key.holder_id, has_day=has_day)
    for subject in above:
        if subject not in looked:
            target = Target(*subject)
            looked[subject] = limit(session, purser, target, name_of(session, target))
    limits = {subject: one for subject in above if (one := looked[subject]) is not None}
    held_by = None if key.stop is None else guard.held_by(key.stop, above, limits)
    if held_by is None or is_stop_untold(session, key):
        return
    now, reason = purser.now(), guard.stop_text(held_by)
    announce(session, purser, held_by, now)
    stop = Stop(held_by.layer, held_by.subject_id, held_by.period, held_by.budget_micros)
    change = keys.Change(off_cause=OffCause.BUDGET, off_reason=reason, stop=stop)
    if not keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, change):
        return
    once = f"{key.id}:{ledger.head(session).seq}"
    seq = record(session, now, actor="purser", action="key.held", about=about(key), once=once, reason=reason)
    refresh_card(session, now, key.request_id, seq)
    refresh_stop(session, now, key.stop)
    refresh_stop(session, now, stop)


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
