"""What is posted for services stands there once, with its charts and files, whatever Slack does on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.domain.incident_facts import IncidentNotice, Part
from bot.playground.slack import FakeSlack
from bot.playground.slack.model import Message
from bot.services.ports import DeliveryError, FailureKind, FileToSend, Sending
from bot.slack.charting import Charting
from bot.slack.files import Uploads
from bot.slack.notifier import SlackNotifier
from bot.slack.views.digest import thread
from tests.playground.slack_bots import MANIFEST
from tests.slack.views import kit_incidents
from tests.slack.views.kit import EVERYDAY, LONGEST, NOW
from tests.slack.views.kit_digest import figures, notice

UPLOADS = "files.getUploadURLExternal"
POSTS = "chat.postMessage"
FIRST = Sending("outbox-1", maybe_sent=False)
AGAIN = Sending("outbox-1", maybe_sent=True)
TABLE = FileToSend("usage.csv", "Usage of search", b"day,usd\n2026-11-09,1.25\n")


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST) as fake:
        fake.invite_bot("search")
        yield fake
        assert fake.violations == []


@pytest.fixture
def notifier(slack: FakeSlack) -> SlackNotifier:
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    return SlackNotifier(client, Charting(sleep=lambda _: None))


def fails(call: Callable[[], object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        call()
    return caught.value


def posted(slack: FakeSlack) -> list[Message]:
    return slack.channel("search").messages


def has_picture(message: Message) -> bool:
    return any(block["type"] == "image" for block in message.blocks)


DIGEST = notice(figures(EVERYDAY))
LONG = notice(figures(LONGEST))


def test_a_message_that_was_deleted_in_slack_stays_deleted_and_is_no_failure(
    slack: FakeSlack, notifier: SlackNotifier
) -> None:
    told = kit_incidents.facts(EVERYDAY)

    def update(channel_id: str) -> None:
        there = replace(told.incident, channel_id=channel_id, ts="1.2")
        notifier.update_incident(IncidentNotice(replace(told, incident=there), Part.MESSAGE), NOW)

    update(slack.channel("search").id)
    assert fails(lambda: update("C0NONE")).kind is FailureKind.PERMANENT
    assert posted(slack) == []


# --- charts ---


def test_a_digest_is_posted_with_its_chart_and_found_again_by_its_id(slack: FakeSlack, notifier: SlackNotifier) -> None:
    first = notifier.post_digest(DIGEST, FIRST)
    assert notifier.post_digest(DIGEST, AGAIN) == first
    assert len(posted(slack)) == 1
    assert has_picture(posted(slack)[0])
    assert len(slack.calls(UPLOADS)) == 1, "what stands there already is not drawn again"


@pytest.mark.parametrize("kind", ["reply_lost", "cut", "server_error"])
@pytest.mark.parametrize("method", [POSTS, UPLOADS, "files.completeUploadExternal"])
def test_a_chart_and_a_lost_reply_make_one_message(
    slack: FakeSlack, notifier: SlackNotifier, kind: str, method: str
) -> None:
    slack.fault(kind, method)
    if method == POSTS:
        assert fails(lambda: notifier.post_digest(DIGEST, FIRST)).kind is FailureKind.UNKNOWN
    notifier.post_digest(DIGEST, AGAIN)
    assert [has_picture(message) for message in posted(slack)] == [True]


@pytest.mark.parametrize("method", [POSTS, UPLOADS, "files.completeUploadExternal"])
def test_slow_down_leaves_nothing_half_done(slack: FakeSlack, notifier: SlackNotifier, method: str) -> None:
    slack.fault("rate_limited", method, retry_after_seconds=30)
    failed = fails(lambda: notifier.post_digest(DIGEST, FIRST))
    assert (failed.kind, failed.retry_after_seconds) == (FailureKind.TRANSIENT, 30)
    assert posted(slack) == []
    notifier.post_digest(DIGEST, FIRST)
    assert [has_picture(message) for message in posted(slack)] == [True]


def test_what_was_posted_is_found_again_after_much_talk(slack: FakeSlack, notifier: SlackNotifier) -> None:
    first = notifier.post_digest(DIGEST, FIRST)
    for number in range(300):
        slack.person("ana").says("search", f"line {number}")
    assert notifier.post_digest(DIGEST, AGAIN) == first


def test_a_process_that_dies_after_the_upload_posts_once_when_it_is_back(
    slack: FakeSlack, notifier: SlackNotifier
) -> None:
    slack.fault("cut", POSTS)
    fails(lambda: notifier.post_digest(DIGEST, FIRST))
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    SlackNotifier(client, Charting()).post_digest(DIGEST, AGAIN)
    assert [has_picture(message) for message in posted(slack)] == [True]


def test_a_digest_to_one_person_is_sent_once_though_slack_asks_to_slow_down_half_way(
    slack: FakeSlack, notifier: SlackNotifier
) -> None:
    """The outbox tries again from the beginning."""
    ana = slack.person("ana")
    told = slack.state.im(ana.id).messages
    notifier.direct_digest(ana.id, LONG, Sending("whole", maybe_sent=False))
    whole = len(told)
    assert whole > 1, "a main message, and a thread"
    for allowed in range(1, whole):
        sending = Sending(f"outbox-{allowed}", maybe_sent=False)
        before = len(told)
        calls = len(slack.calls(POSTS))
        failed = fails(lambda sending=sending, stop=calls + allowed: _with_brake(slack, notifier, sending, stop))  # type: ignore[misc]
        assert failed.kind is FailureKind.UNKNOWN, "a part of it stands there already"
        slack.world.faults.clear()
        notifier.direct_digest(ana.id, LONG, Sending(sending.id, maybe_sent=True))
        assert len(told) - before == whole


def _with_brake(slack: FakeSlack, notifier: SlackNotifier, sending: Sending, stop: int) -> None:
    """Send a digest to Ana; Slack asks to slow down once it has taken so many messages."""
    take = slack.world.faults.take

    def braked(method: str, *kinds: object) -> object:
        if method == POSTS and len(slack.calls(POSTS)) == stop and not slack.world.faults.wire():
            slack.fault("rate_limited", POSTS, retry_after_seconds=3)
        return take(method, *kinds)  # type: ignore[arg-type]

    slack.world.faults.take = braked  # type: ignore[method-assign, assignment]
    try:
        notifier.direct_digest(slack.person("ana").id, LONG, sending)
    finally:
        slack.world.faults.take = take  # type: ignore[method-assign]


def test_a_long_thread_is_posted_over_several_tries_each_over_before_another_takes_over(slack: FakeSlack) -> None:
    """Slack takes five seconds for a message. After 30 whoever performs an effect is taken for dead."""
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    notifier = SlackNotifier(client, Charting(), seconds=lambda: 5.0 * len(slack.calls(POSTS)))
    where = notifier.post_digest(LONG, FIRST)
    stands = replace(LONG, digest=replace(LONG.digest, channel_id=where.channel_id, ts=where.ts))
    whole = len(thread(LONG))
    tries, sending = 0, Sending("outbox-2", maybe_sent=False)
    while (done := len(slack.channel("search").replies(posted(slack)[0]))) < whole:
        assert tries < whole
        before, tries = done, tries + 1
        with suppress(DeliveryError):
            notifier.follow_digest(stands, sending)
        posted_now = len(slack.channel("search").replies(posted(slack)[0])) - before
        assert 1 <= posted_now <= 4
        sending = Sending("outbox-2", maybe_sent=True)
    assert tries > 1
    notifier.follow_digest(stands, sending)
    assert len(slack.channel("search").replies(posted(slack)[0])) == whole


# --- files ---


def files(slack: FakeSlack, message: Message) -> list[tuple[str, str, bytes]]:
    stored = [slack.state.files[file] for file in message.files]
    return [(file.name, file.title, file.content) for file in stored]


def test_a_file_is_shared_by_one_message_of_ours(slack: FakeSlack, notifier: SlackNotifier) -> None:
    where = notifier.send_file("C0SEARCH", TABLE, "The figures of <@U0ANA> & others.", FIRST)
    assert [message.ts for message in posted(slack)] == [where.ts]
    message = posted(slack)[0]
    assert files(slack, message) == [("usage.csv", "Usage of search", TABLE.content)]
    assert message.text.startswith("The figures of <@U0ANA> &amp; others. <http")
    assert message.metadata == {"event_type": "purser_posted", "event_payload": {"id": "outbox-1"}}


def test_a_file_goes_into_a_thread_or_to_one_person(slack: FakeSlack, notifier: SlackNotifier) -> None:
    parent = notifier.post_digest(DIGEST, Sending("outbox-0", maybe_sent=False))
    notifier.send_file("C0SEARCH", TABLE, "The table.", FIRST, thread_ts=parent.ts)
    assert files(slack, slack.channel("search").replies(posted(slack)[0])[0])
    ana = slack.person("ana")
    notifier.send_file(ana.id, TABLE, "Your table.", Sending("outbox-2", maybe_sent=False))
    assert [files(slack, message)[0][0] for message in ana.dms()] == ["usage.csv"]


def test_a_large_file_is_read_from_where_it_lies(slack: FakeSlack, notifier: SlackNotifier, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"0123456789abcdef" * 250_000)
    notifier.send_file("C0SEARCH", FileToSend("long.csv", "Long", path), "All of it.", FIRST)
    assert files(slack, posted(slack)[0])[0][2] == path.read_bytes()


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize("kind", ["reply_lost", "cut", "server_error"])
@pytest.mark.parametrize("method", [POSTS, UPLOADS, "files.completeUploadExternal"])
def test_a_file_whose_reply_was_lost_is_sent_once(
    slack: FakeSlack, notifier: SlackNotifier, method: str, kind: str, thread: bool
) -> None:
    ts = notifier.post_digest(DIGEST, Sending("outbox-0", maybe_sent=False)).ts if thread else None
    slack.fault(kind, method)
    failed = fails(lambda: notifier.send_file("C0SEARCH", TABLE, "The table.", FIRST, thread_ts=ts))
    assert failed.kind is FailureKind.UNKNOWN
    notifier.send_file("C0SEARCH", TABLE, "The table.", AGAIN, thread_ts=ts)
    assert len([message for message in slack.state.channels["C0SEARCH"].messages if message.files]) == 1


def test_a_file_that_took_long_to_upload_is_posted_at_the_next_try_and_not_uploaded_again(
    slack: FakeSlack, notifier: SlackNotifier
) -> None:
    """Whoever performs the outbox is taken for dead after 30 seconds, and another sends what they were to send."""
    moments = iter([0.0, 9.0])
    notifier._uploads = Uploads(notifier._client, lambda: next(moments))
    failed = fails(lambda: notifier.send_file("C0SEARCH", TABLE, "The table.", FIRST))
    assert failed.kind is FailureKind.TRANSIENT
    assert posted(slack) == []
    notifier.send_file("C0SEARCH", TABLE, "The table.", FIRST)
    assert [bool(message.files) for message in posted(slack)] == [True]
    assert len(slack.calls(UPLOADS)) == 1


def test_a_file_waits_while_slack_asks_to_slow_down(slack: FakeSlack, notifier: SlackNotifier) -> None:
    slack.fault("rate_limited", UPLOADS, retry_after_seconds=7)
    failed = fails(lambda: notifier.send_file("C0SEARCH", TABLE, "The table.", FIRST))
    assert (failed.kind, failed.retry_after_seconds) == (FailureKind.TRANSIENT, 7)


def test_without_the_scope_a_file_is_given_up_with_its_reason(slack: FakeSlack, notifier: SlackNotifier) -> None:
    slack.fault("refuse", UPLOADS, error="missing_scope")
    failed = fails(lambda: notifier.send_file("C0SEARCH", TABLE, "The table.", FIRST))
    assert failed.kind is FailureKind.PERMANENT
    assert "missing_scope" in failed.message
