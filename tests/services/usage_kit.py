"""A company that has used its keys for months, made from a seed; and its usage added up by hand, row by row.

The adding up knows nothing of the code it checks: lists, dates, and the rules as people would tell them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.people import Authority, Member, Project, Role, Team
from bot.domain.reports import Extent, Grouping, Report, Scope
from bot.domain.spans import Span
from bot.domain.usage import Totals, Usage
from storage import budgets, people, usage
from storage.engine import Session
from storage.tables import KeyRow
from tests.company import ANA, BEN, GUS, OLGA, OMAR, WORKSPACE, Company, person
from tests.fakes import MortalBooks
from tests.storage.spending import GATEWAY, a_key, put

FAY, DAN, LEA, ZOE = person("fay"), person("dan"), person("lea"), person("zoe", is_departed=True)
TODAY = date(2026, 11, 20)
"""As `tests.fakes.NOON`."""
USD = 1_000_000
MODELS = ("mock-gpt", "mock-large", "a/model:2026", "free-model")


@dataclass(frozen=True)
class KeyPlan:
    """One key, as the plain sums know it."""

    id: str
    kind: KeyKind
    team: str
    holder: str
    lead: str | None = None
    project: str | None = None

    @property
    def counts_to(self) -> str:
        if self.kind in (KeyKind.TEMPORARY, KeyKind.MEMBER) or self.lead is None:
            return self.holder
        return self.lead


TEAMS = {
    "t-search": Team("t-search", "search", "C0SEARCH", (OMAR.id,), (ANA.id, BEN.id, GUS.id)),
    "t-ads": Team("t-ads", "ads", "C0ADS", (LEA.id,), (ANA.id, DAN.id)),
    "t-empty": Team("t-empty", "empty", "C0EMPTY", (LEA.id,), ()),
}
PROJECTS = {
    "p-rank": Project("p-rank", "t-search", "reranker", BEN.id),
    "p-feed": Project("p-feed", "t-search", "feed", ANA.id),
    "p-bids": Project("p-bids", "t-ads", "bids", DAN.id),
    "p-rank-ads": Project("p-rank-ads", "t-ads", "reranker", LEA.id),
}
KEYS = (
    KeyPlan("ana-1", KeyKind.TEMPORARY, "t-search", ANA.id),
    KeyPlan("ana-2", KeyKind.MEMBER, "t-ads", ANA.id, project="p-bids"),
    KeyPlan("ben-1", KeyKind.MEMBER, "t-search", BEN.id, project="p-rank"),
    KeyPlan("zoe-1", KeyKind.TEMPORARY, "t-search", ZOE.id),
    KeyPlan("zoe-2", KeyKind.AUTOMATION, "t-search", ZOE.id, lead=BEN.id),
    KeyPlan("rank-1", KeyKind.PROJECT, "t-search", ANA.id, lead=BEN.id, project="p-rank"),
    KeyPlan("feed-1", KeyKind.PROJECT, "t-search", BEN.id, lead=ANA.id, project="p-feed"),
    KeyPlan("bids-1", KeyKind.PROJECT, "t-ads", DAN.id, lead=DAN.id, project="p-bids"),
    KeyPlan("evals-1", KeyKind.AUTOMATION, "t-ads", DAN.id, lead=LEA.id, project="p-rank-ads"),
    KeyPlan("old-1", KeyKind.AUTOMATION, "t-ads", DAN.id),
    KeyPlan("unused-1", KeyKind.TEMPORARY, "t-search", ANA.id),
)
EVERYBODY = (OLGA, OMAR, ANA, BEN, GUS, FAY, DAN, LEA, ZOE)


@dataclass
class Ground:
    """The company, its keys as they are now, and every row of usage that was told."""

    company: Company
    keys: dict[str, KeyPlan]
    rows: dict[tuple[str, str, datetime], Usage] = field(default_factory=dict)
    """By key, model and hour: what was told last."""

    def tell(self, rows: Iterable[Usage], *, written: date = date(2028, 1, 1)) -> None:
        """Have these rows read, as late as on that day."""
        told = list(rows)
        for row in told:
            self.rows[row.handle.removeprefix("h-"), row.model, row.hour] = row
        with self.company.books.transaction() as session:
            usage.write(session, GATEWAY, told, datetime(written.year, written.month, written.day, tzinfo=UTC))

    def hand_over(self, key_id: str, *, holder: Member | None = None, lead: Member | None = None) -> None:
        """The key changes hands."""
        key = self.keys[key_id]
        key = replace(key, holder=holder.id if holder else key.holder, lead=lead.id if lead else key.lead)
        self.keys[key_id] = key
        with self.company.books.transaction() as session:
            row = session.get(KeyRow, key_id)
            assert row is not None
            row.holder_id, row.lead_id = key.holder, key.lead

    def at(self, day: date) -> None:
        """It is noon on that day."""
        self.company.clock.at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    def person(self, member_id: str) -> Member:
        return next(each for each in EVERYBODY if each.id == member_id)


def made(books: MortalBooks) -> Ground:
    """Teams, projects, people and keys; nothing used yet."""
    company = Company(books)
    authority = Authority(WORKSPACE, frozenset({OLGA.id}), frozenset({FAY.id}))
    company.purser = replace(company.purser, authority=authority)
    company.directory.everybody |= {each.id: each for each in EVERYBODY}
    with books.transaction() as session:
        _found(session, company.clock.now())
    return Ground(company, {key.id: key for key in KEYS})


def _found(session: Session, now: datetime) -> None:
    for each in EVERYBODY:
        people.save_member(session, each, now)
    for team in TEAMS.values():
        people.add_team(session, team, OLGA.id, now)
        for role, ids in ((Role.OWNER, team.owner_ids), (Role.MEMBER, team.member_ids)):
            for member_id in ids:
                people.set_role(session, team.id, member_id, role, now)
        budgets.set_monthly(session, f"b-{team.id}", Layer.TEAM, team.id, 900 * USD, now)
    for project in PROJECTS.values():
        people.add_project(session, project, now)
    for plan in KEYS:
        others: dict[str, Any] = {"kind": plan.kind, "team_id": plan.team, "project_id": plan.project}
        put(session, a_key(plan.id, holder_id=plan.holder, lead_id=plan.lead, **others))


def drawn(seed: int, since: date, until: date, per_day: float = 0.5) -> Iterator[Usage]:
    """Rows of most keys on about so many days, some by the hour, some without a price, most with odd figures."""
    dice = random.Random(seed)
    for plan in KEYS[:-1]:
        day = since
        while day < until:
            if dice.random() < per_day:
                for model in dice.sample(MODELS, dice.randint(1, 3)):
                    hour = dice.choice((0, 0, 1, 12, 23))
                    yield _row(dice, plan.id, model, datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
            day += timedelta(days=1)


def _row(dice: random.Random, key_id: str, model: str, hour: datetime) -> Usage:
    requests = dice.choice((1, 2, 40, 3_000, 2_000_000))
    failures = dice.randint(0, requests // 2)
    is_unpriced = model == "free-model"
    tokens = dice.randint(1, 10**9)
    return Usage(
        f"h-{key_id}",
        model,
        hour,
        requests,
        failures,
        dice.randint(0, 3),
        requests - failures,
        tokens,
        dice.randint(0, tokens),
        dice.randint(0, 10**7),
        0 if is_unpriced else dice.choice((1, 7, 999_999, dice.randint(1, 10**9))),
        requests - failures if is_unpriced else 0,
    )


# --- adding up by hand ---


def wanted_keys(ground: Ground, scope: Scope, teams: Iterable[str] = tuple(TEAMS)) -> set[str]:
    """The keys that a scope is about."""
    belongs: dict[Extent, Callable[[KeyPlan], bool]] = {
        Extent.MEMBER: lambda key: key.counts_to == scope.subject_id,
        Extent.TEAM: lambda key: key.team == scope.subject_id,
        Extent.PROJECT: lambda key: key.project == scope.subject_id,
        Extent.KEY: lambda key: key.id == scope.subject_id,
        Extent.ALL: lambda key: True,
    }
    return {key.id for key in ground.keys.values() if belongs[scope.extent](key) and key.team in set(teams)}


def paired(span: Span, today: date) -> list[tuple[date, date]]:
    """Each day of the span that is over and is compared, with the day it is compared with."""
    days = [span.since + timedelta(days=number) for number in range((span.until - span.since).days)]
    over = [day for day in days if day < today]
    is_week = len(days) == 7 and days[0].weekday() == 0
    if days[0].day == 1 and days[-1].month == days[0].month and len(days) <= 31 and not is_week:
        found = []
        for day in over:
            year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
            try:
                found.append((day, date(year, month, day.day)))
            except ValueError:
                break
        return found
    return [(day, day - timedelta(days=len(days))) for day in over]


def group_of(key: KeyPlan, row: Usage, by: Grouping) -> str:
    match by:
        case Grouping.MODEL:
            return row.model
        case Grouping.MEMBER:
            return key.counts_to
        case Grouping.PROJECT:
            return key.project or ""
        case Grouping.KEY:
            return key.id
        case Grouping.DAY:
            return row.hour.date().isoformat()
        case Grouping.TEAM:
            return key.team


def added(rows: Iterable[Usage]) -> Totals:
    sums = [0] * 9
    for row in rows:
        sums = [one + other for one, other in zip(sums, row[3:], strict=True)]
    return Totals(*sums)


Figures = dict[str, tuple[Totals, Totals, Totals]]
"""Of each part: in the span, in the days compared, and in those they are compared with."""


def by_hand(ground: Ground, keys: set[str], span: Span, by: Grouping, today: date) -> Figures:
    """What a report should say of each part that was used at all; of days, all that are known."""
    pairs = paired(span, today)
    known = {day for day in span.each() if day <= today}
    now, before = dict(pairs), {earlier: day for day, earlier in pairs}
    rows = [(ground.keys[key_id], row) for (key_id, _, _), row in ground.rows.items() if key_id in keys]
    groups = {day.isoformat() for day in known} if by is Grouping.DAY else set()
    inside, compared, earlier = [], [], []
    for key, row in rows:
        day = row.hour.date()
        if day in known:
            inside.append((group_of(key, row, by), row))
        if day in now:
            compared.append((group_of(key, row, by), row))
        if day in before:
            group = before[day].isoformat() if by is Grouping.DAY else group_of(key, row, by)
            earlier.append((group, row))
    groups |= {group for group, row in (*inside, *earlier) if any(row[3:])}
    columns = (inside, compared, earlier)
    return {one: tuple(added(row for group, row in rows if group == one) for rows in columns) for one in groups}  # type: ignore[misc]


def told(report: Report) -> Figures:
    """What a report says of each part."""
    return {part.id: (part.totals, part.now, part.before) for part in report.parts}
