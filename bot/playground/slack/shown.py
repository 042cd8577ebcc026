"""What blocks and text show of files: pictures by their id, and links that share a file with who reads them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.playground.slack.elements import as_list, as_object
from bot.playground.slack.faults import FaultKind
from bot.playground.slack.model import BOT_USER_ID, Channel, StoredFile
from bot.playground.slack.world import World

PICTURES = ("image/png", "image/jpeg", "image/gif")
_NESTED = ("elements", "child_blocks", "accessory", "hero_image", "icon")


def pictures(blocks: Sequence[Any], root: str = "/blocks") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every slack_file object of images in these blocks, with its JSON pointer."""
    for index, block in enumerate(blocks):
        yield from _in_node(as_object(block), f"{root}/{index}")


def _in_node(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if "slack_file" in node:
        yield f"{path}/slack_file", as_object(node["slack_file"])
    for key in _NESTED:
        inner = node.get(key)
        if isinstance(inner, dict):
            yield from _in_node(inner, f"{path}/{key}")
        else:
            yield from pictures(as_list(inner), f"{path}/{key}")


def refused_pictures(world: World, blocks: Sequence[Any], method: str) -> list[str]:
    """What Slack would refuse now of charts and pictures in a message.

    A file that nobody uploaded, that is no picture or is not ours is a violation; one that is not ready is not.
    """
    if _has_chart(blocks) and world.faults.take(method, FaultKind.CHART_REFUSED):
        return ["unsupported type: data_visualization [json-pointer:/blocks]"]
    shown = list(pictures(blocks))
    problems = [f"invalid slack file [json-pointer:{path}]" for path, node in shown if _find(world, node) is None]
    for problem in problems:
        world.violate(f"{method}: {problem}")
    if shown and not problems and world.faults.take(method, FaultKind.FILE_NOT_READY):
        return [f"invalid slack file [json-pointer:{shown[0][0]}]"]
    return problems


def _has_chart(blocks: Sequence[Any]) -> bool:
    return any(as_object(block).get("type") == "data_visualization" for block in blocks)


def _find(world: World, node: dict[str, Any]) -> StoredFile | None:
    """The picture that a slack_file object names, if the app may show it."""
    for stored in world.state.files.values():
        named = node.get("id") == stored.id or node.get("url") in _addresses(world, stored)
        if named and stored.complete and stored.mimetype in PICTURES and stored.user == BOT_USER_ID:
            return stored
    return None


def _addresses(world: World, stored: StoredFile) -> tuple[str, str]:
    return stored.permalink(world.base_url), str(stored.wire(world.base_url)["url_private"])


def linked_files(world: World, text: str, channel: Channel) -> list[str]:
    """The app's own files whose permalink stands in a message's text: shared in its channel by that, as Slack does."""
    shared = []
    for stored in world.state.files.values():
        link = re.escape(stored.permalink(world.base_url))
        if stored.complete and stored.user == BOT_USER_ID and re.search(rf"{link}(?![\w.-])", text):
            shared.append(stored.id)
            if channel.id not in stored.channels:
                stored.channels.append(channel.id)
    return shared
