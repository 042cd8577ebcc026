"""The strict check of what sits inside blocks: text objects, elements, options, confirm dialogs.

Decides which element may stand where and its limits; blockkit.py decides about the blocks around them.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.playground.slack import limits

SELECT_SOURCES = ("static", "external", "users", "conversations", "channels")
SELECTS = frozenset(f"{source}_select" for source in SELECT_SOURCES)
MULTI_SELECTS = frozenset(f"multi_{kind}" for kind in SELECTS)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons"})
TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"})
ACTION_ELEMENTS = SELECTS | MULTI_SELECTS | PICKERS | CHOICES | {"button", "overflow"}
SECTION_ACCESSORIES = (ACTION_ELEMENTS | {"image"}) - {"datetimepicker"}
INPUT_ELEMENTS = SELECTS | MULTI_SELECTS | PICKERS | CHOICES | TYPED | {"file_input"}
INTERACTIVE = ACTION_ELEMENTS | INPUT_ELEMENTS

_FILE_ID = re.compile(r"F[A-Z0-9]{8,}")

_COMMON = frozenset({"type", "action_id"})
_ASKS = _COMMON | {"placeholder", "confirm", "focus_on_load"}
_TYPES = _COMMON | {"placeholder", "initial_value", "dispatch_action_config", "focus_on_load"}
ELEMENT_KEYS: Mapping[str, frozenset[str]] = {
    "button": _COMMON | {"text", "url", "value", "style", "confirm", "accessibility_label"},
    "static_select": _ASKS | {"options", "option_groups", "initial_option"},
    "external_select": _ASKS | {"initial_option", "min_query_length"},
    "users_select": _ASKS | {"initial_user"},
    "conversations_select": _ASKS
    | {"initial_conversation", "default_to_current_conversation", "response_url_enabled", "filter"},
    "channels_select": _ASKS | {"initial_channel", "response_url_enabled"},
    "multi_static_select": _ASKS | {"options", "option_groups", "initial_options", "max_selected_items"},
    "multi_external_select": _ASKS | {"initial_options", "min_query_length", "max_selected_items"},
    "multi_users_select": _ASKS | {"initial_users", "max_selected_items"},
    "multi_conversations_select": _ASKS
    | {"initial_conversations", "default_to_current_conversation", "filter", "max_selected_items"},
    "multi_channels_select": _ASKS | {"initial_channels", "max_selected_items"},
    "overflow": _COMMON | {"options", "confirm"},
    "datepicker": _ASKS | {"initial_date"},
    "timepicker": _ASKS | {"initial_time", "timezone"},
    "datetimepicker": _COMMON | {"initial_date_time", "confirm", "focus_on_load"},
    "checkboxes": _COMMON | {"options", "initial_options", "confirm", "focus_on_load"},
    "radio_buttons": _COMMON | {"options", "initial_option", "confirm", "focus_on_load"},
    "plain_text_input": _TYPES | {"multiline", "min_length", "max_length"},
    "email_text_input": _TYPES,
    "url_text_input": _TYPES,
    "number_input": _TYPES | {"is_decimal_allowed", "min_value", "max_value"},
    "rich_text_input": _TYPES,
    "file_input": _COMMON | {"filetypes", "max_files"},
    "image": frozenset({"type", "image_url", "slack_file", "alt_text"}),
}
TEXT_KEYS: Mapping[str, frozenset[str]] = {
    "plain_text": frozenset({"type", "text", "emoji"}),
    "mrkdwn": frozenset({"type", "text", "verbatim"}),
}


def as_object(value: object) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


class Check:
    """Collects the problems of one surface (message, modal or home)."""

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.problems: list[str] = []

    def fail(self, message: str, path: str) -> None:
        self.problems.append(f"{message} [json-pointer:{path}]")

    def keys(self, node: Mapping[str, Any], allowed: frozenset[str], path: str) -> None:
        for key in node:
            if key not in allowed:
                self.fail(f"invalid additional property: {key}", path)

    def length(self, value: object, limit: int, path: str) -> None:
        """An optional string within its limit."""
        if value is None:
            return
        if not isinstance(value, str):
            self.fail("must be a string", path)
        elif len(value) > limit:
            self.fail(f"must be less than {limit + 1} characters", path)

    def string(self, value: object, limit: int | None, path: str) -> None:
        """A required, non-empty string."""
        if not isinstance(value, str):
            self.fail("must be a string", path)
        elif not value:
            self.fail("must be more than 0 characters", path)
        elif limit is not None:
            self.length(value, limit, path)

    def items(self, value: object, path: str, limit: int | None) -> list[tuple[str, Any]]:
        """The members of a required, non-empty array with their paths."""
        if not isinstance(value, list) or not value:
            self.fail("must have at least 1 item", path)
            return []
        if limit is not None and len(value) > limit:
            self.fail(f"no more than {limit} items allowed", path)
        return [(f"{path}/{index}", item) for index, item in enumerate(value)]

    def text(self, node: object, path: str, limit: int, *, plain: bool = False) -> None:
        """A required text object."""
        if not isinstance(node, dict):
            self.fail("missing required field: a text object", path)
            return
        kind = node.get("type")
        if not isinstance(kind, str) or kind not in TEXT_KEYS or (plain and kind != "plain_text"):
            self.fail(f"must be {'plain_text' if plain else 'plain_text or mrkdwn'}, not {kind}", f"{path}/type")
            return
        self.keys(node, TEXT_KEYS[kind], path)
        self.string(node.get("text"), limit, f"{path}/text")

    def image(self, node: Mapping[str, Any], path: str) -> None:
        if ("image_url" in node) == ("slack_file" in node):
            self.fail("must have either image_url or slack_file", path)
        if "slack_file" in node:
            self._slack_file(as_object(node["slack_file"]), f"{path}/slack_file")
        self.length(node.get("image_url"), limits.URL, f"{path}/image_url")
        self.string(node.get("alt_text"), limits.ALT_TEXT, f"{path}/alt_text")

    def _slack_file(self, node: Mapping[str, Any], path: str) -> None:
        self.keys(node, frozenset({"id", "url"}), path)
        if ("id" in node) == ("url" in node):
            self.fail("must have either id or url", path)
        if "id" in node and not _FILE_ID.fullmatch(str(node["id"])):
            self.fail("input must match regex pattern: ^F[A-Z0-9]{8,}$", f"{path}/id")

    def element(self, node: object, path: str, allowed: frozenset[str]) -> None:
        """One element: whether it may stand here, its keys, then what its kind demands."""
        kind = as_object(node).get("type")
        if not isinstance(node, dict) or not isinstance(kind, str) or kind not in allowed:
            self.fail(f"unsupported type: {kind}", f"{path}/type")
            return
        self.keys(node, ELEMENT_KEYS[kind], path)
        self.length(node.get("action_id"), limits.ACTION_ID, f"{path}/action_id")
        if "placeholder" in node:
            self.text(node["placeholder"], f"{path}/placeholder", limits.PLACEHOLDER, plain=True)
        if "confirm" in node:
            self._confirm(as_object(node["confirm"]), f"{path}/confirm")
        if kind == "button":
            self._button(node, path)
        elif kind == "image":
            self.image(node, path)
        elif "options" in ELEMENT_KEYS[kind]:
            self._choice(node, path, kind)
        elif kind in TYPED:
            self._typed(node, path)
        elif kind in PICKERS and (wrong := picked_wrong(kind, node.get(key := f"initial_{PICKED[kind]}"))):
            self.fail(wrong, f"{path}/{key}")

    def _button(self, node: Mapping[str, Any], path: str) -> None:
        self.text(node.get("text"), f"{path}/text", limits.BUTTON_TEXT, plain=True)
        self.length(node.get("value"), limits.BUTTON_VALUE, f"{path}/value")
        self.length(node.get("url"), limits.URL, f"{path}/url")
        if node.get("style", "primary") not in ("primary", "danger"):
            self.fail("must be primary or danger", f"{path}/style")

    def _typed(self, node: Mapping[str, Any], path: str) -> None:
        if node.get("type") == "number_input" and "is_decimal_allowed" not in node:
            self.fail("missing required field: is_decimal_allowed", path)
        most = node.get("max_length", limits.INPUT_MAX_LENGTH)
        if not 1 <= most <= limits.INPUT_MAX_LENGTH:
            self.fail(f"must be between 1 and {limits.INPUT_MAX_LENGTH}", f"{path}/max_length")
        initial = node.get("initial_value")
        if isinstance(initial, str) and len(initial) > most:
            self.fail(f"must be less than {most + 1} characters", f"{path}/initial_value")

    def _choice(self, node: Mapping[str, Any], path: str, kind: str) -> None:
        grouped = "option_groups" in node
        if grouped == ("options" in node):
            self.fail("must have either options or option_groups", path)
            return
        offered: list[Any] = []
        if grouped:
            for at, group in self.items(node["option_groups"], f"{path}/option_groups", limits.OPTION_GROUPS):
                self.text(as_object(group).get("label"), f"{at}/label", limits.OPTION_GROUP_LABEL, plain=True)
                offered += self._options(as_object(group).get("options"), f"{at}/options", limits.OPTIONS, kind)
        else:
            most = {
                "overflow": limits.OVERFLOW_OPTIONS,
                "checkboxes": limits.CHOICES,
                "radio_buttons": limits.CHOICES,
            }
            offered = self._options(node["options"], f"{path}/options", most.get(kind, limits.OPTIONS), kind)
        initial = [node["initial_option"]] if "initial_option" in node else as_list(node.get("initial_options"))
        for option in initial:
            if option not in offered:
                self.fail("must be exactly one of the options", f"{path}/initial_option")

    def _options(self, value: object, path: str, limit: int, kind: str) -> list[Any]:
        rich = kind in CHOICES  # only these may use mrkdwn
        found = self.items(value, path, limit)
        for at, option in found:
            node = as_object(option)
            self.keys(node, frozenset({"text", "value", "description", "url"}), at)
            self.text(node.get("text"), f"{at}/text", limits.OPTION_TEXT, plain=not rich)
            self.string(node.get("value"), limits.OPTION_VALUE, f"{at}/value")
            if "description" in node:
                self.text(node["description"], f"{at}/description", limits.OPTION_TEXT, plain=not rich)
        values = [as_object(option).get("value") for _, option in found]
        if len(set(map(str, values))) < len(values):
            self.fail("option values must be unique", path)
        return [option for _, option in found]

    def _confirm(self, node: Mapping[str, Any], path: str) -> None:
        self.keys(node, frozenset({"title", "text", "confirm", "deny", "style"}), path)
        self.text(node.get("title"), f"{path}/title", limits.CONFIRM_TITLE, plain=True)
        self.text(node.get("text"), f"{path}/text", limits.CONFIRM_TEXT)
        for key in ("confirm", "deny"):
            self.text(node.get(key), f"{path}/{key}", limits.CONFIRM_BUTTON, plain=True)


PICKED = {"datepicker": "date", "timepicker": "time", "datetimepicker": "date_time"}
"""What each picker picks, as its `initial_...` and `selected_...` end."""


def picked_wrong(kind: str, given: object) -> str:
    """What is wrong with what a picker starts with or is given; nothing about None, which is no answer yet."""
    if given is None:
        return ""
    if kind == "datepicker":
        return "" if isinstance(given, str) and _is_day(given) else "must be a date as YYYY-MM-DD"
    if kind == "timepicker":
        fine = isinstance(given, str) and bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given, re.ASCII))
        return "" if fine else "must be a time as HH:MM"
    fine = isinstance(given, int) and not isinstance(given, bool) and len(str(given)) == limits.EPOCH_DIGITS
    return "" if fine else f"must be a Unix timestamp of {limits.EPOCH_DIGITS} digits"


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def check_options(answer: Mapping[str, Any]) -> list[str]:
    """The problems of what an app answers when asked for the options of an external select."""
    check = Check("options")
    if ("options" in answer) == ("option_groups" in answer):
        return ["must have either options or option_groups [json-pointer:/]"]
    if "options" in answer:
        if answer["options"]:  # nothing found is a fine answer
            check._options(answer["options"], "/options", limits.OPTIONS, "static_select")  # noqa: SLF001
    else:
        check._choice(answer, "", "static_select")  # noqa: SLF001
    return check.problems
