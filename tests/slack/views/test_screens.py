"""Every screen in every state: as it was reviewed, within Slack's limits, safe whatever people type.

After a change of wording, `UPDATE_SNAPSHOTS=1 pytest tests/slack/views` writes the snapshots anew: review the diff.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.playground.slack.blockkit import check_message, check_view
from bot.slack.views.base import Message
from bot.slack.views.charts import in_words, native, picture, placed
from tests.slack.views import kit
from tests.slack.views.screens import Screen, every

SNAPSHOTS = Path(__file__).parent / "snapshots"
DRAWN = {world.name: every(world) for world in kit.WORLDS}
NAMES = sorted(DRAWN["everyday"])
EXACT_LABELS = {
    "Approve", "Approve with changes", "Deny", "Reveal key", "Extend", "Give back", "Disable now", "Restore", "Cancel",
    "Ask anyway", "Raise", "Snooze", "Keep", "Send me a weekly digest", "Stop my weekly digest",
    "Next", "Previous", "Post to channel", "Acknowledge", "Assign", "Close incident", "Reopen", "Export timeline",
    "Adopt", "Export CSV",
    "Rotate", "Take over", "Agree", "Call off",
}  # fmt: skip
ASKING = ("give_back_asked", "disable_asked", "disable_reviewed")
REVEALS = ("revealed", "modal_revealed_beside", "modal_revealed_instead")
OUR_IDS = re.compile(
    r"litellm:key-\d+|page-\d+|"
    r"(req|mine|key|alert|asked|incident)-\d+|U0ANA|sweep-\d+|review-\d+(-\d+)?|departure-\d+(:team-\d+(:key-\d+)?)?"
)


def as_json(screen: Screen) -> dict[str, Any]:
    if not isinstance(screen, Message):
        return screen
    charts = {"charts": [asdict(chart) for chart in screen.charts]} if screen.charts else {}
    return {"text": screen.text, "blocks": screen.blocks} | charts


def problems(screen: Screen) -> list[str]:
    """What Slack would object to, however the charts are shown."""
    if not isinstance(screen, Message):
        return check_view(screen)
    ways = [in_words, lambda chart: picture(chart, "F0PICTURE"), native(screen.charts) or in_words]
    return [problem for way in ways for problem in check_message(placed(screen, way), screen.text)]


def nodes(node: object) -> Iterator[dict[str, Any]]:
    """Every object in a payload."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


def texts(screen: Screen) -> Iterator[str]:
    """Every text that Slack would read markup in: not what stands in forms or rich text as it is."""
    payload = as_json(screen)
    if isinstance(screen, Message):
        yield screen.text
    for node in nodes(payload):
        if node.get("type") in ("mrkdwn", "plain_text") and isinstance(node.get("text"), str):
            yield node["text"]


@pytest.mark.parametrize("name", NAMES)
def test_screens_read_as_reviewed(name: str) -> None:
    drawn = json.dumps(as_json(DRAWN["everyday"][name]), indent=1, ensure_ascii=False) + "\n"
    path = SNAPSHOTS / f"{name}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(drawn, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == drawn


def test_no_snapshot_is_left_over() -> None:
    assert sorted(path.stem for path in SNAPSHOTS.glob("*.json")) == NAMES


@pytest.mark.parametrize("world", list(DRAWN))
@pytest.mark.parametrize("name", NAMES)
def test_screens_stay_within_slacks_limits(name: str, world: str) -> None:
    assert problems(DRAWN[world].get(name) or DRAWN["everyday"][name]) == []


def test_what_only_the_longest_have_stays_within_slacks_limits_too() -> None:
    further = {name: screen for name, screen in DRAWN["longest"].items() if name not in NAMES}
    assert further  # a thread of many pages
    assert {name: found for name, screen in further.items() if (found := problems(screen))} == {}


MARKUP = re.compile(
    r"<@U0(?!VICTIM)\w+>|<#C\w+>|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[0-9: -]+ UTC>"
    r"|<https://[^<>|\s]+\|[\w' ]+>"
)
ESCAPE = re.compile(r"&(?:amp|lt|gt);")


@pytest.mark.parametrize("world", ["longest", "hostile"])
def test_typed_text_can_neither_ping_nor_break_a_screen(world: str) -> None:
    allowed_mention = {"answer_refused", "answer_plain", "refused_modal", "notice_modal", "reveal_failed", "budget_set"}
    allowed_mention |= {name for name in NAMES if "effect_failed" in name}
    for name, screen in DRAWN[world].items():
        for text in texts(screen):
            rest = ESCAPE.sub("", MARKUP.sub("", text))
            if name in allowed_mention:
                rest = rest.replace("<@U0VICTIM>", "")
            assert not set(rest) & set("<>&"), (name, text)
            assert "\u202e" not in text, name
            assert "\x00" not in text, name


def test_slack_is_never_asked_to_find_mentions_in_plain_words() -> None:
    for name, screen in DRAWN["everyday"].items():
        for node in nodes(as_json(screen)):
            assert node.get("type") != "mrkdwn" or node.get("verbatim") is True, name


def test_button_labels_are_exact_and_values_opaque() -> None:
    seen = set()
    for name, screen in DRAWN["everyday"].items():
        for node in nodes(as_json(screen)):
            if node.get("type") == "button":
                seen.add(node["text"]["text"])
                assert OUR_IDS.fullmatch(node["value"]), name
    assert seen == EXACT_LABELS


def test_what_cannot_be_undone_asks_first() -> None:
    for screen in DRAWN["everyday"].values():
        for node in nodes(as_json(screen)):
            if node.get("action_id") in (
                "give_back",
                "disable_now",
                "disable_unknown",
                *ASKING,
                "disable_waiting",
                "restore_left",
            ):
                assert node["confirm"]["confirm"]["text"] == node["text"]["text"]


def test_seen_once_the_secret_stands_in_one_block_of_one_screen() -> None:
    for name, screen in DRAWN["everyday"].items():
        assert json.dumps(as_json(screen)).count(kit.SECRET) == (1 if name in REVEALS else 0), name


@pytest.mark.parametrize("name", REVEALS)
def test_seen_once_the_reveal_sends_nothing_back(name: str) -> None:
    view = as_json(DRAWN["everyday"][name])
    assert "submit" not in view
    assert "notify_on_close" not in view  # Slack would send the key back to us
    assert all(block["type"] != "input" for block in view["blocks"])
    assert kit.SECRET not in view["private_metadata"]


@pytest.mark.parametrize("name", [name for name in NAMES if "unproven" in name or name.endswith("disabling")])
def test_off_is_proven_or_said_not_to_be(name: str) -> None:
    screen = DRAWN["everyday"][name]
    assert isinstance(screen, Message)
    assert "NOT confirmed" in screen.text or "NOT yet off" in screen.text


def test_honest_every_spend_says_how_fresh_it_is() -> None:
    for name, screen in DRAWN["everyday"].items():
        for text in texts(screen):
            if re.search(r"[Ss]pent \$", text):
                assert "as of" in text or "not read yet" in text, (name, text)


def test_every_message_says_something_without_blocks() -> None:
    for name, screen in DRAWN["everyday"].items():
        if isinstance(screen, Message):
            assert len(screen.text) > 10, name
            assert "<!date" not in screen.text, name
