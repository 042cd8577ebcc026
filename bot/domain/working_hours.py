"""When people work: 08:00 to 20:00 from Monday to Friday, at the place where they are."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

FIRST_HOUR, LAST_HOUR = 8, 20
_HALF = timedelta(minutes=30)


def is_off_hour(hour: datetime, zone: tzinfo) -> bool:
    """Whether most of the hour that begins then (aware) lies outside working hours in that zone.

    Zones whose offset is no whole hour shift it by half an hour; then the middle of the hour decides.
    """
    there = (hour + _HALF).astimezone(zone)
    return there.weekday() >= 5 or not FIRST_HOUR <= there.hour < LAST_HOUR
