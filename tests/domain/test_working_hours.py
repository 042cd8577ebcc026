"""Off-hours are those of the place, on its own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.working_hours import is_off_hour


@pytest.mark.parametrize(
    ("day", "hour", "zone", "off"),
    [
        (20, 7, "UTC", True),  # a Friday
        (20, 8, "UTC", False),
        (20, 19, "UTC", False),
        (20, 20, "UTC", True),
        (21, 12, "UTC", True),
        (22, 12, "UTC", True),
        (23, 12, "UTC", False),
        (20, 7, "Europe/Berlin", False),  # 08:00 there
        (20, 19, "Europe/Berlin", True),
        (22, 23, "Asia/Tokyo", False),  # Monday, 08:00
        (20, 12, "Asia/Tokyo", True),
        (20, 2, "Asia/Kolkata", False),  # 07:30 to 08:30: from its middle on it is working time
        (20, 14, "Asia/Kolkata", True),  # 19:30 to 20:30
        (20, 13, "America/New_York", False),  # 08:00
        (20, 12, "America/New_York", True),
    ],
)
def test_working_hours_are_eight_to_eight_from_monday_to_friday(day: int, hour: int, zone: str, off: bool) -> None:
    assert is_off_hour(datetime(2026, 11, day, hour, tzinfo=UTC), ZoneInfo(zone)) is off


def test_summer_time_moves_them() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert not is_off_hour(datetime(2026, 7, 3, 6, tzinfo=UTC), berlin)
    assert is_off_hour(datetime(2026, 12, 4, 6, tzinfo=UTC), berlin)
