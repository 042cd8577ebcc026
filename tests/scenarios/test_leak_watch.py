"""A key is posted where others can read it: it is off in seconds, who posted it knows, and nobody sees it again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from bot.domain.keys import KeyState
from bot.playground.gateway.faults import FaultKind
from bot.playground.slack.model import BOT_USER_ID, Message
from storage import incidents, keys, leak_watches
from storage.tables import LedgerRow
from tests.scenarios.desk import Desk
from tests.scenarios.test_turning_off import PROBED

FOREIGN = f"sk-or-v1-{'0af9' * 16}"
OFF = "is *off* and never works again"


def watched(desk: Desk, channel: str = "search") -> None:
    desk.types("omar" if channel == "search" else "olga", "/ai-team watch on", channel)
    desk.posted("Leak watch is on", channel)


def is_off(desk: Desk, secret: str) -> bool:
    return desk.sees(lambda: desk.office.chat(secret).status_code == 401 or None)


def state(desk: Desk, label: str) -> KeyState:
    with desk.bot.running.purser.books.reading() as session:
        key = keys.labelled(session, label)
        assert key is not None
        return key.state


def decisions(desk: Desk, label: str) -> int:
    """How often it was decided that this key goes off."""
    with desk.bot.running.purser.books.reading() as session:
        key = keys.labelled(session, label)
        assert key is not None
        rows = session.exec(select(LedgerRow).where(LedgerRow.key_id == key.id, LedgerRow.action == "key.disabled"))
        return len(rows.all())


def open_incidents(desk: Desk) -> list[str]:
    with desk.bot.running.purser.books.reading() as session:
        return [one.kind for one in incidents.unclosed(session)]


def bot_says(desk: Desk, text: str, **more: Any) -> Message:
    """A message of another app's, with the event that Slack sends of it."""
    state, channel = desk.slack.state, desk.slack.channel("search").id
    with state.lock:
        message = Message(state.new_ts(), channel, "", text, bot_id="B0CI")
        state.add_message(message)
    event = {"subtype": "bot_message", "bot_id": "B0CI", "ts": message.ts, "channel": channel, "text": text, **more}
    desk.slack.world.events.emit("message", event, subscribed_as="message.channels")
    return message


def warning(desk: Desk, message: Message, words: str = OFF) -> str:
    return desk.thread_says(message, words)


def test_a_key_posted_in_a_watched_channel_is_off_and_proven_and_its_author_and_thread_are_told(
    desk_each_way: Desk,
) -> None:
    desk = desk_each_way
    label, secret = desk.key()
    card = desk.office.card()
    watched(desk)
    message = desk.who("ben").says("search", f"use this: {secret} for the demo")
    assert is_off(desk, secret)
    said = warning(desk, message)
    assert "A key stands in this message." in said
    assert f"`{label}` of @ana" in said
    told = desk.text(desk.dm("ben", "A message of yours holds a key"))
    assert "Please delete the message now" in told
    assert PROBED in desk.card_says(card, "Probed")
    desk.settle()
    assert open_incidents(desk) == ["leak"]
    assert secret not in said + told


PASTED = [
    "*{}*",
    "_{}_",
    "`{}`",
    "```\nexport OPENAI_API_KEY={}\n```",
    "https://example.com/v1/models?api_key={}&limit=5",
    '{{"authorization": "Bearer {}"}}',
    "OPENAI_API_KEY='{}'",
    "see _key_{}_old_",
]


def test_a_key_is_found_however_it_is_wrapped(desk: Desk) -> None:
    watched(desk)
    for pasted in PASTED:
        _, secret = desk.key("$2 1d try it", "olga")
        desk.who("ben").says("search", pasted.replace("{{", "{").replace("}}", "}").replace("{}", secret))
        assert is_off(desk, secret), pasted
        desk.settle()


def test_a_key_in_a_reply_and_one_edited_into_a_message_are_found(desk: Desk) -> None:
    watched(desk)
    _, first = desk.key()
    _, second = desk.key("$2 1d try it", "ben")
    parent = desk.who("ana").says("search", "how do I call it?")
    desk.who("ben").reply(parent, f"like this: {second}")
    assert is_off(desk, second)
    warning(desk, parent)
    desk.who("ana").edits(parent, f"how do I call it? with {first}?")
    assert is_off(desk, first)
    desk.settle()
    assert sum(OFF in said for said in desk.thread(parent)) == 2


def test_a_key_in_a_reply_that_decides_a_request_or_explains_an_incident_is_found_too(desk: Desk) -> None:
    label, secret = desk.key()
    other, another = desk.key("$5 1d trial", "ben")
    card = desk.ask("$5 1d something else to try", "olga")
    watched(desk)
    desk.who("omar").reply(card, f"deny not while {secret} lies about")
    assert is_off(desk, secret)
    incident = desk.posted("Leak:")
    desk.who("ana").reply(incident, f"I copied it together with {another}")
    assert is_off(desk, another)
    desk.settle()
    assert (decisions(desk, label), decisions(desk, other)) == (1, 1)
    assert open_incidents(desk) == ["leak", "leak"]


def test_several_keys_in_one_message_are_one_warning_and_one_direct_message(desk: Desk) -> None:
    watched(desk)
    made = [desk.key(f"$2 1d try number {number}", person) for number, person in ((1, "olga"), (2, "ben"), (3, "ana"))]
    message = desk.who("ana").says("search", "\n".join(secret for _, secret in made))
    for _, secret in made:
        assert is_off(desk, secret)
    desk.settle()
    (said,) = [said for said in desk.thread(message) if "in this message" in said]
    assert all(label in said for label, _ in made)
    (told,) = [told for told in desk.dms("ana") if "holds a key" in told]
    assert all(label in told for label, _ in made)
    assert open_incidents(desk) == ["leak"] * 3


def test_an_edited_message_is_told_of_once_and_an_event_delivered_twice_as_well(desk: Desk) -> None:
    watched(desk)
    _, secret = desk.key()
    desk.slack.fault("duplicate", "message")
    message = desk.who("ben").says("search", f"it is {secret}")
    warning(desk, message)
    desk.who("ben").edits(message, f"it was {secret}")
    desk.settle()
    assert sum("in this message" in said for said in desk.thread(message)) == 1
    assert sum("holds a key" in told for told in desk.dms("ben")) == 1
    assert open_incidents(desk) == ["leak"]


def test_two_messages_with_the_same_key_at_once_are_one_incident_and_one_decision(desk_on_each: Desk) -> None:
    desk = desk_on_each
    watched(desk)
    label, secret = desk.key()
    first = desk.who("ben").says("search", f"one {secret}")
    second = desk.who("olga").says("search", f"two {secret}")
    assert is_off(desk, secret)
    warning(desk, first)
    warning(desk, second)
    desk.settle()
    assert open_incidents(desk) == ["leak"]
    assert decisions(desk, label) == 1


def test_a_channel_that_is_not_watched_is_left_alone_and_so_is_one_watched_no_more(desk: Desk) -> None:
    label, secret = desk.key()
    desk.who("ben").says("search", f"{secret}")
    desk.settle()
    assert state(desk, label) is KeyState.LIVE
    watched(desk)
    assert "Leak watch is *off* here" in desk.types("omar", "/ai-team watch off")
    desk.posted("Leak watch is off")
    message = desk.who("ben").says("search", f"{secret}")
    desk.settle()
    assert state(desk, label) is KeyState.LIVE
    assert desk.thread(message) == []


def test_a_private_channel_can_be_watched_by_a_workspace_owner(desk: Desk) -> None:
    desk.slack.invite_bot("ops-private")
    _, secret = desk.key()
    watched(desk, "ops-private")
    message = desk.who("fay").says("ops-private", secret)
    assert is_off(desk, secret)
    warning(desk, message)


def test_a_bots_message_is_looked_through_and_its_thread_told_of_foreign_keys(desk: Desk) -> None:
    watched(desk)
    _, secret = desk.key()
    message = bot_says(desk, f"build failed: KEY={secret} OTHER={FOREIGN}")
    assert is_off(desk, secret)
    assert "OpenRouter" in warning(desk, message)


def test_a_key_in_an_attachment_is_found(desk: Desk) -> None:
    watched(desk)
    _, secret = desk.key()
    bot_says(desk, "deployed", attachments=[{"fields": [{"title": "env", "value": f"KEY={secret}"}]}])
    assert is_off(desk, secret)


def test_a_key_in_a_snippet_is_found_where_purser_may_read_files(desk: Desk) -> None:
    watched(desk)
    _, secret = desk.key()
    desk.who("ana").uploads("search", "notes.txt", f"the key\n{secret}\n".encode())
    assert is_off(desk, secret)


def test_without_leave_to_read_files_a_snippet_is_not_read_and_nothing_fails(desk: Desk) -> None:
    watched(desk)
    label, secret = desk.key()
    desk.slack.world.scopes = desk.slack.world.scopes - {"files:read"}
    desk.who("ana").uploads("search", "notes.txt", f"the key\n{secret}\n".encode())
    desk.settle()
    assert state(desk, label) is KeyState.LIVE


def test_a_foreign_key_is_pointed_out_to_its_author_alone_with_the_page_to_revoke_it(desk: Desk) -> None:
    watched(desk)
    message = desk.who("ana").says("search", f"OPENROUTER_API_KEY={FOREIGN}")
    told = desk.text(desk.dm("ana", "OpenRouter"))
    assert "cannot turn it off" in told
    assert "https://openrouter.ai/settings/keys" in str(desk.dm("ana", "OpenRouter").blocks)
    desk.settle()
    assert desk.thread(message) == []
    assert open_incidents(desk) == []


def test_a_key_that_was_off_already_is_told_to_its_author_and_opens_nothing(desk: Desk) -> None:
    watched(desk)
    label, secret = desk.key()
    desk.types("ana", f"/ai-key return {label}")
    desk.settle()
    message = desk.who("ben").says("search", secret)
    told = desk.text(desk.dm("ben", "holds a key"))
    assert f"`{label}` of @ana {OFF}" in told
    desk.settle()
    assert desk.thread(message) == []
    assert open_incidents(desk) == []


def test_purser_credential_posted_calls_the_owners_loudly_and_the_thread_gives_nothing_away(desk: Desk) -> None:
    watched(desk)
    message = desk.who("ben").says("search", f"LITELLM_MASTER_KEY={desk.gateway.master_key}")
    told = desk.text(desk.dm("olga", "Leak: the credential"))
    assert desk.gateway.master_key not in told
    assert "only people can change it" in desk.text(desk.dm("ben", "holds a key"))
    desk.settle()
    assert desk.thread(message) == []
    assert open_incidents(desk) == ["credential"]


def test_while_the_gateway_is_down_the_thread_says_not_yet_off_and_later_the_truth(desk: Desk) -> None:
    watched(desk)
    _, secret = desk.key()
    for _ in range(4):
        desk.gateway.faults.add(FaultKind.ERROR, route="/key/block")
    message = desk.who("ben").says("search", secret)
    warning(desk, message, "NOT yet off")
    desk.gateway.faults.clear()

    def settled() -> bool:
        desk.office.clock.advance(seconds=30)
        return OFF in "".join(desk.thread(message))

    desk.sees(settled, 20)
    assert sum("in this message" in said for said in desk.thread(message)) == 1


def test_pursers_own_messages_are_not_looked_through(desk: Desk) -> None:
    watched(desk)
    label, secret = desk.key()
    client = desk.bot.running.bolt.client
    posted = client.chat_postMessage(channel=desk.slack.channel("search").id, text="nothing")
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text=f"seeded for this test: {secret}")
    desk.settle()
    assert state(desk, label) is KeyState.LIVE


# --- /ai-team watch ---


def test_watch_is_decided_by_owners_announced_once_and_shown_to_anybody(desk_on_each: Desk) -> None:
    desk = desk_on_each
    assert "owners of the team" in desk.types("ana", "/ai-team watch on").lower().replace("an owner", "owners")
    assert "Leak watch is *off* here" in desk.types("ana", "/ai-team watch")
    assert "Leak watch is *on* here" in desk.types("omar", "/ai-team watch on")
    assert "Leak watch is *on* here" in desk.types("omar", "/ai-team watch on")
    assert "Turned on by @omar" in desk.types("ben", "/ai-team watch")
    desk.settle()
    assert desk.count("Leak watch is on in this channel") == 1
    assert "Try `/ai-team watch on`" in desk.types("omar", "/ai-team watch maybe")
    with desk.bot.running.purser.books.reading() as session:
        assert len(leak_watches.every(session)) == 1


def test_watch_needs_purser_in_the_channel_and_a_workspace_owner_where_no_team_lives(desk: Desk) -> None:
    assert "/invite" in desk.types("olga", "/ai-team watch on", "general")
    desk.slack.invite_bot("general")
    assert "only workspace owners" in desk.types("omar", "/ai-team watch on", "general")
    assert "Leak watch is *on* here" in desk.types("olga", "/ai-team watch on", "general")


def test_the_bot_removed_from_a_channel_says_that_it_hears_nothing_there(desk: Desk) -> None:
    watched(desk)
    label, secret = desk.key()
    desk.slack.channel("search").members.remove(BOT_USER_ID)
    desk.who("ben").says("search", secret)
    desk.settle()
    assert state(desk, label) is KeyState.LIVE
    assert "Purser is not in this channel" in desk.types("omar", "/ai-team watch")


@pytest.mark.parametrize("text", ["hello", "sk-learn", "task-ab12", "https://example.com/a-b-c"])
def test_ordinary_messages_are_left_alone(desk: Desk, text: str) -> None:
    watched(desk)
    message = desk.who("ben").says("search", text)
    desk.settle()
    assert desk.thread(message) == []
    assert desk.dms("ben") == []
