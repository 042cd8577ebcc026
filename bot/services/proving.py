"""Off is proven: a decided disable is performed, the gateway's own record is read again, a pasted secret is tried.

A key becomes `disabled` here and nowhere else, and only once the gateway's record says so. What a person pasted
is in this module's hands for as long as it is tried, and written nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.facts import Occasion, Off
from bot.domain.keys import Key, KeyState, OffCause, Proof
from bot.gateways.base import CapPeriod, FailureKind, Gateway, GatewayError, KeyRecord, Probe
from bot.services import live
from bot.services.context import Purser, Subjects, effect, record
from bot.services.facts import key_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.incidents import touched
from bot.services.telling import (
    Telling,
    key_stream,
    refresh_card,
    refresh_stop,
    tell_channel,
    tell_people,
    tell_thread,
)
from bot.services.worker import perform_now
from storage import keys, ledger
from storage.engine import Session

DISABLE = "gateway.disable"
DELETE = "gateway.delete"

OFF_OCCASION = {
    OffCause.DISABLED: Occasion.KEY_DISABLED,
    OffCause.RETURNED: Occasion.KEY_RETURNED,
    OffCause.EXPIRED: Occasion.KEY_EXPIRED,
    OffCause.DRIFT: Occasion.KEY_GONE,
    OffCause.ROTATED: Occasion.KEY_ROTATED,
    OffCause.LEFT: Occasion.KEY_DISABLED,
    OffCause.UNUSED: Occasion.KEY_DISABLED,
    OffCause.UNCONFIRMED: Occasion.KEY_DISABLED,
}
PROBE_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses between calls with a pasted secret that still works, while the gateway's caches catch up."""
TELL_AFTER_SECONDS = 0.5
"""How long the reporter waits without an answer while a secret is tried."""
PROOF_PAUSES_SECONDS = (0.5,) * 40
"""How long a pasted secret is kept for the gateway to come back and the key to be proven off: 20 seconds."""


def about(key: Key, *, amount_micros: int | None = None) -> Subjects:
    """What a ledger row about this key is about."""
    return Subjects(key.team_id, key.project_id, key.holder_id, key.id, key.request_id, amount_micros)


def note_spend(session: Session, key: Key, seen: KeyRecord, now: datetime) -> None:
    """Write down what the gateway's record says was spent."""
    live.note(session, [(key.id, key.cap_period == CapPeriod.MONTH, seen)], now)


def disable_at_gateway(purser: Purser, key_id: str, *, first_try: bool, together: bool = False) -> None:
    """Perform a decided disable and believe only what the gateway's record says afterwards. Idempotent.

    Unless this is the first try, whoever decided it no longer waits for the answer and is told as well. Of keys that
    are turned off `together`, people are told elsewhere. Raises `GatewayError`, also when the gateway said yes and its
    record says otherwise.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.DISABLING or key.handle is None:
        return
    gateway = purser.gateways[key.gateway]
    try:
        seen = _turned_off(purser, gateway, key.handle)
    except GatewayError as failed:
        if key.off_cause is OffCause.DISABLED:  # somebody wants it off now: its owners are called at once
            tell_unproven(purser, key_id, failed.message, together=together)
        raise
    _prove(purser, key, seen, tell_decider=not first_try, together=together)


def _turned_off(purser: Purser, gateway: Gateway, handle: str) -> KeyRecord | None:
    """Disable, and what the gateway's record says then. Raises `GatewayError` unless that is off or gone."""
    gateway.disable(handle)
    purser.failpoint(Failpoint.AFTER_GATEWAY_DISABLED)
    seen = gateway.find(handle)
    if seen is not None and seen.enabled:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name} accepted the order, but its record still says on")
    return seen


def delete_at_gateway(purser: Purser, key_id: str) -> None:
    """Delete whatever the gateway holds for a discarded key: by its handle, and what was minted under its alias.

    Idempotent. Raises `GatewayError`.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.DISCARDING:
        return
    gateway = purser.gateways[key.gateway]
    # An alias alone is no proof: another installation may share the gateway and have drawn the same label.
    handles = {seen.handle for seen in gateway.find_alias(key.alias) if seen.tags.get("key") == key.id}
    if key.handle is not None:
        handles.add(key.handle)
    for handle in sorted(handles):
        gateway.delete(handle)
    now = purser.now()
    with purser.deciding() as session:
        if keys.move(session, key.id, KeyState.DISCARDING, KeyState.DISCARDED, keys.Change(proven_at=now)):
            why = f"{len(handles)} found at {gateway.name}"
            record(session, now, actor="purser", action="key.deleted", about=about(key), once=key.id, reason=why)


def disable_again(session: Session, purser: Purser, key: Key) -> int | None:
    """A key that the books say is off works at the gateway: decide to turn it off again, and call the owners.

    By whom and why it was turned off stays as it was. Returns the outbox id that will do it, or None when the
    key is not off any more.
    """
    now = purser.now()
    if not keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLING):
        return None
    once = f"{key.id}:{ledger.head(session).seq}"
    seq = record(session, now, actor="purser", action="key.found_on", about=about(key), once=once)
    touched(session, now, key.id)
    refresh_card(session, now, key.request_id, seq)
    telling = Telling(Occasion.FOUND_ON, None, key.request_id, key.id)
    tell_thread(session, now, telling, once=once)
    tell_people(session, now, telling, owners_of(session, purser, key), once=once)
    return effect(session, now, stream=key_stream(key.id), name=DISABLE, payload={"key_id": key.id}, once=once)


def confirm_off(purser: Purser, key_id: str) -> None:
    """Look whether a key that counts as off really is, and turn it off again if not.

    While the gateway does not answer, what it last said stands.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.DISABLED or key.handle is None:
        return
    try:
        seen = purser.gateways[key.gateway].find(key.handle)
    except GatewayError:
        return
    if seen is None or not seen.enabled:
        return
    with purser.deciding() as session:
        outbox_id = disable_again(session, purser, key)
    if outbox_id is not None:
        perform_now(purser, outbox_id, key_stream(key.id))


def tell_unproven(purser: Purser, key_id: str, error: str, *, together: bool = False) -> None:
    """Tell everybody, once per disable, that a key could not be confirmed off and that Purser keeps trying.

    On its card, in its thread and in its team's channel; owners directly. Of keys turned off `together`, all but what
    is on the card and in the thread is told elsewhere.
    """
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if key is None or key.state is not KeyState.DISABLING:
            return
        once = _off_once(key)
        if _was_unproven(session, once):
            return
        record(session, now, actor="purser", action=_UNPROVEN, about=about(key), once=once, reason=error[:300])
        touched(session, now, key.id)
        refresh_card(session, now, key.request_id, f"unproven:{once}")
        telling = Telling(Occasion.OFF_UNPROVEN, None, key.request_id, key.id, note=error)
        tell_thread(session, now, telling, once=once)
        if not together:
            tell_channel(session, now, telling, team_or_raise(session, key.team_id).channel_id, once=once)
            tell_people(session, now, telling, owners_of(session, purser, key), once=once)


def outcome(purser: Purser, key_id: str, *, already: bool, probe_accepted: bool = False) -> Off:
    """What is true of a key that was turned off, at this moment."""
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
        assert key is not None
        facts = key_facts(session, key, purser.now())
    gone = key.state is KeyState.DISCARDED
    return Off(
        key=facts,
        proof=Proof.RECORDED if gone else key.proof,
        already=already,
        probe_accepted=probe_accepted,
        disable_lag_seconds=purser.gateways[key.gateway].capabilities.disable_lag_seconds,
    )


@dataclass(frozen=True, slots=True)
class Pasted:
    """A secret that was found, and the key it is of. Lives as long as it is tried."""

    once: str
    """Names the finding."""
    key_id: str
    already: bool


def try_secret(purser: Purser, pasted: Pasted, secret: str) -> Iterator[Off]:
    """Call with the secret until it is refused, or the gateway's caches must have caught up.

    Yields what is true whenever there is more to tell: first "not confirmed yet" when the key is not even
    recorded as off.
    """
    off = outcome(purser, pasted.key_id, already=pasted.already)
    if off.proof is None:
        yield off
        off = _await_proof(purser, pasted)
        if off.proof is None:
            return
    key, gateway = off.key.key, purser.gateways[off.key.key.gateway]
    waited, told, met = 0.0, False, Probe.UNREACHABLE
    for pause in (*PROBE_PAUSES_SECONDS, None):
        met = _met(gateway, secret)
        if met is Probe.REFUSED:
            _record_probe(purser, pasted)
            yield outcome(purser, key.id, already=pasted.already)
            return
        if not told and waited >= TELL_AFTER_SECONDS:
            told = True
            yield outcome(purser, key.id, already=pasted.already, probe_accepted=met is Probe.ACCEPTED)
        if pause is None or waited > gateway.capabilities.disable_lag_seconds:
            break
        purser.clock.sleep(pause)
        waited += pause
    if met is Probe.ACCEPTED:
        _tell_accepted(purser, key, gateway)
    yield outcome(purser, key.id, already=pasted.already, probe_accepted=met is Probe.ACCEPTED)


def owners_of(session: Session, purser: Purser, key: Key) -> tuple[str, ...]:
    """Who answers for a team's keys: its owners, or the workspace's when it has none."""
    team = team_or_raise(session, key.team_id)
    return team.owner_ids or tuple(sorted(purser.authority.workspace_owner_ids))


def _met(gateway: Gateway, secret: str) -> Probe:
    """What a call with the secret meets. A gateway that cannot be asked proves nothing, and fails nothing."""
    try:
        return gateway.probe(secret)
    except GatewayError:
        return Probe.UNREACHABLE


def _await_proof(purser: Purser, pasted: Pasted) -> Off:
    off = outcome(purser, pasted.key_id, already=pasted.already)
    for pause in PROOF_PAUSES_SECONDS:
        if off.proof is not None:
            break
        purser.clock.sleep(pause)
        off = outcome(purser, pasted.key_id, already=pasted.already)
    return off


def _tell_accepted(purser: Purser, key: Key, gateway: Gateway) -> None:
    """Call the owners: the gateway's record says off, and yet the secret works."""
    now = purser.now()
    with purser.deciding() as session:
        note = f"{gateway.name} records it as off, yet a call with the pasted key still works"
        telling = Telling(Occasion.OFF_UNPROVEN, None, key.request_id, key.id, note=note)
        once = f"{_off_once(key)}:accepted"
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, owners_of(session, purser, key), once=once)


def _record_probe(purser: Purser, pasted: Pasted) -> None:
    """Write down that a call was refused. What was proven already stands, and so does when that was."""
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, pasted.key_id)
        if key is None or key.state is not KeyState.DISABLED:
            return
        found = {Proof.QUIET: Proof.PROBED_QUIET, Proof.RECORDED: Proof.PROBED}.get(key.proof or Proof.RECORDED)
        if found is None:
            return
        change = keys.Change(proof=found, proven_at=now)
        keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, change)
        once = f"{key.id}:{pasted.once}"
        seq = record(session, now, actor="purser", action="key.probed_off", about=about(key), once=once)
        touched(session, now, key.id)
        refresh_card(session, now, key.request_id, seq)


def _prove(purser: Purser, key: Key, seen: KeyRecord | None, *, tell_decider: bool, together: bool) -> None:
    """The gateway's record says off: write the proof and the last spend down, and tell who should know."""
    now = purser.now()
    with purser.deciding() as session:
        change = keys.Change(proof=Proof.RECORDED, proven_at=now)
        if not keys.move(session, key.id, KeyState.DISABLING, KeyState.DISABLED, change):
            return
        key = keys.get(session, key.id) or key  # why it is off may have changed while the gateway was asked
        if seen is not None:
            note_spend(session, key, seen, now)
        rows = about(key, amount_micros=None if seen is None else live.own_micros(session, key.id, seen.spent_micros))
        proven_once = f"{_off_once(key)}:{now.isoformat()}"
        seq = record(session, now, actor="purser", action="key.proven_off", about=rows, once=proven_once)
        touched(session, now, key.id)
        refresh_card(session, now, key.request_id, seq)
        cause = key.off_cause or OffCause.DISABLED
        if cause is OffCause.BUDGET:  # the limit's own message says it, and one to each holder
            refresh_stop(session, now, key.stop)
            return
        telling = Telling(OFF_OCCASION[cause], key.off_by, key.request_id, key.id, note=key.off_reason or "")
        once = _off_once(key)
        tell_thread(session, now, telling, once=once)
        if not together:
            if was_unproven := _was_unproven(session, once):  # the channel has read that it was not off
                tell_channel(session, now, telling, team_or_raise(session, key.team_id).channel_id, once=once)
            told = _concerned(session, purser, key, tell_decider=tell_decider, was_unproven=was_unproven)
            tell_people(session, now, telling, sorted(told), once=once)


def _concerned(session: Session, purser: Purser, key: Key, *, tell_decider: bool, was_unproven: bool) -> set[str]:
    """Who is told directly that a key is off. Of a leaver's keys, the channel's message about that tells owners."""
    told = {key.holder_id}
    if key.off_cause is OffCause.LEFT:
        owners = owners_of(session, purser, key) if was_unproven else ()
        return {*told, *owners, *(() if key.lead_id is None else (key.lead_id,))}
    if key.off_cause in (OffCause.DISABLED, OffCause.DRIFT, None):
        told |= set(owners_of(session, purser, key))
    if key.off_cause is OffCause.DISABLED and key.off_by == "purser" and key.lead_id is not None:
        told.add(key.lead_id)
    if key.off_by is None or key.off_by == "purser":
        return told
    return told | {key.off_by} if tell_decider else told - ({key.off_by} - {key.holder_id})


_UNPROVEN = "key.off_unproven"


def _was_unproven(session: Session, once: str) -> bool:
    """Whether everybody was told that this disable is not confirmed."""
    return bool(ledger.entries(session, idempotency_key=f"{_UNPROVEN}:{once}"))


def _off_once(key: Key) -> str:
    return f"{key.id}:{'' if key.off_at is None else key.off_at.isoformat()}"
