"""The weekly digest over the wire: in the channel on Monday, its details and table in the thread, and by DM where it
must be.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.digests import Week
from bot.jobs.schedule import JOBS
from bot.playground.slack.model import Channel, Message
from storage import outbox
from tests.scenarios.desk import Desk

TITLE = "Team search, "


def run(desk: Desk, *names: str) -> None:
    """These jobs, now."""
    for name in names:
        next(job for job in JOBS if job.name == name).run(desk.bot.running.purser)


def used(desk: Desk, dollars: float = 12, person: str = "ana") -> str:
    """Somebody used a key; its label."""
    run(desk, "digest")
    label, secret = desk.key(f"${int(dollars) + 50} 7d evaluate rerankers", person)
    assert desk.spends(secret, dollars).status_code == 200
    return label


def monday(desk: Desk, weeks: int = 1) -> None:
    """09:00 UTC on the Monday after this week, or after the next ones; what is due then is done."""
    now = desk.at()
    nine = Week.of(now.date()).moved(weeks - 1).span.ends_at + timedelta(hours=9, seconds=5)
    desk.office.clock.advance(seconds=(nine - now).total_seconds())
    run(desk, "usage", "digest")


def told(desk: Desk, where: str = "search") -> list[Message]:
    return [message for message in desk.office.cards(where) if TITLE in desk.text(message)]


def channel(desk: Desk) -> Channel:
    """The team's channel, to do with as Slack's admins do."""
    return next(one for one in desk.slack.state.channels.values() if one.name == "search")


def thread(desk: Desk, message: Message) -> list[Message]:
    return desk.slack.channel("search").replies(message)


def until_told(desk: Desk) -> Message:
    """The digest with its thread, once Purser has tried often enough. Time is not moved: its tries take their time."""
    books = desk.bot.running.purser.books

    def is_through() -> bool:
        with books.reading() as session:
            return not outbox.pending(session)

    desk.sees(is_through, timeout=25)
    (message,) = told(desk)
    return message


def test_the_week_is_told_on_monday_with_a_chart_its_details_and_its_table(desk_on_each: Desk) -> None:
    desk = desk_on_each
    used(desk)
    assert not told(desk)
    monday(desk)
    desk.settle()
    (message,) = told(desk)
    assert "$12 spent; the week before it was nothing." in desk.text(message)
    assert "@ana" in desk.text(message)
    assert "of $500" in desk.text(message)
    assert "image" in [block["type"] for block in message.blocks]
    details, table = thread(desk, message)
    assert "1 of 1 person with a key used it." in desk.text(details)
    assert "purser-digest-search-" in desk.text(table)
    for _ in range(3):
        desk.office.clock.advance(minutes=5)
        run(desk, "usage", "digest")
    desk.settle()
    assert len(told(desk)) == 1
    assert len(thread(desk, message)) == 2


@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "reply_lost"])
def test_a_slack_that_is_slow_or_loses_replies_gets_each_message_once(desk: Desk, fault: str) -> None:
    used(desk)
    desk.slack.fault(fault, "chat.postMessage", times=3)
    monday(desk)
    message = until_told(desk)
    assert len(thread(desk, message)) == 2


def test_without_a_chart_the_message_is_there_with_its_words(desk: Desk) -> None:
    used(desk)
    desk.slack.fault("refuse", "files.getUploadURLExternal", error="not_allowed", times=99)
    monday(desk)
    message = until_told(desk)
    assert "image" not in [block["type"] for block in message.blocks]
    assert "What each day cost. This week:" in desk.text(message)
    details, remark = thread(desk, message)
    assert "Details of the week" in details.text
    assert "The table of this week could not be attached" in desk.text(remark)


def test_an_archived_channel_sends_it_to_the_owners_who_are_told_why(desk: Desk) -> None:
    used(desk)
    channel(desk).archived = True
    monday(desk)
    for owner in ("olga", "omar"):
        message = desk.dm(owner, "This digest belongs in")
        assert "is_archived" in desk.text(message)
        assert "$12 spent" in desk.text(message)
    desk.settle()
    assert not told(desk)
    channel(desk).archived = False
    monday(desk)
    desk.settle()
    assert len(told(desk)) == 1, "of the week after"


def test_a_channel_that_was_renamed_is_the_same_channel(desk: Desk) -> None:
    used(desk)
    channel(desk).name = "finding"
    monday(desk)
    desk.settle()
    assert len(told(desk, "finding")) == 1


def test_a_missed_monday_is_said_to_be_skipped_on_thursday(desk: Desk) -> None:
    used(desk)
    now = desk.at()
    thursday = Week.of(now.date()).span.ends_at + timedelta(days=3, seconds=5)
    desk.office.clock.advance(seconds=(thursday - now).total_seconds())
    run(desk, "usage", "digest")
    desk.settle()
    assert not told(desk)
    said = desk.text(desk.posted("skipped"))
    assert "Purser could not post it by Wednesday" in said
    monday(desk)
    desk.settle()
    (message,) = told(desk)
    assert "Not posted:" in desk.text(message)


def test_an_owner_chooses_when_it_comes(desk: Desk) -> None:
    assert "comes on Mondays at 09:00, Etc/UTC time" in desk.types("ana", "/ai-team digest")
    assert "comes on Mondays at 16:30, Asia/Kolkata time" in desk.types("omar", "/ai-team digest 16:30 kolkata")
    assert "/ai-team digest` changes that" in desk.types("ana", "/ai-team")
    assert "Only owners of the team can do this." in desk.types("ana", "/ai-team digest off")
    said = desk.types("omar", "/ai-team digest Tuesday")
    assert "comes on Mondays" in said
    assert "/ai-team digest 09:00 Europe/Berlin" in said
    assert "/ai-team digest 09:00 Asia/Tokyo" in desk.types("omar", "/ai-team digest 9:00 Tokio")
    assert "gets no weekly digest" in desk.types("omar", "/ai-team digest off")
    used(desk)
    monday(desk)
    desk.settle()
    assert not told(desk)


def test_who_asked_for_it_and_the_owner_of_two_teams_read_theirs_directly(desk: Desk) -> None:
    desk.slack.invite_bot("general")
    desk.types("olga", "/ai-team create data $300", channel="general")
    desk.types("ana", "/ai-usage digest on")
    used(desk)
    monday(desk)
    assert "All teams, " in desk.text(desk.dm("olga", "All teams, "))
    desk.settle()
    mine = [said for said in desk.dms("ana") if "Your week, " in said]
    assert len(mine) == 1, "at nine in Madrid"
    assert "$12 spent" in mine[0]
    assert not [said for said in desk.dms("ben") if "Your week, " in said]
    assert len([said for said in desk.dms("olga") if "All teams, " in said]) == 1
