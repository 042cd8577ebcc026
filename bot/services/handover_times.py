"""What time brings to keys that wait to be taken over: reminders, and in the end they are stopped, with proof.

One look in a reading session finds what is due; each team then has a short transaction of its own, which looks again
at what it decides on. So two replicas, or a crash in between, remind and stop once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.keys import UNSHOWN, OffCause
from bot.domain.leaving_facts import LAST_REMINDER_SECONDS, DepartureFacts, LeavingPart, reminder_due
from bot.domain.offboarding import LeftTeam, Outcome
from bot.domain.periods import show_duration
from bot.services import caps, departed
from bot.services.context import Purser
from bot.services.departure_effects import follow
from bot.services.departure_facts import gather
from bot.services.turning_off import start
from storage import departures, handing, keys, outbox
from storage.engine import Session


def watch_handovers(purser: Purser) -> None:
    """Do what is due for every team in which keys of somebody who left wait."""
    now = purser.now()
    with purser.books.reading() as session:
        waiting = departures.teams_waiting(session)
        due = [left for left in waiting if _is_over(left, now) or _reminder(session, purser, left, now)]
        gone = [left for left in waiting if left not in due and _has_ended(session, left)]
    for left in (*due, *gone):
        with purser.deciding() as session:
            _act(session, purser, left.departure_id, left.team_id, now)


def _act(session: Session, purser: Purser, departure_id: str, team_id: str, now: datetime) -> None:
    _end(session, departure_id, team_id, now)
    facts = gather(session, purser, departure_id, team_id)
    if facts is None or not facts.waiting:
        departures.clear_due(session, departure_id, team_id)
        return
    if _is_over(facts.left, now):
        if _is_untold(session, facts.left):
            _wait_on(session, purser, facts.left, now)
        else:
            _stop(session, facts, now)
        return
    part = _reminder(session, purser, facts.left, now)
    if part is not None and handing.reminded(session, facts.left, now):
        follow(session, now, departure_id, team_id, part, once=now.isoformat())
        departed.refresh(session, now, departure_id, team_id, f"reminded:{now.isoformat()}")


def _is_untold(session: Session, left: LeftTeam) -> bool:
    """Whether Slack has not taken the message yet that asks people, so that nobody can have read it."""
    return left.ts is None and bool(outbox.pending(session, stream=departed.stream_of(left.departure_id, left.team_id)))


def _wait_on(session: Session, purser: Purser, left: LeftTeam, now: datetime) -> None:
    """Nothing stops before anybody was asked: it waits another day, or as long as policy says where that is less."""
    more = min(LAST_REMINDER_SECONDS, purser.policy.take_over_seconds)
    departures.clear_due(session, left.departure_id, left.team_id)
    departures.set_due(session, left.departure_id, left.team_id, now + timedelta(seconds=more))


def _stop(session: Session, facts: DepartureFacts, now: datetime) -> None:
    """Nobody took these over in time. One that is being made just now is stopped once it is there."""
    due = facts.left.due_at or now
    span = show_duration(round((due - facts.departure.noticed_at).total_seconds()))
    reason = f"nobody took it over within {span} after {facts.name or 'its holder'} left"
    stopped = []
    for one in facts.waiting:
        key = keys.get(session, one.left.key_id)
        if key is None or key.state in UNSHOWN or not departed.settle(session, now, one.left, Outcome.STOPPED, None):
            continue
        start(session, now, key, "purser", OffCause.LEFT, reason)
        stopped.append(key.id)
    if stopped:
        key_ids, departure_id, team_id = tuple(stopped), facts.departure.id, facts.team.id
        follow(session, now, departure_id, team_id, LeavingPart.STOPPED, key_ids=key_ids, once=key_ids[0])


def _end(session: Session, departure_id: str, team_id: str, now: datetime) -> None:
    """Keys that went off otherwise wait no more."""
    for left in departures.waiting_in(session, departure_id, team_id):
        key = keys.get(session, left.key_id)
        if key is None or not (caps.works(key) or key.state in UNSHOWN):
            departed.settle(session, now, left, Outcome.ENDED, None)


def _has_ended(session: Session, left: LeftTeam) -> bool:
    """Whether a key that waits went off without that having been noticed."""
    found = (keys.get(session, one.key_id) for one in departures.waiting_in(session, left.departure_id, left.team_id))
    some = list(found)
    return not some or any(key is None or not (caps.works(key) or key.state in UNSHOWN) for key in some)


def _is_over(left: LeftTeam, now: datetime) -> bool:
    return left.due_at is not None and left.due_at <= now


def _reminder(session: Session, purser: Purser, left: LeftTeam, now: datetime) -> LeavingPart | None:
    departure = departures.get(session, left.departure_id)
    if departure is None:
        return None
    return reminder_due(left, departure.noticed_at, now, purser.policy.remind_take_over_seconds)
