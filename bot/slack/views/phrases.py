"""How facts read, in the same words on every screen: caps, times, models, budgets, spend, states, proof."""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import TOTAL
from bot.domain.facts import GatewayFacts, KeyFacts, RequestFacts
from bot.domain.keys import Key, KeyKind, KeyState, OffCause, Proof, can_restore
from bot.domain.money import show, show_beside
from bot.domain.periods import show_duration
from bot.domain.requests import Purpose, Request, RequestState, Terms, Verdict
from bot.slack.views import actions as act
from bot.slack.views import limits, rotation
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
    sentence,
)

REASON_SHOWN = 5 * REASON_CHARS
"""Room for the longest reason when every character of it has to be escaped."""
MODELS_SHOWN = 12
NOT_CONFIRMED = "*NOT confirmed off yet.* It may still work. Purser keeps trying and calls an owner if it can't."

DELETED = "*Deleted:* it spent money after it was off, so Purser deleted it at the gateway, whose own record says so"


def cap(micros: int, kind: KeyKind | None, daily_micros: int | None = None) -> str:
    """`$25 in total` or `$50 a month`, as the kind of key has it; `$200 a month, $10 a day` for automation."""
    day = f", {show(daily_micros)} a day" if daily_micros else ""
    return f"{show(micros)} in total" if kind is KeyKind.TEMPORARY else f"{show(micros)} a month{day}"


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


def kind(facts: RequestFacts) -> str:
    """`a temporary key`, `a project key for search`, `an automation key nightly-evals`."""
    request = facts.request
    match request.kind:
        case KeyKind.PROJECT:
            named = facts.project.name if facts.project else request.name
            return f"a project key for {code(named)}" if named else "a project key"
        case KeyKind.AUTOMATION:
            return f"an automation key {code(request.name)}" if request.name else "an automation key"
        case _:
            return f"a {request.kind or 'new'} key"


def label(facts: RequestFacts) -> str:
    """The label of the key a request led to or wants extended."""
    return code(facts.key.key.label) if facts.key else "the key"


def ask(facts: RequestFacts, terms: Terms | None = None) -> str:
    """What a request is for, in a few words: `a temporary key ($25 in total, 7 days)`."""
    request = facts.request
    stands = terms or request.terms
    if request.purpose is Purpose.EXTEND:
        return f"{more(stands.duration_seconds or 0)} for {label(facts)}"
    if request.purpose is Purpose.RAISE:
        return more_money(facts, stands)
    if request.purpose is Purpose.ROTATE:
        return f"a new key in the place of {rotation.old_label(facts)}"
    span = f", {show_duration(stands.duration_seconds)}" if stands.duration_seconds else ""
    return f"{kind(facts)} ({cap(stands.cap_micros, request.kind, stands.daily_cap_micros)}{span})"


def more_money(facts: RequestFacts, terms: Terms) -> str:
    """`$200 more a month for team search, through 15 December 2026 (UTC)`."""
    limit = facts.raised
    what = f" {limits.per(limit)} for {limits.short(limit).removesuffix(' per day')}" if limit else ""
    until = f", {limits.through(terms.ends_at)}" if terms.ends_at else ""
    return f"{show(terms.cap_micros)} more{what}{until}"


def more(seconds: int) -> str:
    """`7 more days`."""
    shown = show_duration(seconds)
    number, _, unit = shown.partition(" ")
    return f"{number} more {unit}" if number.isdigit() and unit.isalpha() else f"{shown} more"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def quoted(words: str, limit: int = REASON_SHOWN) -> str:
    """Somebody's own words, or nothing."""
    said = clip(words, limit)
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


def budget_lines(facts: RequestFacts) -> list[str]:
    """Every limit this request would be charged to, before and after it, and which of them binds."""
    request = facts.request
    if request.purpose is Purpose.EXTEND:
        return ["Its cap stays the same, so no new money is promised."]
    if request.purpose is Purpose.ROTATE and not facts.budgets:
        return ["The cap stays the same, so no new money is promised."]
    shown = [limits.line(limit, request.terms.cap_micros) for limit in facts.budgets]
    return [*shown, limits.binds(facts.budgets)]


def gateway_limits(gateway: GatewayFacts) -> list[str]:
    """What the gateway cannot enforce, or that it enforces everything."""
    if not gateway.limits:
        return [f"Gateway {code(gateway.name)} enforces the cap, the time and the models itself."]
    limits = " ".join(sentence(limit, 400) for limit in gateway.limits[:4])
    return [f"What {code(gateway.name)} cannot promise: {limits}"]


def spent(facts: KeyFacts) -> str:
    """`spent $3.20 of $25 in total (as of …)`, and for a key with a cap per day what it spent today."""
    key = facts.key
    if facts.spent_micros is None:
        return f"cap {cap(key.cap_micros, key.kind, key.daily_cap_micros)}, spend not read yet"
    limit = f"{show(key.cap_micros)} {'in total' if key.cap_period == TOTAL else 'this month'}"
    today = ""
    if key.daily_cap_micros is not None and facts.today_micros is not None:
        so_far = show_beside(facts.today_micros, key.daily_cap_micros)
        today = f", today {so_far} of {show(key.daily_cap_micros)}"
    amount = show_beside(facts.spent_micros, key.cap_micros)
    return f"spent {amount} of {limit}{today} ({limits.as_of(facts.read_at, 'not read again since')})"


def ends(key: Key) -> str:
    """`until …`, or that it has no end date."""
    return f"until {moment(key.expires_at)}" if key.expires_at else "with no end date"


def off_cause(key: Key) -> str:
    """Why a key is off, by whom, when, and in whose words; of one that a limit stopped, what brings it back."""
    by = f" by {mention(key.off_by)}" if key.off_by else ""
    when = f" {moment(key.off_at)}" if key.off_at else ""
    match key.off_cause:
        case OffCause.BUDGET:
            why = clip(key.off_reason or "a limit was reached", 300).rstrip(".")
            return f"Stopped{when}: {why}. {limits.comes_back(key.stop)}"
        case OffCause.RETURNED:
            return f"Given back{by}{when}."
        case OffCause.EXPIRED:
            return f"Its time ended {moment(key.expires_at)}." if key.expires_at else f"Its time ended{when}."
        case OffCause.ROTATED:
            return f"Off{when}: another key has taken its place."
        case OffCause.DRIFT:
            return f"Found off or gone at the gateway{when}; Purser did not do that."
        case _ if key.off_by == "purser":
            why = clip(key.off_reason or "nobody holds it any more", 300).rstrip(".")
            return f"Turned off by Purser{when}: {why}."
        case _:
            return f"Turned off{by}{when}{because(key.off_reason or '')}"


_PROOFS = {
    Proof.RECORDED: "*Recorded off:* the gateway's own record, read again, says off",
    Proof.PROBED: "*Probed:* a call with the pasted key was refused",
    Proof.QUIET: "*Quiet:* the gateway's record says off, and nothing was spent since",
    Proof.PROBED_QUIET: "*Probed and quiet:* a call with the pasted key was refused, and nothing was spent since",
}


def proof(found: Proof | None, proven_at: datetime | None = None) -> str:
    """How far "off" is proven; never a bare yes."""
    if found is None:
        return NOT_CONFIRMED
    return f"{_PROOFS[found]} ({moment(proven_at)})." if proven_at else f"{_PROOFS[found]}."


_PROOFS_SHORT = {
    Proof.RECORDED: "recorded off",
    Proof.PROBED: "probed: a call was refused",
    Proof.QUIET: "recorded off, and quiet since",
    Proof.PROBED_QUIET: "probed: a call was refused, and quiet since",
}


def proof_short(found: Proof, proven_at: datetime | None) -> str:
    """The same in a list: `recorded off (when)`."""
    return f"{_PROOFS_SHORT[found]} ({moment(proven_at)})" if proven_at else _PROOFS_SHORT[found]


_PASSING = {
    KeyState.MINTING: "Being made; not shown to anybody yet.",
    KeyState.MINTED: "Being made; not shown to anybody yet.",
    KeyState.RESTORING: "Being restored; not confirmed to work again yet.",
    KeyState.DISCARDING: "Never surely shown, so it is being deleted.",
    KeyState.DISCARDED: "Deleted; it was never surely shown.",
}


def key_state(key: Key) -> str:
    """The truth of the moment about a key, in a sentence or two."""
    if key.state is KeyState.LIVE and key.retires_at is not None:
        return f"Live until {moment(key.retires_at)}: another key is taking its place."
    if key.state is KeyState.LIVE:
        return f"Live {ends(key)}."
    if key.state is KeyState.DISABLING:
        return f"{off_cause(key)} {NOT_CONFIRMED}"
    if key.state is KeyState.DISABLED and key.deleted_at is not None:
        return f"{off_cause(key)} {DELETED} ({moment(key.deleted_at)})."
    if key.state is KeyState.DISABLED:
        return f"{off_cause(key)} {proof(key.proof, key.proven_at)}"
    return _PASSING[key.state]


def is_stopped(key: Key) -> bool:
    """Whether a limit has stopped it, so that it comes back by itself or with a raise."""
    return key.off_cause is OffCause.BUDGET and key.state in (KeyState.DISABLING, KeyState.DISABLED)


def is_off(key: Key) -> bool:
    """Whether it is off for good, or until an owner restores it."""
    return key.state is KeyState.DISABLED and not is_stopped(key)


def is_waiting(request: Request) -> bool:
    return request.state is RequestState.WAITING


# Buttons that stand on several screens.


def extend_button(key: Key) -> Block | None:
    """Extend, for a key that has an end, and works or is stopped by a limit."""
    wanted = (key.state is KeyState.LIVE or is_stopped(key)) and key.expires_at is not None and not key.retires_at
    return button("Extend", act.EXTEND, key.id) if wanted else None


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
    """Restore, where an owner could. What a limit stopped comes back by itself or with a raise instead."""
    if key.off_cause is OffCause.BUDGET:
        return None
    return button("Restore", act.RESTORE, key.id) if can_restore(key, now) is None else None


def raise_button(key: Key) -> Block | None:
    """Raise, for a key that a limit stopped: asks for more of that limit."""
    return button("Raise", act.RAISE, key.id) if is_stopped(key) else None


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
