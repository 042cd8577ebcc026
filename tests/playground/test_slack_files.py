"""Files of the app in the fake Slack: pictures among blocks, links that share, and what Slack refuses of them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack import FakeSlack
from bot.services.ports import FileToSend
from bot.slack.files import Uploaded, upload
from tests.playground.slack_bots import MANIFEST, section


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST) as fake:
        fake.invite_bot("search")
        yield fake


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])


def small_png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (2, 2), "white").save(out, format="png")
    return out.getvalue()


def uploaded(client: WebClient, name: str = "chart.png") -> Uploaded:
    return upload(client, FileToSend(name, "A file", small_png()))


def image(file_id: str) -> dict[str, Any]:
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": "a chart"}


def refused(client: WebClient, *blocks: dict[str, Any]) -> list[str]:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0SEARCH", text="x", blocks=blocks)
    assert caught.value.response["error"] == "invalid_blocks"
    return list(caught.value.response["errors"])


def test_an_uploaded_picture_stands_in_a_message(slack: FakeSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[section("hi"), image(uploaded(client).id)])
    assert slack.channel("search").messages[0].files == [], "shown among the blocks, not shared as a file"
    assert slack.violations == []


def test_a_picture_nobody_uploaded_is_refused_and_loud(slack: FakeSlack, client: WebClient) -> None:
    assert refused(client, section("hi"), image("F0123ABCD")) == [
        "invalid slack file [json-pointer:/blocks/1/slack_file]"
    ]
    assert slack.violations == ["chat.postMessage: invalid slack file [json-pointer:/blocks/1/slack_file]"]


def test_a_table_is_no_picture(client: WebClient) -> None:
    assert "invalid slack file" in refused(client, image(uploaded(client, "usage.csv").id))[0]


def test_a_file_of_somebody_else_is_not_shown(slack: FakeSlack, client: WebClient) -> None:
    slack.person("ana").says("search", "look")
    channel = slack.channel("search").id
    theirs = slack.acts.uploads(slack.person("ana").id, channel, "mine.png", small_png()).files[0]
    assert "invalid slack file" in refused(client, image(theirs))[0]


def test_a_picture_in_a_corner_of_a_block_is_looked_for_as_well(client: WebClient) -> None:
    corner = image("F0123ABCD") | {"type": "image"}
    assert refused(client, section("hi") | {"accessory": corner}) == [
        "invalid slack file [json-pointer:/blocks/0/accessory/slack_file]"
    ]


def test_a_file_that_is_not_ready_is_refused_as_often_as_wanted_and_is_no_fault_of_the_app(
    slack: FakeSlack, client: WebClient
) -> None:
    picture = image(uploaded(client).id)
    slack.fault("file_not_ready", times=2)
    client.chat_postMessage(channel="C0SEARCH", text="no picture in it")
    assert (
        refused(client, picture)
        == refused(client, picture)
        == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]
    )
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[picture])
    assert slack.violations == []


def test_a_workspace_without_charts_refuses_them_alone(slack: FakeSlack, client: WebClient) -> None:
    axes = {"categories": ["a"]}
    series = [{"name": "s", "data": [{"label": "a", "value": 1}]}]
    chart = {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": "bar", "series": series, "axis_config": axes},
    }
    slack.fault("chart_refused", "chat.postMessage", times=1)
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[section("hi")])
    assert refused(client, chart) == ["unsupported type: data_visualization [json-pointer:/blocks]"]
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[chart, chart])
    assert "no more than 2 charts" in refused(client, chart, chart, chart)[0]


def test_the_link_of_a_file_shares_it_where_it_is_posted(slack: FakeSlack, client: WebClient) -> None:
    file = uploaded(client, "usage.csv")
    other = uploaded(client, "usage.csv.png")
    assert httpx.get(file.permalink, trust_env=False).content == small_png()
    client.chat_postMessage(channel="C0SEARCH", text=f"The figures: <{file.permalink}|usage.csv>")
    message = slack.channel("search").messages[0]
    assert message.files == [file.id], "its name is the beginning of another's"
    assert slack.state.files[file.id].channels == ["C0SEARCH"]
    assert slack.state.files[other.id].channels == []


def test_others_do_not_share_the_app_s_files_by_their_link(slack: FakeSlack, client: WebClient) -> None:
    said = slack.person("ana").says("search", uploaded(client).permalink)
    assert said.files == []
