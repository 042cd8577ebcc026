"""The guard: one pass over every limit. Tells what fills up, stops what is used up, brings back what has room again.

Everything is read outside the write transaction and decided again within it, on what the books say then; so it may
be killed anywhere, run by two replicas at once, and repeated for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from bot.domain import guard as rules
from bot.domain.budgets import Budget
from bot.domain.guard import Subject
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.requests import Target
from bot.services import holding, stopping
from bot.services.alerting import alert_now, announce, figures_of
from bot.services.batches import Batch
from bot.services.context import Purser
from bot.services.limits import limit, name_of
from bot.services.returning import resume
from bot.services.stopping import Stopping
from bot.services.telling import ALERT, IN_CHANNEL, refresh_alert
from bot.services.turning_off import end_if_over, start
from storage import alerts, budgets, keys, watched
from storage.alerts import Passed, Ref
from storage.engine import Session
from storage.watched import Watched

__all__ = ["alert_now", "coming_back", "guard"]

_Some = TypeVar("_Some")
AT_ONCE = 25
"""Limits, or keys, that are decided about in one transaction."""


def guard(purser: Purser) -> None:
    """Look at every limit once and do what follows. Calls no gateway: what is decided is performed by the outbox."""
    now = purser.now()
    seen = _look(purser, now)
    for filling in _in_parts(seen.filling):
        with purser.deciding() as session:
            for one in filling:
                fresh = limit(session, purser, Target(one.layer, one.subject_id), one.name)
                if fresh is not None:
                    announce(session, purser, fresh, now)
    stopping.stop(purser, seen.stopping)
    stopping.follow(purser, seen.following)
    for over in _in_parts(seen.over):
        with purser.deciding() as session:
            for key_id in over:
                _end(session, purser, key_id)
    for returning in _by_holder(seen.returning):
        with purser.deciding() as session:
            _bring_back(session, purser, returning)
    if seen.changed:
        with purser.deciding() as session:
            for alert_id, figures in seen.changed:
                refresh_alert(session, now, alert_id, once=now.isoformat(), figures=figures)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look at the books suggests to do."""

    filling: Sequence[Budget]
    """Limits that passed a threshold which is not written down."""
    stopping: Sequence[Stopping]
    following: Sequence[Stopping]
    """Stopped keys that another limit than the one they name keeps off by now."""
    over: Sequence[str]
    """Keys that a limit stopped and that do not come back: their time is over, or nobody is there to hold them."""
    returning: Sequence[Watched]
    changed: Sequence[tuple[str, str]]
    """Alerts whose message shows other figures than there are now, with those."""


def _look(purser: Purser, now: datetime) -> _Seen:
    policy = purser.policy
    with purser.books.reading() as session:
        limits = list(budgets.limits(session, now, policy.member_budget_micros, policy.hard_budgets))
        passed = alerts.passed(session, {one.period for one in limits} - {"total"})
        reached = {(one.layer, one.subject_id): one for one in limits if rules.stops(one)}
        to_stop = stopping.to_stop(watched.stoppable(session), reached) if reached else []
        stopped = watched.stopped(session)
        changed = _changed(session, limits, passed)
        of_subject = {(one.layer, one.subject_id): one for one in limits}
        returning = [key for key in stopped if _may_return(key, of_subject, now)]
        over = _over(session, purser, stopped, now)
    stops_keys = {(one.limit.layer, one.limit.subject_id) for one in to_stop}
    is_due = _due(purser, passed, stops_keys, now)
    return _Seen(
        filling=[one for one in limits if is_due(one)],
        stopping=to_stop,
        following=stopping.to_follow(stopped, of_subject),
        over=over,
        returning=returning,
        changed=changed,
    )


def _due(
    purser: Purser, passed: Mapping[Ref, Sequence[Passed]], stops_keys: set[Subject], now: datetime
) -> Callable[[Budget], bool]:
    """Tells whether a limit has anything to be told, as far as was read."""
    lowest = rules.thresholds_of(purser.policy.thresholds)[0]

    def is_due(one: Budget) -> bool:
        if one.used_percent < lowest:
            return False
        known = passed.get((one.layer, one.subject_id, one.period), ())
        found = rules.due(
            one,
            purser.policy.thresholds,
            {alert.threshold: alert.limit_micros for alert in known},
            is_snoozed=any((alert.snoozed_until or now) > now for alert in known),
            stops_keys=(one.layer, one.subject_id) in stops_keys,
        )
        return found is not None

    return is_due


def _changed(
    session: Session, limits: Iterable[Budget], passed: Mapping[Ref, Sequence[Passed]]
) -> list[tuple[str, str]]:
    """Messages in channels about reached limits whose figures are not those of now: late spend, or a raise."""
    figures = {
        alert.id: figures_of(one)
        for one in limits
        if one.layer in IN_CHANNEL
        for alert in passed.get((one.layer, one.subject_id, one.period), ())
        if alert.threshold >= rules.REACHED and alert.is_posted
    }
    shown = alerts.newest_messages(session, ALERT, figures)
    return [(one, now) for one, now in figures.items() if shown.get(one, {}).get("figures") != now]


def coming_back(
    session: Session, purser: Purser, stopped: Sequence[Watched], limits: Mapping[Subject, Budget], now: datetime
) -> list[Watched]:
    """Those of these stopped keys that the next pass would bring back, as far as was read."""
    free = [key for key in stopped if _may_return(key, limits, now)]
    over = set(_over(session, purser, free, now))
    return [key for key in free if key.id not in over]


def _may_return(key: Watched, limits: Mapping[Subject, Budget], now: datetime) -> bool:
    if key.state is not KeyState.DISABLED or key.stop is None:
        return False
    if key.expires_at is not None and key.expires_at <= now:
        return False
    above = rules.subjects_of(key.id, key.kind, key.team_id, key.project_id, key.holder_id, has_day=key.has_day)
    return rules.why_back(key.stop, [limits[one] for one in above if one in limits]) is not None


def _over(session: Session, purser: Purser, stopped: Sequence[Watched], now: datetime) -> list[str]:
    """Stopped keys that may not come back, whatever becomes of the limit: `_end` looks at each again."""
    gone = holding.orphaned(session, purser, stopped)
    members = [key for key in stopped if key.kind is KeyKind.MEMBER]
    several = watched.several_member_keys(session) if members else set()
    seconds = {key.id for key in members if key.holder_id in several and holding.is_second(session, key.id)}
    return [
        key.id
        for key in stopped
        if (key.expires_at is not None and key.expires_at <= now) or key.id in gone or key.id in seconds
    ]


def _end(session: Session, purser: Purser, key_id: str) -> None:
    """A key went off by a limit, and stays off because its time is over, or because nobody is there to hold it."""
    now, key = purser.now(), keys.get(session, key_id)
    if key is None or key.off_cause is not OffCause.BUDGET or end_if_over(session, now, key):
        return
    if (why := holding.lost(session, purser, key)) is not None:
        stays_off = f"a limit had stopped it, and it does not come back, because {why}"
        start(session, now, key, "purser", OffCause.DISABLED, stays_off)


def _bring_back(session: Session, purser: Purser, some: Sequence[Watched]) -> None:
    """Let those of a holder's keys come back that still may, on what the books say now."""
    now = purser.now()
    limits: dict[Subject, Budget | None] = {}
    held = [key for one in some if (key := keys.get(session, one.id)) is not None]
    found = [(key, why) for key in held if (why := _why(session, purser, key, limits, now)) is not None]
    if not found:
        return
    together: dict[tuple[str, Subject | None], list[Key]] = {}
    for key, why in found:
        together.setdefault((why, _told_of(key, why)), []).append(key)
    for (why, _), of_one in together.items():
        batch = Batch(f"{of_one[0].id}:{now.isoformat()}", tuple(key.id for key in of_one), why)
        for key in of_one:
            resume(session, now, key, batch)


def _told_of(key: Key, why: str) -> Subject | None:
    """The limit whose figures this reason tells; None when it reads the same whatever the limit was."""
    same = (rules.back_text(rules.Back.TURNED, None), rules.back_text(rules.Back.LIFTED, None))
    return None if key.stop is None or why in same else (key.stop.layer, key.stop.subject_id)


def _why(session: Session, purser: Purser, key: Key, limits: dict[Subject, Budget | None], now: datetime) -> str | None:
    """Why this key may work again, or None. `limits` keeps what was read in this transaction."""
    if key.state is not KeyState.DISABLED or key.off_cause is not OffCause.BUDGET or key.stop is None:
        return None
    if key.expires_at is not None and key.expires_at <= now:
        return None
    above = rules.subjects_of(
        key.id,
        key.kind,
        key.team_id,
        key.project_id,
        key.holder_id,
        has_day=key.daily_cap_micros is not None,
    )
    for subject in above:
        if subject not in limits:
            target = Target(*subject)
            limits[subject] = limit(session, purser, target, name_of(session, target))
    why = rules.why_back(key.stop, [found for one in above if (found := limits[one]) is not None])
    if why is None or holding.lost(session, purser, key) is not None:
        return None
    return rules.back_text(why, limits.get((key.stop.layer, key.stop.subject_id)))


def _by_holder(returning: Sequence[Watched]) -> Iterator[Sequence[Watched]]:
    """Keys that come back, in parts, each of one holder."""
    for _, of_one in groupby(
        sorted(returning, key=lambda key: (key.holder_id, key.created_at)), lambda key: key.holder_id
    ):
        yield from _in_parts(list(of_one))


def _in_parts(whole: Sequence[_Some]) -> Iterator[Sequence[_Some]]:
    return (whole[first : first + AT_ONCE] for first in range(0, len(whole), AT_ONCE))
