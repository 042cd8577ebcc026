"""Spikes as people meet them: a key runs away, and what is expected is left alone."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.desk import Desk


def until(desk: Desk, days: int = 9) -> str:
    return f"{desk.at() + timedelta(days=days):%Y-%m-%d}"


def test_a_new_key_that_runs_away_is_told_in_the_channel_within_one_poll(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key("$25 7d evaluate rerankers")
    desk.watch()
    assert desk.count(f"Spike: `{label}`") == 0
    desk.spends(secret, 12.4)
    desk.watch()
    told = desk.posted(f"Spike: `{label}`")
    assert "$12.40" in desk.text(told)
    assert "a large share of its cap" in desk.text(told)
    for _ in range(3):
        desk.spends(secret, 0.5)
        desk.watch()
    assert desk.count(f"Spike: `{label}`") == 1


def test_an_automation_key_that_runs_away_is_off_within_one_poll_and_says_why(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key("automation nightly-evals $60 $40/day @omar nightly evaluation")
    desk.watch()
    assert desk.spends(secret, 9).status_code == 200
    desk.watch()
    told = desk.posted(f"Spike: `{label}`")
    assert desk.spends(secret, 0.1).status_code in (401, 403)
    assert any("a large share of its cap at once" in said for said in desk.thread(told))


def test_what_an_owner_expects_is_written_down_and_nobody_is_called(desk: Desk) -> None:
    assert "No more than usual is expected" in desk.types("ana", "/ai-team expect")
    refused = desk.types("ana", f"/ai-team expect team until {until(desk)} launch week")
    assert "Owners of the team say what is expected" in refused
    said = desk.types("omar", f"/ai-team expect team until {until(desk)} launch week")
    assert "More is expected of team `search` until" in said
    assert "launch week" in desk.types("ana", "/ai-team expect list")
    label, secret = desk.key("$25 7d evaluate rerankers")
    desk.watch()
    desk.spends(secret, 12.4)
    desk.watch()
    assert desk.count(f"Spike: `{label}`") == 0
    assert "a spike calls people again" in desk.types("omar", "/ai-team expect end team")
    desk.watch(minutes=61)
    desk.spends(secret, 9)
    desk.watch()
    assert desk.count(f"Spike: `{label}`") == 1


def test_expect_says_what_was_wrong_and_changes_nothing(desk: Desk) -> None:
    assert "Say until when" in desk.types("omar", "/ai-team expect team launch week")
    said = desk.types("omar", f"/ai-team expect project nowhere until {until(desk)} launch week")
    assert "Team search has no projects yet" in said
    assert "At most 31 days ahead" in desk.types("omar", f"/ai-team expect team until {until(desk, 40)} launch week")
    assert "No more than usual is expected" in desk.types("omar", "/ai-team expect list")
