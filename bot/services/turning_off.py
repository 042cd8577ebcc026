"""Turning keys off: who may, which key is meant, and the decision. `proving` makes it true and shows that it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.budgets import Stop
from bot.domain.facts import Off
from bot.domain.groups import goes_off
from bot.domain.incidents import Found
from bot.domain.keys import UNSHOWN, Key, KeyState, OffCause
from bot.domain.requests import Because, Refused, RequestState
from bot.gateways.base import Gateway
from bot.services import batches, capping, departed, extending, others
from bot.services.context import Actor, Purser, effect, record, take_in
from bot.services.failpoints import Failpoint
from bot.services.incidents import touched
from bot.services.leaking import Source, credential_found, key_of, managed_with, mark_leaked, within
from bot.services.proving import (
    DELETE,
    DISABLE,
    Pasted,
    about,
    confirm_off,
    outcome,
    try_secret,
)
from bot.services.telling import key_stream, refresh_card, refresh_stop
from bot.services.worker import decided_already, perform_now
from storage import keys, ledger, outbox, requests
from storage.engine import Session

NOT_OURS = (
    "Purser did not hand out this key, so it cannot turn it off. If it is real, turn it off where it was made. "
    "What you pasted was not stored."
)


@dataclass(frozen=True, slots=True)
class Target:
    """Which key: by label, by id (a button), or by the secret itself, which is kept in memory only."""

    label: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)


def disable(purser: Purser, actor: Actor, target: Target, reason: str) -> Iterator[Off | Refused]:
    """Turn a key off now. Anybody of the workspace may.

    Yields what is true first (recorded, or not confirmed yet), and again whenever a pasted secret shows more:
    refused at once, refused after the gateway's caches caught up, or still accepted at the end. A key that was
    off already is looked at again, and turned off again should it work.
    """
    if target.secret is not None:
        source = Source(Found.REPORTED, by=actor.id)
        yield from stop_leaked(purser, target.secret, source, reason, actor=actor)
        return
    found = _decide(purser, actor, target, reason, OffCause.DISABLED)
    if isinstance(found, Refused):
        yield found
        return
    with decided_already():
        _perform(purser, found)
        yield outcome(purser, found.key_id, already=found.already)


def stop_leaked(
    purser: Purser, secret: str, source: Source, reason: str = "", *, actor: Actor | None = None
) -> Iterator[Off | Refused]:
    """Turn off the key whose secret was found where others can read it, and open an incident about it.

    What surrounds the secret, such as `KEY=` or an address, is taken off. Yields as `disable` does. Refuses what Purser
    did not hand out, and what it manages a gateway with: that one the owners are told of. With an `actor` this is a
    delivery from Slack, acted on once.
    """
    with purser.books.reading() as session:
        secret = within(session, purser, secret)
    if (own := managed_with(purser, secret)) is not None:
        yield _call_owners_about(purser, own, source, actor)
        return
    found = _decide_leaked(purser, secret, source, reason, actor)
    if isinstance(found, Refused):
        yield found
        return
    with decided_already():
        _perform(purser, found)
        once = purser.ids.new("probe") if actor is None else actor.delivery
        yield from try_secret(purser, Pasted(once, found.key_id, found.already), secret)


def give_back(purser: Purser, actor: Actor, target: Target) -> Off | Refused:
    """Turn off a key one holds and needs no more."""
    found = _decide(purser, actor, target, "", OffCause.RETURNED)
    if isinstance(found, Refused):
        return found
    with decided_already():
        _perform(purser, found)
        return outcome(purser, found.key_id, already=found.already)


def start(  # noqa: PLR0913 - what the books say of a key that is off
    session: Session,
    now: datetime,
    key: Key,
    by: str,
    cause: OffCause,
    reason: str,
    *,
    stop: Stop | None = None,
    group: str = "",
) -> int | None:
    """Decide within a transaction that a key goes off; returns the outbox id that will do it.

    None when the key is not in a state to be turned off: somebody was faster. One that a limit has stopped, or is
    stopping, can still be turned off for another reason; it then never comes back by itself. An extension that was
    agreed lapses; one that still waits for an owner is closed, and its requester is told. A key that is only stopped
    by a limit (`stop`) keeps both. Of a whole group, whoever decides it refreshes the cards and tells people.
    """
    if not _may_go_off(key, cause):
        return None
    change = keys.Change(off_at=now, off_by=by, off_cause=cause, off_reason=reason, stop=stop)
    if not keys.move(session, key.id, key.state, KeyState.DISABLING, change):
        return None
    # Nothing that still waits for this key (an extension, a restore) may hold up turning it off. A cap comes after.
    uncapped = capping.is_waiting(session, key.id)
    unextended = extending.waiting(session, key.id) if cause is OffCause.BUDGET else []
    if key.state is KeyState.RESTORING:
        batches.leave(session, now, key)
    outbox.void(session, now=now, stream=key_stream(key.id))
    if cause is not OffCause.BUDGET:
        extending.end_all(session, key, now)
    once = f"{key.id}:{ledger.head(session).seq}"
    seq = record(session, now, actor=by, action=f"key.{cause}", about=about(key), once=once, reason=reason)
    touched(session, now, key.id)
    departed.went_off(session, now, key, cause)
    # Of very many keys at once, all are stopped before the first card is written anew.
    if cause is not OffCause.BUDGET and not group:
        refresh_card(session, now, key.request_id, seq)
    refresh_stop(session, now, key.stop)
    payload = {"key_id": key.id, "group": group} if group else {"key_id": key.id}
    outbox_id = effect(session, now, stream=key_stream(key.id), name=DISABLE, payload=payload, once=once)
    if uncapped:
        capping.wanted(session, now, key.id, once=once)
    for extension in unextended:
        extending.wanted(session, now, extension, once=f"{extension.request_id}:{once}")
    return outbox_id


def end_if_over(session: Session, now: datetime, key: Key) -> bool:
    """Decide within a transaction that a key goes off if its time is over; whether it is.

    While more time that was agreed is being set at the gateway, whether that works out decides.
    """
    if key.expires_at is None or key.expires_at > now:
        return False
    if not requests.extensions_of(session, key.id, RequestState.APPROVED):
        start(session, now, key, "purser", OffCause.EXPIRED, "its time was over")
    return True


def _may_go_off(key: Key, cause: OffCause) -> bool:
    if key.state in (KeyState.LIVE, KeyState.RESTORING):
        return True
    is_stopped = key.off_cause is OffCause.BUDGET and key.state in (KeyState.DISABLING, KeyState.DISABLED)
    return is_stopped and cause is not OffCause.BUDGET


def discard(session: Session, now: datetime, key: Key, by: str, reason: str) -> int | None:
    """Decide within a transaction that a key nobody was shown is deleted; returns the outbox id, or None."""
    if not keys.move(session, key.id, key.state, KeyState.DISCARDING):
        return None
    record(session, now, actor=by, action="key.withdrawn", about=about(key), once=key.id, reason=reason)
    departed.went_off(session, now, key, OffCause.DISABLED)
    return effect(session, now, stream=key_stream(key.id), name=DELETE, payload={"key_id": key.id}, once=key.id)


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
            no_such = Refused(Because.NOT_FOUND, "You hold no such key. `/ai-key list` shows those you do.")
            return no_such if cause is OffCause.RETURNED else key
        if cause is OffCause.RETURNED and key.holder_id != actor.id:
            text = f"`{key.label}` is not yours to give back. If it leaked: `/ai-disable {key.label}`."
            return Refused(Because.NOT_ALLOWED, text)
        if cause is OffCause.DISABLED and goes_off(key) and (no := others.refused(session, purser, actor, [key])):
            return no
        found = _off(session, now, key, actor.id, cause, reason)
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    return found


def _decide_leaked(purser: Purser, secret: str, source: Source, reason: str, actor: Actor | None) -> _Found | Refused:
    with purser.deciding() as session:
        if actor is not None:
            take_in(session, actor)
        key = key_of(session, purser, secret)
        if key is None:
            return Refused(Because.NOT_FOUND, NOT_OURS)
        mark_leaked(session, purser, key, source)
        now = purser.now()  # not before it counts as leaked: what is found is not what is named (`storage.offs`)
        found = _off(session, now, key, source.by, OffCause.DISABLED, reason)
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    return found


def _off(session: Session, now: datetime, key: Key, by: str, cause: OffCause, reason: str) -> _Found:
    """Decide it for a key in whatever state: one that nobody was shown is deleted."""
    if key.state in UNSHOWN:
        return _Found(key.id, discard(session, now, key, by, reason), already=False)
    outbox_id = start(session, now, key, by, cause, reason)
    return _Found(key.id, outbox_id, already=outbox_id is None)


def _perform(purser: Purser, found: _Found) -> None:
    if found.outbox_id is not None:
        perform_now(purser, found.outbox_id, key_stream(found.key_id))
    elif found.already:
        confirm_off(purser, found.key_id)


def _find(session: Session, purser: Purser, target: Target) -> Key | Refused:
    if target.key_id is not None:
        return keys.get(session, target.key_id) or Refused(Because.NOT_FOUND, "Purser does not know this key.")
    if target.label is not None:
        key = keys.labelled(session, target.label)
        text = f"No key is called `{target.label}`. `/ai-key list` shows your own; a pasted key works as well."
        return key or Refused(Because.NOT_FOUND, text)
    return key_of(session, purser, target.secret or "") or Refused(Because.NOT_FOUND, NOT_OURS)


def _call_owners_about(purser: Purser, gateway: Gateway, source: Source, actor: Actor | None) -> Refused:
    """Somebody found the credential Purser manages a gateway with. Only people can change that one."""
    with purser.deciding() as session:
        if actor is not None:
            take_in(session, actor)
        credential_found(session, purser, gateway, source)
    text = (
        f"This is not a member's key but the one Purser manages {gateway.name} with. Purser cannot turn it off: it "
        f"has to be changed at {gateway.name} and in Purser's settings. The owners are being told now; tell them too."
    )
    return Refused(Because.NOT_ALLOWED, text)
