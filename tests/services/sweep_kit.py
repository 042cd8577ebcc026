"""What tests of sweeps share: people whom Purser knows, sweeping as the job does, and what the books say of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.offboarding import Departure
from bot.domain.people import Member
from bot.domain.sweeps import Listing, Sweep, SweepFacts, SweepState
from bot.services import sweeping, sweeping_deciding
from bot.services.sweeping_reading import PAUSE_SECONDS
from storage import departures, ledger, people, sweeps
from storage.ledger import Recorded
from tests.company import Company, person


def crowd(company: Company, count: int, *, known: bool = True) -> list[Member]:
    """So many more people in Slack, whom Purser knows."""
    new = [person(f"m{number:03}") for number in range(count)]
    company.directory.everybody |= {one.id: one for one in new}
    if known:
        with company.books.transaction() as session:
            for one in new:
                people.save_member(session, one, company.clock.now())
    return new


def leave(company: Company, *who: Member) -> None:
    """They are deactivated, and Purser hears nothing of it."""
    for one in who:
        company.directory.change(one.id, is_departed=True)


def sweep(company: Company, most: int = 30) -> Sweep:
    """A day passes, and the job runs every minute until the sweep does not go on by itself."""
    company.clock.advance(days=1)
    return resume(company, most)


def resume(company: Company, most: int = 30) -> Sweep:
    """The job runs every minute until the sweep does not go on by itself; the sweep."""
    for _ in range(most):
        sweeping.sweep(company.purser)
        found = latest(company)
        if found.state not in (SweepState.READING, SweepState.ACTING):
            break
        company.clock.advance(seconds=PAUSE_SECONDS + 1)
    company.perform()
    return found


def latest(company: Company, listing: Listing = Listing.SLACK) -> Sweep:
    with company.books.reading() as session:
        found = sweeps.latest(session, listing)
    assert found is not None
    return found


def all_sweeps(company: Company) -> list[str]:
    """The states of all sweeps as the ledger tells them, in order."""
    with company.books.reading() as session:
        rows = ledger.entries(session)
    return [row.action.removeprefix("sweep.") for row in rows if row.action.startswith("sweep.")]


def rows(company: Company, action: str) -> Sequence[Recorded]:
    with company.books.reading() as session:
        return ledger.entries(session, action=action)


def left(company: Company) -> list[Departure]:
    """Whom the books know as departed because of a sweep, by id."""
    with company.books.reading() as session:
        found = departures.recent(session, 10_000)
    return sorted(found, key=lambda one: one.member_id)


def agree(company: Company, who: Member) -> SweepFacts:
    told = sweeping_deciding.agree(company.purser, company.actor(who), latest(company).id)
    assert isinstance(told, SweepFacts), told
    return told


def told(company: Company, who: Member) -> list[str]:
    """Why this person was written to about sweeps, in order."""
    return [str(sent.notice.moment) for sent in company.notifier.sweeps if sent.member_id == who.id]
