"""Deciding: what may be asked, who must agree, and what an owner's word means.

`decide` judges an ask, `judge_approval` a yes. Both are pure: facts in, a frozen value out, whose text is what the
person reads, and which names the rule that decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.budgets import Budget, binding
from bot.domain.keys import KeyKind
from bot.domain.money import show
from bot.domain.periods import show_duration
from bot.domain.policy import Policy
from bot.domain.requests import Ask, Because, Purpose, Refused, Request, Terms, Verdict


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
    limits = None if ask.kind is None else policy.kinds.get(ask.kind)
    if limits is None or ask.kind is None:
        return Refused(Because.KIND_NOT_OFFERED, f"{str(ask.kind).capitalize()} keys are not offered here.")
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
    until = f" until {tightest.resets_at:%-d %B}" if tightest.resets_at else ""
    text = (
        f"Only {left} is left in {tightest.name}'s budget of {show(tightest.budget_micros)}"
        f"{until}, and this asks for {show(cap_micros)}."
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
