"""`/ai-team digest`: when on Monday, by which clock; and what is said of anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.grammar.team import SetDigest, ShowDigest, parse
from bot.slack.grammar.text import Help, Mistake

MONDAYS = "A digest tells of the week before and comes on Mondays; its time can be chosen."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("digest", ShowDigest()),
        ("digest help", Help()),
        ("digest off", SetDigest(is_on=False)),
        ("digest on", SetDigest(is_on=True)),
        ("digest 09:00 Europe/Berlin", SetDigest(True, 540, "Europe/Berlin")),
        ("Digest 9:00 europe/berlin", SetDigest(True, 540, "Europe/Berlin")),
        ("digest on Mondays at 16:30", SetDigest(True, 990)),
        ("digest 16.30 Tokyo", SetDigest(True, 990, "Asia/Tokyo")),
        ("digest 9am New York", SetDigest(True, 540, "America/New_York")),
        ("digest 9:15 pm", SetDigest(True, 21 * 60 + 15)),
        ("digest 12am", SetDigest(True, 0)),
        ("digest 12pm", SetDigest(True, 720)),
        ("digest 0:00", SetDigest(True, 0)),
        ("digest 23:59", SetDigest(True, 1439)),
        ("digest Asia/Kolkata", SetDigest(True, None, "Asia/Kolkata")),
        ("digest UTC", SetDigest(True, None, "UTC")),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: object) -> None:
    assert parse(typed) == meant


@pytest.mark.parametrize(
    ("typed", "said", "example"),
    [
        ("Tuesday", MONDAYS, "09:00 Europe/Berlin"),
        ("fridays 09:00", MONDAYS, "09:00 Europe/Berlin"),
        ("24:00", "Times look like 09:00 or 16:30.", "09:00 Europe/Berlin"),
        ("9:60", "Times look like 09:00 or 16:30.", "09:00 Europe/Berlin"),
        ("13pm", "Times look like 09:00 or 16:30.", "09:00 Europe/Berlin"),
        ("0am", "Times look like 09:00 or 16:30.", "09:00 Europe/Berlin"),
        ("9:5", "Times look like 09:00 or 16:30.", "09:00 Europe/Berlin"),
        ("٩:00", "Times look like 09:00 or 16:30.", "09:00 Europe/Berlin"),
        ("09:00 Europe/Berln", "There is no time zone “europe/berln”.", "09:00 Europe/Berlin"),
        ("09:00 Tokio", "There is no time zone “tokio”.", "09:00 Asia/Tokyo"),
        ("09:00 PST", "There is no time zone “pst”.", "09:00 Europe/Berlin"),
        ("off tomorrow", "`off` stands alone.", "off"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_an_example_that_is_right(typed: str, said: str, example: str) -> None:
    found = parse(f"digest {typed}")
    assert found == Mistake(said, f"/ai-team digest {example}")
    assert isinstance(parse(found.example.removeprefix("/ai-team ")), SetDigest)


@given(st.text())
def test_nothing_typed_is_too_odd_to_be_answered(typed: str) -> None:
    found = parse(f"digest {typed}")
    assert isinstance(found, ShowDigest | SetDigest | Help | Mistake)
    if isinstance(found, SetDigest) and found.minutes is not None:
        assert 0 <= found.minutes < 24 * 60
