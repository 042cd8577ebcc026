"""LiteLLM's usage routes: daily activity by model and key, and the log of calls."""

from __future__ import annotations

import heapq
import json
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.playground.gateway import daily, errors
from bot.playground.gateway.management import at_least_one
from bot.playground.gateway.records import latest_first
from bot.playground.gateway.state import MASTER, Charge, State
from bot.playground.gateway.telling import told_charges


def usage(state: State) -> Blueprint:
    """The routes that tell what was spent; they take the master key."""
    routes = Blueprint("usage", __name__)
    known = _Known(state)

    @routes.before_request
    def admins() -> None:
        if state.caller(request.headers.get("Authorization"), request.path) is not MASTER:
            raise errors.admins_only(request.path)

    @routes.get("/user/daily/activity")
    def activity() -> Response:
        start, end = request.args.get("start_date"), request.args.get("end_date")
        if not start or not end:
            raise errors.plain(400, "Please provide start_date and end_date")
        return Response(known.answer(date.fromisoformat(start), date.fromisoformat(end)), mimetype="application/json")

    @routes.get("/spend/logs/v2")
    def logs() -> Response:
        return jsonify(_logs(state))

    return routes


def _wanted(state: State, charges: list[Charge]) -> list[Charge]:
    """The charges that pass the filters of the query."""
    token, user, group = (request.args.get(name) for name in ("api_key", "user_id", "model"))
    found = []
    for charge in charges:
        owner = state.owner_of(charge.token)
        if user is not None and (owner is None or owner.user_id != user):
            continue
        if token in {None, charge.token} and group in {None, charge.model, charge.model_group}:
            found.append(charge)
    return found


class _Known:
    """Answers about days, kept while nothing changes what they tell: they are asked for again and again."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._answers: dict[bytes, tuple[object, str]] = {}

    def answer(self, start: date, end: date) -> str:
        """The answer to this request, as JSON."""
        state = self._state
        with state.settled():
            owners = [(key.token, key.key_alias, key.user_id) for key in (*state.keys.values(), *state.deleted)]
            told_of = (
                id(state.charges),
                len(state.written_on(start, end)),
                astuple(state.habits),
                owners,
                len(state.deleted),
            )
            known = self._answers.get(request.query_string)
            if known is None or known[0] != told_of:
                if len(self._answers) >= _MOST_KNOWN:
                    self._answers.clear()
                known = self._answers[request.query_string] = told_of, json.dumps(_daily(state, start, end))
            return known[1]


_MOST_KNOWN = 400


def _daily(state: State, start: date, end: date) -> dict[str, Any]:
    """A page of the rows of some days; both days count."""
    size = at_least_one(request.args, "page_size", 50)
    if size > _MOST_ROWS:
        message = f"Input should be less than or equal to {_MOST_ROWS}"
        raise errors.invalid("less_than_equal", ["query", "page_size"], message)
    number = at_least_one(request.args, "page", 1)
    with state.settled():
        wanted = told_charges(_wanted(state, state.written_on(start, end)), state.habits)
        return daily.page(state, wanted, number, min(size, state.habits.daily_page_rows or size))


_MOST_ROWS = 1000


def _logs(state: State) -> dict[str, Any]:
    """Calls newest first, refused ones included; both dates are needed, in UTC, without T or zone."""
    start, end = _moment(request.args.get("start_date")), _moment(request.args.get("end_date"))
    if start is None or end is None:
        raise errors.refused(400, "Start date and end date are required", "bad_request", "None")
    page, size = at_least_one(request.args, "page", 1), at_least_one(request.args, "page_size", 50)
    told = told_charges(_wanted(state, state.written_charges()), state.habits)
    found = [charge for charge in reversed(told) if _overlaps(charge, start, end)]
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
