"""Keys listed, given back, turned off by anyone and restored by owners; with how far "off" is proven."""

from __future__ import annotations

import pytest

from bot.playground.gateway.faults import FaultKind
from tests.scenarios.desk import Desk, buttons

RECORDED = "*Recorded off:* the gateway's own record, read again, says off"
PROBED = "*Probed:* a call with the pasted key was refused"
UNKNOWN = "Purser did not hand out this key"


def test_the_list_shows_ones_own_keys_with_spend_and_what_can_be_done(desk: Desk) -> None:
    assert "You hold no key" in desk.types("ana", "/ai-key list")
    label, _ = desk.key()
    said = desk.types("ana", "/ai-key list")
    assert f"`{label}`" in said
    assert "temporary · team search" in said
    assert "Live until" in said
    assert buttons(desk.receipt()) == ["Extend", "Give back"]
    assert "You hold no key" in desk.types("ben", "/ai-key list")


def test_only_the_holder_gives_a_key_back(desk: Desk) -> None:
    label, secret = desk.key()
    card = desk.office.card()
    said = desk.types("ben", f"/ai-key return {label}")
    assert said == f"`{label}` is not yours to give back. If it leaked: `/ai-disable {label}`."
    assert desk.office.chat(secret).status_code == 200

    said = desk.types("ana", f"/ai-key return {label.upper()}")
    assert f"Thank you: `{label}` is given back" in said
    assert RECORDED in said
    assert desk.office.chat(secret).status_code == 401
    desk.card_says(card, "Given back by @ana")
    assert "Given back by @ana" in desk.thread_says(card, "Given back")
    assert "already off" in desk.types("ana", f"/ai-key return {label}")
    assert "1 off" in desk.types("ana", "/ai-key list")
    # A key that was given back stays off.
    assert buttons(desk.now(card)) == []
    assert "You hold no such key" in desk.types("ana", "/ai-key return zed-9999")


def test_off_is_proven_as_far_as_it_is_and_holder_and_owners_are_told(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    card = desk.office.card()
    said = desk.types("fay", f"/ai-disable {label} posted in a public repo")
    assert f"`{label}` of @ana is turned off" in said
    assert RECORDED in said
    assert "may accept it for up to 1 minute more" in said
    assert "An owner can press *Restore*" in said
    assert desk.office.chat(secret).status_code == 401
    desk.settle()

    words = "Turned off by @fay"
    assert words in desk.text(card)
    assert "“posted in a public repo”" in desk.text(card)
    assert words in desk.thread(card)[-1]
    assert words in desk.dms("ana")[-1]
    for owner in ("omar", "olga"):
        (told,) = desk.dms(owner)
        assert f"`{label}` of @ana" in told
        assert "[Restore]" in told

    again = desk.types("gus", f"/ai-disable {label}")
    assert f"`{label}` was already off" in again
    assert words in again
    assert RECORDED in again
    desk.settle()
    assert len(desk.dms("omar")) == 1


@pytest.mark.parametrize(
    "pasted",
    ["{}", "`{}`", "Bearer {}", "'Bearer {}'", "<{}>", "```{}```", "OPENAI_API_KEY={}", "I found {} in a log", "{},"],
)
def test_a_pasted_key_is_known_however_it_was_wrapped_and_is_probed(desk: Desk, pasted: str) -> None:
    label, secret = desk.key()
    assert desk.who("ben").command(f"/ai-disable {pasted.format(secret)}", channel="search").ok
    said = desk.text(desk.office.reads("ben", PROBED, "search"))
    assert f"`{label}` of @ana is turned off" in said
    assert secret not in "\n".join(desk.ephemerals("ben"))
    assert desk.office.chat(secret).status_code == 401
    desk.settle()
    assert PROBED in desk.text(desk.office.card())


def test_while_the_gateways_caches_lag_the_proof_says_not_off_yet(desk: Desk) -> None:
    label, secret = desk.key()
    desk.gateway.habits.block_lag_seconds = 3
    assert desk.office.chat(secret).status_code == 200
    desk.types("ben", f"/ai-disable {secret}")
    assert f"`{label}`" in desk.text(desk.office.reads("ben", "*NOT off yet:*", "search"))
    assert PROBED in desk.text(desk.office.reads("ben", "Probed", "search"))
    assert desk.office.chat(secret).status_code == 401


def test_keys_that_purser_did_not_make_are_not_known_and_never_repeated(desk: Desk) -> None:
    desk.key()
    unknown = "sk-NobodyKnowsThis1234567"
    for line in (unknown, f"`{unknown}` leaked", f"Bearer {unknown}"):
        said = desk.types("ben", f"/ai-disable {line}")
        assert said.startswith(UNKNOWN)
        assert "What you pasted was not stored." in said
        assert unknown not in said
    assert "No key is called `zed-9999`" in desk.types("ben", "/ai-disable zed-9999 leaked")
    assert len(desk.gateway.live_keys()) == 1


def test_the_bare_form_takes_a_label_or_a_key_and_answers_directly(desk: Desk) -> None:
    label, secret = desk.key()
    fay = desk.who("fay")
    fay.command("/ai-disable", channel="search")
    form = desk.modal("fay", "Turn a key off")
    assert fay.submit(form, {"Key or label": "  "}).errors == {"key": "Type the key's label, or paste the key."}
    assert fay.submit(form, {"Key or label": secret, "Why?": "found in a log"}).ok
    told = desk.text(desk.dm("fay", "turned off"))
    assert PROBED in told
    assert secret not in told
    assert "“found in a log”" in desk.card_says(desk.office.card(), "Turned off by @fay")

    fay.command("/ai-disable", channel="search")
    assert fay.submit(desk.modal("fay", "Turn a key off"), {"Key or label": label}).ok
    desk.dm("fay", f"`{label}` was already off")


def test_while_a_slow_gateway_turns_a_key_off_its_caller_is_not_left_in_silence(desk: Desk) -> None:
    label, _ = desk.key("$25 7d evaluate rerankers")
    desk.gateway.faults.add(FaultKind.LATENCY, seconds=2.5, route="/key/block")
    assert desk.who("ben").command(f"/ai-disable {label} leaked", channel="search").ok
    first = desk.sees(lambda: desk.ephemerals("ben")[0])
    assert "*Nothing is confirmed yet*, so the key may still work." in first
    assert len(desk.gateway.live_keys()) == 1
    desk.settle()
    assert "is turned off" in desk.ephemerals("ben")[-1]
    assert RECORDED in desk.ephemerals("ben")[-1]
    assert [said for said in desk.ephemerals("ben") if "Turning it off" in said] == [first]


def test_a_quick_gateway_is_told_of_once(desk: Desk) -> None:
    label, _ = desk.key("$25 7d evaluate rerankers")
    desk.types("ben", f"/ai-disable {label} leaked")
    desk.settle()
    (said,) = desk.ephemerals("ben")
    assert "is turned off" in said


def test_disable_now_on_the_card_is_for_everybody_who_sees_it(desk: Desk) -> None:
    label, secret = desk.key()
    said = desk.presses("gus", "Disable now", desk.now(desk.office.card()))
    assert f"`{label}` of @ana is turned off" in said
    assert desk.office.chat(secret).status_code == 401


def test_an_owner_restores_and_the_key_works_again(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    card = desk.office.card()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    for person, answer in (("ana", "Only owners"), ("ben", "Only owners"), ("gus", "Guests")):
        assert answer in desk.presses(person, "Restore", desk.now(card))
    assert desk.office.chat(secret).status_code == 401

    said = desk.restores("omar", desk.who("omar").dms()[-1])
    assert f"`{label}` of @ana works again" in said
    assert "(7 days left)" in said
    assert desk.office.chat(secret).status_code == 200
    desk.settle()
    assert "Live until" in desk.text(card)
    assert "Restored by @omar" in desk.thread(card)[-1]
    assert "restored by @omar and works again" in desk.dms("ana")[-1]
    said = desk.presses("olga", "Restore", desk.who("olga").dms()[-1])
    assert said == f"`{label}` is not off, so there is nothing to restore."


def test_what_is_over_stays_over(desk: Desk) -> None:
    label, secret = desk.key("$25 2d evaluate rerankers")
    card = desk.office.card()
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    with_button = desk.slack.as_seen(card)
    assert buttons(with_button) == ["Restore"]
    desk.pass_time(days=2, seconds=1)
    assert "time is over" in desk.presses("omar", "Restore", with_button)

    other, _ = desk.key("$26 2d evaluate embeddings")
    stale = desk.office.cards()[-1]
    desk.types("ben", f"/ai-disable {other}")
    desk.settle()
    off = desk.slack.as_seen(stale)
    desk.restores("omar", off)
    desk.card_says(stale, "Live until")
    desk.types("ana", f"/ai-key return {other}")
    assert "given back by its holder" in desk.presses("omar", "Restore", off)
    assert desk.gateway.live_keys() == []
    assert desk.office.chat(secret).status_code == 401


def test_restore_respects_the_budget(desk: Desk) -> None:
    label, secret = desk.key("$300 7d evaluate rerankers")
    desk.types("ben", f"/ai-disable {label}")
    desk.settle()
    card = desk.slack.as_seen(desk.office.card())
    desk.office.approve(desk.ask("$400 1d something else", "ben"), asker="ben")
    assert "Only $100 is left" in desk.presses("omar", "Restore", card)
    assert desk.office.chat(secret).status_code == 401


def test_while_the_gateway_is_down_everybody_reads_not_confirmed_and_an_owner_is_called(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    card = desk.office.card()
    desk.gateway.faults.add(FaultKind.ERROR, times=None, route="/key/block", status=503)
    desk.who("ben").command(f"/ai-disable {label} leaked", channel="search")
    desk.office.reads("ben", "*NOT confirmed off yet.* It may still work.", "search")
    desk.card_says(card, "NOT confirmed off yet")
    desk.thread_says(card, f"`{label}` is NOT confirmed off.")
    posted = desk.posted(f"`{label}` is NOT confirmed off.")
    called = desk.text(desk.dm("omar", "*NOT confirmed off:"))
    assert f"block or delete `purser-{label}`" in called
    assert desk.office.chat(secret).status_code == 200

    desk.gateway.faults.clear()
    desk.office.clock.advance(seconds=400)
    desk.bot.running.purser.wake()
    desk.settle()
    assert RECORDED in desk.text(desk.now(card))
    assert RECORDED in desk.text(desk.posted("Turned off by @ben"))  # the channel has read that it was not off
    assert desk.now(posted).ts < desk.posted("Turned off by @ben").ts
    assert RECORDED in desk.dms("ben")[-1]  # who no longer waited for the answer
    assert desk.office.chat(secret).status_code == 401
    for person in ("omar", "olga"):
        assert len([said for said in desk.dms(person) if "NOT confirmed off" in said]) == 1


def test_a_gateway_that_says_off_and_lies_is_found_out_by_what_the_key_spends(desk: Desk) -> None:
    label, secret = desk.key()
    card = desk.office.card()
    desk.spends(secret, 1)
    desk.gateway.habits.block_lag_seconds = 1e9  # blocked, in its own words, and yet it works
    assert RECORDED in desk.types("ben", f"/ai-disable {label} leaked")
    desk.watch(minutes=2)
    assert desk.spends(secret, 6).status_code == 200
    desk.watch()
    called = desk.text(desk.dm("omar", "*NOT off:"))
    assert "spent $6 after the gateway had recorded it as off" in called
    assert f"`{label}` spent money after it was proven off" in desk.text(desk.posted("Not off:"))
    desk.card_says(card, "*Deleted:* it spent money after it was off")
    assert "is NOT off: it spent $6" in "\n".join(desk.thread(card))
    assert buttons(desk.now(card)) == []  # nothing brings it back
    assert "is deleted" in desk.dms("ana")[-1]
    assert desk.office.chat(secret).status_code == 401
    assert desk.gateway.live_keys() == []


def test_spend_that_is_told_late_alarms_nobody_and_off_becomes_quiet(desk: Desk) -> None:
    label, secret = desk.key()
    card = desk.office.card()
    desk.gateway.habits.flush_seconds = 10
    desk.watch()
    desk.spends(secret, 8)
    desk.types("ben", f"/ai-disable {label} not needed")
    desk.watch(seconds=5)
    for _ in range(14):
        desk.watch()
    desk.card_says(card, "*Quiet:* the gateway's record says off, and nothing was spent since")
    assert "already off" in desk.types("gus", f"/ai-disable {label}")
    assert desk.count("Not off:") == 0
    assert [said for said in desk.dms("omar") if "NOT" in said] == []
