"""Deciding: what may be asked, who must agree, and what an owner's word means.

`decide` judges an ask, `judge_approval` a yes. Both are pure: facts in, a frozen value out, whose text is what the
person reads, and which names the rule that decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.allowing import NOBODY_SPECIAL, Asking, may_ask, more_budget, within_headroom, within_limits
from bot.domain.budgets import Budget
from bot.domain.keys import KeyKind
from bot.domain.money import show
from bot.domain.policy import Policy
from bot.domain.requests import Ask, Because, Purpose, Refused, Request, Terms, Verdict
from bot.domain.rules import Rule, rule_text

__all__ = [
    "Agreed",
    "Asking",
    "AutoApproved",
    "Decider",
    "Decision",
    "NeedsOwners",
    "OneMore",
    "Rule",
    "as_ask",
    "decide",
    "judge_approval",
    "lead_refused",
    "owners_needed",
    "rule_text",
    "within_headroom",
]


@dataclass(frozen=True, slots=True)
class AutoApproved:
    """Nobody needs to be asked."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class NeedsOwners:
    """So many owners have to agree; by the rule for leads, the project's lead will do."""

    rule: Rule
    count: int


Decision = AutoApproved | NeedsOwners | Refused


def owners_needed(cap_micros: int, policy: Policy, *, has_lead: bool = False) -> NeedsOwners:
    """How many owners have to agree to an amount of this size, or whether the project's lead will do."""
    if cap_micros >= policy.two_owners_from_micros:
        return NeedsOwners(Rule.TWO_OWNERS, 2)
    if has_lead and cap_micros <= policy.lead_up_to_micros:
        return NeedsOwners(Rule.PROJECT_LEAD, 1)
    return NeedsOwners(Rule.ONE_OWNER, 1)


def decide(ask: Ask, policy: Policy, budgets: Sequence[Budget], asking: Asking = NOBODY_SPECIAL) -> Decision:
    """Judge an ask against policy and headroom.

    Monotone: more budget never turns a yes into a no. An extension promises no new money; a raise of a budget
    promises none either, for keys are what spends.
    """
    if refused := may_ask(ask, policy, asking):
        return refused
    if refused := within_limits(ask, policy, asking):
        return refused
    if ask.purpose is not Purpose.EXTEND and (refused := within_headroom(ask.terms.cap_micros, budgets)):
        return replace(refused, text=f"{refused.text} {more_budget(ask.terms.cap_micros, budgets)}")
    if _is_small(ask, policy, asking.granted_micros):
        return AutoApproved(Rule.SMALL_ASK)
    return owners_needed(ask.terms.cap_micros, policy, has_lead=asking.has_lead and ask.purpose is not Purpose.RAISE)


def _is_small(ask: Ask, policy: Policy, granted_micros: int) -> bool:
    """Small asks stay small together: what the rule has handed to this person in the week already counts."""
    return (
        ask.purpose is Purpose.ISSUE
        and ask.kind is KeyKind.TEMPORARY
        and ask.terms.cap_micros <= policy.auto_approve_micros
        and granted_micros + ask.terms.cap_micros <= policy.small_asks_per_week_micros
        and (ask.terms.duration_seconds or 0) <= policy.auto_approve_seconds
    )


# --- an owner's yes ---


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


@dataclass(frozen=True, slots=True)
class Decider:
    """Who says yes: an owner (or a quiet approver), or no more than the lead of the project."""

    id: str
    is_only_lead: bool = False


def lead_refused(request: Request, cap_micros: int, policy: Policy) -> Refused | None:
    """Whether a lead, who is no owner, may decide about this amount; never about a raise."""
    if request.purpose is not Purpose.RAISE and cap_micros <= policy.lead_up_to_micros:
        return None
    most = show(policy.lead_up_to_micros)
    text = f"As the project's lead you decide about its keys of up to {most}. An owner has to decide this."
    return Refused(Because.NOT_ALLOWED, text, Rule.PROJECT_LEAD)


def judge_approval(
    request: Request,
    decider: Decider,
    terms: Terms,
    policy: Policy,
    budgets: Sequence[Budget],
    asking: Asking = NOBODY_SPECIAL,
) -> Agreed | OneMore | Refused:
    """What a yes to these terms means. That this person may decide at all has been checked already.

    `asking` is about the one who says yes, for it is they who choose other models. `budgets` are those that the key,
    or the raise of a key's cap, would be charged to. Changing the terms takes back every earlier yes, for it was
    given to something else. The same owner's second yes counts once.
    """
    ask = as_ask(request, terms)
    if decider.is_only_lead and (refused := lead_refused(request, terms.cap_micros, policy)):
        return refused
    if terms.models != request.terms.models and (refused := may_ask(ask, policy, asking)):
        return refused
    if refused := within_limits(ask, policy, asking):
        return refused
    if request.purpose is not Purpose.EXTEND and (refused := within_headroom(terms.cap_micros, budgets)):
        what = "smaller amount" if request.purpose is Purpose.RAISE else "smaller cap"
        return replace(refused, text=f"{refused.text} Approve with changes to a {what}, or deny.")
    if decider.is_only_lead:
        return Agreed(terms, Rule.PROJECT_LEAD)
    needed = owners_needed(terms.cap_micros, policy)
    agreeing = {decider.id}
    if terms == request.terms:
        agreeing |= {word.owner_id for word in request.standing(Verdict.APPROVE)}
    if len(agreeing) >= needed.count:
        return Agreed(terms, needed.rule)
    return OneMore(terms, needed.rule, needed.count - len(agreeing), needed.count)


def as_ask(request: Request, terms: Terms) -> Ask:
    """The ask that a request stands for, on these terms. Its names were found out when it was made."""
    return Ask(
        kind=request.kind,
        terms=terms,
        reason=request.reason,
        purpose=request.purpose,
        extends_key_id=request.extends_key_id,
        name=request.name,
        project=request.project_id or "",
        lead_id=request.lead_id,
        target=request.target,
    )
