"""What people see of an incident: who agreed last, what was changed, what was spent since, and how fresh that is."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.budgets import Layer
from bot.domain.incident_facts import What as Changed
from bot.domain.keys import KeyKind, KeyState, Proof
from bot.domain.requests import Refused
from bot.domain.usage import Usage
from bot.services import setting
from bot.services.setting import BudgetSetting
from bot.services.words import KeyWord, ProjectWord, TeamWord
from storage import keys, usage
from tests.company import ANA, BEN, OMAR, Company
from tests.services.guard_kit import TEAM_ID, add_key, add_project, spend, sync
from tests.services.incident_kit import facts, open_about, open_elsewhere, turn_off
from tests.services.kit import CHANNEL, USD, held
from tests.services.raising_kit import approve, asked


def test_it_says_who_agreed_to_the_key_by_which_rule(company: Company) -> None:
    key = held(company)
    shown = facts(company, open_about(company, key))
    assert shown.approved_by == (OMAR.id,)
    assert shown.approved_at is not None
    assert shown.rule
    assert [one.what for one in shown.changes] == [Changed.APPROVED]
    assert (shown.changes[0].by, shown.changes[0].micros) == (OMAR.id, 25 * USD)


def test_an_agreement_of_last_month_is_no_recent_change(company: Company) -> None:
    key = add_key(company)
    company.clock.advance(days=8)
    shown = facts(company, open_about(company, key))
    assert shown.changes == ()
    assert shown.approved_by, "who agreed is still known"


def test_what_was_spent_is_counted_from_the_moment_it_was_opened(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    incident = open_about(company, key)
    since = facts(company, incident).since_opened
    assert since is not None
    assert (since.micros, since.since) == (0, incident.opened_at)
    spend(company, key, 7)
    sync(company)
    since = facts(company, incident).since_opened
    assert since is not None
    assert since.micros == 7 * USD
    assert since.read_at is not None
    assert since.read_at > incident.opened_at


def test_what_was_never_read_is_not_known_rather_than_nothing(company: Company) -> None:
    assert facts(company, open_about(company, add_key(company))).since_opened is None


def test_spend_of_before_that_is_told_late_is_called_late(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    incident = open_about(company, key)
    assert facts(company, incident).since_off is None
    turn_off(company, key)
    spend(company, key, 2)
    sync(company)
    since = facts(company, incident).since_off
    assert since is not None
    assert (since.micros, since.may_be_late) == (2 * USD, True)


def test_once_the_key_has_come_to_rest_what_it_spends_is_spend_after_off(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    incident = open_about(company, key)
    turn_off(company, key)
    with company.purser.deciding() as session:
        rest = keys.Change(rest_micros=30 * USD, rest_at=company.clock.now(), proof=Proof.QUIET)
        keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, rest)
    spend(company, key, 3)
    sync(company)
    since = facts(company, incident).since_off
    assert since is not None
    assert (since.micros, since.may_be_late) == (3 * USD, False)


def test_a_team_counts_what_all_its_keys_spent_since_the_hour_of_opening(company: Company) -> None:
    one, two = add_key(company, ANA), add_key(company, BEN)
    for key in (one, two):
        spend(company, key, 10)
    sync(company)
    incident = open_elsewhere(company, Layer.TEAM, TEAM_ID)
    company.clock.advance(minutes=1)
    for key in (one, two):
        spend(company, key, 4)
    sync(company)
    since = facts(company, incident).since_opened
    assert since is not None
    assert since.micros == 8 * USD
    assert since.since.minute == 0


def test_a_person_counts_what_their_own_keys_spent_and_no_projects_key(company: Company) -> None:
    own, of_project = add_key(company, ANA, KeyKind.MEMBER), add_key(company, ANA, KeyKind.PROJECT)
    for key in (own, of_project):
        spend(company, key, 10)
    sync(company)
    incident = open_elsewhere(company, Layer.MEMBER, ANA.id)
    company.clock.advance(minutes=1)
    for key in (own, of_project):
        spend(company, key, 4)
    sync(company)
    since = facts(company, incident).since_opened
    assert since is not None
    assert since.micros == 4 * USD


def test_a_budget_set_yesterday_is_a_recent_change_of_what_it_binds_alone(company: Company) -> None:
    project = add_project(company, "reranker", 100, BEN)
    for target in (TeamWord(), ProjectWord("reranker")):
        did = setting.set_budget(company.purser, company.actor(OMAR), CHANNEL, BudgetSetting(target, 400 * USD))
        assert not isinstance(did, Refused), did
    company.clock.advance(days=1)
    of_project = facts(company, open_about(company, add_key(company, ANA, KeyKind.PROJECT, project_id=project)))
    of_none = facts(company, open_about(company, add_key(company)))
    assert [one.what for one in of_project.changes].count(Changed.BUDGET_SET) == 2
    assert [one.what for one in of_none.changes].count(Changed.BUDGET_SET) == 1
    assert of_project.lead_id == BEN.id
    assert of_project.asked_ids == (ANA.id, BEN.id)


def test_a_model_used_for_the_first_time_is_a_recent_change(company: Company) -> None:
    key = add_key(company)
    hour = company.clock.now().replace(minute=0, second=0, microsecond=0)
    rows = [
        Usage(key.handle or "", "mock-gpt", hour - timedelta(days=20), *[1] * 9),
        Usage(key.handle or "", "mock-gpt", hour, *[1] * 9),
        Usage(key.handle or "", "mock-large", hour - timedelta(hours=2), *[1] * 9),
    ]
    _measured(company, rows)
    changes = facts(company, open_about(company, key)).changes
    assert [(one.what, one.detail) for one in changes if one.what is Changed.NEW_MODEL] == [
        (Changed.NEW_MODEL, "mock-large")
    ]


def test_a_raise_of_the_key_is_a_recent_change_and_its_owner_agreed_last(company: Company) -> None:
    key = held(company)
    approve(company, asked(company, 40, KeyWord(key.label)))
    company.perform()
    shown = facts(company, open_about(company, key))
    raised = [one for one in shown.changes if one.what is Changed.RAISED]
    assert [(one.by, one.micros) for one in raised] == [(OMAR.id, 40 * USD)]
    assert shown.approved_by == (OMAR.id,)
    assert shown.approved_at is not None
    assert shown.approved_at > key.created_at


def test_the_models_of_a_new_key_are_not_new(company: Company) -> None:
    key = add_key(company)
    hour = company.clock.now().replace(minute=0, second=0, microsecond=0)
    _measured(company, [Usage(key.handle or "", "mock-large", hour, *[1] * 9)])
    assert [one.what for one in facts(company, open_about(company, key)).changes] == [Changed.APPROVED]


def _measured(company: Company, rows: list[Usage]) -> None:
    with company.purser.deciding() as session:
        usage.write(session, company.gateway.name, rows, company.clock.now())
