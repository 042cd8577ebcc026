"""When spend is a spike, from the key's own past; and how that reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.pasts import HISTORY_HOURS, Hours, Past
from bot.domain.spikes import WINDOWS, Rule, evidence, lines, passed, raised, sentence

USD = 1_000_000
FLOOR = 5 * USD
FRIDAY = datetime(2026, 11, 20, 14, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


def working(at: datetime) -> bool:
    return at.weekday() < 5 and 8 <= at.hour < 18


def past(
    usd: float = 2.0,
    at: datetime = FRIDAY,
    *,
    weeks: float = 9,
    extra: dict[int, float] | None = None,
    left_out: range = range(0),
    accepted: tuple[tuple[int, int], ...] = (),
) -> Past:
    """So much in each working hour; `extra` are dollars more, so many hours ago."""
    begin = round(weeks * 168)
    hours: list[int | None] = []
    for ago in range(HISTORY_HOURS, 0, -1):
        then = at - timedelta(hours=ago)
        wobble = 1.0 if 12 <= then.hour <= 16 else 0.8
        spent = round(usd * wobble * USD) if working(then) and ago <= begin else 0
        hours.append(None if ago in left_out else spent + round((extra or {}).get(ago, 0) * USD))
    spans = tuple((HISTORY_HOURS - since, HISTORY_HOURS - until) for since, until in accepted)
    return Past(Hours(hours), at, 100 * USD, accepted=spans)


def new(cap_usd: int = 100, *, monthly: bool = True, at: datetime = FRIDAY, personal: bool = True) -> Past:
    return Past(Hours([0] * 48), at, cap_usd * USD, monthly, BERLIN if personal else None)


def spikes(seen: Past, usd: float) -> bool:
    return passed(seen, round(usd * USD), FLOOR) is not None


def test_far_above_what_is_usual_at_this_hour_is_a_spike_and_reads_so() -> None:
    seen = past()
    line = passed(seen, 38 * USD, FLOOR)
    assert line is not None
    assert line.hours == 1
    said = evidence(seen, line, 38 * USD)
    assert sentence(said).startswith("$38 in the last hour; at this hour on Fridays it usually spends $2")
    assert said.since == FRIDAY
    assert said.hours[-1] == (FRIDAY, 38 * USD)
    assert len(said.hours) == 73


def test_what_is_usual_by_day_is_a_spike_at_night_and_on_sunday() -> None:
    assert not spikes(past(), 7)
    assert spikes(past(at=FRIDAY + timedelta(hours=12)), 7)
    assert spikes(past(at=FRIDAY + timedelta(days=2)), 7)


def test_a_slow_leak_is_found_by_what_several_hours_come_to() -> None:
    night = FRIDAY + timedelta(hours=12)
    assert not spikes(past(at=night, extra={2: 2.0, 1: 2.0}), 0.5)
    line = passed(past(at=night, extra={2: 2.0, 1: 2.0}), round(1.5 * USD), FLOOR)
    assert line is not None
    assert line.hours == 3
    seen = past(at=night, extra={2: 2.0, 1: 2.0})
    assert "$5.50 in the last 3 hours; in these hours on Saturdays it usually spends nothing" in sentence(
        evidence(seen, line, round(1.5 * USD))
    )


def test_a_batch_of_every_week_is_none_on_its_day_and_one_on_another() -> None:
    night = FRIDAY + timedelta(hours=12)
    batches = {week * 168: 40.0 for week in range(1, 9)}
    assert not spikes(past(at=night, extra=batches), 45)
    assert spikes(past(at=night + timedelta(days=3, hours=1), extra={hours + 73: 40.0 for hours in batches}), 90)


def test_a_batch_of_every_month_is_none_on_the_same_day() -> None:
    first = datetime(2026, 11, 1, 3, tzinfo=UTC)
    ago = {int((first - datetime(2026, month, 1, 4, tzinfo=UTC)).total_seconds()) // 3600: 60.0 for month in (9, 10)}
    assert not spikes(past(at=first, extra=ago), 80)
    assert spikes(past(at=first, extra={hours + 24 * 10: usd for hours, usd in ago.items()}), 80)


def test_the_first_that_a_key_ever_spent_was_a_month_ago_and_counts() -> None:
    first = datetime(2026, 11, 1, 3, tzinfo=UTC)
    a_month = int((first - datetime(2026, 10, 1, 3, tzinfo=UTC)).total_seconds()) // 3600
    assert not spikes(past(0, at=first, extra={a_month: 8.0}), 14)
    assert spikes(past(0, at=first, extra={a_month: 8.0}), 17)


def test_an_amount_in_total_may_be_spent_in_runs_and_a_cap_per_month_hardly_at_once() -> None:
    assert spikes(new(200), 40)
    assert not spikes(new(200, monthly=False), 40)


def test_a_key_that_often_surprises_is_given_more_room() -> None:
    calm, moody = past(), past(extra={24 * days + 2: 25 for days in range(1, 56, 4)})
    assert spikes(calm, 30)
    assert not spikes(moody, 30)
    assert spikes(moody, 120)


def test_one_surprise_alone_gives_none_unless_people_said_it_was_right() -> None:
    once = {24 * 3: 30.0}
    assert spikes(past(extra=once), 30)
    assert not spikes(past(extra=once, accepted=((24 * 4, 24 * 2),)), 30)


def test_hours_that_are_left_out_say_nothing() -> None:
    leaks = {24 * days: 60.0 for days in range(1, 20)}
    assert not spikes(past(extra=leaks), 40)
    assert spikes(past(extra=leaks, left_out=range(20 * 24)), 40)


def test_slow_growth_is_none() -> None:
    hours = [round(2 * USD * 1.015 ** (n / 24)) for n in range(HISTORY_HOURS)]
    grown = Past(Hours(hours), FRIDAY, 5000 * USD)
    assert not spikes(grown, 2 * 1.015 ** (HISTORY_HOURS / 24) * 1.3)


def test_a_new_key_is_measured_by_its_cap() -> None:
    assert not spikes(new(200), 11)
    assert spikes(new(200), 13)
    assert spikes(new(40), 6)
    assert not spikes(new(40, monthly=False), 11)
    assert spikes(new(40, monthly=False), 13)
    line = passed(new(200), 13 * USD, FLOOR)
    assert line is not None
    assert line.rule is Rule.SHARE
    assert sentence(evidence(new(200), line, 13 * USD)) == (
        "$13 in the last hour; it is measured by its cap, and more than $12 is a large share of that"
    )


def test_at_night_a_persons_new_key_may_spend_less_and_a_services_as_much() -> None:
    night = FRIDAY + timedelta(hours=12)
    assert spikes(new(200, at=night), 6)
    assert not spikes(new(200, at=night, personal=False), 6)


def test_after_a_day_a_young_key_is_held_to_what_it_did() -> None:
    hours = [USD] * 30
    assert spikes(Past(Hours(hours), FRIDAY, 5000 * USD), 6)
    assert not spikes(Past(Hours(hours), FRIDAY, 5000 * USD), 2.4)


pasts = st.builds(
    lambda hours, weekday, cap: Past(Hours(hours), FRIDAY + timedelta(days=weekday), cap),
    st.lists(st.none() | st.integers(0, 50 * USD), max_size=24 * 20),
    st.integers(0, 6),
    st.integers(0, 1000 * USD),
)


@settings(max_examples=40, deadline=None)
@given(pasts, st.integers(0, 500 * USD), st.integers(0, 500 * USD))
def test_more_spend_never_turns_a_spike_into_none(seen: Past, spent: int, more: int) -> None:
    if passed(seen, spent, FLOOR) is not None:
        assert passed(seen, spent + more, FLOOR) is not None


@settings(max_examples=40, deadline=None)
@given(pasts, st.integers(1, 20 * USD))
def test_below_the_floor_there_is_no_spike_and_no_line_is_lowered(seen: Past, floor: int) -> None:
    low = lines(seen, floor)
    assert [line.hours for line in low] == list(WINDOWS)
    for line in low:
        assert line.limit_micros - line.usual_micros >= floor
        assert raised(seen, line, floor).limit_micros >= line.limit_micros


def test_where_nearly_all_is_left_out_nothing_is_called_usual() -> None:
    seen = past(usd=10, weeks=4, left_out=range(1, 22 * 24))
    assert not spikes(seen, 5.5)
    line = next(line for line in lines(seen, FLOOR) if line.hours == 1)
    assert line.rule is Rule.SHARE
