"""How a new key in the place of an old one reads: what becomes of the old one, in a sentence, on every screen."""

from __future__ import annotations

from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.periods import show_duration
from bot.domain.requests import RequestState
from bot.slack.views.base import Message, code, mention, message, moment


def old_label(facts: RequestFacts) -> str:
    """The label of the key that is replaced."""
    return code(facts.old.key.label) if facts.old else "the old key"


def overlap(facts: RequestFacts) -> str:
    """What will become of the old key, or has: `works on for 1 hour after that, then goes off`."""
    old, seconds = facts.old.key if facts.old else None, facts.request.terms.duration_seconds
    if old is None:
        return ""
    if facts.request.state is RequestState.FULFILLED:
        return now(old)
    if old.leaked_at is not None:
        return "is off, and never works again: its secret is known to others"
    if _is_off(old):
        return "is off"
    if not seconds:
        return "goes off as soon as the new key is revealed"
    return f"works on for {show_duration(seconds)} after the new key is revealed, then goes off"


def now(old: Key) -> str:
    """Where a key stands that another has taken the place of."""
    if _is_off(old):
        return "is off"
    if old.state is KeyState.DISABLING and old.off_cause is not OffCause.BUDGET:
        return "is being turned off; that is not confirmed yet"
    return f"works until {moment(old.retires_at)}, then goes off" if old.retires_at else "works"


def shared(facts: RequestFacts) -> str:
    """That two keys have one cap, said before the new one is revealed."""
    if facts.old is None or facts.request.state is not RequestState.APPROVED or _is_off(facts.old.key):
        return ""
    return "The two share what is left of the cap, so together they never have more than was agreed."


def revealed(label: str, overlap_seconds: int | None) -> str:
    """Beside the new key itself: what to do about the old one."""
    if not label:
        return ""
    if not overlap_seconds:
        gone = "which Purser turns off now unless it is off already. Use the new one from here on."
        return f"It takes the place of {code(label)}, {gone}"
    return (
        f"It takes the place of {code(label)}, which goes on working for {show_duration(overlap_seconds)}: change over "
        "until then. While both work, they share what is left of the cap, and it is moved to where it is used."
    )


def links(facts: KeyFacts) -> str:
    """In a list of keys: which one it replaces, and which one replaces it."""
    before = f" · replaces {code(facts.replaces)}" if facts.replaces else ""
    after = f" · replaced by {code(facts.replaced_by)}" if facts.replaced_by else ""
    return before + after


def replaced_leaked(facts: RequestFacts) -> Message:
    """The answer to Restore for a key that leaked."""
    who = mention(facts.request.requester_id)
    return message(
        f"{old_label(facts)} leaked, so it stays off for good. {who} is asked to reveal a new key in its place, on the "
        f"same terms, until {moment(facts.request.deadline_at)}. Its card stands in <#{facts.request.channel_id}>."
    )


def _is_off(key: Key) -> bool:
    return key.state is KeyState.DISABLED and key.off_cause is not OffCause.BUDGET
