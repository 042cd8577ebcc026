"""Pictures of charts: small, sharp, the same for everybody, and what they show is what was given."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.charts import drawn, png
from bot.charts.style import DARK, LIGHT, SCALE, WIDTH, Theme
from bot.domain.charts import Look, Unit
from tests.charts.kit import chart, every, heights, lengths, looked_at, near, rgb, usd

ROOT = Path(__file__).parents[2]
MOST_BYTES = 60_000
CHARTS = every()
BLUE = LIGHT.inks[0].fill


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_chart_is_drawn_small_and_sharp(name: str, dark: bool) -> None:
    content = png(CHARTS[name], dark=dark)
    picture = looked_at(content)
    assert len(content) < MOST_BYTES
    assert picture.width == WIDTH * SCALE
    assert picture.height <= 500 * SCALE
    ground = rgb((DARK if dark else LIGHT).ground)
    assert near(picture.getpixel((picture.width // 2, 12)), ground, 3)  # type: ignore[arg-type]


def test_a_chart_whose_series_do_not_match_its_categories_is_refused() -> None:
    with pytest.raises(ValueError, match="one value a category"):
        png(chart(Look.BARS, usd(1), categories=("a", "b")))
    with pytest.raises(ValueError, match="needs series"):
        png(chart(Look.BARS))


# --- what is shown is what was given ---


def columns_of(content: bytes, colour: str) -> list[int]:
    """The height of each run of this colour, from left to right."""
    runs: list[int] = []
    last = 0
    for height in heights(content, colour):
        if height and not last:
            runs.append(0)
        if height:
            runs[-1] = max(runs[-1], height)
        last = height
    return runs


def test_columns_are_as_high_as_their_values() -> None:
    found = columns_of(png(chart(Look.COLUMNS, usd(40, 20, 10))), BLUE)
    assert len(found) == 3
    assert found[0] == pytest.approx(2 * found[1], abs=4)
    assert found[0] == pytest.approx(4 * found[2], abs=6)


def test_what_is_not_known_is_a_gap_and_zero_is_a_hair() -> None:
    gap = columns_of(png(chart(Look.COLUMNS, usd(40, None, 10))), BLUE)
    zero = columns_of(png(chart(Look.COLUMNS, usd(40, 0, 10))), BLUE)
    assert len(gap) == 2
    assert len(zero) == 3
    assert 1 <= zero[1] <= 3


def test_a_limit_within_reach_changes_the_scale_and_one_far_away_does_not() -> None:
    free = columns_of(png(chart(Look.COLUMNS, usd(40, 20))), BLUE)
    near_by = columns_of(png(chart(Look.COLUMNS, usd(40, 20), limit=100_000_000)), BLUE)
    far = columns_of(png(chart(Look.COLUMNS, usd(40, 20), limit=9_000_000_000)), BLUE)
    assert max(near_by) < max(free) / 1.5
    assert max(far) == pytest.approx(max(free), abs=2)


def test_last_span_stands_behind_this_one() -> None:
    content = png(chart(Look.AGAINST, usd(10, 40), usd(40, 10)))
    front, back = columns_of(content, BLUE), heights(content, LIGHT.ghost.fill)
    sample, *front = front  # the legend's
    assert sample < 30
    assert len(front) == 2
    assert max(back[: len(back) // 2]) > front[0], "more before than now"
    assert max(back[len(back) // 2 :]) < front[1], "more now than before"


def test_bars_are_as_long_as_their_values() -> None:
    rows = lengths(png(chart(Look.BARS, usd(40, 20, 10))), BLUE)
    runs = [length for before, length in zip([0, *rows], rows, strict=False) if length and not before]
    assert len(runs) == 3
    assert runs[0] == pytest.approx(2 * runs[1], abs=6)
    assert runs[0] == pytest.approx(4 * runs[2], abs=9)


def test_a_long_ranking_keeps_its_head_and_stays_short() -> None:
    many = looked_at(png(chart(Look.BARS, tuple(range(400, 0, -1)))))
    twelve = looked_at(png(chart(Look.BARS, tuple(range(12, 0, -1)))))
    assert many.height == twelve.height
    assert len(columns_of(png(chart(Look.COLUMNS, tuple(range(1, 41)))), BLUE)) == 40, "days are all drawn"


def test_nothing_at_all_and_nothing_known_read_differently() -> None:
    zero, unknown = chart(Look.COLUMNS, (0,) * 7), chart(Look.COLUMNS, (None,) * 7)
    assert png(zero) != png(unknown)
    assert png(zero) != png(chart(Look.COLUMNS, (0,) * 7, unit=Unit.COUNT))


# --- for everybody's eyes ---


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 has it."""
    parts = [each / 255 for each in rgb(colour)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_lines_stand_out_from_the_ground(theme: Theme) -> None:
    assert all(contrast(colour, theme.ground) >= 4.5 for colour in (theme.title, theme.text, theme.quiet))
    assert all(contrast(ink.stroke, theme.ground) >= 3 for ink in theme.inks)
    assert contrast(theme.limit, theme.ground) >= 3
    assert contrast(theme.text, theme.ghost.fill) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_series_are_told_apart_without_colour(theme: Theme) -> None:
    assert len({ink.hatch for ink in theme.inks}) == len({ink.dash for ink in theme.inks}) == len(theme.inks) == 6
    assert all(contrast(ink.fill, ink.mark) >= 1.5 for ink in theme.inks if ink.hatch), "a pattern can be seen"


def test_the_ground_does_not_depend_on_what_lies_below() -> None:
    picture = drawn(chart(Look.COLUMNS, usd(1, 2)))
    assert near(looked_at(picture.png).getpixel((60, 12)), rgb(LIGHT.ground), 3)  # type: ignore[arg-type]


# --- for every thread ---


def test_threads_draw_the_same_at_the_same_time() -> None:
    alone = {name: png(CHARTS[name]) for name in ("columns-week", "bars-scripts", "line-six", "against-week")}
    wanted = list(alone) * 4
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda name: png(CHARTS[name]), wanted))
    assert together == [alone[name] for name in wanted]


def test_matplotlib_is_loaded_by_who_draws_and_never_with_pyplot() -> None:
    code = """
import sys
import bot.app
print("matplotlib" in sys.modules)
from bot.charts import png
from bot.domain.charts import Chart, Look, Series, Unit
png(Chart("t", Look.LINE, Unit.COUNT, ("a",), (Series("s", (1,)),), "alt"))
print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "False"]
