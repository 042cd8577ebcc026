"""LiteLLM's /key/* routes, as a Flask blueprint over the gateway's state."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.playground.gateway import durations, errors, windows
from bot.playground.gateway.keys import (
    StoredKey,
    as_info,
    as_listed,
    as_minted,
    as_table,
    as_unblocked,
    as_updated,
    hash_of,
)
from bot.playground.gateway.state import MASTER, State
from bot.playground.gateway.telling import told_key

_KEY_FORMAT = re.compile(r"sk-[A-Za-z0-9_-]+|[a-fA-F0-9]{64}")
_ROUTES = {
    "llm_api": ["llm_api_routes"],
    "management": ["management_routes"],
    "read_only": ["info_routes"],
}
_STATUSES = ("active", "expired", "revoked", "deleted")


def management(state: State) -> Blueprint:
    """The routes that take the master key."""
    routes = Blueprint("management", __name__)

    @routes.before_request
    def admins() -> None:
        if state.caller(request.headers.get("Authorization"), request.path) is not MASTER:
            raise errors.admins_only(request.path)

    @routes.post("/key/generate")
    def generate() -> Response:
        return jsonify(_generate(state, sent()))

    @routes.post("/key/update")
    def update() -> Response:
        return jsonify(_update(state, sent()))

    @routes.post("/key/block")
    def block() -> Response:
        return jsonify(_set_blocked(state, sent(), blocked=True))

    @routes.post("/key/unblock")
    def unblock() -> Response:
        return jsonify(_set_blocked(state, sent(), blocked=False))

    @routes.post("/key/delete")
    def delete() -> Response:
        return jsonify(_delete(state, sent()))

    @routes.get("/key/info")
    def info() -> Response:
        return jsonify(_info(state, request.args.get("key", "")))

    @routes.get("/key/list")
    def listing() -> Response:
        return jsonify(_list(state, request.args))

    return routes


def sent() -> dict[str, Any]:
    """The JSON object that was sent. Raises what LiteLLM answers to anything else."""
    body = request.get_json(force=True, silent=True)
    if body is None:
        raise errors.invalid("json_invalid", ["body", 1], "JSON decode error")
    if not isinstance(body, dict):
        raise errors.invalid("model_attributes_type", ["body"], "Input should be a valid dictionary")
    return body


def _generate(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Mint. Checking for a taken alias and inserting are two steps, with room for a race between them."""
    budget, limits = _budget(asked, "internal_server_error"), windows.read(asked.get("budget_limits"))
    secret = asked.get("key") or state.new_secret()
    if not str(secret).startswith("sk-") or len(secret) < 16:
        raise errors.wrapped(400, "Invalid key format. LiteLLM Virtual Key must be at least 16 characters long.")
    alias = asked.get("key_alias")
    with state.settled() as now:
        expires = _expiry(asked.get("duration"), now)
        if alias and any(key.key_alias == alias for key in state.keys.values()):
            raise errors.refused(
                400,
                f"Key with alias '{alias}' already exists. Unique key aliases across all keys are required.",
                "bad_request_error",
                "key_alias",
            )
    state.sleep(state.habits.race_seconds)
    with state.settled() as now:
        key = _new_key(secret, asked, budget, now)
        key.expires = expires
        windows.give(key, limits, now, [])
        # A secret that exists keeps its first row, whatever the answer says.
        state.keys.setdefault(key.token, key)
        return as_minted(key, secret, asked)


def _new_key(secret: str, asked: dict[str, Any], budget: float | None, now: datetime) -> StoredKey:
    key_type = asked.get("key_type") or "default"
    window = asked.get("budget_duration")
    return StoredKey(
        token=hash_of(secret),
        key_name=f"sk-...{secret[-4:]}",
        created_at=now,
        updated_at=now,
        key_alias=asked.get("key_alias"),
        user_id=asked.get("user_id"),
        max_budget=budget,
        budget_duration=window,
        budget_reset_at=durations.window_end(window, now) if window else None,
        models=list(asked.get("models") or []),
        metadata=dict(asked.get("metadata") or {}),
        blocked=asked.get("blocked"),
        allowed_routes=list(_ROUTES.get(key_type, asked.get("allowed_routes") or [])),
        key_type=key_type,
    )


def _expiry(duration: str | None, now: datetime) -> datetime | None:
    """A bad duration is a 500 on mint."""
    if duration is None:
        return None
    try:
        return durations.after(duration, now)
    except durations.BadDuration as error:
        raise errors.refused(500, str(error), "internal_server_error") from None


def _budget(asked: dict[str, Any], kind: str) -> float | None:
    """`max_budget`, also as a string; never negative, never NaN."""
    given = asked.get("max_budget")
    if given is None:
        return None
    try:
        budget = float(given)
    except (TypeError, ValueError):
        message = "Input should be a valid number, unable to parse string as a number"
        raise errors.invalid("float_parsing", ["body", "max_budget"], message) from None
    if not math.isfinite(budget) or budget < 0:
        message = f"{{'error': 'max_budget must be a non-negative finite number. Received: {budget}'}}"
        raise errors.refused(400, message, kind)
    return budget


def _update(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Change what was sent and keep the rest; but `metadata` is replaced whole."""
    given = asked.get("key")
    if given is None and asked.get("key_alias") is None:
        message = "Value error, either key or key_alias must be provided"
        raise errors.invalid("value_error", ["body"], message)
    _budget(asked, "auth_error")
    windows.read(asked.get("budget_limits"))
    with state.settled() as now:
        key = state.find(given)
        if key is None:
            raise errors.key_not_found()
        _change_caps(state, key, asked, now)
        if "duration" in asked:
            key.expires = _changed_expiry(asked["duration"], now)
        for name in ("models", "metadata"):
            if name in asked:
                setattr(key, name, asked[name] or type(getattr(key, name))())
        if "user_id" in asked:
            key.user_id = asked["user_id"]
        if "spend" in asked:
            key.total_spend, key.spend, key.pending = key.lifetime_spend, float(asked["spend"]), []
        if "blocked" in asked:
            key.blocked, key.blocked_at = bool(asked["blocked"]), now
        key.updated_at = key.settings_updated_at = now
        return as_updated(told_key(key, state.habits), str(given))


def _change_caps(state: State, key: StoredKey, asked: dict[str, Any], now: datetime) -> None:
    """Whatever window is named ends anew from now on, even where its old end has passed and nothing started again."""
    if "max_budget" in asked:
        key.max_budget = _budget(asked, "auth_error")
    if "budget_duration" in asked:
        window = asked["budget_duration"]
        key.budget_duration = window
        key.budget_reset_at = durations.window_end(window, now) if window else None
    if "budget_limits" in asked:
        windows.give(key, windows.read(asked["budget_limits"]), now, state.calls_of(key.token))


def _changed_expiry(duration: str | None, now: datetime) -> datetime | None:
    """Counted from now, not from the old expiry. A bad one is a 400 here, and blamed on authentication."""
    if duration is None or duration == "-1":
        return None
    try:
        return durations.after(duration, now)
    except durations.BadDuration as error:
        raise errors.refused(400, f"Authentication Error, {error}", "auth_error", "None") from None


def _set_blocked(state: State, asked: dict[str, Any], *, blocked: bool) -> dict[str, Any]:
    """Block or unblock; both may be repeated."""
    given = asked.get("key")
    if given is None:
        raise errors.invalid("missing", ["body", "key"], "Field required")
    if _KEY_FORMAT.fullmatch(str(given)) is None:
        raise errors.refused(400, "Invalid key format.", "bad_request_error", "key")
    with state.settled() as now:
        key = state.find(given)
        if key is None:
            raise errors.key_not_found()
        if blocked and state.habits.blocks_only_in_words:
            return as_table(told_key(key, state.habits))
        if blocked and not key.blocked:
            key.blocked_at = now
        key.blocked = blocked
        key.updated_at = key.settings_updated_at = now
        told = told_key(key, state.habits)
        return as_table(told) if blocked else as_unblocked(told)


def _delete(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Delete what exists and list as deleted whatever was sent."""
    given, aliases = asked.get("keys"), asked.get("key_aliases")
    if not given and not aliases:
        message = "Value error, At least one of 'keys' or 'key_aliases' must be provided."
        raise errors.invalid("value_error", ["body"], message)
    with state.settled() as now:
        if given:
            found = [key for key in map(state.find, given) if key is not None]
        else:
            found = [key for key in state.keys.values() if key.key_alias in (aliases or [])]
        if not found:
            raise errors.wrapped(404, "No keys found")
        if not state.habits.deletes_only_in_words:
            for key in found:
                key.deleted_at, key.budget_limits = now, None
                state.deleted.append(state.keys.pop(key.token))
        return {"deleted_keys": given or aliases}


def _info(state: State, given: str) -> dict[str, Any]:
    """One key, deleted or not. Echoes what was sent, a secret included."""
    with state.settled() as now:
        key = state.find(given) or state.find_deleted(given)
        if key is None:
            raise errors.refused(404, "Key not found in database", "not_found_error", "key")
        return {"key": given, "info": as_info(told_key(key, state.habits), now)}


def _list(state: State, asked: Any) -> dict[str, Any]:  # noqa: ANN401 - Werkzeug's MultiDict
    page, size = at_least_one(asked, "page", 1), at_least_one(asked, "size", 10)
    if size > 100:
        message = "Input should be less than or equal to 100"
        raise errors.invalid("less_than_equal", ["query", "size"], message)
    status = asked.get("status")
    if status is not None and status not in _STATUSES:
        words = ", ".join(f"'{word}'" for word in _STATUSES)
        message = f"{{'error': \"Invalid status value. Supported: {words}.\"}}"
        raise errors.refused(400, message, "internal_server_error", "None")
    with state.settled() as now:
        pool = state.deleted if status == "deleted" else list(state.keys.values())
        found = [key for key in pool if status in {None, key.status(now)} and _matches(key, asked)]
        found.sort(key=lambda key: key.created_at, reverse=asked.get("sort_order", "desc") != "asc")
        shown = found[(page - 1) * size : page * size]
        full = str(asked.get("return_full_object", "")).lower() == "true"
        return {
            "keys": [as_listed(told_key(key, state.habits)) if full else key.token for key in shown],
            "total_count": len(found),
            "current_page": page,
            "total_pages": -(-len(found) // size),
        }


def _matches(key: StoredKey, asked: Any) -> bool:  # noqa: ANN401 - Werkzeug's MultiDict
    """Filters compare exactly."""
    wanted = (("key_alias", key.key_alias), ("user_id", key.user_id), ("key_hash", key.token))
    return all(asked.get(name) in {None, value} for name, value in wanted)


def at_least_one(asked: Any, name: str, otherwise: int) -> int:  # noqa: ANN401 - Werkzeug's MultiDict
    given = asked.get(name)
    try:
        number = otherwise if given is None else int(given)
    except ValueError:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise errors.invalid("int_parsing", ["query", name], message) from None
    if number < 1:
        message = "Input should be greater than or equal to 1"
        raise errors.invalid("greater_than_equal", ["query", name], message)
    return number
