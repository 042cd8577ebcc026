"""Web API: users, the app itself, its team, and the way into Socket Mode."""

import base64
import binascii
from collections.abc import Sequence

from bot.playground.slack.call import Call
from bot.playground.slack.errors import ApiError
from bot.playground.slack.faults import Fault, FaultKind
from bot.playground.slack.model import APP_ID, BOT_ID, BOT_USER_ID, JSON, OTHER_TEAM_ID, TEAM_ID, User

LIST = "users.list"
LISTED_AT_ONCE = 1000


def _wire(call: Call, user: User) -> JSON:
    wire = user.wire(with_email="users:read.email" in call.world.scopes)
    return wire | {"is_stranger": True} if user.team_id != TEAM_ID else wire


def info(call: Call) -> JSON:
    user = call.state.users.get(call.text("user"))
    if user is None or call.world.faults.hides(user.id):
        raise ApiError("user_not_found")
    return {"user": _wire(call, user)}


def list_users(call: Call) -> JSON:
    """Everybody of this workspace, the deactivated too; people met through Slack Connect are not listed.

    By id, in pages: a cursor names the person whom the page begins with, so who comes or goes between two pages
    moves nobody else. Without a limit a large workspace is refused, as Slack does.
    """
    faults = call.world.faults
    listed = sorted((u for u in call.state.users.values() if u.team_id == TEAM_ID), key=lambda user: user.id)
    found = [user for user in listed if not faults.hides(user.id)]
    if call.maybe("limit") is None and len(found) > LISTED_AT_ONCE:
        raise ApiError("limit_required")
    limit = call.number("limit", LISTED_AT_ONCE)
    start = _start(found, call.maybe("cursor"))
    page, following = found[start : start + limit], found[start + limit : start + limit + 1]
    if start and faults.take(LIST, FaultKind.LIST_REPEATED) is not None:
        page = [found[start - 1], *page]
    short = faults.take(LIST, FaultKind.LIST_SHORT)
    if short is not None:
        page, following = _short(short, page, following)
    cursor = _cursor(following[0]) if following else ""
    wire = _as_others(faults.take(LIST, FaultKind.LIST_FOREIGN), [_wire(call, user) for user in page])
    return {"members": wire, "cache_ts": call.state.now(), "response_metadata": {"next_cursor": cursor}}


def _cursor(user: User) -> str:
    return base64.b64encode(f"user:{user.id}".encode()).decode()


def _start(found: Sequence[User], cursor: str | None) -> int:
    """Where the page begins. Raises ApiError for a cursor that this list never gave."""
    if cursor is None:
        return 0
    try:
        kind, _, first = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise ApiError("invalid_cursor") from None
    at = next((number for number, user in enumerate(found) if user.id == first), None)
    if kind != "user" or at is None:
        raise ApiError("invalid_cursor")
    return at


def _short(fault: Fault, page: list[User], following: list[User]) -> tuple[list[User], list[User]]:
    """The page without those named; or, where nobody is, half of it and nothing after it."""
    if fault.users:
        return [user for user in page if user.id not in fault.users], following
    return page[: len(page) // 2], []


def _as_others(fault: Fault | None, wire: list[JSON]) -> list[JSON]:
    if fault is None:
        return wire
    return [one | {"team_id": OTHER_TEAM_ID} if not fault.users or one["id"] in fault.users else one for one in wire]


def auth_test(call: Call) -> JSON:
    team = call.state.teams[TEAM_ID]
    return {
        "url": f"{call.world.base_url}/",
        "team": team.name,
        "user": call.state.users[BOT_USER_ID].name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def team_info(call: Call) -> JSON:
    team = call.state.teams.get(call.maybe("team") or TEAM_ID)
    if team is None:
        raise ApiError("team_not_found")
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "example.com"}}


def bots_info(call: Call) -> JSON:
    if (call.maybe("bot") or BOT_ID) != BOT_ID:
        raise ApiError("bot_not_found")
    name = call.state.users[BOT_USER_ID].real_name
    bot = {
        "id": BOT_ID,
        "app_id": APP_ID,
        "user_id": BOT_USER_ID,
        "name": name,
        "deleted": False,
        "updated": 0,
    }
    return {"bot": bot}


def connections_open(call: Call) -> JSON:
    return {"url": call.world.hub.new_url()}


def api_test(call: Call) -> JSON:
    error = call.maybe("error")
    if error:
        raise ApiError(error)
    return {"args": call.args}


METHODS = {
    "api.test": api_test,
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "bots.info": bots_info,
    "team.info": team_info,
    "users.info": info,
    "users.list": list_users,
}
