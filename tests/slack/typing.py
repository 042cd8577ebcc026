"""What people type, read at one fixed moment: a Friday evening, ten days before a month ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.slack.grammar import budget, disable, key, team, usage
from bot.slack.grammar import reply as replies

NOW = datetime(2026, 11, 20, 18, 25, tzinfo=UTC)
SECRET = "sk-Zx9_kQ2mTn4-vB7pLs8WqA"  # made up


def reply(text: str) -> object:
    """A reply in a thread."""
    return replies.parse(text, NOW)


def ai_budget(text: str) -> object:
    """What follows `/ai-budget`."""
    return budget.parse(text, NOW)


def ai_usage(text: str) -> object:
    """What follows `/ai-usage`."""
    return usage.parse(text, NOW)


PARSERS: dict[str, Callable[[str], object]] = {
    "/ai-key": key.parse,
    "/ai-budget": ai_budget,
    "/ai-disable": disable.parse,
    "/ai-team": team.parse,
    "/ai-usage": ai_usage,
    "reply": reply,
}


def parse_example(shown: str) -> object:
    """The example as Slack would hand it over, with people resolved."""
    command, _, typed = shown.partition(" ")
    if command not in PARSERS:
        return reply(shown)
    for name in ("ana", "ben", "omar"):
        typed = typed.replace(f"@{name}", f"<@U{name.upper()}|{name}>")
    return PARSERS[command](typed)
