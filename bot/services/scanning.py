"""Looking through much text for keys: everything known is read once, so that a text costs arithmetic and no query.

Certain about ours, by fingerprint or handle; of others it knows shapes only. What is found leaves here as a place and a
label; only `Finding.secret` holds the secret, for turning the key off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.domain import leaks
from bot.domain.keys import Key, KeyState, fingerprint
from bot.domain.leaks import Foreign
from bot.gateways.base import Gateway
from bot.services.context import Purser
from storage import keys


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands in a line: a key of ours, what Purser manages a gateway with, or somebody else's key."""

    line: int
    """Counted from 1 within the text."""
    key: Key | None = None
    gateway: str | None = None
    foreign: Foreign | None = None
    secret: str = field(default="", repr=False)

    @property
    def is_off(self) -> bool:
        """Whether nobody can use it any more, as far as the books know."""
        return self.key is not None and self.key.state in (KeyState.DISABLED, KeyState.DISCARDED)


@dataclass(frozen=True, slots=True)
class Known:
    """Every key whose secret would be recognised, as the books had them when they were read."""

    fingerprints: Mapping[str, Key]
    handles: Mapping[tuple[str, str], Key]
    gateways: tuple[Gateway, ...]
    pepper: bytes = field(repr=False)

    def find(self, text: str) -> Iterator[Finding]:
        """What stands in a text, each key once, in the order of lines."""
        found: dict[str, Finding] = {}
        for one in leaks.candidates(text):
            if (key := self._key(one.secret)) is not None:
                found.setdefault(key.id, Finding(one.line, key=key, secret=one.secret))
        for one in leaks.words(text):
            for gateway in self.gateways:
                if gateway.is_own_credential(one.secret):
                    found.setdefault(gateway.name, Finding(one.line, gateway=gateway.name, secret=one.secret))
        rest = leaks.plain(text)
        for finding in found.values():
            rest = rest.replace(finding.secret, " ")
        others = [Finding(one.line, foreign=one) for one in leaks.foreign(rest)]
        yield from sorted([*found.values(), *others], key=lambda finding: finding.line)

    def _key(self, secret: str) -> Key | None:
        key = self.fingerprints.get(fingerprint(secret, self.pepper))
        for gateway in self.gateways:
            if key is None and (handle := gateway.handle_of(secret)) is not None:
                key = self.handles.get((gateway.name, handle))
        return key


def known(purser: Purser) -> Known:
    """Read every key that could be found."""
    with purser.books.reading() as session:
        held = [key for name in purser.gateways for key in keys.at_gateway(session, name)]
    return Known(
        fingerprints={key.fingerprint: key for key in held if key.fingerprint is not None},
        handles={(key.gateway, key.handle): key for key in held if key.handle is not None},
        gateways=tuple(purser.gateways.values()),
        pepper=purser.pepper,
    )
