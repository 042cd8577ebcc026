"""Direct messages: what happened to your request or key, what it means, what to do next. Never a secret.

One function per occasion; those that both a holder and the owners hear of have a wording for each.
"""
# ruff: noqa: ARG001 - every teller takes the same facts, so that one table can hold them all

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.facts import KeyFacts, Notice, Occasion, RequestFacts, SetFacts
from bot.domain.keys import ExpiryWarning, KeyState
from bot.domain.money import show
from bot.domain.periods import show_duration
from bot.domain.requests import Purpose
from bot.slack.views import adopted, after_off, leavers, limits, rotated
from bot.slack.views import phrases as say
from bot.slack.views.alerts import alert, back, stopped
from bot.slack.views.base import Block, Message, actions, clip, code, mention, message, moment, section, stack
from bot.slack.views.budgets import hardness
from bot.slack.views.groups import told
from bot.slack.views.requests import details, purpose
from bot.slack.views.retyping import retype
from bot.slack.views.standing import raise_stands, status
from bot.slack.views.thread import raise_ended, thread

_ASK_AGAIN = "Need one again? Ask with `/ai-key`."


def direct(notice: Notice, now: datetime, *, for_owner: bool = False) -> Message:
    """The direct message for a notice; `for_owner` picks the wording for the people who answer for the key.

    An occasion without a wording of its own says what the thread says.
    """
    if notice.occasion is Occasion.LIMIT and notice.alert:
        return alert(notice.alert, now, own=notice.alert.limit.layer is Layer.MEMBER and not for_owner)
    if notice.occasion is Occasion.KEYS_STOPPED:
        return stopped(notice.keys, notice.alert)
    if notice.occasion is Occasion.KEYS_BACK:
        return back(notice.keys, notice.note)
    if notice.occasion in (Occasion.GROUP_OFF, Occasion.GROUP_UNPROVEN):
        return told(notice)
    if notice.occasion is Occasion.BUDGET_SET and notice.budget_set:
        return _budget_set(notice, notice.budget_set)
    if notice.request and (telling := _OF_REQUESTS.get(notice.occasion)):
        return telling(notice, notice.request)
    if notice.key and for_owner and (telling_owner := _OF_KEYS_TO_OWNERS.get(notice.occasion)):
        return telling_owner(notice, notice.key, now)
    if notice.key and (telling_holder := _OF_KEYS.get(notice.occasion)):
        return telling_holder(notice, notice.key, now)
    return thread(notice, now)


# --- about a person's budget, to that person ---


def _budget_set(notice: Notice, facts: SetFacts) -> Message:
    """Who set it, from what to what, and what that means for their keys."""
    limit = facts.limit
    who = mention(notice.actor_id) if notice.actor_id else "An owner"
    was = "You had none before" if facts.was_micros is None else f"It was {show(facts.was_micros)}"
    team = f", as an owner of team {code(facts.team_name)}" if facts.team_name else ""
    lines = [
        f"*{who} set your personal budget to {show(facts.micros)} a month*{team}. {was}.",
        f"It is for your own keys, whichever team pays. {hardness(limit)}",
        f"{limits.bar(limit)}: {limits.spent_of(limit)} ({limits.as_of(limit.read_at, 'not read yet')}).",
        clip(notice.note, 800),
        f"Nothing that was spent is reset. {limits.resets(limit)} Too little? Ask for more with `/ai-budget raise`.",
    ]
    return _tell(stack(lines))


# --- about a request, to the person who asked ---


def _approved(notice: Notice, facts: RequestFacts) -> Message:
    request = facts.request
    if request.purpose is Purpose.EXTEND:
        return _tell(f"You get {say.ask(facts)}. {say.approved_by(facts)} The new end is being set at the gateway.")
    if request.purpose is Purpose.RAISE:
        return _tell(stack([f"*Your raise was approved.* {status(facts)}", say.changed(facts)]))
    if request.purpose is Purpose.ROTATE:
        return rotated.granted(facts)
    clock = (
        f" Its time of {show_duration(request.terms.duration_seconds)} starts then."
        if request.terms.duration_seconds
        else ""
    )
    lines = [
        f"*You can have your key.* {say.approved_by(facts)} It is {say.ask(facts)}.",
        say.changed(facts),
        (f"Press *Reveal key* when you are ready. The key is made at that moment and shown once, only to you.{clock}"),
        f"Not revealed by {moment(request.deadline_at)}, it lapses.",
    ]
    return _tell(stack(lines), say.reveal_button(request))


def _denied(notice: Notice, facts: RequestFacts) -> Message:
    again = "/ai-budget raise" if facts.request.purpose is Purpose.RAISE else "/ai-key"
    return _tell(
        f"Your request for {say.ask(facts)} was not approved. {status(facts)}\n"
        f"You can talk it over in its thread in <#{facts.request.channel_id}>, or ask again with `{again}`."
    )


def _request_expired(notice: Notice, facts: RequestFacts) -> Message:
    command = "" if facts.request.purpose is Purpose.EXTEND else retype(facts)
    again = f"\nTo ask again: {command}" if command else ""
    kept = "made" if facts.request.purpose is Purpose.ISSUE else "changed"
    return _tell(
        f"Nobody decided on your request for {say.ask(facts)} in time, so it has expired. Nothing was {kept}.{again}"
    )


def _raised(notice: Notice, facts: RequestFacts) -> Message:
    return _tell(stack([f"*Your raise stands.* {raise_stands(facts)}", say.changed(facts)]))


def _raise_ended(notice: Notice, facts: RequestFacts) -> Message:
    command = retype(facts)
    return _tell(stack([raise_ended(facts), f"Still needed? {command} asks again." if command else ""]))


def _lapsed(notice: Notice, facts: RequestFacts) -> Message:
    if facts.request.purpose is not Purpose.ISSUE:
        return _tell(f"You asked for {say.ask(facts)}. {status(facts)}")
    return _tell(
        f"Your approved request for {say.ask(facts)} has lapsed: the key was not revealed in time. No key was "
        "made.\n"
        f"To ask again: {retype(facts)}"
    )


def _withdrawn(notice: Notice, facts: RequestFacts) -> Message:
    return _tell(
        "Your key was made, but perhaps not shown to you. So it was withdrawn: nobody can use it.\n"
        f"Press *Reveal key* again for a new one, by {moment(facts.request.deadline_at)}.",
        say.reveal_button(facts.request),
    )


def _extended(notice: Notice, facts: RequestFacts) -> Message:
    key = facts.key.key if facts.key else None
    until = say.ends(key) if key else "longer"
    if key and say.is_stopped(key):
        return _tell(f"{say.label(facts)} now has time {until}. {say.approved_by(facts)} {say.key_state(key)}")
    return _tell(f"{say.label(facts)} now works {until}. {say.approved_by(facts)} The key itself stays the same.")


def _extension_closed(notice: Notice, facts: RequestFacts) -> Message:
    return _tell(f"You asked for {say.ask(facts)}. {status(facts)}")


def _escalated(notice: Notice, facts: RequestFacts) -> Message:
    """To owners who may not read the team's channel, so everything needed to decide is here."""
    request = facts.request
    who, until = mention(request.requester_id), moment(request.deadline_at)
    text = (
        f"*{who} asks for {say.ask(facts)}*{leavers.why_asked(notice)}\n"
        f"Decide here, or in the thread in <#{request.channel_id}>. Unanswered, it expires {until}."
    )
    buttons = say.decision_buttons(request) if say.is_waiting(request) else []
    return message(text, section(text), details(facts), purpose(request), actions(*buttons))


# --- about a key, to its holder ---


def _warning(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    key = facts.key
    left = "an hour" if notice.warning is ExpiryWarning.HOUR else "a day"
    end = moment(key.expires_at) if key.expires_at else "soon"
    return _tell(
        f"*{code(key.label)} stops working in less than {left}:* {end}. So far, {say.spent(facts)}.\n"
        "Need it longer? Press *Extend*. Done with it? Press *Give back*. Otherwise there is nothing to do.",
        say.extend_button(key),
        say.give_back_button(key),
    )


def _expired(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(
        f"The time of {code(facts.key.label)} is over. {_off_words(facts)}\nIt had {say.spent(facts)}. {_ASK_AGAIN}"
    )


def _disabled(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    key = facts.key
    if key.state is not KeyState.DISABLED:
        hint = "Please stop using it. Not expected? Ask an owner of the team."
    elif say.is_stopped(key):
        hint = "Calls with it fail until then."
    elif say.restore_button(key, now) and key.leaked_at is not None:
        hint = "Calls with it fail, and it never works again. An owner of the team can give you a new one in its place."
    elif say.restore_button(key, now):
        hint = "Calls with it fail. Not expected? An owner of the team can restore it."
    else:
        hint = f"Calls with it fail. {_ASK_AGAIN}"
    return _tell(f"*Your key {code(key.label)} is off.* {say.key_state(key)}\n{hint}")


def _returned(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(f"{code(facts.key.label)}: {say.key_state(facts.key)}\nThank you. {_ASK_AGAIN}")


def _restored(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    who = f" by {mention(notice.actor_id)}" if notice.actor_id else ""
    return _tell(f"Your key {code(facts.key.label)} was restored{who} and works again, {say.ends(facts.key)}.")


def _unproven(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(
        f"*Your key {code(facts.key.label)} was turned off, but that is NOT confirmed yet.* It may still work: "
        "please stop using it and remove it where it is set up. Purser keeps trying, and the owners have been told."
    )


def _gone(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(
        f"Your key {code(facts.key.label)} was found off or gone at the gateway. Purser did not do that. "
        f"The owners have been told, and can restore it if the gateway still has it. {_ASK_AGAIN}"
    )


# --- about a key, to owners ---


def _disabled_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    button = say.restore_button(facts.key, now)
    hint = "\nTurned off by mistake? Press *Restore*." if button else ""
    if facts.key.off_by == "purser":
        hint = f"\nNothing is promised to it any more. Still needed? Whoever is to hold it asks with {code('/ai-key')}."
    return _tell(f"*{_whose(facts)}:* {say.key_state(facts.key)}{hint}", button)


def _unproven_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    key = facts.key
    since = f" It was decided {moment(key.off_at)}." if key.off_at else ""
    return _tell(
        stack(
            [
                f"*NOT confirmed off: {_whose(facts)}.* It may still work and spend, up to its cap.{since}",
                f"What went wrong: {say.quoted(notice.note)}" if notice.note.strip() else "",
                f"*Do this now:* block or delete {code(key.alias)} in the gateway {code(key.gateway)}.",
                "Purser keeps retrying and tells you here when it is proven off.",
            ]
        )
    )


def _expired_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(f"The time of {_whose(facts)} is over. {_off_words(facts)}")


def _gone_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(
        f"*{_whose(facts)} was found off or gone at the gateway* {code(facts.key.gateway)}, and Purser did not do "
        "that. It now counts as off. Check who else administers the gateway. If the gateway still has the key, "
        "*Restore* turns it on again.",
        say.restore_button(facts.key, now),
    )


def _cap_restored_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    key = facts.key
    found = f" It was {clip(notice.note, 200)}." if notice.note.strip() else ""
    return _tell(
        f"The cap of {_whose(facts)} had been changed at the gateway {code(key.gateway)}, without Purser.{found} "
        f"Purser set it back to {show(key.cap_micros)}. Check who else administers the gateway."
    )


def _cap_unproven_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    why = f" What went wrong: {say.quoted(notice.note)}." if notice.note.strip() else ""
    key = facts.key
    return _tell(
        f"*The cap of {_whose(facts)} could not be set at the gateway* {code(key.gateway)} as agreed. It should be "
        f"{say.cap(key.cap_micros, key.kind, key.daily_cap_micros)}; the old one may still hold there.{why} "
        "Purser keeps trying."
    )


def _back_late_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    why = f" What went wrong: {say.quoted(notice.note)}." if notice.note.strip() else ""
    return _tell(
        f"{_whose(facts)} should work again, since the limit that stopped it has room, but could not be turned on at "
        f"the gateway {code(facts.key.gateway)} yet.{why} Purser keeps trying, and tells its holder when it works."
    )


def _whose(facts: KeyFacts) -> str:
    return f"{code(facts.key.label)} of {mention(facts.key.holder_id)} (team {clip(facts.team_name, 80)})"


def _off_words(facts: KeyFacts) -> str:
    return (
        say.proof(facts.key.proof, facts.key.proven_at) if facts.key.state is KeyState.DISABLED else say.NOT_CONFIRMED
    )


def _tell(text: str, *buttons: Block | None) -> Message:
    return message(text, section(text), actions(*buttons))


_OF_REQUESTS: dict[Occasion, Callable[[Notice, RequestFacts], Message]] = {
    Occasion.APPROVED: _approved,
    Occasion.DENIED: _denied,
    Occasion.REQUEST_EXPIRED: _request_expired,
    Occasion.LAPSED: _lapsed,
    Occasion.RAISED: _raised,
    Occasion.RAISE_ENDED: _raise_ended,
    Occasion.KEY_WITHDRAWN: _withdrawn,
    Occasion.EXTENDED: _extended,
    Occasion.EXTENSION_CLOSED: _extension_closed,
    Occasion.ESCALATION: _escalated,
    Occasion.ADOPTED: lambda notice, facts: _tell(adopted.told(notice, facts)),
    Occasion.ASKED_INSTEAD: _escalated,
}
_OF_KEYS: dict[Occasion, Callable[[Notice, KeyFacts, datetime], Message]] = {
    Occasion.EXPIRY_WARNING: _warning,
    Occasion.KEY_EXPIRED: _expired,
    Occasion.KEY_DISABLED: _disabled,
    Occasion.KEY_RETURNED: _returned,
    **after_off.TO_HOLDERS,
    Occasion.KEY_ROTATED: lambda _, facts, __: _tell(rotated.gone(facts)),
    Occasion.KEY_RESTORED: _restored,
    Occasion.OFF_UNPROVEN: _unproven,
    Occasion.KEY_GONE: _gone,
}
_OF_KEYS_TO_OWNERS: dict[Occasion, Callable[[Notice, KeyFacts, datetime], Message]] = {
    Occasion.KEY_DISABLED: _disabled_owner,
    Occasion.OFF_UNPROVEN: _unproven_owner,
    Occasion.KEY_EXPIRED: _expired_owner,
    Occasion.KEY_GONE: _gone_owner,
    **after_off.TO_OWNERS,
    Occasion.CAP_RESTORED: _cap_restored_owner,
    Occasion.CAP_UNPROVEN: _cap_unproven_owner,
    Occasion.BACK_LATE: _back_late_owner,
}
