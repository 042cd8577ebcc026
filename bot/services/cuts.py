"""Cuts after an incident: a restored key has so much for so long, and then its cap is what it was.

What is left of the amount when a month turns is all there is in the new one. An end is dealt with once, also while
the key is off.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.cuts import Cut, CutWhy, Window
from bot.domain.facts import Occasion
from bot.domain.keys import Key
from bot.domain.money import MICROS_PER_CENT, show
from bot.domain.periods import month_of, month_start
from bot.services import capping, caps, sharing
from bot.services.context import Purser, record
from bot.services.proving import about
from bot.services.telling import Telling, refresh_card, tell_people, tell_thread
from storage import cuts, keys, ledger, readings
from storage.engine import Session


def begin(session: Session, purser: Purser, key: Key, window: Window, by: str) -> Key:
    """Let the key have no more than this amount from now on for this long; the key with its cap after that.

    A cut that stands already after an earlier incident ends: the newest word counts.
    """
    now = purser.now()
    for one in cuts.standing(session, key.id):
        if one.why is CutWhy.RESTORED:
            cuts.mark_ended(session, one.id, now)
    key = caps.stand(session, key.id) or key
    micros = sharing.left(session, key, now) - window.micros
    if micros <= 0:
        return key
    cut_id = purser.ids.new("cut")
    ends_at = now + timedelta(seconds=window.seconds)
    cuts.add(session, Cut(cut_id, key.id, Layer.KEY, micros, CutWhy.RESTORED, cut_id, by, now, ends_at))
    rows = about(key, amount_micros=window.micros)
    reason = f"{show(window.micros)} until {ends_at:%Y-%m-%d %H:%M} UTC"
    record(session, now, actor=by, action="cap.cut", about=rows, once=cut_id, reason=reason)
    return _move(session, key, now, once=cut_id)


def end_cuts(purser: Purser) -> None:
    """Let every cut whose time is over end, each in a transaction of its own, once over all replicas."""
    now = purser.now()
    with purser.books.reading() as session:
        over = [one for one in cuts.due(session, now) if one.why is CutWhy.RESTORED]
        turned = [one for one in cuts.restored(session) if one.starts_at < month_start(now) and one.ends_at > now]
    for one in over:
        with purser.deciding() as session:
            if cuts.mark_ended(session, one.id, now):
                _end(session, one.id, now)
    for one in turned:
        with purser.deciding() as session:
            _carry_over(session, one.id, now)


def _end(session: Session, cut_id: str, now: datetime) -> None:
    one = cuts.get(session, cut_id)
    key = None if one is None else keys.get(session, one.key_id)
    if one is None or key is None:
        return
    key = _move(session, key, now, once=f"{one.id}:ended")
    reason = f"its time was over on {one.ends_at:%Y-%m-%d %H:%M} UTC; the cap is {show(key.cap_micros)} again"
    rows = about(key, amount_micros=one.micros)
    seq = record(session, now, actor="purser", action="cap.cut_ended", about=rows, once=one.id, reason=reason)
    refresh_card(session, now, key.request_id, seq)
    telling = Telling(Occasion.CUT_ENDED, None, key.request_id, key.id)
    tell_thread(session, now, telling, once=one.id)
    if caps.works(key):
        tell_people(session, now, telling, (key.holder_id,), once=one.id)


def _carry_over(session: Session, cut_id: str, now: datetime) -> None:
    """A month has turned: what is left of the amount is all that the key has in the new one, too."""
    one = cuts.get(session, cut_id)
    key = None if one is None else keys.get(session, one.key_id)
    if one is None or key is None or one.ended_at is not None or one.starts_at >= month_start(now):
        return
    if key.cap_period == TOTAL:
        cuts.resize(session, one.id, one.micros, month_start(now))
        return
    some = sharing.family(session, key)
    agreed = sharing.agreed(session, some, Layer.KEY)
    had = (readings.spent(session, each.id, month_of(one.starts_at)) for each in some)
    left = max(0, agreed - sum(spent.micros for spent in had if spent is not None))
    micros = one.micros + agreed - max(MICROS_PER_CENT, left)
    if not cuts.resize(session, one.id, micros, month_start(now)):
        return
    once = f"{one.id}:{month_of(now)}"
    rows = about(key, amount_micros=left)
    reason = f"{show(left)} are left until {one.ends_at:%Y-%m-%d %H:%M} UTC"
    record(session, now, actor="purser", action="cap.cut_carried", about=rows, once=once, reason=reason)
    _move(session, key, now, once=once)


def _move(session: Session, key: Key, now: datetime, *, once: str) -> Key:
    caps.stand(session, key.id)
    sharing.settle(session, now, key)
    if key.handle is not None:
        capping.wanted(session, now, key.id, once=f"{once}:{ledger.head(session).seq}")
    return keys.get(session, key.id) or key
