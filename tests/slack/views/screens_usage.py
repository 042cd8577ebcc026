"""Screens about usage, by name; `screens` draws them with all others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.domain.reports import Extent, Grouping
from bot.domain.spans import last_days, whole_month
from bot.domain.usage import NOTHING
from bot.slack.views import help as usage_help
from bot.slack.views import usage
from bot.slack.views.base import Message
from tests.slack.views import kit_usage
from tests.slack.views.kit import ANA, NOW, OMAR, World

Screen = Message | dict[str, object]
OCTOBER = whole_month(date(2026, 10, 1))


def every_about_usage(world: World) -> dict[str, Screen]:
    drawn: dict[str, Message] = {}
    for extent in Extent:
        made = kit_usage.report(world, extent, Grouping.MODEL)
        drawn[f"usage_{extent}"] = usage.usage(made, kit_usage.shown(pages=usage.pages(made)), NOW)
    for by in Grouping:
        made = kit_usage.report(world, Extent.ALL if by is Grouping.TEAM else Extent.TEAM, by)
        drawn[f"usage_by_{by}"] = usage.usage(made, kit_usage.shown(pages=usage.pages(made)), NOW)
    drawn |= _pages(world) | _small(world)
    drawn["usage_everything"] = usage.usage(kit_usage.everything(world), kit_usage.shown(), NOW)
    drawn["usage_posted"] = usage.posted(kit_usage.shared(world), NOW)
    drawn["usage_posting"] = usage.posting("C0SEARCH")
    drawn["usage_posted_already"] = usage.posted_already("C0SEARCH", ANA)
    for extent in Extent:
        drawn[f"usage_exporting_{extent}"] = usage.exporting(extent, kit_usage.called(world, extent), OCTOBER)
    for wanted in (True, False):
        for was in (True, False):
            drawn[f"usage_digest_{wanted}_{was}".lower()] = usage.digest(wanted=wanted, was=was)
    drawn["help_usage"] = usage_help.help_for("/ai-usage")
    return {**drawn}


def _pages(world: World) -> dict[str, Message]:
    """Pages of the longest list, the last of which is shorter than the others."""
    days = kit_usage.report(world, by=Grouping.DAY, span=last_days(90, kit_usage.TODAY))
    year = kit_usage.report(world, by=Grouping.DAY, span=last_days(366, kit_usage.TODAY))
    return {
        "usage_page_2": usage.usage(days, kit_usage.shown(2, usage.pages(days)), NOW),
        "usage_page_last": usage.usage(year, kit_usage.shown(usage.pages(year), usage.pages(year)), NOW),
    }


def _small(world: World) -> dict[str, Message]:
    """Little, nothing, and nothing to compare with."""
    one = (kit_usage.part("key-1", world.label, 1, 0, requests=1),)
    unpriced = (kit_usage.part("key-1", world.label, 0, 0, requests=3, unpriced_requests=3),)
    today = last_days(1, kit_usage.TODAY)
    lonely = kit_usage.report(world, Extent.MEMBER, Grouping.KEY, parts=one, before=NOTHING)
    gone = kit_usage.empty(world, before=kit_usage.used(3_000_000), freshness=())
    shown = kit_usage.shown()
    return {
        "usage_nothing": usage.usage(kit_usage.empty(world), shown, NOW),
        "usage_nothing_any_more": usage.usage(gone, replace(shown, post_id=""), NOW),
        "usage_nothing_of_a_team": usage.usage(kit_usage.empty(world, Extent.TEAM), shown, NOW),
        "usage_nothing_of_another": usage.usage(kit_usage.empty(world), replace(shown, asker_id=OMAR), NOW),
        "usage_a_micro_dollar": usage.usage(lonely, shown, NOW),
        "usage_unpriced": usage.usage(kit_usage.report(world, by=Grouping.KEY, parts=unpriced), shown, NOW),
        "usage_today": usage.usage(kit_usage.report(world, span=today, now=NOTHING, before=NOTHING), shown, NOW),
        "usage_month": usage.usage(kit_usage.report(world, span=OCTOBER), shown, NOW),
    }
