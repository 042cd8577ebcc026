"""The bricks every view is made of: safe text, moments, mentions, and blocks inside Slack's limits.

Whatever a person typed goes through `clip` or `code`, which escape it and cut it between characters, so that
it can neither ping anybody nor break a message. Every mrkdwn text is `verbatim`: Slack would otherwise turn a
plain `@channel` into a mention (docs.slack.dev/reference/block-kit/composition-objects/text-object).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.domain.charts import Chart

Block = dict[str, Any]
View = dict[str, Any]

SECTION_CHARS = 3000
FALLBACK_CHARS = 3000
"""Our own limit for fallback text; Slack's is far above."""
CONTEXT_CHARS = 2000
TITLE_CHARS = 24
OPTION_CHARS = 75
OPTION_VALUE_CHARS = 150
OPTIONS = 100
REASON_CHARS = 500
NAME_CHARS = 80

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_MENTION = re.compile(r"<@[UW][A-Z0-9]{1,20}>")
_REFERENCE = re.compile(r"<(?:@[UW]|#C)[A-Z0-9]{1,20}>")


@dataclass(frozen=True)
class Message:
    """A message for Slack: blocks to see, and `text` for notifications and screen readers.

    Each chart stands where its mark (`chart_here`) is among the blocks. What sends the message puts there what Slack
    takes: a native chart, a picture, or its words. Slack itself knows no such mark.
    """

    text: str
    blocks: list[Block]
    charts: tuple[Chart, ...] = ()


def clip(text: str, limit: int) -> str:
    """Escaped and on one line, at most `limit` characters long after escaping, cut between characters."""
    plain = " ".join(_UNSEEN.sub(" ", text).split())
    pieces = [_ESCAPES.get(char, char) for char in plain]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    length, kept = 1, []
    for piece in pieces:
        length += len(piece)
        if length > limit:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + "…"


def sentence(text: str, limit: int = SECTION_CHARS) -> str:
    """One of our own sentences that may hold typed words: escaped, but people and channels stay links."""
    shown, at, room = [], 0, limit
    for found in [*_REFERENCE.finditer(text), None]:
        words = text[at : found.start() if found else len(text)]
        lead, tail = (" " if part else "" for part in (words[:1].isspace(), words[-1:].isspace()))
        piece = f"{lead}{clip(words, max(1, room - 2))}{tail}" if words.strip() else words[:1]
        piece += found[0] if found else ""
        if len(piece) > room:
            break
        shown.append(piece)
        room -= len(piece)
        at = found.end() if found else at
    return "".join(shown).strip()


def code(text: str, limit: int = NAME_CHARS) -> str:
    """A name in code style. Backticks inside it, which would end the style, are dropped."""
    return f"`{clip(text.replace('`', ''), limit) or '?'}`"


def mention(user_id: str) -> str:
    """`<@U…>`; anything that is not a user id is shown as plain text."""
    tag = f"<@{user_id}>"
    return tag if _MENTION.fullmatch(tag) else clip(user_id, NAME_CHARS)


def mentions(user_ids: Sequence[str], most: int = 5, last: str = "and") -> str:
    """`@a, @b and @c`; beyond `most`, `@a, @b and 4 more`."""
    named = [mention(user_id) for user_id in user_ids[:most]]
    if len(user_ids) > most:
        return f"{', '.join(named)} and {len(user_ids) - most} more"
    return join(named, last)


def join(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def plain_moment(at: datetime) -> str:
    """`2026-11-27 18:25 UTC`, for text that Slack does not format."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def moment(at: datetime) -> str:
    """A moment in each reader's own time zone, in UTC where Slack cannot tell."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{plain_moment(at)}>"


def reset_moment(at: datetime) -> str:
    """When a budget starts again: `1 December 00:00 UTC`, the same for every reader."""
    return f"{at.astimezone(UTC):%-d %B %H:%M} UTC"


_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


def fallback(text: str) -> str:
    """Block text as notifications can show it: moments spelt out, no bold marks."""
    spelt = _DATE.sub(r"\1", text).replace("*", "")
    return fit(spelt, FALLBACK_CHARS)


def fit(text: str, limit: int) -> str:
    """Finished mrkdwn cut to `limit`, never inside an escape, a mention or a moment."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    opened, entity = cut.rfind("<"), cut.rfind("&")
    if opened > cut.rfind(">"):
        cut = cut[:opened]
    elif entity > cut.rfind(";"):
        cut = cut[:entity]
    return cut.rstrip() + "…"


def stack(lines: Iterable[str], limit: int = SECTION_CHARS) -> str:
    """Whole lines as far as they fit, then how many more there are."""
    wanted = [line for line in lines if line]
    kept: list[str] = []
    room = limit - 20
    for index, line in enumerate(wanted):
        room -= len(line) + 1
        if room < 0:
            if not kept and len(wanted) == 1:
                return fit(line, limit)
            kept = kept or [fit(line, limit - 20)]
            return "\n".join([*kept, f"…and {len(wanted) - max(index, 1)} more"])
        kept.append(line)
    return "\n".join(kept)


def mrkdwn(text: str, limit: int = SECTION_CHARS) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": fit(text, limit), "verbatim": True}


def plain(text: str, limit: int) -> dict[str, Any]:
    """A plain text object. Pass typed text through `clip` first."""
    return {"type": "plain_text", "text": fit(text, limit)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def fields(*pairs: tuple[str, str]) -> Block:
    """Names and values side by side, ten at most."""
    shown = [mrkdwn(f"*{name}*\n{value}", 2000) for name, value in pairs[:10]]
    return {"type": "section", "fields": shown}


def context(*lines: str) -> list[Block]:
    """Small print, or no block at all when there is nothing to say."""
    said = stack(lines, CONTEXT_CHARS)
    return [{"type": "context", "elements": [mrkdwn(said, CONTEXT_CHARS)]}] if said else []


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


CHART_MARK = "purser_chart"


def chart_here(number: int) -> Block:
    """The place of the message's chart of this number, counted from 0."""
    return {"type": CHART_MARK, "number": number}


def divider() -> Block:
    return {"type": "divider"}


def literal(text: str) -> Block:
    """Text to copy, shown exactly as it is."""
    inner = [{"type": "text", "text": text}]
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": inner}]}


def button(label: str, action_id: str, value: str, style: str = "", confirm: Block | None = None) -> Block:
    """A button with an opaque id as value. `style` is `primary`, `danger` or empty."""
    block: Block = {"type": "button", "text": plain(label, 75), "action_id": action_id, "value": value}
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    return block


def confirm(title: str, text: str, yes: str) -> Block:
    """The question asked before something that cannot be undone at a click."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain("Cancel", 30),
    }


def actions(*buttons: Block | None) -> list[Block]:
    """A row of the buttons that apply, or no block at all."""
    shown = [one for one in buttons if one]
    return [{"type": "actions", "elements": shown}] if shown else []


def message(text: str, *blocks: Block | list[Block], charts: Sequence[Chart] = ()) -> Message:
    """A message from blocks and lists of blocks; `text` is turned into a fallback. Charts stand at their marks."""
    flat: list[Block] = []
    for block in blocks:
        flat.extend(block if isinstance(block, list) else [block])
    return Message(fallback(text), flat or [section(text)], tuple(charts))


def modal(callback_id: str, title: str, blocks: list[Block], metadata: str = "", submit: str = "") -> View:
    """A modal; with `submit` it is a form, and then closing it says Cancel."""
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, TITLE_CHARS),
        "close": plain("Cancel" if submit else "Close", TITLE_CHARS),
        "blocks": blocks,
    }
    if submit:
        view["submit"] = plain(submit, TITLE_CHARS)
    if metadata:
        view["private_metadata"] = metadata
    return view
