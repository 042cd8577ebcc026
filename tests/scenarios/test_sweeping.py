"""The daily sweep: who left unheard is off-boarded, a doubtful list is not acted on, and owners decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor import examine
from bot.domain.keys import KeyState
from bot.domain.sweeps import Listing, Sweep, SweepState
from bot.playground.slack.faults import FaultKind
from bot.playground.slack.model import Message, User
from bot.services.sweeping_reading import PAGES_AT_ONCE
from bot.settings import load
from bot.slack.directory import PAGE_PEOPLE
from bot.sweep_cli import run
from storage import ledger, sweeps
from tests.faults import kit
from tests.office import Office
from tests.scenarios.desk import Desk, buttons, value_of

ASKS = "A sweep stopped and asks you"


@pytest.fixture
def crowded(desk: Desk) -> Desk:
    """Twenty more people in the team: enough that a few may leave at once."""
    add(desk, 20)
    return desk


def add(desk: Desk, count: int) -> list[str]:
    """So many more people, in Slack and in the team."""
    names = [f"new{number:02}" for number in range(count)]
    for name in names:
        desk.slack.add_user(name)
        desk.slack.invite("search", name)
    invited = " ".join(f"@{name}" for name in names)
    assert "Added to team" in desk.types("olga", f"/ai-team invite {invited}")
    return names


def goes_quietly(desk: Desk, *people: str) -> None:
    """Deactivated, and the event about it is lost."""
    for person in people:
        desk.slack.deactivate(person, quietly=True)


def sweeps_now(desk: Desk, **by: float) -> Sweep:
    """A day passes; the sweep of that day, once it is done or stopped."""
    desk.office.clock.advance(**(by or {"days": 1, "seconds": 1}))
    before = len(all_of(desk))
    desk.sees(lambda: len(all_of(desk)) > before)
    return comes_to_rest(desk)


def comes_to_rest(desk: Desk) -> Sweep:
    """The newest sweep, once nothing more happens with it by itself."""

    def resting() -> Sweep | None:
        with kit.looking(desk.office) as session:
            found = sweeps.latest(session, Listing.SLACK)
        return None if found is None or found.state in (SweepState.READING, SweepState.ACTING) else found

    found = desk.sees(resting)
    desk.settle()
    return found


def all_of(desk: Desk) -> list[str]:
    """What the ledger says of sweeps that ended or stopped."""
    with kit.looking(desk.office) as session:
        rows = [row.action for row in ledger.entries(session)]
    return [row for row in rows if row in ("sweep.done", "sweep.paused", "sweep.failed")]


def asks(desk: Desk, person: str) -> Message:
    """The message in which this owner is asked, as it stays on their screen."""
    return desk.slack.as_seen(desk.dm(person, ASKS))


def lists(desk: Desk) -> int:
    """How many pages of people Slack was asked for."""
    return len(desk.slack.calls("users.list"))


# --- what it finds ---


def test_whoever_left_unheard_loses_their_key_within_a_day_with_proof(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    goes_quietly(desk, "ana")
    assert desk.office.chat(secret).status_code == 200
    assert sweeps_now(desk).state is SweepState.DONE
    assert desk.office.chat(secret).status_code == 401
    (key,) = kit.keys_of(desk.office, "ana")
    assert (key.label, key.state) == (label, KeyState.DISABLED)
    desk.posted("left")


def test_nobody_who_is_here_notices_anything(desk: Desk) -> None:
    _, secret = desk.key()

    def read() -> tuple[object, ...]:
        posted = [card.text for card in desk.office.cards()]
        digests = [text for text in posted if text.startswith("Team search, ")]  # on whatever weekday this runs
        return desk.dms("olga"), desk.dms("omar"), desk.dms("ana"), len(posted) - len(digests)

    before = read()
    for _ in range(3):
        assert sweeps_now(desk).state is SweepState.DONE
    assert desk.office.chat(secret).status_code == 200
    assert read() == before


def test_a_list_that_ends_early_harms_nobody_whom_slack_knows_by_name(desk: Desk) -> None:
    _, secret = desk.key()
    goes_quietly(desk, "ben")
    desk.slack.fault(FaultKind.LIST_SHORT, "users.list", times=None)
    assert sweeps_now(desk).state is SweepState.DONE
    assert desk.office.chat(secret).status_code == 200
    assert [row.member_id for row in kit.rows(desk.office, action="member.left")] == [desk.who("ben").id]


def test_people_told_twice_over_pages_change_nothing(desk: Desk) -> None:
    _, secret = desk.key()
    for number in range(2 * PAGE_PEOPLE):
        desk.slack.add_user(f"zz{number:03}")
    goes_quietly(desk, "ben")
    desk.slack.fault(FaultKind.LIST_REPEATED, "users.list", times=None)
    assert sweeps_now(desk).state is SweepState.DONE
    assert desk.office.chat(secret).status_code == 200
    assert len(kit.rows(desk.office, action="member.left")) == 1


def test_a_list_without_people_whom_nobody_knows_is_not_acted_on(desk: Desk) -> None:
    _, secret = desk.key()
    goes_quietly(desk, "ben")
    ana = desk.slack.person("ana").id
    desk.slack.fault(FaultKind.PEOPLE_HIDDEN, "users.list", times=None, users=[ana])
    assert sweeps_now(desk).state is SweepState.PAUSED
    assert "came back short" in desk.text(asks(desk, "olga"))
    assert "Missing: 1." in desk.text(asks(desk, "omar"))
    desk.clicks("olga", "Agree", asks(desk, "olga"))
    desk.settle()
    desk.clicks("omar", "Agree", asks(desk, "omar"))
    goes_on(desk)
    assert desk.office.chat(secret).status_code == 200
    assert [row.member_id for row in kit.rows(desk.office, action="member.left")] == [desk.slack.person("ben").id]


def test_a_list_of_another_workspace_is_not_acted_on(desk: Desk) -> None:
    _, secret = desk.key()
    goes_quietly(desk, "ben")
    desk.slack.fault(FaultKind.LIST_FOREIGN, "users.list", times=None)
    assert sweeps_now(desk).state is SweepState.PAUSED
    assert "under another workspace" in desk.text(asks(desk, "olga"))
    assert desk.office.chat(secret).status_code == 200
    desk.slack.world.faults.clear()
    assert sweeps_now(desk).state is SweepState.DONE
    assert len(kit.rows(desk.office, action="member.left")) == 1


# --- owners decide ---


def goes_on(desk: Desk) -> None:
    """A minute later the sweep that was agreed to is done."""
    desk.settle()
    desk.office.clock.advance(minutes=1)
    assert comes_to_rest(desk).state is SweepState.DONE


def test_six_gone_at_once_stop_it_until_two_owners_agree(crowded: Desk) -> None:
    desk = crowded
    gone = [f"new{number:02}" for number in range(6)]
    goes_quietly(desk, *gone)
    assert sweeps_now(desk).state is SweepState.PAUSED
    asked = asks(desk, "olga")
    assert buttons(asked) == ["Agree", "Call off"]
    assert "Gone: 6 of 24" in desk.text(asked)
    desk.clicks("olga", "Agree", asked)
    desk.settle()
    assert "one more owner has to" in desk.text(desk.now(asked))
    assert "You have agreed already" in desk.presses("olga", "Agree", asked)
    other = asks(desk, "omar")
    desk.dm("omar", "agreed to the sweep that stopped")
    desk.clicks("omar", "Agree", other)
    goes_on(desk)
    assert len(kit.rows(desk.office, action="member.left")) == 6
    for owner in ("olga", "omar"):
        desk.dm(owner, "6 people were off-boarded.")


def test_one_owner_calls_it_off_and_old_buttons_say_so(crowded: Desk) -> None:
    desk = crowded
    goes_quietly(desk, *[f"new{number:02}" for number in range(6)])
    sweeps_now(desk)
    olgas, omars = asks(desk, "olga"), asks(desk, "omar")
    desk.clicks("omar", "Call off", omars)
    desk.settle()
    assert "The sweep was called off" in desk.text(desk.now(omars))
    desk.dm("olga", "called the sweep off")
    assert "This sweep was called off" in desk.presses("olga", "Agree", olgas)
    assert kit.rows(desk.office, action="member.left") == []


def test_the_next_days_sweep_takes_the_place_of_one_that_waits(crowded: Desk) -> None:
    desk = crowded
    goes_quietly(desk, *[f"new{number:02}" for number in range(6)])
    sweeps_now(desk)
    old = asks(desk, "olga")
    assert sweeps_now(desk).state is SweepState.PAUSED
    desk.dm("olga", "a newer one has taken its place")
    assert "A newer sweep has taken the place of this one" in desk.presses("olga", "Agree", old)
    assert value_of(asks(desk, "olga"), "Agree") != value_of(old, "Agree")


def test_who_is_here_again_by_then_is_left_alone(crowded: Desk) -> None:
    desk = crowded
    _, secret = desk.key("$25 7d one more try", "new00")
    goes_quietly(desk, *[f"new{number:02}" for number in range(6)])
    sweeps_now(desk)
    desk.slack.state.user("new00").deleted = False
    desk.clicks("olga", "Agree", asks(desk, "olga"))
    desk.clicks("omar", "Agree", asks(desk, "omar"))
    goes_on(desk)
    desk.dm("olga", "5 people were off-boarded; 1 here again and left alone")
    assert desk.office.chat(secret).status_code == 200


# --- going on ---


def test_a_restart_goes_on_at_the_page_where_it_was(sqlite_url: str, tmp_path: Path) -> None:
    """More people than are read in one go, and Purser stops before the rest."""
    with Office(sqlite_url, tmp_path) as office:
        first = office.open()
        office.found_team()
        for number in range(PAGES_AT_ONCE * PAGE_PEOPLE):
            name = f"zz{number:05}"
            office.slack.state.users[f"U0{name.upper()}"] = User(f"U0{name.upper()}", name, name, name, "")
        office.slack.deactivate("ben", quietly=True)
        office.clock.advance(days=1)
        office.sees(lambda: len(office.slack.calls("users.list")) == PAGES_AT_ONCE)
        first.stop()
        office.open()
        office.clock.advance(minutes=2)
        office.sees(lambda: kit.rows(office, action="sweep.done"))
        cursors = [call.get("cursor") for call in office.slack.calls("users.list")]
        assert len(cursors) == len(set(cursors)) == PAGES_AT_ONCE + 1
        assert len(kit.rows(office, action="member.left")) == 1


def test_slack_that_asks_to_slow_down_is_left_alone_for_as_long(desk: Desk) -> None:
    desk.slack.fault(FaultKind.RATE_LIMITED, "users.list", times=1, retry_after_seconds=240)
    before = lists(desk)
    desk.office.clock.advance(days=1, seconds=1)
    desk.sees(lambda: lists(desk) == before + 1)
    desk.office.clock.advance(minutes=2)
    desk.settle()
    assert lists(desk) == before + 1
    desk.office.clock.advance(minutes=5)  # the time may have begun only after the two minutes
    assert comes_to_rest(desk).state is SweepState.DONE


def test_a_slack_that_refuses_for_a_day_is_told_once_and_shown_by_the_doctor(desk: Desk) -> None:
    sweeps_now(desk)
    desk.slack.fault(FaultKind.REFUSE, "users.list", times=None, error="missing_scope")
    for hours in (25, 3, 3, 3):
        before = lists(desk)
        desk.office.clock.advance(hours=hours)
        desk.sees(lambda before=before: lists(desk) > before)  # type: ignore[misc]
        desk.settle()
    desk.dm("olga", "For more than a day no sweep has come to its end")
    assert sum("no sweep has come to its end" in said for said in desk.dms("olga")) == 1
    configuration = load(http=True, **desk.office.settings())  # type: ignore[arg-type]
    (finding,) = [one for one in examine(configuration) if one.what == "Daily sweep"]
    assert not finding.ok
    assert "missing_scope" in finding.found
    desk.slack.world.faults.clear()
    desk.office.clock.advance(hours=1)
    assert comes_to_rest(desk).state is SweepState.DONE
    desk.slack.clear_violations()


# --- looking ---


def test_an_owner_sees_what_a_sweep_would_do_and_nothing_is_done(desk: Desk) -> None:
    _, secret = desk.key()
    goes_quietly(desk, "ana")
    said = desk.types("omar", "/ai-team sweep")
    assert f"Gone: 1 of 4: <@{desk.slack.person('ana').id}>" in said or "Gone: 1 of 4: @ana" in said
    assert "1 key of their own would go off" in said
    assert "It would go on by itself" in said
    desk.settle()
    assert desk.office.chat(secret).status_code == 200


def test_finance_sees_it_and_members_are_told_who_may(desk: Desk) -> None:
    assert "What a sweep would do now" in desk.types("fay", "/ai-team sweep")
    assert "Only owners of a team or the workspace, and finance" in desk.types("ana", "/ai-team sweep")


def test_whoever_may_decide_finds_the_buttons_there_as_well(crowded: Desk) -> None:
    desk = crowded
    goes_quietly(desk, *[f"new{number:02}" for number in range(6)])
    sweeps_now(desk)
    assert "waits for two owners" in desk.types("fay", "/ai-team sweep")
    assert buttons(desk.who("fay").ephemerals("search")[-1]) == []
    desk.types("olga", "/ai-team sweep")
    shown = desk.who("olga").ephemerals("search")[-1]
    assert buttons(shown) == ["Agree", "Call off"]
    assert "was called off" in desk.presses_in("olga", "Call off", shown)


def test_the_command_line_shows_the_same_with_names_and_sweeps_at_once(desk: Desk) -> None:
    _, secret = desk.key()
    goes_quietly(desk, "ana")
    said: list[str] = []
    purser = desk.bot.running.purser
    assert run(purser, said.append, dry_run=True) == 0
    assert "Gone: 1 of 4: Ana" in said[0]
    assert desk.office.chat(secret).status_code == 200
    assert run(purser, said.append, dry_run=False) == 0
    assert "1 person was off-boarded" in said[-1]
    desk.settle()
    assert desk.office.chat(secret).status_code == 401
