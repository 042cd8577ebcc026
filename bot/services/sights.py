"""Whose usage is meant, and how much of it somebody may see. Reads only.

Anybody sees what teams, projects and their people use. Single keys are seen by who holds or leads them, owners of the
team, workspace owners and finance. What a person uses in all is seen by themselves and by those above them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.keys import Key
from bot.domain.people import Member, Project, Role, Team
from bot.domain.reports import Extent, Scope
from bot.domain.requests import Because, Refused
from bot.services.context import Purser
from bot.services.people import refused_by
from storage import keys, people, usage_reports
from storage.engine import Session
from storage.usage_reports import EVERYTHING, Chosen, KeyOf, chosen_keys, of_team

_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees of a scope: the keys that count, and which of them one by one."""

    scope: Scope
    name: str
    """How people call what the scope is of."""
    chosen: Chosen
    is_open: Callable[[KeyOf], bool]
    """Whether this key may be shown by itself."""
    team: Team | None = None
    """The team it belongs to, where it is one."""


def meant(
    session: Session, purser: Purser, viewer: Member, channel_id: str, extent: Extent, name: str
) -> Scope | Refused:
    """The scope that these words mean to this person, typed in this channel.

    `name` is a team's or project's name, a key's label or a person's Slack user id, as typed; empty for oneself, the
    team of the channel, or all.
    """
    match extent:
        case Extent.MEMBER:
            return Scope(extent, name or viewer.id)
        case Extent.ALL:
            return Scope(extent)
        case Extent.KEY:
            key = keys.labelled(session, name.lower())
            if key is None:
                text = "No key is called that. `/ai-key list` shows your own, `/ai-usage team by key` the team's."
                return Refused(Because.WRONG_NAME, text)
            return Scope(extent, key.id)
        case Extent.TEAM:
            team = _team_meant(session, viewer, channel_id, name)
            return team if isinstance(team, Refused) else Scope(extent, team.id)
        case Extent.PROJECT:
            project = _project_meant(session, purser, viewer, channel_id, name)
            return project if isinstance(project, Refused) else Scope(extent, project.id)


def seen(session: Session, purser: Purser, viewer: Member | None, scope: Scope) -> Sight | Refused:
    """What this person sees of a scope; all of it where nobody in particular looks."""
    if viewer is not None and (barrier := purser.authority.stranger(viewer)):
        return refused_by(barrier)
    match scope.extent:
        case Extent.TEAM:
            return _of_team(session, purser, viewer, scope)
        case Extent.PROJECT:
            return _of_project(session, purser, viewer, scope)
        case Extent.KEY:
            return _of_key(session, purser, viewer, scope)
        case Extent.MEMBER:
            return _of_member(session, purser, viewer, scope)
        case Extent.ALL:
            return _of_all(purser, viewer, scope)


def _of_team(session: Session, purser: Purser, viewer: Member | None, scope: Scope) -> Sight | Refused:
    team = people.team(session, scope.subject_id)
    if team is None:
        return Refused(Because.NOT_FOUND, "This team is not there any more.")
    if viewer is not None and (barrier := purser.authority.barrier_to_look(viewer, team)):
        return refused_by(barrier)
    return Sight(scope, team.name, of_team(team.id), _opener(purser, viewer, team), team)


def _of_project(session: Session, purser: Purser, viewer: Member | None, scope: Scope) -> Sight | Refused:
    project = people.project(session, scope.subject_id)
    team = None if project is None else people.team(session, project.team_id)
    if project is None or team is None:
        return Refused(Because.NOT_FOUND, "This project is not there any more.")
    if viewer is not None and (barrier := purser.authority.barrier_to_look(viewer, team)):
        return refused_by(barrier)
    chosen = Chosen(team_ids=(team.id,), project_id=project.id)
    return Sight(scope, project.name, chosen, _opener(purser, viewer, team), team)


def _of_key(session: Session, purser: Purser, viewer: Member | None, scope: Scope) -> Sight | Refused:
    key = keys.get(session, scope.subject_id)
    team = None if key is None else people.team(session, key.team_id)
    if key is None or team is None:
        return Refused(Because.NOT_FOUND, "This key is not there any more.")
    if viewer is not None and not _may_see_key(purser, viewer, key, team):
        if barrier := purser.authority.barrier_to_look(viewer, team):  # guests read of no team but theirs
            return refused_by(barrier)
        lead = f", <@{key.lead_id}>, who leads it" if key.lead_id not in (None, key.holder_id) else ""
        text = (
            f"`{key.label}` is <@{key.holder_id}>'s. What it uses is seen by them{lead}, owners of team {team.name}, "
            f"workspace owners and finance. What the team uses: `/ai-usage team {team.name}`."
        )
        return Refused(Because.NOT_ALLOWED, text)
    return Sight(scope, key.label, Chosen(key_ids=(key.id,)), lambda _: True, team)


def _may_see_key(purser: Purser, viewer: Member, key: Key, team: Team) -> bool:
    return viewer.id in (key.holder_id, key.lead_id) or purser.authority.sees_keys_of(viewer, team)


def _of_member(session: Session, purser: Purser, viewer: Member | None, scope: Scope) -> Sight | Refused:
    who = scope.subject_id
    theirs = Chosen(member_id=who)
    team_ids = {key.team_id for key in chosen_keys(session, theirs).values()}
    team_ids |= {team.id for team in people.teams_of(session, who)}
    teams = [team for team in (people.team(session, team_id) for team_id in sorted(team_ids)) if team is not None]
    only = teams[0] if len(teams) == 1 else None
    if viewer is None or viewer.id == who or purser.authority.sees_everything(viewer):
        return Sight(scope, f"<@{who}>", theirs, lambda _: True, only)
    owned = tuple(team for team in teams if team.role_of(viewer.id) is Role.OWNER and not viewer.is_guest)
    if not owned:
        text = (
            f"What <@{who}> uses is seen by <@{who}>, owners of a team they are in, workspace owners and finance. "
            "Your own: `/ai-usage me`. What a team's people use: `/ai-usage team by member`."
        )
        return Refused(Because.NOT_ALLOWED, text)
    chosen = Chosen(team_ids=tuple(team.id for team in owned), member_id=who)
    return Sight(scope, f"<@{who}>", chosen, lambda _: True, owned[0] if len(owned) == 1 else None)


def _of_all(purser: Purser, viewer: Member | None, scope: Scope) -> Sight | Refused:
    if viewer is not None and not purser.authority.sees_everything(viewer):
        text = (
            "All teams together are seen by workspace owners and finance. One of them: `/ai-usage team NAME`. "
            "Your own: `/ai-usage me`."
        )
        return Refused(Because.NOT_ALLOWED, text)
    return Sight(scope, "all teams", EVERYTHING, lambda _: True)


def _opener(purser: Purser, viewer: Member | None, team: Team) -> Callable[[KeyOf], bool]:
    if viewer is None or purser.authority.sees_keys_of(viewer, team):
        return lambda _: True
    return lambda key: viewer.id in (key.holder_id, key.lead_id)


def _team_meant(session: Session, viewer: Member, channel_id: str, name: str) -> Team | Refused:
    if name:
        found = people.team_named(session, name.lower())
        return found or Refused(Because.WRONG_NAME, f"No team is called that. {_there_is(session, viewer)}")
    here = people.team_in_channel(session, channel_id)
    mine = people.teams_of(session, viewer.id)
    if here is not None or len(mine) == 1:
        return here or mine[0]
    if mine:
        names = ", ".join(f"`/ai-usage team {team.name}`" for team in mine[:_MOST_NAMES])
        return Refused(Because.WRONG_NAME, f"You are in {len(mine)} teams. Say which one: {names}.")
    text = f"No team lives in this channel, and you are in none. {_there_is(session, viewer)}"
    return Refused(Because.WRONG_NAME, text)


def _there_is(session: Session, viewer: Member) -> str:
    """The teams that somebody may name; guests are told of their own only."""
    own = [team.name for team in people.teams_of(session, viewer.id)]
    names = own if viewer.is_guest else sorted(usage_reports.team_names(session).values())
    if not names:
        return "Your own usage: `/ai-usage me`."
    return f"There is: {', '.join(f'`/ai-usage team {name}`' for name in names[:_MOST_NAMES])}."


def _projects_called(session: Session, name: str) -> list[str]:
    """The ids of projects of this name, in the order of their teams' names."""
    found = [one for one in usage_reports.projects(session).values() if one.name == name]
    return [one.id for one in sorted(found, key=lambda one: one.team)]


def _project_meant(session: Session, purser: Purser, viewer: Member, channel_id: str, name: str) -> Project | Refused:
    """The project of this name: of the channel's team, else of one's own teams, else of any that one may look at."""
    here, mine = people.team_in_channel(session, channel_id), people.teams_of(session, viewer.id)
    called = [
        (team, project)
        for project_id in _projects_called(session, name.lower())
        if (project := people.project(session, project_id)) is not None
        and (team := people.team(session, project.team_id)) is not None
        and purser.authority.barrier_to_look(viewer, team) is None
    ]
    near = [team.id for team in (here,) if team is not None], [team.id for team in mine]
    for found in (*([one for one in called if one[0].id in ids] for ids in near), called):
        if len(found) == 1:
            return found[0][1]
        if found:
            where = ", ".join(team.name for team, _ in found[:_MOST_NAMES])
            text = f"Several teams have a project {name.lower()}: {where}. Type it in the channel of the team you mean."
            return Refused(Because.WRONG_NAME, text)
    teams = mine if here is None else [here] if purser.authority.barrier_to_look(viewer, here) is None else []
    names = [project.name for team in teams for project in people.projects_of(session, team.id)]
    there = f" There is: {', '.join(f'`{one}`' for one in names[:_MOST_NAMES])}." if names else ""
    text = f"No project is called that.{there} What a team uses by project: `/ai-usage team by project`."
    return Refused(Because.WRONG_NAME, text)
