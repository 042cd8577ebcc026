"""Requests: what may be asked, who must agree, and what follows an owner's word.

`decide` judges an ask, `judge_approval` an owner's yes. Both are pure: facts in, a frozen value out, whose
text is what the person reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.budgets import Budget, binding
from bot.domain.keys import KeyKind
from bot.domain.money import show
from bot.domain.periods import show_duration
from bot.domain.policy import Policy


class Purpose(StrEnum):
    """What a request asks for."""

    ISSUE = "issue"
    EXTEND = "extend"


class RequestState(StrEnum):
    """Where a request is in its life."""

    DRAFT = "draft"
    """Seen by its author only: a form's preview, or "Extend instead?"."""
    WAITING = "waiting"
    APPROVED = "approved"
    """Agreed; its key has not been revealed yet, or its extension not been made yet."""
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody decided in time."""
    FULFILLED = "fulfilled"
    LAPSED = "lapsed"
    """Approved, but not claimed in time."""


ALLOWED_MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.DRAFT: frozenset({RequestState.WAITING, RequestState.APPROVED, RequestState.CANCELLED}),
    RequestState.WAITING: frozenset(
        {RequestState.APPROVED, RequestState.DENIED, RequestState.CANCELLED, RequestState.EXPIRED}
    ),
    RequestState.APPROVED: frozenset({RequestState.FULFILLED, RequestState.LAPSED, RequestState.CANCELLED}),
    RequestState.DENIED: frozenset(),
    RequestState.CANCELLED: frozenset(),
    RequestState.EXPIRED: frozenset(),
    RequestState.FULFILLED: frozenset(),
    RequestState.LAPSED: frozenset(),
}


class Verdict(StrEnum):
    """An owner's word."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Approval:
    """One owner's word on a request. One that does not stand was given for terms that changed since."""

    owner_id: str
    verdict: Verdict
    note: str
    stands: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for or granted: cap in micro-USD, time in seconds (None: no end), models (empty: all)."""

    cap_micros: int
    duration_seconds: int | None
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants, before anything is written down."""

    kind: KeyKind
    terms: Terms
    reason: str
    purpose: Purpose = Purpose.ISSUE
    extends_key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the books know it. `asked` is what the requester wanted, `terms` what now stands."""

    id: str
    purpose: Purpose
    kind: KeyKind
    gateway: str
    team_id: str
    project_id: str | None
    requester_id: str
    asked: Terms
    terms: Terms
    reason: str
    state: RequestState
    rule: str
    approvals_needed: int
    created_at: datetime
    deadline_at: datetime
    channel_id: str
    extends_key_id: str | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    decided_at: datetime | None = None
    card_ts: str | None = None
    approvals: tuple[Approval, ...] = field(default=())

    def standing(self, verdict: Verdict) -> tuple[Approval, ...]:
        """Words of this kind that still stand, in the order they were given."""
        return tuple(word for word in self.approvals if word.stands and word.verdict is verdict)

    @property
    def closed_with_its_key(self) -> bool:
        """Whether it ended by itself, undecided, because the key it wanted extended went off.

        What its requester took back was cancelled without a moment of decision.
        """
        undecided = self.state is RequestState.CANCELLED and self.decided_at is not None
        return undecided and self.purpose is Purpose.EXTEND


class Because(StrEnum):
    """Why an ask or a decision is refused."""

    CAP_TOO_LARGE = "cap_too_large"
    TIME_TOO_LONG = "time_too_long"
    NO_HEADROOM = "no_headroom"
    MODEL_NOT_OFFERED = "model_not_offered"
    KIND_NOT_OFFERED = "kind_not_offered"
    GATEWAY_CANNOT = "gateway_cannot"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    WRONG_STATE = "wrong_state"
    TOO_LATE = "too_late"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why: `text` is one or two sentences that the person reads."""

    because: Because
    text: str


class Rule(StrEnum):
    """The named rules that decide who must agree; every outcome carries one."""

    SMALL_ASK = "small-ask"
    ONE_OWNER = "one-owner"
    TWO_OWNERS = "two-owners"


def rule_text(rule: Rule, policy: Policy) -> str:
    """What a rule says, as people read it."""
    match rule:
        case Rule.SMALL_ASK:
            cap, time = show(policy.auto_approve_micros), show_duration(policy.auto_approve_seconds)
            return f"temporary keys of up to {cap} in all, for up to {time}, need no owner"
        case Rule.ONE_OWNER:
            return "an owner has to agree"
        case Rule.TWO_OWNERS:
            return f"from {show(policy.two_owners_from_micros)} on, two owners have to agree"


@dataclass(frozen=True, slots=True)
class AutoApproved:
    """Nobody needs to be asked."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class NeedsOwners:
    """So many owners have to agree."""

    rule: Rule
    count: int


Decision = AutoApproved | NeedsOwners | Refused


def owners_needed(cap_micros: int, policy: Policy) -> NeedsOwners:
    """How many owners have to agree to a cap of this size."""
    if cap_micros >= policy.two_owners_from_micros:
        return NeedsOwners(Rule.TWO_OWNERS, 2)
    return NeedsOwners(Rule.ONE_OWNER, 1)


def decide(
    ask: Ask,
    policy: Policy,
    budgets: Sequence[Budget],
    offered_models: Sequence[str],
    small_asks_micros: int = 0,
) -> Decision:
    """Judge an ask against policy and headroom. `offered_models` empty means: not known, so not checked.

    `small_asks_micros` is what the asker may still spend under the rule for small asks, or was promised by it.

    Monotone: more budget never turns a yes into a no. An extension promises no new money.
    """
    if refused := within_limits(ask, policy, offered_models):
        return refused
    if ask.purpose is Purpose.ISSUE and (refused := within_headroom(ask.terms.cap_micros, budgets)):
        return refused
    if _is_small(ask, policy, small_asks_micros):
        return AutoApproved(Rule.SMALL_ASK)
    return owners_needed(ask.terms.cap_micros, policy)


def _is_small(ask: Ask, policy: Policy, small_asks_micros: int) -> bool:
    """Small asks stay small together: what the rule has handed to this person already counts."""
    return (
        ask.purpose is Purpose.ISSUE
        and ask.kind is KeyKind.TEMPORARY
        and small_asks_micros + ask.terms.cap_micros <= policy.auto_approve_micros
        and (ask.terms.duration_seconds or 0) <= policy.auto_approve_seconds
    )


def within_limits(ask: Ask, policy: Policy, offered_models: Sequence[str]) -> Refused | None:
    """Whether the kind, cap, time and models asked for are within policy; None when they are."""
    limits = policy.kinds.get(ask.kind)
    if limits is None:
        return Refused(Because.KIND_NOT_OFFERED, f"{ask.kind.capitalize()} keys are not offered here.")
    if ask.terms.cap_micros > limits.largest_cap_micros:
        most = show(limits.largest_cap_micros)
        return Refused(Because.CAP_TOO_LARGE, f"The largest cap for a {ask.kind} key is {most}.")
    seconds = ask.terms.duration_seconds
    if seconds is not None and limits.default_seconds is None:
        text = f"A {ask.kind} key does not end by itself. Leave out the time: `/ai-key {ask.kind} $50`."
        return Refused(Because.TIME_TOO_LONG, text)
    if seconds is not None and limits.longest_seconds is not None and seconds > limits.longest_seconds:
        longest = show_duration(limits.longest_seconds)
        what = "extension" if ask.purpose is Purpose.EXTEND else "time"
        return Refused(Because.TIME_TOO_LONG, f"The longest {what} for a {ask.kind} key is {longest}.")
    offered = set(policy.models or offered_models)
    missing = [model for model in ask.terms.models if offered and model not in offered]
    if missing:
        there_is = ", ".join(f"`{name}`" for name in sorted(offered)[:20])
        return Refused(Because.MODEL_NOT_OFFERED, f"`{missing[0]}` is not offered. There is: {there_is}.")
    return None


def within_headroom(cap_micros: int, budgets: Sequence[Budget]) -> Refused | None:
    """Whether every budget that would be charged has room for this cap; None when it has."""
    tightest = binding(budgets)
    if tightest is None or cap_micros <= tightest.headroom_micros:
        return None
    left = show(max(0, tightest.headroom_micros))
    text = (
        f"Only {left} is left in {tightest.name}'s budget of {show(tightest.budget_micros)} "
        f"until {tightest.resets_at:%-d %B}, and this asks for {show(cap_micros)}."
    )
    return Refused(Because.NO_HEADROOM, text)


@dataclass(frozen=True, slots=True)
class Agreed:
    """The request is approved on these terms."""

    terms: Terms
    rule: Rule


@dataclass(frozen=True, slots=True)
class OneMore:
    """This owner's yes stands, and so many more owners have to agree to the same terms."""

    terms: Terms
    rule: Rule
    still_needed: int
    needed: int


def judge_approval(
    request: Request,
    owner_id: str,
    terms: Terms,
    policy: Policy,
    budgets: Sequence[Budget],
    models: Sequence[str],
) -> Agreed | OneMore | Refused:
    """What an owner's yes to these terms means. Authority has been checked already.

    Changing the terms takes back every earlier yes, for it was given to something else. The same owner's
    second yes counts once.
    """
    ask = Ask(request.kind, terms, request.reason, request.purpose, request.extends_key_id)
    if refused := within_limits(ask, policy, models):
        return refused
    if request.purpose is Purpose.ISSUE and (refused := within_headroom(terms.cap_micros, budgets)):
        return replace(refused, text=f"{refused.text} Approve with changes to a smaller cap, or deny.")
    needed = owners_needed(terms.cap_micros, policy)
    agreeing = {owner_id}
    if terms == request.terms:
        agreeing |= {word.owner_id for word in request.standing(Verdict.APPROVE)}
    if len(agreeing) >= needed.count:
        return Agreed(terms, needed.rule)
    return OneMore(terms, needed.rule, needed.count - len(agreeing), needed.count)


class Nudge(StrEnum):
    """What an unanswered request needs next."""

    REMIND = "remind"
    ESCALATE = "escalate"
    EXPIRE = "expire"


def nudge_due(request: Request, policy: Policy, now: datetime) -> Nudge | None:
    """What to do about a waiting request at this moment, the most final thing first; None for nothing."""
    if request.state is not RequestState.WAITING:
        return None
    waited = (now - request.created_at).total_seconds()
    if now >= request.deadline_at:
        return Nudge.EXPIRE
    if waited >= policy.escalate_after_seconds and request.escalated_at is None:
        return Nudge.ESCALATE
    if waited >= policy.remind_after_seconds and request.reminded_at is None and request.escalated_at is None:
        return Nudge.REMIND
    return None
