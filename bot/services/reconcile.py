"""Compares each gateway's keys with the books, both ways, and mends what differs.

Orphans of ours (minted, never surely shown) are deleted. Keys we do not know are written down and reported once.
Caps changed behind our back are put back and reported. A live key that is off or gone at the gateway is written
down as off. A key of ours that is on although the books say off is turned off again, or deleted if it spent. A key that
carries our mark but that these books have never heard of is only reported: the books may be the ones that lost
something.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause
from bot.gateways.base import CapScope, Gateway, GatewayError, KeyRecord
from bot.services import adopting, capping, live, unknown
from bot.services.context import Purser, record
from bot.services.proving import about, confirm_off
from bot.services.resting import spent_after
from bot.services.telling import Telling, key_stream, tell_people, tell_thread
from bot.services.turning_off import start
from bot.services.worker import perform_now
from storage import keys
from storage.engine import Session


def reconcile(purser: Purser) -> None:
    """Compare every gateway with the books. Raises `GatewayError` when one cannot be read.

    A single key that cannot be mended does not keep the others from being looked at; what went wrong with it is
    raised at the end.
    """
    for gateway in purser.gateways.values():
        _reconcile_one(purser, gateway)


def _reconcile_one(purser: Purser, gateway: Gateway) -> None:
    # The books are read first: whatever was live then must be in the list that is read after.
    with purser.books.reading() as session:
        working = [key for key in keys.in_state(session, KeyState.LIVE) if key.gateway == gateway.name]
    held = gateway.list_keys()
    now = purser.now()
    with purser.books.reading() as session:
        ours = {key.handle: key for key in keys.at_gateway(session, gateway.name)}
        orphans = {seen.handle: key for seen in held if (key := _minted_for(session, purser, seen, ours)) is not None}
    failed: list[GatewayError] = []
    for seen in held:
        try:
            if (key := ours.get(seen.handle)) is not None:
                _compare(purser, gateway, key, seen, now)
            elif (key := orphans.get(seen.handle)) is not None:
                _clear_orphan(purser, gateway, seen, key, now)
        except GatewayError as wrong:
            failed.append(wrong)
    unknown.note(purser, gateway, (one for one in held if one.handle not in ours and one.handle not in orphans), now)
    handles = {seen.handle for seen in held}
    for key in working:
        if key.handle not in handles:
            try:
                _note_gone(purser, gateway, key, now)
            except GatewayError as wrong:
                failed.append(wrong)
    if failed:
        raise failed[0]


def _minted_for(session: Session, purser: Purser, seen: KeyRecord, ours: Mapping[str | None, Key]) -> Key | None:
    """The key of ours that a record, whose handle the books do not know, was minted for."""
    if seen.handle in ours or seen.tags.get("installation") != purser.installation:
        return None
    return keys.get(session, seen.tags.get("key", ""))


def _compare(purser: Purser, gateway: Gateway, key: Key, seen: KeyRecord, now: datetime) -> None:
    if key.state is KeyState.DISABLED and seen.enabled:
        if not _spent_after_off(purser, key, seen):
            confirm_off(purser, key.id)
    elif key.state is KeyState.DISCARDED and seen.enabled:
        _clear_orphan(purser, gateway, seen, key, now)
    elif key.state is KeyState.LIVE and not seen.enabled:
        expired = key.expires_at is not None and key.expires_at <= now
        if not expired:
            _note_gone(purser, gateway, key, now)
    elif key.state is KeyState.LIVE and gateway.capabilities.cap_scope is CapScope.KEY:
        _restore_cap(purser, gateway, key, seen, now)


def _spent_after_off(purser: Purser, key: Key, seen: KeyRecord) -> bool:
    """Whether a key that works although it is off has spent money since, and so is to be deleted."""
    if key.rest_micros is None or not seen.is_lifetime or seen.spent_micros <= key.rest_micros:
        return False
    with purser.deciding() as session:
        ours = keys.get(session, key.id)
        total = live.own_micros(session, key.id, seen.spent_micros)
        return ours is not None and spent_after(session, purser, ours, total)


def _restore_cap(purser: Purser, gateway: Gateway, key: Key, seen: KeyRecord, now: datetime) -> None:
    """Put back a cap that somebody changed at the gateway, and report it. One that is being set is left alone."""
    if capping.shows(gateway, seen, key):
        return
    fresh = gateway.find(seen.handle)  # the list may be older than what was agreed since
    with purser.deciding() as session:
        ours = keys.get(session, key.id)
        if fresh is None or ours is None or ours.state is not KeyState.LIVE or capping.is_waiting(session, key.id):
            return
        if adopting.is_settling(session, key.id):
            return
        if capping.shows(gateway, fresh, ours):
            return
        once = f"{key.id}:{now.isoformat()}"
        note = capping.difference(fresh, ours)
        rows = about(ours, amount_micros=ours.cap_micros)
        record(session, now, actor="purser", action="key.cap_restored", about=rows, once=once, reason=note)
        telling = Telling(Occasion.CAP_RESTORED, None, key.request_id, key.id, note=note)
        tell_thread(session, now, telling, once=once)
        tell_people(session, now, telling, sorted(purser.authority.workspace_owner_ids), once=once)
        outbox_id = capping.wanted(session, now, key.id, once=f"found:{now.isoformat()}")
    perform_now(purser, outbox_id, key_stream(key.id))


def _clear_orphan(purser: Purser, gateway: Gateway, seen: KeyRecord, key: Key, now: datetime) -> None:
    """A key we minted that nobody was shown: its reply was lost, or it was deleted and is back."""
    if key.state in (KeyState.MINTING, KeyState.DISCARDING):
        return
    gateway.delete(seen.handle)
    with purser.books.transaction() as session:
        once = f"{gateway.name}:{seen.handle}:{now.isoformat()}"
        record(
            session, now, actor="purser", action="orphan.deleted", about=about(key), once=once, reason=seen.alias or ""
        )


def _note_gone(purser: Purser, gateway: Gateway, key: Key, now: datetime) -> None:
    """The gateway says a live key is off or gone: the books follow, and its people are told."""
    seen = gateway.find(key.handle or "")
    if seen is not None and seen.enabled:
        return
    with purser.deciding() as session:
        start(session, now, key, "purser", OffCause.DRIFT, f"found off or gone at {gateway.name}")
