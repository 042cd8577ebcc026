"""Raise for people in several teams: their own budget is one, and the team whose owners decide about it is found."""

from __future__ import annotations

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import RaiseFormFacts
from bot.domain.keys import Key
from bot.domain.people import Member
from bot.domain.requests import Because, Refused, Target
from bot.services import approvals, raising, requests, revealing, teams
from bot.services.raising import AskRaise
from bot.services.requests import Place, Sent
from bot.services.revealing import Shown
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.services.guard_kit import add_key, all_alerts, is_stopped, poll, set_budget, spend
from tests.services.kit import CHANNEL, USD, refusal, wanted
from tests.services.raising_kit import IN_TEN_DAYS

DM = "D0ANA"
"""Where the button is pressed: no team lives there."""
OTHER = "C0OTHER"


@pytest.fixture
def company(company: Company) -> Company:
    """Ana is in two teams, and has $50 a month of her own."""
    for did in (
        teams.create(company.purser, company.actor(OLGA), OTHER, "other", 500 * USD),
        teams.invite(company.purser, company.actor(OLGA), OTHER, (ANA.id,)),
    ):
        assert not isinstance(did, Refused), did
    set_budget(company, Layer.MEMBER, ANA.id, 50)
    return company


def form(company: Company, about: str = "", who: Member = ANA, where: str = DM) -> RaiseFormFacts:
    found = raising.raise_form(company.purser, company.actor(who), where, about)
    assert isinstance(found, RaiseFormFacts), found
    return found


def held_in_other(company: Company) -> Key:
    asked = requests.ask(company.purser, company.actor(ANA), Place(OTHER), wanted(5))
    assert isinstance(asked, Sent), asked
    approvals.approve(company.purser, company.actor(OLGA), asked.facts.request.id)
    shown = revealing.reveal(company.purser, company.actor(ANA), asked.facts.request.id, company.show)
    assert isinstance(shown, Shown), shown
    return shown.key


def names(found: RaiseFormFacts) -> list[str]:
    return [team.name for team in found.teams]


def the_alert(company: Company) -> str:
    (alert,) = (one for one in all_alerts(company) if one.threshold == 100)
    return alert.id


def sent(company: Company, found: RaiseFormFacts, team: int = 0) -> Sent:
    """The form as it was opened, sent for its chosen limit."""
    assert found.chosen is not None
    target = Target(found.chosen.layer, found.chosen.subject_id)
    wanted = AskRaise(20 * USD, "launch week", target=target, ends_at=IN_TEN_DAYS)
    outcome = raising.ask_raise(company.purser, company.actor(ANA), Place(DM, found.teams[team].id), wanted)
    assert isinstance(outcome, Sent), outcome
    return outcome


def test_the_keys_that_a_personal_budget_stopped_say_which_team_decides(company: Company) -> None:
    made = add_key(company, ANA)
    spend(company, made, 60)
    poll(company)
    assert is_stopped(company, made)
    for about in (made.id, the_alert(company)):
        found = form(company, about)
        assert (names(found), found.chosen and found.chosen.layer) == (["search"], Layer.MEMBER)
    assert sent(company, found).facts.team.name == "search"


def test_before_anything_is_stopped_the_keys_in_use_say_it(company: Company) -> None:
    spend(company, add_key(company, ANA, usd=100), 40)
    poll(company)
    (early,) = (one for one in all_alerts(company) if one.layer is Layer.MEMBER and one.told)
    assert names(form(company, early.id)) == ["search"]


def test_where_several_teams_could_decide_the_form_offers_each(company: Company) -> None:
    elsewhere = held_in_other(company)
    made = add_key(company, ANA)
    spend(company, made, 60)
    poll(company)
    assert is_stopped(company, made, elsewhere)
    found = form(company, the_alert(company))
    assert names(found) == ["other", "search"]
    assert sent(company, found, team=1).facts.team.name == "search"
    assert names(form(company, elsewhere.id)) == ["other"], "its key says it"


def test_a_form_in_a_teams_channel_is_about_that_team(company: Company) -> None:
    assert names(form(company, where=OTHER)) == ["other"]
    assert names(form(company, where=CHANNEL)) == ["search"]


def test_typed_where_no_team_lives_it_says_where_to_type_it(company: Company) -> None:
    refused = refusal(raising.raise_form(company.purser, company.actor(ANA), DM))
    assert refused.because is Because.WRONG_STATE
    assert "Type it in the channel of the one that pays" in refused.text


def test_nobody_gets_the_form_for_somebody_elses_budget_but_owners(company: Company) -> None:
    spend(company, add_key(company, ANA), 60)
    poll(company)
    alert = the_alert(company)
    refused = refusal(raising.raise_form(company.purser, company.actor(BEN), "D0BEN", alert))
    assert refused.because is Because.NOT_ALLOWED
    assert names(form(company, alert, OMAR, "D0OMAR")) == ["search"]
