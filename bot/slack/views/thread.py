"""Lines in a card's thread. The thread is the record, so it says who did what; it mentions the people who
need to act and those who acted, and asks nothing of anybody else.
"""
# ruff: noqa: ARG001 - every teller takes the same facts, so that one table can hold them all

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.facts import KeyFacts, Notice, Occasion, RequestFacts
from bot.domain.keys import ExpiryWarning, KeyState
from bot.domain.money import show
from bot.domain.requests import Purpose, Verdict
from bot.slack.views import adopted, after_off, handing, leaks, leavers, limits, rotated, rotation
from bot.slack.views import phrases as say
from bot.slack.views.alerts import alert
from bot.slack.views.base import (
    Message,
    actions,
    clip,
    code,
    join,
    mention,
    mentions,
    message,
    moment,
    section,
    sentence,
    stack,
)
from bot.slack.views.groups import told
from bot.slack.views.months import month_turned
from bot.slack.views.standing import closed, raise_stands, status


def thread(notice: Notice, now: datetime) -> Message:
    """The line for a notice in a thread or channel. A key turned off comes with Restore, for the owners who read it."""
    if notice.alert and notice.occasion is Occasion.LIMIT:
        return alert(notice.alert, now)
    if notice.month and notice.occasion is Occasion.MONTH_TURNED:
        return month_turned(notice.month)
    if notice.occasion in (Occasion.GROUP_OFF, Occasion.GROUP_UNPROVEN):
        return told(notice)
    said = line(notice)
    wants_restore = notice.occasion is Occasion.KEY_DISABLED and notice.key is not None
    restore = say.restore_button(notice.key.key, now) if wants_restore and notice.key else None
    return message(said, section(said), actions(restore))


def line(notice: Notice) -> str:
    """What is said; one to three sentences."""
    if notice.request and (about_request := _OF_REQUESTS.get(notice.occasion)):
        return about_request(notice, notice.request)
    if notice.key and (about_key := _OF_KEYS.get(notice.occasion)):
        return about_key(notice, notice.key)
    if (about_leaks := leaks.line(notice)) is not None:
        return about_leaks
    if (about_hands := handing.line(notice)) is not None:
        return about_hands
    if notice.occasion is Occasion.EFFECT_FAILED:
        return _effect_failed(notice)
    if (about_unknown := adopted.unknown_line(notice)) is not None:
        return about_unknown
    if notice.occasion is Occasion.OTHERS_LIMIT:
        return after_off.others_limit(notice)
    if notice.occasion is Occasion.TEAM_OWNERLESS:
        return leavers.ownerless(notice)
    if notice.occasion is Occasion.SECRET_UNREAD:
        return _secret_unread(notice)
    return say.quoted(notice.note) or f"{notice.occasion.replace('_', ' ').capitalize()}."


# --- about a request ---


def _needs_one_more(notice: Notice, facts: RequestFacts) -> str:
    request = facts.request
    agreed = say.approvers(request)
    waiting = tuple(owner for owner in facts.asked_ids if owner not in agreed)
    who = f" Asked {mentions(waiting)}." if waiting else ""
    count = f"{len(agreed)} of {request.approvals_needed}"
    taken_back = say.outdated_approvers(request)
    if taken_back:
        who = f" What {mentions(taken_back)} approved was something else and counts no more.{who}"
    return (
        f"Approved by {mentions(agreed)}, {count}: {say.ask(facts)}.{_note(notice)} One more owner has to agree.{who}"
    )


def _approved(notice: Notice, facts: RequestFacts) -> str:
    request = facts.request
    lines = [f"{say.approved_by(facts)[:-1]}: {say.ask(facts)}.{_note(notice)}", say.changed(facts)]
    if request.purpose in (Purpose.ISSUE, Purpose.ROTATE):
        until = moment(request.deadline_at)
        who = mention(request.requester_id)
        lines.append(f"{who} can reveal the key from a direct message, until {until}.")
    return stack(lines)


def _denied(notice: Notice, facts: RequestFacts) -> str:
    words = facts.request.standing(Verdict.DENY)
    who = words[-1].owner_id if words else notice.actor_id
    note = words[-1].note if words else notice.note
    by = f" by {mention(who)}" if who else ""
    return f"Denied{by}{say.because(note)}"


def _cancelled(notice: Notice, facts: RequestFacts) -> str:
    if facts.left_id:
        return f"{leavers.closed(facts)} There is nothing left to decide."
    others = notice.actor_id not in (None, facts.request.requester_id)
    who = mention(notice.actor_id or "") if others else "the requester"
    return f"Cancelled by {who}. There is nothing left to decide."


def _reminder(notice: Notice, facts: RequestFacts) -> str:
    request = facts.request
    who = mentions(facts.asked_ids, most=10) if facts.asked_ids else "An owner"
    return (
        f"{who}: {mention(request.requester_id)} is still waiting for {say.ask(facts)}. Press a button above, or "
        f"answer here with `approve` or `deny` and a reason. Unanswered, it expires {moment(request.deadline_at)}."
    )


def _escalation(notice: Notice, facts: RequestFacts) -> str:
    request = facts.request
    expires = f"Unanswered, it expires {moment(request.deadline_at)}."
    if not facts.asked_ids:
        return f"Nobody has answered yet, and there is nobody to ask. {expires}"
    who = mentions(facts.asked_ids, most=10)
    return f"Nobody has answered yet. {who}: {mention(request.requester_id)} asks for {say.ask(facts)}. {expires}"


def _request_expired(notice: Notice, facts: RequestFacts) -> str:
    kept = "made" if facts.request.purpose is Purpose.ISSUE else "changed"
    return f"Expired: nobody decided in time. Nothing was {kept}, and the requester has been told."


def _raised(notice: Notice, facts: RequestFacts) -> str:
    stands = raise_stands(facts)
    target = facts.request.target
    if target is not None and target.layer in (Layer.KEY, Layer.AUTOMATION):
        return f"Raised. {stands}"  # who approved it stands above, from before the gateway showed it
    said = f"{say.approved_by(facts)} Raised: {stands[:1].lower()}{stands[1:]}{_note(notice)}"
    return stack([said, say.changed(facts)])


def raise_ended(facts: RequestFacts) -> str:
    """A raise is over: what the limit is again, and what that means where more than that was spent."""
    terms, limit = facts.request.terms, facts.raised
    if limit is None:
        return f"The raise of {show(terms.cap_micros)} is over. Nothing that was spent is reset."
    said = (
        f"The raise of {show(terms.cap_micros)} for {limits.short(limit)} is over: the limit is "
        f"{show(limit.budget_micros)} {limits.per(limit)} again. Nothing that was spent is reset."
    )
    if not limit.is_reached:
        return said
    stops = " Its keys are stopped until it resets or is raised." if limit.hard else ""
    age = limits.as_of(limit.read_at, "not read yet")
    return f"{said} That much is spent already: {limits.spent_of(limit)} ({age}).{stops}"


def _raise_ended(notice: Notice, facts: RequestFacts) -> str:
    return raise_ended(facts)


def _revealed(notice: Notice, facts: RequestFacts) -> str:
    until = f" It works {say.ends(facts.key.key)}." if facts.key else ""
    if facts.request.purpose is Purpose.ROTATE:
        until += f" {rotation.old_label(facts)} {rotation.overlap(facts)}."
    return f"Revealed as {say.label(facts)}.{until}"


def _lapsed(notice: Notice, facts: RequestFacts) -> str:
    if facts.request.purpose is not Purpose.ISSUE:
        return status(facts)
    return "Lapsed: it was not revealed in time. No key was made, and nothing is promised from the budget any more."


def _extended(notice: Notice, facts: RequestFacts) -> str:
    until = say.ends(facts.key.key) if facts.key else "longer"
    if facts.key and say.is_stopped(facts.key.key):
        return f"Extended: {say.label(facts)} now has time {until}. {say.key_state(facts.key.key)}"
    return f"Extended: {say.label(facts)} now works {until}."


def _extension_closed(notice: Notice, facts: RequestFacts) -> str:
    return closed(facts)


def _withdrawn(notice: Notice, facts: RequestFacts) -> str:
    return "A key was made but perhaps not shown, so it was withdrawn and nobody can use it. It can be revealed again."


# --- about a key ---


def _warning(notice: Notice, facts: KeyFacts) -> str:
    left = "an hour" if notice.warning is ExpiryWarning.HOUR else "a day"
    end = f": {moment(facts.key.expires_at)}" if facts.key.expires_at else ""
    return f"{code(facts.key.label)} stops working in less than {left}{end}. Its holder has been told."


def _off(notice: Notice, facts: KeyFacts) -> str:
    return f"{code(facts.key.label)}: {say.key_state(facts.key)}"


def _restored(notice: Notice, facts: KeyFacts) -> str:
    who = f" by {mention(notice.actor_id)}" if notice.actor_id else ""
    return f"Restored{who}: {code(facts.key.label)} works again, {say.ends(facts.key)}."


def _unproven(notice: Notice, facts: KeyFacts) -> str:
    why = f" What went wrong: {say.quoted(notice.note)}." if notice.note.strip() else ""
    return (
        f"*{code(facts.key.label)} is NOT confirmed off.* It may still work.{why} Purser keeps trying; the owners "
        "have been told."
    )


def _cap_restored(notice: Notice, facts: KeyFacts) -> str:
    found = f" It was {clip(notice.note, 200)}." if notice.note.strip() else ""
    return (
        f"The cap of {code(facts.key.label)} had been changed at the gateway, without Purser.{found} "
        f"Purser set it back to {show(facts.key.cap_micros)}."
    )


def _cap_unproven(notice: Notice, facts: KeyFacts) -> str:
    why = f" What went wrong: {say.quoted(notice.note)}." if notice.note.strip() else ""
    return (
        f"*The cap of {code(facts.key.label)} could not be set at the gateway as agreed*, so the old one may still "
        f"hold there.{why} Purser keeps trying; the owners have been told."
    )


def _back_late(notice: Notice, facts: KeyFacts) -> str:
    why = f" What went wrong: {say.quoted(notice.note)}." if notice.note.strip() else ""
    return (
        f"{code(facts.key.label)} should work again, but could not be turned on at the gateway yet.{why} Purser keeps "
        "trying, and tells its holder when it works; the owners have been told."
    )


def _gone(notice: Notice, facts: KeyFacts) -> str:
    return f"{code(facts.key.label)} was found off or gone at the gateway, without Purser. It now counts as off."


def _found_on(notice: Notice, facts: KeyFacts) -> str:
    return (
        f"{code(facts.key.label)} had been turned off, and was found working at the gateway "
        f"{code(facts.key.gateway)} again. Purser did not do that and is turning it off again. "
        "Check who else administers the gateway."
    )


def _secret_unresolved(notice: Notice, facts: KeyFacts) -> str:
    return (
        f"{code(facts.key.label)} is off, but GitHub's alert about it could not be resolved: "
        f"{clip(notice.note, 300)}. Resolve it there as revoked."
    )


# --- about neither ---


def _secret_unread(notice: Notice) -> str:
    page = next(iter(notice.others), "")
    look = f" Look at it: {clip(page, 600)}." if page else ""
    return (
        f"GitHub found {clip(notice.note, 300)}.{look} Should it be a key of Purser's, paste it into "
        "`/ai-disable`: it is turned off at once and not stored."
    )


def _effect_failed(notice: Notice) -> str:
    about = ""
    if notice.request and (notice.key is None or notice.request.request.purpose is Purpose.EXTEND):
        about = f" for {mention(notice.request.request.requester_id)}'s request for {say.ask(notice.request)}"
    elif notice.key:
        about = f" for {code(notice.key.key.label)}"
        if notice.key.key.state in (KeyState.LIVE, KeyState.DISABLING, KeyState.RESTORING):
            about += ", which may still work"
    why = f"What went wrong: {sentence(notice.note, 1500)}\n" if notice.note.strip() else ""
    return (
        f"*Something that was agreed could not be done*{about}. Purser gave up trying.\n{why}"
        "Whoever runs Purser finds what to repair with `purser doctor`."
    )


def _unknown_keys(notice: Notice) -> str:
    shown = [code(alias) for alias in notice.others[:10]]
    if len(notice.others) > 10:
        shown.append(f"{len(notice.others) - 10} more")
    one = len(notice.others) == 1
    what, them = ("a key", "it") if one else (f"{len(notice.others)} keys", "them")
    where = f" {code(notice.note)}" if notice.note.strip() else ""
    return (
        f"*The gateway{where} holds {what} that Purser did not make:* {join(shown)}.\n"
        f"Nothing was changed. If nobody knows {them}, block {them} at the gateway. You are told once."
    )


def _note(notice: Notice) -> str:
    return f" {say.quoted(notice.note)}" if notice.note.strip() else ""


_OF_REQUESTS: dict[Occasion, Callable[[Notice, RequestFacts], str]] = {
    Occasion.NEEDS_ONE_MORE: _needs_one_more,
    Occasion.APPROVED: _approved,
    Occasion.DENIED: _denied,
    Occasion.CANCELLED: _cancelled,
    Occasion.APPROVER_LEFT: leavers.approver_left,
    Occasion.REMINDER: _reminder,
    Occasion.ESCALATION: _escalation,
    Occasion.REQUEST_EXPIRED: _request_expired,
    Occasion.REVEALED: _revealed,
    Occasion.LAPSED: _lapsed,
    Occasion.EXTENDED: _extended,
    Occasion.EXTENSION_CLOSED: _extension_closed,
    Occasion.KEY_WITHDRAWN: _withdrawn,
    Occasion.RAISED: _raised,
    Occasion.RAISE_ENDED: _raise_ended,
    Occasion.ADOPTED: lambda _, facts: adopted.thread_line(facts),
}
_OF_KEYS: dict[Occasion, Callable[[Notice, KeyFacts], str]] = {
    Occasion.EXPIRY_WARNING: _warning,
    Occasion.KEY_EXPIRED: _off,
    Occasion.KEY_DISABLED: _off,
    Occasion.KEY_RETURNED: _off,
    Occasion.KEY_ROTATED: _off,
    Occasion.CUT_ENDED: lambda _, facts: rotated.cut_ended(facts),
    Occasion.KEY_RESTORED: _restored,
    Occasion.OFF_UNPROVEN: _unproven,
    Occasion.CAP_RESTORED: _cap_restored,
    Occasion.CAP_UNPROVEN: _cap_unproven,
    Occasion.BACK_LATE: _back_late,
    Occasion.KEY_GONE: _gone,
    Occasion.FOUND_ON: _found_on,
    **after_off.LINES,
    Occasion.SECRET_UNRESOLVED: _secret_unresolved,
}
