"""Answers about usage to draw screens from, small and large, in the same worlds as `kit`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.facts import Freshness
from bot.domain.reports import Asked, Extent, Grouping, Part, PostedUsage, Question, Report, Scope
from bot.domain.spans import Span, compared, known_part, last_days
from bot.domain.usage import NOTHING, Totals, total
from bot.slack.views.usage import Shown
from tests.slack.views import kit_money
from tests.slack.views.kit import ANA, NOW, OMAR, USD, World

TODAY = NOW.date()
READ = NOW - timedelta(minutes=5)
NAMES = ("Ana María", "عمر الفاروق", "王小明", "🦄 Sparkle 🦄", "Zoë O'Brien & Söhne <x>", "नेहा", "ก้องภพ")
"""What people are called, in scripts that run both ways."""


def used(micros: int, requests: int = 40, **changes: Any) -> Totals:
    facts = {"failures": requests // 20, "tasks": requests, "input_tokens": requests * 31_000,
             "cached_tokens": requests * 9_300, "output_tokens": requests * 2_200}  # fmt: skip
    return Totals(requests=requests, cost_micros=micros, **(facts | changes))


def part(part_id: str, name: str, micros: int, before: int | None = None, **changes: Any) -> Part:
    totals = used(micros, **changes)
    return Part(part_id, name, totals, totals, used(before if before is not None else micros * 9 // 10))


def report(world: World, extent: Extent = Extent.TEAM, by: Grouping = Grouping.MEMBER, **changes: Any) -> Report:
    """An answer of this shape: a few parts, or 400 where the world has many of everything."""
    span = changes.pop("span", last_days(30, TODAY))
    parts = changes.pop("parts", None)
    parts = _parts(world, by, span) if parts is None else parts
    whole = total(each.totals for each in parts)
    facts: dict[str, Any] = {
        "question": Question(Scope(extent, _subject(extent)), span, by), "name": called(world, extent),
        "team_name": world.team, "parts": parts, "whole": whole, "now": total(each.now for each in parts),
        "before": total(each.before for each in parts), "compared": compared(span, TODAY), "days": _days(span, whole),
        "freshness": (Freshness("litellm", READ),), "untold_retries": ("litellm",),
        "budget": kit_money.limit(world) if extent is Extent.TEAM else None,
    }  # fmt: skip
    return Report(**(facts | changes))


def empty(world: World, extent: Extent = Extent.MEMBER, by: Grouping = Grouping.KEY, **changes: Any) -> Report:
    return report(world, extent, by, **({"parts": (), "whole": NOTHING, "now": NOTHING, "before": NOTHING} | changes))


def everything(world: World, by: Grouping = Grouping.KEY) -> Report:
    """An answer beside which everything has to be said."""
    models = tuple((f"{n}-{world.models[0]}", n + 1) for n in range(world.many))
    gateways = tuple(
        Freshness(f"gateway-{n}", NOW - timedelta(hours=n + 1), f"no answer. {world.note}") for n in range(world.many)
    )
    made = report(world, Extent.TEAM, by)
    others = part("", "keys of others", 40 * USD)
    bare = part("key-free", world.label, 0, 0, requests=7, unpriced_requests=7)
    some = part("key-some", world.label, 3 * USD, requests=9, unpriced_requests=2)
    parts = (*made.parts[:200], some, bare, others)
    return replace(
        report(world, Extent.TEAM, by, parts=parts), withheld=3, unpriced=models, undated_micros=1_200_000,
        freshness=(*gateways, Freshness("late", None, world.note)),
        untold_retries=tuple(one.gateway for one in gateways),
    )  # fmt: skip


def shown(page: int = 1, pages: int = 1, **changes: Any) -> Shown:
    facts: dict[str, Any] = {
        "asked_on": TODAY, "page": page, "asker_id": ANA, "post_id": "asked-1",
        "previous_id": "asked-2" if page > 1 else "", "next_id": "asked-3" if page < pages else "",
    }  # fmt: skip
    return Shown(**(facts | changes))


def shared(world: World) -> PostedUsage:
    """What somebody posts: people by their names, in every script."""
    made = report(world)
    names = tuple((each.id, f"{NAMES[n % len(NAMES)]} {world.team}") for n, each in enumerate(made.parts))
    asked = Asked("asked-1", OMAR, made.question, datetime(2026, 11, 20, 18, 20, tzinfo=UTC))
    return PostedUsage(made, asked, names)


def _subject(extent: Extent) -> str:
    return {Extent.MEMBER: ANA, Extent.ALL: ""}.get(extent, f"{extent}-1")


def called(world: World, extent: Extent) -> str:
    """How people call what the scope is of."""
    return {Extent.MEMBER: f"<@{ANA}>", Extent.KEY: world.label, Extent.ALL: "all teams"}.get(extent, world.team)


def _parts(world: World, by: Grouping, span: Span) -> tuple[Part, ...]:
    if by is Grouping.DAY:
        known = known_part(span, TODAY)
        assert known is not None
        return tuple(part(day.isoformat(), day.isoformat(), day.day * USD // 3) for day in known.each())
    count = 400 if world.many > 2 else 3
    costs = [max(1, 250 * USD >> n) for n in range(count)]
    return tuple(part(*_called(world, by, n), cost) for n, cost in enumerate(costs))


def _called(world: World, by: Grouping, number: int) -> tuple[str, str]:
    match by:
        case Grouping.MEMBER:
            person = f"U0PERSON{number:03}"
            return person, f"<@{person}>"
        case Grouping.MODEL:
            model = world.models[number % len(world.models)]
            return f"{model}-{number}", f"{model}-{number}"
        case Grouping.PROJECT if number == 2:
            return "", "no project"
        case Grouping.PROJECT | Grouping.TEAM:
            return f"{by}-{number}", world.team
        case _:
            return f"key-{number}", world.label


def _days(span: Span, whole: Totals) -> tuple[tuple[date, Totals], ...]:
    known = known_part(span, TODAY)
    days = [] if known is None else list(known.each())
    if not days:
        return ()
    each = whole.cost_micros // len(days)
    costs = [each] * (len(days) - 1) + [whole.cost_micros - each * (len(days) - 1)]
    return tuple((day, used(cost) if whole.requests else NOTHING) for day, cost in zip(days, costs, strict=True))
