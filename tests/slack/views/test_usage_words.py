"""What an answer about usage says: that it adds up, contradicts nothing, hides nothing, and says what to type next."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.facts import Freshness
from bot.domain.money import show
from bot.domain.reports import Extent, Grouping, Part, Question, Report, Scope
from bot.domain.spans import Span, last_days, whole_month
from bot.domain.usage import NOTHING, Totals
from bot.jobs.schedule import JOBS
from bot.slack.grammar import usage as grammar
from bot.slack.grammar.usage import ShowUsage
from bot.slack.views import usage
from bot.slack.views.base import Message
from bot.slack.views.usage_notes import READ_EVERY_SECONDS
from bot.slack.views.usage_parts import PARTS_SHOWN
from tests.slack.views import kit_usage
from tests.slack.views.kit import ANA, EVERYDAY, LONGEST, NOW, OMAR, USD

ROW = re.compile(r"(?:`\[([#-]{10})\]` )?(\S+) percent, \*(\S+)\*(?: and \d+ unpriced)?: (.*)")


def texts(message: Message) -> list[str]:
    """Every mrkdwn text, in order."""
    found = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
    return found + [one["text"] for block in message.blocks if block["type"] == "context" for one in block["elements"]]


def words(message: Message) -> str:
    return "\n".join(texts(message))


def page(report: Report, number: int = 1, **changes: Any) -> Message:
    return usage.usage(report, kit_usage.shown(number, usage.pages(report), **changes), NOW)


def labels(message: Message) -> list[str]:
    """What its buttons say."""
    found = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    return [one["text"]["text"] for one in found]


def rows(message: Message) -> list[tuple[str, int, int, str]]:
    """Bar, percent, steps of a hundredth of a cent, and the rest, of each part."""
    found = [ROW.fullmatch(line) for line in words(message).splitlines()]
    return [(row[1], _percent(row[2]), _amount(row[3]), row[4]) for row in found if row]


def _percent(said: str) -> int:
    return {"&lt;1": 0, "&gt;99": 100}.get(said) or (0 if said.startswith("&lt;") else int(said))


def _amount(said: str) -> int:
    """In micro-USD; of less than what can be shown nothing."""
    if said.startswith("&lt;"):
        return 0
    return round(float(said.removeprefix("$").replace(",", "")) * USD)


def of_costs(costs: list[int], by: Grouping = Grouping.MEMBER) -> Report:
    parts = tuple(
        kit_usage.part(f"U0PERSON{n:03}", f"<@U0PERSON{n:03}>", cost, cost // 2) for n, cost in enumerate(costs)
    )
    return kit_usage.report(EVERYDAY, Extent.TEAM, by, parts=parts)


COSTS = st.lists(st.integers(1, 10**12) | st.integers(1, 20_000), min_size=1, max_size=40)


@given(costs=COSTS, number=st.integers(1, 3))
def test_every_page_adds_up_and_nothing_that_is_not_zero_reads_as_zero(costs: list[int], number: int) -> None:
    report = of_costs(sorted(costs, reverse=True))
    number = min(number, usage.pages(report))
    said = page(report, number)
    shown = rows(said)
    room = min(PARTS_SHOWN, len(costs) - (number - 1) * PARTS_SHOWN)
    assert len(shown) == room + (len(costs) > PARTS_SHOWN)
    assert sum(percent for _, percent, _, _ in shown) == 100
    assert show(sum(amount for _, _, amount, _ in shown)) == show(sum(costs))
    assert " 0 percent" not in words(said)
    assert "*$0*" not in words(said)
    assert f"*Team search: {show(sum(costs))} in 30 days*" in words(said)


@given(costs=COSTS)
def test_a_bar_agrees_with_the_percentage_beside_it(costs: list[int]) -> None:
    for bar, percent, _, _ in rows(page(of_costs(costs))):
        assert abs(bar.count("#") * 10 - percent) <= 10
        assert bar == bar.strip("-").ljust(10, "-")
        assert bar.startswith("#"), "something never reads as nothing"


def test_names_that_run_from_right_to_left_leave_the_figures_beside_them_where_they_are() -> None:
    part = kit_usage.part("نموذج-كبير", "نموذج-كبير", 5 * USD)
    said = words(page(kit_usage.report(EVERYDAY, by=Grouping.MODEL, parts=(part,))))
    assert ": \u2068`نموذج-كبير`\u2069, 40 requests" in said


@pytest.mark.parametrize("by", list(Grouping))
def test_each_part_stands_on_exactly_one_page(by: Grouping) -> None:
    report = kit_usage.report(LONGEST, Extent.TEAM, by, span=last_days(366, kit_usage.TODAY))
    pages = [page(report, number) for number in range(1, usage.pages(report) + 1)]
    parts = [row for one in pages for row in rows(one) if " other " not in row[3]]
    assert len(parts) == len(report.parts) >= 366
    beside = [[label for label in labels(one) if label != "Post to channel"] for one in pages]
    assert beside == [["Next"], *[["Previous", "Next"]] * (len(pages) - 2), ["Previous"]]
    assert [bool(one.charts) for one in pages] == [True] + [False] * (len(pages) - 1)


def test_a_page_past_the_end_is_the_last_one() -> None:
    report = of_costs([5] * (PARTS_SHOWN + 3))
    assert texts(page(report, 7))[1] == texts(page(report, 2))[1]
    assert len(rows(page(report, 7))) == 4


@given(now=st.integers(0, 10**9), before=st.integers(0, 10**9))
def test_the_change_agrees_with_its_direction_and_names_the_days(now: int, before: int) -> None:
    report = replace(of_costs([max(1, now)]), now=kit_usage.used(now), before=kit_usage.used(before))
    headline = texts(page(report))[0].splitlines()[0]
    assert ("up" in headline) == (now > before > 0)
    assert ("down" in headline) == (now < before)
    assert ("22 Sep to 20 Oct" in headline) == (now + before > 0)
    assert ("as much as" in headline) == (now == before > 0)


def test_what_has_no_price_never_reads_as_a_price_of_nothing() -> None:
    free = kit_usage.part("key-1", "ana-7kq2", 0, 0, requests=3, unpriced_requests=3)
    report = kit_usage.report(EVERYDAY, by=Grouping.KEY, parts=(free,), unpriced=(("mock-preview", 3),))
    said = words(page(report))
    assert "3 requests without a price in 30 days*" in said
    assert "*Unpriced:* 3 requests to `mock-preview` have no price" in said
    assert "unpriced: `ana-7kq2`, 3 requests" in said
    assert "What a task cost is not known." in said
    assert not re.search(r"\$0\b(?!\.)", texts(page(report))[0])


def test_what_has_no_price_has_no_share_of_what_has_one() -> None:
    free = kit_usage.part("model-1", "mock-preview", 0, 0, requests=7, unpriced_requests=7)
    some = kit_usage.part("model-2", "mock-large", 3 * USD, 0, requests=9, unpriced_requests=2)
    said = words(page(kit_usage.report(EVERYDAY, by=Grouping.MODEL, parts=(some, free))))
    assert "100 percent, *$3* and 2 unpriced: `mock-large`" in said
    assert "\nunpriced: `mock-preview`, 7 requests" in said


def test_days_without_usage_are_one_line_and_the_newest_stands_first() -> None:
    days = [Part(f"2026-11-{day}", "", *[NOTHING] * 3) for day in (11, 12, 14, 15, 16)]
    days += [kit_usage.part(f"2026-11-{day}", "", 5, 0) for day in (13, 17)]
    report = kit_usage.report(EVERYDAY, by=Grouping.DAY, parts=tuple(sorted(days, key=lambda part: part.id)))
    said = texts(page(report))[1].splitlines()
    assert [line.split(": ", 1)[1] for line in said[1:]] == [
        "Tue 17 Nov, 40 requests, 2 failed",
        "Sat 14 Nov to Mon 16 Nov",
        "Fri 13 Nov, 40 requests, 2 failed",
        "Wed 11 Nov to Thu 12 Nov",
    ]
    assert said[2].startswith("nothing: ")


def test_the_budget_says_what_is_promised_where_little_is_spent_and_little_is_left() -> None:
    said = words(page(kit_usage.report(EVERYDAY)))
    assert "*The budget of team `search`*: $65 left" in said
    assert "Promised to keys: $80." in said


def test_what_was_really_free_reads_as_nothing() -> None:
    free = kit_usage.part("key-1", "ana-7kq2", 0, 0, requests=3)
    said = page(kit_usage.report(EVERYDAY, by=Grouping.KEY, parts=(free,)))
    assert "$0 in 30 days*" in words(said)
    assert "$0: `ana-7kq2`, 3 requests" in words(said)
    assert not said.charts


def test_what_is_withheld_not_dated_or_not_told_is_said() -> None:
    said = words(page(kit_usage.everything(EVERYDAY)))
    assert "3 keys of others" in said
    assert "a key is shown to who holds or leads it, to owners and to finance" in said
    assert "$1.20 more was spent this month; the gateway has not said on which days." in said
    assert "What it told last is 1 hour old" in said
    assert "do not tell retries" in said


@pytest.mark.parametrize(("micros", "is_said"), [(-1, False), (0, False), (1, False), (9_999, False), (10_000, True)])
def test_what_two_sums_differ_by_through_rounding_is_not_called_spend(micros: int, is_said: bool) -> None:
    said = words(page(kit_usage.report(EVERYDAY, undated_micros=micros)))
    assert ("has not said on which days" in said) is is_said


def test_old_figures_say_how_old_they_are() -> None:
    old = (Freshness("litellm", NOW - timedelta(hours=3)),)
    assert "3 hours old" in words(page(kit_usage.report(EVERYDAY, freshness=old)))
    assert "old" not in words(page(kit_usage.report(EVERYDAY)))
    assert "No gateway has told any usage yet." in words(page(kit_usage.report(EVERYDAY, freshness=())))


def test_it_says_how_often_usage_is_read_as_the_schedule_has_it() -> None:
    assert next(job.every_seconds for job in JOBS if job.name == "usage") == READ_EVERY_SECONDS
    assert "read every 10 minutes" in words(page(kit_usage.report(EVERYDAY)))


SPANS = [last_days(count, kit_usage.TODAY) for count in (1, 7, 30, 90, 12)]
SPANS += [whole_month(date(2026, 10, 1)), Span(date(2026, 11, 1), date(2026, 11, 21))]


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("extent", list(Extent))
def test_what_to_type_next_can_be_typed_and_asks_for_the_same_days(extent: Extent, span: Span) -> None:
    report = kit_usage.report(EVERYDAY, extent, Grouping.DAY, span=span)
    said = words(page(report))
    typed = [line for line in re.findall(r"`/ai-usage ([^`]+)`", said) if line not in ("help", "team")]
    assert typed
    for line in typed:
        read = grammar.parse(line, NOW)
        assert isinstance(read, ShowUsage)
        assert (read.wanted.extent, read.wanted.span) == (extent, span)
        assert read.wanted.by is not report.question.by


def test_own_usage_is_ones_own_and_that_of_others_is_named() -> None:
    report = kit_usage.report(EVERYDAY, Extent.MEMBER, Grouping.KEY)
    assert "*Your usage: " in words(page(report))
    assert f"*Usage of <@{ANA}>: " in words(page(report, asker_id=OMAR))
    assert "*You have used nothing in 30 days*" in words(page(kit_usage.empty(EVERYDAY)))
    assert f"*<@{ANA}> has used nothing in 30 days*" in words(page(kit_usage.empty(EVERYDAY), asker_id=OMAR))


def test_a_posted_list_calls_on_nobody_but_says_who_posted_it() -> None:
    said = usage.posted(kit_usage.shared(EVERYDAY), NOW)
    assert re.findall(r"<@\w+>", words(said)) == [f"<@{OMAR}>"]
    assert "عمر الفاروق" in words(said)
    assert "actions" not in [block["type"] for block in said.blocks]


@pytest.mark.parametrize("extent", list(Extent))
@pytest.mark.parametrize("by", list(Grouping))
def test_what_not_everybody_may_ask_for_asks_before_everybody_reads_it(extent: Extent, by: Grouping) -> None:
    said = page(kit_usage.report(EVERYDAY, extent, by))
    (post,) = [
        one
        for block in said.blocks
        if block["type"] == "actions"
        for one in block["elements"]
        if one["text"]["text"] == "Post to channel"
    ]
    is_open = extent in (Extent.TEAM, Extent.PROJECT) and by is not Grouping.KEY
    assert ("confirm" in post) is not is_open


@pytest.mark.parametrize(("tokens", "said"), [
    (999_999, "999,999"), (1_000_000, "1 million"), (1_234_567, "1.2 million"), (2_050_000_000, "2 billion"),
])  # fmt: skip
def test_large_counts_read_in_words(tokens: int, said: str) -> None:
    one = Part("key-1", "ana-7kq2", Totals(requests=1, tasks=1, input_tokens=tokens, cost_micros=5), NOTHING, NOTHING)
    assert f"Tokens: {said} in, 0 out." in words(page(kit_usage.report(EVERYDAY, by=Grouping.KEY, parts=(one,))))


def test_days_of_another_year_are_said_with_their_year() -> None:
    january = datetime(2027, 1, 5, 12, tzinfo=UTC)
    span = last_days(30, january.date())
    report = kit_usage.report(EVERYDAY, span=span)
    report = replace(
        report,
        question=Question(Scope(Extent.TEAM, "team-1"), span, Grouping.MEMBER),
        compared=(Span(span.since, january.date()), Span(date(2026, 11, 7), date(2026, 12, 6))),
    )
    said = usage.usage(report, kit_usage.shown(asked_on=january.date()), january)
    assert "against 7 Nov 2026 to 5 Dec 2026" in words(said)
