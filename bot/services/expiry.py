"""What time alone brings about: reminders, requests and drafts that end, warnings, keys that expire.

Each thing due is done in a transaction of its own, so a crash midway loses nothing and repeats nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.facts import Occasion
from bot.domain.keys import UNSHOWN, WARNING_SECONDS, ExpiryWarning, Key, is_expired, warning_due
from bot.domain.requests import Nudge, Purpose, Request, RequestState, nudge_due
from bot.services.context import Purser, record
from bot.services.cuts import end_cuts
from bot.services.deciders import owners_to_ask
from bot.services.revealing import withdraw_lost
from bot.services.rotating import retire
from bot.services.subjects import subjects
from bot.services.telling import Telling, refresh_card, tell_people, tell_thread
from bot.services.turning_off import end_if_over
from storage import keys, requests
from storage.engine import Session


def pass_time(purser: Purser) -> None:
    """Do everything that has become due by now. Keys end before owners are asked again about more time for them."""
    now = purser.now()
    with purser.books.reading() as session:
        waiting = requests.in_state(session, RequestState.WAITING)
        lapsing = requests.ended(session, now, RequestState.DRAFT, RequestState.APPROVED)
        ending = keys.ending(session, now + timedelta(seconds=WARNING_SECONDS[ExpiryWarning.DAY]))
    for request in lapsing:
        _lapse(purser, request, now)
    for key in ending:
        if is_expired(key, now) or warning_due(key, now) is not None:
            _watch_key(purser, key, now)
    for request in waiting:
        _nudge(purser, request, now)
    end_cuts(purser)
    retire(purser)
    withdraw_lost(purser)


def _nudge(purser: Purser, request: Request, now: datetime) -> None:
    nudge = nudge_due(request, purser.policy, now)
    if nudge is None:
        return
    with purser.deciding() as session:
        match nudge:
            case Nudge.EXPIRE:
                _give_up(session, request, now)
            case Nudge.REMIND:
                if requests.mark_nudged(session, request.id, "reminded_at", now):
                    tell_thread(session, now, Telling(Occasion.REMINDER, None, request.id), once=request.id)
            case Nudge.ESCALATE:
                _escalate(session, purser, request, now)


def _escalate(session: Session, purser: Purser, request: Request, now: datetime) -> None:
    """Ask the next owners as well: in the thread, and directly, for they may not read this channel."""
    if not requests.mark_nudged(session, request.id, "escalated_at", now):
        return
    _, then = owners_to_ask(session, purser, request)
    telling = Telling(Occasion.ESCALATION, None, request.id)
    seq = record(session, now, actor="purser", action="request.escalated", about=subjects(request), once=request.id)
    refresh_card(session, now, request.id, seq)
    tell_thread(session, now, telling, once=request.id)
    tell_people(session, now, telling, then, once=request.id)


def _give_up(session: Session, request: Request, now: datetime) -> None:
    change = requests.Change(decided_at=now)
    if not requests.move(session, request.id, RequestState.WAITING, RequestState.EXPIRED, change):
        return
    about = subjects(request)
    seq = record(session, now, actor="purser", action="request.expired", about=about, once=request.id)
    refresh_card(session, now, request.id, seq)
    telling = Telling(Occasion.REQUEST_EXPIRED, None, request.id, request.extends_key_id)
    tell_thread(session, now, telling, once=request.id)
    tell_people(session, now, telling, (request.requester_id,), once=request.id)


def _lapse(purser: Purser, request: Request, now: datetime) -> None:
    """An approval nobody claimed in time ends, and gives its promise back to the budget; so does a draft."""
    with purser.deciding() as session:
        if request.state is RequestState.DRAFT:
            requests.move(session, request.id, RequestState.DRAFT, RequestState.CANCELLED)
            return
        if request.purpose is Purpose.RAISE:
            return  # agreed is agreed: the gateway is told until its record shows it
        being_shown = any(key.state in UNSHOWN for key in keys.of_request(session, request.id))
        if being_shown and request.purpose in (Purpose.ISSUE, Purpose.ROTATE):
            return
        if not requests.move(session, request.id, RequestState.APPROVED, RequestState.LAPSED):
            return
        about = subjects(request)
        seq = record(session, now, actor="purser", action="request.lapsed", about=about, once=request.id)
        refresh_card(session, now, request.id, seq)
        telling = Telling(Occasion.LAPSED, None, request.id, request.extends_key_id)
        tell_thread(session, now, telling, once=request.id)
        tell_people(session, now, telling, (request.requester_id,), once=request.id)


def _watch_key(purser: Purser, seen: Key, now: datetime) -> None:
    with purser.deciding() as session:
        key = keys.get(session, seen.id)
        if key is None:
            return
        if is_expired(key, now):
            end_if_over(session, now, key)
            return
        warning = warning_due(key, now)
        if warning is not None and keys.mark_warned(session, key.id, f"warned_{warning}_at", now):
            assert key.expires_at is not None
            telling = Telling(Occasion.EXPIRY_WARNING, None, key.request_id, key.id, warning=warning)
            once = f"{key.id}:{warning}:{key.expires_at.isoformat()}"
            tell_people(session, now, telling, (key.holder_id,), once=once)
