"""A list of leavers from outside Slack: whom it means, what acting on it would touch, and acting on it.

Whom Slack still has as active leaves all the same, and is kept out from then on. The list is judged, asked about and
acted on as a sweep is (`sweeping`): one that would touch too much waits for two owners. A list that was read to its end
is written down in one transaction, so the same list given again after a crash goes on where that stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.leaver_lists import MOST_LINES
from bot.domain.leavers import Account, Known, Line, Match, Reading, folded, match_all, wanted
from bot.domain.offboarding import DepartureState, Reach, Source, Trip, Verdict, fuse
from bot.domain.sweeps import Found, Listing, Moment, Sweep, SweepState
from bot.services import leaving, sweeping
from bot.services.context import Purser, Subjects, record
from bot.services.ports import CursorLost, DeliveryError, FailureKind
from bot.services.sweeping_facts import facts, tell
from storage import departures, ledger, people, sweep_people, sweeps
from storage.engine import Session

MOST_ASKED = 50
"""So many ids are asked for one by one; for more, everybody is listed."""
LONGEST_WAIT_SECONDS = 90
"""How long is waited, over all, for a Slack that asks to slow down."""
WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list means now, before anything is done about it."""

    matches: tuple[Match, ...]
    reach: Reach
    off: int
    """Keys that would go off at once."""
    handed: int
    """Keys that would wait for somebody to take them over."""
    trip: Trip | None
    """Why owners would be asked first."""
    fuse_percent: int

    @property
    def leavers(self) -> tuple[Match, ...]:
        """Those who leave by this list."""
        return tuple(one for one in self.matches if one.reading is Reading.LEAVES)


class End(StrEnum):
    """How acting on a list went."""

    NOTHING = "nothing"
    """It names nobody who has not left already."""
    DONE = "done"
    ASKED = "asked"
    """It touches too much, so two owners were asked."""
    WAITS = "waits"
    """The same list waits for two owners already."""
    HELD_UP = "held_up"
    """Another list waits for two owners; this one was not acted on."""
    GOES_ON = "goes_on"
    """The running bot goes on with it."""
    BUSY = "busy"
    """Another list is being acted on; nothing was done about this one."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What was done."""

    end: End
    done: int = 0
    """People who left by this list now."""
    failed: int = 0
    """People for whom it could not be done."""


def look(purser: Purser, lines: Iterable[Line]) -> Plan:
    """Whom a list means, and what it would touch. Changes nothing. Raises `DeliveryError` when Slack does not tell."""
    lines = list(lines)
    accounts, tells_emails = _accounts(purser, lines)
    ids = [account.id for account in accounts]
    with purser.books.reading() as session:
        known = Known(
            workspace_id=purser.authority.workspace_id,
            accounts=accounts,
            gone=_gone(session, accounts),
            undone=_undone(session, ids),
            tells_emails=tells_emails,
            back=_back(session, ids),
        )
        matches = tuple(match_all(lines, known, purser.now()))
        return _plan(session, purser, matches)


def feed(purser: Purser, plan: Plan, name: str) -> Fed:
    """Act on a list, called `name`, as `look` found it just now. Gateways and people are told by the outbox."""
    leavers = {one.account.id: one for one in plan.leavers if one.account is not None}
    begun = _begin(purser, leavers, name)
    if isinstance(begun, End):
        return Fed(begun)
    if begun is not None:
        if sweeping.judge(purser, begun.id) is not None:
            return Fed(End.ASKED)
        begun = _act(purser, begun.id)
    _keep_out(purser, plan, name)
    if begun is None:
        return Fed(End.NOTHING)
    with purser.books.reading() as session:
        did = sweep_people.outcome(session, begun.id)
    return Fed(End.DONE if begun.state is SweepState.DONE else End.GOES_ON, did.done, did.failed)


def resume(purser: Purser) -> None:
    """Judge and act on what an earlier run had written down and left, if any. Comes before `look`."""
    with purser.books.reading() as session:
        running = sweeps.running(session, Listing.FEED)
    if running is None or running.state is SweepState.PAUSED:
        return
    if running.state is SweepState.READING:
        sweeping.judge(purser, running.id)
    _act(purser, running.id)


# --- whom it means ---


def _accounts(purser: Purser, lines: Iterable[Line]) -> tuple[list[Account], bool]:
    """The accounts that a list names, and whether Slack tells addresses. Everybody else is let go of page by page."""
    ids, emails = wanted(lines)
    found: dict[str, Account] = {}
    tells = False
    if emails or len(ids) > MOST_ASKED:
        for account in _listed(purser):
            tells = tells or bool(account.email)
            if account.id in ids or (account.email and folded(account.email) in emails):
                found[account.id] = account
    asked = (_patiently(purser, member_id) for member_id in sorted(ids - found.keys()))
    found |= {account.id: account for account in asked if account is not None}
    return list(found.values()), tells


def _listed(purser: Purser) -> Iterator[Account]:
    """Everybody, from the start again should Slack forget the place once."""
    try:
        yield from _pages(purser)
    except CursorLost:
        yield from _pages(purser)


def _pages(purser: Purser) -> Iterator[Account]:
    """Page by page; a Slack that asks to slow down is waited for. Raises `DeliveryError`."""
    cursor, room = "", float(LONGEST_WAIT_SECONDS)
    while True:
        try:
            page = purser.directory.accounts(cursor)
        except DeliveryError as failed:
            wait = failed.retry_after_seconds
            if wait is None or wait > room:
                raise
            room -= wait + 1
            purser.clock.sleep(wait)
            continue
        yield from page.accounts
        cursor = page.cursor
        if not cursor:
            return


def _patiently(purser: Purser, member_id: str) -> Account | None:
    """One person, asked for once more should Slack want to be left alone for a while. Raises `DeliveryError`."""
    try:
        return purser.directory.account(member_id)
    except DeliveryError as failed:
        if failed.kind is not FailureKind.TRANSIENT or failed.retry_after_seconds is None:
            raise
        purser.clock.sleep(failed.retry_after_seconds)
        return purser.directory.account(member_id)


def _gone(session: Session, accounts: Iterable[Account]) -> set[str]:
    """Those whose departure stands, and accounts without use of which Purser never knew."""
    every = {account.id: account for account in accounts}
    known = {one.id for one in people.members(session, every)}
    unknown = {one.id for one in every.values() if one.person.is_departed and one.id not in known}
    return departures.open_among(session, list(every)) | unknown


def _undone(session: Session, member_ids: Iterable[str]) -> dict[str, datetime]:
    """When a list named somebody whose newest departure an owner undid, be it as the first or after Slack."""
    newest = departures.newest_among(session, list(member_ids))
    undone = [one for one in newest if one.state is DepartureState.UNDONE]
    named = {one.member_id: one.noticed_at for one in undone if one.source is Source.FEED}
    for one in undone:
        for row in ledger.entries(session, member_id=one.member_id, action="member.kept_out"):
            if row.at >= one.noticed_at:
                named[one.member_id] = row.at
    return named


def _back(session: Session, member_ids: Iterable[str]) -> dict[str, datetime]:
    """Since when people are back whose newest departure has ended."""
    newest = departures.newest_among(session, list(member_ids))
    return {one.member_id: one.ended_at for one in newest if one.ended_at is not None}


def _plan(session: Session, purser: Purser, matches: tuple[Match, ...]) -> Plan:
    leavers = [one.account for one in matches if one.reading is Reading.LEAVES and one.account is not None]
    ids = [account.id for account in leavers]
    unknown = len(set(ids) - {one.id for one in people.members(session, ids)})
    touched = sweep_people.touched_of(session, ids)
    reach = Reach(
        people=sweep_people.here(session, purser.authority.workspace_id) + unknown,
        gone=len(ids),
        missing=0,
        elsewhere=0,
        keys=sweep_people.working_keys(session),
        touched=touched.off + touched.handed,
    )
    percent = purser.policy.fuse_percent
    return Plan(matches, reach, touched.off, touched.handed, fuse(reach, purser.policy), percent)


# --- acting on it ---


def _begin(purser: Purser, leavers: dict[str, Match], name: str) -> Sweep | End | None:
    """Write the whole list down, ready to be judged; why not, or None where there is nobody to act on."""
    with purser.deciding() as session:
        if not leavers:
            return None
        now, running = purser.now(), sweeps.running(session, Listing.FEED)
        if running is not None:
            end = _beside(session, running, set(leavers))
            if end is not None:
                return end
            _give_way(session, purser, running)
        _meet(session, leavers.values(), now)
        begun = sweeps.begin(session, purser.ids.new("sweep"), Listing.FEED, "purser", now)
        found = (Found(one, Verdict.GONE, _note(name, said), said.line.left_at) for one, said in leavers.items())
        sweep_people.add(session, begun.id, found)
        sweeps.move(session, begun.id, SweepState.READING, SweepState.READING, pages=1, listed=len(leavers))
        return begun


def _beside(session: Session, running: Sweep, leavers: set[str]) -> End | None:
    """What becomes of a list while another one waits; None when it takes the other's place.

    It may only where it names everybody whom the other names, and more: else somebody would be forgotten.
    """
    waiting = {one.member_id for one in sweep_people.undone(session, running.id, MOST_LINES)}
    if running.state is not SweepState.PAUSED:
        return End.GOES_ON if leavers <= waiting else End.BUSY
    if leavers <= waiting:
        return End.WAITS
    return None if waiting < leavers else End.HELD_UP


def _give_way(session: Session, purser: Purser, running: Sweep) -> None:
    """A list that waited for owners is replaced: they read so, and are asked about the new one if need be."""
    now, asked = purser.now(), facts(session, purser, running).asked_ids
    sweeps.move(session, running.id, SweepState.PAUSED, SweepState.REPLACED, finished_at=now)
    why = "a list that names more people took its place before two owners had agreed"
    record(session, now, actor="purser", action="sweep.replaced", about=Subjects(), once=running.id, reason=why)
    tell(session, now, running.id, Moment.REPLACED, asked)


def _meet(session: Session, leavers: Iterable[Match], now: datetime) -> None:
    """Whoever Purser never knew is known from now on, so that they are kept out as well."""
    accounts = {one.account.id: one.account for one in leavers if one.account is not None}
    known = {one.id for one in people.members(session, accounts)}
    for account in accounts.values():
        if account.id not in known:
            people.save_member(session, account.person, now)


def _note(name: str, said: Match) -> str:
    """Where it says so: `line 3 of leavers.csv: contract ended`."""
    where = f"line {said.line.number} of {name}"
    return f"{where}: {said.line.note}" if said.line.note else where


def _act(purser: Purser, sweep_id: str) -> Sweep:
    """Act until all is done, or until somebody else has it in hand for long."""
    found = _get(purser, sweep_id)
    patience = 60
    while found.state is SweepState.ACTING and patience > 0:
        done = sweeping.act(purser, sweep_id)
        found = done or _get(purser, sweep_id)
        if found.state is SweepState.ACTING:
            patience -= 1 if done is None else 0
            purser.clock.sleep(_until_free(purser, found))
    return found


def _until_free(purser: Purser, found: Sweep) -> float:
    if found.leased_until is None:
        return WAIT_SECONDS
    return min(WAIT_SECONDS, max(0.0, (found.leased_until - purser.now()).total_seconds())) + 0.01


def _keep_out(purser: Purser, plan: Plan, name: str) -> None:
    """Of whom Slack had said so already: the list says so as well, so being active in Slack lets them in no more."""
    for one in plan.matches:
        if one.reading is Reading.IS_GONE and one.account is not None:
            leaving.notice(purser, one.account.id, Source.FEED, note=_note(name, one), left_at=one.line.left_at)


def _get(purser: Purser, sweep_id: str) -> Sweep:
    with purser.books.reading() as session:
        found = sweeps.get(session, sweep_id)
    assert found is not None, sweep_id
    return found
