"""`/ai-disable`: which key to turn off, or whose. Made for somebody in a hurry, who may have pasted the key itself.

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
    Slip,
    is_label,
    is_secret,
    is_surely_label,
    name,
    not_a_person,
    person,
    reason,
    split,
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


@dataclass(frozen=True, slots=True)
class DisablePerson:
    """Turn off every key that this person holds, by Slack user id."""

    member_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DisableProject:
    """Turn off every key of the project that is called so: `NAME`, or `TEAM/NAME`."""

    name: str
    reason: str


DisableCommand = OpenDisableForm | DisableSecret | DisableLabel | DisablePerson | DisableProject | Help | Mistake
GROUP_EXAMPLE = "/ai-disable project nightly-evals runs wild"

_LEADS = frozenset({"bearer", "authorization", "key", "label", "x-api-key", "api-key"})


def parse(text: str) -> DisableCommand:
    """Read what follows `/ai-disable`. Never raises.

    The first word decides when it is a label with a digit in it, as Purser's nearly always are; else a key pasted
    anywhere counts, then a person or project that is named first, and else the first word that could be a key.
    """
    try:
        return _parse(text)
    except Slip as slip:
        return slip.mistake


def _parse(text: str) -> DisableCommand:
    tokens = split(text)
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
    if pasted:
        return _pasted(tokens)
    if tokens[0].startswith(("<@", "<!", "<#", "@")):
        return _person(tokens)
    return _project(tokens[1:]) if first.lower() == "project" else _pasted(tokens)


def _person(tokens: list[str]) -> DisableCommand:
    """Everything of a person, unless one key is named after them: then it is that one."""
    who = person(tokens[0])
    if who is None:
        raise not_a_person(tokens[0], "/ai-disable @ana left the company")
    if len(tokens) > 1 and is_surely_label(unwrapped(tokens[1])):
        return DisableLabel(unwrapped(tokens[1]).lower(), _reason(tokens[2:]))
    return DisablePerson(who, _reason(tokens[1:]))


def _project(tokens: list[str]) -> DisableCommand:
    if not tokens:
        return Mistake("Say which project.", GROUP_EXAMPLE)
    team, slash, project = tokens[0].strip("`\"',").rpartition("/")
    called = name(project, GROUP_EXAMPLE)
    where = f"{name(team, GROUP_EXAMPLE)}/" if slash else ""
    return DisableProject(f"{where}{called}", _reason(tokens[1:]))


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
