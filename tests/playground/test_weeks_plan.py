"""The plan of twelve weeks, without living it: the same each time, complete, within budgets, and with a story in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from bot.playground.gateway.keys import StoredKey, hash_of
from bot.playground.gateway.models import MORE_MODELS
from bot.playground.gateway.records import Calls, record
from bot.playground.gateway.state import Charge, State
from bot.playground.weeks.days import DAYS
from bot.playground.weeks.drawing import LAUNCH_REASON, LAUNCH_WORKDAY
from bot.playground.weeks.plan import SOON, Act, Plan, Verb, make_plan
from bot.playground.weeks.usage import LOOP_WORKDAY, spells, spike_day
from bot.playground.weeks.who import CAST_HOURS, FOUNDER, NEWCOMERS, SQUADS, squad_of
from bot.playground.weeks.wishes import Fate, Habit, Wish

STARTS = [date(2026, 8, 24) + timedelta(days=number) for number in range(7)]
"""One on each weekday."""
DAY = timedelta(days=1)


@pytest.fixture(params=STARTS, ids=lambda start: f"{start:%A}", scope="module")
def plan(request: pytest.FixtureRequest) -> Plan:
    return make_plan(request.param)


@dataclass(frozen=True)
class Played:
    """A plan whose use a gateway has taken in, without Purser."""

    plan: Plan
    state: State
    wishes: dict[str, Wish]
    """By the key's hash."""

    def charges(self, habit: Habit) -> list[Charge]:
        return [charge for charge in self.state.charges if self.wishes[charge.token].habit is habit]

    def by_day(self, charges: list[Charge]) -> Counter[int]:
        """Calls of each day, failed ones too."""
        days: Counter[int] = Counter()
        for charge in charges:
            days[self.plan.days.day_of(charge.at)] += charge.calls
        return days


@pytest.fixture(scope="module")
def played(plan: Plan) -> Played:
    at = [plan.days.midnight]
    state = State(lambda: at[0], "sk-master", offered=MORE_MODELS)
    wishes = {}
    for wish in plan.wishes:
        life = plan.life(wish)
        if life is not None:
            key = _key(wish, life.since, life.until)
            state.keys[key.token] = key
            wishes[key.token] = wish
    for day in range(DAYS):
        at[0] = plan.days.midnight + (day + 1) * DAY - timedelta(seconds=1)
        record(
            state,
            [Calls(token, **asdict(one)) for token, wish in wishes.items() for one in spells(plan.days, wish, day)],
        )
    return Played(plan, state, wishes)


def _key(wish: Wish, since: datetime, until: datetime | None) -> StoredKey:
    key = StoredKey(hash_of(f"sk-{wish.number}"), "sk-...", since, since, max_budget=float(wish.cap), expires=until)
    if wish.days is None:
        key.budget_duration, key.budget_reset_at = "1mo", (since.replace(day=1) + 32 * DAY).replace(day=1, hour=0)
    return key


def acts(plan: Plan, wish: Wish) -> list[tuple[datetime, Act]]:
    return [(stop.at, act) for stop in plan.stops for act in stop.acts if act.about == wish.number]


# --- who and what ---


def test_the_same_start_day_gives_the_same_plan() -> None:
    assert make_plan(STARTS[0]) == make_plan(STARTS[0])


def test_forty_people_are_in_four_teams_with_six_projects() -> None:
    people = {*CAST_HOURS, "eve", *(person.name for person in NEWCOMERS)}
    assert len(people) == 40
    in_teams = [name for squad in SQUADS for name in squad.people]
    assert len(in_teams) == len(set(in_teams))
    assert set(in_teams) < people
    assert [squad.name for squad in SQUADS] == ["search", "platform", "data", "support"]
    projects = [project for squad in SQUADS for project in squad.projects]
    assert len(projects) == 6
    assert all(project.lead in squad.people for squad in SQUADS for project in squad.projects)
    assert any("\u0600" <= letter <= "\u06ff" for person in NEWCOMERS for letter in person.real_name)
    assert any("\u4e00" <= letter <= "\u9fff" for person in NEWCOMERS for letter in person.real_name)


def test_a_hundred_and_twenty_requests_become_keys_and_every_other_fate_is_met(plan: Plan) -> None:
    assert sum(wish.revealed is not None for wish in plan.wishes) == 120
    assert {wish.fate for wish in plan.wishes} == set(Fate)
    assert sum(wish.extension is not None for wish in plan.wishes) >= 10
    assert len({(wish.who, wish.reason) for wish in plan.wishes}) == len(plan.wishes)


def test_everything_happens_in_order_within_the_twelve_weeks(plan: Plan) -> None:
    moments = [stop.at for stop in plan.stops]
    assert moments == sorted(set(moments))
    over = plan.days.midnight + DAYS * DAY
    assert all(stop.at < over for stop in plan.stops if stop.acts)
    right = [Verb.ASK, Verb.CANCEL, Verb.DECIDE, Verb.REVEAL, Verb.EXTEND, Verb.AGREE, Verb.END]
    for wish in plan.wishes:
        verbs = [act.verb for _, act in acts(plan, wish)]
        assert verbs == sorted(verbs, key=right.index), wish


def test_a_team_is_there_before_anybody_asks_in_it(plan: Plan) -> None:
    founded = {act.about: stop.at for stop in plan.stops for act in stop.acts if act.verb is Verb.FOUND}
    assert all(founded[wish.squad] < plan.days.at(wish.asked) for wish in plan.wishes)
    assert all(wish.who in squad_of(wish.squad).people for wish in plan.wishes)


def test_nobody_decides_about_their_own_and_only_owners_decide(plan: Plan) -> None:
    for wish in plan.wishes:
        owners = {*squad_of(wish.squad).owners, FOUNDER}
        deciders = {act.who for _, act in acts(plan, wish) if act.verb in (Verb.DECIDE, Verb.AGREE)}
        assert deciders <= owners - {wish.who}, wish


def test_nobody_has_two_member_keys_at_a_time(plan: Plan) -> None:
    held: dict[str, list[Wish]] = defaultdict(list)
    for wish in plan.wishes:
        if wish.is_member:
            held[wish.who].append(wish)
    for theirs in held.values():
        for earlier, later in pairwise(theirs):
            life = plan.life(earlier)
            assert life is not None
            assert life.until is not None
            assert life.until <= plan.days.at(later.asked)


def test_budgets_leave_room_for_every_request(plan: Plan) -> None:
    """Even if every key of a month, and every request of it, cost its whole cap."""
    months = sorted({(at.year, at.month) for at in (plan.days.midnight + day * DAY for day in range(DAYS))})
    for squad in SQUADS:
        for month in months:
            most = sum(
                max(wish.cap, wish.asked_cap)
                for wish in plan.wishes
                if wish.squad == squad.name and _touches(plan, wish, month)
            )
            assert most <= squad.monthly_usd, (squad.name, month)


def _touches(plan: Plan, wish: Wish, month: tuple[int, int]) -> bool:
    life, asked = plan.life(wish), plan.days.at(wish.asked)
    last = plan.days.midnight + DAYS * DAY if life is None or life.until is None else life.until
    last = asked + 4 * DAY if life is None else last
    return (asked.year, asked.month) <= month <= (last.year, last.month)


def test_the_clock_stops_wherever_a_key_ends_by_itself(plan: Plan) -> None:
    due = [stop.at for stop in plan.stops if stop.due]
    for wish in plan.wishes:
        life = plan.life(wish)
        if life is None or life.until is None or wish.ended is not None:
            continue
        if life.until < plan.days.midnight + DAYS * DAY:
            assert any(life.until < at <= life.until + SOON for at in due), wish


# --- what is used ---


def test_nothing_is_used_outside_the_life_of_its_key(played: Played) -> None:
    assert len(played.state.charges) > 2000
    for charge in played.state.charges:
        life = played.plan.life(played.wishes[charge.token])
        assert life is not None
        assert life.holds(charge.at)


def test_no_key_spends_more_than_its_cap_and_one_call(played: Played) -> None:
    spent: dict[tuple[str, str], list[Charge]] = defaultdict(list)
    for charge in played.state.charges:
        wish = played.wishes[charge.token]
        spent[charge.token, f"{charge.at:%Y-%m}" if wish.days is None else ""].append(charge)
    reached = 0
    for (token, _), charges in spent.items():
        one_call = max(charge.cost / charge.calls for charge in charges)
        total = sum(charge.cost for charge in charges)
        assert total < played.wishes[token].cap + one_call + 1e-9
        reached += total >= played.wishes[token].cap
    assert reached >= 1, "some key should have met its cap"


def test_weekends_and_holidays_are_quiet(played: Played) -> None:
    days = played.by_day(played.charges(Habit.PERSON))
    work = [days[day] for day in range(14, DAYS) if played.plan.days.is_workday(day)]
    free = [days[day] for day in range(14, DAYS) if not played.plan.days.is_workday(day)]
    holidays = [days[day] for day in range(DAYS) if played.plan.days.is_holiday(day)]
    assert len(holidays) == 2
    assert sum(free) / len(free) < 0.2 * sum(work) / len(work)
    assert max(holidays) < 0.4 * sum(work) / len(work)


def test_the_launch_the_spike_and_the_loop_stand_out(played: Played) -> None:
    days = played.plan.days
    launch, spike, loop = days.workdays[LAUNCH_WORKDAY], spike_day(days), days.workdays[LOOP_WORKDAY]
    assert DAYS - 10 <= spike < DAYS
    usual = _usual(played.by_day(played.charges(Habit.SPIKE)), but=spike)
    assert played.by_day(played.charges(Habit.SPIKE))[spike] > 5 * usual
    assert any(wish.reason == LAUNCH_REASON and wish.second is not None for wish in played.plan.wishes)
    launched = played.by_day(played.charges(Habit.LAUNCH))
    assert launched[launch] > 10 * max(launched[day] for day in range(launch))
    failed = Counter[int]()
    for charge in played.charges(Habit.LOOP):
        failed[days.day_of(charge.at)] += 0 if charge.ok else charge.calls
    assert failed[loop] > 5_000
    assert sum(count for day, count in failed.items() if day != loop) < failed[loop] / 20


def _usual(days: Counter[int], but: int) -> float:
    counts = [count for day, count in days.items() if day != but]
    return sum(counts) / len(counts)


def test_one_old_key_lies_unused_for_a_month_and_still_works(played: Played) -> None:
    (key,) = [key for token, key in played.state.keys.items() if played.wishes[token].habit is Habit.IDLE]
    end = played.plan.days.midnight + DAYS * DAY
    assert key.works(end)
    assert key.last_active is not None
    assert end - key.last_active > 30 * DAY


def test_several_models_are_used_and_one_has_no_price(played: Played) -> None:
    calls: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    for charge in played.state.charges:
        calls[charge.model_group] += charge.calls
        cost[charge.model_group] += charge.cost  # type: ignore[assignment]
    assert set(calls) == {model.name for model in MORE_MODELS}
    assert [model for model in calls if cost[model] == 0] == ["mock-preview"]


def test_some_use_falls_outside_working_hours(played: Played) -> None:
    hours = Counter(charge.at.hour for charge in played.charges(Habit.NIGHTLY))
    assert hours[1] + hours[2] > sum(hours.values()) / 2
