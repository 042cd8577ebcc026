"""Performs what tells of a departure: one message per team, kept true, and what follows in its thread.

All is drawn from what is true when it is sent. Nothing is posted where there is nothing that anybody has to know or do.
Where the channel does not take it, the owners get the same directly.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.leaving_facts import DepartureFacts, DepartureNotice, LeavingPart
from bot.services.context import Effect, Purser, effect
from bot.services.departed import DEPARTURE, refresh, stream_of
from bot.services.departure_facts import gather
from bot.services.failpoints import Failpoint
from bot.services.ports import Sending
from storage import departures
from storage.engine import Session
from storage.outbox import Claimed

ATTEMPTS = 50
WHY = "It belongs in <#{channel}>, but could not be posted there ({error}), so it comes to the owners directly."


def follow(  # noqa: PLR0913 - one reply in one thread
    session: Session,
    now: datetime,
    departure_id: str,
    team_id: str,
    part: LeavingPart,
    *,
    key_ids: tuple[str, ...] = (),
    once: str,
) -> None:
    """Write in the thread of a departure's message. `once` makes it one reply per event."""
    payload = {"departure_id": departure_id, "team_id": team_id, "part": str(part), "key_ids": list(key_ids)}
    stream = f"{stream_of(departure_id, team_id)}:thread"
    effect(session, now, stream=stream, name=DEPARTURE, payload=payload, once=f"{departure_id}:{team_id}:{part}:{once}")


def _perform(purser: Purser, row: Claimed) -> None:
    facts, part = _facts(purser, row), LeavingPart(row.payload.get("part", LeavingPart.MESSAGE))
    if facts is None:
        return
    if part is LeavingPart.MESSAGE and facts.left.ts is None:
        _refresh_others(purser, facts)
    if not facts.is_worth_telling:
        return
    key_ids = tuple(row.payload.get("key_ids", ()))
    notice = DepartureNotice(facts, part, key_ids, row.payload.get("why", ""))
    member_id = row.payload.get("member_id")
    if member_id is not None:
        purser.notifier.direct_departure(member_id, notice, purser.now(), _sending(row))
    elif part is LeavingPart.MESSAGE:
        _post(purser, row, notice)
    elif facts.left.ts is not None:
        purser.notifier.follow_departure(notice, purser.now(), _sending(row))
    else:
        with purser.deciding() as session:
            _tell_owners(session, purser, row, facts, "")


def _refresh_others(purser: Purser, facts: DepartureFacts) -> None:
    """Whoever left may have been asked to take over what another left behind: those messages ask others now. Once."""
    with purser.books.reading() as session:
        waiting = [one for one in departures.teams_waiting(session) if one.team_id == facts.team.id]
    others = [one for one in waiting if one.departure_id != facts.departure.id and one.ts is not None]
    if others:
        with purser.deciding() as session:
            for one in others:
                refresh(session, purser.now(), one.departure_id, one.team_id, f"without:{facts.departure.id}")


def _post(purser: Purser, row: Claimed, notice: DepartureNotice) -> None:
    """Post the message in the channel where the team lives now, or let the one that stands tell the truth again."""
    facts, now, sending = notice.facts, purser.now(), _sending(row)
    if facts.left.ts is not None:
        purser.notifier.update_departure(notice, now)
        return
    posted = purser.notifier.post_departure(facts.team.channel_id, notice, now, sending)
    purser.failpoint(Failpoint.AFTER_DEPARTURE_POSTED)
    with purser.deciding() as session:
        departures.set_message(session, facts.departure.id, facts.team.id, posted.channel_id, posted.ts)
    if sending.maybe_sent:  # what stands there may be what was true at the first try
        stands = replace(facts, left=replace(facts.left, channel_id=posted.channel_id, ts=posted.ts))
        purser.notifier.update_departure(replace(notice, facts=stands), now)


def _failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The channel does not take it: the owners read directly what it would have said, each once."""
    facts = gather(session, purser, row.payload["departure_id"], row.payload["team_id"])
    is_message = row.payload.get("part") is None
    if facts is None or "member_id" in row.payload or (is_message and facts.left.ts is not None):
        return
    _tell_owners(session, purser, row, facts, WHY.format(channel=facts.team.channel_id, error=error))


def _tell_owners(session: Session, purser: Purser, row: Claimed, facts: DepartureFacts, why: str) -> None:
    for person in dict.fromkeys((*facts.asked_ids, *facts.owner_ids)):
        payload = {**row.payload, "member_id": person, "why": why}
        stream = f"{row.stream}:{person}"
        effect(session, purser.now(), stream=stream, name=DEPARTURE, payload=payload, once=f"{row.id}:{person}")


def _facts(purser: Purser, row: Claimed) -> DepartureFacts | None:
    with purser.books.reading() as session:
        return gather(session, purser, row.payload["departure_id"], row.payload["team_id"])


def _sending(row: Claimed) -> Sending:
    return Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)


DEPARTURE_EFFECTS: dict[str, Effect] = {DEPARTURE: Effect(_perform, attempts=ATTEMPTS, on_dead=_failed)}
