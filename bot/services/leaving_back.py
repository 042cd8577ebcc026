"""A departure was wrong: an owner puts back what it took, as far as that owner's say reaches and the rules allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.facts import KeyFacts
from bot.domain.groups import goes_off
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.offboarding import Departure, DepartureState, LeftKey, LeftTeam, Outcome, was_to
from bot.domain.people import Barrier, Member, Role, Team
from bot.domain.requests import Because, Refused
from bot.services import holders, restoring
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.departed import refresh, settle
from bot.services.facts import key_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.ports import DeliveryError
from bot.services.refusing import refused_by
from bot.services.telling import key_stream
from bot.services.worker import decided_already, perform_now
from storage import departures, keys, people
from storage.engine import Session

PATIENCE_SECONDS = 10.0
"""How long whoever restores waits for the gateways; what is not on again by then goes on."""
_RESTORED = (Outcome.OFF, Outcome.STOPPED)


@dataclass(frozen=True, slots=True)
class Stays:
    """A key that stays off, and why, as a sentence that people read."""

    key: Key
    why: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, what was not and why, and what others have to decide about."""

    departure: Departure
    keys: tuple[KeyFacts, ...] = ()
    """Keys that work again, or are being turned on."""
    stays: tuple[Stays, ...] = ()
    taken: tuple[tuple[str, str], ...] = ()
    """Keys that others have taken over and keep: label, and Slack user id."""
    teams: tuple[Team, ...] = ()
    """Teams they are in again."""
    projects: tuple[str, ...] = ()
    """Names of projects they lead again."""
    others: tuple[Team, ...] = ()
    """Teams whose own owners, or the workspace's, have to restore what was theirs there."""


def restore(purser: Purser, actor: Actor, departure_id: str) -> Restored | Refused:
    """Undo a departure that was wrong: keys it turned off, roles and leads, where this person is an owner.

    Refused while Slack says that the account is deactivated, for oneself, and where it was done already. What does not
    fit its budgets any more, has leaked or was taken over stays as it is, and is said.
    """
    with purser.books.reading() as session:
        seen = departures.get(session, departure_id)
    if seen is None:
        return Refused(Because.NOT_FOUND, "Purser does not know this departure.")
    try:
        person = purser.directory.lookup(seen.member_id)
    except DeliveryError:
        text = f"Slack does not tell just now whether <@{seen.member_id}> is active. Please try again in a minute."
        return Refused(Because.BUSY, text)
    with purser.deciding() as session:
        take_in(session, actor)
        mine, others = _whose(session, purser, actor, seen.id)
        no = _not_theirs(session, purser, actor, seen, mine) or _not_now(session, purser, seen, person, mine)
        if no is not None:
            return no
        assert person is not None, seen.member_id
        done = _put_back(session, purser, actor, _Undoing(seen, person, purser.now()), mine)
    purser.failpoint(Failpoint.AFTER_LEFT_COMMIT)
    with decided_already():
        _perform(purser, done.rows)
        with purser.books.reading() as session:
            return _outcome(session, purser, seen.id, done, others)


@dataclass(frozen=True, slots=True)
class _Undoing:
    """What is undone, for whom, and when."""

    departure: Departure
    person: Member
    now: datetime


@dataclass(slots=True)
class _Done:
    """What was put back in this transaction."""

    rows: list[tuple[str, int]] = field(default_factory=list)
    """Keys with the outbox rows that turn them on."""
    stays: list[Stays] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)


def _whose(session: Session, purser: Purser, actor: Actor, departure_id: str) -> tuple[list[LeftTeam], list[Team]]:
    """What this person may put back, and the teams of which they may not."""
    mine, others = [], []
    for one in departures.teams(session, departure_id):
        team = team_or_raise(session, one.team_id)
        if purser.authority.barrier_to_own(actor.member, team) is None:
            mine.append(one)
        elif one.restored_at is None:
            others.append(team)
    return mine, others


def _not_theirs(
    session: Session, purser: Purser, actor: Actor, seen: Departure, mine: Sequence[LeftTeam]
) -> Refused | None:
    """Why this person may not undo it, or None."""
    if actor.id == seen.member_id:
        return Refused(Because.NOT_ALLOWED, "Nobody restores what was their own. Another owner has to.")
    if not people.is_here(session, actor.id):  # they left in the middle of their click
        return refused_by(Barrier.DEPARTED)
    if barrier := purser.authority.stranger(actor.member) or purser.authority.barrier_to_found_team(actor.member):
        if barrier is not Barrier.NOT_OWNER:
            return refused_by(barrier)
        if not mine:
            text = f"Only owners of a team that <@{seen.member_id}> was in, or of the workspace, can restore this."
            return Refused(Because.NOT_ALLOWED, text)
    again = departures.open_of(session, seen.member_id)
    if again is not None and again.id != seen.id:
        text = (
            f"<@{seen.member_id}> has left again since. `/ai-team left @name` shows that; first that has to be undone, "
            "or the account activated in Slack."
        )
        return Refused(Because.WRONG_STATE, text)
    return None


def _not_now(
    session: Session, purser: Purser, seen: Departure, person: Member | None, mine: Sequence[LeftTeam]
) -> Refused | None:
    """Why it cannot be undone at this moment, or None."""
    if person is None or person.is_departed or purser.authority.stranger(person) is not None:
        text = (
            f"Slack still says that <@{seen.member_id}> is deactivated. Have the account activated in Slack first, "
            "then press *Restore* again."
        )
        return Refused(Because.WRONG_STATE, text)
    current = departures.get(session, seen.id)
    is_done = current is not None and current.state is DepartureState.UNDONE
    if is_done and all(one.restored_at is not None for one in mine):
        by = next((one.restored_by for one in mine if one.restored_by), current.ended_by if current else None)
        return Refused(Because.WRONG_STATE, f"This was restored already{f' by <@{by}>' if by else ''}.")
    return None


def _put_back(session: Session, purser: Purser, actor: Actor, undoing: _Undoing, mine: Sequence[LeftTeam]) -> _Done:
    done, departure, now = _Done(), undoing.departure, undoing.now
    people.save_member(session, undoing.person, now)
    people.set_left(session, departure.member_id, left=False)
    departures.end(session, departure.id, DepartureState.UNDONE, actor.id, now)
    mine = [one for one in mine if departures.mark_restored(session, departure.id, one.team_id, actor.id, now)]
    for one in mine:
        _give_role(session, actor, undoing, one, done)
    team_ids = {one.team_id for one in mine}
    _give_leads(session, actor, undoing, team_ids, done)
    for key in _keys_off(session, departure, team_ids):
        no = restoring.refused(session, purser, actor, key, None)
        if key.leaked_at is not None:
            done.stays.append(Stays(key, _LEAKED))
        elif key.state is KeyState.DISABLING:
            done.stays.append(Stays(key, _GOING))
        elif no is not None:
            done.stays.append(Stays(key, no.text))
        else:
            done.rows.append((key.id, restoring.decide(session, purser, actor, key)))
            _holds_again(session, actor, undoing, key.id)
    for waiting in departures.keys_of(session, departure.id):
        if waiting.outcome is Outcome.WAITING and waiting.team_id in team_ids:
            settle(session, now, waiting, Outcome.ENDED, actor.id)
            _still_waits(session, purser, waiting, now)
            _holds_again(session, actor, undoing, waiting.key_id)
    _record(session, actor, undoing, done)
    for one in mine:
        refresh(session, now, departure.id, one.team_id, f"restored:{actor.delivery}")
    return done


_LEAKED = "Its secret is known to others, so it never works again. Its holder can be given a new one."


_GOING = "It is still being turned off. Once that is confirmed, an owner can press *Restore* on its card."


def _holds_again(session: Session, actor: Actor, undoing: _Undoing, key_id: str) -> None:
    """The gateway's record may name nobody since their account there was taken away."""
    holders.wanted(session, undoing.now, key_id, once=f"restored:{actor.delivery}")


def _give_role(session: Session, actor: Actor, undoing: _Undoing, left: LeftTeam, done: _Done) -> None:
    """They are in the team again as what they were; a guest is not made an owner."""
    member_id, team = undoing.person.id, team_or_raise(session, left.team_id)
    role = Role.MEMBER if undoing.person.is_guest and left.role is Role.OWNER else left.role
    if role is Role.NONE or team.role_of(member_id) is not Role.NONE:
        return
    people.set_role(session, team.id, member_id, role, undoing.now)
    done.teams.append(team.id)
    on, once = Subjects(team_id=team.id, member_id=member_id), f"{team.id}:{member_id}:{actor.delivery}"
    record(session, undoing.now, actor=actor.id, action=f"team.{role}", about=on, once=once, reason="restored")


def _give_leads(session: Session, actor: Actor, undoing: _Undoing, team_ids: Collection[str], done: _Done) -> None:
    """They lead again what Purser had given to somebody else; not what a person has decided about since."""
    departure, member_id = undoing.departure, undoing.person.id
    for one in departures.projects(session, departure.id):
        project = people.project(session, one.project_id)
        if project is None or project.team_id not in team_ids or one.moved_to is None:
            continue
        is_as_moved = one.moved_at == departure.noticed_at
        if not is_as_moved or not people.set_lead(session, project.id, one.moved_to, member_id):
            continue
        done.projects.append(project.name)
        on, once = Subjects(project.team_id, project.id, member_id), f"{project.id}:{actor.delivery}"
        record(session, undoing.now, actor=actor.id, action="project.led", about=on, once=once, reason="restored")


def _keys_off(session: Session, departure: Departure, team_ids: Collection[str]) -> list[Key]:
    """Keys that went off through this departure, and are theirs still, oldest first."""
    found = []
    for one in departures.keys_of(session, departure.id):
        if one.team_id not in team_ids or one.outcome not in _RESTORED:
            continue
        key = keys.get(session, one.key_id)
        if key is None or key.off_cause is not OffCause.LEFT or was_to(key, departure.member_id) is None:
            continue
        if key.off_at is not None and key.off_at >= departure.noticed_at:
            found.append(key)
    return sorted(found, key=lambda key: (key.created_at, key.id))


def _still_waits(session: Session, purser: Purser, ended: LeftKey, now: datetime) -> None:
    """A key waits on when somebody else who held or led it has left as well: as part of that departure."""
    key = keys.get(session, ended.key_id)
    if key is None or not goes_off(key):
        return
    for member_id in dict.fromkeys(one for one in (key.holder_id, key.lead_id) if one is not None):
        departure, was = departures.open_of(session, member_id), was_to(key, member_id)
        if departure is None or was is None or departures.key_of(session, departure.id, key.id) is not None:
            continue
        due_at = now + timedelta(seconds=purser.policy.take_over_seconds)
        if departures.team(session, departure.id, key.team_id) is None:
            departures.add_team(session, LeftTeam(departure.id, key.team_id, Role.NONE))
        departures.set_due(session, departure.id, key.team_id, due_at)
        departures.add_key(session, LeftKey(departure.id, key.id, key.team_id, was, Outcome.WAITING))
        refresh(session, now, departure.id, key.team_id, f"{key.id}:waits")
        return


def _record(session: Session, actor: Actor, undoing: _Undoing, done: _Done) -> None:
    labels = [key.label for key_id, _ in done.rows if (key := keys.get(session, key_id)) is not None]
    names = [team_or_raise(session, team_id).name for team_id in done.teams]
    listed = (("keys", labels), ("in", names), ("leads", done.projects), ("off", [one.key.label for one in done.stays]))
    reason = "; ".join(f"{what} {', '.join(some)}" for what, some in listed if some)
    once = f"{undoing.departure.id}:{actor.delivery}"
    on = Subjects(member_id=undoing.person.id)
    record(session, undoing.now, actor=actor.id, action="member.restored", about=on, once=once, reason=reason)


def _perform(purser: Purser, rows: Iterable[tuple[str, int]]) -> None:
    until = purser.now() + timedelta(seconds=PATIENCE_SECONDS)
    for key_id, outbox_id in rows:
        left = (until - purser.now()).total_seconds()
        if left <= 0:
            return
        perform_now(purser, outbox_id, key_stream(key_id), patience_seconds=left)


def _outcome(session: Session, purser: Purser, departure_id: str, done: _Done, others: Sequence[Team]) -> Restored:
    now, departure = purser.now(), departures.get(session, departure_id)
    assert departure is not None, departure_id
    on = [key for key_id, _ in done.rows if (key := keys.get(session, key_id)) is not None]
    taken = [
        (key.label, one.by)
        for one in departures.keys_of(session, departure_id)
        if one.outcome is Outcome.TAKEN and one.by is not None and (key := keys.get(session, one.key_id)) is not None
    ]
    return Restored(
        departure,
        tuple(key_facts(session, key, now) for key in on),
        tuple(done.stays),
        tuple(taken),
        tuple(team_or_raise(session, team_id) for team_id in done.teams),
        tuple(done.projects),
        tuple(others),
    )
