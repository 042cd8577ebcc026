"""The weekly digest: a short message with one chart, for a team, for one person, and for owners across teams.

Drawn from the figures that were written down, so that the same digest always says the same. Details stand in its
thread (`bot.slack.views.digest_details`). It says which days it is about, and how fresh that is.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.charts import Chart, Look, Series, Unit
from bot.domain.digests import Audience, Course, DigestNotice, DigestState, Figures, Rank, Troubles
from bot.domain.money import MICROS_PER_CENT, show
from bot.domain.usage import Totals
from bot.slack.views import figures as say
from bot.slack.views import limits
from bot.slack.views.base import (
    Message,
    chart_here,
    clip,
    code,
    context,
    fallback,
    header,
    message,
    moment,
    section,
    sentence,
    stack,
)
from bot.slack.views.courses import course, heading, is_over
from bot.slack.views.digest_details import adoption, details, week_named
from bot.slack.views.why import moved_because

TOP = 3
TEAMS_SHOWN = 10
KEYS_SHOWN = 8
COURSES_SHOWN = 5
_CHART = 0


# --- whichever it is ---


def digest(notice: DigestNotice) -> Message:
    """The message of a digest, whomever it is for; of one that did not come, that it did not."""
    told = notice.digest
    if told.state is DigestState.SKIPPED:
        return skipped(notice)
    match told.audience:
        case Audience.TEAM:
            return short(told.figures, notice.why)
        case Audience.MEMBER:
            return personal(told.figures)
        case Audience.OWNERS:
            return roll_up(told.figures)


def thread(notice: DigestNotice) -> tuple[Message, ...]:
    """What stands in its thread: only the remark, if there is one, else its details."""
    if notice.note:
        return (message(sentence(notice.note)),)
    told = notice.digest
    return () if told.state is DigestState.SKIPPED else details(told.figures, dict(notice.names))


def skipped(notice: DigestNotice) -> Message:
    """That a digest could not be posted in time, which weeks that was, and when the next one comes."""
    told = notice.digest
    weeks = ", ".join(week_named(name) for name in told.figures.skipped) or say.days(told.week.span)
    following = f" The next one comes {moment(notice.next_at)}." if notice.next_at else ""
    headline = f"*No digest for {weeks}.* Purser could not post it by Wednesday, so it was skipped.{following}"
    return message(stack([sentence(notice.why), headline]))


# --- a team's ---


def short(figures: Figures, why: str = "") -> Message:
    """What a team reads on Monday: what was spent and why, who and on what, where the month is heading, what to do."""
    title = f"Team {clip(figures.name, 60)}, {say.days(figures.week.span)}"
    if figures.is_quiet:
        return _quiet(figures, _opening(figures, title), why)
    lines = [
        f"*{moved_because(figures)}*",
        *_budget(figures),
        _top("People", say.top(figures.members, figures.totals.cost_micros, TOP, say.person, "others")),
        _top("Models", say.top(figures.models, figures.totals.cost_micros, TOP, say.model, "others")),
        _old_keys(figures),
        say.unpriced(figures.unpriced),
        _troubles(figures.troubles),
    ]
    return _drawn(figures, title, lines, why)


def _quiet(figures: Figures, opening: str, why: str = "") -> Message:
    """Three lines: that nothing happened, the budget, and whatever else wants to be looked at, or how fresh that is."""
    rest = " ".join(filter(None, (_old_keys(figures), _troubles(figures.troubles))))
    lines = [opening, " ".join(_budget(figures)), rest, "" if rest and figures.is_told else _fresh(figures)]
    return message(opening, section(stack([sentence(why), *lines])))


def _opening(figures: Figures, title: str, nobody: str = "Nobody used a key") -> str:
    """That it was quiet, where that is known; no word of it where a gateway has not told all of it."""
    if not figures.is_told:
        return f"*{title}: no usage is known,* of this week or the one before. It may come yet."
    return f"*{title}: a quiet week.* {nobody}, in this week or the one before."


def _drawn(figures: Figures, title: str, lines: Sequence[str], why: str = "") -> Message:
    """A title, lines, the chart if there is anything to draw, and for which days all of that stands."""
    chart = _chart(figures)
    drawn = message(
        f"{title}. {lines[0]}",
        header(title),
        section(stack([sentence(why), *lines])),
        [chart_here(_CHART)] if chart else [],
        context(f"{_fresh(figures)} {_not_posted(figures)}".rstrip()),
        charts=(chart,) if chart else (),
    )
    said = " ".join(filter(None, lines[:3]))
    return Message(fallback(f"{title}. {said}"), drawn.blocks, drawn.charts)


def _budget(figures: Figures) -> list[str]:
    """How the month stands, where it is heading, and which of the budgets below are over or will be."""
    of_team = Course(figures.name, figures.budget_micros or 0, figures.month_micros, figures.forecast)
    found = [course(of_team, figures.week, has_budget=figures.budget_micros is not None)]
    worrying = [one for one in figures.courses if is_over(one)]
    named = [f"{clip(one.name, 60)} {heading(one)}" for one in worrying[:TOP]]
    more = [f"{len(worrying) - TOP} more"] if len(worrying) > TOP else []
    found += [f"*Below it:* {'; '.join([*named, *more])}."] if named else []
    return [line for line in found if line]


def _top(what: str, said: str) -> str:
    return f"*{what}:* {said}" if said else ""


def _old_keys(figures: Figures) -> str:
    count = len(figures.old_keys)
    if not count:
        return ""
    work, they = ("works", "it") if count == 1 else ("work", "they")
    return f"*{say.counted(count, 'old key')}* still {work}; in the thread {they} can be turned off or kept."


def _troubles(found: Troubles) -> str:
    """What whoever runs Purser should look at, in one line."""
    said = []
    if found.dead_letters:
        said.append(f"Purser {say.given_up(found.dead_letters)}")
    if found.drift:
        said.append("books and gateway differed")
    if found.stale:
        said.append("some figures are old")
    return f"*Please look:* {', '.join(said)}; details in the thread." if said else ""


def _fresh(figures: Figures) -> str:
    """For which days it stands, how fresh it is, and what is not in it."""
    days = (
        f"Monday to Sunday, {say.days(figures.week.span)} (UTC), usage {limits.as_of(figures.read_at, 'not read yet')}"
    )
    undated = say.undated(figures.undated_micros, "in the month")
    return f"{days}. {undated}".rstrip()


def _not_posted(figures: Figures) -> str:
    return f"Not posted: {', '.join(week_named(name) for name in figures.skipped[-TOP:])}." if figures.skipped else ""


# --- one person's ---


def personal(figures: Figures) -> Message:
    """What somebody reads of their own week: what their keys did, and how their budget stands."""
    title = f"Your week, {say.days(figures.week.span)}"
    stop = "`/ai-usage digest off` stops these."
    if figures.is_quiet:
        quiet = _opening(figures, title, "None of your keys was used")
        told = _courses(figures) if figures.is_told else [*_courses(figures), _fresh(figures)]
        return message(quiet, section(stack([quiet, *(told or [_fresh(figures)]), stop])))
    whole = figures.totals.cost_micros
    lines = [
        f"*{moved_because(figures)}*",
        *_courses(figures),
        _top("Keys", say.top(figures.keys, whole, KEYS_SHOWN, _key, "others")),
        _top("Models", say.top(figures.models, whole, TOP, say.model, "others")),
        f"*Failed:* {say.failures(figures.totals)}." if figures.totals.failures else "",
        say.unpriced(figures.unpriced),
        *(f"{clip(one, 300).rstrip('.')}." for one in figures.troubles.stale[:TOP]),
    ]
    drawn = _drawn(figures, title, lines)
    return Message(drawn.text, [*drawn.blocks, *context(stop)], drawn.charts)


def _courses(figures: Figures) -> list[str]:
    return [course(one, figures.week, named=False) for one in figures.courses[:COURSES_SHOWN]]


def _key(rank: Rank) -> str:
    return code(rank.name)


# --- across teams ---


def roll_up(figures: Figures) -> Message:
    """What an owner of the workspace reads: all teams together, each by rank, and where money will not last."""
    title = f"All teams, {say.days(figures.week.span)}"
    if figures.is_quiet:
        return _quiet_everywhere(figures, title)
    whole = figures.totals.cost_micros
    lines = [
        f"*{moved_because(figures)}*",
        _top("Teams", say.top(figures.teams, whole, TEAMS_SHOWN, _team, "others")),
        *_worrying(figures.courses),
        _top("Models", say.top(figures.models, whole, TOP, say.model, "others")),
        adoption(figures),
        _old_keys(figures),
        say.unpriced(figures.unpriced),
        _troubles(figures.troubles),
    ]
    return _drawn(figures, title, lines)


def _quiet_everywhere(figures: Figures, title: str) -> Message:
    opening = _opening(figures, title)
    rest = " ".join(filter(None, (_old_keys(figures), _troubles(figures.troubles))))
    return message(opening, section(stack([opening, rest, _fresh(figures)])))


def _worrying(courses: Sequence[Course]) -> list[str]:
    """Budgets that are over, or will be before the month is."""
    found = [one for one in courses if is_over(one)]
    if not found:
        return ["*Budgets:* all teams are on course to stay within theirs."] if courses else []
    said = [f"{clip(one.name, 60)} {heading(one)}" for one in found[:COURSES_SHOWN]]
    more = [f"{len(found) - COURSES_SHOWN} more"] if len(found) > COURSES_SHOWN else []
    return [f"*Budgets:* {'; '.join([*said, *more])}."]


def _team(rank: Rank) -> str:
    return code(rank.name)


# --- the chart ---


def _chart(figures: Figures) -> Chart | None:
    """Each day against the same day of the week before; None where no day cost anything."""
    now, before = _costs(figures.days), _costs(figures.days_before)
    if len(now) != len(before) or (not any(now) and not any(before)):
        return None
    days = [f"{on:%a} {on.day}" for on in figures.week.span.each()]
    told = ", ".join(f"{day} {said}" for day, said in zip(days, _said(figures.days, now), strict=True))
    was = ", ".join(f"{day[:3]} {said}" for day, said in zip(days, _said(figures.days_before, before), strict=True))
    return Chart(
        title=f"By day, {say.days(figures.week.span)}",
        look=Look.AGAINST,
        unit=Unit.MONEY,
        categories=tuple(days),
        series=(Series("this week", say.in_cents(now)), Series("the week before", say.in_cents(before))),
        alt=f"What each day cost. This week: {told}. The week before: {was}.",
    )


def _costs(days: Sequence[Totals]) -> tuple[int, ...]:
    return say.in_cents([day.cost_micros for day in days])


def _said(days: Sequence[Totals], costs: Sequence[int]) -> list[str]:
    """What each of the days cost; what has no price is not nothing."""
    return ["unpriced" if day.is_unpriced else _cents(cost) for day, cost in zip(days, costs, strict=True)]


def _cents(cost: int) -> str:
    return "less than $0.01" if 0 < cost < MICROS_PER_CENT else show(cost)
