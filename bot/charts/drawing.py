"""One chart, drawn with matplotlib's object API: no pyplot, no global state, so threads do not meet."""

from __future__ import annotations

from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.charts.picture import Picture
from bot.domain.charts import Chart


def draw(chart: Chart, *, dark: bool) -> Picture:
    """The picture of a chart."""
    figure = Figure(figsize=(5.6, 3.0), dpi=200, facecolor="#1a1d21" if dark else "#ffffff")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for series in chart.series:
        axes.plot(range(len(series.values)), [value if value is not None else float("nan") for value in series.values])
    out = BytesIO()
    figure.savefig(out, format="png")
    return Picture(out.getvalue(), ())
