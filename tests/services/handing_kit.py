"""People who leave while others depend on their keys, as the tests of handing over need them."""

from __future__ import annotations

from typing import Any

from bot.domain.keys import Key
from bot.domain.leaving_facts import DepartureFacts, DepartureNotice, Handed
from bot.domain.offboarding import Departure, Source
from bot.domain.people import Member
from bot.domain.requests import Refused
from bot.services import handing_over, leaving
from bot.services.departure_facts import gather
from bot.services.handover_times import watch_handovers
from storage import departures
from tests.company import ANA, BEN, Company
from tests.services import kit
from tests.services.kit import automation_wanted, held

TEAM = "team_1"


def automation(
    company: Company, name: str = "nightly-evals", who: Member = ANA, lead: Member | None = BEN, usd: float = 100
) -> Key:
    """An automation key that somebody asked for and holds."""
    return held(company, who, automation_wanted(usd, name=name, lead=lead))


def leaves(company: Company, who: Member = ANA, source: Source = Source.EVENT, **more: Any) -> Departure:
    """Somebody leaves, and everything that follows at once is done."""
    company.directory.change(who.id, is_departed=source is not Source.FEED)
    left = leaving.notice(company.purser, who.id, source, **more)
    assert left is not None
    company.perform()
    return left


def take(company: Company, who: Member, left: Departure, key: Key | None = None) -> Handed | Refused:
    """Press Take over, on one key's row or for all."""
    return handing_over.take_over(
        company.purser, company.actor(who), left.id, TEAM, None if key is None else key.id
    )  # fmt: skip


def taken(company: Company, who: Member, left: Departure, key: Key | None = None) -> Handed:
    """The same, which must work out, everybody told."""
    outcome = take(company, who, left, key)
    assert isinstance(outcome, Handed), outcome
    company.perform()
    return outcome


def pass_days(company: Company, days: float) -> None:
    """Let days pass, hour by hour, with what comes in them."""
    for _ in range(round(days * 24)):
        company.clock.advance(hours=1)
        watch_handovers(company.purser)
        company.perform()


def facts(company: Company, left: Departure) -> DepartureFacts:
    """The departure as it stands in the team."""
    with company.books.reading() as session:
        found = gather(session, company.purser, left.id, TEAM)
    assert found is not None
    return found


def shown(company: Company) -> DepartureNotice:
    """What the one message in the channel shows now."""
    (only,) = company.notifier.departure_now.values()
    return only


def parts(company: Company, where: str = "thread:") -> list[str]:
    """What was written in such places, in order."""
    return [str(one.notice.part) for one in company.notifier.departures if one.where.startswith(where)]


def due(company: Company, left: Departure) -> bool:
    """Whether the team's time to take over runs."""
    with company.books.reading() as session:
        found = departures.team(session, left.id, TEAM)
    assert found is not None
    return found.due_at is not None


key = kit.key
