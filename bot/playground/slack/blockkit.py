"""The strict Block Kit check: what Slack refuses in a message or a view, and where.

Decides which blocks a surface may hold and their limits; elements.py decides about what sits inside them.
Pure: each problem is a sentence ending in the JSON pointer of what is wrong, in the form Slack answers with.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.playground.slack import limits
from bot.playground.slack.charts import check_chart
from bot.playground.slack.elements import (
    ACTION_ELEMENTS,
    INPUT_ELEMENTS,
    SECTION_ACCESSORIES,
    Check,
    as_list,
    as_object,
)

MESSAGE, MODAL, HOME = "message", "modal", "home"

BLOCK_KEYS: Mapping[str, frozenset[str]] = {
    "section": frozenset({"text", "fields", "accessory", "expand"}),
    "divider": frozenset(),
    "header": frozenset({"text", "level"}),
    "context": frozenset({"elements"}),
    "actions": frozenset({"elements"}),
    "input": frozenset({"label", "element", "hint", "optional", "dispatch_action"}),
    "image": frozenset({"image_url", "slack_file", "alt_text", "title"}),
    "markdown": frozenset({"text"}),
    "rich_text": frozenset({"elements"}),
    "table": frozenset({"rows", "column_settings"}),
    "data_table": frozenset({"caption", "rows", "page_size", "row_header_column_index"}),
    "data_visualization": frozenset({"title", "chart"}),
    "alert": frozenset({"text", "level"}),
    "card": frozenset({"hero_image", "icon", "title", "subtitle", "body", "actions"}),
    "carousel": frozenset({"elements"}),
    "container": frozenset(
        {
            "title", "rich_text_title", "subtitle", "child_blocks", "width", "icon",
            "is_collapsible", "default_collapsed", "has_header_divider",
        }
    ),
}  # fmt: skip

ONLY_ON: Mapping[str, frozenset[str]] = {
    "alert": frozenset({MODAL}),
    "container": frozenset({MESSAGE}),
    "carousel": frozenset({MESSAGE, HOME}),
    "markdown": frozenset({MESSAGE}),
    "table": frozenset({MESSAGE}),
    "data_table": frozenset({MESSAGE}),
    "data_visualization": frozenset({MESSAGE}),
}

VIEW_KEYS = frozenset(
    {
        "type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "external_id",
        "clear_on_close", "notify_on_close", "submit_disabled",
    }
)  # fmt: skip
ALERT_LEVELS = frozenset({"default", "info", "warning", "error", "success"})
RICH_TEXT = frozenset({"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"})
RICH_INLINE = frozenset({"text", "link", "user", "usergroup", "channel", "emoji", "broadcast", "date", "color", "team"})


def check_message(blocks: Sequence[Any] | None, text: str = "", *, root: str = "/blocks") -> list[str]:
    """Everything Slack, or a reader without blocks, would object to in a message; empty when it is fine."""
    problems = check_blocks(blocks or [], MESSAGE, root=root)
    if blocks and not text.strip():
        problems.append("missing_text_in_message: blocks need a text fallback for notifications")
    total = block_text_length(blocks or [])
    if total > limits.MESSAGE_BLOCK_TEXT:
        problems.append(f"msg_blocks_too_long: {total} characters in blocks, {limits.MESSAGE_BLOCK_TEXT} allowed")
    if len(text) > limits.MESSAGE_TEXT:
        problems.append(f"msg_too_long: text has {len(text)} characters, {limits.MESSAGE_TEXT} allowed")
    return problems


def check_view(view: Mapping[str, Any]) -> list[str]:
    """Everything Slack would object to in a modal or Home tab; empty when it is fine."""
    check = Check("view")
    kind = view.get("type")
    if kind not in (MODAL, HOME):
        return [f"unsupported type: {kind} [json-pointer:/view/type]"]
    check.keys(view, VIEW_KEYS, "/view")
    if kind == MODAL:
        _modal_frame(check, view)
    else:
        for key in ("title", "submit", "close"):
            if key in view:
                check.fail(f"invalid additional property: {key}", "/view")
    check.length(view.get("private_metadata"), limits.PRIVATE_METADATA, "/view/private_metadata")
    check.length(view.get("callback_id"), limits.CALLBACK_ID, "/view/callback_id")
    check.length(view.get("external_id"), limits.EXTERNAL_ID, "/view/external_id")
    if not isinstance(view.get("blocks"), list):
        return [*check.problems, "missing required field: blocks [json-pointer:/view]"]
    problems = check.problems + check_blocks(view["blocks"], kind, root="/view/blocks")
    if kind == MODAL and "submit" not in view and any(as_object(b).get("type") == "input" for b in view["blocks"]):
        problems.append("missing required field: submit, because there is an input [json-pointer:/view]")
    if len(json.dumps(view, ensure_ascii=False).encode()) > limits.VIEW_BYTES:
        problems.append("view_too_large: a view may have 250 KB")
    return problems


def _modal_frame(check: Check, view: Mapping[str, Any]) -> None:
    check.text(view.get("title"), "/view/title", limits.VIEW_TITLE, plain=True)
    for key in ("submit", "close"):
        if key in view:
            check.text(view[key], f"/view/{key}", limits.VIEW_BUTTON, plain=True)


def check_blocks(blocks: Sequence[Any], surface: str, *, root: str) -> list[str]:
    """The problems of a list of blocks on one surface: their number, each block, ids used twice."""
    check = Check(surface)
    allowed = limits.MESSAGE_BLOCKS if surface == MESSAGE else limits.VIEW_BLOCKS
    if len(blocks) > allowed:
        check.fail(f"no more than {allowed} items allowed", root)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        path = f"{root}/{index}"
        check_block(check, block, path)
        block_id = as_object(block).get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            check.fail(f"block_id already exists: {block_id}", f"{path}/block_id")
        if isinstance(block_id, str):
            seen.add(block_id)
    if sum(as_object(b).get("type") == "table" for b in blocks) > 1:
        check.fail("only one table allowed", root)
    if sum(as_object(b).get("type") == "data_visualization" for b in blocks) > limits.MESSAGE_CHARTS:
        check.fail(f"no more than {limits.MESSAGE_CHARTS} charts allowed", root)
    return check.problems


def check_block(check: Check, block: object, path: str) -> None:
    """One block: its type, whether this surface may hold it, its keys, its id, then its own rules."""
    if not isinstance(block, dict):
        check.fail("must be an object", path)
        return
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in BLOCK_KEYS:
        check.fail(f"unsupported type: {kind}", f"{path}/type")
        return
    if check.surface not in ONLY_ON.get(kind, frozenset({check.surface})):
        check.fail(f"unsupported type in a {check.surface}: {kind}", f"{path}/type")
    check.keys(block, BLOCK_KEYS[kind] | {"type", "block_id"}, path)
    check.length(block.get("block_id"), limits.BLOCK_ID, f"{path}/block_id")
    rule = RULES.get(kind)
    if rule is not None:
        rule(check, block, path)


def block_text_length(node: object) -> int:
    """Characters of text in blocks as Slack counts them for `msg_blocks_too_long`: every text object's
    text.
    """
    if isinstance(node, dict):
        own = node["text"] if isinstance(node.get("text"), str) else ""
        return len(own) + sum(block_text_length(v) for k, v in node.items() if k != "text" or not own)
    if isinstance(node, list | tuple):
        return sum(block_text_length(item) for item in node)
    return 0


def _section(check: Check, block: dict[str, Any], path: str) -> None:
    if "text" not in block and "fields" not in block:
        check.fail("missing required field: text or fields", path)
    if "text" in block:
        check.text(block["text"], f"{path}/text", limits.SECTION_TEXT)
    if "fields" in block:
        for at, field in check.items(block["fields"], f"{path}/fields", limits.SECTION_FIELDS):
            check.text(field, at, limits.FIELD_TEXT)
    if "accessory" in block:
        check.element(block["accessory"], f"{path}/accessory", SECTION_ACCESSORIES)


def _header(check: Check, block: dict[str, Any], path: str) -> None:
    check.text(block.get("text"), f"{path}/text", limits.HEADER_TEXT, plain=True)


def _context(check: Check, block: dict[str, Any], path: str) -> None:
    for at, item in check.items(block.get("elements"), f"{path}/elements", limits.CONTEXT_ELEMENTS):
        if as_object(item).get("type") == "image":
            check.element(item, at, frozenset({"image"}))
        else:
            check.text(item, at, limits.CONTEXT_TEXT)


def _actions(check: Check, block: dict[str, Any], path: str) -> None:
    seen: set[str] = set()
    for at, item in check.items(block.get("elements"), f"{path}/elements", limits.ACTIONS_ELEMENTS):
        check.element(item, at, ACTION_ELEMENTS)
        action_id = as_object(item).get("action_id")
        if isinstance(action_id, str) and action_id in seen:
            check.fail(f"action_id already exists in this block: {action_id}", f"{at}/action_id")
        if isinstance(action_id, str):
            seen.add(action_id)


def _input(check: Check, block: dict[str, Any], path: str) -> None:
    check.text(block.get("label"), f"{path}/label", limits.INPUT_LABEL, plain=True)
    if "hint" in block:
        check.text(block["hint"], f"{path}/hint", limits.INPUT_HINT, plain=True)
    check.element(block.get("element"), f"{path}/element", INPUT_ELEMENTS)


def _image(check: Check, block: dict[str, Any], path: str) -> None:
    check.image(block, path)
    if "title" in block:
        check.text(block["title"], f"{path}/title", limits.IMAGE_TITLE, plain=True)


def _markdown(check: Check, block: dict[str, Any], path: str) -> None:
    check.string(block.get("text"), limits.MARKDOWN_TEXT, f"{path}/text")


def _alert(check: Check, block: dict[str, Any], path: str) -> None:
    check.text(block.get("text"), f"{path}/text", limits.SECTION_TEXT)
    if block.get("level", "default") not in ALERT_LEVELS:
        check.fail(f"must be one of {', '.join(sorted(ALERT_LEVELS))}", f"{path}/level")


def _rich_text(check: Check, block: dict[str, Any], path: str) -> None:
    for at, item in check.items(block.get("elements"), f"{path}/elements", None):
        _rich_part(check, item, at)


def _rich_part(check: Check, item: object, path: str) -> None:
    kind = as_object(item).get("type")
    if kind not in RICH_TEXT:
        check.fail(f"unsupported type: {kind}", f"{path}/type")
        return
    for index, inner in enumerate(as_list(as_object(item).get("elements"))):
        at = f"{path}/elements/{index}"
        if kind == "rich_text_list":
            _rich_part(check, inner, at)
        elif as_object(inner).get("type") not in RICH_INLINE:
            check.fail(f"unsupported type: {as_object(inner).get('type')}", f"{at}/type")
        elif as_object(inner).get("type") == "text":
            check.string(as_object(inner).get("text"), None, f"{at}/text")


def _table(check: Check, block: dict[str, Any], path: str) -> None:
    for at, row in check.items(block.get("rows"), f"{path}/rows", limits.TABLE_ROWS):
        _cells(check, row, at)
    if len(as_list(block.get("column_settings"))) > limits.TABLE_COLUMNS:
        check.fail(f"no more than {limits.TABLE_COLUMNS} items allowed", f"{path}/column_settings")


def _data_table(check: Check, block: dict[str, Any], path: str) -> None:
    check.string(block.get("caption"), None, f"{path}/caption")
    rows = check.items(block.get("rows"), f"{path}/rows", limits.DATA_TABLE_ROWS)
    if len(rows) == 1:
        check.fail("must have a header row and at least one more", f"{path}/rows")
    for at, row in rows:
        _cells(check, row, at)
    if len({len(as_list(row)) for _, row in rows}) > 1:
        check.fail("every row must have the same number of cells", f"{path}/rows")
    if not 1 <= block.get("page_size", 5) <= limits.TABLE_ROWS:
        check.fail("must be between 1 and 100", f"{path}/page_size")


def _cells(check: Check, row: object, path: str) -> None:
    for at, cell in check.items(row, path, limits.TABLE_COLUMNS):
        kind = as_object(cell).get("type")
        if kind == "rich_text":
            _rich_text(check, as_object(cell), at)
        elif kind in ("raw_text", "raw_number"):
            check.string(as_object(cell).get("text"), None, f"{at}/text")
        else:
            check.fail(f"unsupported type: {kind}", f"{at}/type")


def _card(check: Check, block: dict[str, Any], path: str) -> None:
    if not any(key in block for key in ("hero_image", "title", "actions", "body")):
        check.fail("missing required field: hero_image, title, actions or body", path)
    for key, limit in (
        ("title", limits.CARD_TITLE),
        ("subtitle", limits.CARD_TITLE),
        ("body", limits.CARD_BODY),
    ):
        if key in block:
            check.text(block[key], f"{path}/{key}", limit)
    for index, item in enumerate(as_list(block.get("actions"))):
        check.element(item, f"{path}/actions/{index}", frozenset({"button"}))


def _carousel(check: Check, block: dict[str, Any], path: str) -> None:
    for at, card in check.items(block.get("elements"), f"{path}/elements", limits.CAROUSEL_CARDS):
        if as_object(card).get("type") != "card":
            check.fail("must be a card", at)
        check_block(check, card, at)


def _container(check: Check, block: dict[str, Any], path: str) -> None:
    if "title" in block:
        check.text(block["title"], f"{path}/title", limits.CARD_TITLE, plain=True)
    elif "rich_text_title" not in block:
        check.fail("missing required field: title or rich_text_title", path)
    for at, child in check.items(block.get("child_blocks"), f"{path}/child_blocks", limits.CONTAINER_BLOCKS):
        check_block(check, child, at)


RULES: Mapping[str, Callable[[Check, dict[str, Any], str], None]] = {
    "section": _section, "header": _header, "context": _context, "actions": _actions, "input": _input,
    "image": _image, "markdown": _markdown, "alert": _alert, "rich_text": _rich_text, "table": _table,
    "data_table": _data_table, "data_visualization": check_chart, "card": _card, "carousel": _carousel,
    "container": _container,
}  # fmt: skip
