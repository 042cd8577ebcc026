"""Where a request stands, in one to three sentences: the same on its card, in messages and at home."""

from __future__ import annotations

from datetime import datetime

from bot.domain.facts import RequestFacts
from bot.domain.keys import KeyState, OffCause
from bot.domain.money import show
from bot.domain.requests import Purpose, Request, RequestState, Verdict
from bot.domain.rules import Rule
from bot.slack.views import leavers, limits, rotation
from bot.slack.views import phrases as say
from bot.slack.views.base import code, mention, mentions, moment


def status(facts: RequestFacts, now: datetime | None = None) -> str:
    """Where a request stands, in one to three sentences; with `now`, whether an approved raise is over."""
    request = facts.request
    match request.state:
        case RequestState.DRAFT:
            return "Not sent yet."
        case RequestState.WAITING:
            return _waiting(facts)
        case RequestState.APPROVED:
            return _approved(facts)
        case RequestState.FULFILLED:
            return _fulfilled(facts, now)
        case RequestState.DENIED:
            return _denied(request)
        case RequestState.CANCELLED:
            return _cancelled(facts)
        case RequestState.EXPIRED:
            kept = "Nothing was made." if request.purpose is Purpose.ISSUE else "Nothing was changed."
            return f"Expired: nobody decided in time. {kept}"
        case RequestState.LAPSED:
            return _lapsed(facts)


def closed(facts: RequestFacts) -> str:
    """An ask for more time or money that ended because its key went off first, and whether asking again makes sense."""
    key = facts.key.key if facts.key else None
    cause = (key.off_cause if key else None) or OffCause.DISABLED
    more, nothing = ("money", "raise") if facts.request.purpose is Purpose.RAISE else ("time", "extend")
    again = f" If it is restored, more {more} has to be asked for again." if cause in _RESTORABLE else ""
    went = _WENT_OFF[cause]
    return f"Closed: {say.label(facts)} {went} before this was decided, so there is nothing to {nothing}.{again}"


def raise_stands(facts: RequestFacts) -> str:
    """What an approved raise makes of its limit, and until when."""
    terms, limit = facts.request.terms, facts.raised
    until = f" {limits.through(terms.ends_at)}" if terms.ends_at else ""
    if limit is None:
        return f"{show(terms.cap_micros)} more{until}."
    total = show(limit.budget_micros + terms.cap_micros)
    what = say.capital(limits.whole(limit))
    return f"{what} is {total} {limits.per(limit)}{until}; then it falls back by itself."


def raise_over(facts: RequestFacts, now: datetime | None) -> str:
    """That a raise is over and what its limit is since, or nothing while it stands."""
    ends_at, limit = facts.request.terms.ends_at, facts.raised
    if now is None or ends_at is None or now < ends_at:
        return ""
    since = (
        f" {say.capital(limits.whole(limit))} is {show(limit.budget_micros)} {limits.per(limit)} again."
        if limit
        else ""
    )
    return f"It stood {limits.through(ends_at)} and is over.{since}"


_RESTORABLE = frozenset({OffCause.DISABLED, OffCause.DRIFT, OffCause.LEFT, OffCause.UNUSED, OffCause.UNCONFIRMED})
_WENT_OFF = {
    OffCause.DISABLED: "was turned off",
    OffCause.RETURNED: "was given back",
    OffCause.EXPIRED: "came to its end",
    OffCause.DRIFT: "was found off or gone at the gateway",
    OffCause.ROTATED: "was replaced by a new one",
    OffCause.LEFT: "was turned off because somebody left",
    OffCause.UNUSED: "was turned off because nobody used it",
    OffCause.UNCONFIRMED: "was turned off because nobody confirmed it in a review",
    OffCause.BUDGET: "was stopped by a limit",
}


def _waiting(facts: RequestFacts) -> str:
    request = facts.request
    agreed = say.approvers(request)
    lines = []
    if agreed:
        missing = request.approvals_needed - len(agreed)
        more = "one more owner has" if missing == 1 else f"{missing} more owners have"
        lines.append(f"Approved by {mentions(agreed)}: {len(agreed)} of {request.approvals_needed}, {more} to agree.")
    elif request.approvals_needed > 1:
        lines.append(f"Waiting for {request.approvals_needed} owners to agree.")
    else:
        lines.append("Waiting for an owner.")
    lines += [say.asked_owners(facts), f"Unanswered, it expires {moment(request.deadline_at)}."]
    return " ".join(lines)


def _approved(facts: RequestFacts) -> str:
    request = facts.request
    who = mention(request.requester_id)
    said = say.approved_by(facts)
    if request.purpose is Purpose.EXTEND:
        return f"{said} The new end is being set at the gateway."
    if request.purpose is Purpose.RAISE:
        return f"{said} {raise_stands(facts)}"
    until = moment(request.deadline_at)
    if facts.key is None:
        before = "No key exists before that."
        if request.purpose is Purpose.ROTATE and facts.old and facts.old.key.state is KeyState.LIVE:
            before = f"Until then {rotation.old_label(facts)} works as before."
        return f"{said} Waiting for {who} to reveal it, until {until}. {before}"
    if facts.key.key.state in (KeyState.MINTING, KeyState.MINTED):
        return f"{said} {who} is revealing it now."
    return f"{said} A first key was never surely shown, so it is withdrawn. {who} can reveal again until {until}."


def _fulfilled(facts: RequestFacts, now: datetime | None) -> str:
    if facts.request.purpose is Purpose.RAISE:
        return f"{say.approved_by(facts)} {raise_over(facts, now) or raise_stands(facts)}"
    if facts.key is None:
        return f"{say.approved_by(facts)} Done."
    key = facts.key.key
    if facts.request.rule == Rule.ADOPTED:
        return f"Adopted by {mentions(say.approvers(facts.request))} as {code(key.label)}. {say.key_state(key)}"
    done = "Extended" if facts.request.purpose is Purpose.EXTEND else f"Revealed as {code(key.label)}"
    if facts.request.purpose is Purpose.ROTATE:
        done = f"{done}; {rotation.old_label(facts)} {rotation.overlap(facts)}"
    return f"{say.approved_by(facts)} {done}. {say.key_state(key)}"


def _denied(request: Request) -> str:
    words = request.standing(Verdict.DENY)
    if not words:
        return "Denied."
    return f"Denied by {mention(words[-1].owner_id)}{say.because(words[-1].note)}"


def _cancelled(facts: RequestFacts) -> str:
    request = facts.request
    if facts.left_id:
        return leavers.closed(facts)
    if request.closed_with_its_key:
        return closed(facts)
    kept = "No key was made." if request.purpose is Purpose.ISSUE else "Nothing was changed."
    return f"Cancelled by {mention(request.requester_id)}. {kept}"


def _lapsed(facts: RequestFacts) -> str:
    if facts.request.purpose is Purpose.RAISE and facts.key and facts.key.key.off_cause is OffCause.DRIFT:
        why = f"{say.label(facts)} is gone at the gateway, so there is nothing to raise"
        return f"{say.approved_by(facts)} Lapsed: {why}."
    if facts.request.purpose is Purpose.RAISE:
        return f"{say.approved_by(facts)} Lapsed: the new cap could not be set, so nothing was changed."
    if facts.request.purpose is Purpose.EXTEND:
        return f"{say.approved_by(facts)} Lapsed: the new end could not be set, so nothing was changed."
    if facts.request.purpose is Purpose.ROTATE:
        stays = "Nothing became of it" if facts.old is None else f"{rotation.old_label(facts)} stays as it is"
        return f"{say.approved_by(facts)} Lapsed: no new key was revealed. {stays}."
    return f"{say.approved_by(facts)} Lapsed: it was not revealed in time, so no key was made."
