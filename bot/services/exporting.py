"""Usage as a table: its lines, for whoever writes them somewhere, and a file of them for who asks in Slack.

Whoever may see a report may have it as a file, with the same figures: keys that they may not see one by one are added
up. `bot.domain.usage_csv` says what a line looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.domain import usage_csv
from bot.domain.reports import Extent, Scope
from bot.domain.requests import Because, Refused
from bot.domain.spans import FIRST_YEAR, LAST_YEAR, Span, known_part
from bot.domain.usage_csv import Grain, KeyCells
from bot.services.context import Actor, Purser, changed, effect, take_in
from bot.services.reporting import Wanted
from bot.services.sights import Sight, meant, seen
from storage import people, usage_export, usage_reports
from storage.engine import Session
from storage.usage_reports import Chosen, KeyOf

FILE = "slack.file"
"""The effect that sends it."""
MOST_ROWS = 200_000
"""What is sent through Slack: some 40 MB, written and uploaded within the lease of its effect."""


_Row = Sequence[Any]
"""As `storage.usage_export` streams it: key, hour, model, counts."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A file that somebody asked for, and who gets it: what the outbox holds of it."""

    member_id: str
    scope: Scope
    span: Span
    grain: Grain

    def payload(self) -> dict[str, Any]:
        """The outbox payload; `from_payload` reads it."""
        return {
            "member_id": self.member_id,
            "extent": str(self.scope.extent),
            "subject_id": self.scope.subject_id,
            "since": self.span.since.isoformat(),
            "until": self.span.until.isoformat(),
            "grain": str(self.grain),
        }

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Ordered:
        """Read what `payload` wrote."""
        return cls(
            payload["member_id"],
            Scope(Extent(payload["extent"]), payload["subject_id"]),
            Span(date.fromisoformat(payload["since"]), date.fromisoformat(payload["until"])),
            Grain(payload["grain"]),
        )


@dataclass(frozen=True, slots=True)
class Exporting:
    """A file that is on its way."""

    name: str
    """How people call what it is of."""
    span: Span


def export_to_me(
    purser: Purser, actor: Actor, channel_id: str, wanted: Wanted, grain: Grain = Grain.DAY
) -> Exporting | Refused:
    """Send the asker a file with the usage that they mean, typed in this channel, by direct message."""
    with purser.books.reading() as session:
        sight = _sight(session, purser, actor, channel_id, wanted)
        if isinstance(sight, Refused):
            return sight
        span = known_part(wanted.span, purser.now().date())
        refused = _nothing(wanted.span) if span is None else _unfit(session, sight, span)
    if refused is not None or span is None:
        return refused or _nothing(wanted.span)
    ordered = Ordered(actor.id, sight.scope, span, grain)
    with purser.deciding() as session:
        take_in(session, actor)
        now = purser.now()
        changed(session, now)
        stream = f"file:{actor.id}"  # of its own: a long upload holds up nothing else they are to read
        effect(session, now, stream=stream, name=FILE, payload=ordered.payload(), once=actor.delivery)
    return Exporting(sight.name, span)


def lines(
    session: Session,
    chosen: Chosen,
    span: Span,
    *,
    grain: Grain = Grain.DAY,
    is_open: Callable[[KeyOf], bool] | None = None,
) -> Iterator[str]:
    """The table of these keys' usage, each line with its end: by label, then time, then model. Streams: any size.

    Keys that are not open are added up, and come last.
    """
    keys = usage_reports.chosen_keys(session, chosen)
    shown = sorted(key_id for key_id, key in keys.items() if is_open is None or is_open(key))
    yield usage_csv.heading()
    cells = _Cells(session, keys)
    if len(shown) == len(keys):
        yield from _lines(usage_export.rows(session, chosen, span), cells.of, grain)
        return
    if shown:
        yield from _lines(usage_export.rows(session, chosen, span, shown), cells.of, grain)
    others = cells.of_others(set(keys) - set(shown))
    sums = usage_export.sums(session, chosen, span, shown, by_hour=grain is Grain.HOUR)
    yield from _lines(sums, lambda _: others, grain)


def keys_named(session: Session, team: str | None, project: str | None) -> Chosen:
    """The keys of a team, of a project, or of a team's project; all there are without names. Raises ValueError."""
    teams = people.all_teams(session)
    if team is not None:
        found = [one for one in teams if one.name == team]
        if not found:
            raise ValueError(f"No team is called {team!r}. {_there_is(one.name for one in teams)}")
        teams = found
    if project is None:
        return Chosen() if team is None else usage_reports.of_team(teams[0].id)
    projects = [(one, named) for one in teams for named in people.projects_of(session, one.id)]
    meant_by_it = [(one, named) for one, named in projects if named.name == project]
    if not meant_by_it:
        raise ValueError(f"No project is called {project!r}. {_there_is(named.name for _, named in projects)}")
    if len(meant_by_it) > 1:
        names = ", ".join(one.name for one, _ in meant_by_it)
        raise ValueError(f"Several teams have a project {project!r}: {names}. Say --team NAME as well.")
    one, named = meant_by_it[0]
    return Chosen(team_ids=(one.id,), project_id=named.id)


def days_named(since: str | None, until: str | None, today: date) -> Span:
    """The UTC days from the first to the last named, both included; 30 days up to today without names.

    Raises ValueError.
    """
    last = today if until is None else _day("--until", until)
    first = last - timedelta(days=29) if since is None else _day("--since", since)
    if first > last:
        raise ValueError(f"--since {first} is after --until {last}.")
    return Span(first, last + timedelta(days=1))


def _day(option: str, typed: str) -> date:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise ValueError(f"{option} is a day such as 2026-11-21, not {typed!r}.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{option} is a day from {FIRST_YEAR} to {LAST_YEAR}, not {typed!r}.")
    return day


def _there_is(names: Iterable[str]) -> str:
    known = sorted(set(names))
    return f"There is: {', '.join(known)}." if known else "There is none."


def _lines(batches: Iterator[Sequence[_Row]], cells: Callable[[str], str], grain: Grain) -> Iterator[str]:
    """One line for each key, time and model. A gateway that tells hours has several rows of one day."""
    chars = usage_export.HOUR_CHARS if grain is Grain.HOUR else usage_export.DAY_CHARS
    models = _Models()
    at = ("", "")
    together: list[_Row] = []
    when = key = ""
    for batch in batches:
        for row in batch:
            here = (row[0], row[1][:chars])
            if here == at:
                together.append(row)
                continue
            yield from _told(when, key, together, models)
            if here[0] != at[0] or not key:
                key = cells(here[0])
            at, together = here, [row]
            when = f"{here[1][: usage_export.DAY_CHARS]},{here[1][usage_export.DAY_CHARS + 1 :]}"
    yield from _told(when, key, together, models)


def _told(when: str, key: str, rows: list[_Row], models: _Models) -> list[str]:
    """The lines of one key at one time, by model."""
    if len(rows) == 1:
        return [usage_csv.line(when, key, models[rows[0][2]], rows[0][3:])]
    sums: dict[str, Sequence[int]] = {}
    for _, _, model, *counts in rows:
        earlier = sums.get(model)
        sums[model] = counts if earlier is None else list(map(int.__add__, earlier, counts))
    return [usage_csv.line(when, key, models[model], sums[model]) for model in sorted(sums)]


class _Models(dict[str, str]):
    """The cell of each model, made once."""

    def __missing__(self, model: str) -> str:
        self[model] = made = usage_csv.cell(model)
        return made


class _Cells:
    """What lines say of their keys."""

    def __init__(self, session: Session, keys: dict[str, KeyOf]) -> None:
        self._keys = keys
        self._teams = {team.id: team.name for team in people.all_teams(session)}
        self._projects = {
            project.id: project.name
            for team_id in {key.team_id for key in keys.values() if key.project_id}
            for project in people.projects_of(session, team_id)
        }
        ids = {person for key in keys.values() for person in (key.holder_id, key.lead_id) if person}
        self._names = {person.id: person.name for person in people.members(session, ids)}

    def of(self, key_id: str) -> str:
        """The cells of one key."""
        key = self._keys[key_id]
        lead_id = key.lead_id or ""
        return usage_csv.cells(
            KeyCells(
                gateway=key.gateway,
                team=self._teams.get(key.team_id, key.team_id),
                project=self._projects.get(key.project_id or "", ""),
                key=key.label,
                kind=key.kind,
                holder_id=key.holder_id,
                holder_name=self._names.get(key.holder_id, ""),
                lead_id=lead_id,
                lead_name=self._names.get(lead_id, ""),
            )
        )

    def of_others(self, key_ids: set[str]) -> str:
        """The cells of keys that are added up: what is the same for all of them."""
        teams = {self._keys[key_id].team_id for key_id in key_ids}
        team = self._teams.get(teams.pop(), "") if len(teams) == 1 else ""
        return usage_csv.cells(KeyCells("", team, "", usage_csv.OTHERS, *[""] * 5))


def _sight(session: Session, purser: Purser, actor: Actor, channel_id: str, wanted: Wanted) -> Sight | Refused:
    scope = meant(session, purser, actor.member, channel_id, wanted.extent, wanted.name)
    return scope if isinstance(scope, Refused) else seen(session, purser, actor.member, scope)


def _unfit(session: Session, sight: Sight, span: Span) -> Refused | None:
    """Why there is no file to send: too much for Slack, or nothing."""
    rows = usage_export.count(session, sight.chosen, span, most=MOST_ROWS)
    if rows > MOST_ROWS:
        text = (
            f"That is more than Purser sends through Slack: over {MOST_ROWS:,} lines. Ask for fewer days, or for one "
            "team or project. Whoever runs Purser can write all of it with `purser usage export`."
        )
        return Refused(Because.TOO_LARGE, text)
    return None if rows else Refused(Because.NOT_FOUND, f"No usage of {sight.name} is known {days(span)}.")


def _nothing(span: Span) -> Refused:
    return Refused(Because.TOO_LATE, f"{span.since:%Y-%m-%d} is still to come, so there is no usage to export yet.")


def days(span: Span) -> str:
    """`on 2026-11-21 (UTC)`, `from 2026-11-01 to 2026-11-21 (UTC)`."""
    if span.days == 1:
        return f"on {span.since.isoformat()} (UTC)"
    return f"from {span.since.isoformat()} to {span.last.isoformat()} (UTC)"


def written_at(at: datetime) -> str:
    """A moment as our sentences have it: `2026-11-21 18:25 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
