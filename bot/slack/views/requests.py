"""What a request looks like: the channel's card, the asker's receipt and preview, "Extend instead?".

The card always tells the truth of the moment it was rendered for. Decides nothing: who may press a button is
looked up when it is pressed.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.keys import Key, KeyState
from bot.domain.money import show
from bot.domain.periods import show_duration
from bot.domain.requests import Purpose, Request, RequestState
from bot.domain.rules import Rule
from bot.slack.views import actions as act
from bot.slack.views import limits, rotation
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
from bot.slack.views.standing import status

_UNDECIDED = frozenset({RequestState.DRAFT, RequestState.WAITING, RequestState.APPROVED})


def card(facts: RequestFacts, now: datetime) -> Message:
    """The card in the team's channel, at this moment."""
    request = facts.request
    headline, state = _headline(facts), status(facts, now)
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


def _headline(facts: RequestFacts) -> str:
    request = facts.request
    who = mention(request.requester_id)
    if request.purpose is Purpose.EXTEND:
        return f"{who} wants {say.ask(facts)}"
    if request.purpose is Purpose.RAISE:
        return f"{who} asks for {say.ask(facts)}"
    if request.purpose is Purpose.ROTATE:
        return f"{who} gets {say.ask(facts)}"
    if request.rule == Rule.ADOPTED:
        return f"{who} holds {say.kind(facts)} that Purser did not make"
    return f"{who} asks for {say.kind(facts)}"


def details(facts: RequestFacts) -> Block:
    """The terms of a request side by side, and the use of its key once that was read.

    A card is drawn again when something happens, not when spend is read: "not read yet" would soon be untrue.
    """
    request, terms = facts.request, facts.request.terms
    pairs = [("Team", clip(facts.team.name, 80))]
    if request.purpose is Purpose.RAISE:
        return fields(*pairs, *_raise_terms(facts))
    if facts.project:
        pairs.append(("Project", clip(facts.project.name, 80)))
    held = facts.key.key if facts.key else None
    if lead_id := (held.lead_id if held else None) or request.lead_id:
        pairs.append(("Lead", mention(lead_id)))
    if held and held.holder_id != request.requester_id:
        pairs.append(("Held by", mention(held.holder_id)))
    pairs.append(("Cap", say.cap(terms.cap_micros, request.kind, terms.daily_cap_micros)))
    if request.purpose is Purpose.EXTEND:
        pairs.append(("More time", show_duration(terms.duration_seconds or 0)))
        if facts.key and facts.request.state in _UNDECIDED:
            pairs.append(("Without more time", f"works {say.ends(facts.key.key)}"))
            pairs.append(("Use", say.spent(facts.key)))
    elif request.purpose is Purpose.ROTATE:
        pairs.append(("Old key", rotation.overlap(facts) or "is gone"))
        pairs.append(("New key", "works as long as the old one would have"))
        pairs.append(("Models", say.models(terms.models)))
        if facts.key and facts.key.spent_micros is not None:
            pairs.append(("Use", say.spent(facts.key)))
    else:
        to_come = request.state in _UNDECIDED
        pairs.append(("Time", say.time(terms.duration_seconds, to_come=to_come)))
        pairs.append(("Models", say.models(terms.models)))
        if facts.key and facts.key.spent_micros is not None and request.state is RequestState.FULFILLED:
            pairs.append(("Use", say.spent(facts.key)))
    return fields(*pairs)


def _raise_terms(facts: RequestFacts) -> list[tuple[str, str]]:
    """What a raise is of, by how much, and until when; while it is open, what it would make of the limit."""
    terms, limit = facts.request.terms, facts.raised
    pairs = [("By", show(terms.cap_micros))]
    if limit:
        pairs = [("Limit", say.capital(limits.whole(limit))), *pairs]
    if limit and facts.request.state in _UNDECIDED:
        to = show(limit.budget_micros + terms.cap_micros)
        pairs.append(("Now, and with this", f"{show(limit.budget_micros)}, then {to} {limits.per(limit)}"))
    if terms.ends_at:
        pairs.append(("Stands", f"{limits.through(terms.ends_at)}, then it falls back by itself"))
    return pairs


def purpose(request: Request) -> list[Block]:
    """What it is for, in its author's words, or no block."""
    return [section(f"*For:* {say.quoted(request.reason)}")] if request.reason.strip() else []


def _money(facts: RequestFacts) -> list[Block]:
    if facts.request.state not in _UNDECIDED:
        return []
    limit = facts.raised if facts.request.purpose is Purpose.RAISE else None
    use = (
        f"{limits.bar(limit)}: {limits.spent_of(limit)} ({limits.as_of(limit.read_at, 'not read yet')})."
        if limit
        else ""
    )
    lines = [use, *say.budget_lines(facts)]
    lines = [*lines, rotation.shared(facts)]
    return [section(stack(["*Budget*", *lines]))] if any(lines) else []


def _small_print(facts: RequestFacts) -> list[str]:
    if facts.request.state not in _UNDECIDED:
        return [say.changed(facts)]
    told = facts.rule_text and facts.request.state is not RequestState.APPROVED
    rule = f"Rule {code(facts.request.rule)}: {clip(facts.rule_text, 300)}." if told else ""
    gateway = say.gateway_limits(facts.gateway) if facts.request.purpose is not Purpose.RAISE else []
    return [say.changed(facts), rule, *gateway]


def _late(request: Request, now: datetime) -> str:
    """A form or question left open too long, said before it is sent in vain."""
    late = request.state is RequestState.DRAFT and request.deadline_at <= now
    return "This has been open too long to be sent. Please start again." if late else ""


def _card_buttons(facts: RequestFacts, now: datetime) -> list[Block | None]:
    request = facts.request
    if say.is_waiting(request):
        return [*say.decision_buttons(request)]
    done = request.state is RequestState.FULFILLED and request.purpose is not Purpose.RAISE
    if not done or facts.key is None:
        return []
    key: Key = facts.key.key
    return [say.disable_button(key), say.restore_button(key, now), say.raise_button(key)]


def _receipt_text(facts: RequestFacts) -> str:
    request = facts.request
    what = f"*{say.ask(facts)}*"
    if request.state is RequestState.WAITING:
        who = say.asked_owners(facts)
        after = "You get a direct message as soon as it is decided."
        return f"You asked for {what}. {who}\n{after} Unanswered, it expires {moment(request.deadline_at)}."
    if request.state is RequestState.APPROVED and request.purpose in (Purpose.ISSUE, Purpose.ROTATE):
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
