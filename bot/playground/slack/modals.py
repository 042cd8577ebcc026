"""Views that people have open: opening, pushing, updating, closing, and the Home tab. A stack holds three.

Decides ids, hashes, the stack and what stays of what a person has typed. Whether a call may do it is the
Web API's.
"""

from bot.playground.slack import limits
from bot.playground.slack.blockkit import check_view
from bot.playground.slack.errors import ApiError
from bot.playground.slack.forms import starting_values
from bot.playground.slack.model import JSON, View
from bot.playground.slack.posting import with_ids
from bot.playground.slack.shown import refused_pictures
from bot.playground.slack.state import State
from bot.playground.slack.world import World


def require_valid(world: World, content: JSON, where: str) -> None:
    """ApiError and a violation if Slack would refuse the view."""
    problems = check_view(content)
    if not problems:
        problems = refused_pictures(world, content["blocks"], where)
        if problems:
            raise ApiError("invalid_arguments", problems=problems)
        return
    for problem in problems:
        world.violate(f"{where}: {problem}")
    if any(problem.startswith("view_too_large") for problem in problems):
        raise ApiError("view_too_large")
    raise ApiError("invalid_arguments", problems=problems)


def open_modal(world: World, user_id: str, content: JSON) -> View:
    """Show a modal; one that was open is gone with all above it."""
    state = world.state
    with state.lock:
        _refuse_same_external_id(state, content)
        view = _new_view(state, user_id, content, None)
        state.modals[user_id] = [view]
        view.seq = state.touch()
        return view


def push_modal(world: World, user_id: str, content: JSON) -> View:
    state = world.state
    with state.lock:
        stack = state.modals.get(user_id, [])
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= limits.VIEW_STACK:
            raise ApiError("push_limit_reached")
        _refuse_same_external_id(state, content)
        view = _new_view(state, user_id, content, stack[-1])
        stack.append(view)
        view.seq = state.touch()
        return view


def update_view(world: World, view: View, content: JSON, expected_hash: str | None = None) -> View:
    """Replace what a view shows. What a person typed stays where block and action ids stay."""
    state = world.state
    with state.lock:
        if expected_hash and expected_hash != view.hash:
            raise ApiError("hash_conflict")
        typed = view.values
        view.content = _with_block_ids(state, content)
        view.values = starting_values(view.content["blocks"])
        for block_id, actions in view.values.items():
            for action_id, value in actions.items():
                old = typed.get(block_id, {}).get(action_id)
                if old is not None and old["type"] == value["type"]:
                    actions[action_id] = old
        view.hash = _new_hash(state)
        view.notice = ""
        view.seq = state.touch()
        return view


def publish_home(world: World, user_id: str, content: JSON, expected_hash: str | None) -> View:
    state = world.state
    with state.lock:
        home = state.homes.get(user_id)
        if home is not None:
            return update_view(world, home, content, expected_hash)
        if expected_hash:
            raise ApiError("hash_conflict")
        home = _new_view(state, user_id, content, None)
        state.homes[user_id] = home
        home.seq = state.touch()
        return home


def pop_modal(world: World, view: View, *, everything: bool = False) -> list[View]:
    """Close a view and those above it, or the whole stack; the views that are gone, topmost first."""
    state = world.state
    with state.lock:
        stack = state.modals.get(view.user, [])
        if view not in stack:
            return []
        keep = 0 if everything else stack.index(view)
        gone = stack[keep:][::-1]
        del stack[keep:]
        if not stack:
            state.modals.pop(view.user, None)
        state.touch()
        return gone


def _new_view(state: State, user_id: str, content: JSON, below: View | None) -> View:
    filled = _with_block_ids(state, content)
    view_id = state.new_id("V")
    return View(
        id=view_id,
        kind=content["type"],
        user=user_id,
        content=filled,
        hash=_new_hash(state),
        root_view_id=below.root_view_id if below else view_id,
        previous_view_id=below.id if below else None,
        values=starting_values(filled["blocks"]),
    )


def _new_hash(state: State) -> str:
    return f"{state.now()}.{state.new_id('h')}"


def _with_block_ids(state: State, content: JSON) -> JSON:
    return content | {"blocks": with_ids(state, content["blocks"])}


def _refuse_same_external_id(state: State, content: JSON) -> None:
    external_id = content.get("external_id")
    if external_id and state.find_view(external_id=external_id) is not None:
        raise ApiError("duplicate_external_id")
