"""Limits that fill up are told once per threshold; a hard one that is used up stops its keys, with proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.services import auditing
from bot.services.guarding import guard
from storage import ledger, readings
from storage.engine import Books
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.faults.kit import at_once
from tests.services.guard_kit import (
    ROOM,
    TEAM_ID,
    add_key,
    add_project,
    all_alerts,
    is_live,
    is_stopped,
    labels,
    micros,
    now,
    poll,
    set_budget,
    settle,
    spend,
    standing_alert,
    sync,
    thresholds,
    told,
)

DM_ANA, DM_BEN, DM_OMAR = f"direct:{ANA.id}", f"direct:{BEN.id}", f"direct:{OMAR.id}"


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def test_each_threshold_of_a_team_is_told_once_in_its_channel(company: Company) -> None:
    key = add_key(company)
    for usd in (240, 20, 100, 50, 80):
        spend(company, key, usd)
        poll(company)
        poll(company)
    assert thresholds(company, Layer.TEAM) == [(50, True), (80, True)]
    said = told(company, ROOM, Occasion.LIMIT)
    assert [notice.alert.threshold for notice in said if notice.alert] == [50, 80]
    assert [notice.alert.told_micros for notice in said if notice.alert] == [micros(260), micros(410)]
    assert said[0].alert is not None
    assert said[0].alert.asked_ids == (OLGA.id, OMAR.id)
    assert is_live(company, key)


def test_thresholds_passed_together_are_told_as_one(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 410)
    poll(company)
    assert thresholds(company, Layer.TEAM) == [(50, False), (80, True)]
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1


def test_a_reached_budget_stops_its_keys_with_proof_and_says_so_once(company: Company) -> None:
    key, other = add_key(company), add_key(company, BEN)
    spend(company, key, 502.10)
    poll(company)
    assert is_stopped(company, key, other)
    assert now(company, key).off_reason == "team search reached its budget: $502.10 of $500 in November"
    facts = standing_alert(company)
    assert facts.threshold == 100
    assert labels(one.key for one in facts.stopped) == labels([key, other])
    assert all(one.key.proof is not None for one in facts.stopped)
    assert facts.limit.over_micros == micros(2.10)
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert [labels(one.key for one in notice.keys) for notice in told(company, DM_ANA, Occasion.KEYS_STOPPED)] == [
        [key.label]
    ]
    for _ in range(3):
        poll(company)
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert len(told(company, DM_BEN, Occasion.KEYS_STOPPED)) == 1
    assert company.notifier.occasions(DM_OMAR) == []
    assert not any(message.where.startswith("thread:") for message in company.notifier.messages)


def test_the_card_of_a_stopped_key_tells_the_truth(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 600)
    poll(company)
    card = company.notifier.cards[f"card-{key.request_id}"]
    assert card.key is not None
    assert card.key.key.off_cause is OffCause.BUDGET
    assert card.key.key.proof is not None


def test_a_holder_reads_of_all_their_stopped_keys_in_one_message(company: Company) -> None:
    mine = [add_key(company, usd=100) for _ in range(3)]
    for key in mine:
        spend(company, key, 20)
    set_budget(company, Layer.MEMBER, ANA.id, 50)
    project_key = add_key(company, kind=KeyKind.PROJECT)
    poll(company)
    assert is_stopped(company, *mine)
    assert is_live(company, project_key)
    (notice,) = told(company, DM_ANA, Occasion.LIMIT)
    assert notice.alert is not None
    assert notice.alert.limit.layer is Layer.MEMBER
    assert labels(one.key for one in notice.alert.stopped) == labels(mine)
    assert all(one.key.proof is not None for one in notice.alert.stopped)
    assert told(company, DM_ANA, Occasion.KEYS_STOPPED) == []
    assert told(company, ROOM, Occasion.LIMIT) == []
    another = add_key(company)
    poll(company)
    (late,) = told(company, DM_ANA, Occasion.KEYS_STOPPED)
    assert labels(one.key for one in late.keys) == [another.label]
    assert now(company, mine[0]).off_reason == "its holder's budget was reached: $60 of $50 in November"


def test_automation_is_stopped_first_and_projects_last(company: Company) -> None:
    made = [
        add_key(company, kind=kind) for kind in (KeyKind.PROJECT, KeyKind.MEMBER, KeyKind.TEMPORARY, KeyKind.AUTOMATION)
    ]
    spend(company, made[0], 500)
    sync(company)
    guard(company.purser)
    with company.books.reading() as session:
        stopped = [row.key_id for row in ledger.entries(session, action="key.budget")]
    assert stopped == [key.id for key in reversed(made)]


def test_a_soft_budget_only_tells(company: Company) -> None:
    set_budget(company, Layer.TEAM, TEAM_ID, 100, hard=False)
    key = add_key(company)
    spend(company, key, 130)
    poll(company)
    poll(company)
    assert is_live(company, key)
    assert thresholds(company, Layer.TEAM)[-1] == (100, True)
    facts = standing_alert(company)
    assert (facts.limit.hard, facts.stopped, facts.limit.over_micros) == (False, (), micros(30))


def test_a_key_stops_at_its_own_cap_and_an_automation_key_at_its_day(company: Company) -> None:
    capped = add_key(company, usd=25)
    nightly = add_key(company, BEN, KeyKind.AUTOMATION, 200, daily_usd=10, lead=OMAR)
    spend(company, capped, 25)
    spend(company, nightly, 10.02)
    poll(company)
    assert is_stopped(company, capped, nightly)
    assert now(company, capped).off_reason == "it reached its cap: $25 of $25"
    assert now(company, nightly).off_reason == "it reached its cap per day: $10.02 of $10 on 20 November"
    for where, key in ((DM_ANA, capped), (DM_BEN, nightly), (DM_OMAR, nightly)):
        (notice,) = told(company, where, Occasion.LIMIT)
        assert notice.alert is not None
        assert [one.key.label for one in notice.alert.stopped] == [key.label]
        assert told(company, where, Occasion.KEYS_STOPPED) == []


def test_a_persons_budget_reached_together_with_the_teams_is_told_as_well(company: Company) -> None:
    set_budget(company, Layer.MEMBER, ANA.id, 400)
    key = add_key(company, usd=2000)
    spend(company, key, 510)
    poll(company)
    stop = now(company, key).stop
    assert stop is not None
    assert stop.layer is Layer.TEAM
    (own,) = told(company, DM_ANA, Occasion.LIMIT)
    assert own.alert is not None
    assert own.alert.limit.layer is Layer.MEMBER
    assert len(told(company, DM_ANA, Occasion.KEYS_STOPPED)) == 1


def test_a_projects_lead_is_asked_to_act_as_well(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, BEN)
    key = add_key(company, kind=KeyKind.PROJECT, project_id=project_id)
    outside = add_key(company)
    spend(company, key, 100)
    poll(company)
    assert is_stopped(company, key)
    assert is_live(company, outside)
    assert standing_alert(company).asked_ids == (OLGA.id, OMAR.id, BEN.id)
    assert now(company, key).off_reason == "project reranker reached its budget: $100 of $100 in November"


def test_what_was_spent_past_the_limit_is_shown_as_it_comes_in(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 501)
    poll(company)
    spend(company, key, 7)  # the gateway's books lag behind its calls
    poll(company)
    assert standing_alert(company).limit.over_micros == micros(8)
    quiet = len(company.notifier.updates)
    for _ in range(3):
        poll(company)
    assert len(company.notifier.updates) <= quiet + 1
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1


@pytest.mark.timeout(180)
def test_once_under_wobbling_spend_two_replicas_and_a_thousand_passes(company: Company) -> None:
    key = add_key(company)
    steps = [(240, 249, 251, 399, 402, 498, 503, 499, 477, 501)[number % 10] for number in range(250)]
    twin = Books(str(company.books._engine.url.render_as_string(hide_password=False)))
    theirs = _replica(company, twin)

    def passes(purser_of: Company) -> None:
        for usd in steps:
            with purser_of.books.transaction() as session:
                readings.note_live(session, [(key.id, micros(usd), None)], company.clock.now())
            guard(purser_of.purser)
            guard(purser_of.purser)

    at_once(lambda: passes(company), lambda: passes(theirs))
    settle(company)
    twin.close()
    assert thresholds(company, Layer.TEAM) == [(50, True), (80, True), (100, True)]
    assert len(told(company, ROOM, Occasion.LIMIT)) == 3
    with company.books.reading() as session:
        assert len(ledger.entries(session, action="key.budget")) == 1
    assert is_stopped(company, key)
    assert auditing.verify(company.books).ok


def _replica(company: Company, books: Books) -> Company:
    other = object.__new__(Company)
    other.__dict__ = {**company.__dict__, "books": books, "purser": replace(company.purser, books=books)}
    return other


def test_a_zero_budget_lets_nothing_go_on(company: Company) -> None:
    key = add_key(company)
    set_budget(company, Layer.MEMBER, ANA.id, 0)
    poll(company)
    assert is_stopped(company, key)
    assert len(all_alerts(company)) == 3


def test_a_key_nobody_was_shown_yet_is_stopped_once_it_is_live(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 500)
    poll(company)
    later = add_key(company)
    assert now(company, later).state is KeyState.LIVE
    poll(company)
    assert is_stopped(company, key, later)
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert len(standing_alert(company).stopped) == 2
    stopped = [labels(one.key for one in notice.keys) for notice in told(company, DM_ANA, Occasion.KEYS_STOPPED)]
    assert stopped == [[key.label], [later.label]]


def test_nothing_is_written_when_there_is_nothing_to_do(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 600)
    poll(company)
    poll(company)
    with company.books.reading() as session:
        before = ledger.head(session)
    outbox_before = len(company.notifier.messages), len(company.notifier.updates)
    for _ in range(5):
        poll(company)
    with company.books.reading() as session:
        assert ledger.head(session) == before
    assert (len(company.notifier.messages), len(company.notifier.updates)) == outbox_before
