"""The figures of digests that go to one person: their own use, and the roll-up across teams for a workspace's owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.apportion import apportion
from bot.domain.budgets import Layer
from bot.domain.digests import Audience, Cause, Course, DigestState, Figures, Rank, Troubles, Week, Why
from bot.domain.movement import causes
from bot.domain.requests import Target
from bot.domain.usage import NOTHING, Totals, total
from bot.services.context import Purser
from bot.services.digest_figures import (
    course_of,
    days_until,
    each_day,
    figures,
    foretold,
    mention,
    month_so_far,
    new_keys,
    ranks,
    read_at,
    undated,
    weekend,
)
from bot.services.digest_troubles import all_troubles, stale
from bot.services.freshness import oldest
from bot.services.keeping import old_keys
from storage import digests, people, usage_reports
from storage.engine import Session
from storage.usage_reports import Chosen


def personal(session: Session, purser: Purser, member_id: str, week: Week) -> Figures:
    """A person's week: the keys that count to them, whichever team they are in, and their own budget."""
    chosen, span = Chosen(member_id=member_id), week.span
    known = usage_reports.chosen_keys(session, chosen)
    now = usage_reports.by_key_and_model(session, chosen, span)
    before = usage_reports.by_key_and_model(session, chosen, span.moved(-7))
    days = days_until(session, chosen, week)
    course = course_of(session, purser, Target(Layer.MEMBER, member_id), mention(member_id), week, days)
    return Figures(
        week=week,
        team_id="",
        name=mention(member_id),
        totals=total(now.values()),
        before=total(before.values()),
        causes=causes(now, before, new_keys(session, chosen, span)),
        days=each_day(days, span),
        days_before=each_day(days, span.moved(-7)),
        models=ranks(now, before, lambda cell: cell[1], str),
        keys=ranks(now, before, lambda cell: cell[0], lambda key_id: known[key_id].label),
        courses=() if course is None else (course,),
        month_micros=month_so_far(days, week),
        forecast=foretold(days, week, None),
        weekend_micros=weekend(days, span),
        unpriced=usage_reports.unpriced(session, chosen, span),
        undated_micros=undated(session, chosen, week),
        read_at=read_at(session, purser, chosen),
        troubles=Troubles(stale=stale(session, purser, week, chosen)),
    )


def roll_up(session: Session, purser: Purser, owner_id: str, week: Week) -> Figures:
    """All teams' weeks in one: each as its own digest told it, or as it would by now."""
    parts = [_of_team(session, purser, team.id, week) for team in people.all_teams(session)]
    totals, before = total(part.totals for part in parts), total(part.before for part in parts)
    members = _merged(part.members for part in parts)
    holders = set(digests.holders(session, None, week.span.begins_at, week.span.ends_at).values())
    return Figures(
        week=week,
        team_id="",
        name=mention(owner_id),
        totals=totals,
        before=before,
        causes=_together([cause for part in parts for cause in part.causes], before),
        days=_by_day(part.days for part in parts),
        days_before=_by_day(part.days_before for part in parts),
        members=members,
        models=_merged(part.models for part in parts),
        teams=_ranked(Rank(part.team_id, part.name, part.totals, part.before) for part in parts),
        courses=tuple(_course(part) for part in parts if part.budget_micros is not None),
        month_micros=sum(part.month_micros for part in parts),
        old_keys=tuple(key for part in parts for key in part.old_keys),
        holders=len(holders),
        active_holders=sum(1 for rank in members if rank.totals.requests and rank.id in holders),
        weekend_micros=sum(part.weekend_micros for part in parts),
        unpriced=_counted(one for part in parts for one in part.unpriced),
        undated_micros=sum(part.undated_micros for part in parts),
        read_at=oldest(part.read_at for part in [part for part in parts if not part.is_quiet] or parts),
        troubles=all_troubles(session, purser, week),
    )


def _of_team(session: Session, purser: Purser, team_id: str, week: Week) -> Figures:
    """What the team was told, but of its old keys those that are old by now: some may have been turned off or kept."""
    told = digests.of_week(session, Audience.TEAM, team_id, week)
    if told is not None and told.state is DigestState.POSTED:
        return replace(told.figures, old_keys=old_keys(session, purser, team_id, purser.now()))
    team = people.team(session, team_id)
    assert team is not None, team_id
    return figures(session, purser, team, week)


def _course(part: Figures) -> Course:
    return Course(part.name, part.budget_micros or 0, part.month_micros, part.forecast)


def _together(parts: Sequence[Cause], before: Totals) -> tuple[Cause, ...]:
    """Each reason over all teams, the greatest first; points are of what all spent the week before."""
    sums: defaultdict[Why, int] = defaultdict(int)
    for cause in parts:
        sums[cause.why] += cause.micros
    found = [(why, micros) for why, micros in sums.items() if micros]
    whole = before.cost_micros
    points = apportion([micros for _, micros in found], whole, 100) if whole > 0 else (None,) * len(found)
    told = [Cause(why, micros, point) for (why, micros), point in zip(found, points, strict=True)]
    return tuple(sorted(told, key=lambda cause: -abs(cause.micros)))


def _by_day(weeks: Iterable[tuple[Totals, ...]]) -> tuple[Totals, ...]:
    return tuple(total(day) for day in zip(*weeks, strict=True))


def _merged(rankings: Iterable[tuple[Rank, ...]]) -> tuple[Rank, ...]:
    """One ranking of several: who is in two teams is in it once."""
    found: dict[str, Rank] = {}
    for rank in (rank for ranking in rankings for rank in ranking):
        was = found.get(rank.id, Rank(rank.id, rank.name, NOTHING))
        found[rank.id] = Rank(rank.id, rank.name, was.totals.plus(rank.totals), was.before.plus(rank.before))
    return _ranked(found.values())


def _ranked(some: Iterable[Rank]) -> tuple[Rank, ...]:
    return tuple(sorted(some, key=lambda rank: (-rank.totals.cost_micros, -rank.totals.requests, rank.id)))


def _counted(some: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    sums: defaultdict[str, int] = defaultdict(int)
    for model, requests in some:
        sums[model] += requests
    return tuple(sorted(sums.items(), key=lambda one: (-one[1], one[0])))
