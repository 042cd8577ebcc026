"""Sweeps: once a day everybody is looked through for people who left without Slack's event having been heard.

A sweep reads, judges what it found (`offboarding.fuse`) and acts, or stops and asks two owners. Each wake-up does a
bounded part of it under a lease and leaves the rest to the next. How the list was made matters to the reading alone:
a list from outside Slack is judged, asked about and acted on just the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.domain.offboarding import Trip, fuse
from bot.domain.sweeps import (
    ENDED,
    WORKING,
    Listing,
    Moment,
    Sweep,
    SweepState,
    is_due,
    is_late,
    is_stuck,
)
from bot.services.context import Purser, Subjects, record
from bot.services.ports import DeliveryError, FailureKind
from bot.services.sweeping_acting import act_on_some
from bot.services.sweeping_facts import deciding_ids, facts, impact, tell
from bot.services.sweeping_reading import (
    ANEW,
    LEASE_SECONDS,
    PAUSE_SECONDS,
    ListForgotten,
    LostLease,
    ask_by_name,
    read,
)
from storage import runs, sweep_people, sweeps
from storage.engine import Session

log = structlog.get_logger(__name__)

REFUSED_PAUSE_SECONDS = 600
"""When Slack refuses for good, such as a missing scope, asking every minute helps nobody."""
FORGOTTEN = "Slack forgot the place in its list twice while it was read."
STUCK = "It did not end within a day."


def sweep(purser: Purser) -> None:
    """Start the daily sweep if it is due, and go on with whatever was begun. A bounded part at a time."""
    if purser.policy.sweeps and _is_due(purser):
        start(purser, Listing.SLACK)
    for listing in Listing:
        with purser.books.reading() as session:
            running = sweeps.running(session, listing)
        if running is not None and (listing is Listing.SLACK or running.state is SweepState.ACTING):
            work(purser, running.id)
    if purser.policy.sweeps:
        _say_if_late(purser)


def start(purser: Purser, listing: Listing, by: str = "purser") -> Sweep | None:
    """Begin a sweep. One that waits for owners, or that nobody works on any more, gives way; None while one runs."""
    with purser.deciding() as session:
        now, running = purser.now(), sweeps.running(session, listing)
        if running is not None and running.state is SweepState.PAUSED:
            asked = facts(session, purser, running).asked_ids
            sweeps.move(session, running.id, SweepState.PAUSED, SweepState.REPLACED, finished_at=now)
            _write(session, now, running, "replaced", by=by, reason="a newer sweep began before two owners agreed")
            tell(session, now, running.id, Moment.REPLACED, asked)
            sweep_people.forget_present(session, running.id)
        elif running is not None:
            if not is_stuck(running, now):
                return None
            _fail(session, now, running, running.why or STUCK)
        return sweeps.begin(session, purser.ids.new("sweep"), listing, by, now)


def run_now(purser: Purser) -> Sweep | None:
    """Sweep from beginning to end, waiting as Slack wants it; None while another one runs.

    The running bot may take it over in between: then this waits until that has ended it. Raises `DeliveryError` when
    Slack does not answer; the sweep then goes on by itself later.
    """
    begun = start(purser, Listing.SLACK)
    if begun is None:
        return None
    found = begun
    while found.state in WORKING:
        done = work(purser, begun.id, raises=True)
        found = done or _get(purser, begun.id)
        if found.state not in WORKING:
            break
        if found.leased_until is not None:
            purser.clock.sleep(max(0.0, (found.leased_until - purser.now()).total_seconds()) + 0.1)
        elif done is None:
            purser.clock.sleep(1.0)
    return found


def work(purser: Purser, sweep_id: str, *, raises: bool = False) -> Sweep | None:
    """Do a bounded part of a sweep, unless somebody else does; the sweep as it is then, None when it is theirs.

    What Slack does not answer is tried again later; with `raises`, the `DeliveryError` is raised as well.
    """
    lease, now = purser.ids.new("lease"), purser.now()
    with purser.books.transaction() as session:
        if not sweeps.take(session, sweep_id, lease, now, now + timedelta(seconds=LEASE_SECONDS)):
            return None
    pause: float | None = None
    why: str | None = None
    try:
        pause = _part(purser, sweep_id, lease)
    except LostLease:
        return None
    except DeliveryError as failed:
        pause, why = _pause(failed), failed.message
        log.warning("a sweep goes on later", sweep=sweep_id, error=failed.message, seconds=pause)
        if raises:
            raise
    finally:
        _let_go(purser, sweep_id, lease, pause, why)
    with purser.books.reading() as session:
        return sweeps.get(session, sweep_id)


def judge(purser: Purser, sweep_id: str) -> Trip | None:
    """Everybody is listed: let the sweep act, or let it stop and ask. Why it stopped, or None."""
    with purser.deciding() as session:
        now, found = purser.now(), sweeps.get(session, sweep_id)
        if found is None or found.state is not SweepState.READING:
            return None if found is None else found.trip
        reached = impact(session, purser, found).reach
        trip = fuse(reached, purser.policy)
        if trip is None:
            sweeps.move(session, found.id, SweepState.READING, SweepState.ACTING, why="")
            return None
        stopped = {"why": str(trip), "lease": "", "leased_until": None}
        sweeps.move(session, found.id, SweepState.READING, SweepState.PAUSED, **stopped)
        counts = (
            f"{reached.gone} of {reached.people} people gone, {reached.missing} missing, "
            f"{reached.elsewhere} elsewhere; {reached.touched} of {reached.keys} keys"
        )
        _write(session, now, found, "paused", reason=f"{trip}: {counts}")
        tell(session, now, found.id, Moment.PAUSED, facts(session, purser, found).asked_ids)
        return trip


def act(purser: Purser, sweep_id: str) -> Sweep | None:
    """Act on a sweep that may, as far as one go reaches; the job goes on with the rest. As `work`."""
    return work(purser, sweep_id)


def _part(purser: Purser, sweep_id: str, lease: str) -> float | None:
    """One part; how many seconds to wait before the next, None when it may follow at any time."""
    found = _get(purser, sweep_id)
    if found.state is SweepState.READING:
        if found.listing is Listing.FEED:
            return None  # whoever reads the list has it judged
        try:
            found = read(purser, found, lease)
        except ListForgotten:
            with purser.deciding() as session:
                _fail(session, purser.now(), found, FORGOTTEN)
            return None
        if not found.has_read:
            return PAUSE_SECONDS
        ask_by_name(purser, found, lease)
        judge(purser, sweep_id)
        found = _get(purser, sweep_id)
    if found.state is SweepState.ACTING:
        if act_on_some(purser, found, lease):
            with purser.books.reading() as session:
                if sweep_people.undone(session, sweep_id, 1):
                    return PAUSE_SECONDS
        _finish(purser, found)
    return None


def _finish(purser: Purser, found: Sweep) -> None:
    """Everybody was looked after. Who had to be asked is told how it ended, and all are when something failed."""
    with purser.deciding() as session:
        now = purser.now()
        ended = {"finished_at": now, "lease": "", "leased_until": None}
        if not sweeps.move(session, found.id, SweepState.ACTING, SweepState.DONE, **ended):
            return
        done = sweep_people.outcome(session, found.id)
        said = f"{found.listed} listed: {done.done} gone, {done.spared} here again, {done.back} back"
        said += f", {done.failed} failed" if done.failed else ""
        _write(session, now, found, "done", reason=said)
        sweep_people.forget_present(session, found.id)
        if found.agreed or done.failed:
            tell(session, now, found.id, Moment.DONE, facts(session, purser, found).asked_ids)


def _fail(session: Session, now: datetime, found: Sweep, why: str) -> None:
    """It is given up; the next one finds all of it again."""
    sweeps.move(session, found.id, found.state, SweepState.FAILED, why=why, finished_at=now, leased_until=None)
    _write(session, now, found, "failed", reason=why)
    sweep_people.forget_present(session, found.id)


def _write(session: Session, now: datetime, found: Sweep, what: str, *, by: str = "purser", reason: str = "") -> None:
    record(session, now, actor=by, action=f"sweep.{what}", about=Subjects(), once=found.id, reason=reason)


def _is_due(purser: Purser) -> bool:
    """Whether the daily sweep is to start. While Purser knows nobody there is nobody to look for."""
    with purser.books.reading() as session:
        if not is_due(sweeps.latest(session, Listing.SLACK), purser.now()):
            return False
        return sweep_people.here(session, purser.authority.workspace_id) > 0


def _say_if_late(purser: Purser) -> None:
    """A day has passed without a whole sweep: owners are told once, until one comes to its end again."""
    now = purser.now()
    with purser.books.reading() as session:
        ended, latest = sweeps.latest(session, Listing.SLACK, ENDED), sweeps.latest(session, Listing.SLACK)
        if latest is None or not is_late(ended, sweeps.oldest(session, Listing.SLACK), latest, now):
            return
    with purser.deciding() as session:
        if runs.first_sight(session, f"sweep-late:{'never' if ended is None else ended.id}", now):
            _write(session, now, latest, "late", reason=latest.why)
            tell(session, now, latest.id, Moment.LATE, deciding_ids(session, purser))


def _pause(failed: DeliveryError) -> float:
    """How long to leave Slack alone after this."""
    if failed.retry_after_seconds is not None:
        return failed.retry_after_seconds
    return REFUSED_PAUSE_SECONDS if failed.kind is FailureKind.PERMANENT else PAUSE_SECONDS


def _let_go(purser: Purser, sweep_id: str, lease: str, pause: float | None, why: str | None) -> None:
    """Nobody goes on before the pause is over. What went wrong stands with a sweep that still reads."""
    until = None if pause is None else purser.now() + timedelta(seconds=pause)
    with purser.books.transaction() as session:
        found = sweeps.get(session, sweep_id)
        if found is not None and found.state is SweepState.READING and why is not None:
            was_anew = found.why.startswith(ANEW)
            sweeps.keep(session, sweep_id, lease, until, f"{ANEW} {why}" if was_anew else why)
        else:
            sweeps.keep(session, sweep_id, lease, until)


def _get(purser: Purser, sweep_id: str) -> Sweep:
    with purser.books.reading() as session:
        found = sweeps.get(session, sweep_id)
    assert found is not None, sweep_id
    return found
