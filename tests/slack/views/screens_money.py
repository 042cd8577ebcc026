"""Screens about limits, raises, alerts and months, by name; `screens` draws them with all others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.budgets import Layer
from bot.domain.facts import BudgetFacts, Notice, Occasion, PolicyFacts, SetFacts
from bot.domain.keys import KeyKind, Proof
from bot.domain.policy import KindPolicy, Policy
from bot.domain.requests import Because, Refused, RequestState, Target, Terms
from bot.slack.views import answers, budgets, direct, forms, keys, policy, raise_forms, request_form, requests, thread
from bot.slack.views.base import Message
from tests.slack.views import kit, kit_money
from tests.slack.views.kit import ANA, APPROVED_BY_OMAR, NOW, OMAR, USD, World

Screen = Message | dict[str, object]


def money_cards(world: World) -> dict[str, Screen]:
    """Cards, receipts and previews of the kinds and of raises."""
    approved = kit_money.asked_raise(world, RequestState.APPROVED, **APPROVED_BY_OMAR)
    stands = kit_money.asked_raise(world, RequestState.FULFILLED, **APPROVED_BY_OMAR)
    changed = replace(stands, terms=Terms(100 * USD, None, ends_at=kit_money.DEC))
    states = {
        "project_waiting": kit_money.project_key(world),
        "automation_waiting": kit.facts(world, kit_money.automation(world)),
        "automation_revealed": kit.facts(
            world, kit_money.automation(world, RequestState.FULFILLED, **APPROVED_BY_OMAR), kit_money.stopped_key(world)
        ),
        "automation_stopping": kit.facts(
            world,
            kit_money.automation(world, RequestState.FULFILLED, **APPROVED_BY_OMAR),
            kit_money.stopped_key(world, None),
        ),
        "raise_approved": kit_money.raise_facts(world, approved),
        "raise_stands": kit_money.raise_facts(world, stands),
        "raise_changed": kit_money.raise_facts(world, changed),
        "raise_unknown": kit_money.raise_facts(world, stands, raised=None),
    }
    for layer in Layer:
        asked = kit_money.asked_raise(world, target=Target(layer, "subject"))
        states[f"raise_{layer}"] = kit_money.raise_facts(world, asked, layer)
    for ended in (RequestState.DENIED, RequestState.CANCELLED, RequestState.EXPIRED, RequestState.LAPSED):
        states[f"raise_{ended}"] = kit_money.raise_facts(world, kit_money.asked_raise(world, ended))
    shown: dict[str, Screen] = {f"card_{name}": requests.card(one, NOW) for name, one in states.items()}
    draft = kit.facts(world, kit_money.automation(world, RequestState.DRAFT))
    return shown | {
        "preview_automation": requests.preview(draft, NOW),
        "preview_project": requests.preview(kit_money.project_key(world, RequestState.DRAFT), NOW),
        "receipt_raise": requests.receipt(kit_money.raise_facts(world, kit_money.asked_raise(world)), NOW),
    }


def money_notices(world: World) -> dict[str, Screen]:
    """What is told in channels, threads and directly."""
    stands = kit_money.asked_raise(world, RequestState.FULFILLED, **APPROVED_BY_OMAR)
    raised = kit_money.raise_facts(world, stands)
    over = replace(raised, raised=kit_money.limit(world, spent_micros=612 * USD))
    approved = kit_money.asked_raise(world, RequestState.APPROVED, **APPROVED_BY_OMAR)
    expired = kit_money.asked_raise(world, RequestState.EXPIRED)
    found = {
        "raise_approved": Notice(Occasion.APPROVED, OMAR, kit_money.raise_facts(world, approved)),
        "raise_expired": Notice(Occasion.REQUEST_EXPIRED, None, kit_money.raise_facts(world, expired)),
        "raise_denied": Notice(
            Occasion.DENIED, OMAR, kit_money.raise_facts(world, kit_money.asked_raise(world, RequestState.DENIED))
        ),
        "raised": Notice(Occasion.RAISED, OMAR, raised),
        "raise_ended": Notice(Occasion.RAISE_ENDED, None, raised),
        "raise_ended_over": Notice(Occasion.RAISE_ENDED, None, over),
        "raise_ended_unknown": Notice(Occasion.RAISE_ENDED, None, replace(raised, raised=None)),
        "cap_not_set": Notice(Occasion.CAP_UNPROVEN, key=kit.key(world), note=world.note),
        "back_late": Notice(Occasion.BACK_LATE, key=kit_money.stopped_key(world), note=world.note),
        "key_stopped_by_limit": Notice(Occasion.KEY_DISABLED, key=kit_money.stopped_key(world)),
    }
    shown: dict[str, Screen] = {}
    for name, notice in found.items():
        shown[f"thread_{name}"] = thread.thread(notice, NOW)
        shown[f"direct_{name}"] = direct.direct(notice, NOW)
    shown["direct_owner_cap_not_set"] = direct.direct(found["cap_not_set"], NOW, for_owner=True)
    shown["direct_owner_back_late"] = direct.direct(found["back_late"], NOW, for_owner=True)
    return shown | _keys_told(world)


def _keys_told(world: World) -> dict[str, Screen]:
    one = kit_money.stopped_key(world)
    some = kit_money.reached(world).stopped
    alert = kit_money.reached(world)
    total = replace(one, key=replace(one.key, stop=replace(one.key.stop, period="total")))  # type: ignore[type-var]
    used_up = replace(one, spent_micros=203 * USD, today_micros=None)
    told = {
        "keys_stopped_own_cap": Notice(Occasion.KEYS_STOPPED, alert=alert, keys=(used_up,)),
        "keys_back_many": Notice(Occasion.KEYS_BACK, keys=(one,) * 15, note="a new month began"),
        "keys_stopped": Notice(Occasion.KEYS_STOPPED, alert=alert, keys=some),
        "keys_stopped_one": Notice(Occasion.KEYS_STOPPED, alert=alert, keys=(one,)),
        "keys_stopped_for_good": Notice(Occasion.KEYS_STOPPED, keys=(total,)),
        "keys_back": Notice(Occasion.KEYS_BACK, keys=some, note="a new month began"),
        "budget_set": Notice(
            Occasion.BUDGET_SET,
            OMAR,
            note=world.note,
            budget_set=SetFacts(kit_money.limit(world, Layer.MEMBER), 500 * USD, 50 * USD, world.team),
        ),
        "budget_set_new": Notice(
            Occasion.BUDGET_SET, budget_set=SetFacts(kit_money.limit(world, Layer.MEMBER), 500 * USD, None)
        ),
        "keys_back_one": Notice(Occasion.KEYS_BACK, keys=(one,)),
    }
    return {f"direct_{name}": direct.direct(notice, NOW) for name, notice in told.items()}


def alert_screens(world: World) -> dict[str, Screen]:
    raised = kit_money.limit(world, budget_micros=700 * USD, spent_micros=503 * USD, raised_micros=200 * USD)
    snooze: dict[str, Any] = {"snoozed_until": NOW + timedelta(hours=24), "snoozed_by": OMAR}
    soft = kit_money.limit(world, hard=False, spent_micros=503 * USD)
    facts = {
        "50": kit_money.alert(world, 50),
        "80": kit_money.alert(world, 80),
        "80_project": kit_money.alert(world, 80, Layer.PROJECT),
        "80_soft": kit_money.alert(world, 80, limit=replace(soft, spent_micros=402 * USD)),
        "80_snoozed": kit_money.alert(world, 80, **snooze),
        "80_nobody": kit_money.alert(world, 80, asked_ids=()),
        "100": kit_money.reached(world),
        "100_nothing": kit_money.alert(world, 100),
        "100_soft": kit_money.alert(world, 100, limit=soft),
        "100_exact": kit_money.alert(world, 100, told_micros=500 * USD),
        "100_raised": kit_money.reached(world, stopped=(), back=2, limit=raised),
        "100_grown": kit_money.reached(world, limit=kit_money.limit(world, spent_micros=520 * USD), back=1),
    }
    team, project = kit_money.limit(world), kit_money.limit(world, Layer.PROJECT)
    facts["100_stopped_by_another"] = kit_money.alert(world, 100, Layer.PROJECT, others=(team,))
    facts["100_stopped_by_others"] = kit_money.reached(world, others=(team, project, team, project))
    facts["100_key_stopped_by_another"] = kit_money.alert(world, 100, Layer.KEY, team=None, others=(team,))
    for layer in (Layer.MEMBER, Layer.KEY, Layer.AUTOMATION):
        facts[f"80_{layer}"] = kit_money.alert(world, 80, layer, team=None, asked_ids=(ANA,))
        facts[f"100_{layer}"] = kit_money.alert(
            world, 100, layer, team=None, asked_ids=(ANA,), stopped=(kit_money.stopped_key(world),)
        )
    shown: dict[str, Screen] = {}
    for name, one in facts.items():
        notice = Notice(Occasion.LIMIT, alert=one)
        private = one.limit.layer not in (Layer.TEAM, Layer.PROJECT)
        shown[f"alert_{name}"] = direct.direct(notice, NOW) if private else thread.thread(notice, NOW)
    notice = Notice(Occasion.LIMIT, alert=facts["80_member"])
    return shown | {"alert_80_member_of_another": direct.direct(notice, NOW, for_owner=True)}


def budget_screens(world: World) -> dict[str, Screen]:
    month = kit_money.month(world)
    bare = PolicyFacts(Policy(kinds={KeyKind.TEMPORARY: KindPolicy(default_seconds=86_400)}, hard_budgets=False))
    told = {"month": month, "month_quiet": replace(month, back=(), raises_ended=(), may_rise=True)}
    waiting = [kit.facts(world, kit.request(world, id=f"req-{n}")) for n in range(world.many)]
    raises = kit_money.raise_facts(world, kit_money.asked_raise(world))
    shown: dict[str, Screen] = {
        name: thread.thread(Notice(Occasion.MONTH_TURNED, month=one), NOW) for name, one in told.items()
    }
    return shown | {
        "budgets": budgets.budgets(kit_money.budget_facts(world), NOW),
        "budgets_stale": budgets.budgets(kit_money.stale(world), NOW),
        "budgets_none": budgets.budgets(BudgetFacts(ANA, ()), NOW),
        "queue": budgets.queue([raises, *waiting]),
        "queue_none": budgets.queue([]),
        "budget_set": budgets.budget_set(kit_money.limit(world), 500 * USD, 300 * USD, (world.note,)),
        "budget_set_new": budgets.budget_set(kit_money.limit(world, hard=False), 500 * USD, None),
        "snoozed": budgets.snoozed(kit_money.alert(world, 80, snoozed_until=NOW + timedelta(hours=24))),
        "policy": policy.policy(kit_money.policy(world)),
        "policy_bare": policy.policy(bare),
        "answer_refused_by_rule": answers.refused(Refused(Because.NOT_ALLOWED, "Only owners may ask.", "no-nights")),
        "keys_stopped": keys.key_list(
            [kit_money.stopped_key(world, number=n) for n in range(world.many)] + [kit.key(world, number=99)], NOW
        ),
        "keys_stopping": keys.key_list([kit_money.stopped_key(world, None)], NOW),
    }


def money_forms(world: World) -> dict[str, Screen]:
    offered = replace(kit.form(world), projects=kit.projects(world))
    under = [kit_money.stopped_key(world, Proof.QUIET, number=n) for n in range(max(2, world.many * 3))]
    alert = kit_money.alert(world, 80)
    raises = kit_money.raise_facts(world, kit_money.asked_raise(world))
    return {
        "form_request_projects": request_form.request_form(offered),
        "form_raise": raise_forms.raise_form(kit_money.raise_form(world), "C0SEARCH"),
        "form_raise_nothing": raise_forms.raise_form(replace(kit_money.raise_form(world), limits=()), ""),
        "form_changes_raise": forms.changes_form(raises),
        "form_changes_automation": forms.changes_form(kit.facts(world, kit_money.automation(world))),
        "form_deny_raise": forms.deny_form(raises),
        "form_disable_under": raise_forms.disable_under_form(alert, under),
        "form_disable_under_nothing": raise_forms.disable_under_form(alert, []),
    }


def every_about_money(world: World) -> dict[str, Screen]:
    """All of them by name."""
    found: dict[str, Screen] = {}
    for draw in (money_cards, money_notices, alert_screens, budget_screens, money_forms):
        found |= draw(world)
    return found
