"""What people type pings nobody: in no message of Purser does a typed mention reach anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from bot.playground.slack.model import BOT_USER_ID
from tests.scenarios.desk import Desk

HOSTILE = "<!channel> <!here|hi> <@U0FAY> <!subteam^S0TEAM> @channel @everyone &lt;!channel&gt; </script> *bold* `code"
PINGS = re.compile(r"<!(?:channel|here|everyone|subteam)|<@U0FAY")


def said_by_purser(desk: Desk) -> list[str]:
    """Everything Purser ever sent to Slack, as it went over the wire."""
    return [json.dumps(entry.body) for entry in desk.slack.world.journal.entries(direction="in")]


def test_typed_mentions_reach_nobody_wherever_they_are_shown(desk: Desk) -> None:
    card = desk.ask(f"$5 1d {HOSTILE}")
    assert "<!channel>" in desk.text(card)  # shown as typed
    desk.clicks("omar", "Deny", card)
    assert desk.who("omar").submit(desk.modal("omar", "Why not?"), {"reason": HOSTILE}).ok
    desk.card_says(card, "Denied")
    label, _ = desk.key("$6 1d a try")
    desk.types("ana", f"/ai-key extend {label} 2d {HOSTILE}")
    desk.settle()
    desk.replies("omar", desk.office.cards()[-1], f"deny {HOSTILE}")
    desk.types("ben", f"/ai-disable {label} {HOSTILE}")
    desk.settle()
    desk.types("ana", f"/ai-key $5 {HOSTILE}")
    desk.types("ana", f"/ai-key {HOSTILE}")
    desk.types("omar", f"/ai-team create {HOSTILE}")
    desk.types("omar", "/ai-team invite <!channel>")
    desk.home("ana")
    desk.home("omar")

    sent = said_by_purser(desk)
    assert len(sent) > 20
    assert [payload for payload in sent if PINGS.search(payload)] == []


def test_every_text_of_purser_is_verbatim_so_that_plain_words_do_not_become_mentions(desk: Desk) -> None:
    desk.ask("$5 1d tell @channel and #general")
    for message in [*desk.office.cards(), *desk.who("ana").ephemerals()]:
        if message.user != BOT_USER_ID:
            continue
        found = [text for block in message.blocks for text in texts(block)]
        assert found
        assert all(text["verbatim"] for text in found)


def texts(node: object) -> Iterator[dict[str, Any]]:
    """Every text that Slack would format."""
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            yield node
        for inner in node.values():
            yield from texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from texts(inner)
