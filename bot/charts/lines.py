"""Lines: one a series, told apart by dashes and marks, named where they end; perhaps a range around the first."""

from __future__ import annotations

from bot.charts.canvas import Canvas, Point
from bot.charts.legend import Item
from bot.charts.names import Names
from bot.charts.numbers import beside
from bot.charts.style import SMALL, WIDTH, Theme
from bot.charts.upright import Upright
from bot.domain.charts import Chart, Series

_MARKS = ("o", "s", "^", "D", "v", "P")
_APART = 15.0
_MOST_NAMED = 4
_LABEL_ROOM = 110.0
_MANY = 90
"""Points of a line from which on it is thin."""


def lines(chart: Chart, names: Names, theme: Theme, title: str) -> bytes:
    """All series over the categories, gaps left open."""
    known = [value for series in chart.series for value in series.values if value is not None]
    ends = [bound for pair in chart.band if pair for bound in pair]
    beside_ends = 1 < len(chart.series) <= _MOST_NAMED and not ends and _end_together(chart)
    items = [] if beside_ends or (len(chart.series) == 1 and not ends) else _items(chart, names, theme)
    measure = Canvas(WIDTH, 100, theme)
    words = _end_words(chart)
    called = [measure.fitted(names(series.name), SMALL, _LABEL_ROOM) for series in chart.series] if beside_ends else []
    room = max((_wide(measure, *each) for each in zip(words, called, strict=False)), default=14.0)
    frame = Upright(chart, names, theme, title, items, [*known, *ends], right=room)
    _range(frame)
    for number in reversed(range(len(chart.series))):
        _line(frame, chart.series[number], number)
    if not known:
        frame.note("No figures")
    elif beside_ends:
        _name_ends(frame, words, called)
    else:
        _tell_last(frame, words[0])
    return frame.finish()


def _items(chart: Chart, names: Names, theme: Theme) -> list[Item]:
    drawn = [
        Item(names(series.name), ink, "line", mark)
        for series, ink, mark in zip(chart.series, theme.inks, _MARKS, strict=False)
    ]
    return [*drawn, Item(names(chart.band_name), theme.ghost, "range")] if any(chart.band) else drawn


def _last(series: Series) -> int | None:
    """The last category whose value is known."""
    return max((at for at, value in enumerate(series.values) if value is not None), default=None)


def _end_together(chart: Chart) -> bool:
    return all(_last(series) == len(chart.categories) - 1 for series in chart.series)


def _end_words(chart: Chart) -> list[str]:
    """The last known value of each series."""
    lasts = [(series, _last(series)) for series in chart.series]
    return beside([0 if last is None else series.values[last] or 0 for series, last in lasts], chart.unit)


def _wide(canvas: Canvas, words: str, name: str) -> float:
    return canvas.width_of(words, SMALL, bold=True) + canvas.width_of(name, SMALL) + 12


def _line(frame: Upright, series: Series, number: int) -> None:
    ink = frame.theme.inks[number % len(frame.theme.inks)]
    colour = ink.stroke
    thick = 2.6 if number == 0 else 1.8
    for run in _runs(series):
        points = [(frame.x(at), frame.y(value)) for at, value in run]
        if len(points) == 1:
            frame.canvas.dot(points[0], colour, frame.theme.ground, _MARKS[number % len(_MARKS)], 6.0)
        else:
            frame.canvas.line(points, colour, thick if len(points) < _MANY else 1.3, ink.dash)
    last = _last(series)
    if last is not None:
        end = (frame.x(last), frame.y(series.values[last] or 0))
        frame.canvas.dot(end, colour, frame.theme.ground, _MARKS[number % len(_MARKS)], 8.0)


def _runs(series: Series) -> list[list[tuple[int, int]]]:
    """Values that follow each other without a gap, with their places."""
    runs: list[list[tuple[int, int]]] = [[]]
    for at, value in enumerate(series.values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((at, value))
    return [run for run in runs if run]


def _range(frame: Upright) -> None:
    """The band, from the last known value on where it follows upon it."""
    runs: list[list[tuple[float, int, int]]] = [[]]
    for at, pair in enumerate(frame.chart.band):
        if pair is None:
            runs.append([])
            continue
        before = frame.chart.series[0].values[at - 1] if at else None
        if not runs[-1] and before is not None:
            runs[-1].append((frame.x(at - 1), before, before))
        runs[-1].append((frame.x(at), *pair))
    for run in filter(None, runs):
        if len(run) == 1:  # one category alone: as wide as itself
            x, low, high = run[0]
            run = [(x - frame.band * 0.3, low, high), (x + frame.band * 0.3, low, high)]  # noqa: PLW2901 - drawn at once
        upper: list[Point] = [(x, frame.y(high)) for x, _, high in run]
        lower: list[Point] = [(x, frame.y(low)) for x, low, _ in run]
        frame.canvas.area([*upper, *reversed(lower)], frame.theme.band, frame.theme.band_opacity)
        frame.canvas.line(upper, frame.theme.band, 0.9, (3.0, 2.0))
        frame.canvas.line(lower, frame.theme.band, 0.9, (3.0, 2.0))


def _name_ends(frame: Upright, words: list[str], called: list[str]) -> None:
    """Each series' last value and name beside its end, moved apart where they would touch."""
    ends = [frame.y(series.values[-1] or 0) for series in frame.chart.series]
    order = sorted(range(len(ends)), key=ends.__getitem__)
    heights: dict[int, float] = {}
    lowest = frame.top
    for place in order:
        heights[place] = lowest = max(ends[place], lowest)
        lowest += _APART
    over = lowest - _APART - frame.bottom
    if over > 0:
        limit = frame.bottom
        for place in reversed(order):
            heights[place] = min(heights[place], limit)
            limit = heights[place] - _APART
    for place, height in heights.items():
        at = (frame.x(len(frame.chart.categories) - 1) + 9, height)
        frame.canvas.text(at, words[place], frame.theme.text, SMALL, middle=True, bold=True)
        after = (at[0] + frame.canvas.width_of(words[place], SMALL, bold=True) + 5, height)
        frame.canvas.text(after, called[place], frame.theme.text, SMALL, middle=True)


def _tell_last(frame: Upright, words: str) -> None:
    """The last known value of the first series, above its end."""
    last = _last(frame.chart.series[0])
    if last is None:
        return
    half = frame.canvas.width_of(words, SMALL) / 2
    x = min(max(frame.x(last), frame.left + half), WIDTH - 10 - half)
    height = frame.y(frame.chart.series[0].values[last] or 0) - 10
    frame.canvas.text((x, height), words, frame.theme.text, SMALL, align="center", halo=frame.theme.ground)
