"""What is shown adds up, keeps its order and its sign, and never says nothing of something."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.apportion import (
    NO_SHARE,
    amounts,
    apportion,
    change,
    change_from,
    percent_moved,
    percents,
    rounded,
)
from bot.domain.money import MICROS_PER_CENT, MICROS_PER_USD, show, to_usd
from tests.domain.kit import USD

anything = st.one_of(st.integers(-50, 50), st.integers(-(10**5), 10**5), st.integers(-(10**9), 10**9))
something = st.one_of(st.integers(0, 50), st.integers(0, 10**5), st.integers(0, 10**9))
wholes = st.integers(1, 10**7)


def shown_usd(text: str) -> Decimal:
    """What an amount adds to a column: what is less than a step adds nothing."""
    return Decimal(0) if "<" in text else Decimal(text.replace("$", "").replace(",", ""))


def shown_percent(text: str) -> int:
    """What a share adds to a column: less than one adds nothing, and what is nearly all adds all."""
    number = text.removesuffix(" percent")
    if "<" in number:
        return 0
    return 100 if ">" in number else int(number.replace(",", ""))


@given(st.integers(), st.integers(1, 10**6))
def test_a_quotient_is_rounded_half_to_even(number: int, by: int) -> None:
    assert rounded(number, by) == round(Fraction(number, by))


@pytest.mark.parametrize(("number", "by", "is_"), [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (5, 3, 2), (4, 3, 1), (3, 3, 1)])
def test_halves_go_to_the_even_number(number: int, by: int, is_: int) -> None:
    assert rounded(number, by) == is_


@given(st.lists(anything, max_size=8), wholes, st.sampled_from([1, 7, 100]))
def test_parts_add_up_to_what_their_sum_is_worth(parts: list[int], whole: int, units: int) -> None:
    assert sum(apportion(parts, whole, units)) == round(Fraction(sum(parts) * units, whole))


@given(st.lists(anything, max_size=8), wholes, st.sampled_from([1, 7, 100]))
def test_no_part_is_a_unit_off_and_what_is_whole_stays(parts: list[int], whole: int, units: int) -> None:
    for got, part in zip(apportion(parts, whole, units), parts, strict=True):
        assert abs(got - Fraction(part * units, whole)) < 1


@given(st.lists(anything, max_size=8), wholes, st.sampled_from([1, 7, 100]))
def test_a_bigger_part_never_gets_less(parts: list[int], whole: int, units: int) -> None:
    got = sorted(zip(parts, apportion(parts, whole, units), strict=True))
    assert all(one[1] <= other[1] for one, other in pairwise(got) if one[0] < other[0])


def test_who_is_rounded_up_has_the_largest_remainder_and_of_equals_the_first() -> None:
    assert apportion([14, 26, 60], 10) == (1, 3, 6)
    assert apportion([16, 24, 60], 10) == (2, 2, 6)
    assert apportion([1, 1, 1], 3, 100) == (34, 33, 33)
    assert apportion([1, 1, 1, 1, 1, 1], 6, 100) == (17, 17, 17, 17, 16, 16)
    assert apportion([15, 15], 10) == (2, 1)
    assert apportion([25], 10) == (2,)
    assert apportion([], 10) == ()


@given(st.lists(something, min_size=1, max_size=8))
def test_percents_of_all_parts_are_a_hundred(parts: list[int]) -> None:
    told = percents(parts)
    if sum(parts):
        assert sum(map(shown_percent, told)) == 100
    else:
        assert set(told) == {NO_SHARE}


@given(st.lists(anything, min_size=1, max_size=8), st.none() | anything)
def test_a_share_never_hides_a_part_and_never_makes_it_all(parts: list[int], whole: int | None) -> None:
    size = sum(parts) if whole is None else whole
    for told, part in zip(percents(parts, whole), parts, strict=True):
        if size:
            assert (told == "0 percent") == (part == 0)
            assert (told == "100 percent") == (part == size)
            assert told.startswith("-") == (part * size < 0)


def test_shares_read_plainly() -> None:
    assert percents([3, 1]) == ("75 percent", "25 percent")
    assert percents([3, 1], unit="%") == ("75%", "25%")
    assert percents([999, 1, 0]) == (">99 percent", "<1 percent", "0 percent")
    assert percents([5, 3], 10) == ("50 percent", "30 percent")
    assert percents([5, 3], 1000) == ("1 percent", "<1 percent")
    assert percents([20], 20) == ("100 percent",)
    assert percents([-50, 50], 0) == ("–", "–")
    assert percents([]) == ()


def test_a_rest_that_is_not_shown_has_its_share_as_well() -> None:
    assert percents([331, 331], 1000) == ("33 percent", "33 percent")
    assert percents([335, 335], 1000) == ("34 percent", "33 percent")
    assert percents([333, 330], 1000) == ("33 percent", "33 percent"), "the rest has the largest remainder"
    assert percents([5, 3], 8) == ("63 percent", "37 percent")


def test_shares_of_corrections_downwards_have_their_sign() -> None:
    assert percents([1100, -100]) == ("110 percent", "-10 percent")
    assert percents([-60, -40]) == ("60 percent", "40 percent")
    assert percents([1001, -1]) == (">100 percent", "-<1 percent")
    assert percents([20_100, -20_000]) == ("20,100 percent", "-20,000 percent")
    assert percents([1, -1001]) == ("-<1 percent", ">100 percent")


@given(st.lists(anything, min_size=1, max_size=8))
def test_amounts_add_up_to_the_whole_as_it_is_shown(parts: list[int]) -> None:
    assert sum(map(shown_usd, amounts(parts))) == shown_usd(show(sum(parts)))


@given(st.lists(anything, min_size=1, max_size=8), st.none() | anything)
def test_no_amount_is_hidden_or_changes_its_sign(parts: list[int], whole: int | None) -> None:
    for told, part in zip(amounts(parts, whole), parts, strict=True):
        assert (told == "$0") == (part == 0)
        assert told.startswith("-") == (part < 0)


@given(st.lists(anything, min_size=2, max_size=8))
def test_a_bigger_amount_never_shows_smaller(parts: list[int]) -> None:
    told = sorted(zip(parts, map(shown_usd, amounts(parts)), strict=True))
    assert all(one[1] <= other[1] for one, other in pairwise(told) if one[0] < other[0])


@given(st.lists(anything, min_size=1, max_size=8))
def test_no_amount_is_a_cent_off(parts: list[int]) -> None:
    for told, part in zip(amounts(parts), parts, strict=True):
        assert abs(shown_usd(told) - to_usd(part)) < Decimal("0.01")


@given(anything)
def test_one_part_alone_shows_as_the_whole_does(part: int) -> None:
    assert amounts([part]) == (show(part),)


def test_amounts_read_plainly() -> None:
    assert amounts([12 * USD + 500_000, 3 * USD]) == ("$12.50", "$3")
    assert amounts([1_234 * USD, 5_000]) == ("$1,234", "<$0.01")
    assert amounts([9 * USD, 5_001]) == ("$9", "$0.01")
    assert amounts([USD, 1_333_333, 1_333_334]) == ("$1", "$1.33", "$1.34")
    assert amounts([1_333_333, 1_333_333, 1_333_334], 4 * USD) == ("$1.33", "$1.33", "$1.34")
    assert amounts([5 * USD, -2 * USD, -4_000]) == ("$5", "-$2", "-<$0.01")
    assert amounts([]) == ()


def test_amounts_are_as_fine_as_the_whole_is_shown() -> None:
    assert amounts([MICROS_PER_USD - 1_000, 900]) == ("$0.999", "$0.0009")
    assert amounts([MICROS_PER_USD - 1_000, 1_000]) == ("$1", "<$0.01")
    assert amounts([500_040, 499_860, 40]) == ("$0.50", "$0.4999", "<$0.0001")
    assert amounts([MICROS_PER_CENT - 20, 19]) == ("$0.00998", "$0.000019")
    assert amounts([MICROS_PER_CENT - 20, 20]) == ("$0.01", "<$0.0001")
    assert amounts([30, -30]) == ("<$0.01", "-<$0.01")
    assert amounts([500 * USD, -499_700_000]) == ("$500", "-$499.70")


def test_where_more_belongs_to_the_whole_amounts_are_in_its_steps() -> None:
    assert amounts([500_040], 3 * USD) == ("$0.50",)
    assert amounts([40], 3 * USD) == ("<$0.01",)
    assert amounts([5_000, 5_000], 2 * USD) == ("$0.01", "<$0.01")


@given(something, something)
def test_a_change_says_the_true_direction(now: int, before: int) -> None:
    told = change(now, before)
    if now == before:
        assert told == "unchanged"
    elif before == 0:
        assert told == "new"
    else:
        assert told.startswith("up " if now > before else "down ")
        assert " 0 percent" not in told
        assert ("down 100 percent" in told) == (now == 0)


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (112, 100, "up 12 percent"),
        (13, 100, "down 87 percent"),
        (1004, 1000, "up less than 1 percent"),
        (996, 1000, "down less than 1 percent"),
        (1006, 1000, "up 1 percent"),
        (1, 1000, "down more than 99 percent"),
        (0, 1000, "down 100 percent"),
        (2000, 1000, "up 100 percent"),
        (13_000, 1000, "up 1,200 percent"),
        (7, 7, "unchanged"),
        (0, 0, "unchanged"),
        (1, 0, "new"),
        (-1, 0, "down"),
        (5, -3, "up"),
        (-5, -3, "down"),
        (-1, 1000, "down more than 100 percent"),
        (-500, 1000, "down 150 percent"),
    ],
)
def test_changes_read_plainly(now: int, before: int, told: str) -> None:
    assert change(now, before) == told


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (400_000, 3 * USD, "from $3 to $0.40, down 87 percent"),
        (3 * USD + 1, 3 * USD, "from $3 to $3.000001, up less than 1 percent"),
        (3 * USD, 3 * USD + 1, "from $3.000001 to $3, down less than 1 percent"),
        (0, 3 * USD, "from $3 to $0, down 100 percent"),
        (3 * USD, 0, "new, $3"),
        (3 * USD, 3 * USD, "unchanged, $3"),
        (0, 0, "unchanged, $0"),
    ],
)
def test_a_change_of_little_is_told_with_both_amounts(now: int, before: int, told: str) -> None:
    assert change_from(now, before) == told


def test_what_moved_is_whole_percents_of_what_was() -> None:
    assert [percent_moved(now, 200) for now in (276, 0, 200, 201, 203, 199)] == [38, -100, 0, 0, 2, 0]
    assert [percent_moved(5, before) for before in (0, -1, 1)] == [None, None, 400]
