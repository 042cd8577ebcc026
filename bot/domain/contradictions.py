"""What in a policy contradicts itself: found at start, so that nobody meets it later."""

from __future__ import annotations

from bot.domain.allowing import ANY
from bot.domain.keys import KeyKind
from bot.domain.money import show
from bot.domain.periods import DAY_SECONDS, show_duration
from bot.domain.policy import ANYBODY, AskRule, Policy
from bot.domain.rules import Rule


def contradictions(policy: Policy) -> list[str]:
    """What in a policy cannot be meant, a line each, by the names that the policy file has for things."""
    return [
        *_in_keys(policy),
        *_in_approval(policy),
        *_in_rules(policy),
        *_in_budgets(policy),
        *_in_offboarding(policy),
    ]


def _in_keys(policy: Policy) -> list[str]:
    wrong = []
    temporary, automation = policy.kinds[KeyKind.TEMPORARY], policy.kinds[KeyKind.AUTOMATION]
    if (temporary.default_seconds or 0) > (temporary.longest_seconds or 0):
        longest = show_duration(temporary.longest_seconds or 0)
        wrong.append(f"keys.temporary.default_time is longer than longest_time, {longest}.")
    if (automation.largest_daily_cap_micros or 0) > automation.largest_cap_micros:
        most = show(automation.largest_cap_micros)
        wrong.append(f"keys.automation.largest_daily_cap is more than largest_cap, {most} a month.")
    if policy.unused_seconds < DAY_SECONDS:
        wrong.append("digest.unused_after must be at least 1 day: usage may only be dated by the day.")
    return wrong


def _in_approval(policy: Policy) -> list[str]:
    wrong = []
    two = show(policy.two_owners_from_micros)
    if not policy.remind_after_seconds < policy.escalate_after_seconds < policy.give_up_after_seconds:
        wrong.append("approval needs remind_after < escalate_after < give_up_after.")
    if policy.auto_approve_micros and policy.auto_approve_micros >= policy.two_owners_from_micros:
        wrong.append(f"approval.auto_approve_up_to must be below two_owners_from, {two}.")
    if policy.lead_up_to_micros and policy.lead_up_to_micros >= policy.two_owners_from_micros:
        wrong.append(f"approval.lead_up_to must be below two_owners_from, {two}.")
    week, one = policy.auto_approve_per_week_micros, policy.auto_approve_micros
    if week and not one:
        wrong.append("approval.auto_approve_per_week has no effect without auto_approve_up_to.")
    elif week and week < one:
        wrong.append(f"approval.auto_approve_per_week must not be below auto_approve_up_to, {show(one)}.")
    longest = policy.kinds[KeyKind.TEMPORARY].longest_seconds or 0
    if one and policy.auto_approve_seconds > longest:
        most = show_duration(longest)
        wrong.append(f"approval.auto_approve_time is longer than keys.temporary.longest_time, {most}.")
    return wrong


def _in_rules(policy: Policy) -> list[str]:
    wrong = []
    taken = {*(str(rule) for rule in Rule), ANYBODY.name}
    seen: set[str] = set()
    for number, rule in enumerate(policy.ask_rules):
        if rule.name in seen:
            wrong.append(f"ask[{number + 1}].name: there is a rule {rule.name} already; names are given once.")
        elif rule.name in taken:
            wrong.append(f"ask[{number + 1}].name: {rule.name} is a rule of Purser's own; choose another name.")
        seen.add(rule.name)
        wrong += _unreachable(policy, number)
    return wrong


def _unreachable(policy: Policy, number: int) -> list[str]:
    """A rule after one that speaks of everything it speaks of never decides anything."""
    rule = policy.ask_rules[number]
    before = next((each for each in policy.ask_rules[:number] if _swallows(each, rule)), None)
    if before is None:
        return []
    return [f"ask[{number + 1}]: {rule.name} never decides, because {before.name} before it decides all it is about."]


def _swallows(wide: AskRule, narrow: AskRule) -> bool:
    pairs = [(getattr(wide, each), getattr(narrow, each)) for each in ("teams", "kinds", "gateways", "models")]
    return all(not much or (little and set(little) <= set(much)) for much, little in pairs)


def _in_budgets(policy: Policy) -> list[str]:
    wrong = []
    if list(policy.thresholds) != sorted(set(policy.thresholds)):
        wrong.append(f"budgets.thresholds must rise, each once, such as [50, 80]; {list(policy.thresholds)} does not.")
    wrong += [
        f"models.offered: {name} is no single model; name each one, for rules look at each by its name."
        for name in policy.models
        if ANY in name
    ]
    offered, free = set(policy.models), set(policy.free_models)
    if offered and free - offered:
        wrong.append(f"models.free: {min(free - offered)} is not in models.offered.")
    return wrong


def _in_offboarding(policy: Policy) -> list[str]:
    wrong = []
    if not policy.remind_take_over_seconds < policy.take_over_seconds:
        wrong.append("offboarding needs remind_after < take_over_within.")
    if policy.stop_unused_seconds < DAY_SECONDS:
        wrong.append("hygiene.stop_unused_after must be at least 1 day: people need time to answer.")
    if policy.review_seconds < DAY_SECONDS:
        wrong.append("hygiene.review_within must be at least 1 day: people need time to answer.")
    return wrong
