"""What people do about an incident: acknowledge, snooze, assign, explain, close with a cause, open again.

Each is one transaction: take the delivery in, look authority up, change the state where it is what was seen, write the
ledger row, and have it told. Whoever comes second reads that it is done already.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.domain.incident_facts import IncidentFacts, Part
from bot.domain.incident_lines import ACKNOWLEDGED, ASSIGNED, CLOSED, EXPLAINED, SNOOZED, without_secrets
from bot.domain.incidents import SNOOZES_SECONDS, Cause, Deed, Incident, IncidentState
from bot.domain.people import Role
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, take_in
from bot.services.incident_facts import gather
from bot.services.incident_rights import refused, who_cares
from bot.services.incidents import about_incident, note, open_again, tell_directly
from storage import incidents, people
from storage.engine import Session

Did = IncidentFacts | Refused
_OVER = Refused(Because.WRONG_STATE, "This incident is closed. **Reopen** it first if it is not over after all.")
"""Nothing is done about an incident that is closed."""


def acknowledge(purser: Purser, actor: Actor, incident_id: str) -> Did:
    """Somebody looks after it: no more reminders go to everybody. Owners, the project's lead and the holder may."""

    def do(session: Session, incident: Incident, now: datetime) -> Refused | None:
        if incident.assignee_id is not None:
            return Refused(Because.WRONG_STATE, f"<@{incident.assignee_id}> looks after it already.")
        _care(session, incident, actor.id, now)
        _note(session, now, incident, actor, ACKNOWLEDGED)
        return None

    return _do(purser, actor, incident_id, Deed.ACKNOWLEDGE, do)


def snooze(purser: Purser, actor: Actor, incident_id: str, seconds: int) -> Did:
    """No reminders for so long: an hour or a day (`SNOOZES_SECONDS`). Owners and the project's lead may."""

    def do(session: Session, incident: Incident, now: datetime) -> Refused | None:
        if seconds not in SNOOZES_SECONDS:
            return Refused(Because.WRONG_END, "An incident can be snoozed for an hour or a day.")
        until = now + timedelta(seconds=seconds)
        _set(session, incident, snoozed_until=until)
        _note(session, now, incident, actor, SNOOZED, f"until {until:%Y-%m-%d %H:%M} UTC")
        return None

    return _do(purser, actor, incident_id, Deed.SNOOZE, do)


def assign(purser: Purser, actor: Actor, incident_id: str, member_id: str) -> Did:
    """Have somebody of its team, or an owner, look after it. Owners and the project's lead may."""

    def do(session: Session, incident: Incident, now: datetime) -> Refused | None:
        if incident.assignee_id == member_id:
            return Refused(Because.WRONG_STATE, f"<@{member_id}> looks after it already.")
        if not _can_care(session, purser, incident, member_id):
            return Refused(
                Because.NOT_ALLOWED, f"<@{member_id}> is not in this team. Choose a member or an owner of it."
            )
        _care(session, incident, member_id, now)
        seq = _note(session, now, incident, actor, ASSIGNED, member_id)
        if member_id != actor.id:  # who may not be in the channel
            tell_directly(session, now, incident.id, member_id, Part.LINE, seq=seq)
        return None

    return _do(purser, actor, incident_id, Deed.ASSIGN, do)


def close(purser: Purser, actor: Actor, incident_id: str, cause: Cause, words: str = "") -> Did:
    """It is over, and what was behind it. Owners and the project's lead may; not the holder of the key."""
    said = without_secrets(words)

    def do(session: Session, incident: Incident, now: datetime) -> Refused | None:
        seq = _note(session, now, incident, actor, CLOSED, f"{cause}: {said}" if said else str(cause))
        over = {"closed_at": now, "closed_by": actor.id, "closed_seq": seq, "cause": str(cause), "snoozed_until": None}
        incidents.move(session, incident.id, incident.state, IncidentState.CLOSED, **over)
        return None

    return _do(purser, actor, incident_id, Deed.CLOSE, do)


def reopen(purser: Purser, actor: Actor, incident_id: str, words: str = "") -> Did:
    """It is not over after all. Whoever may close it may."""
    said = without_secrets(words)

    def do(session: Session, incident: Incident, now: datetime) -> Refused | None:
        if incident.state is not IncidentState.CLOSED:
            return Refused(Because.WRONG_STATE, "This incident is open already.")
        if incidents.open_about(session, incident.layer, incident.subject_id) is not None:
            return Refused(Because.WRONG_STATE, "A newer incident about the same is open. Go on there.")
        open_again(session, now, incident, by=actor.id, reason=said, about=about_incident(session, incident))
        return None

    return _do(purser, actor, incident_id, Deed.REOPEN, do, when_closed=True)


def open_form(purser: Purser, actor: Actor, incident_id: str, deed: Deed) -> Did:
    """The incident for a form about it, if this person may do what the form is for; it is judged again when sent."""
    with purser.books.reading() as session:
        incident = incidents.get(session, incident_id)
        if incident is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this incident.")
        if no := refused(session, purser, actor, incident, deed):
            return no
        facts = gather(session, purser, incident_id)
    return _OVER if facts is None or incident.state is IncidentState.CLOSED else facts


def is_thread(purser: Purser, place: tuple[str, str]) -> bool:
    """Whether `place`, a channel's id and a thread's timestamp, is the thread of an incident."""
    with purser.books.reading() as session:
        return incidents.at_message(session, *place) is not None


def explained(purser: Purser, actor: Actor, place: tuple[str, str], text: str) -> IncidentFacts | None:
    """Take a reply in an incident's thread into its timeline; None where `place` is no incident's thread.

    `place` is the channel's id and the thread's timestamp. Only what holder, lead, owners, who looks after it
    and who posted a leaked key say is taken in, while it is open; of others, and afterwards, nothing is written.
    """
    with purser.books.reading() as session:
        incident = incidents.at_message(session, *place)
        if incident is None:
            return None
        facts = gather(session, purser, incident.id)
    said = without_secrets(text)
    if facts is None or not said or incident.state is IncidentState.CLOSED or not who_cares(purser, facts, actor):
        return facts
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        as_it_is = incidents.get(session, incident.id)
        if as_it_is is not None and as_it_is.state is not IncidentState.CLOSED:
            _note(session, now, as_it_is, actor, EXPLAINED, said)
    with purser.books.reading() as session:
        return gather(session, purser, incident.id)


def _do(
    purser: Purser,
    actor: Actor,
    incident_id: str,
    deed: Deed,
    do: Callable[[Session, Incident, datetime], Refused | None],
    *,
    when_closed: bool = False,
) -> Did:
    """Do it in one transaction, if the person may and the incident is there; what stands afterwards."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        incident = incidents.get(session, incident_id)
        if incident is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this incident.")
        if no := refused(session, purser, actor, incident, deed):
            return no
        if incident.state is IncidentState.CLOSED and not when_closed:
            return _OVER
        if no := do(session, incident, now):
            return no
    with purser.books.reading() as session:
        facts = gather(session, purser, incident_id)
    assert facts is not None, incident_id
    return facts


def _note(session: Session, now: datetime, incident: Incident, actor: Actor, action: str, reason: str = "") -> int:
    about = about_incident(session, incident)
    return note(session, now, incident, action=action, by=actor.id, about=about, reason=reason)


def _set(session: Session, incident: Incident, **columns: Any) -> None:  # noqa: ANN401 - columns of its row
    incidents.move(session, incident.id, incident.state, incident.state, **columns)


def _care(session: Session, incident: Incident, member_id: str, now: datetime) -> None:
    """Somebody looks after it from now on."""
    anew = {"assignee_id": member_id, "reminded_at": now, "snoozed_until": None}
    incidents.move(session, incident.id, incident.state, IncidentState.ACKNOWLEDGED, **anew)


def _can_care(session: Session, purser: Purser, incident: Incident, member_id: str) -> bool:
    """Whether this person may look after it: in its team, or an owner of the workspace; here, and no guest."""
    person = people.member(session, member_id)
    if person is not None and (person.is_guest or purser.authority.stranger(person) is not None):
        return False
    team = None if incident.team_id is None else people.team(session, incident.team_id)
    if member_id in purser.authority.workspace_owner_ids:
        return True
    return team is not None and team.role_of(member_id) is not Role.NONE
