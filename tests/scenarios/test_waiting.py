"""Unanswered requests: reminded, escalated, ended with notice; each once, whatever the clock does."""

from __future__ import annotations

from tests.scenarios.desk import Desk, buttons


def test_reminder_after_4_hours_next_owners_at_24_and_the_end_at_72_each_once(desk_on_each: Desk) -> None:
    desk = desk_on_each
    desk.types("omar", "/ai-team remove @olga")  # Olga is left as the workspace's owner
    card = desk.ask()
    stale = desk.slack.as_seen(card)
    desk.pass_time(hours=3, minutes=59)
    assert desk.thread(card) == []

    desk.pass_time(minutes=1, seconds=1)
    desk.pass_time(hours=10)
    (reminder,) = desk.thread(card)
    assert "@omar: @ana is still waiting for a temporary key ($25 in total, 7 days)" in reminder
    assert "it expires" in reminder

    assert desk.dms("olga") == []
    desk.pass_time(hours=10)
    desk.pass_time(hours=1)
    assert len(desk.thread(card)) == 2
    assert "@omar and @olga" in desk.thread(card)[-1]
    assert "Asked @omar and @olga" in desk.text(card)
    (asked,) = desk.who("olga").dms()
    assert "nobody has answered yet, so you are asked too" in desk.text(asked)
    assert "“evaluate rerankers”" in desk.text(asked)
    assert buttons(asked) == ["Approve", "Approve with changes", "Deny"]

    desk.pass_time(hours=47)
    desk.pass_time(hours=1)
    assert len(desk.thread(card)) == 3
    assert "Expired: nobody decided in time" in desk.thread(card)[-1]
    assert "Expired: nobody decided in time" in desk.text(card)
    assert buttons(card) == []
    (told,) = desk.dms("ana")
    assert "Nobody decided on your request" in told
    assert "`/ai-key $25 7d what it is for`" in told
    assert "has expired" in desk.presses("omar", "Approve", stale)
    desk.pass_time(hours=24)
    assert len(desk.thread(card)) == 3
    assert len(desk.dms("ana")) == 1


def test_the_escalated_owner_can_decide_from_the_direct_message(desk: Desk) -> None:
    desk.types("omar", "/ai-team remove @olga")
    card = desk.ask()
    desk.pass_time(hours=24, seconds=1)
    # The reminder was overtaken by the escalation: it is not sent late.
    assert len(desk.thread(card)) == 1
    desk.clicks("olga", "Approve", desk.who("olga").dms()[-1])
    desk.card_says(card, "Approved by @olga")
    desk.dm("ana", "You can have your key")


def test_a_request_decided_in_time_is_never_mentioned_again(desk: Desk) -> None:
    card = desk.ask()
    desk.replies("omar", card, "deny not now")
    desk.card_says(card, "Denied")
    desk.settle()
    said = desk.thread(card)
    desk.pass_time(hours=100)
    assert desk.thread(card) == said
    assert len(desk.dms("ana")) == 1
