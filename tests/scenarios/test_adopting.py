"""A key that somebody made at the gateway by hand: found, adopted by an owner, used, capped, turned off."""

from __future__ import annotations

import httpx
import pytest

from bot.domain.policy import Policy
from bot.playground.gateway.keys import StoredKey
from bot.playground.slack.model import Message
from bot.playground.slack.reply import Reply
from bot.services.reconcile import reconcile
from tests.faults.test_gateway_faults import mint_behind_our_back
from tests.scenarios.desk import Desk, Opener, buttons

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def finds(desk: Desk) -> None:
    """What the job does every ten minutes, and everybody told."""
    reconcile(desk.bot.running.purser)
    desk.settle()


def lists(desk: Desk, person: str = "olga") -> Message:
    """The inventory as this person sees it."""
    desk.types(person, "/ai-team inventory")
    return desk.receipt(person)


def fills(desk: Desk, **answers: object) -> Reply:
    """Olga presses Adopt, fills in the form and sends it."""
    desk.clicks("olga", "Adopt", lists(desk))
    form = desk.modal("olga", "did not make")
    given = {"kind": "temporary", "holder": "U0ANA", "cap": "$25", "time": "7d", "reason": "found in CI", **answers}
    return desk.who("olga").submit(form, given)


def the_key(desk: Desk, alias: str = "ci-by-hand") -> StoredKey:
    return next(one for one in desk.gateway.live_keys() if one.key_alias == alias)


def test_found_told_once_and_adopted_with_a_holder_an_end_and_a_cap(desk_on_each: Desk) -> None:
    desk = desk_on_each
    secret = mint_behind_our_back(desk.office, "ci-by-hand", max_budget=100)
    assert desk.spends(secret, 3).status_code == 200
    finds(desk)
    finds(desk)
    told = desk.text(desk.dm("olga", "did not make"))
    assert "`ci-by-hand`" in told
    assert "`/ai-team inventory` lists it, with *Adopt*" in told
    assert len([said for said in desk.dms("olga") if "did not make" in said]) == 1
    shown = desk.text(lists(desk))
    assert "*Keys that Purser did not make*: 1" in shown
    assert "`ci-by-hand` at `litellm`: cap $100, no end" in shown
    assert fills(desk).ok
    assert "*`ci-by-hand` is `ana-" in desk.text(desk.dm("olga", "its caps, and they were read back"))
    desk.settle()
    assert "*@olga adopted a key that was at `litellm` already*" in desk.text(desk.dm("ana", "adopted"))
    card = desk.office.card()
    assert "@ana holds a temporary key that Purser did not make" in desk.text(card)
    assert "Adopted by @olga as `ana-" in desk.text(card)
    desk.thread_says(card, "counts neither in budgets nor against its cap")
    assert float(the_key(desk).max_budget or 0) == 25.0
    finds(desk)
    assert "none" in desk.text(lists(desk)).split("Keys that Purser did not make")[1]
    listed = desk.types("ana", "/ai-key list")
    assert "ana-" in listed
    assert desk.office.chat(secret).status_code == 200


def test_what_it_spent_before_is_nobodys_and_what_it_spends_then_is_its_holders(desk: Desk) -> None:
    secret = mint_behind_our_back(desk.office, "ci-by-hand")
    assert desk.spends(secret, 400).status_code == 200
    finds(desk)
    assert fills(desk).ok
    desk.dm("olga", "read back")
    desk.watch()
    assert "$500" in desk.types("ana", "/ai-budget")
    assert "$400" not in desk.types("ana", "/ai-budget")
    assert desk.spends(secret, 10).status_code == 200
    desk.watch()
    assert "spent $10 of $25 in total" in desk.types("ana", "/ai-key list")
    assert desk.spends(secret, 16).status_code == 200  # the call that crosses the cap
    assert desk.spends(secret, 1).status_code != 200
    desk.watch()
    desk.dm("ana", "is used up: $26 of $25 in total")


def test_it_is_turned_off_like_any_other_by_its_label_or_its_pasted_secret(desk: Desk) -> None:
    secret = mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    assert fills(desk).ok
    desk.dm("olga", "read back")
    desk.settle()
    assert "off" in desk.types("ben", f"/ai-disable {secret}")
    desk.settle()
    assert desk.office.chat(secret).status_code == 401
    assert "is off" in desk.text(desk.dm("ana", "is off"))


def test_the_form_says_beside_its_inputs_what_is_wrong_and_nothing_changes(desk: Desk) -> None:
    mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    wrong = fills(desk, cap="$501", kind="temporary")
    assert "Only $500 is left in team search's budget" in wrong.errors["cap"]
    olga = desk.who("olga")
    form = desk.modal("olga", "did not make")
    assert olga.submit(form, {"kind": "automation", "cap": "$50"}).errors.keys() == {"daily_cap", "name", "lead"}
    assert olga.submit(form, {"kind": "temporary", "time": "31d", "cap": "$20"}).errors.keys() == {"time"}
    desk.settle()
    assert not [said for said in desk.dms("olga") if "adopt" in said and "did not make" not in said]
    assert the_key(desk).metadata.get("purser") is None
    assert olga.submit(form, {"time": "7d"}).ok
    desk.dm("olga", "read back")


def test_nobody_adopts_for_themselves_alone(desk: Desk) -> None:
    mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    fills(desk, holder="U0OLGA")
    assert "Nobody adopts a key for themselves alone" in desk.text(desk.modal("olga", "Nobody"))


def test_somebody_outside_the_team_has_to_be_invited_first(desk: Desk) -> None:
    mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    fills(desk, holder="U0FAY")
    desk.dm("olga", "is not in team search. First type `/ai-team invite @name` in #search")
    assert the_key(desk).metadata.get("purser") is None


def test_above_the_threshold_the_form_says_what_to_do(opened: Opener) -> None:
    with opened(Policy(two_owners_from_micros=20_000_000)) as desk:
        mint_behind_our_back(desk.office, "ci-by-hand")
        finds(desk)
        assert "From $20 on two owners" in fills(desk).errors["cap"]
        form = desk.modal("olga", "From $20 on two owners would have to agree")
        assert desk.who("olga").submit(form, {"cap": "$19"}).ok
        desk.dm("olga", "read back")


def test_disabled_now_with_proof_and_reported_when_it_works_again(desk_on_each: Desk) -> None:
    desk = desk_on_each
    secret = mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    said = desk.presses("olga", "Disable now", lists(desk))
    assert "*`ci-by-hand` is off at `litellm`*: its own record says so." in said
    assert desk.office.chat(secret).status_code == 401
    finds(desk)
    assert "none" in desk.text(lists(desk)).split("Keys that Purser did not make")[1]
    (key,) = [one for one in desk.gateway.keys if one.key_alias == "ci-by-hand"]
    httpx.post(
        f"{desk.gateway.base_url}/key/unblock",
        headers={"Authorization": f"Bearer {desk.gateway.master_key}"},
        json={"key": key.token},
        trust_env=False,
    )
    finds(desk)
    finds(desk)
    again = [said for said in desk.dms("olga") if "works again" in said]
    assert len(again) == 1
    assert "`ci-by-hand`" in again[0]
    assert {"Adopt", "Disable now"} <= set(buttons(lists(desk)))


def test_a_gateway_that_does_not_answer_is_asked_until_it_is_off(desk: Desk) -> None:
    secret = mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    shown = lists(desk)
    desk.gateway.faults.add("error", route="/key/block", times=3, status=500)
    assert "NOT confirmed off yet" in desk.presses("olga", "Disable now", shown)
    for _ in range(4):
        desk.office.clock.advance(seconds=60)
        desk.bot.running.purser.wake()
        desk.settle()
    assert desk.office.chat(secret).status_code == 401
    desk.dm("olga", "is *off at `litellm`*")


def test_two_clicks_on_the_same_key_are_one_decision(desk: Desk) -> None:
    mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    shown = desk.slack.as_seen(lists(desk))
    assert "is off at" in desk.presses("olga", "Disable now", shown)
    assert "`ci-by-hand` is off already by @olga." in desk.presses("olga", "Disable now", shown)
    assert "was turned off by @olga" in desk.presses("olga", "Adopt", shown)


def test_finance_sees_them_and_decides_nothing(desk: Desk) -> None:
    mint_behind_our_back(desk.office, "ci-by-hand")
    finds(desk)
    shown = lists(desk, "fay")
    assert "`ci-by-hand` at `litellm`" in desk.text(shown)
    assert buttons(shown) == ["Export CSV"]


def test_keys_of_another_installation_are_only_listed(desk: Desk) -> None:
    tags = {"installation": "fedcba9876543210", "key": "key_1"}
    mint_behind_our_back(desk.office, "purser-theirs", metadata={"purser": tags})
    finds(desk)
    shown = lists(desk)
    assert "Another Purser installation answers for it: `fedcba9876543210`" in desk.text(shown)
    assert "Adopt" not in buttons(shown)
    assert "Disable now" not in buttons(shown)
