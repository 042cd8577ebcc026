"""What `/ai-usage` answers, and what Home and the digest say of usage: sums of rows, with all that they leave out.

A report shows usage that gateways have dated. What live totals know and no usage dates yet stands beside it, and so do
requests that no price is known for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import Freshness
from bot.domain.people import Member
from bot.domain.periods import month_of, month_start
from bot.domain.reports import USUAL, Asked, Extent, Grouping, Part, Question, Report
from bot.domain.requests import Because, Refused, Target
from bot.domain.spans import Span, compared, known_part
from bot.domain.usage import NOTHING, Totals, total
from bot.services.context import Actor, Purser
from bot.services.freshness import freshness
from bot.services.limits import limit
from bot.services.sights import Sight, meant, seen
from storage import asked as questions
from storage import usage_reports
from storage.engine import Session
from storage.usage_reports import Chosen, KeyOf

__all__ = ["Wanted", "again", "asked", "keep_asked", "report", "report_of"]

_LAYERS = {
    Extent.TEAM: Layer.TEAM,
    Extent.PROJECT: Layer.PROJECT,
    Extent.MEMBER: Layer.MEMBER,
    Extent.KEY: Layer.KEY,
}
_SUMS: Mapping[Grouping, Callable[[Session, Chosen, Span], Mapping[Any, Totals]]] = {
    Grouping.MODEL: usage_reports.by_model,
    Grouping.MEMBER: usage_reports.by_member,
    Grouping.PROJECT: usage_reports.by_project,
    Grouping.KEY: usage_reports.by_key,
    Grouping.TEAM: usage_reports.by_team,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed."""

    extent: Extent
    span: Span
    name: str = ""
    """The team's or project's name, the key's label, or the person's Slack user id, as typed; empty for oneself, the
    team of the channel, and all."""
    by: Grouping | None = None
    """None for what is usual for the extent."""


def report(purser: Purser, actor: Actor, channel_id: str, wanted: Wanted) -> Report | Refused:
    """The answer to what somebody typed in this channel."""
    with purser.books.reading() as session:
        scope = meant(session, purser, actor.member, channel_id, wanted.extent, wanted.name)
        if isinstance(scope, Refused):
            return scope
        question = Question(scope, wanted.span, wanted.by or USUAL[wanted.extent])
        return report_of(session, purser, question, viewer=actor.member)


def report_of(
    session: Session, purser: Purser, question: Question, *, viewer: Member | None = None, at: datetime | None = None
) -> Report | Refused:
    """The answer to a question, as far as this person may see it; all of it where nobody in particular looks.

    `at` is the moment it is asked at, now by default: what is dated after that day is in no figure.
    """
    sight = seen(session, purser, viewer, question.scope)
    if isinstance(sight, Refused):
        return sight
    today = (at or purser.now()).date()
    known = known_part(question.span, today)
    if known is None:
        text = f"{question.span.since:%Y-%m-%d} is still to come. The last 30 days: `30d`; this month: `month`."
        return Refused(Because.TOO_LATE, text)
    return _Answer(session, purser, question, sight, known, today).made()


def again(purser: Purser, actor: Actor, asked_id: str) -> tuple[Asked, Report] | Refused:
    """The answer to a question that this person asked before, for the same days, as the books have it now."""
    with purser.books.reading() as session:
        kept = questions.get(session, asked_id)
        if kept is None or kept.member_id != actor.id:
            return Refused(Because.NOT_FOUND, "This answer is older than a day. Type the command again.")
        made = report_of(session, purser, kept.question, viewer=actor.member, at=kept.at)
        return made if isinstance(made, Refused) else (kept, made)


def keep_asked(purser: Purser, actor: Actor, question: Question, *, page: int = 1, at: datetime | None = None) -> Asked:
    """Write down what was asked, for a day, so that its pages and its posting show the same days.

    `at` is when it was asked first, where this is another page of it.
    """
    kept = Asked(purser.ids.new("asked"), actor.id, question, at or purser.now(), page)
    with purser.books.transaction() as session:
        questions.keep(session, kept)
    return kept


def asked(purser: Purser, asked_id: str) -> Asked | None:
    """What was asked, or None when that is longer ago than a day."""
    with purser.books.reading() as session:
        return questions.get(session, asked_id)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer in the making."""

    session: Session
    purser: Purser
    question: Question
    sight: Sight
    known: Span
    """The days of the question that are not to come."""
    today: date

    def made(self) -> Report:
        days = usage_reports.by_day(self.session, self.sight.chosen, self.known)
        spans = compared(self.question.span, self.today)
        days_before = {} if spans is None else usage_reports.by_day(self.session, self.sight.chosen, spans[1])
        whole = total(days.values())
        parts, withheld = self._parts(days, days_before)
        return Report(
            question=self.question,
            name=self.sight.name,
            team_name="" if self.sight.team is None else self.sight.team.name,
            parts=parts,
            whole=whole,
            now=NOTHING if spans is None else total(one for day, one in days.items() if day in spans[0]),
            before=total(days_before.values()),
            compared=spans,
            days=tuple((day, days.get(day, NOTHING)) for day in self.known.each()),
            freshness=self._fresh(),
            undated_micros=self._undated(),
            unpriced=self._unpriced(whole),
            budget=self._budget(),
            withheld=withheld,
            untold_retries=tuple(one.gateway for one in self._fresh() if not self._tells_retries(one.gateway)),
        )

    # --- the parts ---

    def _parts(self, days: Mapping[date, Totals], days_before: Mapping[date, Totals]) -> tuple[tuple[Part, ...], int]:
        if self.question.by is Grouping.DAY:
            return self._days(days, days_before), 0
        found = self._sums()
        keys = usage_reports.chosen_keys(self.session, self.sight.chosen) if self._asks_for_keys else {}
        closed: list[_Sums] = []
        parts: list[Part] = []
        names = self._names(keys)
        for one, sums in found.items():
            if self.question.by is Grouping.KEY and not self.sight.is_open(keys[one]):
                closed.append(sums)
            else:
                parts.append(sums.part(one, names(one)))
        parts.sort(key=_by_spend)
        if closed:
            parts.append(_Sums.all(closed).part("", "keys of others"))
        return tuple(parts), len(closed)

    @property
    def _asks_for_keys(self) -> bool:
        return self.question.by is Grouping.KEY

    def _days(self, days: Mapping[date, Totals], days_before: Mapping[date, Totals]) -> tuple[Part, ...]:
        spans = compared(self.question.span, self.today)
        parts = []
        for day in self.known.each():
            of_day, now, before = days.get(day, NOTHING), NOTHING, NOTHING
            if spans is not None and day in spans[0]:
                now, before = of_day, days_before.get(day - (spans[0].since - spans[1].since), NOTHING)
            parts.append(Part(day.isoformat(), day.isoformat(), of_day, now, before))
        return tuple(parts)

    def _sums(self) -> dict[str, _Sums]:
        """What each part is in all, and in the days that are compared; parts that are nothing anywhere left out."""
        spans = compared(self.question.span, self.today)
        now, before = ({}, {}) if spans is None else (self._sum(spans[0]), self._sum(spans[1]))
        rest_since = self.known.since if spans is None else spans[0].until
        rest = self._sum(Span(rest_since, self.known.until)) if rest_since < self.known.until else {}
        found = {
            one: _Sums(
                now.get(one, NOTHING).plus(rest.get(one, NOTHING)), now.get(one, NOTHING), before.get(one, NOTHING)
            )
            for one in {**now, **before, **rest}
        }
        return {one: sums for one, sums in found.items() if sums != _NO_SUMS}

    def _sum(self, span: Span) -> Mapping[str, Totals]:
        return _SUMS[self.question.by](self.session, self.sight.chosen, span)

    def _names(self, keys: Mapping[str, KeyOf]) -> Callable[[str], str]:
        match self.question.by:
            case Grouping.KEY:
                return lambda one: keys[one].label
            case Grouping.MEMBER:
                return lambda one: f"<@{one}>"
            case Grouping.TEAM:
                teams = usage_reports.team_names(self.session)
                return lambda one: teams.get(one, one)
            case Grouping.PROJECT:
                return self._name_of_project()
            case Grouping.MODEL | Grouping.DAY:
                return lambda one: one

    def _name_of_project(self) -> Callable[[str], str]:
        """A project's name; with its team's where there may be several of the same name."""
        there = usage_reports.projects(self.session)

        def name(project_id: str) -> str:
            if project_id not in there:
                return "no project"
            project = there[project_id]
            return project.name if self.sight.team is not None else f"{project.name} ({project.team})"

        return name

    # --- what stands beside them ---

    def _fresh(self) -> tuple[Freshness, ...]:
        return freshness(self.session, self.purser, self.sight.chosen)

    def _tells_retries(self, name: str) -> bool:
        """A gateway that is set up no more says nothing of what it told."""
        gateway = self.purser.gateways.get(name)
        return gateway is None or gateway.capabilities.tells_retries

    def _undated(self) -> int:
        now = self.purser.now()
        if self.question.span.until <= month_start(now).date():
            return 0
        return usage_reports.undated_micros(self.session, self.sight.chosen, month_of(now))

    def _unpriced(self, whole: Totals) -> tuple[tuple[str, int], ...]:
        if not whole.unpriced_requests:
            return ()
        return usage_reports.unpriced(self.session, self.sight.chosen, self.known)

    def _budget(self) -> Budget | None:
        scope = self.question.scope
        if scope.extent is Extent.ALL:
            return None
        return limit(self.session, self.purser, Target(_LAYERS[scope.extent], scope.subject_id), self.sight.name)


@dataclass(frozen=True, slots=True)
class _Sums:
    """One part's usage: in the whole span, in the days that are compared, and before."""

    whole: Totals
    now: Totals
    before: Totals

    @classmethod
    def all(cls, several: Iterable[_Sums]) -> _Sums:
        together = list(several)
        return cls(*(total(getattr(one, name) for one in together) for name in ("whole", "now", "before")))

    def part(self, part_id: str, name: str) -> Part:
        return Part(part_id, name, self.whole, self.now, self.before)


_NO_SUMS = _Sums(NOTHING, NOTHING, NOTHING)


def _by_spend(part: Part) -> tuple[int, int, int, str, str]:
    return (-part.totals.cost_micros, -part.totals.requests, -part.before.cost_micros, part.name, part.id)
