"""When a team's digest comes is chosen by its owners; what is shown is the moment at which it really comes."""

from __future__ import annotations

import pytest

from bot.domain.digest_times import Timing
from bot.domain.requests import Refused
from bot.services import teams, zones
from bot.services.team_digest import Chosen, choose, shown
from storage import people
from tests.company import ANA, OLGA, OMAR, Company
from tests.services.digest_kit import lives_in
from tests.services.kit import CHANNEL, USD
from tests.services.raises_kit import on, rows


def timing(did: Timing | Refused) -> Timing:
    assert isinstance(did, Timing), did
    return did


def test_a_new_team_has_its_founders_time_zone_and_nine_oclock(company: Company) -> None:
    lives_in(company, OLGA, "Asia/Kolkata")
    teams.create(company.purser, company.actor(OLGA), "C0DATA", "data", USD)
    found = timing(shown(company.purser, "C0DATA"))
    assert (found.team.time_zone, found.team.digest_minutes, found.clock) == ("Asia/Kolkata", 540, "09:00")
    assert found.next_at == on("2026-11-23 03:30")


@pytest.mark.parametrize("told", ["", "Europe/Atlantis", "../../etc/passwd"])
def test_a_zone_that_slack_does_not_tell_or_nobody_knows_is_utc(company: Company, told: str) -> None:
    lives_in(company, OLGA, told)
    teams.create(company.purser, company.actor(OLGA), "C0DATA", "data", USD)
    assert timing(shown(company.purser, "C0DATA")).team.time_zone == "UTC"


def test_an_owner_moves_it_and_the_ledger_says_who_to_when(company: Company) -> None:
    chosen = Chosen(is_on=True, minutes=16 * 60 + 30, time_zone="America/Los_Angeles")
    found = timing(choose(company.purser, company.actor(OMAR), CHANNEL, chosen))
    assert (found.next_at, found.clock) == (on("2026-11-24 00:30"), "16:30")
    assert timing(shown(company.purser, CHANNEL)) == found
    (row,) = rows(company, action="team.digest_moved")
    assert (row.actor, row.team_id, row.reason) == (OMAR.id, "team_1", "Mondays 16:30 America/Los_Angeles")


def test_what_is_not_named_stays_as_it_is(company: Company) -> None:
    for chosen, kept in (
        (Chosen(is_on=True, minutes=600), (600, "UTC")),
        (Chosen(is_on=True, time_zone="Asia/Tokyo"), (600, "Asia/Tokyo")),
        (Chosen(is_on=True), (600, "Asia/Tokyo")),
        (Chosen(is_on=False), (None, "Asia/Tokyo")),
        (Chosen(is_on=True), (540, "Asia/Tokyo")),
        (Chosen(is_on=True, minutes=0), (0, "Asia/Tokyo")),
    ):
        found = timing(choose(company.purser, company.actor(OMAR), CHANNEL, chosen))
        assert (found.team.digest_minutes, found.team.time_zone) == kept
    assert [row.action for row in rows(company, team_id="team_1") if "digest" in row.action] == [
        *("team.digest_moved", "team.digest_moved", "team.digest_off", "team.digest_on", "team.digest_moved")
    ]


def test_where_the_week_is_not_over_by_then_the_true_time_is_shown(company: Company) -> None:
    found = timing(
        choose(company.purser, company.actor(OMAR), CHANNEL, Chosen(is_on=True, minutes=540, time_zone="Asia/Tokyo"))
    )
    assert (found.next_at, found.clock) == (on("2026-11-23 01:00"), "10:00")


def test_members_see_it_and_change_nothing(company: Company) -> None:
    assert isinstance(shown(company.purser, CHANNEL), Timing)
    refused = choose(company.purser, company.actor(ANA), CHANNEL, Chosen(is_on=False))
    assert isinstance(refused, Refused)
    assert timing(shown(company.purser, CHANNEL)).next_at is not None


def test_where_no_team_lives_that_is_said(company: Company) -> None:
    for did in (
        shown(company.purser, "C0ELSE"),
        choose(company.purser, company.actor(OLGA), "C0ELSE", Chosen(is_on=False)),
    ):
        assert isinstance(did, Refused)
        assert "No team lives in this channel" in did.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("Berln", None),
        ("PST", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_zones_are_known_by_name_or_city(typed: str, meant: str | None) -> None:
    assert zones.meant(typed) == meant


def test_a_mistyped_zone_is_answered_with_the_likeliest() -> None:
    assert (zones.alike("Berln"), zones.alike("europe/berlyn"), zones.alike("xyzzy")) == (*["Europe/Berlin"] * 3,)


def test_what_slack_says_of_a_persons_zone_is_kept_when_it_says_nothing(company: Company) -> None:
    lives_in(company, ANA, "Europe/Madrid")
    lives_in(company, ANA, "")
    with company.books.reading() as session:
        assert people.member(session, ANA.id).time_zone == "Europe/Madrid"  # type: ignore[union-attr]
