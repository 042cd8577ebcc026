"""The past of a key, or of several together, as spikes are judged by it. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.incidents import Expected
from bot.domain.keys import PERSONAL_KINDS, Key
from bot.domain.pasts import HISTORY_HOURS, Hours, Past
from bot.domain.periods import HOUR_SECONDS
from bot.services.zones import zone
from storage import expected, keys, people, spikes
from storage.engine import Session
from storage.spikes import Busy, Disturbed

_HOUR = timedelta(hours=1)
RIGHT_HOURS = 7 * 24
"""For so long after people said that nothing was wrong, as much surprises nobody."""
BEFORE_HOURS = 24
"""And for so long before."""


def since_of(hour: datetime) -> datetime:
    """From when on hours are compared."""
    return hour - HISTORY_HOURS * _HOUR


def of_keys(session: Session, some: Collection[Busy], hour: datetime) -> dict[str, Past]:
    """The past of each of these keys."""
    since, ids = since_of(hour), [one.key_id for one in some]
    spent: dict[str, dict[int, int]] = {}
    for key_id, at, micros in spikes.hours(session, ids, since, hour):
        spent.setdefault(key_id, {})[_number(since, at)] = micros
    disturbed: dict[str, list[Disturbed]] = {}
    for found in spikes.disturbed(session, Layer.KEY, ids, since):
        disturbed.setdefault(found.subject_id, []).append(found)
    windows = expected_of(session, some, since)
    zones = {one.team_id: _zone(session, one.team_id) for one in some}
    pasts = {}
    for one in some:
        key = keys.get(session, one.key_id)
        if key is None:
            continue
        around = [window for subject in above(one) for window in windows.get(subject, ())]
        hours, accepted = _hours(spent.get(one.key_id, {}), disturbed.get(one.key_id, ()), around, hour)
        place = zone(zones[one.team_id]) if one.kind in PERSONAL_KINDS else None
        pasts[one.key_id] = Past(hours, hour, key.cap_micros, _is_monthly(key), place, accepted)
    return pasts


def together(session: Session, layer: Layer, subject_id: str, windows: Iterable[Expected], hour: datetime) -> Past:
    """The past of a member, project or team."""
    since = since_of(hour)
    found = spikes.hours_together(session, layer, subject_id, since, hour)
    spent = {_number(since, at): micros for at, micros in found}
    disturbed = spikes.disturbed(session, layer, [subject_id], since)
    hours, accepted = _hours(spent, disturbed, windows, hour)
    return Past(hours, hour, accepted=accepted)


def above(one: Busy) -> tuple[tuple[Layer, str], ...]:
    """What more may be expected of, for a key: its project and its team."""
    team = (Layer.TEAM, one.team_id)
    return (team,) if one.project_id is None else ((Layer.PROJECT, one.project_id), team)


def expected_of(
    session: Session, some: Iterable[Busy], since: datetime
) -> Mapping[tuple[Layer, str], tuple[Expected, ...]]:
    """Times in which more was expected of what these keys belong to, that were not over at that moment."""
    subjects = {subject for one in some for subject in above(one)}
    by_subject: dict[tuple[Layer, str], tuple[Expected, ...]] = {}
    for window in expected.of(session, subjects, since):
        subject = (window.layer, window.subject_id)
        by_subject[subject] = (*by_subject.get(subject, ()), window)
    return by_subject


def _hours(
    spent: Mapping[int, int], disturbed: Iterable[Disturbed], windows: Iterable[Expected], hour: datetime
) -> tuple[Hours, tuple[tuple[int, int], ...]]:
    """Hour by hour up to the one in progress, and in which of them much was right."""
    since, left_out = since_of(hour), set[int]()
    accepted = [(_number(since, one.starts_at), _number(since, one.ended_at or one.ends_at) + 1) for one in windows]
    for one in disturbed:
        begin, end = _number(since, one.opened_at), _number(since, one.closed_at or hour) + 1
        if one.is_right:
            accepted.append((begin - BEFORE_HOURS, end + RIGHT_HOURS))
        else:
            left_out |= set(range(max(0, begin), end))
    numbers = range(HISTORY_HOURS)
    return Hours(None if number in left_out else spent.get(number, 0) for number in numbers), tuple(accepted)


def _number(since: datetime, at: datetime) -> int:
    return int((at - since).total_seconds() // HOUR_SECONDS)


def _zone(session: Session, team_id: str) -> str:
    team = people.team(session, team_id)
    return "" if team is None else team.time_zone


def _is_monthly(key: Key) -> bool:
    """Whether its cap comes anew, or lasts so long that what is usual says more than the cap."""
    if key.cap_period != TOTAL or key.expires_at is None:
        return True
    return key.expires_at - (key.revealed_at or key.created_at) >= HISTORY_HOURS * _HOUR
