"""Limits: which ones a key or an ask is under, and how each stands. Reads only."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import guard
from bot.domain.allowing import Asking
from bot.domain.budgets import Budget, Layer
from bot.domain.keys import PERSONAL_KINDS, Key, KeyKind
from bot.domain.people import Project, Team
from bot.domain.requests import Purpose, Request, RequestState, Target
from bot.services import caps
from bot.services.context import Purser
from storage import budgets, keys, people, raises
from storage.engine import Session


def binding_limits(  # noqa: PLR0913 - everything that decides what an ask is charged to
    session: Session,
    purser: Purser,
    team: Team,
    project: Project | None,
    member_id: str,
    kind: KeyKind | None,
    *,
    without_request: str | None = None,
) -> tuple[Budget, ...]:
    """Every budget that a key of this team, project, person and kind is charged to, as it stands, widest first.

    A person's own budget is charged for their temporary and member keys only. `without_request` leaves out what that
    request itself was promised.
    """
    subjects = [(Layer.TEAM, team.id, team.name)]
    if project is not None:
        subjects.append((Layer.PROJECT, project.id, project.name))
    if kind is None or kind in PERSONAL_KINDS:
        subjects.append((Layer.MEMBER, member_id, f"<@{member_id}>"))
    states = (
        limit(session, purser, Target(layer, subject), name, without_request=without_request)
        for layer, subject, name in subjects
    )
    return tuple(state for state in states if state is not None)


def charged_for(session: Session, purser: Purser, key: Key) -> tuple[Budget, ...]:
    """Every budget that what this key spends is charged to, widest first."""
    team = people.team(session, key.team_id)
    project = None if key.project_id is None else people.project(session, key.project_id)
    assert team is not None, key.team_id
    return binding_limits(session, purser, team, project, key.holder_id, key.kind)


def charged_by(
    session: Session, purser: Purser, request: Request, team: Team, project: Project | None
) -> tuple[Budget, ...]:
    """Every budget that agreeing to this request takes from, as it stands without it, widest first.

    A raise of a key's cap takes from what the key is charged to, until it is decided. More time, a raise of a budget
    and a raise of a key's day take from none.
    """
    if request.purpose is Purpose.ISSUE or is_promised_anew(session, request):
        asked = (team, project, request.requester_id, request.kind)
        return binding_limits(session, purser, *asked, without_request=request.id)
    undecided = request.state in (RequestState.DRAFT, RequestState.WAITING)
    if request.target is None or request.target.layer is not Layer.KEY or not undecided:
        return ()
    key = keys.get(session, request.target.subject_id)
    return () if key is None else charged_for(session, purser, key)


def is_promised_anew(session: Session, request: Request) -> bool:
    """Whether a new key in the place of an old one takes from budgets: what the old one was promised ended with it.

    While the old one works, its promise is that of both.
    """
    old = keys.get(session, request.extends_key_id or "")
    return request.purpose is Purpose.ROTATE and old is not None and old.leaked_at is not None and not caps.works(old)


def raised_by(session: Session, purser: Purser, request: Request) -> Budget | None:
    """The limit that a raise is of, as it stands now without this raise; None for other requests."""
    if request.target is None:
        return None
    found = limit(session, purser, request.target, name_of(session, request.target))
    standing = raises.of_request(session, request.id)
    if found is None or standing is None or not standing.starts_at <= purser.now() < standing.ends_at:
        return found
    return replace(
        found,
        budget_micros=found.budget_micros - standing.micros,
        raised_micros=found.raised_micros - standing.micros,
    )


def asking_of_raise(session: Session, target: Target | None, found: Budget | None) -> Asking:
    """What the rules look at when a limit is to be raised: how it stands, and for a key's day also its month."""
    if target is None or target.layer is not Layer.AUTOMATION:
        return Asking(limit=found)
    key = keys.get(session, target.subject_id)
    return Asking(limit=found, month_micros=None if key is None else key.cap_micros)


def own_limits(session: Session, purser: Purser, key: Key) -> tuple[Budget, ...]:
    """What only this key is under: its cap, and its day if it has one."""
    layers = (Layer.KEY, Layer.AUTOMATION) if key.daily_cap_micros is not None else (Layer.KEY,)
    states = (limit(session, purser, Target(layer, key.id), key.label) for layer in layers)
    return tuple(state for state in states if state is not None)


def limit(
    session: Session, purser: Purser, target: Target, name: str, *, without_request: str | None = None
) -> Budget | None:
    """One limit as it stands now; None when there is no such limit. A person's may come from policy."""
    return budgets.state(
        session,
        target.layer,
        target.subject_id,
        name,
        purser.now(),
        without_request=without_request,
        default_micros=purser.policy.member_budget_micros,
        default_hard=purser.policy.hard_budgets,
    )


def typed(limit: Budget) -> str:
    """How a limit is named in a command."""
    match limit.layer:
        case Layer.TEAM:
            return "team"
        case Layer.PROJECT:
            return f"project {limit.name}"
        case Layer.MEMBER | Layer.KEY | Layer.AUTOMATION:
            return limit.name


def still_reached(key: Key, limit: Budget, opening: str, then: str) -> str:
    """Why something is not done to a key under a limit that is used up, and what helps: `stays off, because ...`."""
    amount = "$5/day" if limit.layer is Layer.AUTOMATION else "$50"
    until = "" if limit.resets_at is None else f", or wait until {limit.resets_at:%-d %B}"
    text = f"`{key.label}` {opening}, because {guard.stop_text(limit)}. First ask for a raise: "
    return f"{text}`/ai-budget raise {amount} {typed(limit)} REASON`{until}. {then}"


def name_of(session: Session, target: Target) -> str:
    """How people call what a limit is of: a team's, project's or key's name, or a mention of the person."""
    match target.layer:
        case Layer.TEAM:
            team = people.team(session, target.subject_id)
            return "" if team is None else team.name
        case Layer.PROJECT:
            project = people.project(session, target.subject_id)
            return "" if project is None else project.name
        case Layer.MEMBER:
            return f"<@{target.subject_id}>"
        case Layer.KEY | Layer.AUTOMATION:
            key = keys.get(session, target.subject_id)
            return "" if key is None else key.label
