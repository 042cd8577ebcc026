"""What counts as spent by a key in each period, settled from two counts that do not agree.

A gateway tells a live total, soon but without a date, and dated usage, later but with one. Usage says to which
period money belongs; where the live total knows of more than all usage so far, the rest belongs to the period in
which it was first seen, until dated usage explains it. Amounts are micro-USD.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple


class Count(NamedTuple):
    """The two counts of one period."""

    usage_micros: int
    """The sum of the usage dated in it."""
    lifetime_micros: int
    """The newest live total told before the period ended; the one of the period before, where none was told in it."""


class Settled(NamedTuple):
    """What counts."""

    before_micros: int
    """The total when the period began: what all periods before it are charged."""
    spent_micros: int
    undated_micros: int
    """What no usage dates of all that is charged up to its end."""


def settle(counts: Sequence[Count], before_micros: int = 0, undated_micros: int = 0) -> list[Settled]:
    """What counts in each period, of counts in the order of their periods; never below a period's usage.

    All together they are charged the greater of two: what the live total rose by, and the sum of the usage. So
    usage that arrives late stays with its own period and takes nothing from a later one, spend that both counts
    know is charged once, and a total corrected downwards takes back what no usage proves, the newest first.
    `before_micros` is the live total before the first of them, or what the periods before it are charged; of that,
    `undated_micros` is what no usage dates.
    """
    dated = list(accumulate((count.usage_micros for count in counts), initial=before_micros - undated_micros))[1:]
    undated = [max(0, count.lifetime_micros - known) for count, known in zip(counts, dated, strict=True)]
    # What a later total no longer knows of was explained, or corrected, meanwhile.
    lasting = list(accumulate(reversed(undated), min))[::-1]
    settled = []
    charged, taken = before_micros, undated_micros
    for count, extra in zip(counts, lasting, strict=True):
        spent = count.usage_micros + extra - taken
        settled.append(Settled(charged, spent, extra))
        charged, taken = charged + spent, extra
    return settled


def reaches_back(count: Count, settled: Settled, following: Settled) -> bool:
    """Whether a period that was settled before counts differently now that the one after it is settled like this.

    While it does not, the periods before the first that changed need not be looked at.
    """
    known = settled.before_micros + settled.spent_micros - settled.undated_micros
    return min(max(0, count.lifetime_micros - known), following.undated_micros) != settled.undated_micros
