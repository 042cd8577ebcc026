"""Every figure of a team's weekly digest, worked out from the books. Reads only; sums are made by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.domain.budgets import Layer
from bot.domain.digests import Audience, Course, Figures, Forecast, Rank, Week
from bot.domain.forecast import forecast
from bot.domain.movement import Cell, causes
from bot.domain.people import Project, Team
from bot.domain.periods import month_of
from bot.domain.requests import Target
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals, total
from bot.services.context import Purser
from bot.services.digest_troubles import team_troubles
from bot.services.freshness import freshness, oldest
from bot.services.keeping import old_keys
from bot.services.zones import zone
from storage import budgets, digests, people, usage_reports
from storage.engine import Session
from storage.live_hours import off_hours
from storage.usage_reports import Chosen, KeyOf

LOOK_BACK_DAYS = 56
"""How far back days are read, for the forecast and for the week before."""
_INSTANT = timedelta(microseconds=1)
Cells = Mapping[Cell, Totals]
Days = Mapping[date, Totals]


def figures(session: Session, purser: Purser, team: Team, week: Week) -> Figures:
    """What there is to say of a team's week, as the books know it at this moment."""
    chosen, span = usage_reports.of_team(team.id), week.span
    known = usage_reports.chosen_keys(session, chosen)
    now = usage_reports.by_key_and_model(session, chosen, span)
    before = usage_reports.by_key_and_model(session, chosen, span.moved(-7))
    days = days_until(session, chosen, week)
    timed = off_hours(session, chosen, span, zone(team.time_zone))
    course = course_of(session, purser, Target(Layer.TEAM, team.id), team.name, week, days)
    holders = digests.holders(session, team.id, span.begins_at, span.ends_at)
    projects = people.projects_of(session, team.id)
    return Figures(
        week=week,
        team_id=team.id,
        name=team.name,
        totals=total(now.values()),
        before=total(before.values()),
        causes=causes(now, before, new_keys(session, chosen, span)),
        days=each_day(days, span),
        days_before=each_day(days, span.moved(-7)),
        members=ranks(now, before, lambda cell: known[cell[0]].counts_to, mention),
        models=ranks(now, before, lambda cell: cell[1], str),
        projects=_projects(now, before, known, projects),
        courses=_courses(session, purser, projects, week),
        budget_micros=None if course is None else course.budget_micros,
        month_micros=month_so_far(days, week),
        forecast=foretold(days, week, None) if course is None else course.forecast,
        old_keys=old_keys(session, purser, team.id, purser.now()),
        holders=len(set(holders.values())),
        active_holders=len(active(now, holders)),
        weekend_micros=weekend(days, span),
        off_hours_micros=None if timed is None else timed.off_micros,
        timed_micros=0 if timed is None else timed.micros,
        unpriced=usage_reports.unpriced(session, chosen, span),
        undated_micros=undated(session, chosen, week),
        time_zone=team.time_zone,
        read_at=read_at(session, purser, chosen),
        troubles=team_troubles(session, purser, team, week),
        skipped=tuple(one.name for one in digests.skipped_before(session, Audience.TEAM, team.id, week)),
    )


def days_until(session: Session, chosen: Chosen, week: Week) -> Days:
    """What each of the days up to the end of the week came to, eight weeks of them."""
    until = week.span.until
    return usage_reports.by_day(session, chosen, Span(until - timedelta(days=LOOK_BACK_DAYS), until))


def each_day(days: Days, span: Span) -> tuple[Totals, ...]:
    """Every day of the span, those without usage as well."""
    return tuple(days.get(day, NOTHING) for day in span.each())


def weekend(days: Days, span: Span) -> int:
    """What was spent on Saturday and Sunday, UTC."""
    return sum(days.get(day, NOTHING).cost_micros for day in span.each() if day.weekday() >= 5)


def new_keys(session: Session, chosen: Chosen, span: Span) -> set[str]:
    """Keys that were first used in the span."""
    return {key_id for key_id, day in usage_reports.first_use(session, chosen).items() if day in span}


def active(now: Cells, holders: Mapping[str, str]) -> set[str]:
    """Those of the holders, by key, who used a key of theirs."""
    used = {key_id for (key_id, _), totals in now.items() if totals.requests}
    return {person for key_id, person in holders.items() if key_id in used}


def ranks(now: Cells, before: Cells, part: Callable[[Cell], str], name: Callable[[str], str]) -> tuple[Rank, ...]:
    """What each part came to, in the week and the one before: the biggest spender first."""
    is_now, was = _summed(now, part), _summed(before, part)
    found = [Rank(one, name(one), is_now.get(one, NOTHING), was.get(one, NOTHING)) for one in {*is_now, *was}]
    return tuple(sorted(found, key=lambda rank: (-rank.totals.cost_micros, -rank.totals.requests, rank.id)))


def mention(user_id: str) -> str:
    """How a person is named in figures."""
    return f"<@{user_id}>"


def course_of(session: Session, purser: Purser, target: Target, name: str, week: Week, days: Days) -> Course | None:
    """How a budget stood at the end of the week, and where it was heading; None where none is set."""
    policy = purser.policy
    default = policy.member_budget_micros if target.layer is Layer.MEMBER else None
    at = week.span.ends_at - _INSTANT
    layer, subject_id, hard = target.layer, target.subject_id, policy.hard_budgets
    limit = budgets.state(session, layer, subject_id, name, at, default_micros=default, default_hard=hard)
    if limit is None:
        return None
    budget = limit.budget_micros
    return Course(name, budget, month_so_far(days, week), foretold(days, week, budget))


def month_so_far(days: Days, week: Week) -> int:
    """What usage dates in the month in which the week ended, up to its end."""
    month = _month_of(week)
    return sum(totals.cost_micros for day, totals in days.items() if f"{day:%Y-%m}" == month and day < week.span.until)


def foretold(days: Days, week: Week, budget_micros: int | None) -> Forecast | None:
    """Where the month will end; None where it ended with the week, and while too little is known."""
    until = week.span.until
    if until.day == 1:
        return None
    costs = [(day, totals.cost_micros) for day, totals in sorted(days.items())]
    return forecast(costs, until, budget_micros, month_so_far(days, week))


def read_at(session: Session, purser: Purser, chosen: Chosen) -> datetime | None:
    """The oldest moment at which a gateway concerned told all its usage; None when one never did."""
    return oldest(one.read_at for one in freshness(session, purser, chosen))


def undated(session: Session, chosen: Chosen, week: Week) -> int:
    """What live totals know of the month in which the week ended, and no usage dates."""
    return usage_reports.undated_micros(session, chosen, _month_of(week))


def _projects(now: Cells, before: Cells, known: Mapping[str, KeyOf], projects: Sequence[Project]) -> tuple[Rank, ...]:
    """By project, keys of none among them; nothing where the team has no project."""
    names = {project.id: project.name for project in projects}
    found = ranks(now, before, lambda cell: known[cell[0]].project_id or "", lambda one: names.get(one, ""))
    return found if any(rank.id for rank in found) else ()


def _courses(session: Session, purser: Purser, projects: Sequence[Project], week: Week) -> tuple[Course, ...]:
    """The budgets of the team's projects that anything was charged to."""
    found = []
    for project in projects:
        days = days_until(session, Chosen(project_id=project.id), week)
        target, name = Target(Layer.PROJECT, project.id), f"project {project.name}"
        found.append(course_of(session, purser, target, name, week, days) if days else None)
    return tuple(course for course in found if course is not None)


def _summed(cells: Cells, part: Callable[[Cell], str]) -> dict[str, Totals]:
    parts: defaultdict[str, list[Totals]] = defaultdict(list)
    for cell, totals in cells.items():
        parts[part(cell)].append(totals)
    return {one: total(several) for one, several in parts.items()}


def _month_of(week: Week) -> str:
    """The month in which the week ended."""
    return month_of(week.span.ends_at - _INSTANT)
