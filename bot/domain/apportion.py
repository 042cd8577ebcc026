"""Rounding that adds up: percents and amounts of one table by largest remainder, and how a change reads.

What is shown never contradicts itself: parts add up to the whole as it is shown, a bigger part never shows smaller, no
part changes its sign, what is not zero never reads as zero, and what is not all never reads as all. Texts may hold `<`
and `>`: whatever puts them into markup escapes them.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.money import MICROS_PER_CENT, MICROS_PER_USD, show_beside

NO_SHARE = "–"
"""Stands for the share of a whole that is nothing."""
_STEP_UNDER_A_DOLLAR = 100
"""What `money.show` goes down to there, in micro-USD: a hundredth of a cent."""


def rounded(number: int, by: int) -> int:
    """One number divided by another that is more than zero, half rounded to even."""
    whole, rest = divmod(number, by)
    return whole + (2 * rest > by or (2 * rest == by and whole % 2 == 1))


def apportion(parts: Sequence[int], whole: int, units: int = 1) -> tuple[int, ...]:
    """How many of the `units` that `whole` is worth each part gets: all whole numbers, none more than one off.

    They add up to what the sum of the parts would get, half rounded to even. The parts that are rounded up are those
    with the largest remainder, of equal ones the first. `whole` and `units` are more than zero; a part may be less.
    """
    shares = [divmod(part * units, whole) for part in parts]
    missing = rounded(sum(parts) * units, whole) - sum(got for got, _ in shares)
    by_rest = sorted(range(len(parts)), key=lambda index: -shares[index][1])
    rounded_up = set(by_rest[:missing])
    return tuple(got + (index in rounded_up) for index, (got, _) in enumerate(shares))


def percents(parts: Sequence[int], whole: int | None = None, unit: str = " percent") -> tuple[str, ...]:
    """Each part's share of the whole, such as `31 percent`, `<1 percent`; together they are 100.

    `whole` is given where more belongs to it than these parts: then the rest has its share too, which is left out.
    Of a whole that is nothing there is no share. Where parts less than zero are among others, a share may be over 100.
    """
    everything, size = _with_rest(parts, whole)
    if not size:
        return (NO_SHARE,) * len(parts)
    sign = -1 if size < 0 else 1
    shares = apportion([sign * part for part in everything], abs(size), 100)
    return tuple(_percent(share, part * sign, abs(size)) + unit for share, part in zip(shares, parts, strict=False))


def amounts(parts: Sequence[int], whole: int | None = None) -> tuple[str, ...]:
    """Each part in dollars, such as `$12.50`, `<$0.01`, `-$3`; together they are the whole as `money.show` writes it.

    So they are in cents where the whole is a dollar or more, and as much finer as it is written below that. `whole` is
    given where more belongs to it than these parts. Amounts are micro-USD.
    """
    everything, size = _with_rest(parts, whole)
    step = _step(abs(size))
    return tuple(
        _amount(steps * step, part, step) for steps, part in zip(apportion(everything, step), parts, strict=False)
    )


def percent_moved(now: int, before: int) -> int | None:
    """By how many whole percent something moved, half rounded to even; None where there was nothing to compare with."""
    return None if before <= 0 else rounded((now - before) * 100, before)


def change(now: int, before: int) -> str:
    """How something moved: `up 12 percent`, `down less than 1 percent`, `unchanged`, `new`.

    The direction is always the true one, whatever is rounded. Of nothing, and of less, no percents are told.
    """
    if now == before:
        return "unchanged"
    if before == 0 and now > 0:
        return "new"
    direction = "up" if now > before else "down"
    percent = percent_moved(now, before)
    if percent is None:
        return direction
    if percent == 0:
        return f"{direction} less than 1 percent"
    if percent == -100 and now:
        return "down more than 99 percent" if now > 0 else "down more than 100 percent"
    return f"{direction} {abs(percent):,} percent"


def change_from(now: int, before: int) -> str:
    """How an amount of micro-USD moved, with both: `from $3 to $0.40, down 87 percent`.

    For where a percentage alone would mislead, because there is little behind it.
    """
    if before in (now, 0):
        return f"{change(now, before)}, {show_beside(now, before)}"
    return f"from {show_beside(before, now)} to {show_beside(now, before)}, {change(now, before)}"


def _with_rest(parts: Sequence[int], whole: int | None) -> tuple[list[int], int]:
    """The parts, with what is left of the whole if there is anything; and the whole."""
    known = sum(parts)
    if whole is None or whole == known:
        return list(parts), known
    return [*parts, whole - known], whole


def _percent(share: int, part: int, whole: int) -> str:
    if share == 0 and part:
        return "<1" if part > 0 else "-<1"
    if share == 100 and part != whole:
        return ">99" if part < whole else ">100"
    return f"{share:,}"


def _step(size: int) -> int:
    """How finely `money.show` writes an amount of that size, in micro-USD."""
    if 0 < size < MICROS_PER_CENT:
        return 1
    return _STEP_UNDER_A_DOLLAR if 0 < size < MICROS_PER_USD else MICROS_PER_CENT


def _amount(shown: int, part: int, step: int) -> str:
    sign = "-" if part < 0 else ""
    if shown == 0 and part:
        return f"{sign}<{_written(step)}"
    return sign + _written(abs(shown))


def _written(size: int) -> str:
    """Exactly: no cents when there are none, else two digits or more."""
    dollars, rest = divmod(size, MICROS_PER_USD)
    if not rest:
        return f"${dollars:,}"
    digits = f"{rest:06d}".rstrip("0")
    return f"${dollars:,}.{digits:0<2}"
