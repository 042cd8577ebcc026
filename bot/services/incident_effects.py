"""Performs what tells of an incident: its one message, what follows in its thread, what comes directly, its file.

All is drawn from what is true when it is sent. What happened is named by its row of the ledger, so it is told once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.facts import Occasion
from bot.domain.incident_facts import IncidentFacts, IncidentNotice, Line, Part
from bot.domain.incidents import OF_AMOUNTS, Incident, IncidentKind
from bot.services import incident_export
from bot.services.context import Effect, Purser
from bot.services.failpoints import Failpoint
from bot.services.incident_facts import concerned, gather, line_of
from bot.services.incidents import DIRECT, FILE, INCIDENT, THREAD, tell_directly, tell_parts
from bot.services.ports import Sending
from bot.services.telling import Telling, tell_people
from storage import incidents, people
from storage.engine import Session
from storage.outbox import Claimed

ATTEMPTS = 50
EXPLAINED_DIRECTLY = OF_AMOUNTS | {IncidentKind.AFTER_OFF}
"""Kinds about which holder and lead are asked directly as well: of a leak they are told when the key goes off."""
WHY = "It belongs in <#{channel}>, but could not be posted there ({error}), so it comes to the owners directly."


def _post(purser: Purser, row: Claimed) -> None:
    """Post the message in the channel where the team lives now, or let the one that stands tell the truth again."""
    now = purser.now()
    facts = _facts(purser, row)
    if facts is None:
        return
    notice = IncidentNotice(facts, Part.MESSAGE)
    if facts.incident.ts is not None:
        purser.notifier.update_incident(notice, now)
        return
    if facts.team is None:
        with purser.deciding() as session:
            _tell_owners(session, purser, facts.incident.id, facts.able_ids, "")
        return
    sending = _sending(row)
    posted = purser.notifier.post_incident(facts.team.channel_id, notice, now, sending)
    purser.failpoint(Failpoint.AFTER_INCIDENT_POSTED)
    with purser.deciding() as session:
        incidents.set_message(session, facts.incident.id, posted.channel_id, posted.ts)
        _ask_directly(session, purser, facts.incident)
        if not row.payload.get("is_first"):  # the channel took none of it before
            tell_parts(session, now, facts.incident.id, late=True)
    if sending.maybe_sent:  # what stands there may be what was true at the first try
        stands = replace(facts.incident, channel_id=posted.channel_id, ts=posted.ts)
        purser.notifier.update_incident(replace(notice, facts=replace(facts, incident=stands)), now)


def _post_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The channel does not take it: the owners get it directly, and so do holder and lead what they are asked."""
    incident = incidents.get(session, row.payload["incident_id"])
    if incident is None or incident.ts is not None:
        return
    known = concerned(session, purser, incident)
    _tell_owners(session, purser, incident.id, known.owner_ids, WHY.format(channel=known.channel_id, error=error))
    _ask_directly(session, purser, incident)


def _follow(purser: Purser, row: Claimed) -> None:
    """Write in the thread. Without one, what happened is told to the owners directly."""
    facts = _facts(purser, row)
    if facts is None:
        return
    part, line = Part(row.payload["part"]), _line(purser, row)
    if facts.incident.ts is None:
        if line is not None:
            with purser.deciding() as session:
                for owner in facts.able_ids:
                    if owner != line.actor:
                        tell_directly(session, purser.now(), facts.incident.id, owner, Part.LINE, seq=line.seq)
        return
    purser.notifier.follow_incident(IncidentNotice(facts, part, line), purser.now(), _sending(row))


def _follow_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The channel takes no more, though the message is there: the owners get what happened directly."""
    incident = incidents.get(session, row.payload["incident_id"])
    seq = row.payload.get("seq")
    line = None if seq is None else incidents.line(session, seq)
    if incident is None or line is None:
        return
    why = WHY.format(channel=incident.channel_id, error=error)
    for owner in concerned(session, purser, incident).owner_ids:
        if owner != line.actor:
            tell_directly(session, purser.now(), incident.id, owner, Part.LINE, seq=line.seq, why=why)


def _direct(purser: Purser, row: Claimed) -> None:
    with purser.books.reading() as session:
        is_here = people.is_here(session, row.payload["member_id"])
    facts = _facts(purser, row)
    if facts is None or not is_here:
        return
    notice = IncidentNotice(facts, Part(row.payload["part"]), _line(purser, row), row.payload.get("why", ""))
    purser.notifier.direct_incident(row.payload["member_id"], notice, purser.now(), _sending(row))


def _file_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The file could not be posted: who wanted it is told why."""
    note = f"the timeline of an incident could not be sent: {error}"
    telling = Telling(Occasion.EFFECT_FAILED, note=note)
    tell_people(session, purser.now(), telling, (row.payload["member_id"],), once=f"incident:{row.id}")


def _tell_owners(session: Session, purser: Purser, incident_id: str, owner_ids: Iterable[str], why: str) -> None:
    for owner in owner_ids:
        tell_directly(session, purser.now(), incident_id, owner, Part.MESSAGE, why=why)


def _ask_directly(session: Session, purser: Purser, incident: Incident) -> None:
    """Ask holder and lead to explain, who may not be in the channel; not when it was closed before that."""
    known = concerned(session, purser, incident)
    if incident.closed_at is None and not EXPLAINED_DIRECTLY.isdisjoint(known.kinds):
        for person in known.asked_ids:
            tell_directly(session, purser.now(), incident.id, person, Part.EXPLAIN)


def _facts(purser: Purser, row: Claimed) -> IncidentFacts | None:
    with purser.books.reading() as session:
        return gather(session, purser, row.payload["incident_id"])


def _line(purser: Purser, row: Claimed) -> Line | None:
    seq = row.payload.get("seq")
    if seq is None:
        return None
    with purser.books.reading() as session:
        found = incidents.line(session, seq)
    return None if found is None else line_of(found)


def _sending(row: Claimed) -> Sending:
    return Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)


INCIDENT_EFFECTS: dict[str, Effect] = {
    INCIDENT: Effect(_post, attempts=ATTEMPTS, on_dead=_post_failed),
    THREAD: Effect(_follow, attempts=ATTEMPTS, on_dead=_follow_failed),
    DIRECT: Effect(_direct, attempts=ATTEMPTS),
    FILE: Effect(incident_export.send, attempts=20, on_dead=_file_failed),
}
