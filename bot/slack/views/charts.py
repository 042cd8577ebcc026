"""A chart among a message's blocks: as Slack's own chart block, as a picture with its key, or in words.

Pure. Which of them a message gets is `bot.slack.charting`'s to decide. Limits of Slack's chart block:
docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from bot.domain.charts import Chart, Look, Series, Unit
from bot.slack.views.base import CHART_MARK, NAME_CHARS, Block, Message, clip, context, plain

MESSAGE_BLOCKS = 50
ALT_CHARS = 2000
TITLE_CHARS = 50
LABEL_CHARS = 20
MOST_SERIES = 6
MOST_CATEGORIES = 20
MOST_NATIVE = 2
"""Chart blocks that one message may hold."""
_MICROS = 1_000_000
_CENT = 10_000

Key = Sequence[tuple[str, str]]
"""What stands in a picture for names it cannot write: the word shown, and the name."""


def placed(message: Message, shown: Callable[[Chart], Sequence[Block]]) -> list[Block]:
    """The message's blocks with what `shown` makes of each chart in the place of its mark."""
    parts = [
        shown(message.charts[block["number"]]) if block["type"] == CHART_MARK else (block,) for block in message.blocks
    ]
    whole = list(chain.from_iterable(parts))
    if len(whole) > MESSAGE_BLOCKS:  # a picture's key is in its alternative text as well
        whole = list(chain.from_iterable(part[:1] for part in parts))
    return whole


def in_words(chart: Chart) -> list[Block]:
    """The chart as a line of small print."""
    return context(clip(f"{chart.title}. {chart.alt}", ALT_CHARS))


def picture(chart: Chart, file_id: str, key: Key = (), *, titled: bool = True) -> list[Block]:
    """The chart as a picture that was uploaded, with the names that it only numbers; its title where it has none."""
    told = "; ".join(f"{shown} is {name}" for shown, name in key)
    alt = f"{chart.alt} In the picture, {told}." if told else chart.alt
    image: Block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": cut(alt or chart.title, ALT_CHARS)}
    if not titled:
        image["title"] = plain(cut(chart.title, TITLE_CHARS), TITLE_CHARS)
    return [image, *context("  ·  ".join(f"{shown} {clip(name, NAME_CHARS)}" for shown, name in key))]


def native(charts: Iterable[Chart]) -> Callable[[Chart], list[Block]] | None:
    """How to show these charts as Slack's own, or None when one of them says more than such a block can."""
    able = list(charts)
    if len(able) > MOST_NATIVE or not all(map(_is_plain, able)):
        return None
    return lambda chart: [_native(chart)]


def cut(text: str, limit: int) -> str:
    """Plain words on one line, at most so long: an alternative text knows no markup."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def _is_plain(chart: Chart) -> bool:
    """Whether Slack's chart block can say all of it: no gaps, no negative values, no range, few categories."""
    values = [value for series in chart.series for value in series.values]
    lines = chart.look is Look.LINE
    names = [series.name for series in _drawn(chart)]
    return (
        bool(chart.categories)
        and bool(values)
        and all(value is not None and value >= 0 for value in values)
        and not chart.band
        and (chart.limit is None or lines)
        and len(chart.categories) <= MOST_CATEGORIES
        and len(set(_labels(chart))) == len(chart.categories)
        and len(names) <= MOST_SERIES
        and len({cut(name, LABEL_CHARS) for name in names}) == len(names)
    )


def _drawn(chart: Chart) -> list[Series]:
    """The series, and a limit as a level one."""
    if chart.limit is None:
        return list(chart.series)
    return [*chart.series, Series(chart.limit_name or "Limit", (chart.limit,) * len(chart.categories))]


def _labels(chart: Chart) -> list[str]:
    return [cut(category, LABEL_CHARS) or "?" for category in chart.categories]


def _dollars(micros: int) -> float:
    """In cents; exactly where that would be nothing."""
    return round(micros / _MICROS, 2 if micros >= _CENT else 6)


def _native(chart: Chart) -> Block:
    labels = _labels(chart)
    money = chart.unit is Unit.MONEY
    series = [
        {
            "name": cut(one.name, LABEL_CHARS) or "?",
            "data": [
                {"label": label, "value": _dollars(value or 0) if money else value}
                for label, value in zip(labels, one.values, strict=True)
            ],
        }
        for one in _drawn(chart)
    ]
    axes: Block = {"categories": labels} | ({"y_label": "USD"} if money else {})
    kind = "line" if chart.look is Look.LINE else "bar"
    title = plain(cut(chart.title, TITLE_CHARS), TITLE_CHARS)["text"]
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": kind, "series": series, "axis_config": axes},
    }
