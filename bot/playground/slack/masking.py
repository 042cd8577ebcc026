"""What of the journal may be shown: everything but secrets, which keep their kind and their last four characters.

The one place that keeps a key whole is the view in which the bot shows it: that it is there, and nowhere else, is
what people look for.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

from bot.playground.slack.model import JSON

_VIEW_METHODS = frozenset({"views.open", "views.push", "views.update"})
# Where a word begins; also after an escape, in a string that is JSON itself.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))"
_KEY = re.compile(_START + r"(sk-)[A-Za-z0-9_-]{4,}([A-Za-z0-9_-]{4})")
_TOKEN = re.compile(_START + r"(xox[a-z]-|xapp-)[A-Za-z0-9_-]{4,}([A-Za-z0-9_-]{4})")


def masked_entry(entry: JSON, never: Collection[str] = ()) -> JSON:
    """An entry of the journal as it may be shown. What is in `never` is not shown in a view either."""
    shown: JSON = masked(entry)
    if entry["direction"] == "in" and entry["method"] in _VIEW_METHODS and "view" in entry["body"]:
        shown["body"]["view"] = _each_text(entry["body"]["view"], lambda text: _view_text(text, never))
    return shown


def masked(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with every secret in it cut short."""
    return _each_text(value, lambda text: _cut(_KEY, _cut(_TOKEN, text)))


def _view_text(text: str, never: Collection[str]) -> str:
    for secret in never:
        text = text.replace(secret, masked(secret))
    return _cut(_TOKEN, text)


def _cut(secret: re.Pattern[str], text: str) -> str:
    return secret.sub(r"\1…\2", text)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    """A copy with every string changed, keys of objects too."""
    match value:
        case str():
            return change(value)
        case dict():
            return {_each_text(name, change): _each_text(part, change) for name, part in value.items()}
        case list() | tuple():
            return [_each_text(part, change) for part in value]
        case _:
            return value
