"""What the firm does while its gateway lies: busy hours in which programs burn more than anybody allowed, and rests."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from bot.domain.guard import BACK_AT_PERCENT, REACHED
from bot.domain.periods import DAY_SECONDS, month_end
from bot.services import setting
from tests.company import ANA
from tests.fakes import NOON
from tests.simulation import days, measuring
from tests.simulation.firm import CLEO, OPS, SEARCH, Firm, Subject, limits_over
from tests.simulation.lying import Lie, Lying

BUSY = NOON + timedelta(minutes=10)
"""When the programs start."""
RAISED = BUSY + timedelta(minutes=16)
IDLE = BUSY + timedelta(minutes=24)
TURN = month_end(NOON)
LATE_EVENING, EARLY_MORNING = TURN - timedelta(minutes=4), TURN + timedelta(minutes=10)
TRUTH = EARLY_MORNING + timedelta(minutes=2)
END = TURN + timedelta(days=5)
DAY = timedelta(days=1)
NO_LIMIT = 2**63
OUTAGE = (BUSY + timedelta(minutes=4), BUSY + timedelta(minutes=4) + DAY)


def lies_told(random: Random) -> dict[str, list[Lying]]:
    """Each lie alone, and all of them together, at times that depend on the seed."""

    def at(base: datetime, *, minutes: float) -> datetime:
        return base + timedelta(minutes=minutes, seconds=random.randrange(60))

    alone = {
        "accepts spend over every cap": [Lying(Lie.OVER_CAPS)],
        "accepts a blocked key for up to 60 s": [Lying(Lie.FORGETS_BLOCKS, 60)],
        "tells spend 120 s late": [Lying(Lie.TELLS_LATE, 120)],
        "tells less than before": [
            Lying(Lie.TELLS_LESS, 40, at(BUSY, minutes=3), at(BUSY, minutes=5)),
            Lying(Lie.TELLS_LESS, 70, at(BUSY, minutes=9), at(BUSY, minutes=12)),
            Lying(Lie.TELLS_LESS, 50, at(TURN, minutes=-2), at(TURN, minutes=2)),
        ],
        "counts every 4th call twice": [Lying(Lie.COUNTS_TWICE, 4, until=at(TURN, minutes=3))],
        "raises a cap every 2 min": [Lying(Lie.RAISES_CAPS, 120)],
        "starts live totals again every 7 min": [Lying(Lie.RESETS_TOTALS, 420)],
        "starts live totals again each month": [Lying(Lie.RESETS_TOTALS, 0)],
        "has no price for every 5th call": [Lying(Lie.HAS_NO_PRICE, 5)],
    }
    short_outage = Lying(Lie.IS_DOWN, 0, at(BUSY, minutes=6), at(BUSY, minutes=8))
    together = [lie for name, lies in alone.items() if not name.endswith("each month") for lie in lies]
    return {
        "tells the truth": [],
        **alone,
        "is down for a day, and accepts all spend": [Lying(Lie.IS_DOWN, 0, *OUTAGE), Lying(Lie.OVER_CAPS)],
        "all together": [*together, short_outage],
    }


def work(firm: Firm, lies: list[Lying], *, until: datetime = END) -> None:
    """A busy hour in which budgets are raised, quiet days, the turn of the month at work, and days to settle in."""
    firm.gateway.lies = lies
    days.at_slots(firm, BUSY)
    use_everything(firm, IDLE)
    if any(one.lie is Lie.IS_DOWN and one.until - one.since >= DAY for one in lies):
        sit_out(firm)
    else:
        days.at_slots(firm, RAISED)
        firm.agree_to_raise(ANA, SEARCH, setting.PersonWord(ANA.id), 20, NOON + 5 * DAY)
        firm.agree_to_raise(CLEO, OPS, setting.TeamWord(), 60, NOON + 4 * DAY)
        days.at_slots(firm, IDLE + timedelta(minutes=2))
    if until > TURN:
        days.at_leisure(firm, LATE_EVENING - timedelta(minutes=1), every_seconds=3 * DAY_SECONDS)
        use_everything(firm, EARLY_MORNING)
        days.at_slots(firm, TRUTH)
    firm.gateway.tell_the_truth()
    days.at_leisure(firm, until)


def use_everything(firm: Firm, until: datetime) -> None:
    """Every key in use, so that it would reach its own cap some 2 to 10 minutes from now."""
    seconds = (until - firm.clock.at).total_seconds()
    for key in firm.keys:
        cap = key.daily_cap_micros or key.cap_micros
        firm.burn(key, round(cap / firm.random.uniform(120, 600)), seconds)


def sit_out(firm: Firm) -> None:
    """The gateway is down, so nothing is decided by the minute: jobs run now and then until it comes back."""
    down, up = OUTAGE
    use_everything_slowly(firm, up + timedelta(minutes=20))
    days.at_slots(firm, down + timedelta(minutes=3))
    days.at_leisure(firm, up - timedelta(minutes=2), every_seconds=1800)
    days.at_slots(firm, up + timedelta(minutes=20))


def use_everything_slowly(firm: Firm, until: datetime) -> None:
    """Every key in use, with a call every half minute."""
    seconds = (until - firm.clock.at).total_seconds()
    for key in firm.keys:
        firm.burn(key, round(key.cap_micros / firm.random.uniform(10_000, 80_000)), seconds, every_seconds=30)


def all_back_but_what_is_used_up(firm: Firm) -> None:
    """A key is off while a limit over it is used up, and on while none nearly is."""
    on = firm.on()
    for key in firm.keys:
        shares = [spent_now(firm, subject) * 100 / height_now(firm, subject) for subject in limits_over(key)]
        if max(shares) >= REACHED:
            assert key.id not in on, (firm.now(key), shares)
        elif max(shares) <= BACK_AT_PERCENT:
            assert key.id in on, (firm.now(key), shares)


def spent_now(firm: Firm, subject: Subject) -> int:
    """What was truly spent of a limit in its period, in micro-USD."""
    period = measuring.period_of(firm, subject, firm.clock.at)
    meters = [firm.gateway.meters[key.handle or ""] for key in firm.under(subject)]
    return sum(meter.spent_in[period] for meter in meters)


def height_now(firm: Firm, subject: Subject) -> int:
    height = firm.height(subject, firm.clock.at)
    return NO_LIMIT if height is None else height
