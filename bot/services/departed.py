"""What other use cases tell of keys of people who left: the message about the departure is kept true.

Called within the transaction that decides something about a key. Decides nothing about people.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.keys import Key, OffCause
from bot.domain.offboarding import LeftKey, Outcome, was_to
from bot.services.context import effect
from storage import departures, ledger, outbox
from storage.engine import Session

DEPARTURE = "slack.departure"


def stream_of(departure_id: str, team_id: str) -> str:
    """Everything posted about one departure in one team is posted in order."""
    return f"departure:{departure_id}:{team_id}"


def refresh(session: Session, now: datetime, departure_id: str, team_id: str, once: str) -> None:
    """Let the team's message about a departure tell the truth again, or be posted. `once` names what changed.

    One that waits already, and that nobody is writing at this moment, shows what is true then.
    """
    stream = stream_of(departure_id, team_id)
    if any(row.leased_until is None and not row.outcome_unknown for row in outbox.pending(session, stream=stream)):
        return
    payload = {"departure_id": departure_id, "team_id": team_id}
    effect(session, now, stream=stream, name=DEPARTURE, payload=payload, once=f"{departure_id}:{team_id}:{once}")


def touched(session: Session, now: datetime, key_id: str) -> None:
    """Something became of a key: the messages about those who left it say so. After the ledger row was written."""
    for one in departures.of_key(session, key_id):
        refresh(session, now, one.departure_id, one.team_id, str(ledger.head(session).seq))


def went_off(session: Session, now: datetime, key: Key, cause: OffCause) -> None:
    """A key goes off, or is given up unseen: nobody has to take it over any more, unless only a limit stops it."""
    if cause is OffCause.BUDGET:
        return
    waiting = departures.waiting_for(session, key.id)
    if waiting is not None:
        settle(session, now, waiting, Outcome.ENDED, None)


def settle(session: Session, now: datetime, waiting: LeftKey, outcome: Outcome, by: str | None) -> bool:
    """A key waits no more; with the last one of its team, the team's time to take over is done. False if it did not."""
    if not departures.settle_key(session, waiting.departure_id, waiting.key_id, outcome, by, now):
        return False
    if not departures.waiting_in(session, waiting.departure_id, waiting.team_id):
        departures.clear_due(session, waiting.departure_id, waiting.team_id)
    refresh(session, now, waiting.departure_id, waiting.team_id, f"{waiting.key_id}:{outcome}")
    return True


def follow(session: Session, now: datetime, old: Key, new: Key) -> None:
    """A key took the place of one that waits to be taken over: it waits as well, unless it is nothing to the leaver."""
    waiting = departures.waiting_for(session, old.id)
    departure = None if waiting is None else departures.get(session, waiting.departure_id)
    was = None if departure is None else was_to(new, departure.member_id)
    if waiting is not None and was is not None:
        departures.add_key(session, LeftKey(waiting.departure_id, new.id, new.team_id, was, Outcome.WAITING))
        refresh(session, now, waiting.departure_id, waiting.team_id, f"{new.id}:follows")
