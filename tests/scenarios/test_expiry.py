"""A key's end: warned of in time, extended if owners agree, and then off, proven and told."""

from __future__ import annotations

from datetime import timedelta

from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons


def warnings(desk: Desk, person: str = "ana") -> list[str]:
    return [said for said in desk.dms(person) if "stops working in less than" in said]


def ask_more(desk: Desk, time: str, seen: Message) -> Message:
    """Ask for more time on the button of a warning; the new card."""
    desk.clicks("ana", "Extend", seen)
    form = desk.modal("ana", "Extend a key")
    assert desk.who("ana").submit(form, {"time": time, "reason": "almost done"}).ok
    desk.settle()
    desk.who("ana").close()
    return desk.office.cards()[-1]


def test_warned_a_day_and_an_hour_before_once_each_then_off_proven_and_told(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key("$25 7d evaluate rerankers")
    card = desk.office.card()
    desk.pass_time(days=5, hours=23)
    assert warnings(desk) == []
    desk.pass_time(hours=1, minutes=1)
    desk.pass_time(hours=10)
    (day,) = warnings(desk)
    assert f"`{label}` stops working in less than a day" in day
    assert buttons(desk.who("ana").dms()[-1]) == ["Extend", "Give back"]

    desk.pass_time(hours=13)
    desk.pass_time(minutes=20)
    (_, hour) = warnings(desk)
    assert "in less than an hour" in hour
    assert desk.office.chat(secret).status_code == 200

    desk.pass_time(minutes=40)
    assert desk.office.chat(secret).status_code == 401
    assert desk.gateway.live_keys() == []
    proof = "*Recorded off:* the gateway's own record"
    assert "Its time ended" in desk.text(card)
    assert proof in desk.text(card)
    assert "Its time ended" in desk.thread(card)[-1]
    assert f"The time of `{label}` is over" in desk.dms("ana")[-1]
    assert proof in desk.dms("ana")[-1]
    before = len(desk.dms("ana"))
    desk.pass_time(hours=2)
    assert len(desk.dms("ana")) == before
    assert "nothing to extend" in desk.types("ana", f"/ai-key extend {label} 7d")


def test_short_lived_keys_get_no_warning_that_says_nothing_new(desk: Desk) -> None:
    desk.key("$25 1h a quick look")
    desk.key("$25 12h a longer look", "ben")
    desk.pass_time(seconds=5)
    desk.pass_time(minutes=50)
    assert warnings(desk) == []
    assert warnings(desk, "ben") == []
    desk.pass_time(hours=10, minutes=30)
    assert warnings(desk) == []
    (warning,) = warnings(desk, "ben")
    assert "in less than an hour" in warning


def test_extend_asks_owners_and_the_gateways_end_really_moves(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key("$25 7d evaluate rerankers")
    ends = desk.gateway.live_keys()[0].expires
    assert ends is not None
    desk.pass_time(days=6, minutes=1)
    warning = desk.who("ana").dms()[-1]
    desk.clicks("ana", "Extend", warning)
    form = desk.modal("ana", "Extend a key")
    assert "30 days" in desk.who("ana").submit(form, {"time": "31d"}).errors["time"]
    assert desk.who("ana").submit(form, {"time": "soon"}).errors == {"time": "Times look like 7d, 36h or 2w."}
    desk.who("ana").close()
    card = ask_more(desk, "3d", warning)
    assert f"@ana wants 3 more days for `{label}`" in desk.text(card)
    assert "“almost done”" in desk.text(card)
    desk.clicks("omar", "Approve", card)
    desk.card_says(card, "Extended. Live until")
    told = desk.text(desk.dm("ana", f"`{label}` now works until"))
    assert "Approved by @omar" in told
    (key,) = desk.gateway.live_keys()
    assert key.expires is not None
    assert abs(key.expires - ends - timedelta(days=3)) < timedelta(minutes=1)

    before = len(warnings(desk))
    desk.pass_time(days=1, hours=1)  # past the first end
    assert desk.office.chat(secret).status_code == 200
    desk.pass_time(days=2)
    assert len(warnings(desk)) == before + 1  # warned of the new end, as of the first
    desk.pass_time(hours=23)
    assert desk.office.chat(secret).status_code == 401


def test_give_back_on_the_warning(desk: Desk) -> None:
    label, secret = desk.key("$25 7d evaluate rerankers")
    desk.pass_time(days=6, minutes=1)
    warning = desk.who("ana").dms()[-1]
    said = desk.presses("ana", "Give back", warning)
    assert f"`{label}` is given back" in said
    assert desk.office.chat(secret).status_code == 401
    desk.pass_time(days=2)
    assert len(warnings(desk)) == 1
    desk.clicks("ana", "Extend", desk.slack.as_seen(warning))
    desk.settle()


def test_an_extension_approved_after_the_end_changes_nothing_and_says_so(desk: Desk) -> None:
    label, secret = desk.key("$25 2d evaluate rerankers")
    desk.types("ana", f"/ai-key extend {label} 7d almost done")
    desk.settle()
    card = desk.slack.as_seen(desk.office.cards()[-1])
    desk.pass_time(days=2, seconds=1)
    assert desk.office.chat(secret).status_code == 401
    said = desk.presses("omar", "Approve", card)
    assert f"`{label}` came to its end before this was decided" in said
    assert desk.office.chat(secret).status_code == 401
    assert desk.gateway.live_keys() == []


def test_a_key_given_back_takes_its_ask_for_more_time_along(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, _ = desk.key("$25 7d evaluate rerankers")
    desk.types("ana", f"/ai-key extend {label} 7d almost done")
    desk.settle()
    card = desk.office.cards()[-1]
    assert "Approve" in buttons(desk.home("omar"))
    desk.types("ana", f"/ai-key return {label}")
    closed = f"Closed: `{label}` was given back before this was decided, so there is nothing to extend."
    desk.card_says(card, closed)
    assert buttons(desk.now(card)) == []
    assert desk.thread_says(card, closed)
    desk.dm("ana", f"You asked for 7 more days for `{label}`. {closed}")
    assert "Approve" not in buttons(desk.home("omar"))
    told = len(desk.thread(card))
    desk.pass_time(days=1)
    desk.pass_time(days=4)
    assert len(desk.thread(card)) == told


def test_a_key_turned_off_closes_its_ask_for_more_time_even_if_it_is_restored(desk: Desk) -> None:
    label, _ = desk.key("$25 7d evaluate rerankers")
    desk.types("ana", f"/ai-key extend {label} 7d almost done")
    desk.settle()
    card = desk.office.cards()[-1]
    desk.types("ben", f"/ai-disable {label} leaked")
    said = desk.card_says(card, f"Closed: `{label}` was turned off before this was decided")
    assert "If it is restored, more time has to be asked for again." in said
    desk.restores("omar", desk.dm("omar", "Turned off by mistake?"))
    desk.settle()
    assert buttons(desk.now(card)) == []
    assert "You asked for" in desk.types("ana", f"/ai-key extend {label} 7d almost done")


def test_an_extension_and_the_end_at_the_same_moment_agree_at_the_gateway(desk_on_each: Desk) -> None:
    """Approved while the end is due but not yet done: whichever comes first, card, key and gateway tell the same."""
    desk = desk_on_each
    label, secret = desk.key("$25 2d evaluate rerankers")
    desk.types("ana", f"/ai-key extend {label} 7d almost done")
    desk.settle()
    card, first = desk.office.cards()[-1], desk.office.cards()[0]
    desk.office.clock.advance(days=2, seconds=1)
    desk.clicks("omar", "Approve", card)
    desk.pass_time(seconds=1)
    works = desk.office.chat(secret).status_code == 200
    assert ("Live until" in desk.text(first)) is works
    assert ("Extended" in desk.text(card)) is works
    assert (label in str([key.key_alias for key in desk.gateway.live_keys()])) is works
