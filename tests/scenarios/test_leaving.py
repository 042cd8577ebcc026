"""Somebody leaves: Slack says so, and within seconds nothing of theirs works any more; over the wire."""

from __future__ import annotations

import pytest

from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons
from tests.scenarios.test_two_owners import ask as ask_data
from tests.scenarios.test_two_owners import big

__all__ = ["big"]


def leaves(desk: Desk, person: str) -> None:
    """An administrator deactivates the account; Slack says so, and Purser has done all that follows."""
    desk.slack.deactivate(person)
    desk.settle()


def returns(desk: Desk, person: str) -> None:
    desk.slack.reactivate(person)
    desk.settle()


def team_key(desk: Desk, line: str, person: str = "ana") -> str:
    """A key from ask to reveal, typed in full; its secret."""
    return desk.office.key(line, person)


def told_of(desk: Desk, name: str) -> Message:
    """The channel's message about somebody who left."""
    return desk.posted(f"{name}) left.")


def test_within_seconds_a_leavers_key_is_refused_and_everybody_can_read_why(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label, secret = desk.key()
    card = desk.office.card()
    assert desk.office.chat(secret).status_code == 200
    before = len(desk.dms("ana"))
    leaves(desk, "ana")
    assert desk.office.chat(secret).status_code == 401
    desk.card_says(card, "Ana left")
    assert label in desk.text(told_of(desk, "@ana"))
    assert len(desk.dms("ana")) == before


def test_a_guest_whose_time_is_over_has_left(desk: Desk) -> None:
    desk.types("olga", "/ai-team invite @gus")
    _, secret = desk.key("$10 7d a review", "gus")
    leaves(desk, "gus")
    assert desk.office.chat(secret).status_code == 401


def test_a_rename_and_becoming_a_guest_turn_nothing_off(desk: Desk) -> None:
    _, secret = desk.key()
    desk.slack.change_user("ana", real_name="Ana Sato")
    desk.slack.change_user("ana", is_restricted=True)
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    assert desk.count("left.") == 0


def test_an_event_that_gets_lost_is_made_up_for_when_somebody_names_them(desk: Desk) -> None:
    _, secret = desk.key()
    desk.slack.deactivate("ana", quietly=True)
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    desk.office.clock.advance(minutes=6)
    desk.types("olga", "/ai-team invite @ana")
    desk.settle()
    assert desk.office.chat(secret).status_code == 401


def test_a_lead_who_leaves_with_ten_automation_keys_leaves_ten_that_work(desk: Desk) -> None:
    desk.types("olga", "/ai-team owner @ben")
    secrets = [
        team_key(desk, f"automation evals-{number} $10 $5/day @ben run the evals") for number in range(10)
    ]  # fmt: skip
    leaves(desk, "ben")
    assert {desk.office.chat(secret).status_code for secret in secrets} == {200}
    said = desk.text(told_of(desk, "@ben"))
    assert "10 keys work on and wait for somebody to answer for them." in said
    for number in range(10):
        assert f"evals-{number}" in said


def test_the_last_owner_of_a_team_leaves_and_the_workspaces_owners_decide(desk: Desk) -> None:
    desk.slack.invite_bot("general")
    desk.types("olga", "/ai-team create data $900", "general")
    desk.types("olga", "/ai-team owner @omar", "general")
    desk.types("olga", "/ai-team invite @ana", "general")
    desk.types("olga", "/ai-team remove @olga", "general")
    card = ask_data(desk, "$5 1d a try")
    assert "Asked @omar." in desk.text(card)
    leaves(desk, "omar")
    desk.card_says(card, "Asked @olga.")
    desk.dm("olga", "Team `data` has no owner any more:")
    asked = desk.dm("olga", "@omar, who was asked, has left, so you are asked now.")
    desk.clicks("olga", "Approve", asked)
    desk.card_says(card, "Approved by @olga.")


def test_an_owner_who_leaves_after_agreeing_first_does_not_count(big: Desk) -> None:
    card = ask_data(big, "$1000 7d a big evaluation")
    big.clicks("omar", "Approve", card)
    big.card_says(card, "Approved by @omar: 1 of 2")
    leaves(big, "omar")
    big.card_says(card, "Waiting for 2 owners to agree. Asked @olga and @fay.")
    assert "@omar has left, so what they approved counts no more." in big.thread(card)[-1]
    big.clicks("olga", "Approve", card)
    big.card_says(card, "Approved by @olga: 1 of 2, one more owner has to agree. Asked @fay.")
    big.clicks("fay", "Approve", card)
    big.card_says(card, "Approved by @olga and @fay.")


def test_what_a_leaver_asked_for_closes(desk: Desk) -> None:
    waiting = desk.ask("$5 1d a try", "ana")
    stale = desk.slack.as_seen(waiting)
    leaves(desk, "ana")
    desk.card_says(waiting, "Closed: @ana has left. No key was made.")
    assert buttons(desk.now(waiting)) == []
    desk.replies("omar", waiting, "approve")
    desk.sees(lambda: desk.ephemerals("omar"))
    assert desk.ephemerals("omar")[-1] == "Closed: @ana has left. No key was made."
    assert desk.presses("omar", "Deny", stale) == "Closed: @ana has left. No key was made."
    assert desk.gateway.live_keys() == []


def test_coming_back_brings_nothing_back_and_one_restore_does(desk_on_each: Desk) -> None:
    desk = desk_on_each
    _, secret = desk.key()
    leaves(desk, "ana")
    told = told_of(desk, "@ana")
    assert buttons(desk.now(told)) == []
    returns(desk, "ana")
    stale = desk.slack.as_seen(desk.now(told))
    assert desk.office.chat(secret).status_code == 401
    desk.presses("omar", "Restore", desk.now(told))
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    desk.dm("ana", "was restored by @omar")
    assert "restored already by @omar" in desk.presses("omar", "Restore", stale)


def test_while_slack_says_deactivated_a_button_from_before_restores_nothing(desk: Desk) -> None:
    _, secret = desk.key()
    leaves(desk, "ana")
    returns(desk, "ana")
    stale = desk.slack.as_seen(told_of(desk, "@ana"))
    desk.slack.deactivate("ana", quietly=True)
    assert "Slack still says that @ana is deactivated." in desk.presses("omar", "Restore", stale)
    assert desk.office.chat(secret).status_code == 401


@pytest.mark.parametrize("who", ["ben", "gus"])
def test_only_owners_restore(desk: Desk, who: str) -> None:
    desk.key()
    leaves(desk, "ana")
    returns(desk, "ana")
    told = told_of(desk, "@ana")
    said = desk.presses(who, "Restore", desk.now(told))
    assert "owner" in said.lower()
