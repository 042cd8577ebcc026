"""Turning a key on again: done at the gateway and read back; and an owner's decision to do so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import guard
from bot.domain.cuts import Window
from bot.domain.deciding import within_headroom
from bot.domain.facts import KeyFacts, Occasion, RequestFacts
from bot.domain.keys import Key, KeyKind, KeyState, OffCause, can_restore
from bot.domain.people import Barrier, Team
from bot.domain.requests import Because, Refused
from bot.gateways.base import FailureKind, Gateway, GatewayError
from bot.services import capping, cuts, holding, rotating, sharing
from bot.services.context import Actor, Purser, Subjects, effect, record, take_in
from bot.services.facts import key_facts, request_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.incidents import touched
from bot.services.limits import charged_for, own_limits, still_reached
from bot.services.proving import about
from bot.services.raised import end_raises
from bot.services.refusing import refused_by
from bot.services.telling import Telling, key_stream, refresh_card, refresh_stop, tell_people, tell_thread
from bot.services.turning_off import end_if_over, start
from bot.services.worker import decided_already, perform_now
from storage import keys, people
from storage.engine import Session

ENABLE = "gateway.enable"


def could(purser: Purser, actor: Actor, key_id: str) -> KeyFacts | Refused:
    """The key, if this person could restore it now: for the form behind the button. Changes nothing."""
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
        if key is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this key.")
        return refused(session, purser, actor, key, None) or key_facts(session, key, purser.now())


def restore(
    purser: Purser, actor: Actor, key_id: str, window: Window | None = None
) -> KeyFacts | RequestFacts | Refused:
    """Let a disabled key work again. Owners only; its cap must still fit every budget it is charged to.

    With a window it has no more than that amount for that long, and then its cap is what it was. A leaked key never
    comes back: its holder gets a new one in its place instead, which is what is returned.
    """
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        key = keys.get(session, key_id)
        if key is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this key.")
        if no := refused(session, purser, actor, key, window):
            return no
        if key.leaked_at is not None:
            return _replace(session, purser, actor, key, window)
        outbox_id = decide(session, purser, actor, key, window)
    with decided_already():
        perform_now(purser, outbox_id, key_stream(key_id))
        with purser.books.reading() as session:
            after = keys.get(session, key_id)
            assert after is not None
            return key_facts(session, after, now)


def decide(session: Session, purser: Purser, actor: Actor, key: Key, window: Window | None = None) -> int:
    """Decide within a transaction that a key which may be restored works again; returns the outbox id that does it."""
    now = purser.now()
    moved = keys.move(session, key.id, KeyState.DISABLED, KeyState.RESTORING)
    assert moved, key.id
    rotating.came_back(session, key, now)
    if window is not None:
        cuts.begin(session, purser, key, window, actor.id)
    once = f"{key.id}:{actor.delivery}"
    rows, reason = _restored_with(key, window, now)
    seq = record(session, now, actor=actor.id, action="key.restored", about=rows, once=once, reason=reason)
    touched(session, now, key.id)
    refresh_card(session, now, key.request_id, seq)
    payload = {"key_id": key.id, "by": actor.id}
    return effect(session, now, stream=key_stream(key.id), name=ENABLE, payload=payload, once=once)


def _restored_with(key: Key, window: Window | None, now: datetime) -> tuple[Subjects, str]:
    """What the ledger says of the budget it comes back with: how much and until when, or nothing for all of its cap."""
    if window is None:
        return about(key), ""
    until = now + timedelta(seconds=window.seconds)
    return about(key, amount_micros=window.micros), f"until {until:%Y-%m-%d %H:%M} UTC"


def enable_at_gateway(purser: Purser, key_id: str, by: str, once: str) -> None:
    """Perform a decided restore and believe only what the gateway's record says. Idempotent.

    Raises `GatewayError`.
    """
    key = turned_on(purser, key_id)
    if key is None:
        return
    now = purser.now()
    with purser.deciding() as session:
        if proven_on(session, key, once, now):
            telling = Telling(Occasion.KEY_RESTORED, by, key.request_id, key.id)
            tell_thread(session, now, telling, once=once)
            tell_people(session, now, telling, (key.holder_id,), once=once)


def give_up(session: Session, purser: Purser, key_id: str, telling: Telling, once: str) -> None:
    """The gateway would not turn the key on: it counts as off again, which is made sure of.

    `telling` is what the person who wanted it restored reads; its actor is that person.
    """
    now = purser.now()
    key = keys.get(session, key_id)
    if key is None or key.off_cause is None:
        return
    by, reason = key.off_by or "purser", key.off_reason or ""
    if start(session, now, key, by, key.off_cause, reason, stop=key.stop) is not None:
        about_key = replace(telling, request_id=key.request_id, key_id=key.id)
        tell_people(session, now, about_key, (telling.actor_id,), once=once)


def turned_on(purser: Purser, key_id: str) -> Key | None:
    """Turn a key on at its gateway, read its record, and return the key; None when that is no longer wanted.

    One whose time ended meanwhile stays off, and so does one that is gone there; its people are told. Raises
    `GatewayError`.
    """
    end_raises(purser)  # one may have ended while nobody looked
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.RESTORING or key.handle is None or _is_over(purser, key):
        return None
    gateway = purser.gateways[key.gateway]
    if not capping.hold(gateway, key):  # before it can spend: what was agreed may have ended while it was off
        _gone(purser, key, gateway)
        return None
    gateway.enable(key.handle)
    purser.failpoint(Failpoint.AFTER_GATEWAY_ENABLED)
    seen = gateway.find(key.handle)
    if seen is None or not seen.enabled:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name}'s record does not say on again")
    return key


def proven_on(session: Session, key: Key, once: str, now: datetime) -> bool:
    """Write down that the gateway's record says on; False when the key was turned off meanwhile."""
    if not keys.move(session, key.id, KeyState.RESTORING, KeyState.LIVE):
        return False
    seq = record(session, now, actor="purser", action="key.proven_on", about=about(key), once=once)
    touched(session, now, key.id)
    refresh_card(session, now, key.request_id, seq)
    refresh_stop(session, now, key.stop)
    return True


def _is_over(purser: Purser, seen: Key) -> bool:
    """Whether a key's time ended while it was to come back, and no more was agreed: then it goes off for good."""
    now = purser.now()
    if seen.expires_at is None or seen.expires_at > now:
        return False
    with purser.deciding() as session:
        if (key := keys.get(session, seen.id)) is not None:
            end_if_over(session, now, key)
        after = keys.get(session, seen.id)
        return after is None or after.state is not KeyState.RESTORING


def _gone(purser: Purser, key: Key, gateway: Gateway) -> None:
    with purser.deciding() as session:
        start(session, purser.now(), key, "purser", OffCause.DRIFT, f"found gone at {gateway.name}")


def _replace(session: Session, purser: Purser, actor: Actor, key: Key, window: Window | None) -> RequestFacts | Refused:
    """A new secret for the holder of a leaked key, with what an owner allows it."""
    request = rotating.replace_leaked(session, purser, actor, key)
    if isinstance(request, Refused):
        return request
    if window is not None:
        cuts.begin(session, purser, key, window, actor.id)
    return request_facts(session, purser, request, purser.now())


def refused(session: Session, purser: Purser, actor: Actor, key: Key, window: Window | None) -> Refused | None:
    """Why this person may not restore this key now, or None. Judged in the deciding transaction."""
    team = team_or_raise(session, key.team_id)
    barrier = purser.authority.barrier_to_own(actor.member, team)
    if barrier is None and not people.is_here(session, actor.id):  # they left in the middle of their click
        barrier = Barrier.DEPARTED
    if barrier is not None:
        return refused_by(barrier)
    now = purser.now()
    if why_not := can_restore(key, now):
        return Refused(Because.WRONG_STATE, why_not)
    if actor.id == key.holder_id:
        return Refused(Because.NOT_ALLOWED, "Nobody restores their own key. Another owner has to.")
    if (heir := sharing.successor(session, key)) is not None:
        return Refused(Because.WRONG_STATE, f"`{heir.label}` has taken the place of `{key.label}`, which stays off.")
    limits = (*charged_for(session, purser, key), *own_limits(session, purser, key))
    if (reached := next((limit for limit in limits if guard.stops(limit)), None)) is not None:
        then = "Then it works again by itself." if key.off_cause is OffCause.BUDGET else "Then restore it."
        return Refused(Because.NO_HEADROOM, still_reached(key, reached, "stays off", then))
    if no := _holder_refused(session, purser, team, key):
        return no
    if key.off_cause is OffCause.BUDGET:
        return None  # what it may still spend has been promised to it all the time
    left = sharing.left(session, key, now)
    wanted = left if window is None else min(left, window.micros)
    return within_headroom(wanted, charged_for(session, purser, key))


def _holder_refused(session: Session, purser: Purser, team: Team, key: Key) -> Refused | None:
    """Whether the holder may still have this key: in the team, with a lead who is here, and no second member key."""
    holder = people.member(session, key.holder_id)
    if holder is None or purser.authority.barrier_to_ask(holder, team) is not None:
        text = f"<@{key.holder_id}> is not in team {team.name} any more, so nobody would hold `{key.label}`."
        return Refused(Because.NOT_ALLOWED, text)
    if key.lead_id is not None and not people.is_here(session, key.lead_id):
        text = (
            f"<@{key.lead_id}>, who answered for `{key.label}`, is not here any more. `/ai-team handover {key.label} "
            "@name` gives it to somebody who does; then restore it."
        )
        return Refused(Because.NOT_ALLOWED, text)
    others = holding.member_keys(session, key.holder_id, key.gateway) if key.kind is KeyKind.MEMBER else []
    if (other := next((one for one in others if one.id != key.id), None)) is not None:
        text = f"<@{key.holder_id}> holds `{other.label}` by now, and member keys are one per person."
        return Refused(Because.WRONG_STATE, text)
    return None
