"""Limits as their tests need them: budgets, keys of every kind that are simply there, spend, and a poll."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.facts import AlertFacts, Notice
from bot.domain.keys import Key, KeyKind, KeyState, OffCause, Proof
from bot.domain.people import Member, Project
from bot.domain.requests import Purpose, Request, RequestState, Terms
from bot.gateways.base import CapPeriod, KeySpec
from bot.services.context import record
from bot.services.guarding import guard
from bot.services.proving import about
from bot.services.subjects import subjects
from bot.services.syncing import sync_live
from storage import alerts, budgets, keys, people, requests
from storage.alerts import Alert
from tests.company import ANA, OLGA, Company
from tests.services.kit import CHANNEL, USD
from tests.services.kit import key as key_now

TEAM_ID = "team_1"
ROOM = f"channel:{CHANNEL}"
SETTLED_SECONDS = 4


def micros(usd: float) -> int:
    return round(usd * USD)


def set_budget(company: Company, layer: Layer, subject_id: str, usd: float, *, hard: bool | None = None) -> None:
    """What an owner sets."""
    with company.purser.deciding() as session:
        new_id = company.ids.new("budget")
        budgets.set_monthly(session, new_id, layer, subject_id, micros(usd), company.clock.now(), hard=hard)


def add_project(company: Company, name: str, usd: float, lead: Member) -> str:
    """A project of the team with a budget; its id."""
    with company.purser.deciding() as session:
        project = Project(company.ids.new("project"), TEAM_ID, name, lead.id)
        people.add_project(session, project, company.clock.now())
    set_budget(company, Layer.PROJECT, project.id, usd)
    return project.id


def add_key(
    company: Company,
    who: Member = ANA,
    kind: KeyKind = KeyKind.TEMPORARY,
    usd: float = 1000,
    *,
    daily_usd: float | None = None,
    project_id: str | None = None,
    lead: Member | None = None,
    days: int | None = None,
) -> Key:
    """A key that was asked for, approved and revealed some time ago. The gateway's own cap is out of the way."""
    now = company.clock.now()
    number = company.ids.new("made")
    period = TOTAL if kind is KeyKind.TEMPORARY else "month"
    terms = Terms(micros(usd), None, (), None if daily_usd is None else micros(daily_usd))
    request = Request(
        id=f"request_{number}",
        purpose=Purpose.ISSUE,
        kind=kind,
        gateway=company.gateway.name,
        team_id=TEAM_ID,
        project_id=project_id,
        requester_id=who.id,
        asked=terms,
        terms=terms,
        reason="work",
        state=RequestState.FULFILLED,
        rule="one-owner",
        approvals_needed=1,
        created_at=now,
        deadline_at=now,
        channel_id=CHANNEL,
    )
    label = f"{who.handle}-{number[5:]}"
    issued = company.gateway.issue(
        KeySpec(label, who.id, micros(10**6), CapPeriod(period), None, (), {"key": f"key_{number}"})
    )
    company.gateway.change(issued.handle, daily_cap_micros=None if daily_usd is None else micros(daily_usd))
    company.gateway.change(issued.handle, cap_micros=micros(usd))
    company.gateway.caps_hold = False
    key = Key(
        id=f"key_{number}",
        label=label,
        alias=label,
        request_id=request.id,
        gateway=company.gateway.name,
        kind=kind,
        team_id=TEAM_ID,
        project_id=project_id,
        holder_id=who.id,
        cap_micros=micros(usd),
        cap_period=period,
        models=(),
        state=KeyState.LIVE,
        created_at=now,
        daily_cap_micros=None if daily_usd is None else micros(daily_usd),
        lead_id=None if lead is None else lead.id,
    )
    with company.purser.deciding() as session:
        requests.add(session, request)
        requests.set_card(session, request.id, CHANNEL, f"card-{request.id}")
        record(session, now, actor=OLGA.id, action="request.approved", about=subjects(request), once=request.id)
        keys.add(session, key)
        ends = None if days is None else now + timedelta(days=days)
        change = keys.Change(handle=issued.handle, minted_at=now, revealed_at=now, expires_at=ends)
        keys.move(session, key.id, KeyState.LIVE, KeyState.LIVE, change)
        record(session, now, actor=who.id, action="key.revealed", about=about(key), once=key.id)
    return key_now(company, key.id)


def spend(company: Company, key: Key, usd: float) -> None:
    """Use the key: a negative amount is a correction by the gateway."""
    assert key.handle is not None
    held = company.gateway.held[key.handle]
    company.gateway.change(key.handle, spent_micros=held.spent_micros + micros(usd))


def sync(company: Company) -> None:
    """Read what every key has spent."""
    sync_live(company.purser)


def poll(company: Company) -> None:
    """One poll, and whatever follows from it within some seconds."""
    sync(company)
    guard(company.purser)
    settle(company)


def settle(company: Company) -> None:
    """Perform what is due now, and what is told once it is settled."""
    company.perform()
    company.clock.advance(seconds=SETTLED_SECONDS)
    company.perform()
    company.clock.advance(seconds=SETTLED_SECONDS)
    company.perform()


def now(company: Company, key: Key) -> Key:
    return key_now(company, key.id)


def is_stopped(company: Company, *some: Key) -> bool:
    """Whether budget stopped all of these, with proof."""
    return all(
        (after.state, after.off_cause, after.proof) == (KeyState.DISABLED, OffCause.BUDGET, Proof.RECORDED)
        and not company.gateway.held[after.handle or ""].enabled
        for after in (now(company, key) for key in some)
    )


def is_live(company: Company, *some: Key) -> bool:
    """Whether all of these work, here and at the gateway."""
    return all(
        after.state is KeyState.LIVE and company.gateway.held[after.handle or ""].enabled
        for after in (now(company, key) for key in some)
    )


def all_alerts(company: Company) -> list[Alert]:
    """Every threshold that was passed, by limit and height."""
    with company.books.reading() as session:
        found = session.connection().exec_driver_sql("SELECT id FROM alerts").scalars().all()
        listed = [alerts.get(session, alert_id) for alert_id in found]
    return sorted(
        (one for one in listed if one is not None),
        key=lambda one: (one.layer, one.subject_id, one.period, one.threshold),
    )


def thresholds(company: Company, layer: Layer) -> list[tuple[int, bool]]:
    """The thresholds that limits of this layer have passed, and whether each was told."""
    return [(one.threshold, one.told) for one in all_alerts(company) if one.layer is layer]


def told(company: Company, where: str, occasion: str) -> list[Notice]:
    """What somebody was told about this."""
    return [
        message.notice
        for message in company.notifier.messages
        if message.where == where and message.notice.occasion == occasion
    ]


def standing_alert(company: Company) -> AlertFacts:
    """What the newest message about a limit in the channel shows now."""
    (*_, newest) = (notice.alert for notice in company.notifier.standing.values() if notice.alert is not None)
    return newest


def labels(some: Iterable[Key]) -> list[str]:
    return sorted(key.label for key in some)


def another(company: Company) -> Company:
    """A second replica: the same books, clock and people, a process of its own."""
    twin = object.__new__(Company)
    twin.__dict__ = {**company.__dict__, "purser": replace(company.purser)}
    return twin
