"""Looking for keys in text: which words may be keys of ours, and which are surely somebody else's. Pure and quick.

Whether a word is a key of ours is decided by its fingerprint alone, outside this module; so nothing here can be
mistaken about that. Shapes only say which words are worth the arithmetic. A candidate is a secret: it is handed on,
compared and dropped, never written down.

People paste keys as `KEY=sk-…`, into addresses, JSON, code and bold or crossed-out text, and glued to other words:
what surrounds a key is taken off in more than one way, and each way is a candidate.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run of characters that may be a key, and the line of the text it stands in, counted from 1."""

    secret: str = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A key of a provider's own shape, which Purser did not hand out and cannot turn off."""

    provider: str
    """As people call it, such as `OpenAI`."""
    revoke_url: str
    """The provider's page where such keys are revoked; empty where there is none for all."""
    line: int


BEGINS = "sk-"
"""How every key begins that a gateway of ours mints; the contract of gateways asks for it."""
SHORTEST_CHARS, LONGEST_CHARS = 16, 400
"""No key is shorter or longer."""
READINGS = 24
"""In how many ways one run is read at most."""

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\uff0d", "-"))
_RUN = re.compile(r"[A-Za-z0-9_-]{16,}")
_BEGINNING = re.compile(re.escape(BEGINS))
_JOINT = re.compile(r"[-_]")
_WORD = re.compile(r"[^\s\"'`<>|,;(){}\[\]]{6,}")
_PARTS = re.compile(r"[=:@/&?]")
_SHORTEST = 6


def candidates(text: str) -> Iterator[Candidate]:
    """Every reading of every run of characters that may be a key, in order, each with the line it stands in.

    A run may be a key when `sk-` begins in it: so do the keys of every gateway that Purser knows.
    """
    if BEGINS not in (text := plain(text)):
        return
    breaks: list[int] | None = None
    for found in _RUN.finditer(text):
        run = found[0]
        if BEGINS not in run:
            continue
        if breaks is None:
            breaks = _line_ends(text)
        line = bisect_right(breaks, found.start()) + 1
        for reading in islice(_readings(run), READINGS):
            yield Candidate(reading, line)


def words(text: str) -> Iterator[Candidate]:
    """Every word that could be a password of any shape: what a gateway is managed with need not look like a key."""
    text = plain(text)
    breaks = _line_ends(text)
    for found in _WORD.finditer(text):
        line = bisect_right(breaks, found.start()) + 1
        for word in dict.fromkeys(_unglued(found[0])):
            yield Candidate(word, line)


def plain(text: str) -> str:
    """The text without what nobody sees, and with every dash a hyphen; lines stay lines."""
    if text.isascii():
        return text
    return _UNSEEN.sub("", text).translate(_DASHES)


def _readings(run: str) -> Iterator[str]:
    """What begins with `sk-` in a run, and each of that without what is glued to its end."""
    starts = list(islice((found.start() for found in _BEGINNING.finditer(run)), READINGS))
    yield from (run[start:] for start in starts if SHORTEST_CHARS <= len(run) - start <= LONGEST_CHARS)
    for start in starts:
        ends = [found.start() for found in _JOINT.finditer(run, start + SHORTEST_CHARS, start + LONGEST_CHARS)]
        yield from (run[start:end] for end in reversed(ends))


def _unglued(word: str) -> Iterator[str]:
    """A word, what is left of it without marks around it, and its parts, as in an address or an assignment."""
    bare = word.strip("*_~.:!?")
    yield word
    yield bare
    yield from (part for part in _PARTS.split(bare) if len(part) >= _SHORTEST)


def _line_ends(text: str) -> list[int]:
    return [found.start() for found in re.finditer(r"\n", text)]


# --- keys of other providers ---


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider whose keys are known by their shape, and where they are revoked."""

    name: str
    revoke_url: str
    shape: str


_OPENAI_MARK = "T3BlbkFJ"
PROVIDERS: Sequence[Provider] = (
    Provider(
        "Anthropic", "https://console.anthropic.com/settings/keys", r"sk-ant-(?:api|admin|oat)\d{2}-[\w-]{80,120}"
    ),
    Provider("OpenRouter", "https://openrouter.ai/settings/keys", r"sk-or-v1-[a-f0-9]{64}"),
    Provider(
        "OpenAI",
        "https://platform.openai.com/api-keys",
        rf"sk-(?:(?:proj|svcacct|service|admin|None)-[\w-]{{20,100}}|[A-Za-z0-9]{{20}}){_OPENAI_MARK}[\w-]{{20,100}}",
    ),
    Provider("Groq", "https://console.groq.com/keys", r"gsk_[A-Za-z0-9]{52}"),
    Provider("xAI", "https://console.x.ai", r"xai-[A-Za-z0-9_]{80}"),
    Provider("Google", "https://console.cloud.google.com/apis/credentials", r"AIza[\w-]{35}"),
    Provider("Hugging Face", "https://huggingface.co/settings/tokens", r"(?:hf_|api_org_)[A-Za-z]{34}"),
    Provider("Perplexity", "https://www.perplexity.ai/settings/api", r"pplx-[A-Za-z0-9]{48}"),
    Provider("Slack", "https://api.slack.com/apps", r"xox[abposr]-[A-Za-z0-9-]{20,200}|xapp-\d-[A-Za-z0-9-]{40,200}"),
    Provider("Bifrost", "", r"sk-bf-[\w-]{20,100}"),
    Provider("LiteLLM", "", r"sk-(?=[\w-]{0,21}[0-9])(?=[\w-]{0,21}[a-z])(?=[\w-]{0,21}[A-Z])[\w-]{22}"),
)
"""Longest beginnings first: the first shape that fits says whose key it is."""

REVOKE_URLS = {provider.name: provider.revoke_url for provider in PROVIDERS}
_HINTS = ("sk-", "gsk_", "xai-", "AIza", "hf_", "api_org_", "pplx-", "xox", "xapp-")
_SHAPES = re.compile("|".join(f"(?P<p{index}>{provider.shape})" for index, provider in enumerate(PROVIDERS)), re.ASCII)
_INSIDE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def foreign(text: str) -> Iterator[Foreign]:
    """Every key of a known provider's shape, in order. Ours may be among them: take those out of the text before.

    A shape counts only where nothing is glued to it, so that a picture or a hash is none.
    """
    if not any(hint in text for hint in _HINTS):
        return
    text = plain(text)
    breaks = _line_ends(text)
    for found in _SHAPES.finditer(text):
        if _is_glued(text, found.start(), found.end()):
            continue
        provider = PROVIDERS[int((found.lastgroup or "p0")[1:])]
        yield Foreign(provider.name, provider.revoke_url, bisect_right(breaks, found.start()) + 1)


def without_foreign(text: str) -> str:
    """The text with everything of a known provider's shape replaced, also where something is glued to it."""
    return _SHAPES.sub("[key]", plain(text))


def _is_glued(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return before in _INSIDE or after in _INSIDE


def texts_in(value: object, most: int = 2000) -> Iterator[str]:
    """Every text in a tree of lists and mappings, such as the blocks of a message, at most so many."""
    yield from islice(_texts(value), most)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from chain.from_iterable(_texts(one) for one in value.values())
        case list() | tuple():
            yield from chain.from_iterable(_texts(one) for one in value)
        case _:
            pass
