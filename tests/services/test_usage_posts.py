"""Post to channel: what one person asked for is shown to everybody in the channel, once, as far as they may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from bot.domain.facts import Occasion
from bot.domain.people import Member
from bot.domain.reports import Asked, Extent, Grouping
from bot.domain.requests import Refused
from bot.domain.spans import last_days
from bot.services.reporting import Wanted, keep_asked, report
from bot.services.usage_posts import Posting, post_usage
from tests.company import ANA, BEN, GUS, OMAR
from tests.fakes import Mishap, MortalBooks
from tests.services import usage_kit as kit
from tests.services.usage_kit import FAY, TODAY, Ground

SEARCH = "C0SEARCH"


@pytest.fixture
def ground(migrated_url: str) -> Iterator[Ground]:
    books = MortalBooks(migrated_url)
    made = kit.made(books)
    made.tell(kit.drawn(7, date(2026, 10, 1), date(2026, 12, 1), per_day=0.3))
    made.at(TODAY)
    yield made
    books.close()


def asks(ground: Ground, who: Member, wanted: Wanted, page: int = 1) -> Asked:
    """Ask, and be shown this page."""
    company = ground.company
    actor = company.actor(who)
    made = report(company.purser, actor, SEARCH, wanted)
    assert not isinstance(made, Refused), made
    return keep_asked(company.purser, actor, made.question, page=page)


def presses(ground: Ground, who: Member, asked: Asked, channel: str = SEARCH) -> Posting | Refused:
    return post_usage(ground.company.purser, ground.company.actor(who), asked.id, channel)


TEAM = Wanted(Extent.TEAM, last_days(30, TODAY))


def test_it_is_posted_once_however_often_it_is_pressed(ground: Ground) -> None:
    asked = asks(ground, ANA, TEAM)
    assert presses(ground, ANA, asked) == Posting(SEARCH, already=False)
    assert presses(ground, ANA, asked) == Posting(SEARCH, already=True)
    ground.company.perform()
    assert presses(ground, ANA, asked) == Posting(SEARCH, already=True)
    ground.company.settle()
    (posted,) = ground.company.notifier.usage.values()
    assert posted.asked.member_id == ANA.id
    assert posted.report.question == asked.question


def test_each_page_and_each_channel_is_posted_by_itself(ground: Ground) -> None:
    company = ground.company
    first = asks(ground, ANA, TEAM)
    second = keep_asked(company.purser, company.actor(ANA), first.question, page=2, at=first.at)
    back = keep_asked(company.purser, company.actor(ANA), first.question, page=1, at=first.at)
    pressed = [presses(ground, ANA, one) for one in (first, second, back)]
    pressed.append(presses(ground, ANA, first, "C0ADS"))
    assert [one.already for one in pressed if isinstance(one, Posting)] == [False, False, True, False]
    company.settle()
    assert sorted(posted.asked.page for posted in company.notifier.usage.values()) == [1, 1, 2]


def test_a_lost_reply_does_not_post_it_twice(ground: Ground) -> None:
    presses(ground, ANA, asks(ground, ANA, TEAM))
    ground.company.notifier.mishaps.add("post_usage", Mishap.LOST, Mishap.DOWN)
    ground.company.perform()
    ground.company.settle()
    assert len(ground.company.notifier.usage) == 1


def test_a_list_for_everybody_names_people_and_calls_on_nobody(ground: Ground) -> None:
    presses(ground, ANA, asks(ground, ANA, TEAM))
    presses(ground, ANA, asks(ground, ANA, Wanted(Extent.MEMBER, last_days(30, TODAY))))
    ground.company.perform()
    team, own = ground.company.notifier.usage.values()
    assert dict(team.names).items() >= {ANA.id: "Ana", BEN.id: "Ben"}.items()
    assert {part.id for part in team.report.parts} == set(dict(team.names))
    assert dict(own.names) == {ANA.id: "Ana"}


def test_only_who_asked_may_post_and_only_for_a_day(ground: Ground) -> None:
    asked = asks(ground, ANA, TEAM)
    assert isinstance(presses(ground, BEN, asked), Refused)
    ground.company.clock.advance(hours=23)
    assert isinstance(presses(ground, ANA, asked), Posting)
    ground.company.clock.advance(hours=2)
    asks(ground, BEN, TEAM)  # forgets what is old
    assert isinstance(presses(ground, ANA, asked), Refused)


def test_who_may_no_longer_see_it_posts_nothing(ground: Ground) -> None:
    company = ground.company
    asked = asks(ground, FAY, Wanted(Extent.ALL, last_days(30, TODAY), by=Grouping.KEY))
    assert isinstance(presses(ground, FAY, asked), Posting)
    company.purser = replace(company.purser, authority=replace(company.purser.authority, finance_ids=frozenset()))
    assert isinstance(presses(ground, FAY, asked), Refused)
    company.settle()
    assert not company.notifier.usage
    assert company.notifier.occasions(f"direct:{FAY.id}") == [Occasion.EFFECT_FAILED], "it was said to be on its way"


def test_what_is_posted_is_what_the_asker_may_see_and_no_more(ground: Ground) -> None:
    presses(ground, ANA, asks(ground, ANA, replace(TEAM, by=Grouping.KEY)))
    presses(ground, OMAR, asks(ground, OMAR, replace(TEAM, by=Grouping.KEY)))
    ground.company.perform()
    ana, omar = ground.company.notifier.usage.values()
    assert ana.report.withheld > 0
    assert omar.report.withheld == 0
    assert ana.report.whole == omar.report.whole


def test_a_channel_purser_is_not_in_is_said_at_once_and_may_be_tried_again(ground: Ground) -> None:
    asked = asks(ground, ANA, TEAM)
    ground.company.directory.not_in.add("C0ELSE")
    refused = presses(ground, ANA, asked, "C0ELSE")
    assert isinstance(refused, Refused)
    assert "/invite @Purser" in refused.text
    ground.company.directory.not_in.clear()
    assert presses(ground, ANA, asked, "C0ELSE") == Posting("C0ELSE", already=False)


def test_who_pressed_is_told_when_it_could_not_be_posted(ground: Ground) -> None:
    presses(ground, GUS, asks(ground, GUS, TEAM))
    ground.company.notifier.mishaps.add("post_usage", Mishap.REFUSED)
    ground.company.perform()
    ground.company.settle()
    assert ground.company.notifier.occasions(f"direct:{GUS.id}") == [Occasion.EFFECT_FAILED]


def test_what_could_not_be_posted_is_not_called_posted_and_pressing_again_tries_again(ground: Ground) -> None:
    company = ground.company
    asked = asks(ground, GUS, TEAM)
    for tries in (1, 2):
        assert presses(ground, GUS, asked) == Posting(SEARCH, already=False)
        company.notifier.mishaps.add("post_usage", Mishap.REFUSED)
        company.perform()
        assert company.notifier.occasions(f"direct:{GUS.id}") == [Occasion.EFFECT_FAILED] * tries
    assert presses(ground, GUS, asked) == Posting(SEARCH, already=False)
    company.settle()
    assert len(company.notifier.usage) == 1
    assert presses(ground, GUS, asked) == Posting(SEARCH, already=True)


def test_posts_of_one_channel_stand_in_the_order_they_were_pressed(ground: Ground) -> None:
    for count in (7, 30, 90):
        presses(ground, ANA, asks(ground, ANA, Wanted(Extent.TEAM, last_days(count, TODAY))))
    ground.company.settle()
    days = [posted.report.question.span.days for posted in ground.company.notifier.usage.values()]
    assert all(earlier < later for earlier, later in pairwise(days))
