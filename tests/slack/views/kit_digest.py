"""Figures of digests in the same worlds as `kit`, from the quietest week to one with more of everything than fits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from bot.domain.apportion import apportion
from bot.domain.digests import (
    Age,
    Audience,
    Cause,
    Course,
    Digest,
    DigestNotice,
    DigestState,
    Figures,
    Forecast,
    OldKey,
    Rank,
    Troubles,
    Week,
    Why,
)
from bot.domain.usage import Totals, total
from tests.slack.views.kit import ANA, EVERYDAY, OMAR, USD, World

WEEK = Week(date(2026, 11, 9))
READ = datetime(2026, 11, 16, 0, 52, tzinfo=UTC)
NAMES = ("ليلى الحسن", "王小明", "🦊 Fox", "Ana María", "Zoë", "Γιώργος", "Ann", "Ben", "Chen")
PEOPLE = 400
"""In the longest world."""


def totals(dollars: float, requests: int, **more: int) -> Totals:
    facts: dict[str, Any] = {"tasks": requests, "input_tokens": 900 * requests, "output_tokens": 90 * requests}
    return Totals(requests=requests, cost_micros=round(dollars * USD), **(facts | more))


NOW = totals(412.3, 1240, failures=31, retries=45, unpriced_requests=12)
BEFORE = totals(298.7, 900, failures=12)


def ranks(names: list[str], id_of: str, now: Totals = NOW, before: Totals = BEFORE) -> tuple[Rank, ...]:
    """Parts of these totals to the micro-dollar, each half as much as the one before it, down to very little."""
    weights = [max(1, 4096 >> number) for number in range(len(names))]
    whole = sum(weights)

    def parts(of: Totals) -> list[Totals]:
        columns = [apportion(weights, whole, figure) for figure in of]
        return [Totals(*row) for row in zip(*columns, strict=True)]

    rows = zip(names, parts(now), parts(before), strict=True)
    found = tuple(Rank(id_of.format(number), name, is_now, was) for number, (name, is_now, was) in enumerate(rows))
    assert total(rank.totals for rank in found) == now
    return found


def members(world: World) -> tuple[Rank, ...]:
    return ranks([f"<@{person_id}>" for person_id, _ in names(world)], "U0{:04}")


def names(world: World) -> tuple[tuple[str, str], ...]:
    """What people are called: in many scripts, as long as names can be, or as if they were commands."""
    many = len(NAMES) if world is EVERYDAY else PEOPLE if world.many > 2 else 3
    own = "" if world is EVERYDAY else f" {world.team}"
    return tuple((f"U0{number:04}", f"{NAMES[number % len(NAMES)]}{own}"[:80]) for number in range(many))


def days(of: Totals) -> tuple[Totals, ...]:
    columns = [apportion((20, 18, 22, 19, 15, 3, 3), 100, figure) for figure in of]
    return tuple(Totals(*row) for row in zip(*columns, strict=True))


def old_key(world: World, *ages: Age, number: int = 1) -> OldKey:
    return OldKey(f"key-{number}", world.label, OMAR, ages, datetime(2026, 10, 12, tzinfo=UTC))


def old_keys(world: World) -> tuple[OldKey, ...]:
    kinds = (
        (Age.UNUSED,), (Age.PAST_ROTATION,), (Age.NO_HOLDER,), (Age.UNUSED, Age.PAST_ROTATION, Age.NO_HOLDER),
        (Age.PAST_ROTATION, Age.NO_HOLDER),
    )  # fmt: skip
    many = len(kinds) if world.many == 2 else 100
    return tuple(old_key(world, *kinds[n % len(kinds)], number=n) for n in range(many))


def courses(world: World) -> tuple[Course, ...]:
    found = (
        Course(f"project {world.team}", 200 * USD, 220 * USD),
        Course("project docs", 300 * USD, 150 * USD, Forecast(250 * USD, 310 * USD, 380 * USD, date(2026, 11, 28))),
        Course("project small", 100 * USD, 400_000, Forecast(1 * USD, 2 * USD, 3 * USD)),
    )
    return found * max(1, world.many // 2)


def figures(world: World, **changes: Any) -> Figures:
    """A full week: everything is worth a word."""
    some = max(2, world.many)
    models = [f"{n}-{world.models[n % len(world.models)]}" for n in range(some + 1)]
    facts: dict[str, Any] = {
        "week": WEEK, "team_id": "team-1", "name": world.team, "totals": NOW, "before": BEFORE,
        "causes": (Cause(Why.VOLUME, 92_600_000, 31), Cause(Why.MIX, 20_900_000, 7), Cause(Why.PRICE, 100_000, 0)),
        "days": days(NOW), "days_before": days(BEFORE), "members": members(world), "models": ranks(models, "{}"),
        "projects": ranks([*(f"{world.team}-{n}" for n in range(some)), ""], "project-{}"), "courses": courses(world),
        "budget_micros": 2000 * USD, "month_micros": 1020 * USD,
        "forecast": Forecast(1_905_400_000, 2_104_220_000, 2_310_000_000, date(2026, 11, 28)),
        "old_keys": old_keys(world), "holders": 9, "active_holders": 6, "weekend_micros": 24_738_000,
        "off_hours_micros": 48_000_000, "timed_micros": 400 * USD, "time_zone": "Europe/Berlin", "read_at": READ,
        "unpriced": tuple((model, 12 + n) for n, model in enumerate(models)), "undated_micros": 3 * USD,
        "troubles": Troubles(2, (f"the cap of {world.label} was put back: {world.note}",) * some, ("litellm is late",)),
        "skipped": tuple(f"2026-W{45 - n:02d}" for n in range(min(some, 40))),
    }  # fmt: skip
    return Figures(**(facts | changes))


def plain(world: World, **changes: Any) -> Figures:
    """A week in which all went well: nothing old, nothing unpriced, no trouble."""
    facts: dict[str, Any] = {
        "old_keys": (), "unpriced": (), "undated_micros": 0, "troubles": Troubles(), "skipped": (), "courses": (),
        "budget_micros": None, "forecast": None,
    }  # fmt: skip
    return figures(world, **(facts | changes))


def quiet(world: World, **changes: Any) -> Figures:
    """A week in which nobody used anything, as in the one before."""
    facts: dict[str, Any] = {"budget_micros": 500 * USD, "read_at": READ}
    return Figures(WEEK, "team-1", world.team, Totals(), Totals(), **(facts | changes))


def personal(world: World, **changes: Any) -> Figures:
    keys = ranks([f"{world.label}-{n}" for n in range(max(2, world.many))], "key-{}")
    facts: dict[str, Any] = {
        "team_id": "", "name": f"<@{ANA}>", "members": (), "projects": (), "keys": keys, "old_keys": (), "holders": 0,
        "courses": (Course(f"<@{ANA}>", 500 * USD, 412_300_000),), "budget_micros": None, "skipped": (),
    }  # fmt: skip
    return figures(world, **(facts | changes))


def roll_up(world: World, **changes: Any) -> Figures:
    teams = ranks([f"{world.team}-{n}" for n in range(max(3, world.many))], "team-{}")
    of_teams = tuple(
        Course(rank.name, 100 * USD, rank.totals.cost_micros, Forecast(1 * USD, 2 * USD, 3 * USD)) for rank in teams
    )
    facts: dict[str, Any] = {
        "team_id": "", "name": f"<@{OMAR}>", "teams": teams, "projects": (), "courses": of_teams, "budget_micros": None,
    }  # fmt: skip
    return figures(world, **(facts | changes))


def notice(
    figures: Figures, audience: Audience = Audience.TEAM, world: World = EVERYDAY, **changes: Any
) -> DigestNotice:
    state = changes.pop("state", DigestState.POSTED)
    told = Digest("digest-1", audience, "team-1", figures.week, state, READ, figures)
    return DigestNotice(told, **({"channel_id": "C0SEARCH", "names": names(world)} | changes))
