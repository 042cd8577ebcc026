"""Digests as their tests need them: a team that spends, Mondays that come, and what was told and written down."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.digests import Audience, Digest, DigestNotice, DigestState, Week
from bot.domain.keys import Key
from bot.domain.people import Member
from bot.services import teams
from bot.services.digests import send_digests
from storage import digests, people
from storage.ledger import Recorded
from tests.company import OLGA, Company
from tests.services.kit import CHANNEL, USD
from tests.services.month_kit import monthly
from tests.services.raises_kit import on, read_usage, rows

W47, W48, W49 = (Week.named(f"2026-W{number}") for number in (47, 48, 49))
"""The week in which the team was made, on its Friday; the next; and the one in which November ends, on a Monday."""
IN_CHANNEL = f"channel:{CHANNEL}"


def begin(company: Company, zone: str = "UTC", minutes: int = 540) -> Key:
    """Friday of week 47, noon: digests are looked for from now on. Ana has a key that lasts."""
    company.gateway.caps_hold = False
    with company.purser.deciding() as session:
        people.set_digest(session, "team_1", minutes, zone)
    send_digests(company.purser)
    return monthly(company)


def spend(company: Company, key: Key, usd: float, at: str, model: str = "mock-gpt") -> None:
    assert key.handle is not None
    company.gateway.spend(key.handle, round(usd * USD), model, on(at))


def look(company: Company, at: str | None = None, *, read: bool = True) -> None:
    """One pass of the job at this moment, after usage was read, and everything that it causes."""
    if at is not None:
        company.clock.at = on(at)
    if read:
        read_usage(company)
    send_digests(company.purser)
    company.perform()


def told(company: Company, where: str = IN_CHANNEL) -> list[DigestNotice]:
    """Digests that were posted there, oldest first."""
    return [sent.notice for sent in company.notifier.digests if sent.where == where]


def weeks_told(company: Company, where: str = IN_CHANNEL) -> list[tuple[str, str]]:
    """The weeks of these, and what became of them."""
    return [(one.digest.week.name, str(one.digest.state)) for one in told(company, where)]


def threads(company: Company) -> list[DigestNotice]:
    """What was posted in threads of digests."""
    return [sent.notice for sent in company.notifier.digests if sent.where.startswith("thread:")]


def of(company: Company, week: Week, audience: Audience = Audience.TEAM, subject: str = "team_1") -> Digest | None:
    with company.books.reading() as session:
        return digests.of_week(session, audience, subject, week)


def in_ledger(company: Company) -> list[Recorded]:
    """What the ledger says of digests."""
    return [row for state in DigestState for row in rows(company, action=f"digest.{state}")]


def lives_in(company: Company, who: Member, zone: str) -> Member:
    """Slack tells this person's time zone, and Purser has met them."""
    company.directory.everybody[who.id] = replace(who, time_zone=zone)
    with company.purser.deciding() as session:
        people.save_member(session, company.directory.everybody[who.id], company.clock.now())
    return company.directory.everybody[who.id]


def second_team(company: Company) -> None:
    """Another team, so that there is something to roll up."""
    teams.create(company.purser, company.actor(OLGA), "C0DATA", "data", 300 * USD)
