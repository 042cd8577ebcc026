"""A digest of any week can be looked at: as it was posted, with what was restated since, or as it would be now."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import text

from bot import digest_preview
from bot.charts import png
from bot.domain.requests import Refused
from bot.services.digest_past import Past, look_back
from bot.services.posting import post_days
from tests.company import BEN, Company
from tests.services.digest_kit import begin, look, spend
from tests.services.kit import USD, held, wanted
from tests.services.raises_kit import on, read_live, read_usage


def seen(company: Company, week: str | None = None) -> Past:
    found = look_back(company.purser, "search", week)
    assert isinstance(found, Past), found
    return found


def said(past: Past, width: int = 80) -> str:
    """What stands in the terminal."""
    written = io.StringIO()
    digest_preview.show(past, Console(file=written, width=width, highlight=False))
    return written.getvalue()


def posted_then_restated(company: Company) -> str:
    """Week 47 is posted with $3; on Tuesday the gateway tells $4.20 more for its Saturday. The key's label."""
    key = begin(company)
    spend(company, key, 3, "2026-11-20 15:00")
    spend(company, key, 1, "2026-11-21 15:00")
    look(company, "2026-11-23 09:00")
    post_days(company.purser)
    spend(company, key, 4.2, "2026-11-21 15:00")
    company.clock.at = on("2026-11-24 10:00")
    read_usage(company)
    post_days(company.purser)
    return key.label


def test_before_it_is_posted_it_is_shown_as_it_would_be(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.clock.at = on("2026-11-23 08:00")
    read_usage(company)
    shown = said(seen(company))
    assert shown.startswith("2026-W47 has not been posted. This is what would be.")
    assert "$3" in shown
    assert "Restated" not in shown


def test_what_was_posted_is_shown_as_it_was_and_is_still_true(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    look(company, "2026-11-23 09:00")
    company.clock.at = on("2026-12-02 12:00")
    shown = said(seen(company, "2026-W47"))
    assert shown.startswith("2026-W47 as it was posted on 2026-11-23 09:00 UTC.")
    assert "The books say the same today." in shown


def test_a_restatement_since_is_named_with_its_day_its_key_and_its_row(company: Company) -> None:
    label = posted_then_restated(company)
    past = seen(company, "2026-W47")
    assert past.notice.digest.figures.totals.cost_micros == 4 * USD
    shown = " ".join(said(past).split())
    assert "Restated since it was posted: Saturday 2026-11-21: $1 as posted, $5.20 now" in shown
    row = (
        r"2026-11-24 10:00 UTC, ledger row \d+: LABEL, 2026-11-21: memory now tells \$5\.20 for this day instead of \$1"
    )
    assert re.search(row.replace("LABEL", re.escape(label)), shown), shown


def test_what_is_not_in_the_ledger_yet_is_said_to_be_so(company: Company) -> None:
    key = begin(company)
    spend(company, key, 3, "2026-11-20 15:00")
    look(company, "2026-11-23 09:00")
    spend(company, key, 1, "2026-11-22 15:00")
    read_usage(company)
    shown = " ".join(said(seen(company, "2026-W47")).split())
    assert "Sunday 2026-11-22: $0 as posted, $1 now No row of the ledger yet" in shown


def test_a_skipped_week_is_shown_with_the_figures_of_now(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    look(company, "2026-11-27 12:00")
    shown = said(seen(company, "2026-W47"))
    assert shown.startswith("2026-W47 was skipped. These are the figures of now.")
    assert "$3" in shown


def test_a_team_that_was_renamed_is_found_by_its_new_name(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    look(company, "2026-11-23 09:00")
    with company.books.transaction() as session:
        session.execute(text("UPDATE teams SET name = 'finding'"))
    past = look_back(company.purser, "finding", None)
    assert isinstance(past, Past)
    assert "The team was called search then." in " ".join(said(past).split())


def test_it_is_readable_at_eighty_columns_and_shows_no_marks_of_slacks(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    spend(company, held(company, BEN, wanted(20)), 2, "2026-11-21 16:00", model="<mock> & co")
    read_live(company)
    look(company, "2026-11-23 09:00")
    shown = said(seen(company))
    assert max(cell_len(line) for line in shown.splitlines()) <= 80
    for mark in ("<@", "<#", "<!date", "&amp;", "&lt;", "*", "`"):
        assert mark not in shown, mark
    assert "@Ana" in shown
    assert "@Ben" in shown
    assert "<mock> & co" in shown


def test_its_chart_can_be_drawn(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    look(company, "2026-11-23 09:00")
    (chart,) = [chart for message in digest_preview.messages(seen(company)) for chart in message.charts]
    assert png(chart).startswith(b"\x89PNG")


def test_a_day_that_was_given_its_price_later_was_unpriced_before_and_not_free(company: Company) -> None:
    posted_then_restated(company)
    past = seen(company, "2026-W47")
    (one,) = past.moved
    bare = one.was._replace(cost_micros=0, unpriced_requests=3)
    (_, line, *_) = digest_preview.restated(replace(past, moved=(replace(one, was=bare),)))
    assert "unpriced as posted, $" in line


@pytest.mark.parametrize(
    ("team", "week", "words"),
    [
        ("nobody", None, "There is no team 'nobody'. There are: search."),
        ("search", "46", "'46' is no week; weeks look like 2026-W47."),
        ("search", "0001-W01", "'0001-W01' is no week; weeks look like 2026-W47."),
        ("search", "2026-W48", "2026-W48 is not over yet. The last week that is: 2026-W47."),
    ],
)
def test_what_is_not_there_is_said(company: Company, team: str, week: str | None, words: str) -> None:
    begin(company)
    company.clock.at = on("2026-11-23 12:00")
    assert look_back(company.purser, team, week) == Refused(look_back(company.purser, team, week).because, words)  # type: ignore[union-attr]


def test_looking_changes_nothing(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    company.clock.at = on("2026-11-23 08:00")
    before = replace(seen(company))
    assert said(before) == said(seen(company))
    look(company, "2026-11-23 09:00")
    assert len(company.notifier.digests) == 2, "the message and its thread"
