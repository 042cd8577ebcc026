"""Names on charts, in any script: what the font can write is written, what it cannot is numbered and explained.

The font that comes with matplotlib writes Latin, Greek, Cyrillic, Arabic and Hebrew, and lacks Chinese, Devanagari and
most emoji. Nothing may show as an empty box: a name that only lacks some symbols is written without them, and any
other becomes `[1]`, which the reader is told beside the picture.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

NAMELESS = "–"
"""Stands for a name without any character to see."""

Writes = Callable[[str], bool]
"""Whether the font has a character."""


class Names:
    """How each of a chart's names is written in it."""

    def __init__(self, names: Iterable[str], writes: Writes) -> None:
        """Names are numbered in the order they are given, so give them in the order they are read."""
        wanted = list(dict.fromkeys(names))
        shown = {name: _written(name, writes) for name in wanted}
        uses = Counter(text for text in shown.values() if text is not None)
        self._shown: dict[str, str] = {}
        key = []
        taken = set(uses)
        number = 0
        for name in wanted:
            text = shown[name]
            if text is None or (uses[text] > 1 and text != _plain(name)):
                number += 1
                while f"[{number}]" in taken:
                    number += 1
                text = f"[{number}]"
                key.append((text, _plain(name)))
            self._shown[name] = text
        self.key = tuple(key)
        """What stands for names that cannot be written, and those names."""

    def __call__(self, name: str) -> str:
        """How this name is written."""
        return self._shown[name]


def _plain(name: str) -> str:
    """One line, composed, without what cannot be seen."""
    flat = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in name)
    composed = unicodedata.normalize("NFC", " ".join(flat.split()))
    return "".join(char for char in composed if unicodedata.category(char) not in ("Cf", "Cs")) or NAMELESS


def _written(name: str, writes: Writes) -> str | None:
    """The name as the font can write it, perhaps without its symbols; None when it lacks more than these."""
    plain = _plain(name)
    lacking = [char for char in plain if not writes(char)]
    if any(unicodedata.category(char)[0] not in "SMC" for char in lacking):
        return None
    left = " ".join("".join(char for char in plain if char not in lacking and char != "\ufe0f").split())
    return left if any(unicodedata.category(char)[0] in "LNPS" for char in left) else None
