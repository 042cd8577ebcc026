"""Forms about incidents, each beside its reader: for how long to be quiet, who looks after it, what was behind it.

Their private metadata is the incident's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.incident_facts import IncidentFacts
from bot.domain.incident_lines import CAUSE_WORDS
from bot.domain.incidents import SNOOZES_SECONDS, Cause
from bot.domain.periods import show_duration
from bot.slack.views import actions as act
from bot.slack.views import incident_words as words
from bot.slack.views import inputs
from bot.slack.views import phrases as say
from bot.slack.views.base import Block, View, modal, section, stack

WORDS = "In a few words, for whoever reads it later"


@dataclass(frozen=True, slots=True)
class Closing:
    """What the form for closing holds."""

    incident_id: str
    cause: Cause
    words: str


def snooze_form(facts: IncidentFacts) -> View:
    """For how long there should be no reminders."""
    options = [inputs.option(show_duration(seconds), str(seconds)) for seconds in SNOOZES_SECONDS]
    element: Block = {"type": "radio_buttons", "options": options, "initial_option": options[0]}
    about = f"No reminders about {words.subject(facts)} for a while. The key is not touched: {words.stands(facts)}"
    blocks = [section(about), inputs.block(act.TIME, "For how long", element)]
    return modal(act.SNOOZE_FORM, "Snooze", blocks, facts.incident.id, "Snooze")


def read_snooze(view: Mapping[str, Any]) -> tuple[str, int] | inputs.Errors:
    """The incident's id and for how many seconds."""
    given = inputs.chosen(view, act.TIME)
    found = next((seconds for seconds in SNOOZES_SECONDS if given == str(seconds)), None)
    if found is None:
        return {act.TIME: "Choose for how long."}
    return str(view.get("private_metadata") or ""), found


def assign_form(facts: IncidentFacts) -> View:
    """Who looks after it from now on."""
    element: Block = {"type": "users_select"}
    if facts.incident.assignee_id and facts.incident.assignee_id[:1] in "UW":
        element["initial_user"] = facts.incident.assignee_id
    hint = "Somebody of the team, or an owner. They are told."
    blocks = [
        section(f"{words.headline(facts)}."),
        inputs.block(act.LEAD, "Who looks after it", element, hint),
    ]
    return modal(act.ASSIGN_FORM, "Assign incident", blocks, facts.incident.id, "Assign")


def read_assign(view: Mapping[str, Any]) -> tuple[str, str] | inputs.Errors:
    """The incident's id, and the id of who looks after it."""
    member_id = inputs.person(view, act.LEAD)
    if member_id is None:
        return {act.LEAD: "Choose somebody."}
    return str(view.get("private_metadata") or ""), member_id


def close_form(facts: IncidentFacts) -> View:
    """What was behind it; and how the key stands, for closing an incident changes nothing about it."""
    options = [inputs.option(say.capital(text), str(cause)) for cause, text in CAUSE_WORDS.items()]
    element: Block = {"type": "radio_buttons", "options": options}
    blocks = [
        section(stack([f"{words.headline(facts)}.", f"{words.stands(facts)} Closing changes nothing about that."])),
        inputs.block(act.CAUSE, "What was behind it?", element),
        inputs.reason(WORDS, optional=True),
    ]
    return modal(act.CLOSE_FORM, "Close incident", blocks, facts.incident.id, "Close incident")


def read_close(view: Mapping[str, Any]) -> Closing | inputs.Errors:
    """The incident's id, its cause and what is said about it."""
    errors: inputs.Errors = {}
    given = inputs.chosen(view, act.CAUSE)
    cause = next((one for one in Cause if given == str(one)), None)
    if cause is None:
        errors[act.CAUSE] = "Choose what was behind it."
    said = inputs.read_reason(view, errors, "", needed=False)
    if errors or cause is None:
        return errors
    return Closing(str(view.get("private_metadata") or ""), cause, said)
