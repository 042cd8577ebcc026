"""What charts with a scale on the left share: the scale, its grid, the categories below, a limit across."""

from __future__ import annotations

from bot.charts import legend
from bot.charts.canvas import Canvas
from bot.charts.legend import Item
from bot.charts.names import Names
from bot.charts.numbers import beside, on_axis, ticks
from bot.charts.style import EDGE, SMALL, TEXT, WIDTH, Theme
from bot.domain.charts import Chart

PLOT = 170.0
"""Height of the plot."""
_EMPTY = 72.0
"""Height of a plot in which everything is zero or unknown."""
_FAR = 3
"""A limit that is more than so many times the greatest value is told, not drawn: it would flatten all else."""
_EVERY = (1, 2, 3, 4, 5, 7, 10, 14, 15, 20, 30, 50, 60, 90, 100)
_WRAPPED = 16
"""Most categories whose names are broken into two lines rather than left out."""
_LINE = 14.0


class Upright:
    """A sheet with head and scale drawn; the chart's marks come onto it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a frame is made of
        self,
        chart: Chart,
        names: Names,
        theme: Theme,
        title: str,
        items: list[Item],
        heights: list[int],
        right: float = 0,
    ) -> None:
        """`heights` are the values that the scale must hold; `right` is room to keep free beside the plot."""
        self.chart, self.names, self.theme = chart, names, theme
        near = chart.limit is not None and chart.limit <= _FAR * max([0, *heights])
        self.limit = chart.limit if near else None
        held = [*heights, *([chart.limit] if near and chart.limit is not None else [])]
        self.steps = ticks(held, chart.unit)
        self.texts = on_axis(self.steps, chart.unit) if any(held) else [on_axis([0], chart.unit)[0], ""]
        self.tall = PLOT if any(held) else _EMPTY
        self._drop = 28.0 if min(held, default=0) < 0 else 16.0  # a value below zero is written below its column
        measure = Canvas(WIDTH, 100, theme)
        self.top = legend.height_of(title, items, measure) + 14
        self.bottom = self.top + self.tall
        self.left = EDGE + max(measure.width_of(text, SMALL) for text in self.texts) + 8
        self.right = WIDTH - EDGE - right
        self.band = (self.right - self.left) / max(1, len(chart.categories))
        self._labels = self._laid_out(measure)
        lines = max((len(lines) for lines in self._labels), default=0)
        self.canvas = Canvas(WIDTH, self.bottom + self._drop - 8 + lines * _LINE + EDGE - 4, theme)
        legend.draw_head(self.canvas, theme, title, items)
        self._grid()

    def x(self, at: int) -> float:
        """The middle of a category."""
        return self.left + self.band * (at + 0.5)

    def y(self, value: float) -> float:
        """The height of a value."""
        low, high = self.steps[0], self.steps[-1]
        return self.bottom - (value - low) / (high - low) * self.tall

    def _grid(self) -> None:
        for step, text in zip(self.steps, self.texts, strict=True):
            height = self.y(step)
            if step and text:
                self.canvas.line([(self.left, height), (self.right, height)], self.theme.grid)
            self.canvas.text((self.left - 8, height), text, self.theme.quiet, SMALL, align="right", middle=True)

    def finish(self) -> bytes:
        """The picture, with what lies above the marks: the line at zero, the limit, the categories."""
        self.canvas.line([(self.left, self.y(0)), (self.right, self.y(0))], self.theme.base)
        self._draw_limit()
        for at, lines in enumerate(self._labels):
            for number, words in enumerate(lines):
                place = (self._within(self.x(at), words), self.bottom + self._drop + number * _LINE)
                self.canvas.text(place, words, self.theme.quiet, SMALL, align="center")
        return self.canvas.png()

    def _within(self, x: float, words: str) -> float:
        """The middle of a text so that it stays on the sheet."""
        half = self.canvas.width_of(words, SMALL) / 2
        return min(max(x, EDGE + half), WIDTH - EDGE + 6 - half)

    def _draw_limit(self) -> None:
        chart = self.chart
        if chart.limit is None:
            return
        words = (
            f"{self.names(chart.limit_name) if chart.limit_name else 'Limit'} {beside([chart.limit], chart.unit)[0]}"
        )
        if self.limit is None:
            words = f"{words}, far above this scale"
            self.canvas.text((self.right, self.top - 5), words, self.theme.quiet, SMALL, align="right")
            return
        height = self.y(self.limit)
        self.canvas.line([(self.left, height), (self.right, height)], self.theme.limit, 1.4, (4.0, 3.0))
        words = self.canvas.fitted(words, SMALL, self.right - self.left)
        self.canvas.text((self.left + 4, height - 5), words, self.theme.text, SMALL, halo=self.theme.ground)

    def note(self, words: str) -> None:
        """A few words in the middle of an empty plot."""
        place = ((self.left + self.right) / 2, (self.top + self.bottom) / 2)
        self.canvas.text(place, words, self.theme.quiet, TEXT, align="center")

    def _laid_out(self, measure: Canvas) -> list[list[str]]:
        """The lines below each category: in full where they fit, else broken in two, else every second or so."""
        shown = [self.names(category) for category in self.chart.categories]
        room = self.band - 6
        widest = max((measure.width_of(words, SMALL) for words in shown), default=0.0)
        if widest <= room:
            return [[words] for words in shown]
        if len(shown) <= _WRAPPED:
            broken = [_broken(words) for words in shown]
            if all(measure.width_of(line, SMALL) <= room for lines in broken for line in lines):
                return broken
            if not all(any(char.isdigit() for char in words) for words in shown):  # names, not days
                return [[measure.fitted(line, SMALL, room) for line in lines] for lines in broken]
        every = next((each for each in _EVERY if each * self.band >= widest + 10), len(shown) or 1)
        return [[words] if at % every == 0 else [] for at, words in enumerate(shown)]


def _broken(words: str) -> list[str]:
    """Two lines, broken at the space nearest to the middle."""
    spaces = [at for at, char in enumerate(words) if char == " "]
    if not spaces:
        return [words]
    at = min(spaces, key=lambda place: abs(place - len(words) / 2))
    return [words[:at], words[at + 1 :]]
