"""The Web API's front door: token, method, scope, faults, then the method itself, and the journal of it
all.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.playground.slack import api_chat, api_conversations, api_files, api_users, api_views
from bot.playground.slack.call import Call
from bot.playground.slack.errors import ApiError
from bot.playground.slack.faults import Fault, FaultKind
from bot.playground.slack.model import APP_ID, JSON
from bot.playground.slack.scopes import METHOD_SCOPES
from bot.playground.slack.world import APP_TOKEN, BOT_TOKEN, World

METHODS: Mapping[str, Callable[[Call], JSON]] = {
    **api_chat.METHODS,
    **api_conversations.METHODS,
    **api_files.METHODS,
    **api_users.METHODS,
    **api_views.METHODS,
}
BEFORE = (FaultKind.RATE_LIMITED, FaultKind.SERVER_ERROR, FaultKind.CUT, FaultKind.REFUSE)


@dataclass(frozen=True)
class Answer:
    """What to send back; `cut` means the connection is broken instead."""

    status: int
    body: JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def answer(world: World, method: str, token: str | None, args: JSON) -> Answer:
    """Answer one call, faults applied, and write it into the journal."""
    started = time.monotonic()
    slow = world.faults.take(method, FaultKind.SLOW)
    if slow is not None:
        time.sleep(slow.seconds)
    fault = world.faults.take(method, *BEFORE)
    lost = world.faults.take(method, FaultKind.REPLY_LOST) if fault is None else None
    given = _broken(fault) if fault is not None else _perform(world, method, token, args)
    if lost is not None:
        given = Answer(given.status, given.body, cut=True)
    ms = round((time.monotonic() - started) * 1000)
    status = 0 if given.cut else given.status
    world.journal.note("in", method, args, status=status, answer=given.body, ms=ms)
    return given


def _broken(fault: Fault) -> Answer:
    match fault.kind:
        case FaultKind.RATE_LIMITED:
            after = {"Retry-After": str(fault.retry_after_seconds)}
            return Answer(429, {"ok": False, "error": "ratelimited"}, after)
        case FaultKind.SERVER_ERROR:
            return Answer(500, {"ok": False, "error": "internal_error"})
        case FaultKind.REFUSE:
            return Answer(200, {"ok": False, "error": fault.error})
        case _:
            return Answer(0, {}, cut=True)


def _perform(world: World, method: str, token: str | None, args: JSON) -> Answer:
    headers = {"x-oauth-scopes": ",".join(sorted(world.scopes))}
    try:
        _check_token(world, method, token)
        _check_method(world, method)
        call = Call(world, method, args)
        if token == APP_TOKEN and method == "auth.test":
            return Answer(200, {"ok": True, "app_id": APP_ID, "app_name": "Purser"}, headers)
        call.need_scope(*METHOD_SCOPES[method])
        needed = METHOD_SCOPES[method]
        if needed:
            headers["x-accepted-oauth-scopes"] = ",".join(needed)
        with world.state.lock:
            return Answer(200, {"ok": True, **METHODS[method](call)}, headers)
    except ApiError as error:
        return Answer(200, error.body(), headers)


def _check_method(world: World, method: str) -> None:
    if method not in METHODS:
        world.violate(f"{method}: unknown_method")
        raise ApiError("unknown_method", req_method=method)
    world.methods_called.add(method)


def _check_token(world: World, method: str, token: str | None) -> None:
    if not token:
        raise ApiError("not_authed")
    if token not in (BOT_TOKEN, APP_TOKEN):
        world.violate(f"{method}: a token that this fake did not make")
        raise ApiError("invalid_auth")
    app_method = method == "apps.connections.open"
    if method != "auth.test" and app_method != (token == APP_TOKEN):
        world.violate(f"{method}: not_allowed_token_type")
        raise ApiError("not_allowed_token_type")
