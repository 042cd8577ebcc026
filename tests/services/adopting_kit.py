"""Keys that somebody made at the gateway by hand, found by Purser, and adopted or turned off."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from bot.domain.inventory import Adopted, UnknownKey
from bot.domain.keys import Key, KeyKind
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Ask, Refused, Terms
from bot.gateways.base import CapPeriod, KeyRecord
from bot.services import adopting
from bot.services.adopting import Wanted
from bot.services.reconcile import reconcile
from storage import unknown_keys
from tests.company import ANA, OLGA, Company
from tests.services.kit import USD, key

TEAM = "team_1"


def by_hand(company: Company, alias: str = "made-by-hand", **fields: Any) -> str:
    """A key that somebody makes at the gateway without Purser; its secret."""
    secret = f"sk-by-hand-{alias}"
    handle = hashlib.sha256(secret.encode()).hexdigest()
    record = KeyRecord(
        handle=handle,
        alias=alias,
        enabled=True,
        deleted=False,
        cap_micros=100 * USD,
        cap_period=CapPeriod.TOTAL,
        spent_micros=0,
        expires_at=None,
        models=(),
        tags={},
    )
    company.gateway.held[handle] = replace(record, **fields)
    return secret


def handle_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def compare(company: Company) -> None:
    """What the job does every ten minutes, and everybody told."""
    reconcile(company.purser)
    company.perform()


def found(company: Company, alias: str = "made-by-hand", **fields: Any) -> UnknownKey:
    """Such a key, once Purser has noticed it."""
    secret = by_hand(company, alias, **fields)
    compare(company)
    return unknown(company, secret)


def unknown(company: Company, secret: str) -> UnknownKey:
    with company.books.reading() as session:
        noticed = unknown_keys.get(session, company.gateway.name, handle_of(secret))
    assert noticed is not None
    return noticed


def wanted(one: UnknownKey, usd: float = 25, holder: Member = ANA, **others: Any) -> Wanted:
    """To be a temporary key of this person for a week, unless said otherwise."""
    values: dict[str, Any] = {"kind": KeyKind.TEMPORARY, "days": 7, "day_usd": None, "reason": "found in CI", **others}
    days, day_usd = values.pop("days"), values.pop("day_usd")
    is_temporary = values["kind"] is KeyKind.TEMPORARY
    terms = Terms(
        round(usd * USD),
        days * DAY_SECONDS if is_temporary and days else None,
        daily_cap_micros=None if day_usd is None else round(day_usd * USD),
    )
    return Wanted(one.id, TEAM, holder.id, Ask(terms=terms, **values))


def adopted(company: Company, one: UnknownKey, who: Member = OLGA, **others: Any) -> Key:
    """The key that it becomes, everybody told."""
    outcome = adopting.adopt(company.purser, company.actor(who), wanted(one, **others))
    assert isinstance(outcome, Adopted), outcome
    company.perform()
    return key(company, outcome.key.id)


def refusal(company: Company, one: UnknownKey, who: Member = OLGA, **others: Any) -> str:
    """Why it is not adopted: the same in the form and when it is sent, and nothing has changed."""
    want = wanted(one, **others)
    before = checked(company, want, who)
    outcome = adopting.adopt(company.purser, company.actor(who), want)
    assert isinstance(outcome, Refused), outcome
    assert before is None or before.text == outcome.text
    return outcome.text


def checked(company: Company, want: Wanted, who: Member = OLGA) -> Refused | None:
    return adopting.check(company.purser, company.actor(who), want)
