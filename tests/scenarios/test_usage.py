"""`/ai-usage`: typed in Slack, answered in Slack, to the caller alone; paged, and posted once if they wish."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.jobs.schedule import JOBS
from bot.playground.gateway.models import MODELS, MORE_MODELS
from bot.playground.slack.model import Message
from bot.services.syncing import sync_live
from tests.scenarios.desk import Desk, buttons, value_of

SEEN_BY_ALL = "Post to channel"
USAGE_EVERY_SECONDS = next(job.every_seconds for job in JOBS if job.name == "usage")


def reads_usage(desk: Desk) -> None:
    """Let Purser ask the gateway for usage by day, and for live totals."""
    next(job for job in JOBS if job.name == "usage").run(desk.bot.running.purser)
    desk.watch()


def spent(desk: Desk, dollars: float, person: str = "ana") -> str:
    """This person got a key and used it; the usage is in the books. Returns the key's label."""
    label, secret = desk.key(f"${int(dollars) + 50} 7d evaluate rerankers", person)
    assert desk.spends(secret, dollars).status_code == 200
    reads_usage(desk)
    return label


def test_bare_it_answers_with_the_callers_own_last_thirty_days(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label = spent(desk, 12)
    said = desk.types("ana", "/ai-usage")
    assert "*Your usage: $12 in 30 days*" in said
    assert "1 request" in said
    assert f"100 percent, *$12*: `{label}`" in said
    assert "Usage as of" in said
    assert "does not tell retries" in said
    assert "`/ai-usage team`" in said
    assert not desk.count("Your usage"), "the answer is for the caller alone"
    assert "image" in [block["type"] for block in desk.receipt().blocks], "the chart"


def test_somebody_without_keys_reads_what_they_can_type(desk: Desk) -> None:
    said = desk.types("fay", "/ai-usage", channel="general")
    assert "No usage of yours is known in 30 days" in said, "no gateway has told any yet"
    assert "`/ai-usage team`" in said
    assert "`/ai-key`" in said
    assert buttons(desk.receipt("fay", "general")) == []


def test_anybody_sees_the_team_and_its_shares_add_up(desk: Desk) -> None:
    spent(desk, 10)
    spent(desk, 20, "ben")
    for person in ("ana", "fay"):
        said = desk.types(person, "/ai-usage team by member 7d")
        assert "*Team search: $30 in 7 days*" in said
        assert "67 percent, *$20*: @ben" in said
        assert "33 percent, *$10*: @ana" in said
        assert "*The budget of team `search`*: $" in said
    assert "*Team search: $30 in 7 days*" in desk.types("ana", "/ai-usage 7d by member team"), "in any order"


def test_keys_of_others_are_one_part_unless_one_answers_for_them(desk: Desk) -> None:
    mine, other = spent(desk, 10), spent(desk, 20, "ben")
    said = desk.types("ana", "/ai-usage team by key")
    assert f"`{mine}`" in said
    assert other not in said
    assert "1 key of others" in said
    said = desk.types("omar", "/ai-usage team by key")
    assert f"`{mine}`" in said
    assert f"`{other}`" in said


def test_what_one_may_not_see_says_who_may_and_what_to_type_instead(desk: Desk) -> None:
    label = spent(desk, 10)
    for line in (f"key {label}", "@ana", "all"):
        said = desk.types("ben", f"/ai-usage {line}")
        assert "$10" not in said
        assert "`/ai-usage" in said
    assert "$10" in desk.types("omar", f"/ai-usage key {label}")
    assert "$10" in desk.types("omar", "/ai-usage @ana")
    assert "$10" in desk.types("olga", "/ai-usage all by team")


def test_wrong_input_gets_one_line_and_a_corrected_example(desk: Desk) -> None:
    said = desk.types("ana", "/ai-usage team by colour")
    assert said.startswith("Usage is split by model, member, project, key, day or team, not by “colour”.")
    assert "Try `/ai-usage team by model`." in said
    assert len(said.splitlines()) == 1
    assert "What was used" in desk.types("ana", "/ai-usage help")


def test_export_hands_over_a_file_with_the_same_words(desk: Desk) -> None:
    label = spent(desk, 10)
    said = desk.types("ana", "/ai-usage export team 7d")
    assert "The usage of team search from" in said
    assert "CSV file, by direct message" in said
    desk.dm("ana", "purser-usage")
    assert label in str([file.content for file in desk.slack.state.files.values()])
    said = desk.types("ben", f"/ai-usage export key {label}")
    assert "owners of team search" in said


def test_a_digest_of_ones_own_is_turned_on_and_off(desk: Desk) -> None:
    assert "From now on you get a weekly digest" in desk.types("ana", "/ai-usage digest on")
    assert "You get a weekly digest" in desk.types("ana", "/ai-usage digest on")
    assert "no weekly digest of your own any more" in desk.types("ana", "/ai-usage digest off")


def test_time_goes_by_and_the_change_names_the_days(desk: Desk) -> None:
    _, secret = desk.key("$100 30d evaluate rerankers")
    desk.spends(secret, 10)
    desk.pass_time(days=7)
    desk.spends(secret, 5)
    desk.pass_time(days=1)
    reads_usage(desk)
    said = desk.types("ana", "/ai-usage 7d")
    assert re.search(r"\*Your usage: \$5 in 7 days\*, down 50 percent against \d+ \w{3} to \d+ \w{3}", said)


def test_what_has_no_price_is_named(desk: Desk) -> None:
    desk.gateway.state.offered = MORE_MODELS
    _, secret = desk.key("$100 30d evaluate rerankers")
    assert desk.office.chat(secret, "mock-preview").status_code == 200
    reads_usage(desk)
    said = desk.types("ana", "/ai-usage by model")
    assert "without a price" in said
    assert "mock-preview" in said
    assert "unpriced" in said


def test_what_live_totals_know_and_no_day_has_yet_is_said_beside_it(desk: Desk) -> None:
    into_the_slot = desk.at().timestamp() % USAGE_EVERY_SECONDS
    desk.office.clock.advance(seconds=USAGE_EVERY_SECONDS - into_the_slot + 1)  # no other reading for ten minutes
    _, secret = desk.key("$100 30d evaluate rerankers")
    desk.spends(secret, 10)
    reads_usage(desk)
    desk.spends(secret, 2)
    sync_live(desk.bot.running.purser)
    said = desk.types("ana", "/ai-usage")
    assert "*Your usage: $10 in 30 days*" in said
    assert "$2 more" in said


def many_models(desk: Desk, count: int) -> None:
    """Ana's key was used today with so many models."""
    names = [f"maker/model-{n}" for n in range(count)]
    desk.gateway.state.offered = tuple(replace(MODELS[1], name=name, upstream=f"openai/{name}") for name in names)
    _, secret = desk.key("$100 7d evaluate rerankers")
    for name in names:
        assert desk.office.chat(secret, name).status_code == 200
    reads_usage(desk)


def test_long_lists_are_paged_in_place(desk: Desk) -> None:
    many_models(desk, 40)
    first = desk.types("ana", "/ai-usage by model")
    assert "By model*, page 1 of 3" in first
    assert "25 other models" in first
    shown = newest(desk)
    assert buttons(shown) == ["Next", SEEN_BY_ALL]
    before = len(desk.ephemerals("ana"))

    assert "page 2 of 3" in desk.presses_in("ana", "Next", shown)
    assert buttons(newest(desk)) == ["Previous", "Next", SEEN_BY_ALL]
    assert "page 3 of 3" in desk.presses_in("ana", "Next", newest(desk))
    assert buttons(newest(desk)) == ["Previous", SEEN_BY_ALL]
    assert "page 2 of 3" in desk.presses_in("ana", "Previous", newest(desk))
    assert len(desk.ephemerals("ana")) == before, "each page stands in the place of the one before"


def test_a_page_that_is_not_there_any_more_shows_what_is(desk: Desk) -> None:
    many_models(desk, 40)
    desk.types("ana", "/ai-usage by model")
    desk.gateway.habits.tells_percent = 0  # the gateway takes it all back
    reads_usage(desk)
    assert "You have used nothing in 30 days" in desk.presses_in("ana", "Next", newest(desk))
    assert buttons(newest(desk)) == []


def newest(desk: Desk) -> Message:
    return desk.who("ana").ephemerals("search")[-1]


def test_post_to_channel_posts_once_and_says_who_did(desk_on_each: Desk) -> None:
    desk = desk_on_each
    spent(desk, 10)
    desk.types("ana", "/ai-usage team")
    shown = desk.slack.as_seen(desk.receipt())
    assert re.fullmatch(r"asked_\w+", value_of(shown, SEEN_BY_ALL)), "an opaque id and nothing else"
    desk.clicks("ana", SEEN_BY_ALL, shown)
    desk.clicks("ana", SEEN_BY_ALL, shown)
    posted = desk.posted("*Team search: $10 in 30 days*")
    desk.settle()
    assert desk.count("*Team search: $10 in 30 days*") == 1
    assert "Posted by @ana" in desk.text(posted)
    assert buttons(posted) == []
    assert any("posted already" in said for said in desk.ephemerals("ana"))


def test_a_channel_without_purser_says_how_to_let_it_in(desk: Desk) -> None:
    spent(desk, 10)
    desk.types("ana", "/ai-usage", channel="general")
    said = desk.presses("ana", SEEN_BY_ALL, desk.receipt("ana", "general"))
    assert "`/invite @Purser`" in said


def test_in_a_direct_message_there_is_nobody_to_post_to(desk: Desk) -> None:
    spent(desk, 10)
    said = desk.types("ana", "/ai-usage", channel="dm")
    assert "*Your usage: $10 in 30 days*" in said
    assert buttons(desk.who("ana").ephemerals("dm")[-1]) == []


def test_after_a_day_an_answer_is_forgotten_and_says_so(desk: Desk) -> None:
    spent(desk, 10)
    desk.types("ana", "/ai-usage")
    shown = desk.receipt()
    desk.office.clock.advance(days=2)
    desk.types("ben", "/ai-usage")
    assert "Type the command again" in desk.presses("ana", SEEN_BY_ALL, shown)
