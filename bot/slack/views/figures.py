"""How figures of usage read: which days, how many requests, who spent what of a whole, what has no price.

What stands in one list adds up: amounts and shares are rounded together (`bot.domain.apportion`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.apportion import NO_SHARE, amounts, apportion, change, percents
from bot.domain.digests import Rank
from bot.domain.money import MICROS_PER_CENT, MICROS_PER_USD, show
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals, total
from bot.slack.views.base import NAME_CHARS, clip, code, join, mention, sentence

MODELS_NAMED = 3
GREATLY = 10
"""From so many times as much on, percents are hard to read."""


def day(on: date, *, year: bool = False) -> str:
    """`9 November`."""
    return f"{on.day} {on:%B %Y}" if year else f"{on.day} {on:%B}"


def days(span: Span) -> str:
    """`9 to 15 November`, `26 October to 1 November`, `29 December 2025 to 4 January 2026`, `9 November`."""
    first, last = span.since, span.last
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first, year=True)} to {day(last, year=True)}"
    return f"{first.day} to {day(last)}" if first.month == last.month else f"{day(first)} to {day(last)}"


def weekdays(span: Span) -> str:
    """`Monday to Thursday`, or `Monday`."""
    return f"{span.since:%A}" if span.days == 1 else f"{span.since:%A} to {span.last:%A}"


def counted(count: int, noun: str) -> str:
    """`1 request`, `1,240 requests`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def moved(now: int, before: int) -> str:
    """`up 12 percent`, to stand in a text: escaped."""
    return clip(change(now, before), NAME_CHARS)


def spend_moved(now: Totals, before: Totals) -> str:
    """How spend moved, as `moved`; nothing where that is not known, because one of them has no price."""
    if now.is_unpriced or before.is_unpriced:
        return ""
    return moved(now.cost_micros, before.cost_micros)


def _spend_moved_plainly(now: Totals, before: Totals) -> str:
    """The same, but where it is ten times as much or more: `after $0.20`."""
    if 0 < before.cost_micros * GREATLY <= now.cost_micros:
        return f"after {show(before.cost_micros)}"
    return spend_moved(now, before)


def spent(totals: Totals) -> str:
    """`$12.50`, `unpriced`, or `$12.50 and 7 unpriced`: what has no price never reads as $0."""
    if totals.is_unpriced:
        return "unpriced"
    unpriced = f" and {totals.unpriced_requests:,} unpriced" if totals.unpriced_requests else ""
    return f"{show(totals.cost_micros)}{unpriced}"


def undated(micros: int, when: str) -> str:
    """What was spent and no day is known of, from a cent on: below that, sums of many calls were only rounded apart."""
    if micros < MICROS_PER_CENT:
        return ""
    return f"{show(micros)} more was spent {when}; the gateway has not said on which days."


def unpriced(models: Sequence[tuple[str, int]], most: int = MODELS_NAMED) -> str:
    """What has no price, so that its cost is in no figure; or nothing."""
    if not models:
        return ""
    count = sum(requests for _, requests in models)
    named = [code(model) for model, _ in models[:most]]
    named += [f"{len(models) - most} more models"] if len(models) > most else []
    have = "has no price, so what it cost is" if count == 1 else "have no price, so what they cost is"
    return f"*Unpriced:* {counted(count, 'request')} to {join(named)} {have} in no figure."


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a ranking, every figure rounded together with those of the others."""

    name: str
    amount: str
    share: str
    change: str
    """Empty where it is not known."""
    requests: int


def lines(ranks: Sequence[Rank], whole: int, name: Callable[[Rank], str]) -> list[Line]:
    """A ranking of parts of this whole in micro-USD, in its order."""
    costs = [rank.totals.cost_micros for rank in ranks]
    shown = zip(ranks, amounts(costs, whole), percents(costs, whole), strict=True)
    return [
        Line(
            name(rank),
            "unpriced" if rank.totals.is_unpriced else clip(amount, NAME_CHARS),
            NO_SHARE if rank.totals.is_unpriced else clip(share, NAME_CHARS),
            _spend_moved_plainly(rank.totals, rank.before),
            rank.totals.requests,
        )
        for rank, amount, share in shown
    ]


def top(ranks: Sequence[Rank], whole: int, most: int, name: Callable[[Rank], str], others: str) -> str:
    """The biggest of a ranking and the rest in one: `@ana $200, @ben $100, 6 others $62.30`; they add up.

    Nothing where nothing was spent.
    """
    if whole <= 0:
        return ""
    spenders = [rank for rank in ranks if rank.totals.cost_micros or rank.totals.requests]
    first, rest = spenders[:most], spenders[most:]
    if len(rest) == 1:
        first, rest = spenders, []
    rows = [*first, *([Rank("", "", total(one.totals for one in rest), NOTHING)] if rest else [])]
    found = lines(rows, whole, name)
    named = [f"{one.name} {one.amount}" for one in found[: len(first)]]
    named += [f"{len(rest)} {others} {found[-1].amount}"] if rest else []
    return ", ".join(named)


def person(rank: Rank) -> str:
    """Somebody by mention, which tells them that they are spoken of."""
    return mention(rank.id) if rank.id else sentence(rank.name, NAME_CHARS) or "nobody"


def by_name(names: Mapping[str, str]) -> Callable[[Rank], str]:
    """Somebody by name, by mention only where none is known: a long list calls on nobody."""

    def named(rank: Rank) -> str:
        name = clip(names.get(rank.id, ""), NAME_CHARS)
        return isolated(name) if name else person(rank)

    return named


def isolated(name: str) -> str:
    """A name in its own direction of writing, so that the figures beside it keep their places."""
    return name if name.isascii() else f"\u2068{name}\u2069"


def model(rank: Rank) -> str:
    return code(rank.name or rank.id)


def project(rank: Rank) -> str:
    return code(rank.name) if rank.name else "no project"


def in_cents(costs: Sequence[int]) -> tuple[int, ...]:
    """What a chart shows: whole cents, in micro-USD, that add up to all of it.

    What is less than a cent stays as it is, and so does all of it below a dollar, as in lists beside it.
    """
    if sum(costs) < MICROS_PER_USD:
        return tuple(costs)
    cents = apportion(costs, MICROS_PER_CENT)
    return tuple(share * MICROS_PER_CENT or cost for share, cost in zip(cents, costs, strict=True))


def failures(totals: Totals, noun: str = " requests") -> str:
    """`31 of 1,240 requests (3 percent)`: so many of them failed."""
    (share, *_) = percents([totals.failures], totals.requests)
    said = f" ({clip(share, NAME_CHARS)})" if totals.failures and totals.requests else ""
    return f"{totals.failures:,} of {totals.requests:,}{noun}{said}"


def given_up(count: int) -> str:
    """`gave up on 2 things that it had to do`."""
    return f"gave up on {counted(count, 'thing')} that it had to do"
