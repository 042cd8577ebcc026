"""What a drawn chart is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that was drawn."""

    png: bytes
    key: tuple[tuple[str, str], ...]
    """Names that the picture cannot write: what stands there instead, and the name."""
    titled: bool = True
    """Whether its title is in it; not where the title cannot be written."""
