"""LiteLLM's /user/daily/activity: rows of day, key, user, model and provider, told page by page in several breakdowns.

Pages are pages of rows, in the order of ids that mean nothing: one day, one key and one model may be split over pages.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any, NamedTuple

from bot.playground.gateway.state import Charge, State

_ZEROES = (
    "flat_cost",
    "compression_saved_tokens",
    "compression_savings_spend",
    "prompt_caching_savings_spend",
    "gateway_injected_caching_savings_spend",
    "autorouter_savings_spend",
    "cache_creation_input_tokens",
)
_TOTALS = (
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "api_requests",
    "successful_requests",
    "failed_requests",
    "cache_read_input_tokens",
    "timed_requests",
    *_ZEROES,
)
_MILLISECONDS = 2
"""How long a model took, as far as is told."""


class Row(NamedTuple):
    """What names a row. Refused calls that never got to a model have no model and no endpoint."""

    day: str
    token: str
    user: str
    model: str
    group: str
    provider: str
    endpoint: str

    @property
    def id(self) -> str:
        """Stable, and in no order."""
        return hashlib.sha256("\n".join(self).encode()).hexdigest()


def page(state: State, charges: Iterable[Charge], number: int, size: int) -> dict[str, Any]:
    """One page of rows, newest day first, as /user/daily/activity answers it."""
    rows: dict[Row, list[Charge]] = defaultdict(list)
    for charge in charges:
        rows[_row(state, charge)].append(charge)
    ordered = sorted(rows, key=lambda row: row.id)
    ordered.sort(key=lambda row: row.day, reverse=True)
    shown = ordered[(number - 1) * size : number * size]
    days = list(dict.fromkeys(row.day for row in shown))
    sums = _metrics([charge for row in shown for charge in rows[row]])
    return {
        "results": [_day(state, day, {row: rows[row] for row in shown if row.day == day}) for day in days],
        "metadata": {f"total_{name.removeprefix('total_')}": sums[name] for name in _TOTALS}
        | {
            "total_response_time_ms": sums["total_response_time_ms"],
            "page": number,
            "total_pages": -(-len(rows) // size),
            "has_more": number * size < len(rows),
            "api_key_limit": None,
            "total_api_keys": None,
            "entity_total_api_keys": None,
        },
    }


def _row(state: State, charge: Charge) -> Row:
    owner = state.keys.get(charge.token) or (state.owner_of(charge.token) if charge.ok else None)
    return Row(
        day=charge.at.astimezone(UTC).date().isoformat(),
        token=charge.token,
        user=(owner.user_id if owner else None) or "Unassigned",
        model=charge.model,
        group=charge.model_group,
        provider=charge.model.partition("/")[0] if "/" in charge.model else "unknown",
        endpoint="/chat/completions" if charge.model else "",
    )


def _day(state: State, day: str, rows: dict[Row, list[Charge]]) -> dict[str, Any]:
    def by(name: Callable[[Row], str]) -> dict[str, Any]:
        return {group: _with_keys(state, part) for group, part in _grouped(rows, name)}

    breakdown = {
        "mcp_servers": {},
        "models": by(lambda row: row.model),
        "model_groups": by(lambda row: row.group),
        "providers": by(lambda row: row.provider),
        "endpoints": by(lambda row: row.endpoint),
        "api_keys": _keys(state, rows),
        "entities": by(lambda row: row.user),
    }
    return {"date": day, "metrics": _metrics(_all(rows)), "breakdown": breakdown}


def _with_keys(state: State, rows: dict[Row, list[Charge]]) -> dict[str, Any]:
    return {"metrics": _metrics(_all(rows)), "metadata": {}, "api_key_breakdown": _keys(state, rows)}


def _keys(state: State, rows: dict[Row, list[Charge]]) -> dict[str, Any]:
    return {token: _of_key(state, token, part) for token, part in _grouped(rows, lambda row: row.token)}


def _grouped(rows: dict[Row, list[Charge]], by: Callable[[Row], str]) -> list[tuple[str, dict[Row, list[Charge]]]]:
    """Rows by one of their names; those without it are in no group."""
    groups: dict[str, dict[Row, list[Charge]]] = defaultdict(dict)
    for row, charges in rows.items():
        if by(row):
            groups[by(row)][row] = charges
    return sorted(groups.items())


def _all(rows: dict[Row, list[Charge]]) -> list[Charge]:
    return [charge for charges in rows.values() for charge in charges]


def _of_key(state: State, token: str, rows: dict[Row, list[Charge]]) -> dict[str, Any]:
    owner = state.owner_of(token)
    metadata = {
        "key_alias": owner.key_alias if owner else None,
        "team_id": None,
        "user_id": owner.user_id if owner else None,
        "user_email": None,
        "key_exists": owner is not None and owner.deleted_at is None,
    }
    return {"metrics": _metrics(_all(rows)), "metadata": metadata}


def _metrics(charges: list[Charge]) -> dict[str, float]:
    prompt = sum(charge.prompt_tokens for charge in charges)
    completion = sum(charge.completion_tokens for charge in charges)
    calls = sum(charge.calls for charge in charges)
    ok = sum(charge.calls for charge in charges if charge.ok)
    return dict.fromkeys(_ZEROES, 0) | {
        "spend": sum(charge.cost for charge in charges),
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "cache_read_input_tokens": sum(charge.cached_tokens for charge in charges),
        "total_tokens": prompt + completion,
        "successful_requests": ok,
        "failed_requests": calls - ok,
        "api_requests": calls,
        "total_response_time_ms": _MILLISECONDS * ok,
        "timed_requests": ok,
    }
