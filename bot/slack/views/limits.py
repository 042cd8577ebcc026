"""How limits read: whose they are, how much of them is used and left, until when, and how fresh that is.

Bars are plain characters in code style, so that they keep their width in any font, and the percentage stands in
words beside them, so that nothing is lost when they are read aloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.budgets import TOTAL, Budget, Layer, Stop, binding
from bot.domain.money import show, show_beside
from bot.domain.periods import show_duration
from bot.slack.views.base import NAME_CHARS, clip, code, moment, plain_moment, reset_moment, sentence

BAR_CELLS = 10
STALE_POLLS = 3
"""Figures older than so many looks are called old."""
_PER = {Layer.KEY: "a month", Layer.AUTOMATION: "a day"}


def layer(limit: Budget) -> str:
    """`Team *search*`, a member by mention, or `Key *ana-7kq2*`, to begin a line with."""
    match limit.layer:
        case Layer.MEMBER:
            return f"Member {sentence(limit.name, NAME_CHARS)}"
        case Layer.KEY:
            return f"Key *{clip(limit.name, NAME_CHARS)}*"
        case Layer.AUTOMATION:
            return f"Key *{clip(limit.name, NAME_CHARS)}*, per day"
        case Layer.TEAM | Layer.PROJECT:
            return f"{limit.layer.capitalize()} *{clip(limit.name, NAME_CHARS)}*"


def short(limit: Budget) -> str:
    """The same in the middle of a sentence, and fit to stand in bold."""
    match limit.layer:
        case Layer.MEMBER:
            return sentence(limit.name, NAME_CHARS)
        case Layer.KEY:
            return code(limit.name)
        case Layer.AUTOMATION:
            return f"{code(limit.name)} per day"
        case Layer.TEAM | Layer.PROJECT:
            return f"{limit.layer} {code(limit.name)}"


def whole(limit: Budget) -> str:
    """The limit itself: `the budget of team search`, `the cap per day of nightly-7kq2`."""
    match limit.layer:
        case Layer.MEMBER:
            return f"the personal budget of {sentence(limit.name, NAME_CHARS)}"
        case Layer.KEY:
            return f"the cap of {code(limit.name)}"
        case Layer.AUTOMATION:
            return f"the cap per day of {code(limit.name)}"
        case Layer.TEAM | Layer.PROJECT:
            return f"the budget of {limit.layer} {code(limit.name)}"


def per(limit: Budget) -> str:
    """`a month`, `a day`, or `in total` for a cap that never starts again."""
    never = limit.period == TOTAL or (limit.layer is Layer.KEY and limit.resets_at is None)
    return "in total" if never else _PER.get(limit.layer, "a month")


def plain_name(limit: Budget) -> str:
    """The same as plain text, for options of a form, where nothing is marked up."""
    match limit.layer:
        case Layer.MEMBER:
            return "Personal budget"
        case Layer.KEY:
            return f"Key {limit.name}"
        case Layer.AUTOMATION:
            return f"Key {limit.name}, per day"
        case Layer.TEAM | Layer.PROJECT:
            return f"{limit.layer.capitalize()} {limit.name}"


def bar(limit: Budget) -> str:
    """`[#######---]` and how many percent are spent, in words."""
    full = min(BAR_CELLS, limit.used_percent * BAR_CELLS // 100)
    cells = "#" * full + "-" * (BAR_CELLS - full)
    return f"`[{cells}]` {percent(limit)} spent"


def percent(limit: Budget) -> str:
    """`71 percent`; what is not nothing never reads as 0 percent."""
    if limit.spent_micros > 0 and limit.used_percent == 0:
        return "less than 1 percent"
    return f"{limit.used_percent} percent"


def spent_of(limit: Budget) -> str:
    """`$355 of $500 a month`."""
    return f"{show_beside(limit.spent_micros, limit.budget_micros)} of {show(limit.budget_micros)} {per(limit)}"


def left(limit: Budget) -> str:
    """`$65 left`, or by how much more is spent and promised than there is."""
    room = limit.headroom_micros
    return f"{show(room)} left" if room >= 0 else f"nothing left, {show(-room)} too much"


def as_of(read_at: datetime | None, never: str) -> str:
    """How fresh a figure is."""
    return f"as of {moment(read_at)}" if read_at else never


def is_stale(read_at: datetime | None, now: datetime, poll_seconds: int) -> bool:
    """Whether a figure is older than it should be."""
    return read_at is not None and (now - read_at).total_seconds() > STALE_POLLS * poll_seconds


def every(poll_seconds: int) -> str:
    """How often spend is looked at, as it stands after "every": `minute`, `5 minutes`, `10 seconds`."""
    return f"{poll_seconds} seconds" if poll_seconds % 60 else show_duration(poll_seconds).removeprefix("1 ")


def age(read_at: datetime, now: datetime) -> str:
    """`23 minutes old`."""
    return f"{show_duration(max(0, int((now - read_at).total_seconds())))} old"


def resets(limit: Budget) -> str:
    """When it starts again, the same moment for every reader."""
    return f"Resets {reset_moment(limit.resets_at)}." if limit.resets_at else "Never resets."


def through(ends_at: datetime) -> str:
    """Until when a raise stands: a whole last day, or a moment."""
    last = ends_at - timedelta(seconds=1)
    at_midnight = reset_moment(ends_at).endswith("00:00 UTC") and ends_at.second == 0
    return f"through {last:%-d %B %Y} (UTC)" if at_midnight else f"until {plain_moment(ends_at)}"


def raised(limit: Budget) -> str:
    """Which part of it is a raise that ends by itself, or nothing."""
    if not limit.raised_micros:
        return ""
    until = f" {through(limit.raised_until)}" if limit.raised_until else ""
    return f"{show(limit.raised_micros)} of it is a raise{until}."


def line(limit: Budget, cap_micros: int | None = None) -> str:
    """One limit: left before and after this cap, what it is made of, how fresh, and when it resets."""
    room = limit.headroom_micros
    change = left(limit) if cap_micros is None else f"{show(room)} left now, {show(room - cap_micros)} after this"
    if limit.spent_micros or limit.committed_micros:
        spent = show_beside(limit.spent_micros, limit.budget_micros)
        use = (
            f"Spent {spent} ({as_of(limit.read_at, 'not read yet')}), promised to keys {show(limit.committed_micros)}."
        )
    else:
        use = "Nothing spent or promised yet."
    said = [
        f"{layer(limit)}: {change}, of {show(limit.budget_micros)} {per(limit)}.",
        use,
        raised(limit),
        resets(limit),
    ]
    return " ".join(filter(None, said))


def binds(limits: Sequence[Budget]) -> str:
    """Which of several limits leaves the least room; nothing when there is no choice."""
    tightest = binding(limits)
    if tightest is None or len(limits) < 2:
        return ""
    return f"The lowest headroom binds: {short(tightest)}, with {left(tightest)}."


def comes_back(stop: Stop | None) -> str:
    """What brings back a key that a limit stopped."""
    resets_at = None if stop is None else _period_end(stop.period)
    if resets_at is None:
        return "It comes back with a raise."
    return f"It comes back by itself on {reset_moment(resets_at)}, or with a raise."


def _period_end(period: str) -> datetime | None:
    """When a month (`2026-11`) or day (`2026-11-21`) is over; None for what has no end."""
    parts = period.split("-")
    if not all(part.isdigit() for part in parts) or len(parts) not in (2, 3):
        return None
    year, month = int(parts[0]), int(parts[1])
    if len(parts) == 3:
        return datetime(year, month, int(parts[2]), tzinfo=UTC) + timedelta(days=1)
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
