"""Every screen in every state, by name: what snapshots, limits and safety are checked on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.aging import Kept
from bot.domain.facts import Notice, Occasion, Off, TeamFacts
from bot.domain.keys import ExpiryWarning, KeyKind, KeyState, OffCause, Proof
from bot.domain.people import Team
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import UsagePolicy
from bot.domain.requests import Because, Refused, RequestState, Terms, Verdict
from bot.policy_file import USAGE_POLICY_CHARS
from bot.slack.views import answers, direct, forms, help, keys, requests, teams, thread  # noqa: A004
from bot.slack.views.base import Message
from bot.slack.views.request_form import request_form
from bot.slack.views.usage_policy import agreement_form
from bot.slack.views.wrapping import message_modal, with_remarks
from tests.slack.views import kit
from tests.slack.views.kit import ANA, APPROVED_BY_OMAR, NOW, OLGA, OMAR, USD, World
from tests.slack.views.screens_departures import every_about_departures
from tests.slack.views.screens_evidence import every_about_evidence
from tests.slack.views.screens_expecting import every_about_expecting
from tests.slack.views.screens_groups import every_about_groups
from tests.slack.views.screens_incidents import every_about_incidents
from tests.slack.views.screens_inventory import every_about_inventory
from tests.slack.views.screens_leaks import every_about_leaks
from tests.slack.views.screens_money import every_about_money
from tests.slack.views.screens_questions import every_about_questions
from tests.slack.views.screens_rotation import every_about_rotation
from tests.slack.views.screens_sweeps import every_about_sweeps
from tests.slack.views.screens_usage import every_about_usage
from tests.slack.views.screens_weeks import every_about_weeks

Screen = Message | dict[str, Any]
CHANGED = {"terms": Terms(20 * USD, 3 * DAY_SECONDS)}
BY_RULE = {"rule": "small-ask", "approvals_needed": 0}


def cards(world: World) -> dict[str, Screen]:
    """The channel's card, for every state of request and key."""
    two: dict[str, Any] = {"approvals_needed": 2, "rule": "two-owners", "approvals": (kit.word(OMAR),)}
    denied: dict[str, Any] = {"approvals": (kit.word(OMAR, Verdict.DENY, world.note),)}
    member: dict[str, Any] = {"kind": KeyKind.MEMBER, "terms": Terms(50 * USD, None), "asked": Terms(50 * USD, None)}
    states = {
        "draft": kit.facts(world, kit.request(world, RequestState.DRAFT)),
        "waiting": kit.facts(world, kit.request(world)),
        "waiting_nobody": kit.facts(world, kit.request(world), asked_ids=()),
        "waiting_member_kind": kit.facts(world, kit.request(world, **member)),
        "waiting_two": kit.facts(world, kit.request(world, approvals_needed=2, rule="two-owners")),
        "waiting_one_of_two": kit.facts(world, kit.request(world, **two)),
        "waiting_enforced": kit.facts(world, kit.request(world), gateway=replace(kit.gateway(world), limits=())),
        "denied": kit.facts(world, kit.request(world, RequestState.DENIED, **denied)),
        "cancelled": kit.facts(world, kit.request(world, RequestState.CANCELLED)),
        "expired": kit.facts(world, kit.request(world, RequestState.EXPIRED)),
        "lapsed": kit.facts(world, kit.request(world, RequestState.LAPSED, **APPROVED_BY_OMAR)),
        "approved": kit.facts(world, kit.request(world, RequestState.APPROVED, **APPROVED_BY_OMAR)),
        "approved_changed": kit.facts(world, kit.request(world, RequestState.APPROVED, **(APPROVED_BY_OMAR | CHANGED))),
        "approved_rule": kit.facts(world, kit.request(world, RequestState.APPROVED, **BY_RULE)),
        "extend_waiting": kit.facts(world, kit.extend(world), kit.key(world)),
        "extend_approved": kit.facts(
            world, kit.extend(world, RequestState.APPROVED, **APPROVED_BY_OMAR), kit.key(world)
        ),
        "extend_done": kit.facts(world, kit.extend(world, RequestState.FULFILLED, **APPROVED_BY_OMAR), kit.key(world)),
    }
    for cause in OffCause:
        shut = kit.extend(world, RequestState.CANCELLED, decided_at=NOW)
        states[f"extend_closed_{cause}"] = kit.facts(world, shut, kit.off_key(world, cause))
    for ended in (RequestState.CANCELLED, RequestState.LAPSED):
        states[f"extend_{ended}"] = kit.facts(world, kit.extend(world, ended), kit.key(world))
    for state in (KeyState.MINTING, KeyState.MINTED, KeyState.DISCARDING, KeyState.DISCARDED):
        asked = kit.request(world, RequestState.APPROVED, **APPROVED_BY_OMAR)
        states[f"approved_key_{state}"] = kit.facts(world, asked, kit.key(world, state))
    for name, key in key_states(world).items():
        asked = kit.request(world, RequestState.FULFILLED, **APPROVED_BY_OMAR)
        states[f"revealed_{name}"] = kit.facts(world, asked, key)
    return {f"card_{name}": requests.card(one, NOW) for name, one in states.items()}


def key_states(world: World) -> dict[str, Any]:
    found = {
        "live": kit.key(world),
        "live_unread": kit.key(world, spent_micros=None),
        "restoring": kit.key(world, KeyState.RESTORING),
        "disabling": kit.off_key(world, OffCause.DISABLED, None),
        "disabled_probed": kit.off_key(world, OffCause.DISABLED, Proof.PROBED),
        "disabled_quiet": kit.off_key(world, OffCause.DISABLED, Proof.QUIET),
    }
    return found | {f"off_{cause}": kit.off_key(world, cause) for cause in OffCause}


def receipts(world: World) -> dict[str, Screen]:
    waiting = kit.facts(world, kit.request(world))
    by_rule = kit.facts(world, kit.request(world, RequestState.APPROVED, **BY_RULE), asked_ids=())
    draft = kit.facts(world, kit.request(world, RequestState.DRAFT))
    late = kit.facts(world, kit.request(world, RequestState.DRAFT, deadline_at=NOW - timedelta(minutes=1)))
    member = kit.key(world, kind=KeyKind.MEMBER, expires_at=None)
    return {
        "receipt_waiting": requests.receipt(waiting, NOW),
        "receipt_nobody": requests.receipt(replace(waiting, asked_ids=()), NOW),
        "receipt_rule": requests.receipt(by_rule, NOW),
        "receipt_extend": requests.receipt(kit.facts(world, kit.extend(world), kit.key(world)), NOW),
        "receipt_cancelled": requests.receipt(kit.facts(world, kit.request(world, RequestState.CANCELLED)), NOW),
        "preview": requests.preview(draft, NOW),
        "preview_late": requests.preview(late, NOW),
        "preview_rule": requests.preview(kit.facts(world, kit.request(world, RequestState.DRAFT, **BY_RULE)), NOW),
        "preview_nobody": requests.preview(replace(draft, asked_ids=()), NOW),
        "duplicate": requests.duplicate(draft, kit.key(world), can_ask_anyway=True),
        "duplicate_member": requests.duplicate(draft, member, can_ask_anyway=False),
        "modal_receipt": message_modal("Request sent", requests.receipt(waiting, NOW)),
        "modal_duplicate": message_modal(
            "Extend instead?", requests.duplicate(draft, kit.key(world), can_ask_anyway=True)
        ),
        "refused_modal": requests.refused_modal(f"Only $3 is left for <@{ANA}>. {world.note}"),
        "notice_modal": requests.notice_modal(world.team, world.note),
    }


def request_notices(world: World) -> dict[str, Notice]:
    approved = kit.facts(world, kit.request(world, RequestState.APPROVED, **APPROVED_BY_OMAR))
    changed = kit.facts(world, kit.request(world, RequestState.APPROVED, **(APPROVED_BY_OMAR | CHANGED)))
    by_rule = kit.facts(world, kit.request(world, RequestState.APPROVED, **BY_RULE))
    extend = kit.facts(world, kit.extend(world, RequestState.APPROVED, **APPROVED_BY_OMAR), kit.key(world))
    one_of_two = kit.request(world, approvals_needed=2, approvals=(kit.word(OMAR),))
    denied = kit.request(world, RequestState.DENIED, approvals=(kit.word(OMAR, Verdict.DENY, world.note),))
    waiting = kit.facts(world, kit.request(world))
    done = kit.facts(world, kit.request(world, RequestState.FULFILLED, **APPROVED_BY_OMAR), kit.key(world))
    extended = kit.facts(world, kit.extend(world, RequestState.FULFILLED, **APPROVED_BY_OMAR), kit.key(world))
    lapsed = kit.facts(world, kit.request(world, RequestState.LAPSED, **APPROVED_BY_OMAR))
    shut = kit.extend(world, RequestState.CANCELLED, decided_at=NOW)
    left = replace(kit.facts(world, kit.request(world, RequestState.CANCELLED, decided_at=NOW)), left_id=ANA)
    closed = kit.facts(world, shut, kit.off_key(world, OffCause.DISABLED))
    return {
        "needs_one_more": Notice(Occasion.NEEDS_ONE_MORE, OMAR, kit.facts(world, one_of_two), note=world.note),
        "approved": Notice(Occasion.APPROVED, OMAR, approved, note=world.note),
        "approved_changed": Notice(Occasion.APPROVED, OMAR, changed),
        "approved_rule": Notice(Occasion.APPROVED, None, by_rule),
        "approved_extend": Notice(Occasion.APPROVED, OMAR, extend),
        "denied": Notice(Occasion.DENIED, OMAR, kit.facts(world, denied), note=world.note),
        "cancelled": Notice(Occasion.CANCELLED, ANA, waiting),
        "closed_left": Notice(Occasion.CANCELLED, None, left),
        "approver_left": Notice(Occasion.APPROVER_LEFT, OMAR, kit.facts(world, kit.request(world, approvals_needed=2))),
        "asked_instead": Notice(Occasion.ASKED_INSTEAD, OMAR, waiting),
        "team_ownerless": Notice(Occasion.TEAM_OWNERLESS, OMAR, others=(world.team, "C0SEARCH")),
        "reminder": Notice(Occasion.REMINDER, None, waiting),
        "escalation": Notice(Occasion.ESCALATION, None, waiting),
        "escalation_nobody": Notice(Occasion.ESCALATION, None, replace(waiting, asked_ids=())),
        "request_expired": Notice(
            Occasion.REQUEST_EXPIRED, None, kit.facts(world, kit.request(world, RequestState.EXPIRED))
        ),
        "revealed": Notice(Occasion.REVEALED, ANA, done),
        "lapsed": Notice(Occasion.LAPSED, None, lapsed),
        "extended": Notice(Occasion.EXTENDED, OMAR, extended),
        "extension_closed": Notice(Occasion.EXTENSION_CLOSED, None, closed),
        "withdrawn": Notice(Occasion.KEY_WITHDRAWN, None, approved),
        "effect_failed_request": Notice(Occasion.EFFECT_FAILED, None, approved, note=world.note),
    }


def key_notices(world: World) -> dict[str, Notice]:
    live = kit.key(world)
    disabled = kit.off_key(world, OffCause.DISABLED)
    disabling = kit.off_key(world, OffCause.DISABLED, None)
    unknown = tuple(f"{world.label}-{n}" for n in range(world.many * 10))
    return {
        "warning_day": Notice(Occasion.EXPIRY_WARNING, key=live, warning=ExpiryWarning.DAY),
        "warning_hour": Notice(Occasion.EXPIRY_WARNING, key=live, warning=ExpiryWarning.HOUR),
        "expired": Notice(Occasion.KEY_EXPIRED, key=kit.off_key(world, OffCause.EXPIRED, off_by=None)),
        "expired_unproven": Notice(Occasion.KEY_EXPIRED, key=kit.off_key(world, OffCause.EXPIRED, None)),
        "disabled": Notice(Occasion.KEY_DISABLED, OLGA, key=disabled, note=world.note),
        "disabling": Notice(Occasion.KEY_DISABLED, OLGA, key=disabling, note=world.note),
        "returned": Notice(Occasion.KEY_RETURNED, ANA, key=kit.off_key(world, OffCause.RETURNED, off_by=ANA)),
        "restored": Notice(Occasion.KEY_RESTORED, OMAR, key=live),
        "unproven": Notice(Occasion.OFF_UNPROVEN, key=disabling, note=world.note),
        "effect_failed_key": Notice(Occasion.EFFECT_FAILED, key=live, note=world.note),
        "effect_failed": Notice(Occasion.EFFECT_FAILED),
        "unknown_keys": Notice(Occasion.UNKNOWN_KEYS, note="litellm", others=unknown),
        "unknown_key": Notice(Occasion.UNKNOWN_KEYS, note="litellm", others=unknown[:1]),
        "found_on": Notice(Occasion.FOUND_ON, key=disabled),
        "secret_unread": Notice(Occasion.SECRET_UNREAD, note=world.note, others=("https://github.com/a/b/security/1",)),
        "secret_unresolved": Notice(Occasion.SECRET_UNRESOLVED, key=disabled, note=world.note),
        "cap_restored": Notice(Occasion.CAP_RESTORED, key=live, note=world.note),
        "gone": Notice(Occasion.KEY_GONE, key=kit.off_key(world, OffCause.DRIFT, off_by=None, off_reason=None)),
    }


def notices(world: World) -> dict[str, Screen]:
    found: dict[str, Screen] = {}
    for name, notice in (request_notices(world) | key_notices(world)).items():
        found[f"thread_{name}"] = thread.thread(notice, NOW)
        found[f"direct_{name}"] = direct.direct(notice, NOW)
    for name, notice in key_notices(world).items():
        told = direct.direct(notice, NOW, for_owner=True)
        if told != found[f"direct_{name}"]:
            found[f"direct_owner_{name}"] = told
    return found


def form_screens(world: World) -> dict[str, Screen]:
    waiting = kit.facts(world, kit.request(world))
    no_models = replace(kit.form(world), gateway=replace(kit.gateway(world), models=()))
    return {
        "form_request": request_form(kit.form(world)),
        "form_request_teams": request_form(kit.form(world, teams=max(2, world.many * 3))),
        "form_request_no_models": request_form(no_models),
        "form_changes": forms.changes_form(waiting),
        "form_changes_extend": forms.changes_form(kit.facts(world, kit.extend(world), kit.key(world))),
        "form_deny": forms.deny_form(waiting),
        "form_extend": forms.extend_form(kit.key(world), 30 * DAY_SECONDS),
        "form_disable": forms.disable_form(kit.key(world)),
        "form_disable_any": forms.disable_form(),
    }


def _usage_policy(world: World) -> UsagePolicy:
    return UsagePolicy("2026-11", f"No customer data.\n\n{world.note}"[:USAGE_POLICY_CHARS], world.base_url)


def key_screens(world: World) -> dict[str, Screen]:
    live = [kit.key(world, number=n) for n in range(world.many)]
    offs = [kit.off_key(world, OffCause.DISABLED, number=n) for n in range(100, 100 + world.many)]
    stopping = [kit.off_key(world, OffCause.DISABLED, None, number=n) for n in range(200, 200 + world.many)]
    disabled, disabling = kit.off_key(world, OffCause.DISABLED), kit.off_key(world, OffCause.DISABLED, None)
    probed = kit.off_key(world, OffCause.DISABLED, Proof.PROBED)
    returned = kit.off_key(world, OffCause.RETURNED, off_by=ANA)
    return {
        "minting": keys.minting_modal(kit.facts(world, kit.request(world, RequestState.APPROVED))),
        "revealed": keys.revealed_modal(kit.revealed(world), NOW),
        "reveal_failed": keys.reveal_failed_modal(world.note),
        "form_agreement": agreement_form(_usage_policy(world), "req-1", "D0ANA", "1795309051.593263"),
        "keys_none": keys.key_list([], NOW),
        "keys": keys.key_list([*offs[:1], *live], NOW),
        "keys_many": keys.key_list([*stopping, *live, *offs], NOW),
        "off_recorded": keys.off(Off(disabled, Proof.RECORDED, disable_lag_seconds=60), NOW),
        "off_probed": keys.off(Off(probed, Proof.PROBED), NOW),
        "off_unproven": keys.off(Off(disabling, None), NOW),
        "off_accepted": keys.off(Off(disabling, None, probe_accepted=True, disable_lag_seconds=60), NOW),
        "off_already": keys.off(Off(disabled, Proof.RECORDED, already=True), NOW),
        "off_already_unproven": keys.off(Off(disabling, None, already=True), NOW),
        "restored": keys.restored(kit.key(world), NOW),
        "restoring": keys.restored(kit.key(world, KeyState.RESTORING), NOW),
        "kept": keys.kept(Kept(kit.key(world), NOW + timedelta(days=30))),
        "kept_already": keys.kept(Kept(kit.key(world), NOW + timedelta(days=29), already=True)),
        "returned": keys.returned(Off(returned, Proof.RECORDED)),
        "returned_unproven": keys.returned(Off(disabling, None)),
        "returned_already": keys.returned(Off(disabled, Proof.RECORDED, already=True)),
    }


def team_screens(world: World) -> dict[str, Screen]:
    full = kit.team_facts(world)
    bare = TeamFacts(Team("team-1", world.team, "C0SEARCH"))
    return {
        "team": teams.team(full, NOW),
        "team_bare": teams.team(bare, NOW),
        "team_created": teams.created(full),
        "team_invited": teams.invited(full.team, world.owners),
        "team_removed": teams.removed(full.team, world.owners),
        "team_owners": teams.owners_added(full.team, world.owners),
        "team_project": teams.project_created(full.team, full.projects[0], 200 * USD),
        "team_remarks": with_remarks(teams.invited(full.team, world.owners), (f"<@{OLGA}> is a member already.",)),
        "team_remarks_only": with_remarks(None, (f"<@{OLGA}> is a member already.",)),
        "help_key": help.help_for("/ai-key"),
        "help_budget": help.help_for("/ai-budget"),
        "help_team": help.help_for("/ai-team"),
        "help_disable": help.help_for("/ai-disable"),
        "help_unknown": help.help_for("/ai-nonsense"),
    }


def answer_screens(world: World) -> dict[str, Screen]:
    decided = {
        "approved": kit.request(world, RequestState.APPROVED, **APPROVED_BY_OMAR),
        "approved_rule": kit.request(world, RequestState.APPROVED, **BY_RULE),
        "denied": kit.request(world, RequestState.DENIED, approvals=(kit.word(OMAR, Verdict.DENY),)),
        "cancelled": kit.request(world, RequestState.CANCELLED),
        "expired": kit.request(world, RequestState.EXPIRED),
        "waiting": kit.request(world),
    }
    found: dict[str, Callable[[], Message]] = {
        "refused": lambda: answers.refused(Refused(Because.NO_HEADROOM, f"Only $3 is left. {world.note}")),
        "mistake": lambda: answers.mistake("Amounts look like $25 or $12.50.", "/ai-key $25 7d evaluate rerankers"),
        "cancelled": lambda: answers.cancelled(kit.facts(world, decided["cancelled"])),
        "unknown_key": answers.unknown_key,
        "turning_off": answers.turning_off,
        "failed": lambda: answers.failed("abc123"),
        "unknown_command": lambda: answers.unknown_command(world.team),
        "plain": lambda: answers.plain(world.note),
    }
    screens: dict[str, Screen] = {f"answer_{name}": draw() for name, draw in found.items()}
    for name, one in decided.items():
        screens[f"answer_already_{name}"] = answers.already_decided(kit.facts(world, one))
    shut = kit.extend(world, RequestState.CANCELLED, decided_at=NOW)
    closed = kit.facts(world, shut, kit.off_key(world, OffCause.RETURNED, off_by=ANA))
    screens["answer_already_closed"] = answers.already_decided(closed)
    screens["answer_cancelled_closed"] = answers.cancelled(closed)
    return screens


def every(world: World) -> dict[str, Screen]:
    """All screens of a world by name."""
    found: dict[str, Screen] = {}
    draws = (cards, receipts, notices, form_screens, key_screens, team_screens, answer_screens)
    others = (every_about_money, every_about_usage, every_about_weeks, every_about_incidents, every_about_leaks)
    for draw in (
        *draws,
        *others,
        every_about_rotation,
        every_about_questions,
        every_about_sweeps,
        every_about_expecting,
        every_about_groups,
        every_about_inventory,
        every_about_departures,
        every_about_evidence,
    ):
        found |= draw(world)
    return found
