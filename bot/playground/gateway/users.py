"""LiteLLM's /user/* routes, as a Flask blueprint over the gateway's state: accounts of people, beside their keys."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.playground.gateway import errors, shapes
from bot.playground.gateway.management import at_least_one, sent
from bot.playground.gateway.state import MASTER, State

_AS_MADE = shapes.MINTED | dict.fromkeys(
    (
        "blocked",
        "budget_duration",
        "created_at",
        "duration",
        "expires",
        "key_alias",
        "key_name",
        "key_type",
        "max_budget",
        "metadata",
        "model_max_budget",
        "models",
        "spend",
        "teams",
        "token",
        "token_id",
        "updated_at",
        "user_alias",
    )
)
"""What /user/new answers is what minting a key does, with nothing in it."""


def users(state: State) -> Blueprint:
    """The routes about users; they take the master key."""
    routes = Blueprint("users", __name__)

    @routes.before_request
    def admins() -> None:
        if state.caller(request.headers.get("Authorization"), request.path) is not MASTER:
            raise errors.admins_only(request.path)

    @routes.post("/user/new")
    def new() -> Response:
        return jsonify(_new(state, sent()))

    @routes.get("/user/list")
    def listing() -> Response:
        return jsonify(_list(state, request.args))

    @routes.post("/user/delete")
    def delete() -> Response:
        return jsonify(_delete(state, sent()))

    return routes


def _new(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Make a user without a key. Ids are unique, and so are addresses, capitals aside."""
    user_id, email = asked.get("user_id") or secrets.token_hex(8), asked.get("user_email")
    with state.lock:
        if user_id in state.users:
            raise errors.wrapped(409, f"User with id {user_id} already exists")
        taken = next((other["user_email"] for other in state.users.values() if _same(other["user_email"], email)), None)
        if taken is not None:
            raise errors.wrapped(409, f"User with email {taken} already exists")
        user = {"user_id": user_id, "user_email": email, "user_role": asked.get("user_role")}
        state.users[user_id] = user
        return _AS_MADE | {"key": "", "allowed_routes": []} | user


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.casefold() == other.casefold()


def _list(state: State, asked: Any) -> dict[str, Any]:  # noqa: ANN401 - Werkzeug's MultiDict
    """Newest first. One id, and an address, are compared in parts, small letters and capitals alike."""
    page, size = at_least_one(asked, "page", 1), at_least_one(asked, "page_size", 25)
    if size > 100:
        raise errors.invalid("less_than_equal", ["query", "page_size"], "Input should be less than or equal to 100")
    ids, email = asked.get("user_ids"), asked.get("user_email")
    with state.lock:
        found = [
            user
            for user_id, user in reversed(state.users.items())
            if (ids is None or _named(user_id, ids.split(",")))
            and (email is None or email.casefold() in (user["user_email"] or "").casefold())
        ]
        shown = found[(page - 1) * size : page * size]
        rows = [shapes.USER | user | {"key_count": _keys_of(state, str(user["user_id"]))} for user in shown]
    return {"users": rows, "total": len(found), "page": page, "page_size": size, "total_pages": -(-len(found) // size)}


def _named(user_id: str, ids: list[str]) -> bool:
    return ids[0].casefold() in user_id.casefold() if len(ids) == 1 else user_id in ids


def _keys_of(state: State, user_id: str) -> int:
    return sum(key.user_id == user_id for key in state.keys.values())


def _delete(state: State, asked: dict[str, Any]) -> int:
    """Delete users and every key of theirs, of which not even the record is left. Gives how many users it were."""
    given = asked.get("user_ids")
    if given is None:
        raise errors.invalid("missing", ["body", "user_ids"], "Field required")
    with state.settled():
        for user_id in given:
            if user_id not in state.users:
                raise errors.plain(404, f"User not found, passed user_id={user_id}")
        for user_id in given:
            del state.users[user_id]
        state.keys = {token: key for token, key in state.keys.items() if key.user_id not in given}
    return len(given)
