"""Names on charts: in every script, and never as empty boxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts import drawn
from bot.charts.canvas import writes
from bot.charts.names import Names
from bot.domain.charts import Look
from tests.charts.kit import SCRIPTS, chart, usd


def shown(*names: str) -> list[str]:
    written = Names(names, writes)
    return [written(name) for name in names]


@pytest.mark.parametrize("name", ["Ana", "Łukasz", "Ана Ковач", "أنا كريم", "שירה לוי", "O'Brien & Söhne", "$5_a^2"])
def test_what_the_font_can_write_is_written(name: str) -> None:
    assert shown(name) == [name]


def test_symbols_it_lacks_are_left_out_and_the_rest_of_the_name_stands() -> None:
    assert shown("🚀 Rocket team", "e\u0301clair", " a\nb", "\u202eevil") == ["Rocket team", "éclair", "a b", "evil"]


def test_a_name_it_cannot_write_is_numbered_and_explained() -> None:
    names = Names(["Ana", "陈伟", "हिन्दी", "🦊"], writes)
    assert [names(name) for name in ("Ana", "陈伟", "हिन्दी", "🦊")] == ["Ana", "[1]", "[2]", "[3]"]
    assert names.key == (("[1]", "陈伟"), ("[2]", "हिन्दी"), ("[3]", "🦊"))


def test_two_names_that_would_read_the_same_are_told_apart() -> None:
    assert shown("team 🚀", "team 🦊", "team") == ["[1]", "[2]", "team"]


def test_a_number_that_somebody_is_called_is_not_given_again() -> None:
    assert shown("[1]", "陈伟") == ["[1]", "[2]"]


def test_a_name_without_any_letter_has_a_sign() -> None:
    assert shown("", "  ") == ["–", "–"]


@given(st.lists(st.text(max_size=20), max_size=8))
def test_whatever_people_are_called_only_what_can_be_written_is(names: list[str]) -> None:
    for text in shown(*names):
        assert text
        assert all(writes(char) for char in text)


def test_a_picture_says_which_of_the_names_in_it_are_numbered() -> None:
    assert drawn(chart(Look.BARS, usd(2, 1), categories=("陈伟", "Ana"))).key == (("[1]", "陈伟"),)
    assert drawn(chart(Look.COLUMNS, usd(2), usd(1), limit=1, limit_name="预算")).key == (("[1]", "预算"),)
    hidden = (*(f"member {number}" for number in range(30)), "陈伟")
    assert drawn(chart(Look.BARS, (1,) * 31, categories=hidden)).key == (), "it is one of the others together"


def test_a_title_it_cannot_write_is_left_to_slack() -> None:
    picture = drawn(chart(Look.BARS, usd(2), title="搜索团队的支出"))
    assert not picture.titled
    assert picture.key == ()
    assert drawn(chart(Look.BARS, usd(2), title="Spend 🚀")).titled


@pytest.mark.parametrize("look", Look)
def test_every_script_is_drawn_without_a_missing_glyph(look: Look) -> None:
    """matplotlib warns of each glyph it lacks, and warnings are errors."""
    rows = [tuple(range(1, len(SCRIPTS) + 1))] * 2
    picture = drawn(chart(look, *rows, categories=SCRIPTS))
    assert {name for _, name in picture.key} >= {"陈伟"}
