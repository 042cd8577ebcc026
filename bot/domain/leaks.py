"""Looking for keys in text: which words may be keys of ours, and which are surely somebody else's. Pure and quick.

Whether a word is a key of ours is decided by its fingerprint alone, outside this module; so nothing here can be
mistaken about that. Shapes only say which words are worth the arithmetic. A candidate is a secret: it is handed on,
compared and dropped, never written down.
"""

from __future__ import annotations

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
