"""Filling in forms as a person does: by label, in words, and with the complaints Slack's client makes by
itself.

Pure functions of blocks and values; the shapes are those of `state.values` in interaction payloads.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.playground.slack.elements import (
    CHOICES,
    MULTI_SELECTS,
    PICKERS,
    SELECTS,
    TYPED,
    as_list,
    as_object,
    picked_wrong,
)
from bot.playground.slack.errors import NotInSlack
from bot.playground.slack.model import JSON

Values = dict[str, dict[str, JSON]]

STATEFUL = SELECTS | MULTI_SELECTS | PICKERS | CHOICES | TYPED | {"file_input"}
# Which key of a state value holds the answer, and which key of the element its initial value.
ANSWER_KEYS: dict[str, tuple[str, str]] = {
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "checkboxes": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", ""),
}
TEXT_ANSWER = ("value", "initial_value")
REQUIRED = "Please complete this required field."


def inner_blocks(blocks: Sequence[JSON]) -> Iterator[JSON]:
    """Every block, those inside containers and carousels too."""
    for block in blocks:
        yield block
        if block.get("type") == "container":
            yield from inner_blocks(as_list(block.get("child_blocks")))
        elif block.get("type") == "carousel":
            yield from as_list(block.get("elements"))


def interactive(blocks: Sequence[JSON]) -> Iterator[tuple[JSON, JSON]]:
    """Each element that a person can use, with its block."""
    for block in inner_blocks(blocks):
        found = [block.get("accessory"), block.get("element")]
        if block.get("type") == "actions":
            found += as_list(block.get("elements"))
        if block.get("type") == "card":
            found += as_list(block.get("actions"))
        for element in found:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def starting_values(blocks: Sequence[JSON]) -> Values:
    """The state before anybody has typed anything."""
    values: Values = {}
    for block, element in interactive(blocks):
        kind = element["type"]
        if kind not in STATEFUL:
            continue
        key, initial = ANSWER_KEYS.get(kind, TEXT_ANSWER)
        empty: Any = [] if key.endswith("s") else None
        answer = element.get(initial, empty)
        if key == "value" and answer is not None:
            answer = str(answer)
        values.setdefault(block["block_id"], {})[element["action_id"]] = {"type": kind, key: answer}
    return values


def find_input(blocks: Sequence[JSON], name: str) -> tuple[JSON, JSON]:
    """The input that a person would find under this label (or block or action id)."""
    labels = []
    for block, element in interactive(blocks):
        if element["type"] not in STATEFUL:
            continue
        label = as_object(block.get("label")).get("text") or as_object(block.get("text")).get("text") or ""
        placeholder = as_object(element.get("placeholder")).get("text")
        if name in (label, block["block_id"], element["action_id"], placeholder):
            return block, element
        labels.append(label or placeholder or block["block_id"])
    raise NotInSlack(f"no input labelled {name!r}; there are {labels}")


def answer_for(element: JSON, given: object) -> JSON:
    """What a person gave, in words, as the state value of this element; None or "" clears it."""
    kind = element["type"]
    key, _ = ANSWER_KEYS.get(kind, TEXT_ANSWER)
    answer: Any
    if key == "selected_options":
        wanted = given if isinstance(given, list | tuple | set) else [given] if given else []
        answer = [_option(element, item) for item in wanted]
    elif key.endswith("s"):
        answer = list(given) if isinstance(given, list | tuple | set) else [given] if given else []
    elif given is None or given == "":
        answer = None
    elif key == "selected_option":
        answer = _option(element, given)
    elif kind in PICKERS:
        answer = _picked(kind, given)
    else:
        answer = str(given) if key == "value" else given
    return {"type": kind, key: answer}


def offered(element: JSON) -> list[JSON]:
    """The options of a select, groups flattened."""
    options = as_list(element.get("options"))
    for group in as_list(element.get("option_groups")):
        options = options + as_list(group.get("options"))
    return options


def _option(element: JSON, given: object) -> JSON:
    if isinstance(given, dict):
        return given
    for option in offered(element):
        if given in (option["text"]["text"], option["value"]):
            return option
    shown = [option["text"]["text"] for option in offered(element)]
    raise NotInSlack(f"no option {given!r}; there are {shown}")


def _picked(kind: str, given: object) -> object:
    """What can be picked and nothing else: Slack's client has no way to give a 30th of February."""
    if wrong := picked_wrong(kind, given):
        raise NotInSlack(f"a {kind} cannot be given {given!r}: it {wrong}")
    return given


def complaints(blocks: Sequence[JSON], values: Values) -> dict[str, str]:
    """What Slack's client refuses to send, by block id."""
    found: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        value = values.get(block["block_id"], {}).get(element["action_id"], {})
        key, _ = ANSWER_KEYS.get(element["type"], TEXT_ANSWER)
        answer = value.get(key)
        if answer in (None, [], ""):
            if not block.get("optional"):
                found[block["block_id"]] = REQUIRED
            continue
        problem = _typed_wrong(element, answer)
        if problem:
            found[block["block_id"]] = problem
    return found


def _typed_wrong(element: JSON, answer: Any) -> str:  # noqa: ANN401 - a text, an option, a list
    kind = element["type"]
    if kind not in TYPED or not isinstance(answer, str):
        return ""
    if len(answer) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(answer) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", answer):
        return "Please enter a valid email address."
    if kind == "number_input":
        return _number_wrong(element, answer)
    return ""


def _number_wrong(element: JSON, answer: str) -> str:
    pattern = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(pattern, answer):
        return "Please enter a valid number."
    number = float(answer)
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and number < float(low):
        return f"Please enter a number greater than or equal to {low}."
    if high is not None and number > float(high):
        return f"Please enter a number less than or equal to {high}."
    return ""
