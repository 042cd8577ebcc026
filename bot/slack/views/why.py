"""Why a week's spend moved, in one sentence that is true as it stands: its parts add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.apportion import amounts, percent_moved
from bot.domain.digests import Cause, Figures, Why
from bot.domain.money import show, show_beside
from bot.domain.usage import NOTHING
from bot.slack.views.base import NAME_CHARS, clip
from bot.slack.views.figures import counted, moved

PLAIN_PERCENT = 400
"""Above it percents say little: a movement is told in dollars."""
_MORE = {
    Why.NEW_KEYS: "new keys",
    Why.VOLUME: "more requests",
    Why.MIX: "dearer models",
    Why.PRICE: "dearer or longer requests",
}
_LESS = {
    Why.NEW_KEYS: "new keys",
    Why.VOLUME: "fewer requests",
    Why.MIX: "cheaper models",
    Why.PRICE: "cheaper or shorter requests",
}


def moved_because(figures: Figures) -> str:
    """`$412.30, up 38 percent on the week before ($298.70): 31 points more requests, 7 points dearer models.`"""
    now, before = figures.totals.cost_micros, figures.before.cost_micros
    spent, was = show_beside(now, before), show_beside(before, now)
    if not now:
        return _nothing(figures)
    if now == before:
        return f"{spent}, as much as the week before."
    if before <= 0:
        return f"{spent} spent; {_the_week_before(figures)}."
    percent = percent_moved(now, before)
    if percent is not None and abs(percent) <= PLAIN_PERCENT:
        return f"{spent}, {moved(now, before)} on the week before ({was}){_told(_points(figures.causes), percent)}."
    return f"{spent}, after {was} in the week before{_told(_dollars(figures.causes), now - before)}."


def _nothing(figures: Figures) -> str:
    """A week without cost: nothing was used, or nobody knows what it cost, or what was used."""
    before = _the_week_before(figures)
    if figures.totals.unpriced_requests:
        requests = counted(figures.totals.unpriced_requests, "request")
        return f"What was spent is not known: {requests} without a price; {before}."
    if figures.totals == NOTHING and not figures.is_told:
        return f"No usage is known of this week; {before}."
    return f"Nothing was spent; {before}."


def _the_week_before(figures: Figures) -> str:
    """What it came to; without a price it was not nothing."""
    before = figures.before
    if before.is_unpriced:
        return f"what the week before cost is not known: {counted(before.unpriced_requests, 'request')} without a price"
    return f"the week before it was {show(before.cost_micros) if before.cost_micros else 'nothing'}"


def _told(causes: Sequence[tuple[int, str]], whole: int) -> str:
    """Causes that moved it the way it went, then those that held against it."""
    up = whole > 0 if whole else sum(size for size, _ in causes) >= 0
    along = [said for size, said in causes if (size > 0) == up]
    against = [said for size, said in causes if (size > 0) != up]
    if not along:
        return ""
    return f": {', '.join(along)}" + (f", offset by {', '.join(against)}" if against else "")


def _points(causes: Sequence[Cause]) -> list[tuple[int, str]]:
    """What rounds to no point is left out; the others add up all the same."""
    return [
        (cause.points, f"{abs(cause.points)} {'point' if abs(cause.points) == 1 else 'points'} {_what(cause)}")
        for cause in causes
        if cause.points
    ]


def _dollars(causes: Sequence[Cause]) -> list[tuple[int, str]]:
    shown = (
        amounts([abs(cause.micros) for cause in causes]) if _agree(causes) else [show(abs(c.micros)) for c in causes]
    )
    return [
        (cause.micros, f"{clip(amount, NAME_CHARS)} {_what(cause)}")
        for cause, amount in zip(causes, shown, strict=True)
        if cause.micros
    ]


def _agree(causes: Sequence[Cause]) -> bool:
    return len({cause.micros > 0 for cause in causes}) == 1


def _what(cause: Cause) -> str:
    return (_MORE if cause.micros > 0 else _LESS)[cause.why]
