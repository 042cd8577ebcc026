"""What a review says of its end: one key is one, and what works again is not called off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.confirming import Answer, Place, Question, Review, ReviewFacts, ReviewNotice, ReviewState, Standing, Why
from bot.domain.keys import KeyState
from bot.domain.people import Team
from bot.slack.views.reviews import review

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEAM = Team("team_1", "search", "C0SEARCH")


def said(place: Place, *states: KeyState) -> str:
    """What this message says once nobody confirmed these keys."""
    ended = Review("r", TEAM.id, "U0OMAR", NOW - timedelta(days=14), NOW, ReviewState.DONE, ended_at=NOW)
    question = Question("q", "k", Why.REVIEW, NOW, NOW, "r", answer=Answer.SILENT, answered_by="purser")
    keys = tuple(Standing(question, "ana-7kq2", "U0ANA", state) for state in states)
    return str(review(ReviewNotice(ReviewFacts(ended, TEAM, keys), place), NOW))


def test_one_key_that_nobody_confirmed_is_one() -> None:
    told = said(Place.MESSAGE, KeyState.DISABLED)
    assert "1 of 1 answered: 1 turned off as nobody confirmed it." in told
    assert "The gateway's record says off for the key that nobody confirmed. The thread has which it is." in told
    assert "Turned off, as nobody confirmed it:" in said(Place.SUMMARY, KeyState.DISABLED)


def test_several_are_counted() -> None:
    told = said(Place.MESSAGE, KeyState.DISABLED, KeyState.DISABLING)
    assert "2 turned off as nobody confirmed them." in told
    assert "The gateway's record says off for 1 of 2 keys that nobody confirmed." in told
    assert "*NOT confirmed off yet:* 1." in told
    assert "Turned off, as nobody confirmed them:" in said(Place.SUMMARY, KeyState.DISABLED, KeyState.DISABLED)


def test_what_was_restored_since_is_not_counted_as_missing_from_the_record() -> None:
    told = said(Place.MESSAGE, KeyState.LIVE)
    assert "record says off" not in told
    assert "Restored since: 1." in told
    told = said(Place.MESSAGE, KeyState.LIVE, KeyState.DISABLED)
    assert "The gateway's record says off for 1 of 2 keys that nobody confirmed. Restored since: 1." in told
