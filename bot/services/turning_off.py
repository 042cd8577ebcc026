"""Turning keys off, and proving it: the decision, the gateway's own record, and a call with a pasted secret.

A key is `disabled` only once the gateway's record, read again, says so. Until then it is `disabling`, people
read "not confirmed yet", and the outbox keeps trying.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.facts import Occasion, Off
from bot.domain.keys import Key, KeyState, OffCause, Proof, fingerprint
from bot.domain.periods import month_of
from bot.domain.requests import Because, Refused
from bot.gateways.base import FailureKind, Gateway, GatewayError, KeyRecord, Probe
from bot.services.context import Actor, Purser, Subjects, effect, record, take_in
from bot.services.facts import key_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from bot.services.worker import decided_already, perform_now
from storage import keys, outbox
from storage.engine import Session

DISABLE = "gateway.disable"
DELETE = "gateway.delete"

OFF_OCCASION = {
    OffCause.DISABLED: Occasion.KEY_DISABLED,
    OffCause.RETURNED: Occasion.KEY_RETURNED,
    OffCause.EXPIRED: Occasion.KEY_EXPIRED,
    OffCause.DRIFT: Occasion.KEY_GONE,
}
PROBE_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses between calls with a pasted secret that still works, while the gateway's caches catch up."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which key: by label, by id (a button), or by the secret itself, which is kept in memory only."""

    label: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)


def disable(purser: Purser, actor: Actor, target: Target, reason: str) -> Iterator[Off | Refused]:
    """Turn a key off now. Anybody of the workspace may.

    Yields what is true first (recorded, or not confirmed yet), and again whenever a pasted secret shows more:
    refused at once, refused after the gateway's caches caught up, or still accepted at the end.
    """
    if target.secret is not None and (own := _own_credential(purser, target.secret)) is not None:
        yield _call_owners_about(purser, actor, own)
        return
    found = _decide(purser, actor, target, reason, OffCause.DISABLED)
    if isinstance(found, Refused):
        yield found
        return
    off = _perform(purser, found)
    if target.secret is None:
        yield off
        return
    yield from _probe(purser, actor, off, target.secret)


def give_back(purser: Purser, actor: Actor, target: Target) -> Off | Refused:
    """Turn off a key one holds and needs no more."""
    found = _decide(purser, actor, target, "", OffCause.RETURNED)
    return found if isinstance(found, Refused) else _perform(purser, found)


def start(session: Session, now: datetime, key: Key, by: str, cause: OffCause, reason: str) -> int | None:
    """Decide within a transaction that a key goes off; returns the outbox id that will do it.

    None when the key is not in a state to be turned off: somebody was faster.
    """
    change = keys.Change(off_at=now, off_by=by, off_cause=cause, off_reason=reason)
    was = key.state
    if was not in (KeyState.LIVE, KeyState.RESTORING):
        return None
    if not keys.move(session, key.id, was, KeyState.DISABLING, change):
        return None
    # Nothing that still waits for this key (an extension, a restore) may hold up turning it off.
    outbox.void(session, now=now, stream=key_stream(key.id))
    once = f"{key.id}:{now.isoformat()}"
    seq = record(session, now, actor=by, action=f"key.{cause}", about=about(key), once=once, reason=reason)
    refresh_card(session, now, key.request_id, seq)
    return effect(session, now, stream=key_stream(key.id), name=DISABLE, payload={"key_id": key.id}, once=once)


def discard(session: Session, now: datetime, key: Key, by: str, reason: str) -> int | None:
    """Decide within a transaction that a key nobody was shown is deleted; returns the outbox id, or None."""
    if not keys.move(session, key.id, key.state, KeyState.DISCARDING):
        return None
    record(session, now, actor=by, action="key.withdrawn", about=about(key), once=key.id, reason=reason)
    return effect(session, now, stream=key_stream(key.id), name=DELETE, payload={"key_id": key.id}, once=key.id)


def disable_at_gateway(purser: Purser, key_id: str) -> None:
    """Perform a decided disable and believe only what the gateway's record says afterwards. Idempotent.

    Raises `GatewayError`, also when the gateway said yes and its record says otherwise.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.DISABLING or key.handle is None:
        return
    gateway = purser.gateways[key.gateway]
    gateway.disable(key.handle)
    purser.failpoint(Failpoint.AFTER_GATEWAY_DISABLED)
    seen = gateway.find(key.handle)
    if seen is not None and seen.enabled:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name} accepted the order, but its record still says on")
    _prove(purser, key, seen)


def delete_at_gateway(purser: Purser, key_id: str) -> None:
    """Delete whatever the gateway holds for a discarded key: by its handle, and what was minted under its alias.

    Idempotent. Raises `GatewayError`.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.DISCARDING:
        return
    gateway = purser.gateways[key.gateway]
    # An alias alone is no proof: another installation may share the gateway, and the luck of the draw.
    handles = {seen.handle for seen in gateway.find_alias(key.alias) if seen.tags.get("key") == key.id}
    if key.handle is not None:
        handles.add(key.handle)
    for handle in sorted(handles):
        gateway.delete(handle)
    now = purser.now()
    with purser.deciding() as session:
        if keys.move(session, key.id, KeyState.DISCARDING, KeyState.DISCARDED, keys.Change(proven_at=now)):
            reason = f"{len(handles)} found at {gateway.name}"
            record(
                session,
                now,
                actor="purser",
                action="key.deleted",
                about=about(key),
                once=key.id,
                reason=reason,
            )


def tell_unproven(purser: Purser, key_id: str, error: str) -> None:
    """Tell owners, once per disable, that a key could not be confirmed off and that Purser keeps trying."""
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if key is None or key.state is not KeyState.DISABLING:
            return
        once = _off_once(key)
        telling = Telling(Occasion.OFF_UNPROVEN, None, key.request_id, key.id, note=error)
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, _owners(session, purser, key), once=once)


def about(key: Key, *, amount_micros: int | None = None) -> Subjects:
    """What a ledger row about this key is about."""
    return Subjects(key.team_id, key.project_id, key.holder_id, key.id, key.request_id, amount_micros)


@dataclass(frozen=True, slots=True)
class _Found:
    """A key that is off, or on its way there, and the outbox row that does it."""

    key_id: str
    outbox_id: int | None
    already: bool


def _decide(purser: Purser, actor: Actor, target: Target, reason: str, cause: OffCause) -> _Found | Refused:
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        key = _find(session, purser, target)
        if isinstance(key, Refused):
            return key
        if cause is OffCause.RETURNED and key.holder_id != actor.id:
            text = f"`{key.label}` is not yours to give back. If it leaked: `/ai-disable {key.label}`."
            return Refused(Because.NOT_ALLOWED, text)
        if key.state in (KeyState.MINTING, KeyState.MINTED):
            outbox_id = discard(session, now, key, actor.id, reason)
            return _Found(key.id, outbox_id, already=False)
        outbox_id = start(session, now, key, actor.id, cause, reason)
        found = _Found(key.id, outbox_id, already=outbox_id is None)
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    return found


def _find(session: Session, purser: Purser, target: Target) -> Key | Refused:
    if target.key_id is not None:
        return keys.get(session, target.key_id) or Refused(Because.NOT_FOUND, "Purser does not know this key.")
    if target.label is not None:
        key = keys.labelled(session, target.label)
        text = f"No key is called `{target.label}`. `/ai-key list` shows your own; a pasted key works as well."
        return key or Refused(Because.NOT_FOUND, text)
    secret = target.secret or ""
    key = keys.fingerprinted(session, fingerprint(secret, purser.pepper))
    if key is None:
        for gateway in purser.gateways.values():
            handle = gateway.handle_of(secret)
            key = key or (keys.with_handle(session, gateway.name, handle) if handle else None)
    text = (
        "Purser did not hand out this key, so it cannot turn it off. If it is real, turn it off where it was made. "
        "What you pasted was not stored."
    )
    return key or Refused(Because.NOT_FOUND, text)


def _own_credential(purser: Purser, secret: str) -> Gateway | None:
    """The gateway that Purser itself uses this secret for, if it is no member's key at all."""
    return next((one for one in purser.gateways.values() if one.is_own_credential(secret)), None)


def _call_owners_about(purser: Purser, actor: Actor, gateway: Gateway) -> Refused:
    """Somebody found the credential Purser manages a gateway with. Only people can change that one."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        record(session, now, actor=actor.id, action="credential.found", about=Subjects(), once=actor.delivery)
        telling = Telling(Occasion.CREDENTIAL_FOUND, actor.id, note=gateway.name)
        owners = sorted(purser.authority.workspace_owner_ids)
        tell_people(session, now, telling, owners, once=actor.delivery)
    text = (
        f"This is not a member's key but the one Purser manages {gateway.name} with. Purser cannot turn it off: it "
        f"has to be changed at {gateway.name} and in Purser's settings. The owners are being told now; tell them too."
    )
    return Refused(Because.NOT_ALLOWED, text)


def _perform(purser: Purser, found: _Found) -> Off:
    if found.outbox_id is not None:
        perform_now(purser, found.outbox_id, key_stream(found.key_id))
    with decided_already():
        return _off(purser, found.key_id, already=found.already)


def _off(purser: Purser, key_id: str, *, already: bool, probe_accepted: bool = False) -> Off:
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


def _probe(purser: Purser, actor: Actor, off: Off, secret: str) -> Iterator[Off]:
    """Call with the secret until it is refused or the gateway's caches must have caught up."""
    key = off.key.key
    gateway = purser.gateways[key.gateway]
    if off.proof is None:
        yield off
        return
    waited, told = 0.0, False
    for pause in (*PROBE_PAUSES_SECONDS, None):
        met = gateway.probe(secret)
        if met is Probe.REFUSED:
            _record_probe(purser, actor, key)
            yield _off(purser, key.id, already=off.already)
            return
        if not told and waited >= 0.5:
            told = True
            yield _off(purser, key.id, already=off.already, probe_accepted=met is Probe.ACCEPTED)
        if pause is None or waited > gateway.capabilities.disable_lag_seconds:
            break
        purser.clock.sleep(pause)
        waited += pause
    if met is Probe.ACCEPTED:
        tell_accepted(purser, key, gateway)
    yield _off(purser, key.id, already=off.already, probe_accepted=met is Probe.ACCEPTED)


def tell_accepted(purser: Purser, key: Key, gateway: Gateway) -> None:
    """Call the owners: the gateway's record says off, and yet the secret works."""
    now = purser.now()
    with purser.deciding() as session:
        note = f"{gateway.name} records it as off, yet a call with the pasted key still works"
        telling = Telling(Occasion.OFF_UNPROVEN, None, key.request_id, key.id, note=note)
        once = f"{_off_once(key)}:accepted"
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, _owners(session, purser, key), once=once)


def _record_probe(purser: Purser, actor: Actor, key: Key) -> None:
    now = purser.now()
    with purser.deciding() as session:
        change = keys.Change(proof=Proof.PROBED, proven_at=now)
        if keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, change):
            once = f"{key.id}:{actor.delivery}"
            seq = record(session, now, actor="purser", action="key.probed_off", about=about(key), once=once)
            refresh_card(session, now, key.request_id, seq)


def _prove(purser: Purser, key: Key, seen: KeyRecord | None) -> None:
    """The gateway's record says off: write the proof and the last spend down, and tell who should know."""
    now = purser.now()
    with purser.deciding() as session:
        change = keys.Change(proof=Proof.RECORDED, proven_at=now)
        if not keys.move(session, key.id, KeyState.DISABLING, KeyState.DISABLED, change):
            return
        if seen is not None:
            keys.read(session, key.id, month_of(now), seen.spent_micros, now)
        once = _off_once(key)
        spent = None if seen is None else seen.spent_micros
        rows = about(key, amount_micros=spent)
        seq = record(session, now, actor="purser", action="key.proven_off", about=rows, once=once)
        refresh_card(session, now, key.request_id, seq)
        occasion = OFF_OCCASION[key.off_cause or OffCause.DISABLED]
        telling = Telling(occasion, key.off_by, key.request_id, key.id, note=key.off_reason or "")
        tell_thread(session, now, telling, once=once)
        told: tuple[str | None, ...] = (key.holder_id,)
        if key.off_cause in (OffCause.DISABLED, OffCause.DRIFT):
            told += tuple(owner for owner in _owners(session, purser, key) if owner != key.off_by)
        tell_people(session, now, telling, told, once=once)


def _off_once(key: Key) -> str:
    return f"{key.id}:{'' if key.off_at is None else key.off_at.isoformat()}"


def _owners(session: Session, purser: Purser, key: Key) -> tuple[str, ...]:
    """Who answers for a team's keys: its owners, or the workspace's when it has none."""
    team = team_or_raise(session, key.team_id)
    return team.owner_ids or tuple(sorted(purser.authority.workspace_owner_ids))
