"""Teams, projects and days as they are named on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from bot.domain.spans import Span
from bot.services import exporting
from storage.usage_reports import EVERYTHING, Chosen, of_team
from tests.fakes import MortalBooks
from tests.services import usage_kit as kit
from tests.services.usage_kit import TEAMS, TODAY, Ground


@pytest.fixture
def ground(migrated_url: str) -> Iterator[Ground]:
    books = MortalBooks(migrated_url)
    yield kit.made(books)
    books.close()


def test_teams_and_projects_are_named_as_people_know_them(ground: Ground) -> None:
    with ground.company.books.reading() as session:
        assert exporting.keys_named(session, None, None) == EVERYTHING
        assert exporting.keys_named(session, "ads", None) == of_team("t-ads")
        feed = Chosen(team_ids=("t-search",), project_id="p-feed")
        assert exporting.keys_named(session, None, "feed") == feed
        assert exporting.keys_named(session, "search", "feed") == feed
        assert exporting.keys_named(session, "ads", "reranker").project_id == "p-rank-ads"
        for team, project, said in (
            (None, "reranker", "Several teams have a project 'reranker': ads, search. Say --team NAME as well."),
            (
                "nowhere",
                None,
                f"No team is called 'nowhere'. There is: {', '.join(sorted(t.name for t in TEAMS.values()))}.",
            ),
            ("ads", "feed", "No project is called 'feed'. There is: bids, reranker."),
            ("empty", "feed", "No project is called 'feed'. There is none."),
        ):
            with pytest.raises(ValueError) as wrong:
                exporting.keys_named(session, team, project)
            assert str(wrong.value) == said


def test_days_are_named_from_the_first_to_the_last() -> None:
    assert exporting.days_named(None, None, TODAY) == Span(date(2026, 10, 22), date(2026, 11, 21))
    assert exporting.days_named("2026-11-01", None, TODAY) == Span(date(2026, 11, 1), date(2026, 11, 21))
    assert exporting.days_named("2026-11-01", "2026-11-01", TODAY).days == 1
    for since, until, said in (
        ("2026-11-02", "2026-11-01", "--since 2026-11-02 is after --until 2026-11-01."),
        ("yesterday", None, "--since is a day such as 2026-11-21, not 'yesterday'."),
        (None, "2026-02-30", "--until is a day such as 2026-11-21, not '2026-02-30'."),
        (None, "9999-12-31", "--until is a day from 2000 to 9998, not '9999-12-31'."),
        ("0001-01-01", None, "--since is a day from 2000 to 9998, not '0001-01-01'."),
    ):
        with pytest.raises(ValueError) as wrong:
            exporting.days_named(since, until, TODAY)
        assert str(wrong.value) == said
