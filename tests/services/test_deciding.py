"""Named and once: who may ask and decide, that a decision counts once, and what follows it."""

from __future__ import annotations

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.requests import Because, Refused, RequestState
from bot.services import approvals, auditing, expiry, requests, revealing, teams
from bot.services.approvals import AlreadyDecided, Changes, Decided
from bot.services.context import Repeated
from bot.services.people import Freshness, identify
from bot.services.requests import Duplicate, Place, Sent
from bot.slack.views.standing import status
from storage import budgets
from tests.company import ANA, BEN, EVE, GUS, OLGA, OMAR, ROBO, WORKSPACE, Company
from tests.fakes import Mishap
from tests.services.kit import CHANNEL, USD, ask, granted, headroom, held, key, request, wanted


def approve(company: Company, request_id: str, who: object = OMAR, cap_micros: int | None = None) -> approvals.Outcome:
    actor = company.actor(who)  # type: ignore[arg-type]
    return approvals.approve(company.purser, actor, request_id, Changes(cap_micros=cap_micros))


def test_named_an_approval_carries_its_owner_and_everybody_reads_it(company: Company) -> None:
    request_id = ask(company)
    assert isinstance(approve(company, request_id), Decided)
    company.perform()
    assert request(company, request_id).state is RequestState.APPROVED
    assert company.notifier.occasions(f"thread:{request_id}") == ["approved"]
    assert company.notifier.occasions("direct:U0ANA") == ["approved"]


def test_named_nobody_approves_their_own(company: Company) -> None:
    request_id = ask(company, OMAR)
    refused = approve(company, request_id, OMAR)
    assert isinstance(refused, Refused)
    assert refused.text == "Nobody approves their own request. Another owner has to decide."
    assert isinstance(approve(company, request_id, OLGA), Decided)


@pytest.mark.parametrize("who", [ANA, BEN, GUS, ROBO, EVE])
def test_named_only_owners_decide(company: Company, who: object) -> None:
    request_id = ask(company)
    assert isinstance(approve(company, request_id, who), Refused)
    denied = approvals.deny(company.purser, company.actor(who), request_id, "no")  # type: ignore[arg-type]
    assert isinstance(denied, Refused)
    assert request(company, request_id).state is RequestState.WAITING


def test_once_the_second_of_two_owners_reads_who_was_first(company: Company) -> None:
    request_id = ask(company)
    approve(company, request_id, OMAR)
    second = approve(company, request_id, OLGA)
    assert isinstance(second, AlreadyDecided)
    assert [word.owner_id for word in second.facts.request.approvals] == [OMAR.id]
    assert isinstance(approvals.deny(company.purser, company.actor(OLGA), request_id, "no"), AlreadyDecided)


def test_once_a_click_delivered_again_is_known_as_one(company: Company) -> None:
    request_id = ask(company)
    actor = company.actor(OMAR, "the same click")
    approvals.approve(company.purser, actor, request_id)
    with pytest.raises(Repeated):
        approvals.approve(company.purser, actor, request_id)
    again = company.actor(ANA, "the same command")
    first = requests.ask(company.purser, again, Place(CHANNEL), wanted(30, reason="another"))
    assert isinstance(first, Sent)
    with pytest.raises(Repeated):
        requests.ask(company.purser, again, Place(CHANNEL), wanted(30, reason="another"))


def test_two_owners_from_the_threshold_and_changed_terms_void_the_first(company: Company) -> None:
    with company.books.transaction() as session:
        budgets.set_monthly(session, "b", Layer.TEAM, "team_1", 9000 * USD, company.clock.now())
    request_id = ask(company, ANA, wanted(1500))
    assert isinstance(approve(company, request_id, OMAR), Decided)
    assert request(company, request_id).state is RequestState.WAITING
    approve(company, request_id, OLGA, cap_micros=1200 * USD)
    assert request(company, request_id).state is RequestState.WAITING, "Omar agreed to something else"
    approve(company, request_id, OMAR)
    found = request(company, request_id)
    assert (found.state, found.terms.cap_micros) == (RequestState.APPROVED, 1200 * USD)
    assert found.asked.cap_micros == 1500 * USD


def test_the_cap_holds_no_approval_takes_more_than_there_is(company: Company) -> None:
    first, second = ask(company, ANA, wanted(300)), ask(company, BEN, wanted(300))
    approve(company, first)
    refused = approve(company, second)
    assert isinstance(refused, Refused)
    assert refused.because is Because.NO_HEADROOM
    assert isinstance(approve(company, second, cap_micros=200 * USD), Decided)
    assert headroom(company) == 0


def test_a_denial_is_told_with_its_reason(company: Company) -> None:
    request_id = ask(company)
    approvals.deny(company.purser, company.actor(OMAR), request_id, "too much for a trial")
    company.perform()
    told = [said.notice for said in company.notifier.messages if said.where == "direct:U0ANA"]
    assert [(notice.occasion, notice.note) for notice in told] == [("denied", "too much for a trial")]
    assert isinstance(revealing.reveal(company.purser, company.actor(ANA), request_id, company.show), Refused)


def test_a_request_for_what_one_holds_becomes_a_question(company: Company) -> None:
    made = held(company)
    outcome = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), wanted(10, reason="more"))
    assert isinstance(outcome, Duplicate)
    assert outcome.holds.key.label == made.label
    draft = outcome.facts.request.id
    instead = requests.extend_instead(company.purser, company.actor(ANA), draft)
    assert isinstance(instead, Sent)
    assert request(company, draft).state is RequestState.CANCELLED


def test_an_extension_is_agreed_made_and_told(company: Company) -> None:
    made = held(company)
    assert made.expires_at is not None
    asked = requests.extend(company.purser, company.actor(ANA), made.label, 86_400, "almost done")
    assert isinstance(asked, Sent)
    approve(company, asked.facts.request.id)
    company.perform()
    extended = key(company, made.id)
    assert extended.expires_at is not None
    assert (extended.expires_at - made.expires_at).total_seconds() == 86_400
    assert company.gateway.on()[0].expires_at == extended.expires_at
    assert company.notifier.occasions("direct:U0ANA").count("extended") == 1


def test_member_keys_are_one_per_person(company: Company) -> None:
    daily = wanted(50, None, "daily work", KeyKind.MEMBER)
    held(company, ANA, daily)
    refused = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), daily)
    assert isinstance(refused, Refused)
    assert "one per person" in refused.text


def test_honest_a_card_that_cannot_be_posted_is_told_to_those_who_wait(company: Company) -> None:
    company.notifier.mishaps.add("post_card", Mishap.REFUSED)
    ask(company)
    company.perform()
    assert company.notifier.occasions("direct:U0ANA") == ["effect_failed"]
    assert company.notifier.occasions("direct:U0OMAR") == ["effect_failed"]


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_once_a_message_whose_outcome_was_lost_comes_once(company: Company, mishap: Mishap) -> None:
    company.notifier.mishaps.add("*", *[mishap] * 5)
    request_id = granted(company)
    company.settle()
    assert len(company.notifier.card_posts) == 1
    assert company.notifier.occasions(f"thread:{request_id}") == ["approved"]
    assert company.notifier.occasions("direct:U0ANA") == ["approved"]


@pytest.mark.parametrize("point", ["after-decision-commit", "before-effect:", "after-card-posted", "after-effect:"])
def test_once_a_crash_around_a_decision_loses_and_repeats_nothing(company: Company, point: str) -> None:
    request_id = ask(company)
    with company.crashing(point):
        approve(company, request_id)
        company.perform()
    company.settle()
    assert request(company, request_id).state is RequestState.APPROVED
    assert len(company.notifier.card_posts) == 1
    assert company.notifier.occasions("direct:U0ANA") == ["approved"]
    assert auditing.verify(company.books).ok


def test_unanswered_a_reminder_then_the_next_owner_then_an_end(company: Company) -> None:
    request_id = ask(company)
    for hours in (4, 20, 48):
        company.clock.advance(hours=hours)
        for _ in range(2):
            expiry.pass_time(company.purser)
            company.perform()
    assert request(company, request_id).state is RequestState.EXPIRED
    assert company.notifier.occasions(f"thread:{request_id}") == ["reminder", "escalation", "request_expired"]
    assert company.notifier.occasions("direct:U0ANA") == ["request_expired"]


def test_a_requester_who_left_gets_no_key(company: Company) -> None:
    request_id = ask(company)
    identify(company.purser, company.directory.change(ANA.id, is_departed=True).id, WORKSPACE, "d", Freshness.NOW)
    outcome = approve(company, request_id)
    assert isinstance(outcome, approvals.AlreadyDecided)
    assert status(outcome.facts) == f"Closed: <@{ANA.id}> has left. No key was made."


def test_slack_not_answering_does_not_stop_those_whom_purser_knows(company: Company) -> None:
    identify(company.purser, OMAR.id, WORKSPACE, "d1", Freshness.NOW)
    company.directory.down = True
    assert not isinstance(identify(company.purser, OMAR.id, WORKSPACE, "d2", Freshness.NOW), Refused)
    assert isinstance(identify(company.purser, "U0NEW", WORKSPACE, "d3", Freshness.NOW), Refused)
    assert isinstance(identify(company.purser, OMAR.id, "T0ELSE", "d4", Freshness.NOW), Refused)


def test_a_team_needs_a_workspace_owner_a_free_channel_and_purser_in_it(company: Company) -> None:
    def create(who: object, channel: str, name: str) -> object:
        return teams.create(company.purser, company.actor(who), channel, name, 100 * USD)  # type: ignore[arg-type]

    company.directory.not_in.add("C0AWAY")
    refusals = [
        create(OMAR, "C0ADS", "ads"),
        create(OLGA, CHANNEL, "ads"),
        create(OLGA, "C0ADS", "search"),
        create(OLGA, "C0ADS", "Ads Team"),
        create(OLGA, "C0AWAY", "ads"),
    ]
    assert all(isinstance(refusal, Refused) and refusal.text.endswith(".") for refusal in refusals)
    assert not isinstance(create(OLGA, "C0ADS", "ads"), Refused)


def test_the_last_owner_stays_and_keys_left_behind_are_named(company: Company) -> None:
    made = held(company)
    removed = teams.remove(company.purser, company.actor(OLGA), CHANNEL, (ANA.id, OMAR.id, OLGA.id))
    assert not isinstance(removed, Refused)
    assert removed.changed_ids == (ANA.id, OMAR.id)
    assert any(made.label in remark for remark in removed.remarks)
    assert any("last owner" in remark for remark in removed.remarks)
