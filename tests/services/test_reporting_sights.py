"""Who sees whose usage, what else a report says, and how words become a scope; refusals say what helps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.budgets import Layer
from bot.domain.people import Member
from bot.domain.reports import Extent, Grouping, Report
from bot.domain.requests import Because, Refused
from bot.domain.spans import Span, last_days, whole_month
from bot.domain.usage import NOTHING, total
from bot.services import reporting
from bot.services.context import Actor
from bot.services.reporting import Wanted
from storage import readings, syncs
from storage.syncs import What
from tests.company import ANA, BEN, EVE, GUS, OLGA, OMAR
from tests.fakes import MortalBooks
from tests.services.usage_kit import DAN, FAY, LEA, TODAY, USD, ZOE, Ground, drawn, made
from tests.storage.spending import GATEWAY, used

MONTH = last_days(30, TODAY)
NOWHERE = "D0ANYBODY"
ABOVE = "owners of team search, workspace owners and finance"


@pytest.fixture
def ground(migrated_sqlite_books: MortalBooks) -> Ground:
    found = made(migrated_sqlite_books)
    found.tell(drawn(7, date(2026, 10, 1), TODAY + timedelta(days=1)))
    return found


@pytest.fixture
def migrated_sqlite_books(migrated_sqlite: Path, tmp_path: Path) -> Iterator[MortalBooks]:
    """On SQLite alone: every figure is checked on both elsewhere."""
    shutil.copyfile(migrated_sqlite, tmp_path / "purser.db")
    books = MortalBooks(f"sqlite:///{tmp_path / 'purser.db'}")
    yield books
    books.close()


def ask(
    ground: Ground,
    who: Member,
    extent: Extent,
    name: str = "",
    *,
    by: Grouping | None = None,
    channel: str = "C0SEARCH",
    span: Span = MONTH,
) -> Report | Refused:
    return reporting.report(ground.company.purser, Actor(who, "d"), channel, Wanted(extent, span, name, by))


def answered(ground: Ground, who: Member, extent: Extent, name: str = "", by: Grouping | None = None) -> Report:
    found = ask(ground, who, extent, name, by=by)
    assert isinstance(found, Report), found
    return found


def refused(ground: Ground, who: Member, extent: Extent, name: str = "", channel: str = "C0SEARCH") -> str:
    found = ask(ground, who, extent, name, channel=channel)
    assert isinstance(found, Refused), found
    return found.text


def keys_of(report: Report) -> set[str]:
    return {part.id for part in report.parts}


# --- teams and projects ---


@pytest.mark.parametrize("who", [ANA, OMAR, DAN, LEA, FAY, OLGA, GUS])
def test_anybody_sees_what_a_team_and_its_projects_use(ground: Ground, who: Member) -> None:
    for by in Grouping:
        assert answered(ground, who, Extent.TEAM, "search", by).whole.cost_micros > 0
        assert answered(ground, who, Extent.PROJECT, "feed", by).whole.cost_micros > 0


def test_guests_see_the_teams_they_are_in_and_no_other(ground: Ground) -> None:
    assert answered(ground, GUS, Extent.TEAM).name == "search"
    text = "Guests see the usage of the teams they are in. Your own: `/ai-usage me`."
    assert refused(ground, GUS, Extent.TEAM, "ads") == text
    assert "no project is called that" in refused(ground, GUS, Extent.PROJECT, "bids").lower()
    assert "ads" not in refused(ground, GUS, Extent.TEAM, "nosuch")


def test_guests_read_nothing_of_other_teams_neither_who_holds_a_key_nor_what_projects_are_called(
    ground: Ground,
) -> None:
    said = refused(ground, GUS, Extent.KEY, "bids-1", channel="C0ADS")
    said += refused(ground, GUS, Extent.PROJECT, "nosuch", channel="C0ADS")
    assert not any(word in said for word in (DAN.id, "team ads", "`bids`", "`reranker`"))
    assert "`bids`" in refused(ground, BEN, Extent.PROJECT, "nosuch", channel="C0ADS")


def test_strangers_see_nothing(ground: Ground) -> None:
    for who in (EVE, ZOE):
        for extent in (Extent.TEAM, Extent.MEMBER):
            assert refused(ground, who, extent)


def test_keys_of_others_are_one_part_and_nothing_is_left_out(ground: Ground) -> None:
    everything = answered(ground, OMAR, Extent.TEAM, "search", Grouping.KEY)
    assert keys_of(everything) == {"ana-1", "ben-1", "zoe-1", "zoe-2", "rank-1", "feed-1"}
    assert everything.withheld == 0
    ana = answered(ground, ANA, Extent.TEAM, "search", Grouping.KEY)
    assert keys_of(ana) == {"ana-1", "rank-1", "feed-1", ""}, "hers, and what she leads"
    assert (ana.withheld, ana.parts[-1].name) == (3, "keys of others")
    hidden = [part for part in everything.parts if part.id in {"ben-1", "zoe-1", "zoe-2"}]
    assert ana.parts[-1].totals == total(part.totals for part in hidden)
    assert ana.parts[-1].before == total(part.before for part in hidden)
    assert ana.whole == everything.whole == total(part.totals for part in ana.parts)
    assert keys_of(answered(ground, DAN, Extent.TEAM, "search", Grouping.KEY)) == {""}


@pytest.mark.parametrize("who", [OMAR, OLGA, FAY])
def test_owners_and_finance_see_every_key(ground: Ground, who: Member) -> None:
    assert answered(ground, who, Extent.TEAM, "search", Grouping.KEY).withheld == 0
    assert answered(ground, who, Extent.PROJECT, "feed", Grouping.KEY).withheld == 0


def test_owning_another_team_opens_nothing(ground: Ground) -> None:
    assert answered(ground, LEA, Extent.TEAM, "ads", Grouping.KEY).withheld == 0
    assert answered(ground, LEA, Extent.TEAM, "search", Grouping.KEY).withheld == 6


# --- people ---


def test_everybody_sees_their_own_keys_in_every_team(ground: Ground) -> None:
    mine = answered(ground, ANA, Extent.MEMBER)
    assert (mine.name, mine.team_name, mine.question.by) == ("<@U0ANA>", "", Grouping.KEY)
    assert keys_of(mine) == {"ana-1", "ana-2", "feed-1"}
    assert answered(ground, BEN, Extent.MEMBER).team_name == "search"
    assert answered(ground, GUS, Extent.MEMBER).parts == ()


@pytest.mark.parametrize("who", [OLGA, FAY])
def test_workspace_owners_and_finance_see_all_of_a_person(ground: Ground, who: Member) -> None:
    assert answered(ground, who, Extent.MEMBER, ANA.id).whole == answered(ground, ANA, Extent.MEMBER).whole
    assert keys_of(answered(ground, who, Extent.MEMBER, ZOE.id)) == {"zoe-1"}, "also of who has left"


def test_an_owner_sees_of_a_person_what_belongs_to_their_team(ground: Ground) -> None:
    assert keys_of(answered(ground, OMAR, Extent.MEMBER, ANA.id)) == {"ana-1", "feed-1"}
    assert answered(ground, OMAR, Extent.MEMBER, ANA.id).team_name == "search"
    assert keys_of(answered(ground, LEA, Extent.MEMBER, ANA.id)) == {"ana-2"}
    assert keys_of(answered(ground, OMAR, Extent.MEMBER, ZOE.id)) == {"zoe-1"}, "she is in no team any more"


def test_nobody_else_sees_a_person_and_reads_who_does(ground: Ground) -> None:
    assert refused(ground, BEN, Extent.MEMBER, ANA.id) == (
        "What <@U0ANA> uses is seen by <@U0ANA>, owners of a team they are in, workspace owners and finance. "
        "Your own: `/ai-usage me`. What a team's people use: `/ai-usage team by member`."
    )
    assert refused(ground, OMAR, Extent.MEMBER, DAN.id), "Dan is in Lea's team"


# --- keys ---


@pytest.mark.parametrize(("who", "key"), [(ANA, "ana-1"), (BEN, "rank-1"), (ANA, "rank-1"), (OMAR, "ana-1"),
                                          (FAY, "ana-1"), (OLGA, "ana-1")])  # fmt: skip
def test_a_key_is_seen_by_its_holder_its_lead_and_those_above(ground: Ground, who: Member, key: str) -> None:
    report = answered(ground, who, Extent.KEY, key.upper())
    assert (report.name, report.question.by) == (key, Grouping.DAY)
    assert report.budget is not None
    assert (report.budget.layer, report.budget.budget_micros) == (Layer.KEY, 25 * USD)


def test_nobody_else_sees_a_key_and_reads_who_does(ground: Ground) -> None:
    assert refused(ground, BEN, Extent.KEY, "ana-1") == (
        f"`ana-1` is <@U0ANA>'s. What it uses is seen by them, {ABOVE}. What the team uses: `/ai-usage team search`."
    )
    assert f"seen by them, <@U0BEN>, who leads it, {ABOVE}" in refused(ground, LEA, Extent.KEY, "rank-1")
    assert refused(ground, BEN, Extent.KEY, "nosuch-1") == (
        "No key is called that. `/ai-key list` shows your own, `/ai-usage team by key` the team's."
    )


# --- everything ---


@pytest.mark.parametrize("who", [OLGA, FAY])
def test_workspace_owners_and_finance_see_all_teams(ground: Ground, who: Member) -> None:
    report = answered(ground, who, Extent.ALL)
    assert (report.name, report.team_name, report.question.by, report.budget) == ("all teams", "", Grouping.TEAM, None)
    assert [part.name for part in sorted(report.parts, key=lambda part: part.name)] == ["ads", "search"]
    assert answered(ground, who, Extent.ALL, by=Grouping.KEY).withheld == 0


@pytest.mark.parametrize("who", [ANA, OMAR, GUS])
def test_nobody_else_sees_all_teams_and_reads_who_does(ground: Ground, who: Member) -> None:
    assert refused(ground, who, Extent.ALL) == (
        "All teams together are seen by workspace owners and finance. One of them: `/ai-usage team NAME`. "
        "Your own: `/ai-usage me`."
    )


# --- words ---


def test_a_team_is_that_of_the_channel_or_ones_only_one(ground: Ground) -> None:
    assert answered(ground, LEA, Extent.TEAM).name == "search", "of the channel, whoever types it"
    found = ask(ground, BEN, Extent.TEAM, channel=NOWHERE)
    assert isinstance(found, Report)
    assert (found.name, found.question.by) == ("search", Grouping.MEMBER)
    assert refused(ground, ANA, Extent.TEAM, channel=NOWHERE) == (
        "You are in 2 teams. Say which one: `/ai-usage team ads`, `/ai-usage team search`."
    )
    assert refused(ground, FAY, Extent.TEAM, channel=NOWHERE) == (
        "No team lives in this channel, and you are in none. "
        "There is: `/ai-usage team ads`, `/ai-usage team empty`, `/ai-usage team search`."
    )
    assert refused(ground, ANA, Extent.TEAM, "serach").startswith("No team is called that. There is: `/ai-usage team")


def test_a_project_is_the_channels_then_ones_own_then_any(ground: Ground) -> None:
    def team_of(who: Member, name: str, channel: str) -> str:
        found = ask(ground, who, Extent.PROJECT, name, channel=channel)
        assert isinstance(found, Report), found
        return found.team_name

    assert team_of(ANA, "reranker", "C0SEARCH") == "search"
    assert team_of(ANA, "Reranker", "C0ADS") == "ads"
    assert team_of(DAN, "reranker", NOWHERE) == "ads"
    assert team_of(FAY, "bids", "C0SEARCH") == "ads"
    assert refused(ground, ANA, Extent.PROJECT, "reranker", NOWHERE) == (
        "Several teams have a project reranker: ads, search. Type it in the channel of the team you mean."
    )
    assert refused(ground, ANA, Extent.PROJECT, "nosuch") == (
        "No project is called that. There is: `feed`, `reranker`. "
        "What a team uses by project: `/ai-usage team by project`."
    )


# --- what stands beside the figures ---


def test_honest_it_says_how_fresh_usage_is_at_each_gateway(ground: Ground) -> None:
    (never,) = answered(ground, ANA, Extent.TEAM).freshness
    assert (never.gateway, never.read_at) == (GATEWAY, None)
    at = datetime(2026, 11, 20, 11, 50, tzinfo=UTC)
    with ground.company.books.transaction() as session:
        syncs.read(session, GATEWAY, What.USAGE, at)
        syncs.read(session, GATEWAY, What.LIVE, at + timedelta(minutes=5))
        syncs.read(session, "another", What.USAGE, at)
        syncs.failed(session, GATEWAY, What.USAGE, at + timedelta(minutes=9), "it is down")
    (fresh,) = answered(ground, ANA, Extent.TEAM).freshness
    assert (fresh.gateway, fresh.read_at, fresh.error) == (GATEWAY, at, "it is down")


def test_honest_spend_that_no_usage_dates_stands_beside_the_figures(ground: Ground) -> None:
    before = answered(ground, ANA, Extent.TEAM)
    with ground.company.books.transaction() as session:
        spent = {key: readings.spent(session, key, "2026-11") for key in ("ben-1", "ana-2")}
        rows = [(key, known.lifetime_micros + 10**12, None) for key, known in spent.items() if known is not None]
        readings.note_live(session, rows, ground.company.clock.now())
        due = {key: readings.spent(session, key, "2026-11") for key in spent}
    extra = {key: due[key].micros - spent[key].micros for key in spent}  # type: ignore[union-attr]
    after = answered(ground, ANA, Extent.TEAM)
    assert (after.undated_micros, before.undated_micros) == (extra["ben-1"], 0)
    assert after.undated_micros > 0
    assert after.whole == before.whole
    assert answered(ground, OLGA, Extent.ALL).undated_micros == sum(extra.values())
    assert answered(ground, ANA, Extent.MEMBER).undated_micros == extra["ana-2"]
    october = ask(ground, ANA, Extent.TEAM, span=whole_month(date(2026, 10, 1)))
    assert isinstance(october, Report)
    assert october.undated_micros == 0, "no month that is over waits for it"


def test_honest_models_without_a_price_are_named_with_their_requests(ground: Ground) -> None:
    told = dict(answered(ground, ANA, Extent.TEAM).unpriced)
    assert set(told) == {"free-model"}
    ground.tell([used("ben-1", ground.company.clock.now(), 0, "another-free", unpriced_requests=10**6 * 999)])
    assert answered(ground, ANA, Extent.TEAM).unpriced[0] == ("another-free", 999_000_000)
    assert answered(ground, ANA, Extent.TEAM).unpriced[1:] == tuple(told.items())
    assert answered(ground, BEN, Extent.MEMBER).unpriced[0][0] == "another-free"
    quiet = ask(ground, ANA, Extent.TEAM, span=Span(date(2026, 9, 1), date(2026, 9, 2)))
    assert isinstance(quiet, Report)
    assert (quiet.unpriced, quiet.whole) == ((), NOTHING)


def test_the_limit_of_the_scope_stands_beside_the_figures(ground: Ground) -> None:
    team = answered(ground, ANA, Extent.TEAM).budget
    assert team is not None
    assert (team.layer, team.name, team.budget_micros) == (Layer.TEAM, "search", 900 * USD)
    assert answered(ground, ANA, Extent.PROJECT, "feed").budget is None


# --- asked again ---


def test_a_question_asked_again_is_about_the_same_days(ground: Ground) -> None:
    purser, ana = ground.company.purser, Actor(ANA, "d")
    first = answered(ground, ANA, Extent.TEAM)
    kept = reporting.keep_asked(purser, ana, first.question)
    ground.company.clock.advance(hours=20)
    found = reporting.again(purser, ana, kept.id)
    assert not isinstance(found, Refused)
    assert found[1].days == first.days
    assert found[1].compared == first.compared
    second = reporting.keep_asked(purser, ana, found[0].question, page=2, at=found[0].at)
    page = reporting.again(purser, ana, second.id)
    assert not isinstance(page, Refused)
    assert (page[0].page, page[0].at, page[1].days) == (2, kept.at, first.days)
    assert reporting.asked(purser, second.id) == second


def test_a_question_is_answered_to_who_asked_it_for_a_day(ground: Ground) -> None:
    purser, ana = ground.company.purser, Actor(ANA, "d")
    kept = reporting.keep_asked(purser, ana, answered(ground, ANA, Extent.TEAM).question)
    other = reporting.again(purser, Actor(BEN, "d"), kept.id)
    assert isinstance(other, Refused)
    assert (other.because, other.text) == (
        Because.NOT_FOUND,
        "This answer is older than a day. Type the command again.",
    )
    ground.company.clock.advance(hours=24, seconds=1)
    reporting.keep_asked(purser, ana, kept.question)
    assert reporting.asked(purser, kept.id) is None
    assert isinstance(reporting.again(purser, ana, kept.id), Refused)


def test_who_may_no_longer_see_a_question_is_not_answered_again(ground: Ground) -> None:
    purser = ground.company.purser
    kept = reporting.keep_asked(purser, Actor(ANA, "d"), answered(ground, ANA, Extent.KEY, "ana-1").question)
    ground.hand_over("ana-1", holder=BEN)
    again = reporting.again(purser, Actor(ANA, "d"), kept.id)
    assert isinstance(again, Refused)
    assert again.because is Because.NOT_ALLOWED
