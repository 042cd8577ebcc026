"""Off stays watched: late figures alarm nobody, quiet is proven, and a key that spends after that is deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.incidents import Cause, Incident, IncidentKind, IncidentState
from bot.domain.keys import Key, KeyState, OffCause, Proof, can_restore
from bot.domain.requests import Refused
from bot.services import auditing, incident_care, restoring, turning_off
from bot.services.reconcile import reconcile
from bot.services.resting import rest
from bot.services.syncing import sync_live
from bot.services.turning_off import Target
from storage import incidents, keys
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import poll
from tests.services.kit import USD, held, key, spend

LATE_SECONDS = 3
"""More than this gateway's lags together."""
MINUTE = 60


def off(company: Company, made: Key, *, pasted: bool = False) -> None:
    target = Target(secret=company.shown[-1].secret) if pasted else Target(label=made.label)
    list(turning_off.disable(company.purser, company.actor(BEN), target, "no longer needed"))
    company.perform()


def watch(company: Company, seconds: float = MINUTE, times: int = 1) -> None:
    """Polls, so far apart."""
    for _ in range(times):
        company.clock.advance(seconds=seconds)
        sync_live(company.purser)
        rest(company.purser)


def later_spends(company: Company, made: Key, usd: float) -> None:
    """The gateway tells that the key has spent more, whatever its record says of it being off."""
    assert made.handle is not None
    spent = company.gateway.held[made.handle].spent_micros
    company.gateway.change(made.handle, spent_micros=spent + round(usd * USD))


def incident(company: Company, made: Key) -> Incident | None:
    with company.books.reading() as session:
        return incidents.last_about(session, Layer.KEY, made.id)


def quiet(company: Company, usd: float = 3) -> Key:
    """A key that is off and proven quiet."""
    made = held(company)
    spend(company, made, usd)
    off(company, made)
    watch(company, times=13)
    assert key(company, made.id).proof is Proof.QUIET
    return made


def test_off_comes_to_rest_once_late_figures_are_in_and_is_quiet_ten_minutes_later(company: Company) -> None:
    made = held(company)
    spend(company, made, 3)
    off(company, made)
    watch(company, 1)
    assert key(company, made.id).rest_at is None  # the gateway may still tell of calls from before
    watch(company, 2)
    resting = key(company, made.id)
    assert resting.rest_micros == 3 * USD
    assert resting.proof is Proof.RECORDED
    watch(company, times=9)
    assert key(company, made.id).proof is Proof.RECORDED
    watch(company, times=3)
    now = key(company, made.id)
    assert (now.proof, now.state) == (Proof.QUIET, KeyState.DISABLED)
    assert incident(company, made) is None
    company.settle()
    assert auditing.verify(company.books).ok


def test_off_that_was_probed_stays_probed_when_it_is_quiet(company: Company) -> None:
    made = held(company)
    off(company, made, pasted=True)
    watch(company, times=13)
    assert key(company, made.id).proof is Proof.PROBED_QUIET
    off(company, made, pasted=True)
    assert key(company, made.id).proof is Proof.PROBED_QUIET


def test_off_that_was_quiet_and_is_probed_later_is_both(company: Company) -> None:
    made = quiet(company)
    off(company, made, pasted=True)
    assert key(company, made.id).proof is Proof.PROBED_QUIET


def test_late_spend_alarms_nobody(company: Company) -> None:
    made = held(company)
    spend(company, made, 3)
    off(company, made)
    later_spends(company, made, 40)  # told late: it was spent before
    watch(company, LATE_SECONDS)
    assert key(company, made.id).rest_micros == 43 * USD
    watch(company, times=13)
    assert key(company, made.id).proof is Proof.QUIET
    assert incident(company, made) is None


def test_calls_that_were_running_may_still_be_charged(company: Company) -> None:
    made = held(company)
    spend(company, made, 3)
    off(company, made)
    watch(company, LATE_SECONDS)
    later_spends(company, made, 0.5)
    watch(company, times=5)
    later_spends(company, made, 0.5)
    watch(company, times=7)
    now = key(company, made.id)
    assert (now.proof, now.rest_micros) == (Proof.RECORDED, 4 * USD)  # quiet only ten minutes after the last of them
    assert incident(company, made) is None
    watch(company, times=12)
    assert key(company, made.id).proof is Proof.QUIET


def test_off_that_spends_more_than_running_calls_could_is_not_off_at_once(company: Company) -> None:
    made = held(company)
    off(company, made)
    watch(company, LATE_SECONDS)
    later_spends(company, made, 6)
    watch(company)
    assert key(company, made.id).state is KeyState.DISABLING


def test_off_that_goes_on_spending_little_is_found_after_ten_minutes(company: Company) -> None:
    made = held(company)
    off(company, made)
    for _ in range(14):
        later_spends(company, made, 0.2)
        watch(company)
    assert incident(company, made) is not None
    company.perform()
    assert key(company, made.id).deleted_at is not None


def test_a_key_that_spends_after_quiet_opens_an_incident_and_is_deleted_for_good(company_anywhere: Company) -> None:
    company = company_anywhere
    made = quiet(company)
    later_spends(company, made, 0.01)
    watch(company)
    found = incident(company, made)
    assert found is not None
    assert (found.kind, found.state) == (IncidentKind.AFTER_OFF, IncidentState.OPEN)
    assert found.evidence.seen_micros == USD // 100
    spent = key(company, made.id)
    assert (spent.state, spent.proof) == (KeyState.DISABLING, None)  # everybody reads that it is not off
    company.perform()
    gone = key(company, made.id)
    assert (gone.state, gone.proof, gone.off_by) == (KeyState.DISABLED, Proof.RECORDED, BEN.id)
    assert gone.deleted_at is not None
    assert company.gateway.held[made.handle or ""].deleted
    for person in (OMAR, OLGA):
        told = company.notifier.occasions(f"direct:{person.id}")
        assert told.count("spent_after_off") == 1
        assert told.count("key_deleted") == 1
    assert company.notifier.occasions(f"direct:{ANA.id}").count("key_deleted") == 1
    refused = restoring.restore(company.purser, company.actor(OMAR), made.id)
    assert isinstance(refused, Refused)
    assert "was deleted at its gateway, because it spent money after it was off" in refused.text
    assert can_restore(gone, company.clock.now()) == refused.text
    watch(company, times=20)
    assert company.notifier.occasions(f"direct:{OMAR.id}").count("spent_after_off") == 1
    company.settle()
    report = auditing.verify(company.books)
    assert report.ok, report.lines


def test_spend_after_off_reopens_the_incident_that_was_closed(company: Company) -> None:
    made = held(company)
    off(company, made, pasted=True)  # found by somebody else: an incident
    opened = incident(company, made)
    assert opened is not None
    closed = incident_care.close(company.purser, company.actor(OMAR), opened.id, Cause.LEAKED)
    assert not isinstance(closed, Refused)
    watch(company, times=13)
    later_spends(company, made, 1)
    watch(company)
    again = incident(company, made)
    assert again is not None
    assert (again.id, again.state) == (opened.id, IncidentState.OPEN)


def test_a_key_restored_between_spends_as_it_may(company: Company) -> None:
    made = quiet(company)
    restored = restoring.restore(company.purser, company.actor(OMAR), made.id)
    assert not isinstance(restored, Refused)
    spend(company, made, 2)
    watch(company, times=3)
    now = key(company, made.id)
    assert (now.state, now.rest_micros, now.rest_at) == (KeyState.LIVE, None, None)
    assert incident(company, made) is None
    off(company, made)
    watch(company, LATE_SECONDS)
    assert key(company, made.id).rest_micros == 5 * USD


def test_totals_that_fall_and_rise_again_are_not_spend(company: Company) -> None:
    made = quiet(company)
    later_spends(company, made, -1)
    watch(company)
    later_spends(company, made, 1)
    watch(company, times=3)
    assert key(company, made.id).state is KeyState.DISABLED
    assert incident(company, made) is None


def test_while_a_gateway_tells_nothing_nothing_is_called_quiet(company: Company) -> None:
    made = held(company)
    off(company, made)
    company.clock.advance(hours=1)
    rest(company.purser)
    assert key(company, made.id).rest_at is None
    watch(company, LATE_SECONDS)
    company.clock.advance(hours=1)
    rest(company.purser)
    assert key(company, made.id).proof is Proof.RECORDED


def test_a_key_that_a_limit_stopped_and_that_spends_never_comes_back(company: Company) -> None:
    made = held(company)
    company.gateway.caps_hold = False
    company.gateway.spend(made.handle or "", 26 * USD)
    poll(company)
    company.perform()
    stopped = key(company, made.id)
    assert stopped.off_cause is OffCause.BUDGET
    watch(company, times=13)
    later_spends(company, made, 1)
    watch(company)
    company.perform()
    gone = key(company, made.id)
    assert gone.deleted_at is not None
    assert (gone.off_cause, gone.off_by, gone.stop) == (OffCause.DISABLED, "purser", None)
    assert gone.off_reason == "it spent money after it was off"


def test_somebody_turns_a_key_on_behind_our_back_and_uses_it(company: Company) -> None:
    made = quiet(company)
    company.gateway.change(made.handle or "", enabled=True)
    later_spends(company, made, 1)
    reconcile(company.purser)
    company.perform()
    assert key(company, made.id).deleted_at is not None
    assert incident(company, made) is not None


def test_a_gateway_that_will_not_delete_is_asked_until_it_does_and_owners_are_called(company: Company) -> None:
    made = quiet(company)
    later_spends(company, made, 1)
    company.gateway.mishaps.add("delete", *[Mishap.LYING] * 3)
    watch(company)
    for _ in range(3):
        company.perform()
        company.clock.advance(seconds=10)
    assert key(company, made.id).state is KeyState.DISABLING
    assert "off_unproven" in company.notifier.occasions(f"direct:{OMAR.id}")
    company.settle()
    assert key(company, made.id).deleted_at is not None


@pytest.mark.parametrize("point", ["before-effect:gateway.remove", "after-effect:gateway.remove"])
def test_once_a_crash_midway_deletes_and_tells_once(company: Company, point: str) -> None:
    made = quiet(company)
    later_spends(company, made, 1)
    watch(company)
    with company.crashing(point, down_seconds=31):
        company.perform()
    company.settle()
    assert key(company, made.id).deleted_at is not None
    assert company.notifier.occasions(f"direct:{OMAR.id}").count("key_deleted") == 1


def test_two_replicas_see_the_same_spend_and_decide_once(company_anywhere: Company) -> None:
    company = company_anywhere
    made = quiet(company)
    later_spends(company, made, 1)
    watch(company)
    rest(company.purser)
    company.settle()
    assert company.notifier.occasions(f"direct:{OMAR.id}").count("spent_after_off") == 1


def test_keys_that_are_off_for_long_cost_little_to_watch(company: Company) -> None:
    made = quiet(company)
    before = key(company, made.id)
    watch(company, 86_400, times=3)
    with company.books.reading() as session:
        assert keys.get(session, made.id) == before
    assert before.rest_at is not None
    assert company.clock.now() - before.rest_at > timedelta(days=3)
