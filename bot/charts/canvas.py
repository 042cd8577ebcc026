"""A sheet to draw on in points, from the upper left corner: rectangles, lines, areas and text. Knows no charts.

Uses matplotlib's artists on a figure of their own: no pyplot, no axes, no settings of the process. One sheet is drawn
at a time, because fonts are shared.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from PIL import Image

from bot.charts.style import SCALE, Ink, Theme

DRAWING = threading.RLock()
"""Held while a sheet is made and drawn."""
_POINTS_AN_INCH = 72
_CORNER = 8
_COLOURS = 256
"""In a picture: few hues and their shades at edges. A third of the bytes that all colours would take."""
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"

Align = Literal["left", "center", "right"]
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, width, height."""


@lru_cache(2)
def _font(*, bold: bool = False) -> FontProperties:
    return FontProperties(fname=str(_FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")))


@lru_cache(1)
def _characters() -> frozenset[int]:
    return frozenset(get_font(str(_FONTS / "DejaVuSans.ttf")).get_charmap())


def writes(char: str) -> bool:
    """Whether there is a glyph for this character."""
    return char == " " or ord(char) in _characters()


class Canvas:
    """One sheet. Later things lie on earlier ones."""

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        """An empty sheet of this size, with the theme's ground and rounded corners."""
        inches = (width / _POINTS_AN_INCH, height / _POINTS_AN_INCH)
        self._figure = Figure(figsize=inches, dpi=_POINTS_AN_INCH * SCALE, facecolor="none")
        self._canvas = FigureCanvasAgg(self._figure)
        self._renderer = RendererAgg(width, height, _POINTS_AN_INCH * SCALE)  # type: ignore[no-untyped-call]
        self._place = Affine2D().scale(SCALE, -SCALE).translate(0, height * SCALE)
        self._above = 0.0
        self.width = width
        self.height = height
        sheet = FancyBboxPatch(
            (0.5 + _CORNER, 0.5 + _CORNER),
            width - 1 - 2 * _CORNER,
            height - 1 - 2 * _CORNER,
            boxstyle=f"round,pad={_CORNER},rounding_size={_CORNER}",
            facecolor=theme.ground,
            edgecolor=theme.frame,
            linewidth=1,
        )
        self._add(sheet)

    def _add(self, artist: FancyBboxPatch | PathPatch | Line2D) -> None:
        self._above += 1
        artist.set(transform=self._place, zorder=self._above, clip_on=False)
        self._figure.add_artist(artist)

    def boxes(self, boxes: Iterable[Box], ink: Ink, *, pattern: bool = True, outline: bool = False) -> None:
        """Rectangles that belong together, filled as the ink says."""
        corners = [
            [(left, top), (left + width, top), (left + width, top + height), (left, top + height), (left, top)]
            for left, top, width, height in boxes
        ]
        if not corners:
            return
        codes = [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY] * len(corners)
        path = Outline([corner for box in corners for corner in box], codes)
        hatch = ink.hatch if pattern and ink.hatch else None
        patch = PathPatch(path, facecolor=ink.fill, linewidth=1 if outline else 0, hatch=hatch)
        patch.set_edgecolor(ink.mark if outline or hatch else "none")
        patch.set_hatch_linewidth(0.8)
        if outline and ink.dash:
            patch.set_linestyle((0, ink.dash))
        self._add(patch)

    def area(self, points: Sequence[Point], colour: str, opacity: float) -> None:
        """A filled outline without an edge."""
        self._add(PathPatch(Outline([*points, points[0]]), facecolor=colour, alpha=opacity, linewidth=0))

    def range_box(self, box: Box, theme: Theme) -> None:
        """A rectangle that says from where to where something is expected."""
        left, top, wide, tall = box
        corners = [(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)]
        self.area(corners, theme.band, theme.band_opacity)
        self.line([*corners, corners[0]], theme.band, 0.9, (3.0, 2.0))

    def line(self, points: Sequence[Point], colour: str, width: float = 1.0, dash: tuple[float, ...] = ()) -> None:
        """A line through these points."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        drawn = Line2D(xs, ys, color=colour, linewidth=width, solid_joinstyle="round", solid_capstyle="butt")
        if dash:
            drawn.set_linestyle((0, dash))
        self._add(drawn)

    def dot(self, at: Point, colour: str, ground: str, mark: str = "o", size: float = 6.0) -> None:
        """A mark at one place, with a rim of the ground's colour."""
        drawn = Line2D([at[0]], [at[1]], color=colour, marker=mark, markersize=size, linestyle="none")
        drawn.set(markeredgecolor=ground, markeredgewidth=1.2)
        self._add(drawn)

    def text(  # noqa: PLR0913 - what a text is
        self,
        at: Point,
        words: str,
        colour: str,
        size: float,
        *,
        align: Align = "left",
        middle: bool = False,
        bold: bool = False,
        halo: str = "",
    ) -> None:
        """One line of text whose baseline, or with `middle` its middle, is at this height."""
        self._above += 1
        artist = Text(
            at[0],
            at[1],
            words,
            color=colour,
            fontproperties=_font(bold=bold),
            horizontalalignment=align,
            verticalalignment="center_baseline" if middle else "baseline",
            parse_math=False,
            transform=self._place,
            zorder=self._above,
        )
        artist.set_fontsize(size)
        if halo:
            artist.set_bbox({"facecolor": halo, "edgecolor": "none", "pad": 1.5})
        self._figure.add_artist(artist)

    def width_of(self, words: str, size: float, *, bold: bool = False) -> float:
        """How wide a line of text is."""
        font = _font(bold=bold).copy()
        font.set_size(size)
        measured = self._renderer.get_text_width_height_descent(words, font, ismath=False)  # type: ignore[no-untyped-call]
        return float(measured[0]) / SCALE

    def fitted(self, words: str, size: float, room: float, *, bold: bool = False) -> str:
        """The text, cut and ended by an ellipsis where it is wider than the room."""
        if self.width_of(words, size, bold=bold) <= room:
            return words
        low, high = 0, len(words)
        while low < high:
            most = (low + high + 1) // 2
            if self.width_of(f"{words[:most].rstrip()}…", size, bold=bold) <= room:
                low = most
            else:
                high = most - 1
        return f"{words[:low].rstrip()}…"

    def png(self) -> bytes:
        """The sheet as a picture."""
        self._canvas.draw()  # type: ignore[no-untyped-call]
        size = self._canvas.get_width_height()
        pixels: memoryview = self._canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        image = Image.frombytes("RGBA", size, bytes(pixels))
        out = BytesIO()
        image.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            out, format="png", optimize=True
        )
        return out.getvalue()
