"""The fake gateway's own small API for a page or a test in another process: keys, faults, habits, journal."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.playground.gateway import windows
from bot.playground.gateway.faults import OWN_PREFIX, Fault, Faults, Wire
from bot.playground.gateway.habits import Habits
from bot.playground.gateway.keys import to_json
from bot.playground.gateway.state import State
from bot.playground.guard import only_from_here

_FAULT_FIELDS = {f.name for f in fields(Fault)}


def play(state: State, faults: Faults, wire: Wire) -> Blueprint:
    """Routes under `/_play`. Loopback only, like the whole server; they show no secret, for none is kept."""
    routes = Blueprint("play", __name__, url_prefix=OWN_PREFIX)
    only_from_here(routes)

    @routes.get("/journal")
    def journal() -> Response:
        return jsonify(journal=[_plain(asdict(visit)) for visit in list(wire.journal)])

    @routes.get("/faults")
    def in_force() -> Response:
        return jsonify(faults=faults.as_json())

    @routes.post("/faults")
    def inject() -> Response | tuple[Response, int]:
        asked = request.get_json(force=True)
        unknown = set(asked) - _FAULT_FIELDS
        if unknown:
            return jsonify(error=f"unknown: {', '.join(sorted(unknown))}"), 400
        try:
            faults.add(asked.pop("kind", ""), **asked)
        except ValueError as error:
            return jsonify(error=str(error)), 400
        return jsonify(faults=faults.as_json())

    @routes.delete("/faults")
    def behave() -> Response:
        faults.clear()
        return jsonify(faults=[])

    _keys(routes, state)
    _habits(routes, state)
    return routes


def _keys(routes: Blueprint, state: State) -> None:
    @routes.get("/keys")
    def keys() -> Response:
        return jsonify(keys=key_rows(state))

    @routes.post("/keys")
    def meddle() -> Response | tuple[Response, int]:
        """Change the caps of a key behind everybody's back: `token` or `key_alias`, `max_budget`, `budget_limits`."""
        asked = request.get_json(force=True)
        names = {asked[name] for name in ("token", "key_alias") if name in asked}
        with state.settled() as now:
            found = [key for key in state.keys.values() if {key.token, key.key_alias} & names]
            for key in found:
                key.max_budget = asked.get("max_budget", key.max_budget)
                if "budget_limits" in asked:
                    limits = windows.read(asked["budget_limits"])
                    windows.give(key, limits, now, state.calls_of(key.token))
        return jsonify(keys=key_rows(state)) if found else (jsonify(error="no such key"), 404)


def _habits(routes: Blueprint, state: State) -> None:
    @routes.get("/habits")
    def habits() -> Response:
        return jsonify(asdict(state.habits))

    @routes.post("/habits")
    def change() -> Response | tuple[Response, int]:
        asked = request.get_json(force=True)
        known = {f.name for f in fields(Habits)}
        if set(asked) - known:
            return jsonify(error=f"known are: {', '.join(sorted(known))}"), 400
        for name, value in asked.items():
            setattr(state.habits, name, value)
        return jsonify(asdict(state.habits))


def key_rows(state: State) -> list[dict[str, Any]]:
    """Every key with its status in LiteLLM's word and what it has really spent, told or not."""
    now = state.clock()
    return [
        to_json(key)
        | {
            "status": key.status(now),
            "live_spend": key.live_spend,
            "really_spent": key.lifetime_spend,
            "works": key.works(now),
        }
        for key in state.seen()
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
