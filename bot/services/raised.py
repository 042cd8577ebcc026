"""Raises that were agreed: what makes them stand, and what happens at their end.

A budget is higher for as long as its raise lasts, by the calendar alone. A key's own cap goes up when the raise is
agreed and down by the same amount at its end, so raises that overlap add up and fall back one by one. Nothing that
was spent is ever reset.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import Key, OffCause
from bot.domain.money import show
from bot.domain.requests import Request, RequestState
from bot.services import capping, caps, sharing
from bot.services.context import Purser, record
from bot.services.subjects import subjects
from bot.services.telling import Telling, tell_people, tell_thread
from bot.services.turning_off import start
from storage import keys, raises, requests
from storage.engine import Session
from storage.raises import Raise

OF_KEYS = (Layer.KEY, Layer.AUTOMATION)
"""Layers whose limit is a cap that the gateway holds as well."""


def stands_at_once(request: Request) -> bool:
    """Whether agreeing to it is all there is to do: a raise of a budget, which no gateway has to be told of."""
    return request.target is not None and request.target.layer not in OF_KEYS


def applied(session: Session, purser: Purser, request: Request, by: str | None, now: datetime) -> None:
    """What follows from agreeing to a raise, in the transaction that agrees; `by` is None for a rule.

    A raised budget stands at once. A raised key stands in the books at once, and is told as soon as the gateway's
    own record shows it.
    """
    target, terms = request.target, request.terms
    assert target is not None, request.id
    assert terms.ends_at is not None, request.id
    new = Raise(
        id=purser.ids.new("raise"),
        request_id=request.id,
        layer=target.layer,
        subject_id=target.subject_id,
        micros=terms.cap_micros,
        starts_at=now,
        ends_at=terms.ends_at,
    )
    raises.add(session, new)
    seq = record(
        session,
        now,
        actor=by or "purser",
        action="raise.started",
        about=subjects(request, amount_micros=new.micros),
        once=request.id,
        reason=f"until {new.ends_at:%Y-%m-%d %H:%M} UTC",
    )
    if stands_at_once(request):
        capping.fulfil(session, request, seq, now)
        return
    _move_cap(session, new.subject_id, now)
    capping.wanted(session, now, new.subject_id, once=new.id)


def end_raises(purser: Purser) -> None:
    """Let every raise whose time is over end, each in a transaction of its own, once over all replicas."""
    now = purser.now()
    with purser.books.reading() as session:
        over = raises.due(session, now)
    for one in over:
        with purser.deciding() as session:
            if raises.mark_ended(session, one.id, now):
                _fall_back(session, one, now)


def _fall_back(session: Session, one: Raise, now: datetime) -> None:
    request = requests.get(session, one.request_id)
    assert request is not None, one.request_id
    reason = f"its time was over on {one.ends_at:%Y-%m-%d %H:%M} UTC"
    key = _move_cap(session, request.target.subject_id, now) if one.layer in OF_KEYS and request.target else None
    if key is not None:
        reason += f"; the cap is {show(caps.cap_of(key, one.layer))} again"
        capping.wanted(session, now, key.id, once=f"{one.id}:ended")
    about = subjects(request, amount_micros=one.micros)
    seq = record(session, now, actor="purser", action="raise.ended", about=about, once=one.id, reason=reason)
    capping.refresh_cards(session, request, seq, now)
    telling = Telling(Occasion.RAISE_ENDED, None, request.id, request.extends_key_id)
    tell_thread(session, now, telling, once=one.id)
    tell_people(session, now, telling, (request.requester_id,), once=one.id)


def key_gone(purser: Purser, key_id: str) -> None:
    """The gateway has no such key any more: it counts as off, and raises of it that never stood lapse. Idempotent."""
    now = purser.now()
    with purser.deciding() as session:
        for request, one in capping.untold(session, key_id):
            if raises.mark_ended(session, one.id, now):
                _move_cap(session, one.subject_id, now)
            _lapse(session, request, now)
        key = keys.get(session, key_id)
        if key is not None:
            start(session, now, key, "purser", OffCause.DRIFT, f"found gone at {key.gateway}")


def _lapse(session: Session, request: Request, now: datetime) -> None:
    requests.move(session, request.id, RequestState.APPROVED, RequestState.LAPSED)
    why = "its key is gone at the gateway"
    about = subjects(request)
    seq = record(session, now, actor="purser", action="request.lapsed", about=about, once=request.id, reason=why)
    capping.refresh_cards(session, request, seq, now)
    telling = Telling(Occasion.LAPSED, None, request.id, request.extends_key_id)
    tell_thread(session, now, telling, once=request.id)
    tell_people(session, now, telling, (request.requester_id,), once=request.id)


def _move_cap(session: Session, key_id: str, now: datetime) -> Key | None:
    """Let the caps of a key be what follows from its raises, whatever became of it, and those it shares one with."""
    key = caps.stand(session, key_id)
    if key is not None:
        sharing.settle(session, now, key)
    return keys.get(session, key_id)
