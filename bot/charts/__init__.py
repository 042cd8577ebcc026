"""Draws charts as pictures, in one quiet style that is legible on light and dark, and without colours.

Pure: a `Chart` in, a PNG out. matplotlib is imported when the first chart is drawn, not before.
"""

from __future__ import annotations

from bot.charts.picture import Picture
from bot.domain.charts import Chart

__all__ = ["Picture", "drawn", "png"]


def png(chart: Chart, *, dark: bool = False) -> bytes:
    """The chart as a PNG at twice the resolution it is meant to be seen at."""
    return drawn(chart, dark=dark).png


def drawn(chart: Chart, *, dark: bool = False) -> Picture:
    """The chart as a PNG, and what its reader must be told of names in it."""
    from bot.charts.drawing import draw  # noqa: PLC0415 - half a second and tens of megabytes, for who draws

    return draw(chart, dark=dark)
