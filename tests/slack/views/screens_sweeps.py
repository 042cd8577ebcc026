"""Every screen about sweeps, for a world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.offboarding import Reach, Trip
from bot.domain.sweeps import Impact, Listing, Moment, Preview, Sweep, SweepFacts, SweepNotice, SweepState
from bot.slack.views import sweeps
from bot.slack.views.base import Message
from tests.slack.views.kit import NOW, OLGA, OMAR, World

GONE = tuple(f"U0GONE{number}" for number in range(10))
REACH = Reach(people=214, gone=31, missing=0, elsewhere=0, keys=612, touched=40)


def impact(**more: int) -> Impact:
    """Thirty-one people are gone."""
    return Impact(replace(REACH, **more), GONE, off=34, handed=6)


def told(
    world: World, state: SweepState = SweepState.PAUSED, trip: Trip | None = Trip.PEOPLE, **more: int
) -> SweepFacts:
    """A sweep that began ten minutes ago."""
    began = NOW - timedelta(minutes=10)
    sweep = Sweep(
        "sweep-1", Listing.SLACK, state, began, "purser", pages=2, listed=230, why="" if trip is None else trip
    )
    return SweepFacts(sweep, impact(**more), world.owners, fuse_percent=5)


def every_about_sweeps(world: World) -> dict[str, Message]:
    return _previews(world) | _to_owners(world)


def _previews(world: World) -> dict[str, Message]:
    last = told(world, SweepState.DONE, None)
    last = replace(last, sweep=replace(last.sweep, finished_at=NOW), done=2, spared=1)
    calm = Preview(Impact(replace(REACH, gone=0, touched=0)), None, 230, 5, last)
    agreed = told(world)
    agreed = replace(agreed, sweep=replace(agreed.sweep, agreed=(OLGA,)))
    failed = told(world, SweepState.FAILED, None)
    failed = replace(failed, sweep=replace(failed.sweep, why=world.note))
    few = replace(REACH, gone=1, touched=1)
    return {
        "sweep_looking": sweeps.looking(),
        "sweep_would_do_nothing": sweeps.preview(calm),
        "sweep_would_go_on": sweeps.preview(replace(calm, impact=Impact(few, GONE[:1], off=1, back=1))),
        "sweep_would_stop": sweeps.preview(replace(calm, impact=impact(), trip=Trip.PEOPLE, last=None)),
        "sweep_would_stop_short": sweeps.preview(
            replace(calm, impact=impact(missing=3, elsewhere=2), trip=Trip.SHORT, last=failed)
        ),
        "sweep_switched_off": sweeps.preview(replace(calm, is_on=False, last=None)),
        "sweep_waits": sweeps.preview(
            replace(calm, impact=impact(), trip=Trip.PEOPLE, pending=agreed, may_decide=True)
        ),
        "sweep_waits_for_others": sweeps.preview(replace(calm, pending=agreed)),
    }


def _to_owners(world: World) -> dict[str, Message]:
    def direct(moment: Moment, facts: SweepFacts, by: str | None = None) -> Message:
        return sweeps.direct(SweepNotice(moment, facts, by))

    agreed = told(world)
    agreed = replace(agreed, sweep=replace(agreed.sweep, agreed=(OLGA,)))
    acting = replace(agreed, sweep=replace(agreed.sweep, agreed=(OLGA, OMAR), state=SweepState.ACTING))
    off = told(world, SweepState.CALLED_OFF)
    done = replace(told(world, SweepState.DONE), done=29, spared=1, failed=1)
    late = replace(
        told(world, SweepState.READING, None), sweep=replace(agreed.sweep, state=SweepState.READING, why=world.note)
    )
    feed = told(world)
    feed = replace(feed, sweep=replace(feed.sweep, listing=Listing.FEED), asked_ids=(OLGA,))
    return {
        "direct_sweep_stopped": direct(Moment.PAUSED, told(world)),
        "direct_sweep_stopped_workspace": direct(Moment.PAUSED, told(world, trip=Trip.WORKSPACE, elsewhere=200)),
        "direct_sweep_stopped_short": direct(Moment.PAUSED, told(world, trip=Trip.SHORT, missing=40)),
        "direct_sweep_stopped_keys": direct(Moment.PAUSED, told(world, trip=Trip.KEYS)),
        "direct_sweep_stopped_one_owner": direct(Moment.PAUSED, feed),
        "direct_sweep_agreed": direct(Moment.AGREED, agreed, OLGA),
        "direct_sweep_agreed_by_two": direct(Moment.AGREED, acting, OMAR),
        "direct_sweep_called_off": direct(Moment.CALLED_OFF, off, OMAR),
        "direct_sweep_done": direct(Moment.DONE, done),
        "direct_sweep_replaced": direct(Moment.REPLACED, told(world, SweepState.REPLACED)),
        "direct_sweep_late": direct(Moment.LATE, late),
        "sweep_agreed_first": sweeps.decided(agreed),
        "sweep_agreed_second": sweeps.decided(acting),
        "sweep_called_off": sweeps.decided(off),
    }
