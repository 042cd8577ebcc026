"""Keys at a gateway that Purser did not make: written down, told once, and turned off with proof when owners want it.

Whose they are nobody knows here, so workspace owners alone decide about them. `adopting` makes them keys of Purser's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.inventory import (
    Stranger,
    TurnedOff,
    UnknownKey,
    UnknownState,
    named,
    split_id,
    why_not_disabled,
)
from bot.domain.keys import Proof
from bot.domain.people import BARRIER_TEXT, Barrier
from bot.domain.requests import Because, Refused
from bot.gateways.base import FailureKind, Gateway, GatewayError, KeyRecord
from bot.services.context import Actor, Purser, Subjects, effect, record, take_in
from bot.services.failpoints import Failpoint
from bot.services.telling import Telling, tell_people
from bot.services.worker import decided_already, perform_now
from storage import ledger, unknown_keys
from storage.engine import Session
from storage.outbox import Claimed

TURN_OFF = "gateway.unknown_off"
MOST_ASKED = 200
"""So many keys that a list does not show any more are asked for in one look; the others the next time."""
ONLY_OWNERS = "Only workspace owners (`PURSER_OWNERS`) decide about keys that Purser did not make."


def note(purser: Purser, gateway: Gateway, found: Iterable[KeyRecord], now: datetime) -> None:
    """Write down all keys of a gateway that the books do not know, as its list told them at that moment.

    The workspace's owners are told once of each, and again of one that was turned off here and works again. A list may
    be short: what is missing in it is gone only once the gateway, asked for it by name, does not know it.
    """
    with purser.books.reading() as session:
        off = unknown_keys.turned_off(session, gateway.name)
        unanswered = unknown_keys.unanswered(session, gateway.name)
    # What was turned off meanwhile still works by an older list.
    there = [_fresh(gateway, seen) if seen.enabled and seen.handle in off else seen for seen in found]
    missing = sorted(unanswered - {seen.handle for seen in there})
    there += [seen for handle in missing[:MOST_ASKED] if (seen := gateway.find(handle)) and not seen.deleted]
    strangers = (stranger(purser, seen) for seen in there)
    with purser.deciding() as session:
        noted = unknown_keys.see(session, gateway.name, strangers, now, missing[MOST_ASKED:])
        new = [named(one) for one in noted.new if _is_first(session, gateway, one, now)]
        _tell(session, purser, Telling(Occasion.UNKNOWN_KEYS, note=gateway.name, others=tuple(sorted(new))), now)
        for one in noted.back:
            once = f"{gateway.name}:{one.handle}:{now.isoformat()}"
            action = "gateway.unknown_key_back"
            record(session, now, actor="purser", action=action, about=Subjects(), once=once, reason=named(one))
        back = tuple(sorted(map(named, noted.back)))
        _tell(session, purser, Telling(Occasion.UNKNOWN_BACK, note=gateway.name, others=back), now)


def stranger(purser: Purser, seen: KeyRecord) -> Stranger:
    """What a gateway's record says, as the books keep it."""
    mark = seen.tags.get("installation", "")
    return Stranger(
        handle=seen.handle,
        alias=seen.alias or "",
        is_on=seen.enabled,
        cap_micros=seen.cap_micros,
        cap_period=str(seen.cap_period),
        daily_cap_micros=seen.daily_cap_micros,
        spent_micros=seen.spent_micros,
        expires_at=seen.expires_at,
        models=seen.models,
        installation="" if mark == purser.installation else mark,
    )


def barrier(purser: Purser, actor: Actor) -> Refused | None:
    """Why this person decides nothing about unknown keys, or None: workspace owners, who are no guests."""
    found = purser.authority.barrier_to_found_team(actor.member)
    if found is None:
        return None
    return Refused(Because.NOT_ALLOWED, ONLY_OWNERS if found is Barrier.NOT_OWNER else BARRIER_TEXT[found])


def known(session: Session, unknown_id: str) -> UnknownKey | Refused:
    """The key that a button names."""
    found = unknown_keys.get(session, *split_id(unknown_id))
    text = "Purser does not know this key. `/ai-team inventory` shows those there are."
    return found or Refused(Because.NOT_FOUND, text)


def turn_off(purser: Purser, actor: Actor, unknown_id: str) -> TurnedOff | Refused:
    """Turn off a key that Purser did not make, now, and with proof. Workspace owners only.

    Decided and written down first; should the gateway not answer, Purser keeps trying and tells who decided it.
    """
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        found = known(session, unknown_id)
        if (refused := barrier(purser, actor)) is not None:
            return refused
        if isinstance(found, Refused):
            return found
        if (why_not := why_not_disabled(found)) is not None:
            return Refused(Because.WRONG_STATE, why_not)
        if found.gateway not in purser.gateways:
            text = (
                f"Purser is not set up for {found.gateway} any more. Turn `{found.name}` off at {found.gateway} itself."
            )
            return Refused(Because.GATEWAY_CANNOT, text)
        decided = unknown_keys.turn_off(session, found, actor.id, now)
        assert decided, unknown_id
        once = f"{found.id}:{actor.delivery}"
        record(session, now, actor=actor.id, action="unknown.disabled", about=Subjects(), once=once, reason=found.name)
        payload = {"gateway": found.gateway, "handle": found.seen.handle, "by": actor.id}
        stream = _stream(found.gateway, found.seen.handle)
        outbox_id = effect(session, now, stream=stream, name=TURN_OFF, payload=payload, once=once)
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    with decided_already():
        perform_now(purser, outbox_id, stream)
        with purser.books.reading() as session:
            after = unknown_keys.get(session, found.gateway, found.seen.handle)
    assert after is not None
    is_off = after.state in (UnknownState.DISABLED, UnknownState.GONE)
    return TurnedOff(after, Proof.RECORDED if is_off else None)


def off_at_gateway(purser: Purser, row: Claimed) -> None:
    """Perform it, and believe only what the gateway's record says afterwards. Idempotent. Raises `GatewayError`."""
    gateway, handle = purser.gateways[row.payload["gateway"]], row.payload["handle"]
    with purser.books.reading() as session:
        unknown = unknown_keys.get(session, gateway.name, handle)
    if unknown is None or not unknown.is_going_off:
        return
    gateway.disable(handle)
    purser.failpoint(Failpoint.AFTER_GATEWAY_DISABLED)
    seen = gateway.find(handle)
    if seen is not None and seen.enabled:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name} accepted the order, but its record still says on")
    now = purser.now()
    with purser.deciding() as session:
        state = UnknownState.GONE if seen is None or seen.deleted else UnknownState.DISABLED
        if not unknown_keys.is_off(session, gateway.name, handle, state):
            return
        once, about = str(row.id), Subjects()
        record(session, now, actor="purser", action="unknown.proven_off", about=about, once=once, reason=unknown.name)
        if row.attempts > 1:  # whoever decided it no longer waits for the answer
            telling = Telling(Occasion.UNKNOWN_OFF, row.payload["by"], note=gateway.name, others=(unknown.name,))
            tell_people(session, now, telling, (row.payload["by"],), once=once)


def tell_failing(purser: Purser, row: Claimed, error: str) -> None:
    """Call the workspace's owners, once: a key that was to go off may still work."""
    gateway, handle = row.payload["gateway"], row.payload["handle"]
    with purser.deciding() as session:
        unknown = unknown_keys.get(session, gateway, handle)
        if unknown is not None and unknown.is_going_off:
            others = (unknown.name, gateway)
            telling = Telling(Occasion.UNKNOWN_UNPROVEN, row.payload["by"], note=error, others=others)
            owners = sorted(purser.authority.workspace_owner_ids)
            tell_people(session, purser.now(), telling, owners, once=str(row.id))


def _fresh(gateway: Gateway, seen: KeyRecord) -> KeyRecord:
    """What the gateway says of the key now."""
    return gateway.find(seen.handle) or replace(seen, enabled=False)


def _is_first(session: Session, gateway: Gateway, one: Stranger, now: datetime) -> bool:
    """Write down that there is such a key; False when that was written down before, as by an earlier version."""
    once, action = f"{gateway.name}:{one.handle}", "gateway.unknown_key"
    if ledger.entries(session, idempotency_key=f"{action}:{once}"):
        return False
    record(session, now, actor="purser", action=action, about=Subjects(), once=once, reason=named(one))
    return True


def _tell(session: Session, purser: Purser, telling: Telling, now: datetime) -> None:
    if telling.others:
        owners = sorted(purser.authority.workspace_owner_ids)
        tell_people(session, now, telling, owners, once=f"{telling.note}:{now.isoformat()}")


def _stream(gateway: str, handle: str) -> str:
    """Everything done to one such key at its gateway is done in order."""
    return f"unknown:{gateway}:{handle}"
