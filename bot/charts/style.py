"""How all charts look: colours, sizes, and what tells series apart without colours.

The colours are Okabe and Ito's (jfly.uni-koeln.de/color), which people with any colour vision tell apart, in an order
in which light and dark ones alternate. Each picture has a ground of its own, so it reads the same on any background.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 460
"""Of every chart, in points of the size it is meant to be seen at; Slack shows pictures about this wide."""
SCALE = 2
EDGE = 16
"""Free space around everything."""

TITLE = 13.5
TEXT = 12.0
SMALL = 11.0


@dataclass(frozen=True, slots=True)
class Ink:
    """How one series is filled."""

    fill: str
    mark: str
    """Of its pattern, and of its outline."""
    stroke: str
    """Of its line: dark enough on light, light enough on dark."""
    hatch: str
    dash: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one ground."""

    ground: str
    frame: str
    title: str
    text: str
    quiet: str
    grid: str
    base: str
    limit: str
    ghost: Ink
    band: str
    band_opacity: float
    inks: tuple[Ink, ...]


_HATCHES = ("", "////", "....", "\\\\\\\\", "----", "xxxx")
_DASHES = ((), (5.0, 2.5), (1.5, 2.0), (8.0, 2.5, 1.5, 2.5), (3.0, 1.5), (10.0, 3.0))


def _inks(*colours: tuple[str, str, str]) -> tuple[Ink, ...]:
    return tuple(Ink(*each, hatch, dash) for each, hatch, dash in zip(colours, _HATCHES, _DASHES, strict=True))


LIGHT = Theme(
    ground="#ffffff",
    frame="#dddfe3",
    title="#1d1c1d",
    text="#3b3e44",
    quiet="#666a73",
    grid="#eceef1",
    base="#b4b8bf",
    limit="#3b3e44",
    ghost=Ink("#e4e7eb", "#9aa0a9", "#9aa0a9", "", (3.0, 2.5)),
    band="#0072b2",
    band_opacity=0.18,
    inks=_inks(
        ("#0072b2", "#005a8c", "#0072b2"),
        ("#e69f00", "#a06c00", "#b87800"),
        ("#009e73", "#00694c", "#008560"),
        ("#8ccbf0", "#2b7fb0", "#4a4f57"),
        ("#d55e00", "#8f3f00", "#c45500"),
        ("#dda0c3", "#a04c80", "#a04c80"),
    ),
)
DARK = Theme(
    ground="#1f2226",
    frame="#3c4046",
    title="#f4f5f6",
    text="#d6d8dc",
    quiet="#a3a8b0",
    grid="#31353a",
    base="#6d737c",
    limit="#d6d8dc",
    ghost=Ink("#3a3f46", "#868d97", "#868d97", "", (3.0, 2.5)),
    band="#4aa8e0",
    band_opacity=0.28,
    inks=_inks(
        ("#3f9fd8", "#a5d4f2", "#4aa8e0"),
        ("#e69f00", "#7a5400", "#e69f00"),
        ("#00a87a", "#7fe0c3", "#19c795"),
        ("#a5d8f5", "#2f7fae", "#c9ced6"),
        ("#e06a14", "#ffc79b", "#f08032"),
        ("#dda0c3", "#80335f", "#dda0c3"),
    ),
)
