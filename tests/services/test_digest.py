"""A team's digest: once a week, on its Monday, caught up on until Wednesday, and then said to be skipped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.domain.digests import Audience, DigestState
from bot.domain.usage import total
from bot.gateways.base import GatewayError
from bot.services import teams
from bot.services.auditing import verify
from bot.services.digests import send_digests
from bot.services.team_digest import Chosen, choose
from storage import digests, outbox
from storage.engine import Books
from tests.company import OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.digest_kit import (
    W47,
    W48,
    begin,
    in_ledger,
    look,
    of,
    spend,
    threads,
    told,
    weeks_told,
)
from tests.services.kit import CHANNEL, USD
from tests.services.raises_kit import on, read_usage

FIRST = ("2026-W47", "posted")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


# --- when ---


@pytest.mark.parametrize(
    ("zone", "before", "due"),
    [
        ("UTC", "2026-11-23 08:59:59", "2026-11-23 09:00:00"),
        ("Europe/Berlin", "2026-11-23 07:59:59", "2026-11-23 08:00:00"),
        ("Asia/Tokyo", "2026-11-23 00:59:59", "2026-11-23 01:00:00"),
        ("Pacific/Auckland", "2026-11-23 00:59:59", "2026-11-23 01:00:00"),
        ("America/Los_Angeles", "2026-11-23 16:59:59", "2026-11-23 17:00:00"),
        ("Asia/Kolkata", "2026-11-23 03:29:59", "2026-11-23 03:30:00"),
    ],
)
def test_it_comes_on_monday_at_the_teams_own_time(company: Company, zone: str, before: str, due: str) -> None:
    spend(company, begin(company, zone), 3, "2026-11-20 15:00")
    look(company, before)
    assert told(company) == []
    look(company, due)
    (notice,) = told(company)
    assert (notice.digest.week, notice.digest.figures.totals.cost_micros) == (W47, 3 * USD)


@pytest.mark.parametrize(
    ("week", "due"),
    [("2027-W12", "2027-03-29 07:00"), ("2027-W43", "2027-11-01 08:00"), ("2027-W44", "2027-11-08 08:00")],
)
def test_it_stays_at_nine_when_clocks_change(company: Company, week: str, due: str) -> None:
    begin(company, "Europe/Berlin")
    company.clock.at = on(due)
    company.clock.advance(days=-6)
    look(company)
    already = weeks_told(company)
    company.clock.at = on(due)
    company.clock.advance(seconds=-1)
    look(company)
    assert weeks_told(company) == already
    look(company, due)
    assert weeks_told(company) == [*already, (week, "posted")]


def test_it_waits_for_usage_that_was_read_after_the_week_ended(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-22 23:59")
    company.clock.at = on("2026-11-22 23:58")
    read_usage(company)
    look(company, "2026-11-23 09:00", read=False)
    assert told(company) == []
    read_usage(company)
    look(company, "2026-11-23 09:05", read=False)
    assert told(company)[0].digest.figures.totals.cost_micros == 3 * USD


def test_a_gateway_that_tells_nothing_delays_it_by_an_hour_and_is_named(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.clock.at = on("2026-11-20 16:00")
    read_usage(company)
    company.gateway.mishaps.add("usage", *[Mishap.DOWN] * 9)
    for moment in ("2026-11-23 09:00", "2026-11-23 09:59", "2026-11-23 10:00"):
        assert told(company) == []
        company.clock.at = on(moment)
        with pytest.raises(GatewayError):
            read_usage(company)
        look(company, read=False)
    (notice,) = told(company)
    assert notice.digest.figures.troubles.stale == (
        "memory last told its usage at 2026-11-20 16:00 UTC, so this week may still rise",
    )


def test_a_team_made_on_monday_gets_none_for_the_week_before(company: Company) -> None:
    begin(company)
    company.clock.at = on("2026-11-23 08:00")
    teams.create(company.purser, company.actor(OLGA), "C0DATA", "data", USD)
    look(company, "2026-11-23 09:00")
    assert weeks_told(company, "channel:C0DATA") == []
    assert weeks_told(company) == [FIRST]
    look(company, "2026-11-30 09:00")
    assert weeks_told(company, "channel:C0DATA") == [("2026-W48", "posted")]


def test_who_starts_to_use_it_is_not_told_of_weeks_before(company: Company) -> None:
    """As after an update to the first version that has digests."""
    company.clock.at = on("2026-12-09 12:00")
    look(company)
    look(company, "2026-12-10 12:00")
    assert told(company) == []
    look(company, "2026-12-14 09:00")
    assert weeks_told(company) == [("2026-W50", "posted")]


# --- once ---


def test_however_often_it_is_looked_one_week_is_one_digest(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    for hour in range(9, 24):
        look(company, f"2026-11-23 {hour:02d}:00")
    for day in (24, 25, 26, 29):
        look(company, f"2026-11-{day} 12:00")
    assert weeks_told(company) == [FIRST]
    assert [row.action for row in in_ledger(company)] == ["digest.posted"]
    assert len(threads(company)) == 1
    assert len(company.notifier.files) == 1


def test_two_replicas_that_look_at_once_post_one(company: Company) -> None:
    """Both have worked out the figures before either has written them down."""
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.clock.at = on("2026-11-23 09:00")
    read_usage(company)
    transaction = company.books.transaction
    raced: list[bool] = []

    def race() -> object:
        if not raced:
            raced.append(True)
            send_digests(company.purser)
        return transaction()

    company.books.transaction = race  # type: ignore[method-assign, assignment]
    send_digests(company.purser)
    company.books.transaction = transaction  # type: ignore[method-assign]
    company.perform()
    assert raced
    assert weeks_told(company) == [FIRST]
    assert len(in_ledger(company)) == 1
    assert verify(company.books).ok


def test_replicas_that_race_post_one(company: Company) -> None:
    """Each on a connection of its own, all at the same moment."""
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.clock.at = on("2026-11-23 09:00")
    read_usage(company)
    url = str(company.books._engine.url.render_as_string(hide_password=False))
    replicas = [Books(url) for _ in range(4)]
    start = threading.Barrier(len(replicas))

    def pass_once(books: Books) -> None:
        start.wait()
        send_digests(replace(company.purser, books=books))

    with ThreadPoolExecutor(len(replicas)) as pool:
        list(pool.map(pass_once, replicas))
    for books in replicas:
        books.close()
    company.perform()
    assert weeks_told(company) == [FIRST]
    assert len(in_ledger(company)) == 1
    assert (len(threads(company)), len(company.notifier.files)) == (1, 1)


def test_the_books_take_no_second_digest_of_a_week(company: Company) -> None:
    begin(company)
    look(company, "2026-11-23 09:00")
    kept = of(company, W47)
    assert kept is not None
    insert = (
        "INSERT INTO digests (id, audience, subject_id, week, state, at, figures)"
        " SELECT 'another', audience, subject_id, week, state, at, figures FROM digests"
    )
    with pytest.raises(Exception, match=r"(?i)unique"), company.books.transaction() as session:
        session.execute(text(insert))


@pytest.mark.parametrize(
    "point",
    [
        *("before-effect:slack.digest", "after-digest-posted", "after-effect:slack.digest"),
        *("before-effect:slack.digest_thread", "after-effect:slack.digest_thread"),
        *("before-effect:slack.digest_file", "after-effect:slack.digest_file"),
    ],
)
def test_a_crash_doubles_and_loses_nothing(company: Company, point: str) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    with company.crashing(point, down_seconds=31):
        look(company, "2026-11-23 09:00")
    company.settle()
    look(company)
    assert weeks_told(company) == [FIRST]
    assert [notice.digest.week for notice in threads(company)] == [W47]
    assert [file.thread_ts for file in company.notifier.files] == [of(company, W47).ts]  # type: ignore[union-attr]


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
@pytest.mark.parametrize("call", ["post_digest", "follow_digest", "send_file"])
def test_a_slack_that_slows_down_or_loses_replies_gets_each_message_once(
    company: Company, call: str, mishap: Mishap
) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.notifier.mishaps.add(call, mishap, mishap, mishap)
    look(company, "2026-11-23 09:00")
    for _ in range(4):
        company.clock.advance(seconds=300)
        company.perform()
    assert (len(told(company)), len(threads(company)), len(company.notifier.files)) == (1, 1, 1)


# --- missed Mondays ---


@pytest.mark.parametrize("moment", ["2026-11-23 15:00", "2026-11-24 12:00", "2026-11-25 23:59:59"])
def test_a_missed_monday_is_caught_up_on_until_wednesday(company: Company, moment: str) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    look(company, moment)
    assert weeks_told(company) == [FIRST]


def test_after_wednesday_it_is_said_to_be_skipped_and_the_next_one_names_it(company: Company) -> None:
    begin(company)
    for moment in ("2026-11-26 00:00", "2026-11-27 12:00"):
        look(company, moment)
    assert weeks_told(company) == [("2026-W47", "skipped")]
    assert told(company)[0].digest.figures.skipped == ("2026-W47",)
    assert told(company)[0].next_at == on("2026-11-30 09:00")
    assert (threads(company), company.notifier.files) == ([], [])
    look(company, "2026-11-30 09:00")
    assert weeks_told(company)[1:] == [("2026-W48", "posted")]
    assert told(company)[1].digest.figures.skipped == ("2026-W47",)
    look(company, "2026-12-07 09:00")
    assert told(company)[2].digest.figures.skipped == (), "once"
    assert verify(company.books).ok


def test_weeks_slept_over_are_named_in_one_line_or_in_the_digest_that_comes(company: Company) -> None:
    begin(company)
    look(company, "2026-12-10 12:00")
    assert weeks_told(company) == [("2026-W49", "skipped")]
    assert told(company)[0].digest.figures.skipped == ("2026-W47", "2026-W48", "2026-W49")
    look(company, "2026-12-29 12:00")
    assert weeks_told(company)[1:] == [("2026-W52", "posted")]
    assert told(company)[1].digest.figures.skipped == tuple(f"2026-W{week}" for week in range(47, 52))
    assert [row.action for row in in_ledger(company)] == ["digest.posted", *["digest.skipped"] * 5]


# --- where it cannot be posted ---


def test_a_channel_that_is_gone_sends_it_to_the_owners_with_the_figures_and_why(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.notifier.mishaps.add("post_digest", Mishap.REFUSED)
    look(company, "2026-11-23 09:00")
    assert told(company) == []
    for owner in (OLGA, OMAR):
        (notice,) = told(company, f"direct:{owner.id}")
        assert notice.digest.figures.totals.cost_micros == 3 * USD
        assert notice.why.startswith(f"This digest belongs in <#{CHANNEL}>, but could not be posted there (Slack: ref")
    assert (threads(company), company.notifier.files) == ([], [])
    assert of(company, W47).state is DigestState.POSTED  # type: ignore[union-attr]
    look(company, "2026-11-30 09:00")
    assert weeks_told(company) == [("2026-W48", "posted")]


def test_that_one_was_skipped_reaches_owners_as_well(company: Company) -> None:
    begin(company)
    company.notifier.mishaps.add("post_digest", Mishap.REFUSED)
    look(company, "2026-11-27 12:00")
    assert weeks_told(company, f"direct:{OMAR.id}") == [("2026-W47", "skipped")]


def test_a_table_that_cannot_be_attached_is_said_and_the_message_stands(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.notifier.mishaps.add("send_file", Mishap.REFUSED)
    look(company, "2026-11-23 09:00")
    assert weeks_told(company) == [FIRST]
    details, remark = threads(company)
    assert details.note == ""
    assert remark.note.startswith("The table of this week could not be attached (Slack: refused).")


def test_a_team_that_moved_reads_it_where_it_lives_by_its_name_of_then(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.notifier.mishaps.add("post_digest", *[Mishap.DOWN] * 3)
    look(company, "2026-11-23 09:00")
    with company.books.transaction() as session:
        session.execute(text("UPDATE teams SET name = 'finding', channel_id = 'C0NEW'"))
    company.settle()
    (notice,) = told(company, "channel:C0NEW")
    assert notice.digest.figures.name == "search"
    look(company, "2026-11-30 09:00")
    assert [one.digest.figures.name for one in told(company, "channel:C0NEW")] == ["search", "finding"]


# --- turned off, moved ---


def test_a_digest_that_is_off_does_not_come_nor_is_it_skipped(company: Company) -> None:
    begin(company)
    choose(company.purser, company.actor(OMAR), CHANNEL, Chosen(is_on=False))
    look(company, "2026-12-09 12:00")
    choose(company.purser, company.actor(OMAR), CHANNEL, Chosen(is_on=True))
    look(company, "2026-12-09 12:05")
    assert told(company) == []
    look(company, "2026-12-14 09:00")
    assert weeks_told(company) == [("2026-W50", "posted")]
    assert told(company)[0].digest.figures.skipped == ()


def test_moved_to_an_earlier_hour_it_comes_at_once_and_to_a_later_one_not_twice(company: Company) -> None:
    begin(company, minutes=18 * 60)
    company.clock.at = on("2026-11-23 10:00")
    timing = choose(company.purser, company.actor(OMAR), CHANNEL, Chosen(is_on=True, minutes=540))
    assert timing.is_coming  # type: ignore[union-attr]
    look(company, "2026-11-23 10:01")
    assert weeks_told(company) == [FIRST]
    choose(company.purser, company.actor(OMAR), CHANNEL, Chosen(is_on=True, minutes=20 * 60, time_zone="Asia/Tokyo"))
    for hour in (11, 20, 21):
        look(company, f"2026-11-23 {hour}:00")
    assert weeks_told(company) == [FIRST]


# --- what stands in the books ---


def test_the_ledger_says_what_the_week_came_to_and_verify_holds_it_to_that(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    look(company, "2026-11-23 09:00")
    look(company, "2026-12-03 09:00")
    posted, skipped = in_ledger(company)
    assert (posted.action, posted.period, posted.amount_micros, posted.team_id) == (
        *("digest.posted", "2026-W47"),
        *(3 * USD, "team_1"),
    )
    assert (skipped.action, skipped.period, skipped.amount_micros) == ("digest.skipped", "2026-W48", None)
    assert verify(company.books).ok
    with company.books.transaction() as session:
        session.execute(text("DELETE FROM digests WHERE week = '2026-W47'"))
    assert [line for line in verify(company.books).lines if line.startswith("digests")] == [
        "digests, digest:team:team_1:2026-W47: expected a digest, is none."
    ]


def test_figures_are_kept_as_they_were_posted_whatever_is_restated(company: Company) -> None:
    key = begin(company)
    spend(company, key, 3, "2026-11-20 15:00")
    look(company, "2026-11-23 09:00")
    spend(company, key, 5, "2026-11-21 15:00")
    look(company, "2026-11-23 12:00")
    kept = of(company, W47)
    assert kept is not None
    assert (kept.figures.totals.cost_micros, kept.figures) == (3 * USD, told(company)[0].digest.figures)
    assert total(kept.figures.days) == kept.figures.totals
    with company.books.reading() as session:
        assert digests.from_json(digests.to_json(kept.figures)) == kept.figures
        assert digests.of_week(session, Audience.TEAM, "team_1", W48) is None
        assert outbox.dead(session) == []


def test_a_quiet_week_has_neither_chart_nor_table(company: Company) -> None:
    begin(company)
    look(company, "2026-11-23 09:00")
    (notice,) = told(company)
    assert notice.digest.figures.is_quiet
    assert company.notifier.files == []


def test_what_goes_wrong_with_one_team_does_not_keep_another_from_its_digest(company: Company) -> None:
    class Ids:
        """Fails for the first digest that is made: that of team data, the first by name."""

        def __init__(self) -> None:
            self.failed = False

        def new(self, noun: str) -> str:
            if noun == "digest" and not self.failed:
                self.failed = True
                raise RuntimeError("no id")
            return company.ids.new(noun)

        def suffix(self) -> str:
            return company.ids.suffix()

    begin(company)
    teams.create(company.purser, company.actor(OLGA), "C0DATA", "data", USD)
    company.purser = replace(company.purser, ids=Ids())
    with pytest.raises(RuntimeError, match="no id"):
        look(company, "2026-11-23 09:00")
    company.perform()
    assert weeks_told(company) == [FIRST]
    assert weeks_told(company, "channel:C0DATA") == []
    look(company, "2026-11-23 09:01")
    assert weeks_told(company, "channel:C0DATA") == [FIRST]
