"""Report leaked key, in the menu of any message: whoever sees a key turns it off, without copying it."""

from __future__ import annotations

import pytest

from bot.domain.keys import KeyState
from bot.playground.slack.model import BOT_USER_ID, Message
from bot.slack import leaks
from bot.slack.views.actions import REPORT_LEAK
from tests.scenarios.desk import Desk
from tests.scenarios.test_leak_watch import FOREIGN, OFF, decisions, open_incidents, state
from tests.scenarios.test_turning_off import PROBED


def reports(desk: Desk, person: str, message: Message, words: str) -> str:
    """The answer with these words, which only the reporter sees."""
    assert desk.who(person).shortcut(REPORT_LEAK, message).ok
    channel = desk.slack.state.channels[message.channel].name
    return desk.text(desk.office.reads(person, words, channel))


def test_a_reported_key_is_off_and_probed_and_reporter_author_and_thread_know(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label, secret = desk.key()
    message = desk.who("ana").says("search", f"why does `{secret}` not work?")
    said = reports(desk, "ben", message, PROBED)
    assert f"`{label}` of @ana is turned off" in said
    assert secret not in said
    assert desk.office.chat(secret).status_code == 401
    assert OFF in desk.thread_says(message, "A key stands in this message.")
    assert "@ben reported it" in desk.text(desk.dm("ana", "A message of yours"))
    desk.settle()
    assert open_incidents(desk) == ["leak"]


def test_the_reporter_may_be_the_leaker_and_is_not_told_twice(desk: Desk) -> None:
    _, secret = desk.key()
    message = desk.who("ana").says("search", secret)
    reports(desk, "ana", message, PROBED)
    desk.settle()
    assert not [told for told in desk.dms("ana") if "A message of yours" in told]


def test_a_key_in_another_reply_of_the_thread_is_found(desk: Desk) -> None:
    label, secret = desk.key()
    parent = desk.who("ben").says("search", "this leaks a key, see below")
    reply = desk.who("ana").reply(parent, f"this one: {secret}")
    later = desk.who("ben").reply(parent, "yes that one")
    reports(desk, "omar", later, f"`{label}`")
    assert desk.office.chat(secret).status_code == 401
    assert reply.thread_ts == parent.ts
    desk.thread_says(parent, OFF)


def test_a_key_of_ours_in_the_thread_is_found_behind_a_foreign_one_in_the_message(desk: Desk) -> None:
    label, secret = desk.key()
    parent = desk.who("ben").says("search", f"is it {FOREIGN}")
    desk.who("ana").reply(parent, f"no, this one: {secret}")
    reports(desk, "omar", parent, f"`{label}`")
    assert desk.office.chat(secret).status_code == 401


def test_a_thread_too_long_to_be_read_whole_is_not_said_to_be_searched(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaks, "THREAD_MESSAGES", 2)
    parent = desk.who("ben").says("search", "which key?")
    for words in ("one", "two", "three"):
        desk.who("ana").reply(parent, words)
    said = reports(desk, "omar", parent, "found no key that it knows")
    assert "in this message and its thread" not in said
    assert "cannot read all of its thread" in said


def test_a_key_that_was_edited_into_the_message_is_found(desk: Desk) -> None:
    label, secret = desk.key()
    message = desk.who("ana").says("search", "nothing here")
    old = desk.slack.as_seen(message)
    desk.who("ana").edits(message, f"but now: {secret}")
    reports(desk, "ben", old, f"`{label}`")


def test_a_key_that_was_off_already_is_said_to_be_and_opens_nothing(desk: Desk) -> None:
    label, secret = desk.key()
    desk.types("ana", f"/ai-key return {label}")
    desk.settle()
    message = desk.who("ben").says("search", secret)
    reports(desk, "omar", message, f"`{label}` was already off")
    desk.settle()
    assert open_incidents(desk) == []
    assert desk.thread(message) == []


def test_two_reports_at_once_are_one_incident_and_one_decision(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    message = desk.who("ana").says("search", secret)
    assert desk.who("ben").shortcut(REPORT_LEAK, message).ok
    assert desk.who("omar").shortcut(REPORT_LEAK, message).ok
    for person in ("ben", "omar"):
        desk.office.reads(person, f"`{label}`", "search")
    desk.settle()
    assert open_incidents(desk) == ["leak"]
    assert decisions(desk, label) == 1
    assert sum("A key stands" in said for said in desk.thread(message)) == 1
    assert sum("A message of yours" in told for told in desk.dms("ana")) == 1


@pytest.mark.parametrize("text", ["nothing of note", "sk-short", "https://example.com/a"])
def test_a_message_without_a_key_says_what_else_can_be_done(desk: Desk, text: str) -> None:
    message = desk.who("ana").says("search", text)
    said = reports(desk, "ben", message, "found no key that it knows in this message and its thread")
    assert "/ai-disable" in said


def test_an_unknown_key_and_a_foreign_one_are_not_ours_to_turn_off(desk: Desk) -> None:
    message = desk.who("ana").says("search", f"{FOREIGN} and sk-Ab3dEf_h-JkLmN0pQrStU9")
    said = reports(desk, "ben", message, "Purser cannot turn off")
    assert "OpenRouter" in said
    assert "LiteLLM" in said
    assert FOREIGN not in said
    assert "@ben reported it" in desk.text(desk.dm("ana", "OpenRouter"))


def test_a_reported_management_credential_calls_the_owners(desk: Desk) -> None:
    message = desk.who("ana").says("search", f"key: {desk.gateway.master_key}")
    said = reports(desk, "ben", message, "owners are being called")
    assert desk.gateway.master_key not in said
    desk.dm("olga", "Leak: the credential")
    desk.settle()
    assert open_incidents(desk) == ["credential"]


def test_where_purser_is_not_in_the_channel_the_key_is_off_all_the_same(desk: Desk) -> None:
    label, secret = desk.key()
    message = desk.who("ana").says("general", secret)
    assert BOT_USER_ID not in desk.slack.channel("general").members
    reports(desk, "ben", message, f"`{label}` of @ana is turned off")
    desk.settle()
    assert state(desk, label) is KeyState.DISABLED
    desk.slack.clear_violations()


def test_somebody_from_another_workspace_may_not_report(desk: Desk) -> None:
    label, secret = desk.key()
    message = desk.who("ana").says("search", secret)
    assert desk.who("eve").shortcut(REPORT_LEAK, message).ok
    desk.settle()
    assert state(desk, label) is KeyState.LIVE
