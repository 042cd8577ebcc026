"""What somebody holds or has asked for already: whether it stands in the way of asking for the same again."""

from __future__ import annotations

from bot.domain.keys import SPENDING, Key, KeyKind, KeyState
from bot.domain.requests import Because, Purpose, Refused, Request, RequestState
from bot.services.context import Actor
from bot.services.resolving import Meant
from storage import keys, requests
from storage.engine import Session


def in_the_way(session: Session, actor: Actor, meant: Meant, gateway: str) -> Refused | None:
    """What the asker holds or has asked for already that leaves no room for this at all."""
    if (same := same_waiting(session, actor, meant)) is not None:
        return already_waiting(same)
    held = held_already(session, actor, meant, gateway)
    return _one_each(held) if held is not None and meant.ask.kind is KeyKind.MEMBER else None


def held_already(session: Session, actor: Actor, meant: Meant, gateway: str) -> Key | None:
    """The newest key that the asker holds and that this ask would be a second of.

    A member key at the same gateway, whichever team pays; a temporary key of the same team; a project or automation
    key of the same team and name.
    """
    kind = meant.ask.kind
    live = keys.of_holder(session, actor.id, SPENDING if kind is KeyKind.MEMBER else (KeyState.LIVE,))
    same = [key for key in live if key.kind is kind and _is_second(session, meant, gateway, key)]
    return same[-1] if same else None


def _is_second(session: Session, meant: Meant, gateway: str, key: Key) -> bool:
    if key.kind is KeyKind.MEMBER:
        return key.gateway == gateway
    if key.team_id != meant.team.id:
        return False
    if key.kind is KeyKind.TEMPORARY:
        return True
    request = requests.get(session, key.request_id)
    return request is not None and request.name == meant.ask.name


def same_waiting(session: Session, actor: Actor, meant: Meant) -> Request | None:
    """A request by the same person for the very same thing that is still on its way."""
    wanted = meant.ask
    on_its_way = requests.of_requester(session, actor.id, RequestState.WAITING, RequestState.APPROVED)
    for request in on_its_way:
        if request.purpose is not wanted.purpose or request.kind is not wanted.kind:
            continue
        if wanted.purpose is Purpose.ISSUE and wanted.kind is KeyKind.MEMBER:
            return request
        if wanted.purpose is Purpose.EXTEND and request.extends_key_id == wanted.extends_key_id:
            return request
        same = (request.team_id, request.name, request.asked, request.reason)
        if same == (meant.team.id, wanted.name, wanted.terms, wanted.reason):
            return request
    return None


def _one_each(held: Key) -> Refused:
    text = f"You hold `{held.label}` already, and member keys are one per person. `/ai-key list` shows it."
    return Refused(Because.WRONG_STATE, text)


def already_waiting(request: Request) -> Refused:
    """Why asking for the same again changes nothing."""
    if request.state is RequestState.APPROVED and request.purpose is Purpose.ISSUE:
        text = "You have been granted this already: press *Reveal key* in Purser's direct message."
        return Refused(Because.WRONG_STATE, text)
    return Refused(Because.WRONG_STATE, "You have asked for this already, and owners have been told. Nothing to do.")
