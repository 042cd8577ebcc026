"""`/ai-budget`: every limit that binds a person, what waits for them, and the answers to setting and snoozing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import AlertFacts, BudgetFacts, Freshness, RequestFacts
from bot.domain.money import show
from bot.slack.views import limits
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    Message,
    actions,
    clip,
    code,
    context,
    mention,
    message,
    moment,
    section,
    sentence,
    stack,
)
from bot.slack.views.standing import status

LIMITS_SHOWN = 20
GATEWAYS_SHOWN = 5
MODELS_SHOWN = 8
QUEUE_SHOWN = 10
QUEUE_REASON_CHARS = 300
_ASK_FOR_MORE = (
    "Ask for more with `/ai-budget raise $200 until 15 December what it is for`, or `/ai-budget raise` for a form."
)


def budgets(facts: BudgetFacts, now: datetime) -> Message:
    """Every limit with its bar, the tightest named first, then how fresh all of it is."""
    if not facts.limits:
        return message("No limit binds you here. An owner sets one with `/ai-budget set team $500`.")
    shared = [one for one in facts.limits if one.layer in (Layer.TEAM, Layer.PROJECT, Layer.MEMBER)]
    binds = limits.binds(shared)
    shown = facts.limits[:LIMITS_SHOWN]
    more = len(facts.limits) - len(shown)
    summary = "; ".join(f"{limits.layer(one)}: {limits.left(one)} of {show(one.budget_micros)}" for one in shown[:5])
    return message(
        f"Your limits. {summary}.",
        section(stack(["*Your limits*", binds])),
        *(section(_limit(one, now, facts.poll_seconds)) for one in shown),
        context(f"…and {more} more") if more > 0 else [],
        _warnings(facts, now),
        context(_freshness(facts, now), _ASK_FOR_MORE),
    )


def waiting_item(facts: RequestFacts, reason_chars: int = say.REASON_SHOWN) -> list[Block]:
    """A request that waits for this person's word, with its buttons."""
    request = facts.request
    asked = f"*{mention(request.requester_id)} asks for {say.ask(facts)}* in team {clip(facts.team.name, 80)}"
    return [
        section(stack([asked, say.quoted(request.reason, reason_chars), status(facts)])),
        *actions(*say.decision_buttons(request)),
    ]


def queue(waiting: Sequence[RequestFacts]) -> Message:
    """What waits for this person's word, oldest first."""
    if not waiting:
        return message("Nothing waits for you. Requests you can decide appear here and in your Home tab.")
    count = "1 request waits" if len(waiting) == 1 else f"{len(waiting)} requests wait"
    more = len(waiting) - QUEUE_SHOWN
    return message(
        f"{count} for you.",
        section(f"*{count} for you*"),
        *(waiting_item(one, QUEUE_REASON_CHARS) for one in waiting[:QUEUE_SHOWN]),
        context(f"…and {more} more") if more > 0 else [],
    )


def budget_set(limit: Budget, monthly_micros: int, was_micros: int | None, remarks: Sequence[str] = ()) -> Message:
    """The answer to `/ai-budget set`: what it is now, what it was, and what that means."""
    was = "it had none before" if was_micros is None else f"it was {show(was_micros)}"
    said = [
        f"*{say.capital(limits.whole(limit))} is {show(monthly_micros)} a month now*; {was}. {hardness(limit)}",
        f"{limits.bar(limit)}: {limits.spent_of(limit)} ({limits.as_of(limit.read_at, 'not read yet')}), promised to "
        f"keys {show(limit.committed_micros)}, {limits.left(limit)}. {limits.raised(limit)}".rstrip(),
        *(sentence(remark, 400) for remark in remarks),
        f"Nothing that was spent is reset. {limits.resets(limit)}",
    ]
    return message(said[0], section(stack(said)))


def snoozed(facts: AlertFacts) -> Message:
    """The answer to Snooze."""
    until = f" until {moment(facts.snoozed_until)}" if facts.snoozed_until else ""
    return message(
        f"Early warnings about {limits.whole(facts.limit)} are quiet{until}. Should it be used up, you are told all "
        "the same."
    )


def hardness(limit: Budget) -> str:
    """What happens when it is used up."""
    if not limit.hard:
        return "Soft: people are told when it is used up, and no key is stopped."
    if limit.layer in (Layer.KEY, Layer.AUTOMATION):
        return "Hard: the key is stopped when it is used up."
    return "Hard: its keys are stopped when it is used up."


def _limit(limit: Budget, now: datetime, poll_seconds: int) -> str:
    name = limits.layer(limit).replace("*", "")
    head = f"*{name}*: *{limits.left(limit)}* of {show(limit.budget_micros)} {limits.per(limit)}"
    spent = f"{limits.bar(limit)}: {limits.spent_of(limit)}, {_age(limit, now, poll_seconds)}."
    promised = f"Promised to keys: {show(limit.committed_micros)}." if limit.committed_micros else ""
    unpriced = f"{_requests(limit.unpriced_requests)} without a price, in no figure." if limit.unpriced_requests else ""
    lines = [head, " ".join(filter(None, [spent, promised])), limits.raised(limit)]
    return stack([*lines, " ".join(filter(None, [limits.resets(limit), hardness(limit), unpriced]))])


def _age(limit: Budget, now: datetime, poll_seconds: int) -> str:
    said = limits.as_of(limit.read_at, "not read yet")
    if limit.read_at is None or not limits.is_stale(limit.read_at, now, poll_seconds):
        return said
    return f"{said}, *{limits.age(limit.read_at, now)}*"


def _warnings(facts: BudgetFacts, now: datetime) -> list[Block]:
    old = [one for one in facts.freshness if one.error or limits.is_stale(one.read_at, now, facts.poll_seconds)]
    lines = [_stale(one, now) for one in old[:GATEWAYS_SHOWN]]
    lines += [_unpriced(model, count) for model, count in facts.unpriced[:MODELS_SHOWN]]
    more = max(0, len(old) - GATEWAYS_SHOWN) + max(0, len(facts.unpriced) - MODELS_SHOWN)
    if more:
        lines.append(f"…and {more} more")
    return [section(stack(lines))] if lines else []


def _stale(one: Freshness, now: datetime) -> str:
    name = code(one.gateway)
    why = f" What went wrong: {clip(one.error, 300)}" if one.error else ""
    if one.read_at is None:
        return f"*No figures:* the gateway {name} has never told its spend.{why}"
    old = f"{limits.age(one.read_at, now)} ({moment(one.read_at)})"
    return f"*Old figures:* the gateway {name} does not tell its spend. Figures are {old} and may be too low.{why}"


def _unpriced(model: str, count: int) -> str:
    has, it_is = ("has", "it is") if count == 1 else ("have", "they are")
    return f"*Unpriced:* {_requests(count)} to {code(model)} {has} no price, so {it_is} in no figure."


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _freshness(facts: BudgetFacts, now: datetime) -> str:
    looked = f"Spend is looked at every {limits.every(facts.poll_seconds)}; all days and months are UTC."
    return f"As of {moment(now)}. {looked}"
