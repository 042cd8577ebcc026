"""Every screen about turning off several keys at once, and about keys that spend after that, for a world."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.budgets import Layer
from bot.domain.facts import KeyFacts, Notice, Occasion
from bot.domain.groups import Group, GroupFacts, GroupOff
from bot.domain.keys import KeyState, OffCause, Proof
from bot.slack.views import direct, groups, thread
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OMAR, USD, World

PERSON, PROJECT = Group(Layer.MEMBER, ANA), Group(Layer.PROJECT, "project-1")


def every_about_groups(world: World) -> dict[str, Message | dict[str, object]]:
    live = tuple(kit.key(world, number=number) for number in range(world.many))
    made = kit.key(world, KeyState.MINTING, number=500)
    stopped = kit.off_key(world, OffCause.BUDGET, number=501)
    off = tuple(kit.off_key(world, OffCause.DISABLED, number=100 + number) for number in range(world.many))
    open_ = tuple(kit.off_key(world, OffCause.DISABLED, None, number=200 + number) for number in range(world.many))
    theirs = tuple(replace(one, key=replace(one.key, holder_id=OMAR)) for one in off[:1])
    mixed = (*open_, *off, *theirs, kit.off_key(world, OffCause.DISABLED, Proof.PROBED_QUIET, number=300))
    spent = {one.key.id: number * USD for number, one in enumerate(live)}
    screens: dict[str, Message | dict[str, object]] = {
        "group_form": groups.group_form(GroupFacts(PERSON, keys=(*live, made, stopped), today_micros=spent, off=2)),
        "group_form_project": groups.group_form(
            GroupFacts(PROJECT, world.team, world.team, live, {}, 0, unrevealed=1), world.reason
        ),
        "group_off": groups.group_off(GroupOff(PERSON, keys=off, disable_lag_seconds=60)),
        "group_off_unproven": groups.group_off(GroupOff(PROJECT, world.team, world.team, mixed, 1, 60)),
        "group_off_already": groups.group_off(GroupOff(PERSON, keys=off, already=len(off))),
        "group_off_none": groups.group_off(GroupOff(PERSON)),
    }
    for name, shown in (("off", off), ("unproven", mixed)):
        screens[f"group_told_{name}"] = thread.thread(_told(world, shown), NOW)
        screens[f"direct_group_told_{name}"] = direct.direct(_told(world, shown), NOW)
    return screens | _after_off(world)


def _told(world: World, keys: tuple[KeyFacts, ...]) -> Notice:
    what = (PROJECT.id, world.team, world.team)
    return Notice(Occasion.GROUP_OFF, OMAR, note=world.note, others=what, keys=keys)


def _after_off(world: World) -> dict[str, Message | dict[str, object]]:
    spending = kit.off_key(world, OffCause.DISABLED, None)
    gone = kit.off_key(world, OffCause.DISABLED, deleted_at=NOW)
    screens: dict[str, Message | dict[str, object]] = {
        "thread_others_limit": thread.thread(Notice(Occasion.OTHERS_LIMIT, OMAR, note="10"), NOW)
    }
    for occasion, facts in ((Occasion.SPENT_AFTER_OFF, spending), (Occasion.KEY_DELETED, gone)):
        notice = Notice(occasion, key=facts, note="$1.20")
        screens[f"thread_{occasion}"] = thread.thread(notice, NOW)
        screens[f"owner_{occasion}"] = direct.direct(notice, NOW, for_owner=True)
        screens[f"holder_{occasion}"] = direct.direct(notice, NOW)
    return screens
