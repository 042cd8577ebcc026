"""Usage summed for reports: by model, key, person, project, team or day, over whole UTC days.

The database makes the sums. What is asked for costs what its keys and days cost, however much history there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from bot.domain.keys import KeyState
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals
from storage import usage_report_statements as sql


@dataclass(frozen=True, slots=True)
class Chosen:
    """Keys whose usage is summed: all there are, narrowed by every field that is given."""

    team_ids: tuple[str, ...] | None = None
    project_id: str | None = None
    member_id: str | None = None
    """Who it counts to: who holds a temporary or member key, who leads any other."""
    key_ids: tuple[str, ...] | None = None


EVERYTHING = Chosen()


def of_team(team_id: str) -> Chosen:
    """The keys of one team."""
    return Chosen(team_ids=(team_id,))


class KeyOf(NamedTuple):
    """What a report says of a key."""

    id: str
    label: str
    kind: str
    gateway: str
    team_id: str
    project_id: str | None
    holder_id: str
    lead_id: str | None
    counts_to: str
    """The person it counts to."""


def chosen_keys(session: Session, chosen: Chosen) -> dict[str, KeyOf]:
    """The chosen keys by id, whether used or not."""
    return {row.id: KeyOf(*row) for row in session.execute(sql.keys(_narrow(chosen)), _asked(chosen))}


class ProjectOf(NamedTuple):
    """What a report says of a project."""

    id: str
    name: str
    team: str
    """The team's name."""


def team_names(session: Session) -> dict[str, str]:
    """Every team's name, by its id."""
    return {row.id: row.name for row in session.execute(sql.TEAMS)}


def projects(session: Session) -> dict[str, ProjectOf]:
    """Every project, by its id."""
    return {row.id: ProjectOf(*row) for row in session.execute(sql.PROJECTS)}


def gateways(session: Session, chosen: Chosen, states: Collection[KeyState] | None = None) -> list[str]:
    """Where the chosen keys live, by name; where given, only keys in these states."""
    if states is None:
        return [row.gateway for row in session.execute(sql.gateways(_narrow(chosen)), _asked(chosen))]
    asked = _asked(chosen) | {"states": sorted(states)}
    return [row.gateway for row in session.execute(sql.gateways(frozenset(asked)), asked)]


def whole(session: Session, chosen: Chosen, span: Span) -> Totals:
    """All of it."""
    return next((totals for _, totals in _sums(session, chosen, span, ())), NOTHING)


def by_model(session: Session, chosen: Chosen, span: Span) -> dict[str, Totals]:
    """By the model's name."""
    return {row.model: totals for row, totals in _sums(session, chosen, span, ("model",))}


def by_key(session: Session, chosen: Chosen, span: Span) -> dict[str, Totals]:
    """By the key's id; keys that were not used are left out."""
    return {row.key_id: totals for row, totals in _sums(session, chosen, span, ("key_id",))}


def by_member(session: Session, chosen: Chosen, span: Span) -> dict[str, Totals]:
    """By the Slack user id of the person that a key counts to."""
    return {row.member: totals for row, totals in _sums(session, chosen, span, ("member",))}


def by_project(session: Session, chosen: Chosen, span: Span) -> dict[str, Totals]:
    """By the project's id; empty for keys of no project."""
    return {row.project: totals for row, totals in _sums(session, chosen, span, ("project",))}


def by_team(session: Session, chosen: Chosen, span: Span) -> dict[str, Totals]:
    """By the team's id."""
    return {row.team: totals for row, totals in _sums(session, chosen, span, ("team",))}


def by_day(session: Session, chosen: Chosen, span: Span) -> dict[date, Totals]:
    """By the UTC day; days without usage are left out."""
    return {date.fromisoformat(row.day): totals for row, totals in _sums(session, chosen, span, ("day",))}


def by_key_and_model(session: Session, chosen: Chosen, span: Span) -> dict[tuple[str, str], Totals]:
    """By the key's id and the model's name."""
    return {(row.key_id, row.model): totals for row, totals in _sums(session, chosen, span, ("key_id", "model"))}


def by_key_and_day(session: Session, chosen: Chosen, span: Span) -> dict[tuple[str, date], Totals]:
    """By the key's id and the UTC day."""
    found = _sums(session, chosen, span, ("key_id", "day"))
    return {(row.key_id, date.fromisoformat(row.day)): totals for row, totals in found}


def unpriced(session: Session, chosen: Chosen, span: Span) -> tuple[tuple[str, int], ...]:
    """Models that were used without a price, with the number of requests, the most first."""
    found = session.execute(sql.unpriced(_narrow(chosen)), _asked(chosen) | _days(span))
    return tuple((row.model, row.requests) for row in found)


def undated_micros(session: Session, chosen: Chosen, month: str) -> int:
    """What these keys have spent up to and in the month, by live totals, that no usage dates."""
    return int(session.execute(sql.undated(_narrow(chosen)), _asked(chosen) | {"month": month}).scalar_one())


def first_use(session: Session, chosen: Chosen) -> dict[str, date]:
    """The first UTC day on which each of the keys was used; keys that never were are left out."""
    found = session.execute(sql.first_use(_narrow(chosen)), _asked(chosen))
    return {row.id: date.fromisoformat(row.day) for row in found if row.day is not None}


def _sums(session: Session, chosen: Chosen, span: Span, by: tuple[str, ...]) -> Iterator[tuple[Row[Any], Totals]]:
    statement = sql.sums(_narrow(chosen), by)
    for row in session.execute(statement, _asked(chosen) | _days(span)):
        if row.requests is not None:
            yield row, Totals(*row[len(by) :])


def _narrow(chosen: Chosen) -> frozenset[str]:
    return frozenset(_asked(chosen))


def _asked(chosen: Chosen) -> dict[str, object]:
    """The fields that are given, as parameters of a statement."""
    given: dict[str, str | Collection[str] | None] = {
        "team_ids": chosen.team_ids,
        "project_id": chosen.project_id,
        "member_id": chosen.member_id,
        "key_ids": chosen.key_ids,
    }
    return {name: value for name, value in given.items() if value is not None}


def _days(span: Span) -> dict[str, object]:
    days = {"first_day": span.since.isoformat(), "end_day": span.until.isoformat()}
    return {**days, "since": span.begins_at, "until": span.ends_at}
