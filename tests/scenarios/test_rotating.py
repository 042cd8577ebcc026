"""Rotating a key: typed, revealed, both work for a while, then the old one is off, and that is proven."""

from __future__ import annotations

from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons


def offered(desk: Desk, typed: str, person: str = "ana") -> Message:
    """Type a rotation, and return the direct message with the button."""
    assert "is on its way" in desk.types(person, f"/ai-key rotate {typed}")
    return desk.slack.as_seen(desk.dm(person, "in the place of"))


def rotated(desk: Desk, typed: str) -> tuple[str, str]:
    """A rotation from its command to the reveal: the new label and secret."""
    secret = desk.office.reveal(offered(desk, typed))
    card = desk.office.cards()[-1]
    desk.card_says(card, "Revealed as")
    desk.who("ana").close()
    return desk.label(), secret


def works(desk: Desk, *secrets: str) -> list[bool]:
    return [desk.office.chat(secret).status_code == 200 for secret in secrets]


def test_a_key_is_rotated_and_the_old_one_goes_off_and_is_proven(desk_on_each: Desk) -> None:
    desk = desk_on_each
    old, old_secret = desk.key()
    dm = offered(desk, old)
    asked = desk.text(dm)
    assert f"*You can have a new key in the place of `{old}`.*" in asked
    assert "Approved by the rule `same-terms`" in asked
    assert f"`{old}` works on for 1 hour after the new key is revealed, then goes off" in asked
    assert "together they never have more than was agreed" in asked
    assert works(desk, old_secret) == [True]  # nothing happens to it before the new one is shown

    new_secret = desk.office.reveal(dm)
    view = desk.text(desk.modal("ana", "is yours"))
    assert f"It takes the place of `{old}`, which goes on working for 1 hour: change over until then." in view
    desk.who("ana").close()
    desk.settle()
    new = desk.label()
    assert new != old
    assert works(desk, old_secret, new_secret) == [True, True]
    first, second = desk.office.cards()
    assert "another key is taking its place" in desk.text(first)
    assert f"Revealed as `{new}`; `{old}` works until" in desk.text(second)
    listed = desk.types("ana", "/ai-key list")
    assert f"replaces `{old}`" in listed
    assert f"replaced by `{new}`" in listed

    desk.pass_time(hours=1, seconds=1)
    assert works(desk, old_secret, new_secret) == [False, True]
    told = desk.text(desk.dm("ana", f"`{old}` is off"))
    assert f"as it was replaced by `{new}`" in told
    assert "Recorded off" in told
    assert "Off" in desk.text(first)
    assert buttons(desk.now(first)) == []


def test_at_once_or_for_as_long_as_was_typed(desk: Desk) -> None:
    old, old_secret = desk.key()
    second, second_secret = rotated(desk, f"{old} now")
    desk.dm("ana", f"`{old}` is off")
    assert works(desk, old_secret, second_secret) == [False, True]
    third, third_secret = rotated(desk, f"{second} 3d")
    desk.pass_time(days=2, hours=23)
    assert works(desk, second_secret, third_secret) == [True, True]
    said = desk.types("ana", f"/ai-key rotate {third}")
    assert f"`{second}` still works beside `{third}`" in said
    assert f"`{third}` has taken the place of `{second}`" in desk.types("ana", f"/ai-key rotate {second}")
    desk.pass_time(hours=1, seconds=1)
    assert works(desk, second_secret, third_secret) == [False, True]


def test_never_revealed_it_lapses_and_the_old_key_lives_on(desk: Desk) -> None:
    old, secret = desk.key("$25 20d evaluate rerankers")
    dm = offered(desk, old)
    assert "press *Reveal key*" in desk.types("ana", f"/ai-key rotate {old}")
    card = desk.office.cards()[-1]
    desk.pass_time(days=3, seconds=1)
    said = desk.card_says(card, "Lapsed: no new key was revealed.")
    assert f"`{old}` stays as it is." in said
    assert "lapsed" in desk.presses("ana", "Reveal key", dm)
    assert works(desk, secret) == [True]
    assert len(desk.gateway.keys) == 1


def test_only_ones_own_keys(desk: Desk) -> None:
    label, _ = desk.key()
    assert f"You hold no key `{label}`" in desk.types("ben", f"/ai-key rotate {label}")
    assert f"You hold no key `{label}`" in desk.types("omar", f"/ai-key rotate {label}")


def test_what_was_asked_for_the_old_key_is_decided_for_the_new_one(desk: Desk) -> None:
    old, _ = desk.key("$25 2d evaluate rerankers")
    desk.types("ana", f"/ai-key extend {old} 7d almost done")
    desk.settle()
    card = desk.office.cards()[-1]
    new, new_secret = rotated(desk, old)
    assert "wants 7 more days" in desk.card_says(card, f"`{new}`")
    desk.clicks("omar", "Approve", desk.now(card))
    desk.card_says(card, "Extended")
    desk.pass_time(days=3)
    assert works(desk, new_secret) == [True]
    assert f"`/ai-key extend {new} 7d`" in desk.types("ana", f"/ai-key extend {old} 7d")


def test_a_leaked_key_comes_back_as_a_new_secret_only(desk_on_each: Desk) -> None:
    desk = desk_on_each
    old, old_secret = desk.key()
    desk.types("ben", f"/ai-disable {old_secret} stood in a public gist")
    desk.settle()
    offer = desk.dm("omar", "[Restore]")
    desk.clicks("omar", "Restore", offer)
    form = desk.text(desk.modal("omar", "It may spend"))
    assert f"Its secret is known to others, so `{old}` never works again." in form
    desk.who("omar").close()
    said = desk.restores("omar", offer, "$10")
    assert f"`{old}` leaked, so it stays off for good. @ana is asked to reveal a new key in its place" in said
    assert works(desk, old_secret) == [False]
    secret = desk.office.reveal(desk.slack.as_seen(desk.dm("ana", "in the place of")))
    shown = desk.text(desk.modal("ana", "is yours"))
    assert f"It takes the place of `{old}`, which Purser turns off now unless it is off already" in shown
    assert "$10 in total" in shown
    desk.who("ana").close()
    desk.settle()
    assert works(desk, old_secret, secret) == [False, True]
    assert old_secret not in str(desk.slack.dump())
    desk.pass_time(days=1, seconds=1)
    desk.dm("ana", "its cap is $25 in total again")
    assert "has taken the place of" in desk.presses("omar", "Restore", offer)
