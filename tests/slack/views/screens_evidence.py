"""Every screen about the evidence of a departure, by name: the sheet in each state, the list, the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.evidence import Evidence, KeyEvidence, LeftLately, ProjectEvidence, Spend, Step, TeamEvidence
from bot.domain.keys import KeyState, OffCause, Proof
from bot.domain.offboarding import Departure, DepartureState, LeftKey, LeftProject, LeftTeam, Outcome, Source, Was
from bot.domain.people import Member, Role
from bot.slack.views import evidence as views
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OLGA, OMAR, USD, World

Screen = Message | dict[str, Any]
LEFT_AT = NOW - timedelta(hours=1)
PROVEN_AT = LEFT_AT + timedelta(seconds=2)
READ_AT = NOW - timedelta(minutes=1)
QUIET = Spend(12_500_000, READ_AT, 0)


def every_about_evidence(world: World) -> dict[str, Screen]:
    """All of them in one world."""
    departure = Departure("departure-1", ANA, Source.EVENT, LEFT_AT, "purser")
    feed = replace(departure, source=Source.FEED, note=world.note, left_at=LEFT_AT - timedelta(days=3))
    undone = replace(departure, state=DepartureState.UNDONE, ended_at=NOW, ended_by=OLGA)
    back = replace(departure, state=DepartureState.RETURNED, ended_at=NOW)
    many = tuple(_key(world, number) for number in range(1, world.many + 1))
    late = Spend(12_500_000, READ_AT, 0, late_micros=250_000, before_micros=3 * USD)
    spent = Spend(32_500_000, READ_AT, 20 * USD)
    stopped = _key(world, 5, Outcome.STOPPED)
    taken, waits = _key(world, 6, Outcome.TAKEN), _key(world, 7, Outcome.WAITING)
    states = {
        "all_well": _sheet(world, departure, *many),
        "nothing_held": _sheet(world, departure),
        "late_figures": _sheet(world, feed, _key(world, 1, spend=late)),
        "not_known_yet": _sheet(world, departure, _key(world, 1, spend=Spend(0, None))),
        "spent_after": _sheet(world, departure, _key(world, 1, spend=spent)),
        "unproven": _sheet(world, departure, _key(world, 1, proof=None, spend=Spend(USD, READ_AT))),
        "everything_open": _sheet(world, departure, *many, stopped, taken, waits, *_open_ones(world)),
        "undone": _sheet(world, undone, replace(_key(world, 1), key=kit.key(world).key, proof=None)),
        "back": replace(_sheet(world, back, *many), others=(replace(departure, noticed_at=LEFT_AT),)),
    }
    kept = Step(
        40, NOW, "purser", "seat.kept", "", f"litellm: {ANA}; 1 key is on it that Purser did not make: {world.label}"
    )
    removed = Step(41, NOW, "purser", "seat.removed", "", f"litellm: {ANA}; internal_user")
    none = Step(42, NOW, "purser", "seat.none", "", "litellm: no account")
    for name, step in {"kept": kept, "removed": removed, "none": none}.items():
        states[f"account_{name}"] = replace(_sheet(world, departure, *many), steps=(*_steps(world), step))
    found: dict[str, Screen] = {f"evidence_{name}": views.sheet(facts) for name, facts in states.items()}
    lines = tuple(
        LeftLately(replace(one, member_id=ANA), world.team, off=2, unproven=number % 2, waiting=number % 3)
        for number in range(world.many)
        for one in (departure, undone, back)
    )
    return found | {
        "evidence_list": views.lately(lines, 90),
        "evidence_list_calm": views.lately((LeftLately(departure, "", 0, 0, 0),), 90),
        "evidence_list_nobody": views.lately((), 90),
        "evidence_sending": views.sending(states["all_well"]),
    }


def _open_ones(world: World) -> list[KeyEvidence]:
    return [_key(world, 100 + number, Outcome.WAITING) for number in range(world.many)]


def _key(world: World, number: int, outcome: Outcome = Outcome.OFF, **more: Any) -> KeyEvidence:
    is_off = outcome in (Outcome.OFF, Outcome.STOPPED)
    proof = more.pop("proof", Proof.QUIET) if is_off else None
    made = (
        kit.off_key(world, OffCause.LEFT, proof, number=number, off_by="purser")
        if is_off
        else kit.key(world, number=number)
    )
    key = made.key if not is_off or proof is not None else replace(made.key, state=KeyState.DISABLING)
    by = OMAR if outcome is Outcome.TAKEN else None
    left = LeftKey("departure-1", f"key-{number}", "team-1", Was.HOLDER, outcome, by, None if by is None else NOW)
    return KeyEvidence(
        left,
        key,
        world.team,
        world.team,
        more.pop("spend", QUIET),
        PROVEN_AT if proof is not None else None,
        2 if outcome is Outcome.OFF and proof is not None else None,
        proof,
    )


def _steps(world: World) -> tuple[Step, ...]:
    return (
        Step(31, LEFT_AT, "purser", "member.left", "", world.note),
        Step(32, PROVEN_AT, "purser", "key.proven_off", world.label, "", 12_500_000),
        Step(33, NOW, OLGA, "project.led", world.team, f"<@{ANA}> left"),
    )


def _sheet(world: World, departure: Departure, *keys: KeyEvidence) -> Evidence:
    restored = (NOW, OLGA) if departure.state is DepartureState.UNDONE else (None, None)
    team = LeftTeam("departure-1", "team-1", Role.OWNER, restored_at=restored[0], restored_by=restored[1])
    return Evidence(
        departure=departure,
        person=Member(ANA, "T0HOME", "ana", world.team if world.name != "everyday" else "Ana"),
        at=NOW,
        teams=(TeamEvidence(team, world.team),),
        projects=(ProjectEvidence(LeftProject("departure-1", "project-1", OLGA, LEFT_AT), world.team, world.team),),
        keys=keys,
        closed=(Step(34, LEFT_AT, "purser", "request.cancelled", "", world.note),),
        steps=_steps(world),
    )
