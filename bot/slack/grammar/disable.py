"""`/ai-disable`: which key to turn off. Made for somebody in a hurry, who may have pasted the key itself.

A secret leaves here only in `DisableSecret.secret`, never in a reason or a mistake, and a reason that is too
long is cut, not refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.slack.grammar.text import (
    HELP_WORDS,
    REASON_MAX_CHARS,
    Help,
    Mistake,
    is_label,
    is_secret,
    reason,
    tidy,
    unwrapped,
)

EXAMPLE = "/ai-disable ana-7kq2 posted in a public repo"


@dataclass(frozen=True, slots=True)
class OpenDisableForm:
    """Nothing was typed: a form helps."""


@dataclass(frozen=True, slots=True)
class DisableSecret:
    """Turn off the key that was pasted."""

    secret: str = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class DisableLabel:
    """Turn off the key of this label."""

    label: str
    reason: str


DisableCommand = OpenDisableForm | DisableSecret | DisableLabel | Help | Mistake

_LEADS = frozenset({"bearer", "authorization", "key", "label", "x-api-key", "api-key"})


def parse(text: str) -> DisableCommand:
    """Read what follows `/ai-disable`. Never raises.

    The first word decides when it is a label with a digit in it, as Purser's nearly always are; else a key pasted
    anywhere counts, and else the first word that could be either.
    """
    tokens = tidy(text).split()
    while tokens and unwrapped(tokens[0]).lower() in {*_LEADS, ""}:
        tokens = tokens[1:]
    if not tokens:
        return Mistake("Say which key.", EXAMPLE) if text.strip() else OpenDisableForm()
    first = unwrapped(tokens[0])
    if tokens[0].lower() in HELP_WORDS:
        return Help()
    pasted = any(map(is_secret, tokens))
    if is_label(first) and (any(map(str.isdigit, first)) or not pasted):
        return DisableLabel(first.lower(), _reason(tokens[1:]))
    if tokens[0].startswith(("<@", "<!", "<#", "@")) and not pasted:
        return Mistake("Turning off everything of a person is not offered yet: name one key.", EXAMPLE)
    if first.lower() == "project" and not pasted:
        return Mistake("Turning off a whole project is not offered yet: name one key.", EXAMPLE)
    return _pasted(tokens)


def _pasted(tokens: list[str]) -> DisableCommand:
    """The key among the words: the first that looks like one, or an odd first word, which may be one."""
    found = next((index for index, token in enumerate(tokens) if is_secret(token)), None)
    if found is None and _is_odd(unwrapped(tokens[0])):
        found = 0
    if found is not None:
        return DisableSecret(unwrapped(tokens[found]), _reason(tokens[:found] + tokens[found + 1 :]))
    named = next((index for index, token in enumerate(tokens) if is_label(unwrapped(token))), None)
    if named is not None and any(map(str.isdigit, tokens[named])):
        return DisableLabel(unwrapped(tokens[named]).lower(), _reason(tokens[:named] + tokens[named + 1 :]))
    return Mistake("Start with the key's label, or paste the whole key.", EXAMPLE)


def _is_odd(token: str) -> bool:
    """Longer than a word, or mixed as no word is."""
    mixed = any(map(str.isdigit, token)) and any(map(str.isalpha, token))
    return len(token) >= 16 or (mixed and len(token) >= 8)


def _reason(tokens: list[str]) -> str:
    said = reason(" ".join(tokens))
    return said if len(said) <= REASON_MAX_CHARS else f"{said[: REASON_MAX_CHARS - 1].rstrip()}…"
