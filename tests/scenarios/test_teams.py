"""Teams over the wire: who may found and change one, and what everybody is told who may not."""

from __future__ import annotations

from tests.scenarios.desk import Desk

ONLY_OWNERS = "Only owners of the team can do this."


def test_only_workspace_owners_found_teams_and_each_has_a_channel_and_name_of_its_own(desk: Desk) -> None:
    assert "Only workspace owners" in desk.types("omar", "/ai-team create data $100", "general")
    assert "Guests" in desk.types("gus", "/ai-team create data $100", "search")
    assert "belongs to team search" in desk.types("olga", "/ai-team create data $100", "search")
    assert "Type `/invite @Purser` here" in desk.types("olga", "/ai-team create data $100", "general")
    desk.slack.invite_bot("general")
    assert "There is a team search already" in desk.types("olga", "/ai-team create search $100", "general")
    assert "No team lives in this channel" in desk.types("ana", "/ai-team", "general")

    said = desk.types("olga", "/ai-team create data $1,250.50", "general")
    assert "Team `data` lives in this channel now" in said
    assert "$1,250.50 a month" in said
    assert "@olga" in said


def test_owners_invite_promote_and_remove_and_each_person_is_answered_for(desk: Desk) -> None:
    said = desk.types("omar", "/ai-team invite @fay @ana @gus @eve")
    assert "Added to team `search`: @fay and @gus" in said
    assert "@ana is in the team already" in said
    assert "@eve cannot be in a team. Purser only serves people of its own Slack workspace." in said

    said = desk.types("omar", "/ai-team owner @gus @omar @ana")
    assert "@ana can now decide" in said
    assert "@gus is a guest in Slack and cannot be an owner" in said
    assert "@omar is an owner already" in said

    shown = desk.types("ben", "/ai-team")
    assert "*Owners:* @olga, @omar and @ana" in shown
    assert "*Members:* @ben, @fay and @gus" in shown
    assert "$500 left, of $500 a month" in shown

    said = desk.types("ana", "/ai-team remove @gus @ben @eve")
    assert "Removed from team `search`: @gus and @ben" in said
    assert "@eve is not in the team" in said
    assert "Nothing was changed" in desk.types("omar", "/ai-team remove @ben")


def test_members_guests_and_outsiders_change_nothing(desk: Desk) -> None:
    before = desk.types("ben", "/ai-team").rsplit("As of", 1)[0]
    for line in ("invite @fay", "remove @omar", "owner @ana", "project mine $5 @ana"):
        assert desk.types("ana", f"/ai-team {line}") == ONLY_OWNERS
        assert "Guests" in desk.types("gus", f"/ai-team {line}")
        assert desk.types("fay", f"/ai-team {line}") == ONLY_OWNERS
    assert desk.types("ben", "/ai-team").rsplit("As of", 1)[0] == before


def test_the_last_owner_stays_and_a_removed_owner_decides_no_more(desk: Desk) -> None:
    assert "Removed from team `search`: @olga" in desk.types("omar", "/ai-team remove @olga")
    assert "@omar is the last owner. First make another" in desk.types("omar", "/ai-team remove @omar")
    # Olga owns the workspace, so she can still put things right.
    assert "@ben can now decide" in desk.types("olga", "/ai-team owner @ben")
    assert "Removed from team `search`: @omar" in desk.types("ben", "/ai-team remove @omar")
    assert desk.types("omar", "/ai-team invite @fay") == ONLY_OWNERS
    assert desk.presses("omar", "Approve", desk.ask()) == ONLY_OWNERS


def test_people_whom_slack_does_not_know_are_named_in_the_answer(desk: Desk) -> None:
    assert "Slack did not recognise “@nobody”" in desk.types("omar", "/ai-team invite @fay @nobody")
    assert "@fay" not in desk.types("ben", "/ai-team")


def test_removing_somebody_names_the_keys_they_still_hold(desk: Desk) -> None:
    label, secret = desk.key()
    said = desk.types("omar", "/ai-team remove @ana")
    assert f"@ana still holds `{label}`" in said
    assert f"/ai-disable {label}" in said
    assert desk.office.chat(secret).status_code == 200


def test_projects_need_a_lead_in_the_team_and_fit_its_budget(desk: Desk) -> None:
    said = desk.types("omar", "/ai-team project reranker $200 @ana")
    assert "Project `reranker` of team `search` has $200 a month and is led by @ana" in said
    assert "has a project reranker already" in desk.types("omar", "/ai-team project reranker $20 @ana")
    assert "@fay is not in the team" in desk.types("omar", "/ai-team project other $60 @fay")
    assert "team's own budget is $500 a month" in desk.types("omar", "/ai-team project big $500.01 @ana")

    shown = desk.types("ana", "/ai-team")
    assert "`reranker`, led by @ana" in shown
    assert "Project *reranker*: $200 left, of $200 a month" in shown
    assert "big" not in shown
