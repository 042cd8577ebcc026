"""Groups of keys turned off in one decision, and the limit on naming keys of others, on either database."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.groups import Group, GroupOff
from bot.domain.keys import Key, KeyState
from bot.domain.requests import Because, Refused
from bot.services import auditing, groups, turning_off
from bot.services.turning_off import Target
from storage import keys, offs
from tests.company import ANA, BEN, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import add_key
from tests.services.kit import choose, key

OF_ANA = Group(Layer.MEMBER, ANA.id)


def some_keys(company: Company, count: int) -> list[Key]:
    return [add_key(company) for _ in range(count)]


def disable(company: Company, delivery: str | None = None) -> GroupOff | Refused:
    return groups.disable(company.purser, company.actor(OMAR, delivery), OF_ANA, "leaving")


def states(company: Company) -> set[KeyState]:
    with company.books.reading() as session:
        return {one.state for one in keys.of_holder(session, ANA.id, frozenset(KeyState))}


def test_forty_keys_are_decided_together_and_told_once_to_each(company_anywhere: Company) -> None:
    company = company_anywhere
    some_keys(company, 40)
    done = disable(company)
    assert isinstance(done, GroupOff)
    assert len(done.keys) == 40
    company.settle()
    assert states(company) == {KeyState.DISABLED}
    assert company.gateway.on() == []
    assert company.notifier.occasions(f"direct:{ANA.id}").count("group_off") == 1
    assert "group_unproven" not in company.notifier.occasions(f"direct:{ANA.id}")
    assert "key_disabled" not in company.notifier.occasions(f"direct:{ANA.id}")
    report = auditing.verify(company.books)
    assert report.ok, report.lines


def test_once_a_crash_after_the_decision_turns_all_of_it_off(company: Company) -> None:
    some_keys(company, 4)
    with company.crashing("after-disable-commit"):
        disable(company, "form-1")
    company.settle()
    assert states(company) == {KeyState.DISABLED}
    assert company.notifier.occasions(f"direct:{ANA.id}").count("group_off") == 1


def test_once_a_crash_in_the_middle_tells_everybody_once(company: Company) -> None:
    some_keys(company, 3)
    with company.crashing("after-effect:gateway.disable", down_seconds=31):
        disable(company)
    company.settle()
    assert states(company) == {KeyState.DISABLED}
    assert company.notifier.occasions(f"direct:{ANA.id}").count("group_off") == 1


def test_while_some_are_not_proven_everybody_reads_which_once_and_then_that_all_are(company: Company) -> None:
    some_keys(company, 3)
    company.gateway.mishaps.add("disable", *[Mishap.LYING] * 9)
    done = disable(company)
    assert isinstance(done, GroupOff)
    assert {one.key.state for one in done.keys} == {KeyState.DISABLING}
    for _ in range(3):
        company.clock.advance(seconds=10)
        company.perform()
    assert company.notifier.occasions(f"direct:{ANA.id}").count("group_unproven") == 1
    company.settle()
    told = company.notifier.occasions(f"direct:{OMAR.id}")
    assert told.count("group_off") == 1  # who decided it no longer waited
    assert states(company) == {KeyState.DISABLED}


def test_the_limit_counts_what_was_named_and_not_whose_secret_was_found(company_anywhere: Company) -> None:
    company = company_anywhere
    choose(company, others_keys_per_hour=1)
    first, second, third = some_keys(company, 3)
    named = list(turning_off.disable(company.purser, company.actor(BEN), Target(label=first.label), ""))
    assert not isinstance(named[-1], Refused)
    with company.books.reading() as session:
        found = offs.by_person(session, BEN.id, company.clock.now().replace(hour=0))
    assert [one.key_id for one in found] == [first.id]
    (no,) = turning_off.disable(company.purser, company.actor(BEN), Target(key_id=second.id), "")
    assert isinstance(no, Refused)
    assert no.because is Because.NOT_ALLOWED
    assert key(company, second.id).state is KeyState.LIVE
    list(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=third.id), ""))
    assert key(company, third.id).state is KeyState.DISABLED
    company.settle()


def test_a_refused_form_may_be_sent_again_and_a_done_one_does_nothing_twice(company: Company) -> None:
    some_keys(company, 2)
    assert isinstance(disable(company), GroupOff)
    again = disable(company)
    assert isinstance(again, GroupOff)
    assert again.already == len(again.keys) == 2
    company.settle()
    assert company.notifier.occasions(f"direct:{ANA.id}").count("group_off") == 1
