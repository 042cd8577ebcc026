"""Whether a key can be revealed now: to whom, in which state of its request, and under which limits. Reads only."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.keys import UNSHOWN
from bot.domain.money import show as show_amount
from bot.domain.people import Team
from bot.domain.requests import Because, Purpose, Refused, Request, RequestState
from bot.domain.rules import Rule
from bot.services.agreeing import NOT_YET, unread
from bot.services.context import Actor, Purser
from bot.services.facts import team_or_raise
from bot.services.limits import charged_by
from bot.services.people import refused_by
from bot.services.rotating import refused_at_reveal
from storage import keys, people, requests
from storage.engine import Session


def revealable(session: Session, purser: Purser, actor: Actor, request_id: str) -> Request | Refused:
    """The request, if this person may have its key made and shown now; else why not, and what to do."""
    request = requests.get(session, request_id)
    if request is None or request.purpose not in (Purpose.ISSUE, Purpose.ROTATE):
        return Refused(Because.NOT_FOUND, "Purser does not know this request.")
    if request.requester_id != actor.id:
        return Refused(Because.NOT_ALLOWED, f"This key is for <@{request.requester_id}>, and only they can reveal it.")
    team = team_or_raise(session, request.team_id)
    if barrier := purser.authority.barrier_to_ask(actor.member, team):
        return refused_by(barrier)
    if request.state is RequestState.FULFILLED:
        return _shown_already(session, request)
    if request.state is not RequestState.APPROVED:
        return Refused(Because.WRONG_STATE, f"This request is {request.state}, so there is no key to reveal.")
    if purser.now() >= request.deadline_at:
        again = "/ai-key" if request.purpose is Purpose.ISSUE else "/ai-key rotate LABEL"
        text = f"This key was not revealed in time and has lapsed. Ask again with `{again}`."
        return Refused(Because.TOO_LATE, text)
    if unread(session, purser, actor.id) is not None:
        return NOT_YET
    if request.purpose is Purpose.ROTATE:
        return refused_at_reveal(session, purser, request) or request
    return _used_up(session, purser, request, team) or request


def _used_up(session: Session, purser: Purser, request: Request, team: Team) -> Refused | None:
    """Whether a limit that the key would be under is reached: then it would be stopped as soon as it is shown."""
    project = None if request.project_id is None else people.project(session, request.project_id)
    charged = charged_by(session, purser, request, team, project)
    reached = next((each for each in charged if each.hard and each.is_reached), None)
    if reached is None:
        return None
    again = f" It starts again on {reached.resets_at:%-d %B} at 00:00 UTC." if reached.resets_at else ""
    word = {Layer.TEAM: " team", Layer.PROJECT: f" project {reached.name}"}.get(reached.layer, "")
    whose = reached.whose[0].upper() + reached.whose[1:]
    text = (
        f"{whose}'s budget of {show_amount(reached.budget_micros)} is used up, so no key can be used under it."
        f"{again} Your approval stands until {request.deadline_at:%-d %B, %H:%M} UTC; to go on before, ask for more: "
        f"`/ai-budget raise $50{word} reason`."
    )
    return Refused(Because.NO_HEADROOM, text, Rule.HEADROOM)


def _shown_already(session: Session, request: Request) -> Refused:
    label = next((key.label for key in keys.of_request(session, request.id) if key.state not in UNSHOWN), "")
    text = (
        f"`{label}` was shown already, and a key is shown once only. If it is lost, turn it off with "
        f"`/ai-disable {label}` and ask for a new one."
    )
    return Refused(Because.WRONG_STATE, text)
