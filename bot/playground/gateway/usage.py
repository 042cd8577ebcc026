"""LiteLLM's usage routes: daily activity by model and key, and the log of calls."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.playground.gateway import errors
from bot.playground.gateway.management import at_least_one
from bot.playground.gateway.records import latest_first
from bot.playground.gateway.state import MASTER, Charge, State

_ZEROES = (
    "flat_cost",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "compression_saved_tokens",
    "compression_savings_spend",
    "prompt_caching_savings_spend",
    "gateway_injected_caching_savings_spend",
    "autorouter_savings_spend",
)


def usage(state: State) -> Blueprint:
    """The routes that tell what was spent; they take the master key."""
    routes = Blueprint("usage", __name__)

    @routes.before_request
    def admins() -> None:
        if state.caller(request.headers.get("Authorization"), request.path) is not MASTER:
            raise errors.admins_only(request.path)

    @routes.get("/user/daily/activity")
    def daily() -> Response:
        start, end = request.args.get("start_date"), request.args.get("end_date")
        if not start or not end:
            raise errors.refused(400, "Please provide start_date and end_date", "bad_request", "None")
        return jsonify(_daily(state, start, end))

    @routes.get("/spend/logs/v2")
    def logs() -> Response:
        return jsonify(_logs(state))

    return routes


def _wanted(state: State) -> list[Charge]:
    """The charges that pass the filters of the query."""
    token, user, group = (request.args.get(name) for name in ("api_key", "user_id", "model"))
    found = []
    for charge in state.written_charges():
        owner = state.owner_of(charge.token)
        if user is not None and (owner is None or owner.user_id != user):
            continue
        if token in {None, charge.token} and group in {None, charge.model, charge.model_group}:
            found.append(charge)
    return found


def _daily(state: State, start: str, end: str) -> dict[str, Any]:
    """One entry a day, newest first; both days count."""
    wanted = _wanted(state)
    days: dict[str, list[Charge]] = defaultdict(list)
    for charge in wanted:
        day = charge.at.astimezone(UTC).date().isoformat()
        if start <= day <= end:
            days[day].append(charge)
    counted = [charge for charges in days.values() for charge in charges]
    sums = _metrics(counted)
    return {
        "results": [
            {"date": day, "metrics": _metrics(days[day]), "breakdown": _breakdown(state, days[day])}
            for day in sorted(days, reverse=True)
        ],
        "metadata": {
            "total_spend": sums["spend"],
            "total_prompt_tokens": sums["prompt_tokens"],
            "total_completion_tokens": sums["completion_tokens"],
            "total_tokens": sums["total_tokens"],
            "total_api_requests": sums["api_requests"],
            "total_successful_requests": sums["successful_requests"],
            "total_failed_requests": sums["failed_requests"],
            "page": 1,
            "total_pages": 1,
            "has_more": False,
        },
    }


def _metrics(charges: Iterable[Charge]) -> dict[str, float]:
    charges = list(charges)
    prompt = sum(charge.prompt_tokens for charge in charges)
    completion = sum(charge.completion_tokens for charge in charges)
    calls = sum(charge.calls for charge in charges)
    ok = sum(charge.calls for charge in charges if charge.ok)
    return dict.fromkeys(_ZEROES, 0) | {
        "spend": sum(charge.cost for charge in charges),
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "successful_requests": ok,
        "failed_requests": calls - ok,
        "api_requests": calls,
        "total_response_time_ms": 0,
        "timed_requests": ok,
    }


def _breakdown(state: State, charges: list[Charge]) -> dict[str, Any]:
    """`models` go by the provider's names, `model_groups` by those that callers use."""
    keys = {token: _of_key(state, part) for token, part in _grouped(charges, lambda c: c.token)}
    empty: dict[str, Any] = {"mcp_servers": {}, "providers": {}, "endpoints": {}, "entities": {}}
    return empty | {
        "models": {name: _of_model(state, part) for name, part in _grouped(charges, lambda c: c.model)},
        "model_groups": {name: _of_model(state, part) for name, part in _grouped(charges, lambda c: c.model_group)},
        "api_keys": keys,
    }


def _grouped(charges: list[Charge], by: Callable[[Charge], str]) -> list[tuple[str, list[Charge]]]:
    groups: dict[str, list[Charge]] = defaultdict(list)
    for charge in charges:
        groups[by(charge)].append(charge)
    return sorted(groups.items())


def _of_model(state: State, charges: list[Charge]) -> dict[str, Any]:
    keys = {token: _of_key(state, part) for token, part in _grouped(charges, lambda c: c.token)}
    return {"metrics": _metrics(charges), "metadata": {}, "api_key_breakdown": keys}


def _of_key(state: State, charges: list[Charge]) -> dict[str, Any]:
    owner = state.owner_of(charges[0].token)
    metadata = {
        "key_alias": owner.key_alias if owner else None,
        "team_id": None,
        "user_id": owner.user_id if owner else None,
        "user_email": None,
        "key_exists": owner is not None and owner.deleted_at is None,
    }
    return {"metrics": _metrics(charges), "metadata": metadata}


def _logs(state: State) -> dict[str, Any]:
    """Calls newest first, refused ones included; both dates are needed, in UTC, without T or zone."""
    start, end = _moment(request.args.get("start_date")), _moment(request.args.get("end_date"))
    if start is None or end is None:
        raise errors.refused(400, "Start date and end date are required", "bad_request", "None")
    page, size = at_least_one(request.args, "page", 1), at_least_one(request.args, "page_size", 50)
    found = [charge for charge in reversed(_wanted(state)) if _overlaps(charge, start, end)]
    total = sum(charge.calls if _is_within(charge, start, end) else _count(charge, start, end) for charge in found)
    newest_first = heapq.merge(*map(latest_first, found), key=lambda call: call.at, reverse=True)
    calls = (call for call in newest_first if start <= call.at <= end)
    return {
        "data": [_log_row(state, call) for call in islice(calls, (page - 1) * size, page * size)],
        "total": total,
        "page": page,
        "page_size": size,
        "total_pages": -(-total // size),
    }


def _overlaps(charge: Charge, start: datetime, end: datetime) -> bool:
    return charge.at <= end and charge.at + timedelta(seconds=charge.seconds) >= start


def _is_within(charge: Charge, start: datetime, end: datetime) -> bool:
    return charge.at >= start and charge.at + timedelta(seconds=charge.seconds) <= end


def _count(charge: Charge, start: datetime, end: datetime) -> int:
    return sum(start <= call.at <= end for call in latest_first(charge))


def _moment(text: str | None) -> datetime | None:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text or "", form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _log_row(state: State, charge: Charge) -> dict[str, Any]:
    owner = state.owner_of(charge.token)
    moment = charge.at.isoformat(timespec="milliseconds")
    status = "success" if charge.ok else "failure"
    return {
        "request_id": charge.request_id,
        "call_type": "acompletion",
        "api_key": charge.token,
        "spend": charge.cost,
        "total_tokens": charge.prompt_tokens + charge.completion_tokens,
        "prompt_tokens": charge.prompt_tokens,
        "completion_tokens": charge.completion_tokens,
        "startTime": moment,
        "endTime": (charge.at + timedelta(milliseconds=1)).isoformat(timespec="milliseconds"),
        "model": charge.model,
        "model_group": charge.model_group if charge.ok else "",
        "user": owner.user_id if owner else "",
        "metadata": {
            "user_api_key": charge.token,
            "user_api_key_alias": owner.key_alias if owner else None,
            "status": status,
        },
        "cache_hit": "False",
        "request_tags": [],
        "team_id": "",
        "end_user": "",
        "status": status,
    }
