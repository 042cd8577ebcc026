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
    """Write micro-USD for people: `$25`, `$1,200.50`, `-$3`; under a cent, `$0.0042`.

    Cents are dropped when they are zero. Half a cent rounds to even; an amount that is not zero never
    shows as `$0`.
    """
    sign = "-" if micros < 0 else ""
    size = abs(micros)
    if 0 < size < MICROS_PER_CENT:
        return f"{sign}${to_usd(size):.6f}".rstrip("0")
    cents = int((Decimal(size) / MICROS_PER_CENT).to_integral_value(rounding=ROUND_HALF_EVEN))
    dollars, rest = divmod(cents, 100)
    return f"{sign}${dollars:,}.{rest:02d}" if rest else f"{sign}${dollars:,}"
