"""Usage as a gateway measured it, of one key and model in an hour (or day, where it tells no hours), and sums of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Usage(NamedTuple):
    """Measured facts, as a gateway tells them now; it may tell others later, and those replace these.

    A tuple, because a sync handles very many of them. Money is micro-USD.
    """

    handle: str
    """The gateway's own id of the key."""
    model: str
    hour: datetime
    """When the span began, aware UTC: a full hour, or 00:00 where the gateway only tells days."""
    requests: int
    """All of them, failed ones as well."""
    failures: int
    retries: int
    tasks: int
    """Pieces of work that requests belonged to; as many as requests that worked, where a gateway does not tell."""
    input_tokens: int
    cached_tokens: int
    """The part of the input tokens that was read from a cache."""
    output_tokens: int
    cost_micros: int
    unpriced_requests: int
    """Requests that used tokens and cost nothing, because the gateway has no price for the model."""


class Totals(NamedTuple):
    """Usage summed over keys, models and hours. Money is micro-USD; a request without a price adds nothing to it."""

    requests: int = 0
    failures: int = 0
    retries: int = 0
    tasks: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    unpriced_requests: int = 0

    def plus(self, other: Totals) -> Totals:
        """Both together."""
        return Totals(*map(int.__add__, self, other))

    @property
    def is_unpriced(self) -> bool:
        """Whether it was used, and all that is known of its cost is that it has no price: never $0, and no nothing."""
        return self.unpriced_requests > 0 and not self.cost_micros

    @property
    def cost_per_task_micros(self) -> int | None:
        """What a task cost on average, half rounded to even; None where there was no task, or none had a price.

        At least so much: of requests without a price only the tasks are counted.
        """
        if self.tasks <= 0 or self.is_unpriced:
            return None
        whole, rest = divmod(self.cost_micros, self.tasks)
        return whole + (2 * rest > self.tasks or (2 * rest == self.tasks and whole % 2 == 1))


NOTHING = Totals()


def total(parts: Iterable[Totals]) -> Totals:
    """All of them together, exactly; column by column, as there may be very many."""
    return Totals(*map(sum, zip(*parts, strict=True)))
