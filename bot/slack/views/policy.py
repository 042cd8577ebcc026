"""`/ai-team policy`: what is allowed here, in sentences, each with the name of its rule."""

from __future__ import annotations

from bot.domain.facts import PolicyFacts
from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS, show
from bot.domain.periods import show_duration
from bot.domain.policy import ANYBODY, AskRule, KindPolicy, Policy, UsagePolicy, Who
from bot.domain.rules import Rule, rule_text
from bot.slack.views.base import Message, code, context, join, mentions, message, section, stack
from bot.slack.views.limits import every

RULES_SHOWN = 15
_DECIDE = (Rule.SMALL_ASK, Rule.PROJECT_LEAD, Rule.ONE_OWNER, Rule.TWO_OWNERS)
_ONLY = {
    KeyKind.TEMPORARY: "ends by itself",
    KeyKind.MEMBER: "one for each person; its cap starts again each month",
    KeyKind.PROJECT: "for one project, with a lead; its cap starts again each month",
    KeyKind.AUTOMATION: "for CI and scripts, with a lead and a cap per day as well; the first to be stopped",
}
_WHO = {
    Who.MEMBERS: "everybody in the team may ask",
    Who.LEADS: "leads of the team's projects and owners may ask",
    Who.OWNERS: "only owners may ask",
    Who.NOBODY: "nobody may ask",
}


def policy(facts: PolicyFacts) -> Message:
    """The rules of the installation, as they hold in this channel's team."""
    rules = facts.policy
    where = f" in team {code(facts.team.name)}" if facts.team else ""
    return message(
        f"What is allowed{where}.",
        section(stack([f"*What is allowed{where}*", *_kinds(rules)])),
        section(stack(["*Who may ask*, the first that fits decides", *_asking(rules, facts)])),
        section(stack(["*Who agrees*", *_agreeing(rules)])),
        section(stack(["*Limits and warnings*", *_limits(rules)])),
        context("Whoever runs Purser sets this with PURSER_CONFIG."),
    )


def _kinds(policy: Policy) -> list[str]:
    lines = [_kind(kind, policy.kinds[kind]) for kind in KeyKind if kind in policy.kinds]
    missing = [str(kind) for kind in KeyKind if kind not in policy.kinds]
    if missing:
        lines.append(f"• Not offered: {join(missing)} keys ({code(Rule.OFFERED_KINDS)}).")
    models = join([code(name) for name in policy.models[:20]])
    extra = f" and {len(policy.models) - 20} more" if len(policy.models) > 20 else ""
    offered = f"only {models}{extra}" if policy.models else "all that the gateway offers"
    return [*lines, f"• Models: {offered} ({code(Rule.OFFERED_MODELS)})."]


def _kind(kind: KeyKind, limits: KindPolicy) -> str:
    per = "in total" if kind is KeyKind.TEMPORARY else "a month"
    said = [_ONLY[kind]]
    if limits.largest_cap_micros < MAX_MICROS:
        said.append(f"at most {show(limits.largest_cap_micros)} {per} ({code(Rule.LARGEST_CAP)})")
    if limits.largest_daily_cap_micros is not None:
        said.append(f"at most {show(limits.largest_daily_cap_micros)} a day ({code(Rule.LARGEST_DAILY_CAP)})")
    if limits.default_seconds is not None:
        said.append(f"{show_duration(limits.default_seconds)} unless another time is asked for")
    if limits.longest_seconds is not None:
        said.append(f"at most {show_duration(limits.longest_seconds)} ({code(Rule.LONGEST_TIME)})")
    if limits.rotate_seconds is not None:
        said.append(f"to be rotated after {show_duration(limits.rotate_seconds)}")
    return f"• *{str(kind).capitalize()}:* {', '.join(said)}."


def _asking(policy: Policy, facts: PolicyFacts) -> list[str]:
    here = [rule for rule in policy.ask_rules if not rule.teams or facts.team is None or facts.team.name in rule.teams]
    lines = [_ask_rule(rule, show_teams=facts.team is None) for rule in here[:RULES_SHOWN]]
    if (more := len(here) - RULES_SHOWN) > 0:
        lines.append(f"…and {more} more")
    return [*lines, f"• {code(ANYBODY.name)}: {'for everything else, ' if here else ''}{_WHO[ANYBODY.who]}."]


def _ask_rule(rule: AskRule, *, show_teams: bool) -> str:
    what = f"for {join([str(kind) for kind in rule.kinds])} keys" if rule.kinds else "for any key"
    models = f" with {join([code(name) for name in rule.models[:10]], 'or')}" if rule.models else ""
    gateways = f" at {join([code(name) for name in rule.gateways[:10]], 'or')}" if rule.gateways else ""
    teams = f" in {join([code(name) for name in rule.teams[:10]], 'or')}" if rule.teams and show_teams else ""
    return f"• {code(rule.name)}: {what}{models}{gateways}{teams}, {_WHO[rule.who]}."


def _agreeing(policy: Policy) -> list[str]:
    off = set()
    if not policy.auto_approve_micros:
        off.add(Rule.SMALL_ASK)
    if not policy.lead_up_to_micros:
        off.add(Rule.PROJECT_LEAD)
    lines = [f"• {code(rule)}: {rule_text(rule, policy)}." for rule in _DECIDE if rule not in off]
    if policy.quiet_approvers:
        lines.append(f"• {mentions(policy.quiet_approvers, most=10)} may decide in every team, and are not asked.")
    return [*lines, "• Nobody approves their own request, or a raise of their own limit."]


def _limits(policy: Policy) -> list[str]:
    own = policy.member_budget_micros
    member = f"{show(own)} a month for each person" if own is not None else "none for a person"
    marks = join([str(percent) for percent in (*(one for one in policy.thresholds if one < 100), 100)])
    hard = "its keys are stopped" if policy.hard_budgets else "people are told, and no key is stopped"
    polls = every(policy.poll_seconds)
    again, others = show_duration(policy.remind_after_seconds), show_duration(policy.escalate_after_seconds)
    wait = show_duration(policy.give_up_after_seconds)
    return [
        *_agreed(policy.usage_policy),
        f"• Where no owner has set a budget: {member} ({code(Rule.HEADROOM)}: {rule_text(Rule.HEADROOM, policy)}).",
        f"• When a budget is used up, {hard}, unless it was set otherwise. People are told at {marks} percent.",
        f"• Spend is looked at every {polls}, so a limit can be passed by what is spent in that time.",
        f"• A key that was not used for {show_duration(policy.unused_seconds)} is called old in the weekly digest.",
        f"• A request nobody answers is repeated after {again}, goes to more owners after {others}, ends after {wait}.",
    ]


def _agreed(usage: UsagePolicy | None) -> list[str]:
    if usage is None:
        return []
    return [f"• Before their first key everybody agrees to the usage policy, version {code(usage.version)}."]
