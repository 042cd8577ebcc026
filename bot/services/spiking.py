"""Spikes: after each live reading, finds the one key that spends far more than is usual, and opens an incident.

Only where no key explains it, what a member's, project's or team's keys spend together is looked at. What is usual is
worked out once an hour, for those who spend enough in it; a look then costs one query. What is found is decided again
within the transaction, on what the books say then; so it may be killed anywhere, run by two replicas at once, and
repeated for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain import spikes as rules
from bot.domain.budgets import Layer
from bot.domain.incident_lines import OPENED, REOPENED
from bot.domain.incidents import Evidence, Expected, Incident, IncidentKind, IncidentState
from bot.domain.keys import PERSONAL_KINDS, Key, KeyKind, KeyState, OffCause
from bot.domain.pasts import Past
from bot.domain.spikes import Line, Rule
from bot.services import pasts
from bot.services.context import Purser, Subjects, record
from bot.services.incidents import Opening, open_incident, touched
from bot.services.proving import about
from bot.services.turning_off import start
from bot.services.usual import Subject
from storage import incident_history, incidents, keys, ledger, spikes
from storage.alerts import RESUMED
from storage.engine import Session
from storage.spikes import Busy

IN_WINDOW = "spike.expected"
LOOKED_AT_ONCE = 300
"""So many keys' past is read in one look, the greatest first; the others' a minute later."""
TOGETHER_AT_ONCE = 5
"""As many members, projects and teams."""
GATE = 20
"""Who spends less than this part of the floor in an hour is not looked at in it."""
TOGETHER = 4
"""How many times the floor several keys together must spend above what is usual."""
QUIET_SECONDS = 3600
"""What was found is not looked at again for so long: it is open, and goes on."""


def watch_spikes(purser: Purser) -> None:
    """Look at what was spent lately, once per poll. Calls no gateway: what is decided is performed by the outbox."""
    now = purser.now()
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    purser.usual.begin(hour)
    with purser.books.reading() as session:
        busy = spikes.busy(session, hour, _lately(hour))
        found = _keys_above(session, purser, busy, hour, now)
    for one in found:
        with purser.deciding() as session:
            is_called = _decide(session, purser, one.key_id, hour)
        if is_called:
            purser.usual.found((Layer.KEY, one.key_id), now)
    for layer in (Layer.MEMBER, Layer.PROJECT, Layer.TEAM):
        _look_together(purser, layer, busy, hour)


def _lately(hour: datetime) -> datetime:
    return hour - timedelta(hours=max(rules.WINDOWS))


# --- keys ---


def _keys_above(session: Session, purser: Purser, busy: Iterable[Busy], hour: datetime, now: datetime) -> list[Busy]:
    """Keys that are above their line, the greatest first."""
    usual, floor = purser.usual, purser.policy.spike_floor_micros
    suspects = [
        one
        for one in sorted(busy, key=lambda one: -one.spent_micros)
        if one.lately_micros > floor
        and one.spent_micros * GATE >= floor
        and not usual.was_found((Layer.KEY, one.key_id), now, QUIET_SECONDS)
    ]
    unknown = [one for one in suspects if usual.lines((Layer.KEY, one.key_id)) is None][:LOOKED_AT_ONCE]
    for key_id, past in pasts.of_keys(session, unknown, hour).items():
        usual.know((Layer.KEY, key_id), rules.lines(past, floor))
    above = [one for one in suspects if _is_above(usual.lines((Layer.KEY, one.key_id)), one.spent_micros)]
    for key_id, past in pasts.of_keys(session, above, hour).items():
        _raise(purser, (Layer.KEY, key_id), past, floor)
    return [one for one in above if _is_above(usual.lines((Layer.KEY, one.key_id)), one.spent_micros)]


def _is_above(lines: Sequence[Line] | None, spent_micros: int) -> bool:
    return any(line.passed(spent_micros) for line in lines or ())


def _raise(purser: Purser, subject: Subject, past: Past, floor: int) -> None:
    """Remember where the lines really are."""
    low = rules.lines(past, floor)
    purser.usual.know(subject, tuple(rules.raised(past, line, floor) for line in low))


def _decide(session: Session, purser: Purser, key_id: str, hour: datetime) -> bool:
    """Open an incident about the key if it is above its line now; stop it if policy says so. Whether it was."""
    key = keys.get(session, key_id)
    one = spikes.busy_one(session, key_id, hour, _lately(hour))
    if key is None or one is None:
        return False
    past = pasts.of_keys(session, [one], hour)[key_id]
    line = rules.passed(past, one.spent_micros, purser.policy.spike_floor_micros)
    if line is None:
        purser.usual.forget((Layer.KEY, key_id))
        return False
    now = purser.now()
    window = _windows(session, [one], now).get(key_id)
    seen = rules.evidence(past, line, one.spent_micros)
    if window is not None and not line.is_far_beyond(one.spent_micros):
        _note_expected(session, now, about(key), window, f"{rules.sentence(seen)}; expected: {window.reason}")
        _look_far(purser, (Layer.KEY, key_id))
        return False
    if window is not None:
        seen = replace(seen, note=f"{seen.note} More is expected ({window.reason}), but not so much.")
    opened = open_incident(
        session, purser, Opening(IncidentKind.SPIKE, Layer.KEY, key_id, key.team_id, evidence=seen, about=about(key))
    )
    may_stop = key.kind is KeyKind.AUTOMATION and key.state is KeyState.LIVE and purser.policy.stop_automation
    if may_stop and _is_to_stop(session, opened, key_id, seen.since or now):
        _stop(session, now, key, seen)
    return True


def _look_far(purser: Purser, subject: Subject) -> None:
    """More is expected, so for the rest of the hour only what is far beyond that is looked at."""
    known = purser.usual.lines(subject) or ()
    purser.usual.know(subject, tuple(line.far() for line in known))


def _is_to_stop(session: Session, incident: Incident, key_id: str, since: datetime) -> bool:
    """Whether people are called, and the key was neither restored nor given room again since they are.

    Nor since `since`, when what is abnormal began: what it spent before it came back is not held against it.
    """
    if incident.state is IncidentState.CLOSED:
        return False
    called = incidents.added(session, incident.id, OPENED, REOPENED, newest=1)
    restored = incident_history.of_key(session, key_id, ("key.restored", RESUMED), min(since, incident.opened_at))
    return not any(row.seq > called[-1].seq or row.at >= since for row in restored)


def _stop(session: Session, now: datetime, key: Key, seen: Evidence) -> None:
    """An automation key spends by itself, so nobody is waited for."""
    much = "a large share of its cap at once" if seen.rule == Rule.SHARE else "far more than usual"
    reason = f"it spent {much}: {rules.sentence(seen)}"
    if start(session, now, key, "purser", OffCause.DISABLED, reason) is not None:
        touched(session, now, key.id)


def _note_expected(session: Session, now: datetime, subjects: Subjects, window: Expected, reason: str) -> None:
    """Write down, once a day, that there was a spike about which nobody was called."""
    named = {"key_id": subjects.key_id} if subjects.key_id else {"team_id": subjects.team_id}
    earlier = ledger.entries(session, **named, action=IN_WINDOW)
    subject = (subjects.key_id, subjects.project_id, subjects.member_id)
    same = (row for row in earlier if (row.key_id, row.project_id, row.member_id) == subject)
    if not any(now - row.at < timedelta(days=1) for row in same):
        once = f"{window.id}:{ledger.head(session).seq}"
        record(session, now, actor="purser", action=IN_WINDOW, about=subjects, once=once, reason=reason)


# --- several keys together ---


def _look_together(purser: Purser, layer: Layer, busy: Sequence[Busy], hour: datetime) -> None:
    """Open incidents about those that are above their line though none of their keys is."""
    now, usual, floor = purser.now(), purser.usual, purser.policy.spike_floor_micros * TOGETHER
    of_one: dict[str, list[Busy]] = {}
    for one in busy:
        if (subject_id := _belongs_to(layer, one)) is not None:
            of_one.setdefault(subject_id, []).append(one)
    suspects = {who: some for who, some in of_one.items() if len(some) > 1 and sum(_late(some)) > floor}
    if not suspects:
        return
    unknown = sorted(
        (who for who in suspects if usual.lines((layer, who)) is None), key=lambda who: -sum(_spent(suspects[who]))
    )
    with purser.books.reading() as session:
        for who in unknown[:TOGETHER_AT_ONCE]:
            past = _past_together(session, layer, who, suspects[who], hour)
            usual.know((layer, who), rules.lines(past, floor) if past.age_hours >= rules.YOUNG_HOURS else ())
        above = [who for who in suspects if _is_above(usual.lines((layer, who)), sum(_spent(suspects[who])))]
        explained = _explained(session) if above else set()
        above = [who for who in above if not _subjects(layer, who, suspects[who]) & explained]
        above = [who for who in above if not usual.was_found((layer, who), now, QUIET_SECONDS)][:TOGETHER_AT_ONCE]
        for who in above:
            _raise(purser, (layer, who), _past_together(session, layer, who, suspects[who], hour), floor)
    for who in above:
        if _is_above(usual.lines((layer, who)), sum(_spent(suspects[who]))):
            with purser.deciding() as session:
                is_called = _decide_together(session, purser, (layer, who), hour)
            if is_called:
                usual.found((layer, who), now)


def _subjects(layer: Layer, who: str, some: Iterable[Busy]) -> set[Subject]:
    """Whatever explains that these spend too much, if it has an incident: one of them, they together, some of them."""
    narrower = {(each, to) for each in _NARROWER[layer] for one in some if (to := _belongs_to(each, one))}
    return {(Layer.KEY, one.key_id) for one in some} | narrower | {(layer, who)}


_NARROWER = {
    Layer.MEMBER: (),
    Layer.PROJECT: (Layer.MEMBER,),
    Layer.TEAM: (Layer.MEMBER, Layer.PROJECT),
}


def _explained(session: Session) -> set[Subject]:
    """Whatever has an incident that is open."""
    return {(one.layer, one.subject_id) for one in incidents.unclosed(session) if one.layer is not None}


def _belongs_to(layer: Layer, one: Busy) -> str | None:
    match layer:
        case Layer.MEMBER:
            return one.holder_id if one.kind in PERSONAL_KINDS else None
        case Layer.PROJECT:
            return one.project_id
        case _:
            return one.team_id


def _spent(some: Iterable[Busy]) -> Iterable[int]:
    return (one.spent_micros for one in some)


def _late(some: Iterable[Busy]) -> Iterable[int]:
    return (one.lately_micros for one in some)


def _past_together(session: Session, layer: Layer, who: str, some: Sequence[Busy], hour: datetime) -> Past:
    windows = pasts.expected_of(session, some, pasts.since_of(hour))
    return pasts.together(session, layer, who, [each for found in windows.values() for each in found], hour)


def _decide_together(session: Session, purser: Purser, subject: Subject, hour: datetime) -> bool:
    """Open an incident about a member, project or team if its keys together are above its line now; whether it was."""
    (layer, who), now = subject, purser.now()
    some = [one for one in spikes.busy(session, hour, _lately(hour)) if _belongs_to(layer, one) == who]
    if not some:
        return False
    past = _past_together(session, layer, who, some, hour)
    spent, floor = sum(_spent(some)), purser.policy.spike_floor_micros * TOGETHER
    line = rules.passed(past, spent, floor)
    if line is None or past.age_hours < rules.YOUNG_HOURS:
        purser.usual.forget(subject)
        return False
    team_id = max(some, key=lambda one: one.spent_micros).team_id
    subjects = Subjects(team_id, who if layer is Layer.PROJECT else None, who if layer is Layer.MEMBER else None)
    seen = rules.evidence(past, line, spent)
    windows = _windows(session, some, now)
    others = sum(one.spent_micros for one in some if one.key_id not in windows)
    if windows and not line.passed(others) and not line.is_far_beyond(spent):
        window = next(iter(windows.values()))
        _note_expected(session, now, subjects, window, f"{rules.sentence(seen)}; expected: {window.reason}")
        _look_far(purser, subject)
        return False
    note = f"{seen.note} No single key explains it: {len(some)} keys spent in this hour."
    opening = Opening(IncidentKind.SPIKE, layer, who, team_id, evidence=replace(seen, note=note), about=subjects)
    open_incident(session, purser, opening)
    return True


def _windows(session: Session, some: Iterable[Busy], now: datetime) -> dict[str, Expected]:
    """Of which of these keys more is expected now, and why."""
    held = {
        subject: next((each for each in found if each.holds(now)), None)
        for subject, found in pasts.expected_of(session, some, now).items()
    }
    found = ((one.key_id, held.get(subject)) for one in some for subject in pasts.above(one))
    return {key_id: window for key_id, window in found if window is not None}
