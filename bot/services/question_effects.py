"""Performs what is told of questions about keys: direct messages, a review's one message, what stands in its thread.

All is drawn from what is true when it is sent. A message in a review's thread is found again by an id of its own, so it
is posted once and written anew from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.domain import aging
from bot.domain.confirming import (
    PAGE_KEYS,
    Answer,
    Asked,
    AskedNotice,
    Entry,
    Part,
    Place,
    Question,
    ReviewFacts,
    ReviewNotice,
    ReviewState,
    Why,
    due_after_notice,
    is_late,
)
from bot.domain.facts import Occasion
from bot.domain.periods import month_of
from bot.services.context import Effect, Purser
from bot.services.deciders import told_of
from bot.services.facts import key_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.keeping import tells_use
from bot.services.ports import Sending
from bot.services.questions import QUESTIONS, REVIEW, page_of, refresh, review_stream, tell
from bot.services.reviewing import gather, give_up
from bot.services.telling import Telling, tell_people
from storage import confirmations, held_keys, keys, people, readings, reviews
from storage.engine import Session
from storage.outbox import Claimed

ATTEMPTS = 50
_OPEN = (Part.ASKED, Part.REMINDED, Part.NOTICED)
"""Messages that nobody needs once all of their questions are answered."""


def asked_now(purser: Purser, part: Part, member_id: str, ids: Collection[str]) -> AskedNotice:
    """What a direct message about these questions, or keys, says at this moment."""
    with purser.books.reading() as session:
        if part is Part.ROTATION:
            return AskedNotice(part, member_id, _to_rotate(session, purser, ids))
        found = sorted(confirmations.some(session, ids), key=lambda one: list(ids).index(one.id))
        review = next((reviews.get(session, one.review_id) for one in found if one.review_id), None)
        channel = (review and review.channel_id) or ""
        return AskedNotice(part, member_id, tuple(_asked(session, one, purser.now()) for one in found), channel)


def review_notice(session: Session, purser: Purser, facts: ReviewFacts, place: Place, page: int) -> ReviewNotice:
    """One message of a review, with what is known of the keys of its page."""
    if place is not Place.PAGE:
        return ReviewNotice(facts, place)
    questions = [one.question for one in facts.keys[page * PAGE_KEYS : (page + 1) * PAGE_KEYS]]
    return ReviewNotice(facts, place, page, _entries(session, purser, questions))


def _direct(purser: Purser, row: Claimed) -> None:
    """Write to one person, unless there is nothing left to say, or they are not here any more."""
    part, member_id = Part(row.payload["part"]), row.payload["member_id"]
    with purser.books.reading() as session:
        is_here = people.is_here(session, member_id)
    notice = asked_now(purser, part, member_id, row.payload["ids"])
    if part in _OPEN and all(one.question and one.question.answer for one in notice.keys):
        return
    if part is Part.STOPPED:
        silent = [one for one in notice.keys if one.question and one.question.answer is Answer.SILENT]
        notice = replace(notice, keys=tuple(one for one in silent if one.key.key.state not in aging.IN_USE))
    if part is Part.REMINDED:
        notice = replace(notice, keys=tuple(_sent_late(purser, one) for one in notice.keys))
    if notice.keys and is_here:
        purser.notifier.direct_questions(member_id, notice, purser.now(), _sending(row))


def _sent_late(purser: Purser, one: Asked) -> Asked:
    """The key with the end that a reminder has which is sent only now: it stands for its time as well."""
    question, now, policy = one.question, purser.now(), purser.policy
    given_at = None if question is None else question.noticed_at
    if question is None or given_at is None or not is_late(Why.UNUSED, given_at, now, policy):
        return one
    return replace(one, question=replace(question, due_at=due_after_notice(Why.UNUSED, question.due_at, policy, now)))


def _direct_failed(purser: Purser, session: Session, row: Claimed, _error: str) -> None:
    """Who was to be asked cannot be written to: owners are, each about keys of their team, for silence is to be theirs.

    Of a review they read in its thread.
    """
    part = Part(row.payload["part"])
    if part not in (Part.ASKED, Part.REMINDED):
        return
    of_team: dict[str, list[str]] = defaultdict(list)
    for question in confirmations.some(session, row.payload["ids"]):
        key = keys.get(session, question.key_id)
        if key is not None:
            of_team[key.team_id].append(question.id)
    workspace = sorted(purser.authority.workspace_owner_ids)
    of_owner: dict[str, list[str]] = defaultdict(list)
    for team_id, ids in of_team.items():
        for owner in told_of(session, purser, (*team_or_raise(session, team_id).owner_ids, *workspace)):
            of_owner[owner] += ids
    of_owner.pop(row.payload["member_id"], None)
    for owner, ids in of_owner.items():
        tell(session, purser.now(), part, owner, ids, once=f"instead:{row.id}")


def _show(purser: Purser, row: Claimed) -> None:
    """Let one message of a review tell the truth, in its team's channel or in its thread."""
    place, page = page_of(row.payload["part"])
    with purser.books.reading() as session:
        review = reviews.get(session, row.payload["review_id"])
        if review is None:
            return
        notice = review_notice(session, purser, gather(session, purser, review), place, page)
    if place is Place.MESSAGE:
        _post(purser, row, notice)
    elif review.ts is not None:
        ours = Sending(id=f"{review.id}:{row.payload['part']}", maybe_sent=True)
        purser.notifier.put_in_review(notice, purser.now(), ours)


def _post(purser: Purser, row: Claimed, notice: ReviewNotice) -> None:
    """Post the one message; once it stands, everything in its thread follows."""
    now, review = purser.now(), notice.facts.review
    if review.ts is not None:
        purser.notifier.update_review(notice, now)
        return
    sending = _sending(row)
    posted = purser.notifier.post_review(notice.facts.team.channel_id, notice, now, sending)
    purser.failpoint(Failpoint.AFTER_REVIEW_POSTED)
    with purser.deciding() as session:
        reviews.set_message(session, review.id, posted.channel_id, posted.ts)
        refresh(session, now, review.id)
    if sending.maybe_sent:  # what stands there may be what was true at the first try
        stands = replace(review, channel_id=posted.channel_id, ts=posted.ts)
        purser.notifier.update_review(replace(notice, facts=replace(notice.facts, review=stands)), now)


def _show_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """A review that cannot be read is no review: nothing may go off for it. Of the rest, owners are told.

    What stands there, and could only not be written anew, can be read.
    """
    review, part = reviews.get(session, row.payload["review_id"]), row.payload["part"]
    if review is None:
        return
    over = ""
    is_open = review.state is ReviewState.OPEN
    if is_open and reviews.stood_at(session, review_stream(review.id), part) is None:
        give_up(session, purser, review, "purser", f"its message could not be posted: {error}")
        over = " It is over, and nothing is turned off for it."
    team = team_or_raise(session, review.team_id)
    note = f"the review of team {team.name}'s keys could not be shown in <#{team.channel_id}>: {error}.{over}"
    telling = Telling(Occasion.EFFECT_FAILED, note=note)
    told = dict.fromkeys((review.started_by, *told_of(session, purser, team.owner_ids)))
    tell_people(session, purser.now(), telling, told, once=f"review:{row.id}")


def _asked(session: Session, question: Question, now: datetime) -> Asked:
    key = keys.get(session, question.key_id)
    assert key is not None, question.key_id
    return Asked(key_facts(session, key, now), question, held_keys.some(session, (key.id,))[key.id].last_used)


def _to_rotate(session: Session, purser: Purser, key_ids: Collection[str]) -> tuple[Asked, ...]:
    """Those of these keys whose rotation is due."""
    now, found = purser.now(), []
    for key_id in key_ids:
        key = keys.get(session, key_id)
        due = None if key is None else aging.rotation_due(key, purser.policy)
        if key is not None and due is not None and due <= now and key.state in aging.IN_USE:
            found.append(Asked(key_facts(session, key, now), due_at=due))
    return tuple(found)


def _entries(session: Session, purser: Purser, questions: Collection[Question]) -> tuple[Entry, ...]:
    now = purser.now()
    held = held_keys.some(session, [one.key_id for one in questions])
    known = {name: tells_use(session, purser, name, now) for name in {key.gateway for key in held.values()}}
    found = []
    for question in questions:
        key = keys.get(session, question.key_id)
        assert key is not None, question.key_id
        spent = readings.spent(session, key.id, month_of(now))
        month = None if spent is None else spent.micros
        facts = key_facts(session, key, now)
        found.append(Entry(question, facts, month, held[key.id].last_used, known[key.gateway]))
    return tuple(found)


def _sending(row: Claimed) -> Sending:
    return Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)


QUESTION_EFFECTS: dict[str, Effect] = {
    QUESTIONS: Effect(_direct, attempts=ATTEMPTS, on_dead=_direct_failed),
    REVIEW: Effect(_show, attempts=ATTEMPTS, on_dead=_show_failed),
}
