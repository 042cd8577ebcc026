"""Keys of people who left change hands: taken over, turned off instead, or given away by an owner.

A key that changes hands works on as before, with the same secret. Who takes it holds it where the leaver held it and
leads it where the leaver led it; its project goes along. Of two who press at once, one does, and the other reads who.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.facts import KeyFacts
from bot.domain.keys import Key, OffCause
from bot.domain.leaving_facts import Handed, HandedWhy, LeftKeyFacts, Ref
from bot.domain.offboarding import Departure, LeftKey, Outcome
from bot.domain.people import Barrier, Team
from bot.domain.requests import Because, Refused
from bot.services import departed
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.departure_facts import answers, gather
from bot.services.facts import key_facts
from bot.services.failpoints import Failpoint
from bot.services.hands import Hands, give, is_here
from bot.services.refusing import refused_by
from bot.services.telling import key_stream
from bot.services.turning_off import start
from bot.services.worker import decided_already, perform_now
from storage import departures, handing, keys, people
from storage.engine import Session

PATIENCE_SECONDS = 10.0
"""How long whoever turns several keys off waits for the outcome of all of them."""
GONE = Refused(Because.NOT_FOUND, "Nothing of this waits for anybody any more.")


def take_over(
    purser: Purser, actor: Actor, departure_id: str, team_id: str, key_id: str | None = None
) -> Handed | Refused:
    """Take over one key that somebody left behind, or all of the team that wait and that this person may take.

    The key's lead, its project's, and owners of the team or the workspace may. One that was stopped, as nobody took
    it over in time, can still be taken, by name; it stays off until an owner restores it.
    """
    with purser.deciding() as session:
        take_in(session, actor)
        found = _look(session, purser, actor, Ref(departure_id, team_id, key_id))
        if isinstance(found, Refused):
            return found
        now, names, taken = purser.now(), [], []
        for one in found.open:
            if _take(session, purser, actor, found, one, now):
                taken.append(one.key.key)
                names += _lead_project(session, actor, found.departure, one.key.key, now)
        after = _now(session, purser, [key.id for key in taken])
        return Handed(after, found.refused, tuple(names), actor.id, is_own=True, counted=counted(taken, after))


def disable_waiting(
    purser: Purser, actor: Actor, departure_id: str, team_id: str, key_id: str | None = None
) -> Handed | Refused:
    """Turn off one key that waits to be taken over, or all of the team, with proof; who may take them over may.

    Waits some seconds for the gateways; what is not proven by then goes on.
    """
    with purser.deciding() as session:
        take_in(session, actor)
        found = _look(session, purser, actor, Ref(departure_id, team_id, key_id))
        if isinstance(found, Refused):
            return found
        now, rows = purser.now(), []
        for one in found.open:
            row = start(session, now, one.key.key, actor.id, OffCause.LEFT, f"{found.name} left")
            if row is not None:
                rows.append((one.key.key.id, row))
        if not rows:
            return GONE
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    with decided_already():
        _perform(purser, rows)
        with purser.books.reading() as session:
            return Handed(_now(session, purser, [key_id for key_id, _ in rows]), refused=found.refused)


@dataclass(frozen=True, slots=True)
class _Found:
    """What somebody may take over or turn off."""

    departure: Departure
    name: str
    team: Team
    open: tuple[LeftKeyFacts, ...]
    refused: tuple[str, ...]
    """Labels of those that this person may not."""


def _look(session: Session, purser: Purser, actor: Actor, ref: Ref) -> _Found | Refused:
    facts = gather(session, purser, ref.departure_id, ref.team_id)
    if facts is None:
        return GONE
    if ref.key_id is None:
        wanted, asked = facts.waiting, facts.keys
    else:
        asked = tuple(one for one in facts.keys if one.left.key_id == ref.key_id)
        wanted = tuple(one for one in asked if one.can_be_taken)
    if not wanted:
        return _settled(asked)
    barriers = [(one, barrier_to_take(session, purser, actor, one.key.key, facts.team)) for one in wanted]
    able = tuple(one for one, no in barriers if no is None)
    if not able:
        return next(no for _, no in barriers if no is not None)
    refused = tuple(one.key.key.label for one, no in barriers if no is not None)
    return _Found(facts.departure, facts.name or "its holder", facts.team, able, refused)


def barrier_to_take(session: Session, purser: Purser, actor: Actor, key: Key, team: Team) -> Refused | None:
    """Why this person may not decide who holds a key, or None: owners, its lead and its project's may."""
    person = people.member(session, actor.id) or actor.member  # who may have left since the click was looked at
    barrier = purser.authority.barrier_to_own(person, team)
    if barrier is None:
        return None
    if barrier is not Barrier.NOT_OWNER:
        return refused_by(barrier)
    project = None if key.project_id is None else people.project(session, key.project_id)
    leads = (key.lead_id, None if project is None else project.lead_id)
    if actor.id in leads and answers(team, actor.id):
        return None
    text = f"Only the lead of `{key.label}` and owners of team {team.name} can do this."
    return Refused(Because.NOT_ALLOWED, text)


def _settled(asked: Sequence[LeftKeyFacts]) -> Refused:
    """What somebody reads who comes too late: who was faster."""
    said = [text for one in asked if (text := _became(one.left, one.key.key))]
    return Refused(Because.WRONG_STATE, " ".join(said[:10])) if said else GONE


def _became(left: LeftKey, key: Key) -> str:
    if left.outcome is Outcome.TAKEN:
        return f"`{key.label}` was taken over by <@{left.by}> already."
    by = f" by <@{key.off_by}>" if key.off_by and key.off_by != "purser" else ""
    if left.outcome in (Outcome.ENDED, Outcome.STOPPED) and key.off_at is not None:
        return f"`{key.label}` was turned off{by} already."
    return ""


def _take(session: Session, purser: Purser, actor: Actor, found: _Found, one: LeftKeyFacts, now: datetime) -> bool:
    """Let this person hold and lead a key where nobody who is here does; False when somebody was faster."""
    left, key = one.left, one.key.key
    if left.outcome is Outcome.STOPPED:
        if not handing.take_stopped(session, left.departure_id, key.id, actor.id, now):
            return False
        departed.refresh(session, now, left.departure_id, left.team_id, f"{key.id}:taken")
    elif not departed.settle(session, now, left, Outcome.TAKEN, actor.id):
        return False
    leaver = found.departure.member_id
    holder = actor.id if key.holder_id == leaver or not is_here(session, purser, key.holder_id) else key.holder_id
    lead = key.lead_id
    if lead is not None and (lead == leaver or not is_here(session, purser, lead)):
        lead = actor.id
    give(session, now, key, Hands(holder, lead, HandedWhy.TAKEN, actor.id))
    return True


def _lead_project(session: Session, actor: Actor, departure: Departure, key: Key, now: datetime) -> list[str]:
    """The project's lead goes along where it was only moved to somebody for the time being; its name if it did."""
    project = None if key.project_id is None else people.project(session, key.project_id)
    if project is None or project.lead_id == actor.id:
        return []
    moved = [one for one in departures.projects(session, departure.id) if one.project_id == project.id]
    is_provisional = any(
        one.moved_at == departure.noticed_at and one.moved_to == project.lead_id for one in moved
    )  # fmt: skip
    if not is_provisional or not people.set_lead(session, project.id, project.lead_id, actor.id):
        return []
    departures.move_project(session, departure.id, project.id, actor.id, now)
    on = Subjects(project.team_id, project.id, actor.id)
    once, why = f"{project.id}:{departure.id}:{actor.id}", f"with the key {key.label}"
    record(session, now, actor=actor.id, action="project.led", about=on, once=once, reason=why)
    return [project.name]


def counted(before: Sequence[Key], after: Sequence[KeyFacts]) -> tuple[str, ...]:
    """Labels of those keys whose usage counts to somebody else than before."""
    was = {key.id: key.lead_id or key.holder_id for key in before}
    return tuple(one.key.label for one in after if (one.key.lead_id or one.key.holder_id) != was[one.key.id])


def _perform(purser: Purser, rows: Iterable[tuple[str, int]]) -> None:
    until = purser.now() + timedelta(seconds=PATIENCE_SECONDS)
    for key_id, outbox_id in rows:
        left = (until - purser.now()).total_seconds()
        if left <= 0:
            return
        perform_now(purser, outbox_id, key_stream(key_id), patience_seconds=left)


def _now(session: Session, purser: Purser, key_ids: Iterable[str]) -> tuple[KeyFacts, ...]:
    now = purser.now()
    found = (keys.get(session, key_id) for key_id in key_ids)
    return tuple(key_facts(session, key, now) for key in found if key is not None)
