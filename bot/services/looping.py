"""Loops: after usage was read, finds keys whose requests fail or are tried again over and over; opens an incident."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.domain import loops as rules
from bot.domain.budgets import Layer
from bot.domain.incidents import Evidence, IncidentKind
from bot.domain.loops import Day, Loop
from bot.domain.periods import day_of, day_start
from bot.services.context import Purser
from bot.services.incidents import Opening, open_incident
from bot.services.proving import about
from storage import keys, loops


def watch_loops(purser: Purser) -> None:
    """Look at the failures of today, each time usage was read. Calls no gateway."""
    now = purser.now()
    since = day_of(now - timedelta(days=rules.HISTORY_DAYS))
    with purser.books.reading() as session:
        failing = loops.failing(session, day_of(now), rules.LEAST)
        before = loops.before(session, failing, since, day_of(now))
    found = {key_id: one for key_id, day in failing.items() if (one := rules.loop(day, before.get(key_id, ())))}
    for key_id, one in found.items():
        _open(purser, key_id, one, failing)


def _open(purser: Purser, key_id: str, found: Loop, failing: Mapping[str, Day]) -> None:
    now = purser.now()
    began = day_start(now)
    seen = Evidence(
        rule="failures-by-day",
        since=began,
        window_seconds=int((now - began).total_seconds()),
        compared=found.compared,
        seen_count=found.bad,
        usual_count=found.usual,
        note=f"{found.bad:,} of {failing[key_id].requests:,} requests since 00:00 UTC. Compared with whole days.",
    )
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if key is not None:
            opening = Opening(IncidentKind.LOOP, Layer.KEY, key_id, key.team_id, evidence=seen, about=about(key))
            open_incident(session, purser, opening)
