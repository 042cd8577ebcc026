"""Reads everybody whom Slack lists, page by page, and asks by name for those it does not list.

Each page is written down in one transaction together with where the next one begins. At most one page is held.
"""

from __future__ import annotations

from datetime import timedelta

from bot.domain.offboarding import Verdict
from bot.domain.sweeps import NAMED, Found, Sweep, finding, verdict
from bot.services.context import Purser
from bot.services.failpoints import Failpoint
from bot.services.ports import CursorLost, Page
from storage import sweep_people, sweeps
from storage.engine import Session

PAGES_AT_ONCE = 15
"""Pages read in one go; Slack allows twenty a minute (docs.slack.dev/apis/web-api/rate-limits, tier 2)."""
PAUSE_SECONDS = 60
"""From the end of one go to the next."""
LEASE_SECONDS = 120
"""After so long without a sign of life, another may go on: far longer than a page or a person takes."""
NAMED_MOST = 60
"""So many people who were not listed are asked for by name; if there are more, the list is short whatever they are."""
_NAMED_AT_ONCE = 20
ANEW = "Slack had forgotten the place in its list where reading was to go on, so it was read from the start again."


class LostLease(Exception):
    """Another works on this sweep by now. What they wrote down counts; there is nothing to do here."""


class ListForgotten(Exception):
    """Slack forgot the place in its list twice."""


def read(purser: Purser, sweep: Sweep, lease: str) -> Sweep:
    """Read on, a bounded number of pages. Raises `DeliveryError`, `LostLease` and `ListForgotten`."""
    for _ in range(PAGES_AT_ONCE):
        if sweep.has_read:
            break
        try:
            page = purser.directory.people(sweep.cursor)
        except CursorLost as lost:
            sweep = _anew(purser, sweep, lease, lost)
        else:
            sweep = _take(purser, sweep, lease, page)
            purser.failpoint(Failpoint.AFTER_SWEEP_PAGE)
    return sweep


def ask_by_name(purser: Purser, sweep: Sweep, lease: str) -> None:
    """Ask for each person whom no page listed; beyond a bounded number they count as missing without being asked for.

    Raises `DeliveryError` and `LostLease`.
    """
    workspace = purser.authority.workspace_id
    while True:
        with purser.books.reading() as session:
            room = NAMED_MOST - sweep_people.asked_by_name(session, sweep.id)
            unlisted = sweep_people.unlisted(session, sweep.id, workspace, min(_NAMED_AT_ONCE, max(room, 1)))
        if not unlisted or room <= 0:
            break
        found = [Found(one, verdict(purser.directory.lookup(one), workspace), NAMED) for one in unlisted]
        with purser.books.transaction() as session:
            _still_ours(session, purser, sweep, lease)
            sweep_people.add(session, sweep.id, found)
    if unlisted:
        with purser.books.transaction() as session:
            _still_ours(session, purser, sweep, lease)
            sweep_people.miss_unlisted(session, sweep.id, workspace)


def found_on(session: Session, purser: Purser, page: Page) -> list[Found]:
    """What a page tells of people whom the books know, in the page's order."""
    workspace = purser.authority.workspace_id
    known = {one.member_id: one for one in sweep_people.known(session, {one.id for one in page.people}, workspace)}
    told = (finding(known[one.id], one, workspace) for one in page.people if one.id in known)
    return [one for one in told if one is not None]


def _take(purser: Purser, sweep: Sweep, lease: str, page: Page) -> Sweep:
    until = purser.now() + timedelta(seconds=LEASE_SECONDS)
    with purser.books.transaction() as session:
        if not sweeps.turn_page(session, sweep, lease, page.cursor, len(page.people), until):
            raise LostLease
        sweep_people.add(session, sweep.id, found_on(session, purser, page))
        return _as_is(session, sweep)


def _anew(purser: Purser, sweep: Sweep, lease: str, lost: CursorLost) -> Sweep:
    """Once: whoever is told twice that a place is forgotten would read for ever."""
    if sweep.why.startswith(ANEW):
        raise ListForgotten from lost
    with purser.books.transaction() as session:
        if not sweeps.read_anew(session, sweep.id, lease, ANEW):
            raise LostLease
        return _as_is(session, sweep)


def _still_ours(session: Session, purser: Purser, sweep: Sweep, lease: str) -> None:
    if not sweeps.keep(session, sweep.id, lease, purser.now() + timedelta(seconds=LEASE_SECONDS)):
        raise LostLease


def _as_is(session: Session, sweep: Sweep) -> Sweep:
    found = sweeps.get(session, sweep.id)
    assert found is not None, sweep.id
    return found


def unlisted_verdicts(purser: Purser, member_ids: list[str]) -> dict[str, Verdict]:
    """What asking by name tells of people who are not listed; beyond the bounded number they are missing."""
    workspace = purser.authority.workspace_id
    asked = {one: verdict(purser.directory.lookup(one), workspace) for one in member_ids[:NAMED_MOST]}
    return asked | dict.fromkeys(member_ids[NAMED_MOST:], Verdict.MISSING)
