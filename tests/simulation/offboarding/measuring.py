"""How long a leaver's own keys went on working, from what the world did to what the ledger calls proven."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from storage import ledger
from tests.simulation.offboarding.organisation import Organisation


@dataclass
class Spans:
    """Seconds until the last of a leaver's own keys was proven off, leave by leave."""

    from_event: list[float] = field(default_factory=list)
    """From the event's arrival, where it was seen to."""
    from_leave: list[float] = field(default_factory=list)
    """From the leave itself, where no event was: the daily look found it."""


def spans(org: Organisation) -> Spans:
    """Of every leave that ended a key. One that was over before anybody noticed ended none."""
    proven: dict[str, list[datetime]] = defaultdict(list)
    with org.books.reading() as session:
        for row in ledger.entries(session, action="key.proven_off"):
            proven[row.key_id or ""].append(row.at)
    found = Spans()
    for (who, left), key_ids in org.figures.held.items():
        ends = [_first_after(proven[key_id], left) for key_id in key_ids]
        known = [end for end in ends if end is not None]
        if not known or left not in org.truth.people[who].heard:
            continue
        arrived = org.figures.events.get((who, left))
        seconds = (max(known) - (arrived or left)).total_seconds()
        (found.from_leave if arrived is None else found.from_event).append(seconds)
    return found


def _first_after(moments: list[datetime], at: datetime) -> datetime | None:
    place = bisect_left(moments, at)
    return moments[place] if place < len(moments) else None
