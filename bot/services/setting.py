"""Setting budgets: an owner's word on what a team, project or person may spend a month. Nothing spent is touched."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import Occasion
from bot.domain.money import show, show_beside
from bot.domain.people import Barrier, Team
from bot.domain.periods import show_duration
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.limits import limit, name_of
from bot.services.people import refused_by
from bot.services.targets import Aim, aim
from bot.services.telling import Telling, tell_people
from bot.services.words import PersonWord, ProjectWord, TeamWord
from storage import budgets, people
from storage.engine import Session

__all__ = ["BudgetSet", "BudgetSetting", "PersonWord", "ProjectWord", "TeamWord", "set_budget"]


@dataclass(frozen=True, slots=True)
class BudgetSetting:
    """A budget as an owner wants it."""

    target: TeamWord | ProjectWord | PersonWord
    micros: int
    """What may be spent in a calendar month, in micro-USD."""
    hard: bool | None = None
    """Whether keys are stopped when it is used up; None leaves that as it is."""


@dataclass(frozen=True, slots=True)
class BudgetSet:
    """What a budget is now, what it was, and what that means."""

    limit: Budget
    """As it stands now, raises included."""
    team: Team
    monthly_micros: int
    """What was set; raises come on top."""
    was_micros: int | None
    """None when it had none."""
    was_hard: bool | None
    remarks: tuple[str, ...] = ()
    """Sentences about what it means now: already used up, more promised than there is."""


def set_budget(purser: Purser, actor: Actor, channel_id: str, setting: BudgetSetting) -> BudgetSet | Refused:
    """Set a budget of this channel's team, one of its projects or somebody in it. Owners only, and not their own.

    Whose budget it is is told directly: it binds them in every team, and an owner of any of these may set it.
    """
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        found = _aimed(session, purser, actor, channel_id, setting)
        if isinstance(found, Refused):
            return found
        target = found.target
        name = name_of(session, target)
        was = limit(session, purser, target, name)
        was_micros = _set_before(session, purser, found)
        hard = setting.hard if setting.hard is not None else (purser.policy.hard_budgets if was is None else was.hard)
        budget_id = purser.ids.new("budget")
        budgets.set_monthly(session, budget_id, target.layer, target.subject_id, setting.micros, now, hard=hard)
        seq = record(
            session,
            now,
            actor=actor.id,
            action="budget.set",
            about=_about(found, setting.micros),
            once=f"{target.layer}:{target.subject_id}:{actor.delivery}",
            reason=_said(was_micros, was, setting.micros, hard=hard),
        )
        stands = limit(session, purser, target, name)
        assert stands is not None, target
        remarks = _remarks(session, purser, found, stands, setting.micros)
        if target.layer is Layer.MEMBER:
            note, from_to = " ".join(remarks), (was_micros, setting.micros)
            telling = Telling(Occasion.BUDGET_SET, actor.id, note=note, team_id=found.team.id, set_from_to=from_to)
            tell_people(session, now, telling, (target.subject_id,), once=str(seq))
        return BudgetSet(stands, found.team, setting.micros, was_micros, None if was is None else was.hard, remarks)


def _aimed(session: Session, purser: Purser, actor: Actor, channel_id: str, setting: BudgetSetting) -> Aim | Refused:
    team = people.team_in_channel(session, channel_id)
    if team is None:
        text = "No team lives in this channel. Type it in the channel of the team it is about."
        return Refused(Because.NOT_FOUND, text)
    if barrier := purser.authority.barrier_to_own(actor.member, team):
        return refused_by(barrier)
    if isinstance(setting.target, PersonWord) and setting.target.member_id == actor.id:
        return refused_by(Barrier.OWN_BUDGET)
    found = aim(session, team, setting.target)
    if isinstance(found, Refused) or found.target.layer is not Layer.PROJECT:
        return found
    above = budgets.monthly(session, Layer.TEAM, team.id)
    if above is not None and setting.micros > above:
        text = f"The team's own budget is {show(above)} a month; a project cannot have more."
        return Refused(Because.NO_HEADROOM, text)
    return found


def _set_before(session: Session, purser: Purser, found: Aim) -> int | None:
    """What was set, or what policy gives everybody; raises left out."""
    row = budgets.monthly(session, found.target.layer, found.target.subject_id)
    return purser.policy.member_budget_micros if row is None and found.target.layer is Layer.MEMBER else row


def _about(found: Aim, micros: int) -> Subjects:
    person = found.target.subject_id if found.target.layer is Layer.MEMBER else None
    project = None if found.project is None else found.project.id
    return Subjects(found.team.id, project, person, amount_micros=micros)


def _said(was_micros: int | None, was: Budget | None, micros: int, *, hard: bool) -> str:
    """Old and new, as the ledger keeps them."""
    before = "none" if was_micros is None else show_beside(was_micros, micros)
    kinds = {True: "hard", False: "soft"}
    old = before if was is None else f"{before} ({kinds[was.hard]})"
    return f"from {old} to {show_beside(micros, was_micros or 0)} ({kinds[hard]}) a month"


def _remarks(session: Session, purser: Purser, found: Aim, stands: Budget, micros: int) -> tuple[str, ...]:
    said = []
    if stands.is_reached and stands.hard:
        soon = show_duration(purser.policy.poll_seconds)
        said.append(f"{show(stands.spent_micros)} is spent already, so its keys are stopped within {soon}.")
    elif stands.is_reached:
        said.append(f"{show(stands.spent_micros)} is spent already. It is soft, so its keys go on.")
    elif stands.headroom_micros < 0:
        over = show(-stands.headroom_micros)
        said.append(f"Its keys may still spend {show(stands.committed_micros)}, {over} more than is left: no key fits.")
    if stands.raised_micros and stands.raised_until is not None:
        said.append(f"{show(stands.raised_micros)} of raises come on top until {stands.raised_until:%-d %B}.")
    if found.target.layer is Layer.TEAM:
        said += _projects_above(session, found.team, micros)
    return tuple(said)


def _projects_above(session: Session, team: Team, micros: int) -> list[str]:
    above = [
        project.name
        for project in people.projects_of(session, team.id)
        if (budgets.monthly(session, Layer.PROJECT, project.id) or 0) > micros
    ]
    if not above:
        return []
    names = ", ".join(above)
    return [f"More is set for {names} than the team has now; the team's budget binds."]
