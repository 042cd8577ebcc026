"""Who may decide a request, and who is asked to. Authority is looked up at that moment, never read off a message."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.budgets import Layer
from bot.domain.deciding import Decider
from bot.domain.people import Askable, Barrier, Member, Project, Role, Team, who_to_ask
from bot.domain.policy import Who
from bot.domain.requests import Purpose, Request
from bot.services.context import Actor, Purser
from storage import keys, people
from storage.engine import Session


def standing(session: Session, purser: Purser, person: Member, team: Team) -> Who:
    """What this person is in the team, as the rules about asking know it."""
    if purser.authority.owns(person, team):
        return Who.OWNERS
    leads = {project.lead_id for project in people.projects_of(session, team.id)}
    return Who.LEADS if person.id in leads else Who.MEMBERS


def lead_who_agrees(session: Session, purser: Purser, team: Team, project: Project | None) -> str | None:
    """The lead who may agree to keys of the project, by Slack user id: in the team, still here, no guest."""
    if project is None or not purser.policy.lead_up_to_micros or team.role_of(project.lead_id) is Role.NONE:
        return None
    return next(iter(_able(session, purser, {project.lead_id})), None)


def barrier_to_decide(session: Session, purser: Purser, person: Member, team: Team, request: Request) -> Barrier | None:
    """Why this person may not decide the request, or None: owners, quiet approvers and its project's lead may."""
    if not people.is_here(session, person.id):  # they left in the middle of their click
        return Barrier.DEPARTED
    lead_id = _lead(session, purser, team, request)
    also = (*purser.policy.quiet_approvers, lead_id or "")
    concerned = concerns(session, request)
    return purser.authority.barrier_to_decide(person, team, request.requester_id, also=also, concerns=concerned)


def concerns(session: Session, request: Request) -> str | None:
    """Whose budget or key a raise is of, by Slack user id: nobody decides about their own."""
    if request.target is None:
        return None
    if request.target.layer is Layer.MEMBER:
        return request.target.subject_id
    key = keys.get(session, request.extends_key_id or "")
    return None if key is None else key.holder_id


def decider(session: Session, purser: Purser, actor: Actor, team: Team, request: Request) -> Decider:
    """In what capacity this person, who may decide the request, does."""
    has_full_say = purser.authority.owns(actor.member, team) or actor.id in purser.policy.quiet_approvers
    return Decider(actor.id, is_only_lead=not has_full_say and actor.id == _lead(session, purser, team, request))


def owners_to_ask(
    session: Session, purser: Purser, request: Request, team: Team | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom to ask about a request, first and then, by Slack user id."""
    team = team or people.team(session, request.team_id)
    assert team is not None, request.team_id
    quiet = purser.policy.quiet_approvers
    lead_id = _lead(session, purser, team, request)
    may = {*team.owner_ids, *purser.authority.workspace_owner_ids, *quiet}
    able = _able(session, purser, may - {concerns(session, request) or ""})
    if lead_id is not None and request.terms.cap_micros <= purser.policy.lead_up_to_micros:
        able.add(lead_id)
    else:
        lead_id = None
    askable = Askable(able, quiet, lead_id, request.approvals_needed)
    return who_to_ask(team, purser.authority, request.requester_id, askable)


def told_owners(session: Session, purser: Purser, team: Team) -> set[str]:
    """Owners of the team and workspace who can be told."""
    return set(told_of(session, purser, (*team.owner_ids, *purser.authority.workspace_owner_ids)))


def told_of(session: Session, purser: Purser, owner_ids: Sequence[str]) -> tuple[str, ...]:
    """Those of these owners who can be told: still here, no guests, and not quiet unless all others are."""
    able = _able(session, purser, set(owner_ids))
    told = able - set(purser.policy.quiet_approvers) or able
    return tuple(owner for owner in dict.fromkeys(owner_ids) if owner in told)


def able_of(session: Session, purser: Purser, ids: Sequence[str]) -> tuple[str, ...]:
    """Those of these people who may decide as far as who they are goes: still here and no guests. Each once."""
    able = _able(session, purser, set(ids))
    return tuple(one for one in dict.fromkeys(ids) if one in able)


def _lead(session: Session, purser: Purser, team: Team, request: Request) -> str | None:
    if request.project_id is None or request.purpose is Purpose.RAISE:
        return None
    return lead_who_agrees(session, purser, team, people.project(session, request.project_id))


def _able(session: Session, purser: Purser, ids: set[str]) -> set[str]:
    """Those who are still here and no guests. People Purser has not met count as able."""
    unable = {
        person.id
        for person in people.members(session, ids)
        if person.is_guest or purser.authority.stranger(person) is not None
    }
    return ids - unable
