"""The inventory: counts, what deserves a look and why, who sees what, pages, and the file."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from bot.domain.inventory import Flag, Inventory
from bot.domain.inventory_words import lines
from bot.domain.keys import KeyKind, KeyState
from bot.domain.people import Member
from bot.domain.requests import Refused
from bot.services import inventory, inventory_files, teams, turning_off
from bot.services.syncing import sync_live, sync_usage
from bot.services.turning_off import Target
from storage import people
from tests.company import ANA, BEN, OLGA, OMAR, Company, person
from tests.fakes import Mishap
from tests.services.adopting_kit import adopted, found
from tests.services.kit import CHANNEL, USD, add_project, automation_wanted, held, project_wanted, spend, wanted
from tests.services.leaving_kit import deactivate

FAY = person("fay")


def shown(company: Company, who: Member = OMAR, channel: str = CHANNEL, page: int = 1) -> Inventory:
    outcome = inventory.show(company.purser, company.actor(who), channel, page)
    assert isinstance(outcome, Inventory), outcome
    return outcome


def flags(company: Company) -> dict[Flag, int]:
    return dict(shown(company).flagged)


def test_counts_by_gateway_kind_and_state(company_anywhere: Company) -> None:
    company = company_anywhere
    add_project(company)
    first = held(company)
    held(company, BEN, wanted(50, None, "", KeyKind.MEMBER))
    held(company, ANA, project_wanted(60))
    held(company, ANA, automation_wanted())
    list(turning_off.disable(company.purser, company.actor(BEN), Target(key_id=first.id), "done"))
    company.perform()
    sync_live(company.purser)
    facts = shown(company)
    (gateway,) = facts.gateways
    assert gateway.by_kind == ((KeyKind.MEMBER, 1), (KeyKind.PROJECT, 1), (KeyKind.AUTOMATION, 1))
    assert dict(gateway.by_state) == {KeyState.LIVE: 3, KeyState.DISABLED: 1}
    assert (gateway.holders, gateway.projects, gateway.base_url) == (2, 1, "https://gateway.example.com")
    assert (gateway.monthly_micros, gateway.total_micros) == (210 * USD, 0)
    assert gateway.read_at is not None
    assert (facts.working, facts.budget_micros, facts.of) == (3, 500 * USD, "search")


def test_the_oldest_and_the_widest_come_first(company_anywhere: Company) -> None:
    company = company_anywhere
    made = [held(company, ANA, automation_wanted(20 + number, name=f"job-{number}")) for number in range(7)]
    facts = shown(company)
    assert [one.id for one in facts.oldest] == [one.id for one in made[:5]]
    assert [one.id for one in facts.widest] == [one.id for one in made[:1:-1]]
    assert (facts.page, facts.pages) == (1, 2)
    second = shown(company, page=2)
    assert [one.id for one in second.oldest] == [one.id for one in made[5:]]
    assert [one.id for one in second.widest] == [one.id for one in made[1::-1]]
    assert shown(company, page=99).page == 2


def test_why_a_key_deserves_a_look(company_anywhere: Company) -> None:
    company = company_anywhere
    held(company, BEN, wanted(50, None, "", KeyKind.MEMBER))
    used = held(company, ANA, wanted(50, None, "", KeyKind.MEMBER))
    assert flags(company) == {Flag.ALL_MODELS: 2, Flag.NO_END: 2}
    company.clock.advance(days=31)
    spend(company, used, 1)
    sync_usage(company.purser)
    assert flags(company)[Flag.UNUSED] == 1
    company.clock.advance(days=60)
    sync_usage(company.purser)
    assert flags(company)[Flag.PAST_ROTATION] == 2
    (by_used,) = [one for one in shown(company).oldest if one.id == used.id]
    assert by_used.flags == (Flag.ALL_MODELS, Flag.NO_END, Flag.PAST_ROTATION, Flag.UNUSED)


def test_no_key_is_called_unused_where_its_use_is_not_known(company_anywhere: Company) -> None:
    company = company_anywhere
    held(company, BEN, wanted(50, None, "", KeyKind.MEMBER))
    company.clock.advance(days=31)
    assert Flag.UNUSED not in flags(company)
    sync_usage(company.purser)
    assert flags(company)[Flag.UNUSED] == 1
    company.gateway.capabilities = replace(company.gateway.capabilities, usage_per_key=False)
    assert Flag.UNUSED not in flags(company)


def test_keys_whose_holder_or_lead_left_are_named(company_anywhere: Company) -> None:
    company = company_anywhere
    automation = held(company, ANA, automation_wanted(lead=BEN))
    personal = held(company, BEN)
    assert Flag.NO_HOLDER not in flags(company)
    assert not isinstance(teams.remove(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,)), Refused)
    assert {one.id for one in shown(company).nobodys} == {automation.id, personal.id}
    assert flags(company)[Flag.NO_HOLDER] == 2
    teams.invite(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    assert shown(company).nobodys == ()
    authority = company.purser.authority
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    everywhere = replace(authority, workspace_owner_ids=authority.workspace_owner_ids | {BEN.id})
    company.purser = replace(company.purser, authority=everywhere)
    assert shown(company).nobodys == ()  # an owner of the workspace answers for keys of every team
    company.purser = replace(company.purser, authority=authority)
    teams.invite(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    with company.books.transaction() as session:
        people.save_member(session, replace(ANA, is_departed=True), company.clock.now())
    assert [one.id for one in shown(company).nobodys] == [automation.id]


def test_a_cap_that_the_gateway_does_not_have_yet_is_said(company: Company) -> None:
    one = found(company)
    company.gateway.mishaps.add("set_cap", *[Mishap.DOWN] * 2)
    adopted(company, one)
    assert flags(company)[Flag.CAP_DIFFERS] == 1
    company.settle()
    assert Flag.CAP_DIFFERS not in flags(company)


def test_who_sees_what(company: Company) -> None:
    company.directory.everybody[FAY.id] = FAY
    authority = replace(company.purser.authority, finance_ids=frozenset({FAY.id}))
    company.purser = replace(company.purser, authority=authority)
    one = found(company)
    everything, finance, team = shown(company, OLGA), shown(company, FAY), shown(company, OMAR)
    assert [each.id for each in everything.unknown] == [one.id]
    assert (everything.of, everything.may_decide, everything.sees_unknown) == ("", True, True)
    assert (finance.may_decide, finance.sees_unknown, finance.unknown_count) == (False, True, 1)
    assert (team.of, team.sees_unknown, team.unknown_count) == ("search", False, 0)
    assert shown(company, OMAR, "C0ELSEWHERE").of == "search"
    for channel, words in ((CHANNEL, "Only owners see the inventory of team search"), ("C0ELSE", "you own none")):
        refused = inventory.show(company.purser, company.actor(ANA), channel)
        assert isinstance(refused, Refused)
        assert words in refused.text


def test_an_owner_of_another_team_sees_nothing_of_this_one(company: Company) -> None:
    held(company)
    made = teams.create(company.purser, company.actor(OLGA), "C0ADS", "ads", 100 * USD)
    assert not isinstance(made, Refused)
    teams.make_owner(company.purser, company.actor(OLGA), "C0ADS", (BEN.id,))
    assert shown(company, BEN, "C0ADS").working == 0
    assert isinstance(inventory.show(company.purser, company.actor(BEN), CHANNEL), Refused)
    assert shown(company, OLGA, "C0ADS").working == 1


# --- the file ---


def rows(company: Company) -> list[dict[str, str]]:
    (file,) = company.notifier.files
    return list(csv.DictReader(file.content.decode().splitlines(), strict=True))


def test_the_file_has_all_that_the_person_sees_and_nothing_else(company_anywhere: Company) -> None:
    company = company_anywhere
    key = held(company, ANA, automation_wanted())
    one = found(company, alias='=cmd|" ,x', cap_micros=None)
    assert inventory_files.export(company.purser, company.actor(OLGA), CHANNEL) is None
    company.perform()
    mine, unknown = rows(company)
    assert (mine["key"], mine["holder_name"], mine["lead_name"], mine["cap_micros"]) == (
        key.label,
        "Ana",
        "Ben",
        "100000000",
    )
    assert (unknown["key"], unknown["kind"], unknown["cap_usd"]) == (f"'{one.name}", "unknown", "")
    company.notifier.files.clear()
    inventory_files.export(company.purser, company.actor(OMAR), CHANNEL)
    company.perform()
    assert [row["key"] for row in rows(company)] == [key.label]


def test_more_keys_than_are_read_at_once_are_all_in_it(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [held(company, ANA, automation_wanted(20, 1, name=f"job-{number}")) for number in range(5)]
    monkeypatch.setattr(inventory_files, "AT_ONCE", 2)
    inventory_files.export(company.purser, company.actor(OMAR), CHANNEL)
    company.perform()
    assert [row["key"] for row in rows(company)] == sorted(key.label for key in made)


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_once_the_file_comes_whatever_slack_does(company: Company, mishap: Mishap) -> None:
    company.notifier.mishaps.add("send_file", mishap)
    inventory_files.export(company.purser, company.actor(OMAR), CHANNEL)
    company.settle()
    assert len(company.notifier.files) == 1


def test_who_may_not_see_it_any_more_gets_no_file_and_is_told(company: Company) -> None:
    inventory_files.export(company.purser, company.actor(OMAR), CHANNEL)
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (OMAR.id,))
    company.settle()
    assert company.notifier.files == []
    assert "effect_failed" in company.occasions()[f"direct:{OMAR.id}"]


def test_an_owner_who_left_meanwhile_gets_no_file(company: Company) -> None:
    held(company)
    assert inventory_files.export(company.purser, company.actor(OLGA), "C0ELSEWHERE") is None
    deactivate(company, OLGA)
    assert not company.notifier.files


def test_members_get_no_file(company: Company) -> None:
    assert isinstance(inventory_files.export(company.purser, company.actor(ANA), CHANNEL), Refused)


# --- the command line ---


def test_the_counts_in_plain_words(company: Company) -> None:
    held(company)
    found(company)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    said = "".join(lines(inventory.whole(company.purser)))
    assert said.startswith("1 key in use, 1 team, budgets of $500 a month.\n")
    assert "memory (https://gateway.example.com), spend as of 2026-11-20 12:" in said
    assert "       1  temporary\n" in said
    assert "       1  person who holds them\n          caps of $25 in total\n" in said
    assert "       1  that Purser did not make" in said
