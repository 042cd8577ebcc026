"""Money as integer micro-USD: reading what people type, showing what they read.

One micro-USD is 10^-6 USD. Rounding is half-even and happens once, at the border, in `from_usd`.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

MICROS_PER_USD = 1_000_000
MICROS_PER_CENT = 10_000
MAX_MICROS = 1_000_000 * MICROS_PER_USD
"""The largest amount Purser handles: $1,000,000. Larger input is a slip of the finger."""

_TYPED = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d+))?", re.ASCII)


class BadAmount(ValueError):
    """The text is not an amount of money; the message says why, in words for its author."""


def from_usd(usd: Decimal) -> int:
    """Convert decimal US dollars to micro-USD, half-even. Raises `BadAmount` on NaN or infinity."""
    if not usd.is_finite():
        msg = "that is not a number"
        raise BadAmount(msg)
    return int((usd * MICROS_PER_USD).to_integral_value(rounding=ROUND_HALF_EVEN))


def to_usd(micros: int) -> Decimal:
    """Convert micro-USD to exact decimal US dollars."""
    return Decimal(micros) / MICROS_PER_USD


def parse(text: str) -> int:
    """Read an amount as people type it (`$25`, `25.50`, `$1,200`) into micro-USD.

    Whole cents only, more than zero, at most $1,000,000. Raises `BadAmount` saying what was wrong.
    """
    typed = text.strip()
    if typed.startswith(("-", "$-")):
        msg = "an amount must be more than $0"
        raise BadAmount(msg)
    found = _TYPED.fullmatch(typed)
    if found is None or (found[1] is None and found[2] is None):
        msg = "amounts look like $25 or $12.50"
        raise BadAmount(msg)
    cents = found[2] or ""
    if len(cents.rstrip("0")) > 2:
        msg = "amounts go down to whole cents"
        raise BadAmount(msg)
    whole = (found[1] or "0").replace(",", "")
    if len(whole) > 9:
        msg = f"the most is {show(MAX_MICROS)}"
        raise BadAmount(msg)
    micros = from_usd(Decimal(f"{whole}.{cents or '0'}"))
    if micros == 0:
        msg = "an amount must be more than $0"
        raise BadAmount(msg)
    if micros > MAX_MICROS:
        msg = f"the most is {show(MAX_MICROS)}"
        raise BadAmount(msg)
    return micros


def show(micros: int) -> str:
    """Write micro-USD for people: `$25`, `$1,200.50`, `-$3`; with part of a cent, `$0.035` and `$0.0042`.

    Cents are dropped when they are zero. From a dollar on, amounts are whole cents; under a dollar they go down to a
    hundredth of a cent, and under a cent they are exact, for there a cent more or less would mislead. Half rounds to
    even; an amount that is not zero never shows as `$0`.
    """
    sign = "-" if micros < 0 else ""
    size = abs(micros)
    if 0 < size < MICROS_PER_CENT:
        return f"{sign}${to_usd(size):.6f}".rstrip("0")
    steps = _STEP_UNDER_A_DOLLAR if size < MICROS_PER_USD else MICROS_PER_CENT
    return sign + _written(_rounded(size, steps))


def show_beside(micros: int, other_micros: int) -> str:
    """Write an amount that stands beside another: as `show` does, but exactly where both would read the same."""
    shown = show(micros)
    if micros == other_micros or shown != show(other_micros):
        return shown
    return ("-" if micros < 0 else "") + _written(abs(micros))


_STEP_UNDER_A_DOLLAR = 100
"""A hundredth of a cent."""


def _rounded(size: int, step: int) -> int:
    return int((Decimal(size) / step).to_integral_value(rounding=ROUND_HALF_EVEN)) * step


def _written(size: int) -> str:
    """An amount of at least a cent, exactly: no cents when there are none, else two digits or more."""
    dollars, rest = divmod(size, MICROS_PER_USD)
    if not rest:
        return f"${dollars:,}"
    digits = f"{rest:06d}".rstrip("0")
    return f"${dollars:,}.{digits:0<2}"
