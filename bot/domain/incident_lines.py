"""The timeline of an incident in words: which of its rows are told in the thread, and what each of them says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bot.domain.incident_facts import Line
from bot.domain.incidents import Cause, IncidentKind, Reminder
from bot.domain.leaks import candidates
from bot.domain.money import show

OPENED: Final = "incident.opened"
AGAIN: Final = "incident.again"
REOPENED: Final = "incident.reopened"
ACKNOWLEDGED: Final = "incident.acknowledged"
SNOOZED: Final = "incident.snoozed"
ASSIGNED: Final = "incident.assigned"
LEFT: Final = "incident.left"
"""Who looked after it is not here any more, so nobody does."""
EXPLAINED: Final = "incident.explained"
REMINDED: Final = "incident.reminded"
CLOSED: Final = "incident.closed"
EXPORTED: Final = "incident.exported"

_UNTOLD: Final = frozenset(
    {
        OPENED,  # its message says it
        EXPLAINED,  # it stands in the thread already
        EXPORTED,  # the file says it
        "key.minting",
        "key.minted",
        "key.withdrawn",
        "key.kept",
        "key.confirmed",
        "key.late_spend",
        "key.spend",  # a day is over, and posted
        "key.adjust",
        "key.shared",  # its cap is moved at every reading
        "key.held",
    }
)
_LEFT_OUT: Final = "[left out]"
WORDS_CHARS: Final = 500
"""How much of what somebody wrote is kept in the timeline."""

KIND_WORDS: Final[Mapping[IncidentKind, str]] = MappingProxyType(
    {
        IncidentKind.LEAK: "its secret was found where others can read it",
        IncidentKind.SPIKE: "more was spent than is usual",
        IncidentKind.LOOP: "more requests failed, or were tried again, than is usual",
        IncidentKind.AFTER_OFF: "it spent money although it was proven off",
        IncidentKind.CREDENTIAL: "what Purser manages a gateway with was found where others can read it",
    }
)
CAUSE_WORDS: Final[Mapping[Cause, str]] = MappingProxyType(
    {
        Cause.RETRY_LOOP: "a retry loop",
        Cause.MODEL_CHANGE: "another model",
        Cause.PROMPT_SIZE: "larger prompts",
        Cause.LEAKED: "the key had leaked",
        Cause.EXPECTED: "this was expected",
        Cause.OTHER: "something else",
    }
)
_REMINDER_WORDS: Final[Mapping[Reminder, str]] = MappingProxyType(
    {
        Reminder.UNACKNOWLEDGED: "reminded owners: nobody had acknowledged it",
        Reminder.SNOOZE_OVER: "reminded owners: the snooze was over",
        Reminder.STILL_OPEN: "reminded who looks after it: it was still open",
    }
)
_PLAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        ACKNOWLEDGED: "acknowledged it",
        EXPORTED: "had the timeline exported",
        "key.disabled": "turned the key off",
        "key.returned": "gave the key back",
        "key.expired": "turned the key off, its time was over",
        "key.rotated": "turned the key off, another has taken its place",
        "key.left": "turned the key off, its holder or lead left",
        "key.waits": "asked for somebody to take the key over",
        "key.drift": "found the key gone at its gateway",
        "key.unconfirmed": "turned the key off, no owner confirmed it",
        "key.unused": "turned the key off, nobody used it",
        "key.budget": "stopped the key, a limit was reached",
        "key.probed_off": "saw a call with the secret refused",
        "key.quiet": "saw no spend since the key was proven off",
        "key.off_unproven": "could not confirm that the key is off",
        "key.spent_after_off": "saw spend although the key was off",
        "key.late_spend": "was told late of spend from before",
        "key.removed": "deleted the key at its gateway for good",
        "key.replaced": "was shown a new key in its place",
        "key.stays": "let the key go on working, for the one in its place is off",
        "key.found_on": "found the key working although it was off, and turned it off again",
        "key.restored": "restored the key",
        "key.resumed": "let the key come back",
        "key.proven_on": "read in the gateway's record that the key works again",
        "key.leaked": "found the key's secret once more",
        "key.revealed": "was shown the key",
        "key.taken_over": "took the key over",
        "key.handed_over": "gave the key to somebody else",
        "key.led": "let somebody else answer for the key",
        "key.adopted": "adopted the key",
        "key.cap_restored": "put the key's cap back at the gateway",
        "key.extended": "gave the key more time",
        "key.shared": "moved the key's part of a cap",
        "key.held": "kept the key off because of another limit",
        "key.spend": "posted what the key spent",
        "key.adjust": "corrected what the key spent",
    }
)


def is_told(action: str) -> bool:
    """Whether a row of the timeline is told in the incident's thread: what became of it, and of its key."""
    return action.startswith(("incident.", "key.")) and action not in _UNTOLD


def what_happened(line: Line, person: Callable[[str], str]) -> str:
    """What a row says, after the name of who did it: `closed it: a retry loop. The client had no backoff`.

    `person` is how somebody is named where this is shown. Words that somebody wrote are not escaped.
    """
    kind, _, rest = line.reason.partition(": ")
    match line.action:
        case "incident.opened" | "incident.again" | "incident.reopened":
            verb = {OPENED: "opened it", AGAIN: "noticed more", REOPENED: "opened it again"}[line.action]
            known = KIND_WORDS.get(IncidentKind(kind)) if kind in set(IncidentKind) else None
            return f"{verb}: {known or line.reason}{_more(rest) if known else ''}".removesuffix(": ")
        case "incident.closed":
            return f"closed it: {CAUSE_WORDS[Cause(kind)] if kind in set(Cause) else kind}{_more(rest)}"
        case "incident.assigned":
            return f"asked {person(line.reason)} to look after it"
        case "incident.left":
            return f"noted that {person(line.reason)}, who looked after it, is not here any more"
        case "incident.snoozed":
            return f"snoozed it {line.reason}"
        case "incident.explained":
            return f"wrote: {line.reason}"
        case "incident.reminded":
            return _REMINDER_WORDS[Reminder(line.reason)] if line.reason in set(Reminder) else "reminded owners"
        case "key.proven_off":
            spent = "" if line.amount_micros is None else f"; it had spent {show(line.amount_micros)} by then"
            return f"read in the gateway's record that the key is off{spent}"
        case _:
            return _plainly(line)


def _plainly(line: Line) -> str:
    amount = "" if line.amount_micros is None else f" ({show(line.amount_micros)})"
    plain = _PLAIN.get(line.action, f"noted {re.sub('[._]', ' ', line.action)}")
    return f"{plain}{amount}{_more(line.reason)}"


def _more(words: str) -> str:
    return f". {words}" if words else ""


def without_secrets(text: str) -> str:
    """Somebody's words as they may be kept: on one line, at most 500 characters, no run that could be a key.

    Lower-case letters are words; anything else that is long enough to be a secret is left out.
    """
    plain = " ".join(text.split())
    for found in sorted({one.secret for one in candidates(plain)}, key=len, reverse=True):
        if _is_word(found):
            continue
        if found not in plain:  # it is there in disguise
            return _LEFT_OUT
        plain = plain.replace(found, _LEFT_OUT)
    return plain if len(plain) <= WORDS_CHARS else f"{plain[: WORDS_CHARS - 1]}…"


def _is_word(run: str) -> bool:
    """`retry-budget-exhausted`: parts of lower-case letters, none of them long. `sk-` never starts one."""
    parts = re.split("[-_/.]", run)
    return parts[0] != "sk" and all(part.isalpha() and part.islower() and len(part) < 20 for part in parts if part)
