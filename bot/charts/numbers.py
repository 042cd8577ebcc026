"""Numbers on charts as people write them: round steps of a scale, and `$1.2k` beside a bar.

What is not zero never reads as zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bot.domain import money
from bot.domain.charts import Unit

_STEPS = (10, 20, 25, 50, 100)
"""In tenths of a power of ten."""
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_MICROS = money.MICROS_PER_USD


def ticks(values: Iterable[int], unit: Unit, about: int = 4) -> list[int]:
    """Round steps from below the least to above the greatest value, zero among them; at least one step."""
    known = [0, *values]
    least, most = min(known), max(known)
    smallest = 1  # a micro-USD, or one
    rough = max(smallest, -(-(most - least) // about))
    if most == least:
        rough = _MICROS if unit is Unit.MONEY else 1
    step = _round_up(rough)
    first, last = least // step, -(-most // step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _round_up(rough: int) -> int:
    """The round number that is not less: 1, 2, 2.5 or 5 with zeros; 2.5 only where it is whole."""
    power = 1
    while power * 10 <= rough:
        power *= 10
    return next(each * power // 10 for each in _STEPS if each * power // 10 >= rough and (each != 25 or power >= 10))


def on_axis(steps: list[int], unit: Unit) -> list[str]:
    """The steps of a scale: `$0`, `$0.50`, `$1.00` with the same decimals, or `$0`, `$500`, `$1k`, `$1.5k`."""
    numbers = [Decimal(step) / (_MICROS if unit is Unit.MONEY else 1) for step in steps]
    if max(map(abs, numbers)) >= 1000:
        return [_lettered(number, unit) for number in numbers]
    places = max(map(_places, numbers))
    if unit is Unit.MONEY and places == 1:
        places = 2  # $0.50, not $0.5
    return [_signed(number, unit, f"{abs(number):.{places}f}" if number else "0") for number in numbers]


def _lettered(number: Decimal, unit: Unit) -> str:
    """A round number with all its digits: `2.5k`, `500k`, `1M`."""
    scale, letter = next(((scale, letter) for scale, letter in _SCALES if abs(number) >= scale), (1, ""))
    return _signed(number, unit, f"{(abs(number) / scale).normalize():f}", letter)


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def beside(values: Iterable[int], unit: Unit) -> list[str]:
    """Values that stand in one chart, short: `$4.27` and `$12.00`, or `$4.27`, `$312` and `$12.4k`.

    With cents where all are under $100 and some are not whole; else whole from $10 on. Less than a cent is exact.
    """
    shown = list(values)
    cents = unit is Unit.MONEY and all(abs(value) < 100 * _MICROS for value in shown)
    cents = cents and any(value % _MICROS for value in shown)
    return [_amount(value, cents=cents) if unit is Unit.MONEY else _short(Decimal(value), unit) for value in shown]


def _amount(micros: int, *, cents: bool) -> str:
    if 0 < abs(micros) < money.MICROS_PER_CENT:
        return money.show(micros).replace("-", "−")
    dollars = Decimal(micros) / _MICROS
    if not micros or not (cents or (abs(dollars) < 10 and micros % _MICROS)):
        return _short(dollars, Unit.MONEY)
    return _signed(dollars, Unit.MONEY, f"{abs(dollars):.2f}")


def _short(number: Decimal, unit: Unit) -> str:
    """Whole under ten thousand, else three digits and a letter."""
    size = abs(number)
    if round(size) < 10_000:
        return _signed(number, unit, f"{size:,.0f}")
    scale, letter = next(
        (scale, letter) for scale, letter in reversed(_SCALES) if size < scale * Decimal("999.5") or letter == "T"
    )
    scaled = size / scale
    text = f"{scaled:.{2 if scaled < 10 else 1 if scaled < 100 else 0}f}"
    return _signed(number, unit, text.rstrip("0").rstrip(".") if "." in text else text, letter)


def _signed(number: Decimal, unit: Unit, text: str, letter: str = "") -> str:
    return f"{'−' if number < 0 else ''}{'$' if unit is Unit.MONEY else ''}{text}{letter}"
