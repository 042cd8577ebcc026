"""`/ai-team expect`: until when more spend is expected of the team or one of its projects, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.services.words import ProjectWord, TeamWord
from bot.slack.grammar import dates
from bot.slack.grammar.text import HELP_WORDS, Help, Mistake, Slip, is_secret, name, needed_reason, quote

EXPECT = "/ai-team expect project reranker until 15 December launch week"
LIST = "/ai-team expect list"
END = "/ai-team expect end project reranker"


@dataclass(frozen=True, slots=True)
class ShowExpected:
    """What is expected."""


@dataclass(frozen=True, slots=True)
class SetExpected:
    """More is expected of it until then."""

    what: TeamWord | ProjectWord
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class EndExpected:
    """No more than usual is expected of it from now on."""

    what: TeamWord | ProjectWord


ExpectCommand = ShowExpected | SetExpected | EndExpected | Help | Mistake


def parse(words: Sequence[str], now: datetime) -> ExpectCommand:
    """Read what follows `/ai-team expect`. Never raises."""
    first = words[0].lower() if words else "list"
    if first in HELP_WORDS:
        return Help()
    try:
        if first == "list":
            return _list(list(words[1:]))
        return _end(list(words[1:])) if first in ("end", "stop") else _set(list(words), now)
    except Slip as slip:
        return slip.mistake


def _list(rest: list[str]) -> ExpectCommand:
    if rest:
        raise Slip("`list` stands alone.", LIST)
    return ShowExpected()


def _end(words: list[str]) -> ExpectCommand:
    what, rest = _what(words, END)
    if rest:
        raise Slip("Say of what, and nothing else.", END)
    return EndExpected(what)


def _set(words: list[str], now: datetime) -> ExpectCommand:
    what, rest = _what(words, EXPECT)
    found = dates.until(rest, now, EXPECT) if rest else None
    if found is None:
        raise Slip("Say until when: `until 15 December`.", EXPECT)
    ends_at, length = found
    return SetExpected(
        what, ends_at, needed_reason(tuple(rest[length:]), "Say in a few words what is going on.", EXPECT)
    )


def _what(words: list[str], example: str) -> tuple[TeamWord | ProjectWord, list[str]]:
    """The team or a project, and the words after it."""
    word = words[0].lower() if words else ""
    if word == "team":
        return TeamWord(), words[1:]
    if word == "project" and len(words) > 1:
        return ProjectWord(name(words[1], example)), words[2:]
    if word and word != "project" and not is_secret(words[0]):
        raise Slip(f"Say `team`, or `project` and its name, not {quote(words[0])}.", example)
    raise Slip("Say `team`, or `project` and its name.", example)
