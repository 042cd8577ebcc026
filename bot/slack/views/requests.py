"""What a request looks like: the channel's card, the asker's receipt and preview, "Extend instead?".

The card always tells the truth of the moment it was rendered for. Decides nothing: who may press a button is
looked up when it is pressed.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.periods import show_duration
from bot.domain.requests import Purpose, Request, RequestState, Verdict
from bot.slack.views import actions as act
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    Message,
    View,
    actions,
    button,
    clip,
    code,
    context,
    fields,
    mention,
    mentions,
    message,
    modal,
    moment,
    section,
    sentence,
    stack,
)

_UNDECIDED = frozenset({RequestState.DRAFT, RequestState.WAITING, RequestState.APPROVED})


def card(facts: RequestFacts, now: datetime) -> Message:
    """The card in the team's channel, at this moment."""
    request = facts.request
    headline, state = _headline(facts), status(facts)
    return message(
        f"{headline}. {state}",
        section(f"*{headline}*\n{state}"),
        details(facts),
        purpose(request),
        _money(facts),
        context(*_small_print(facts)),
        actions(*_card_buttons(facts, now)),
    )


def receipt(facts: RequestFacts, now: datetime) -> Message:
    """What the asker alone sees after asking: who was asked, what is left, what the gateway can enforce."""
    request = facts.request
    said = _receipt_text(facts)
    return message(
        said,
        section(said),
        details(facts),
        purpose(request),
        _money(facts),
        context(*_small_print(facts), _late(request, now)),
        actions(say.cancel_button(request) if say.is_waiting(request) else None),
    )


def duplicate(draft: RequestFacts, holds: KeyFacts, can_ask_anyway: bool) -> Message:  # noqa: FBT001
    """Asked before sending a request for what its author already holds."""
    request, key = draft.request, holds.key
    seconds = request.terms.duration_seconds
    lines = [f"You already hold {code(key.label)}: {say.spent(holds)}. {say.key_state(key)}"]
    extendable = key.state is KeyState.LIVE and key.expires_at is not None and seconds is not None
    if extendable:
        lines.append(f"*Extend {code(key.label)} by {show_duration(seconds or 0)} instead?* Its cap stays the same.")
    if can_ask_anyway:
        lines.append(f"*Ask anyway* sends your request for {say.ask(draft)}.")
    elif not extendable:
        lines.append(
            "One such key is all a person can have. Use it, or give it back with `/ai-key return "
            f"{clip(key.label, 80)}` and ask again."
        )
    lines.append("Nothing has been sent yet.")
    buttons = [
        button("Extend", act.EXTEND_INSTEAD, request.id, "primary") if extendable else None,
        button("Ask anyway", act.ASK_ANYWAY, request.id) if can_ask_anyway else None,
        say.cancel_button(request),
    ]
    question = f"Extend {code(key.label)}?" if extendable else f"You already hold {code(key.label)}."
    return message(f"{question} Nothing has been sent yet.", section(stack(lines)), actions(*buttons))


def preview(facts: RequestFacts, now: datetime) -> View:
    """The same as the receipt, before anything is sent. Its private metadata is the draft's id."""
    request = facts.request
    lines = [f"You ask for *{say.ask(facts)}* in team {code(facts.team.name)}.", _will_ask(facts)]
    blocks: list[Block] = [section(stack(lines)), details(facts)]
    blocks += [*purpose(request), *_money(facts), *context(*_small_print(facts), _late(request, now))]
    return modal(act.REQUEST_PREVIEW, "Check your request", blocks, request.id, "Send request")


def refused_modal(text: str) -> View:
    """Why an ask cannot be sent, shown in place of the form."""
    return notice_modal("Not possible", text)


def notice_modal(title: str, text: str) -> View:
    """A modal with one thing to read. `text` may hold mentions."""
    return modal(act.NOTICE_MODAL, clip(title, 24), [section(sentence(text))])


def status(facts: RequestFacts) -> str:
    """Where a request stands, in one to three sentences."""
    request = facts.request
    match request.state:
        case RequestState.DRAFT:
            return "Not sent yet."
        case RequestState.WAITING:
            return _waiting(facts)
        case RequestState.APPROVED:
            return _approved(facts)
        case RequestState.FULFILLED:
            return _fulfilled(facts)
        case RequestState.DENIED:
            return _denied(request)
        case RequestState.CANCELLED:
            return _cancelled(facts)
        case RequestState.EXPIRED:
            return "Expired: nobody decided in time. Nothing was made."
        case RequestState.LAPSED:
            return _lapsed(facts)


def closed(facts: RequestFacts) -> str:
    """An ask for more time that ended because its key went off first, and whether asking again can make sense."""
    key = facts.key.key if facts.key else None
    cause = (key.off_cause if key else None) or OffCause.DISABLED
    again = " If it is restored, more time has to be asked for again." if cause in _RESTORABLE else ""
    return (
        f"Closed: {say.label(facts)} {_WENT_OFF[cause]} before this was decided, so there is nothing to extend.{again}"
    )


_RESTORABLE = frozenset({OffCause.DISABLED, OffCause.DRIFT})
_WENT_OFF = {
    OffCause.DISABLED: "was turned off",
    OffCause.RETURNED: "was given back",
    OffCause.EXPIRED: "came to its end",
    OffCause.DRIFT: "was found off or gone at the gateway",
}


def _headline(facts: RequestFacts) -> str:
    request = facts.request
    who = mention(request.requester_id)
    if request.purpose is Purpose.EXTEND:
        return f"{who} wants {say.ask(facts)}"
    return f"{who} asks for {say.kind(request)}"


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
    until = moment(request.deadline_at)
    if facts.key is None:
        return f"{said} Waiting for {who} to reveal it, until {until}. No key exists before that."
    if facts.key.key.state in (KeyState.MINTING, KeyState.MINTED):
        return f"{said} {who} is revealing it now."
    return f"{said} A first key was never surely shown, so it is withdrawn. {who} can reveal again until {until}."


def _fulfilled(facts: RequestFacts) -> str:
    if facts.key is None:
        return f"{say.approved_by(facts)} Done."
    key = facts.key.key
    done = "Extended" if facts.request.purpose is Purpose.EXTEND else f"Revealed as {code(key.label)}"
    return f"{say.approved_by(facts)} {done}. {say.key_state(key)}"


def _denied(request: Request) -> str:
    words = request.standing(Verdict.DENY)
    if not words:
        return "Denied."
    return f"Denied by {mention(words[-1].owner_id)}{say.because(words[-1].note)}"


def _cancelled(facts: RequestFacts) -> str:
    request = facts.request
    if request.closed_with_its_key:
        return closed(facts)
    kept = "Nothing was changed." if request.purpose is Purpose.EXTEND else "No key was made."
    return f"Cancelled by {mention(request.requester_id)}. {kept}"


def _lapsed(facts: RequestFacts) -> str:
    if facts.request.purpose is Purpose.EXTEND:
        return f"{say.approved_by(facts)} Lapsed: the new end could not be set, so nothing was changed."
    return f"{say.approved_by(facts)} Lapsed: it was not revealed in time, so no key was made."


def details(facts: RequestFacts) -> Block:
    """The terms of a request side by side, and the use of its key once that was read.

    A card is drawn again when something happens, not when spend is read: "not read yet" would soon be untrue.
    """
    request, terms = facts.request, facts.request.terms
    pairs = [("Team", clip(facts.team.name, 80))]
    if facts.project:
        pairs.append(("Project", clip(facts.project.name, 80)))
    pairs.append(("Cap", say.cap(terms.cap_micros, request.kind)))
    if request.purpose is Purpose.EXTEND:
        pairs.append(("More time", show_duration(terms.duration_seconds or 0)))
        if facts.key and facts.request.state in _UNDECIDED:
            pairs.append(("Without more time", f"works {say.ends(facts.key.key)}"))
            pairs.append(("Use", say.spent(facts.key)))
    else:
        to_come = request.state in _UNDECIDED
        pairs.append(("Time", say.time(terms.duration_seconds, to_come=to_come)))
        pairs.append(("Models", say.models(terms.models)))
        if facts.key and facts.key.spent_micros is not None and request.state is RequestState.FULFILLED:
            pairs.append(("Use", say.spent(facts.key)))
    return fields(*pairs)


def purpose(request: Request) -> list[Block]:
    """What it is for, in its author's words, or no block."""
    return [section(f"*For:* {say.quoted(request.reason)}")] if request.reason.strip() else []


def _money(facts: RequestFacts) -> list[Block]:
    lines = say.budget_lines(facts) if facts.request.state in _UNDECIDED else []
    return [section(stack(["*Budget*", *lines]))] if lines else []


def _small_print(facts: RequestFacts) -> list[str]:
    if facts.request.state not in _UNDECIDED:
        return [say.changed(facts)]
    told = facts.rule_text and facts.request.state is not RequestState.APPROVED
    rule = f"Rule {code(facts.request.rule)}: {clip(facts.rule_text, 300)}." if told else ""
    return [say.changed(facts), rule, *say.gateway_limits(facts.gateway)]


def _late(request: Request, now: datetime) -> str:
    """A form or question left open too long, said before it is sent in vain."""
    late = request.state is RequestState.DRAFT and request.deadline_at <= now
    return "This has been open too long to be sent. Please start again with `/ai-key`." if late else ""


def _card_buttons(facts: RequestFacts, now: datetime) -> list[Block | None]:
    request = facts.request
    if say.is_waiting(request):
        return [*say.decision_buttons(request)]
    if request.state is not RequestState.FULFILLED or facts.key is None:
        return []
    key: Key = facts.key.key
    return [say.disable_button(key), say.restore_button(key, now)]


def _receipt_text(facts: RequestFacts) -> str:
    request = facts.request
    what = f"*{say.ask(facts)}*"
    if request.state is RequestState.WAITING:
        who = say.asked_owners(facts)
        after = "You get a direct message as soon as it is decided."
        return f"You asked for {what}. {who}\n{after} Unanswered, it expires {moment(request.deadline_at)}."
    if request.state is RequestState.APPROVED and request.purpose is Purpose.ISSUE:
        return f"You asked for {what}. {say.approved_by(facts)}\nA direct message with *Reveal key* is on its way."
    return f"You asked for {what}. {status(facts)}"


def _will_ask(facts: RequestFacts) -> str:
    request = facts.request
    if request.approvals_needed == 0:
        return f"Nobody needs to be asked: {clip(facts.rule_text, 300) or 'a rule allows it'}."
    if not facts.asked_ids:
        return say.asked_owners(facts)
    need = "One of them has" if request.approvals_needed == 1 else f"{request.approvals_needed} of them have"
    if len(facts.asked_ids) == 1 and request.approvals_needed == 1:
        return f"This will ask {mention(facts.asked_ids[0])}, who has to agree."
    return f"This will ask {mentions(facts.asked_ids)}. {need} to agree."
