"""Books for digests, and the same as plain lists: several teams, all kinds of keys, people who have left, keys that
changed hands, weeks in which a month turns. The sums made of them know nothing of the code they check.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from bot.domain.budgets import Layer
from bot.domain.digests import Week
from bot.domain.keys import KeyState
from bot.domain.usage import Totals, Usage
from storage import budgets, people
from storage.money_tables import LiveHourRow, RaiseRow, ReadingRow, SyncRow
from storage.tables import KeyRow
from tests.company import ANA, BEN, GUS, OLGA, OMAR
from tests.fakes import MortalBooks
from tests.services.usage_kit import DAN, KEYS, LEA, USD, ZOE, Ground, KeyPlan, added, drawn, made
from tests.storage.spending import GATEWAY

WEEKS = tuple(Week.named(name) for name in ("2026-W41", "2026-W44", "2026-W47", "2026-W48", "2026-W49"))
"""In W49 November ends, on its Monday; W44 ends on 1 November; W48 and W41 lie within their months."""
ZONES = {"t-search": "Asia/Kolkata", "t-ads": "America/New_York", "t-empty": "UTC"}
HERE = {
    "t-search": {OMAR.id, ANA.id, BEN.id, GUS.id, OLGA.id},
    "t-ads": {LEA.id, ANA.id, DAN.id, OLGA.id},
    "t-empty": {LEA.id, OLGA.id},
}
"""Who answers for keys of a team: its people and the workspace's owner. Zoe has left."""
NOW = datetime(2026, 12, 7, 9, 30, tzinfo=UTC)


@dataclass
class Plain:
    """What the books hold, as plain lists."""

    ground: Ground
    keys: dict[str, KeyRow] = field(default_factory=dict)
    hours: list[tuple[str, datetime, int]] = field(default_factory=list)
    undated: dict[tuple[str, str], int] = field(default_factory=dict)

    def rows(self, keys: Iterable[str], since: date, until: date) -> list[tuple[KeyPlan, Usage]]:
        wanted = set(keys)
        return [
            (self.ground.keys[key_id], row)
            for (key_id, _, hour), row in self.ground.rows.items()
            if key_id in wanted and since <= hour.date() < until
        ]

    def used_on(self, key_id: str) -> list[date]:
        return sorted(hour.date() for (one, _, hour), row in self.ground.rows.items() if one == key_id and row.requests)


def written(books: MortalBooks) -> Plain:
    """Ten weeks of use, one key that began in them, a few hours seen live, raises, keys off, expired, old and kept."""
    ground = made(books)
    company = ground.company
    company.purser = replace(company.purser, gateways={GATEWAY: company.gateway})
    company.clock.at = NOW
    told = [*drawn(5, date(2026, 9, 14), date(2026, 10, 12)), *drawn(6, date(2026, 10, 12), date(2026, 12, 7), 0.4)]
    began = {"bids-1": date(2026, 11, 25), "ben-1": date(2026, 11, 17), "feed-1": date(2026, 12, 2)}
    quiet = {"ana-1": date(2026, 10, 20), "evals-1": date(2026, 11, 7)}
    ground.tell(
        row
        for row in told
        if began.get(row.handle[2:], date.min) <= row.hour.date() < quiet.get(row.handle[2:], date.max)
    )
    ground.hand_over("zoe-1", holder=DAN)
    ground.hand_over("rank-1", lead=ANA)
    ground.hand_over("evals-1", lead=ZOE)
    plain = Plain(ground)
    with books.transaction() as session:
        _lives(session, plain)
        _money(session)
        session.flush()
        plain.keys = {key.id: key.model_copy() for key in (session.get(KeyRow, plan.id) for plan in KEYS) if key}
        for (key_id, period), micros in _drawn_undated().items():
            row = session.get(ReadingRow, (key_id, period))
            if row is not None:
                row.undated_micros = plain.undated[key_id, period] = micros
        plain.hours = list(_drawn_hours())
        session.add_all(LiveHourRow(key_id=one, hour=hour, spent_micros=micros) for one, hour, micros in plain.hours)
        for team_id, zone in ZONES.items():
            people.set_digest(session, team_id, 540, zone)
    return plain


def _lives(session: Session, plain: Plain) -> None:
    """What became of each key: since when it is revealed, and until when it could be used."""
    lives: dict[str, dict[str, object]] = {
        "ana-1": {"expires_at": at("2026-11-30 00:00")},
        "ana-2": {"revealed_at": at("2026-08-01 12:00"), "kept_until": at("2026-12-20 00:00")},
        "ben-1": {"revealed_at": at("2026-11-16 12:00")},
        "zoe-1": {"state": KeyState.DISABLED, "off_at": at("2026-12-03 12:00")},
        "zoe-2": {"revealed_at": at("2026-09-01 12:00"), "kept_until": at("2026-12-01 00:00")},
        "rank-1": {"revealed_at": at("2026-09-08 09:30")},
        "feed-1": {"revealed_at": at("2026-12-01 12:00")},
        "bids-1": {"revealed_at": at("2026-11-24 12:00")},
        "evals-1": {"revealed_at": at("2026-09-09 12:00")},
        "old-1": {"revealed_at": at("2026-09-08 09:31")},
        "unused-1": {"revealed_at": at("2026-11-07 09:30")},
    }
    for key_id, life in lives.items():
        row = session.get(KeyRow, key_id)
        for name, value in ({"revealed_at": at("2026-10-01 12:00")} | life).items():
            setattr(row, name, value)


def _money(session: Session) -> None:
    """A raise that ends within a week, one that is over, a project's budget, and when usage was read."""
    raises = (("r1", "r-ana-1", "2026-11-25", "2026-12-03"), ("r2", "r-ben-1", "2026-11-20", "2026-11-29"))
    for one, request_id, since, until in raises:
        session.add(
            RaiseRow(
                id=one, request_id=request_id, layer="team", subject_id="t-search", micros=50 * USD,
                starts_at=at(f"{since} 00:00"), ends_at=at(f"{until} 00:00"),
            )
        )  # fmt: skip
    budgets.set_monthly(session, "b-rank", Layer.PROJECT, "p-rank", 300 * USD, NOW)
    budgets.set_monthly(session, "b-ana", Layer.MEMBER, ANA.id, 70 * USD, NOW)
    mark = SyncRow(gateway=GATEWAY, what="usage", tried_at=NOW, read_at=at("2026-12-07 09:20"))
    session.add(mark)


def _drawn_undated() -> dict[tuple[str, str], int]:
    dice = random.Random(9)
    return {(key.id, month): dice.randint(1, 10**8) for key in KEYS for month in ("2026-10", "2026-11", "2026-12")}


def _drawn_hours() -> Iterator[tuple[str, datetime, int]]:
    dice = random.Random(8)
    for key in KEYS:
        for number in range(12 * 7 * 24):
            if dice.random() < 0.05 and not (key.id == "unused-1" or (key.id == "evals-1" and number > 1000)):
                yield key.id, at("2026-09-14 00:00") + timedelta(hours=number), dice.randint(1, 10**7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def keys_of(plain: Plain, team_id: str) -> set[str]:
    return {key.id for key in plain.ground.keys.values() if key.team == team_id}


def by_hand(rows: Iterable[tuple[KeyPlan, Usage]], part: Callable[[KeyPlan, Usage], str]) -> dict[str, Totals]:
    groups: dict[str, list[Usage]] = {}
    for key, row in rows:
        groups.setdefault(part(key, row), []).append(row)
    return {one: added(some) for one, some in groups.items()}


Weeks = tuple[list[tuple[KeyPlan, Usage]], list[tuple[KeyPlan, Usage]]]


def weeks_of(plain: Plain, keys: Iterable[str], week: Week) -> Weeks:
    """The rows of the week, and of the one before."""
    monday, keys = week.monday, set(keys)
    ends, began = monday + timedelta(days=7), monday - timedelta(days=7)
    return plain.rows(keys, monday, ends), plain.rows(keys, began, monday)
