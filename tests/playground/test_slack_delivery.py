"""A real Bolt app against the fake, over HTTP and over Socket Mode: what people do arrives, and the answer is seen."""

import threading
from collections.abc import Iterator

import pytest

from bot.playground.slack import FakeSlack, NotInSlack, Options
from tests.playground.slack_bots import (
    MANIFEST,
    SmallBot,
    over_http,
    over_socket,
)


@pytest.fixture(params=["http", "socket"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST, options=Options(retry_delays_seconds=(0.0, 0.05, 0.1))) as fake:
        fake.invite_bot("search")
        yield fake


@pytest.fixture
def bot(slack: FakeSlack, mode: str) -> Iterator[SmallBot]:
    bot = SmallBot(slack)
    with over_http(slack, bot.app) if mode == "http" else over_socket(slack, bot.app):
        yield bot
        slack.settle()


def test_a_command_is_acknowledged_and_only_its_author_sees_the_answer(slack: FakeSlack, bot: SmallBot) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    reply = ana.command("/ask hello", channel="search")
    assert (reply.status, reply.text, reply.ok) == (200, "you said hello", True)
    assert reply.ack_ms < 1000
    assert [slack.text_of(m) for m in ana.ephemerals("search")] == ["you said hello"]
    assert ben.ephemerals("search") == []
    assert slack.channel("search").messages == []
    assert slack.violations == []


def test_escaped_commands_name_people_and_channels_and_raw_ones_do_not(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    ana.command("/ask give @ben and #general <!channel> & @nobody", channel="search")
    assert bot.seen[-1]["text"] == ("give <@U0BEN|ben> and <#C0GENERAL|general> &lt;!channel&gt; &amp; @nobody")
    ana.command("/raw give @ben <!channel> & more", channel="search")
    assert bot.seen[-1]["text"] == "give @ben <!channel> & more"


def test_addresses_and_links_are_marked_up_and_left_whole(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").command("/ask mail ana@example.com or https://example.com/@ben?a=1&b=2", channel="search")
    assert bot.seen[-1]["text"] == (
        "mail <mailto:ana@example.com|ana@example.com> or <https://example.com/@ben?a=1&amp;b=2>"
    )


def test_an_answer_through_the_response_url_is_an_ephemeral(slack: FakeSlack, bot: SmallBot) -> None:
    assert slack.person("ana").command("/ask later", channel="search").answer() == "here it is"


def test_a_button_reaches_the_bot_and_the_card_changes_in_place(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").command("/ask card", channel="search")
    card = slack.wait_for(lambda: slack.channel("search").messages[0])
    reply = slack.person("omar").click("Approve", in_=card)
    assert reply.ok
    slack.wait_for(lambda: slack.text_of(card) == "approved by @omar")
    body = bot.sent("actions")
    assert body["actions"][0]["value"] == "7"
    assert body["user"] == {"id": "U0OMAR", "username": "omar", "name": "omar", "team_id": "T0PURSER"}
    assert body["container"]["is_ephemeral"] is False
    assert reply.answer() == "done"
    with pytest.raises(NotInSlack, match="no button 'Approve'"):
        slack.person("olga").click("Approve", in_=card)


def test_somebody_from_another_workspace_presses_with_their_own_team_id(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").command("/ask card", channel="search")
    card = slack.wait_for(lambda: slack.channel("search").messages[0])
    slack.person("eve").click("Approve", in_=card)
    body = slack.wait_for(lambda: bot.sent("actions"))
    assert body["user"]["team_id"] == "T0ELSEWHERE"
    assert body["team"]["id"] == "T0PURSER"
    assert "not a valid command" in slack.person("eve").command("/ask x", channel="search").text


def test_a_form_complains_inline_then_goes_through(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    assert ana.command("/ask form", channel="search").answer().splitlines()[0] == "Form"
    assert ana.submit(answers={}).errors == {"cap": "Please complete this required field."}
    assert not [b for b in bot.seen if b.get("type") == "view_submission"], "Slack's client refuses itself"
    assert ana.submit(answers={"Cap": "25"}).errors == {"cap": "Write it as $25."}
    assert ana.modal() is not None
    assert ana.submit(answers={"Cap": "$1"}).ok
    assert "Thank you" in slack.text_of(ana.modal())
    ana.close()
    assert ana.modal() is None
    assert slack.violations == []


def test_a_message_shortcut_carries_the_message(slack: FakeSlack, bot: SmallBot) -> None:
    message = slack.person("ben").says("search", "my key is sk-1234")
    assert slack.person("ana").shortcut("report_leak", message).ok
    body = slack.wait_for(lambda: bot.sent("callback_id", "report_leak"))
    assert body["message"]["text"] == "my key is sk-1234"
    assert body["message"]["user"] == "U0BEN"
    with pytest.raises(NotInSlack, match="report_leak"):
        slack.person("ana").shortcut("unknown", message)


def test_a_reply_in_a_thread_reaches_the_bot_with_its_parent(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    ana.command("/ask card", channel="search")
    card = slack.wait_for(lambda: slack.channel("search").messages[0])
    slack.person("omar").reply(card, "approve $20 3d for @ana")
    event = slack.wait_for(lambda: bot.sent("thread_ts", card.ts))
    assert event["text"] == "approve $20 3d for <@U0ANA>"
    assert [slack.text_of(m) for m in slack.channel("search").replies(card)] == ["approve $20 3d for @ana"]
    assert len(slack.channel("search").messages) == 1


def test_messages_are_heard_only_where_the_bot_is(slack: FakeSlack, bot: SmallBot) -> None:
    slack.person("ana").says("general", "secret")
    slack.person("ana").says("search", "open")
    slack.person("ana").says("dm", "psst")
    slack.wait_for(lambda: len([e for e in bot.seen if e.get("type") == "message"]) == 2)
    slack.settle()
    assert {e["text"]: e["channel_type"] for e in bot.seen} == {"open": "channel", "psst": "im"}


def test_the_home_tab_is_published_when_opened(slack: FakeSlack, bot: SmallBot) -> None:
    ana = slack.person("ana")
    assert ana.home() is None
    ana.opens_home()
    assert slack.text_of(slack.wait_for(ana.home)).strip() == "Your keys"


def test_a_departure_is_told(slack: FakeSlack, bot: SmallBot) -> None:
    slack.deactivate("ana")
    slack.wait_for(lambda: [e for e in bot.seen if e.get("type") == "user_change"])
    assert bot.seen[-1]["user"]["deleted"] is True
    with pytest.raises(NotInSlack, match="deactivated"):
        slack.person("ana").says("search", "still here?")


def test_an_unknown_command_never_reaches_the_bot(slack: FakeSlack, bot: SmallBot) -> None:
    reply = slack.person("ana").command("/nope now", channel="search")
    assert (reply.status, reply.text) == (0, "/nope is not a valid command.")
    assert bot.seen == []


def test_a_command_in_a_thread_is_refused_by_slack(slack: FakeSlack, bot: SmallBot) -> None:
    reply = slack.person("ana").command("/ask x", channel="search", in_thread=True)
    assert "not supported in threads" in reply.text
    assert bot.seen == []


def test_commands_typed_at_once_are_all_acknowledged(slack: FakeSlack, bot: SmallBot) -> None:
    replies: list = []
    people = [slack.person(name) for name in ("ana", "ben", "omar", "olga", "fay", "gus")]
    threads = [
        threading.Thread(target=lambda p=p: replies.append(p.command("/ask hi", channel="search"))) for p in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.text for r in replies] == ["you said hi"] * 6


def test_duplicates_carry_the_same_trigger_and_event_ids(slack: FakeSlack, bot: SmallBot) -> None:
    slack.fault("duplicate", "/ask", copies=3)
    slack.person("ana").command("/ask hi", channel="search")
    assert len(bot.seen) == 3
    assert len({b["trigger_id"] for b in bot.seen}) == 1
    slack.fault("duplicate", "message", copies=3)
    slack.person("ana").says("search", "hello")
    slack.settle()
    bodies = [e.body for e in slack.world.journal.entries(method="message", direction="out")]
    assert len(bodies) == 3
    assert len({b["event_id"] for b in bodies}) == 1
