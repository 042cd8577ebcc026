"""Reading daily activity: pages put together again, whatever they are cut into, miss or tell twice."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.usage import Usage
from bot.gateways import litellm_usage
from bot.gateways.base import FailureKind, GatewayError
from bot.playground.gateway import Habits, daily
from bot.playground.gateway.models import MODELS
from bot.playground.gateway.state import Charge, State
from tests.contract.rig import failure_of, kind_of

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANA, BEN = "a" * 64, "b" * 64


def read(*pages: object, until: date = DAY) -> list[Usage]:
    """What is made of these pages, one after the other, of one day."""
    return list(litellm_usage.told(lambda _, number: pages[number - 1], DAY, until))


def body(breakdown: object, *, more: object = False, day: str = "2026-11-20") -> dict[str, Any]:
    return {"results": [{"date": day, "breakdown": breakdown}], "metadata": {"has_more": more}}


def of(handle: str, **metrics: Any) -> dict[str, Any]:
    return {"api_key_breakdown": {handle: {"metrics": metrics, "metadata": {"key_exists": False}}}}


def row(model: str = "gpt", handle: str = ANA, provider: str = "openai", **metrics: Any) -> dict[str, Any]:
    """A breakdown with one row, in every part of it, as LiteLLM tells it."""
    entry = of(handle, **metrics)
    return {
        "models": {f"{provider}/{model}": entry},
        "model_groups": {model: entry},
        "providers": {provider: entry},
        "endpoints": {"/chat/completions": entry},
        "entities": {"U-ANA": entry},
        "api_keys": {handle: {"metrics": metrics}},
    }


FULL: dict[str, Any] = {
    "spend": Decimal("0.028013200000000002"),
    "prompt_tokens": 8,
    "completion_tokens": 20,
    "cache_read_input_tokens": 5,
    "api_requests": 3,
    "successful_requests": 2,
    "failed_requests": 1,
}


# --- one page ---


def test_a_row_is_told_in_our_words_and_counted_once_though_six_breakdowns_have_it() -> None:
    assert read(body(row(**FULL))) == [
        Usage(
            handle=ANA,
            model="gpt",
            hour=datetime(2026, 11, 20, tzinfo=UTC),
            requests=3,
            failures=1,
            retries=0,
            tasks=2,
            input_tokens=8,
            cached_tokens=5,
            output_tokens=20,
            cost_micros=28_013,
            unpriced_requests=0,
        )
    ]


def test_dollars_are_rounded_once_and_half_to_even() -> None:
    for usd, micros in (("0.0000005", 0), ("0.0000015", 2), ("0.00000249", 2), ("1e-7", 0)):
        [usage] = read(body(row(spend=Decimal(usd), api_requests=1)))
        assert usage.cost_micros == micros
    halves = [body(row("gpt", ANA, name, spend=Decimal("0.0000005"), api_requests=1), more=True) for name in "abc"]
    assert [usage.cost_micros for usage in read(*halves, {"results": []})] == [2], "the sum is rounded, not its parts"


def test_what_is_missing_or_null_is_nothing() -> None:
    for breakdown in (None, {}, {"model_groups": None}, {"model_groups": {"gpt": None}}):
        assert read(body(breakdown)) == []
    nothings: list[object] = [{"results": []}, {"results": [None], "metadata": None}]
    for nothing in nothings:
        assert read(nothing) == []
    [usage] = read(body({"model_groups": {"gpt": of(ANA, spend=None, successful_requests=2, failed_requests=1)}}))
    assert (usage.requests, usage.failures, usage.tasks, usage.cost_micros) == (3, 1, 2, 0)


def test_an_old_version_without_groups_tells_the_providers_names() -> None:
    [usage] = read(body({"models": {"openai/gpt-4o": of(ANA, api_requests=1)}}))
    assert usage.model == "openai/gpt-4o"


def test_what_a_key_used_beyond_its_models_was_used_of_no_model() -> None:
    breakdown = row(api_requests=2, failed_requests=1, spend=Decimal("0.5"))
    breakdown["api_keys"] = {ANA: {"metrics": {"api_requests": 5, "failed_requests": 4, "spend": Decimal("0.75")}}}
    told = {usage.model: (usage.requests, usage.failures, usage.cost_micros) for usage in read(body(breakdown))}
    assert told == {"gpt": (2, 1, 500_000), litellm_usage.NO_MODEL: (3, 3, 250_000)}


def test_the_noise_of_floats_is_no_usage() -> None:
    breakdown = row(api_requests=1, spend=Decimal("0.1"))
    breakdown["api_keys"] = {ANA: {"metrics": {"api_requests": 1, "spend": Decimal("0.10000000000000003")}}}
    assert [usage.model for usage in read(body(breakdown))] == ["gpt"]


@pytest.mark.parametrize(
    ("metrics", "unpriced"),
    [
        ({"prompt_tokens": 7, "successful_requests": 2, "failed_requests": 1}, 2),
        ({"completion_tokens": 7, "successful_requests": 2, "spend": Decimal("0.0000000001")}, 0),
        ({"failed_requests": 2}, 0),
    ],
)
def test_tokens_that_cost_nothing_are_unpriced(metrics: dict[str, Any], unpriced: int) -> None:
    [usage] = read(body(row(**metrics)))
    assert (usage.unpriced_requests, usage.cost_micros) == (unpriced, 0)


def test_cached_tokens_are_a_part_of_the_input_even_where_they_were_left_out_of_it() -> None:
    [usage] = read(body(row(prompt_tokens=3, cache_read_input_tokens=9)))
    assert (usage.input_tokens, usage.cached_tokens) == (9, 9)


def test_calls_without_a_key_and_days_not_asked_for_are_left_out() -> None:
    assert read(body(row(handle="", api_requests=1))) == []
    assert read(body(row(api_requests=1), day="2026-11-19")) == []


def test_each_day_is_asked_for_on_its_own_and_only_when_it_is_wanted() -> None:
    asked: list[tuple[date, int]] = []

    def page(day: date, number: int) -> object:
        asked.append((day, number))
        return body(row(api_requests=1), day=day.isoformat())

    usages = litellm_usage.told(page, DAY, DAY + timedelta(days=400))
    assert [next(usages).hour.date() for _ in range(3)] == [DAY + timedelta(days=n) for n in range(3)]
    assert asked == [(DAY + timedelta(days=n), 1) for n in range(3)]


# --- what cannot be read ---


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "sk-canary",
        {},
        {"results": "sk-canary"},
        {"results": ["sk-canary"]},
        {"results": [], "metadata": "sk-canary"},
        body("sk-canary"),
        body({"model_groups": ["sk-canary"]}),
        body({"model_groups": {"gpt": {"api_key_breakdown": "sk-canary"}}}),
        body({"model_groups": {"gpt": of(ANA, spend="sk-canary")}}),
        body({"model_groups": {"gpt": of(ANA, api_requests=True)}}),
        body({"api_keys": {ANA: "sk-canary"}}),
    ],
)
def test_an_answer_that_cannot_be_read_is_said_and_not_quoted(answer: object) -> None:
    error = failure_of(lambda: read(answer))
    assert error.kind is FailureKind.PERMANENT
    assert "canary" not in error.message
    assert error.__cause__ is None


def test_pages_that_never_end_are_no_answer() -> None:
    endless = body(row(api_requests=1), more=True)
    assert kind_of(lambda: list(litellm_usage.told(lambda _, __: endless, DAY, DAY))) is FailureKind.PERMANENT


# --- several pages ---


def test_rows_of_one_key_and_model_on_two_pages_are_one() -> None:
    first = body(row(provider="openai", api_requests=2, spend=Decimal("0.2")), more=True)
    second = body(row(provider="azure", api_requests=2, spend=Decimal("0.2")))
    assert [(usage.requests, usage.cost_micros) for usage in read(first, second)] == [(4, 400_000)]


def test_a_row_seen_again_on_the_next_page_counts_once() -> None:
    first, again = body(row(**FULL), more=True), body(row(**FULL))
    assert [usage.requests for usage in read(first, again)] == [3]


@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2)])
def test_a_row_seen_again_after_it_grew_counts_once_as_it_was_last(before: int, after: int) -> None:
    pages = body(row(api_requests=before), more=True), body(row(api_requests=after))
    assert [usage.requests for usage in read(*pages)] == [3]


def test_a_page_count_serves_where_nothing_says_whether_there_is_more() -> None:
    pages = [body(row(provider=name, api_requests=1)) for name in ("openai", "azure")]
    for page in pages:
        page["metadata"] = {"total_pages": 2}
    assert [usage.requests for usage in read(*pages)] == [2]


class Busy:
    """A gateway with rows in no order, written to while it is read."""

    def __init__(self, size: int, calls: list[Charge], meanwhile: list[Charge]) -> None:
        self.state = State(lambda: NOON, "sk-master-1234", Habits(), MODELS)
        self.size, self.calls, self.meanwhile = size, calls, meanwhile

    def page(self, day: date, number: int) -> object:
        answer = daily.page(self.state, [c for c in self.calls if c.at.date() == day], number, self.size)
        if self.meanwhile:
            self.calls = [*self.calls, self.meanwhile.pop()]
        return _exact(answer)


def _exact(body: Any) -> Any:
    """Numbers as the HTTP layer gives them."""
    match body:
        case float():
            return Decimal(repr(body))
        case dict():
            return {name: _exact(value) for name, value in body.items()}
        case list():
            return [_exact(value) for value in body]
        case _:
            return body


def a_call(number: int, *, ok: bool = True) -> Charge:
    """One of many: 7 keys, 3 upstreams behind 2 names."""
    upstream = ("openai/gpt-4o", "azure/gpt-4o", "openai/o9")[number % 3]
    group = "small" if upstream == "openai/o9" else "large"
    token = f"{number % 7:064d}"
    return Charge(f"r{number}", NOON, token, upstream, group, 8, 20, 0.001 * (number + 1) if ok else 0.0, ok)


calls = st.lists(st.builds(a_call, st.integers(0, 60), ok=st.booleans()), max_size=25)


@given(st.integers(1, 8), calls)
def test_however_pages_are_cut_all_is_told_once(size: int, made: list[Charge]) -> None:
    told = list(litellm_usage.told(Busy(size, made, []).page, DAY, DAY))
    assert told == list(litellm_usage.told(Busy(1000, made, []).page, DAY, DAY))
    assert sum(usage.requests for usage in told) == len(made)
    assert len({(usage.handle, usage.model) for usage in told}) == len(told)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_row_written_while_pages_are_read_makes_no_other_count_twice(size: int) -> None:
    """It shifts the rows behind it: about one in four of these does so over the end of a page."""
    one_each = [a_call(number) for number in range(7)]
    for new in range(40):
        late = Charge(f"late{new}", NOON, f"{new:063d}x", "openai/o9", "small", 8, 20, 0.5, ok=True)
        told = {u.handle: u.requests for u in litellm_usage.told(Busy(size, one_each, [late]).page, DAY, DAY)}
        assert told.pop(late.token, 1) == 1
        assert told == {call.token: 1 for call in one_each}


# --- large days ---


def test_a_day_of_ten_thousand_keys_is_read_a_page_at_a_time() -> None:
    keys, size = 10_000, 1000

    def page(_: date, number: int) -> object:
        first = (number - 1) * size
        handles = [f"{first + n:064d}" for n in range(size)]
        entry = {"api_key_breakdown": {h: {"metrics": {"api_requests": 1, "spend": Decimal("0.01")}} for h in handles}}
        everywhere = {"models": {"openai/gpt": entry}, "model_groups": {"gpt": entry}, "providers": {"openai": entry}}
        return body(everywhere, more=number * size < keys)

    def counted() -> Iterator[int]:
        for usage in litellm_usage.told(page, DAY, DAY):
            yield usage.cost_micros

    tracemalloc.start()
    try:
        assert sum(counted()) == keys * 10_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000


def test_a_failure_on_a_later_page_tells_nothing_of_that_day() -> None:
    def page(day: date, number: int) -> object:
        if day > DAY and number == 2:
            raise GatewayError(FailureKind.TRANSIENT, "litellm did not answer in time")
        return body(row(api_requests=1), more=day > DAY, day=day.isoformat())

    usages = litellm_usage.told(page, DAY, DAY + timedelta(days=1))
    assert next(usages).hour.date() == DAY
    read_on: Callable[[], object] = lambda: next(usages)  # noqa: E731 - typed
    assert kind_of(read_on) is FailureKind.TRANSIENT
