"""Incidents: opened once per subject, told in one thread, looked after until they are closed with a cause.

Everything here is called within the transaction that decides something, and writes down what is to be told. Each row
of an incident's timeline that is told is one message of its thread: its effect is named by the row, so it is told once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.incident_facts import Part
from bot.domain.incident_lines import AGAIN, OPENED, REOPENED, is_told
from bot.domain.incidents import (
    OF_AMOUNTS,
    Evidence,
    Follows,
    Incident,
    IncidentKind,
    IncidentState,
    calls_again,
    follows,
)
from bot.services import departed
from bot.services.context import Purser, Subjects, effect, record
from storage import incident_history, incidents, keys, ledger, outbox, readings
from storage.engine import Session

INCIDENT = "slack.incident"
THREAD = "slack.incident_thread"
DIRECT = "slack.incident_direct"
FILE = "slack.incident_file"

AGAIN_SECONDS = {IncidentState.OPEN: 3600, IncidentState.ACKNOWLEDGED: 86_400}
"""What goes on is noticed at every look, and written down this often: seldom while somebody looks after it."""
AFTERWARDS = timedelta(days=1)
"""What becomes of a key so soon after its incident was closed still belongs to it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What was noticed, about what, and by whom."""

    kind: IncidentKind
    layer: Layer | None
    subject_id: str
    team_id: str | None
    by: str = "purser"
    evidence: Evidence = field(default_factory=Evidence)
    about: Subjects = field(default_factory=Subjects)
    """What its ledger row is about."""


def open_incident(session: Session, purser: Purser, opening: Opening) -> Incident:
    """Open an incident within the deciding transaction; the one that is open already about the same subject, if any.

    What is noticed again is added to that one as a line of its timeline. One that was closed shortly before is opened
    again. The incident that is returned may be closed: then what was noticed is what it was closed about, and nobody
    is called for it.
    """
    now = purser.now()
    found = incidents.open_about(session, opening.layer, opening.subject_id)
    if found is not None:
        return _notice_again(session, now, found, opening)
    last = incidents.last_about(session, opening.layer, opening.subject_id)
    match follows(last, opening.kind, opening.evidence, now):
        case Follows.SETTLED if last is not None:
            return last
        case Follows.AGAIN if last is not None:
            if opening.kind is last.kind:  # its message shows what is abnormal now
                incidents.see(session, last.id, opening.evidence)
            return open_again(session, now, last, by=opening.by, reason=_reason(opening), about=opening.about)
        case _:
            return _open(session, purser, opening, now)


def _open(session: Session, purser: Purser, opening: Opening, now: datetime) -> Incident:
    incident_id = purser.ids.new("incident")
    about, spent = opening.about, _lifetime(session, opening.layer, opening.subject_id)
    seq = record(
        session,
        now,
        actor=opening.by,
        action=OPENED,
        about=Subjects(about.team_id, about.project_id, about.member_id, about.key_id, about.request_id, spent),
        once=incident_id,
        reason=_reason(opening),
    )
    new = Incident(
        id=incident_id,
        kind=opening.kind,
        layer=opening.layer,
        subject_id=opening.subject_id,
        team_id=opening.team_id,
        state=IncidentState.OPEN,
        opened_at=now,
        opened_by=opening.by,
        opened_seq=seq,
        evidence=opening.evidence,
    )
    incidents.add(session, new)
    incidents.add_line(session, new.id, seq)
    payload = {"incident_id": new.id, "is_first": True, "figures": "" if spent is None else str(spent)}
    effect(session, now, stream=stream_of(new.id), name=INCIDENT, payload=payload, once=f"{new.id}:opened")
    tell_parts(session, now, new.id)
    return new


def tell_parts(session: Session, now: datetime, incident_id: str, *, late: bool = False) -> None:
    """Have context and checklist follow in the thread; `late` when the message got into the channel later."""
    for part in (Part.CONTEXT, Part.CHECKLIST):
        payload = {"incident_id": incident_id, "part": str(part)}
        once = f"{incident_id}:{part}{':late' if late else ''}"
        effect(session, now, stream=stream_of(incident_id), name=THREAD, payload=payload, once=once)


def _notice_again(session: Session, now: datetime, found: Incident, opening: Opening) -> Incident:
    """Add to an open incident what is noticed about its subject.

    What only goes on is written down once an hour, or a day while somebody looks after it; a loop once for the day
    whose failures it counts.
    """
    reason = _reason(opening)
    since = now - timedelta(seconds=AGAIN_SECONDS[found.state])
    if opening.kind is IncidentKind.LOOP and opening.evidence.since is not None:
        since = min(since, opening.evidence.since)
    earlier = incidents.added(session, found.id, AGAIN, OPENED, REOPENED, since=since)
    if opening.kind in OF_AMOUNTS and any(row.reason == reason for row in earlier):
        return found
    note(session, now, found, action=AGAIN, by=opening.by, about=opening.about, reason=reason)
    if calls_again(found, opening.kind):
        anew = {"snoozed_until": None, "reminded_at": now, "assignee_id": None}
        incidents.move(session, found.id, found.state, IncidentState.OPEN, **anew)
    return incidents.get(session, found.id) or found


def open_again(session: Session, now: datetime, closed: Incident, *, by: str, reason: str, about: Subjects) -> Incident:
    """Let a closed incident go on, in the same thread. As it is when somebody was faster."""
    if closed.state is not IncidentState.CLOSED:
        return closed
    over = dict.fromkeys(("closed_at", "closed_by", "closed_seq", "cause", "snoozed_until", "assignee_id"))
    incidents.move(session, closed.id, IncidentState.CLOSED, IncidentState.OPEN, reminded_at=now, **over)
    note(session, now, closed, action=REOPENED, by=by, about=about, reason=reason)
    return incidents.get(session, closed.id) or closed


def changed(session: Session, purser: Purser, key_id: str) -> None:
    """Something became of a key: an incident about it says so, in its message and in its thread.

    To be called in the transaction of the ledger row, after it was written: when a key goes off, is proven off,
    spends after that, is deleted, restored, rotated. Does nothing for a key without an incident that is open, or was
    until yesterday.
    """
    touched(session, purser.now(), key_id)


def touched(session: Session, now: datetime, key_id: str) -> None:
    """As `changed`, where the moment is known. What is told of somebody who left it says so too."""
    departed.touched(session, now, key_id)
    found = incidents.lately_about(session, Layer.KEY, key_id, now - AFTERWARDS)
    for one in found:
        refresh(session, now, one.id, once=f"changed:{ledger.head(session).seq}")
    if found:  # the step is told in one thread
        tell_untold(session, now, next((one for one in found if one.closed_at is None), found[-1]))


def untold(session: Session, incident: Incident, now: datetime) -> list[int]:
    """Rows of the last day about the incident's key that belong into its thread and were never written down for it."""
    if incident.key_id is None:
        return []
    rows = incidents.about_key(session, incident.key_id, incident.opened_seq, now - AFTERWARDS)
    telling = [row.seq for row in rows if row.action.startswith("key.") and is_told(row.action)]
    known = incident_history.told(session, [f"{THREAD}:{incident.id}:{seq}" for seq in telling])
    return [seq for seq in telling if f"{THREAD}:{incident.id}:{seq}" not in known]


def tell_untold(session: Session, now: datetime, incident: Incident) -> None:
    """Have each of these rows told in the thread; of a closed incident they become part of the timeline."""
    for seq in untold(session, incident, now):
        if incident.closed_seq is not None and seq > incident.closed_seq:
            incidents.add_line(session, incident.id, seq)
        _tell_row(session, now, incident.id, seq)


def note(  # noqa: PLR0913 - what a ledger row says
    session: Session, now: datetime, incident: Incident, *, action: str, by: str, about: Subjects, reason: str = ""
) -> int:
    """Write a ledger row that belongs to an incident's timeline, and have it told; returns its seq."""
    once = f"{incident.id}:{ledger.head(session).seq}"
    seq = record(session, now, actor=by, action=action, about=about, once=once, reason=reason)
    incidents.add_line(session, incident.id, seq)
    refresh(session, now, incident.id, once=str(seq))
    if is_told(action):
        _tell_row(session, now, incident.id, seq)
    return seq


def refresh(session: Session, now: datetime, incident_id: str, *, once: str, figures: str = "") -> None:
    """Post an incident's message, or let the one that stands tell the truth again.

    One that waits already, and that nobody is writing at this moment, will show what is true then.
    """
    waiting = outbox.pending(session, stream=stream_of(incident_id))
    if any(row.effect == INCIDENT and row.leased_until is None for row in waiting):
        return
    payload = {"incident_id": incident_id, "figures": figures}
    effect(session, now, stream=stream_of(incident_id), name=INCIDENT, payload=payload, once=f"{incident_id}:{once}")


def tell_directly(  # noqa: PLR0913 - one message to one person
    session: Session,
    now: datetime,
    incident_id: str,
    member_id: str,
    part: Part,
    *,
    seq: int | None = None,
    why: str = "",
) -> None:
    """Write to one person about an incident, in a stream of their own; each part, and each row, once."""
    payload = {"incident_id": incident_id, "member_id": member_id, "part": str(part), "seq": seq, "why": why}
    once = f"{incident_id}:{part if seq is None else seq}:{member_id}"
    effect(session, now, stream=f"{stream_of(incident_id)}:{member_id}", name=DIRECT, payload=payload, once=once)


def stream_of(incident_id: str) -> str:
    """Everything posted of one incident is posted in order."""
    return f"incident:{incident_id}"


def about_incident(session: Session, incident: Incident) -> Subjects:
    """What a ledger row is about that is about an incident."""
    match incident.layer:
        case Layer.KEY:
            key = keys.get(session, incident.subject_id)
            assert key is not None, incident.subject_id
            return Subjects(key.team_id, key.project_id, key.holder_id, key.id, key.request_id)
        case Layer.PROJECT:
            return Subjects(incident.team_id, incident.subject_id)
        case Layer.MEMBER:
            return Subjects(incident.team_id, member_id=incident.subject_id)
        case _:
            return Subjects(incident.team_id)


def _tell_row(session: Session, now: datetime, incident_id: str, seq: int) -> None:
    payload = {"incident_id": incident_id, "part": str(Part.LINE), "seq": seq}
    once = f"{incident_id}:{seq}"
    effect(session, now, stream=stream_of(incident_id), name=THREAD, payload=payload, once=once)


def _lifetime(session: Session, layer: Layer | None, subject_id: str) -> int | None:
    """What a key has spent in all, as last told; None when it was never told, and for all but keys."""
    spent = readings.spent(session, subject_id, TOTAL) if layer is Layer.KEY else None
    return None if spent is None else spent.lifetime_micros


def _reason(opening: Opening) -> str:
    """The kind first: it is read back from there."""
    where = opening.evidence.where
    return f"{opening.kind}: {where}" if where else str(opening.kind)
