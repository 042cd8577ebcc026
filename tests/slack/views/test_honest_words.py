"""What has no price never reads as $0, what is not known never as nothing, and "today" is the day it is read on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.digests import Age, Audience, Figures, Rank, Troubles
from bot.domain.facts import Freshness
from bot.domain.reports import Extent, Grouping, Part, Report
from bot.domain.spans import Span, last_days, month_so_far
from bot.domain.usage import NOTHING, Totals, total
from bot.slack.views import digest, usage
from bot.slack.views.base import Message
from bot.slack.views.digest_details import details
from bot.slack.views.weeks import key_week
from bot.slack.views.why import moved_because
from tests.slack.views import kit_digest, kit_home, kit_usage
from tests.slack.views.kit import EVERYDAY, NOW, USD
from tests.slack.views.kit_usage import TODAY

BARE = Totals(requests=7, tasks=7, unpriced_requests=7)
PAID = Totals(requests=10, tasks=10, cost_micros=100 * USD)
MIXED = total([PAID, BARE])


def words(*messages: Message) -> str:
    shown = [[message.text, message.blocks, [chart.alt for chart in message.charts]] for message in messages]
    return json.dumps(shown, ensure_ascii=False)


def week(**changes: Any) -> Figures:
    """One who paid, and one whose model has no price."""
    facts: dict[str, Any] = {
        "totals": MIXED, "before": PAID, "projects": (), "causes": (), "unpriced": (("b", 7),),
        "members": (Rank("U01", "<@U01>", PAID, PAID), Rank("U02", "<@U02>", BARE, PAID)),
        "models": (Rank("a", "a", PAID, PAID), Rank("b", "b", BARE)),
        "days": (PAID, BARE, *[NOTHING] * 5), "days_before": (BARE, PAID, *[NOTHING] * 5),
    }  # fmt: skip
    return kit_digest.plain(EVERYDAY, **(facts | changes))


def part(name: str, now: Totals, before: Totals = NOTHING) -> Part:
    return Part(name, name, now, now, before)


def answer(report: Report, days_later: int = 0) -> Message:
    return usage.usage(report, kit_usage.shown(), NOW + timedelta(days=days_later))


# --- without a price ---


def test_a_ranking_calls_what_has_no_price_unpriced_and_tells_no_change_of_it() -> None:
    short = words(digest.digest(kit_digest.notice(week())))
    assert "*People:* <@U01> $100, <@U02> unpriced" in short
    assert "*Models:* `a` $100, `b` unpriced" in short
    long = words(*details(week()))
    assert "2. <@U02>: *unpriced*, 7 requests\\n" in long
    assert "Together: *$100 and 7 unpriced*, 17 requests." in long


def test_the_words_of_a_chart_call_a_day_without_a_price_unpriced() -> None:
    (chart,) = digest.digest(kit_digest.notice(week())).charts
    assert "This week: Mon 9 $100, Tue 10 unpriced, Wed 11 $0," in chart.alt
    assert "The week before: Mon unpriced, Tue $100, Wed $0," in chart.alt


def test_days_without_a_price_are_no_days_of_nothing() -> None:
    days = tuple((TODAY - timedelta(days=2 - number), one) for number, one in enumerate((PAID, BARE, NOTHING)))
    report = kit_usage.report(EVERYDAY, parts=(part("U01", MIXED),), days=days, span=last_days(3, TODAY))
    (chart,) = answer(report).charts
    assert "Nothing in 1 of 3 days." in chart.alt


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (PAID, "$100 spent; what the week before cost"),
        (BARE, "What was spent is not known: 7 requests without a price; what the week before cost"),
        (NOTHING, "Nothing was spent; what the week before cost"),
    ],
)
def test_a_week_before_without_a_price_is_not_called_nothing(now: Totals, said: str) -> None:
    assert moved_because(week(totals=now, before=BARE)) == f"{said} is not known: 7 requests without a price."


def test_a_home_tab_tells_requests_without_a_price_and_compares_them_with_nothing() -> None:
    free = total([BARE, BARE])
    said = key_week(
        kit_home.report(EVERYDAY, parts=(part("k1", BARE), part("k2", BARE)), whole=free, now=free, before=PAID)
    )
    assert said[0].startswith("*14 requests* without a price since Monday 16 November")
    assert said[1:3] == ["", ""]


@pytest.mark.parametrize(("now", "before"), [(BARE, PAID), (PAID, BARE)])
def test_what_has_no_price_is_not_compared(now: Totals, before: Totals) -> None:
    said = words(answer(kit_usage.report(EVERYDAY, parts=(part("U01", now, before),))))
    assert not any(word in said for word in (" down ", " up ", "after nothing", ", new", "Compared are"))


def test_tasks_without_a_price_make_the_average_a_least() -> None:
    half = Totals(requests=100, tasks=100, cost_micros=50 * USD, unpriced_requests=50)
    assert "At least $0.50 a task on average" in words(answer(kit_usage.report(EVERYDAY, parts=(part("U01", half),))))
    assert "Per task: at least $0.50 on average, over 100 tasks." in words(*details(week(totals=half)))
    exact = words(*details(week(totals=PAID, before=PAID._replace(tasks=20))))
    assert "Per task: $10 on average, over 10 tasks, up 100 percent on the week before." in exact


# --- not known ---


@pytest.mark.parametrize(
    "unknown",
    [{"undated_micros": 40 * USD}, {"read_at": None}, {"troubles": Troubles(stale=("litellm is late",))}],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.parametrize("audience", list(Audience))
def test_a_week_that_was_not_told_is_not_called_quiet(audience: Audience, unknown: dict[str, Any]) -> None:
    quiet = digest.digest(kit_digest.notice(kit_digest.quiet(EVERYDAY), audience))
    assert "quiet" in words(quiet)
    said = words(digest.digest(kit_digest.notice(kit_digest.quiet(EVERYDAY, **unknown), audience)))
    assert "no usage is known" in said
    assert "Monday to Sunday, 9 to 15 November (UTC), usage" in said
    assert "quiet" not in said
    assert "Nobody" not in said


def test_after_a_week_with_usage_one_that_was_not_told_is_not_called_nothing() -> None:
    late = week(totals=NOTHING, before=PAID, undated_micros=40 * USD)
    assert moved_because(late) == "No usage is known of this week; the week before it was $100."


@pytest.mark.parametrize(
    ("extent", "said"),
    [(Extent.TEAM, "No usage of team search is known in 30 days"), (Extent.MEMBER, "No usage of yours is known in")],
)
def test_where_a_gateway_has_not_told_its_usage_nobody_is_said_to_have_used_nothing(extent: Extent, said: str) -> None:
    for late in ({"freshness": (Freshness("litellm", None),)}, {"undated_micros": 5 * USD}):
        assert said in words(answer(kit_usage.empty(EVERYDAY, extent, **late)))
    assert "used nothing in 30 days" in words(answer(kit_usage.empty(EVERYDAY, extent)))


def test_a_gateway_that_has_told_nothing_beside_others_that_have_is_named() -> None:
    fresh = (Freshness("litellm", NOW), Freshness("newer", None))
    said = words(answer(kit_usage.report(EVERYDAY, freshness=fresh)))
    assert "*No figures:* the gateway `newer` has never told its usage." in said


# --- when ---


@pytest.mark.parametrize(
    ("span", "asked", "next_day"),
    [
        (last_days(1, TODAY), "today*", "yesterday*"),
        (last_days(30, TODAY), "in 30 days*", "from 22 Oct to 20 Nov*"),
        (month_so_far(TODAY), "this month*", "from 1 Nov to 20 Nov*"),
    ],
)
def test_an_answer_that_is_read_on_another_day_calls_its_days_as_they_are_by_then(
    span: Span, asked: str, next_day: str
) -> None:
    report = kit_usage.report(EVERYDAY, span=span)
    assert asked in words(answer(report))
    assert next_day in words(answer(report, days_later=1))


# --- how many ---


def test_keys_of_others_on_another_page_are_counted_one_by_one() -> None:
    parts = (*(part(f"key-{number}", PAID) for number in range(16)), part("", PAID))
    report = replace(kit_usage.report(EVERYDAY, by=Grouping.KEY, parts=parts), withheld=120)
    assert "121 other keys" in words(answer(report))


def test_however_many_keys_are_old_the_thread_has_an_end() -> None:
    old = tuple(kit_digest.old_key(EVERYDAY, Age.UNUSED, number=number) for number in range(10_000))
    pages = details(kit_digest.quiet(EVERYDAY, old_keys=old))
    assert len(pages) < 6
    assert "…and 9,800 more old keys" in words(pages[-1])
