"""Somebody who left, in every state that its message can be in, in one world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.facts import KeyFacts
from bot.domain.keys import KeyKind, KeyState, OffCause, Proof
from bot.domain.leaving_facts import DepartureFacts, LeftKeyFacts, LeftProjectFacts
from bot.domain.offboarding import Departure, DepartureState, LeftKey, LeftProject, LeftTeam, Outcome, Source, Was
from bot.domain.people import Project, Role
from bot.domain.requests import RequestState
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OLGA, OMAR, World

LEFT_AT = NOW - timedelta(hours=1)
DUE_AT = NOW + timedelta(days=7)


def left_key(world: World, number: int, outcome: Outcome, was: Was = Was.BOTH, **more: Any) -> LeftKeyFacts:
    """A key of the leaver's. Those that wait, or were stopped, ask the world's owners."""
    asked = more.pop("asked_ids", world.owners if outcome in (Outcome.WAITING, Outcome.STOPPED) else ())
    by = OMAR if outcome is Outcome.TAKEN else None
    left = LeftKey("departure-1", f"key-{number}", "team-1", was, outcome, by, None if by is None else NOW)
    return LeftKeyFacts(left, _facts(world, number, outcome, **more), asked)


def _facts(world: World, number: int, outcome: Outcome, **more: Any) -> KeyFacts:
    if outcome is Outcome.OFF:
        return kit.off_key(world, OffCause.LEFT, more.pop("proof", Proof.RECORDED), number=number, off_by="purser")
    made: dict[str, Any] = {"kind": KeyKind.AUTOMATION, "daily_cap_micros": 10 * kit.USD, "expires_at": None, **more}
    if outcome in (Outcome.WAITING, Outcome.TAKEN):
        return replace(kit.key(world, number=number, **made), project_name=world.team)
    reason = "nobody took it over within 7 days after Ana left"
    off = kit.off_key(world, OffCause.LEFT, off_by="purser", off_reason=reason, number=number, **made)
    return replace(off, project_name=world.team)


def facts(world: World, *keys: LeftKeyFacts, **more: Any) -> DepartureFacts:
    """A departure with these keys."""
    departure = replace(Departure("departure-1", ANA, Source.EVENT, LEFT_AT, "purser"), **more.pop("departure", {}))
    waits = any(one.is_waiting for one in keys)
    left = LeftTeam("departure-1", "team-1", Role.MEMBER, "C0SEARCH", "1.0", DUE_AT if waits else None)
    left = replace(left, **more.pop("left", {}))
    team = kit.team(world)
    others = tuple(one for one in team.owner_ids if one != ANA)
    return DepartureFacts(
        departure, world.team if world.name != "everyday" else "Ana", team, left, keys, owner_ids=others, **more
    )


def states(world: World) -> dict[str, DepartureFacts]:
    """All of them, by name."""
    many = range(1, world.many + 10)
    one = left_key(world, 1, Outcome.WAITING)
    off = tuple(left_key(world, 100 + number, Outcome.OFF) for number in range(world.many))
    going = left_key(world, 150, Outcome.OFF, proof=None)
    waiting = tuple(left_key(world, number, Outcome.WAITING, Was.LEAD) for number in many)
    taken = tuple(left_key(world, 200 + number, Outcome.TAKEN) for number in range(world.many))
    stopped = tuple(left_key(world, 300 + number, Outcome.STOPPED) for number in range(world.many))
    ended = tuple(left_key(world, 400 + number, Outcome.ENDED) for number in range(world.many))
    projects = tuple(
        LeftProjectFacts(
            LeftProject("departure-1", f"project-{n}", OLGA, LEFT_AT),
            Project(f"project-{n}", "team-1", world.team, OLGA),
        )
        for n in range(world.many)
    )
    closed = tuple(kit.request(world, RequestState.CANCELLED, id=f"req-{n}") for n in range(world.many))
    back = {"state": DepartureState.RETURNED, "ended_at": NOW, "ended_by": "purser"}
    feed = {"source": Source.FEED, "noticed_by": OLGA, "note": world.note, "left_at": LEFT_AT - timedelta(days=3)}
    undone = {"state": DepartureState.UNDONE, "ended_at": NOW, "ended_by": OLGA}
    restored = {"restored_at": NOW, "restored_by": OLGA}
    sweep = {"source": Source.SWEEP}
    return {
        "one_waits": facts(world, one),
        "nobody_to_ask": facts(world, left_key(world, 1, Outcome.WAITING, asked_ids=())),
        "several_asked": facts(
            world, one, left_key(world, 2, Outcome.WAITING, Was.HOLDER, asked_ids=(OLGA,)), departure=sweep
        ),
        "lead_of_ten": facts(world, *waiting, projects=projects[:1]),
        "everything": facts(
            world, *waiting[:2], going, *off, *taken, *stopped, *ended, projects=projects, closed=closed,
            left={"role": Role.OWNER},
        ),
        "own_keys": facts(world, *off),
        "unproven": facts(world, going),
        "last_owner": replace(
            facts(world, left={"role": Role.OWNER}), team=replace(kit.team(world), owner_ids=())
        ),
        "taken": facts(world, *taken),
        "stopped": facts(world, *stopped),
        "returned": facts(world, *off, departure=back),
        "feed": facts(world, *off, departure=feed),
        "undone": facts(world, *off, departure=undone, left=restored),
        "undone_elsewhere": facts(world, *off, departure=undone),
    }  # fmt: skip


LIVE = KeyState.LIVE
