"""Why spend moved against the span before: new keys, volume, mix and price, split to the micro-dollar.

What a key's requests to a model cost on average then and now says how much of a movement is price; the rest is more
or fewer requests. More of one kind and fewer of another set each other off first: between the models of a key that is
mix, between the keys of a model price, between what is left of all models mix again. What remains is all more, or all
fewer, and that is volume. So each cause can be said aloud: volume is above zero only if there were more requests.

Only requests that can cost something are counted: failed and unpriced ones move no money, and those to free models
weigh nothing, but going over to them is mix. A model that was given a price, or lost it, is price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from bot.domain.apportion import apportion, rounded
from bot.domain.digests import Cause, Why
from bot.domain.usage import NOTHING, Totals

Cell = tuple[str, str]
"""A key's id and a model."""
_MILLION = 1_000_000


class _Moved(NamedTuple):
    """So many requests more, or fewer, and what they made spend move by, in micro-USD."""

    requests: int
    """In millionths of a request, as parts of one are set off."""
    micros: int


def causes(
    now: Mapping[Cell, Totals], before: Mapping[Cell, Totals], new_key_ids: Collection[str]
) -> tuple[Cause, ...]:
    """Why the sum of `now` is not the sum of `before`, by key and model; the greatest cause first, none of nothing.

    They sum to the movement exactly, and their points to the percents of `apportion.percent_moved`. Exchanging the two
    spans turns every sign. `new_key_ids` were first used in the span of `now`: all they moved is one cause. Keys that
    fell silent, or that woke up again, are volume.
    """
    new = set(new_key_ids)
    cells = sorted({*now, *before})
    old = [cell for cell in cells if cell[0] not in new]
    split = _split([(cell, now.get(cell, NOTHING), before.get(cell, NOTHING)) for cell in old])
    fresh = [_cost(now, cell) - _cost(before, cell) for cell in cells if cell[0] in new]
    found = [(why, micros) for why, micros in {Why.NEW_KEYS: sum(fresh), **split}.items() if micros]
    whole = sum(totals.cost_micros for totals in before.values())
    points = apportion([micros for _, micros in found], whole, 100) if whole > 0 else (None,) * len(found)
    told = [Cause(why, micros, points) for (why, micros), points in zip(found, points, strict=True)]
    return tuple(sorted(told, key=lambda cause: -abs(cause.micros)))


def _split(cells: Iterable[tuple[Cell, Totals, Totals]]) -> dict[Why, int]:
    """What volume, mix and price moved, of keys that are not new."""
    price = mix = 0
    by_key: dict[str, list[tuple[str, _Moved]]] = defaultdict(list)
    for (key_id, model), now, before in cells:
        dearer, moved = _of_cell(now, before)
        price += dearer
        by_key[key_id].append((model, moved))
    by_model: dict[str, list[_Moved]] = defaultdict(list)
    for moves in by_key.values():
        between_models, left = _set_off([moved for _, moved in moves])
        mix += between_models
        for (model, _), moved in zip(moves, left, strict=True):
            by_model[model].append(moved)
    models = []
    for of_model in by_model.values():
        between_keys, left = _set_off(of_model)
        price += between_keys
        models.append(_together(left))
    between_models, left = _set_off(models)
    return {Why.VOLUME: _together(left).micros, Why.MIX: mix + between_models, Why.PRICE: price}


def _of_cell(now: Totals, before: Totals) -> tuple[int, _Moved]:
    """What a key's requests to a model made spend move: by their price, and by their number.

    Both spans weigh the same: the number counts at the mean of both prices, the price at the mean of both numbers. A
    number that is not known to have a price in one span has the other's.
    """
    many, few = _priced(now), _priced(before)
    cost = now.cost_micros - before.cost_micros
    price = 0
    if many and few:
        dearer = (many + few) * (now.cost_micros * few - before.cost_micros * many)
        price = rounded(dearer, 2 * many * few)
    by_number = _Moved((many - few) * _MILLION, cost - price)
    if now.unpriced_requests == before.unpriced_requests:
        return price, by_number
    without = _Moved((now.unpriced_requests - before.unpriced_requests) * _MILLION, 0)
    got_a_price, (left, _) = _set_off([by_number, without])
    return price + got_a_price, left


def _priced(totals: Totals) -> int:
    """How many requests its cost is for: those that worked and have a price; all, should only failed ones have cost."""
    worked = max(0, totals.requests - totals.failures - totals.unpriced_requests)
    return worked or (max(1, totals.requests) if totals.cost_micros else 0)


def _set_off(moves: list[_Moved]) -> tuple[int, list[_Moved]]:
    """More requests of one kind against as many fewer of another: what that moved, and what is left of each move.

    What is left is all more or all fewer; each of the greater side keeps the same share of itself.
    """
    more, fewer = (sum(abs(one.requests) for one in moves if one.requests * sign > 0) for sign in (1, -1))
    if not more or not fewer:
        return 0, moves
    sign, greater = (1, more) if more > fewer else (-1, fewer)
    sizes = [max(0, one.requests * sign) for one in moves]
    left = [
        _Moved(sign * keeps, rounded(one.micros * abs(more - fewer), greater) if size else 0)
        for one, size, keeps in zip(moves, sizes, apportion(sizes, greater, abs(more - fewer)), strict=True)
    ]
    return _together(moves).micros - _together(left).micros, left


def _together(moves: Iterable[_Moved]) -> _Moved:
    requests = micros = 0
    for one in moves:
        requests += one.requests
        micros += one.micros
    return _Moved(requests, micros)


def _cost(totals: Mapping[Cell, Totals], cell: Cell) -> int:
    return totals.get(cell, NOTHING).cost_micros
