"""A line of an export: what a program reads back is what was there, and what a spreadsheet opens is no formula."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain import usage_csv
from bot.domain.usage import Totals
from bot.domain.usage_csv import COLUMNS, KeyCells

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
COUNTS = st.integers(-(2**63), 2**63 - 1)


def read(text: str) -> list[list[str]]:
    """As any program reads CSV."""
    return list(csv.reader(StringIO(text, newline=""), strict=True))


@given(st.lists(TEXTS, min_size=1))
@example(["", 'say "hi"', "a,b", "two\nlines", "carriage\rreturn", "\r\n", "日本語", "مرحبا", "🔑"])
def test_every_text_is_read_back_as_it_was(texts: list[str]) -> None:
    (row,) = read(usage_csv.cells(texts) + "\n") if any(texts) or len(texts) > 1 else [texts]
    assert [_disarmed(cell) for cell in row] == [_disarmed(text) for text in texts]


def _disarmed(text: str) -> str:
    return text.removeprefix("'")


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", " =", "\t@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u00a0-")


@given(TEXTS, st.sampled_from(FORMULAS))
def test_no_cell_is_a_formula(text: str, start: str) -> None:
    ((cell,),) = read(usage_csv.cell(start + text) + "\n")
    assert cell == f"'{start}{text}"


@pytest.mark.parametrize(
    ("micros", "usd"),
    [
        (0, "0.000000"),
        (1, "0.000001"),
        (12_500_000, "12.500000"),
        (999_999, "0.999999"),
        (-1, "-0.000001"),
        (2**62, "4611686018427.387904"),
    ],
)
def test_dollars_have_six_decimals(micros: int, usd: str) -> None:
    assert usage_csv.usd(micros) == usd


@given(COUNTS)
def test_dollars_are_exact(micros: int) -> None:
    assert Decimal(usage_csv.usd(micros)) * 1_000_000 == micros


@given(st.lists(COUNTS, min_size=9, max_size=9))
def test_each_figure_stands_under_its_name(counts: list[int]) -> None:
    totals = Totals(*counts)
    key = usage_csv.cells(
        KeyCells("litellm", "search", "reranker", "ana-7kq2", "project", "U0ANA", "Ana", "U0BEN", "Ben")
    )
    text = usage_csv.heading() + usage_csv.line("2026-11-21,07", key, "gpt-4o", totals)
    (found,) = csv.DictReader(StringIO(text))
    expected: dict[str, Any] = {
        "date": "2026-11-21",
        "hour": "07",
        "gateway": "litellm",
        "team": "search",
        "project": "reranker",
        "key": "ana-7kq2",
        "kind": "project",
        "holder_id": "U0ANA",
        "holder_name": "Ana",
        "lead_id": "U0BEN",
        "lead_name": "Ben",
        "model": "gpt-4o",
        **{name: str(value) for name, value in totals._asdict().items()},
        "cost_usd": usage_csv.usd(totals.cost_micros),
    }
    assert found == expected
    assert list(found) == [column.name for column in COLUMNS]
