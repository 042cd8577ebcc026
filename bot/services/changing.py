"""What an owner agrees to instead of what was asked: which terms each purpose has, and how changes are meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.budgets import Layer
from bot.domain.requests import Because, Purpose, Refused, Request, Terms


@dataclass(frozen=True, slots=True)
class Changes:
    """What an owner wants changed before agreeing; None leaves a term as it was asked."""

    cap_micros: int | None = None
    duration_seconds: int | None = None
    models: tuple[str, ...] | None = None
    daily_cap_micros: int | None = None
    ends_at: datetime | None = None
    """When a raise falls back."""


def changed_terms(request: Request, changes: Changes, now: datetime, offered: tuple[str, ...] = ()) -> Terms | Refused:
    """The request's terms with the changes made; refused when it has no such term, so that nothing is lost silently.

    `offered` are the models that policy names: no models in particular means all of these.
    """
    match request.purpose:
        case Purpose.ISSUE:
            return _of_key(request, changes, offered)
        case Purpose.EXTEND:
            return _of_extension(request, changes)
        case Purpose.RAISE:
            return _of_raise(request, changes, now)
        case Purpose.ROTATE:
            return _no_such_term("A key is replaced on the terms it has.")


def _of_key(request: Request, changes: Changes, offered: tuple[str, ...]) -> Terms | Refused:
    if changes.ends_at is not None:
        return _no_such_term("A key ends some time after it is revealed. Say for how long: `approve 7d`.")
    terms = request.terms
    return replace(
        terms,
        cap_micros=changes.cap_micros or terms.cap_micros,
        duration_seconds=changes.duration_seconds or terms.duration_seconds,
        models=terms.models if changes.models is None else changes.models or offered,
        daily_cap_micros=changes.daily_cap_micros or terms.daily_cap_micros,
    )


def _of_extension(request: Request, changes: Changes) -> Terms | Refused:
    terms = request.terms
    given = replace(changes, duration_seconds=None)
    same = Changes(cap_micros=terms.cap_micros, models=terms.models, daily_cap_micros=terms.daily_cap_micros)
    if any(value not in (None, getattr(same, name)) for name, value in _each(given)):
        return _no_such_term("This asks for more time only. Say for how long: `approve 7d`.")
    return replace(terms, duration_seconds=changes.duration_seconds or terms.duration_seconds)


def _of_raise(request: Request, changes: Changes, now: datetime) -> Terms | Refused:
    """Of a key's day, an amount a day is the amount; a time counts from now."""
    is_of_day = request.target is not None and request.target.layer is Layer.AUTOMATION
    if changes.models:
        return _no_such_term("A raise is about money only, not models: `approve $100 until 2026-12-15`.")
    if changes.daily_cap_micros is not None and not is_of_day:
        return _no_such_term("This is no raise of a day: `approve $100 until 2026-12-15`.")
    ends_at = changes.ends_at
    if changes.duration_seconds is not None:
        ends_at = now + timedelta(seconds=changes.duration_seconds)
    amount = changes.cap_micros or changes.daily_cap_micros or request.terms.cap_micros
    return replace(request.terms, cap_micros=amount, ends_at=ends_at or request.terms.ends_at)


def _each(changes: Changes) -> list[tuple[str, object]]:
    return [(name, getattr(changes, name)) for name in Changes.__dataclass_fields__]


def _no_such_term(text: str) -> Refused:
    return Refused(Because.WRONG_STATE, f"Nothing was decided. {text}")
