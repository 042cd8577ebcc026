"""A key is read wherever it can stand in a message, and whatever style cuts it into pieces."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain import leaks
from bot.slack.message_texts import texts_of

SECRET = "sk-Ab3dEf_h-JkLmN0pQrStU_"


def holds(message: dict[str, Any]) -> bool:
    return any(one.secret == SECRET for text in texts_of(message) for one in leaks.candidates(text))


def rich(*elements: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    inner = {"type": kind, "elements": list(elements)}
    if kind == "rich_text_section":
        inner = {"type": "rich_text_list", "style": "bullet", "elements": [inner]}
    return {"blocks": [{"type": "rich_text", "block_id": "b", "elements": [inner]}]}


@pytest.mark.parametrize(
    "message",
    [
        {"text": f"it is {SECRET}"},
        {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{SECRET}*"}}]},
        {"blocks": [{"type": "section", "fields": [{"type": "plain_text", "text": SECRET}]}]},
        {"blocks": [{"type": "image", "image_url": f"https://a.example/?k={SECRET}", "alt_text": "x"}]},
        rich({"type": "text", "text": f"key {SECRET}"}),
        rich({"type": "link", "url": f"https://a.example/?key={SECRET}&b=1", "text": "here"}),
        rich({"type": "text", "text": SECRET, "style": {"code": True}}, kind="rich_text_preformatted"),
        rich(
            {"type": "text", "text": SECRET[:9]},
            {"type": "text", "text": SECRET[9:14], "style": {"bold": True}},
            {"type": "text", "text": SECRET[14:]},
        ),
        {"attachments": [{"fallback": SECRET}]},
        {"attachments": [{"fields": [{"title": "env", "value": f"KEY={SECRET}"}]}]},
        {"attachments": [{"title_link": f"https://a.example/{SECRET}"}]},
        {"attachments": [{"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": SECRET}}]}]},
        {"attachments": [{"message_blocks": [{"message": rich({"type": "text", "text": SECRET})}]}]},
        {"files": [{"title": SECRET}]},
        {"files": [{"name": f"{SECRET}.txt"}]},
        {"files": [{"preview": f"a\n{SECRET}\nb"}]},
    ],
)
def test_a_key_is_read_wherever_it_stands(message: dict[str, Any]) -> None:
    assert holds(message)


@pytest.mark.parametrize(
    "message", [{}, {"text": None, "blocks": None, "attachments": None, "files": [None]}, {"attachments": ["x"]}]
)
def test_what_holds_nothing_or_is_odd_is_read_as_nothing(message: dict[str, Any]) -> None:
    assert not holds(message)


def test_a_text_that_comes_in_several_forms_is_read_once() -> None:
    message = {"text": "hello", **rich({"type": "text", "text": "hello"})}
    assert texts_of(message).count("hello") == 1


def test_blocks_that_nest_without_end_are_read_to_a_depth() -> None:
    node: dict[str, Any] = {"type": "rich_text", "elements": []}
    for _ in range(200):
        node = {"type": "odd", "elements": [node]}
    assert texts_of({"blocks": [node]})
