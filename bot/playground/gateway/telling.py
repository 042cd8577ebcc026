"""What the fake gateway tells of spend, where its habits make that differ from what it charged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bot.playground.gateway.habits import Habits
from bot.playground.gateway.keys import StoredKey
from bot.playground.gateway.state import Charge


def told_key(key: StoredKey, habits: Habits) -> StoredKey:
    """The key as it is told of; the same one while nothing is made up."""
    share = _share(habits)
    if share == 1:
        return key
    windows = {duration: spent * share for duration, spent in key.window_spend.items()}
    return replace(key, spend=key.spend * share, total_spend=key.total_spend * share, window_spend=windows)


def told_charges(charges: Iterable[Charge], habits: Habits) -> list[Charge]:
    """The calls as they are told of: whole ones, left out evenly for each key and model, or counted twice."""
    share = _share(habits)
    if share == 1:
        return list(charges)
    due: dict[tuple[str, str], float] = defaultdict(float)
    told = []
    for charge in charges:
        due[charge.token, charge.model_group] += charge.calls * share
        calls = int(due[charge.token, charge.model_group] + 1e-9)
        due[charge.token, charge.model_group] -= calls
        if calls:
            told.append(_as_many(charge, calls))
    return told


def _as_many(charge: Charge, calls: int) -> Charge:
    part = calls / charge.calls
    return replace(
        charge,
        calls=calls,
        prompt_tokens=round(charge.prompt_tokens * part),
        cached_tokens=round(charge.cached_tokens * part),
        completion_tokens=round(charge.completion_tokens * part),
        cost=charge.cost * part,
    )


def _share(habits: Habits) -> float:
    return habits.tells_percent / 100 * (2 if habits.counts_twice else 1)
