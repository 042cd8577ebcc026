"""Web API: users, the app itself, its team, and the way into Socket Mode."""

from bot.playground.slack.call import Call
from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import APP_ID, BOT_ID, BOT_USER_ID, JSON, TEAM_ID, User


def _wire(call: Call, user: User) -> JSON:
    wire = user.wire(with_email="users:read.email" in call.world.scopes)
    return wire | {"is_stranger": True} if user.team_id != TEAM_ID else wire


def info(call: Call) -> JSON:
    user = call.state.users.get(call.text("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": _wire(call, user)}


def list_users(call: Call) -> JSON:
    """Everybody of this workspace, the deactivated too; people met through Slack Connect are not listed."""
    found = [_wire(call, u) for u in call.state.users.values() if u.team_id == TEAM_ID]
    page, metadata = call.page(found, len(found) or 1)
    return {"members": page, "cache_ts": call.state.now(), "response_metadata": metadata}


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
