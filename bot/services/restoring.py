"""Turning a disabled key on again: an owner's decision, done at the gateway and read back."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.budgets import may_still_spend
from bot.domain.deciding import within_headroom
from bot.domain.facts import KeyFacts, Occasion
from bot.domain.keys import SPENDING, Key, KeyKind, KeyState, can_restore
from bot.domain.people import Team
from bot.domain.requests import Because, Refused
from bot.gateways.base import FailureKind, GatewayError
from bot.services import capping
from bot.services.context import Actor, Purser, effect, record, take_in
from bot.services.facts import key_facts, team_or_raise
from bot.services.limits import charged_for
from bot.services.people import refused_by
from bot.services.proving import about
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from bot.services.turning_off import start
from bot.services.worker import decided_already, perform_now
from storage import keys, people
from storage.engine import Session

ENABLE = "gateway.enable"


def restore(purser: Purser, actor: Actor, key_id: str) -> KeyFacts | Refused:
    """Let a disabled key work again. Owners only; its cap must still fit every budget it is charged to."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        key = keys.get(session, key_id)
        if key is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this key.")
        if refused := _refused(session, purser, actor, key):
            return refused
        keys.move(session, key.id, KeyState.DISABLED, KeyState.RESTORING)
        once = f"{key.id}:{actor.delivery}"
        seq = record(session, now, actor=actor.id, action="key.restored", about=about(key), once=once)
        refresh_card(session, now, key.request_id, seq)
        stream = key_stream(key.id)
        payload = {"key_id": key.id, "by": actor.id}
        outbox_id = effect(session, now, stream=stream, name=ENABLE, payload=payload, once=once)
    with decided_already():
        perform_now(purser, outbox_id, stream)
        with purser.books.reading() as session:
            after = keys.get(session, key_id)
            assert after is not None
            return key_facts(session, after, now)


def enable_at_gateway(purser: Purser, key_id: str, by: str, once: str) -> None:
    """Perform a decided restore and believe only what the gateway's record says. Idempotent.

    Raises `GatewayError`.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.RESTORING or key.handle is None:
        return
    gateway = purser.gateways[key.gateway]
    capping.hold(gateway, key)  # before it can spend: what was agreed may have ended while it was off
    gateway.enable(key.handle)
    seen = gateway.find(key.handle)
    if seen is None or not seen.enabled:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name}'s record does not say on again")
    now = purser.now()
    with purser.deciding() as session:
        if not keys.move(session, key.id, KeyState.RESTORING, KeyState.LIVE):
            return
        seq = record(session, now, actor="purser", action="key.proven_on", about=about(key), once=once)
        refresh_card(session, now, key.request_id, seq)
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
    if start(session, now, key, key.off_by or "purser", key.off_cause, key.off_reason or "") is not None:
        about_key = replace(telling, request_id=key.request_id, key_id=key.id)
        tell_people(session, now, about_key, (telling.actor_id,), once=once)


def _refused(session: Session, purser: Purser, actor: Actor, key: Key) -> Refused | None:
    team = team_or_raise(session, key.team_id)
    if barrier := purser.authority.barrier_to_own(actor.member, team):
        return refused_by(barrier)
    now = purser.now()
    if why_not := can_restore(key, now):
        return Refused(Because.WRONG_STATE, why_not)
    if actor.id == key.holder_id:
        return Refused(Because.NOT_ALLOWED, "Nobody restores their own key. Another owner has to.")
    if refused := _holder_refused(session, purser, team, key):
        return refused
    budgets = charged_for(session, purser, key)
    spent = key_facts(session, key, now).spent_micros or 0
    return within_headroom(may_still_spend(key.cap_micros, spent), budgets)


def _holder_refused(session: Session, purser: Purser, team: Team, key: Key) -> Refused | None:
    """Whether the holder may still have this key: in the team, and no second member key."""
    holder = people.member(session, key.holder_id)
    if holder is None or purser.authority.barrier_to_ask(holder, team) is not None:
        text = f"<@{key.holder_id}> is not in team {team.name} any more, so nobody would hold `{key.label}`."
        return Refused(Because.NOT_ALLOWED, text)
    others = keys.of_holder(session, key.holder_id, SPENDING)
    other = next((one for one in others if one.kind is KeyKind.MEMBER), None)
    if key.kind is KeyKind.MEMBER and other is not None:
        text = f"<@{key.holder_id}> holds `{other.label}` by now, and member keys are one per person."
        return Refused(Because.WRONG_STATE, text)
    return None
