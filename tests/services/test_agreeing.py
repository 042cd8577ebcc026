"""Nobody's key is made before they agreed to the usage policy as it is now; the ledger says who did, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.policy import UsagePolicy
from bot.domain.requests import Because, Refused
from bot.services import agreeing, revealing
from bot.services.agreeing import AGREED
from bot.services.context import Repeated
from bot.services.revealing import Shown
from storage import ledger
from tests.company import ANA, BEN, Company
from tests.services.kit import granted

FIRST = UsagePolicy("2026-11", "No customer data.")
SECOND = UsagePolicy("2027-01", "No customer data, and no secrets.")


def under(company: Company, policy: UsagePolicy | None) -> None:
    company.purser = replace(company.purser, policy=replace(company.purser.policy, usage_policy=policy))


def reveal(company: Company, request_id: str) -> Shown | Refused:
    return revealing.reveal(company.purser, company.actor(ANA), request_id, company.show)


def agreements(company: Company) -> list[tuple[str, str]]:
    with company.books.reading() as session:
        return [(row.actor, row.reason) for row in ledger.entries(session, action=AGREED)]


def test_no_key_is_made_before_and_it_is_once_they_agreed(company_anywhere: Company) -> None:
    company = company_anywhere
    under(company, FIRST)
    request_id = granted(company)
    refused = reveal(company, request_id)
    assert isinstance(refused, Refused)
    assert refused.because is Because.NOT_AGREED
    assert list(company.gateway.list_keys()) == []
    for _ in range(2):  # a double click
        assert agreeing.agree(company.purser, company.actor(ANA), FIRST.version) is None
    assert isinstance(reveal(company, request_id), Shown)
    assert agreements(company) == [(ANA.id, "version 2026-11")]


def test_a_changed_policy_is_asked_about_again_and_the_old_one_is_not_agreed_to(company: Company) -> None:
    under(company, FIRST)
    agreeing.agree(company.purser, company.actor(ANA), FIRST.version)
    under(company, SECOND)
    request_id = granted(company)
    assert isinstance(reveal(company, request_id), Refused)
    refused = agreeing.agree(company.purser, company.actor(ANA), FIRST.version)
    assert refused is not None
    assert "changed while you read it" in refused.text
    assert isinstance(reveal(company, request_id), Refused)
    agreeing.agree(company.purser, company.actor(ANA), SECOND.version)
    assert isinstance(reveal(company, request_id), Shown)


def test_the_same_form_delivered_again_does_nothing(company: Company) -> None:
    under(company, FIRST)
    once = company.actor(ANA)
    assert agreeing.agree(company.purser, once, FIRST.version) is None
    with pytest.raises(Repeated):
        agreeing.agree(company.purser, once, FIRST.version)


def test_what_one_person_agreed_to_counts_for_nobody_else(company: Company) -> None:
    under(company, FIRST)
    agreeing.agree(company.purser, company.actor(BEN), FIRST.version)
    assert isinstance(reveal(company, granted(company)), Refused)


def test_without_a_policy_nobody_is_asked(company: Company) -> None:
    assert isinstance(reveal(company, granted(company)), Shown)
    assert agreements(company) == []
