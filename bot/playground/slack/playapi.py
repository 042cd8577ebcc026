"""The JSON API of the page, under /_play: the same acts as the driver's, for whoever the page says it is.

For this machine only, as guard.py says; every mistake is answered in JSON.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify, request

from bot.playground.guard import no, only_from_here
from bot.playground.slack.acts import Acts, find_element
from bot.playground.slack.errors import NotInSlack
from bot.playground.slack.faults import Fault, FaultKind
from bot.playground.slack.forms import interactive
from bot.playground.slack.masking import masked, masked_entry
from bot.playground.slack.model import JSON, Message, View
from bot.playground.slack.pageview import seen_by, vocabulary, wait_for_change
from bot.playground.slack.server import file_response
from bot.playground.slack.workspace import Workspace

LONGEST_POLL_SECONDS = 25.0
ClockHook = Callable[[JSON], JSON]


def create_blueprint(acts: Acts, workspace: Workspace, move_clock: Callable[[], ClockHook | None]) -> Blueprint:
    """Routes of the page; `move_clock` gives whatever the runner wants done with a clock request."""
    play = Blueprint("play", __name__, url_prefix="/_play")
    guard(play)
    _add_views(play, acts)
    _add_controls(play, acts, workspace, move_clock)
    for name, deed in DEEDS.items():
        _add_deed(play, acts, name, deed)
    return play


def guard(play: Blueprint) -> None:
    """Answer this machine only, and say every mistake as JSON."""
    only_from_here(play)

    @play.errorhandler(NotInSlack)
    def not_in_slack(error: NotInSlack) -> Response:
        return no(str(error), 409)

    @play.errorhandler(KeyError)
    def unknown(error: KeyError) -> Response:
        return no(f"missing or unknown: {error.args[0]}", 400)

    @play.errorhandler(ValueError)
    @play.errorhandler(TypeError)
    def wrong(error: ValueError | TypeError) -> Response:
        return no(str(error), 400)


def _add_views(play: Blueprint, acts: Acts) -> None:
    """What a page looks at."""
    world, state = acts.world, acts.state

    @play.get("/state")
    def get_state() -> Response:
        user = state.user(request.args["as"])
        since = int(request.args.get("since", -1))
        wait = min(float(request.args.get("wait", LONGEST_POLL_SECONDS)), LONGEST_POLL_SECONDS)
        if since >= 0 and not wait_for_change(state, since, wait):
            return jsonify({"seq": state.seq, "unchanged": True})
        return jsonify(seen_by(world, user.id, int(request.args.get("messages", 200))))

    @play.get("/vocabulary")
    def get_vocabulary() -> Response:
        return jsonify(vocabulary(world))

    @play.get("/journal")
    def get_journal() -> Response:
        entries = world.journal.entries(since=int(request.args.get("since", 0)))
        shown = [masked_entry(entry.wire(), world.never_shown) for entry in entries]
        return jsonify({"entries": shown, "violations": masked(world.violations)})

    @play.get("/file/<file_id>")
    def get_file(file_id: str) -> Response:
        return file_response(world, file_id)

    @play.post("/upload")
    def upload() -> Response:
        user = state.user(request.args["as"])
        channel = _channel(acts, {"channel": request.args["channel"]}, user.id)
        message = acts.uploads(user.id, channel, request.args["name"], request.get_data())
        return jsonify({"ok": True, "ts": message.ts})


# -- what the person of a page does: each takes who they are and the body -----------------------------------


def _command(acts: Acts, user: str, body: JSON) -> JSON:
    in_thread = bool(body.get("thread_ts"))
    return acts.command(user, body["text"], _channel(acts, body, user), in_thread=in_thread).wire()


def _says(acts: Acts, user: str, body: JSON) -> JSON:
    return {"ts": acts.says(user, _channel(acts, body, user), body["text"], body.get("thread_ts")).ts}


def _joins(acts: Acts, user: str, body: JSON) -> JSON:
    acts.joins(user, _channel(acts, body, user))
    return {}


def _edits(acts: Acts, user: str, body: JSON) -> JSON:
    acts.edits(user, _message(acts, body, user), body["text"])
    return {}


def _deletes(acts: Acts, user: str, body: JSON) -> JSON:
    acts.deletes(user, _message(acts, body, user))
    return {}


def _acts(acts: Acts, user: str, body: JSON) -> JSON:
    shown = _shown(acts, body, user)
    block, element = find_element(shown, body["block_id"], body["action_id"])
    return acts.act(user, shown, block, element, body.get("value")).wire()


def _options(acts: Acts, user: str, body: JSON) -> JSON:
    shown = _shown(acts, body, user)
    block, element = find_element(shown, body["block_id"], body["action_id"])
    return {"options": acts.options(user, shown, block, element, body.get("value", ""))}


def _submits(acts: Acts, user: str, body: JSON) -> JSON:
    """`values` is {block_id: {action_id: what was typed or picked}}; inputs left out keep what they have."""
    view = _view(acts, body["view_id"], user)
    values = body.get("values", {})
    for block, element in list(interactive(view.content["blocks"])):
        given = values.get(block["block_id"], {})
        if block["type"] == "input" and element["action_id"] in given:
            quiet = block | {"dispatch_action": False}  # the page told of it as it was typed
            acts.fill(user, view, quiet, element, given[element["action_id"]])
    return acts.submit(user, view).wire()


def _closes(acts: Acts, user: str, body: JSON) -> JSON:
    return acts.close(user, _view(acts, body["view_id"], user), everything=bool(body.get("all"))).wire()


def _shortcut(acts: Acts, user: str, body: JSON) -> JSON:
    target = _message(acts, body, user) if "ts" in body else None
    return acts.shortcut(user, body["callback_id"], target).wire()


def _opens_home(acts: Acts, user: str, body: JSON) -> JSON:
    return {"event_id": acts.opens_home(user, body.get("tab", "home"))}


def _reads(acts: Acts, user: str, body: JSON) -> JSON:
    acts.reads(user, _channel(acts, body, user), body["ts"])
    return {}


DEEDS: Mapping[str, Callable[[Acts, str, JSON], JSON]] = {
    "command": _command,
    "message": _says,
    "join": _joins,
    "edit": _edits,
    "delete": _deletes,
    "action": _acts,
    "options": _options,
    "submit": _submits,
    "close": _closes,
    "shortcut": _shortcut,
    "home": _opens_home,
    "read": _reads,
}


def _add_deed(play: Blueprint, acts: Acts, name: str, deed: Callable[[Acts, str, JSON], JSON]) -> None:
    def view() -> Response:
        body = json_body()
        user = acts.state.user(body["as"]).id
        return jsonify({"ok": True, **deed(acts, user, body)})

    play.add_url_rule(f"/{name}", name, view, methods=["POST"])


def _add_controls(
    play: Blueprint, acts: Acts, workspace: Workspace, move_clock: Callable[[], ClockHook | None]
) -> None:
    """What nobody in Slack could do: faults, sockets, people leaving, the clock."""
    world = acts.world

    @play.post("/faults")
    def faults() -> Response:
        body = json_body()
        if body.pop("clear", False):
            world.faults.clear()
        if "kind" in body:
            world.faults.add(Fault(FaultKind(body.pop("kind")), **body))
        return jsonify({"ok": True, "faults": world.faults.wire()})

    @play.post("/sockets")
    def sockets() -> Response:
        touched = world.hub.cut() if json_body().get("how") == "cut" else world.hub.refresh()
        return jsonify({"ok": True, "connections": touched})

    @play.post("/people")
    def people() -> Response:
        body = json_body()
        user = world.state.user(body["user"]).name
        if body["deleted"]:
            workspace.deactivate(user, quietly=bool(body.get("quietly")))
        else:
            workspace.reactivate(user)
        return jsonify({"ok": True})

    @play.post("/clock")
    def clock() -> Response:
        hook = move_clock()
        if hook is None:
            return no("this playground's clock is not for moving", 501)
        answer = hook(json_body())
        world.state.touch()
        return jsonify({"ok": True, **answer})


def json_body() -> JSON:
    """What was sent, which must be an object. Raises TypeError."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise TypeError("send a JSON object")
    return body


def _channel(acts: Acts, body: JSON, user: str) -> str:
    ref = body["channel"]
    return acts.state.im(user).id if ref == "dm" else acts.state.channel(ref).id


def _message(acts: Acts, body: JSON, user: str) -> Message:
    ts = body["ts"]
    found = acts.state.channels[_channel(acts, body, user)].find(ts) or acts.state.find_ephemeral(user, ts)
    if found is None:
        raise NotInSlack("this message is not there any more")
    return found


def _view(acts: Acts, view_id: str, user: str) -> View:
    view = acts.state.find_view(view_id=view_id)
    if view is None or view.user != user:
        raise NotInSlack("this view is not open any more")
    return view


def _shown(acts: Acts, body: JSON, user: str) -> Message | View:
    return _view(acts, body["view_id"], user) if "view_id" in body else _message(acts, body, user)
