"""Web API: views.*, guarded by triggers, hashes and the strict view check."""

from bot.playground.slack.call import Call
from bot.playground.slack.errors import ApiError
from bot.playground.slack.modals import open_modal, publish_home, push_modal, require_valid, update_view
from bot.playground.slack.model import JSON, View


def _content(call: Call, kind: str) -> JSON:
    content = call.json("view")
    if not isinstance(content, dict):
        raise call.wrong("missing required field: view")
    require_valid(call.world, content, call.method)
    if content["type"] != kind:
        raise call.wrong(f"must be a {kind}: view")
    return content


def _trigger(call: Call) -> str:
    trigger_id = call.maybe("trigger_id") or call.maybe("interactivity_pointer")
    if trigger_id is None:
        raise call.wrong("missing required field: trigger_id")
    return trigger_id


def open_view(call: Call) -> JSON:
    content = _content(call, "modal")
    trigger = call.world.tickets.redeem_trigger(_trigger(call))
    return {"view": open_modal(call.world, trigger.user, content).wire()}


def push_view(call: Call) -> JSON:
    content = _content(call, "modal")
    trigger = call.world.tickets.redeem_trigger(_trigger(call))
    if trigger.view_id is None:
        raise call.wrong("views.push needs a trigger from a modal")
    return {"view": push_modal(call.world, trigger.user, content).wire()}


def _found(call: Call) -> View:
    view_id, external_id = call.maybe("view_id"), call.maybe("external_id")
    if view_id is None and external_id is None:
        raise call.wrong("missing required field: view_id or external_id")
    view = call.state.find_view(view_id=view_id, external_id=external_id)
    if view is None:
        raise ApiError("not_found")
    return view


def update(call: Call) -> JSON:
    content = call.json("view")
    if not isinstance(content, dict):
        raise call.wrong("missing required field: view")
    require_valid(call.world, content, call.method)
    with call.state.lock:
        view = _found(call)
        if view.kind != content["type"]:
            raise call.wrong(f"must be a {view.kind}: view")
        return {"view": update_view(call.world, view, content, call.maybe("hash")).wire()}


def publish(call: Call) -> JSON:
    content = _content(call, "home")
    user = call.state.users.get(call.text("user_id"))
    if user is None or user.deleted:
        raise call.wrong("invalid user_id")
    if not call.world.manifest.home_enabled:
        raise ApiError("not_enabled")
    return {"view": publish_home(call.world, user.id, content, call.maybe("hash")).wire()}


METHODS = {
    "views.open": open_view,
    "views.push": push_view,
    "views.update": update,
    "views.publish": publish,
}
