"""The defaults that the design names."""

from __future__ import annotations

from bot.domain.keys import KeyKind
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import Policy
from tests.domain.kit import USD

POLICY = Policy()


def test_policy_starts_as_documented() -> None:
    temporary, automation = POLICY.kinds[KeyKind.TEMPORARY], POLICY.kinds[KeyKind.AUTOMATION]
    assert set(POLICY.kinds) == set(KeyKind)
    assert (temporary.default_seconds, temporary.longest_seconds) == (7 * DAY_SECONDS, 30 * DAY_SECONDS)
    for kind in (KeyKind.MEMBER, KeyKind.PROJECT, KeyKind.AUTOMATION):
        assert (POLICY.kinds[kind].default_seconds, POLICY.kinds[kind].longest_seconds) == (None, None)
    assert (automation.largest_cap_micros, automation.largest_daily_cap_micros) == (500 * USD, 50 * USD)
    assert POLICY.two_owners_from_micros == 1_000_000_000
    assert (POLICY.lead_up_to_micros, POLICY.quiet_approvers, POLICY.ask_rules) == (0, (), ())
    assert (POLICY.auto_approve_micros, POLICY.auto_approve_seconds) == (0, 604_800)
    assert (POLICY.models, POLICY.free_models) == ((), ())
    assert (POLICY.member_budget_micros, POLICY.hard_budgets, POLICY.thresholds) == (None, True, (50, 80))
    assert POLICY.poll_seconds == 60
    assert (POLICY.remind_after_seconds, POLICY.escalate_after_seconds) == (14_400, 86_400)
    assert (POLICY.give_up_after_seconds, POLICY.claim_within_seconds) == (259_200, 259_200)
    assert POLICY.draft_seconds == 3600
    assert {kind: limits.rotate_seconds for kind, limits in POLICY.kinds.items()} == {
        KeyKind.TEMPORARY: None,
        KeyKind.MEMBER: 90 * DAY_SECONDS,
        KeyKind.PROJECT: 90 * DAY_SECONDS,
        KeyKind.AUTOMATION: 90 * DAY_SECONDS,
    }
    assert POLICY.unused_seconds == 30 * DAY_SECONDS


def test_a_week_of_small_asks_is_at_least_one_of_them() -> None:
    assert Policy(auto_approve_micros=50 * USD).small_asks_per_week_micros == 50 * USD
    policy = Policy(auto_approve_micros=50 * USD, auto_approve_per_week_micros=120 * USD)
    assert policy.small_asks_per_week_micros == 120 * USD
