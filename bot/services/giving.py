"""An owner gives a project or automation key to somebody of the team, or lets somebody else lead a project."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import PERSONAL_KINDS, UNSHOWN, Key, KeyKind, KeyState, OffCause
from bot.domain.leaving_facts import Handed, HandedWhy
from bot.domain.offboarding import Outcome, Was
from bot.domain.people import BARRIER_TEXT, Member, Project, Role, Team
from bot.domain.requests import Because, Refused
from bot.services import departed
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.facts import HELD, key_facts, team_or_raise
from bot.services.handing_over import barrier_to_take, counted
from bot.services.hands import Hands, give, is_here
from bot.services.people import meet
from bot.services.refusing import refused_by
from bot.services.telling import Telling, tell_people
from storage import departures, handing, keys, people
from storage.engine import Session

_FOR_GOOD = frozenset({OffCause.RETURNED, OffCause.EXPIRED, OffCause.ROTATED})
NO_TEAM = "No team lives in this channel. Type this in the channel of the project's team."


def hand_over(purser: Purser, actor: Actor, label: str, user_id: str) -> Handed | Refused:
    """Give a project or automation key to somebody of its team. Its lead and owners of the team may, from any channel.

    That person holds it from then on, and leads it where its lead was the old holder or is not here any more. One that
    waited to be taken over waits no more.
    """
    known = {person.id: person for person in meet(purser, (user_id,))}
    with purser.deciding() as session:
        take_in(session, actor)
        key = keys.labelled(session, label)
        if key is None or (key.state not in HELD and key.state not in UNSHOWN):
            return Refused(Because.NOT_FOUND, f"No key is called `{label}`. `/ai-team inventory` shows the team's.")
        team = team_or_raise(session, key.team_id)
        no = barrier_to_take(session, purser, actor, key, team) or _cannot_change(key)
        no = no or _cannot_have(purser, team, known.get(user_id), user_id)
        if no is not None:
            return no
        is_led = key.lead_id is None or is_here(session, purser, key.lead_id)
        if key.holder_id == user_id and is_led and _waits_for_nobody(session, key):
            return Refused(Because.WRONG_STATE, f"<@{user_id}> holds `{key.label}` already.")
        now = purser.now()
        is_theirs = not is_led or (key.lead_id is not None and key.lead_id in (key.holder_id, _leaver(session, key)))
        _taken(session, purser, key, user_id)
        give(session, now, key, Hands(user_id, user_id if is_theirs else key.lead_id, HandedWhy.GIVEN, actor.id))
        after = keys.get(session, key.id) or key
        facts = (key_facts(session, after, now),)
        return Handed(facts, to_id=user_id, is_own=user_id == actor.id, counted=counted([key], facts))


def change_lead(purser: Purser, actor: Actor, channel_id: str, name: str, user_id: str) -> Handed | Refused:
    """Let somebody else of this channel's team lead one of its projects. Owners only.

    They answer for the project's keys as well that the old lead answered for, or that nobody who is here does.
    """
    known = {person.id: person for person in meet(purser, (user_id,))}
    with purser.deciding() as session:
        take_in(session, actor)
        team = people.team_in_channel(session, channel_id)
        if team is None:
            return Refused(Because.NOT_FOUND, NO_TEAM)
        if barrier := purser.authority.barrier_to_own(actor.member, team):
            return refused_by(barrier)
        project = next((one for one in people.projects_of(session, team.id) if one.name == name), None)
        if project is None:
            text = f"Team {team.name} has no project {name}. `/ai-team` shows its projects."
            return Refused(Because.WRONG_NAME, text)
        if no := _cannot_have(purser, team, known.get(user_id), user_id):
            return no
        if project.lead_id == user_id:
            return Refused(Because.WRONG_STATE, f"<@{user_id}> leads project {project.name} already.")
        return _change_lead(session, purser, actor, team, project, user_id)


def _change_lead(
    session: Session, purser: Purser, actor: Actor, team: Team, project: Project, user_id: str
) -> Handed | Refused:
    now, once = purser.now(), f"{project.id}:{actor.delivery}"
    if not people.set_lead(session, project.id, project.lead_id, user_id):
        return Refused(Because.BUSY, "Somebody else changed this project's lead just now. Look at `/ai-team`.")
    reason = f"<@{user_id}> instead of <@{project.lead_id}>"
    about = Subjects(team.id, project.id, user_id)
    record(session, now, actor=actor.id, action="project.led", about=about, once=once, reason=reason)
    for left in handing.led(session, project.id):
        departures.move_project(session, left.departure_id, project.id, user_id, now)
        departed.refresh(session, now, left.departure_id, team.id, f"{project.id}:{user_id}:{now.isoformat()}")
    changed = []
    for key in _led_keys(session, project):
        is_orphan = key.lead_id is not None and not is_here(session, purser, key.lead_id)
        if key.lead_id != project.lead_id and not is_orphan:
            continue
        _taken(session, purser, key, user_id, only=Was.LEAD)
        if give(session, now, key, Hands(key.holder_id, user_id, HandedWhy.LED, actor.id)):
            changed.append(key)
    if user_id != actor.id:
        telling = Telling(Occasion.PROJECT_LED, actor.id, others=(project.name, team.name))
        tell_people(session, now, telling, (user_id,), once=once)
    after = (keys.get(session, key.id) for key in changed)
    facts = tuple(key_facts(session, key, now) for key in after if key is not None)
    is_own, names = user_id == actor.id, (project.name,)
    return Handed(facts, (), names, user_id, is_own=is_own, counted=counted(changed, facts))


def _led_keys(session: Session, project: Project) -> list[Key]:
    """The project's own keys, whose lead is the project's. An automation key that it pays for names its own."""
    every = keys.under(session, Layer.PROJECT, project.id, HELD | UNSHOWN)
    return [key for key in every if key.kind is KeyKind.PROJECT]


def _leaver(session: Session, key: Key) -> str | None:
    """Who left the key behind, where it waits to be taken over: they may be back, and do not lead it by that."""
    waiting = departures.waiting_for(session, key.id)
    departure = None if waiting is None else departures.get(session, waiting.departure_id)
    return None if departure is None else departure.member_id


def _waits_for_nobody(session: Session, key: Key) -> bool:
    return departures.waiting_for(session, key.id) is None


def _taken(session: Session, purser: Purser, key: Key, user_id: str, *, only: Was | None = None) -> None:
    """A key that waited to be taken over, or was stopped, is this person's. `only`: unless more of it waits.

    Where its holder has left as well, whoever leads it from now on does not hold it: it waits on.
    """
    now = purser.now()
    waiting = departures.waiting_for(session, key.id)
    if waiting is not None and (only is None or (waiting.was is only and is_here(session, purser, key.holder_id))):
        departed.settle(session, now, waiting, Outcome.TAKEN, user_id)
    for left in departures.of_key(session, key.id):
        if only is None and handing.take_stopped(session, left.departure_id, key.id, user_id, now):
            departed.refresh(session, now, left.departure_id, left.team_id, f"{key.id}:given")


def _cannot_change(key: Key) -> Refused | None:
    """Whether the key is a person's own, or has nobody to work for again."""
    if key.kind in PERSONAL_KINDS:
        text = (
            f"`{key.label}` is a {key.kind} key, which stays with the person it was made for. Whoever needs one asks "
            "with `/ai-key`."
        )
        return Refused(Because.NOT_ALLOWED, text)
    if key.state in UNSHOWN:
        return Refused(Because.BUSY, f"`{key.label}` is being made at this moment. Try again in a minute.")
    if key.state in (KeyState.DISABLED, KeyState.DISABLING) and (key.off_cause in _FOR_GOOD or key.deleted_at):
        return Refused(Because.WRONG_STATE, f"`{key.label}` is off for good, so there is nothing to hand over.")
    return None


def _cannot_have(purser: Purser, team: Team, person: Member | None, user_id: str) -> Refused | None:
    """Whether this person cannot answer for keys of the team: not there, a guest, not in it."""
    if person is None:
        return Refused(Because.NOT_FOUND, f"Slack does not tell who `{user_id}` is.")
    if barrier := purser.authority.stranger(person):
        return Refused(Because.NOT_ALLOWED, f"<@{user_id}> cannot take this. {BARRIER_TEXT[barrier]}")
    if person.is_guest:
        text = f"<@{user_id}> is a guest in Slack, and cannot answer for what a team depends on."
        return Refused(Because.NOT_ALLOWED, text)
    if team.role_of(user_id) is Role.NONE:
        text = f"<@{user_id}> is not in team {team.name}. First type `/ai-team invite @name` in its channel."
        return Refused(Because.NOT_ALLOWED, text)
    return None
