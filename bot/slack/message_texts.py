"""Every text of a message in which a key can stand: its words, blocks, attachments, and what Slack shows of files.

Slack gives one text in several forms, and cuts rich text wherever its style changes: what stands side by side in a
line is put together again before it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.leaks import texts_in

IN_LINE = frozenset({"rich_text_section", "rich_text_preformatted", "rich_text_quote"})
OF_FILES = ("title", "name", "preview", "plain_text")
MOST_DEPTH = 20


def texts_of(message: Mapping[str, Any]) -> list[str]:
    """The message's texts, each once."""
    found = [str(message.get("text") or "")]
    found += _of_blocks(message.get("blocks"))
    for attachment in message.get("attachments") or []:
        inner = attachment.get("blocks") if isinstance(attachment, dict) else None
        found += [*texts_in(attachment), *_of_blocks(inner)]
    for file in message.get("files") or []:
        if isinstance(file, dict):
            found += [str(file[name]) for name in OF_FILES if file.get(name)]
    return list(dict.fromkeys(text for text in found if text))


def _of_blocks(blocks: object) -> Iterator[str]:
    """Texts of blocks as they stand, and each line of rich text put together."""
    yield from texts_in(blocks)
    yield from _lines(blocks, 0)


def _lines(node: object, depth: int) -> Iterator[str]:
    if depth > MOST_DEPTH:
        return
    if isinstance(node, list):
        for one in node:
            yield from _lines(one, depth + 1)
    elif isinstance(node, dict):
        elements = node.get("elements")
        if node.get("type") in IN_LINE and isinstance(elements, list):
            yield "".join(str(one.get("text") or one.get("url") or "") for one in elements if isinstance(one, dict))
        else:
            yield from _lines(list(node.values()), depth + 1)
