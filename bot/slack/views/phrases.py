"""How facts read, in the same words on every screen: caps, times, models, budgets, spend, states, proof."""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import GatewayFacts, KeyFacts, RequestFacts
from bot.domain.keys import Key, KeyKind, KeyState, OffCause, Proof, can_restore
from bot.domain.money import show
from bot.domain.periods import short_duration, show_duration
from bot.domain.requests import Purpose, Request, RequestState, Terms, Verdict
from bot.slack.views import actions as act
from bot.slack.views.base import (
    NAME_CHARS,
    REASON_CHARS,
    Block,
    button,
    clip,
    code,
    confirm,
    join,
    mention,
    mentions,
    moment,
    reset_moment,
    sentence,
)

REASON_SHOWN = 5 * REASON_CHARS
"""Room for the longest reason when every character of it has to be escaped."""
MODELS_SHOWN = 12
NOT_CONFIRMED = "*NOT confirmed off yet.* It may still work. Purser keeps trying and calls an owner if it can't."


def cap(micros: int, kind: KeyKind | None) -> str:
    """`$25 in total` or `$50 a month`, as the kind of key has it."""
    return f"{show(micros)} in total" if kind is KeyKind.TEMPORARY else f"{show(micros)} a month"


def time(seconds: int | None, *, to_come: bool) -> str:
    """How long a key works, counted from its reveal, which is said while that is still to come."""
    if not seconds:
        return "no end date"
    return f"{show_duration(seconds)}, starting when it is revealed" if to_come else show_duration(seconds)


def models(names: tuple[str, ...]) -> str:
    """The models a key may call, a dozen at most by name."""
    if not names:
        return "all the gateway offers"
    shown = [code(name) for name in names[:MODELS_SHOWN]]
    if len(names) > MODELS_SHOWN:
        return f"{', '.join(shown)} and {len(names) - MODELS_SHOWN} more"
    return join(shown)


def kind(request: Request) -> str:
    """`a temporary key`."""
    article = "an" if request.kind is KeyKind.AUTOMATION else "a"
    return f"{article} {request.kind} key"


def label(facts: RequestFacts) -> str:
    """The label of the key a request led to or wants extended."""
    return code(facts.key.key.label) if facts.key else "the key"


def ask(facts: RequestFacts, terms: Terms | None = None) -> str:
    """What a request is for, in a few words: `a temporary key ($25 in total, 7 days)`."""
    request = facts.request
    stands = terms or request.terms
    if request.purpose is Purpose.EXTEND:
        return f"{more(stands.duration_seconds or 0)} for {label(facts)}"
    span = f", {show_duration(stands.duration_seconds)}" if stands.duration_seconds else ""
    return f"{kind(request)} ({cap(stands.cap_micros, request.kind)}{span})"


def more(seconds: int) -> str:
    """`7 more days`."""
    shown = show_duration(seconds)
    number, _, unit = shown.partition(" ")
    return f"{number} more {unit}" if number.isdigit() and unit.isalpha() else f"{shown} more"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def retype(request: Request) -> str:
    """The command that asks for the same again."""
    terms = request.asked
    span = f" {short_duration(terms.duration_seconds)}" if terms.duration_seconds else ""
    word = "" if request.kind is KeyKind.TEMPORARY else f"{request.kind} "
    return f"`/ai-key {word}{show(terms.cap_micros)}{span} what it is for`"


def quoted(words: str) -> str:
    """Somebody's own words, or nothing."""
    said = clip(words, REASON_SHOWN)
    return f"“{said}”" if said else ""


def because(words: str) -> str:
    """`: “words”.` to end a sentence with, or a full stop."""
    said = quoted(words)
    return f": {said}." if said else "."


def approvers(request: Request) -> tuple[str, ...]:
    """Owners whose yes stands, each once, in order."""
    return tuple(dict.fromkeys(word.owner_id for word in request.standing(Verdict.APPROVE)))


def outdated_approvers(request: Request) -> tuple[str, ...]:
    """Owners who agreed to terms that an owner has changed since, and not to those that stand."""
    agreed = approvers(request)
    said = (word.owner_id for word in request.approvals if word.verdict is Verdict.APPROVE and not word.stands)
    return tuple(dict.fromkeys(owner for owner in said if owner not in agreed))


def approved_by(facts: RequestFacts) -> str:
    """`Approved by @omar.`, or by which rule."""
    if owners := approvers(facts.request):
        return f"Approved by {mentions(owners)}."
    said = f" ({clip(facts.rule_text, 300)})" if facts.rule_text else ""
    return f"Approved by the rule {code(facts.request.rule)}{said}."


def asked_owners(facts: RequestFacts, verb: str = "Asked") -> str:
    """`Asked @omar and @olga`, or that nobody can be asked and what to do about it."""
    agreed = approvers(facts.request)
    if open_to := tuple(owner for owner in facts.asked_ids if owner not in agreed):
        missing = facts.request.approvals_needed - len(agreed) - len(open_to)
        more = " *One more owner has to agree, and there is none:* owners name others with `/ai-team owner @name`."
        return f"{verb} {mentions(open_to)}.{more if missing > 0 else ''}"
    return (
        f"*Nobody can be asked:* team {code(facts.team.name)} has no other owner. Somebody who owns the workspace "
        "in Purser can name one with `/ai-team owner @name` in the team's channel."
    )


def changed(facts: RequestFacts) -> str:
    """What was asked for, when an owner agreed to something else."""
    request = facts.request
    if request.asked == request.terms:
        return ""
    asked, terms = request.asked, request.terms
    note = f" Models: {models(terms.models)} instead of {models(asked.models)}." if asked.models != terms.models else ""
    return f"Changed by an owner. Asked for was {ask(facts, asked)}.{note}"


def layer(budget: Budget) -> str:
    """`Team *search*`, or a member by mention."""
    if budget.layer is Layer.MEMBER:
        return f"Member {sentence(budget.name, NAME_CHARS)}"
    return f"{budget.layer.capitalize()} *{clip(budget.name, NAME_CHARS)}*"


def as_of(read_at: datetime | None, never: str) -> str:
    """How fresh a figure is."""
    return f"as of {moment(read_at)}" if read_at else never


def budget_line(budget: Budget, cap_micros: int | None = None) -> str:
    """One layer: left before and after this cap, what it is made of, how fresh, and when it resets."""
    left = budget.headroom_micros
    if cap_micros is None:
        change = f"{show(left)} left"
    else:
        change = f"{show(left)} left now, {show(left - cap_micros)} after this"
    if budget.spent_micros or budget.committed_micros:
        use = (
            f"Spent {show(budget.spent_micros)} ({as_of(budget.read_at, 'not read yet')}), "
            f"promised to keys {show(budget.committed_micros)}."
        )
    else:
        use = "Nothing spent or promised yet."
    resets = f"Resets {reset_moment(budget.resets_at)}." if budget.resets_at else "Never resets."
    return f"{layer(budget)}: {change}, of {show(budget.budget_micros)} a month. {use} {resets}"


def budget_lines(facts: RequestFacts) -> list[str]:
    """Every layer this request would be charged to, before and after it."""
    request = facts.request
    if request.purpose is Purpose.EXTEND:
        return ["Its cap stays the same, so no new money is promised."]
    return [budget_line(budget, request.terms.cap_micros) for budget in facts.budgets]


def gateway_limits(gateway: GatewayFacts) -> list[str]:
    """What the gateway cannot enforce, or that it enforces everything."""
    if not gateway.limits:
        return [f"Gateway {code(gateway.name)} enforces the cap, the time and the models itself."]
    limits = " ".join(sentence(limit, 400) for limit in gateway.limits[:4])
    return [f"What {code(gateway.name)} cannot promise: {limits}"]


def spent(facts: KeyFacts) -> str:
    """`spent $3.20 of $25 in total (as of …)`."""
    key = facts.key
    if facts.spent_micros is None:
        return f"cap {cap(key.cap_micros, key.kind)}, spend not read yet"
    period = "in total" if key.kind is KeyKind.TEMPORARY else "this month"
    limit = f"{show(key.cap_micros)} {period}"
    return f"spent {show(facts.spent_micros)} of {limit} ({as_of(facts.read_at, 'not read again since')})"


def ends(key: Key) -> str:
    """`until …`, or that it has no end date."""
    return f"until {moment(key.expires_at)}" if key.expires_at else "with no end date"


def off_cause(key: Key) -> str:
    """Why a key is off, by whom, when, and in whose words."""
    by = f" by {mention(key.off_by)}" if key.off_by else ""
    when = f" {moment(key.off_at)}" if key.off_at else ""
    match key.off_cause:
        case OffCause.RETURNED:
            return f"Given back{by}{when}."
        case OffCause.EXPIRED:
            return f"Its time ended {moment(key.expires_at)}." if key.expires_at else f"Its time ended{when}."
        case OffCause.DRIFT:
            return f"Found off or gone at the gateway{when}; Purser did not do that."
        case _:
            return f"Turned off{by}{when}{because(key.off_reason or '')}"


_PROOFS = {
    Proof.RECORDED: "*Recorded off:* the gateway's own record, read again, says off",
    Proof.PROBED: "*Probed:* a call with the pasted key was refused",
    Proof.QUIET: "*Quiet:* the gateway's record says off, and nothing was spent since",
}


def proof(found: Proof | None, proven_at: datetime | None = None) -> str:
    """How far "off" is proven; never a bare yes."""
    if found is None:
        return NOT_CONFIRMED
    return f"{_PROOFS[found]} ({moment(proven_at)})." if proven_at else f"{_PROOFS[found]}."


_PASSING = {
    KeyState.MINTING: "Being made; not shown to anybody yet.",
    KeyState.MINTED: "Being made; not shown to anybody yet.",
    KeyState.RESTORING: "Being restored; not confirmed to work again yet.",
    KeyState.DISCARDING: "Never surely shown, so it is being deleted.",
    KeyState.DISCARDED: "Deleted; it was never surely shown.",
}


def key_state(key: Key) -> str:
    """The truth of the moment about a key, in a sentence or two."""
    if key.state is KeyState.LIVE:
        return f"Live {ends(key)}."
    if key.state is KeyState.DISABLING:
        return f"{off_cause(key)} {NOT_CONFIRMED}"
    if key.state is KeyState.DISABLED:
        return f"{off_cause(key)} {proof(key.proof, key.proven_at)}"
    return _PASSING[key.state]


def is_waiting(request: Request) -> bool:
    return request.state is RequestState.WAITING


# Buttons that stand on several screens.


def extend_button(key: Key) -> Block | None:
    """Extend, for a live key that has an end."""
    live = key.state is KeyState.LIVE and key.expires_at is not None
    return button("Extend", act.EXTEND, key.id) if live else None


def give_back_button(key: Key) -> Block | None:
    if key.state is not KeyState.LIVE:
        return None
    text = f"{clip(key.label, NAME_CHARS)} stops working at once. This can't be undone; you can ask for a new key."
    return button("Give back", act.GIVE_BACK, key.id, confirm=confirm("Give this key back?", text, "Give back"))


def disable_button(key: Key) -> Block | None:
    if key.state is not KeyState.LIVE:
        return None
    text = (
        f"{clip(key.label, NAME_CHARS)} stops working at once, for everything that uses it. Only an owner can "
        "restore it."
    )
    asked = confirm("Turn this key off?", text, "Disable now") | {"style": "danger"}
    return button("Disable now", act.DISABLE_NOW, key.id, "danger", asked)


def restore_button(key: Key, now: datetime) -> Block | None:
    """Restore, where an owner could."""
    return button("Restore", act.RESTORE, key.id) if can_restore(key, now) is None else None


def decision_buttons(request: Request) -> list[Block]:
    """What an owner can press on a waiting request."""
    return [
        button("Approve", act.APPROVE, request.id, "primary"),
        button("Approve with changes", act.APPROVE_WITH_CHANGES, request.id),
        button("Deny", act.DENY, request.id, "danger"),
    ]


def reveal_button(request: Request) -> Block:
    return button("Reveal key", act.REVEAL, request.id, "primary")


def cancel_button(request: Request) -> Block:
    return button("Cancel", act.CANCEL_REQUEST, request.id)
