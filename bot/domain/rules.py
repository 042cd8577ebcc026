"""The named rules that decide about asks: who has to agree, and what no ask may go past. Every outcome carries one."""

from __future__ import annotations

from enum import StrEnum

from bot.domain.money import show
from bot.domain.periods import show_duration
from bot.domain.policy import Policy


class Rule(StrEnum):
    """The rules that Purser brings; the ones about who may ask have names of the installation's own."""

    SMALL_ASK = "small-ask"
    PROJECT_LEAD = "project-lead"
    ONE_OWNER = "one-owner"
    TWO_OWNERS = "two-owners"
    SAME_TERMS = "same-terms"
    ADOPTED = "adopted"
    # what an ask must have, and what it may not go past
    OFFERED_KINDS = "offered-kinds"
    OFFERED_MODELS = "offered-models"
    MUST_HAVES = "must-haves"
    LARGEST_CAP = "largest-cap"
    LARGEST_DAILY_CAP = "largest-daily-cap"
    LONGEST_TIME = "longest-time"
    RAISE_ENDS = "raise-ends"
    HEADROOM = "headroom"


_FIXED = {
    Rule.ONE_OWNER: "an owner has to agree",
    Rule.SAME_TERMS: "a new key in the place of one's own, for no more time and money, needs no owner",
    Rule.ADOPTED: "an owner who is not its holder answers for a key that Purser did not make",
    Rule.OFFERED_KINDS: "only kinds of keys that are offered here",
    Rule.OFFERED_MODELS: "only models that are offered here",
    Rule.MUST_HAVES: "each kind of key has what it must have",
    Rule.LARGEST_CAP: "no cap above the largest for its kind",
    Rule.LARGEST_DAILY_CAP: "no cap per day above the largest for its kind",
    Rule.LONGEST_TIME: "no time longer than the longest for its kind",
    Rule.RAISE_ENDS: "a raise ends within a year",
    Rule.HEADROOM: "no promise beyond what is left in any budget",
}


def rule_text(rule: Rule, policy: Policy) -> str:
    """What a rule says, as people read it."""
    match rule:
        case Rule.SMALL_ASK:
            cap, time = show(policy.auto_approve_micros), show_duration(policy.auto_approve_seconds)
            week = show(policy.small_asks_per_week_micros)
            return f"temporary keys of up to {cap} for up to {time} need no owner, up to {week} a person and week"
        case Rule.PROJECT_LEAD:
            return f"up to {show(policy.lead_up_to_micros)}, the project's lead or an owner has to agree"
        case Rule.TWO_OWNERS:
            return f"from {show(policy.two_owners_from_micros)} on, two owners have to agree"
        case _:
            return _FIXED[rule]
