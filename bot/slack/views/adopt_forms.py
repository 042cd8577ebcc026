"""The form behind Adopt, which makes a key of Purser's out of one that it did not make, and its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.inventory import AdoptFacts, Stranger, UnknownKey
from bot.domain.keys import KeyKind
from bot.domain.money import show
from bot.domain.periods import short_duration, show_duration
from bot.slack.views import actions as act
from bot.slack.views import inputs
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    OPTION_VALUE_CHARS,
    OPTIONS,
    Block,
    View,
    clip,
    code,
    context,
    modal,
    moment,
    section,
    stack,
)
from bot.slack.views.request_form import RequestInput, read_request_form

_KINDS = {
    KeyKind.TEMPORARY: "Temporary: a total cap, and it ends by itself",
    KeyKind.MEMBER: "Member: one person's daily work, with a monthly cap",
    KeyKind.PROJECT: "Project: one project in production, with a monthly cap",
    KeyKind.AUTOMATION: "Automation: CI and scripts, with a monthly and a daily cap",
}


@dataclass(frozen=True, slots=True)
class AdoptInput:
    """Which key, who holds it from now on, and the rest as in an ask."""

    unknown_id: str
    holder_id: str
    rest: RequestInput


def adopt_form(facts: AdoptFacts) -> View:
    """Team, kind, holder, lead, caps, time, name, project and reason; caps as the gateway has them."""
    seen = facts.unknown.seen
    blocks: list[Block] = [section(_about(facts.unknown)), _select(act.TEAM, "Team", _teams(facts))]
    kinds = [inputs.option(text, kind) for kind, text in _KINDS.items()]
    radio = {"type": "radio_buttons", "options": kinds, "initial_option": kinds[_likely(seen)]}
    cap = show(seen.cap_micros) if seen.cap_micros else ""
    day = show(seen.daily_cap_micros) if seen.daily_cap_micros else ""
    two = f" From {show(facts.two_owners_from_micros)} on two owners would have to agree, so it has to be less."
    blocks += [
        inputs.block(act.KIND, "Kind", radio),
        inputs.block(act.HOLDER, "Holder", {"type": "users_select"}, hint="Somebody in the team, and not yourself."),
        _cap_input(cap, f"In total for a temporary key, a month for all others.{two}"),
        inputs.block(
            act.DAILY_CAP,
            "Cap per day",
            inputs.line("$10", day),
            hint="Automation keys need one as well. Leave it empty for all others.",
            optional=True,
        ),
        inputs.block(
            act.TIME,
            "Time",
            inputs.line("7d", short_duration(facts.default_seconds)),
            hint=f"For temporary keys, such as 36h, 7d or 2w; at most {show_duration(facts.longest_seconds)}.",
            optional=True,
        ),
        inputs.block(
            act.NAME,
            "Name",
            inputs.line("nightly-evals"),
            hint="Automation keys need one: a-z, 0-9 and hyphens.",
            optional=True,
        ),
        *_projects(facts),
        inputs.block(
            act.LEAD,
            "Lead",
            {"type": "users_select"},
            hint="Who answers for it. Automation keys of no project need one; others have their project's lead.",
            optional=True,
        ),
        inputs.reason("What is it for?"),
        *context(
            "What it spent before counts neither in budgets nor against its cap. Only the cap per day, on this first "
            f"day, may count at {code(facts.unknown.gateway)} what it spent today. Its secret and its models stay."
        ),
    ]
    return modal(act.ADOPT_FORM, "Adopt a key", blocks, facts.unknown.id, "Adopt")


def read_adopt_form(view: Mapping[str, Any]) -> AdoptInput | inputs.Errors:
    """What was chosen, or what is wrong, by input."""
    holder_id, read = inputs.person(view, act.HOLDER), read_request_form(view)
    errors: inputs.Errors = read if isinstance(read, dict) else {}
    if holder_id is None:
        return errors | {act.HOLDER: "Choose who holds it from now on."}
    if isinstance(read, dict):
        return read
    return AdoptInput(str(view.get("private_metadata") or ""), holder_id, read)


def _about(unknown: UnknownKey) -> str:
    seen = unknown.seen
    caps = f"cap {show(seen.cap_micros)}" if seen.cap_micros is not None else "*no cap*"
    ends = f"ends {moment(seen.expires_at)}" if seen.expires_at else "no end"
    return stack(
        [
            f"*{code(unknown.name)}* at {code(unknown.gateway)}, which Purser did not make.",
            f"{say.capital(caps)}, {ends}, models: {say.models(seen.models)}.",
            f"Spent {show(seen.spent_micros)} in all (as of {moment(unknown.seen_at)}).",
            "Whoever has its secret goes on using it; from now on somebody answers for it.",
        ]
    )


def _likely(seen: Stranger) -> int:
    """The kind that is proposed: what has an end is temporary, anything else runs by itself."""
    return list(_KINDS).index(KeyKind.TEMPORARY if seen.expires_at else KeyKind.AUTOMATION)


def _cap_input(cap: str, hint: str) -> Block:
    return inputs.block(act.CAP, "Cap in US dollars", inputs.line("$25", cap), hint=hint)


def _teams(facts: AdoptFacts) -> list[Block]:
    return [inputs.option(team.name, team.id) for team in facts.teams[:OPTIONS]]


def _projects(facts: AdoptFacts) -> list[Block]:
    """A choice of projects of all teams by name, or nothing where there are none."""
    names = dict.fromkeys(one.name for one in facts.projects if 0 < len(one.name) <= OPTION_VALUE_CHARS)
    options = [inputs.option(clip(name, OPTION_VALUE_CHARS), name) for name in names][:OPTIONS]
    if not options:
        return []
    hint = "Of the team above. A project key needs one; a temporary or automation key may be charged to one as well."
    return [_select(act.PROJECT, "Project", options, hint=hint, optional=True)]


def _select(name: str, text: str, options: list[Block], hint: str = "", *, optional: bool = False) -> Block:
    element: Block = {"type": "static_select", "options": options}
    if len(options) == 1 and not optional:
        element["initial_option"] = options[0]
    return inputs.block(name, text, element, hint=hint, optional=optional)
