"""`/ai-usage` as people type it: whose, of which days, split by what, in any order; and what is wrong with the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.reports import Extent, Grouping
from bot.domain.spans import Span, last_days, month_so_far, whole_month
from bot.services.reporting import Wanted
from bot.slack.grammar import usage
from bot.slack.grammar.text import Help, Mistake
from bot.slack.grammar.usage import ExportUsage, SetDigest, ShowUsage
from bot.slack.views.spans import typed as typed_span
from tests.slack.typing import NOW, SECRET, ai_usage, parse_example

TODAY = NOW.date()  # a Friday, 20 November 2026
D7, D30, D90 = (last_days(count, TODAY) for count in (7, 30, 90))
OMAR = "<@U0OMAR|omar de la cruz>"
NOVEMBER = month_so_far(date(2026, 11, 20))
OCTOBER = whole_month(date(2026, 10, 1))
WEEK = Span(date(2026, 11, 16), date(2026, 11, 23))


def show(extent: Extent, name: str = "", span: Span = D30, by: Grouping | None = None) -> ShowUsage:
    return ShowUsage(Wanted(extent, span, name, by))


def mine(span: Span = D30, by: Grouping | None = None) -> ShowUsage:
    return show(Extent.MEMBER, "", span, by)


def team(name: str = "", span: Span = D30, by: Grouping | None = None) -> ShowUsage:
    return show(Extent.TEAM, name, span, by)


GOOD: list[tuple[str, object]] = [
    ("", mine()),
    (" \u200b ", mine()),
    ("me", mine()),
    ("My usage", mine()),
    ("7d", mine(D7)),
    ("7 days", mine(D7)),
    ("last 7 days", mine(D7)),
    ("past 7d", mine(D7)),
    ("for the last 7 days", mine(D7)),
    ("1w", mine(D7)),
    ("1 week", mine(D7)),
    ("30d", mine()),
    ("90D", mine(D90)),
    ("1d", mine(last_days(1, TODAY))),
    ("366d", mine(last_days(366, TODAY))),
    ("today", mine(last_days(1, TODAY))),
    ("yesterday", mine(Span(date(2026, 11, 19), date(2026, 11, 20)))),
    ("week", mine(WEEK)),
    ("this week", mine(WEEK)),
    ("last week", mine(WEEK.moved(-7))),
    ("month", mine(NOVEMBER)),
    ("this month", mine(NOVEMBER)),
    ("last month", mine(OCTOBER)),
    ("2026-10", mine(OCTOBER)),
    ("2026-11", mine(NOVEMBER)),
    ("2025-12", mine(whole_month(date(2025, 12, 1)))),
    ("2024-2", mine(whole_month(date(2024, 2, 1)))),
    ("by model", mine(by=Grouping.MODEL)),
    ("by models", mine(by=Grouping.MODEL)),
    ("BY Member", mine(by=Grouping.MEMBER)),
    ("per day", mine(by=Grouping.DAY)),
    ("by project,", mine(by=Grouping.PROJECT)),
    ("team", team()),
    ("team search", team("search")),
    ("team Search", team("search")),
    ("team=week", team("week")),
    ("team may", team("may")),
    ("team=7x", team("7x")),
    ("team 2b-ads", team("2b-ads")),
    ("team=October", team("october")),
    ("team 7d", team(span=D7)),
    ("7d team", team(span=D7)),
    ("team week", team(span=WEEK)),
    ("team by day", team(by=Grouping.DAY)),
    ("team last month by member", team("", OCTOBER, Grouping.MEMBER)),
    ("by model 90d team search", team("search", D90, Grouping.MODEL)),
    ("team search 2026-10 by key", team("search", OCTOBER, Grouping.KEY)),
    ("usage of team search in 2026-10", team("search", OCTOBER)),
    ("project reranker", show(Extent.PROJECT, "reranker")),
    ("project=reranker 7d", show(Extent.PROJECT, "reranker", D7)),
    ("project week", show(Extent.PROJECT, "week")),
    ("month project `reranker` by key", show(Extent.PROJECT, "reranker", NOVEMBER, Grouping.KEY)),
    ("key ana-7kq2", show(Extent.KEY, "ana-7kq2")),
    ("key ANA-7KQ2 7d", show(Extent.KEY, "ana-7kq2", D7)),
    ("`ana-7kq2`", show(Extent.KEY, "ana-7kq2")),
    ("7d ana-7kq2 by model", show(Extent.KEY, "ana-7kq2", D7, Grouping.MODEL)),
    ("7-abcd", show(Extent.KEY, "7-abcd")),
    (OMAR, show(Extent.MEMBER, "U0OMAR")),
    (f"by key {OMAR} month", show(Extent.MEMBER, "U0OMAR", NOVEMBER, Grouping.KEY)),
    ("all", show(Extent.ALL)),
    ("all by team 2026-10", show(Extent.ALL, "", OCTOBER, Grouping.TEAM)),
    ("by teams all", show(Extent.ALL, "", D30, Grouping.TEAM)),
    ("export", ExportUsage(Wanted(Extent.MEMBER, D30))),
    ("export team search 90d", ExportUsage(Wanted(Extent.TEAM, D90, "search"))),
    ("team 7d export", ExportUsage(Wanted(Extent.TEAM, D7))),
    ("all csv", ExportUsage(Wanted(Extent.ALL, D30))),
    ("digest on", SetDigest(on=True)),
    ("Digest OFF", SetDigest(on=False)),
    ("help", Help()),
    ("?", Help()),
]

WAYS = "Usage is split by model, member, project, key, day or team"
SPANS = "7d, 30d, 90d, week, month, or a month such as 2026-10"
NOT_ONE = "Say whose usage, of which days, and by what it is split;"
ONE_SCOPE = "One person, team, project or key at a time."
LEAKED = "That looks like a key. A key is named by its label here. If it leaked, turn it off now."

BAD: list[tuple[str, str, str]] = [
    ("colour", f"{NOT_ONE} “colour” is none of these.", "/ai-usage team 30d by model"),
    ("team search colour", f"{NOT_ONE} “colour” is none of these.", "/ai-usage team search"),
    ("team 7d расходы", f"{NOT_ONE} that is none of these.", "/ai-usage team 7d"),
    ("model", "Say `by model` to split it.", "/ai-usage by model"),
    ("team 7d members", "Say `by member` to split it.", "/ai-usage team 7d by member"),
    ("7d members", "Say `by member` to split it.", "/ai-usage 7d by member"),
    ("by", "Say by what: model, member, project, key, day or team.", "/ai-usage by model"),
    ("team by colour", f"{WAYS}, not by “colour”.", "/ai-usage team by model"),
    (f"by {SECRET}", f"{WAYS}, not by that.", "/ai-usage by model"),
    ("by model by day", "It is split by one thing at a time.", "/ai-usage by model"),
    ("by team", "`by team` splits what all teams use: it goes with all.", "/ai-usage all by team"),
    ("team search by team", "`by team` splits what all teams use: it goes with all.", "/ai-usage all by team"),
    ("0d", "The shortest span is one day.", "/ai-usage 1d"),
    ("team 367d by day", "The longest span is 366 days.", "/ai-usage team 366d"),
    ("99999w", "The longest span is 366 days.", "/ai-usage 366d"),
    ("24h", f"Usage is counted by day: {SPANS}, not “24h”.", "/ai-usage 1d"),
    ("team 3mo", f"Usage is counted by day: {SPANS}, not “3mo”.", "/ai-usage team 90d"),
    ("7x", f"Spans are {SPANS}, not “7x”.", "/ai-usage 7d"),
    ("team 7x by day", f"Spans are {SPANS}, not “7x”.", "/ai-usage team 7d"),
    ("-7d", f"Spans are {SPANS}, not “-7d”.", "/ai-usage 7d"),
    ("30", f"Spans are {SPANS}, not “30”.", "/ai-usage 30d"),
    ("team 30 by day", f"Spans are {SPANS}, not “30”.", "/ai-usage team 30d"),
    ("2026-13", "Months look like 2026-10.", "/ai-usage 2026-11"),
    ("0000-01", "Months look like 2026-10.", "/ai-usage 2026-11"),
    ("2026-12", "That month is still to come.", "/ai-usage 2026-11"),
    ("2026-10-05", "Usage is asked for by span or month, not by date.", "/ai-usage 2026-10"),
    ("team October", "Months look like 2026-10.", "/ai-usage team 2026-10"),
    ("October", "Months look like 2026-10.", "/ai-usage 2026-10"),
    ("all dec", "Months look like 2026-10.", "/ai-usage all 2025-12"),
    ("last", f"Say the last what: {SPANS}.", "/ai-usage 7d"),
    ("7d 30d", "One span at a time.", "/ai-usage 7d"),
    ("week team month", "One span at a time.", "/ai-usage team week"),
    ("me team", ONE_SCOPE, "/ai-usage team 30d by model"),
    ("team all", ONE_SCOPE, "/ai-usage team"),
    (f"{OMAR} ana-7kq2", ONE_SCOPE, "/ai-usage @ana"),
    ("key ana-7kq2 project x", ONE_SCOPE, "/ai-usage key ana-7kq2"),
    ("project", "Say which project: its name.", "/ai-usage project search"),
    ("7d key", "Say which key: its label, as `/ai-key list` shows it.", "/ai-usage key ana-7kq2 7d"),
    ("project a_b", "Names have 1 to 40 of a-z, 0-9 and hyphens inside.", "/ai-usage project search"),
    ("team a_b", "Names have 1 to 40 of a-z, 0-9 and hyphens inside.", "/ai-usage team"),
    ("key everything", "Labels look like ana-7kq2; `/ai-key list` shows yours.", "/ai-usage key ana-7kq2"),
    (
        f"key {SECRET}",
        "That looks like a key. Here its label is needed, such as ana-7kq2; `/ai-key list` shows yours.",
        "/ai-usage key ana-7kq2",
    ),
    (SECRET, LEAKED, "/ai-usage key ana-7kq2"),
    (f"7d {SECRET}", LEAKED, "/ai-usage key ana-7kq2 7d"),
    (
        "@ghost",
        "Slack did not recognise “@ghost”. Pick the person from the list that appears after @.",
        "/ai-usage @ana",
    ),
    (
        "<!channel> 7d",
        "Groups and whole channels don't work here: name people one by one.",
        "/ai-usage @ana",
    ),
    ("digest", "A weekly digest of your own is turned on or off.", "/ai-usage digest on"),
    ("digest monday", "A weekly digest of your own is turned on or off.", "/ai-usage digest on"),
    ("digest on please", "A weekly digest of your own is turned on or off.", "/ai-usage digest on"),
]


@pytest.mark.parametrize(("typed", "meant"), GOOD)
def test_ai_usage_means_what_it_says(typed: str, meant: object) -> None:
    assert ai_usage(typed) == meant


@pytest.mark.parametrize(("typed", "told", "example"), BAD)
def test_malformed_input_gets_one_line_and_a_corrected_example_that_works(typed: str, told: str, example: str) -> None:
    assert ai_usage(typed) == Mistake(told, example)
    assert "\n" not in told
    assert len(told) < 200
    assert not isinstance(parse_example(example), Mistake | Help | None)


@given(order=st.permutations(["team search", "2026-10", "by model", "export"]))
def test_words_come_in_any_order(order: list[str]) -> None:
    assert ai_usage(" ".join(order)) == ExportUsage(Wanted(Extent.TEAM, OCTOBER, "search", Grouping.MODEL))


SPAN_WORDS = ["7d", "30d", "90d", "week", "last week", "month", "last month", "today", "yesterday", "2024-01", "366d"]


@given(today=st.dates(date(2024, 1, 1), date(2030, 12, 31)), word=st.sampled_from(SPAN_WORDS))
def test_the_word_that_is_shown_for_days_asks_for_the_same_days(today: date, word: str) -> None:
    now = datetime(today.year, today.month, today.day, 23, 59, tzinfo=UTC)
    read = usage.parse(word, now)
    assert isinstance(read, ShowUsage)
    span = read.wanted.span
    assert usage.parse(typed_span(span, today), now) == read
    assert span.since <= today
    assert span.until - span.since <= timedelta(days=366)
