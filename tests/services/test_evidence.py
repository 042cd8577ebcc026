"""The evidence of a departure: complete, in order, with proofs and figures that say how fresh they are."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import evidence_csv
from bot.domain.evidence import FACTS, SEAT_KEPT, SEAT_REMOVED, Evidence, LeftLately
from bot.domain.keys import KeyKind, KeyState, OffCause, Proof
from bot.domain.offboarding import DepartureState, Outcome, Source
from bot.domain.people import Member, Role
from bot.domain.requests import RequestState
from bot.services import evidence as evidences
from bot.services import handing_over, leaving, requests, resting, restoring, teams, turning_off
from bot.services.context import Actor
from bot.services.turning_off import Target
from bot.slack.views import evidence as views
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company, person
from tests.fakes import Mishap
from tests.seats import MemoryMembers
from tests.services.guard_kit import add_key, now, poll, settle
from tests.services.kit import CHANNEL, USD, ask, automation_wanted, held, refusal, request, spend
from tests.services.leaving_kit import activate, deactivate, latest, restore, second_team


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def told(company: Company, who: Member = ANA, by: Member = OLGA) -> Evidence:
    found = evidences.evidence(company.purser, company.actor(by), who.id)
    assert isinstance(found, Evidence), found
    return found


def rest(company: Company) -> None:
    """Polls come until late figures are in and nothing has been spent for long."""
    for _ in range(16):
        company.clock.advance(seconds=120)
        watch(company)
    settle(company)


def watch(company: Company) -> None:
    """One poll, and a look at keys that are off."""
    poll(company)
    resting.rest(company.purser)
    settle(company)


def lately(company: Company) -> tuple[LeftLately, ...]:
    found = evidences.lately(company.purser, company.actor(OLGA))
    assert isinstance(found, tuple), found
    return found


def table(found: Evidence) -> list[dict[str, str]]:
    text = evidence_csv.heading() + "".join(evidence_csv.lines(found))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def facts(rows: list[dict[str, str]], fact: str) -> list[dict[str, str]]:
    return [row for row in rows if row["fact"] == fact]


# --- what it says ---


def test_it_says_what_they_held_were_and_led_and_what_became_of_it(company: Company) -> None:
    own, shared = add_key(company, usd=20), held(company, ANA, automation_wanted())
    deactivate(company, ANA)
    found = told(company)
    assert {one.key.id: one.left.outcome for one in found.keys} == {own.id: Outcome.OFF, shared.id: Outcome.WAITING}
    assert [(one.name, one.left.role) for one in found.teams] == [("search", Role.MEMBER)]
    assert (found.departure.source, found.open_handovers) == (Source.EVENT, 1)
    assert [step.action for step in found.steps][:1] == ["member.left"]
    assert {"key.left", "key.proven_off", "team.removed"} <= {step.action for step in found.steps}
    assert [step.seq for step in found.steps] == sorted({step.seq for step in found.steps})


def test_each_proof_says_how_when_and_how_long_it_took(company: Company) -> None:
    own = add_key(company)
    deactivate(company, ANA)
    found = told(company)
    (one,) = found.keys
    assert (one.proof, one.seconds) == (Proof.RECORDED, 0)
    assert one.proven_at == now(company, own).proven_at
    assert found.slowest_seconds == 0
    assert found.unproven == ()
    assert "every key of theirs was proven off, the last within a second, and late" in views.sheet(found).text


def test_a_key_that_is_not_proven_off_is_said_to_be_open(company: Company) -> None:
    own = add_key(company)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 3)
    leaving.notice(company.purser, ANA.id, Source.EVENT)
    found = told(company)
    assert [one.key.id for one in found.unproven] == [own.id]
    assert found.slowest_seconds is None
    assert found.spent_after_micros is None


@pytest.mark.parametrize("kind", [KeyKind.TEMPORARY, KeyKind.AUTOMATION])
def test_a_key_that_was_being_turned_off_when_they_left_is_open_until_that_is_proven(
    company: Company, kind: KeyKind
) -> None:
    own = add_key(company, kind=kind, daily_usd=5 if kind is KeyKind.AUTOMATION else None)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 3)
    list(turning_off.disable(company.purser, company.actor(BEN), Target(key_id=own.id), "odd"))
    leaving.notice(company.purser, ANA.id, Source.EVENT)
    assert [one.key.id for one in told(company).unproven] == [own.id]
    company.settle()
    (one,) = told(company).keys
    assert (one.left.outcome, one.proof, told(company).open_handovers) == (Outcome.OFF, Proof.RECORDED, 0)
    assert one.seconds is not None
    assert now(company, own).off_cause is OffCause.DISABLED


def test_a_key_that_waited_and_was_turned_off_instead_is_open_until_that_is_proven(company: Company) -> None:
    shared = held(company, ANA, automation_wanted())
    deactivate(company, ANA)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 3)
    did = handing_over.disable_waiting(company.purser, company.actor(OMAR), latest(company, ANA).id, shared.team_id)
    assert not hasattr(did, "because"), did
    assert [one.key.label for one in told(company).unproven] == [shared.label]
    assert [(one.off, one.unproven) for one in lately(company)] == [(1, 1)]
    company.settle()
    rest(company)
    found = told(company)
    (one,) = found.keys
    assert (one.left.outcome, one.proof, found.unproven) == (Outcome.ENDED, Proof.QUIET, ())
    assert found.spent_after_micros == 0


def test_spend_after_leaving_is_unknown_until_late_figures_are_in_and_nothing_from_then_on(company: Company) -> None:
    own = add_key(company)
    spend(company, own, 3)
    deactivate(company, ANA)
    assert told(company).spent_after_micros is None
    rest(company)
    found = told(company)
    (one,) = found.keys
    assert (one.spend.total_micros, one.spend.after_micros, one.spend.late_micros) == (3 * USD, 0, 0)
    assert found.spent_after_micros == 0
    assert one.spend.read_at is not None
    assert company.clock.now() - one.spend.read_at < timedelta(minutes=5)


def test_late_figures_that_belong_to_before_are_told_apart(company: Company) -> None:
    own = add_key(company)
    spend(company, own, 3)
    deactivate(company, ANA)
    company.gateway.change(own.handle or "", spent_micros=4 * USD)  # told late, of a call made in time
    rest(company)
    (one,) = told(company).keys
    assert (one.spend.total_micros, one.spend.late_micros, one.spend.after_micros) == (4 * USD, 1 * USD, 0)


def test_what_was_spent_after_being_off_is_never_hidden(company: Company) -> None:
    own = add_key(company)
    deactivate(company, ANA)
    rest(company)
    company.gateway.change(own.handle or "", spent_micros=20 * USD)
    watch(company)
    found = told(company)
    (one,) = facts(table(found), "spend_total")
    assert one["amount_usd"] == "20.000000"
    assert any(step.action == "key.spent_after_off" and step.amount_micros == 20 * USD for step in found.steps)
    settle(company)
    assert told(company).spent_after_micros == 20 * USD


def test_what_was_spent_before_a_list_told_of_it_is_said_by_whole_hours(company: Company) -> None:
    own = add_key(company)
    spend(company, own, 1)
    left_at = company.clock.now()
    company.clock.advance(hours=1)
    spend(company, own, 2)
    company.clock.advance(hours=1)
    leaving.notice(company.purser, ANA.id, Source.FEED, left_at=left_at)
    settle(company)
    (one,) = told(company).keys
    assert one.spend.before_micros == 2 * USD


def test_where_no_whole_hour_lies_between_no_amount_is_said_to_have_been_spent(company: Company) -> None:
    own = add_key(company)
    company.clock.advance(minutes=30)
    left_at = company.clock.now()
    company.clock.advance(minutes=50)
    spend(company, own, 2)
    leaving.notice(company.purser, ANA.id, Source.FEED, left_at=left_at)
    settle(company)
    (one,) = told(company).keys
    assert one.spend.before_micros is None
    assert facts(table(told(company)), "spend_before") == []


def test_a_key_that_was_taken_over_says_by_whom_and_nothing_of_its_later_life(company: Company) -> None:
    shared = held(company, ANA, automation_wanted())
    deactivate(company, ANA)
    departure = latest(company, ANA)
    did = handing_over.take_over(company.purser, company.actor(OMAR), departure.id, shared.team_id, shared.id)
    assert not hasattr(did, "because"), did
    settle(company)
    company.clock.advance(hours=1)
    spend(company, shared, 5)
    before = len(told(company).steps)
    deactivate(company, BEN)
    found = told(company)
    (one,) = found.keys
    assert (one.left.outcome, one.left.by) == (Outcome.TAKEN, OMAR.id)
    assert len(found.steps) == before
    assert found.open_handovers == 0


def test_accounts_at_gateways_are_said_as_they_were_left(company: Company) -> None:
    members = MemoryMembers(company.gateway)
    company.gateway.members = members
    members.people = {ANA.id: "", "sso": "ana@example.com"}
    company.directory.emails[ANA.id] = "ana@example.com"
    company.directory.unconfirmed.add(ANA.id)
    deactivate(company, ANA)
    found = told(company)
    assert {one.subject: one.action for one in found.accounts} == {ANA.id: SEAT_REMOVED, "sso": SEAT_KEPT}


def test_who_restored_it_is_said_and_what_works_again(company: Company) -> None:
    own = add_key(company, usd=20)
    deactivate(company, ANA)
    activate(company, ANA)
    restore(company, latest(company, ANA))
    found = told(company)
    assert found.is_restored
    assert [one.left.restored_by for one in found.teams] == [OLGA.id]
    (one,) = found.keys
    assert (one.key.state, one.proof) == (KeyState.LIVE, None)
    assert now(company, own).state is KeyState.LIVE
    assert "member.restored" in {step.action for step in found.steps}


def test_what_a_restored_key_spends_before_it_is_given_back_is_no_late_figure(company: Company) -> None:
    own = add_key(company, usd=20)
    spend(company, own, 3)
    deactivate(company, ANA)
    activate(company, ANA)
    restore(company, latest(company, ANA))
    settle(company)
    company.clock.advance(hours=1)
    spend(company, own, 5)
    watch(company)
    turning_off.give_back(company.purser, company.actor(ANA), Target(key_id=own.id))
    settle(company)
    rest(company)
    (one,) = told(company).keys
    assert (one.spend.total_micros, one.spend.late_micros, one.spend.after_micros) == (8 * USD, 0, 0)


def test_of_several_departures_the_newest_is_shown_and_the_others_are_named(company: Company) -> None:
    add_key(company)
    first = deactivate(company, ANA)
    activate(company, ANA)
    company.clock.advance(days=2)
    second = deactivate(company, ANA)
    found = told(company)
    assert found.departure.id == second.id
    assert [(one.id, one.state) for one in found.others] == [(first.id, DepartureState.RETURNED)]
    assert found.keys == ()
    assert all(step.at >= second.noticed_at for step in found.steps)


def test_what_somebody_asks_for_and_holds_once_they_are_back_is_not_about_their_leaving(company: Company) -> None:
    first, own = ask(company), add_key(company, usd=20)
    deactivate(company, ANA)
    company.clock.advance(hours=1)
    activate(company, ANA)
    restore(company, latest(company, ANA))
    company.clock.advance(hours=1)
    before = told(company).steps
    requests.cancel(company.purser, company.actor(ANA), ask(company, what=automation_wanted(name="later")))
    held(company, ANA, automation_wanted())
    list(turning_off.disable(company.purser, company.actor(BEN), Target(key_id=own.id), "odd"))
    settle(company)
    found = told(company)
    assert [(step.action, step.subject) for step in found.closed] == [("request.cancelled", "search")]
    assert request(company, first).state is RequestState.CANCELLED
    since = [step for step in found.steps if step not in before]
    assert {step.subject for step in since} == {own.label}, "what becomes of a key that they had is"


def test_of_a_key_that_works_again_no_proof_is_said_to_be_missing(company: Company) -> None:
    own = add_key(company, usd=20)
    deactivate(company, ANA)
    activate(company, ANA)
    restore(company, latest(company, ANA))
    (proof,) = facts(table(told(company)), "proof")
    assert (proof["subject"], proof["value"]) == (own.label, "restored")
    assert proof["at"], "it was proven off once"


def test_a_key_that_was_restored_by_itself_is_not_among_what_stayed_off(company: Company) -> None:
    own, other = add_key(company, usd=20), add_key(company, usd=20)
    deactivate(company, ANA)
    rest(company)
    activate(company, ANA)
    teams.invite(company.purser, company.actor(OLGA), CHANNEL, (ANA.id,))
    for key, more in ((own, "1 key works again since"), (other, "2 keys work again since")):
        restored = restoring.restore(company.purser, company.actor(OMAR), key.id)
        assert not hasattr(restored, "because"), restored
        settle(company)
        spend(company, key, 5)
        said = views.sheet(told(company)).text
        assert f"{more}, restored by an owner." in said
        assert ("nothing was spent" in said) is (key is own)


def test_of_two_leavings_each_says_what_became_of_a_key_that_was_restored_between(company: Company) -> None:
    own = add_key(company, usd=20)
    first = deactivate(company, ANA)
    rest(company)
    activate(company, ANA)
    restore(company, first)
    settle(company)
    company.clock.advance(hours=1)
    spend(company, own, 5)
    watch(company)
    second = deactivate(company, ANA)
    rest(company)
    with company.books.reading() as session:
        rows = list(
            csv.DictReader(io.StringIO("".join(evidences.lines(session, company.purser, [first.id, second.id]))))
        )
    said = [(row["departure"], row["fact"], row["value"] or row["amount_usd"]) for row in rows]
    told_of = {"proof", "spend_late", "spend_after"}
    assert [one for one in said if one[0] == first.id and one[1] in told_of] == [(first.id, "proof", "restored")]
    assert [one for one in said if one[0] == second.id and one[1] in told_of] == [
        (second.id, "proof", "quiet"),
        (second.id, "spend_late", "0.000000"),
        (second.id, "spend_after", "0.000000"),
    ]


# --- who may see it ---


def test_owners_of_teams_concerned_workspace_owners_and_finance_see_it_and_nobody_else(company: Company) -> None:
    fay = person("fay")
    company.directory.everybody[fay.id] = fay
    company.purser = replace(
        company.purser, authority=replace(company.purser.authority, finance_ids=frozenset({fay.id}))
    )
    add_key(company)
    deactivate(company, ANA)
    for by in (OLGA, OMAR, fay):
        assert len(told(company, by=by).keys) == 1
    for by in (BEN, GUS, ANA):
        assert "owners of the teams concerned" in refusal(see(company, by)).text


def see(company: Company, by: Member) -> object:
    return evidences.evidence(company.purser, Actor(by, f"see-{by.id}"), ANA.id)


def test_a_team_owner_sees_what_concerns_their_team_alone(company: Company) -> None:
    add_key(company)
    second_team(company, ANA)
    deactivate(company, ANA)
    assert {one.name for one in told(company, by=OMAR).teams} == {"search"}
    assert {one.name for one in told(company, by=OLGA).teams} == {"ads", "search"}


def test_a_team_owner_reads_nothing_of_other_teams_in_what_was_done(company: Company) -> None:
    add_key(company, usd=20)
    second_team(company, ANA)
    deactivate(company, ANA)
    activate(company, ANA)
    restore(company, latest(company, ANA), by=OLGA)
    rows = table(told(company, by=OMAR))
    assert not [row for row in rows if "ads" in " ".join((row["subject"], row["team"], row["detail"]))]
    assert {"member.left", "member.restored"} <= {row["value"] for row in facts(rows, "step")}
    whole = facts(table(told(company, by=OLGA)), "step")
    assert [row for row in whole if row["value"] == "member.left" and "member of ads, search" in row["detail"]]


def test_of_somebody_who_never_left_there_is_nothing_to_show(company: Company) -> None:
    found = evidences.evidence(company.purser, company.actor(OLGA), BEN.id)
    assert "no time at which that person left" in refusal(found).text


def test_the_list_shows_who_left_lately_with_what_is_open(company: Company) -> None:
    add_key(company, usd=20)
    held(company, ANA, automation_wanted())
    deactivate(company, ANA)
    company.clock.advance(minutes=1)
    deactivate(company, BEN)
    found = evidences.lately(company.purser, company.actor(OMAR))
    assert not hasattr(found, "because"), found
    assert [(one.name, one.off, one.unproven, one.waiting) for one in found] == [("Ben", 0, 0, 0), ("Ana", 1, 0, 1)]
    company.clock.advance(days=evidences.LATELY_DAYS)
    assert evidences.lately(company.purser, company.actor(OLGA)) == ()
    assert "owners" in refusal(evidences.lately(company.purser, Actor(GUS, "x"))).text


def test_the_list_says_so_when_there_are_more_than_it_counts_and_counts_only_the_askers(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidences, "MOST_LISTED", 2)
    others = [person(f"p{number}") for number in range(3)]
    company.directory.everybody |= {one.id: one for one in others}
    second_team(company, *others)
    for who in (ANA, *others):
        company.clock.advance(minutes=1)
        leaving.notice(company.purser, who.id, Source.SWEEP)
    settle(company)
    every = evidences.lately(company.purser, company.actor(OLGA))
    assert isinstance(every, tuple)
    said = views.lately(every, 90, evidences.MOST_LISTED)
    assert said.text.startswith("More than 2 people left in the last 90 days. Of the newest 2: Nothing is open.")
    assert str(said.blocks).count("•") == 2
    (mine,) = evidences.lately(company.purser, company.actor(OMAR))  # type: ignore[misc]
    assert mine.departure.member_id == ANA.id


def test_the_list_does_not_call_off_what_was_restored(company: Company) -> None:
    add_key(company, usd=20)
    deactivate(company, ANA)
    (line,) = lately(company)
    assert (line.off, line.back) == (1, 0)
    activate(company, ANA)
    restore(company, latest(company, ANA))
    settle(company)
    (line,) = lately(company)
    assert (line.off, line.back) == (0, 1)


# --- as a file ---


def test_every_fact_is_a_line_of_the_same_columns(company: Company) -> None:
    own, shared = add_key(company, usd=20), held(company, ANA, automation_wanted())
    deactivate(company, ANA)
    rest(company)
    rows = table(told(company))
    assert {row["fact"] for row in rows} <= set(FACTS)
    assert {row["member_id"] for row in rows} == {ANA.id}
    assert {row["subject"]: row["value"] for row in facts(rows, "key")} == {own.label: "off", shared.label: "waiting"}
    (after,) = facts(rows, "spend_after")
    assert (after["subject"], after["amount_micros"], after["amount_usd"]) == (own.label, "0", "0.000000")
    (proof,) = facts(rows, "proof")
    assert (proof["value"], proof["seconds"]) == ("quiet", "0")
    steps = [int(row["ledger"]) for row in facts(rows, "step")]
    assert steps == [step.seq for step in told(company).steps]


def test_no_cell_is_a_formula(company: Company) -> None:
    company.directory.change(ANA.id, name="=cmd|' /C calc'!A0")
    company.actor(ANA)
    add_key(company)
    leaving.notice(company.purser, ANA.id, Source.FEED, note='@SUM(1),"quoted"')
    settle(company)
    rows = table(told(company))
    assert {row["member_name"] for row in rows} == {"'=cmd|' /C calc'!A0"}
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_the_file_comes_once_to_who_asks(company: Company) -> None:
    add_key(company)
    departure = deactivate(company, ANA)
    actor = company.actor(OMAR)
    found = evidences.send_me(company.purser, actor, departure.id)
    assert isinstance(found, Evidence), found
    settle(company)
    (sent,) = [one for one in company.notifier.files if one.where == OMAR.id]
    assert sent.name == "purser-evidence-ana-2026-11-20.csv"


def test_whoever_may_not_see_it_any_more_gets_no_file(company: Company) -> None:
    departure = deactivate(company, ANA)
    evidences.send_me(company.purser, company.actor(OMAR), departure.id)
    leaving.notice(company.purser, OMAR.id, Source.SWEEP)
    settle(company)
    assert [one for one in company.notifier.files if one.where == OMAR.id] == []


def test_auditors_name_a_person_or_a_day(company: Company) -> None:
    first = deactivate(company, ANA)
    company.clock.advance(days=1)
    second = deactivate(company, BEN)
    with company.books.reading() as session:
        assert evidences.named(session, ANA.id, None) == [first.id]
        assert evidences.named(session, None, "2026-11-20") == [first.id, second.id]
        assert evidences.named(session, None, "2026-11-21") == [second.id]
        text = "".join(evidences.lines(session, company.purser, [first.id, second.id]))
        for who, since in (("U0NOBODY", None), (None, "yesterday")):
            with pytest.raises(ValueError, match=r"no departure|a day such as"):
                evidences.named(session, who, since)
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["departure"] for row in facts(found, "departure")] == [first.id, second.id]
