"""Which gateways count for how fresh figures are: those that may still tell something of the keys concerned."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.domain.digests import Figures, Week
from bot.domain.keys import Key, KeyState
from bot.domain.reports import Extent, Report
from bot.domain.spans import last_days
from bot.services.digest_figures import figures
from bot.services.reporting import Wanted, report
from storage import keys, people, syncs
from storage.syncs import What
from storage.tables import KeyRow
from tests.company import ANA, Company
from tests.services.digest_kit import W47, begin, second_team
from tests.services.kit import CHANNEL, held
from tests.services.raises_kit import on, read_usage

MONDAY = "2026-11-23 09:00"
LONG_AGO = on("2026-10-01 09:00")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def removed(company: Company, key: Key) -> None:
    """The gateway that this key lives in was read last in October, and is set up no more."""
    with company.books.transaction() as session:
        row = session.get(KeyRow, key.id)
        assert row is not None
        row.gateway = "gone"
        syncs.read(session, "gone", What.USAGE, LONG_AGO, "2026-10-01")
    company.clock.at = on(MONDAY)
    read_usage(company)


def turned_off(company: Company, key: Key) -> None:
    with company.books.transaction() as session:
        assert keys.move(session, key.id, KeyState.LIVE, KeyState.DISABLING)
        assert keys.move(session, key.id, KeyState.DISABLING, KeyState.DISABLED)


def of_week(company: Company, team: str = "search", week: Week = W47) -> Figures:
    with company.books.reading() as session:
        found = people.team_named(session, team)
        assert found is not None
        return figures(session, company.purser, found, week)


def read_in(company: Company) -> dict[str, datetime | None]:
    wanted = Wanted(Extent.TEAM, last_days(30, company.clock.now().date()), "search")
    found = report(company.purser, company.actor(ANA), CHANNEL, wanted)
    assert isinstance(found, Report)
    return {one.gateway: one.read_at for one in found.freshness}


def test_a_gateway_that_is_set_up_no_more_makes_nothing_stale_once_its_keys_are_off(company: Company) -> None:
    begin(company)
    gone = held(company)
    removed(company, gone)
    assert read_in(company)["gone"] == LONG_AGO
    assert of_week(company).read_at == LONG_AGO
    assert of_week(company).troubles.stale == (
        "gone last told its usage at 2026-10-01 09:00 UTC, so this week may still rise",
    )
    turned_off(company, gone)
    assert "gone" not in read_in(company)
    assert (of_week(company).read_at or LONG_AGO) >= on(MONDAY)
    assert of_week(company).troubles.stale == ()


def test_of_a_team_without_keys_it_is_known_that_nothing_was_used(company: Company) -> None:
    second_team(company)
    assert not of_week(company, "data").is_told
    begin(company)
    company.clock.at = on(MONDAY)
    read_usage(company)
    assert of_week(company, "data").is_told


def test_a_gateway_that_was_never_read_is_said_to_be_so(company: Company) -> None:
    begin(company)
    (late,) = of_week(company).troubles.stale
    assert late.endswith(" has never told its usage, so this week may still rise")
