"""An incident: opened once per subject, told once, in one thread, whatever happens meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.incident_facts import Part
from bot.domain.incidents import Cause, Evidence, Found, IncidentKind, IncidentState
from bot.domain.keys import KeyKind
from bot.services import incident_care
from bot.services.context import record
from bot.services.failpoints import Failpoint
from bot.services.incident_times import watch_incidents
from bot.services.incidents import INCIDENT, THREAD
from bot.services.proving import about
from storage import outbox
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import add_key, another
from tests.services.incident_kit import (
    HOUR,
    PARTS,
    done,
    facts,
    is_true,
    message,
    open_about,
    open_elsewhere,
    sent,
    spike,
    timeline,
    told,
    turn_off,
)

LINK = "https://acme.slack.com/archives/C0LEAKS/p1732186800000100"


def test_an_incident_is_one_message_with_context_and_checklist_in_its_thread(company: Company) -> None:
    key = add_key(company)
    open_about(company, key)
    company.perform()
    assert told(company, "channel:C0SEARCH") == ["message"]
    assert told(company) == PARTS
    assert message(company).facts.name == key.label
    assert is_true(company)


def test_what_is_noticed_by_two_at_once_is_one_incident(company_anywhere: Company) -> None:
    company = company_anywhere
    key = add_key(company)
    leak = Evidence(found=Found.WATCHED, where=LINK)
    first = open_about(company, key, IncidentKind.LEAK, leak)
    second = open_about(another(company), key, IncidentKind.LEAK, Evidence(found=Found.REPORTED), by=BEN.id)
    company.perform()
    assert first.id == second.id
    assert told(company, "channel:") == ["message"]
    assert told(company) == [*PARTS, "incident.again"]
    assert sent(company, "thread:")[-1].line is not None
    assert facts(company, first).again == 1
    assert is_true(company)


def test_many_threads_that_notice_one_leak_open_one_incident(company_anywhere: Company) -> None:
    company = company_anywhere
    key = add_key(company)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: open_about(company, key, IncidentKind.LEAK).id, range(8)))
    company.perform()
    assert len(set(found)) == 1
    assert told(company, "channel:") == ["message"]
    assert told(company).count("incident.again") == 7
    assert is_true(company)


def test_a_spike_that_goes_on_is_written_down_once_an_hour(company: Company) -> None:
    key = add_key(company)
    for _ in range(90):
        incident = open_about(company, key)
        company.clock.advance(minutes=1)
    company.perform()
    assert timeline(company, incident) == ["incident.opened", "incident.again"]


def test_a_leak_during_a_spike_calls_people_again(company: Company) -> None:
    key = add_key(company)
    incident = open_about(company, key)
    done(incident_care.acknowledge(company.purser, company.actor(OMAR), incident.id))
    open_about(company, key, IncidentKind.LEAK, Evidence(where=LINK))
    after = facts(company, incident)
    assert after.kinds == (IncidentKind.SPIKE, IncidentKind.LEAK)
    assert after.incident.state is IncidentState.OPEN
    assert after.incident.assignee_id is None


def test_what_becomes_of_the_key_is_told_in_the_thread_as_it_happens(company: Company) -> None:
    key = add_key(company)
    incident = open_about(company, key)
    company.perform()
    turn_off(company, key)
    assert told(company) == [*PARTS, "key.disabled", "key.proven_off"]
    shown = message(company).facts
    assert shown.key is not None
    assert shown.key.key.proof is not None
    assert timeline(company, incident) == ["incident.opened", "key.disabled", "key.proven_off"]


def test_a_step_that_nobody_wrote_down_is_told_by_the_next_look(company: Company) -> None:
    key = add_key(company)
    open_about(company, key)
    company.perform()
    with company.purser.deciding() as session:
        record(session, company.clock.now(), actor=OMAR.id, action="key.disabled", about=about(key), once="x")
    for _ in range(3):
        watch_incidents(company.purser)
        company.perform()
    assert told(company) == [*PARTS, "key.disabled"]


def test_what_becomes_of_the_key_after_closing_still_reaches_the_thread(company: Company) -> None:
    key = add_key(company)
    incident = open_about(company, key)
    company.perform()
    done(incident_care.close(company.purser, company.actor(OMAR), incident.id, Cause.RETRY_LOOP))
    turn_off(company, key)
    assert told(company)[-2:] == ["key.disabled", "key.proven_off"]
    assert timeline(company, incident)[-2:] == ["key.disabled", "key.proven_off"]


def test_a_key_without_an_incident_tells_nothing(company: Company) -> None:
    turn_off(company, add_key(company))
    assert company.notifier.incidents == []


@pytest.mark.parametrize("effect", [INCIDENT, THREAD])
@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_slack_fails_and_yet_each_message_comes_once_and_in_order(
    company: Company, effect: str, mishap: Mishap
) -> None:
    key = add_key(company)
    method = "post_incident" if effect == INCIDENT else "follow_incident"
    company.notifier.mishaps.add(method, mishap, mishap)
    open_about(company, key)
    turn_off(company, key)
    company.settle()
    assert told(company, "channel:") == ["message"]
    assert told(company) == [*PARTS, "key.disabled", "key.proven_off"]


def test_a_crash_between_posting_and_writing_it_down_posts_once(company_anywhere: Company) -> None:
    company = company_anywhere
    open_about(company, add_key(company))
    with company.crashing(Failpoint.AFTER_INCIDENT_POSTED, down_seconds=31):
        company.perform()
    company.perform()
    assert told(company, "channel:") == ["message"]
    assert told(company) == PARTS
    assert told(company, f"direct:{ANA.id}") == ["explain"]


def test_a_channel_that_takes_nothing_sends_it_to_the_owners_with_every_step(company: Company) -> None:
    key = add_key(company)
    company.notifier.mishaps.add("post_incident", *[Mishap.REFUSED] * 9)
    open_about(company, key)
    company.perform()
    turn_off(company, key, OMAR)
    for owner, steps in ((OLGA, ["key.disabled", "key.proven_off"]), (OMAR, ["key.proven_off"])):
        told_directly = sent(company, f"direct:{owner.id}")
        assert "could not be posted" in told_directly[0].why
        assert told(company, f"direct:{owner.id}") == ["message", *steps], "nobody is told of their own deed"
    assert told(company) == []


def test_a_channel_that_takes_it_later_gets_the_message_with_all_that_follows(company: Company) -> None:
    key = add_key(company)
    company.notifier.mishaps.add("post_incident", Mishap.REFUSED)
    open_about(company, key)
    company.perform()
    turn_off(company, key, OMAR)
    assert told(company, "channel:") == ["message"]
    assert sorted(told(company)) == sorted([*PARTS, "key.disabled", "key.proven_off"])


def test_a_credential_is_told_to_the_owners_of_the_workspace_directly(company: Company) -> None:
    open_elsewhere(company, None, "memory", IncidentKind.CREDENTIAL)
    company.perform()
    assert told(company, f"direct:{OLGA.id}") == ["message"]
    assert len(company.notifier.incidents) == 1


def test_holder_and_lead_of_a_key_that_spikes_are_asked_directly_too(company: Company) -> None:
    open_about(company, add_key(company, ANA, KeyKind.AUTOMATION, daily_usd=5, lead=BEN))
    company.perform()
    assert told(company, f"direct:{ANA.id}") == told(company, f"direct:{BEN.id}") == ["explain"]
    assert message(company).facts.asked_ids == (ANA.id, BEN.id)


def test_of_a_leak_nobody_is_asked_directly_for_they_are_told_when_it_goes_off(company: Company) -> None:
    open_about(company, add_key(company), IncidentKind.LEAK)
    company.perform()
    assert told(company, "direct:") == []


@pytest.mark.parametrize(("layer", "subject"), [(Layer.TEAM, "team_1"), (Layer.MEMBER, ANA.id)], ids=["team", "member"])
def test_a_team_or_person_has_incidents_of_their_own(company: Company, layer: Layer, subject: str) -> None:
    incident = open_elsewhere(company, layer, subject)
    company.perform()
    assert told(company, "channel:C0SEARCH") == ["message"]
    assert facts(company, incident).name == {Layer.TEAM: "team search", Layer.MEMBER: ANA.name}[layer]


def test_what_happens_again_within_a_day_goes_on_in_the_same_thread(company: Company) -> None:
    key = add_key(company)
    first = open_about(company, key)
    company.perform()
    done(incident_care.close(company.purser, company.actor(OMAR), first.id, Cause.RETRY_LOOP, "fixed"))
    company.clock.advance(hours=2)
    again = open_about(company, key)
    company.perform()
    assert (again.id, again.state, again.cause) == (first.id, IncidentState.OPEN, None)
    assert told(company, "channel:") == ["message"]
    assert told(company)[-2:] == ["incident.closed", "incident.reopened"]
    assert facts(company, again).reopened == 1


def test_what_happens_again_days_later_is_another_incident(company: Company) -> None:
    key = add_key(company)
    first = open_about(company, key)
    done(incident_care.close(company.purser, company.actor(OMAR), first.id, Cause.RETRY_LOOP))
    company.clock.advance(days=2)
    assert open_about(company, key).id != first.id


def test_what_an_incident_was_closed_about_calls_nobody(company: Company) -> None:
    """The hour that was abnormal goes on being abnormal until it is over."""
    key = add_key(company)
    seen = spike(company)
    first = open_about(company, key, evidence=seen)
    done(incident_care.close(company.purser, company.actor(OMAR), first.id, Cause.PROMPT_SIZE))
    company.perform()
    said = len(company.notifier.incidents)
    settled = open_about(company, key, evidence=seen)
    company.perform()
    assert (settled.id, settled.state) == (first.id, IncidentState.CLOSED)
    assert len(company.notifier.incidents) == said


def test_what_was_expected_calls_nobody_until_it_is_twice_as_much(company: Company) -> None:
    key = add_key(company)
    first = open_about(company, key, evidence=spike(company, 40))
    done(incident_care.close(company.purser, company.actor(OMAR), first.id, Cause.EXPECTED))
    company.clock.advance(hours=2)
    assert open_about(company, key, evidence=spike(company, 70)).state is IncidentState.CLOSED
    assert open_about(company, key, evidence=spike(company, 90)).state is IncidentState.OPEN


def test_a_key_that_spends_though_it_is_off_opens_what_it_was_turned_off_for(company: Company) -> None:
    key = add_key(company)
    leak = open_about(company, key, IncidentKind.LEAK)
    turn_off(company, key)
    done(incident_care.close(company.purser, company.actor(OMAR), leak.id, Cause.LEAKED))
    company.clock.advance(days=9)
    again = open_about(company, key, IncidentKind.AFTER_OFF)
    assert again.id == leak.id
    assert facts(company, leak).kinds == (IncidentKind.LEAK, IncidentKind.AFTER_OFF)


def test_many_changes_at_once_write_the_message_anew_once(company: Company) -> None:
    key = add_key(company)
    incident = open_about(company, key)
    company.perform()
    with company.books.reading() as session:
        assert outbox.pending(session) == []
    for who in (OLGA, OMAR):
        done(incident_care.snooze(company.purser, company.actor(who), incident.id, round(HOUR.total_seconds())))
    with company.books.reading() as session:
        waiting = [row.effect for row in outbox.pending(session)]
    assert waiting == [INCIDENT, THREAD, THREAD]
    assert message(company).part is Part.MESSAGE


def test_the_ledger_stays_true_over_a_whole_life(company_anywhere: Company) -> None:
    company = company_anywhere
    key = add_key(company)
    incident = open_about(company, key)
    turn_off(company, key)
    done(incident_care.acknowledge(company.purser, company.actor(OMAR), incident.id))
    done(incident_care.close(company.purser, company.actor(OMAR), incident.id, Cause.LEAKED, "in a gist"))
    company.clock.advance(seconds=timedelta(hours=3).total_seconds())
    open_about(company, key, IncidentKind.AFTER_OFF)
    company.settle()
    assert is_true(company)
    assert timeline(company, incident) == [
        "incident.opened",
        "key.disabled",
        "key.proven_off",
        "incident.acknowledged",
        "incident.closed",
        "incident.reopened",
    ]
