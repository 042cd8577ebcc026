"""Works out again from the ledger how each incident stands, and finds where the table says something else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from bot.domain.incident_lines import ACKNOWLEDGED, AGAIN, ASSIGNED, CLOSED, LEFT, OPENED, REOPENED
from bot.domain.incidents import Cause, Incident, IncidentKind, IncidentState, calls_again
from storage import incident_history, incidents
from storage.engine import Session
from storage.ledger import Difference
from storage.tables import LedgerRow

_STANDING = (OPENED, AGAIN, REOPENED, ACKNOWLEDGED, ASSIGNED, LEFT, CLOSED)


def differences(session: Session) -> Iterator[Difference]:
    """Incidents whose state, assignee, cause or closing row is not what their rows in the ledger come to."""
    expected = {
        incident_id: [row for _, row in rows]
        for incident_id, rows in groupby(incident_history.standing(session, _STANDING), key=lambda found: found[0])
    }
    for incident in incidents.every(session):
        should, stands = _worked_out(incident, expected.get(incident.id, [])), _stands(incident)
        if should != stands:
            yield Difference("incidents", incident.id, should, stands)


def _worked_out(incident: Incident, rows: list[LedgerRow]) -> str:
    state, assignee, cause, seq = "never opened", "", "", 0
    for row in rows:
        match row.action:
            case "incident.opened" | "incident.reopened":
                state, assignee, cause, seq = str(IncidentState.OPEN), "", "", 0
            case "incident.again":
                kind = row.reason.partition(":")[0]
                if kind in set(IncidentKind) and calls_again(incident, IncidentKind(kind)):
                    state, assignee = str(IncidentState.OPEN), ""
            case "incident.left":
                state, assignee = str(IncidentState.OPEN), ""
            case "incident.closed":
                state, cause, seq = str(IncidentState.CLOSED), row.reason.partition(":")[0], row.seq
            case _:
                state = str(IncidentState.ACKNOWLEDGED)
                assignee = row.reason if row.action == ASSIGNED else row.actor
    return _said(state, assignee, cause, seq)


def _stands(incident: Incident) -> str:
    cause = incident.cause or Cause.OTHER if incident.state is IncidentState.CLOSED else ""
    return _said(str(incident.state), incident.assignee_id or "", str(cause), incident.closed_seq or 0)


def _said(state: str, assignee: str, cause: str, seq: int) -> str:
    told = [state, f"looked after by {assignee}" if assignee else "", f"because of {cause}" if cause else ""]
    return ", ".join(filter(None, [*told, f"in row {seq}" if seq else ""]))
