"""How far past its limit a limit was spent, by what was truly spent and not by anybody's books; and how far it may be.

An *episode* begins with the call that brings the true spend of a limit's period to the limit, and ends with the last
call that was accepted before the limit was raised or its period was over. *Overshoot* is what was spent past the limit
in it. The bound is stated in time: within so many seconds the last key must be off, so no more can be spent than what
the keys that were in use burn in that time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge

from bot.domain.budgets import TOTAL, Layer
from bot.domain.keys import Key
from bot.services.worker import LONGEST_PAUSE_SECONDS
from tests.simulation.firm import Firm, Subject
from tests.simulation.lying import Burn, Lie

USAGE_SECONDS = 600
"""How often usage by day is read: what holds while live totals cannot be believed."""
SILENT_SECONDS = 60
"""After so long without a call, all keys were off: no program pauses for longer."""
CALL_SECONDS = 1
"""The call that was under way when a key went off, and the time the guard's own pass takes."""


@dataclass(frozen=True)
class Episode:
    """One time a limit was reached. Money is micro-USD."""

    subject: Subject
    period: str
    limit_micros: int
    reached_at: datetime
    last_at: datetime
    """When the last call was accepted."""
    lasted_seconds: float
    """For how long calls were accepted past the limit, without times in which all of its keys were off."""
    overshoot_micros: int
    burn_micros: float
    """What the keys that were in use burnt per second, all together."""
    patience_seconds: float
    """Within which the last key must be off."""
    outage_seconds: float
    """The part of it in which the gateway was down and nobody could do anything."""

    @property
    def bound_micros(self) -> float:
        return self.patience_seconds * self.burn_micros


@dataclass
class _Open:
    """An episode that goes on."""

    limit_micros: int
    reached_at: datetime
    last_at: datetime
    over_micros: int
    handles: set[str]
    lasted_seconds: float = 0.0


def episodes(firm: Firm) -> list[Episode]:
    """Every time a limit was truly reached, over the whole simulation."""
    poll_seconds = firm.purser.policy.poll_seconds
    found = []
    for subject in [*firm.steps]:
        for period, opened in _openings(firm, subject):
            in_use = [burn for burn in firm.gateway.burns if burn.handle in opened.handles]
            burn_micros = sum(burn.micros_per_second for burn in _while(in_use, opened))
            patience, outage = patience_seconds(firm, opened.reached_at, opened.last_at, poll_seconds)
            found.append(
                Episode(
                    subject=subject,
                    period=period,
                    limit_micros=opened.limit_micros,
                    reached_at=opened.reached_at,
                    last_at=opened.last_at,
                    lasted_seconds=opened.lasted_seconds,
                    overshoot_micros=opened.over_micros,
                    burn_micros=burn_micros,
                    patience_seconds=patience,
                    outage_seconds=outage,
                )
            )
    return sorted(found, key=lambda episode: episode.reached_at)


def patience_seconds(firm: Firm, since: datetime, until: datetime, poll_seconds: int) -> tuple[float, float]:
    """Seconds within which the last key must be off once a limit is reached, and how many of them are an outage.

    The poll interval, how late spend is told, and how long a blocked key is still accepted; once more for each time
    the figure fell meanwhile, with the time for which it stayed too low. Once a live total has started again, or was
    corrected downwards, it knows nothing of what is being spent, and usage by day counts, as often as that is read.
    """
    told = [one for one in firm.gateway.lies if one.overlaps(since, until + timedelta(seconds=1))]
    late = max((one.amount for one in told if one.lie is Lie.TELLS_LATE), default=0)
    blocks = max((one.amount for one in told if one.lie is Lie.FORGETS_BLOCKS), default=0)
    resets = [at for at in firm.gateway.restarts if at <= until]
    corrected = [one.until for one in firm.gateway.lies if one.lie is Lie.COUNTS_TWICE and one.until <= until]
    by_usage = bool(resets) or any((since - at).total_seconds() < USAGE_SECONDS + late for at in corrected)
    once = poll_seconds + late + blocks + CALL_SECONDS + (USAGE_SECONDS if by_usage else 0)
    less = [one for one in told if one.lie is Lie.TELLS_LESS]
    falls = len(less) + sum(since <= at for at in (*resets, *corrected))
    seconds = once * (1 + falls) + sum((one.until - one.since).total_seconds() for one in less)
    outages = [one for one in told if one.lie is Lie.IS_DOWN]
    outage = sum((one.until - max(since, one.since)).total_seconds() + LONGEST_PAUSE_SECONDS for one in outages)
    return seconds + outage, outage


def true_spend(firm: Firm, key: Key, period: str) -> int:
    """What a key truly spent in a month or day."""
    return firm.gateway.spent(key.handle or "", period)


def _openings(firm: Firm, subject: Subject) -> Iterator[tuple[str, _Open]]:
    period, spent, opened = "", 0, None
    for at, micros, handle in _calls(firm, subject):
        if (now_in := period_of(firm, subject, at)) != period:
            if opened is not None:
                yield period, opened
            period, spent, opened = now_in, 0, None
        limit = firm.height(subject, at)
        before, spent = spent, spent + micros
        if limit is None or spent < limit:
            if opened is not None:
                yield period, opened
            opened = None
            continue
        if opened is None:
            opened = _Open(limit, at, at, 0, set())
        opened.over_micros += spent - max(before, limit)
        silent = (at - opened.last_at).total_seconds()
        opened.lasted_seconds += silent if silent <= SILENT_SECONDS else 0
        opened.last_at = at
        opened.handles.add(handle)
    if opened is not None:
        yield period, opened


def _calls(firm: Firm, subject: Subject) -> Iterator[tuple[datetime, int, str]]:
    """Every call of the keys under a limit, in order."""
    handles = [key.handle or "" for key in firm.under(subject)]
    meters = [(handle, firm.gateway.meters[handle]) for handle in handles if handle in firm.gateway.meters]
    return merge(*([(call.at, call.micros, handle) for call in meter.calls] for handle, meter in meters))


def period_of(firm: Firm, subject: Subject, at: datetime) -> str:
    """The name of the period of a limit that a moment falls in."""
    layer, subject_id = subject
    if layer is Layer.KEY and next(key.cap_period for key in firm.keys if key.id == subject_id) == TOTAL:
        return TOTAL
    moment = at.astimezone(UTC)
    return f"{moment:%Y-%m-%d}" if layer is Layer.AUTOMATION else f"{moment:%Y-%m}"


def _while(burns: list[Burn], opened: _Open) -> Iterator[Burn]:
    return (burn for burn in burns if burn.since <= opened.last_at and opened.reached_at <= burn.until)
