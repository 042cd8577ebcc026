"""LiteLLM's `budget_limits`: caps beside `max_budget`, each with a rhythm of its own.

As recorded: spend counts in them at once, and only while they are there. A window given to a key that never had one of
its rhythm counts what the key spent in it before. One taken away and given back within its time has its old count.
Nothing is reserved in them, and negative amounts are taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.playground.gateway import durations, errors
from bot.playground.gateway.keys import StoredKey

Window = dict[str, Any]


def read(asked: object) -> list[Window]:
    """The windows in a request; none for null and an empty list. Raises what LiteLLM answers to other shapes."""
    if asked is None:
        return []
    if not isinstance(asked, list):
        raise errors.invalid("list_type", ["body", "budget_limits"], "Input should be a valid list")
    return [_read_one(index, window) for index, window in enumerate(asked)]


def _read_one(index: int, window: Any) -> Window:  # noqa: ANN401 - any JSON
    where: list[object] = ["body", "budget_limits", index]
    for name in ("budget_duration", "max_budget"):
        if name not in window:
            raise errors.invalid("missing", [*where, name], "Field required")
    if window["max_budget"] is None:
        raise errors.invalid("float_type", [*where, "max_budget"], "Input should be a valid number")
    return {"budget_duration": str(window["budget_duration"]), "max_budget": float(window["max_budget"])}


def give(key: StoredKey, asked: list[Window], now: datetime, calls: Iterable[tuple[datetime, float]]) -> None:
    """Put windows in place of the key's own; their ends are the next ones. `calls` are all that it ever made."""
    calls = list(calls)
    was_there = {window["budget_duration"] for window in key.budget_limits or []}
    for window in asked:
        duration = window["budget_duration"]
        end = durations.window_end(duration, now)
        window["reset_at"] = end.isoformat()
        if duration not in was_there and key.window_ends.get(duration) != window["reset_at"]:
            began = end - timedelta(seconds=_seconds(duration))
            key.window_spend[duration] = sum(cost for at, cost in calls if at >= began)
        key.window_ends[duration] = window["reset_at"]
    key.budget_limits = asked or None


def _seconds(duration: str) -> int:
    try:
        return int((durations.after(duration, _EPOCH) - _EPOCH).total_seconds())
    except durations.BadDuration:
        return 0


_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - only differences are taken


def renew(key: StoredKey, now: datetime, lag: timedelta) -> None:
    """Start again the windows that ended that long ago."""
    for window in key.budget_limits or []:
        if datetime.fromisoformat(window["reset_at"]) + lag <= now:
            key.window_spend[window["budget_duration"]] = 0.0
            window["reset_at"] = durations.window_end(window["budget_duration"], now).isoformat()
            key.window_ends[window["budget_duration"]] = window["reset_at"]


def charge(key: StoredKey, cost: float) -> None:
    """Count a call in every window."""
    for window in key.budget_limits or []:
        duration = window["budget_duration"]
        key.window_spend[duration] = key.window_spend.get(duration, 0.0) + cost


def exhausted(key: StoredKey) -> errors.Refused | None:
    """How a key without money in one of its windows is refused; None while there is some in all."""
    for window in key.budget_limits or []:
        spent = key.window_spend.get(window["budget_duration"], 0.0)
        if spent >= window["max_budget"]:
            return errors.over_window(window["budget_duration"], spent, window["max_budget"])
    return None


def left(key: StoredKey) -> float | None:
    """The least that is left in any window, in US dollars; None without windows."""
    spent = key.window_spend
    return min(
        (window["max_budget"] - spent.get(window["budget_duration"], 0.0) for window in key.budget_limits or []),
        default=None,
    )
