"""A chart among blocks: Slack's own where it can say all of it, else a picture with its key, else words."""

from __future__ import annotations

import pytest

from bot.domain.charts import Look, Unit
from bot.playground.slack import check_message
from bot.slack.views.base import Message, chart_here, divider, message, section
from bot.slack.views.charts import in_words, native, picture, placed
from tests.charts.kit import chart, every, usd

CHARTS = every()
PLAIN = {name for name in CHARTS if native([CHARTS[name]]) is not None}


def test_a_chart_stands_at_its_mark_and_everything_else_stays() -> None:
    first, second = chart(Look.BARS, usd(1), title="one"), chart(Look.BARS, usd(2), title="two")
    whole = message("x", section("above"), chart_here(1), divider(), chart_here(0), charts=[first, second])
    shown = placed(whole, lambda each: [{"type": "is", "it": each.title}])
    assert [block.get("it", block["type"]) for block in shown] == ["section", "two", "divider", "one"]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_fits_slack_as_a_picture_and_in_words(name: str) -> None:
    whole = message("x", chart_here(0), charts=[CHARTS[name]])
    key = tuple((f"[{number}]", "n" * 200) for number in range(12))
    for shown in (in_words, lambda each: picture(each, "F0123ABCD", key, titled=False)):
        assert check_message(placed(whole, shown), whole.text) == []


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_slack_s_own_charts_keep_to_its_limits(name: str) -> None:
    shown = native([CHARTS[name]])
    assert shown is not None
    assert check_message(placed(message("x", chart_here(0), charts=[CHARTS[name]]), shown), "x") == []


def test_what_slack_s_own_chart_cannot_say_is_drawn() -> None:
    kinds = {name.partition("-")[2] for name in PLAIN}
    assert {"one", "week", "zero", "huge", "counts"} <= kinds
    assert not {"gaps", "negative", "band", "400", "unknown", "empty"} & kinds
    assert "columns-limit" not in PLAIN
    assert "line-limit" in PLAIN, "a limit is one more line"
    assert native([CHARTS["columns-week"]] * 3) is None, "a message holds two"


def test_slack_s_own_chart_has_dollars_and_nothing_that_is_not_zero_is() -> None:
    shown = native([chart(Look.COLUMNS, usd(12.345, 0.000_012, 0))])
    assert shown is not None
    block = shown(chart(Look.COLUMNS, usd(12.345, 0.000_012, 0)))[0]["chart"]
    assert [point["value"] for point in block["series"][0]["data"]] == [12.35, 0.000_012, 0]
    assert block["axis_config"]["y_label"] == "USD"
    counts = chart(Look.COLUMNS, (7,), unit=Unit.COUNT)
    assert shown(counts)[0]["chart"]["series"][0]["data"] == [{"label": "Mon 9", "value": 7}]


def test_names_that_slack_would_cut_to_the_same_are_drawn() -> None:
    long = ("claude-sonnet-4-5-20250929-a", "claude-sonnet-4-5-20250929-b")
    assert native([chart(Look.BARS, usd(1, 2), categories=long)]) is None


def test_a_picture_tells_who_hides_behind_its_numbers() -> None:
    image, key = picture(chart(Look.BARS, usd(1)), "F0123ABCD", (("[1]", "陈伟"), ("[2]", "<!channel> 🦊")))
    assert image["alt_text"] == "What it shows. In the picture, [1] is 陈伟; [2] is <!channel> 🦊."
    assert key["elements"][0]["text"] == "[1] 陈伟  ·  [2] &lt;!channel&gt; 🦊"
    assert len(picture(chart(Look.BARS, usd(1)), "F0123ABCD")) == 1


def test_words_for_a_picture_are_plain_and_cut() -> None:
    image = picture(chart(Look.BARS, usd(1), alt="a & b < c\n" * 400), "F0123ABCD")[0]
    assert image["alt_text"].startswith("a & b < c a & b")
    assert len(image["alt_text"]) == 2000


def test_a_title_the_picture_lacks_stands_above_it() -> None:
    assert picture(chart(Look.BARS, usd(1), title="搜索"), "F0123ABCD", titled=False)[0]["title"]["text"] == "搜索"
    assert "title" not in picture(chart(Look.BARS, usd(1)), "F0123ABCD")[0]


def test_in_words_a_chart_pings_nobody() -> None:
    text = in_words(chart(Look.BARS, usd(1), title="<!here>", alt="ana < ben"))[0]["elements"][0]["text"]
    assert text == "&lt;!here&gt;. ana &lt; ben"


def test_a_full_message_does_without_keys_rather_than_over_slack_s_limit() -> None:
    full = Message("x", [chart_here(0), *[divider()] * 49], (chart(Look.BARS, usd(1)),))
    shown = placed(full, lambda each: picture(each, "F0123ABCD", (("[1]", "陈伟"),)))
    assert len(shown) == 50
    assert "[1] is 陈伟" in shown[0]["alt_text"]
