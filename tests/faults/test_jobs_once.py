"""Two replicas at the same moment of the clock: each warning, reminder and end is told once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.keys import KeyState
from tests.faults import kit
from tests.office import Office

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    with Office(migrated_url, tmp_path) as office:
        for _ in range(2):
            office.open()
        office.found_team()
        yield office
        kit.assert_all_is_well(office)


def pass_time(office: Office, **by: float) -> None:
    """Move the clock for both, and let both look at it."""
    office.clock.advance(**by)
    time.sleep(2.2)
    kit.settle(office)


def test_warnings_and_the_end_come_once(office: Office) -> None:
    office.key("$5 2d short look")
    pass_time(office, hours=25)
    assert len(kit.told(office, "ana", "in less than a day")) == 1
    pass_time(office, hours=22, minutes=30)
    assert len(kit.told(office, "ana", "in less than an hour")) == 1
    pass_time(office, hours=1)
    office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
    kit.settle(office)
    assert len(kit.told(office, "ana", "is over")) == 1
    assert len(kit.told(office, "ana", "in less than a")) == 2


def test_a_reminder_and_the_end_of_a_request_come_once(office: Office) -> None:
    card = office.ask("$5 2d short look")
    pass_time(office, hours=5)
    replies = office.slack.channel("search").replies(card)
    assert len([r for r in replies if "still waiting" in office.text(r)]) == 1
    pass_time(office, hours=20)
    pass_time(office, hours=50)
    assert len(kit.told(office, "ana", "Nobody decided")) == 1
    assert len(kit.rows(office, action="request.expired")) == 1
