"""What of a key its spend is compared with."""

from __future__ import annotations

import pytest

from bot.domain.keys import KeyKind
from bot.services import pasts
from storage import spikes
from tests.company import Company
from tests.services.guard_kit import add_key, spend, sync


@pytest.mark.parametrize(
    ("kind", "days", "is_monthly"),
    [
        (KeyKind.TEMPORARY, 7, False),
        (KeyKind.TEMPORARY, 30, False),
        (KeyKind.TEMPORARY, 62, False),
        (KeyKind.TEMPORARY, 63, True),
        (KeyKind.MEMBER, None, True),
    ],
)
def test_an_amount_in_total_is_no_cap_per_month_unless_it_lasts_as_long_as_is_looked_back(
    company: Company, kind: KeyKind, days: int | None, is_monthly: bool
) -> None:
    key = add_key(company, kind=kind, days=days)
    sync(company)
    company.clock.advance(seconds=60)
    spend(company, key, 1)
    sync(company)
    hour = company.clock.now().replace(minute=0, second=0, microsecond=0)
    with company.books.reading() as session:
        busy = spikes.busy(session, hour, hour)
        assert pasts.of_keys(session, busy, hour)[key.id].is_monthly is is_monthly
