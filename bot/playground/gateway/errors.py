"""Refusals in LiteLLM's three error bodies, worded as recorded."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Stop and answer this."""

    def __init__(self, status: int, body: object) -> None:
        """`body` is sent as JSON."""
        super().__init__(status)
        self.status = status
        self.body = body


def refused(status: int, message: str, kind: str, param: str | None = None, **more: object) -> Refused:
    """The body of most routes: note that the code is a string."""
    error: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": str(status)}
    return Refused(status, {"error": error | more})


def wrapped(status: int, message: str) -> Refused:
    """A plain error wrapped twice: its message is the text of a Python dict."""
    return refused(status, f"{{'error': '{message}'}}", "internal_server_error")


def plain(status: int, message: str) -> Refused:
    """A plain error as it is."""
    return Refused(status, {"detail": {"error": message}})


def invalid(kind: str, where: list[object], message: str) -> Refused:
    """What LiteLLM's validation answers: 422, like being over budget."""
    return Refused(422, {"detail": [{"type": kind, "loc": where, "msg": message}]})


def no_key() -> Refused:
    return refused(401, "Authentication Error, No api key passed in.", "auth_error", "None")


def not_a_virtual_key(given: str) -> Refused:
    shown = f"{given[:4]}****{given[-4:]}" if len(given) > 8 else "****"
    message = f"LiteLLM Virtual Key expected. Received={shown}, expected to start with 'sk-'."
    return refused(401, message, "auth_error", "None")


def unknown_key(secret: str, token: str) -> Refused:
    tail = secret[-4:] if len(secret) > 7 else ""
    message = (
        f"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...{tail}, "
        f"Key Hash (Token) ={token}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
    )
    return refused(401, message, "token_not_found_in_db", "key")


def blocked() -> Refused:
    message = "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin."
    return refused(401, message, "auth_error", "None")


def expired(token: str, expires: object, now: object) -> Refused:
    message = f"Authentication Error - Expired Key. Key Expiry time {expires} and current time {now}"
    return refused(401, message, "expired_key", f"sk-...{token[-4:]}")


def route_not_allowed(routes: list[str], path: str) -> Refused:
    message = f"Virtual key is not allowed to call this route. Only allowed to call routes: {routes}."
    return Refused(403, {"detail": f"{message} Tried to call route: {path}"})


def admins_only(path: str) -> Refused:
    message = (
        "Authentication Error, Only proxy admin can be used to generate, delete, update info for new "
        f"keys/users/teams. Route={path}. Your role=unknown. Your user_id=*******"
    )
    return refused(401, message, "auth_error", "None")


def over_budget(label: str, spent: float, budget: float) -> Refused:
    message = f"Budget has been exceeded! Key={label} Current cost: {spent}, Max budget: {budget}"
    return refused(422, message, "budget_exceeded")


def over_window(duration: str, spent: float, budget: float) -> Refused:
    message = f"ExceededBudget: Key over {duration} budget. Spend=${spent:.4f}, Limit=${budget:.2f}"
    return refused(422, message, "budget_exceeded")


def model_not_allowed(model: str) -> Refused:
    message = (
        f"The requested model '{model}' is not available for this API key, or the model name is invalid. "
        "Check the models available to you and try again."
    )
    return refused(403, message, "key_model_access_denied", "model")


def no_such_model(model: str) -> Refused:
    message = (
        f"/chat/completions: Invalid model name passed in model={model}. "
        "Call `/v1/models` to view available models for your key."
    )
    return refused(400, message, "invalid_request_error", provider_specific_fields={"error": message})


def down() -> Refused:
    return refused(503, "Service unavailable", "internal_server_error")


def key_not_found() -> Refused:
    return refused(404, "Key not found.", "not_found_error", "key")
