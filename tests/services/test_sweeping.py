"""The daily sweep: whoever left unnoticed is off-boarded, nobody else is, and it goes on after whatever happens."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.domain.keys import KeyState, OffCause
from bot.domain.offboarding import Source, Trip
from bot.domain.people import Member
from bot.domain.sweeps import SweepState
from bot.services import leaving, sweeping
from bot.services.failpoints import Failpoint
from bot.services.ports import DeliveryError, FailureKind
from bot.services.sweeping_reading import PAGES_AT_ONCE, PAUSE_SECONDS
from storage import people, sweep_people
from tests.company import ANA, BEN, EVE, GUS, OLGA, OMAR, Company
from tests.fakes import Clock, Directory, Ids
from tests.services import kit
from tests.services.sweep_kit import all_sweeps, crowd, latest, leave, left, resume, rows, sweep, told


def test_whoever_left_unnoticed_loses_their_keys_with_proof(company_anywhere: Company) -> None:
    company = company_anywhere
    key = kit.held(company, ANA)
    leave(company, ANA)
    assert sweep(company).state is SweepState.DONE
    company.perform()
    gone = kit.key(company, key.id)
    assert (gone.state, gone.off_cause) == (KeyState.DISABLED, OffCause.LEFT)
    assert company.gateway.on() == []
    assert [(one.member_id, one.source, one.noticed_by) for one in left(company)] == [(ANA.id, Source.SWEEP, "purser")]


def test_nobody_who_is_here_is_touched(company: Company) -> None:
    kit.held(company, ANA)
    assert sweep(company).state is SweepState.DONE
    assert left(company) == []
    assert len(company.gateway.on()) == 1


def test_a_quiet_sweep_is_one_row_of_the_ledger_and_no_message(company: Company) -> None:
    sweep(company)
    assert [row.reason for row in rows(company, "sweep.done")] == ["7 listed: 0 gone, 0 here again, 0 back"]
    assert company.notifier.sweeps == []


def test_a_sweep_starts_a_day_after_the_last_one_and_not_before(company: Company) -> None:
    sweeping.sweep(company.purser)
    first = latest(company)
    company.clock.advance(hours=23, minutes=59)
    sweeping.sweep(company.purser)
    assert latest(company).id == first.id
    company.clock.advance(minutes=1)
    sweeping.sweep(company.purser)
    assert latest(company).id != first.id


def test_days_without_purser_are_made_up_for_by_one_sweep_and_no_alarm(company: Company) -> None:
    sweep(company)
    company.clock.advance(days=30)
    resume(company)
    assert all_sweeps(company) == ["done", "done"]
    assert told(company, OLGA) == []


def test_no_sweep_comes_where_policy_wants_none(company: Company) -> None:
    kit.choose(company, sweeps=False)
    leave(company, ANA)
    company.clock.advance(days=2)
    sweeping.sweep(company.purser)
    assert company.directory.pages_read == []


def test_somebody_back_is_known_as_present_and_gets_nothing_back(company: Company) -> None:
    key = kit.held(company, ANA)
    leave(company, ANA)
    sweep(company)
    company.directory.change(ANA.id, is_departed=False)
    assert sweep(company).state is SweepState.DONE
    with company.books.reading() as session:
        assert not (people.member(session, ANA.id) or ANA).is_departed
    assert kit.key(company, key.id).state is KeyState.DISABLED


def test_whom_a_feed_told_of_stays_out_though_slack_lists_them(company: Company) -> None:
    leaving.notice(company.purser, ANA.id, Source.FEED, by=OLGA.id)
    sweep(company)
    with company.books.reading() as session:
        person = people.member(session, ANA.id)
    assert person is not None
    assert person.is_departed
    assert "1 back" not in rows(company, "sweep.done")[0].reason


def test_keys_of_somebody_long_known_as_departed_are_found(company: Company) -> None:
    """Their account was written down as deactivated, and nobody ever did anything about it."""
    key = kit.held(company, ANA)
    leave(company, ANA)
    with company.books.transaction() as session:
        people.set_departed(session, ANA.id, departed=True)
    sweep(company)
    company.perform()
    assert kit.key(company, key.id).off_cause is OffCause.LEFT


def test_strangers_and_bots_are_none_of_its_business(company: Company) -> None:
    """Eve is of another workspace and Robo a bot, both known; neither counts, whatever becomes of them."""
    with company.books.transaction() as session:
        for one in (EVE, GUS):
            people.save_member(session, one, company.clock.now())
    leave(company, EVE)
    del company.directory.everybody[EVE.id]
    assert sweep(company).state is SweepState.DONE
    assert left(company) == []


def test_who_is_not_listed_but_known_by_name_is_present(company: Company) -> None:
    company.directory.unlisted = {ANA.id, BEN.id}
    leave(company, BEN)
    assert sweep(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [BEN.id]


def test_people_told_twice_and_over_pages_change_nothing(company: Company) -> None:
    kit.held(company, ANA)
    leave(company, ANA)
    company.directory.page_people = 2
    company.directory.repeated = {ANA.id, BEN.id}
    assert sweep(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [ANA.id]


def test_who_is_here_again_by_the_time_of_acting_is_left_alone(company: Company) -> None:
    leave(company, ANA)
    company.clock.advance(days=1)
    with company.crashing(Failpoint.AFTER_SWEEP_PAGE, down_seconds=300):
        sweeping.sweep(company.purser)
    company.directory.change(ANA.id, is_departed=False)
    assert resume(company).state is SweepState.DONE
    assert left(company) == []
    assert "1 here again" in rows(company, "sweep.done")[0].reason


# --- pace, outages, lost places ---


def test_pages_are_read_more_slowly_than_slack_allows(company: Company) -> None:
    crowd(company, 40)
    company.directory.page_people = 1
    company.clock.advance(days=1)
    sweeping.sweep(company.purser)
    assert len(company.directory.pages_read) == PAGES_AT_ONCE
    sweeping.sweep(company.purser)
    assert len(company.directory.pages_read) == PAGES_AT_ONCE
    company.clock.advance(seconds=PAUSE_SECONDS)
    sweeping.sweep(company.purser)
    assert len(company.directory.pages_read) == 2 * PAGES_AT_ONCE


def test_slack_is_left_alone_for_as_long_as_it_asks_for(company: Company) -> None:
    company.directory.limited_seconds = [120]
    company.clock.advance(days=1)
    sweeping.sweep(company.purser)
    company.clock.advance(seconds=119)
    sweeping.sweep(company.purser)
    assert len(company.directory.pages_read) == 1
    company.clock.advance(seconds=2)
    sweeping.sweep(company.purser)
    assert latest(company).state is SweepState.DONE


def test_a_lost_place_is_read_anew_once_and_finds_everybody_once(company: Company) -> None:
    crowd(company, 10)
    leave(company, ANA)
    company.directory.page_people = 3
    company.directory.cursors_lost = 1
    assert sweep(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [ANA.id]
    assert latest(company).listed == len(company.directory.everybody)


def test_a_place_lost_twice_ends_the_sweep_and_the_next_day_tries_again(company: Company) -> None:
    company.directory.page_people = 3
    company.directory.cursors_lost = 2
    assert sweep(company).state is SweepState.FAILED
    assert sweep(company).state is SweepState.DONE


def test_an_outage_is_waited_for(company: Company) -> None:
    leave(company, ANA)
    company.directory.down = True
    company.clock.advance(days=1)
    for _ in range(5):
        sweeping.sweep(company.purser)
        company.clock.advance(seconds=61)
    assert left(company) == []
    company.directory.down = False
    assert resume(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [ANA.id]


def test_owners_hear_once_of_a_day_without_a_sweep(company: Company) -> None:
    sweep(company)
    company.directory.down = True
    for _ in range(80):
        company.clock.advance(hours=1)
        sweeping.sweep(company.purser)
    company.perform()
    assert told(company, OLGA) == ["late"]
    company.directory.down = False
    company.clock.advance(hours=1)
    assert resume(company).state is SweepState.DONE


# --- killed, and two of them ---


@pytest.mark.parametrize("page_people", [1, 3, 200])
@pytest.mark.parametrize(
    "point", [Failpoint.AFTER_SWEEP_PAGE, Failpoint.AFTER_SWEEP_PERSON, Failpoint.AFTER_LEFT_COMMIT]
)
def test_a_sweep_killed_anywhere_goes_on_without_repeating_or_skipping(
    company_anywhere: Company, point: str, page_people: int
) -> None:
    company = company_anywhere
    new = crowd(company, 8)
    leave(company, *new[2:6])
    company.directory.page_people = page_people
    company.clock.advance(days=1)
    with company.crashing(point, down_seconds=600):
        for _ in range(5):
            sweeping.sweep(company.purser)
            company.clock.advance(seconds=61)
    assert resume(company).state is SweepState.DONE
    assert [one.member_id for one in left(company)] == [one.id for one in new[2:6]]
    assert latest(company).listed == len(company.directory.everybody)
    pages = company.directory.pages_read
    assert len(pages) == len(set(pages)), "a page was read twice"
    assert all_sweeps(company) == ["done"]


def test_of_two_replicas_one_works_on_it(company_anywhere: Company) -> None:
    company = company_anywhere
    new = crowd(company, 12)
    leave(company, *new[:4])
    company.directory.page_people = 4
    company.clock.advance(days=1)
    start = threading.Barrier(2)

    def replica(_: int) -> None:
        start.wait(10)
        sweeping.sweep(company.purser)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(replica, range(2)))
    assert resume(company).state is SweepState.DONE
    pages = company.directory.pages_read
    assert len(pages) == len(set(pages)) == 5
    assert len(left(company)) == 4
    assert all_sweeps(company) == ["done"]


class Unlucky(Ids):
    """Fails for these departures, counted as they are tried."""

    def __init__(self, *fails: int) -> None:
        super().__init__()
        self.fails = fails

    def new(self, noun: str) -> str:
        made = super().new(noun)
        if noun == "departure" and self.counts[noun] in self.fails:
            raise LookupError(made)
        return f"{made}x"


def test_what_fails_for_one_is_done_for_the_others_tried_again_and_reported(company: Company) -> None:
    new = crowd(company, 4)
    leave(company, *new)
    company.purser = replace(company.purser, ids=Unlucky(2, 5))
    company.clock.advance(days=1)
    for _ in range(2):
        with pytest.raises(LookupError):
            sweeping.sweep(company.purser)
    assert [one.member_id for one in left(company)] == [new[number].id for number in (0, 2, 3)]
    assert resume(company).state is SweepState.DONE
    assert told(company, OLGA) == ["done"]
    assert "1 failed" in rows(company, "sweep.done")[0].reason
    sweep(company)
    assert len(left(company)) == 4


class Silent(Directory):
    """Tells nothing about one person when asked by name, whatever is tried."""

    hidden = ""

    def lookup(self, member_id: str) -> Member | None:
        if member_id == self.hidden:
            raise DeliveryError(FailureKind.PERMANENT, "Slack refused looking a person up: user_not_visible")
        return super().lookup(member_id)


def test_whom_slack_tells_nothing_about_keeps_nobody_else_from_being_off_boarded(company: Company) -> None:
    new = crowd(company, 3)
    leave(company, *new)
    directory = Silent(*company.directory.everybody.values())
    directory.hidden = min(one.id for one in new)
    company.purser = replace(company.purser, directory=directory)
    company.clock.advance(days=1)
    sweeping.sweep(company.purser)
    assert resume(company).state is SweepState.DONE
    assert {one.member_id for one in left(company)} == {one.id for one in new} - {directory.hidden}
    assert "1 failed" in rows(company, "sweep.done")[0].reason


def test_what_was_found_of_people_who_are_here_is_not_kept(company: Company) -> None:
    leave(company, ANA)
    swept = sweep(company)
    with company.books.reading() as session:
        assert sum(sweep_people.verdicts(session, swept.id).values()) == 1


def test_more_gone_than_the_fuse_lets_pass_stops_it(company: Company) -> None:
    new = crowd(company, 20)
    leave(company, *new[:6])
    swept = sweep(company)
    assert (swept.state, swept.trip) == (SweepState.PAUSED, Trip.PEOPLE)
    assert left(company) == []
    assert told(company, OLGA) == told(company, OMAR) == ["paused"]


def test_the_command_line_waits_for_a_sweep_that_the_running_bot_takes_over(company: Company) -> None:
    """The bot's job runs every minute beside it, and ends the sweep while the command waits."""
    crowd(company, 2 * PAGES_AT_ONCE)
    company.directory.page_people = 1
    slept: list[float] = []

    class Beside(Clock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            super().sleep(seconds)
            sweeping.sweep(bot)
            assert len(slept) < 100

    bot = company.purser
    beside = Beside(company.clock.now())
    bot = replace(bot, clock=beside)
    ended = sweeping.run_now(bot)
    assert ended is not None
    assert ended.state is SweepState.DONE
