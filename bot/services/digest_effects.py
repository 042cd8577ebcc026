"""Performs what posts a digest: its message, what follows in the thread, the table, and what goes to one person.

All is rendered from the figures that were written down, so a retry says the same.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain import digest_csv
from bot.domain.digest_times import DIGEST_MINUTES, next_due_at
from bot.domain.digests import Audience, Digest, DigestNotice
from bot.services.context import Effect, Purser, effect
from bot.services.deciders import told_of
from bot.services.digests import DIGEST, DIRECT, FILE, THREAD, digest_stream, send_directly
from bot.services.failpoints import Failpoint
from bot.services.ports import FileToSend, Sending
from bot.services.zones import zone
from storage import digests, outbox, people
from storage.engine import Session
from storage.outbox import Claimed

WHY = (
    "This digest belongs in <#{channel}>, but could not be posted there ({error}), so it comes to the owners of the "
    "team. Once Purser is in the channel again, the next one is posted there."
)
ATTEMPTS = 300
"""A day of them: pauses grow to five minutes."""
TABLE = "Every figure of the week and the week before, by day, member, model and project, as a table:"
NO_TABLE = (
    "The table of this week could not be attached ({error}). `/ai-usage export` sends you the figures of the team as "
    "a file of your own."
)


def _post(purser: Purser, row: Claimed) -> None:
    """Post the message in the channel where the team lives now, whatever it or the channel was called before."""
    notice = _notice(purser, row)
    if notice is None or notice.digest.ts is not None:
        return
    posted = purser.notifier.post_digest(notice, _sending(row))
    purser.failpoint(Failpoint.AFTER_DIGEST_POSTED)
    with purser.books.transaction() as session:
        digests.set_message(session, notice.digest.id, posted.channel_id, posted.ts)


def _post_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The channel does not take it: the team's owners get the digest directly, and are told why."""
    digest = digests.get(session, row.payload["digest_id"])
    if digest is None or digest.ts is not None:
        return
    now = purser.now()
    outbox.void(session, now=now, stream=digest_stream(digest.id))
    team = people.team(session, digest.subject_id)
    owners = () if team is None else told_of(session, purser, team.owner_ids)
    why = WHY.format(channel="" if team is None else team.channel_id, error=error)
    for owner in owners or told_of(session, purser, sorted(purser.authority.workspace_owner_ids)):
        send_directly(session, now, digest, owner, why=why)


def _follow(purser: Purser, row: Claimed) -> None:
    notice = _notice(purser, row)
    if notice is not None and notice.digest.ts is not None:
        purser.notifier.follow_digest(notice, _sending(row))


def _attach(purser: Purser, row: Claimed) -> None:
    with purser.books.reading() as session:
        digest = digests.get(session, row.payload["digest_id"])
        names = {} if digest is None else dict(_names(session, digest))
    if digest is None or digest.channel_id is None:
        return
    week, name = digest.week.name, digest.figures.name
    table = "".join(digest_csv.lines(digest.figures, names)).encode()
    file = FileToSend(f"purser-digest-{name}-{week}.csv", f"Digest of {name}, {week}", table)
    purser.notifier.send_file(digest.channel_id, file, TABLE, _sending(row), thread_ts=digest.ts)


def _attach_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The table could not be put into the thread: that is said there."""
    digest_id = row.payload["digest_id"]
    payload = dict(row.payload) | {"note": NO_TABLE.format(error=error)}
    stream, once = digest_stream(digest_id), f"{digest_id}:{row.id}"
    effect(session, purser.now(), stream=stream, name=THREAD, payload=payload, once=once)


def _direct(purser: Purser, row: Claimed) -> None:
    with purser.books.reading() as session:
        is_here = people.is_here(session, row.payload["member_id"])
    notice = _notice(purser, row)
    if notice is not None and is_here:
        purser.notifier.direct_digest(row.payload["member_id"], notice, _sending(row))


def _notice(purser: Purser, row: Claimed) -> DigestNotice | None:
    """The digest, with where its team lives by now and when the next one comes; None when there is no such digest."""
    with purser.books.reading() as session:
        digest = digests.get(session, row.payload["digest_id"])
        if digest is None:
            return None
        about = row.payload
        if digest.audience is not Audience.TEAM:
            next_at = _next(session, purser, digest)
            return DigestNotice(digest, next_at=next_at, names=_names(session, digest))
        team = people.team(session, digest.subject_id)
        assert team is not None, digest.subject_id
        minutes, there = team.digest_minutes, zone(team.time_zone)
        following = None if minutes is None else next_due_at(purser.now(), minutes, there)
        said = (about.get("why", ""), about.get("note", ""))
        return DigestNotice(digest, team.channel_id, following, *said, names=_names(session, digest))


def _names(session: Session, digest: Digest) -> tuple[tuple[str, str], ...]:
    """What the people who are ranked in it are called."""
    ids = (rank.id for rank in digest.figures.members)
    return tuple((person.id, person.name) for person in people.members(session, ids))


def _next(session: Session, purser: Purser, digest: Digest) -> datetime:
    person = people.member(session, digest.subject_id)
    there = zone("" if person is None else person.time_zone)
    return next_due_at(purser.now(), DIGEST_MINUTES, there)


def _sending(row: Claimed) -> Sending:
    """Several messages are sent for one row, so any earlier try may have sent some of them."""
    return Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown or row.attempts > 1)


DIGEST_EFFECTS: dict[str, Effect] = {
    DIGEST: Effect(_post, attempts=ATTEMPTS, on_dead=_post_failed),
    THREAD: Effect(_follow, attempts=ATTEMPTS),
    FILE: Effect(_attach, attempts=20, on_dead=_attach_failed),
    DIRECT: Effect(_direct, attempts=ATTEMPTS),
}
