"""What `/ai-usage` shows is what rows of usage say, added up by hand: every scope and grouping, on each database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import NamedTuple

import pytest

from bot.domain.money import MICROS_PER_CENT, show
from bot.domain.reports import Extent, Grouping, Question, Report, Scope
from bot.domain.spans import last_days, whole_month
from bot.domain.usage import Totals, total
from bot.services.reporting import report_of
from bot.slack.views import usage
from tests.company import ANA
from tests.fakes import NOON, MortalBooks
from tests.services import usage_kit as kit
from tests.services.usage_kit import TODAY, Ground

SCOPES = (
    Scope(Extent.ALL),
    Scope(Extent.TEAM, "t-search"),
    Scope(Extent.PROJECT, "p-rank"),
    Scope(Extent.MEMBER, ANA.id),
    Scope(Extent.KEY, "zoe-2"),
)
SPANS = (last_days(7, TODAY), whole_month(date(2026, 10, 1)), last_days(90, TODAY))
LINE = re.compile(
    r"(?:`\[[#-]{10}\]` )?(?:\S+ percent, \*(?P<amount>\S+)\*(?: and (?P<some>[\d,]+) unpriced)?|(?P<word>[a-z$0]+)): "
    r".*?(?:, (?P<requests>[\d,]+) requests?)?(?:, (?P<failed>[\d,]+) failed)?"
    r"(?:, (?:(?:up|down).*|new|unchanged))?"
)


@pytest.fixture
def ground(migrated_url: str) -> Iterator[Ground]:
    books = MortalBooks(migrated_url)
    made = kit.made(books)
    made.tell(kit.drawn(11, date(2026, 8, 1), date(2026, 11, 25), per_day=0.4))
    made.at(TODAY)
    yield made
    books.close()


def shown(report: Report) -> tuple[str, list[str]]:
    """The headline, and the line of each part on every page."""
    lines: list[str] = []
    headline = ""
    for number in range(1, usage.pages(report) + 1):
        message = usage.usage(report, usage.Shown(TODAY, number, ANA.id), NOON)
        texts = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
        headline = texts[0].splitlines()[0]
        at = next((n for n, text in enumerate(texts) if text.startswith("*By ")), None)
        if at is not None:
            found = "\n".join(texts[at:]).splitlines()
            lines += [line for line in found[1:] if LINE.fullmatch(line) and " other " not in line]
    return headline, lines


def number(said: str | None) -> int:
    return int(said.replace(",", "")) if said else 0


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: str(scope.extent))
def test_every_figure_shown_is_what_the_rows_add_up_to(ground: Ground, scope: Scope) -> None:
    keys = kit.wanted_keys(ground, scope)
    for by, span in product(Grouping, SPANS):
        with ground.company.books.reading() as session:
            report = report_of(session, ground.company.purser, Question(scope, span, by))
        assert isinstance(report, Report)
        by_hand = [sums[0] for sums in kit.by_hand(ground, keys, span, by, TODAY).values()]
        headline, lines = shown(report)
        whole = total(by_hand)
        assert (show(whole.cost_micros) in headline) or not whole.cost_micros
        used = sorted(map(sayable, filter(has_requests, by_hand)))
        read = sorted(filter(has_requests, map(figures, lines)))
        assert len(read) == len(used)
        for told, right in zip(read, used, strict=True):
            assert told[:3] == right[:3]
            assert abs(told.cost_micros - right.cost_micros) <= MICROS_PER_CENT


class Said(NamedTuple):
    """What one line says."""

    requests: int
    failures: int
    unpriced: int
    """Where nothing has a price, a line does not say for how many that is so."""
    cost_micros: int


def has_requests(one: Said | Totals) -> bool:
    return one.requests > 0


def sayable(totals: Totals) -> Said:
    unpriced = totals.unpriced_requests if totals.cost_micros else 0
    return Said(totals.requests, totals.failures, unpriced, totals.cost_micros)


def figures(line: str) -> Said:
    """Less than can be shown counts as nothing."""
    found = LINE.fullmatch(line)
    assert found is not None
    amount = found["amount"]
    cost = 0.0 if amount is None or amount.startswith("&lt;") else float(amount.lstrip("$").replace(",", ""))
    return Said(number(found["requests"]), number(found["failed"]), number(found["some"]), round(cost * 1_000_000))
