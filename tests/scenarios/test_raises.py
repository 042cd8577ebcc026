"""Raises: asked for on any limit, decided in the thread, and over by themselves when their time is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons

OWN = "Nobody"


def ask(desk: Desk, line: str, person: str = "ana") -> Message:
    """Ask for a raise; the new card."""
    before = len(desk.office.cards())
    assert desk.who(person).command(f"/ai-budget raise {line}", channel="search").ok
    desk.sees(lambda: len(desk.office.cards()) > before or None)
    desk.settle()
    return desk.office.cards()[-1]


def day(desk: Desk, ahead: int) -> str:
    """A day from now, as people type it."""
    return f"{desk.at() + timedelta(days=ahead):%Y-%m-%d}"


def words(desk: Desk, ahead: int) -> str:
    """The same day as Purser writes it."""
    return f"{desk.at() + timedelta(days=ahead):%-d %B %Y}"


def test_a_raise_of_the_team_is_decided_in_the_thread_and_falls_back_by_itself(desk_each_way: Desk) -> None:
    desk = desk_each_way
    until = words(desk, 3)
    card = ask(desk, f"$200 team until {day(desk, 3)} launch week")
    receipt = desk.ephemerals("ana")[-1]
    assert f"$200 more a month for team `search`, through {until} (UTC)" in receipt
    assert "Asked @olga and @omar" in receipt
    said = desk.text(card)
    assert "$500, then $700 a month" in said
    assert "“launch week”" in said
    assert buttons(card) == ["Approve", "Approve with changes", "Deny"]

    desk.replies("omar", card, "approve")
    assert f"The budget of team `search` is $700 a month through {until} (UTC)" in desk.card_says(card, "Approved by")
    line = desk.thread_says(
        card, f"Approved by @omar. Raised: the budget of team `search` is $700 a month through {until}"
    )
    assert [said for said in desk.thread(card) if "$700" in said] == [line], "one line says both"
    desk.dm("ana", "Your raise stands.")
    shown = desk.types("ana", "/ai-budget")
    assert "*$700 left* of $700 a month" in shown
    assert f"$200 of it is a raise through {until} (UTC)." in shown

    desk.watch(days=4)
    desk.thread_says(card, "The raise of $200 for team `search` is over: the limit is $500 a month again.")
    desk.dm("ana", "is over")
    assert "of $500 a month" in desk.types("ana", "/ai-budget")
    assert "is over" in desk.text(desk.now(card))


def test_a_raise_approved_with_changes_in_the_thread_and_in_the_form(desk: Desk) -> None:
    typed = ask(desk, "$200 team launch week")
    desk.replies("omar", typed, f"approve $100 until {day(desk, 5)}")
    said = desk.card_says(typed, "Approved by @omar")
    assert f"The budget of team `search` is $600 a month through {words(desk, 5)} (UTC)" in said
    assert "Asked for was $200 more a month for team `search`" in said

    card = ask(desk, "to $800 team more of it")
    desk.clicks("olga", "Approve with changes", card)
    olga = desk.who("olga")
    form = desk.modal("olga", "You approve this instead")
    assert "By how much, in US dollars: ($200)" in desk.text(form)
    assert olga.submit(form, {"cap": "$50", "Until": day(desk, 2)}).ok
    assert "is $650 a month" in desk.card_says(card, "Approved by @olga")


def test_a_raise_that_is_denied_changes_nothing_and_says_why(desk: Desk) -> None:
    card = ask(desk, "$200 team launch week")
    desk.replies("omar", card, "deny wait for December")
    desk.card_says(card, "Denied by @omar: “wait for December”.")
    assert "ask again with `/ai-budget raise`" in desk.text(desk.dm("ana", "was not approved"))
    assert "*$500 left* of $500 a month" in desk.types("ana", "/ai-budget")


def test_nobody_decides_their_own_raise(desk: Desk) -> None:
    card = ask(desk, "$200 team launch week", "omar")
    assert OWN in desk.presses("omar", "Approve", card)
    desk.types("olga", "/ai-budget set @omar $50")
    own = ask(desk, "$20 a larger trial", "omar")
    assert "@omar" in desk.text(own)
    assert OWN in desk.presses("omar", "Approve", own)
    desk.clicks("olga", "Approve", own)
    assert "The personal budget of @omar is $70 a month" in desk.card_says(own, "Approved by @olga")


def test_without_a_word_the_raise_is_of_ones_own_budget_if_there_is_one(desk: Desk) -> None:
    assert "for team `search`" in desk.text(ask(desk, "$20 a larger trial"))
    desk.types("olga", "/ai-budget set @ben $50")
    card = ask(desk, "$20 a larger trial", "ben")
    assert "$20 more a month for @ben" in desk.text(card)
    month_end = (desk.at().replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    assert f"through {month_end:%-d %B %Y} (UTC)" in desk.text(card)  # none was typed


def test_a_raise_of_a_project_and_two_owners_above_the_threshold(desk: Desk) -> None:
    desk.types("olga", "/ai-team project reranker $100 @ben")
    card = ask(desk, "$100 project reranker launch week")
    desk.clicks("omar", "Approve", card)
    assert "The budget of project `reranker` is $200 a month" in desk.card_says(card, "Approved by @omar")
    large = ask(desk, "$1000 team launch week")
    desk.clicks("omar", "Approve", large)
    desk.card_says(large, "1 of 2")
    desk.clicks("olga", "Approve", large)
    assert "The budget of team `search` is $1,500 a month" in desk.card_says(large, "Approved by @omar and @olga")


def test_a_raise_of_a_key_is_set_at_the_gateway_and_taken_back_there(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label, secret = desk.key("$20 20d evaluate rerankers")
    card = ask(desk, f"$10 {label} until {day(desk, 3)} one more run")
    assert f"$10 more in total for `{label}`" in desk.text(card)
    desk.clicks("omar", "Approve", card)
    desk.card_says(card, f"The cap of `{label}` is $30 in total")
    desk.settle()
    assert desk.gateway.live_keys()[0].max_budget == 30.0
    assert desk.spends(secret, 22).status_code == 200
    desk.watch()
    assert "spent $22 of $30 in total" in desk.types("ana", "/ai-key list")

    desk.watch(days=4)
    desk.settle()
    assert desk.gateway.keys[0].max_budget == 20.0
    desk.thread_says(card, "The raise of $10")
    desk.dm("ana", "is used up")  # more was spent than the cap that holds again
    assert desk.office.chat(secret).status_code in (400, 401, 422, 429)


def test_a_raise_of_a_day_only_for_automation(desk: Desk) -> None:
    label, _ = desk.key("automation nightly-evals $200 $10/day @omar nightly evaluation")
    card = ask(desk, f"to $15/day {label} for 3d larger runs")
    assert f"$5 more a day for `{label}`" in desk.text(card)
    desk.clicks("olga", "Approve", card)
    desk.card_says(card, f"The cap per day of `{label}` is $15 a day")
    desk.settle()
    assert "today" in desk.types("ana", "/ai-key list") or "$15 a day" in desk.types("ana", "/ai-budget")


def test_the_form_for_a_raise(desk_each_way: Desk) -> None:
    desk = desk_each_way
    ana = desk.who("ana")
    ana.command("/ai-budget raise", channel="search")
    form = desk.modal("ana", "Ask for a raise")
    assert "Team search: $500 left of $500 a month" in desk.text(form)
    wrong = ana.submit(form, {"By how much, in US dollars": "lots", "What is it for?": "x"})
    assert wrong.errors == {
        "cap": "Amounts look like $25 or $12.50.",
        "reason": "Say in a few words what it is for.",
    }
    past = ana.submit(form, {"cap": "$200", "Until": "2020-01-01", "reason": "launch week"})
    assert past.errors.get("until"), past
    assert ana.submit(form, {"Until": day(desk, 5)}).ok
    sent = desk.modal("ana", "Request sent")
    assert f"$200 more a month for team `search`, through {words(desk, 5)} (UTC)" in desk.text(sent)
    card = desk.office.card()
    desk.clicks("omar", "Approve", card)
    desk.card_says(card, "Approved by @omar")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("$200 project none launch week", "no projects"),
        ("$20 zed-9999 launch week", "zed-9999"),
        ("to $400 team launch week", "$500"),
        ("$20 @ben launch week", "Only they themselves or an owner"),
    ],
)
def test_what_cannot_be_raised_is_said_in_one_line(desk: Desk, line: str, answer: str) -> None:
    said = desk.types("ana", f"/ai-budget raise {line}")
    assert answer in said
    assert "\n" not in said
    assert desk.office.cards() == []
