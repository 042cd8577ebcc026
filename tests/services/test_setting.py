"""Setting budgets: owners only, never their own, and never touching what was spent."""

from __future__ import annotations

from functools import partial

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Notice, Occasion
from bot.domain.people import Member
from bot.domain.requests import Because, Refused
from bot.services import auditing, setting, teams
from bot.services.setting import BudgetSet, BudgetSetting, PersonWord, ProjectWord, TeamWord
from storage import ledger
from storage.ledger import Recorded
from tests.company import ANA, BEN, EVE, GUS, OLGA, OMAR, Company
from tests.faults.kit import at_once
from tests.services.guard_kit import told
from tests.services.kit import CHANNEL, USD, add_project, choose, granted, held, refusal, spend, wanted
from tests.services.raising_kit import IN_TEN_DAYS, approve, asked, limit

Word = TeamWord | ProjectWord | PersonWord


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    add_project(company_anywhere)
    return company_anywhere


def setting_it(
    company: Company, usd: float, word: Word | None = None, who: Member = OMAR, *, hard: bool | None = None
) -> BudgetSet | Refused:
    wished = BudgetSetting(word or TeamWord(), round(usd * USD), hard)
    return setting.set_budget(company.purser, company.actor(who), CHANNEL, wished)


def done(
    company: Company, usd: float, word: Word | None = None, who: Member = OMAR, *, hard: bool | None = None
) -> BudgetSet:
    outcome = setting_it(company, usd, word, who, hard=hard)
    assert isinstance(outcome, BudgetSet), outcome
    return outcome


def rows(company: Company) -> list[Recorded]:
    with company.books.reading() as session:
        return list(ledger.entries(session, action="budget.set"))


@pytest.mark.parametrize(
    ("word", "layer", "subject_id", "was"),
    [
        (TeamWord(), Layer.TEAM, "team_1", 500),
        (ProjectWord("reranker"), Layer.PROJECT, "project_1", 200),
        (PersonWord(ANA.id), Layer.MEMBER, ANA.id, None),
    ],
)
def test_an_owner_sets_any_budget(company: Company, word: Word, layer: Layer, subject_id: str, was: int | None) -> None:
    now = done(company, 300, word)
    assert (now.monthly_micros, now.was_micros) == (300 * USD, None if was is None else was * USD)
    assert limit(company, layer, subject_id).budget_micros == now.limit.budget_micros == 300 * USD
    (row,) = rows(company)
    assert (row.actor, row.amount_micros, row.team_id) == (OMAR.id, 300 * USD, "team_1")
    assert (row.project_id, row.member_id) == (
        "project_1" if layer is Layer.PROJECT else None,
        ANA.id if layer is Layer.MEMBER else None,
    )
    before = "none" if was is None else f"${was} (hard)"
    assert row.reason == f"from {before} to $300 (hard) a month"
    assert auditing.verify(company.books).ok


@pytest.mark.parametrize("who", [ANA, BEN, GUS])
def test_only_owners_set_budgets(company: Company, who: Member) -> None:
    assert refusal(setting_it(company, 900, who=who)).because is Because.NOT_ALLOWED
    assert limit(company, Layer.TEAM, "team_1").budget_micros == 500 * USD
    assert rows(company) == []


def test_named_nobody_sets_their_own_budget(company: Company) -> None:
    refused = refusal(setting_it(company, 900, PersonWord(OMAR.id)))
    assert refused.text == "Nobody decides about their own budget or key. Another owner has to."
    assert isinstance(setting_it(company, 900, PersonWord(OMAR.id), OLGA), BudgetSet)


def test_what_means_nothing_here_is_said(company: Company) -> None:
    assert "There is: `reranker`." in refusal(setting_it(company, 9, ProjectWord("ads"))).text
    assert "is not in team search" in refusal(setting_it(company, 9, PersonWord(EVE.id))).text
    nowhere = setting.set_budget(company.purser, company.actor(OMAR), "C0NOWHERE", BudgetSetting(TeamWord(), USD))
    assert refusal(nowhere).text == "No team lives in this channel. Type it in the channel of the team it is about."


def test_a_project_cannot_have_more_than_its_team(company: Company) -> None:
    refused = refusal(setting_it(company, 500.01, ProjectWord("reranker")))
    assert refused.text == "The team's own budget is $500 a month; a project cannot have more."
    done(company, 500, ProjectWord("reranker"))


def test_a_team_with_less_than_its_project_is_told_what_binds(company: Company) -> None:
    assert done(company, 150).remarks == ("More is set for reranker than the team has now; the team's budget binds.",)
    assert done(company, 200).remarks == ()


def test_a_soft_budget_stays_soft_until_somebody_says_otherwise(company: Company) -> None:
    assert not done(company, 400, hard=False).limit.hard
    again = done(company, 300)
    assert (again.limit.hard, again.was_hard) == (False, False)
    assert done(company, 300, hard=True).limit.hard
    assert [row.reason for row in rows(company)] == [
        "from $500 (hard) to $400 (soft) a month",
        "from $400 (soft) to $300 (soft) a month",
        "from $300 (soft) to $300 (hard) a month",
    ]


def test_a_new_budget_is_as_hard_as_policy_says(company: Company) -> None:
    choose(company, hard_budgets=False, member_budget_micros=50 * USD)
    now = done(company, 80, PersonWord(ANA.id))
    assert (now.was_micros, now.was_hard, now.limit.hard) == (50 * USD, False, False)


def test_setting_a_budget_never_resets_what_was_spent(company: Company) -> None:
    made = held(company, ANA, wanted(100))
    spend(company, made, 60)
    for usd in (900, 60.50, 300):
        now = done(company, usd)
        assert now.limit.spent_micros == 60 * USD
        assert limit(company, Layer.TEAM, "team_1").spent_micros == 60 * USD


def test_a_budget_below_what_was_spent_says_what_happens_to_its_keys(company: Company) -> None:
    made = held(company, ANA, wanted(100))
    spend(company, made, 60)
    choose(company, poll_seconds=120)
    now = done(company, 60, ProjectWord("reranker"))
    assert now.remarks == (), "the project spent nothing"
    now = done(company, 60)
    assert "$60 is spent already, so its keys are stopped within 2 minutes." in now.remarks
    assert "$60 is spent already. It is soft, so its keys go on." in done(company, 59.99, hard=False).remarks


def test_a_budget_below_what_is_promised_says_so(company: Company) -> None:
    granted(company, ANA, wanted(300))
    assert done(company, 250).remarks == ("Its keys may still spend $300, $50 more than is left: no key fits.",)
    assert done(company, 300).remarks == ()


def test_raises_come_on_top_of_what_is_set(company: Company) -> None:
    approve(company, asked(company, 200, TeamWord(), ends_at=IN_TEN_DAYS))
    now = done(company, 400)
    assert (now.monthly_micros, now.was_micros, now.limit.budget_micros) == (400 * USD, 500 * USD, 600 * USD)
    assert now.remarks == ("$200 of raises come on top until 30 November.",)


def test_once_two_owners_at_once_leave_one_budget_and_two_rows(company: Company) -> None:
    calls = [partial(setting_it, company, usd, None, who) for usd, who in ((300, OMAR), (400, OLGA))]
    first, second = at_once(*calls)
    assert isinstance(first, BudgetSet)
    assert isinstance(second, BudgetSet)
    written = rows(company)
    assert len(written) == 2
    assert limit(company, Layer.TEAM, "team_1").budget_micros == written[-1].amount_micros
    assert written[-1].reason.startswith(f"from ${written[0].amount_micros // USD if written[0].amount_micros else 0} ")


def test_once_the_same_delivery_sets_once(company: Company) -> None:
    actor = company.actor(OMAR, "the same command")
    setting.set_budget(company.purser, actor, CHANNEL, BudgetSetting(TeamWord(), 300 * USD))
    with pytest.raises(Exception, match="the same command"):
        setting.set_budget(company.purser, actor, CHANNEL, BudgetSetting(TeamWord(), 300 * USD))
    assert len(rows(company)) == 1


# --- the person it is about ---


def sent(company: Company, who: Member) -> list[Notice]:
    company.perform()
    return told(company, f"direct:{who.id}", Occasion.BUDGET_SET)


def test_a_person_is_told_who_set_their_budget_from_what_to_what_and_what_it_means(company: Company) -> None:
    spend(company, held(company, ANA, wanted(100)), 60)
    done(company, 80, PersonWord(ANA.id))
    done(company, 50, PersonWord(ANA.id), OLGA)
    first, second = sent(company, ANA)
    for notice, by, was, now in ((first, OMAR, None, 80), (second, OLGA, 80, 50)):
        facts = notice.budget_set
        assert facts is not None
        assert (notice.actor_id, facts.micros, facts.team_name) == (by.id, now * USD, "search")
        assert facts.was_micros == (None if was is None else was * USD)
        assert facts.limit.spent_micros == 60 * USD
    assert second.note == "$60 is spent already, so its keys are stopped within 1 minute."
    assert sent(company, BEN) == sent(company, OMAR) == []


def test_an_owner_of_another_team_tells_the_person_as_well(company: Company) -> None:
    for did in (
        teams.create(company.purser, company.actor(OLGA), "C0OTHER", "other", 500 * USD),
        teams.invite(company.purser, company.actor(OLGA), "C0OTHER", (ANA.id, BEN.id)),
        teams.make_owner(company.purser, company.actor(OLGA), "C0OTHER", (BEN.id,)),
    ):
        assert not isinstance(did, Refused), did
    wished = BudgetSetting(PersonWord(ANA.id), 10 * USD)
    assert isinstance(setting.set_budget(company.purser, company.actor(BEN), "C0OTHER", wished), BudgetSet)
    (notice,) = sent(company, ANA)
    assert notice.budget_set is not None
    assert (notice.actor_id, notice.budget_set.team_name) == (BEN.id, "other")


def test_nobody_is_written_to_about_a_budget_that_is_not_a_persons(company: Company) -> None:
    done(company, 300)
    done(company, 100, ProjectWord("reranker"))
    assert [sent(company, who) for who in (ANA, BEN, OMAR, OLGA)] == [[], [], [], []]
