"""`/ai-team expect`: of what, until when and what for; and what is said of anything else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.words import ProjectWord, TeamWord
from bot.slack.grammar import team
from bot.slack.grammar.expecting import EndExpected, SetExpected, ShowExpected, parse
from bot.slack.grammar.text import Help, Mistake

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
SIXTEENTH = datetime(2026, 12, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ShowExpected()),
        ("list", ShowExpected()),
        ("help", Help()),
        ("team until 15 December launch week", SetExpected(TeamWord(), SIXTEENTH, "launch week")),
        ("Project Reranker until 2026-12-15 backfill", SetExpected(ProjectWord("reranker"), SIXTEENTH, "backfill")),
        ("project reranker 2026-12-15 a backfill", SetExpected(ProjectWord("reranker"), SIXTEENTH, "a backfill")),
        ("end team", EndExpected(TeamWord())),
        ("end project reranker", EndExpected(ProjectWord("reranker"))),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: object) -> None:
    assert parse(typed.split(), NOW) == meant
    assert team.parse(f"expect {typed}") == team.Expect(tuple(typed.split()))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("reranker until 15 December launch", "Say `team`, or `project` and its name, not “reranker”."),
        ("project", "Say `team`, or `project` and its name."),
        ("team launch week", "Say until when: `until 15 December`."),
        ("team until 15 December", "Say in a few words what is going on."),
        ("team until 2026-11-15 launch", "That day is over."),
        ("end team now", "Say of what, and nothing else."),
        ("list all", "`list` stands alone."),
    ],
)
def test_malformed_input_gets_one_line_and_an_example_that_works(typed: str, said: str) -> None:
    answer = parse(typed.split(), NOW)
    assert isinstance(answer, Mistake)
    assert answer.text == said
    assert not isinstance(parse(answer.example.removeprefix("/ai-team expect ").split(), NOW), Mistake)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_anything_is_read_without_a_crash(words: list[str]) -> None:
    assert parse(words, NOW) is not None
