"""Every screen of the inventory, and about keys that Purser did not make, for a world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.facts import Notice, Occasion
from bot.domain.inventory import (
    Adopted,
    AdoptFacts,
    Flag,
    GatewayEntry,
    Inventory,
    KeyEntry,
    Stranger,
    TurnedOff,
    UnknownKey,
    UnknownState,
)
from bot.domain.keys import KeyKind, KeyState, Proof
from bot.domain.people import Project
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import RequestState
from bot.domain.rules import Rule
from bot.slack.views import direct, inventory, requests, thread
from bot.slack.views.adopt_forms import adopt_form
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views.kit import ANA, APPROVED_BY_OMAR, NOW, OLGA, OMAR, USD, World


def unknown(world: World, number: int = 1, state: UnknownState = UnknownState.OPEN, **changes: Any) -> UnknownKey:
    """A key made by hand, named as the world names keys."""
    seen: dict[str, Any] = {
        "handle": f"key-{number}",
        "alias": world.label,
        "is_on": True,
        "cap_micros": 100 * USD,
        "cap_period": "total",
        "daily_cap_micros": 5 * USD,
        "spent_micros": 12_340_000,
        "expires_at": NOW + timedelta(days=5),
        "models": world.models,
    }
    decided = {name: changes.pop(name) for name in ("decided_by", "decided_at") if name in changes}
    stranger = Stranger(**(seen | changes))
    return UnknownKey("litellm", stranger, state, NOW - timedelta(days=3), NOW - timedelta(minutes=4), **decided)


def entry(world: World, number: int = 1, **changes: Any) -> KeyEntry:
    values: dict[str, Any] = {
        "id": f"key-{number}",
        "label": world.label,
        "kind": KeyKind.AUTOMATION,
        "state": KeyState.LIVE,
        "gateway": "litellm",
        "team": world.team,
        "project": world.team,
        "holder_id": ANA,
        "lead_id": OMAR,
        "cap_micros": 200 * USD,
        "cap_period": "month",
        "daily_cap_micros": 10 * USD,
        "since": NOW - timedelta(days=200),
        "expires_at": None,
        "flags": tuple(Flag),
    }
    return KeyEntry(**(values | changes))


def whole(world: World, **changes: Any) -> Inventory:
    """A page with something of everything."""
    gateway = GatewayEntry(
        name="litellm",
        base_url=world.base_url,
        by_kind=tuple((kind, 1_200) for kind in KeyKind),
        by_state=((KeyState.DISABLED, 300), (KeyState.DISABLING, 1), (KeyState.LIVE, 4_798), (KeyState.RESTORING, 1)),
        holders=812,
        projects=40,
        monthly_micros=123_000 * USD,
        total_micros=4_500 * USD,
        read_at=NOW - timedelta(minutes=4),
    )
    some = tuple(entry(world, number, flags=()) for number in range(min(world.many, 5)))
    personal = entry(world, 9, kind=KeyKind.TEMPORARY, cap_period="total", lead_id=None, daily_cap_micros=None)
    values: dict[str, Any] = {
        "of": "",
        "budget_micros": 150_000 * USD,
        "teams": 31,
        "gateways": tuple(replace(gateway, name=f"litellm-{number}") for number in range(min(world.many, 20))),
        "flagged": tuple((flag, 3) for flag in Flag),
        "oldest": (entry(world), *some),
        "widest": some,
        "nobodys": (entry(world), personal),
        "unknown": (
            unknown(world),
            unknown(world, 2, cap_micros=None, expires_at=None, models=()),
            unknown(world, 3, installation="fedcba9876543210"),
            unknown(world, 4, is_on=False),
            unknown(world, 5, decided_by=OLGA, decided_at=NOW),
        ),
        "unknown_count": 1_007,
        "page": 2,
        "pages": 960,
        "may_decide": True,
        "sees_unknown": True,
    }
    return Inventory(**(values | changes))


def every_about_inventory(world: World) -> dict[str, Message | dict[str, Any]]:
    nothing = replace(
        whole(world).gateways[0], by_kind=(), by_state=(), holders=0, projects=0, read_at=None, base_url=""
    )
    empty: dict[str, Any] = {
        "gateways": (nothing,), "flagged": (), "oldest": (), "widest": (), "nobodys": (), "unknown": (),
        "unknown_count": 0, "page": 1, "pages": 1, "teams": 1,
    }  # fmt: skip
    of_team = {"of": world.team, "unknown": (), "sees_unknown": False, "may_decide": False, "page": 1, "pages": 1}
    projects = tuple(Project(f"project-{n}", "team-1", f"{world.team}{n}"[:80], ANA) for n in range(world.many))
    form = AdoptFacts(
        unknown(world),
        (kit.team(world), replace(kit.team(world), id="team-2")),
        projects,
        7 * DAY_SECONDS,
        30 * DAY_SECONDS,
        1_000 * USD,
    )
    bare = AdoptFacts(unknown(world, cap_micros=None, expires_at=None, models=()), (kit.team(world),))
    key = kit.key(world)
    asked = kit.request(world, RequestState.FULFILLED, **(APPROVED_BY_OMAR | {"rule": Rule.ADOPTED}))
    facts = kit.facts(world, asked, key)
    told = Notice(Occasion.ADOPTED, OMAR, facts, key, note=world.label)
    off = unknown(world, 1, UnknownState.DISABLED, decided_by=OLGA)
    one, many = (world.label,), tuple(f"{world.label}-{n}" for n in range(20))
    unproven = Notice(Occasion.UNKNOWN_UNPROVEN, OLGA, note=world.note, others=(world.label, "litellm"))
    return {
        "inventory_everything": inventory.inventory(whole(world)),
        "inventory_finance": inventory.inventory(whole(world, may_decide=False)),
        "inventory_team": inventory.inventory(whole(world, **of_team)),
        "inventory_empty": inventory.inventory(whole(world, **empty)),
        "inventory_export": inventory.exporting(),
        "form_adopt": adopt_form(form),
        "form_adopt_bare": adopt_form(bare),
        "answer_adopted": inventory.adopted(Adopted(key.key, world.label, OLGA, is_done=True)),
        "answer_adopted_later": inventory.adopted(Adopted(key.key, world.label, OLGA, is_done=False)),
        "answer_unknown_off": inventory.turned_off(TurnedOff(off, Proof.RECORDED)),
        "answer_unknown_off_unproven": inventory.turned_off(TurnedOff(unknown(world, decided_by=OLGA), None)),
        "card_adopted": requests.card(facts, NOW),
        "thread_adopted": thread.thread(told, NOW),
        "direct_adopted": direct.direct(told, NOW),
        "direct_unknown_back_one": direct.direct(Notice(Occasion.UNKNOWN_BACK, note="litellm", others=one), NOW),
        "direct_unknown_back_many": direct.direct(Notice(Occasion.UNKNOWN_BACK, note="litellm", others=many), NOW),
        "direct_unknown_is_off": direct.direct(Notice(Occasion.UNKNOWN_OFF, OLGA, note="litellm", others=one), NOW),
        "direct_unknown_unproven_one": direct.direct(unproven, NOW),
    }
