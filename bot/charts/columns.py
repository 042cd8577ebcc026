"""Columns: stacked, or this span's before last span's."""

from __future__ import annotations

from collections.abc import Sequence

from bot.charts.canvas import Box
from bot.charts.legend import Item
from bot.charts.names import Names
from bot.charts.numbers import beside
from bot.charts.style import SMALL, Ink, Theme
from bot.charts.upright import Upright
from bot.domain.charts import Chart, Unit

_WIDEST = 44.0
_PATTERN_FROM = 5.0
"""A pattern in a narrower column is but noise; the order in the stack tells it then."""


def stacked(chart: Chart, names: Names, theme: Theme, title: str) -> bytes:
    """One column a category, the first series at its foot; what is negative hangs below zero."""
    several = len(chart.series) > 1
    items = [
        Item(names(series.name), ink, "box") for series, ink in zip(chart.series, theme.inks, strict=False) if several
    ]
    items += _range_item(chart, names, theme)
    ups = [sum(max(0, value or 0) for value in column) for column in _columns(chart)]
    downs = [sum(min(0, value or 0) for value in column) for column in _columns(chart)]
    ends = [bound for pair in chart.band if pair for bound in pair]
    frame = Upright(chart, names, theme, title, items, [*ups, *downs, *ends])
    wide = _wide(frame.band)
    _ranges(frame, wide)
    feet = [[0, 0] for _ in chart.categories]
    for series, ink in zip(chart.series, theme.inks, strict=False):
        boxes = []
        for at, value in enumerate(series.values):
            if value is not None:
                boxes.append(_box(frame, at, wide, feet[at][value < 0], value))
                feet[at][value < 0] += value
        _fill(frame, boxes, ink, wide, several=several)
    _tell(frame, [None if _unknown(column) else sum(v or 0 for v in column) for column in _columns(chart)], ups, downs)
    return frame.finish()


def against(chart: Chart, names: Names, theme: Theme, title: str) -> bytes:
    """Two series: the second as a quiet outline, the first before it."""
    first, second = chart.series[:2]
    items = [Item(names(first.name), theme.inks[0], "box"), Item(names(second.name), theme.ghost, "outline")]
    known = [value for series in (first, second) for value in series.values if value is not None]
    frame = Upright(chart, names, theme, title, items, known)
    wide = _wide(frame.band)
    back = [_box(frame, at, wide, 0, value) for at, value in enumerate(second.values) if value is not None]
    frame.canvas.boxes(back, theme.ghost, outline=True)
    slim = wide * 0.56
    front = [_box(frame, at, slim, 0, value) for at, value in enumerate(first.values) if value is not None]
    _fill(frame, front, theme.inks[0], slim, several=False)
    values = list(first.values)
    _tell(frame, values, _ups(values), _downs(values), behind=list(second.values))
    return frame.finish()


def _ups(values: Sequence[int | None]) -> list[int]:
    return [max(0, value or 0) for value in values]


def _downs(values: Sequence[int | None]) -> list[int]:
    return [min(0, value or 0) for value in values]


def _columns(chart: Chart) -> list[tuple[int | None, ...]]:
    return list(zip(*(series.values for series in chart.series), strict=True))


def _unknown(column: tuple[int | None, ...]) -> bool:
    return all(value is None for value in column)


def _wide(band: float) -> float:
    return min(_WIDEST, band * 0.74) if band > 5 else max(band * 0.9, 0.6)


def _box(frame: Upright, at: int, wide: float, foot: int, value: int) -> Box:
    """From the foot to the foot and the value; nothing at all is a line as thin as a hair."""
    ends = frame.y(foot), frame.y(foot + value)
    top, tall = min(ends), max(abs(ends[0] - ends[1]), 1.2)
    if value >= 0:
        top = max(ends) - tall
    return frame.x(at) - wide / 2, top, wide, tall


def _fill(frame: Upright, boxes: list[Box], ink: Ink, wide: float, *, several: bool) -> None:
    if several and wide > _PATTERN_FROM:  # a seam between what lies on each other
        boxes = [(x, y + 0.5, w, h - 1) if h > 4 else (x, y, w, h) for x, y, w, h in boxes]
    frame.canvas.boxes(boxes, ink, pattern=wide > _PATTERN_FROM)


def _ranges(frame: Upright, wide: float) -> None:
    """Where a column is expected to end: a bar of the band's colour from the least to the most."""
    for at, pair in enumerate(frame.chart.band):
        if pair:
            low, high = frame.y(pair[0]), frame.y(pair[1])
            frame.canvas.range_box((frame.x(at) - wide / 2, high, wide, low - high), frame.theme)


def _range_item(chart: Chart, names: Names, theme: Theme) -> list[Item]:
    return [Item(names(chart.band_name), theme.ghost, "range")] if any(chart.band) else []


def _tell(
    frame: Upright,
    totals: list[int | None],
    ups: list[int],
    downs: list[int],
    behind: Sequence[int | None] = (),
) -> None:
    """Each value above its column where all fit, else the greatest only; a word where there is none."""
    known = {at: total for at, total in enumerate(totals) if total is not None}
    if not known and not any(behind):
        frame.note("No figures")
    elif not any((*known.values(), *ups, *downs, *(value or 0 for value in behind))):
        frame.note("$0 throughout" if frame.chart.unit is Unit.MONEY else "0 throughout")
    else:
        words = dict(zip(known, beside(known.values(), frame.chart.unit), strict=True))
        widest = max((frame.canvas.width_of(each, SMALL) for each in words.values()), default=0.0)
        chosen = words if widest <= frame.band - 3 else [max(known, key=known.__getitem__)]
        for at in chosen:
            height = frame.y(downs[at]) + SMALL + 3 if known[at] < 0 else frame.y(ups[at]) - 5
            other = behind[at] if at < len(behind) else None
            inside = other is not None and 0 <= known[at] < other
            _label(frame, at, height, words[at], inside=inside)


def _label(frame: Upright, at: int, height: float, words: str, *, inside: bool) -> None:
    """A value at its column, perhaps in front of what stands behind it."""
    theme = frame.theme
    half = frame.canvas.width_of(words, SMALL) / 2
    place = min(max(frame.x(at), frame.left + half), frame.right - half + 6)
    halo = theme.ghost.fill if inside else theme.ground
    frame.canvas.text((place, height), words, theme.text, SMALL, align="center", halo=halo)
