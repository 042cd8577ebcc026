"""Lying bars: a ranking. Names on the left, values beside the bars, so there is no scale to read."""

from __future__ import annotations

from dataclasses import dataclass

from bot.charts import legend
from bot.charts.canvas import Box, Canvas
from bot.charts.legend import Item
from bot.charts.names import Names
from bot.charts.numbers import beside
from bot.charts.style import EDGE, SMALL, TEXT, WIDTH, Theme
from bot.domain.charts import Chart

MOST = 12
"""Rows; further categories are summed in the last."""
_ROW = 24.0
_THICK = 15.0
_NAME_ROOM = 170.0
_UNKNOWN = "not known"
_FAR = 3


@dataclass(frozen=True, slots=True)
class _Row:
    """One bar: its name, and the values that lie on each other in it."""

    name: str
    values: tuple[int | None, ...]
    is_rest: bool = False

    @property
    def total(self) -> int | None:
        known = [value for value in self.values if value is not None]
        return sum(known) if known else None


def rows_of(chart: Chart, names: Names) -> list[_Row]:
    """What is shown: every category, or the first ones and the sum of the rest."""
    columns = list(zip(*(series.values for series in chart.series), strict=True))
    rows = [_Row(names(name), values) for name, values in zip(chart.categories, columns, strict=True)]
    if len(rows) <= MOST:
        return rows
    rest = rows[MOST - 1 :]
    sums = tuple(_sum([row.values[number] for row in rest]) for number in range(len(chart.series)))
    return [*rows[: MOST - 1], _Row(f"{len(rest)} others together", sums, is_rest=True)]


def drawn_names(chart: Chart) -> tuple[str, ...]:
    """The categories that have a bar of their own."""
    return chart.categories if len(chart.categories) <= MOST else chart.categories[: MOST - 1]


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def bars(chart: Chart, names: Names, theme: Theme, title: str) -> bytes:
    """The ranking in the order of the categories."""
    several = len(chart.series) > 1
    items = [
        Item(names(series.name), ink, "box") for series, ink in zip(chart.series, theme.inks, strict=False) if several
    ]
    sheet = _Sheet(chart, names, theme, title, items)
    for number, ink in enumerate(theme.inks[: len(chart.series)]):
        sheet.canvas.boxes(sheet.boxes(number, several=several), ink)
    sheet.write()
    return sheet.canvas.png()


class _Sheet:
    """Where everything stands."""

    def __init__(self, chart: Chart, names: Names, theme: Theme, title: str, items: list[Item]) -> None:
        self.chart, self.names, self.theme = chart, names, theme
        self.rows = rows_of(chart, names)
        measure = Canvas(WIDTH, 100, theme)
        said = iter(beside([row.total for row in self.rows if row.total is not None], chart.unit))
        self.words = [_UNKNOWN if row.total is None else next(said) for row in self.rows]
        name_room = min(_NAME_ROOM, max((measure.width_of(row.name, TEXT) for row in self.rows), default=0.0))
        value_room = max((measure.width_of(words, SMALL) for words in self.words), default=0.0)
        ups = [sum(max(0, value or 0) for value in row.values) for row in self.rows if not row.is_rest]
        downs = [sum(min(0, value or 0) for value in row.values) for row in self.rows if not row.is_rest]
        self.near = chart.limit is not None and chart.limit <= _FAR * max([0, *ups])
        most = max([*ups, (chart.limit or 0) if self.near else 0, 0])
        least = min([*downs, 0])
        self.left = EDGE + name_room + 12
        self.right = WIDTH - EDGE - value_room - 8
        self.span = (least, most if most > least else least + 1)
        self.name_room = name_room
        self.top = legend.height_of(title, items, measure) + (22 if chart.limit is not None else 8)
        self.canvas = Canvas(WIDTH, self.top + max(1, len(self.rows)) * _ROW + EDGE - 4, theme)
        legend.draw_head(self.canvas, theme, title, items)

    def x(self, value: float) -> float:
        least, most = self.span
        return self.left + (value - least) / (most - least) * (self.right - self.left)

    def middle(self, number: int) -> float:
        return self.top + (number + 0.5) * _ROW

    def boxes(self, number: int, *, several: bool) -> list[Box]:
        """The part that one series has in every bar."""
        found = []
        for place, row in enumerate(self.rows):
            value = row.values[number]
            if value is None or row.is_rest:  # the rest together may be more than any: it is only written
                continue
            foot = sum(other for other in row.values[:number] if other is not None and (other < 0) == (value < 0))
            ends = self.x(foot), self.x(foot + value)
            wide = max(abs(ends[1] - ends[0]), 1.5)
            seam = 1.0 if several and wide > 4 else 0.0
            left = min(ends) if value >= 0 else max(ends) - wide
            found.append((left + seam / 2, self.middle(place) - _THICK / 2, wide - seam, _THICK))
        return found

    def write(self) -> None:
        """Names, values, the line at zero and the limit."""
        if not self.rows:
            self.canvas.text((WIDTH / 2, self.middle(0)), "No figures", self.theme.quiet, TEXT, align="center")
            return
        bottom = self.top + len(self.rows) * _ROW
        self.canvas.line([(self.x(0), self.top), (self.x(0), bottom)], self.theme.base)
        for place, (row, words) in enumerate(zip(self.rows, self.words, strict=True)):
            colour = self.theme.quiet if row.is_rest else self.theme.text
            name = self.canvas.fitted(row.name, TEXT, self.name_room)
            self.canvas.text((EDGE, self.middle(place)), name, colour, TEXT, middle=True)
            end = self.x(0 if row.is_rest else sum(max(0, value or 0) for value in row.values))
            self.canvas.text((end + 6, self.middle(place)), words, colour, SMALL, middle=True)
        self._limit(bottom)

    def _limit(self, bottom: float) -> None:
        chart = self.chart
        if chart.limit is None:
            return
        words = (
            f"{self.names(chart.limit_name) if chart.limit_name else 'Limit'} {beside([chart.limit], chart.unit)[0]}"
        )
        if not self.near:
            words = f"{words}, far above this scale"
            self.canvas.text((WIDTH - EDGE, self.top - 7), words, self.theme.quiet, SMALL, align="right")
            return
        x = self.x(chart.limit)
        self.canvas.line([(x, self.top - 3), (x, bottom)], self.theme.limit, 1.4, (4.0, 3.0))
        half = self.canvas.width_of(words, SMALL) / 2
        place = min(max(x, EDGE + half), WIDTH - EDGE - half)
        self.canvas.text((place, self.top - 7), words, self.theme.text, SMALL, align="center")
