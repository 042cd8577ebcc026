"""Reviews: a team's owners confirm each of its keys, and what nobody confirms in time is turned off, with proof.

One is open per team. Keys made after it began are no part of it. Whatever becomes of a key meanwhile answers for it.
Silence counts only where the review could be read: one whose messages stand nowhere turns nothing off, and nothing
goes off before its notice stood for its time, and before whoever holds the key by now was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.aging import KEEP_SECONDS
from bot.domain.budgets import Layer
from bot.domain.confirming import (
    Answer,
    Place,
    Question,
    Review,
    ReviewFacts,
    Step,
    Why,
    answer_of_off,
    due_after_notice,
    first_comes,
    is_reviewed,
)
from bot.domain.facts import KeyFacts
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.people import Team
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.deciders import told_of
from bot.services.facts import key_facts, team_or_raise
from bot.services.keeping import KEPT
from bot.services.noticing import after_notice, give_notice, is_to_be_told, review_step
from bot.services.people import refused_by
from bot.services.proving import about
from bot.services.questions import answered, may_not_confirm, refresh, review_stream, stale
from bot.services.turning_off import start
from storage import confirmations, departures, keys, ledger, people, reviews
from storage.engine import Session

STARTED, NOTICED, ENDED = "review.started", "review.noticed", "review.ended"
POSTPONED = "review.postponed"
CALLED_OFF = "called off"
AT_ONCE = 25
"""So many keys are turned off in one transaction."""
REFRESHED = timedelta(days=1)
"""How long after its end a review's messages go on telling the truth about its keys."""
_OF = (KeyState.LIVE, KeyState.RESTORING, KeyState.DISABLING, KeyState.DISABLED)
_GONE = Refused(Because.NOT_FOUND, "Purser does not know this review any more.")


@dataclass(frozen=True, slots=True)
class Begun:
    """The review that is open after `/ai-team review`, and whether that began it."""

    facts: ReviewFacts
    is_new: bool
    may_end: bool = True
    """Whether who typed it may call the review off."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A key that is confirmed, and by whom first."""

    key: KeyFacts
    by: str
    already: bool = False
    """Whether it was answered before, so that nothing changed."""
    answer: Answer = Answer.KEPT


def review(purser: Purser, actor: Actor, channel_id: str) -> Begun | Refused:
    """Begin a review of the keys of the channel's team, or show the one that is open. Owners only begin one."""
    with purser.deciding() as session:
        take_in(session, actor)
        team = people.team_in_channel(session, channel_id)
        if team is None:
            text = "This channel is no team's. Type `/ai-team review` in a team's channel."
            return Refused(Because.NOT_FOUND, text)
        found, barrier = reviews.open_of(session, team.id), purser.authority.barrier_to_own(actor.member, team)
        if found is not None and purser.authority.barrier_to_look(actor.member, team) is None:
            return Begun(gather(session, purser, found), is_new=False, may_end=barrier is None)
        if barrier is not None:
            return refused_by(barrier)
        every = [key for key in keys.under(session, Layer.TEAM, team.id, _OF) if is_reviewed(key)]
        if not every:
            return Refused(Because.NOT_FOUND, f"Team {team.name} has no key that works, so there is nothing to review.")
        return Begun(gather(session, purser, _begin(session, purser, actor, team, every)), is_new=True)


def confirm(purser: Purser, actor: Actor, question_id: str) -> Confirmed | Refused:
    """Somebody who may says that a key is needed. It is not called old for 30 days either."""
    with purser.deciding() as session:
        take_in(session, actor)
        now, question = purser.now(), confirmations.get(session, question_id)
        key = None if question is None else keys.get(session, question.key_id)
        if question is None or key is None:
            return _GONE
        if question.answer is not None:
            facts = key_facts(session, key, now)
            return Confirmed(facts, question.answered_by or "purser", already=True, answer=question.answer)
        if refused := may_not_confirm(session, purser, actor, key):
            return refused
        if not is_reviewed(key):
            return Refused(Because.WRONG_STATE, f"`{key.label}` is off by now, so there is nothing to keep.")
        answered(session, now, question, key, Answer.KEPT, actor.id)
        until = now + timedelta(seconds=KEEP_SECONDS)
        if keys.keep(session, key.id, until, key.state):
            reason = f"until {until:%Y-%m-%d %H:%M} UTC"
            record(session, now, actor=actor.id, action=KEPT, about=about(key), once=question.id, reason=reason)
        refresh(session, now, question.review_id)
        return Confirmed(key_facts(session, key, now), actor.id)


def key_of(purser: Purser, question_id: str) -> str | None:
    """The id of the key that a question is about, or None."""
    with purser.books.reading() as session:
        question = confirmations.get(session, question_id)
        return None if question is None else question.key_id


def call_off(purser: Purser, actor: Actor, review_id: str) -> ReviewFacts | Refused:
    """An owner ends a review before its time: what was confirmed stands, and nothing is turned off."""
    with purser.deciding() as session:
        take_in(session, actor)
        found = reviews.get(session, review_id)
        if found is None:
            return _GONE
        if barrier := purser.authority.barrier_to_own(actor.member, team_or_raise(session, found.team_id)):
            return refused_by(barrier)
        give_up(session, purser, found, actor.id, CALLED_OFF)
        return gather(session, purser, reviews.get(session, review_id) or found)


def give_up(session: Session, purser: Purser, found: Review, by: str, reason: str) -> None:
    """End a review without turning anything off. Does nothing when it is over."""
    now = purser.now()
    for question in confirmations.of_review(session, found.id):
        key = keys.get(session, question.key_id)
        if question.answer is None and key is not None:
            answered(session, now, question, key, Answer.MOOT, by, reason="the review was called off")
    _end(session, found, by, reason, now)


def gather(session: Session, purser: Purser, found: Review) -> ReviewFacts:
    """The review as it stands, in a session that is open already."""
    team = team_or_raise(session, found.team_id)
    rows = ledger.entries(session, idempotency_key=f"{ENDED}:{found.id}")
    by = next((row.actor for row in rows if row.actor != "purser"), None)
    owners = _owners(session, purser, team)
    return ReviewFacts(found, team, reviews.standings(session, found.id), owners, called_off_by=by)


def watch_reviews(purser: Purser) -> None:
    """Settle what is answered by itself, give notice, turn off what nobody confirmed; keep the messages true."""
    now = purser.now()
    with purser.books.reading() as session:
        opened, over = reviews.open_ones(session), reviews.ended_since(session, now - REFRESHED)
        due = [found for found in opened if _is_due(session, purser, found, now)]
    for found in due:
        _watch(purser, found.id)
    with purser.books.reading() as session:
        outdated = [one.id for one in (*opened, *over) if stale(session, one.id)]
    for review_id in outdated:
        with purser.deciding() as session:
            refresh(session, purser.now(), review_id)


# --- from beginning to end ---


def _begin(session: Session, purser: Purser, actor: Actor, team: Team, every: Sequence[Key]) -> Review:
    now = purser.now()
    until = now + timedelta(seconds=purser.policy.review_seconds)
    begun = Review(purser.ids.new("review"), team.id, actor.id, now, until)
    reviews.add(session, begun)
    for number, key in enumerate(sorted(every, key=first_comes)):
        before = confirmations.open_about(session, key.id)
        if before is not None:
            answered(session, now, before, key, Answer.MOOT, "purser", reason="a review asks about it")
        # Its number keeps the keys in order: what they are ordered by may change.
        question = Question(f"{begun.id}-{number:05d}", key.id, Why.REVIEW, now, until, begun.id)
        confirmations.add(session, question)
    reason = f"{_keys(every)}, until {until:%Y-%m-%d %H:%M} UTC"
    record(session, now, actor=actor.id, action=STARTED, about=Subjects(team.id), once=begun.id, reason=reason)
    refresh(session, now, begun.id)
    return begun


def _is_due(session: Session, purser: Purser, found: Review, now: datetime) -> bool:
    """Whether there may be anything to do about an open review but to wait."""
    waiting = [one for one in reviews.standings(session, found.id) if one.question.answer is None]
    if not waiting or any(one.state not in (KeyState.LIVE, KeyState.RESTORING) for one in waiting):
        return True
    return review_step(session, purser, found, now) is not Step.WAIT


def _watch(purser: Purser, review_id: str) -> None:
    """One look at an open review, in transactions of its own."""
    with purser.deciding() as session:
        found = reviews.get(session, review_id)
        assert found is not None, review_id
        waiting = _settle(session, purser, found)
        due = review_step(session, purser, found, purser.now()) if waiting else Step.WAIT
        if due is Step.NOTICE and found.ts is not None:
            _notice(session, purser, found, waiting)
        elif due is Step.POSTPONE:
            _postpone(session, purser, found, waiting)
        elif not waiting:
            _end_or_go_on(session, purser, found)
    while due is Step.STOP and waiting:
        with purser.deciding() as session:
            _stop(session, purser, waiting[:AT_ONCE])
            waiting = waiting[AT_ONCE:]
            if not waiting:
                _end_or_go_on(session, purser, found)


def _settle(session: Session, purser: Purser, found: Review) -> list[Question]:
    """Write down what is answered by what became of its keys; those that still wait."""
    waiting = []
    for question in confirmations.of_review(session, found.id):
        if question.answer is not None:
            continue
        key = keys.get(session, question.key_id)
        assert key is not None, question.key_id
        if is_reviewed(key):
            waiting.append(question)
        else:
            given, by = answer_of_off(key)
            answered(session, purser.now(), question, key, given, by)
    return waiting


def _notice(session: Session, purser: Purser, found: Review, waiting: Sequence[Question]) -> None:
    """Say what would go off: in the thread to owners, and directly to holders."""
    now = purser.now()
    until = due_after_notice(Why.REVIEW, found.due_at, purser.policy, now)
    if not reviews.notice(session, found, until, now):
        return
    give_notice(session, purser, waiting, until, now)
    reason = f"{_keys(waiting)}, off {until:%Y-%m-%d %H:%M} UTC"
    record(session, now, actor="purser", action=NOTICED, about=Subjects(found.team_id), once=found.id, reason=reason)
    refresh(session, now, found.id)


def _postpone(session: Session, purser: Purser, found: Review, waiting: Sequence[Question]) -> None:
    """Its notice came late, or is given anew: people have as long from then on as they were promised."""
    given_at = reviews.stood_at(session, review_stream(found.id), Place.NOTICE) or purser.now()
    until = after_notice(purser, given_at)
    if reviews.move(session, found, until, given_at):
        give_notice(session, purser, waiting, until, given_at)
        _go_on(session, purser, found, until)


def _go_on(session: Session, purser: Purser, found: Review, until: datetime) -> None:
    now, reason = purser.now(), f"off {until:%Y-%m-%d %H:%M} UTC, so that whoever answers has had notice"
    once = f"{found.id}:{until.isoformat()}"
    record(session, now, actor="purser", action=POSTPONED, about=Subjects(found.team_id), once=once, reason=reason)
    refresh(session, now, found.id)


def _stop(session: Session, purser: Purser, some: Sequence[Question]) -> None:
    """Turn off those that still wait when their turn comes."""
    now = purser.now()
    for seen in some:
        question, key = confirmations.get(session, seen.id), keys.get(session, seen.key_id)
        if question is None or key is None or question.answer is not None:
            continue
        if departures.waiting_for(session, key.id) is not None:  # whoever is asked to take it was promised more time
            answered(session, now, question, key, Answer.MOOT, "purser", reason="it waits to be taken over")
            continue
        if is_to_be_told(session, purser, question, key, now):
            continue
        reason = f"no owner confirmed it in the review that began {question.asked_at:%-d %B}"
        if start(session, now, key, "purser", OffCause.UNCONFIRMED, reason) is not None:
            answered(session, now, question, key, Answer.SILENT, "purser")
        else:  # it went off since it was looked at
            answered(session, now, question, key, *answer_of_off(key))


def _end_or_go_on(session: Session, purser: Purser, found: Review) -> None:
    """Over when every key is answered for; else it goes on until the last of them is due."""
    dues = [one.due_at for one in confirmations.of_review(session, found.id) if one.answer is None]
    if not dues:
        _end(session, found, "purser", _counted(session, found), purser.now())
    elif found.noticed_at is not None and reviews.move(session, found, max(dues), found.noticed_at):
        _go_on(session, purser, found, max(dues))


def _end(session: Session, found: Review, by: str, reason: str, now: datetime) -> None:
    """It is over: its messages say so, and what came of it."""
    if reviews.end(session, found.id, now):
        record(session, now, actor=by, action=ENDED, about=Subjects(found.team_id), once=found.id, reason=reason)
        refresh(session, now, found.id)


def _keys(some: Sequence[object]) -> str:
    return f"{len(some)} {'key' if len(some) == 1 else 'keys'}"


def _counted(session: Session, found: Review) -> str:
    answers = [one.answer for one in confirmations.of_review(session, found.id)]
    return ", ".join(f"{answers.count(one)} {one}" for one in Answer if one in answers)


def _owners(session: Session, purser: Purser, team: Team) -> tuple[str, ...]:
    """Who is asked: the team's owners, or the workspace's where it has none that could answer."""
    return told_of(session, purser, team.owner_ids) or told_of(
        session, purser, sorted(purser.authority.workspace_owner_ids)
    )
