"""The plain text of a message or view as a reader sees it, for assertions and for the terminal."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape, unescape

from bot.playground.slack.elements import as_list, as_object
from bot.playground.slack.model import JSON, Message, View
from bot.playground.slack.state import State

_MARKUP = re.compile(r"<([^<>]*)>")
_DATE_FORMS = {
    "{date_num}": "%Y-%m-%d",
    "{date}": "%B %-d, %Y",
    "{date_pretty}": "%B %-d, %Y",
    "{date_short}": "%b %-d, %Y",
    "{date_short_pretty}": "%b %-d, %Y",
    "{date_long}": "%A, %B %-d, %Y",
    "{date_long_pretty}": "%A, %B %-d, %Y",
    "{time}": "%H:%M",
    "{time_secs}": "%H:%M:%S",
    "{ago}": "%Y-%m-%d %H:%M",
}


def text_of(state: State, shown: Message | View) -> str:
    """What is on the screen, a line per piece; buttons as [Label], mentions as @handle, entities undone."""
    if isinstance(shown, View):
        content = shown.content
        frame = [_label(content.get(key)) for key in ("title", "submit", "close")]
        lines = [
            frame[0],
            *_blocks(content.get("blocks", [])),
            *[f"[{label}]" for label in frame[1:] if label],
        ]
    else:
        lines = list(_blocks(shown.blocks)) or [shown.text]
    return "\n".join(readable(state, line) for line in lines if line)


def readable(state: State, text: str) -> str:
    """Text without its markup of mentions, channels, links, dates and entities; *bold* stays as typed."""
    return unescape(_MARKUP.sub(lambda m: _marked(state, m.group(1)), text))


def _marked(state: State, inner: str) -> str:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        user = state.users.get(target[1:])
        return f"@{user.name}" if user else f"@{label or target[1:]}"
    if target.startswith("#"):
        channel = state.channels.get(target[1:])
        return f"#{channel.name}" if channel else f"#{label or target[1:]}"
    if target.startswith("!date^"):
        return _date(target, label)
    if target.startswith("!"):
        return f"@{target[1:].split('^')[0]}"
    return label or target


def _date(target: str, fallback: str) -> str:
    parts = target.split("^")
    try:
        moment = datetime.fromtimestamp(int(parts[1]), UTC)
        shown = parts[2]
    except (IndexError, ValueError, OverflowError):
        return fallback
    for token, form in _DATE_FORMS.items():
        shown = shown.replace(token, moment.strftime(form))
    return shown


def _label(node: object) -> str:
    """The text of a text object, in mrkdwn: in plain_text, angle brackets are just that."""
    text = str(as_object(node).get("text") or "")
    if as_object(node).get("type") == "plain_text":
        return text.replace("<", "&lt;").replace(">", "&gt;")
    return text


def _literal(text: object) -> str:
    """Text that Slack shows exactly as sent, in mrkdwn."""
    return escape(str(text), quote=False)


def _blocks(blocks: list[JSON]) -> Iterator[str]:
    for block in blocks:
        yield from _block(block)


def _block(block: JSON) -> Iterator[str]:  # noqa: C901, PLR0912 - one case per kind of block
    match block.get("type"):
        case "section" | "header" | "alert":
            if "text" in block:
                yield _label(block["text"])
            yield from map(_label, as_list(block.get("fields")))
            if "accessory" in block:
                yield _element(block["accessory"])
        case "markdown":
            yield str(block.get("text", ""))
        case "context":
            yield " ".join(_element(e) for e in as_list(block.get("elements")))
        case "actions":
            yield " ".join(_element(e) for e in as_list(block.get("elements")))
        case "input":
            yield f"{_label(block.get('label'))}: {_element(block.get('element'))}"
            if "hint" in block:
                yield _label(block["hint"])
        case "image":
            yield str(block.get("alt_text", ""))
        case "rich_text":
            for part in as_list(block.get("elements")):
                yield from _rich(part).splitlines()
        case "table" | "data_table":
            yield str(block.get("caption", ""))
            for row in as_list(block.get("rows")):
                yield " | ".join(_cell(cell) for cell in row)
        case "container":
            yield _label(block.get("title"))
            yield from _blocks(as_list(block.get("child_blocks")))
        case "carousel":
            yield from _blocks(as_list(block.get("elements")))
        case "card":
            yield from (_label(block.get(key)) for key in ("title", "subtitle", "body"))
            yield " ".join(_element(e) for e in as_list(block.get("actions")))
        case "data_visualization":
            yield str(block.get("title", ""))
        case _:
            return


def _cell(cell: JSON) -> str:
    if cell.get("type") == "rich_text":
        return " ".join(_rich(part) for part in as_list(cell.get("elements")))
    return _literal(cell.get("text", ""))


def _element(node: object) -> str:
    element = as_object(node)
    kind = element.get("type")
    if kind in ("plain_text", "mrkdwn"):
        return _label(element)
    if kind == "button":
        return f"[{_label(element.get('text'))}]"
    if kind == "image":
        return str(element.get("alt_text", ""))
    initial = element.get("initial_value") or _label(as_object(element.get("initial_option")).get("text"))
    return f"({initial or _label(element.get('placeholder'))})"


def _rich(node: object) -> str:
    part = as_object(node)
    match part.get("type"):
        case "text":
            return _literal(part.get("text", ""))
        case "link":
            return str(part.get("text") or part.get("url", ""))
        case "user":
            return f"<@{part.get('user_id')}>"
        case "channel":
            return f"<#{part.get('channel_id')}>"
        case "emoji":
            return f":{part.get('name')}:"
        case "rich_text_list":
            return "\n".join(f"- {_rich(item)}" for item in as_list(part.get("elements")))
        case _:
            return "".join(_rich(inner) for inner in as_list(part.get("elements")))
