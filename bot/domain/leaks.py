"""Looking for keys in text: which words may be keys of ours, and which are surely somebody else's. Pure and quick.

Whether a word is a key of ours is decided by its fingerprint alone, outside this module; so nothing here can be
mistaken about that. Shapes only say which words are worth the arithmetic. A candidate is a secret: it is handed on,
compared and dropped, never written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


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
    """The provider's page where such keys are revoked."""
    line: int


_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{15,}")


def candidates(text: str) -> Iterator[Candidate]:
    """Every run of characters that may be a key, in order, each with the line it stands in."""
    for found in _RUN.finditer(text):
        yield Candidate(found[0], text.count("\n", 0, found.start()) + 1)


def foreign(text: str) -> Iterator[Foreign]:
    """Every key of a known provider's shape, in order."""
    for found in re.finditer(r"sk-ant-api03-[\w-]{93}AA", text):
        yield Foreign(
            "Anthropic", "https://console.anthropic.com/settings/keys", text.count("\n", 0, found.start()) + 1
        )
