"""Messages with charts reach people once and whole: as Slack's own charts, as pictures, or in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.charts import Picture, drawn
from bot.domain.charts import Chart, Look
from bot.playground.slack import FakeSlack
from bot.playground.slack.model import Message as Posted
from bot.services.ports import DeliveryError, FailureKind
from bot.slack.charting import NATIVE_AGAIN_SECONDS, BlocksRefused, Charting
from bot.slack.views.base import Block, Message, chart_here, message, section
from tests.charts.kit import chart, usd
from tests.playground.slack_bots import MANIFEST

UPLOADS = "files.getUploadURLExternal"


class Desk:
    """A workspace, and one who sends messages with charts into it."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
        self.now = 0.0
        self.slept: list[float] = []
        self.charting = self.starts()

    def starts(self, **options: Any) -> Charting:
        """Another process: it remembers nothing."""
        self.charting = Charting(sleep=self.sleep, seconds=lambda: self.now, **options)
        return self.charting

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def post(self, whole: Message, **options: Any) -> str:
        def send(blocks: list[Block]) -> str:
            return str(self.client.chat_postMessage(channel="C0SEARCH", text=whole.text, blocks=blocks)["ts"])

        return self.charting.sent(self.client, whole, send, **options)

    def update(self, ts: str, whole: Message) -> None:
        def send(blocks: list[Block]) -> None:
            self.client.chat_update(channel="C0SEARCH", ts=ts, text=whole.text, blocks=blocks)

        self.charting.sent(self.client, whole, send)

    def calls(self, method: str) -> int:
        return len(self.slack.calls(method))

    @property
    def posted(self) -> list[Posted]:
        return self.slack.channel("search").messages

    def kinds(self, number: int = -1) -> list[str]:
        """What a message's blocks are."""
        return [block["type"] for block in self.posted[number].blocks]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with FakeSlack(MANIFEST) as slack:
        slack.invite_bot("search")
        yield Desk(slack)
        assert slack.violations == []


def with_chart(*charts: Chart) -> Message:
    shown = charts or (chart(Look.COLUMNS, usd(1, 2)),)
    marks = [chart_here(number) for number in range(len(shown))]
    return message("Spend this week", section("Spend this week"), marks, section("below"), charts=shown)


PICTURED = ["section", "image", "section"]
IN_WORDS = ["section", "context", "section"]
NATIVE = ["section", "data_visualization", "section"]


def test_a_chart_is_a_picture_of_ours_with_its_words(desk: Desk) -> None:
    desk.post(with_chart())
    assert desk.kinds() == PICTURED
    image = desk.posted[0].blocks[1]
    assert image["alt_text"] == "What it shows."
    stored = desk.slack.state.files[image["slack_file"]["id"]]
    assert stored.content.startswith(b"\x89PNG")
    assert (stored.title, stored.channels) == ("Spend by day", []), "shared with nobody but by the message"


def test_a_message_without_charts_is_sent_as_it_is(desk: Desk) -> None:
    desk.post(message("hi", section("hi")))
    assert desk.kinds() == ["section"]
    assert desk.calls(UPLOADS) == 0


def test_two_charts_each_stand_in_their_place(desk: Desk) -> None:
    one, two = chart(Look.BARS, usd(1), title="one"), chart(Look.BARS, usd(2), title="two")
    desk.post(with_chart(one, two, one))
    files = [block["slack_file"]["id"] for block in desk.posted[0].blocks if block["type"] == "image"]
    assert [desk.slack.state.files[file].title for file in files] == ["one", "two", "one"]
    assert desk.calls(UPLOADS) == 2, "the same chart is uploaded once"


# --- a picture Slack still works on, or never shows ---


def test_a_picture_that_is_not_ready_is_waited_for(desk: Desk) -> None:
    desk.slack.fault("file_not_ready", times=4)
    desk.post(with_chart())
    assert desk.kinds() == PICTURED
    assert len(desk.posted) == 1
    assert desk.slept == [0.5, 1.0, 2.0, 3.0]
    assert desk.calls(UPLOADS) == 1


def test_a_picture_that_never_gets_ready_leaves_its_words(desk: Desk) -> None:
    desk.slack.fault("file_not_ready", times=99)
    desk.post(with_chart())
    assert desk.kinds() == IN_WORDS
    assert "What it shows." in desk.slack.text_of(desk.posted[0])
    assert sum(desk.slept) < 8


@pytest.mark.parametrize("step", [UPLOADS, "files.completeUploadExternal"])
@pytest.mark.parametrize("kind", ["server_error", "cut", "reply_lost"])
def test_an_upload_that_fails_once_is_tried_again(desk: Desk, step: str, kind: str) -> None:
    desk.slack.fault(kind, step)
    desk.post(with_chart())
    assert desk.kinds() == PICTURED


@pytest.mark.parametrize(
    "fault", [{"kind": "server_error"}, {"kind": "cut"}, {"kind": "refuse", "error": "missing_scope"}]
)
def test_where_nothing_can_be_uploaded_words_stand_there(desk: Desk, fault: dict[str, str]) -> None:
    desk.slack.fault(method=UPLOADS, times=9, **fault)
    desk.post(with_chart())
    assert desk.kinds() == IN_WORDS
    assert len(desk.posted) == 1


def test_what_cannot_be_drawn_is_said_in_words(desk: Desk) -> None:
    desk.post(with_chart(chart(Look.BARS, usd(1), categories=())))
    assert desk.kinds() == IN_WORDS


def test_after_a_failed_upload_words_are_sent_at_once_for_a_minute(desk: Desk) -> None:
    desk.slack.fault("server_error", UPLOADS, times=2)
    desk.post(with_chart())
    tries = desk.calls(UPLOADS)
    desk.post(with_chart())
    assert desk.kinds() == IN_WORDS
    assert desk.calls(UPLOADS) == tries
    desk.now += 61
    desk.post(with_chart())
    assert desk.kinds() == PICTURED


@pytest.mark.parametrize("fails", [False, True])
def test_who_can_wait_sends_nothing_after_a_slow_upload_but_at_the_next_try(desk: Desk, fails: bool) -> None:
    """Whoever performs the outbox is taken for dead after 30 seconds, and another sends what they were to send."""

    def slowly(shown: Chart) -> Picture:
        desk.now += 10
        if fails:
            raise ValueError("no pictures today")
        return drawn(shown)

    desk.starts(draw=slowly)
    with pytest.raises(DeliveryError) as caught:
        desk.post(with_chart(), patient=True)
    assert caught.value.kind is FailureKind.TRANSIENT
    assert desk.posted == []
    if not fails:
        desk.post(with_chart(), patient=True)
        assert desk.kinds() == PICTURED


def test_who_cannot_wait_is_answered_late_rather_than_never(desk: Desk) -> None:
    def slowly(shown: Chart) -> Picture:
        desk.now += 10
        return drawn(shown)

    desk.starts(draw=slowly)
    desk.post(with_chart())
    assert desk.kinds() == PICTURED


def test_slow_down_is_passed_on_to_who_can_wait_with_nothing_sent(desk: Desk) -> None:
    desk.slack.fault("rate_limited", UPLOADS, retry_after_seconds=30)
    with pytest.raises(SlackApiError) as caught:
        desk.post(with_chart(), patient=True)
    assert caught.value.response.headers["Retry-After"] == "30"
    assert desk.posted == []
    desk.post(with_chart(), patient=True)
    assert desk.kinds() == PICTURED


def test_who_cannot_wait_gets_words_when_slack_asks_to_slow_down(desk: Desk) -> None:
    desk.slack.fault("rate_limited", UPLOADS, times=9)
    desk.post(with_chart())
    assert desk.kinds() == IN_WORDS


# --- a message is not sent twice, and its own faults are not the chart's ---


@pytest.mark.parametrize("kind", ["reply_lost", "rate_limited", "server_error"])
def test_a_message_that_may_have_arrived_is_not_sent_again(desk: Desk, kind: str) -> None:
    desk.slack.fault(kind, "chat.postMessage")
    with pytest.raises((SlackApiError, OSError)):
        desk.post(with_chart())
    assert desk.calls("chat.postMessage") == 1
    assert len(desk.posted) == (1 if kind == "reply_lost" else 0)


def test_a_message_that_slack_refuses_for_its_other_blocks_stays_refused(desk: Desk) -> None:
    desk.starts(native=True)
    broken = message("x", {"type": "gizmo"}, chart_here(0), charts=[chart(Look.COLUMNS, usd(1))])
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        desk.post(broken)
    desk.slack.clear_violations()
    desk.post(with_chart())
    assert desk.kinds() == NATIVE, "Slack's own charts are not to blame"


# --- a message written anew ---


def test_a_message_written_anew_keeps_its_picture(desk: Desk) -> None:
    ts = desk.post(with_chart())
    before = desk.posted[0].blocks[1]["slack_file"]
    desk.update(ts, with_chart())
    assert desk.posted[0].blocks[1]["slack_file"] == before
    assert desk.calls(UPLOADS) == 1


def test_a_picture_that_somebody_deleted_is_uploaded_anew(desk: Desk) -> None:
    ts = desk.post(with_chart())
    gone = desk.posted[0].blocks[1]["slack_file"]["id"]
    del desk.slack.state.files[gone]
    desk.update(ts, with_chart())
    desk.slack.clear_violations()
    assert desk.kinds() == PICTURED
    assert desk.posted[0].blocks[1]["slack_file"]["id"] != gone


def test_another_process_uploads_it_again(desk: Desk) -> None:
    ts = desk.post(with_chart())
    desk.starts()
    desk.update(ts, with_chart())
    assert desk.kinds() == PICTURED


# --- Slack's own charts ---


def test_slack_s_own_chart_is_used_where_the_setting_says_so(desk: Desk) -> None:
    desk.starts(native=True)
    desk.post(with_chart())
    assert desk.kinds() == NATIVE
    assert desk.calls(UPLOADS) == 0


def test_what_its_own_chart_cannot_say_is_a_picture(desk: Desk) -> None:
    desk.starts(native=True)
    desk.post(with_chart(chart(Look.COLUMNS, usd(1, None))))
    assert desk.kinds() == PICTURED


def test_where_slack_refuses_its_own_charts_pictures_are_sent_for_some_hours(desk: Desk) -> None:
    desk.starts(native=True)
    desk.slack.fault("chart_refused", times=2)
    desk.post(with_chart())
    assert desk.kinds() == PICTURED
    assert len(desk.posted) == 1
    tries = desk.calls("chat.postMessage")
    desk.post(with_chart(chart(Look.COLUMNS, usd(3))))
    assert desk.kinds() == PICTURED
    assert desk.calls("chat.postMessage") == tries + 1, "it was not tried again"
    desk.now += NATIVE_AGAIN_SECONDS + 1
    desk.slack.world.faults.clear()
    desk.post(with_chart())
    assert desk.kinds() == NATIVE


def test_with_neither_its_own_charts_nor_pictures_words_stand_there(desk: Desk) -> None:
    desk.starts(native=True)
    desk.slack.fault("chart_refused", times=9)
    desk.slack.fault("server_error", UPLOADS, times=9)
    desk.post(with_chart())
    assert desk.kinds() == IN_WORDS
    assert len(desk.posted) == 1


def test_a_sender_that_is_told_of_refused_blocks_otherwise_is_understood_too() -> None:
    """A response_url says so in its own way."""
    tries: list[list[str]] = []

    def send(blocks: list[Block]) -> str:
        tries.append([block["type"] for block in blocks])
        if "data_visualization" in tries[-1]:
            raise BlocksRefused("the response_url refused the blocks")
        return "sent"

    def broken(_: Chart) -> Any:
        raise ValueError("no pictures today")

    charting = Charting(native=True, draw=broken)
    take: Callable[[list[Block]], str] = send
    assert charting.sent(WebClient("xoxb-unused"), with_chart(), take) == "sent"
    assert tries == [NATIVE, IN_WORDS]
