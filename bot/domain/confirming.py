"""Whether a key is still needed: asked about unused keys and in reviews, answered by people or by what happens.

Silence turns a key off, but never unannounced: whoever can answer has been told, and when, some time before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.facts import KeyFacts
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.people import Team
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.policy import Policy


class Why(StrEnum):
    """Why it is asked whether a key is still needed."""

    UNUSED = "unused"
    REVIEW = "review"


class Answer(StrEnum):
    """How a question ended."""

    KEPT = "kept"
    """Somebody said that the key is needed, or asked for more of it."""
    OFF = "off"
    """Somebody turned it off."""
    SILENT = "silent"
    """Nobody answered in time, so it was turned off."""
    MOOT = "moot"
    """No longer of interest: it was used, or went off for another reason."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether one key is still needed."""

    id: str
    key_id: str
    why: Why
    asked_at: datetime
    due_at: datetime
    """When silence turns it off; never before its notice was given."""
    review_id: str | None = None
    noticed_at: datetime | None = None
    """When people were told that it is about to go off."""
    answer: Answer | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


class ReviewState(StrEnum):
    """Where a review is."""

    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Review:
    """A campaign in which a team's owners confirm each of its keys."""

    id: str
    team_id: str
    started_by: str
    started_at: datetime
    due_at: datetime
    state: ReviewState = ReviewState.OPEN
    noticed_at: datetime | None = None
    channel_id: str | None = None
    ts: str | None = None
    """Where its message stands."""
    ended_at: datetime | None = None


# --- when something is due ---

NOTICE_SECONDS = {Why.UNUSED: DAY_SECONDS, Why.REVIEW: 3 * DAY_SECONDS}
_NOTICE_SHARE = {Why.UNUSED: 2, Why.REVIEW: 4}
"""And no more than this part of the time there is to answer."""

_LATE_SHARE = 24
"""A notice that stands later by more than this part of its time is late."""

GRACE_SECONDS = 3 * HOUR_SECONDS
"""So long after its deadline it may take to read whether a key was used until then."""


def answer_seconds(why: Why, policy: Policy) -> int:
    """How long people have to answer."""
    return policy.stop_unused_seconds if why is Why.UNUSED else policy.review_seconds


def notice_seconds(why: Why, policy: Policy) -> int:
    """How long before a key goes off people are told so."""
    return min(NOTICE_SECONDS[why], answer_seconds(why, policy) // _NOTICE_SHARE[why])


def is_late(why: Why, given_at: datetime, stood_at: datetime, policy: Policy) -> bool:
    """Whether a notice came to stand so long after it was given that people had less time than was promised."""
    return stood_at > given_at + timedelta(seconds=notice_seconds(why, policy)) / _LATE_SHARE


class Step(StrEnum):
    """What time brings to a question that nobody has answered."""

    WAIT = "wait"
    NOTICE = "notice"
    """Say that it is about to go off. From then on there is all of the notice's time to answer."""
    POSTPONE = "postpone"
    """It is not known whether the key was used meanwhile, or a notice came late: nothing is turned off yet."""
    STOP = "stop"


def step(
    why: Why,
    due_at: datetime,
    noticed_at: datetime | None,
    policy: Policy,
    now: datetime,
    *,
    use_known: bool = True,
) -> Step:
    """What is due about an unanswered question. Never STOP before its notice stood for the time of one."""
    notice = timedelta(seconds=notice_seconds(why, policy))
    if now < due_at - notice:
        return Step.WAIT
    if not use_known:
        return Step.POSTPONE if now >= due_at + timedelta(seconds=GRACE_SECONDS) else Step.WAIT
    if noticed_at is None:
        return Step.NOTICE
    return Step.STOP if now >= max(due_at, noticed_at + notice) else Step.WAIT


def due_after_notice(why: Why, due_at: datetime, policy: Policy, now: datetime) -> datetime:
    """When silence turns a key off whose notice is given now."""
    return max(due_at, now + timedelta(seconds=notice_seconds(why, policy)))


# --- which keys ---


def may_be_asked(key: Key, policy: Policy, now: datetime) -> bool:
    """Whether to ask about an unused key: not when it ends by itself before an answer would be due."""
    if key.retires_at is not None or key.state is not KeyState.LIVE:
        return False
    return key.expires_at is None or key.expires_at > now + timedelta(seconds=policy.stop_unused_seconds)


def is_reviewed(key: Key) -> bool:
    """Whether a review asks for it: it works, or would come back by itself."""
    if key.state in (KeyState.LIVE, KeyState.RESTORING):
        return True
    return key.state in (KeyState.DISABLING, KeyState.DISABLED) and key.off_cause is OffCause.BUDGET


def answer_of_off(key: Key) -> tuple[Answer, str]:
    """What a key that is off answers, and by whom: a person who turned it off, or nobody."""
    by = key.off_by or "purser"
    if by != "purser" and key.off_cause in (OffCause.DISABLED, OffCause.RETURNED):
        return Answer.OFF, by
    return Answer.MOOT, "purser"


def first_comes(key: Key) -> tuple[datetime, int, str]:
    """The order of a review: oldest first, and of the same age the widest cap."""
    return key.revealed_at or key.created_at, -key.cap_micros, key.label


# --- what people are told ---


class Part(StrEnum):
    """What a direct message about keys is."""

    ASKED = "asked"
    """Are these keys still needed?"""
    REMINDED = "reminded"
    """The same, shortly before they go off."""
    STOPPED = "stopped"
    """To those who could have answered, and to owners: these are off."""
    NOTICED = "noticed"
    """To a holder: nobody has confirmed these in a review yet."""
    ROTATION = "rotation"
    """To a holder: these should be replaced by new ones."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One key as a direct message shows it."""

    key: KeyFacts
    question: Question | None = None
    """None in a message about rotation."""
    last_used: date | None = None
    """The last UTC day on which it was used; None when it never was."""
    due_at: datetime | None = None
    """When its rotation is due."""


@dataclass(frozen=True, slots=True)
class AskedNotice:
    """A direct message about keys, as true as it is at this moment."""

    part: Part
    member_id: str
    keys: tuple[Asked, ...]
    channel_id: str = ""
    """Where the review is, if it is about one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a review."""

    question: Question
    key: KeyFacts
    month_micros: int | None = None
    """What it spent in this month, micro-USD; None when it was never read."""
    last_used: date | None = None
    """The last UTC day on which it was used; None when it never was."""
    use_known: bool = True
    """Whether its gateway tells what it is used for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One key of a review in so few words as tell how the review stands."""

    question: Question
    label: str
    holder_id: str
    state: KeyState
    lead_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A review as it stands, without what is known of each key."""

    review: Review
    team: Team
    keys: tuple[Standing, ...]
    """In the order in which they are asked for."""
    owner_ids: tuple[str, ...] = ()
    """Those who are asked, by Slack user id."""
    called_off_by: str | None = None

    def answered(self, *answers: Answer | None) -> tuple[Standing, ...]:
        """Its keys with any of these answers; None for those that wait."""
        return tuple(one for one in self.keys if one.question.answer in answers)


PAGE_KEYS = 15
"""So many keys stand in one message of a review's thread."""


class Place(StrEnum):
    """What a message of a review is: the one in the channel, or one in its thread."""

    MESSAGE = "message"
    PAGE = "page"
    NOTICE = "notice"
    """What would go off, some days before."""
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class ReviewNotice:
    """One message of a review."""

    facts: ReviewFacts
    place: Place
    page: int = 0
    entries: tuple[Entry, ...] = ()
    """The keys of this page."""


def pages(facts: Sequence[Standing]) -> int:
    """How many pages a review of these keys has."""
    return -(-len(facts) // PAGE_KEYS)
