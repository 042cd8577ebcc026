"""What a card, a receipt and a message say is what is so: the facts that people act on, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Notice, Occasion, Off
from bot.domain.incident_facts import IncidentNotice, Part, Since
from bot.domain.keys import KeyState, OffCause, Proof
from bot.domain.requests import Purpose, RequestState
from bot.slack.views import answers, incidents, keys, requests
from bot.slack.views.base import Message
from bot.slack.views.direct import direct
from bot.slack.views.thread import thread
from tests.slack.views import kit, kit_incidents
from tests.slack.views.kit import ANA, EVERYDAY, NOW, OLGA, OMAR
from tests.slack.views.test_screens import as_json, nodes, texts


def labels(message: Message) -> list[str]:
    return [node["text"]["text"] for node in nodes(as_json(message)) if node.get("type") == "button"]


def said(message: Message) -> str:
    return "\n".join(texts(message))


@pytest.mark.parametrize("state", list(RequestState))
def test_only_a_waiting_request_can_be_decided(state: RequestState) -> None:
    card = requests.card(kit.facts(EVERYDAY, kit.request(EVERYDAY, state)), NOW)
    deciding = {"Approve", "Approve with changes", "Deny"}
    assert (set(labels(card)) == deciding) == (state is RequestState.WAITING)


@pytest.mark.parametrize("state", list(RequestState))
def test_only_a_waiting_request_offers_cancel(state: RequestState) -> None:
    receipt = requests.receipt(kit.facts(EVERYDAY, kit.request(EVERYDAY, state)), NOW)
    assert ("Cancel" in labels(receipt)) == (state is RequestState.WAITING)


def test_honest_the_card_shows_each_budget_before_and_after_and_when_it_resets() -> None:
    shown = said(requests.card(kit.facts(EVERYDAY, kit.request(EVERYDAY)), NOW))
    assert "Team *search*: $320 left now, $295 after this, of $500 a month." in shown
    assert "Resets 1 December 00:00 UTC." in shown


def test_honest_an_overdrawn_budget_shows_below_zero() -> None:
    budget = replace(kit.budgets(EVERYDAY)[0], spent_micros=600 * kit.USD)
    shown = said(requests.card(kit.facts(EVERYDAY, kit.request(EVERYDAY), budgets=(budget,)), NOW))
    assert "-$180 left now, -$205 after this" in shown


def test_honest_limits_are_said_before_approval() -> None:
    facts = kit.facts(EVERYDAY, kit.request(EVERYDAY, RequestState.DRAFT))
    preview = requests.preview(facts, NOW)
    assert any("A key may overshoot its cap by one call." in text for text in texts(preview))


def test_an_extension_promises_no_new_money() -> None:
    shown = said(requests.card(kit.facts(EVERYDAY, kit.extend(EVERYDAY), kit.key(EVERYDAY)), NOW))
    assert f"<@{ANA}> wants 7 more days for `ana-7kq2`" in shown
    assert "no new money is promised" in shown
    assert "after this" not in shown


def test_one_of_two_names_who_agreed_and_asks_the_others() -> None:
    asked = kit.request(EVERYDAY, approvals_needed=2, approvals=(kit.word(OMAR),))
    shown = said(requests.card(kit.facts(EVERYDAY, asked), NOW))
    assert f"Approved by <@{OMAR}>: 1 of 2, one more owner has to agree. Asked <@{OLGA}>." in shown


def test_the_duplicate_question_says_that_nothing_was_sent() -> None:
    draft = kit.facts(EVERYDAY, kit.request(EVERYDAY, RequestState.DRAFT))
    both = requests.duplicate(draft, kit.key(EVERYDAY), can_ask_anyway=True)
    assert labels(both) == ["Extend", "Ask anyway", "Cancel"]
    assert "Extend `ana-7kq2`?" in both.text
    assert "Nothing has been sent yet." in said(both)
    endless = requests.duplicate(draft, kit.key(EVERYDAY, expires_at=None), can_ask_anyway=False)
    assert labels(endless) == ["Cancel"]


def test_seen_once_the_approval_message_carries_a_button_and_no_key() -> None:
    approved = kit.facts(EVERYDAY, kit.request(EVERYDAY, RequestState.APPROVED, **kit.APPROVED_BY_OMAR))
    told = direct(Notice(Occasion.APPROVED, OMAR, approved), NOW)
    assert labels(told) == ["Reveal key"]
    extension = replace(approved, request=replace(approved.request, purpose=Purpose.EXTEND), key=kit.key(EVERYDAY))
    assert labels(direct(Notice(Occasion.APPROVED, OMAR, extension), NOW)) == []


def test_only_a_warning_to_the_holder_has_buttons() -> None:
    notice = Notice(Occasion.EXPIRY_WARNING, key=kit.key(EVERYDAY))
    assert labels(direct(notice, NOW)) == ["Extend", "Give back"]
    assert labels(thread(notice, NOW)) == []


@pytest.mark.parametrize("cause", list(OffCause))
def test_restore_is_offered_only_where_it_can_work(cause: OffCause) -> None:
    notice = Notice(Occasion.KEY_DISABLED, key=kit.off_key(EVERYDAY, cause))
    can = {OffCause.DISABLED, OffCause.DRIFT, OffCause.LEFT, OffCause.UNUSED, OffCause.UNCONFIRMED}
    assert (labels(direct(notice, NOW, for_owner=True)) == ["Restore"]) == (cause in can)
    assert labels(direct(notice, NOW)) == []


@pytest.mark.parametrize(
    ("proof", "words"), [(Proof.RECORDED, "Recorded off:"), (Proof.PROBED, "Probed:"), (Proof.QUIET, "Quiet:")]
)
def test_off_is_proven_in_words(proof: Proof, words: str) -> None:
    key = kit.off_key(EVERYDAY, OffCause.DISABLED, proof)
    assert words in said(keys.off(Off(key, proof), NOW))
    assert words in said(requests.card(kit.facts(EVERYDAY, kit.request(EVERYDAY, RequestState.FULFILLED), key), NOW))


def test_off_is_proven_a_key_that_still_works_is_never_called_off() -> None:
    key = kit.off_key(EVERYDAY, OffCause.DISABLED)
    told = keys.off(Off(key, Proof.RECORDED, probe_accepted=True, disable_lag_seconds=60), NOW)
    assert "NOT off yet" in told.text
    assert "is turned off" not in told.text
    assert "block or delete `purser-ana-7kq2`" in told.text


def test_off_again_says_since_when_and_by_whom() -> None:
    told = keys.off(Off(kit.off_key(EVERYDAY, OffCause.DISABLED), Proof.RECORDED, already=True), NOW)
    assert f"`ana-7kq2` was already off. Turned off by <@{OMAR}> 2026-11-20 18:24 UTC" in told.text


def test_people_are_mentioned_in_the_thread_only_to_act() -> None:
    waiting = kit.facts(EVERYDAY, kit.request(EVERYDAY))
    assert f"<@{OMAR}> and <@{OLGA}>:" in said(thread(Notice(Occasion.REMINDER, None, waiting), NOW))
    quiet = (Occasion.REQUEST_EXPIRED, Occasion.CANCELLED, Occasion.REVEALED, Occasion.LAPSED, Occasion.KEY_WITHDRAWN)
    for occasion in quiet:
        assert "<@" not in said(thread(Notice(occasion, None, waiting), NOW))


def test_every_occasion_can_be_told_even_without_facts() -> None:
    for occasion in Occasion:
        for notice in (
            Notice(occasion),
            Notice(occasion, key=kit.key(EVERYDAY)),
            Notice(occasion, request=kit.facts(EVERYDAY, kit.request(EVERYDAY))),
        ):
            assert thread(notice, NOW).text
            assert direct(notice, NOW).text
            assert direct(notice, NOW, for_owner=True).text


def test_once_the_second_to_decide_reads_who_was_first() -> None:
    approved = kit.facts(EVERYDAY, kit.request(EVERYDAY, RequestState.APPROVED, **kit.APPROVED_BY_OMAR))
    assert answers.already_decided(approved).text == f"Already approved by <@{OMAR}>."


def test_a_key_being_turned_off_is_not_counted_as_off() -> None:
    stopping = kit.off_key(EVERYDAY, OffCause.DISABLED, None)
    listed = keys.key_list([stopping, kit.key(EVERYDAY), kit.off_key(EVERYDAY, OffCause.EXPIRED)], NOW)
    assert "1 in use, 1 in between, 1 off." in listed.text
    assert stopping.key.state is KeyState.DISABLING


def test_spend_counted_from_a_whole_hour_is_not_called_spend_since_the_incident_was_opened() -> None:
    told = kit_incidents.told(EVERYDAY, layer=Layer.PROJECT, subject_id="project-1")
    hour = NOW.replace(minute=0)
    assert hour < told.opened_at
    seen = kit_incidents.facts(EVERYDAY, told, key=None, since_opened=Since(3_200_000, hour, NOW))
    text = said(incidents.incident(IncidentNotice(seen, Part.MESSAGE), NOW))
    assert "was spent since <!date" in text
    assert "since this was opened" not in text


def test_a_key_without_a_past_is_not_said_to_spend_more_than_usual() -> None:
    told = kit_incidents.told(EVERYDAY, evidence=kit_incidents.new_key(EVERYDAY))
    text = said(incidents.incident(IncidentNotice(kit_incidents.facts(EVERYDAY, told), Part.MESSAGE), NOW))
    assert "spends a large share of its cap at once" in text
    assert "usual" not in text
