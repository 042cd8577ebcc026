"""Values that tests of the rules start from, each changed by what a test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.budgets import Budget, Layer
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.money import MICROS_PER_USD
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Ask, Purpose, Request, RequestState, Terms

USD = MICROS_PER_USD
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def after(**by: float) -> datetime:
    return NOON + timedelta(**by)


def budget(budget_usd: float, *, spent: float = 0, committed: float = 0, **others: Any) -> Budget:
    values: dict[str, Any] = {
        "layer": Layer.TEAM,
        "subject_id": "team_1",
        "name": "search",
        "budget_micros": round(budget_usd * USD),
        "spent_micros": round(spent * USD),
        "committed_micros": round(committed * USD),
        "resets_at": datetime(2026, 12, 1, tzinfo=UTC),
    }
    return Budget(**values | others)


def ask(usd: float = 25, days: int | None = 7, **others: Any) -> Ask:
    terms = Terms(round(usd * USD), None if days is None else days * DAY_SECONDS, others.pop("models", ()))
    return Ask(others.pop("kind", KeyKind.TEMPORARY), terms, "evaluate rerankers", **others)


def request(usd: float = 25, days: int | None = 7, **others: Any) -> Request:
    terms = Terms(round(usd * USD), None if days is None else days * DAY_SECONDS)
    base = Request(
        id="req_1",
        purpose=Purpose.ISSUE,
        kind=KeyKind.TEMPORARY,
        gateway="litellm",
        team_id="team_1",
        project_id=None,
        requester_id="U0ANA",
        asked=terms,
        terms=terms,
        reason="evaluate rerankers",
        state=RequestState.WAITING,
        rule="one-owner",
        approvals_needed=1,
        created_at=NOON,
        deadline_at=after(hours=72),
        channel_id="C0SEARCH",
    )
    return replace(base, **others)


def key(**others: Any) -> Key:
    base = Key(
        id="key_1",
        label="ana-7kq2",
        alias="purser-ana-7kq2",
        request_id="req_1",
        gateway="litellm",
        kind=KeyKind.TEMPORARY,
        team_id="team_1",
        project_id=None,
        holder_id="U0ANA",
        cap_micros=25 * USD,
        cap_period="total",
        models=(),
        state=KeyState.LIVE,
        created_at=NOON,
        revealed_at=NOON,
        expires_at=after(days=7),
    )
    return replace(base, **others)


def member(**others: Any) -> Member:
    return Member(**{"id": "U0ANA", "workspace_id": "T0HOME", "handle": "ana", "name": "Ana"} | others)
