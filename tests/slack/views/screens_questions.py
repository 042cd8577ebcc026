"""Every screen about questions whether keys are needed, by name: direct messages, and reviews in each state."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.domain.confirming import (
    PAGE_KEYS,
    Answer,
    Asked,
    AskedNotice,
    Entry,
    Part,
    Place,
    Question,
    Review,
    ReviewFacts,
    ReviewNotice,
    ReviewState,
    Standing,
    Why,
)
from bot.domain.facts import KeyFacts
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.slack.views import confirming as views
from bot.slack.views import reviews
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OMAR, USD, World

Screen = Message | dict[str, Any]
DUE = NOW + timedelta(days=7)
STARTED = NOW - timedelta(days=4)
MOST = 20
LONG_AGO = NOW - timedelta(days=40)
ANSWERS = (None, Answer.KEPT, Answer.OFF, Answer.SILENT, Answer.MOOT)


def every_about_questions(world: World) -> dict[str, Screen]:
    """All of them in one world."""
    return {**_direct(world), **_reviews(world)}


def _direct(world: World) -> dict[str, Screen]:
    many = min(world.many, MOST)
    own = [_asked(world, number) for number in range(many)]
    led = [_asked(world, number, _automation(world, number)) for number in range(many)]
    answered = [
        own[0],
        _asked(world, 2, answer=Answer.KEPT, answered_by=OMAR),
        _asked(world, 3, kit.off_key(world, OffCause.RETURNED, off_by=ANA), answer=Answer.OFF, answered_by=ANA),
        _asked(world, 4, answer=Answer.MOOT, answered_by="purser"),
        _asked(world, 5, answer=Answer.SILENT, answered_by="purser"),
    ]
    gone = [_asked(world, n, _silent(world, OffCause.UNUSED, n), answer=Answer.SILENT) for n in range(many)]
    due = [Asked(_member(world, number), due_at=NOW - timedelta(days=1)) for number in range(many)]
    told = {
        "asked": AskedNotice(Part.ASKED, ANA, tuple(own)),
        "asked_one": AskedNotice(Part.ASKED, ANA, tuple(own[:1])),
        "asked_lead": AskedNotice(Part.ASKED, OMAR, tuple(led)),
        "asked_answered": AskedNotice(Part.ASKED, ANA, tuple(answered)),
        "reminded": AskedNotice(Part.REMINDED, ANA, tuple(own)),
        "reminded_answered": AskedNotice(Part.REMINDED, ANA, tuple(answered[1:2])),
        "reminded_one": AskedNotice(Part.REMINDED, ANA, tuple(own[:1])),
        "stopped": AskedNotice(Part.STOPPED, OMAR, tuple(gone)),
        "stopped_one_unproven": AskedNotice(Part.STOPPED, OMAR, (_unproven(world),)),
        "noticed": AskedNotice(Part.NOTICED, ANA, tuple(own), "C0SEARCH"),
        "rotation": AskedNotice(Part.ROTATION, ANA, tuple(due)),
        "rotation_one": AskedNotice(Part.ROTATION, ANA, tuple(due[:1])),
    }
    return {f"questions_{name}": views.asked(notice, NOW) for name, notice in told.items()}


def _reviews(world: World) -> dict[str, Screen]:
    opened, waiting = _review(world), _review(world, answers=(None,))
    done = _review(world, answers=ANSWERS[1:], state=ReviewState.DONE)
    off = replace(_review(world, answers=(Answer.KEPT, Answer.MOOT), state=ReviewState.DONE), called_off_by=OMAR)
    quiet = _review(world, answers=(Answer.KEPT,), state=ReviewState.DONE)
    states = {"open": opened, "begun": waiting, "done": done, "done_quiet": quiet, "called_off": off}
    found: dict[str, Screen] = {}
    for name, facts in states.items():
        found[f"review_{name}"] = reviews.review(ReviewNotice(facts, Place.MESSAGE), NOW)
        entries = tuple(_entry(world, one, number) for number, one in enumerate(facts.keys[:PAGE_KEYS]))
        found[f"review_page_{name}"] = reviews.review(ReviewNotice(facts, Place.PAGE, 0, entries), NOW)
        if facts.review.state is ReviewState.DONE:
            found[f"review_summary_{name}"] = reviews.review(ReviewNotice(facts, Place.SUMMARY), NOW)
    for name in ("open", "begun", "done", "done_quiet"):
        found[f"review_notice_{name}"] = reviews.review(ReviewNotice(states[name], Place.NOTICE), NOW)
    answered = replace(opened, keys=_standings(world, (Answer.KEPT,)))
    found["review_notice_answered"] = reviews.review(ReviewNotice(answered, Place.NOTICE), NOW)
    return found | {
        "review_answer_begun": reviews.begun(waiting, is_new=True),
        "review_answer_open": reviews.begun(opened, is_new=False),
        "review_answer_confirmed": reviews.confirmed(kit.key(world)),
        "review_answer_kept_already": reviews.answered_already(kit.key(world), Answer.KEPT, OMAR),
        "review_answer_moot": reviews.answered_already(kit.key(world), Answer.MOOT, OMAR),
        "review_answer_off": reviews.answered_already(kit.off_key(world, OffCause.DISABLED), Answer.OFF, OMAR),
        "review_answer_called_off": reviews.called_off(off),
    }


def _question(number: int, why: Why = Why.UNUSED, **changes: Any) -> Question:
    review_id = "review-1" if why is Why.REVIEW else None
    named = f"review-1-{number:05d}" if why is Why.REVIEW else f"confirmation-{number}"
    return replace(Question(named, f"key-{number}", why, STARTED, DUE, review_id), **changes)


def _asked(world: World, number: int, key: KeyFacts | None = None, **answer: Any) -> Asked:
    used = date(2026, 10, 12) if number else None
    return Asked(key or _member(world, number), _question(number, **answer), used)


def _member(world: World, number: int) -> KeyFacts:
    return kit.key(
        world, number=number, kind=KeyKind.MEMBER, cap_micros=50 * USD, expires_at=None, revealed_at=LONG_AGO
    )  # fmt: skip


def _automation(world: World, number: int, **changes: Any) -> KeyFacts:
    values: dict[str, Any] = {"kind": KeyKind.AUTOMATION, "daily_cap_micros": 5 * USD, "lead_id": OMAR}
    return kit.key(world, number=number, expires_at=None, revealed_at=LONG_AGO, **(values | changes))


def _silent(world: World, cause: OffCause, number: int) -> KeyFacts:
    why = "nobody has used it for long, and nobody answered since 13 November whether it is still needed"
    return kit.off_key(world, cause, off_by="purser", off_reason=why, number=number, revealed_at=LONG_AGO)


def _unproven(world: World) -> Asked:
    key = kit.off_key(world, OffCause.UNUSED, None, off_by="purser", off_reason="nobody has used it for long")
    return _asked(world, 1, key, answer=Answer.SILENT)


def _review(
    world: World, answers: tuple[Answer | None, ...] = ANSWERS, state: ReviewState = ReviewState.OPEN
) -> ReviewFacts:
    ended = NOW if state is ReviewState.DONE else None
    review = Review("review-1", "team-1", OMAR, STARTED, DUE, state, None, "C0SEARCH", "1.1", ended)
    return ReviewFacts(review, kit.team(world), _standings(world, answers), world.owners)


def _standings(world: World, answers: tuple[Answer | None, ...]) -> tuple[Standing, ...]:
    every = [answers[number % len(answers)] for number in range(max(len(answers), 2, world.many))]
    return tuple(_standing(world, number, answer) for number, answer in enumerate(every))


def _standing(world: World, number: int, answer: Answer | None) -> Standing:
    question = _question(number, Why.REVIEW, answer=answer, answered_by=None if answer is None else OMAR)
    state = {
        Answer.OFF: KeyState.DISABLED,
        Answer.SILENT: KeyState.DISABLED if number % 2 else KeyState.DISABLING,
    }.get(answer or Answer.KEPT, KeyState.LIVE)
    return Standing(question, world.label, ANA, state)


def _entry(world: World, one: Standing, number: int) -> Entry:
    if one.state is KeyState.LIVE:
        key = _automation(world, number) if number % 2 else _member(world, number)
    else:
        cause = OffCause.DISABLED if one.question.answer is Answer.OFF else OffCause.UNCONFIRMED
        key = _silent(world, cause, number)
    used = (None, date(2026, 11, 19))[number % 2]
    month = None if number == 1 else 3_200_000
    return Entry(one.question, replace(key, project_name=world.team if number else ""), month, used, bool(number != 2))
