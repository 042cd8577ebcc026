"""Keys found in text, wherever it comes from: which of them are ours.

For the watch over channels and reported messages; `found` acts on it. What is looked through stays in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from bot.domain import leaks
from bot.domain.leaks import Foreign
from bot.services.context import Purser
from bot.services.leaking import keys_of, managed_with


@dataclass(frozen=True, slots=True)
class Match:
    """A key of ours that stands in a text. Certain: its fingerprint is in the books."""

    key_id: str
    label: str
    secret: str = field(repr=False)
    text: int
    """In which of the texts it stands, counted from 0."""
    line: int
    """In which line of that text, counted from 1."""


@dataclass(frozen=True, slots=True)
class OwnCredential:
    """What Purser manages a gateway with, standing in a text."""

    gateway: str
    secret: str = field(repr=False)
    text: int
    line: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in some texts. Each key and credential once, where it comes first."""

    keys: tuple[Match, ...] = ()
    own: tuple[OwnCredential, ...] = ()
    foreign: tuple[tuple[int, Foreign], ...] = ()
    """In which text, counted from 0, and what."""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.keys or self.own or self.foreign)


def look(purser: Purser, texts: Iterable[str]) -> Seen:
    """What stands in these texts. Reads the books only when something in them may be a key."""
    read = list(texts)
    own, rest = _own_in(purser, read)
    ours = _ours_in(purser, rest)
    for match in ours:
        rest = [leaks.plain(text).replace(match.secret, " ") for text in rest]
    others = [(index, one) for index, text in enumerate(rest) for one in leaks.foreign(text)]
    return Seen(tuple(ours), tuple(own), tuple(others))


def _own_in(purser: Purser, texts: list[str]) -> tuple[list[OwnCredential], list[str]]:
    """What Purser manages gateways with, and the texts without it."""
    found: dict[str, OwnCredential] = {}
    for index, text in enumerate(texts):
        for one in chain(leaks.candidates(text), leaks.words(text)):
            if (gateway := managed_with(purser, one.secret)) is not None:
                found.setdefault(gateway.name, OwnCredential(gateway.name, one.secret, index, one.line))
    rest = texts
    for own in found.values():
        rest = [leaks.plain(text).replace(own.secret, " ") for text in rest]
    return list(found.values()), rest


def _ours_in(purser: Purser, texts: list[str]) -> list[Match]:
    """Every key of ours, where it comes first."""
    places: dict[str, tuple[int, int]] = {}
    for index, text in enumerate(texts):
        for one in leaks.candidates(text):
            places.setdefault(one.secret, (index, one.line))
    if not places:
        return []
    with purser.books.reading() as session:
        known = keys_of(session, purser, places)
    first: dict[str, Match] = {}
    for secret, (index, line) in places.items():
        if (key := known.get(secret)) is not None:
            first.setdefault(key.id, Match(key.id, key.label, secret, index, line))
    return list(first.values())
