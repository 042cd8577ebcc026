"""Teams: founding one in a channel, who is in it, its projects and their budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.budgets import Layer
from bot.domain.facts import PolicyFacts, TeamFacts
from bot.domain.keys import SPENDING, Key, KeyState, OffCause
from bot.domain.money import show
from bot.domain.people import BARRIER_TEXT, Barrier, Member, Project, Role, Team, is_team_name
from bot.domain.requests import Because, Refused
from bot.services import zones
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.facts import team_facts
from bot.services.people import meet, refused_by
from bot.services.ports import DeliveryError
from storage import budgets, keys, people
from storage.engine import Session

NAME_RULE = "Names are 1 to 40 of a-z, 0-9 and hyphens, such as `search` or `data-platform`."


@dataclass(frozen=True, slots=True)
class TeamChanged:
    """What became of the team, and what should be said about it beyond that."""

    team: TeamFacts
    changed_ids: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences about people for whom nothing changed, or who still hold keys."""


def show_team(purser: Purser, channel_id: str) -> TeamFacts | Refused:
    """The team of this channel, to anyone of the workspace."""
    with purser.books.reading() as session:
        team = people.team_in_channel(session, channel_id)
        return _no_team() if team is None else team_facts(session, purser, team)


def policy(purser: Purser, channel_id: str) -> PolicyFacts:
    """What is allowed here, to anyone of the workspace: in the channel's team, or where there is none."""
    with purser.books.reading() as session:
        return PolicyFacts(purser.policy, people.team_in_channel(session, channel_id))


def create(purser: Purser, actor: Actor, channel_id: str, name: str, monthly_micros: int) -> TeamChanged | Refused:
    """Found a team in this channel, with its founder as first owner, and in their time zone. Workspace owners only."""
    if barrier := purser.authority.barrier_to_found_team(actor.member):
        text = "Only workspace owners (`PURSER_OWNERS`) can create a team."
        return Refused(Because.NOT_ALLOWED, text if barrier is Barrier.NOT_OWNER else BARRIER_TEXT[barrier])
    if not is_team_name(name):
        return Refused(Because.WRONG_STATE, NAME_RULE)
    if not _can_post(purser, channel_id):
        text = "Purser is not in this channel yet. Type `/invite @Purser` here, then create the team again."
        return Refused(Because.WRONG_STATE, text)
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        if (here := people.team_in_channel(session, channel_id)) is not None:
            text = f"This channel already belongs to team {here.name}. A new team needs a channel of its own."
            return Refused(Because.WRONG_STATE, text)
        if people.team_named(session, name) is not None:
            return Refused(Because.WRONG_STATE, f"There is a team {name} already. Choose another name.")
        team = Team(purser.ids.new("team"), name, channel_id, time_zone=zones.named(actor.member.time_zone))
        people.add_team(session, team, actor.id, now)
        people.set_role(session, team.id, actor.id, Role.OWNER, now)
        hard = purser.policy.hard_budgets
        budgets.set_monthly(session, purser.ids.new("budget"), Layer.TEAM, team.id, monthly_micros, now, hard=hard)
        about = Subjects(team_id=team.id, member_id=actor.id, amount_micros=monthly_micros)
        record(session, now, actor=actor.id, action="team.created", about=about, once=team.id, reason=name)
        return TeamChanged(_facts(session, purser, team.id), (actor.id,))


def invite(purser: Purser, actor: Actor, channel_id: str, user_ids: tuple[str, ...]) -> TeamChanged | Refused:
    """Make people members of this channel's team. Owners stay owners."""

    def welcome(team: Team, person: Member) -> Role | str:
        if team.role_of(person.id) is not Role.NONE:
            return f"<@{person.id}> is in the team already."
        return Role.MEMBER

    return _change_people(purser, actor, channel_id, user_ids, welcome)


def make_owner(purser: Purser, actor: Actor, channel_id: str, user_ids: tuple[str, ...]) -> TeamChanged | Refused:
    """Make people owners of this channel's team. Guests cannot be."""

    def promote(team: Team, person: Member) -> Role | str:
        if person.is_guest:
            return f"<@{person.id}> is a guest in Slack and cannot be an owner."
        if team.role_of(person.id) is Role.OWNER:
            return f"<@{person.id}> is an owner already."
        return Role.OWNER

    return _change_people(purser, actor, channel_id, user_ids, promote)


def remove(purser: Purser, actor: Actor, channel_id: str, user_ids: tuple[str, ...]) -> TeamChanged | Refused:
    """Take people out of this channel's team. Their keys are named, not touched; the last owner stays."""

    def dismiss(team: Team, person: Member) -> Role | str:
        if team.role_of(person.id) is Role.NONE:
            return f"<@{person.id}> is not in the team."
        if team.owner_ids == (person.id,):
            return f"<@{person.id}> is the last owner. First make another: `/ai-team owner @name`."
        return Role.NONE

    return _change_people(purser, actor, channel_id, user_ids, dismiss)


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project to be: its name, monthly budget in micro-USD, and the Slack user id of its lead."""

    name: str
    monthly_micros: int
    lead_id: str


def add_project(purser: Purser, actor: Actor, channel_id: str, new: NewProject) -> TeamChanged | Refused:
    """Give this channel's team a project with a monthly budget and a lead, who must be in the team."""
    if not is_team_name(new.name):
        return Refused(Because.WRONG_STATE, NAME_RULE)
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        team = _owned(session, purser, actor, channel_id)
        if isinstance(team, Refused):
            return team
        if team.role_of(new.lead_id) is Role.NONE:
            text = f"<@{new.lead_id}> is not in the team. First `/ai-team invite @name`, then add the project."
            return Refused(Because.WRONG_STATE, text)
        if any(project.name == new.name for project in people.projects_of(session, team.id)):
            return Refused(Because.WRONG_STATE, f"Team {team.name} has a project {new.name} already.")
        above = budgets.monthly(session, Layer.TEAM, team.id)
        if above is not None and new.monthly_micros > above:
            text = f"The team's own budget is {show(above)} a month; a project cannot have more."
            return Refused(Because.NO_HEADROOM, text)
        project = Project(purser.ids.new("project"), team.id, new.name, new.lead_id)
        people.add_project(session, project, now)
        budget_id, hard = purser.ids.new("budget"), purser.policy.hard_budgets
        budgets.set_monthly(session, budget_id, Layer.PROJECT, project.id, new.monthly_micros, now, hard=hard)
        about = Subjects(team.id, project.id, new.lead_id, amount_micros=new.monthly_micros)
        record(session, now, actor=actor.id, action="project.created", about=about, once=project.id, reason=new.name)
        return TeamChanged(_facts(session, purser, team.id), (new.lead_id,))


def _can_post(purser: Purser, channel_id: str) -> bool:
    """Whether cards can be posted in this channel; when Slack does not say, posting will show."""
    try:
        return purser.directory.is_member_of(channel_id)
    except DeliveryError:
        return True


Ruling = Callable[[Team, Member], Role | str]
"""What a person becomes, or the sentence that says why nothing changes for them."""


def _change_people(
    purser: Purser, actor: Actor, channel_id: str, user_ids: tuple[str, ...], ruling: Ruling
) -> TeamChanged | Refused:
    known = {person.id: person for person in meet(purser, user_ids)}
    now = purser.now()
    changed: list[str] = []
    remarks: list[str] = []
    with purser.deciding() as session:
        take_in(session, actor)
        team = _owned(session, purser, actor, channel_id)
        if isinstance(team, Refused):
            return team
        for user_id in dict.fromkeys(user_ids):
            person = known.get(user_id)
            became = _ruled(purser, team, person, user_id, ruling)
            if not isinstance(became, Role):
                remarks.append(became)
                continue
            people.set_role(session, team.id, user_id, became, now)
            changed.append(user_id)
            about = Subjects(team_id=team.id, member_id=user_id)
            action = "team.removed" if became is Role.NONE else f"team.{became}"
            once = f"{team.id}:{user_id}:{actor.delivery}"
            record(session, now, actor=actor.id, action=action, about=about, once=once)
            if became is Role.NONE:
                remarks += _keys_left(session, team, user_id)
            team = people.team(session, team.id) or team
        return TeamChanged(_facts(session, purser, team.id), tuple(changed), tuple(remarks))


def _ruled(purser: Purser, team: Team, person: Member | None, user_id: str, ruling: Ruling) -> Role | str:
    if person is None:
        return f"Slack does not tell who `{user_id}` is."
    ruled = ruling(team, person)
    barrier = purser.authority.stranger(person)
    if barrier is not None and isinstance(ruled, Role) and ruled is not Role.NONE:
        return f"<@{user_id}> cannot be in a team. {BARRIER_TEXT[barrier]}"
    return ruled


def _keys_left(session: Session, team: Team, user_id: str) -> list[str]:
    """What is said about the keys of somebody who is out of the team now."""
    mine = [key for key in keys.of_holder(session, user_id, SPENDING | {KeyState.DISABLED}) if key.team_id == team.id]
    stopped = [key for key in mine if key.off_cause is OffCause.BUDGET]
    held = [key for key in mine if key.state in SPENDING and key not in stopped]
    remarks = []
    if held:
        turn_off = f"`/ai-disable {held[0].label}` turns a key off."
        remarks.append(f"<@{user_id}> still holds {_labels(held)}. {turn_off}")
    if stopped:
        what, they = ("which a limit has", "It stays") if len(stopped) == 1 else ("which limits have", "They stay")
        remarks.append(f"<@{user_id}> also held {_labels(stopped)}, {what} stopped. {they} off now, for good.")
    return remarks


def _labels(some: Sequence[Key]) -> str:
    return ", ".join(f"`{key.label}`" for key in some)


def _owned(session: Session, purser: Purser, actor: Actor, channel_id: str) -> Team | Refused:
    team = people.team_in_channel(session, channel_id)
    if team is None:
        return _no_team()
    barrier = purser.authority.barrier_to_own(actor.member, team)
    return team if barrier is None else refused_by(barrier)


def _facts(session: Session, purser: Purser, team_id: str) -> TeamFacts:
    team = people.team(session, team_id)
    assert team is not None, team_id
    return team_facts(session, purser, team)


def _no_team() -> Refused:
    text = "No team lives in this channel. A workspace owner can start one here: `/ai-team create search $500`."
    return Refused(Because.NOT_FOUND, text)
