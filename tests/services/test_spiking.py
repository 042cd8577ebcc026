"""Spikes as they are noticed: after a poll, about the one key, once; and what is expected calls nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.expecting import Expecting
from bot.domain.incidents import Cause, Evidence, Incident, IncidentKind, IncidentState
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.people import Role
from bot.domain.requests import Refused
from bot.services import expecting
from bot.services.context import record
from bot.services.proving import about
from bot.services.spiking import IN_WINDOW, watch_spikes
from bot.services.turning_off import start
from bot.services.usual import Usual
from bot.services.words import ProjectWord, TeamWord
from storage import incidents, keys, ledger, people
from storage.alerts import RESUMED
from storage.money_tables import LiveHourRow
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.services.guard_kit import add_key, add_project, now, settle, spend, sync
from tests.services.incident_kit import open_about
from tests.services.kit import CHANNEL, USD, choose

WEEKS = 5


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """On either database, at 14:20 on a Friday."""
    company_anywhere.clock.at = datetime.fromisoformat("2026-11-20T14:20:00+00:00")
    return company_anywhere


def lived(company: Company, key: Key, usd_per_hour: float = 2.0, weeks: int = WEEKS) -> None:
    """Weeks in which the key spent so much in every working hour, and nothing else."""
    hour = company.clock.now().replace(minute=0, second=0, microsecond=0)
    with company.books.transaction() as session:
        for ago in range(1, weeks * 168):
            at = hour - timedelta(hours=ago)
            if at.weekday() < 5 and 8 <= at.hour < 18:
                wobble = 1 + (ago % 7 - 3) / 20
                session.add(LiveHourRow(key_id=key.id, hour=at, spent_micros=round(usd_per_hour * wobble * USD)))


def look(company: Company, minutes: int = 1) -> None:
    """One poll, as the job does it, and what follows."""
    company.clock.advance(seconds=60 * minutes)
    sync(company)
    watch_spikes(company.purser)
    company.perform()


def about_key(company: Company, key: Key) -> Incident | None:
    with company.books.reading() as session:
        return incidents.last_about(session, Layer.KEY, key.id)


def all_open(company: Company) -> list[Incident]:
    with company.books.reading() as session:
        return incidents.unclosed(session)


def close(company: Company, incident: Incident, cause: Cause) -> None:
    with company.purser.deciding() as session:
        closed = {"closed_at": company.clock.now(), "closed_by": OLGA.id, "cause": str(cause)}
        head = ledger.head(session).seq
        assert incidents.move(session, incident.id, incident.state, IncidentState.CLOSED, closed_seq=head, **closed)


def ready(company: Company, kind: KeyKind = KeyKind.PROJECT, usd_per_hour: float = 2.0, **terms: object) -> Key:
    """A key with a past, whose total was read before."""
    key = add_key(company, kind=kind, **terms)  # type: ignore[arg-type]
    lived(company, key, usd_per_hour)
    look(company)
    return key


def test_a_key_that_spends_far_more_than_at_this_hour_opens_one_incident_that_says_why(company: Company) -> None:
    key = ready(company)
    spend(company, key, 38)
    look(company)
    found = about_key(company, key)
    assert found is not None
    assert (found.kind, found.state, found.team_id) == (IncidentKind.SPIKE, IncidentState.OPEN, "team_1")
    seen = found.evidence
    assert (seen.seen_micros, seen.window_seconds) == (38 * USD, 3600)
    assert 1.5 * USD <= seen.usual_micros <= 2.5 * USD
    assert seen.compared >= 5
    assert seen.hours[-1] == (datetime.fromisoformat("2026-11-20T14:00:00+00:00"), 38 * USD)
    spend(company, key, 10)
    look(company)
    look(company, minutes=61)
    assert [one.id for one in all_open(company)] == [found.id]


def test_what_a_key_spends_at_this_hour_every_week_is_no_spike(company: Company) -> None:
    key = ready(company)
    spend(company, key, 4)
    look(company)
    assert about_key(company, key) is None


def test_the_same_amount_at_night_is_one(company: Company) -> None:
    company.clock.at += timedelta(hours=12)
    key = ready(company)
    spend(company, key, 6)
    look(company)
    assert about_key(company, key) is not None


def test_spend_below_the_floor_is_no_spike_however_unusual(company: Company) -> None:
    company.clock.at += timedelta(hours=12)
    key = ready(company)
    spend(company, key, 4.9)
    look(company)
    assert about_key(company, key) is None
    choose(company, spike_floor_micros=2 * USD)
    look(company, minutes=61)
    spend(company, key, 4.9)
    look(company)
    assert about_key(company, key) is not None


def test_a_new_key_is_measured_by_the_share_of_its_cap(company: Company) -> None:
    small, large = add_key(company, usd=20, days=7), add_key(company, usd=500, days=7)
    look(company)
    for key in (small, large):
        spend(company, key, 12)
    look(company)
    assert about_key(company, small) is not None
    assert about_key(company, large) is None


def test_an_automation_key_that_spikes_is_stopped_at_once_and_any_other_waits_for_a_person(company: Company) -> None:
    script = ready(company, KeyKind.AUTOMATION, daily_usd=500, lead=BEN)
    service = ready(company)
    for key in (script, service):
        spend(company, key, 40)
    look(company)
    settle(company)
    stopped = now(company, script)
    assert (stopped.state, stopped.off_cause, stopped.off_by) == (KeyState.DISABLED, OffCause.DISABLED, "purser")
    assert "$40 in the last hour" in (stopped.off_reason or "")
    assert "usually spends $2" in (stopped.off_reason or "")
    assert now(company, service).state is KeyState.LIVE
    assert len(all_open(company)) == 2


def test_an_automation_key_is_left_running_where_policy_says_so(company: Company) -> None:
    choose(company, stop_automation=False)
    script = ready(company, KeyKind.AUTOMATION, daily_usd=500, lead=BEN)
    spend(company, script, 40)
    look(company)
    assert now(company, script).state is KeyState.LIVE
    assert about_key(company, script) is not None


def expect(company: Company, what: TeamWord | ProjectWord, days: int = 5) -> Expecting:
    ends = company.clock.now() + timedelta(days=days)
    done = expecting.expect(company.purser, company.actor(OMAR), CHANNEL, what, ends, "launch week")
    assert isinstance(done, Expecting), done
    return done


def noted(company: Company, key: Key) -> list[str]:
    with company.books.reading() as session:
        return [row.reason for row in ledger.entries(session, key_id=key.id, action=IN_WINDOW)]


def test_what_is_expected_of_a_project_is_written_down_once_and_calls_nobody(company: Company) -> None:
    key = ready(company, project_id=add_project(company, "reranker", 5000, BEN))
    expect(company, ProjectWord("reranker"))
    spend(company, key, 25)
    look(company)
    look(company, minutes=70)
    assert about_key(company, key) is None
    (reason,) = noted(company, key)
    assert reason.startswith("$25 in the last hour")
    assert reason.endswith("expected: launch week")


def test_far_beyond_what_is_expected_people_are_called_all_the_same(company: Company) -> None:
    key = ready(company)
    expect(company, TeamWord())
    spend(company, key, 400)
    look(company)
    found = about_key(company, key)
    assert found is not None
    assert "launch week" in found.evidence.note


def test_once_that_time_is_ended_a_spike_is_one_again(company: Company) -> None:
    key = ready(company)
    expect(company, TeamWord())
    ended = expecting.end(company.purser, company.actor(OMAR), CHANNEL, TeamWord())
    assert isinstance(ended, Expecting)
    assert ended.standing == ()
    spend(company, key, 25)
    look(company)
    assert about_key(company, key) is not None


def test_members_do_not_say_what_is_expected_but_a_projects_lead_does(company: Company) -> None:
    add_project(company, "reranker", 5000, BEN)
    ends = company.clock.now() + timedelta(days=2)
    for who, what, may in ((ANA, TeamWord(), False), (ANA, ProjectWord("reranker"), False), (BEN, TeamWord(), False),
                           (BEN, ProjectWord("reranker"), True), (OMAR, TeamWord(), True)):  # fmt: skip
        said = expecting.expect(company.purser, company.actor(who), CHANNEL, what, ends, "launch")
        assert isinstance(said, Refused) is not may, (who, what)
    shown = expecting.shown(company.purser, CHANNEL)
    assert isinstance(shown, Expecting)
    assert {one.name for one in shown.standing} == {"reranker", "search"}


def test_a_lead_who_was_taken_out_of_the_team_says_nothing_of_what_is_expected(company: Company) -> None:
    add_project(company, "reranker", 5000, BEN)
    with company.books.transaction() as session:
        assert people.set_role(session, "team_1", BEN.id, Role.NONE, company.clock.now())
    ends, what = company.clock.now() + timedelta(days=2), ProjectWord("reranker")
    said = expecting.expect(company.purser, company.actor(BEN), CHANNEL, what, ends, "launch")
    assert isinstance(said, Refused)


def test_more_is_expected_for_a_month_at_most(company: Company) -> None:
    ends = company.clock.now() + timedelta(days=40)
    refused = expecting.expect(company.purser, company.actor(OMAR), CHANNEL, TeamWord(), ends, "for ever")
    assert isinstance(refused, Refused)


def test_what_happened_in_an_incident_is_not_what_is_usual_afterwards(company: Company) -> None:
    key = ready(company)
    spend(company, key, 60)
    look(company)
    first = about_key(company, key)
    assert first is not None
    close(company, first, Cause.LEAKED)
    company.clock.at += timedelta(days=7)
    look(company)
    spend(company, key, 38)
    look(company)
    second = about_key(company, key)
    assert second is not None
    assert second.id != first.id
    assert second.evidence.usual_micros <= 2.5 * USD


def test_what_people_called_right_surprises_nobody_a_day_later(company: Company) -> None:
    key = ready(company)
    spend(company, key, 30)
    look(company)
    first = about_key(company, key)
    assert first is not None
    close(company, first, Cause.EXPECTED)
    company.clock.at += timedelta(days=3)
    look(company)
    spend(company, key, 28)
    look(company)
    assert all_open(company) == []


def test_keys_that_only_together_spend_too_much_are_one_incident_of_their_project(company: Company) -> None:
    project = add_project(company, "reranker", 50_000, BEN)
    several = [ready(company, project_id=project) for _ in range(6)]
    others = [ready(company) for _ in range(6)]
    look(company)
    for key in several:
        spend(company, key, 6.5)
    for key in others:
        spend(company, key, 2)
    look(company)
    found = [(one.layer, one.subject_id) for one in all_open(company)]
    assert found == [(Layer.PROJECT, project)]


def test_where_one_key_explains_it_only_that_key_is_an_incident(company: Company) -> None:
    several = [ready(company) for _ in range(4)]
    spend(company, several[0], 300)
    look(company)
    assert [one.subject_id for one in all_open(company)] == [several[0].id]


def test_two_replicas_that_look_at_once_open_one_incident(company: Company) -> None:
    key = ready(company)
    spend(company, key, 38)
    sync(company)
    for _ in range(2):
        watch_spikes(replace(company.purser, usual=Usual()))
    assert len(all_open(company)) == 1
    with company.books.reading() as session:
        assert len(ledger.entries(session, key_id=key.id, action="incident.opened")) == 1


def test_an_automation_key_that_spikes_while_a_loop_is_open_is_stopped_all_the_same(company: Company) -> None:
    script = ready(company, KeyKind.AUTOMATION, daily_usd=500, lead=BEN)
    open_about(company, script, IncidentKind.LOOP, Evidence(seen_count=900))
    spend(company, script, 40)
    look(company)
    assert now(company, script).off_cause is OffCause.DISABLED


def test_one_that_an_owner_restored_meanwhile_is_not_stopped_again(company: Company) -> None:
    script = ready(company, KeyKind.AUTOMATION, daily_usd=500, lead=BEN)
    spend(company, script, 40)
    look(company)
    with company.purser.deciding() as session:
        assert keys.move(session, script.id, KeyState.DISABLED, KeyState.RESTORING)
        record(session, company.clock.now(), actor=OMAR.id, action="key.restored", about=about(script), once="once")
        assert keys.move(session, script.id, KeyState.RESTORING, KeyState.LIVE)
    look(company, minutes=70)
    spend(company, script, 40)
    look(company)
    assert now(company, script).state is KeyState.LIVE


def test_what_a_limit_stopped_stays_that_limits_to_bring_back(company: Company) -> None:
    """A key that spends nothing any more needs no second stop, which would keep it from coming back by itself."""
    script = ready(company, KeyKind.AUTOMATION, daily_usd=500, lead=BEN)
    spend(company, script, 40)
    sync(company)
    with company.purser.deciding() as session:
        assert start(session, company.clock.now(), script, "purser", OffCause.BUDGET, "a limit was reached") is not None
    watch_spikes(company.purser)
    assert now(company, script).off_cause is OffCause.BUDGET
    settle(company)
    with company.purser.deciding() as session:
        assert keys.move(session, script.id, KeyState.DISABLED, KeyState.RESTORING)
        record(session, company.clock.now(), actor="purser", action=RESUMED, about=about(script), once="once")
        assert keys.move(session, script.id, KeyState.RESTORING, KeyState.LIVE)
    look(company)
    assert about_key(company, script) is not None
    assert now(company, script).state is KeyState.LIVE


def test_a_new_automation_key_is_not_said_to_spend_more_than_usual(company: Company) -> None:
    script = add_key(company, kind=KeyKind.AUTOMATION, daily_usd=500, lead=BEN, usd=100)
    look(company)
    spend(company, script, 40)
    look(company)
    reason = now(company, script).off_reason or ""
    assert reason.startswith("it spent a large share of its cap at once: $40 in the last hour")
    assert "usual" not in reason


def test_what_grows_far_beyond_what_is_expected_within_the_hour_calls_people(company: Company) -> None:
    key = ready(company)
    expect(company, TeamWord())
    spend(company, key, 25)
    look(company)
    assert about_key(company, key) is None
    spend(company, key, 400)
    look(company)
    assert about_key(company, key) is not None
    assert len(noted(company, key)) == 1


def test_what_is_expected_of_one_project_excuses_no_other_keys_of_the_team(company: Company) -> None:
    add_project(company, "reranker", 50_000, BEN)
    launch = ready(company, project_id=add_project(company, "launch", 50_000, BEN))
    others = [ready(company) for _ in range(8)]
    expect(company, ProjectWord("launch"))
    for key in (launch, *others):
        spend(company, key, 6.5)
    look(company)
    assert [(one.layer, one.subject_id) for one in all_open(company)] == [(Layer.TEAM, "team_1")]
