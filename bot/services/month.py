"""The turn of the month: each team's old month is written down once, and told in one message.

Spend of the old month stays with it, usage that is told late included; what recurs carries on by itself, so nothing
is reset here. Of several months that went by unwatched each is written down, and the newest is told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import MonthFacts, Occasion
from bot.domain.money import show
from bot.domain.people import Team
from bot.domain.periods import HOUR_SECONDS, month_end, month_of, month_start
from bot.domain.requests import Target
from bot.services.context import Purser
from bot.services.facts import key_facts, team_or_raise
from bot.services.guarding import coming_back
from bot.services.limits import name_of
from bot.services.telling import Telling, tell_channel
from storage import budgets, keys, ledger, months, people, raises, requests, runs, watched
from storage.engine import Session
from storage.raises import Raise

JOB = "month"
"""The slot claimed once every team's month has turned, so that the passes after it have nothing to look for."""
WAIT_SECONDS = HOUR_SECONDS
"""How long after the turn a gateway that tells nothing is waited for."""
_INSTANT = timedelta(microseconds=1)


def turn_month(purser: Purser) -> None:
    """Close the month that ended for every team it has not been closed for, each in a transaction of its own."""
    now = purser.now()
    turn = month_start(now)
    with purser.books.reading() as session:
        if (newest := runs.latest(session, JOB)) is not None and newest >= turn:
            return
        open_teams = [team for team in people.all_teams(session) if _unturned(session, team, turn)]
        ready = [team for team in open_teams if _is_known(session, purser, team, turn, now)]
        back = _coming_back(session, purser, month_of(turn - _INSTANT), now) if ready else {}
    for team in ready:
        with purser.deciding() as session:
            _turn(session, team, turn, now, tuple(back.get(team.id, ())))
    if len(ready) == len(open_teams):
        with purser.books.transaction() as session:
            runs.claim(session, JOB, turn, now)


def month_facts(
    session: Session, purser: Purser, team_id: str, ended: str, key_ids: tuple[str, ...], now: datetime
) -> MonthFacts:
    """What the message about a team's turn of the month shows; `key_ids` are the keys that come back with it."""
    team = team_or_raise(session, team_id)
    turn = _end_of(ended)
    read = months.heard(session, team_id, purser.gateways)
    back = (keys.get(session, key_id) for key_id in key_ids)
    return MonthFacts(
        team=team,
        ended=ended,
        closed=tuple(replace(limit, committed_micros=0) for limit in _limits(session, team, turn - _INSTANT)),
        opened=_limits(session, team, min(max(now, turn), month_end(turn) - _INSTANT)),
        back=tuple(key_facts(session, key, now) for key in back if key is not None),
        raises_ended=tuple(_ended_limit(session, purser, one) for one in _raises_until(session, team, turn)),
        may_rise=read is not None and (read.live_at is None or read.live_at < turn),
    )


def _turn(session: Session, team: Team, turn: datetime, now: datetime, back: tuple[str, ...]) -> None:
    """Write down every month of the team that has ended, and tell the newest. Another replica may have done it.

    `back` are the keys that come back: there may be hundreds, so they were looked for before others had to wait.
    """
    unturned = _unturned(session, team, turn)
    for month in unturned:
        _write_down(session, team, month, now)
    if not unturned or not _is_worth_telling(session, team, turn, now):
        return
    ended = unturned[-1]
    telling = Telling(Occasion.MONTH_TURNED, key_ids=back, team_id=team.id, month=ended)
    tell_channel(session, now, telling, team.channel_id, once=f"{team.id}:{ended}")


def _unturned(session: Session, team: Team, turn: datetime) -> list[str]:
    """The team's months before the turn that have not been written down, oldest first."""
    founded = month_of(months.founded_at(session, team.id))
    found: list[str] = []
    end = turn
    while (month := month_of(end - _INSTANT)) >= founded and not _is_written(session, team, month):
        found.insert(0, month)
        end = month_start(end - _INSTANT)
    return found


def _is_written(session: Session, team: Team, month: str) -> bool:
    return bool(ledger.entries(session, idempotency_key=_once(team, month)))


def _once(team: Team, month: str) -> str:
    return f"month.turned:{team.id}:{month}"


def _is_known(session: Session, purser: Purser, team: Team, turn: datetime, now: datetime) -> bool:
    """Whether the old month's spend has been told since it ended, or been waited for long enough.

    Whoever wakes up later than that has live totals that do not say when anything was spent: then the usage by day
    is asked for first, if it ever was.
    """
    read = months.heard(session, team.id, purser.gateways)
    if read is None:
        return True
    if (now - turn).total_seconds() < WAIT_SECONDS:
        return read.live_at is not None and read.live_at >= turn
    return not read.asks_usage or (read.usage_at is not None and read.usage_at >= turn)


def _write_down(session: Session, team: Team, month: str, now: datetime) -> None:
    """One ledger row: what the team is known to have spent in this month. What comes late is adjusted key by key."""
    spent = months.spent(session, team.id, month)
    limit = budgets.state(session, Layer.TEAM, team.id, team.name, _end_of(month) - _INSTANT)
    of = "without a budget" if limit is None else f"of {show(limit.budget_micros)}"
    row = ledger.Entry(
        actor="purser",
        action="month.turned",
        idempotency_key=_once(team, month),
        at=now,
        team_id=team.id,
        period=month,
        amount_micros=spent,
        reason=f"{show(spent)} {of}",
    )
    ledger.append(session, row)


def _is_worth_telling(session: Session, team: Team, turn: datetime, now: datetime) -> bool:
    """Whether the team has a budget of which anything was spent, promised or raised in the month that ended."""
    closed = _limits(session, team, turn - _INSTANT)
    moved = any(limit.spent_micros or limit.raised_micros for limit in closed)
    promised = any(limit.committed_micros for limit in _limits(session, team, now))
    return bool(closed) and (moved or promised or bool(_raises_of(session, team, month_start(turn - _INSTANT), turn)))


def _limits(session: Session, team: Team, at: datetime) -> tuple[Budget, ...]:
    """The team's budget and those of its projects in the month of `at`."""
    projects = people.projects_of(session, team.id)
    subjects = [(Layer.TEAM, team.id, team.name), *((Layer.PROJECT, each.id, each.name) for each in projects)]
    states = (budgets.state(session, layer, subject, name, at) for layer, subject, name in subjects)
    return tuple(state for state in states if state is not None)


def _coming_back(session: Session, purser: Purser, ended: str, now: datetime) -> dict[str, list[str]]:
    """The ids of keys that a limit of this month has stopped and that nothing holds back any longer, by their team."""
    stopped = [key for key in watched.stopped(session) if key.stop is not None and key.stop.period == ended]
    if not stopped:
        return {}
    policy = purser.policy
    limits = budgets.limits(session, now, policy.member_budget_micros, policy.hard_budgets)
    of_subject = {(one.layer, one.subject_id): one for one in limits}
    found: dict[str, list[str]] = {}
    for key in sorted(coming_back(session, purser, stopped, of_subject, now), key=lambda key: (key.created_at, key.id)):
        found.setdefault(key.team_id, []).append(key.id)
    return found


def _raises_of(session: Session, team: Team, since: datetime, until: datetime) -> list[Raise]:
    """Raises that somebody of this team asked for and that counted at any moment of this time."""
    found = ((requests.get(session, one.request_id), one) for one in raises.between(session, since, until))
    return [one for request, one in found if request is not None and request.team_id == team.id]


def _raises_until(session: Session, team: Team, turn: datetime) -> list[Raise]:
    return [one for one in _raises_of(session, team, turn - _INSTANT, turn) if one.ends_at == turn]


def _ended_limit(session: Session, purser: Purser, one: Raise) -> Budget:
    """The limit as it stood in its last moment with the raise, which alone it shows as raised."""
    target = Target(one.layer, one.subject_id)
    name, at = name_of(session, target), one.ends_at - _INSTANT
    default = purser.policy.member_budget_micros
    limit = budgets.state(session, one.layer, one.subject_id, name, at, default_micros=default)
    limit = limit or Budget(one.layer, one.subject_id, name, one.micros, 0, 0, None)
    return replace(limit, committed_micros=0, raised_micros=one.micros, raised_until=one.ends_at)


def _end_of(month: str) -> datetime:
    """The moment a month such as `2026-11` is over: 00:00 UTC on the first of the next."""
    return month_end(datetime.fromisoformat(f"{month}-01T00:00:00+00:00"))
