"""The head of a chart: its title, and the legend that tells its series apart."""

from __future__ import annotations

from dataclasses import dataclass

from bot.charts.canvas import Canvas
from bot.charts.style import EDGE, TEXT, TITLE, WIDTH, Ink, Theme

_SAMPLE = 12.0
_LINE_SAMPLE = 22.0
_GAP = 7.0
_BETWEEN = 16.0
_ROW = 20.0
_LEAST = 0.8
"""To so much of its size a long title shrinks before it is cut."""
_NAME_ROOM = 180.0


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a legend: a name, and a sample of how it is drawn."""

    name: str
    ink: Ink
    kind: str
    """`box`, `outline`, `line` or `range`."""
    mark: str = ""


def height_of(title: str, items: list[Item], measure: Canvas) -> float:
    """How much room the head takes, from the upper edge of the sheet."""
    rows = 1 + max((row for row, _, _ in _placed(items, measure)), default=-1)
    return EDGE + (TITLE + 8 if title else 0) + rows * _ROW + (4 if rows else 0)


def draw_head(canvas: Canvas, theme: Theme, title: str, items: list[Item]) -> None:
    """Title and legend, in the upper left corner."""
    top = float(EDGE)
    if title:
        room = WIDTH - 2 * EDGE
        size = TITLE * min(1.0, max(_LEAST, room / canvas.width_of(title, TITLE, bold=True)))
        shown = canvas.fitted(title, size, room, bold=True)
        canvas.text((EDGE, top + TITLE * 0.85), shown, theme.title, size, bold=True)
        top += TITLE + 8
    for row, left, item in _placed(items, canvas):
        middle = top + row * _ROW + _ROW / 2
        wide = _sample(canvas, theme, item, left, middle)
        name = canvas.fitted(item.name, TEXT, _NAME_ROOM)
        canvas.text((left + wide + _GAP, middle), name, theme.text, TEXT, middle=True)


def _placed(items: list[Item], canvas: Canvas) -> list[tuple[int, float, Item]]:
    """Row and left edge of each item, filled row by row."""
    placed: list[tuple[int, float, Item]] = []
    row, left = 0, float(EDGE)
    for item in items:
        name = canvas.fitted(item.name, TEXT, _NAME_ROOM)
        wide = _wide(item) + _GAP + canvas.width_of(name, TEXT)
        if placed and left + wide > WIDTH - EDGE:
            row, left = row + 1, float(EDGE)
        placed.append((row, left, item))
        left += wide + _BETWEEN
    return placed


def _wide(item: Item) -> float:
    return _LINE_SAMPLE if item.kind == "line" else _SAMPLE


def _sample(canvas: Canvas, theme: Theme, item: Item, left: float, middle: float) -> float:
    """How this item's series is drawn, small; its width."""
    box = (left, middle - _SAMPLE / 2, _SAMPLE, _SAMPLE)
    match item.kind:
        case "line":
            canvas.line([(left, middle), (left + _LINE_SAMPLE, middle)], item.ink.stroke, 2.2, item.ink.dash)
            canvas.dot((left + _LINE_SAMPLE / 2, middle), item.ink.stroke, theme.ground, item.mark, 7.0)
        case "range":
            canvas.range_box(box, theme)
        case _:
            canvas.boxes([box], item.ink, outline=item.kind == "outline")
    return _wide(item)
