"""Restore: an owner lets a key work again, with so much for so long; then its cap is what it was."""

from __future__ import annotations

from tests.scenarios.desk import Desk


def test_ten_dollars_for_the_next_day_and_then_the_cap_is_what_it_was(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    card = desk.office.card()
    desk.clicks("omar", "Restore", desk.now(card))
    form = desk.text(desk.modal("omar", "It may spend"))
    assert f"`{label}` of @ana" in form
    assert "Leave empty for the rest of its cap: $25." in form
    desk.who("omar").close()
    assert f"`{label}` of @ana works again" in desk.restores("omar", desk.now(card), "$10", "24 hours")
    desk.settle()
    (key,) = desk.gateway.live_keys()
    assert float(key.max_budget or 0) == 10.0
    assert desk.office.chat(secret).status_code == 200
    assert "of $10 in total" in desk.types("ana", "/ai-key list") or "cap $10 in total" in desk.types(
        "ana", "/ai-key list"
    )
    desk.pass_time(days=1, seconds=1)
    assert "its cap is $25 in total again" in desk.text(desk.dm("ana", "had less to spend is over"))
    assert float(desk.gateway.live_keys()[0].max_budget or 0) == 25.0
    desk.thread_says(card, "its cap is $25 in total again")


def test_the_rest_of_its_cap_when_nothing_is_chosen(desk: Desk) -> None:
    label, secret = desk.key()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    desk.restores("omar", desk.now(desk.office.card()))
    desk.settle()
    assert float(desk.gateway.live_keys()[0].max_budget or 0) == 25.0
    assert desk.office.chat(secret).status_code == 200


def test_an_amount_that_is_none_changes_nothing(desk: Desk) -> None:
    label, secret = desk.key()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    desk.clicks("omar", "Restore", desk.now(desk.office.card()))
    form = desk.modal("omar", "It may spend")
    reply = desk.who("omar").submit(form, {"cap": "a lot"})
    assert "cap" in str(reply)
    assert desk.office.chat(secret).status_code == 401


def test_nobody_restores_their_own_key_nor_without_being_an_owner(desk: Desk) -> None:
    label, _ = desk.key()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    card = desk.now(desk.office.card())
    for person, answer in (("ana", "Only owners"), ("ben", "Only owners")):
        assert answer in desk.presses(person, "Restore", card)
        assert desk.who(person).modal() is None


def test_a_window_that_ends_while_the_key_is_off_leaves_it_off_with_its_cap_as_it_was(desk: Desk) -> None:
    label, secret = desk.key()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    card = desk.office.card()
    desk.restores("omar", desk.now(card), "$10", "1 hour")
    desk.card_says(card, "Live until")
    desk.types("ben", f"/ai-disable {label} again")
    desk.settle()
    desk.pass_time(hours=1, seconds=1)
    assert desk.office.chat(secret).status_code == 401
    desk.restores("omar", desk.now(card))
    desk.card_says(card, "Live until")
    desk.settle()
    assert float(desk.gateway.live_keys()[0].max_budget or 0) == 25.0
