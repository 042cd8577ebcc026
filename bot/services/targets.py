"""Which limit somebody means, whose it is, and whether it binds them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.budgets import Budget, Layer
from bot.domain.keys import SPENDING, Key, KeyState, can_be_raised
from bot.domain.people import Project, Role, Team
from bot.domain.requests import Because, Refused, Target
from bot.services.context import Actor, Purser
from bot.services.limits import limit, name_of
from bot.services.people import refused_by
from bot.services.resolving import find_project
from bot.services.sharing import successor
from bot.services.words import KeyWord, PersonWord, ProjectWord, TeamWord
from storage import keys, people
from storage.engine import Session

LimitWord = TeamWord | ProjectWord | PersonWord | KeyWord | Target


@dataclass(frozen=True, slots=True)
class Aim:
    """The limit that is meant, the team whose owners decide about it, and the project or key it is of."""

    target: Target
    team: Team
    project: Project | None = None
    key: Key | None = None


def aim(session: Session, team: Team, word: LimitWord, *, daily: bool = False) -> Aim | Refused:
    """The limit that a word means, said in this team's channel. A key is found wherever its team lives."""
    match word:
        case TeamWord():
            return Aim(Target(Layer.TEAM, team.id), team)
        case ProjectWord():
            project = find_project(session, team, word.name)
            return project if isinstance(project, Refused) else Aim(Target(Layer.PROJECT, project.id), team, project)
        case PersonWord():
            if team.role_of(word.member_id) is Role.NONE:
                text = f"<@{word.member_id}> is not in team {team.name}. Type it in the channel of a team they are in."
                return Refused(Because.WRONG_LIMIT, text)
            return Aim(Target(Layer.MEMBER, word.member_id), team)
        case KeyWord():
            return aim_at_key(session, word, daily=daily)
        case Target() if word.layer is Layer.MEMBER:
            return aim(session, team, PersonWord(word.subject_id))
        case Target():
            return aim_at_target(session, word)


def aim_at_key(session: Session, word: KeyWord, *, daily: bool) -> Aim | Refused:
    """The cap of the key of this label, or its day; wherever its team lives."""
    key = keys.labelled(session, word.label)
    if key is None:
        return Refused(Because.WRONG_LIMIT, f"No key is called `{word.label}`. `/ai-key list` shows your own.")
    return _of_key(session, key, daily=daily)


def aim_at_target(session: Session, target: Target) -> Aim | Refused:
    """A limit chosen in a form, but for a person's: looked up again, for the form may be old."""
    team = project = key = None
    match target.layer:
        case Layer.TEAM:
            team = people.team(session, target.subject_id)
        case Layer.PROJECT:
            project = people.project(session, target.subject_id)
            team = None if project is None else people.team(session, project.team_id)
        case _:
            key = keys.get(session, target.subject_id)
    if key is not None:
        return _of_key(session, key, daily=target.layer is Layer.AUTOMATION)
    if team is None:
        text = "This limit is not there any more. Ask again with `/ai-budget raise`."
        return Refused(Because.WRONG_LIMIT, text)
    return Aim(target, team, project)


def barrier_to_raise(purser: Purser, actor: Actor, found: Aim) -> Refused | None:
    """Why this person may not ask for a raise of the limit, or None: those it binds may."""
    if barrier := purser.authority.barrier_to_ask(actor.member, found.team):
        return refused_by(barrier)
    if found.key is not None and actor.id not in (found.key.holder_id, found.key.lead_id):
        text = f"Only <@{found.key.holder_id}>, who holds `{found.key.label}`, or its lead can ask for more."
        return Refused(Because.NOT_ALLOWED, text)
    is_somebody_elses = found.target.layer is Layer.MEMBER and actor.id != found.target.subject_id
    if is_somebody_elses and not purser.authority.owns(actor.member, found.team):
        text = "Only they themselves or an owner of the team can ask for more for somebody."
        return Refused(Because.NOT_ALLOWED, text)
    return None


def bound_by(session: Session, purser: Purser, actor: Actor, teams: list[Team]) -> list[tuple[Aim, Budget]]:
    """Every limit that binds this person in these teams, as it stands: budgets first, then their keys and their days.

    Projects are those they lead or hold or lead a key of; in the first team, for its owners, all of them.
    """
    mine = _keys(session, actor, teams)
    held = {key.project_id for key in mine}
    found: list[Aim] = []
    for team in teams:
        all_of_them = team == teams[0] and purser.authority.owns(actor.member, team)
        found.append(Aim(Target(Layer.TEAM, team.id), team))
        found += [
            Aim(Target(Layer.PROJECT, project.id), team, project)
            for project in people.projects_of(session, team.id)
            if all_of_them or project.id in held or project.lead_id == actor.id
        ]
    if teams:
        found.append(Aim(Target(Layer.MEMBER, actor.id), teams[0]))
    for key in mine:
        layers = (Layer.KEY,) if key.daily_cap_micros is None else (Layer.KEY, Layer.AUTOMATION)
        home = people.team(session, key.team_id)
        assert home is not None, key.team_id
        found += [Aim(Target(layer, key.id), home, _project(session, key), key) for layer in layers]
    stand = ((each, limit(session, purser, each.target, name_of(session, each.target))) for each in found)
    return [(each, stands) for each, stands in stand if stands is not None]


def _keys(session: Session, actor: Actor, teams: list[Team]) -> list[Key]:
    """Keys that this person holds anywhere, or answers for in these teams, and that are of use."""
    states = SPENDING | {KeyState.DISABLED}
    found = keys.of_holder(session, actor.id, states)
    led = (key for team in teams for key in keys.under(session, Layer.TEAM, team.id, states))
    found += [key for key in led if key.lead_id == actor.id and key.holder_id != actor.id]
    return [key for key in found if can_be_raised(key) and key.retires_at is None]


def _of_key(session: Session, key: Key, *, daily: bool) -> Aim | Refused:
    team = people.team(session, key.team_id)
    assert team is not None, key.team_id
    if daily and key.daily_cap_micros is None:
        text = f"`{key.label}` has no cap per day. For its cap: `/ai-budget raise $50 {key.label} reason`."
        return Refused(Because.WRONG_LIMIT, text)
    if (heir := successor(session, key)) is not None:
        amount = "$5/day" if daily else "$50"
        text = f"`{heir.label}` has taken the place of `{key.label}`. Raise that one: "
        return Refused(Because.WRONG_STATE, f"{text}`/ai-budget raise {amount} {heir.label} reason`.")
    if not can_be_raised(key):
        return Refused(Because.WRONG_STATE, f"`{key.label}` is not in use any more, so more money would be of no use.")
    layer = Layer.AUTOMATION if daily else Layer.KEY
    return Aim(Target(layer, key.id), team, _project(session, key), key)


def _project(session: Session, key: Key) -> Project | None:
    return None if key.project_id is None else people.project(session, key.project_id)
