"""Inputs of forms, and what they hold when the form comes back: each builder has its reader.

Readers never raise: a payload of another shape reads as empty. Problems go into `errors`, by block id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain import money
from bot.domain.allowing import ANY
from bot.domain.periods import BadDuration, parse_duration
from bot.slack.views import actions as act
from bot.slack.views.base import (
    OPTION_CHARS,
    OPTION_VALUE_CHARS,
    OPTIONS,
    REASON_CHARS,
    Block,
    clip,
    plain,
)

Errors = dict[str, str]
REASON_MIN_CHARS = 3


def block(name: str, text: str, element: Block, hint: str = "", *, optional: bool = False) -> Block:
    built: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(text, 150),
        "element": element | {"action_id": name},
    }
    if hint:
        built["hint"] = plain(hint, 300)
    return built | {"optional": True} if optional else built


def line(example: str, initial: str = "") -> Block:
    element: Block = {"type": "plain_text_input", "placeholder": plain(example, 150), "max_length": 40}
    return element | {"initial_value": initial} if initial else element


def reason(text: str, *, optional: bool = False) -> Block:
    element = {"type": "plain_text_input", "multiline": True, "max_length": REASON_CHARS}
    return block(act.REASON, text, element, optional=optional)


def option(text: str, value: str) -> Block:
    return {"text": plain(clip(text, OPTION_CHARS), OPTION_CHARS), "value": value}


def models(offered: Sequence[str], chosen: Sequence[str]) -> list[Block]:
    """A choice of models, those already chosen first; none at all when the gateway's models are not known.

    None either when more are chosen than a form can hold: it would take away what it does not show.
    """
    names = [name for name in dict.fromkeys([*chosen, *offered]) if ANY not in name] if offered else []
    if len(chosen) > OPTIONS:
        return []
    options = [option(name, name) for name in names if 0 < len(name) <= OPTION_VALUE_CHARS][:OPTIONS]
    if not options:
        return []
    element: Block = {"type": "multi_static_select", "options": options}
    if initial := [option for option in options if option["value"] in chosen]:
        element["initial_options"] = initial
    return [block(act.MODELS, "Models", element, "Leave empty for all that are offered.", optional=True)]


def _element(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    node: Any = view
    for step in ("state", "values", name, name):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def has(view: Mapping[str, Any], name: str) -> bool:
    return bool(_element(view, name))


def typed(view: Mapping[str, Any], name: str) -> str:
    value = _element(view, name).get("value")
    return value.strip() if isinstance(value, str) else ""


def _value(option: object) -> str:
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""


def chosen(view: Mapping[str, Any], name: str) -> str:
    return _value(_element(view, name).get("selected_option"))


def many(view: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """What is chosen in a multi-select, or None when the form had none."""
    chosen = _element(view, name).get("selected_options")
    return tuple(filter(None, map(_value, chosen))) if isinstance(chosen, list) else None


def read_cap(view: Mapping[str, Any], errors: Errors) -> int:
    try:
        return money.parse(typed(view, act.CAP))
    except money.BadAmount as problem:
        errors[act.CAP] = f"{_capital(str(problem))}."
        return 0


def read_time(view: Mapping[str, Any], errors: Errors, *, needed: bool) -> int | None:
    given = typed(view, act.TIME)
    if not given and not needed:
        return None
    try:
        return parse_duration(given)
    except BadDuration as problem:
        errors[act.TIME] = f"{_capital(str(problem))}."
        return None


def read_daily_cap(view: Mapping[str, Any], errors: Errors) -> int | None:
    """The cap per day, or None where none was typed."""
    given = typed(view, act.DAILY_CAP)
    if not given:
        return None
    try:
        return money.parse(given.removesuffix("/day"))
    except money.BadAmount as problem:
        errors[act.DAILY_CAP] = f"{_capital(str(problem))}."
        return None


def until(last: date, hint: str) -> Block:
    """The last day that something stands."""
    element = {"type": "datepicker", "initial_date": last.isoformat()}
    return block(act.UNTIL, "Until", element, hint)


def read_until(view: Mapping[str, Any], errors: Errors) -> datetime | None:
    """The moment after the last day chosen."""
    given = _element(view, act.UNTIL).get("selected_date")
    try:
        last = date.fromisoformat(given) if isinstance(given, str) else None
        after = None if last is None else last + timedelta(days=1)
    except (ValueError, OverflowError):
        after = None
    if after is None:
        errors[act.UNTIL] = "Choose the last day it stands."
        return None
    return datetime(after.year, after.month, after.day, tzinfo=UTC)


def person(view: Mapping[str, Any], name: str) -> str | None:
    """The Slack user id of who was chosen, or None."""
    chosen = _element(view, name).get("selected_user")
    return chosen if isinstance(chosen, str) and chosen else None


def read_reason(view: Mapping[str, Any], errors: Errors, ask: str, *, needed: bool = True) -> str:
    reason = " ".join(typed(view, act.REASON).split())
    if needed and len(reason) < REASON_MIN_CHARS:
        errors[act.REASON] = ask
    elif len(reason) > REASON_CHARS:
        errors[act.REASON] = f"At most {REASON_CHARS} characters, please."
    return reason


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
