"""Money is read exactly, shown exactly, and rounded once, half to even."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import MAX_MICROS, MICROS_PER_CENT, BadAmount, from_usd, parse, show, show_beside, to_usd

CENTS = st.integers(1, MAX_MICROS // MICROS_PER_CENT)


@given(CENTS)
def test_what_is_shown_can_be_typed_again(cents: int) -> None:
    assert parse(show(cents * MICROS_PER_CENT)) == cents * MICROS_PER_CENT


@given(st.integers(-MAX_MICROS, MAX_MICROS))
def test_micros_survive_the_border_both_ways(micros: int) -> None:
    assert from_usd(to_usd(micros)) == micros


@given(st.integers(-MAX_MICROS, MAX_MICROS))
def test_showing_is_off_by_half_a_cent_at_most_and_never_hides_money(micros: int) -> None:
    shown = Decimal(show(micros).replace("$", "").replace(",", ""))
    assert abs(shown - to_usd(micros)) <= Decimal("0.005")
    assert (shown == 0) == (micros == 0)


@given(st.text(max_size=20))
def test_whatever_is_typed_is_an_amount_or_a_reason(text: str) -> None:
    try:
        micros = parse(text)
    except BadAmount:
        return
    assert 0 < micros <= MAX_MICROS
    assert micros % MICROS_PER_CENT == 0


@pytest.mark.parametrize(
    ("usd", "micros"),
    [
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("0.0000025", 2),
        ("-0.0000015", -2),
        ("0.00000051", 1),
        ("12.345678", 12_345_678),
    ],
)
def test_half_a_micro_goes_to_the_even_one(usd: str, micros: int) -> None:
    assert from_usd(Decimal(usd)) == micros


@pytest.mark.parametrize("usd", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused(usd: str) -> None:
    with pytest.raises(BadAmount, match=r"\Athat is not a number\Z"):
        from_usd(Decimal(usd))


def test_rounding_is_ours_whatever_the_program_around_has_set() -> None:
    with localcontext(rounding=ROUND_UP):
        assert from_usd(Decimal("0.0000011")) == 1
        assert show(1_021_000) == "$1.02"


def test_a_micro_is_a_millionth() -> None:
    assert to_usd(1) == Decimal("0.000001")
    assert to_usd(25_500_000) == Decimal("25.5")


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("$25", 25_000_000),
        ("25", 25_000_000),
        (" $25.50 ", 25_500_000),
        ("$.5", 500_000),
        ("$0.01", 10_000),
        ("$1,200", 1_200_000_000),
        ("$1,000,000", MAX_MICROS),
        ("1000000.00", MAX_MICROS),
        ("$12.5000", 12_500_000),
        ("$000000001", 1_000_000),
    ],
)
def test_amounts_are_read_as_people_type_them(typed: str, micros: int) -> None:
    assert parse(typed) == micros


SHAPE = "amounts look like $25 or $12.50"
MORE = "an amount must be more than $0"
MOST = "the most is $1,000,000"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", SHAPE),
        ("$", SHAPE),
        ("$$5", SHAPE),
        ("five", SHAPE),
        ("$1e9", SHAPE),
        ("$5.", SHAPE),
        ("1,20", SHAPE),
        ("$1,2000", SHAPE),
        ("€5", SHAPE),
        ("\u0665", SHAPE),
        ("$5 000", SHAPE),
        ("NaN", SHAPE),
        ("-5", MORE),
        ("$-5", MORE),
        ("-$5", MORE),
        ("$0", MORE),
        ("0.00", MORE),
        ("$0.001", "amounts go down to whole cents"),
        ("$12.345", "amounts go down to whole cents"),
        ("$0.0000001", "amounts go down to whole cents"),
        ("$1000000.01", MOST),
        ("$1,000,001", MOST),
        ("$999999999", MOST),
        ("$1000000000", MOST),
        ("9" * 400, MOST),
    ],
)
def test_a_wrong_amount_says_what_was_wrong(typed: str, why: str) -> None:
    with pytest.raises(BadAmount) as wrong:
        parse(typed)
    assert str(wrong.value) == why


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "$0"),
        (25_000_000, "$25"),
        (1_200_500_000, "$1,200.50"),
        (-3_000_000, "-$3"),
        (4_200, "$0.0042"),
        (1, "$0.000001"),
        (9_999, "$0.009999"),
        (-100, "-$0.0001"),
        (10_000, "$0.01"),
        (15_000, "$0.015"),
        (35_000, "$0.035"),
        (35_050, "$0.035"),
        (35_150, "$0.0352"),
        (999_950, "$1"),
        (1_015_000, "$1.02"),
        (1_025_000, "$1.02"),
        (1_050_000, "$1.05"),
        (1_995_000, "$2"),
        (MAX_MICROS, "$1,000,000"),
    ],
)
def test_amounts_are_shown_for_people(micros: int, shown: str) -> None:
    assert show(micros) == shown


@pytest.mark.parametrize(
    ("micros", "other", "shown"),
    [
        (35_000, 10_000, "$0.035"),
        (499_995_100, 500_000_000, "$499.9951"),
        (500_000_000, 500_000_000, "$500"),
        (500_000_100, 500_000_000, "$500.0001"),
        (-1_000, 0, "-$0.001"),
        (320_000_000, 500_000_000, "$320"),
    ],
)
def test_what_is_nearly_a_limit_does_not_read_as_if_it_were_the_limit(micros: int, other: int, shown: str) -> None:
    assert show_beside(micros, other) == shown


@given(st.integers(-MAX_MICROS, MAX_MICROS), st.integers(-1_000, 1_000))
def test_two_amounts_side_by_side_read_the_same_only_when_they_are(micros: int, more: int) -> None:
    other = micros + more
    assert (show_beside(micros, other) == show_beside(other, micros)) == (more == 0)
