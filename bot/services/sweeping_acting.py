"""Acts on what a sweep found: each person who is gone leaves, each who is back is noted, one after another.

Whoever was found by Slack's list is asked for by name right before, so whoever is here again by then is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta

from bot.domain.offboarding import Source, Verdict
from bot.domain.sweeps import BACK, HERE, TRIED, Found, Listing, Sweep, verdict
from bot.services import leaving
from bot.services.context import Purser
from bot.services.failpoints import Failpoint
from bot.services.ports import DeliveryError, FailureKind
from bot.services.sweeping_reading import LEASE_SECONDS, LostLease
from storage import sweep_people, sweeps
from storage.sweep_people import Person

PEOPLE_AT_ONCE = 60
"""So many people in one go: each is one call to Slack, which allows a hundred a minute."""
_SOURCES = {Listing.SLACK: Source.SWEEP, Listing.FEED: Source.FEED}


def act_on_some(purser: Purser, sweep: Sweep, lease: str) -> bool:
    """Look after some people, whatever goes wrong with one of them. False when nobody is left to look after.

    Whom Slack tells nothing about is passed over, as long as it tells of others, or did before.

    Raises `DeliveryError` when Slack does not tell who is here, `LostLease`, and what else went wrong once all were
    tried: they are tried once more at the next go.
    """
    with purser.books.reading() as session:
        people = sweep_people.undone(session, sweep.id, PEOPLE_AT_ONCE)
    tried: list[Person] = []
    refused: list[DeliveryError] = []
    stopped: list[DeliveryError | None] = []

    def one(person: Person) -> None:
        if stopped:
            return
        try:
            said = _said(purser, sweep, person)
        except DeliveryError as failed:
            if failed.kind is FailureKind.PERMANENT:  # of this one person, unless it is the same of all
                refused.append(failed)
                tried.append(person)
            else:
                stopped.append(failed)
            return
        tried.append(person)
        if not _settle(purser, sweep, lease, person, said):
            stopped.append(None)

    try:
        _each(one, people)
    finally:
        if refused and len(refused) == len(tried) and not any(person.note.startswith(TRIED) for person in tried):
            stopped.append(refused[0])
            tried.clear()
        with purser.books.transaction() as session:
            sweep_people.mark_failed(session, sweep.id, tried)
    if stopped:
        raise stopped[0] or LostLease
    return bool(people)


def _said(purser: Purser, sweep: Sweep, person: Person) -> Verdict:
    """How they are found right now; a list from outside Slack stands as it is."""
    if sweep.listing is Listing.FEED:
        return person.verdict
    found = purser.directory.lookup(person.member_id)
    return person.verdict if found is None else verdict(found, purser.authority.workspace_id)


def _settle(purser: Purser, sweep: Sweep, lease: str, person: Person, said: Verdict) -> bool:
    """Do what follows for one person, and write down that it is done. False when another works on this sweep."""
    as_found = None
    if person.verdict is Verdict.GONE and said is Verdict.GONE:
        note = person.note.removeprefix(TRIED)
        source = _SOURCES[sweep.listing]
        leaving.notice(purser, person.member_id, source, by=sweep.started_by, note=note, left_at=person.left_at)
    elif person.verdict is Verdict.GONE:
        as_found = Found(person.member_id, Verdict.PRESENT, HERE)
    elif person.note == BACK and said is Verdict.PRESENT:
        leaving.came_back(purser, person.member_id)
    purser.failpoint(Failpoint.AFTER_SWEEP_PERSON)
    now = purser.now()
    with purser.books.transaction() as session:
        sweep_people.settle(session, sweep.id, person.member_id, now, as_found)
        return sweeps.keep(session, sweep.id, lease, now + timedelta(seconds=LEASE_SECONDS))


def _each(work: Callable[[Person], None], people: Sequence[Person]) -> None:
    """Do it for each in order, whatever it raises for the others. Raises the last of that, the rest as its context."""
    with ExitStack() as stack:
        for person in reversed(people):
            stack.callback(work, person)
