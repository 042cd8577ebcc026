"""One chart as a picture: which kind it is, and how its names are written."""

from __future__ import annotations

from bot.charts.bars import bars, drawn_names
from bot.charts.canvas import DRAWING, writes
from bot.charts.columns import against, stacked
from bot.charts.lines import lines
from bot.charts.names import Names
from bot.charts.picture import Picture
from bot.charts.style import DARK, LIGHT
from bot.domain.charts import Chart, Look

_KINDS = {Look.COLUMNS: stacked, Look.AGAINST: against, Look.BARS: bars, Look.LINE: lines}


def draw(chart: Chart, *, dark: bool) -> Picture:
    """The picture of a chart. Raises ValueError for one whose series and categories do not match."""
    if not chart.series or any(len(series.values) != len(chart.categories) for series in chart.series):
        raise ValueError("a chart needs series with one value a category")
    kind = Look.COLUMNS if chart.look is Look.AGAINST and len(chart.series) != 2 else chart.look
    categories = drawn_names(chart) if kind is Look.BARS else chart.categories
    others = [series.name for series in chart.series] if len(chart.series) > 1 else []
    others += [
        name
        for name, shown in ((chart.limit_name, chart.limit is not None), (chart.band_name, any(chart.band)))
        if shown
    ]
    with DRAWING:
        title = Names([chart.title], writes)
        titled = not title.key
        every = Names([*categories, *chart.categories, *(series.name for series in chart.series), *others], writes)
        needed = {every(name) for name in [*categories, *others]}
        picture = _KINDS[kind](chart, every, LIGHT if not dark else DARK, title(chart.title) if titled else "")
    return Picture(picture, tuple(entry for entry in every.key if entry[0] in needed), titled)
