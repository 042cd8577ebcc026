"""`/ai-key`: asking for a key in one line, and managing one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.keys import KeyKind
from bot.domain.periods import DAY_SECONDS
from bot.slack.grammar.terms import Reader, duration, is_amount, read_terms, span
from bot.slack.grammar.text import (
    HELP_WORDS,
    Help,
    Mistake,
    Slip,
    is_secret,
    label,
    name,
    needed_reason,
    optional_reason,
    quote,
    split,
)

ASK = "/ai-key $25 7d evaluate rerankers"
ASK_MEMBER = "/ai-key member $50"
ASK_PROJECT = "/ai-key project search $500 serve search"
ASK_AUTOMATION = "/ai-key automation nightly-evals $200 $10/day @omar nightly evaluation"
EXTEND = "/ai-key extend ana-7kq2 7d"
RETURN = "/ai-key return ana-7kq2"
LIST = "/ai-key list"
ROTATE = "/ai-key rotate ana-7kq2 2h"
WHAT_FOR = "Say in a few words what it is for."


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Nothing was typed: a form helps."""


@dataclass(frozen=True, slots=True)
class AskTyped:
    """A key asked for in one line. Caps in micro-USD; no time means that none was said, or that the kind has none."""

    kind: KeyKind
    cap_micros: int
    duration_seconds: int | None
    models: tuple[str, ...]
    reason: str
    name: str = ""
    """The project that a project key is for, or what an automation key is called."""
    project: str = ""
    """The project that another key is charged to as well; empty for none."""
    daily_cap_micros: int | None = None
    lead_id: str | None = None


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


@dataclass(frozen=True, slots=True)
class RotateKey:
    """A new key in the place of one. How long both work: None when that was not said, 0 for not at all."""

    label: str
    overlap_seconds: int | None


KeyCommand = OpenForm | AskTyped | ListKeys | ReturnKey | ExtendKey | RotateKey | Help | Mistake


def parse(text: str) -> KeyCommand:
    """Read what follows `/ai-key`. Never raises."""
    tokens = split(text)
    if not tokens:
        return OpenForm()
    word = tokens[0].lower()
    if word in HELP_WORDS:
        return Help()
    try:
        reader = _READERS.get(word)
        return reader(tokens[1:]) if reader else _ask(KeyKind.TEMPORARY, tokens, ASK)
    except Slip as slip:
        return slip.mistake


def _ask(kind: KeyKind, tokens: list[str], example: str) -> AskTyped:
    """A key of one person: amount, time and models in any order, then the reason."""
    typed = Reader(tokens, example)
    read_terms(typed)
    rest = tuple(typed.left)
    if typed.cap_micros is None:
        raise _no_amount(tokens, example)
    if kind is KeyKind.MEMBER:
        if typed.duration_seconds is not None:
            raise Slip("A member key has no end date: its cap starts again each month.", example)
        if typed.project:
            raise Slip("A member key is for a person's daily work, not for a project.", example)
        said = optional_reason(rest, example)
    else:
        said = needed_reason(rest, WHAT_FOR, example)
    return AskTyped(kind, typed.cap_micros, typed.duration_seconds, typed.models or (), said, project=typed.project)


def _project(tokens: list[str]) -> AskTyped:
    """`project NAME $500 [@lead] reason`, the first three in any order."""
    typed, named, said = _named(tokens, ASK_PROJECT, "Say which project the key is for.", daily=False)
    if typed.project:
        raise Slip("A project key belongs to the project it names: leave out `project=`.", ASK_PROJECT)
    assert typed.cap_micros is not None
    return AskTyped(
        KeyKind.PROJECT, typed.cap_micros, None, typed.models or (), said, name=named, lead_id=typed.person_id
    )


def _automation(tokens: list[str]) -> AskTyped:
    """`automation NAME $200 $10/day @lead reason`, all but the reason in any order."""
    typed, named, said = _named(tokens, ASK_AUTOMATION, "Say what the key is called.", daily=True)
    assert typed.cap_micros is not None
    if typed.daily_micros is None:
        raise Slip("An automation key has a cap per day as well, such as $10/day.", ASK_AUTOMATION)
    if typed.daily_micros > typed.cap_micros:
        raise Slip("The cap per day is larger than the cap a month.", ASK_AUTOMATION)
    if typed.person_id is None and not typed.project:
        raise Slip("Name the lead with @, who answers for the key.", ASK_AUTOMATION)
    return AskTyped(
        KeyKind.AUTOMATION, typed.cap_micros, None, typed.models or (), said,
        name=named, project=typed.project, daily_cap_micros=typed.daily_micros, lead_id=typed.person_id,
    )  # fmt: skip


def _named(tokens: list[str], example: str, which: str, *, daily: bool) -> tuple[Reader, str, str]:
    """Terms, a lead and a name in any order, then the reason: the terms, the name and the reason.

    The first plain word is the name; the next one starts the reason.
    """
    typed, named = Reader(tokens, example), ""
    while typed.left:
        if typed.take_daily() or typed.take_amount(plain=typed.cap_micros is None) or typed.take_person():
            continue
        if not named and not span(typed.left):
            named, typed.left = name(typed.left[0], example), typed.left[1:]
        elif not typed.take_time():
            break
    kind = example.split()[1]
    if typed.duration_seconds is not None:
        article = "An" if daily else "A"
        raise Slip(f"{article} {kind} key has no end date: its cap starts again each month.", example)
    if not named:
        raise Slip(which, example)
    if typed.daily_micros is not None and not daily:
        raise Slip("Only automation keys have a cap per day.", example)
    if typed.cap_micros is None:
        late = any(is_amount(token, plain=False) for token in typed.left)
        raise Slip("Name and amounts come first, then what it is for." if late else "Say how much a month.", example)
    return typed, named, needed_reason(tuple(typed.left), WHAT_FOR, example)


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


def _rotate(tokens: list[str]) -> KeyCommand:
    """`rotate LABEL`, and for how long the old key works on: `now`, `2h`, `3d`."""
    if not tokens:
        raise Slip("Say which key gets a new one in its place.", ROTATE)
    named = label(tokens[0], ROTATE)
    rest = tokens[1:]
    if not rest:
        return RotateKey(named, None)
    if [word.lower() for word in rest] == ["now"]:
        return RotateKey(named, 0)
    length = span(rest)
    if not length or len(rest) > length:
        raise Slip("After the label comes how long the old key works on, or nothing.", ROTATE)
    seconds = duration(" ".join(rest), ROTATE)
    if seconds > 7 * DAY_SECONDS:
        raise Slip("Two keys work for one for at most 7 days.", ROTATE)
    return RotateKey(named, seconds)


_READERS: dict[str, Callable[[list[str]], KeyCommand]] = {
    "member": _member,
    "temporary": _temporary,
    "project": _project,
    "automation": _automation,
    "list": _list,
    "return": _return,
    "extend": _extend,
    "rotate": _rotate,
}
