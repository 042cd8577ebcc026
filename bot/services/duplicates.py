"""What somebody holds or has asked for already: whether it stands in the way of asking for the same again."""

from __future__ import annotations

from bot.domain.budgets import Layer, Stop
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.requests import Because, Purpose, Refused, Request, RequestState, Target
from bot.services import holding
from bot.services.context import Actor, Purser
from bot.services.limits import limit, name_of, typed
from bot.services.resolving import Meant
from storage import keys, requests
from storage.engine import Session


def in_the_way(session: Session, purser: Purser, actor: Actor, meant: Meant, gateway: str) -> Refused | None:
    """What the asker holds or has asked for already that leaves no room for this at all."""
    if (same := same_waiting(session, actor, meant)) is not None:
        return already_waiting(same)
    if meant.ask.kind is KeyKind.MEMBER and (rotation := _member_rotation(session, actor, gateway)) is not None:
        return already_waiting(rotation)
    held = held_already(session, actor, meant, gateway)
    if held is None or meant.ask.kind is not KeyKind.MEMBER:
        return None
    return _one_each(session, purser, held)


def held_already(session: Session, actor: Actor, meant: Meant, gateway: str) -> Key | None:
    """The newest key that the asker holds and that this ask would be a second of.

    A member key at the same gateway, whichever team pays, also one that a limit stopped and that comes back; a
    temporary key of the same team; a project or automation key of the same team and name.
    """
    kind = meant.ask.kind
    if kind is KeyKind.MEMBER:
        same = holding.member_keys(session, actor.id, gateway)
    else:
        live = keys.of_holder(session, actor.id, (KeyState.LIVE,))
        same = [key for key in live if key.kind is kind and key.retires_at is None and _is_second(session, meant, key)]
    return same[-1] if same else None


def _is_second(session: Session, meant: Meant, key: Key) -> bool:
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


def _member_rotation(session: Session, actor: Actor, gateway: str) -> Request | None:
    """A new member key that waits to be revealed in the place of one that is off by now."""
    agreed = requests.of_requester(session, actor.id, RequestState.APPROVED)
    mine = (one for one in agreed if (one.kind, one.gateway) == (KeyKind.MEMBER, gateway))
    return next((one for one in mine if one.purpose is Purpose.ROTATE), None)


def _one_each(session: Session, purser: Purser, held: Key) -> Refused:
    text = f"You hold `{held.label}` already, and member keys are one per person."
    if held.off_cause is OffCause.BUDGET and held.stop is not None:
        return Refused(Because.WRONG_STATE, f"{text} {_until_when(session, purser, held, held.stop)}")
    return Refused(Because.WRONG_STATE, f"{text} `/ai-key list` shows it.")


def _until_when(session: Session, purser: Purser, held: Key, stop: Stop) -> str:
    """Why a key that one holds is stopped, and what brings it back."""
    target = Target(stop.layer, stop.subject_id)
    found = limit(session, purser, target, name_of(session, target))
    if held.state is KeyState.RESTORING or found is None:
        return "It comes back within minutes."
    amount = "$5/day" if found.layer is Layer.AUTOMATION else "$50"
    itself = "" if found.resets_at is None else f"by itself on {found.resets_at:%-d %B}, or "
    command = f"`/ai-budget raise {amount} {typed(found)} REASON`"
    return f"It is stopped, because {held.off_reason}. It comes back {itself}with a raise: {command}."


def already_waiting(request: Request) -> Refused:
    """Why asking for the same again changes nothing."""
    if request.state is RequestState.APPROVED and request.purpose in (Purpose.ISSUE, Purpose.ROTATE):
        text = "You have been granted this already: press *Reveal key* in Purser's direct message."
        return Refused(Because.WRONG_STATE, text)
    return Refused(Because.WRONG_STATE, "You have asked for this already, and owners have been told. Nothing to do.")
