"""What becomes of questions about unused keys that nobody has answered: settled, reminded of, the key turned off.

Nothing is turned off unless it is known up to the deadline that nobody used it, and unless a reminder stood for its
time with somebody who answers for the key now. Every decision is made in a transaction that looks again at what it
rests on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain import aging
from bot.domain.confirming import (
    GRACE_SECONDS,
    Answer,
    Part,
    Question,
    Step,
    Why,
    answer_of_off,
    due_after_notice,
    is_late,
    notice_seconds,
    step,
)
from bot.domain.keys import Key, OffCause
from bot.domain.leaving_facts import HandedWhy
from bot.services.confirming import ASKED, AT_ONCE, MOST_ASKED, Recipients, is_unused, lifetime, recipients
from bot.services.context import Purser
from bot.services.facts import team_or_raise
from bot.services.keeping import still_here, tells_use
from bot.services.questions import QUESTIONS, answered, tell
from bot.services.telling import SETTLE_SECONDS
from bot.services.turning_off import start
from storage import confirmations, departures, held_keys, keys, ledger, syncs
from storage.engine import Session
from storage.syncs import What


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What has become of a question by itself."""

    answer: Answer
    by: str = "purser"
    reason: str = ""


def watch_questions(purser: Purser) -> None:
    """Settle what is answered by itself, remind, and turn off what nobody has answered for."""
    now = purser.now()
    with purser.books.reading() as session:
        due = [one for one in confirmations.open_ones(session, Why.UNUSED) if _is_due(session, purser, one, now)]
    for start_at in range(0, len(due), AT_ONCE):
        with purser.deciding() as session:
            _watch(session, purser, due[start_at : start_at + AT_ONCE])


def _is_due(session: Session, purser: Purser, question: Question, now: datetime) -> bool:
    key = keys.get(session, question.key_id)
    if key is None or _outcome(session, purser, question, key, now) is not None:
        return True
    return _step(session, purser, question, key, now) is not Step.WAIT


def _watch(session: Session, purser: Purser, due: Sequence[Question]) -> None:
    now = purser.now()
    told: dict[tuple[Part, str], list[str]] = defaultdict(list)
    for seen in due:
        question, key = confirmations.get(session, seen.id), keys.get(session, seen.key_id)
        if question is None or key is None or question.answer is not None:
            continue
        if outcome := _outcome(session, purser, question, key, now):
            answered(session, now, question, key, outcome.answer, outcome.by, reason=outcome.reason)
            continue
        part = _act(session, purser, question, key, now)
        if part is not None:
            for person in (_told_of_stop if part is Part.STOPPED else _asked_now)(session, purser, key):
                told[part, person].append(question.id)
    for (part, person), ids in told.items():
        _tell_some(session, now, part, person, ids)


def _act(session: Session, purser: Purser, question: Question, key: Key, now: datetime) -> Part | None:
    """Do what is due about a question; what people are told of it."""
    match _step(session, purser, question, key, now):
        case Step.NOTICE:
            until = due_after_notice(Why.UNUSED, question.due_at, purser.policy, now)
            return Part.REMINDED if confirmations.move(session, question, until, now) else None
        case Step.POSTPONE:
            until = now + timedelta(seconds=notice_seconds(Why.UNUSED, purser.policy))
            confirmations.move(session, question, until, None)
            return None
        case Step.STOP:
            return Part.STOPPED if _stop(session, question, key, now) else None
        case _:
            return None


def _tell_some(session: Session, now: datetime, part: Part, person: str, ids: Sequence[str]) -> None:
    """In as many messages as they take; of what is off, once the gateway had time to show it."""
    wait = SETTLE_SECONDS if part is Part.STOPPED else 0
    for start_at in range(0, len(ids), MOST_ASKED):
        some = ids[start_at : start_at + MOST_ASKED]
        tell(session, now, part, person, some, once=f"{some[0]}:{now.isoformat()}", after_seconds=wait)


def _outcome(session: Session, purser: Purser, question: Question, key: Key, now: datetime) -> _Outcome | None:
    """What has answered the question without anybody pressing a button, or None."""
    if key.state not in aging.IN_USE:
        given, by = answer_of_off(key)
        return _Outcome(given, by)
    if (asker := confirmations.asked_more_by(session, key.id, question.asked_at)) is not None:
        return _Outcome(Answer.KEPT, asker, "asked for more of it")
    if (taker := _taken_by(session, key, question.asked_at)) is not None:
        return _Outcome(Answer.KEPT, taker, "took it over")
    if departures.waiting_for(session, key.id) is not None:
        return _Outcome(Answer.MOOT, reason="it waits to be taken over")
    if not purser.policy.asks_unused:
        return _Outcome(Answer.MOOT, reason="such questions are not asked any more")
    if key.retires_at is not None:
        return _Outcome(Answer.MOOT, reason="another key is taking its place")
    held = held_keys.some(session, (key.id,))[key.id]
    is_used = _spent_since(session, question) or (held.last_used or date.min) >= question.asked_at.date()
    if is_unused(purser, held, now) and not is_used:
        return None
    unless_used = "it is kept" if aging.is_kept(key, now) else "it does not count as unused any more"
    return _Outcome(Answer.MOOT, reason="it was used" if is_used else unless_used)


def _spent_since(session: Session, question: Question) -> bool:
    """Whether its live total is higher than when it was asked about."""
    rows = ledger.entries(session, idempotency_key=f"{ASKED}:{question.id}")
    total = lifetime(session, question.key_id)
    return total is not None and total > max((row.amount_micros or 0 for row in rows), default=total)


def _taken_by(session: Session, key: Key, since: datetime) -> str | None:
    """Who has taken it over from somebody who left since then, and so said that it is needed; None for nobody."""
    rows = ledger.entries(session, key_id=key.id, action=f"key.{HandedWhy.TAKEN}")
    return next((row.actor for row in reversed(rows) if row.at >= since), None)


def _step(session: Session, purser: Purser, question: Question, key: Key, now: datetime) -> Step:
    """STOP once a reminder stood for its time; NOTICE anew where none is for those who answer for the key by now."""
    known, ends_at, sent = tells_use(session, purser, key.gateway, now), question.due_at, []
    if question.noticed_at is not None:
        sent = _reminders(session, purser, question, key, question.noticed_at)
        ends_at = max(ends_at, _end_of(purser, question.noticed_at, sent))
    if now >= ends_at:
        known = known and _is_read_since(session, key.gateway, ends_at + _lag(purser, key.gateway))
    due = step(Why.UNUSED, ends_at, question.noticed_at, purser.policy, now, use_known=known)
    if due is not Step.STOP:
        return due
    if all(one.is_dead for one in sent):
        return Step.NOTICE
    return Step.STOP if any(one.done_at is not None and not one.is_dead for one in sent) else Step.WAIT


def _reminders(
    session: Session, purser: Purser, question: Question, key: Key, noticed_at: datetime
) -> list[confirmations.Sent]:
    """The reminders of those who answer for the key now. Of who cannot be written to, the owners were told instead."""
    who = _asked_now(session, purser, key)
    sent = confirmations.sent(session, question.id, QUESTIONS, who, noticed_at)
    if sent and all(one.is_dead for one in sent):
        sent += confirmations.sent(session, question.id, QUESTIONS, _owners(session, purser, key), noticed_at)
    return sent


def _end_of(purser: Purser, noticed_at: datetime, sent: Sequence[confirmations.Sent]) -> datetime:
    """Until when there is time to answer after the first of these reminders: longer where it came late."""
    read_at = min((one.done_at for one in sent if one.done_at is not None and not one.is_dead), default=noticed_at)
    is_in_time = not is_late(Why.UNUSED, noticed_at, read_at, purser.policy)
    return (noticed_at if is_in_time else read_at) + timedelta(seconds=notice_seconds(Why.UNUSED, purser.policy))


def _lag(purser: Purser, name: str) -> timedelta:
    """How late its gateway tells what was spent, as far as that can be waited for."""
    gateway = purser.gateways.get(name)
    seconds = 0 if gateway is None else gateway.capabilities.usage_lag_seconds
    return timedelta(seconds=min(seconds, GRACE_SECONDS // 2))


def _is_read_since(session: Session, gateway: str, moment: datetime) -> bool:
    """Whether both its live totals and its dated usage were read from that moment on."""
    marks = [syncs.of(session, gateway, what) for what in (What.LIVE, What.USAGE)]
    return all(mark is not None and mark.read_at is not None and mark.read_at >= moment for mark in marks)


def _stop(session: Session, question: Question, key: Key, now: datetime) -> bool:
    reason = (
        f"nobody has used it for long, and nobody answered since {question.asked_at:%-d %B} whether it is still needed"
    )
    if start(session, now, key, "purser", OffCause.UNUSED, reason) is None:
        return False
    return answered(session, now, question, key, Answer.SILENT, "purser")


def _asked_now(session: Session, purser: Purser, key: Key) -> Recipients:
    team = team_or_raise(session, key.team_id)
    return recipients(session, purser, team, aging.answers_for(key), still_here(session, purser, team))


def _told_of_stop(session: Session, purser: Purser, key: Key) -> Recipients:
    """Its owners, and who was asked. Its holder reads it in a message of their own."""
    told = dict.fromkeys((*_asked_now(session, purser, key), *_owners(session, purser, key)))
    return tuple(one for one in told if one != key.holder_id)


def _owners(session: Session, purser: Purser, key: Key) -> Recipients:
    return recipients(session, purser, team_or_raise(session, key.team_id), "", ())
