"""Every screen about somebody who left, by name: the message in each state, its thread, the answers to its buttons."""

from __future__ import annotations

from typing import Any

from bot.domain.facts import Notice, Occasion
from bot.domain.keys import OffCause
from bot.domain.leaving_facts import DepartureNotice, Handed, LeavingPart
from bot.domain.offboarding import Outcome
from bot.slack.views import departures as views
from bot.slack.views import direct, handing, thread
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views import kit_departures as left
from tests.slack.views.kit import ANA, NOW, OLGA, OMAR, World

Screen = Message | dict[str, Any]
BEN = "U0BEN"


def every_about_departures(world: World) -> dict[str, Screen]:
    """All of them in one world."""
    states = left.states(world)
    found: dict[str, Screen] = {
        f"departure_{name}": views.departure(DepartureNotice(facts), NOW) for name, facts in states.items()
    }
    for part in (LeavingPart.REMINDER, LeavingPart.LAST_REMINDER):
        for name in ("one_waits", "lead_of_ten", "nobody_to_ask"):
            found[f"departure_{part}_{name}"] = views.step(DepartureNotice(states[name], part), NOW)
    stopped = DepartureNotice(states["stopped"], LeavingPart.STOPPED)
    found["departure_thread_stopped"] = views.step(stopped, NOW)
    unposted = "It belongs in <#C0SEARCH>, but could not be posted there (not_in_channel), so it comes directly."
    found["departure_direct"] = views.direct(DepartureNotice(states["lead_of_ten"], why=unposted), NOW)
    reminder = DepartureNotice(states["one_waits"], LeavingPart.REMINDER, why=unposted)
    found["departure_direct_reminder"] = views.direct(reminder, NOW)
    return found | _answers(world) | _handed(world)


def _answers(world: World) -> dict[str, Screen]:
    many = tuple(left.left_key(world, number, Outcome.TAKEN).key for number in range(1, world.many + 1))
    off = tuple(left.left_key(world, number, Outcome.OFF).key for number in range(1, world.many + 1))
    stopped = left.left_key(world, 1, Outcome.STOPPED).key
    names, labels = (world.team,) * world.many, (world.label,)
    return {
        "take_over_one": handing.taken(Handed(many[:1], (), names[:1], ANA, is_own=True, counted=labels)),
        "take_over_many": handing.taken(Handed(many, labels, names, ANA, is_own=True, counted=labels)),
        "take_over_leads": handing.taken(Handed(many[:1], to_id=OMAR, is_own=True, counted=labels)),
        "take_over_stopped": handing.taken(Handed((stopped,), to_id=ANA, is_own=True)),
        "disable_waiting_off": handing.disabled(Handed(off, labels)),
        "disable_waiting_unproven": handing.disabled(Handed((kit.off_key(world, OffCause.LEFT, None),))),
        "handover_done": handing.handed(Handed(many[:1], to_id=BEN, counted=labels)),
        "handover_stopped": handing.handed(Handed((stopped,), to_id=BEN)),
        "handover_own": handing.handed(Handed(many[:1], to_id=ANA, is_own=True)),
        "lead_done": handing.led(Handed(many, project_names=names[:1], to_id=BEN, counted=labels)),
        "lead_done_own": handing.led(Handed((), project_names=names[:1], to_id=OMAR, is_own=True)),
        "put_back": handing.put_back(
            ANA,
            keys=off,
            stays=[(one.key, f"Only $3 is left in the budget of team {world.team}.") for one in off],
            taken_by=[(world.label, OMAR)] * world.many,
            teams=names,
            projects=names,
            others=names,
        ),
        "put_back_little": handing.put_back(
            ANA, keys=many[:1], stays=[], taken_by=[], teams=names[:1], projects=[], others=[]
        ),
        "putting_back": handing.putting_back(),
    }


def _handed(world: World) -> dict[str, Screen]:
    key = left.left_key(world, 1, Outcome.TAKEN).key
    given = Notice(Occasion.KEY_HANDED, OMAR, key=key, note=ANA, others=(BEN, "holder and lead"))
    took = Notice(Occasion.KEY_HANDED, OMAR, key=key, note=ANA, others=(OMAR, "lead"))
    led = Notice(Occasion.PROJECT_LED, OLGA, others=(world.team, world.team))
    return {
        "thread_key_handed": thread.thread(given, NOW),
        "thread_key_taken_over": thread.thread(took, NOW),
        "direct_key_handed": direct.direct(given, NOW),
        "direct_project_led": direct.direct(led, NOW),
    }
