"""Answers to the question whether a key is still needed: who may give one, and what is to be told of it.

Everything here is called within the transaction that decides something. A question is answered once, whoever is first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.domain.confirming import PAGE_KEYS, Answer, Part, Place, Question, Review, ReviewState, Standing, Why, pages
from bot.domain.keys import Key
from bot.domain.people import BARRIER_TEXT, Role, Team
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, effect, record
from bot.services.facts import team_or_raise
from bot.services.proving import about
from storage import confirmations, ledger, outbox, people, reviews
from storage.engine import Session

QUESTIONS = "slack.questions"
REVIEW = "slack.review"
CONFIRMED = "key.confirmed"
"""The ledger's word for a key that somebody said is needed, after a question about it."""

_OWN = "You hold `{label}`, so somebody else has to confirm it: {others}."
_NOT_THEIRS = "Only owners of team {team} confirm its keys."


def kept(session: Session, purser: Purser, actor: Actor, key: Key) -> None:
    """Somebody keeps a key, from wherever: that answers the open question about it, if it is theirs to answer.

    In a review only those who may confirm the key there answer it so; what its holder says is no answer to it.
    """
    now = purser.now()
    question = confirmations.open_about(session, key.id)
    if question is None:
        return
    if question.why is Why.REVIEW and may_not_confirm(session, purser, actor, key) is not None:
        return
    if answered(session, now, question, key, Answer.KEPT, actor.id):
        refresh(session, now, question.review_id)


def answered(  # noqa: PLR0913 - what an answer says
    session: Session, now: datetime, question: Question, key: Key, given: Answer, by: str, *, reason: str = ""
) -> bool:
    """Write down an answer and its ledger row; False when somebody was faster.

    Of a key that silence turns off, its own row says so. Whoever answers in a review refreshes it.
    """
    if not confirmations.answer(session, question.id, given, by, now):
        return False
    if given is not Answer.SILENT:
        action = CONFIRMED if given is Answer.KEPT else f"confirmation.{given}"
        record(session, now, actor=by, action=action, about=about(key), once=question.id, reason=reason)
    return True


def may_not_confirm(session: Session, purser: Purser, actor: Actor, key: Key) -> Refused | None:
    """Why this person may not confirm the key in a review, or None.

    Owners may, but nobody their own key while another owner, or the lead of an owner's key, could.
    """
    if barrier := purser.authority.stranger(actor.member):
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
    team = team_or_raise(session, key.team_id)
    owners = present(session, purser, (*team.owner_ids, *sorted(purser.authority.workspace_owner_ids)))
    able = (*owners, *_lead_of_owners_key(session, purser, team, key, owners))
    if actor.id not in able:
        return Refused(Because.NOT_ALLOWED, _NOT_THEIRS.format(team=team.name))
    others = [f"<@{one}>" for one in able if one != key.holder_id]
    if actor.id == key.holder_id and others:
        return Refused(Because.NOT_ALLOWED, _OWN.format(label=key.label, others=" or ".join(others[:3])))
    return None


def _lead_of_owners_key(
    session: Session, purser: Purser, team: Team, key: Key, owners: Collection[str]
) -> tuple[str, ...]:
    if key.lead_id is None or key.holder_id not in owners or key.lead_id in owners:
        return ()
    return present(session, purser, (key.lead_id,)) if team.role_of(key.lead_id) is not Role.NONE else ()


def present(session: Session, purser: Purser, ids: Sequence[str]) -> tuple[str, ...]:
    """Those of these people who are still here and no guests, each once."""
    unable = {
        person.id
        for person in people.members(session, ids)
        if person.is_guest or purser.authority.stranger(person) is not None
    }
    return tuple(one for one in dict.fromkeys(ids) if one not in unable)


# --- what is told ---


def tell(  # noqa: PLR0913 - one message to one person
    session: Session,
    now: datetime,
    part: Part,
    member_id: str,
    ids: Sequence[str],
    *,
    once: str,
    after_seconds: int = 0,
) -> None:
    """Write to one person about several keys, in a stream of their own. `ids` are questions, or keys for ROTATION."""
    outbox.add(
        session,
        stream=f"questions:{member_id}",
        effect=QUESTIONS,
        payload={"part": str(part), "member_id": member_id, "ids": list(ids)},
        unique_key=f"{QUESTIONS}:{part}:{once}:{member_id}",
        now=now,
        not_before=now + timedelta(seconds=after_seconds),
    )


def refresh(session: Session, now: datetime, review_id: str | None) -> None:
    """Let every message of a review that shows something else by now tell the truth again; post what is missing.

    All but its message wait until that one stands, for they are in its thread.
    """
    for part, figures in stale(session, review_id).items():
        payload = {"review_id": review_id, "part": part, "figures": figures}
        once = f"{review_id}:{part}:{ledger.head(session).seq}:{figures}"
        effect(session, now, stream=review_stream(review_id or ""), name=REVIEW, payload=payload, once=once)


def stale(session: Session, review_id: str | None) -> dict[str, str]:
    """What messages of a review should show by now and do not, nor will when their turn comes: figures by part."""
    review = None if review_id is None else reviews.get(session, review_id)
    if review is None:
        return {}
    stream = review_stream(review.id)
    wanted = _figures(review, reviews.standings(session, review.id))
    shown = reviews.shown(session, stream, len(wanted))
    waiting = {
        row.payload["part"]
        for row in outbox.pending(session, stream=stream)
        if row.leased_until is None and not row.attempts
    }  # one that waits will show what is true then
    return {part: is_so for part, is_so in wanted.items() if shown.get(part) != is_so and part not in waiting}


def review_stream(review_id: str) -> str:
    """Everything posted of one review is posted in order."""
    return f"review:{review_id}"


def page_of(part: str) -> tuple[Place, int]:
    """Which message of a review is meant: `page:2` is the third page."""
    place, _, number = part.partition(":")
    return Place(place), int(number or 0)


def _figures(review: Review, every: Sequence[Standing]) -> dict[str, str]:
    """What each message of a review shows, in so few words as differ when that does."""
    counts = Counter(f"{one.question.answer}-{_off(one)}" for one in every)
    head = (review.state, review.due_at.isoformat(), review.noticed_at is not None, *sorted(counts.items()))
    found = {str(Place.MESSAGE): _short(head)}
    if review.ts is None:
        return found
    for number in range(pages(every)):
        page = every[number * PAGE_KEYS : (number + 1) * PAGE_KEYS]
        shows = [(one.question.answer, one.question.answered_by, one.state, one.holder_id, one.lead_id) for one in page]
        found[f"{Place.PAGE}:{number}"] = _short((review.state, *shows))
    if review.noticed_at is not None:
        waits = [(one.label, one.holder_id) for one in every if one.question.answer is None]
        found[str(Place.NOTICE)] = _short((review.state, review.due_at.isoformat(), *waits))
    if review.state is ReviewState.DONE:
        silent = [(one.label, _off(one)) for one in every if one.question.answer is Answer.SILENT]
        found[str(Place.SUMMARY)] = _short((*sorted(counts.items()), *silent))
    return found


def _off(one: Standing) -> str:
    return str(one.state) if one.question.answer is Answer.SILENT else ""


def _short(what: Sequence[object]) -> str:
    return hashlib.sha256(repr([str(one) for one in what]).encode()).hexdigest()[:16]
