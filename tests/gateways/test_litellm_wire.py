"""Reading LiteLLM's rows and refusals, old versions' included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import money
from bot.gateways import litellm_wire as wire
from bot.gateways.base import CapPeriod
from tests.contract.rig import failure_of

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


@given(st.integers(min_value=0, max_value=money.MAX_MICROS))
def test_every_amount_goes_out_and_comes_back_exactly(micros: int) -> None:
    assert money.from_usd(Decimal(repr(wire.usd(micros)))) == micros


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=4000)))
def test_a_lifetime_never_outlasts_what_was_agreed_and_is_never_negative(left: timedelta) -> None:
    seconds = int(wire.lifetime(NOW + left, NOW).removesuffix("s"))
    assert seconds >= 0
    assert seconds == 0 or timedelta(0) <= left - timedelta(seconds=seconds) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("row", "enabled"),
    [
        ({}, True),
        ({"blocked": None, "status": "active"}, True),
        ({"blocked": False}, True),
        ({"blocked": True}, False),
        ({"status": "revoked"}, False),
        ({"status": "expired"}, False),
        ({"status": "deleted", "blocked": False}, False),
        ({"expires": "2026-11-20T18:00:00Z"}, False),
        ({"expires": "2026-11-20T18:00:01Z"}, True),
        ({"expires": "2026-11-20T17:00:00"}, False),
        # Its own word goes before our clock.
        ({"expires": "2026-11-20T17:59:59Z", "status": "active"}, True),
    ],
)
def test_a_key_is_on_only_if_nothing_says_otherwise(row: dict[str, object], enabled: bool) -> None:
    assert wire.record(wire.key_row(row), "h", NOW).enabled is enabled


def test_spend_of_the_window_and_of_the_lifetime_are_kept_apart() -> None:
    row = wire.key_row({"spend": Decimal("0.028013200000000002"), "total_spend": Decimal("1.5000005")})
    record = wire.record(row, "h", NOW)
    assert (record.period_spent_micros, record.spent_micros) == (28_013, 1_500_000)


def test_an_old_version_without_lifetime_spend_gives_what_it_has() -> None:
    record = wire.record(wire.key_row({"spend": Decimal("0.5")}), "h", NOW)
    assert (record.spent_micros, record.is_lifetime) == (500_000, True), "a budget that never starts again counts all"


@pytest.mark.parametrize(
    ("row", "until"),
    [
        ({"budget_duration": "1mo", "budget_reset_at": "2026-12-01T00:00:00Z"}, datetime(2026, 12, 1, tzinfo=UTC)),
        ({"budget_duration": "30d", "budget_reset_at": "2026-12-01T00:00:00"}, datetime(2026, 12, 1, tzinfo=UTC)),
        ({"budget_duration": "1mo", "budget_reset_at": "2026-12-12T18:00:00Z"}, None),
        ({"budget_duration": "1d", "budget_reset_at": "2026-12-01T00:00:00Z"}, None),
        ({"budget_duration": "1mo"}, None),
        ({"budget_duration": "1mo", "budget_reset_at": "2026-12-01T00:00:00Z", "total_spend": Decimal(9)}, None),
    ],
)
def test_a_total_is_a_months_alone_only_where_it_starts_again_with_the_month(
    row: dict[str, object], until: datetime | None
) -> None:
    assert wire.record(wire.key_row({"spend": Decimal("0.5")} | row), "h", NOW).counts_until == until


@pytest.mark.parametrize(
    ("at", "spent"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), 500_000),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), 500_000),
        (datetime(2026, 12, 1, tzinfo=UTC), None),  # its window is still the old month's
        (datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC), None),  # it began while it was asked
    ],
)
def test_the_window_tells_of_the_month_that_it_is(at: datetime, spent: int | None) -> None:
    row = {"spend": Decimal("0.5"), "total_spend": Decimal(9), "budget_duration": "1mo"}
    record = wire.record(wire.key_row(row | {"budget_reset_at": "2026-12-01T00:00:00Z"}), "h", at)
    assert record.spent_in_month(at) == spent


@pytest.mark.parametrize(
    ("duration", "period"),
    [
        (None, CapPeriod.TOTAL),
        ("1d", CapPeriod.DAY),
        ("24h", CapPeriod.DAY),
        ("1mo", CapPeriod.MONTH),
        ("30d", CapPeriod.MONTH),
        ("7d", CapPeriod.OTHER),
        ("", CapPeriod.OTHER),
    ],
)
def test_rhythms_are_read(duration: str | None, period: CapPeriod) -> None:
    assert wire.record(wire.key_row({"budget_duration": duration}), "h", NOW).cap_period is period


def test_nulls_are_nothing() -> None:
    record = wire.record(wire.key_row({"models": None, "metadata": None, "spend": None}), "h", NOW)
    assert (record.models, record.tags, record.spent_micros, record.cap_micros) == ((), {}, 0, None)


def test_a_row_that_cannot_be_read_names_the_field_and_not_its_value() -> None:
    message = failure_of(lambda: wire.key_row({"spend": "sk-secret-value"})).message
    assert "spend" in message
    assert "sk-secret-value" not in message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "Key not found.", "type": "x"}}, "Key not found."),
        ({"error": {"message": "{'error': 'No keys found'}"}}, "No keys found"),
        ({"error": {"message": "{'error': \"it's bad\"}"}}, "it's bad"),
        ({"detail": {"error": "DB not connected"}}, "DB not connected"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"detail": [{"loc": ["query", "size"], "msg": "too big", "input": "sk-abcdef"}]}, "query.size: too big"),
        ({"error": "plain"}, "plain"),
        ({"error": {"message": "Key sk-abcdef0123 at http://10.0.0.7:4000/x is bad"}}, "Key sk-… at (address) is bad"),
        ({"error": {"message": "two\nlines"}}, "two lines"),
        ({}, ""),
        ([], ""),
        (None, ""),
        ({"error": {"message": 7}}, ""),
    ],
)
def test_every_shape_of_refusal_is_put_into_words(body: object, said: str) -> None:
    assert wire.explain(400, body) == said


def test_a_long_story_is_cut() -> None:
    assert len(wire.explain(400, {"error": {"message": "very " * 500}})) == 200


@pytest.mark.parametrize("body", [None, [], {}, {"error": "x"}, {"error": {"type": None}}, {"detail": []}])
def test_bodies_of_others_have_no_litellm_type(body: object) -> None:
    assert wire.error_type(body) is None
    assert not wire.is_litellm_error(body)
