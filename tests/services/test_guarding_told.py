"""Messages about limits and the keys they stop say what is so, to whom it concerns, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Notice, Occasion
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.requests import Target
from bot.services import turning_off
from bot.services.guarding import guard
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import (
    ROOM,
    TEAM_ID,
    add_key,
    add_project,
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
    told,
)
from tests.services.kit import choose
from tests.services.raises_kit import agreed_raise

DM_ANA, DM_BEN = f"direct:{ANA.id}", f"direct:{BEN.id}"
DECEMBER = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def stopped_pair(company: Company) -> tuple[Key, Key]:
    """Two keys of Ana's that the team's budget stopped, of which one comes back and the other has to wait."""
    both = add_key(company), add_key(company)
    spend(company, both[0], 510)
    poll(company)
    assert is_stopped(company, *both)
    agreed_raise(company, Target(Layer.TEAM, TEAM_ID), 100, DECEMBER)
    company.gateway.mishaps.add("enable", Mishap.DOWN)
    guard(company.purser)
    company.perform()
    return both


def test_a_limit_whose_keys_a_wider_one_stopped_says_which(company: Company) -> None:
    project_id = add_project(company, "ranker", 200, BEN)
    key = add_key(company, ANA, KeyKind.PROJECT, project_id=project_id, lead=BEN)
    spend(company, key, 510)
    poll(company)
    shown = {
        notice.alert.limit.layer: notice.alert
        for notice in company.notifier.standing.values()
        if notice.alert is not None
    }
    assert [one.key.id for one in shown[Layer.TEAM].stopped] == [key.id]
    assert shown[Layer.TEAM].others == ()
    assert shown[Layer.PROJECT].stopped == ()
    assert [(one.layer, one.name) for one in shown[Layer.PROJECT].others] == [(Layer.TEAM, "search")]


def test_a_holder_reads_in_one_message_that_a_wider_limit_and_the_keys_own_cap_are_used_up(company: Company) -> None:
    key = add_key(company, usd=600, lead=BEN)
    spend(company, key, 600)
    poll(company)
    poll(company)
    assert is_stopped(company, key)
    assert told(company, DM_ANA, Occasion.LIMIT) == []
    (notice,) = told(company, DM_ANA, Occasion.KEYS_STOPPED)
    assert [(one.key.id, one.spent_micros) for one in notice.keys] == [(key.id, micros(600))]
    (lead_reads,) = told(company, DM_BEN, Occasion.LIMIT)
    assert lead_reads.alert is not None
    assert [one.layer for one in lead_reads.alert.others] == [Layer.TEAM]


def test_keys_that_come_back_for_different_reasons_are_told_apart(company: Company) -> None:
    raised, corrected = add_key(company, usd=50), add_key(company, usd=80)
    spend(company, raised, 50)
    spend(company, corrected, 80)
    poll(company)
    assert is_stopped(company, raised, corrected)
    agreed_raise(company, Target(Layer.KEY, raised.id), 20, DECEMBER)
    spend(company, corrected, -30)
    poll(company)
    assert is_live(company, raised, corrected)
    said = {notice.note: labels(one.key for one in notice.keys) for notice in _back(company)}
    assert said == {
        "the limit was raised: $50 of $70": [raised.label],
        "spend was corrected: $50 of $80": [corrected.label],
    }


def test_keys_of_several_limits_that_begin_a_new_period_are_told_together(company: Company) -> None:
    team = add_key(company, kind=KeyKind.PROJECT, lead=BEN)
    own = add_key(company, kind=KeyKind.PROJECT, usd=40, lead=BEN)
    spend(company, own, 40)
    poll(company)
    spend(company, team, 500)
    poll(company)
    company.clock.at = DECEMBER
    poll(company)
    assert is_live(company, team, own)
    (notice,) = _back(company)
    assert (notice.note, labels(one.key for one in notice.keys)) == ("a new period began", labels([team, own]))


def test_a_key_turned_off_on_its_way_back_does_not_hold_up_the_message_about_the_others(company: Company) -> None:
    both = stopped_pair(company)
    (waiting,) = [key for key in both if now(company, key).state is KeyState.RESTORING]
    (back,) = [key for key in both if key.id != waiting.id]
    assert _back(company) == []
    target = turning_off.Target(key_id=waiting.id)
    list(turning_off.disable(company.purser, company.actor(OMAR), target, "leaked"))
    settle(company)
    poll(company)
    assert is_live(company, back)
    (notice,) = _back(company)
    assert labels(one.key for one in notice.keys) == [back.label]


def test_a_key_that_cannot_be_turned_on_yet_is_told_to_owners_as_late_and_once(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 510)
    poll(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    company.gateway.mishaps.add("enable", *[Mishap.DOWN] * 6)
    guard(company.purser)
    for _ in range(6):
        company.perform()
        company.clock.advance(seconds=20)
    for where in (f"direct:{OLGA.id}", f"direct:{OMAR.id}", f"thread:{key.request_id}"):
        (notice,) = told(company, where, Occasion.BACK_LATE)
        assert notice.key is not None
        assert notice.key.key.id == key.id
        assert told(company, where, Occasion.EFFECT_FAILED) == []


@pytest.mark.parametrize(
    ("quiet", "mentioned"),
    [((), (OLGA.id, OMAR.id)), ((OMAR.id,), (OLGA.id,)), ((OLGA.id, OMAR.id), (OLGA.id, OMAR.id))],
)
def test_an_owner_who_wants_quiet_is_mentioned_only_where_nobody_else_could_act(
    company: Company, quiet: tuple[str, ...], mentioned: tuple[str, ...]
) -> None:
    choose(company, quiet_approvers=quiet)
    spend(company, add_key(company), 510)
    poll(company)
    assert standing_alert(company).asked_ids == mentioned
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1


def _back(company: Company) -> list[Notice]:
    return told(company, DM_ANA, Occasion.KEYS_BACK)
