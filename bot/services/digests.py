"""The weekly digest: which is due, writing it down once with its figures, and having it posted or said to be skipped.

Figures are worked out in a reading session. Then one short transaction writes the digest's row, which is unique for
its audience, subject and week, its ledger row, and the effects that post it: two replicas, and a crash, make one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.domain.digest_times import DIGEST_MINUTES, due_at, given_up_at, newest_due, owed
from bot.domain.digests import Audience, Digest, DigestState, Figures, Week
from bot.domain.money import show
from bot.domain.usage import NOTHING
from bot.services.context import Purser, effect
from bot.services.digest_figures import figures
from bot.services.digest_people import personal, roll_up
from bot.services.zones import zone
from storage import digests, ledger, people, runs, syncs
from storage.digests import Schedule
from storage.engine import Session
from storage.syncs import What

MARK = "digests"
"""The slot claimed by the first pass there ever was: what was due before it is nobody's to catch up on."""
DIGEST = "slack.digest"
THREAD = "slack.digest_thread"
FILE = "slack.digest_file"
DIRECT = "slack.digest_direct"
TURNED_ON = "team.digest_on"
"""The ledger's word for a digest that was off and is on again."""
WAIT = timedelta(hours=1)
"""How long after it is due a digest waits for a gateway that has not told all of the week."""


Send = Callable[[], None]


def send_digests(purser: Purser) -> None:
    """Post every digest that is due and was not posted, and say of those that came too late that they were skipped."""
    now = purser.now()
    with purser.books.reading() as session:
        since = runs.latest(session, MARK)
        looking = None if since is None else _Looking(session, purser, since, now)
        due = [] if looking is None else [*looking.teams(), *looking.people(), *looking.owners()]
    if since is None:
        with purser.books.transaction() as session:
            runs.claim(session, MARK, now, now)
    with ExitStack() as each:  # what one of them raises does not keep the others from being sent
        for send in reversed(due):
            each.callback(send)


def is_owed(session: Session, team_id: str, now: datetime) -> bool:
    """Whether a digest of the team is due and not written down yet: it comes within minutes."""
    one = next((one for one in digests.schedules(session) if one.team_id == team_id), None)
    since = runs.latest(session, MARK)
    if one is None or since is None:
        return False
    return owed(now, one.minutes, zone(one.time_zone), _owed_since(session, one, since), one.told).post is not None


def digest_stream(digest_id: str) -> str:
    """Everything posted of one digest is posted in order: its message, what is in its thread, its table."""
    return f"digest:{digest_id}"


@dataclass(frozen=True, slots=True)
class _Looking:
    """One look at what is due."""

    session: Session
    purser: Purser
    since: datetime
    """When digests were first looked for here: nothing that was due before is owed."""
    now: datetime
    told: dict[tuple[Audience, Week], set[str]] = field(default_factory=dict)
    """Who was told of which week, as far as that was looked up."""

    def teams(self) -> Iterator[Send]:
        """Each team's newest week, and weeks that went by without a digest."""
        for one in digests.schedules(self.session):
            there = zone(one.time_zone)
            if one.told == newest_due(self.now, one.minutes, there):
                continue
            what = owed(self.now, one.minutes, there, _owed_since(self.session, one, self.since), one.told)
            if what.skip:
                yield partial(_skip, self.purser, one.team_id, what.skip, is_told=what.post is None)
            if what.post is not None and self._is_read(what.post, due_at(what.post, one.minutes, there)):
                yield partial(_post, self.purser, one.team_id, what.post)

    def people(self) -> Iterator[Send]:
        """Digests of their own for those who asked for one."""
        for person in people.wanting_digest(self.session):
            if self.purser.authority.stranger(person) is None:
                yield from self._directly(Audience.MEMBER, person.id, person.time_zone, personal)

    def owners(self) -> Iterator[Send]:
        """The roll-up for each of the workspace's owners, where there are two teams or more."""
        if people.count_teams(self.session) < 2:
            return
        for owner_id in sorted(self.purser.authority.workspace_owner_ids):
            person = people.member(self.session, owner_id)
            if person is None or self.purser.authority.stranger(person) is None:
                time_zone = "" if person is None else person.time_zone
                yield from self._directly(Audience.OWNERS, owner_id, time_zone, roll_up)

    def _directly(self, audience: Audience, person_id: str, time_zone: str, work_out: WorkOut) -> Iterator[Send]:
        """What one person is to get at 09:00 of their own Monday. What came too late is left out without a word."""
        there = zone(time_zone)
        week = newest_due(self.now, DIGEST_MINUTES, there)
        due = due_at(week, DIGEST_MINUTES, there)
        if not self.since <= due or self.now >= given_up_at(week, there):
            return
        if (audience, week) not in self.told:
            self.told[audience, week] = digests.told_of(self.session, audience, week)
        if person_id not in self.told[audience, week] and self._is_read(week, due):
            yield partial(_direct, self.purser, audience, person_id, week, work_out)

    def _is_read(self, week: Week, due: datetime) -> bool:
        """Whether every gateway has told all of the week's usage, or failed to for an hour since the digest was due.

        Whoever wakes up later asks first, if usage was ever asked for.
        """
        marks = [sync for sync in syncs.all_of(self.session, What.USAGE) if sync.gateway in self.purser.gateways]
        told = all(sync.read_at is not None and sync.read_at >= week.span.ends_at for sync in marks)
        return told or (self.now - due >= WAIT and all(sync.tried_at >= due for sync in marks))


def _owed_since(session: Session, one: Schedule, since: datetime) -> datetime:
    """No digest is of a week in which there was no team, nor was due while it was off."""
    first_week_over = Week.of(one.founded_at.date()).span.ends_at
    turned_on = [row.at for row in ledger.entries(session, action=TURNED_ON, team_id=one.team_id)]
    return max(since, first_week_over, *turned_on)


WorkOut = Callable[[Session, Purser, str, Week], Figures]
"""Works out the figures of a digest for one person."""


def _post(purser: Purser, team_id: str, week: Week) -> None:
    with purser.books.reading() as session:
        team = people.team(session, team_id)
        found = None if team is None else figures(session, purser, team, week)
    if team is None or found is None:
        return
    now = purser.now()
    new = Digest(purser.ids.new("digest"), Audience.TEAM, team.id, week, DigestState.POSTED, now, found)
    with purser.deciding() as session:
        if not _written(session, new):
            return
        for name in (DIGEST, THREAD) if found.is_quiet else (DIGEST, THREAD, FILE):
            payload = {"digest_id": new.id, "team_id": team.id}
            effect(session, now, stream=digest_stream(new.id), name=name, payload=payload, once=new.id)


def _direct(purser: Purser, audience: Audience, person_id: str, week: Week, work_out: WorkOut) -> None:
    with purser.books.reading() as session:
        found = work_out(session, purser, person_id, week)
    now = purser.now()
    new = Digest(purser.ids.new("digest"), audience, person_id, week, DigestState.POSTED, now, found)
    with purser.deciding() as session:
        if _written(session, new):
            send_directly(session, now, new, person_id)


def send_directly(session: Session, now: datetime, digest: Digest, person_id: str, *, why: str = "") -> None:
    """Have a digest sent to one person. `why` says why a team's comes to them."""
    effect(
        session,
        now,
        stream=f"{digest_stream(digest.id)}:{person_id}",
        name=DIRECT,
        payload={"digest_id": digest.id, "member_id": person_id, "why": why},
        once=f"{digest.id}:{person_id}",
    )


def _skip(purser: Purser, team_id: str, weeks: tuple[Week, ...], *, is_told: bool) -> None:
    """Write down that these weeks go without a digest; where none comes now, say so in the channel."""
    now = purser.now()
    with purser.deciding() as session:
        team = people.team(session, team_id)
        if team is None:
            return
        for week in weeks:
            names = (*(one.name for one in digests.skipped_before(session, Audience.TEAM, team.id, week)), week.name)
            nothing = Figures(week, team.id, team.name, NOTHING, NOTHING, skipped=names)
            new = Digest(purser.ids.new("digest"), Audience.TEAM, team.id, week, DigestState.SKIPPED, now, nothing)
            if _written(session, new) and is_told and week == weeks[-1]:
                payload = {"digest_id": new.id, "team_id": team.id}
                effect(session, now, stream=digest_stream(new.id), name=DIGEST, payload=payload, once=new.id)


def _written(session: Session, new: Digest) -> bool:
    """Write a week's digest down, with its ledger row. False when that was done already."""
    if digests.of_week(session, new.audience, new.subject_id, new.week) is not None:
        return False
    digests.add(session, new)
    ledger.append(session, ledger_row(new))
    return True


def ledger_row(digest: Digest) -> ledger.Entry:
    """The ledger's row of a digest: for whom, of which week, and what the week came to."""
    is_posted = digest.state is DigestState.POSTED
    spent = digest.figures.totals.cost_micros
    return ledger.Entry(
        actor="purser",
        action=f"digest.{digest.state}",
        idempotency_key=f"digest:{digest.audience}:{digest.subject_id}:{digest.week.name}",
        at=digest.at,
        team_id=digest.subject_id if digest.audience is Audience.TEAM else None,
        member_id=None if digest.audience is Audience.TEAM else digest.subject_id,
        period=digest.week.name,
        amount_micros=spent if is_posted else None,
        reason=f"{digest.audience}: {show(spent)}" if is_posted else "could not be posted in time",
    )
