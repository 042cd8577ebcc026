"""An organisation on its first day: people in teams, projects with leads, keys that work, all of it in the books.

Written straight into the books, as the use cases would have left them, for thousands of keys take minutes to ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind, KeyState, alias_for
from bot.domain.people import Member, Project, Role, Team
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Purpose, Request, RequestState, Terms
from bot.gateways.base import CapPeriod, KeyRecord
from storage import budgets, keys, ledger, people, requests
from storage.engine import Books, Session
from tests.company import INSTALLATION
from tests.services.kit import USD
from tests.simulation.offboarding.outside import somebody
from tests.simulation.offboarding.truth import Held, Person, Truth

TEAM_BUDGET = 10_000_000 * USD
AT_ONCE = 400
"""Keys that are written in one transaction."""


@dataclass(frozen=True)
class Size:
    """How big the organisation is."""

    people: int
    keys: int
    team: int = 16
    """People in a team."""

    @property
    def teams(self) -> int:
        return max(2, self.people // self.team)


@dataclass(frozen=True)
class Founded:
    """Who and what there is."""

    members: dict[str, Member]
    records: list[KeyRecord]
    channels: dict[str, str]
    """Each team's channel, by the team's id."""
    operators: tuple[str, ...]
    """People who answer for very many automation keys."""


def found(books: Books, truth: Truth, size: Size, random: Random, now: datetime) -> Founded:
    """Put everybody and everything into the books, and into what is true."""
    members = {one.id: one for one in (somebody(n, is_guest=n >= 40 and n % 12 == 5) for n in range(size.people))}
    channels = {f"team{number}": f"C{number:04}" for number in range(size.teams)}
    for number, member in enumerate(members.values()):
        is_owner = number // size.teams < 2
        person = Person(member.id, f"team{number % size.teams}", is_owner, member.is_guest, is_met=True)
        truth.joined(person)
    with books.transaction() as session:
        for member in members.values():
            people.save_member(session, member, now)
        for team_id, channel in channels.items():
            people.add_team(session, Team(team_id, f"{team_id}-name", channel), "U000000", now)
            budgets.set_monthly(session, f"b-{team_id}", Layer.TEAM, team_id, TEAM_BUDGET, now)
        for person in truth.people.values():
            people.set_role(session, person.team, person.id, Role.OWNER if person.is_owner else Role.MEMBER, now)
        for team_id in channels:
            lead = next(one for one in truth.here(team_id) if not one.is_owner and not one.is_guest)
            people.add_project(session, Project(f"prj-{team_id}", team_id, "search", lead.id), now)
            budgets.set_monthly(session, f"b-prj-{team_id}", Layer.PROJECT, f"prj-{team_id}", TEAM_BUDGET, now)
    operators = tuple(person.id for person in list(truth.people.values())[-9:-4] if not person.is_guest)
    wanted = _keys(truth, size, random, now, operators)
    records: list[KeyRecord] = []
    while some := list(islice(wanted, AT_ONCE)):
        with books.transaction() as session:
            _hand_out(session, some, channels)
        records += [_record(key) for key in some]
        for key in some:
            truth.handed_out(held(key))
    return Founded(members, records, channels, operators)


def held(key: Key) -> Held:
    """A key of the books as somebody in the organisation would describe it."""
    assert key.handle is not None
    made = key.revealed_at or key.created_at
    return Held(
        key.id, key.handle, str(key.kind), key.team_id, key.holder_id, made, lead=key.lead_id, ends_at=key.expires_at
    )


def _keys(truth: Truth, size: Size, random: Random, now: datetime, operators: tuple[str, ...]) -> Iterator[Key]:
    """Member keys of most, temporary keys of some, and all others for projects and programs."""
    everybody = list(truth.people.values())
    number = 0
    for person in everybody:
        if person.is_guest or random.random() < 0.2:
            days = random.uniform(2, 200) if person.is_guest else random.uniform(2, 60)
            yield _key(number, person, KeyKind.TEMPORARY, now, ends_at=now + timedelta(days=days))
        else:
            yield _key(number, person, KeyKind.MEMBER, now)
        number += 1
    staff = [one for one in everybody if not one.is_guest]
    for who in operators:
        for _ in range(max(6, size.keys // 60)):
            yield _key(number, truth.people[who], KeyKind.AUTOMATION, now, lead_id=who)
            number += 1
    while number < size.keys:
        holder = random.choice(staff)
        lead = random.choice([one for one in staff if one.team == holder.team] if random.random() < 0.6 else [holder])
        kind = random.choice((KeyKind.PROJECT, KeyKind.AUTOMATION))
        yield _key(number, holder, kind, now, lead_id=lead.id)
        number += 1


def _key(
    number: int,
    holder: Person,
    kind: KeyKind,
    now: datetime,
    *,
    lead_id: str | None = None,
    ends_at: datetime | None = None,
) -> Key:
    name = f"k{number}-old"
    return Key(
        id=f"old-{number}",
        label=name,
        alias=alias_for(name),
        request_id=f"old-r{number}",
        gateway="memory",
        kind=kind,
        team_id=holder.team,
        project_id=f"prj-{holder.team}" if kind is KeyKind.PROJECT else None,
        holder_id=holder.id,
        cap_micros=50 * USD,
        cap_period=CapPeriod.TOTAL if kind is KeyKind.TEMPORARY else CapPeriod.MONTH,
        models=(),
        state=KeyState.MINTING,
        created_at=now,
        handle=f"handle-{number}",
        expires_at=ends_at,
        daily_cap_micros=5 * USD if kind is KeyKind.AUTOMATION else None,
        lead_id=lead_id,
    )


def _hand_out(session: Session, some: list[Key], channels: dict[str, str]) -> None:
    """Asked for, agreed, minted and shown: the rows that leaves, in the books and the ledger."""
    entries: list[ledger.Entry] = []
    for key in some:
        at = key.created_at
        seconds = None if key.expires_at is None else 30 * DAY_SECONDS
        terms = Terms(key.cap_micros, seconds, daily_cap_micros=key.daily_cap_micros)
        request = Request(
            key.request_id, Purpose.ISSUE, key.kind, key.gateway, key.team_id, key.project_id, key.holder_id, terms,
            terms, "work", RequestState.FULFILLED, "one-owner", 1, at, at + timedelta(days=3), channels[key.team_id],
            lead_id=key.lead_id,
        )  # fmt: skip
        requests.add(session, request)
        keys.add(session, key)
        keys.move(session, key.id, KeyState.MINTING, KeyState.MINTED, keys.Change(handle=key.handle, minted_at=at))
        keys.move(session, key.id, KeyState.MINTED, KeyState.LIVE, keys.Change(revealed_at=at))
        for action, member in (("request.approved", "U000000"), ("key.revealed", key.holder_id)):
            entry = ledger.Entry(
                actor=member,
                action=action,
                idempotency_key=f"{action}:{key.id}",
                at=at,
                team_id=key.team_id,
                member_id=key.holder_id,
                key_id=key.id,
                request_id=key.request_id,
            )
            entries.append(entry)
    ledger.append_many(session, entries)


def _record(key: Key) -> KeyRecord:
    """The key as its gateway has it."""
    assert key.handle is not None
    return KeyRecord(
        handle=key.handle,
        alias=key.alias,
        enabled=True,
        deleted=False,
        cap_micros=key.cap_micros,
        cap_period=CapPeriod(key.cap_period),
        spent_micros=0,
        expires_at=key.expires_at,
        models=key.models,
        tags={"installation": INSTALLATION, "key": key.id, "request": key.request_id},
        daily_cap_micros=key.daily_cap_micros,
    )
