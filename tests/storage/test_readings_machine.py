"""However live totals and usage arrive, the books charge each period what the rule says: many random histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.keys import KeyKind
from bot.domain.periods import month_end, month_start
from storage import readings, usage, windows
from storage.engine import Books
from storage.windows import Told
from tests.storage.kit import run
from tests.storage.spending import GATEWAY, a_key, assert_settled, counted, found_team, put, used

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 10, 29, tzinfo=UTC)
KEYS = ("monthly", "nightly")
hours = st.integers(0, 24 * 36).map(lambda count: START + timedelta(hours=count))
micros = st.integers(0, 12)
window = st.tuples(st.just("window"), st.just("monthly"), hours, micros, st.booleans())
live = st.tuples(st.just("live"), st.sampled_from(KEYS), hours, micros, st.none() | st.integers(0, 4))
told = st.tuples(st.just("usage"), st.sampled_from(KEYS), hours, micros, st.sampled_from(["small", "large"]))


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
        put(session, a_key("monthly", period="month", kind=KeyKind.MEMBER))
        put(session, a_key("nightly", period="month", kind=KeyKind.AUTOMATION, daily_cap_micros=5))
    yield books
    books.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(live | window | told, max_size=14))
def test_the_books_settle_as_the_rule_says_whatever_arrives_when(books: Books, history: list[tuple]) -> None:
    run(books, "DELETE FROM readings")
    for table in ("usage", "usage_days", "usage_models"):
        run(books, f"DELETE FROM {table}")
    for what, key, at, amount, more in history:
        with books.transaction() as session:
            if what == "live":
                in_month = None if more is None else min(amount, more)
                readings.note_live(session, [(key, amount, in_month)], at)
            elif what == "window":  # of the month, or, with `more`, of the one before that has not ended there
                until = month_start(at) if more else month_end(at)
                windows.note(session, [Told(key, amount, until)], at)
            else:
                usage.write(session, GATEWAY, [used(key, at, amount, more)], datetime(2027, 1, 1, tzinfo=UTC))
        assert_settled(books)
        assert all(spent >= 0 for key in KEYS for spent in counted(books, key).values())
