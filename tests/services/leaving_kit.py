"""Departures as their tests need them: what Slack says of somebody, what the books know of it then, who was told."""

from __future__ import annotations

from bot.domain.keys import Key
from bot.domain.offboarding import Departure, DepartureState, LeftKey, LeftTeam, Source
from bot.domain.people import Member, Role
from bot.services import leaving, teams
from bot.services.leaving import Restored
from bot.services.people import take_note
from storage import departures, ledger, outbox, people
from tests.company import OLGA, Company
from tests.services.guard_kit import settle
from tests.services.kit import CHANNEL, USD


def deactivate(company: Company, who: Member) -> Departure:
    """Slack says so at once; all that follows within seconds is done."""
    take_note(company.purser, company.directory.change(who.id, is_departed=True))
    settle(company)
    return latest(company, who)


def activate(company: Company, who: Member) -> None:
    take_note(company.purser, company.directory.change(who.id, is_departed=False))
    settle(company)


def notice(company: Company, who: Member, source: Source = Source.SWEEP) -> Departure | None:
    found = leaving.notice(company.purser, who.id, source)
    settle(company)
    return found


def restore(company: Company, departure: Departure, by: Member = OLGA) -> Restored:
    """What an owner's click puts back; it must not be refused."""
    did = leaving.restore(company.purser, company.actor(by), departure.id)
    assert isinstance(did, Restored), did
    settle(company)
    return did


def latest(company: Company, who: Member) -> Departure:
    with company.books.reading() as session:
        found = departures.latest_of(session, who.id)
    assert found is not None, who.id
    return found


def state(company: Company, departure: Departure) -> DepartureState:
    with company.books.reading() as session:
        found = departures.get(session, departure.id)
    assert found is not None
    return found.state


def left_keys(company: Company, departure: Departure) -> dict[str, LeftKey]:
    """What became of each key, by key id."""
    with company.books.reading() as session:
        return {one.key_id: one for one in departures.keys_of(session, departure.id)}


def left_team(company: Company, departure: Departure, team_id: str = "team_1") -> LeftTeam:
    with company.books.reading() as session:
        found = departures.team(session, departure.id, team_id)
    assert found is not None
    return found


def role(company: Company, who: Member, team_id: str = "team_1") -> Role:
    with company.books.reading() as session:
        team = people.team(session, team_id)
    assert team is not None
    return team.role_of(who.id)


def lead(company: Company, project_id: str) -> str:
    with company.books.reading() as session:
        project = people.project(session, project_id)
    assert project is not None
    return project.lead_id


def rows(company: Company, action: str) -> list[str]:
    """The reasons of all ledger rows of this action, in order."""
    with company.books.reading() as session:
        return [row.reason for row in ledger.entries(session, action=action)]


def no_dead_letters(company: Company) -> bool:
    with company.books.reading() as session:
        return outbox.dead(session) == []


def works_at_gateway(company: Company, key: Key) -> bool:
    assert key.handle is not None
    return company.gateway.held[key.handle].enabled


def second_team(company: Company, *others: Member, name: str = "ads", channel: str = "C0ADS") -> str:
    """Another team, which Olga founds, with these people as members; its id."""
    made = teams.create(company.purser, company.actor(OLGA), channel, name, 500 * USD)
    assert isinstance(made, teams.TeamChanged), made
    if others:
        did = teams.invite(company.purser, company.actor(OLGA), channel, tuple(one.id for one in others))
        assert isinstance(did, teams.TeamChanged), did
    return made.team.team.id


def disown(company: Company, who: Member = OLGA) -> None:
    """Olga takes an owner out of the team in #search."""
    did = teams.remove(company.purser, company.actor(OLGA), CHANNEL, (who.id,))
    assert isinstance(did, teams.TeamChanged), did
