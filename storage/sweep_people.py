"""What sweeps found of people whom Purser knows, what is known of those, and the keys that all this concerns.

Whatever is counted is counted by the database: thousands of people are never held at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, and_, delete, exists, func, insert, literal, or_, select, update
from sqlmodel import Session, SQLModel

from bot.domain.keys import PERSONAL_KINDS, KeyState
from bot.domain.offboarding import DepartureState, Verdict
from bot.domain.people import Role
from bot.domain.sweeps import BACK, GIVEN_UP, HERE, NAMED, TRIED, Found, Known
from storage import leaving_tables, tables

_found: Final = SQLModel.metadata.tables[str(leaving_tables.SweepPersonRow.__tablename__)]
_departures: Final = SQLModel.metadata.tables[str(leaving_tables.DepartureRow.__tablename__)]
_members: Final = SQLModel.metadata.tables[str(tables.MemberRow.__tablename__)]
_roles: Final = SQLModel.metadata.tables[str(tables.MembershipRow.__tablename__)]
_keys: Final = SQLModel.metadata.tables[str(tables.KeyRow.__tablename__)]

_WORKS: Final = (KeyState.LIVE, KeyState.RESTORING)
_AT_ONCE: Final = 500

# --- what is known of people ---


def known(session: Session, member_ids: Collection[str], workspace_id: str) -> list[Known]:
    """What the books say of those of these people whom they know, in at most two queries."""
    here = _here(workspace_id)
    query = select(_members.c.id, here, _members.c.is_departed, _members.c.has_left).where(
        _members.c.id.in_(member_ids), _members.c.workspace_id == workspace_id, ~_members.c.is_bot
    )
    rows = session.execute(query).all()
    departed = [row[0] for row in rows if row[2]]
    late = _late(session, departed) if departed else frozenset()
    return [Known(row[0], bool(row[1]), bool(row[2] and not row[3]), row[0] in late) for row in rows]


def here(session: Session, workspace_id: str) -> int:
    """How many people are known as present."""
    return int(session.execute(select(func.count()).select_from(_members).where(_here(workspace_id))).scalar_one())


def ids_here(session: Session, workspace_id: str) -> set[str]:
    """Everybody who is known as present, by id."""
    return set(session.execute(select(_members.c.id).where(_here(workspace_id))).scalars())


def _here(workspace_id: str) -> ColumnElement[bool]:
    return and_(
        _members.c.workspace_id == workspace_id,
        ~_members.c.is_bot,
        ~_members.c.is_departed,
        ~_members.c.has_left,
    )


def _late(session: Session, departed: Collection[str]) -> frozenset[str]:
    """Those of these departed people whose keys work though no departure of theirs stands."""
    noticed = exists().where(_departures.c.member_id == _members.c.id, _departures.c.state == DepartureState.OPEN)
    theirs = or_(_keys.c.holder_id == _members.c.id, _keys.c.lead_id == _members.c.id)
    works = exists().where(_keys.c.state.in_(_WORKS), theirs)
    query = select(_members.c.id).where(_members.c.id.in_(departed), ~noticed, works)
    return frozenset(session.execute(query).scalars())


# --- what a sweep found of people ---


def add(session: Session, sweep_id: str, found: Iterable[Found]) -> None:
    """Remember what was found of people. Of somebody who is found again, the newer finding counts."""
    newest = {one.member_id: one for one in found}
    if not newest:
        return
    before: dict[str, str] = {}
    for first in range(0, len(newest), _AT_ONCE):
        there = _people(sweep_id, _found.c.member_id.in_(list(newest)[first : first + _AT_ONCE]))
        before |= dict(session.execute(select(_found.c.member_id, _found.c.verdict).where(there)).all())
    new = [
        {
            "sweep_id": sweep_id,
            "member_id": one.member_id,
            "verdict": str(one.verdict),
            "note": one.note,
            "left_at": one.left_at,
        }
        for one in newest.values()
        if one.member_id not in before
    ]
    if new:
        session.execute(insert(_found), new)
    for one in newest.values():
        if before.get(one.member_id, one.verdict) != one.verdict:
            columns = {"verdict": str(one.verdict), "note": one.note, "left_at": one.left_at}
            session.execute(update(_found).where(_people(sweep_id, _is(one.member_id))).values(**columns))


def unlisted(session: Session, sweep_id: str, workspace_id: str, limit: int) -> list[str]:
    """People known as present of whom the sweep has found nothing yet, by id, so many at most."""
    query = select(_members.c.id).where(_here(workspace_id), _unfound(sweep_id)).order_by(_members.c.id).limit(limit)
    return list(session.execute(query).scalars())


def miss_unlisted(session: Session, sweep_id: str, workspace_id: str) -> None:
    """Whoever is known as present, and of whom nothing was found, counts as missing."""
    rest = select(literal(sweep_id), _members.c.id, literal(str(Verdict.MISSING)), literal("")).where(
        _here(workspace_id), _unfound(sweep_id)
    )
    session.execute(insert(_found).from_select(["sweep_id", "member_id", "verdict", "note"], rest))


def asked_by_name(session: Session, sweep_id: str) -> int:
    """How many people the sweep has asked for by name."""
    return _count(session, sweep_id, _found.c.note == NAMED)


def _unfound(sweep_id: str) -> ColumnElement[bool]:
    return ~exists().where(_found.c.sweep_id == sweep_id, _found.c.member_id == _members.c.id)


def verdicts(session: Session, sweep_id: str) -> dict[Verdict, int]:
    """How many people were found how."""
    query = select(_found.c.verdict, func.count()).where(_found.c.sweep_id == sweep_id).group_by(_found.c.verdict)
    return {Verdict(said): count for said, count in session.execute(query).all()}


def team_owners(session: Session) -> tuple[str, ...]:
    """Everybody who owns a team, by Slack user id."""
    owns = _roles.c.role == str(Role.OWNER)
    return tuple(sorted(session.execute(select(_roles.c.member_id).where(owns).distinct()).scalars()))


def missing_anew(session: Session, sweep_id: str, before_id: str) -> int:
    """How many are missing who were not missing in the other sweep."""
    before = _found.alias("before")
    theirs = select(before.c.member_id).where(before.c.sweep_id == before_id, before.c.verdict == Verdict.MISSING)
    return _count(session, sweep_id, _found.c.verdict == Verdict.MISSING, _found.c.member_id.not_in(theirs))


def were_missing(session: Session, sweep_id: str, member_ids: Collection[str]) -> set[str]:
    """Those of these people who were missing in the sweep."""
    where = _people(sweep_id, _found.c.verdict == Verdict.MISSING)
    query = select(_found.c.member_id).where(where, _found.c.member_id.in_(member_ids))
    return set(session.execute(query).scalars())


class Person(NamedTuple):
    """Somebody for whom something is to be done."""

    member_id: str
    verdict: Verdict
    note: str
    left_at: datetime | None


def undone(session: Session, sweep_id: str, limit: int) -> list[Person]:
    """Who is gone or back and has been neither looked after nor given up, by id, so many at most."""
    query = (
        select(_found.c.member_id, _found.c.verdict, _found.c.note, _found.c.left_at)
        .where(_people(sweep_id, _to_do()))
        .order_by(_found.c.member_id)
        .limit(limit)
    )
    return [Person(row[0], Verdict(row[1]), row[2], row[3]) for row in session.execute(query).all()]


def settle(session: Session, sweep_id: str, member_id: str, now: datetime, as_found: Found | None = None) -> bool:
    """What follows for this person is done, or nothing does as they are found now; False when it was done before."""
    more = {} if as_found is None else {"verdict": str(as_found.verdict), "note": as_found.note}
    where = _people(sweep_id, _is(member_id), _found.c.done_at.is_(None))
    done = session.execute(update(_found).where(where).values(done_at=now, **more))
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def mark_failed(session: Session, sweep_id: str, tried: Collection[Person]) -> None:
    """Those of these people for whom nothing was done are tried once more, and given up if this was the second time."""
    for person in tried:
        was_tried = person.note.startswith(TRIED)
        note = GIVEN_UP + person.note.removeprefix(TRIED) if was_tried else TRIED + person.note
        where = _people(sweep_id, _is(person.member_id), _found.c.done_at.is_(None))
        session.execute(update(_found).where(where).values(note=note))


def first_gone(session: Session, sweep_id: str, limit: int) -> tuple[str, ...]:
    """The first of those who are gone, by id."""
    where = _people(sweep_id, _found.c.verdict == Verdict.GONE)
    query = select(_found.c.member_id).where(where).order_by(_found.c.member_id).limit(limit)
    return tuple(session.execute(query).scalars())


class Outcome(NamedTuple):
    """What became of those who were found gone or back."""

    done: int
    spared: int
    failed: int
    back: int


def outcome(session: Session, sweep_id: str) -> Outcome:
    """What was done so far."""
    is_done = _found.c.done_at.is_not(None)
    gone, back = _found.c.verdict == Verdict.GONE, _found.c.note == BACK
    return Outcome(
        done=_count(session, sweep_id, gone, is_done),
        spared=_count(session, sweep_id, _found.c.note == HERE),
        failed=_count(session, sweep_id, gone, _found.c.done_at.is_(None)),
        back=_count(session, sweep_id, back),
    )


def forget_present(session: Session, sweep_id: str) -> None:
    """Let go of everybody for whom the sweep found nothing to do: one row a day for each would only grow."""
    calm = _people(
        sweep_id,
        _found.c.verdict == Verdict.PRESENT,
        _found.c.note.in_(("", NAMED)),
        _found.c.done_at.is_(None),
    )
    session.execute(delete(_found).where(calm))


# --- keys ---


def working_keys(session: Session) -> int:
    """How many keys of anybody work."""
    query = select(func.count()).select_from(_keys).where(_keys.c.state.in_(_WORKS))
    return int(session.execute(query).scalar_one())


class Touched(NamedTuple):
    """Keys that work and that somebody who is gone holds or leads."""

    off: int
    handed: int


def touched(session: Session, sweep_id: str) -> Touched:
    """Keys that acting on the sweep touches, in one query."""
    gone = select(_found.c.member_id).where(_people(sweep_id, _found.c.verdict == Verdict.GONE))
    theirs = or_(_keys.c.holder_id.in_(gone), _keys.c.lead_id.in_(gone))
    query = select(_keys.c.kind, func.count()).where(_keys.c.state.in_(_WORKS), theirs).group_by(_keys.c.kind)
    return _touched(dict(session.execute(query).all()))


def touched_of(session: Session, member_ids: Collection[str]) -> Touched:
    """Keys that would be touched if these people were gone, in one query for every 500 of them."""
    wanted = sorted(member_ids)
    kinds: dict[str, str] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        theirs = or_(_keys.c.holder_id.in_(some), _keys.c.lead_id.in_(some))
        query = select(_keys.c.id, _keys.c.kind).where(_keys.c.state.in_(_WORKS), theirs)
        kinds |= dict(session.execute(query).all())
    counts: dict[str, int] = {}
    for kind in kinds.values():
        counts[kind] = counts.get(kind, 0) + 1
    return _touched(counts)


def _touched(counts: dict[str, int]) -> Touched:
    off = sum(count for kind, count in counts.items() if kind in PERSONAL_KINDS)
    return Touched(off, sum(counts.values()) - off)


# --- rows ---


def _to_do() -> ColumnElement[bool]:
    wanted = or_(_found.c.verdict == Verdict.GONE, _found.c.note == BACK)
    return and_(wanted, _found.c.done_at.is_(None), ~_found.c.note.startswith(GIVEN_UP))


def _people(sweep_id: str, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(_found.c.sweep_id == sweep_id, *where)


def _is(member_id: str) -> ColumnElement[bool]:
    return _found.c.member_id == member_id


def _count(session: Session, sweep_id: str, *where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(_found).where(_people(sweep_id, *where))
    return int(session.execute(query).scalar_one())
