"""A digest in the terminal, from the very messages that Slack gets, with what is known of it beyond them.

Readable at 80 columns. Marks of Slack's are drawn as they look there: bold, code, names instead of ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from bot.domain.money import show_beside
from bot.services.digest_past import Past
from bot.slack.views import digest
from bot.slack.views.base import Message

WIDEST = 100
_MARKS = re.compile(
    r"<@(?P<person>[UW][A-Z0-9]+)>|<#(?P<channel>C[A-Z0-9]+)>|<!date\^[^|>]*\|(?P<moment>[^>]*)>"
    r"|<(?:https?://|mailto:)[^|>]*\|(?P<link>[^>]*)>|\*(?P<bold>[^*\n]+)\*|`(?P<code>[^`\n]+)`"
)


def messages(past: Past) -> tuple[Message, ...]:
    """What Slack gets: the message, then what stands in its thread."""
    return digest.digest(past.notice), *digest.thread(past.notice)


def show(past: Past, console: Console) -> None:
    """Write the digest, how it stands, and what was restated since it was posted."""
    names = dict(past.names)
    console.width = min(console.width, WIDEST)
    console.print(Text(_standing(past), style="italic"))
    for number, message in enumerate(messages(past)):
        console.print(Rule("In the channel" if number == 0 else "In its thread", align="left", style="dim"))
        for block in message.blocks:
            for drawn in _drawn(block, message, names):
                console.print(drawn)
    console.print(Rule(style="dim"))
    for line in restated(past):
        console.print(Text(line))


def restated(past: Past) -> Iterator[str]:
    """Whether the figures still are what the books say, and which restatement changed them."""
    if past.posted_at is None:
        return
    if not past.moved:
        yield "The books say the same today."
        return
    yield "Restated since it was posted:"
    for one in past.moved:
        now, was = one.now.cost_micros, one.was.cost_micros
        before, after = (
            "unpriced" if totals.is_unpriced else show_beside(totals.cost_micros, other.cost_micros)
            for totals, other in ((one.was, one.now), (one.now, one.was))
        )
        cost = f"{before} as posted, {after} now"
        same = f"{one.was.requests:,} requests as posted, {one.now.requests:,} now"
        yield f"  {one.day:%A %Y-%m-%d}: {cost if now != was else same}"
    for row in past.restatements:
        yield f"  {row}"
    if not past.restatements:
        yield "  No row of the ledger yet: the usage came before its day was closed, or the day is being posted again."


def _standing(past: Past) -> str:
    told = past.notice.digest
    was = "" if told.figures.name == past.team_name else f" The team was called {told.figures.name} then."
    if past.posted_at is not None:
        return f"{told.week.name} as it was posted on {past.posted_at:%Y-%m-%d %H:%M} UTC.{was}"
    if past.is_skipped:
        return f"{told.week.name} was skipped. These are the figures of now."
    return f"{told.week.name} has not been posted. This is what would be."


def _drawn(block: Mapping[str, Any], message: Message, names: Mapping[str, str]) -> Iterator[Any]:
    """A block as text; charts as their words, buttons by their labels."""
    match block:
        case {"type": "header", "text": {"text": text}}:
            yield Text(unescape(text), style="bold")
        case {"type": "section", "text": {"text": text}}:
            yield _text(text, names)
        case {"type": "context", "elements": parts}:
            for part in parts:
                yield _text(part["text"], names, style="dim")
        case {"type": "actions", "elements": buttons}:
            yield Text("  ".join(f"[{one['text']['text']}]" for one in buttons), style="dim")
        case {"type": "divider"}:
            yield Rule(style="dim")
        case _:
            for chart in message.charts:
                yield Text(f"Chart: {chart.title}. {chart.alt}", style="dim")


def _text(said: str, names: Mapping[str, str], style: str = "") -> Text:
    """Slack's marks drawn as they look there."""
    text, at = Text(style=style), 0
    for found in _MARKS.finditer(said):
        text.append(unescape(said[at : found.start()]))
        kind = found.lastgroup or ""
        inner = found[kind]
        if kind == "bold":
            text.append_text(_text(inner, names, "bold"))
        elif kind == "person":
            text.append(f"@{names.get(inner, inner)}")
        else:
            text.append(unescape(f"#{inner}" if kind == "channel" else inner), "bold" if kind == "code" else "")
        at = found.end()
    text.append(unescape(said[at:]))
    return text
