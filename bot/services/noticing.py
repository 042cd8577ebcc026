"""Notices of a review: nothing goes off before one stood for its time, with whoever holds the key by now.

Called within the transaction or session of who asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.confirming import Part, Place, Question, Review, Step, Why, is_late, notice_seconds, step
from bot.domain.keys import Key
from bot.services.context import Purser
from bot.services.questions import QUESTIONS, review_stream, tell
from storage import confirmations, keys, outbox, people, reviews
from storage.engine import Session

MOST_TOLD = 20
"""So many keys stand in one direct message."""


def review_step(session: Session, purser: Purser, found: Review, now: datetime) -> Step:
    """What is due about an open review: nothing goes off before its notice stood in the thread for its time."""
    due = step(Why.REVIEW, found.due_at, found.noticed_at, purser.policy, now)
    if due is not Step.STOP or found.noticed_at is None:
        return due
    stream = review_stream(found.id)
    stood_at = reviews.stood_at(session, stream, Place.NOTICE)
    if stood_at is None:  # it waits for Slack, or it is so long ago that nobody knows: then it is given anew
        waits = any(row.payload["part"] == Place.NOTICE for row in outbox.pending(session, stream=stream))
        return Step.WAIT if waits else Step.POSTPONE
    late = is_late(Why.REVIEW, found.noticed_at, stood_at, purser.policy)
    return Step.POSTPONE if late and now < after_notice(purser, stood_at) else Step.STOP


def after_notice(purser: Purser, given_at: datetime) -> datetime:
    """The end of a notice that was given then."""
    return given_at + timedelta(seconds=notice_seconds(Why.REVIEW, purser.policy))


def give_notice(
    session: Session, purser: Purser, waiting: Sequence[Question], until: datetime, given_at: datetime
) -> None:
    """Each of these keys goes off then, and its holder is told so, once."""
    of_holder: dict[str, list[str]] = defaultdict(list)
    for question in waiting:
        confirmations.move(session, question, until, given_at)
        key = keys.get(session, question.key_id)
        if key is not None:
            of_holder[key.holder_id].append(question.id)
    gone = {one.id for one in people.members(session, of_holder) if purser.authority.stranger(one) is not None}
    for holder_id, ids in of_holder.items():
        for start_at in range(0, 0 if holder_id in gone else len(ids), MOST_TOLD):
            some = ids[start_at : start_at + MOST_TOLD]
            tell(session, purser.now(), Part.NOTICED, holder_id, some, once=some[0])


def is_to_be_told(session: Session, purser: Purser, question: Question, key: Key, now: datetime) -> bool:
    """Whether the key changed hands since the notice: whoever holds it now is told first, and has as long to act."""
    if question.due_at > now:
        return True
    person = people.member(session, key.holder_id)
    is_gone = person is not None and purser.authority.stranger(person) is not None
    if is_gone or confirmations.sent(session, question.id, QUESTIONS, (key.holder_id,), question.asked_at):
        return False
    if confirmations.move(session, question, after_notice(purser, now), now):
        tell(session, now, Part.NOTICED, key.holder_id, [question.id], once=question.id)
    return True
