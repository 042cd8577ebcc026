"""Revealing: the key is minted when its requester asks to see it, shown once, and only then is it theirs.

Each try is a key of its own, with an alias written down before the gateway is called. Whatever fails between
minting and showing, the key is deleted at the gateway and the next click mints another: a key that nobody was
shown is never left working, and one request never has two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.domain.facts import Occasion, Revealed
from bot.domain.keys import (
    UNSHOWN,
    Key,
    KeyState,
    fingerprint,
)
from bot.domain.requests import Because, Refused, RequestState
from bot.gateways.base import AliasTaken, FailureKind, GatewayError, Issued
from bot.services.caps import works
from bot.services.context import Actor, Purser, record
from bot.services.facts import gateway_facts, known_models
from bot.services.failpoints import Failpoint
from bot.services.minting import mint, new_key
from bot.services.ports import DeliveryError
from bot.services.proving import about
from bot.services.revealable import revealable
from bot.services.rotating import in_place_of, took_over
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from bot.services.turning_off import discard
from bot.services.worker import perform_now
from storage import keys, requests
from storage.engine import BooksUnavailable

log = structlog.get_logger(__name__)

TRIES = 2
"""Mints per click: a lost reply is answered once by deleting what may exist and minting anew."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The key was shown and is live."""

    key: Key


def reveal(
    purser: Purser,
    actor: Actor,
    request_id: str,
    show: Callable[[Revealed], None],
    opening: Callable[[], None] = lambda: None,
) -> Shown | Refused:
    """Mint the key and have it shown, once, to its requester.

    `opening` is called once this click is the one that makes the key, before anything is made: a second click
    must not take the first one's window away. `show` puts the key before the person; nothing else gets the
    secret. Both raise `DeliveryError` unless they surely succeeded. Refused means that no usable key was left
    behind and, where that makes sense, that another click will do.
    """
    for number in range(TRIES):
        begun = _begin(purser, actor, request_id)
        if isinstance(begun, Refused):
            return begun
        stopped = (_open(purser, begun.key, opening) if number == 0 else None) or _clear_away(purser, begun)
        if stopped is not None:
            return stopped
        purser.failpoint(Failpoint.AFTER_MINT_INTENT)
        try:
            issued = mint(purser, begun.key)
        except GatewayError as failed:
            gone = _withdraw(purser, begun.key, f"minting failed: {failed.message}")
            in_doubt = failed.kind is FailureKind.UNKNOWN or isinstance(failed, AliasTaken)
            if in_doubt and not gone:
                return _in_doubt()
            if in_doubt and number < TRIES - 1:
                continue
            return _not_minted(failed)
        return _record_and_show(purser, begun.key, issued, show)
    raise AssertionError("every try returns")


def withdraw_lost(purser: Purser) -> int:
    """Delete keys whose click never came to its end, as after a crash, and tell whom they were for."""
    now = purser.now()
    withdrawn = 0
    with purser.deciding() as session:
        for key in keys.in_state(session, *UNSHOWN):
            if key.mint_lease_until is None or key.mint_lease_until > now:
                continue
            if discard(session, now, key, "purser", "never surely shown") is None:
                continue
            withdrawn += 1
            telling = Telling(Occasion.KEY_WITHDRAWN, None, key.request_id, key.id)
            tell_people(session, now, telling, (key.holder_id,), once=key.id)
    return withdrawn


@dataclass(frozen=True, slots=True)
class _Begun:
    """The next key, and the outbox rows that delete what earlier tries may have left at the gateway."""

    key: Key
    leftovers: tuple[tuple[str, int], ...]


def _begin(purser: Purser, actor: Actor, request_id: str) -> _Begun | Refused:
    """Write the next key and its alias down, which keeps other clicks out, and give up what earlier ones left."""
    now = purser.now()
    with purser.books.transaction() as session:
        request = revealable(session, purser, actor, request_id)
        if isinstance(request, Refused):
            return request
        former = keys.of_request(session, request.id)
        if any(key.state in UNSHOWN and (key.mint_lease_until or now) > now for key in former):
            return _being_made()
        if any(key.state is KeyState.DISCARDING for key in former):
            return _still_there()
        leftovers = tuple(
            (lost.id, row)
            for lost in former
            if lost.state in UNSHOWN and (row := discard(session, now, lost, actor.id, "another click")) is not None
        )
        key = new_key(session, purser, actor.member, request)
        old = keys.get(session, request.extends_key_id or "")
        if old is None:
            keys.add(session, key)
        else:
            key = in_place_of(session, old, key, now)
        record(session, now, actor=actor.id, action="key.minting", about=about(key), once=key.id)
        return _Begun(key, leftovers)


def _open(purser: Purser, key: Key, opening: Callable[[], None]) -> Refused | None:
    try:
        opening()
    except DeliveryError as failed:
        _withdraw(purser, key, "its window did not open")
        text = "Slack did not open the window in time, so nothing was made. Press Reveal key again."
        return Refused(Because.BUSY, f"{text} ({failed.message})")
    return None


def _clear_away(purser: Purser, begun: _Begun) -> Refused | None:
    """Delete what earlier tries may have left at the gateway; refuse while that cannot be done."""
    for key_id, outbox_id in begun.leftovers:
        perform_now(purser, outbox_id, key_stream(key_id))
    with purser.books.reading() as session:
        former = keys.of_request(session, begun.key.request_id)
    if any(key.id == begun.key.id and key.state is not KeyState.MINTING for key in former):
        return _turned_off(begun.key)
    if not any(key.state is KeyState.DISCARDING for key in former):
        return None
    _withdraw(purser, begun.key, "an earlier try is not gone yet")
    return _still_there()


def _being_made() -> Refused:
    text = (
        "This key is being made right now, from another click: look at that window. If none shows it, press "
        "Reveal key again in a minute."
    )
    return Refused(Because.BUSY, text)


def _still_there() -> Refused:
    text = (
        "The gateway has not confirmed yet that your earlier try left no key behind, so no second key is made. "
        "Purser keeps at it: press Reveal key again in a minute."
    )
    return Refused(Because.BUSY, text)


def _in_doubt() -> Refused:
    """This click's own mint got no answer, and neither did the look at what became of it."""
    text = (
        "The gateway does not answer just now, so you have no key yet. Should it have made one unseen, Purser deletes "
        "that first: until then, no second key is made. Your approval stands: press Reveal key again in a minute."
    )
    return Refused(Because.BUSY, text)


def _record_and_show(purser: Purser, key: Key, issued: Issued, show: Callable[[Revealed], None]) -> Shown | Refused:
    gateway = purser.gateways[key.gateway]
    foreseen = False
    try:
        if not _record(purser, key, issued):
            _delete_late(purser, key, issued)
            foreseen = True
            return _turned_off(key)
        purser.failpoint(Failpoint.AFTER_RECORDED_BEFORE_SHOWN)
        beside = _beside(purser, key)
        if beside is None:  # it was turned off meanwhile, as when its holder leaves
            foreseen = True
            return _turned_off(key)
        facts = gateway_facts(gateway, key.models or known_models(purser, gateway), key.kind)
        show(Revealed(key, facts, issued.secret, *beside))
        purser.failpoint(Failpoint.AFTER_SHOWN_BEFORE_LIVE)
        live, old_off = _go_live(purser, key)
        foreseen = True
        if old_off is not None and key.replaces_id is not None:
            perform_now(purser, old_off, key_stream(key.replaces_id))
        return Shown(key) if live else _turned_off(key)
    except (DeliveryError, BooksUnavailable):
        foreseen = True
        log.warning("a key could not be shown", key_id=key.id, exc_info=True)
        return _not_shown(purser, key)
    finally:
        if not foreseen:  # a bug in showing it must not leave a key that nobody surely saw
            _withdraw(purser, key, "showing it failed")


def _delete_late(purser: Purser, key: Key, issued: Issued) -> None:
    """It was turned off before the gateway had made it, when there was nothing to delete yet."""
    try:
        purser.gateways[key.gateway].delete(issued.handle)
    except GatewayError as failed:
        log.warning("a key made too late stands until the next comparison", key_id=key.id, error=failed.message)


def _not_shown(purser: Purser, key: Key) -> Shown | Refused:
    """Showing it or writing that down failed: the key goes, now or by `withdraw_lost` when the books are away.

    Unless the books have it as live: then only the answer to that commit was lost.
    """
    became = "is being withdrawn"
    try:
        _withdraw(purser, key, "showing it failed")
        with purser.books.reading() as session:
            current = keys.get(session, key.id)
        if current is not None and current.state is KeyState.LIVE:
            return Shown(key)
        if current is not None and current.state is KeyState.DISCARDED:
            became = "was withdrawn"
    except BooksUnavailable:
        log.exception("a key that was perhaps not shown is withdrawn later", key_id=key.id)
    text = (
        f"The key could not be surely shown and written down, so it {became}: do not use it. "
        f"Press Reveal key again in a minute for a new one."
    )
    return Refused(Because.BUSY, text)


def _record(purser: Purser, key: Key, issued: Issued) -> bool:
    now = purser.now()
    change = keys.Change(handle=issued.handle, fingerprint=fingerprint(issued.secret, purser.pepper), minted_at=now)
    with purser.books.transaction() as session:
        if not keys.move(session, key.id, KeyState.MINTING, KeyState.MINTED, change):
            return False
        record(session, now, actor="purser", action="key.minted", about=about(key), once=key.id)
        return True


def _beside(purser: Purser, key: Key) -> tuple[str, int | None] | None:
    """The label of the key whose place this one takes, and how long that one goes on working.

    None when the key itself is given up, so that nobody may be shown it.
    """
    with purser.books.reading() as session:
        request, old = requests.get(session, key.request_id), keys.get(session, key.replaces_id or "")
        current = keys.get(session, key.id)
    if current is None or current.state is not KeyState.MINTED:
        return None
    if request is None or old is None:
        return "", None
    return old.label, request.terms.duration_seconds if works(old) and old.leaked_at is None else None


def _go_live(purser: Purser, key: Key) -> tuple[bool, int | None]:
    """It was shown: now it is the holder's, and the request is done. Whether it is, and what turns an old key off."""
    now = purser.now()
    with purser.deciding() as session:
        if not keys.move(session, key.id, KeyState.MINTED, KeyState.LIVE, keys.Change(revealed_at=now)):
            return False, None
        moved = requests.move(session, key.request_id, RequestState.APPROVED, RequestState.FULFILLED)
        assert moved, key.request_id
        rows = about(key, amount_micros=key.cap_micros)
        seq = record(session, now, actor=key.holder_id, action="key.revealed", about=rows, once=key.id)
        refresh_card(session, now, key.request_id, seq)
        telling = Telling(Occasion.REVEALED, key.holder_id, key.request_id, key.id)
        tell_thread(session, now, telling, once=key.id)
        return True, took_over(session, purser, key)


def _withdraw(purser: Purser, key: Key, why: str) -> bool:
    """Give this key up and delete what the gateway may hold of it, now or as soon as it answers: True if now."""
    now = purser.now()
    with purser.deciding() as session:
        current = keys.get(session, key.id)
        outbox_id = None
        if current is not None and current.state in UNSHOWN:
            outbox_id = discard(session, now, current, "purser", why)
    if outbox_id is not None:
        perform_now(purser, outbox_id, key_stream(key.id))
    with purser.books.reading() as session:
        current = keys.get(session, key.id)
    return current is not None and current.state is KeyState.DISCARDED


def _turned_off(key: Key) -> Refused:
    text = f"`{key.label}` was turned off while it was being made. Press Reveal key again for a new one."
    return Refused(Because.BUSY, text)


def _not_minted(failed: GatewayError) -> Refused:
    if failed.kind is FailureKind.PERMANENT:
        text = f"The gateway refused to make the key: {failed.message}. Nothing was lost; please tell an owner."
        return Refused(Because.GATEWAY_CANNOT, text)
    became = "nothing was made" if failed.kind is FailureKind.TRANSIENT else "you have no key yet"
    text = (
        f"The gateway does not answer just now, so {became}. Your approval stands: press Reveal key again in a minute."
    )
    return Refused(Because.BUSY, text)
