"""What stands in a digest's thread: everybody and everything by rank, how keys were used, old keys, what is not known.

As many messages as are needed, each within Slack's limits. Names in long lists call on nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from bot.domain.apportion import NO_SHARE, percents
from bot.domain.digests import Figures, Rank, Week
from bot.domain.money import show
from bot.domain.usage import Totals, total
from bot.slack.views import figures as say
from bot.slack.views import limits
from bot.slack.views.base import (
    SECTION_CHARS,
    Block,
    Message,
    clip,
    code,
    context,
    message,
    section,
    stack,
)
from bot.slack.views.courses import course
from bot.slack.views.old_keys import old_key_blocks, old_key_line

MESSAGE_BLOCKS = 44
MESSAGE_CHARS = 10_000
"""Of the 50 blocks and about 13,000 characters that Slack takes."""
RANKED = 500
"""Lines of one ranking; who spent less is told together."""
OLD_KEYS_BUTTONED = 40
OLD_KEYS_LISTED = 200
"""Those with buttons among them; of more only how many there are is said."""
LINES_SHOWN = 12
COURSES_SHOWN = 20
_WORK = "08:00 to 20:00 from Monday to Friday"


def details(figures: Figures, names: Mapping[str, str] | None = None) -> tuple[Message, ...]:
    """The messages of the thread, in order; none where there is nothing to add.

    `names` are what people are called, by Slack user id; those who are not in it are mentioned.
    """
    used = (
        []
        if figures.is_quiet
        else [*_rankings(figures, names or {}), section(stack([*_use(figures), *_budgets(figures)]))]
    )
    rest = [*_old_keys(figures), *_not_known(figures)]
    if not used and not rest:
        return ()
    pages = list(_pages([*used, *rest]))
    whose = f"Team {clip(figures.name, 60)}, " if figures.team_id else ""
    days = f"{whose}{say.days(figures.week.span)} (UTC), usage {limits.as_of(figures.read_at, 'not read yet')}"
    return tuple(
        message(
            f"Details of the week, {number} of {len(pages)}: {whose}{say.days(figures.week.span)}.",
            page,
            context(f"{days}. {number} of {len(pages)}." if len(pages) > 1 else f"{days}."),
        )
        for number, page in enumerate(pages, 1)
    )


def week_named(name: str) -> str:
    """The days of a week by its name: `2 to 8 November` for `2026-W45`; anything else as it is."""
    year, _, number = name.partition("-W")
    if not (year.isdigit() and number.isdigit()):
        return clip(name, 40)
    return say.days(Week(date.fromisocalendar(int(year), int(number), 1)).span)


# --- who and what ---


def _rankings(figures: Figures, names: Mapping[str, str]) -> list[Block]:
    blocks: list[Block] = []
    rankings: tuple[tuple[str, Sequence[Rank], Callable[[Rank], str]], ...] = (
        ("Teams", figures.teams, say.model),
        ("People", figures.members, say.by_name(names)),
        ("Keys", figures.keys, say.model),
        ("Models", figures.models, say.model),
        ("Projects", figures.projects, say.project),
    )
    for title, ranks, name in rankings:
        if ranks:
            blocks += _ranking(title, ranks, figures.totals, name)
    return blocks


def _ranking(title: str, ranks: Sequence[Rank], whole: Totals, name: Callable[[Rank], str]) -> list[Block]:
    """Everybody with amount, share, requests and change, one a line; amounts and shares add up."""
    first, rest = ranks[:RANKED], ranks[RANKED:]
    several = [Rank("", "", total(one.totals for one in rest), total(one.before for one in rest))] if rest else []
    found = say.lines([*first, *several], whole.cost_micros, name)
    lines = [_line(f"{number}. {one.name}", one) for number, one in enumerate(found[: len(first)], 1)]
    lines += [_line(f"{len(rest):,} more", found[-1])] if rest else []
    together = f"Together: *{say.spent(whole)}*, {say.counted(whole.requests, 'request')}."
    head = f"*{title}*: spend, share, requests, against the week before"
    return [section(text) for text in _in_sections([head, *lines, *([together] if len(lines) > 1 else [])])]


def _line(head: str, one: say.Line) -> str:
    share = "" if one.share == NO_SHARE else f", {one.share}"
    change = f", {one.change}" if one.change else ""
    return f"{head}: *{one.amount}*{share}, {say.counted(one.requests, 'request')}{change}"


# --- how ---


def _use(figures: Figures) -> list[str]:
    """Failed requests and retries, cost per task, when it was used, and by how many."""
    now, before = figures.totals, figures.before
    was = f"; the week before, {say.failures(before, '')}" if before.requests else ""
    retries = f" Retries: {now.retries:,}." if now.retries else ""
    return [
        "*How it was used*",
        f"Failed: {say.failures(now)}{was}.{retries}" if now.requests else "",
        _per_task(now, before),
        _weekend(figures),
        _off_hours(figures),
        adoption(figures) if figures.team_id or figures.holders else "",
    ]


def _per_task(now: Totals, before: Totals) -> str:
    cost, was = now.cost_per_task_micros, before.cost_per_task_micros
    if cost is None:
        return ""
    is_known = was is not None and not (now.unpriced_requests or before.unpriced_requests)
    change = f", {say.moved(cost, was or 0)} on the week before" if is_known else ""
    least = "at least " if now.unpriced_requests else ""
    return f"Per task: {least}{show(cost)} on average, over {say.counted(now.tasks, 'task')}{change}."


def _weekend(figures: Figures) -> str:
    whole = figures.totals.cost_micros
    if not whole:
        return ""
    (share,) = percents([figures.weekend_micros], whole)
    return f"On Saturday and Sunday (UTC): {show(figures.weekend_micros)}, {clip(share, 20)}."


def _off_hours(figures: Figures) -> str:
    if figures.off_hours_micros is None or not figures.timed_micros:
        return ""
    (share,) = percents([figures.off_hours_micros], figures.timed_micros)
    where = "UTC" if figures.time_zone == "UTC" else f"{clip(figures.time_zone, 60)} time"
    return f"Outside {_WORK}, {where}: {clip(share, 20)} of the {show(figures.timed_micros)} whose hour is known."


def adoption(figures: Figures) -> str:
    """`6 of 9 people with a key used it.`"""
    if not figures.holders:
        return "Nobody held a key."
    people = "person" if figures.holders == 1 else "people"
    return f"{figures.active_holders:,} of {figures.holders:,} {people} with a key used it."


def _budgets(figures: Figures) -> list[str]:
    """Budgets of projects, or in the roll-up of teams."""
    if figures.team_id == "" and not figures.teams:
        return []
    shown = figures.courses[:COURSES_SHOWN]
    more = len(figures.courses) - len(shown)
    lines = [course(one, figures.week, named=True) for one in shown]
    return [*lines, f"…and {say.counted(more, 'more budget')}"] if more > 0 else lines


# --- what to do, and what is not known ---


def _old_keys(figures: Figures) -> list[Block]:
    """Each old key with its buttons; beyond forty, in lines; beyond two hundred, counted."""
    if not figures.old_keys:
        return []
    work = "This key still works" if len(figures.old_keys) == 1 else f"These {len(figures.old_keys):,} keys still work"
    blocks = [section(f"*Old keys*\n{work}. *Keep* says for 30 days that a key is needed.")]
    for one in figures.old_keys[:OLD_KEYS_BUTTONED]:
        blocks += old_key_blocks(one)
    rest = [old_key_line(one) for one in figures.old_keys[OLD_KEYS_BUTTONED:OLD_KEYS_LISTED]]
    more = len(figures.old_keys) - OLD_KEYS_LISTED
    rest += [f"…and {say.counted(more, 'more old key')}, used or revealed later than these."] if more > 0 else []
    typed = "*More old keys*; turn one off with `/ai-disable` and its label"
    return [*blocks, *(section(text) for text in _in_sections([typed, *rest] if rest else []))]


def _not_known(figures: Figures) -> list[Block]:
    """What has no price, what no day is known of, what was skipped, and what went wrong."""
    lines = [
        *_unpriced(figures.unpriced),
        *_undated(figures.undated_micros),
        *(f"Not posted: the digest of {week_named(name)}." for name in figures.skipped[-LINES_SHOWN:]),
        *_troubles(figures),
    ]
    return [section(text) for text in _in_sections(lines)]


def _unpriced(models: Sequence[tuple[str, int]]) -> list[str]:
    if not models:
        return []
    shown = [f"{code(model)}: {say.counted(requests, 'request')}" for model, requests in models[:LINES_SHOWN]]
    more = len(models) - LINES_SHOWN
    head = "*Unpriced*, so what it cost is in no figure; give these models a price at the gateway"
    return [head, *shown, *([f"…and {say.counted(more, 'more model')}"] if more > 0 else [])]


def _undated(micros: int) -> list[str]:
    said = say.undated(micros, "in the month")
    return [f"*Not dated yet:* {said} It is in no figure."] if said else []


def _troubles(figures: Figures) -> list[str]:
    found = figures.troubles
    lines = [f"{clip(one, 400).rstrip('.')}." for one in (*found.stale[:LINES_SHOWN], *found.drift[:LINES_SHOWN])]
    more = max(0, len(found.stale) - LINES_SHOWN) + max(0, len(found.drift) - LINES_SHOWN)
    if found.dead_letters:
        lines.append(f"Purser {say.given_up(found.dead_letters)}; `purser doctor` says what.")
    lines += [f"…and {more} more"] if more else []
    return ["*Please look*", *lines] if lines else []


# --- within Slack's limits ---


def _in_sections(lines: Iterable[str]) -> Iterator[str]:
    """Lines in as few texts as Slack takes."""
    kept: list[str] = []
    for line in filter(None, lines):
        if kept and sum(map(len, kept)) + len(kept) + len(line) > SECTION_CHARS:
            yield "\n".join(kept)
            kept = []
        kept.append(line)
    if kept:
        yield "\n".join(kept)


def _pages(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks in as few messages as Slack takes; a row of buttons stays with what it is about."""
    page: list[Block] = []
    for index, block in enumerate(blocks):
        group = [block, *blocks[index + 1 : index + 2]] if _leads(blocks, index) else [block]
        full = len(page) + len(group) > MESSAGE_BLOCKS or _chars([*page, *group]) > MESSAGE_CHARS
        if page and full and block["type"] != "actions":
            yield page
            page = []
        page.append(block)
    if page:
        yield page


def _leads(blocks: Sequence[Block], index: int) -> bool:
    return index + 1 < len(blocks) and blocks[index + 1]["type"] == "actions"


def _chars(node: Any) -> int:  # noqa: ANN401 - whatever a block is made of
    """All the text in it."""
    if isinstance(node, dict):
        return sum(len(one) if isinstance(one, str) else _chars(one) for key, one in node.items() if key != "type")
    return sum(map(_chars, node)) if isinstance(node, list) else 0
