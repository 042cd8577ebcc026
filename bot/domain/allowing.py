"""Allowing: who may ask for what, how much of it, and whether there is money for it.

Each refusal carries the name of the rule that decided, and says what to do instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from bot.domain.budgets import Budget, Layer, binding
from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS, MICROS_PER_USD, show
from bot.domain.must_haves import example, lacking
from bot.domain.periods import show_duration
from bot.domain.policy import AskRule, KindPolicy, Policy, Who
from bot.domain.requests import Ask, Because, Purpose, Refused
from bot.domain.rules import Rule

LONGEST_RAISE_DAYS = 366
ANY = "*"
"""What stands for anything in a model's name."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and where: what the rules look at beside the ask itself."""

    team: str = ""
    """The team's name."""
    gateway: str = ""
    standing: Who = Who.MEMBERS
    """What the asker is in the team: one of its members, leads or owners."""
    granted_micros: int = 0
    """What the rule for small asks has granted the asker since Monday, in micro-USD."""
    has_lead: bool = False
    """Whether a lead of the project, other than the asker, could agree."""
    offered: tuple[str, ...] = ()
    """The models there are; empty when that is not known, and so not checked."""
    model_groups: tuple[str, ...] = ()
    """Names that the gateway takes for many models at once."""
    limit: Budget | None = None
    """The limit that a raise is of, as it stands without it."""
    month_micros: int | None = None
    """What a key may spend a month, when its day is to be raised: no day can have more."""


NOBODY_SPECIAL = Asking()


def may_ask(ask: Ask, policy: Policy, asking: Asking) -> Refused | None:
    """Whether the installation's rules let this person ask for such a key; None when they do."""
    if ask.kind is None or ask.purpose is Purpose.RAISE:
        return None
    rules = policy.rules_for(asking.team, ask.kind, asking.gateway, ask.terms.models)
    refusing = next((rule for rule in rules if not rule.lets(asking.standing)), None)
    return None if refusing is None else Refused(Because.NOT_ALLOWED, _not_let(refusing, ask), refusing.name)


def _not_let(rule: AskRule, ask: Ask) -> str:
    who = {
        Who.MEMBERS: "members of the team ask",
        Who.LEADS: "leads of the team's projects and owners ask",
        Who.OWNERS: "owners of the team ask",
    }
    what = f"{ask.kind} keys" if not rule.models else f"keys for {', '.join(f'`{model}`' for model in rule.models)}"
    if rule.who is Who.NOBODY:
        said = f"By the rule `{rule.name}`, nobody asks for {what} here."
    else:
        said = f"By the rule `{rule.name}`, only {who[rule.who]} for {what} here."
    if not rule.models:
        return said if rule.who is Who.NOBODY else f"{said} Ask one of them."
    instead = "Ask for other models" if ask.terms.models else "A key without a list of models is for all of them"
    return f"{said} {instead}: `/ai-key $25 7d models=NAME,NAME reason`."


# --- what may be asked for ---


def within_limits(ask: Ask, policy: Policy, asking: Asking = NOBODY_SPECIAL) -> Refused | None:
    """Whether the kind, cap, time and models asked for are within policy; None when they are."""
    if ask.purpose is Purpose.RAISE:
        return _within_raise(ask, policy, asking)
    limits = None if ask.kind is None else policy.kinds.get(ask.kind)
    if limits is None or ask.kind is None:
        offered = " and ".join(policy.kinds)
        text = f"{str(ask.kind).capitalize()} keys are not offered here. There is: {offered}."
        return Refused(Because.KIND_NOT_OFFERED, text, Rule.OFFERED_KINDS)
    if refused := _cap_too_large(ask.kind, ask.terms.cap_micros, limits):
        return refused
    if ask.purpose is Purpose.ISSUE and (refused := lacking(ask, limits)):
        return refused
    seconds = ask.terms.duration_seconds
    if seconds is not None and limits.longest_seconds is not None and seconds > limits.longest_seconds:
        longest = show_duration(limits.longest_seconds)
        what = "extension" if ask.purpose is Purpose.EXTEND else "time"
        text = f"The longest {what} for a {ask.kind} key is {longest}."
        return Refused(Because.TIME_TOO_LONG, text, Rule.LONGEST_TIME)
    if ask.purpose is Purpose.ISSUE and (refused := _names_many(ask.terms.models, asking.model_groups)):
        return refused
    return _not_offered(ask.terms.models, policy.models or asking.offered)


def _cap_too_large(kind: KeyKind, cap_micros: int, limits: KindPolicy) -> Refused | None:
    most = limits.largest_cap_micros
    if cap_micros <= most:
        return None
    text = f"The largest cap for {_a(kind)} key is {show(most)}: {example(kind, '', most)}."
    return Refused(Because.CAP_TOO_LARGE, text, Rule.LARGEST_CAP)


def _a(kind: KeyKind) -> str:
    return f"an {kind}" if kind is KeyKind.AUTOMATION else f"a {kind}"


def _names_many(models: Sequence[str], groups: Sequence[str]) -> Refused | None:
    """Whether a name stands for many models: rules look at each model by its own name, and it would slip past them."""
    many = next((model for model in models if ANY in model or model in groups), None)
    if many is None:
        return None
    text = f"`{many}` is no single model. Name each one you want: `/ai-key $25 7d models=NAME,NAME reason`."
    return Refused(Because.MODEL_NOT_OFFERED, text, Rule.OFFERED_MODELS)


def _not_offered(models: Sequence[str], offered_models: Sequence[str]) -> Refused | None:
    """Whether a model is not there. What a gateway lists as `openai/*` is every model whose name begins so."""
    offered = set(offered_models)
    wide = [name for name in offered if ANY in name]
    missing = [
        model
        for model in models
        if offered and model not in offered and not any(fnmatchcase(model, pattern) for pattern in wide)
    ]
    if not missing:
        return None
    there_is = ", ".join(f"`{name}`" for name in sorted(offered)[:20])
    text = f"`{missing[0]}` is not offered. There is: {there_is}."
    return Refused(Because.MODEL_NOT_OFFERED, text, Rule.OFFERED_MODELS)


def _within_raise(ask: Ask, policy: Policy, asking: Asking) -> Refused | None:
    """Whether the limit, raised by so much, stays within policy. A key's stays within what its kind may have."""
    to = ask.terms.cap_micros + (0 if asking.limit is None else asking.limit.budget_micros)
    layer = None if ask.target is None else ask.target.layer
    limits = None if ask.kind is None else policy.kinds.get(ask.kind)
    most, rule, what = MAX_MICROS, Rule.LARGEST_CAP, "limit"
    if limits is not None and layer is Layer.KEY:
        most, what = limits.largest_cap_micros, f"cap for {_a(ask.kind or KeyKind.TEMPORARY)} key"
    if limits is not None and layer is Layer.AUTOMATION:
        most = MAX_MICROS if limits.largest_daily_cap_micros is None else limits.largest_daily_cap_micros
        rule, what = Rule.LARGEST_DAILY_CAP, "cap per day for an automation key"
    if layer is Layer.AUTOMATION and asking.month_micros is not None and to > asking.month_micros:
        text = f"{show(to)} a day is more than the key has a month, {show(asking.month_micros)}. Raise that first."
        return Refused(Because.WRONG_DAILY_CAP, text, Rule.MUST_HAVES)
    if to <= most:
        return None
    text = f"The largest {what} is {show(most)}, and this makes it {show(to)}."
    return Refused(Because.CAP_TOO_LARGE, text, rule)


def end_refused(ends_at: datetime | None, now: datetime) -> Refused | None:
    """Whether a raise may fall back at this moment: yet to come, and at most 366 days off."""
    typed = "`/ai-budget raise $200 team until 2026-12-15 reason`"
    if ends_at is None or ends_at <= now:
        text = f"A raise ends on a day to come: {typed}."
        return Refused(Because.WRONG_END, text, Rule.RAISE_ENDS)
    if ends_at - now > timedelta(days=LONGEST_RAISE_DAYS):
        latest = now + timedelta(days=LONGEST_RAISE_DAYS - 1)
        text = f"A raise ends within a year, by {latest:%Y-%m-%d} at the latest: {typed}."
        return Refused(Because.WRONG_END, text, Rule.RAISE_ENDS)
    return None


def within_headroom(cap_micros: int, budgets: Sequence[Budget]) -> Refused | None:
    """Whether every budget that would be charged has room for this cap; None when it has."""
    tightest = binding(budgets)
    if tightest is None or cap_micros <= tightest.headroom_micros:
        return None
    left = show(max(0, tightest.headroom_micros))
    until = f" until {tightest.resets_at:%-d %B}" if tightest.resets_at else ""
    text = (
        f"Only {left} is left in {tightest.whose}'s budget of {show(tightest.budget_micros)}"
        f"{until}, and this asks for {show(cap_micros)}."
    )
    return Refused(Because.NO_HEADROOM, text, Rule.HEADROOM)


def more_budget(cap_micros: int, budgets: Sequence[Budget]) -> str:
    """How to go on where a budget is too small: the raise that would be enough, in whole dollars."""
    tightest = binding(budgets)
    assert tightest is not None
    missing = -(-(cap_micros - tightest.headroom_micros) // MICROS_PER_USD) * MICROS_PER_USD
    word = {Layer.TEAM: " team", Layer.PROJECT: f" project {tightest.name}"}.get(tightest.layer, "")
    return f"Ask for less, or for more budget first: `/ai-budget raise {show(missing)}{word} reason`."
