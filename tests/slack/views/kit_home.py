"""What Home tabs show beside requests and keys: this week, and teams at a glance, in the same worlds as `kit`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.digests import Age
from bot.domain.facts import Freshness
from bot.domain.homes import HomeFacts, TeamGlance
from bot.domain.reports import Extent, Grouping, Part, Question, Report, Scope
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals, total
from tests.slack.views import kit, kit_digest, kit_money
from tests.slack.views.kit import ANA, NOW, USD, World

MONDAY = kit_digest.WEEK.moved(1).span
COMPARED = (Span(MONDAY.since, NOW.date()), Span(MONDAY.since, NOW.date()).moved(-7))
READ = NOW - timedelta(minutes=6)


def part(part_id: str, name: str, dollars: float) -> Part:
    now, before = kit_digest.totals(dollars * 0.75, 30), kit_digest.totals(dollars * 0.5, 24)
    return Part(part_id, name, now.plus(kit_digest.totals(dollars * 0.25, 8)), now, before)


def report(world: World, extent: Extent = Extent.MEMBER, **changes: Any) -> Report:
    """A week up to Friday: four whole days are compared."""
    is_team, many = extent is Extent.TEAM, max(5, world.many)
    names = [(f"U0{n:04}", f"<@U0{n:04}>") if is_team else (f"key-{n}", world.label) for n in range(many)]
    parts = tuple(part(one, name, 64 / 2**n if n < 20 else 0) for n, (one, name) in enumerate(names))
    scope = Scope(extent, "team-1" if is_team else ANA)
    facts: dict[str, Any] = {
        "question": Question(scope, MONDAY, Grouping.MEMBER if is_team else Grouping.KEY), "name": world.team,
        "team_name": world.team, "parts": parts, "whole": total(one.totals for one in parts),
        "now": total(one.now for one in parts), "before": total(one.before for one in parts), "compared": COMPARED,
        "days": (), "freshness": (Freshness("litellm", READ),), "undated_micros": 3 * USD,
        "unpriced": tuple((model, 12) for model in world.models),
    }  # fmt: skip
    return Report(**(facts | changes))


def bare_report(world: World, **changes: Any) -> Report:
    """A Monday on which nothing was used yet."""
    facts: dict[str, Any] = {
        "parts": (), "whole": NOTHING, "now": NOTHING, "before": Totals(), "compared": None, "undated_micros": 0,
        "unpriced": (), "freshness": (Freshness("litellm", None),),
    }  # fmt: skip
    return report(world, **(facts | changes))


def glance(world: World, **changes: Any) -> TeamGlance:
    facts: dict[str, Any] = {
        "budget": kit_money.limit(world), "week": report(world, Extent.TEAM), "waiting": max(2, world.many),
        "old_keys": tuple(kit_digest.old_key(world, Age.UNUSED, number=n) for n in range(max(2, world.many))),
        "incidents": max(2, world.many),
    }  # fmt: skip
    return TeamGlance(kit.team(world), **(facts | changes))


def home_facts(world: World) -> HomeFacts:
    """Somebody with keys who owns a team, or in the longest world more teams than fit."""
    teams = (glance(world),) * (5 if world.many > 2 else 1)
    left_out = world.many if world.many > 2 else 0
    return replace(kit.home_facts(world), week=report(world), teams=teams, teams_left_out=left_out)
