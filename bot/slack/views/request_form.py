"""The form that asks for a key of any kind, and its reader. The hints say which kinds need what.

What the form holds is trusted no further than forms are: see `forms`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.facts import FormFacts
from bot.domain.keys import KeyKind
from bot.domain.people import Project, is_team_name
from bot.domain.periods import short_duration, show_duration
from bot.slack.views import actions as act
from bot.slack.views import inputs
from bot.slack.views.base import OPTION_VALUE_CHARS, OPTIONS, Block, View, modal

_KINDS = {
    KeyKind.TEMPORARY: "Temporary: a total cap, and it ends by itself",
    KeyKind.MEMBER: "Member: your own key for daily work, with a monthly cap",
    KeyKind.PROJECT: "Project: for one project in production, with a monthly cap",
    KeyKind.AUTOMATION: "Automation: CI and scripts, with a monthly and a daily cap",
}
_WHY_NOT = "Only automation keys have a cap per day. Leave this empty."


@dataclass(frozen=True, slots=True)
class RequestInput:
    """What the request form holds. Caps in micro-USD; no time means that the kind has none."""

    team_id: str
    kind: KeyKind
    cap_micros: int
    duration_seconds: int | None
    models: tuple[str, ...]
    reason: str
    name: str = ""
    """The project of a project key, or what an automation key is called."""
    project: str = ""
    """The project that another key is charged to as well."""
    daily_cap_micros: int | None = None
    lead_id: str | None = None


def request_form(facts: FormFacts) -> View:
    """Team (when there is a choice), kind, caps, time, name, project, lead, models (when known) and reason."""
    longest = show_duration(facts.longest_seconds)
    blocks: list[Block] = []
    if len(facts.teams) > 1:
        blocks.append(_team_select(facts))
    kinds = [inputs.option(text, kind) for kind, text in _KINDS.items()]
    radio = {"type": "radio_buttons", "options": kinds, "initial_option": kinds[0]}
    blocks += [
        inputs.block(act.KIND, "Kind", radio),
        inputs.block(
            act.CAP,
            "Cap in US dollars",
            inputs.line("$25"),
            hint="In total for a temporary key, a month for all others.",
        ),
        inputs.block(
            act.DAILY_CAP,
            "Cap per day",
            inputs.line("$10"),
            hint="Automation keys need one as well. Leave it empty for all others.",
            optional=True,
        ),
        inputs.block(
            act.TIME,
            "Time",
            inputs.line("7d", short_duration(facts.default_seconds)),
            hint=f"For temporary keys, such as 36h, 7d or 2w; at most {longest}. It starts when you reveal the key.",
            optional=True,
        ),
        inputs.block(
            act.NAME,
            "Name",
            inputs.line("nightly-evals"),
            hint="Automation keys need one: a-z, 0-9 and hyphens.",
            optional=True,
        ),
        *_project_select(facts.projects),
        inputs.block(
            act.LEAD,
            "Lead",
            {"type": "users_select"},
            hint="Who answers for it. Automation keys of no project need one; others have their project's lead.",
            optional=True,
        ),
        *inputs.models(facts.gateway.models, ()),
        inputs.reason("What is it for?"),
    ]
    team_id = facts.team_id or (facts.teams[0].id if facts.teams else "")
    return modal(act.REQUEST_FORM, "Ask for a key", blocks, team_id, "Next")


def read_request_form(view: Mapping[str, Any]) -> RequestInput | inputs.Errors:
    """What was asked for. Without a team select, the team is the one in the form's private metadata."""
    errors: inputs.Errors = {}
    team_id = inputs.chosen(view, act.TEAM) or str(view.get("private_metadata") or "")
    kind = next((kind for kind in _KINDS if kind == inputs.chosen(view, act.KIND)), None)
    if kind is None:
        errors[act.KIND] = "Choose what kind of key you need."
    if not team_id:
        errors[act.TEAM] = "Choose a team."
    cap = inputs.read_cap(view, errors)
    seconds = inputs.read_time(view, errors, needed=True) if kind is KeyKind.TEMPORARY else None
    needed = kind is not KeyKind.MEMBER
    reason = inputs.read_reason(view, errors, "Say in a few words what it is for.", needed=needed)
    daily = inputs.read_daily_cap(view, errors)
    project = inputs.chosen(view, act.PROJECT)
    lead_id = inputs.person(view, act.LEAD) if kind in (KeyKind.PROJECT, KeyKind.AUTOMATION) else None
    if kind is not None:
        _must_haves(view, kind, (daily, project, lead_id), errors)
    if errors or kind is None:
        return errors
    models = inputs.many(view, act.MODELS) or ()
    name = project if kind is KeyKind.PROJECT else _name(view) if kind is KeyKind.AUTOMATION else ""
    charged = "" if kind is KeyKind.PROJECT else project
    return RequestInput(team_id, kind, cap, seconds, models, reason, name, charged, daily, lead_id)


def _must_haves(
    view: Mapping[str, Any], kind: KeyKind, given: tuple[int | None, str, str | None], errors: inputs.Errors
) -> None:
    """What this kind of key needs, and what it cannot have."""
    daily, project, lead_id = given
    if daily is not None and kind is not KeyKind.AUTOMATION:
        errors[act.DAILY_CAP] = _WHY_NOT
    if kind is KeyKind.MEMBER and project:
        errors[act.PROJECT] = "A member key is for your daily work. Choose no project."
    if kind is KeyKind.PROJECT and not project:
        here = act.PROJECT if inputs.has(view, act.PROJECT) else act.KIND
        errors[here] = "Choose the project. An owner makes one with /ai-team project NAME $200 @lead."
    if kind is KeyKind.AUTOMATION:
        if daily is None:
            errors.setdefault(act.DAILY_CAP, "An automation key needs a cap per day, such as $10.")
        if not is_team_name(_name(view)):
            errors[act.NAME] = "Give it a name: 1 to 40 of a-z, 0-9 and hyphens inside."
        if lead_id is None and not project:
            errors[act.LEAD] = "Choose who answers for it, or a project."


def _name(view: Mapping[str, Any]) -> str:
    return inputs.typed(view, act.NAME).lower()


def _team_select(facts: FormFacts) -> Block:
    options = [inputs.option(team.name, team.id) for team in facts.teams[:OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    chosen = [option for option in options if option["value"] == facts.team_id]
    if chosen:
        element["initial_option"] = chosen[0]
    return inputs.block(act.TEAM, "Team", element)


def _project_select(projects: Sequence[Project]) -> list[Block]:
    """A choice of projects, or nothing where there are none."""
    names = dict.fromkeys(one.name for one in projects if 0 < len(one.name) <= OPTION_VALUE_CHARS)
    options = [inputs.option(name, name) for name in names][:OPTIONS]
    if not options:
        return []
    element: Block = {"type": "static_select", "options": options}
    hint = "A project key needs one. A temporary or automation key may be charged to one as well."
    return [inputs.block(act.PROJECT, "Project", element, hint=hint, optional=True)]
