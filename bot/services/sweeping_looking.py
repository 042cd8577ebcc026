"""What a sweep would do now, from a fresh look at Slack's list. Changes nothing, whatever it finds.

Holds the ids of the people whom Purser knows as present and of those who are gone, and one page; never everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.domain.offboarding import Reach, Verdict, fuse
from bot.domain.people import BARRIER_TEXT, Barrier
from bot.domain.requests import Because, Refused
from bot.domain.sweeps import ENDED, RUNNING, Impact, Listing, Preview, Sweep, SweepFacts, SweepState
from bot.services.context import Actor, Purser
from bot.services.ports import CursorLost, DeliveryError, Page
from bot.services.sweeping_facts import NAMES, deciding_ids, facts, may_look
from bot.services.sweeping_reading import PAGES_AT_ONCE, PAUSE_SECONDS, found_on, unlisted_verdicts
from storage import sweep_people, sweeps
from storage.engine import Session

LONGEST_WAIT_SECONDS = 90
"""How long is waited, over all, for a Slack that asks to slow down."""
_NOT_YOURS = "Only owners of a team or the workspace, and finance, see what a sweep would do."


@dataclass
class _Look:
    """What was found so far."""

    unlisted: set[str]
    """People known as present whom no page listed yet."""
    gone: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)
    listed: int = 0

    def note(self, member_id: str, said: Verdict) -> None:
        """This is how a person is found, whatever an earlier page said of them."""
        kept = {Verdict.GONE: self.gone, Verdict.ELSEWHERE: self.elsewhere}
        for verdict, people in kept.items():
            (people.add if verdict is said else people.discard)(member_id)


def look(purser: Purser, actor: Actor | None = None) -> Preview | Refused:
    """Look through everybody now, for this person, or for whoever has the command line. Changes nothing."""
    if actor is not None and (refused := _refused(purser, actor)):
        return refused
    try:
        seen, missing = _look(purser)
    except DeliveryError as failed:
        text = f"Slack did not list everybody: {failed.message}. Nothing was changed; please try again in a minute."
        return Refused(Because.BUSY, text)
    with purser.books.reading() as session:
        return _preview(session, purser, actor, seen, missing)


def _refused(purser: Purser, actor: Actor) -> Refused | None:
    if actor.member.is_guest:
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[Barrier.GUEST])
    with purser.books.reading() as session:
        return None if may_look(session, purser, actor.id) else Refused(Because.NOT_ALLOWED, _NOT_YOURS)


def _look(purser: Purser) -> tuple[_Look, set[str]]:
    """What the list tells, and who is missing. Raises `DeliveryError`."""
    try:
        seen = _read(purser)
    except CursorLost:
        seen = _read(purser)
    asked = unlisted_verdicts(purser, sorted(seen.unlisted))
    for member_id, said in asked.items():
        seen.note(member_id, said)
    return seen, {one for one, said in asked.items() if said is Verdict.MISSING}


def _read(purser: Purser) -> _Look:
    with purser.books.reading() as session:
        seen = _Look(sweep_people.ids_here(session, purser.authority.workspace_id))
    for page in _pages(purser):
        seen.listed += len(page.people)
        with purser.books.reading() as session:
            found = found_on(session, purser, page)
        for one in found:
            seen.unlisted.discard(one.member_id)
            seen.note(one.member_id, one.verdict)
            if one.note:
                seen.back.add(one.member_id)
    return seen


def _pages(purser: Purser) -> Iterator[Page]:
    """Every page, no faster than Slack allows, and waiting a while when it asks to slow down."""
    cursor, room, number = "", LONGEST_WAIT_SECONDS, 0
    while True:
        try:
            page = purser.directory.people(cursor)
        except DeliveryError as failed:
            wait = failed.retry_after_seconds
            if wait is None or wait > room:
                raise
            room -= int(wait) + 1
            purser.clock.sleep(wait)
            continue
        yield page
        cursor, number = page.cursor, number + 1
        if not cursor:
            return
        if number % PAGES_AT_ONCE == 0:
            purser.clock.sleep(PAUSE_SECONDS)


def _preview(session: Session, purser: Purser, actor: Actor | None, seen: _Look, missing: set[str]) -> Preview:
    done = sweeps.latest(session, Listing.SLACK, {SweepState.DONE})
    if done is not None and missing:
        missing -= sweep_people.were_missing(session, done.id, missing)
    touched = sweep_people.touched_of(session, seen.gone)
    reach = Reach(
        people=sweep_people.here(session, purser.authority.workspace_id),
        gone=len(seen.gone),
        missing=len(missing),
        elsewhere=len(seen.elsewhere),
        keys=sweep_people.working_keys(session),
        touched=touched.off + touched.handed,
    )
    running = (sweeps.running(session, listing) for listing in Listing)
    pending = next((one for one in running if one is not None and one.state is SweepState.PAUSED), None)
    return Preview(
        impact=Impact(reach, tuple(sorted(seen.gone)[:NAMES]), touched.off, touched.handed, len(seen.back)),
        trip=fuse(reach, purser.policy),
        listed=seen.listed,
        fuse_percent=purser.policy.fuse_percent,
        last=_facts(session, purser, sweeps.latest(session, Listing.SLACK, (ENDED | {SweepState.FAILED}) - RUNNING)),
        pending=_facts(session, purser, pending),
        may_decide=actor is not None and actor.id in deciding_ids(session, purser),
        is_on=purser.policy.sweeps,
    )


def _facts(session: Session, purser: Purser, found: Sweep | None) -> SweepFacts | None:
    return None if found is None else facts(session, purser, found)
