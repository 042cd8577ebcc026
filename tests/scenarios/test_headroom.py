"""The team's monthly budget: never promised twice, and always said how much is left."""

from __future__ import annotations

from tests.scenarios.desk import Desk


def test_an_ask_that_does_not_fit_is_refused_with_what_is_left(desk: Desk) -> None:
    said = desk.types("ana", "/ai-key $500.01 7d the whole of it")
    assert said.startswith("Only $500 is left in team search's budget of $500 until 1 ")
    assert "this asks for $500.01" in said
    assert desk.office.cards() == []

    desk.office.approve(desk.ask("$300 7d the most of it"))
    said = desk.types("ben", "/ai-key $201 7d some more")
    assert "Only $200 is left" in said
    assert "$0 after this" in desk.types("ben", "/ai-key $200 7d some more")


def test_two_asks_that_do_not_fit_together_are_not_both_approved(desk_on_each: Desk) -> None:
    desk = desk_on_each
    first, second = desk.ask("$300 1d rerankers"), desk.ask("$250 1d embeddings", "ben")
    desk.office.approve(first)
    said = desk.presses("omar", "Approve", second)
    assert "Only $200 is left" in said
    assert "this asks for $250" in said
    assert "Approve with changes to a smaller cap, or deny." in said
    assert "Waiting for an owner" in desk.text(second)

    # The same by form: the refusal stands beside the cap, and a smaller cap goes through.
    desk.clicks("olga", "Approve with changes", second)
    olga = desk.who("olga")
    form = desk.modal("olga", "You approve this instead")
    assert "Only $200 is left" in olga.submit(form, {"cap": "$200.01"}).errors["cap"]
    assert olga.submit(form, {"cap": "$200"}).ok
    desk.card_says(second, "Approved by @olga")
    assert "Only $0 is left" in desk.types("ana", "/ai-key $1 1d something small")


def test_what_was_spent_and_what_a_key_may_still_spend_both_count(desk: Desk) -> None:
    label, secret = desk.key("$100 7d evaluate rerankers")
    assert desk.office.chat(secret, "mock-expensive").status_code == 200
    spent = desk.gateway.live_keys()[0].live_spend
    assert spent > 0
    desk.pass_time(hours=1)  # spend is read every ten minutes
    desk.sees(lambda: "spent $0.0" in desk.types("ana", "/ai-key list") or None)

    # A key in use binds its cap and not its cap and its spend.
    assert "$400 left, of $500 a month" in desk.types("ana", "/ai-team")
    desk.types("ana", f"/ai-key return {label}")
    desk.settle()
    left = desk.types("ana", "/ai-team")
    assert f"${500 - spent:.2f} left" in left  # once it is off, only what it spent


def test_denied_cancelled_and_lapsed_requests_bind_nothing(desk: Desk) -> None:
    denied, cancelled = desk.ask("$400 1d one"), desk.ask("$400 1d two", "ben")
    desk.replies("omar", denied, "deny not now")
    desk.clicks("ben", "Cancel", desk.receipt("ben"))
    desk.card_says(denied, "Denied")
    desk.card_says(cancelled, "Cancelled")
    desk.office.approve(desk.ask("$400 1d three"))
    assert "Only $100 is left" in desk.types("ben", "/ai-key $101 1d four")
    desk.pass_time(hours=72, seconds=1)
    assert "$0 after this" in desk.types("ben", "/ai-key $500 1d four")
