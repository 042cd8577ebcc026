"""A team's digest of some week, to look at: as it was posted, with what was restated since; or as it would be now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.domain.digests import Audience, Digest, DigestNotice, DigestState, Figures, Week
from bot.domain.requests import Because, Refused
from bot.domain.usage import Totals
from bot.services.context import Purser
from bot.services.digest_figures import figures
from storage import digests, keys, ledger, people
from storage.engine import Session
from storage.posted import ADJUST


@dataclass(frozen=True, slots=True)
class Moved:
    """A day of which the gateway told something else after the digest was posted."""

    day: date
    was: Totals
    now: Totals


@dataclass(frozen=True, slots=True)
class Past:
    """A week's digest."""

    notice: DigestNotice
    team_name: str
    """What the team is called now."""
    posted_at: datetime | None
    """When it was posted; None when it never was: then these are the figures of now."""
    is_skipped: bool = False
    moved: tuple[Moved, ...] = ()
    restatements: tuple[str, ...] = ()
    """The ledger's rows about those days since then, a line each."""
    names: tuple[tuple[str, str], ...] = ()
    """People by Slack user id, with their names."""


def look_back(purser: Purser, team_name: str, week_name: str | None) -> Past | Refused:
    """That week's digest of that team; without a week that of the last one that is over."""
    now = purser.now()
    last = Week.of(now.astimezone(UTC).date()).moved(-1)
    try:
        week = last if week_name is None else Week.named(week_name)
    except ValueError as wrong:
        return Refused(Because.WRONG_STATE, f"{wrong}.")
    if week > last:
        return Refused(Because.WRONG_STATE, f"{week.name} is not over yet. The last week that is: {last.name}.")
    with purser.books.reading() as session:
        team = people.team_named(session, team_name)
        if team is None:
            names = ", ".join(one.name for one in people.all_teams(session)) or "none yet"
            return Refused(Because.NOT_FOUND, f"There is no team {team_name!r}. There are: {names}.")
        kept = digests.of_week(session, Audience.TEAM, team.id, week)
        found = figures(session, purser, team, week)
        if kept is None or kept.state is DigestState.SKIPPED:
            shown = Digest("", Audience.TEAM, team.id, week, DigestState.POSTED, now, found)
            notice = DigestNotice(shown, team.channel_id)
            return Past(notice, team.name, None, is_skipped=kept is not None, names=_names(session, found))
        moved = tuple(_moved(kept.figures, found))
        told = tuple(_restated(session, kept, [one.day for one in moved]))
        notice = DigestNotice(kept, team.channel_id)
        return Past(notice, team.name, kept.at, moved=moved, restatements=told, names=_names(session, kept.figures))


def _moved(was: Figures, now: Figures) -> Iterator[Moved]:
    for day, before, after in zip(was.week.span.each(), was.days, now.days, strict=True):
        if before != after:
            yield Moved(day, before, after)


def _restated(session: Session, kept: Digest, days: list[date]) -> Iterator[str]:
    """What the ledger says of these days since the digest was posted."""
    for day in days:
        for row in ledger.entries(session, action=ADJUST, team_id=kept.subject_id, period=day.isoformat()):
            if row.at > kept.at:
                key = keys.get(session, row.key_id or "")
                label = "" if key is None else f"{key.label}, "
                yield f"{row.at:%Y-%m-%d %H:%M} UTC, ledger row {row.seq}: {label}{day}: {row.reason}"


def _names(session: Session, found: Figures) -> tuple[tuple[str, str], ...]:
    ids = {rank.id for rank in found.members} | {key.holder_id for key in found.old_keys}
    return tuple((person.id, person.name) for person in people.members(session, ids))
