"""What LiteLLM measured: /user/daily/activity, put together from its pages into one value per key, model and day.

It knows no HTTP: it is handed a way to read one page. Facts as answered by LiteLLM 1.106:
- It tells days (UTC), no hours. Deleted keys, and calls that were refused, stay in it.
- Every row is told several times over, by `models` (the provider's names), `model_groups` (the names that callers
  use), `providers`, `endpoints`, `entities` (users) and `api_keys`. Only one of them may be summed. That is
  `model_groups`; what a key has in `api_keys` beyond it was a call of no model at all.
- A page holds up to 1,000 rows (422 to more), not days or keys, in the order of random ids. A row written while pages
  are read shifts the others, so the last row of one page may come again as the first of the next.
- A price of zero and no price look the same; so does an answer from LiteLLM's own cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bot.domain import money
from bot.domain.usage import Usage
from bot.gateways.base import FailureKind, GatewayError

PAGE_SIZE = 1000
"""The most rows that LiteLLM gives at once; it gives 50 when not asked."""
MAX_PAGES = 2000
"""Pages of one day. A gateway that promises more after two million rows is not telling the truth."""
NO_MODEL = "unknown-model"
"""LiteLLM's own word for calls of a model that it does not have; here also for calls of none."""

_TELLING_APART = ("models", "providers", "mcp_servers", "endpoints", "entities")
"""The breakdowns that, with day and key, name a row: LiteLLM has no two rows alike in all of them."""

Page = Callable[[date, int], object]
"""Reads one page of one day, counted from 1, and gives its body as decoded JSON."""


class Sums(NamedTuple):
    """What the adapter reads of LiteLLM's `metrics`."""

    requests: int = 0
    failures: int = 0
    answered: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    spend: Decimal = Decimal(0)
    milliseconds: int = 0

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        pairs: Iterator[tuple[Any, Any]] = zip(self, other, strict=True)
        return Sums._make(mine + theirs for mine, theirs in pairs)

    def beyond(self, other: Sums) -> Sums:
        """What this has more than the other; nothing is below zero."""
        pairs: Iterator[tuple[Any, Any]] = zip(self, other, strict=True)
        return Sums._make(max(mine - theirs, type(mine)(0)) for mine, theirs in pairs)


class Part(NamedTuple):
    """What one page has of one key and model: one row, or several."""

    sums: Sums
    marks: Mapping[str, frozenset[str]]
    """By breakdown, the names under which that page has the key."""

    def may_be(self, other: Part) -> bool:
        """Whether this, found on a later page, is the same rows again.

        Single rows are told apart for certain, even when one has grown meanwhile. For others, equal numbers
        decide, unless this has a name that the other lacks.
        """
        if self.is_one_row and other.is_one_row:
            return self.marks == other.marks
        return self.sums == other.sums and all(self.marks[kind] <= other.marks[kind] for kind in _TELLING_APART)

    @property
    def is_one_row(self) -> bool:
        """Whether it certainly is a single row."""
        counts = {kind: len(names) for kind, names in self.marks.items()}
        return counts["models"] == counts["providers"] == 1 and max(counts.values()) == 1


def told(page: Page, since: date, until: date) -> Iterator[Usage]:
    """Every key, model and day from one day to another, both included. A day at a time: what is held is one day.

    Days are asked for one by one, so a long span never is one large question. Raises `PERMANENT` for an answer
    that cannot be read, without quoting it.
    """
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        yield from _day(page, day)


def _day(page: Page, day: date) -> Iterator[Usage]:
    parts: dict[tuple[str, str], list[Part]] = {}
    for number in range(1, MAX_PAGES + 1):
        body = _mapping(page(day, number))
        more = _has_more(body, number)
        for handle, model, part in _parts(body, day, marked=more or number > 1):
            _merge(parts.setdefault((handle, model), []), part)
        if not more:
            break
    else:
        raise _unreadable("its pages never end")
    hour = datetime.combine(day, time(), UTC)
    for (handle, model), found in sorted(parts.items()):
        total = Sums()
        for part in found:
            total = total.plus(part.sums)
        if any(total):
            yield _usage(handle, model, hour, total)


def _merge(known: list[Part], part: Part) -> None:
    """Add what a page has of a key and model, unless an earlier page had it; what grew meanwhile is kept grown."""
    for index, earlier in enumerate(known):
        if part.may_be(earlier):
            known[index] = max(earlier, part, key=lambda one: one.sums.requests)
            return
    known.append(part)


def _usage(handle: str, model: str, hour: datetime, total: Sums) -> Usage:
    """Say it in our words; dollars are rounded here, once."""
    free = total.spend == 0 and total.input_tokens + total.output_tokens > 0
    return Usage(
        handle=handle,
        model=model,
        hour=hour,
        requests=total.requests,
        failures=total.failures,
        retries=0,
        tasks=total.answered,
        input_tokens=max(total.input_tokens, total.cached_tokens),
        cached_tokens=total.cached_tokens,
        output_tokens=total.output_tokens,
        cost_micros=money.from_usd(total.spend),
        unpriced_requests=total.answered if free else 0,
    )


def _has_more(body: Mapping[str, Any], number: int) -> bool:
    """Whether pages follow; a gateway that does not say so counts them."""
    about = _mapping(body.get("metadata"))
    more = about.get("has_more")
    return bool(more) if more is not None else number < _count(about, "total_pages")


def _parts(body: Mapping[str, Any], day: date, *, marked: bool) -> Iterator[tuple[str, str, Part]]:
    """Handle, model and what this page has of them. `marked` when there is another page to compare with."""
    results = body.get("results")
    if not isinstance(results, list):
        raise _unreadable("no results")
    for result in results:
        entry = _mapping(result)
        if entry.get("date") != day.isoformat():
            continue  # Not asked for: its own day tells it.
        breakdown = _mapping(entry.get("breakdown"))
        marks = _marks(breakdown) if marked else {}
        unmarked = dict.fromkeys(_TELLING_APART, frozenset[str]())
        for handle, model, sums in _rows(breakdown):
            yield handle, model, Part(sums, marks.get(handle, unmarked))


def _rows(breakdown: Mapping[str, Any]) -> Iterator[tuple[str, str, Sums]]:
    """Each key's sums by model, and what is left of it without a model. Old versions know no `model_groups`."""
    groups = _mapping(breakdown.get("model_groups")) or _mapping(breakdown.get("models"))
    named: dict[str, Sums] = {}
    by_model: dict[tuple[str, str], Sums] = {}
    for model, group in groups.items():
        for handle, entry in _keys(group):
            sums = _sums(entry)
            named[handle] = named.get(handle, Sums()).plus(sums)
            by_model[handle, model] = sums
    for handle, entry in _mapping(breakdown.get("api_keys")).items():
        rest = _sums(entry).beyond(named.get(handle, Sums()))
        if handle and (rest.requests or rest.spend > _NOISE):
            by_model[handle, NO_MODEL] = by_model.get((handle, NO_MODEL), Sums()).plus(rest)
    for (handle, model), sums in by_model.items():
        yield handle, model, sums


_NOISE = Decimal("0.0000001")
"""US dollars. LiteLLM adds floats: the same money summed in another order may differ by less than this."""


def _marks(breakdown: Mapping[str, Any]) -> dict[str, dict[str, frozenset[str]]]:
    """By key and breakdown, the names under which the page has it."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for kind in _TELLING_APART:
        for name, group in _mapping(breakdown.get(kind)).items():
            for handle, _ in _keys(group):
                marks = found.setdefault(handle, dict.fromkeys(_TELLING_APART, frozenset()))
                marks[kind] |= {name}
    return found


def _keys(group: object) -> Iterator[tuple[str, object]]:
    """The keys within one model or the like. Calls without a key are nobody's here."""
    for handle, entry in _mapping(_mapping(group).get("api_key_breakdown")).items():
        if handle:
            yield handle, entry


def _sums(entry: object) -> Sums:
    """Read `metrics`; what is missing or null is nothing, and nothing is below zero."""
    metrics = _mapping(_mapping(entry).get("metrics"))
    failures, answered = _count(metrics, "failed_requests"), _count(metrics, "successful_requests")
    return Sums(
        requests=max(_count(metrics, "api_requests"), failures + answered),
        failures=failures,
        answered=answered,
        input_tokens=_count(metrics, "prompt_tokens"),
        cached_tokens=_count(metrics, "cache_read_input_tokens"),
        output_tokens=_count(metrics, "completion_tokens"),
        spend=_number(metrics, "spend"),
        milliseconds=_count(metrics, "total_response_time_ms"),
    )


def _count(values: Mapping[str, Any], name: str) -> int:
    return int(_number(values, name))


def _number(values: Mapping[str, Any], name: str) -> Decimal:
    value = values.get(name)
    if value is None:
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _unreadable(name)
    return max(Decimal(value), Decimal(0))


def _mapping(value: object) -> Mapping[str, Any]:
    """An object, or nothing where there is null. Raises `PERMANENT` for anything else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _unreadable("another shape")
    return value


def _unreadable(what: str) -> GatewayError:
    return GatewayError(FailureKind.PERMANENT, f"litellm answered daily activity that cannot be read ({what})")
