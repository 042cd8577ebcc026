"""Unused keys: whoever answers for one is asked whether it is still needed. `unanswered` has what silence does.

A key whose use is not known is never asked about. What is asked is decided in a transaction that looks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bot.domain import aging
from bot.domain.budgets import TOTAL
from bot.domain.confirming import Part, Question, Why, answer_of_off, is_reviewed, may_be_asked
from bot.domain.digests import Age
from bot.domain.keys import Key, KeyState
from bot.domain.people import Team
from bot.domain.periods import day_of
from bot.services.context import Purser, record
from bot.services.deciders import told_of
from bot.services.keeping import still_here, tells_use
from bot.services.proving import about
from bot.services.questions import QUESTIONS, answered, refresh, tell
from storage import confirmations, departures, held_keys, incident_history, keys, ledger, people, readings
from storage.alerts import RESUMED
from storage.engine import Session
from storage.held_keys import HeldKey

ASKED = "confirmation.asked"
"""The ledger's word for a question, with what the key had spent in all by then."""
MOST_ASKED = 20
"""So many keys one person is asked about in a day. What is more waits for the next."""
AT_ONCE = 100
"""So many keys are asked about, or turned off, in one transaction."""

_BACK = ("key.restored", RESUMED)
"""Since when a key works that had been off."""

Recipients = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unused:
    """A key that nobody seems to use, and who is asked about it."""

    key_id: str
    label: str
    recipients: Recipients


def ask_unused(purser: Purser) -> None:
    """Ask about every key that is unused by now: one message to each person, at most one a day."""
    if not purser.policy.asks_unused:
        return
    now = purser.now()
    with purser.books.reading() as session:
        found = [one for team in people.all_teams(session) for one in _unused(session, purser, team, now)]
        together = list(_together(session, purser, found, now))
    for some in together:
        with purser.deciding() as session:
            _ask(session, purser, some)


def settle(purser: Purser, question_ids: Collection[str]) -> None:
    """Write down at once what those of these questions have come to that are answered by what became of the key."""
    with purser.deciding() as session:
        now = purser.now()
        for question in confirmations.some(session, question_ids):
            key = keys.get(session, question.key_id)
            if question.answer is None and key is not None and not is_reviewed(key):
                given, by = answer_of_off(key)
                answered(session, now, question, key, given, by)
                refresh(session, now, question.review_id)


# --- asking ---


def _unused(session: Session, purser: Purser, team: Team, now: datetime) -> Iterator[_Unused]:
    held = held_keys.of_team(session, team.id, (KeyState.LIVE,))
    here = still_here(session, purser, team)
    told = {name: tells_use(session, purser, name, now) for name in {key.gateway for key in held}}
    unused = [key for key in held if told[key.gateway] and is_unused(purser, key, now)]
    asked = confirmations.asked_about(session, [key.id for key in unused], *Why)
    asked |= departures.waiting_among(session, [key.id for key in unused])  # who takes it answers for it
    others = recipients(session, purser, team, "", here) if unused else ()
    for key in unused:
        person = aging.answers_for(key)
        who = (person,) if person in here else others
        if key.id not in asked and who:
            yield _Unused(key.id, key.label, who)


def is_unused(purser: Purser, key: HeldKey, now: datetime) -> bool:
    """By the rule of the digest. Use has to be known."""
    here = (aging.answers_for(key),)
    return Age.UNUSED in aging.ages(key, key.last_used, here, purser.policy, now)


def _is_to_be_asked(session: Session, purser: Purser, key_id: str, now: datetime) -> bool:
    key = keys.get(session, key_id)
    can_be = key is not None and may_be_asked(key, purser.policy, now)
    return can_be and not _was_settled_lately(session, purser, key_id, now)


def _was_settled_lately(session: Session, purser: Purser, key_id: str, now: datetime) -> bool:
    """Whether it was asked about, or came back, less than the time ago after which a key is unused."""
    since = now - timedelta(seconds=purser.policy.unused_seconds)
    last = confirmations.last_about(session, key_id, Why.UNUSED)
    if last is not None and last.answered_at is not None and last.answered_at > since:
        return True
    back = (row for action in _BACK for row in ledger.entries(session, key_id=key_id, action=action))
    return any(row.at > since for row in back)


def recipients(session: Session, purser: Purser, team: Team, person: str, here: Collection[str]) -> Recipients:
    """Who is asked: whoever answers for the key, else the team's owners, else the workspace's."""
    if person in here:
        return (person,)
    workspace = sorted(purser.authority.workspace_owner_ids)
    return told_of(session, purser, team.owner_ids) or told_of(session, purser, workspace)


def _together(session: Session, purser: Purser, found: Iterable[_Unused], now: datetime) -> Iterator[list[_Unused]]:
    """Keys that the same people are asked about, never torn apart, some hundred at a time.

    Each is looked at closely only until there are as many as one message holds.
    """
    of: dict[Recipients, list[_Unused]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (one.recipients, one.label)):
        of[one.recipients].append(one)
    some: list[_Unused] = []
    for theirs in of.values():
        some += islice((one for one in theirs if _is_to_be_asked(session, purser, one.key_id, now)), MOST_ASKED)
        if len(some) >= AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _ask(session: Session, purser: Purser, some: Sequence[_Unused]) -> None:
    now = purser.now()
    once = {person: f"{QUESTIONS}:{Part.ASKED}:{day_of(now)}:{person}" for one in some for person in one.recipients}
    told_today = incident_history.told(session, list(once.values()))
    asked: dict[str, list[str]] = defaultdict(list)
    for one in some:
        key = keys.get(session, one.key_id)
        if key is None or not may_be_asked(key, purser.policy, now) or aging.is_kept(key, now):
            continue
        if any(once[person] in told_today or len(asked[person]) >= MOST_ASKED for person in one.recipients):
            continue
        if confirmations.open_about(session, key.id) is not None or departures.waiting_for(session, key.id) is not None:
            continue
        question = _add(session, purser, key, one.recipients, now)
        for person in one.recipients:
            asked[person].append(question.id)
    for person, ids in asked.items():
        if ids:
            tell(session, now, Part.ASKED, person, ids, once=day_of(now))


def _add(session: Session, purser: Purser, key: Key, who: Recipients, now: datetime) -> Question:
    until = now + timedelta(seconds=purser.policy.stop_unused_seconds)
    question = Question(purser.ids.new("confirmation"), key.id, Why.UNUSED, now, until)
    confirmations.add(session, question)
    row = about(key, amount_micros=lifetime(session, key.id))
    reason = f"asked {', '.join(who)}, until {until:%Y-%m-%d %H:%M} UTC"
    record(session, now, actor="purser", action=ASKED, about=row, once=question.id, reason=reason)
    return question


def lifetime(session: Session, key_id: str) -> int | None:
    """What the key has spent in all, as last read, in micro-USD; None when it was never read."""
    spent = readings.spent(session, key_id, TOTAL)
    return None if spent is None else spent.lifetime_micros
