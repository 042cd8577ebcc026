"""What counts as a loop: a key whose requests fail, or are tried again, far more often today than on other days.

Gateways tell failures by the day, so today so far is compared with whole days: a loop is told later than a spike, and
never too early. Few failures are none, however unusual, and neither are many where as large a share fails every day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

HISTORY_DAYS = 28
LEAST = 200
"""So many failed or repeated requests in a day at least."""
NEW_LEAST = 500
"""Where fewer than `FEWEST_DAYS` are known."""
FEWEST_DAYS = 3
LEAST_SHARE_PERCENT = 20
"""Of a day's requests."""
TIMES_USUAL = 5
_DEVIATIONS_PERMILLE = 6 * 1483


class Day(NamedTuple):
    """A key's requests in a UTC day, or so far today."""

    requests: int
    """All of them, failed ones as well."""
    bad: int
    """Failed, or tried again."""


class Loop(NamedTuple):
    """Far more than usual."""

    bad: int
    usual: int
    """The median of the days compared with."""
    limit: int
    compared: int


def loop(today: Day, days: Sequence[Day]) -> Loop | None:
    """Whether today is one. `days` are those before, without days on which the key was not used."""
    used = [day for day in days if day.requests > 0]
    least = LEAST if len(used) >= FEWEST_DAYS else NEW_LEAST
    counts = sorted(day.bad for day in used) or [0]
    usual = counts[(len(counts) - 1) // 2]
    distances = sorted(abs(count - usual) for count in counts)
    spread = distances[(len(distances) - 1) // 2]
    limit = max(least, TIMES_USUAL * usual, usual + spread * _DEVIATIONS_PERMILLE // 1000)
    if today.bad < limit or today.bad * 100 < today.requests * LEAST_SHARE_PERCENT:
        return None
    usual_share = sorted(day.bad * 1000 // day.requests for day in used)[(len(used) - 1) // 2] if used else 0
    if today.bad * 1000 < 2 * usual_share * today.requests:
        return None
    return Loop(today.bad, usual, limit, len(used))
