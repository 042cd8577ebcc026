"""A year of an organisation from its first day to its last, with every check on the way."""

from __future__ import annotations

from datetime import timedelta

from bot.services import expiry, reconcile
from bot.services.handover_times import watch_handovers
from tests.simulation.offboarding import checking
from tests.simulation.offboarding.deeds import Deeds
from tests.simulation.offboarding.founding import Size
from tests.simulation.offboarding.listing import Looks
from tests.simulation.offboarding.organisation import BEGIN, Organisation
from tests.simulation.offboarding.year import CHANCE_FAILS_OF_THOUSAND, YEAR_DAYS, Year

CALM = timedelta(hours=40)
"""How long nothing fails before all is compared: a look through everybody, and whatever was late."""


def simulate(url: str, size: Size, seed: int, days: int = YEAR_DAYS) -> Organisation:
    """Live the year. Raises `AssertionError`, with the seed, as soon as something is not as it should be."""
    org = Organisation(url, size, seed)
    try:
        live(org, days)
    finally:
        org.close()
    return org


def live(org: Organisation, days: int) -> None:
    """Every day looked at, every quarter in calm, and the end."""
    looks = Looks(org)
    Year(org, Deeds(org), looks, days).plan()
    org.at(BEGIN + timedelta(hours=3), looks.look)
    org.every(looks.idle, BEGIN + timedelta(hours=9), hours=101)
    org.every(lambda: org.machine(watch_handovers), BEGIN + timedelta(hours=1), hours=11)
    org.every(lambda: org.machine(expiry.pass_time), BEGIN + timedelta(hours=2), hours=23)
    org.every(lambda: org.machine(reconcile.reconcile), BEGIN + timedelta(hours=2.5), hours=71)
    quarters = {round(days * number / 4) for number in range(1, 5)}
    for day in range(1, days + 1):
        if day in quarters:
            _calm(org)
            checking.nobody_who_left_has_a_key(org)
            checking.nobody_who_left_has_a_say(org)
            checking.the_books_are_whole(org)
            org.gateway.fails_of_thousand = org.channels.fails_of_thousand = CHANCE_FAILS_OF_THOUSAND
        org.live(max(org.clock.at, BEGIN + timedelta(days=day)))
        checking.nobody_lost_what_they_need(org)
    checking.nobody_decided_after_they_left(org)
    checking.each_leave_was_noticed_once(org)
    checking.the_fuse_did_its_work(org)


def _calm(org: Organisation) -> None:
    """Nothing fails for as long as it takes to make up for all that was late."""
    org.gateway.fails_of_thousand = org.channels.fails_of_thousand = 0
    org.is_calm = True
    org.slack.down = org.gateway.down = False
    org.live(org.clock.at + CALM)
    for job in (reconcile.reconcile, watch_handovers, expiry.pass_time):
        org.machine(job)
    org.live(org.clock.at + timedelta(hours=1))
    org.is_calm = False
