"""What time brings to incidents: reminders that stop when somebody looks after it, snoozes that end, fresh figures."""

from __future__ import annotations

from bot.domain.incidents import Cause, Reminder
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.services import incident_care
from bot.services.incident_times import watch_incidents
from tests.company import BEN, OLGA, OMAR, Company
from tests.services.guard_kit import add_key, another, spend, sync
from tests.services.incident_kit import done, facts, is_true, message, open_about, sent, told
from tests.services.kit import USD


def _pass(company: Company, **by: float) -> None:
    """Time passes, and the job looks."""
    company.clock.advance(**by)
    watch_incidents(company.purser)
    company.perform()


def _reminders(company: Company) -> list[str]:
    return [
        one.line.reason
        for one in sent(company, "thread:")
        if one.line is not None and one.line.action == "incident.reminded"
    ]


def test_owners_are_reminded_every_two_hours_until_somebody_looks_after_it(company: Company) -> None:
    incident = open_about(company, add_key(company))
    company.perform()
    _pass(company, hours=1, minutes=59)
    assert _reminders(company) == []
    _pass(company, minutes=2)
    _pass(company, minutes=30)
    assert _reminders(company) == [Reminder.UNACKNOWLEDGED]
    _pass(company, hours=2)
    assert len(_reminders(company)) == 2
    done(incident_care.acknowledge(company.purser, company.actor(OMAR), incident.id))
    _pass(company, hours=10)
    assert len(_reminders(company)) == 2
    assert is_true(company)


def test_nobody_reacts_so_owners_are_called_directly_and_then_the_workspaces(company: Company) -> None:
    open_about(company, add_key(company))
    company.perform()
    called = []
    for _ in range(5):
        _pass(company, hours=2, minutes=1)
        called.append((told(company, f"direct:{OMAR.id}"), told(company, f"direct:{OLGA.id}")))
    once, twice = ["incident.reminded"], ["incident.reminded"] * 2
    assert called == [([], []), (once, once), (once, twice), (once, twice), (once, twice)]
    assert len(_reminders(company)) == 5


def test_two_replicas_remind_once(company_anywhere: Company) -> None:
    company = company_anywhere
    open_about(company, add_key(company))
    company.perform()
    company.clock.advance(hours=3)
    for replica in (company, another(company)):
        watch_incidents(replica.purser)
    company.perform()
    assert _reminders(company) == [Reminder.UNACKNOWLEDGED]


def test_a_crash_while_reminding_reminds_once(company: Company) -> None:
    open_about(company, add_key(company))
    company.perform()
    company.clock.advance(hours=3)
    watch_incidents(company.purser)
    with company.crashing("before-effect:slack.incident_thread", down_seconds=31):
        company.perform()
    _pass(company, minutes=1)
    assert _reminders(company) == [Reminder.UNACKNOWLEDGED]


def test_a_snooze_is_quiet_and_then_says_that_it_is_over(company: Company) -> None:
    incident = open_about(company, add_key(company))
    done(incident_care.snooze(company.purser, company.actor(OMAR), incident.id, DAY_SECONDS))
    company.perform()
    for _ in range(11):
        _pass(company, hours=2)
    assert _reminders(company) == []
    _pass(company, hours=2, minutes=1)
    assert _reminders(company) == [Reminder.SNOOZE_OVER]
    assert facts(company, incident).incident.snoozed_until is None
    _pass(company, hours=2)
    assert _reminders(company) == [Reminder.SNOOZE_OVER, Reminder.UNACKNOWLEDGED]


def test_a_snooze_of_an_hour_ends_after_an_hour(company: Company) -> None:
    incident = open_about(company, add_key(company))
    done(incident_care.snooze(company.purser, company.actor(OMAR), incident.id, HOUR_SECONDS))
    _pass(company, minutes=59)
    assert _reminders(company) == []
    _pass(company, minutes=2)
    assert _reminders(company) == [Reminder.SNOOZE_OVER]


def test_who_looks_after_it_is_reminded_once_a_day(company: Company) -> None:
    incident = open_about(company, add_key(company))
    done(incident_care.assign(company.purser, company.actor(OMAR), incident.id, BEN.id))
    _pass(company, hours=23)
    assert _reminders(company) == []
    _pass(company, hours=2)
    _pass(company, hours=2)
    assert _reminders(company) == [Reminder.STILL_OPEN]
    assert sent(company, "thread:")[-1].facts.incident.assignee_id == BEN.id


def test_a_closed_incident_reminds_nobody(company: Company) -> None:
    incident = open_about(company, add_key(company))
    done(incident_care.close(company.purser, company.actor(OMAR), incident.id, Cause.EXPECTED))
    _pass(company, days=5)
    assert _reminders(company) == []


def test_the_message_of_an_open_incident_shows_what_is_spent_meanwhile(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    open_about(company, key)
    company.perform()
    spend(company, key, 12)
    sync(company)
    _pass(company, minutes=1)
    since = message(company).facts.since_opened
    assert since is not None
    assert since.micros == 12 * USD
    assert since.read_at is not None
    assert told(company, "channel:") == ["message"], "nobody is called for that"


def test_figures_that_stand_still_write_nothing(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    open_about(company, key)
    company.perform()
    watch_incidents(company.purser)
    company.clock.advance(minutes=11)
    watch_incidents(company.purser)
    assert company.perform() == 0


def test_figures_that_move_all_the_time_write_the_message_anew_every_ten_minutes(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    open_about(company, key)
    company.perform()
    written = 0
    for _ in range(20):
        spend(company, key, 1)
        sync(company)
        company.clock.advance(minutes=1)
        watch_incidents(company.purser)
        written += company.perform()
    assert 2 <= written <= 3
