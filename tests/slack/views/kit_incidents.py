"""Incidents to draw screens from, in the same worlds as `kit`: of every kind, in every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.budgets import Layer
from bot.domain.incident_facts import Change, IncidentFacts, Line, Since, What
from bot.domain.incidents import Cause, Evidence, Found, Incident, IncidentKind, IncidentState
from bot.domain.keys import KeyKind, OffCause, Proof
from bot.domain.people import Project
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OLGA, OMAR, USD, World

OPENED = NOW - timedelta(minutes=12)
HOURS = tuple((NOW.replace(minute=0) - timedelta(hours=24 - n), n * 30_000) for n in range(24))
LEA = "U0LEA"


def spend(world: World) -> Evidence:
    return Evidence(
        rule="same-weekday",
        since=NOW.replace(minute=0),
        window_seconds=3600,
        seen_micros=12_400_000,
        usual_micros=800_000,
        limit_micros=5 * USD,
        compared=6,
        hours=(*HOURS, (NOW.replace(minute=0), 12_400_000)),
        note=world.note if world.name != "everyday" else "This is compared with what is usual at this hour on Fridays.",
    )


def failing(world: World) -> Evidence:
    return replace(
        spend(world),
        seen_count=1204,
        usual_count=3,
        window_seconds=600,
        since=None,
        seen_micros=2 * USD,
        hours=(),
        note="",
    )


def new_key(world: World) -> Evidence:
    note = "It is measured by its cap, and more than $5 is a large share of that."
    return replace(spend(world), rule="share-of-cap", usual_micros=0, compared=0, hours=HOURS[:1], note=note)


def found(world: World, how: Found = Found.WATCHED) -> Evidence:
    plain = world.name == "everyday"
    link = "https://example.slack.com/archives/C0GENERAL/p1700000000000100?thread_ts=1&cid=C0GENERAL"
    places = {Found.SCANNED: "deploy/settings.env", Found.GITHUB: "https://github.com/acme/search/security/42"}
    where = places.get(how, link) if plain else world.reason * 3
    is_message = how in (Found.WATCHED, Found.REPORTED)
    return Evidence(
        found=how,
        where=where,
        channel_id=("C0GENERAL" if plain else world.team) if is_message else "",
        author_id=("U0BEN" if plain else world.team) if is_message else "",
    )


def told(world: World, kind: IncidentKind = IncidentKind.SPIKE, **changes: Any) -> Incident:
    facts: dict[str, Any] = {
        "id": "incident-1", "kind": kind, "layer": Layer.KEY, "subject_id": "key-1", "team_id": "team-1",
        "state": IncidentState.OPEN, "opened_at": OPENED, "opened_by": "purser", "opened_seq": 10,
        "evidence": spend(world), "channel_id": "C0SEARCH", "ts": "1700000000.000100",
    }  # fmt: skip
    return Incident(**(facts | changes))


def changes(world: World) -> tuple[Change, ...]:
    many = [
        Change(What.APPROVED, NOW - timedelta(days=6), OMAR, 25 * USD),
        Change(What.RAISED, NOW - timedelta(days=5), OLGA, 10 * USD, f"key: {world.reason}"),
        Change(What.EXTENDED, NOW - timedelta(days=4), OMAR),
        Change(What.BUDGET_SET, NOW - timedelta(days=3), OLGA, 500 * USD, f"team: {world.reason}"),
        Change(What.CAP_PUT_BACK, NOW - timedelta(days=2), "purser"),
        Change(What.ROTATED, NOW - timedelta(hours=30), ANA, detail=world.label),
        Change(What.RESTORED, NOW - timedelta(hours=29), OMAR, 10 * USD, "until 2026-11-20 13:25 UTC"),
        Change(What.NEW_MODEL, NOW - timedelta(minutes=50), detail=world.models[0]),
    ]
    return tuple(many * (2 if world.many > 2 else 1))


def facts(world: World, incident: Incident | None = None, **values: Any) -> IncidentFacts:
    about: dict[str, Any] = {
        "name": world.label, "kinds": (), "key": kit.key(world), "team": kit.team(world),
        "project": Project("project-1", "team-1", world.team, LEA), "holder_id": ANA, "lead_id": LEA,
        "approved_by": world.owners, "approved_at": NOW - timedelta(days=6), "changes": changes(world),
        "since_opened": Since(3_200_000, OPENED, NOW - timedelta(minutes=1)),
        "asked_ids": (ANA, LEA), "able_ids": world.owners,
    }  # fmt: skip
    return IncidentFacts(**({"incident": incident or told(world)} | about | values))


def off(world: World, proof: Proof | None = Proof.RECORDED, **more: Any) -> Any:
    return kit.off_key(world, OffCause.DISABLED, proof, off_reason=world.reason, **more)


def line(action: str, actor: str = OMAR, reason: str = "", amount: int | None = None) -> Line:
    return Line(20, NOW, actor, action, reason, amount)


def states(world: World) -> dict[str, IncidentFacts]:
    """A spike from beginning to end, and every other kind as it is opened."""
    acked = told(world, state=IncidentState.ACKNOWLEDGED, assignee_id=OMAR)
    closed = told(
        world, state=IncidentState.CLOSED, closed_at=NOW, closed_by=OMAR, cause=Cause.RETRY_LOOP, closed_seq=30
    )
    quiet = Since(0, NOW - timedelta(minutes=9), NOW - timedelta(minutes=1))
    explained = (line("incident.explained", ANA, world.reason), line("incident.explained", LEA, world.note))
    restored = (*changes(world), Change(What.RESTORED, NOW, OLGA, 10 * USD, "until 2026-11-21 18:25 UTC"))
    ended = line("incident.closed", OMAR, f"retry_loop: {world.note}")
    by_purser = off(world, off_by="purser", kind=KeyKind.AUTOMATION, lead_id=LEA)
    leaked = off(world, Proof.PROBED, leaked_at=OPENED)
    leak = told(world, IncidentKind.LEAK, evidence=found(world))
    return {
        "spike": facts(world),
        "spike_new_key": facts(world, told(world, evidence=new_key(world))),
        "spike_also": facts(world, kinds=(IncidentKind.SPIKE, IncidentKind.LOOP), again=3),
        "spike_stopped": facts(world, key=by_purser, since_off=quiet),
        "spike_acknowledged": facts(world, acked, explanations=explained),
        "spike_snoozed": facts(world, replace(acked, snoozed_until=NOW + timedelta(hours=1))),
        "spike_unproven": facts(world, acked, key=off(world, None)),
        "spike_off": facts(world, acked, key=off(world), since_off=quiet),
        "spike_off_late": facts(
            world, acked, key=off(world), since_off=replace(quiet, micros=40_000, may_be_late=True)
        ),
        "spike_quiet": facts(world, acked, key=off(world, Proof.QUIET), since_off=quiet),
        "spike_restored": facts(world, acked, changes=restored),
        "spike_closed": facts(world, closed, changes=restored, closing=ended),
        "spike_closed_off": facts(world, closed, key=off(world), since_off=quiet),
        "spike_project": facts(
            world,
            told(world, layer=Layer.PROJECT, subject_id="project-1"),
            name=f"project {world.team}", key=None, holder_id=None,
        ),
        "spike_member": facts(world, told(world, layer=Layer.MEMBER, subject_id=ANA), name=world.team, key=None),
        "loop": facts(world, told(world, IncidentKind.LOOP, evidence=failing(world))),
        "leak": facts(world, leak, key=leaked, since_off=quiet, asked_ids=("U0BEN",)),
        "leak_unproven": facts(world, leak, key=off(world, None, leaked_at=OPENED)),
        "leak_reported": facts(
            world, replace(leak, evidence=found(world, Found.REPORTED), opened_by=OLGA), key=leaked
        ),
        "leak_github": facts(world, replace(leak, evidence=found(world, Found.GITHUB)), key=leaked),
        "leak_scanned": facts(world, replace(leak, evidence=found(world, Found.SCANNED)), key=leaked),
        "after_off": facts(
            world,
            told(world, IncidentKind.AFTER_OFF, evidence=Evidence(seen_micros=40_000, note=world.note)),
            key=off(world, deleted_at=NOW), since_off=replace(quiet, micros=40_000),
        ),
        "credential": facts(
            world,
            told(world, IncidentKind.CREDENTIAL, layer=None, subject_id="litellm", team_id=None, evidence=found(world)),
            name="litellm", key=None, team=None, project=None, holder_id=None, lead_id=None, changes=(), asked_ids=(),
            since_opened=None,
        ),
    }  # fmt: skip


LINES = {
    "again": ("incident.again", "purser", "spike"),
    "again_leak": ("incident.again", OMAR, "leak: PLACE"),
    "reopened": ("incident.reopened", "purser", "spike"),
    "reopened_by": ("incident.reopened", OLGA, ""),
    "acknowledged": ("incident.acknowledged", OMAR, ""),
    "assigned": ("incident.assigned", OMAR, LEA),
    "left": ("incident.left", "purser", LEA),
    "snoozed": ("incident.snoozed", OMAR, "until 2026-11-21 19:25 UTC"),
    "reminded": ("incident.reminded", "purser", "unacknowledged"),
    "reminded_snooze": ("incident.reminded", "purser", "snooze_over"),
    "reminded_open": ("incident.reminded", "purser", "still_open"),
    "closed": ("incident.closed", OMAR, "retry_loop: NOTE"),
    "disabled": ("key.disabled", OMAR, "NOTE"),
    "disabled_by_purser": ("key.disabled", "purser", "NOTE"),
    "proven_off": ("key.proven_off", "purser", ""),
    "probed_off": ("key.probed_off", "purser", ""),
    "quiet_off": ("key.quiet", "purser", ""),
    "restored": ("key.restored", OLGA, "until 2026-11-21 18:25 UTC"),
    "proven_on": ("key.proven_on", "purser", ""),
    "rotated": ("key.rotated", "purser", ""),
    "found_on": ("key.found_on", "purser", ""),
    "deleted": ("key.removed", "purser", ""),
    "other": ("key.cap_restored", "purser", "NOTE"),
}


def lines(world: World) -> dict[str, tuple[IncidentFacts, Line]]:
    """Each thing that may happen, with the facts as they may be then."""
    live, acked = facts(world), told(world, state=IncidentState.ACKNOWLEDGED, assignee_id=OMAR)
    stopped = facts(world, acked, key=off(world))
    going = facts(world, acked, key=off(world, None))
    shown = {
        "disabled": going, "proven_off": stopped, "probed_off": stopped, "quiet_off": stopped, "again_leak": stopped,
        "reminded_open": stopped, "snoozed": facts(world, replace(acked, snoozed_until=NOW + timedelta(hours=1))),
    }  # fmt: skip
    place = "https://example.slack.com/archives/C0GENERAL/p17" if world.name == "everyday" else world.note
    return {
        name: (shown.get(name, live), line(action, actor, reason.replace("NOTE", world.note).replace("PLACE", place)))
        for name, (action, actor, reason) in LINES.items()
    }
