"""`/ai-team inventory`: who sees what, what deserves a look, its pages, its file, and the command line."""

from __future__ import annotations

import csv
import io

import pytest

from bot.domain.policy import Policy
from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, Opener, buttons

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def lists(desk: Desk, person: str = "omar", channel: str = "search") -> str:
    return desk.types(person, "/ai-team inventory", channel)


def shown(desk: Desk, person: str = "omar") -> Message:
    lists(desk, person)
    return desk.receipt(person)


def test_owners_see_what_their_team_has_with_counts_and_the_oldest_and_widest_first(desk_on_each: Desk) -> None:
    desk = desk_on_each
    small, _ = desk.key("$25 7d evaluate rerankers")
    wide, _ = desk.key("member $200", "ben")
    said = lists(desk)
    assert "*Inventory of team search*: 2 keys in use. Budgets: $500 a month." in said
    assert "2 keys in use: 1 temporary and 1 member. 2 people." in said
    assert "Caps: $200 a month, and $25 in total for temporary keys." in said
    oldest, widest = said.split("*Oldest*")[1].split("*Widest caps*")
    assert oldest.index(small) < oldest.index(wide)
    assert widest.index(wide) < widest.index(small)
    assert f"`{wide}` of @ben: member key of team search, $200 a month, since " in widest
    assert "every model, no end" in widest
    assert "did not make" not in said  # of whom those are, owners of one team cannot know
    desk.types("ben", f"/ai-disable {small}")
    desk.settle()
    assert "Ever handed out: 1 off, 1 on." in lists(desk)


def test_what_there_is_none_of_is_not_counted(desk: Desk) -> None:
    said = lists(desk)
    assert "*Inventory of team search*: no keys in use. Budgets: $500 a month." in said
    assert "0 people" not in said
    assert "$0" not in said
    desk.key("$25 7d evaluate rerankers")
    assert "Caps: $25 in total for temporary keys." in lists(desk)


def test_members_are_told_where_their_own_keys_are(desk: Desk) -> None:
    assert "Only owners see the inventory of team search. Your own keys: `/ai-key list`." in lists(desk, "ana")


@pytest.mark.parametrize("person", ["olga", "fay"])
def test_workspace_owners_and_finance_see_everything(desk: Desk, person: str) -> None:
    desk.key()
    said = lists(desk, person)
    assert "*Inventory*: 1 key in use in 1 team." in said
    assert "*Keys that Purser did not make*: none." in said


def test_an_owner_elsewhere_sees_all_teams_they_own(desk: Desk) -> None:
    desk.key()
    assert "*Inventory of team search*: 1 key in use" in lists(desk, "omar", "general")


def test_keys_without_somebody_who_is_still_here_say_what_to_do(desk: Desk) -> None:
    label, _ = desk.key("automation nightly-evals $100 $5/day @ben run the evals")
    assert "not there any more" not in lists(desk)
    desk.types("omar", "/ai-team remove @ben")
    said = lists(desk)
    assert "• 1 with a holder or lead who is not there any more" in said
    nobodys = said.split("*Whose holder or lead is not there any more*")[1]
    assert f"`/ai-team handover {label} @ben` in the team's channel, or `/ai-disable {label}`." in nobodys


def test_more_keys_than_fit_stand_on_pages(desk: Desk) -> None:
    labels = [desk.key(f"automation job-{number} ${20 + number} $5/day @ben run it")[0] for number in range(6)]
    first = shown(desk)
    assert buttons(first) == ["Next", "Export CSV"]
    said = desk.text(first)
    assert "Page 1 of 2." in said
    assert labels[0] in said.split("*Oldest*")[1].split("*Widest caps*")[0]
    assert labels[5] in said.split("*Widest caps*")[1]
    second = desk.presses_in("omar", "Next", first)
    assert "Page 2 of 2." in second
    assert labels[5] in second.split("*Oldest*")[1].split("*Widest caps*")[0]
    assert labels[1] not in second


def test_the_file_has_every_key_one_a_line(desk: Desk) -> None:
    label, _ = desk.key("automation nightly-evals $100 $5/day @ben run the evals")
    answer = desk.presses("omar", "Export CSV", shown(desk))
    assert "on its way" in answer
    desk.dm("omar", "1 key, one a line")
    (file,) = desk.slack.world.state.files.values()
    (row,) = csv.DictReader(io.StringIO(file.content.decode()))
    assert file.name.startswith("purser-inventory-")
    assert (row["key"], row["team"], row["kind"], row["state"]) == (label, "search", "automation", "live")
    assert (row["cap_usd"], row["cap_period"], row["daily_cap_micros"]) == ("100.000000", "month", "5000000")
    assert (row["holder_id"], row["lead_id"], row["look"]) == ("U0ANA", "U0BEN", "all_models no_end")


def test_what_is_unused_or_past_its_rotation_is_said(opened: Opener) -> None:
    with opened(Policy(asks_unused=False)) as desk:
        desk.key("member $50")
        assert "unused" not in lists(desk)
        desk.office.clock.advance(days=91)
        assert "• 1 past rotation" in lists(desk)
        desk.watch()  # of what the gateway was not asked, nothing is known
        assert "• 1 unused for long" in lists(desk)
