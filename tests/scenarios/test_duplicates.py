"""Asking for what one already holds becomes "Extend ana-7kq2?", and each of its answers works."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.desk import Desk, buttons


def test_extend_instead_asks_owners_and_moves_the_gateways_expiry(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key("$25 7d evaluate rerankers")
    ends = desk.gateway.live_keys()[0].expires
    assert ends is not None
    said = desk.types("ana", "/ai-key $30 2d another thing")
    assert f"You already hold `{label}`" in said
    assert f"*Extend `{label}` by 2 days instead?* Its cap stays the same." in said
    assert "Nothing has been sent yet." in said
    question = desk.receipt()
    assert buttons(question) == ["Extend", "Ask anyway", "Cancel"]
    assert len(desk.office.cards()) == 1

    stale = desk.slack.as_seen(question)
    receipt = desk.presses_in("ana", "Extend", question)
    assert f"2 more days for `{label}`" in receipt
    desk.settle()
    card = desk.office.cards()[-1]
    assert f"@ana wants 2 more days for `{label}`" in desk.text(card)
    assert "no new money is promised" in desk.text(card)
    desk.clicks("ana", "Extend", stale)
    desk.settle()
    assert len(desk.office.cards()) == 2

    desk.clicks("omar", "Approve", card)
    desk.dm("ana", f"`{label}` now works until")
    desk.thread_says(card, "Extended")
    (key,) = desk.gateway.live_keys()
    assert key.expires is not None
    assert abs(key.expires - ends - timedelta(days=2)) < timedelta(minutes=1)
    assert desk.office.chat(secret).status_code == 200


def test_ask_anyway_sends_the_new_request_and_cancel_sends_nothing(desk: Desk) -> None:
    desk.key("$25 7d evaluate rerankers")
    desk.types("ana", "/ai-key $30 2d another thing")
    question, stale = desk.receipt(), desk.slack.as_seen(desk.receipt())
    assert "Cancelled" in desk.presses_in("ana", "Cancel", question)
    assert len(desk.office.cards()) == 1
    desk.clicks("ana", "Ask anyway", stale)
    desk.sees(lambda: desk.text(question) == "This was cancelled already.")

    desk.types("ana", "/ai-key $31 2d another thing")
    question = desk.receipt()
    desk.clicks("ana", "Ask anyway", question)
    desk.settle()
    assert len(desk.office.cards()) == 2
    assert "$31 in total" in desk.text(desk.office.cards()[-1])
    assert "Asked @olga and @omar" in desk.text(question)


def test_a_question_left_open_too_long_sends_nothing(desk: Desk) -> None:
    desk.key("$25 7d evaluate rerankers")
    desk.types("ana", "/ai-key $30 2d another thing")
    question = desk.receipt()
    desk.office.clock.advance(hours=1, seconds=1)
    said = desk.presses_in("ana", "Ask anyway", question)
    assert "left open too long" in said or "cancelled" in said
    assert len(desk.office.cards()) == 1


def test_the_same_question_by_form(desk: Desk) -> None:
    label, _ = desk.key("$25 7d evaluate rerankers")
    ana = desk.who("ana")
    ana.command("/ai-key", channel="search")
    form = desk.modal("ana", "Ask for a key")
    assert ana.submit(form, {"cap": "$30", "time": "2d", "reason": "another thing"}).ok
    question = desk.modal("ana", f"Extend `{label}` by 2 days instead?")
    desk.clicks("ana", "Extend", question)
    desk.modal("ana", f"You asked for *2 more days for `{label}`*")
    desk.sees(lambda: len(desk.office.cards()) == 2)
