"""What led to an incident, from the ledger: who agreed last, and what was changed shortly before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.budgets import Layer
from bot.domain.incident_facts import Change, What
from bot.domain.incidents import Incident
from bot.domain.keys import PERSONAL_KINDS, Key
from bot.domain.people import Project
from storage import incident_history, keys, raises
from storage.engine import Session
from storage.tables import LedgerRow

RECENT = timedelta(days=7)
MOST = 12
"""How many of the newest changes are shown."""
REPLACED = 5
"""How many keys back it is looked who agreed, where one was rotated again and again."""
PURSER = "purser"

_OF_KEY = {
    "request.approved": What.APPROVED,
    "raise.started": What.RAISED,
    "key.extended": What.EXTENDED,
    "key.cap_restored": What.CAP_PUT_BACK,
    "key.restored": What.RESTORED,
}
_OF_LIMITS = {"raise.started": What.RAISED, "budget.set": What.BUDGET_SET}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who agreed last to a key or to more for it."""

    by: tuple[str, ...] = ()
    at: datetime | None = None
    rule: str = ""


def agreement(session: Session, key: Key | None) -> Agreement:
    """The newest yes of a person to the key, to more for it, or to the keys it was minted in the place of.

    A rule's yes, where no person ever gave one.
    """
    if key is None:
        return Agreement()
    line = list(_with_replaced(session, key))
    said = incident_history.agreed(session, [one.request_id for one in line], [one.id for one in line])
    found = [row for row in said if row.actor != PURSER] or list(said)
    if not found:
        return Agreement()
    newest = found[-1]
    by = tuple(dict.fromkeys(row.actor for row in found if row.request_id == newest.request_id))
    return Agreement(by, newest.at, newest.reason if newest.action == "request.approved" else "")


def changes(session: Session, incident: Incident, key: Key | None, project: Project | None) -> tuple[Change, ...]:
    """What was changed in the seven days before it was opened, and since: the newest dozen, oldest first."""
    since = incident.opened_at - RECENT
    found = [*_of_limits(session, _limits(incident, key, project), since)]
    if key is not None:
        found += _of_key(session, key, since)
    return tuple(sorted(found, key=lambda one: one.at)[-MOST:])


def _of_key(session: Session, key: Key, since: datetime) -> Iterator[Change]:
    for row in incident_history.of_key(session, key.id, tuple(_OF_KEY), since):
        if row.action != "request.approved":  # what was approved stands there as what came of it
            yield _change(row, _OF_KEY[row.action])
    for row in incident_history.agreed(session, [key.request_id], []):
        if row.at >= since and row.action == "request.approved":
            yield _change(row, What.APPROVED, detail="")
    replaced = None if key.replaces_id is None else keys.get(session, key.replaces_id)
    if replaced is not None and key.created_at >= since:
        yield Change(What.ROTATED, key.created_at, key.holder_id, detail=replaced.label)
    for model, at in incident_history.new_models(session, key.id, since):
        yield Change(What.NEW_MODEL, at, detail=model)


def _of_limits(session: Session, limits: set[tuple[Layer, str]], since: datetime) -> Iterator[Change]:
    """Raises and new budgets of what the subject is charged to."""
    for row in incident_history.of_limits(session, tuple(_OF_LIMITS), since):
        about = _limit_of(session, row)
        if about in limits:
            yield _change(row, _OF_LIMITS[row.action], detail=f"{about[0]}: {row.reason}")


def _limits(incident: Incident, key: Key | None, project: Project | None) -> set[tuple[Layer, str]]:
    """The budgets it is charged to."""
    found = set() if incident.layer is None else {(incident.layer, incident.subject_id)}
    if incident.team_id is not None and incident.layer is not Layer.MEMBER:
        found.add((Layer.TEAM, incident.team_id))
    if project is not None:
        found.add((Layer.PROJECT, project.id))
    if key is not None and key.kind in PERSONAL_KINDS:
        found.add((Layer.MEMBER, key.holder_id))
    return found


def _limit_of(session: Session, row: LedgerRow) -> tuple[Layer, str]:
    """Which limit a row is about that names no key."""
    if row.action == "raise.started" and row.request_id is not None:
        one = raises.of_request(session, row.request_id)
        if one is not None:
            return one.layer, one.subject_id
    if row.project_id is not None:
        return Layer.PROJECT, row.project_id
    return (Layer.TEAM, row.team_id or "") if row.member_id is None else (Layer.MEMBER, row.member_id)


def _change(row: LedgerRow, what: What, detail: str | None = None) -> Change:
    return Change(what, row.at, row.actor, row.amount_micros, row.reason if detail is None else detail)


def _with_replaced(session: Session, key: Key) -> Iterator[Key]:
    """The key, and those it was minted in the place of, newest first."""
    one: Key | None = key
    for _ in range(REPLACED):
        if one is None:
            return
        yield one
        one = None if one.replaces_id is None else keys.get(session, one.replaces_id)
