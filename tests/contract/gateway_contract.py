"""The contract of every gateway that can mint, cap, disable and delete keys.

Subclass `GatewayContract` with a `rig` fixture to run it over an adapter. Tests compare what a member or the
books would notice: whether a model answers, and what the gateway's own record says.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import leaks, money
from bot.gateways.base import AliasTaken, CapPeriod, FailureKind, Gateway, Issued, Probe
from tests.contract.rig import Rig, failure_of, kind_of

UNKNOWN_HANDLE = "0" * 64
CALL_MICROS = 28_000
"""What one call of mock-expensive costs."""


class GatewayContract:
    """Promises of `bot.gateways.base.Gateway`."""

    # --- minting ---

    def test_an_issued_key_is_found_and_listed_as_agreed(self, rig: Rig) -> None:
        alias = rig.alias()
        issued = rig.issue(alias, cap_micros=25_500_000, models=("mock-gpt",), tags={"request": "r-1"})
        record = rig.found(issued.handle)
        assert (record.alias, record.cap_micros, record.cap_period) == (alias, 25_500_000, CapPeriod.TOTAL)
        assert (record.models, record.tags) == (("mock-gpt",), {"request": "r-1"})
        assert (record.enabled, record.deleted, record.spent_micros) == (True, False, 0)
        assert record in rig.gateway.list_keys()
        assert rig.gateway.find_alias(alias) == [record]

    def test_an_issued_key_completes_a_chat(self, rig: Rig) -> None:
        issued = rig.issue()
        assert rig.chat(issued.secret).json()["choices"][0]["message"]["content"]
        assert rig.gateway.probe(issued.secret) is Probe.ACCEPTED

    def test_the_handle_is_computed_from_the_secret_alone(self, rig: Rig) -> None:
        issued = rig.issue()
        assert rig.gateway.handle_of(issued.secret) == issued.handle
        assert issued.secret not in issued.handle

    def test_an_issued_key_is_one_of_those_looked_for_in_texts(self, rig: Rig) -> None:
        secret = rig.issue().secret
        assert secret in {one.secret for one in leaks.candidates(f"KEY={secret}")}

    def test_a_taken_alias_is_said_to_be_taken(self, rig: Rig) -> None:
        alias = rig.alias()
        first = rig.issue(alias)
        with pytest.raises(AliasTaken) as caught:
            rig.issue(alias)
        assert (caught.value.kind, caught.value.alias) == (FailureKind.PERMANENT, alias)
        assert [key.handle for key in rig.gateway.find_alias(alias)] == [first.handle]

    def test_an_alias_is_matched_exactly(self, rig: Rig) -> None:
        alias = rig.alias()
        rig.issue(f"{alias}-2")
        assert rig.gateway.find_alias(alias) == []

    def test_once_mints_of_one_alias_at_once_make_one_key(self, rig: Rig) -> None:
        alias = rig.alias()

        def mint(_: int) -> Issued | None:
            try:
                return rig.issue(alias)
            except AliasTaken:
                return None

        with ThreadPoolExecutor(6) as pool:
            made = [issued for issued in pool.map(mint, range(6)) if issued]
        assert [key.handle for key in rig.gateway.find_alias(alias)] == [issued.handle for issued in made]
        assert len(made) == 1

    def test_a_key_may_call_only_its_models(self, rig: Rig) -> None:
        issued = rig.issue(models=("mock-gpt",))
        assert rig.chat(issued.secret).status_code == 200
        assert rig.chat(issued.secret, "mock-expensive").status_code == 403

    def test_an_expiry_in_the_past_makes_no_key(self, rig: Rig) -> None:
        alias = rig.alias()
        assert kind_of(lambda: rig.issue(alias, lives_seconds=-1)) is FailureKind.PERMANENT
        assert rig.gateway.find_alias(alias) == []

    # --- caps ---

    def test_the_cap_stops_the_next_call_even_before_spend_is_recorded(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=CALL_MICROS - 1)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 200
        stopped = rig.chat(issued.secret, "mock-expensive")
        assert (stopped.status_code, stopped.json()["error"]["type"]) == (422, "budget_exceeded")

    def test_a_key_out_of_money_is_not_proof_of_being_off(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=0)
        assert rig.chat(issued.secret).status_code == 422
        assert rig.gateway.probe(issued.secret) is Probe.ACCEPTED
        rig.gateway.disable(issued.handle)
        assert rig.gateway.probe(issued.secret) is Probe.REFUSED

    def test_spend_is_recorded_in_exact_micros(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.chat(issued.secret, "mock-expensive")
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: rig.found(issued.handle).spent_micros >= 2 * CALL_MICROS)
        record = rig.found(issued.handle)
        assert (record.spent_micros, record.period_spent_micros) == (2 * CALL_MICROS, 2 * CALL_MICROS)

    def test_a_new_cap_keeps_spend_and_tags_and_everything_else(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=CALL_MICROS, tags={"request": "r-9"}, models=("mock-expensive",))
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: rig.found(issued.handle).spent_micros == CALL_MICROS)
        before = rig.found(issued.handle)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 422
        rig.gateway.set_cap(issued.handle, 10 * CALL_MICROS, CapPeriod.TOTAL)
        after = rig.found(issued.handle)
        assert (after.spent_micros, after.tags) == (CALL_MICROS, {"request": "r-9"})
        assert (after.expires_at, after.models, after.alias) == (
            before.expires_at,
            before.models,
            before.alias,
        )
        assert rig.chat(issued.secret, "mock-expensive").status_code == 200

    def test_a_cap_lowered_under_what_was_spent_stops_the_key(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.chat(issued.secret, "mock-expensive")
        rig.gateway.set_cap(issued.handle, CALL_MICROS - 1, CapPeriod.TOTAL)
        assert rig.chat(issued.secret).status_code == 422

    def test_caps_are_kept_to_the_micro(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=412_800_000)
        assert rig.found(issued.handle).cap_micros == 412_800_000
        for micros in (1, 10_000, 123_456, 25_100_000, 999_999_999_999, money.MAX_MICROS, 0):
            rig.gateway.set_cap(issued.handle, micros, CapPeriod.TOTAL)
            assert rig.found(issued.handle).cap_micros == micros

    @pytest.mark.parametrize("period", [CapPeriod.MONTH, CapPeriod.DAY])
    def test_a_cap_that_starts_again_says_when(self, rig: Rig, period: CapPeriod) -> None:
        issued = rig.issue(cap_period=period)
        record = rig.found(issued.handle)
        now = rig.now()
        assert record.cap_period is period
        assert record.resets_at == (_next_month(now) if period is CapPeriod.MONTH else _midnight(now))

    def test_a_total_cap_has_no_reset(self, rig: Rig) -> None:
        issued = rig.issue(cap_period=CapPeriod.MONTH)
        rig.gateway.set_cap(issued.handle, 5_000_000, CapPeriod.TOTAL)
        record = rig.found(issued.handle)
        assert (record.cap_period, record.resets_at) == (CapPeriod.TOTAL, None)

    def test_a_negative_cap_is_refused_before_anything_happens(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=7_000_000)
        negative = kind_of(lambda: rig.gateway.set_cap(issued.handle, -1, CapPeriod.TOTAL))
        assert negative is FailureKind.PERMANENT
        assert kind_of(lambda: rig.issue(cap_micros=-1)) is FailureKind.PERMANENT
        assert rig.found(issued.handle).cap_micros == 7_000_000

    # --- time ---

    def test_the_gateway_itself_stops_an_expired_key(self, rig: Rig) -> None:
        issued = rig.issue(lives_seconds=2.2)
        assert rig.chat(issued.secret).status_code == 200
        rig.pass_time(2.5)
        assert rig.chat(issued.secret).status_code == 401
        assert rig.gateway.probe(issued.secret) is Probe.REFUSED
        record = rig.found(issued.handle)
        assert (record.enabled, record.deleted) == (False, False)
        assert [key.enabled for key in rig.gateway.list_keys() if key.handle == issued.handle] == [False]

    def test_an_expiry_is_a_moment_not_a_duration_from_the_old_one(self, rig: Rig) -> None:
        issued = rig.issue(lives_seconds=86_400)
        moment = rig.now() + timedelta(days=7)
        rig.gateway.set_expiry(issued.handle, moment)
        expires_at = rig.found(issued.handle).expires_at
        assert expires_at is not None
        assert moment - timedelta(seconds=2) < expires_at <= moment + timedelta(seconds=2)

    def test_what_issue_says_of_expiry_is_what_the_record_says(self, rig: Rig) -> None:
        issued = rig.issue(lives_seconds=600)
        assert issued.expires_at is not None
        assert issued.expires_at == rig.found(issued.handle).expires_at

    def test_an_expiry_can_be_lifted(self, rig: Rig) -> None:
        issued = rig.issue(lives_seconds=60)
        rig.gateway.set_expiry(issued.handle, None)
        assert rig.found(issued.handle).expires_at is None

    def test_an_expiry_in_the_past_stops_a_key_now(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.gateway.set_expiry(issued.handle, rig.now() - timedelta(days=1))
        assert rig.found(issued.handle).enabled is False
        assert rig.gateway.probe(issued.secret) is Probe.REFUSED

    # --- off and on ---

    def test_off_is_proven_by_record_and_by_probe(self, rig: Rig) -> None:
        issued = rig.issue()
        assert rig.chat(issued.secret).status_code == 200
        rig.gateway.disable(issued.handle)
        record = rig.found(issued.handle)
        assert (record.enabled, record.deleted) == (False, False)
        assert rig.gateway.probe(issued.secret) is Probe.REFUSED
        assert rig.chat(issued.secret).status_code == 401

    def test_disabling_twice_is_the_same_as_once(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.gateway.disable(issued.handle)
        rig.gateway.disable(issued.handle)
        assert rig.found(issued.handle).enabled is False

    def test_a_key_enabled_again_works_again(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.gateway.disable(issued.handle)
        rig.gateway.enable(issued.handle)
        assert rig.found(issued.handle).enabled is True
        assert rig.chat(issued.secret).status_code == 200

    def test_a_deleted_key_is_gone_and_may_be_deleted_again(self, rig: Rig) -> None:
        alias = rig.alias()
        issued = rig.issue(alias)
        rig.gateway.delete(issued.handle)
        rig.gateway.delete(issued.handle)
        record = rig.gateway.find(issued.handle)
        assert record is None or (record.deleted and not record.enabled)
        assert rig.gateway.find_alias(alias) == []
        assert issued.handle not in {key.handle for key in rig.gateway.list_keys()}
        assert rig.chat(issued.secret).status_code == 401

    def test_the_alias_of_a_deleted_key_is_free_again(self, rig: Rig) -> None:
        alias = rig.alias()
        rig.gateway.delete(rig.issue(alias).handle)
        again = rig.issue(alias)
        assert [key.handle for key in rig.gateway.find_alias(alias)] == [again.handle]

    def test_disabling_a_deleted_key_is_a_success_and_enabling_it_is_not(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.gateway.delete(issued.handle)
        rig.gateway.disable(issued.handle)
        assert kind_of(lambda: rig.gateway.enable(issued.handle)) is FailureKind.PERMANENT

    def test_a_handle_nobody_knows(self, rig: Rig) -> None:
        gateway = rig.gateway
        assert gateway.find(UNKNOWN_HANDLE) is None
        gateway.disable(UNKNOWN_HANDLE)
        gateway.delete(UNKNOWN_HANDLE)
        for action in _changes(gateway, UNKNOWN_HANDLE, rig.now()):
            assert kind_of(action) is FailureKind.PERMANENT

    def test_our_tags_are_replaced(self, rig: Rig) -> None:
        issued = rig.issue(tags={"request": "r-1", "key": "k-1"})
        rig.gateway.set_tags(issued.handle, {"key": "k-2"})
        assert rig.found(issued.handle).tags == {"key": "k-2"}

    def test_a_key_changes_hands_and_nothing_else_changes(self, rig: Rig) -> None:
        issued = rig.issue(cap_period=CapPeriod.MONTH, tags={"key": "k-1"}, daily_cap_micros=CALL_MICROS * 5)
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: rig.found(issued.handle).spent_micros == CALL_MICROS)
        before = rig.found(issued.handle)
        for _ in range(2):
            rig.gateway.set_holder(issued.handle, "U-BEN")
            assert rig.found(issued.handle) == replace(before, holder="U-BEN")
        assert before.holder == "U-ANA"
        assert rig.chat(issued.secret).status_code == 200

    def test_what_a_key_used_is_told_whole_after_it_changed_hands(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: sum(row.requests for row in rig.usage_of(issued.handle)) == 1, seconds=90)
        rig.gateway.set_holder(issued.handle, "U-BEN")
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: sum(row.cost_micros for row in rig.usage_of(issued.handle)) == 2 * CALL_MICROS, seconds=90)

    def test_what_was_spent_before_can_be_left_out_of_what_counts_against_the_cap(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=CALL_MICROS)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 200
        rig.until(lambda: rig.chat(issued.secret, "mock-expensive").status_code == 422)
        rig.until(lambda: rig.found(issued.handle).spent_micros == CALL_MICROS)
        rig.gateway.forget_spend(issued.handle)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 200
        rig.until(lambda: rig.found(issued.handle).spent_micros == 2 * CALL_MICROS)

    # --- health and secrets ---

    def test_a_made_up_secret_is_refused(self, rig: Rig) -> None:
        for secret in ("sk-never-made-0123456789abcdef", "hello"):
            assert rig.gateway.probe(secret) is Probe.REFUSED

    def test_a_secret_that_cannot_be_sent_as_it_is_proves_nothing(self, rig: Rig) -> None:
        secret = rig.issue().secret
        for pasted in (f"{secret} ", f"{secret}\n", f"{secret}é", ""):
            assert rig.gateway.probe(pasted) is Probe.UNREACHABLE

    def test_a_healthy_gateway_says_so(self, rig: Rig) -> None:
        health = rig.gateway.ping()
        assert health.ok, health.message
        assert health.version

    def test_models_are_told(self, rig: Rig) -> None:
        assert set(rig.gateway.models()) >= {"mock-gpt", "mock-expensive"}

    def test_the_own_credential_is_never_a_members_key(self, rig: Rig) -> None:
        gateway = rig.gateway
        assert gateway.is_own_credential(rig.master_key)
        assert not gateway.is_own_credential(rig.issue().secret)
        assert gateway.handle_of(rig.master_key) is None
        assert kind_of(lambda: gateway.probe(rig.master_key)) is FailureKind.PERMANENT

    def test_seen_once_errors_carry_no_secret_and_no_address(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        alias = rig.alias()
        issued = rig.issue(alias)
        host = rig.base_url.removeprefix("http://")
        doomed: list[Callable[[], object]] = [*_changes(rig.gateway, issued.secret[:-4] + "....", rig.now())]
        doomed += [lambda: rig.issue(alias), lambda: rig.gateway.probe(rig.master_key)]
        told: list[str] = []
        for action in doomed:
            error = failure_of(action)
            told += [str(error), repr(error), error.message, "".join(traceback.format_exception(error))]
        for text in told:
            assert issued.secret[:-4] not in text
            assert rig.master_key not in text
            assert host not in text
        assert issued.secret not in caplog.text
        assert rig.master_key not in caplog.text
        assert issued.secret not in repr(issued)


def _changes(gateway: Gateway, handle: str, now: datetime) -> tuple[Callable[[], None], ...]:
    """Every change that needs a key to be there."""
    return (
        lambda: gateway.set_cap(handle, 1_000_000, CapPeriod.TOTAL),
        lambda: gateway.forget_spend(handle),
        lambda: gateway.set_expiry(handle, now + timedelta(days=1)),
        lambda: gateway.set_tags(handle, {}),
        lambda: gateway.set_holder(handle, "U-BEN"),
        lambda: gateway.enable(handle),
    )


def _midnight(now: datetime) -> datetime:
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def _next_month(now: datetime) -> datetime:
    return datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
