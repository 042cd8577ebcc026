"""What LiteLLM does that a careless adapter would trip over, on a fake told to do it. Numbers are those of a call."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.gateways.base import CapPeriod, FailureKind, Issued, Probe
from bot.gateways.litellm import LiteLLM
from bot.playground.gateway import FaultKind
from tests.contract.gateway_contract import CALL_MICROS, UNKNOWN_HANDLE
from tests.contract.rig import IMPATIENT, FakeRig, failure_of, kind_of, litellm_on_fake, meeting


@pytest.fixture
def rig() -> Iterator[FakeRig]:
    with litellm_on_fake() as rig:
        yield rig


# --- a mint whose outcome is in doubt ---


def test_once_a_mint_whose_reply_is_lost_is_unknown_and_found_by_its_alias(rig: FakeRig) -> None:
    alias = rig.alias()
    rig.fake.faults.add(FaultKind.REPLY_LOST, route="/key/generate")
    assert kind_of(lambda: rig.issue(alias)) is FailureKind.UNKNOWN
    assert rig.calls("/key/generate") == 1
    [left_over] = rig.gateway.find_alias(alias)
    rig.gateway.delete(left_over.handle)
    rig.issue(alias)
    assert len(rig.fake.live_keys()) == 1


def test_once_a_slow_mint_is_unknown_and_not_repeated() -> None:
    patience = type(IMPATIENT)(read_seconds=0.15, first_wait_seconds=0, longest_wait_seconds=0)
    with litellm_on_fake(patience) as rig:
        alias = rig.alias()
        rig.fake.faults.add(FaultKind.LATENCY, seconds=0.4, route="/key/generate")
        assert kind_of(lambda: rig.issue(alias)) is FailureKind.UNKNOWN
        rig.until(lambda: len(rig.fake.keys) == 1)
        assert len(rig.gateway.find_alias(alias)) == 1
        assert rig.calls("/key/generate") == 1


def test_a_mint_that_was_cut_off_is_unknown_though_nothing_happened(rig: FakeRig) -> None:
    alias = rig.alias()
    rig.fake.faults.add(FaultKind.CUT, route="/key/generate")
    assert kind_of(lambda: rig.issue(alias)) is FailureKind.UNKNOWN
    assert rig.gateway.find_alias(alias) == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_mint_answered_with_a_server_error_is_unknown_and_not_repeated(rig: FakeRig, status: int) -> None:
    rig.fake.faults.add(FaultKind.ERROR, status=status, route="/key/generate")
    assert kind_of(rig.issue) is FailureKind.UNKNOWN
    assert rig.calls("/key/generate") == 1


def test_a_mint_told_to_slow_down_certainly_did_not_happen(rig: FakeRig) -> None:
    rig.fake.faults.add(FaultKind.RATE_LIMITED, seconds=7, route="/key/generate")
    error = failure_of(rig.issue)
    assert (error.kind, error.retry_after_seconds) == (FailureKind.TRANSIENT, 7)
    assert rig.calls("/key/generate") == 1
    assert rig.fake.keys == []


def test_a_mint_at_a_gateway_that_is_away_certainly_did_not_happen(rig: FakeRig) -> None:
    rig.fake.stop()
    error = failure_of(rig.issue)
    assert error.kind is FailureKind.TRANSIENT
    assert str(rig.base_url.rsplit(":", 1)[1]) not in error.message
    rig.fake.start()
    assert rig.issue().handle


# --- aliases ---


def test_two_processes_can_make_two_keys_of_one_alias_and_both_are_found() -> None:
    with litellm_on_fake() as rig:
        rig.fake.habits.race_seconds = 1
        rig.fake.state.sleep = meeting(2)
        alias = rig.alias()
        other = FakeRig(**{**vars(rig), "gateway": rig.second_adapter()})

        def mint(one: FakeRig) -> Issued:
            return one.issue(alias)

        with ThreadPoolExecutor(2) as pool:
            made = {issued.handle for issued in pool.map(mint, (rig, other))}
        assert len(made) == 2
        assert {key.handle for key in rig.gateway.find_alias(alias)} == made


def test_mints_of_different_aliases_do_not_wait_for_each_other(rig: FakeRig) -> None:
    rig.fake.habits.race_seconds = 1
    rig.fake.state.sleep = meeting(2)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(rig.issue, ("search", "reranker")))
    assert len({issued.handle for issued in made}) == 2


# --- what is said and what is so ---


def test_off_a_delete_that_only_claims_to_have_happened_is_not_believed(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.fake.habits.deletes_only_in_words = True
    assert kind_of(lambda: rig.gateway.delete(issued.handle)) is FailureKind.TRANSIENT
    rig.fake.habits.deletes_only_in_words = False
    rig.gateway.delete(issued.handle)
    assert rig.fake.live_keys() == []


def test_the_delete_echo_names_keys_that_never_were(rig: FakeRig) -> None:
    issued = rig.issue()
    reply = rig.raw("POST", "/key/delete", {"keys": [issued.handle, UNKNOWN_HANDLE]})
    assert UNKNOWN_HANDLE in reply.json()["deleted_keys"]
    assert rig.gateway.find(UNKNOWN_HANDLE) is None


def test_off_recorded_and_probed_are_two_things_while_a_worker_still_caches(rig: FakeRig) -> None:
    rig.fake.habits.block_lag_seconds = 60
    issued = rig.issue()
    assert rig.chat(issued.secret).status_code == 200
    rig.gateway.disable(issued.handle)
    assert rig.found(issued.handle).enabled is False
    assert rig.gateway.probe(issued.secret) is Probe.ACCEPTED
    assert rig.chat(issued.secret).status_code == 200
    rig.clock.advance(rig.gateway.capabilities.disable_lag_seconds + 1)
    assert rig.gateway.probe(issued.secret) is Probe.REFUSED


def test_a_403_is_not_proof_of_being_off(rig: FakeRig) -> None:
    minted = rig.raw("POST", "/key/generate", {"key_type": "management"}).json()
    assert rig.gateway.probe(minted["key"]) is Probe.ACCEPTED


def test_a_gateway_that_fails_proves_nothing(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.gateway.disable(issued.handle)
    rig.fake.faults.add(FaultKind.DOWN)
    assert rig.gateway.probe(issued.secret) is Probe.UNREACHABLE
    assert kind_of(lambda: rig.gateway.find(issued.handle)) is FailureKind.TRANSIENT
    rig.fake.faults.clear()
    assert rig.gateway.probe(issued.secret) is Probe.REFUSED


def test_the_master_key_is_not_blocked_updated_or_deleted(rig: FakeRig) -> None:
    probe = LiteLLM(rig.base_url, "sk-another-00000000000", rig.base_url, now=rig.now)
    handle = probe.handle_of(rig.master_key)
    assert handle
    before = rig.calls("/key/block") + rig.calls("/key/update") + rig.calls("/key/delete")
    for action in (rig.gateway.disable, rig.gateway.enable, rig.gateway.delete):
        assert kind_of(lambda action=action: action(handle)) is FailureKind.PERMANENT  # type: ignore[misc]
    assert kind_of(lambda: rig.gateway.set_expiry(handle, None)) is FailureKind.PERMANENT
    assert rig.calls("/key/block") + rig.calls("/key/update") + rig.calls("/key/delete") == before
    probe.close()


def test_duration_comes_back_null_and_yet_the_expiry_holds(rig: FakeRig) -> None:
    reply = rig.raw("POST", "/key/generate", {"duration": "60s"}).json()
    assert (reply["duration"], bool(reply["expires"])) == (None, True)
    issued = rig.issue(lives_seconds=60)
    assert issued.expires_at == rig.now() + timedelta(seconds=60)


def test_metadata_is_replaced_by_an_update_so_what_others_wrote_is_written_back(rig: FakeRig) -> None:
    issued = rig.issue(tags={"request": "r-1"})
    theirs = {"metadata": {"purser": {"request": "r-1"}, "cost_centre": {"id": 7}}}
    rig.raw("POST", "/key/update", {"key": issued.handle, **theirs})
    rig.gateway.set_tags(issued.handle, {"request": "r-2"})
    [key] = rig.fake.live_keys()
    assert key.metadata == {"purser": {"request": "r-2"}, "cost_centre": {"id": 7}}
    rig.raw("POST", "/key/update", {"key": issued.handle, "metadata": {"cost_centre": 7}})
    assert rig.found(issued.handle).tags == {}


def test_tags_of_a_deleted_key_cannot_be_set(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.gateway.delete(issued.handle)
    assert kind_of(lambda: rig.gateway.set_tags(issued.handle, {})) is FailureKind.PERMANENT


# --- money ---


@pytest.mark.parametrize("status", [400, 422, 429])
def test_out_of_money_is_told_by_its_type_whatever_its_status(rig: FakeRig, status: int) -> None:
    rig.fake.habits.budget_status = status
    issued = rig.issue(cap_micros=0)
    assert rig.chat(issued.secret).status_code == status
    assert rig.gateway.probe(issued.secret) is Probe.ACCEPTED


def test_the_cap_holds_twice_the_gateway_stops_before_its_record_shows_any_spend(rig: FakeRig) -> None:
    rig.fake.habits.flush_seconds = 10
    issued = rig.issue(cap_micros=CALL_MICROS)
    rig.chat(issued.secret, "mock-expensive")
    assert rig.found(issued.handle).spent_micros == 0
    assert rig.chat(issued.secret, "mock-expensive").status_code == 422
    rig.clock.advance(rig.gateway.capabilities.usage_lag_seconds)
    assert rig.found(issued.handle).spent_micros == CALL_MICROS


def test_a_new_month_frees_the_cap_and_keeps_the_lifetime_spend(rig: FakeRig) -> None:
    issued = rig.issue(cap_micros=CALL_MICROS, cap_period=CapPeriod.MONTH, lives_seconds=None)
    rig.chat(issued.secret, "mock-expensive")
    assert rig.chat(issued.secret, "mock-expensive").status_code == 422
    resets_at = rig.found(issued.handle).resets_at
    assert resets_at == datetime(2026, 12, 1, tzinfo=UTC)
    rig.clock.advance((resets_at - rig.now()).total_seconds())
    record = rig.found(issued.handle)
    assert (record.period_spent_micros, record.spent_micros) == (0, CALL_MICROS)
    assert record.resets_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert rig.chat(issued.secret, "mock-expensive").status_code == 200


def test_a_total_cap_made_monthly_counts_what_was_spent_so_far(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.chat(issued.secret, "mock-expensive")
    rig.gateway.set_cap(issued.handle, 2 * CALL_MICROS, CapPeriod.MONTH)
    assert rig.found(issued.handle).period_spent_micros == CALL_MICROS


def test_a_rhythm_that_somebody_else_set_is_seen(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.raw("POST", "/key/update", {"key": issued.handle, "budget_duration": "7d"})
    assert rig.found(issued.handle).cap_period is CapPeriod.OTHER
    other = kind_of(lambda: rig.gateway.set_cap(issued.handle, 1, CapPeriod.OTHER))
    assert other is FailureKind.PERMANENT


def test_a_cap_that_somebody_else_took_away_is_seen(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.raw("POST", "/key/update", {"key": issued.handle, "max_budget": None})
    assert rig.found(issued.handle).cap_micros is None


# --- lists ---


def test_every_page_of_keys_is_read(rig: FakeRig) -> None:
    handles = set()
    for number in range(205):
        rig.clock.advance(1)
        body = {"key_alias": f"many-{number}"}
        handles.add(rig.raw("POST", "/key/generate", body).json()["token_id"])
    listed = rig.gateway.list_keys()
    assert (len(listed), {key.handle for key in listed}) == (205, handles)
    assert [key.alias for key in listed] == [f"many-{number}" for number in range(205)], "oldest first"
    assert rig.calls("/key/list") == 3


def test_keys_that_others_made_are_listed_too(rig: FakeRig) -> None:
    rig.raw("POST", "/key/generate", {"metadata": {"purser": "not a mapping"}})
    [key] = rig.gateway.list_keys()
    assert (key.alias, key.cap_micros, key.expires_at, key.tags, key.enabled) == (None, None, None, {}, True)


# --- repeating what may be repeated ---


def test_a_disable_whose_reply_is_lost_is_sent_again(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.fake.faults.add(FaultKind.REPLY_LOST, route="/key/block")
    rig.gateway.disable(issued.handle)
    assert rig.calls("/key/block") == 2
    assert rig.fake.live_keys() == []


def test_a_disable_that_never_gets_a_reply_is_unknown(rig: FakeRig) -> None:
    issued = rig.issue()
    rig.fake.faults.add(FaultKind.REPLY_LOST, route="/key/block", times=None)
    assert kind_of(lambda: rig.gateway.disable(issued.handle)) is FailureKind.UNKNOWN
    assert rig.found(issued.handle).enabled is False


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.ERROR, FaultKind.CUT])
def test_reading_outlasts_a_passing_fault(rig: FakeRig, kind: FaultKind) -> None:
    issued = rig.issue()
    rig.fake.faults.add(kind, route="/key/info")
    assert rig.found(issued.handle).enabled
    assert rig.calls("/key/info") == 2


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.CUT, FaultKind.REPLY_LOST])
def test_a_delete_outlasts_a_passing_fault(rig: FakeRig, kind: FaultKind) -> None:
    issued = rig.issue()
    rig.fake.faults.add(kind, route="/key/delete")
    rig.gateway.delete(issued.handle)
    assert rig.fake.live_keys() == []


# --- telling the operator ---


def test_a_wrong_master_key_is_named(rig: FakeRig) -> None:
    with_wrong = LiteLLM(rig.base_url, "sk-wrong-000000000000", "https://x", now=rig.now, patience=IMPATIENT)
    health = with_wrong.ping()
    assert not health.ok
    assert "LITELLM_MASTER_KEY" in health.message
    with_wrong.close()


def test_a_members_key_is_not_taken_for_the_master_key(rig: FakeRig) -> None:
    secret = rig.issue().secret
    with_members = LiteLLM(rig.base_url, secret, "https://x", now=rig.now, patience=IMPATIENT)
    assert "LITELLM_MASTER_KEY" in with_members.ping().message
    with_members.close()


@pytest.mark.parametrize(
    ("address", "master_key"),
    [("127.0.0.1:4000", "sk-a"), ("http://127.0.0.1:1", "sk-a"), ("http://127.0.0.1:1", "sk-a\n")],
)
def test_a_misspelt_setting_is_an_unhealthy_answer_not_an_exception(address: str, master_key: str) -> None:
    gateway = LiteLLM(
        address, master_key, "https://x", now=lambda: datetime(2026, 1, 1, tzinfo=UTC), patience=IMPATIENT
    )
    health = gateway.ping()
    assert (health.ok, bool(health.message), master_key in health.message) == (False, True, False)
    gateway.close()


def test_a_database_that_is_away_is_named(rig: FakeRig) -> None:
    rig.fake.faults.add(FaultKind.ERROR, status=503, route="/health/readiness", times=None)
    assert "database" in rig.gateway.ping().message
    rig.fake.faults.clear()
    rig.fake.faults.add(FaultKind.ERROR, status=500, route="/key/list", times=None)
    assert "database" in rig.gateway.ping().message


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.LATENCY])
def test_errors_are_gateway_errors_whatever_goes_wrong(rig: FakeRig, kind: FaultKind) -> None:
    rig.fake.faults.add(kind, times=None)
    assert failure_of(rig.gateway.list_keys).message.startswith("litellm ")


def test_a_key_that_purser_manages_with_is_no_key_that_anybody_made(rig: FakeRig) -> None:
    """An administrator makes one, Purser sees it, and is then set up with it: from then on it is not to be found."""
    issued = rig.issue()
    assert rig.gateway.find(issued.handle) is not None
    managing = LiteLLM(rig.base_url, issued.secret, "https://x", now=rig.now, patience=IMPATIENT)
    assert managing.find(issued.handle) is None
    managing.close()
