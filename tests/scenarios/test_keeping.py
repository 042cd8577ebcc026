"""Keep, pressed in the Home tab and in a team's digest: the key is not called old any more, and the message says so."""

from __future__ import annotations

from datetime import timedelta

from bot.jobs.schedule import JOBS
from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons

UNUSED_DAYS = 31


def let_it_age(desk: Desk) -> str:
    """Ana's key, that nobody uses until a Monday some weeks later; its label."""
    label, _ = desk.key("member $50")
    monday = desk.at() + timedelta(days=UNUSED_DAYS)
    monday += timedelta(days=-monday.weekday() % 7)
    desk.office.clock.advance(seconds=(monday.replace(hour=9, minute=30) - desk.at()).total_seconds())
    run(desk, "usage")
    return label


def run(desk: Desk, name: str) -> None:
    next(job for job in JOBS if job.name == name).run(desk.bot.running.purser)
    desk.settle()


def with_keep(desk: Desk) -> Message:
    """The message in the digest's thread that has the button."""
    room = desk.slack.channel("search")
    (digest,) = [one for one in room.messages if "Team search" in desk.text(one) and "old key" in desk.text(one)]
    return next(one for one in room.replies(digest) if "Keep" in buttons(one))


def test_an_owner_keeps_a_key_from_the_home_tab(desk: Desk) -> None:
    label = let_it_age(desk)
    home = desk.home("omar")
    assert "*1 key* is old" in desk.text(home)
    desk.clicks("omar", "Keep", home)
    desk.dm("omar", f"*`{label}` is kept*: Purser does not call it old until")
    desk.sees(lambda: "Keep" not in buttons(stands) if (stands := desk.who("omar").home()) else None)


def test_the_digests_message_says_who_keeps_a_key(desk: Desk) -> None:
    label = let_it_age(desk)
    run(desk, "digest")
    told = with_keep(desk)
    assert f"`{label}` of @ana" in desk.text(told)
    said = desk.presses("ana", "Keep", told)
    assert said.startswith(f"*`{label}` is kept*: Purser does not call it old until")
    now = desk.sees(lambda: desk.now(told) if "Keep" not in buttons(desk.now(told)) else None)
    assert "Kept by @ana: not called old until" in desk.text(now)
    assert "Disable now" not in buttons(now)


def test_somebody_else_is_told_who_can_keep_it(desk: Desk) -> None:
    label = let_it_age(desk)
    run(desk, "digest")
    told = with_keep(desk)
    said = desk.presses("ben", "Keep", told)
    assert said == f"Only the holder of `{label}`, its lead and owners of team search can keep it."
    assert "Keep" in buttons(desk.now(told))


def test_two_who_keep_different_keys_of_one_message_at_once_both_stand_in_it(desk: Desk) -> None:
    """Each presses in the message as it was before the other did."""
    desk.key("member $50", "ben")
    let_it_age(desk)
    run(desk, "digest")
    told = with_keep(desk)
    assert buttons(told).count("Keep") == 2
    seen = desk.slack.as_seen(told)
    desk.presses("omar", "Keep", seen, nth=0)
    desk.presses("olga", "Keep", seen, nth=1)
    now = desk.sees(lambda: desk.now(told) if "Keep" not in buttons(desk.now(told)) else None)
    assert "Kept by @omar: not called old until" in desk.text(now)
    assert "Kept by @olga: not called old until" in desk.text(now)
