"""Facts about limits, raises and months, in the same worlds as `kit`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.budgets import TOTAL, Budget, Layer, Stop
from bot.domain.facts import (
    AlertFacts,
    BudgetFacts,
    Freshness,
    KeyFacts,
    MonthFacts,
    PolicyFacts,
    RaiseFormFacts,
    RequestFacts,
)
from bot.domain.keys import KeyKind, OffCause, Proof
from bot.domain.people import Project
from bot.domain.policy import AskRule, Policy, UsagePolicy, Who
from bot.domain.requests import Purpose, Request, RequestState, Target, Terms
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OMAR, USD, World

DEC = datetime(2026, 12, 1, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 21, tzinfo=UTC)
ENDS = datetime(2026, 12, 16, tzinfo=UTC)
READ = NOW - timedelta(minutes=1)
REASON = "team search reached its budget: $503.20 of $500 in November"


def limit(world: World, layer: Layer = Layer.TEAM, **changes: Any) -> Budget:
    """One limit, 71 percent spent."""
    name = {Layer.MEMBER: f"<@{ANA}>", Layer.KEY: world.label, Layer.AUTOMATION: world.label}.get(layer, world.team)
    day = layer is Layer.AUTOMATION
    facts: dict[str, Any] = {
        "subject_id": ANA if layer is Layer.MEMBER else f"{layer}-1", "name": name, "budget_micros": 500 * USD,
        "spent_micros": 355 * USD, "committed_micros": 80 * USD, "resets_at": TOMORROW if day else DEC,
        "read_at": READ, "period": "2026-11-20" if day else "2026-11",
    }  # fmt: skip
    return Budget(layer, **(facts | changes))


def limits(world: World) -> tuple[Budget, ...]:
    """Every layer, in every mood."""
    tiny = {"budget_micros": 10_000, "spent_micros": 35_000, "committed_micros": 0}
    found = [
        limit(world, raised_micros=200 * USD, raised_until=ENDS, budget_micros=700 * USD),
        limit(world, Layer.PROJECT, hard=False, unpriced_requests=12),
        limit(world, Layer.MEMBER, spent_micros=0, committed_micros=0, read_at=None),
        limit(world, Layer.KEY, period=TOTAL, resets_at=None, **tiny),
        limit(world, Layer.AUTOMATION, budget_micros=10 * USD, spent_micros=9_400_000, committed_micros=600_000),
    ]
    extra = [
        limit(world, Layer.KEY, subject_id=f"key-{n + 10}", period=TOTAL, resets_at=None) for n in range(world.many)
    ]
    return tuple(found + extra) if world.many > 2 else tuple(found)


def budget_facts(world: World, **changes: Any) -> BudgetFacts:
    facts: dict[str, Any] = {"limits": limits(world), "freshness": (Freshness("litellm", READ),)}
    return BudgetFacts(ANA, **(facts | changes))


def stale(world: World) -> BudgetFacts:
    """Two gateways that do not tell, and models without a price."""
    old = NOW - timedelta(minutes=23)
    found = tuple(replace(one, read_at=old) for one in limits(world))
    gateways = (Freshness("litellm", old, f"no answer. {world.note}"), Freshness("openrouter", None, "refused"))
    unpriced = tuple((f"{n}-{world.models[0]}", n + 1) for n in range(world.many))
    return budget_facts(world, limits=found, freshness=gateways, unpriced=unpriced)


def stopped_key(world: World, proof: Proof | None = Proof.RECORDED, **changes: Any) -> KeyFacts:
    """A key that the team's budget has stopped."""
    facts: dict[str, Any] = {
        "off_by": "purser", "off_reason": REASON if world.name == "everyday" else world.note,
        "stop": Stop(Layer.TEAM, "team-1", "2026-11", 500 * USD), "expires_at": None, "kind": KeyKind.AUTOMATION,
        "cap_micros": 200 * USD, "daily_cap_micros": 10 * USD, "cap_period": "month", "lead_id": OMAR,
    }  # fmt: skip
    found = kit.off_key(world, OffCause.BUDGET, proof, **(facts | changes))
    return replace(found, today_micros=9_400_000)


def alert(world: World, threshold: int, layer: Layer = Layer.TEAM, **changes: Any) -> AlertFacts:
    spent = {50: 251, 80: 402, 100: 503}[threshold] * USD
    at = limit(world, layer, spent_micros=spent)
    facts: dict[str, Any] = {
        "id": "alert-1", "limit": at, "threshold": threshold, "team": kit.team(world), "told_micros": spent,
        "limit_micros": at.budget_micros, "at": NOW - timedelta(minutes=3), "asked_ids": world.owners,
        "polled_seconds": 60,
    }  # fmt: skip
    return AlertFacts(**(facts | changes))


def reached(world: World, **changes: Any) -> AlertFacts:
    """A limit used up that has stopped keys: one proven, one not yet."""
    keys = [stopped_key(world, number=1), stopped_key(world, None, number=2, label=f"x-{world.label}"[:29])]
    keys += [stopped_key(world, number=n) for n in range(3, world.many + 1)]
    return alert(world, 100, **({"stopped": tuple(keys)} | changes))


def asked_raise(world: World, state: RequestState = RequestState.WAITING, **changes: Any) -> Request:
    terms = Terms(200 * USD, None, ends_at=ENDS)
    facts: dict[str, Any] = {
        "purpose": Purpose.RAISE, "kind": None, "asked": terms, "terms": terms,
        "target": Target(Layer.TEAM, "team-1"),
    }  # fmt: skip
    return kit.request(world, state, **(facts | changes))


def raise_facts(world: World, asked: Request, layer: Layer = Layer.TEAM, **changes: Any) -> RequestFacts:
    holds = kit.key(world) if layer in (Layer.KEY, Layer.AUTOMATION) else None
    charged = kit.budgets(world) if layer is Layer.KEY else ()
    return kit.facts(world, asked, holds, **({"raised": limit(world, layer), "budgets": charged} | changes))


def automation(world: World, state: RequestState = RequestState.WAITING, **changes: Any) -> Request:
    terms = Terms(200 * USD, None, world.models, 10 * USD)
    facts: dict[str, Any] = {
        "kind": KeyKind.AUTOMATION, "asked": terms, "terms": terms, "name": world.label, "lead_id": OMAR,
    }  # fmt: skip
    return kit.request(world, state, **(facts | changes))


def project_key(world: World, state: RequestState = RequestState.WAITING, **changes: Any) -> RequestFacts:
    terms = Terms(500 * USD, None)
    asked = kit.request(
        world, state, kind=KeyKind.PROJECT, asked=terms, terms=terms, project_id="project-1", lead_id=OMAR, **changes
    )
    return kit.facts(world, asked, project=Project("project-1", "team-1", world.team, OMAR))


def month(world: World, **changes: Any) -> MonthFacts:
    closed = tuple(replace(one, spent_micros=503 * USD) for one in limits(world)[:2])
    opened = tuple(replace(one, spent_micros=0, period="2026-12") for one in limits(world)[:2])
    many = max(1, world.many // 2)
    facts: dict[str, Any] = {
        "closed": closed * many, "opened": opened, "back": tuple(stopped_key(world, number=n) for n in range(many)),
        "raises_ended": (limits(world)[0],) * many,
    }  # fmt: skip
    return MonthFacts(kit.team(world), "2026-11", **(facts | changes))


def policy(world: World) -> PolicyFacts:
    rules = [
        AskRule("no-contractors-at-night", Who.OWNERS, kinds=(KeyKind.PROJECT, KeyKind.AUTOMATION)),
        AskRule(world.team, Who.NOBODY, (world.team,), (), ("litellm",), world.models[:3]),
    ] * max(1, world.many // 2)
    chosen = Policy(
        ask_rules=tuple(rules), lead_up_to_micros=100 * USD, quiet_approvers=(OMAR,), auto_approve_micros=20 * USD,
        models=world.models, member_budget_micros=100 * USD, usage_policy=UsagePolicy(world.rule[:40], world.note),
    )  # fmt: skip
    return PolicyFacts(chosen, kit.team(world))


def raise_form(world: World) -> RaiseFormFacts:
    found = limits(world)
    return RaiseFormFacts(found, found[0], DEC)
