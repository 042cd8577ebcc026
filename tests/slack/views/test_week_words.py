"""What digests and Home tabs say of weeks: true, short, adding up, and quiet about what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.apportion import percent_moved
from bot.domain.digests import Audience, Cause, Course, Figures, Forecast, Troubles, Why
from bot.domain.facts import Freshness
from bot.domain.movement import Cell, causes
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals, total
from bot.slack.views import digest, home
from bot.slack.views.base import Message
from bot.slack.views.courses import course
from bot.slack.views.digest_details import details, week_named
from bot.slack.views.figures import days
from bot.slack.views.old_keys import old_key_line
from bot.slack.views.weeks import key_week, team_week
from bot.slack.views.why import moved_because
from tests.slack.views import kit, kit_digest, kit_home, screens_weeks
from tests.slack.views.kit import EVERYDAY, LONGEST, NOW, USD
from tests.slack.views.kit_digest import WEEK, old_key

MOODS = screens_weeks.teams(EVERYDAY)
MENTION = re.compile(r"<@U\w+>")
MONEY = re.compile(r"-?\$([\d,]+(?:\.\d+)?)")
ROW = re.compile(r"^(\d+\. |[\d,]+ more)", re.MULTILINE)


def text(message: Message) -> str:
    """All that is read in its blocks."""
    shown = [block["text"]["text"] for block in message.blocks if isinstance(block.get("text"), dict)]
    shown += [one["text"] for block in message.blocks for one in block.get("elements", []) if "verbatim" in one]
    return "\n".join(shown)


def dollars(said: str) -> Decimal:
    found = MONEY.search(said)
    assert found is not None, said
    return Decimal(found[1].replace(",", ""))


# --- the sentence that says why ---


def test_the_headline_says_what_was_spent_how_it_moved_and_why() -> None:
    said = moved_because(MOODS["full"])
    assert (
        said == "$412.30, up 38 percent on the week before ($298.70): 31 points more requests, 7 points dearer models."
    )


def test_what_held_against_the_movement_is_said_as_such() -> None:
    said = moved_because(MOODS["offset"])
    assert said.endswith(": 47 points more requests, offset by 9 points cheaper or shorter requests.")
    assert moved_because(MOODS["less"]) == "$322, down 22 percent on the week before ($412): 22 points fewer requests."


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("same", "$412.30, as much as the week before."),
        ("first", "$412.30 spent; the week before it was nothing."),
        ("huge", "$412.30, after $0.20 in the week before: $300 new keys, $112.10 more requests."),
        ("stopped", "Nothing was spent; the week before it was $298.70."),
        ("unpriced_only", "What was spent is not known: 20 requests without a price; the week before it was nothing."),
    ],
)
def test_where_percents_would_mislead_there_are_none(mood: str, said: str) -> None:
    assert moved_because(MOODS[mood]) == said


cells = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["small", "large"])),
    st.builds(
        lambda requests, each: Totals(requests=requests, tasks=requests, cost_micros=requests * each),
        st.integers(1, 500),
        st.sampled_from([0, 700, 20_000, 1_500_000]),
    ),
)
POINTS = re.compile(r"(\d+) points?")


@given(cells, cells, st.sets(st.sampled_from(["a", "b", "c"])))
def test_points_that_are_told_add_up_to_the_percents_that_are_told(
    now: Mapping[Cell, Totals], before: Mapping[Cell, Totals], new: set[str]
) -> None:
    whole, was = total(now.values()), total(before.values())
    before = {cell: one for cell, one in before.items() if cell[0] not in new}
    was = total(before.values())
    week = replace(MOODS["plain"], totals=whole, before=was, causes=causes(now, before, new))
    said = moved_because(week)
    percent = percent_moved(whole.cost_micros, was.cost_micros)
    if "points" not in said or percent is None:
        return
    along, _, against = said.partition("offset by")
    told = sum(int(found) for found in POINTS.findall(along)) - sum(int(found) for found in POINTS.findall(against))
    assert told == abs(percent), said


# --- the short message ---


@pytest.mark.parametrize("mood", sorted(MOODS))
def test_a_digest_is_short_and_says_which_days_it_is_about(mood: str) -> None:
    message = digest.digest(kit_digest.notice(MOODS[mood]))
    assert len(text(message).splitlines()) <= 12
    assert "9 to 15 November" in text(message)
    assert "9 to 15 November" in message.text


@pytest.mark.parametrize("mood", ["quiet", "quiet_old"])
def test_a_quiet_week_takes_three_lines_and_no_chart(mood: str) -> None:
    message = digest.digest(kit_digest.notice(MOODS[mood]))
    assert len(text(message).splitlines()) == 3
    assert message.charts == ()


def test_a_quiet_week_has_a_thread_only_where_something_is_to_be_done() -> None:
    assert details(MOODS["quiet"]) == ()
    (page,) = details(MOODS["quiet_old"])
    assert "Old keys" in text(page)
    assert "People" not in text(page)


def test_the_biggest_and_the_rest_add_up_to_what_was_spent() -> None:
    said = text(digest.digest(kit_digest.notice(MOODS["full"])))
    for what in ("People", "Models"):
        line = next(line for line in said.splitlines() if line.startswith(f"*{what}:*"))
        assert sum(Decimal(found.replace(",", "")) for found in MONEY.findall(line)) == Decimal("412.30"), line


def test_the_budget_line_says_until_when_and_where_it_is_heading() -> None:
    said = text(digest.digest(kit_digest.notice(MOODS["full"])))
    assert "*Budget for November:* $1,020 of $2,000 by 15 November, 51 percent." in said
    assert "November will likely end at $2,105 ($1,906 to $2,310). *The budget runs out about 28 November.*" in said
    assert "project search is $20 over; project docs runs out about 28 November." in said
    assert "*$20.50 over the budget.*" in text(digest.digest(kit_digest.notice(MOODS["over"])))


def test_it_is_silent_about_what_is_not_known() -> None:
    said = text(digest.digest(kit_digest.notice(MOODS["plain"])))
    for words in ("Budget", "likely", "old key", "Unpriced", "Please look", "Not posted", "$0"):
        assert words not in said
    assert "not read yet" in text(digest.digest(kit_digest.notice(MOODS["never_read"])))


def test_what_is_foretold_never_reads_as_less_than_is_spent() -> None:
    spent, a_cent_more = 1_020_400_000, Forecast(1_020_410_000, 1_020_410_000, 1_020_410_000)
    said = course(Course("search", 2000 * USD, spent, a_cent_more), WEEK)
    assert "$1,020.40 of $2,000" in said
    assert "likely end at $1,021." in said


def test_a_budget_that_is_used_up_to_the_cent_is_not_foretold_to_run_out() -> None:
    forecast = Forecast(100 * USD, 100 * USD, 100 * USD, date(2026, 11, 2))
    said = course(Course("search", 100 * USD, 100 * USD, forecast), WEEK)
    assert "The budget is used up." in said
    assert "runs out" not in said


def test_a_budget_says_little_without_a_forecast_and_nothing_without_either() -> None:
    one = Course("search", 100 * USD, 400_000)
    assert course(one, WEEK) == "*Budget for November:* $0.40 of $100 by 15 November, less than 1 percent."
    assert course(one, WEEK, has_budget=False) == ""
    ahead = replace(one, forecast=Forecast(9_500_000, 9_990_000, 11_400_000))
    assert course(ahead, WEEK, has_budget=False).endswith("November will likely end at $9.99 ($9.50 to $12).")


def test_everything_amiss_is_one_line() -> None:
    week = replace(MOODS["plain"], troubles=Troubles(1, ("a", "b"), ("litellm is late",)))
    (line,) = (
        line for line in text(digest.digest(kit_digest.notice(week))).splitlines() if line.startswith("*Please look")
    )
    assert line == (
        "*Please look:* Purser gave up on 1 thing that it had to do, books and gateway differed, "
        "some figures are old; details in the thread."
    )


def test_the_chart_sets_each_day_against_the_same_day_of_the_week_before() -> None:
    (chart,) = digest.digest(kit_digest.notice(MOODS["full"])).charts
    assert chart.categories == ("Mon 9", "Tue 10", "Wed 11", "Thu 12", "Fri 13", "Sat 14", "Sun 15")
    now, before = chart.series
    assert (sum(filter(None, now.values)), sum(filter(None, before.values))) == (412_300_000, 298_700_000)
    assert "Wed 11 $90.71" in chart.alt
    assert sum(Decimal(found) for found in MONEY.findall(chart.alt.partition("The week before")[0])) == Decimal("412.3")
    odd = tuple(Totals(cost_micros=cost) for cost in (4_435_000, 4_435_000, 4_435_000, 1_839, 0, 0, 0))
    (chart,) = digest.digest(kit_digest.notice(replace(MOODS["full"], days=odd))).charts
    assert chart.series[0].values == (4_440_000, 4_440_000, 4_430_000, 1_839, 0, 0, 0), "as $13.31, and not $13.32"
    assert "Thu 12 less than $0.01" in chart.alt
    assert digest.digest(kit_digest.notice(MOODS["unpriced_only"])).charts == ()


# --- the thread ---


def rows(week: Figures, title: str) -> list[str]:
    """The lines of one ranking, over all messages."""
    said = "\n".join(text(page) for page in details(week, dict(kit_digest.names(LONGEST))))
    ranking = said.partition(f"*{title}*: ")[2].partition("Together:")[0]
    return [line for line in ranking.splitlines() if ROW.match(line)]


def test_everybody_is_ranked_and_the_columns_add_up() -> None:
    week = replace(kit_digest.figures(LONGEST), old_keys=())
    people = rows(week, "People")
    assert len(people) == kit_digest.PEOPLE
    amounts = [line.split("*")[1] for line in people]
    assert sum(dollars(amount) for amount in amounts if not amount.startswith("&lt;")) == Decimal("412.30")
    shares = [int(found) for line in people for found in re.findall(r", (\d+) percent, ", line)]
    assert sum(shares) == 100
    assert sum(int(re.findall(r"([\d,]+) requests?", line)[0].replace(",", "")) for line in people) == 1240


def test_a_long_list_of_people_calls_on_nobody() -> None:
    said = "\n".join(text(page) for page in digest.thread(kit_digest.notice(MOODS["full"])))
    assert "ليلى الحسن" in said
    assert MENTION.search(said.partition("Old keys")[0]) is None
    assert MENTION.search(text(digest.digest(kit_digest.notice(MOODS["full"])))), "the biggest three are spoken to"


def test_how_it_was_used_is_told_with_what_it_is_a_share_of() -> None:
    said = text(details(MOODS["plain"])[0])
    for words in (
        "Failed: 31 of 1,240 requests (3 percent); the week before, 12 of 900 (1 percent). Retries: 45.",
        "Per task: at least $0.3325 on average, over 1,240 tasks.",
        "On Saturday and Sunday (UTC): $24.74, 6 percent.",
        "Outside 08:00 to 20:00 from Monday to Friday, Europe/Berlin time: 12 percent of the $400 whose hour is known.",
        "6 of 9 people with a key used it.",
    ):
        assert words in said


def test_old_keys_say_why_since_when_and_of_whom() -> None:
    ages = [one.ages for one in kit_digest.old_keys(EVERYDAY)]
    said = [old_key_line(old_key(EVERYDAY, *some)) for some in ages]
    assert said == [
        "`ana-7kq2` of <@U0OMAR>: unused since 12 October 2026.",
        "`ana-7kq2` of <@U0OMAR>: due for rotation since 12 October 2026.",
        "`ana-7kq2` of <@U0OMAR>, who has left the team: no use was seen after 12 October 2026.",
        "`ana-7kq2` of <@U0OMAR>, who has left the team: unused since 12 October 2026, and past its rotation.",
        "`ana-7kq2` of <@U0OMAR>, who has left the team: past its rotation, and no use was seen after 12 October 2026.",
    ]


def test_each_old_key_keeps_its_buttons_in_the_same_message() -> None:
    for page in details(kit_digest.figures(LONGEST)):
        kinds = [block["type"] for block in page.blocks]
        assert kinds[0] != "actions"
        values = [button["value"] for block in page.blocks for button in block.get("elements", []) if "value" in button]
        assert len(values) == 2 * len(set(values))


def test_skipped_weeks_are_named_by_their_days() -> None:
    assert week_named("2026-W45") == "2 to 8 November"
    assert week_named("2026-W53") == "28 December 2026 to 3 January 2027"
    assert "Not posted: the digest of 2 to 8 November." in "\n".join(text(page) for page in details(MOODS["full"]))


@pytest.mark.parametrize(
    ("since", "length", "said"),
    [
        (date(2026, 11, 9), 7, "9 to 15 November"),
        (date(2026, 10, 26), 7, "26 October to 1 November"),
        (date(2025, 12, 29), 7, "29 December 2025 to 4 January 2026"),
        (date(2026, 11, 9), 1, "9 November"),
    ],
)
def test_days_are_named_once_each(since: date, length: int, said: str) -> None:
    assert days(Span(since, since + timedelta(days=length))) == said


# --- one person's, and all teams' ---


def test_a_personal_digest_speaks_of_ones_own_keys_and_budget_and_says_how_to_stop_it() -> None:
    said = text(digest.digest(kit_digest.notice(kit_digest.personal(EVERYDAY), Audience.MEMBER)))
    assert "Your week, 9 to 15 November" in said
    assert "*Keys:* `ana-7kq2-0` $274.87, `ana-7kq2-1` $137.43" in said
    assert "*Budget for November:* $412.30 of $500 by 15 November, 82 percent." in said
    assert "`/ai-usage digest off` stops these." in said


def test_the_roll_up_ranks_teams_and_names_budgets_that_will_not_last() -> None:
    said = text(digest.digest(kit_digest.notice(kit_digest.roll_up(EVERYDAY), Audience.OWNERS)))
    assert "*Teams:* `search-0` $235.60, `search-1` $117.80, `search-2` $58.90" in said
    assert "*Budgets:* search-0 is $135.60 over; search-1 is $17.80 over." in said
    assert "6 of 9 people with a key used it." in said
    fine = replace(kit_digest.roll_up(EVERYDAY), courses=(Course("search", 100 * USD, USD),))
    assert "all teams are on course to stay within theirs" in text(
        digest.digest(kit_digest.notice(fine, Audience.OWNERS))
    )


# --- this week, at home ---


def test_this_week_compares_whole_days_only() -> None:
    week = replace(kit_home.report(EVERYDAY), unpriced=(), undated_micros=0)
    said = key_week(week)
    assert said[0].startswith("*$124* in 190 requests since Monday 16 November (UTC, as of <!date^")
    assert said[1] == "Monday to Thursday: $93, up 50 percent; the same days of last week were $62."
    assert said[2] == "Most: `ana-7kq2` $64, `ana-7kq2` $32, `ana-7kq2` $16, 2 other keys $12."


def test_on_a_monday_nothing_is_compared() -> None:
    said = [line for line in team_week(kit_home.bare_report(EVERYDAY)) if line]
    assert said == ["This week: nothing since Monday 16 November (UTC, not read yet)."]
    stale = kit_home.bare_report(EVERYDAY, freshness=(Freshness("litellm", NOW), Freshness("openrouter", None)))
    assert "not read yet" in key_week(stale)[0]


def test_only_requests_without_a_price_are_no_nothing() -> None:
    free = Totals(requests=3, unpriced_requests=3)
    said = key_week(kit_home.bare_report(EVERYDAY, whole=free, unpriced=(("x", 3),)))
    assert said[0].startswith("*3 requests* without a price since Monday")
    assert "3 requests to `x` have no price, so what they cost is in no figure." in said[-2]
    assert NOTHING.requests == 0


def test_a_home_tab_that_is_only_fresher_is_the_same_and_any_other_change_makes_it_another() -> None:
    facts = kit_home.home_facts(EVERYDAY)
    first = home.fingerprint(home.home(facts, NOW))
    assert home.fingerprint(home.home(facts, NOW + timedelta(minutes=2))) == first
    assert home.fingerprint(home.home(facts, NOW + timedelta(minutes=11))) != first
    assert home.fingerprint(home.home(replace(facts, wants_digest=True), NOW)) != first
    later = tuple(
        replace(one, key=replace(one.key, expires_at=NOW + timedelta(days=5, minutes=1))) for one in facts.keys
    )
    assert home.fingerprint(home.home(replace(facts, keys=later), NOW)) != first


def test_an_owner_sees_budget_people_what_waits_and_old_keys_of_the_team() -> None:
    shown = home.home(kit_home.home_facts(EVERYDAY), NOW)["blocks"]
    said = "\n".join(block["text"]["text"] for block in shown if block["type"] == "section" and "text" in block)
    for words in (
        "*Team `search`:* spent $355 of $500 a month (as of <!date^",
        "), promised to keys $80, *$65 left*.",
        "Most: <@U00000> $64, <@U00001> $32, <@U00002> $16, 2 others $12.",
        "*2 requests* wait for a decision.",
        "*2 keys* are old: unused, past rotation, or without a holder.",
    ):
        assert words in said
    assert kit.USD == USD


def test_causes_of_every_kind_have_words_for_both_directions() -> None:
    for why in Why:
        for sign in (1, -1):
            week = replace(
                MOODS["plain"],
                totals=kit_digest.totals(100 + 10 * sign, 10),
                before=kit_digest.totals(100, 10),
                causes=(Cause(why, sign * 10 * USD, sign * 10),),
            )
            assert moved_because(week).split(": 10 points ")[1].rstrip(".")


def test_the_days_of_the_chart_add_up_to_the_week_in_cents() -> None:
    days_of_a_third = tuple(Totals(requests=1, tasks=1, cost_micros=4_435_333) for _ in range(7))
    week = replace(MOODS["plain"], days=days_of_a_third, days_before=days_of_a_third, totals=total(days_of_a_third))
    (chart,) = digest.digest(kit_digest.notice(week)).charts
    shown = [sum(value or 0 for value in series.values) for series in chart.series]
    assert shown == [31_050_000, 31_050_000]
    assert all(value is not None and value % 10_000 == 0 for series in chart.series for value in series.values)
