"""Raises as their tests need them: agreed without the asking, and looked at as people would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.domain.budgets import Layer
from bot.domain.cuts import Cut, CutWhy
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Approval, Purpose, Request, RequestState, Target, Terms, Verdict
from bot.gateways.base import KeyRecord
from bot.services import raised
from bot.services.context import record
from bot.services.subjects import subjects
from bot.services.syncing import sync_live, sync_usage
from storage import keys, ledger, raises, requests
from storage.ledger import Recorded
from tests.company import ANA, OMAR, Company
from tests.services.kit import CHANNEL, USD

TEAM = Target(Layer.TEAM, "team_1")
_numbers = count(1)


def on(text: str) -> datetime:
    """A moment, UTC: `2026-12-01`, `2026-12-01 00:05`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def waiting_raise(company: Company, target: Target, usd: float, ends_at: datetime, who: Member = ANA) -> str:
    """A raise that somebody has asked for; the request's id."""
    now = company.clock.now()
    key_id = target.subject_id if target.layer in raised.OF_KEYS else None
    terms = Terms(round(usd * USD), None, ends_at=ends_at)
    new = Request(
        id=f"raise_request_{next(_numbers)}",
        purpose=Purpose.RAISE,
        kind=None,
        gateway=company.purser.default_gateway.name,
        team_id="team_1",
        project_id=None,
        requester_id=who.id,
        asked=terms,
        terms=terms,
        reason="the launch",
        state=RequestState.WAITING,
        rule="one-owner",
        approvals_needed=1,
        created_at=now,
        deadline_at=now + timedelta(seconds=3 * DAY_SECONDS),
        channel_id=CHANNEL,
        extends_key_id=key_id,
        target=target,
    )
    with company.purser.deciding() as session:
        requests.add(session, new)
        requests.set_card(session, new.id, CHANNEL, f"card-{new.id}")
    return new.id


def agree(company: Company, request_id: str) -> None:
    """Omar agrees, in one transaction."""
    now = company.clock.now()
    with company.purser.deciding() as session:
        assert requests.move(session, request_id, RequestState.WAITING, RequestState.APPROVED)
        word = Approval(OMAR.id, Verdict.APPROVE, "", stands=True, at=now)
        requests.say(session, f"{request_id}:{OMAR.id}", request_id, word)
        request = requests.get(session, request_id)
        assert request is not None
        about = subjects(request, amount_micros=request.terms.cap_micros)
        record(session, now, actor=OMAR.id, action="request.approved", about=about, once=request_id)
        raised.applied(session, company.purser, request, OMAR.id, now)


def agreed_raise(company: Company, target: Target, usd: float, ends_at: datetime, who: Member = ANA) -> str:
    """Asked for, agreed, and performed as far as it can be; the request's id."""
    request_id = waiting_raise(company, target, usd, ends_at, who)
    agree(company, request_id)
    company.perform()
    return request_id


def state_of(company: Company, request_id: str) -> RequestState:
    with company.books.reading() as session:
        found = requests.get(session, request_id)
    assert found is not None
    return found.state


def at_gateway(company: Company, key: Key) -> KeyRecord:
    """The gateway's own record of the key."""
    assert key.handle is not None
    return company.gateway.held[key.handle]


def read_live(company: Company) -> None:
    """The gateway tells the live total of every key now."""
    sync_live(company.purser)


def read_usage(company: Company) -> None:
    """The gateway tells what it measured by day."""
    sync_usage(company.purser)


def raised_micros(company: Company, target: Target, at: datetime) -> int:
    """What raises add to a limit at this moment."""
    with company.books.reading() as session:
        return sum(one.micros for one in raises.active(session, target.layer, target.subject_id, at))


def rows(company: Company, **about: str) -> list[Recorded]:
    """Ledger rows that match, in order."""
    with company.books.reading() as session:
        return ledger.entries(session, **about)


def told(company: Company, where: str, occasion: Occasion) -> int:
    """How often a place or person was told of this."""
    return company.notifier.occasions(where).count(str(occasion))


def make_automation(company: Company, key: Key, daily_usd: float) -> Key:
    """Give a key a cap per day, in the books and at the gateway."""
    daily = round(daily_usd * USD)
    with company.purser.deciding() as session:
        change = keys.Change(daily_cap_micros=daily)
        assert keys.move(session, key.id, KeyState.LIVE, KeyState.LIVE, change)
        request = requests.get(session, key.request_id)
        assert request is not None
        terms = requests.Change(terms=replace(request.terms, daily_cap_micros=daily))
        assert requests.move(session, request.id, request.state, request.state, terms)
    assert key.handle is not None
    company.gateway.change(key.handle, daily_cap_micros=daily)
    return now_key(company, key)


def a_cut(key: Key, usd: float, since: datetime, until: datetime) -> Cut:
    """What a restored key's cap is cut by for a time."""
    return Cut(f"cut:{key.id}", key.id, Layer.KEY, round(usd * USD), CutWhy.RESTORED, "test", "U_OMAR", since, until)


def now_key(company: Company, key: Key) -> Key:
    """The key as the books have it now."""
    with company.books.reading() as session:
        found = keys.get(session, key.id)
    assert found is not None
    return found
