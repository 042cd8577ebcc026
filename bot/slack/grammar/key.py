"""`/ai-key`: asking for a key in one line, and managing one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.keys import KeyKind
from bot.slack.grammar.text import (
    HELP_WORDS,
    Help,
    Mistake,
    Slip,
    duration,
    is_amount,
    is_secret,
    label,
    needed_reason,
    optional_reason,
    quote,
    span,
    terms,
    tidy,
)

ASK = "/ai-key $25 7d evaluate rerankers"
ASK_MEMBER = "/ai-key member $50"
EXTEND = "/ai-key extend ana-7kq2 7d"
RETURN = "/ai-key return ana-7kq2"
LIST = "/ai-key list"


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Nothing was typed: a form helps."""


@dataclass(frozen=True, slots=True)
class AskTyped:
    """A key asked for in one line. Cap in micro-USD; no time means that none was said, or that the kind has none."""

    kind: KeyKind
    cap_micros: int
    duration_seconds: int | None
    models: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Show my keys."""


@dataclass(frozen=True, slots=True)
class ReturnKey:
    """Give a key back."""

    label: str


@dataclass(frozen=True, slots=True)
class ExtendKey:
    """More time for a key. The reason may be empty."""

    label: str
    duration_seconds: int
    reason: str


KeyCommand = OpenForm | AskTyped | ListKeys | ReturnKey | ExtendKey | Help | Mistake


def parse(text: str) -> KeyCommand:
    """Read what follows `/ai-key`. Never raises."""
    tokens = tidy(text).split()
    if not tokens:
        return OpenForm()
    word = tokens[0].lower()
    if word in HELP_WORDS:
        return Help()
    if word in _NOT_OFFERED:
        return _NOT_OFFERED[word]
    try:
        reader = _READERS.get(word)
        return reader(tokens[1:]) if reader else _ask(KeyKind.TEMPORARY, tokens, ASK)
    except Slip as slip:
        return slip.mistake


def _ask(kind: KeyKind, tokens: list[str], example: str) -> AskTyped:
    typed = terms(tokens, example)
    if typed.cap_micros is None:
        raise _no_amount(tokens, example)
    if kind is KeyKind.MEMBER:
        if typed.duration_seconds is not None:
            raise Slip("A member key has no end date: its cap starts again each month.", example)
        said = optional_reason(typed.rest, example)
    else:
        said = needed_reason(typed.rest, "Say in a few words what it is for.", example)
    return AskTyped(kind, typed.cap_micros, typed.duration_seconds, typed.models or (), said)


def _no_amount(tokens: list[str], example: str) -> Slip:
    """Why there is no amount: a pasted key, an amount further on, or a word Purser does not know."""
    if any(map(is_secret, tokens)):
        return Slip("That looks like a key. If it leaked, turn it off now.", "/ai-disable ana-7kq2")
    if any(is_amount(token, plain=False) for token in tokens):
        return Slip("Amount and time come first, then what it is for.", example)
    if not tokens or span(tokens):
        return Slip("Say how much it may spend.", example)
    return Slip(f"An amount comes first, and {quote(tokens[0])} is none.", example)


def _member(tokens: list[str]) -> KeyCommand:
    return _ask(KeyKind.MEMBER, tokens, ASK_MEMBER)


def _temporary(tokens: list[str]) -> KeyCommand:
    return _ask(KeyKind.TEMPORARY, tokens, "/ai-key temporary $25 7d evaluate rerankers")


def _list(tokens: list[str]) -> KeyCommand:
    if tokens:
        raise Slip("`list` shows your own keys and takes nothing else.", LIST)
    return ListKeys()


def _return(tokens: list[str]) -> KeyCommand:
    if not tokens:
        raise Slip("Say which key you give back.", RETURN)
    named = label(tokens[0], RETURN)
    if len(tokens) > 1:
        raise Slip("One key at a time, and nothing after its label.", RETURN)
    return ReturnKey(named)


def _extend(tokens: list[str]) -> KeyCommand:
    if not tokens:
        raise Slip("Say which key, and how much longer.", EXTEND)
    named = label(tokens[0], EXTEND)
    rest = tokens[1:]
    length = span(rest)
    if not length:
        raise Slip("Say how much longer, right after the label.", EXTEND)
    seconds = duration(" ".join(rest[:length]), EXTEND)
    return ExtendKey(named, seconds, optional_reason(tuple(rest[length:]), EXTEND))


_NOT_OFFERED = {
    "rotate": Mistake("Rotating is not offered yet. Give the key back and ask for a new one.", RETURN),
    "project": Mistake("Project keys are not offered yet. Temporary and member keys are.", ASK),
    "automation": Mistake("Automation keys are not offered yet. Temporary and member keys are.", ASK),
}
_READERS: dict[str, Callable[[list[str]], KeyCommand]] = {
    "member": _member,
    "temporary": _temporary,
    "list": _list,
    "return": _return,
    "extend": _extend,
}
