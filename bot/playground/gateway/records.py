"""Many calls at once, at moments gone by: how a story fills a gateway without sending each call over HTTP.

The same holds as for calls over the wire: only a key that worked then is let in, and none beyond its cap but by one
call. Spend and log come out as if each call had been made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.playground.gateway import windows
from bot.playground.gateway.keys import StoredKey
from bot.playground.gateway.models import Model, Usage
from bot.playground.gateway.state import Charge, State


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls alike of one key and model, spread evenly over `seconds` from `at` on; tokens are those of each call.

    `failed` more of them were refused by the model's provider.
    """

    token: str
    model: str
    at: datetime
    seconds: float
    count: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many calls were answered, how many refused, and what they cost in US dollars."""

    answered: int = 0
    refused: int = 0
    usd: float = 0.0

    def plus(self, other: Outcome) -> Outcome:
        """Both together."""
        return Outcome(self.answered + other.answered, self.refused + other.refused, self.usd + other.usd)


def record(state: State, calls: Iterable[Calls]) -> Outcome:
    """Let calls that were made up to now happen, oldest first. Those with a key that did not work never came in.

    Call it at least once in each budget window: what comes later counts towards the window it comes in. Raises
    ValueError for calls that are still to come and for models that are not offered.
    """
    total = Outcome()
    with state.settled() as now:
        offered = {model.name: model for model in state.offered}
        for one in sorted(calls, key=lambda one: one.at):
            if one.at + timedelta(seconds=one.seconds) > now or one.model not in offered:
                raise ValueError(f"{one.count} calls of {one.model} at {one.at}: not yet, or no such model")
            key = state.owner_of(one.token)
            if key is not None and worked(key, one.at):
                total = total.plus(_admit(state, key, offered[one.model], one))
    return total


def worked(key: StoredKey, at: datetime) -> bool:
    """Whether a call at that moment would have been let in, but for money and models."""
    ends = [end for end in (key.expires, key.deleted_at, key.blocked_at if key.blocked else None) if end is not None]
    return key.created_at <= at and all(at < end for end in ends)


def _admit(state: State, key: StoredKey, model: Model, one: Calls) -> Outcome:
    cost = one.prompt_tokens * model.usd_per_prompt_token + one.completion_tokens * model.usd_per_completion_token
    answered = one.count
    left = None if state.habits.accepts_over_caps else _left(key)
    if left is not None and left <= 0:
        answered = 0
    elif left is not None and cost > 0:
        answered = min(one.count, math.ceil(left / cost))
    refused = one.count - answered + one.failed
    usd = answered * cost
    if answered:
        key.spend += usd
        key.total_spend += usd
        windows.charge(key, usd)
        key.last_active = key.updated_at = one.at + timedelta(seconds=one.seconds)
        cached = answered * one.cached_tokens
        used = Usage(answered * one.prompt_tokens, answered * one.completion_tokens, usd, cached)
        _log(state, key, model, one, answered, used)
    if refused:
        _log(state, key, model, one, refused, None)
    return Outcome(answered, refused, usd)


def _left(key: StoredKey) -> float | None:
    """The least that is left of its caps, in US dollars; None without any."""
    caps = (None if key.max_budget is None else key.max_budget - key.live_spend, windows.left(key))
    return min((left for left in caps if left is not None), default=None)


def _log(state: State, key: StoredKey, model: Model, one: Calls, count: int, used: Usage | None) -> None:
    spent = used or Usage(0, 0, 0.0)
    request_id = f"req-{len(state.charges) + 1:08d}"
    state.charges.append(
        Charge(
            request_id,
            one.at,
            key.token,
            model.upstream,
            model.name,
            spent.prompt_tokens,
            spent.completion_tokens,
            spent.cost,
            used is not None,
            count,
            one.seconds,
            spent.cached_tokens,
        )
    )


def latest_first(charge: Charge) -> Iterator[Charge]:
    """The single calls that a charge stands for."""
    if charge.calls == 1:
        yield charge
        return
    for number in reversed(range(charge.calls)):
        yield replace(
            charge,
            request_id=f"{charge.request_id}-{number + 1}",
            at=charge.at + timedelta(seconds=charge.seconds * number / charge.calls),
            prompt_tokens=charge.prompt_tokens // charge.calls,
            completion_tokens=charge.completion_tokens // charge.calls,
            cached_tokens=charge.cached_tokens // charge.calls,
            cost=charge.cost / charge.calls,
            calls=1,
            seconds=0.0,
        )
