"""What an ask means: its names found in the books, what was left out filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.keys import KeyKind
from bot.domain.must_haves import example
from bot.domain.people import Project, Role, Team
from bot.domain.requests import Ask, Because, Refused, Request
from bot.domain.rules import Rule
from bot.services.context import Purser
from storage import people
from storage.engine import Session

LED = (KeyKind.PROJECT, KeyKind.AUTOMATION)
"""Kinds that somebody answers for by name."""


@dataclass(frozen=True, slots=True)
class Meant:
    """An ask with its team, its project, and every name found out."""

    ask: Ask
    team: Team
    project: Project | None = None


def resolve(session: Session, purser: Purser, team: Team, wanted: Ask) -> Meant | Refused:
    """Find out what an ask for a key of this team means; refused when a name in it means nothing here."""
    wanted = _with_offered_models(purser, _with_default_time(purser, wanted))
    if wanted.kind is KeyKind.PROJECT and wanted.name and wanted.project and wanted.name != wanted.project:
        text = f"A project key is charged to its own project. Leave out `project=`: {_example(wanted)}."
        return Refused(Because.WRONG_NAME, text, Rule.MUST_HAVES)
    named = wanted.project or (wanted.name if wanted.kind is KeyKind.PROJECT else "")
    project = find_project(session, team, named) if named else None
    if isinstance(project, Refused):
        return project
    lead_id = _lead(session, purser, team, wanted, project) if wanted.kind in LED else None
    if isinstance(lead_id, Refused):
        return lead_id
    name = {KeyKind.PROJECT: "" if project is None else project.name, KeyKind.AUTOMATION: wanted.name}
    found = replace(
        wanted,
        name=name.get(wanted.kind, "") if wanted.kind else "",
        project="" if project is None else project.name,
        lead_id=lead_id,
    )
    return Meant(found, team, project)


def as_wanted(session: Session, draft: Request) -> Ask:
    """The ask that a draft was made of."""
    project = None if draft.project_id is None else people.project(session, draft.project_id)
    return Ask(
        draft.kind,
        draft.terms,
        draft.reason,
        name=draft.name,
        project="" if project is None else project.name,
        lead_id=draft.lead_id,
    )


def find_project(session: Session, team: Team, name: str) -> Project | Refused:
    """The team's project of this name; else a refusal that lists those there are."""
    there = people.projects_of(session, team.id)
    found = next((project for project in there if project.name == name.lower()), None)
    if found is not None:
        return found
    if not there:
        text = f"Team {team.name} has no projects yet. An owner adds one: `/ai-team project search $200 @lead`."
        return Refused(Because.WRONG_NAME, text, Rule.MUST_HAVES)
    names = ", ".join(f"`{project.name}`" for project in there[:20])
    text = f"Team {team.name} has no such project. There is: {names}."
    return Refused(Because.WRONG_NAME, text, Rule.MUST_HAVES)


def lead_gone(session: Session, purser: Purser, team: Team, lead_id: str) -> bool:
    """Whether this person cannot answer for the team's keys: not in it, or not in the workspace any more."""
    person = people.member(session, lead_id)
    stranger = person is not None and purser.authority.stranger(person) is not None
    return stranger or team.role_of(lead_id) is Role.NONE


def _lead(session: Session, purser: Purser, team: Team, wanted: Ask, project: Project | None) -> str | Refused | None:
    lead_id = wanted.lead_id or (None if project is None else project.lead_id)
    if lead_id is None or not lead_gone(session, purser, team, lead_id):
        return lead_id
    typed = example(wanted.kind or KeyKind.PROJECT, wanted.name, wanted.terms.cap_micros, wanted.terms.daily_cap_micros)
    who = f"<@{lead_id}>" if wanted.lead_id else f"<@{lead_id}>, who leads {project.name if project else 'it'},"
    named = typed if "@lead" in typed else typed.replace(" what it is for", " @lead what it is for")
    text = f"{who} is not in team {team.name}, so cannot answer for this key. Name somebody who is: {named}."
    return Refused(Because.WRONG_LEAD, text, Rule.MUST_HAVES)


def _example(wanted: Ask) -> str:
    return example(KeyKind.PROJECT, wanted.name, wanted.terms.cap_micros)


def _with_default_time(purser: Purser, wanted: Ask) -> Ask:
    limits = None if wanted.kind is None else purser.policy.kinds.get(wanted.kind)
    if wanted.terms.duration_seconds is not None or limits is None:
        return wanted
    return replace(wanted, terms=replace(wanted.terms, duration_seconds=limits.default_seconds))


def _with_offered_models(purser: Purser, wanted: Ask) -> Ask:
    """An ask without models is one for all that policy offers, and names them; for all of the gateway's if it offers
    no fewer.
    """
    if wanted.terms.models:
        return wanted
    return replace(wanted, terms=replace(wanted.terms, models=purser.policy.models))
