"""Who there is, as Slack's Web API tells it: page by page, by name, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.playground.slack import FakeSlack
from bot.services.ports import CursorLost, DeliveryError, FailureKind
from bot.slack.directory import PAGE_PEOPLE, SlackDirectory
from tests.office import MANIFEST


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    fake = FakeSlack(MANIFEST)
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def directory(slack: FakeSlack) -> SlackDirectory:
    return SlackDirectory(WebClient(slack.bot_token, base_url=slack.api_url.rstrip("/") + "/", retry_handlers=[]))


def test_everybody_is_listed_over_pages_the_deactivated_too(slack: FakeSlack, directory: SlackDirectory) -> None:
    for number in range(PAGE_PEOPLE):
        slack.add_user(f"zz{number:03}")
    slack.deactivate("ben")
    first = directory.people()
    second = directory.people(first.cursor)
    assert (len(first.people), second.cursor) == (PAGE_PEOPLE, "")
    people = {one.id: one for one in (*first.people, *second.people)}
    assert len(people) == len(first.people) + len(second.people)
    assert people["U0BEN"].is_departed
    assert people["U0GUS"].is_guest


def test_a_forgotten_place_is_told_apart_from_any_other_refusal(slack: FakeSlack, directory: SlackDirectory) -> None:
    with pytest.raises(CursorLost):
        directory.people("bm9ib2R5")
    slack.fault("refuse", "users.list", error="missing_scope")
    with pytest.raises(DeliveryError) as refused:
        directory.people("bm9ib2R5")
    assert not isinstance(refused.value, CursorLost)
    assert refused.value.kind is FailureKind.PERMANENT


def test_how_long_slack_wants_to_be_left_alone_is_told(slack: FakeSlack, directory: SlackDirectory) -> None:
    slack.fault("rate_limited", "users.list", retry_after_seconds=30)
    with pytest.raises(DeliveryError) as limited:
        directory.people()
    assert (limited.value.kind, limited.value.retry_after_seconds) == (FailureKind.TRANSIENT, 30.0)


@pytest.mark.parametrize("error", ["user_not_found", "user_not_visible"])
def test_somebody_slack_does_not_show_is_nobody(slack: FakeSlack, directory: SlackDirectory, error: str) -> None:
    slack.fault("refuse", "users.info", error=error)
    assert directory.lookup("U0ANA") is None
    assert directory.lookup("U0ANA") is not None
