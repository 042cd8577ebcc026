"""What happens in an incident, line by line, as its thread tells it: who did what, and what that means.

The lines are rows of the ledger. One without a wording of its own is told in the words of the export.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.domain import incident_lines as told
from bot.domain.incident_facts import IncidentFacts, IncidentNotice, Line
from bot.domain.incidents import IncidentKind, Reminder
from bot.domain.keys import KeyState
from bot.domain.money import show
from bot.slack.views import incident_words as words
from bot.slack.views import phrases as say
from bot.slack.views.base import clip, mention, mentions, moment

DETAIL_CHARS = 300
CALLED = 10


def line_of(notice: IncidentNotice) -> str:
    """One thing that happened, in a sentence or two."""
    line = notice.line
    if line is None:
        return words.stands(notice.facts)
    teller = _TOLD.get(line.action)
    if teller is not None:
        return teller(notice.facts, line)
    return f"{words.person(line.actor)} {clip(told.what_happened(line, str), DETAIL_CHARS)}."


def _kind(line: Line) -> tuple[str, str]:
    """What was noticed, in words, and where; the row's reason says both."""
    kind, _, rest = line.reason.partition(": ")
    known = kind in set(IncidentKind)
    return told.KIND_WORDS[IncidentKind(kind)] if known else clip(line.reason, DETAIL_CHARS), rest if known else ""


def _again(facts: IncidentFacts, line: Line) -> str:
    what, where = _kind(line)
    place = f" ({words.where(where)})" if where.strip() else ""
    still = "" if _is_off(facts) else f" {words.stands(facts)}"
    return f"*Noticed again:* {what}{place}.{still}"


def _reopened(_facts: IncidentFacts, line: Line) -> str:
    what, _ = _kind(line)
    by = "" if line.actor == words.PURSER else f" by {words.person(line.actor)}"
    return f"*Opened again*{by}{f': {what}' if what else ''}."


def _acknowledged(_facts: IncidentFacts, line: Line) -> str:
    return f"{words.person(line.actor)} looks after it."


def _assigned(_facts: IncidentFacts, line: Line) -> str:
    return f"{words.person(line.actor)} asked {mention(line.reason)} to look after it."


def _left(_facts: IncidentFacts, line: Line) -> str:
    return f"{mention(line.reason)} looked after it and is not here any more, so nobody does."


def _snoozed(facts: IncidentFacts, line: Line) -> str:
    until = facts.incident.snoozed_until
    return (
        f"{words.person(line.actor)} snoozed it: no reminders{f' until {moment(until)}' if until else ' for a while'}."
    )


def _reminded(facts: IncidentFacts, line: Line) -> str:
    assignee = facts.incident.assignee_id
    if line.reason == Reminder.STILL_OPEN and assignee:
        return f"{mention(assignee)}: this is still open, and you look after it. {words.stands(facts)}"
    who = mentions(facts.able_ids, most=CALLED) if facts.able_ids else "Owners"
    why = "the snooze is over" if line.reason == Reminder.SNOOZE_OVER else "nobody looks after this yet"
    return f"{who}: {why}. {words.stands(facts)}"


def _closed(_facts: IncidentFacts, line: Line) -> str:
    return f"Closed by {words.person(line.actor)}: {words.cause_said(line.reason)}"


def _off(facts: IncidentFacts, line: Line) -> str:
    """Who turned it off; and for as long as it is not confirmed, just that."""
    not_yet = "" if _is_off(facts) else f" {words.NOT_YET}"
    if line.actor == words.PURSER:
        return f"Purser stopped it at once{words.own_reason(line.reason)}{not_yet}"
    return f"{words.person(line.actor)} turned the key off{say.because(line.reason)}{not_yet}"


def _proven_off(_facts: IncidentFacts, line: Line) -> str:
    spent = "" if line.amount_micros is None else f" It had spent {show(line.amount_micros)} in all by then."
    return f"*Off is proven:* the gateway's own record, read again, says off.{spent}"


def _probed_off(_facts: IncidentFacts, _line: Line) -> str:
    return "*Probed:* a call with the secret itself was refused."


def _quiet_off(_facts: IncidentFacts, _line: Line) -> str:
    return "*Quiet:* nothing was spent since it was proven off."


def _restored(facts: IncidentFacts, line: Line) -> str:
    works = facts.key is not None and facts.key.key.state is KeyState.LIVE
    not_yet = "" if works else " It is not confirmed to work again yet."
    return f"{words.person(line.actor)} restored the key{_with(line)}.{not_yet}"


def _with(line: Line) -> str:
    amount = f" with {show(line.amount_micros)}" if line.amount_micros is not None else ""
    said = clip(line.reason, DETAIL_CHARS)
    return f"{amount}{f' {said}' if said else ''}".rstrip(".")


def _proven_on(_facts: IncidentFacts, _line: Line) -> str:
    return "*It works again:* the gateway's own record, read again, says so."


def _rotated(_facts: IncidentFacts, line: Line) -> str:
    return f"Another key has taken its place, so {words.person(line.actor)} turned it off{say.because(line.reason)}"


def _found_on(_facts: IncidentFacts, _line: Line) -> str:
    return "*It worked again although it was off.* Purser turned it off once more."


def _deleted(_facts: IncidentFacts, _line: Line) -> str:
    return "*Deleted at the gateway*, so that it can never work again."


def _is_off(facts: IncidentFacts) -> bool:
    return facts.key is not None and facts.key.key.state is KeyState.DISABLED


_TOLD: dict[str, Callable[[IncidentFacts, Line], str]] = {
    told.AGAIN: _again,
    told.REOPENED: _reopened,
    told.ACKNOWLEDGED: _acknowledged,
    told.ASSIGNED: _assigned,
    told.LEFT: _left,
    told.SNOOZED: _snoozed,
    told.REMINDED: _reminded,
    told.CLOSED: _closed,
    "key.disabled": _off,
    "key.proven_off": _proven_off,
    "key.probed_off": _probed_off,
    "key.quiet": _quiet_off,
    "key.restored": _restored,
    "key.proven_on": _proven_on,
    "key.rotated": _rotated,
    "key.found_on": _found_on,
    "key.removed": _deleted,
}
