"""Numbers on charts read as people write them, and never say zero of what is not."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.numbers import beside, on_axis, ticks
from bot.domain.charts import Unit

USD = 1_000_000
AMOUNTS = st.integers(min_value=-(10**13), max_value=10**15)


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        ([7, 3], ["$0", "$2", "$4", "$6", "$8"]),
        ([1.6], ["$0", "$0.50", "$1.00", "$1.50", "$2.00"]),
        ([0.03], ["$0", "$0.01", "$0.02", "$0.03"]),
        ([1240], ["$0", "$500", "$1k", "$1.5k"]),
        ([12_400], ["$0", "$5k", "$10k", "$15k"]),
        ([1_200_000], ["$0", "$500k", "$1M", "$1.5M"]),
        ([20, -5], ["−$10", "$0", "$10", "$20"]),
        ([0], ["$0", "$1"]),
    ],
)
def test_a_scale_has_round_steps_written_alike(dollars: list[float], shown: list[str]) -> None:
    assert on_axis(ticks([round(each * USD) for each in dollars], Unit.MONEY), Unit.MONEY) == shown


@pytest.mark.parametrize(
    ("counts", "shown"),
    [([3], ["0", "1", "2", "3"]), ([137], ["0", "50", "100", "150"]), ([10_400], ["0", "5k", "10k", "15k"])],
)
def test_counts_have_whole_steps(counts: list[int], shown: list[str]) -> None:
    assert on_axis(ticks(counts, Unit.COUNT), Unit.COUNT) == shown


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        ([42, 61.2, 0], ["$42.00", "$61.20", "$0"]),
        ([42, 61], ["$42", "$61"]),
        ([312.4, 4.27, 12.34], ["$312", "$4.27", "$12"]),
        ([1240, 12_400, 999_600, 1_230_000], ["$1,240", "$12.4k", "$1M", "$1.23M"]),
        ([0.000_012, 5], ["$0.000012", "$5.00"]),
        ([-3, -0.001], ["−$3.00", "−$0.001"]),
    ],
)
def test_values_beside_each_other_are_short(dollars: list[float], shown: list[str]) -> None:
    assert beside([round(each * USD) for each in dollars], Unit.MONEY) == shown


def test_counts_are_grouped_and_then_shortened() -> None:
    assert beside([0, 12, 9_999, 10_400, 999_999, 1_234_567], Unit.COUNT) == [
        "0",
        "12",
        "9,999",
        "10.4k",
        "1M",
        "1.23M",
    ]


@given(st.lists(AMOUNTS, min_size=1, max_size=5), st.sampled_from(Unit))
def test_what_is_not_zero_never_reads_as_zero_and_signs_are_right(values: list[int], unit: Unit) -> None:
    for value, text in zip(values, beside(values, unit), strict=True):
        assert bool(re.search(r"[1-9]", text)) == bool(value), text
        assert text.startswith("−") == (value < 0)


@given(st.lists(AMOUNTS, max_size=5), st.sampled_from(Unit))
def test_a_scale_holds_every_value_and_zero_and_no_two_steps_read_alike(values: list[int], unit: Unit) -> None:
    steps = ticks(values, unit)
    assert steps[0] <= min([0, *values]) <= max([0, *values]) <= steps[-1]
    assert 0 in steps
    assert len({high - low for low, high in pairwise(steps)}) == 1
    assert 2 <= len(steps) <= 8
    texts = on_axis(steps, unit)
    assert len(set(texts)) == len(texts), texts
    assert all(bool(re.search(r"[1-9]", text)) == bool(step) for step, text in zip(steps, texts, strict=True))
