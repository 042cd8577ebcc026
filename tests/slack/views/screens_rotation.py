"""Every screen about keys that replace each other, and about restoring one, for a world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.facts import Notice, Occasion, RequestFacts
from bot.domain.keys import OffCause, Proof
from bot.domain.requests import Purpose, RequestState, Terms
from bot.slack.views import direct, keys, requests, restore_forms, rotation, thread
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views.kit import APPROVED_BY_OMAR, NOW, USD, World

BY_RULE: dict[str, Any] = {"rule": "same-terms", "approvals_needed": 0, "decided_at": NOW}


def rotating(world: World, state: RequestState, seconds: int | None = 3600, **changes: Any) -> RequestFacts:
    """A rotation of the world's key, as its screens are handed it."""
    terms = Terms(25 * USD, seconds, world.models)
    values: dict[str, Any] = {
        "purpose": Purpose.ROTATE,
        "extends_key_id": "key-1",
        "asked": terms,
        "terms": terms,
        "reason": "",
    }
    asked = kit.request(world, state, **(values | (APPROVED_BY_OMAR if changes.pop("leaked", False) else BY_RULE)))
    shown: dict[str, Any] = {"old": kit.key(world), "budgets": ()}
    return kit.facts(world, asked, changes.pop("key", None), **(shown | changes))


def every_about_rotation(world: World) -> dict[str, Message | dict[str, Any]]:
    old, new = kit.key(world), kit.key(world, number=1)
    retiring = replace(old, key=replace(old.key, retires_at=NOW + timedelta(hours=1)), replaced_by=new.key.label)
    gone = replace(kit.off_key(world, OffCause.ROTATED, Proof.RECORDED), replaced_by=new.key.label)
    shut = kit.off_key(world, OffCause.DISABLED, Proof.PROBED)
    leaked = replace(shut, key=replace(shut.key, leaked_at=NOW))
    waits = rotating(world, RequestState.APPROVED)
    done = {
        "both": rotating(world, RequestState.FULFILLED, old=retiring, key=new),
        "old_off": rotating(world, RequestState.FULFILLED, old=gone, key=new),
        "leaked": rotating(world, RequestState.APPROVED, None, old=leaked, leaked=True, budgets=kit.budgets(world)),
        "now": rotating(world, RequestState.APPROVED, None),
        "waits": waits,
        "lapsed": rotating(world, RequestState.LAPSED),
    }
    revealed = kit.revealed(world)
    found: dict[str, Message | dict[str, Any]] = {}
    for name, facts in done.items():
        found[f"card_rotate_{name}"] = requests.card(facts, NOW)
        for occasion in (Occasion.APPROVED, Occasion.REVEALED, Occasion.LAPSED):
            found[f"thread_rotate_{name}_{occasion}"] = thread.thread(Notice(occasion, request=facts), NOW)
        found[f"direct_rotate_{name}"] = direct.direct(Notice(Occasion.APPROVED, request=facts), NOW)
    return found | {
        "receipt_rotate": requests.receipt(waits, NOW),
        "direct_rotated": direct.direct(Notice(Occasion.KEY_ROTATED, key=gone), NOW),
        "direct_rotate_lapsed_told": direct.direct(Notice(Occasion.LAPSED, request=done["lapsed"]), NOW),
        "direct_cut_ended": direct.direct(Notice(Occasion.CUT_ENDED, key=new), NOW),
        "keys_rotating": keys.key_list([retiring, replace(new, replaces=old.key.label)], NOW),
        "modal_revealed_beside": keys.revealed_modal(
            replace(revealed, replaces=old.key.label, overlap_seconds=3600), NOW
        ),
        "modal_revealed_instead": keys.revealed_modal(replace(revealed, replaces=old.key.label), NOW),
        "form_restore": restore_forms.restore_form(shut),
        "form_restore_leaked": restore_forms.restore_form(leaked),
        "answer_replaced_leaked": rotation.replaced_leaked(done["leaked"]),
    }
