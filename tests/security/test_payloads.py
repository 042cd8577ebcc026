"""Well signed clicks and forms with edited contents: another id, another person, again, or too late."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.playground.slack.model import JSON, View
from tests.scenarios.desk import Desk, value_of

NOT_OWNER = "Only owners of the team can do this."


def last(desk: Desk, kind: str) -> JSON:
    """The last payload of this kind, to be edited."""
    return copy.deepcopy(desk.slack.sent(kind)[-1])


def by(desk: Desk, payload: JSON, person: str) -> JSON:
    """The same, done by somebody else at another moment; the answer goes to them."""
    payload.pop("response_url", None)
    user = desk.slack.state.user(person)
    payload["user"] = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}
    for action in payload.get("actions", ()):
        action["action_ts"] = str(float(action["action_ts"]) + 1)
    return payload


def deliver(desk: Desk, payload: JSON) -> Any:
    ack = desk.slack.deliver("interactive", payload)
    assert ack.status == 200, ack
    desk.settle()
    return ack


def state_of(desk: Desk) -> tuple[object, ...]:
    cards = desk.office.cards()
    return [desk.text(card) for card in cards], [key.token for key in desk.gateway.live_keys()]


def test_a_buttons_value_edited_to_another_request_gives_no_more_rights(desk: Desk) -> None:
    """Ana owns nothing; Omar may decide Ana's request but not his own, whatever the button said."""
    hers, his = desk.ask(), desk.ask("$30 1d my own trial", "omar")
    desk.presses("ben", "Approve", hers)
    click = last(desk, "block_actions")
    for person, request in (("omar", his), ("ana", his), ("ana", hers)):
        forged = by(desk, copy.deepcopy(click), person)
        forged["actions"][0]["value"] = value_of(request, "Approve")
        deliver(desk, forged)
    assert "Waiting for an owner" in desk.text(hers)
    assert "Waiting for an owner" in desk.text(his)
    assert desk.ephemerals("omar")[-1] == "Nobody approves their own request. Another owner has to decide."


@pytest.mark.parametrize("value", ["", "req_nonsense", "' OR 1=1 --", "U0ANA", "x" * 2000, "req_\u0000", "💥"])
def test_a_buttons_value_edited_to_nonsense_does_nothing(desk: Desk, value: str) -> None:
    card = desk.ask()
    desk.presses("ben", "Approve", card)
    click = last(desk, "block_actions")
    before = state_of(desk)
    for action in ("approve", "deny", "approve_with_changes", "reveal", "cancel_request", "give_back", "restore",
                   "disable_now", "extend", "ask_anyway", "extend_instead", "no_such_action"):  # fmt: skip
        forged = by(desk, copy.deepcopy(click), "omar")
        forged["actions"][0] |= {"value": value, "action_id": action, "action_ts": f"9{len(action)}.{len(value)}"}
        deliver(desk, forged)
    assert state_of(desk) == before
    assert not [said for said in desk.ephemerals("omar") if "Something went wrong" in said]


def test_only_the_requester_reveals_whoever_sends_the_click(desk: Desk) -> None:
    dm = desk.office.approve(desk.ask())
    request = value_of(dm, "Reveal key")
    secret = desk.office.reveal(desk.office.approve(desk.ask("$6 1d another", "ben"), asker="ben"), "ben")
    click = last(desk, "block_actions")
    for person in ("omar", "olga", "ben", "gus", "eve"):
        forged = by(desk, copy.deepcopy(click), person)
        forged["actions"][0]["value"] = request
        forged["channel"] = {"id": desk.slack.channel("search").id}
        deliver(desk, forged)
    assert len(desk.gateway.keys) == 1
    assert desk.office.chat(secret).status_code == 200
    for person in ("omar", "olga", "gus"):
        assert "This key is for @ana, and only they can reveal it." in desk.ephemerals(person)


def test_clicks_of_guests_strangers_removed_and_deactivated_people_decide_nothing(desk: Desk) -> None:
    card = desk.ask()
    desk.types("olga", "/ai-team owner @fay @ben")
    desk.types("olga", "/ai-team remove @fay")
    desk.presses("ana", "Approve", card)
    click = last(desk, "block_actions")
    ben = desk.slack.state.user("ben")
    ben.deleted = True
    for person in ("gus", "eve", "fay", "ben"):
        deliver(desk, by(desk, copy.deepcopy(click), person))
    # One who claims to be of our workspace in the payload, and is not.
    forged = by(desk, copy.deepcopy(click), "eve")
    forged["user"]["team_id"] = "T0PURSER"
    deliver(desk, forged)
    # One of ours whose payload says another workspace.
    forged = by(desk, copy.deepcopy(click), "omar")
    forged["user"]["team_id"] = "T0ELSEWHERE"
    deliver(desk, forged)
    assert "Waiting for an owner" in desk.text(card)
    assert desk.dms("ana") == []
    assert desk.ephemerals("fay")[-1] == NOT_OWNER
    assert desk.ephemerals("eve")[-1] == "Purser only serves people of its own Slack workspace."


def form(desk: Desk, person: str) -> View:
    """The request form, filled in."""
    who = desk.who(person)
    who.command("/ai-key", channel="search")
    view = desk.modal(person, "Ask for a key")
    who.fill(view, {"cap": "$30", "time": "2d", "reason": "try it out"})
    return view


def test_a_modal_submitted_twice_asks_once(desk_on_each: Desk) -> None:
    desk = desk_on_each
    desk.who("ben").submit(form(desk, "ben"))
    preview = desk.modal("ben", "Check your request")
    desk.slack.fault("duplicate", "view_submission", copies=3)
    desk.who("ben").submit(preview)
    desk.settle()
    assert len(desk.office.cards()) == 1
    again = deliver(desk, last(desk, "view_submission"))
    assert "already" in str(again.body)
    assert len(desk.office.cards()) == 1


def test_a_preview_sent_after_its_draft_expired_asks_for_nothing(desk: Desk) -> None:
    desk.who("ben").submit(form(desk, "ben"))
    preview = desk.modal("ben", "Check your request")
    desk.office.clock.advance(hours=1, seconds=1)
    desk.who("ben").submit(preview)
    said = desk.text(desk.who("ben").modal())
    assert "left open too long" in said or "cancelled already" in said
    assert desk.office.cards() == []


def test_private_metadata_with_somebody_elses_draft_sends_nothing(desk: Desk) -> None:
    desk.who("ben").submit(form(desk, "ben"))
    desk.modal("ben", "Check your request")
    desk.who("ana").submit(form(desk, "ana"))
    desk.modal("ana", "Check your request")
    bens = desk.who("ben").modal()
    assert bens is not None
    desk.who("ana").submit()
    desk.settle()
    assert len(desk.office.cards()) == 1
    forged = last(desk, "view_submission")
    for metadata in (bens.content["private_metadata"], "", "req_nonsense", "x" * 3000):
        forged["view"]["private_metadata"] = metadata
        forged["view"]["id"] = f"V{len(metadata)}"
        said = str(deliver(desk, forged).body)
        assert "Only the person who wrote this can send it." in said
    assert len(desk.office.cards()) == 1
    assert desk.who("ben").submit(bens).ok  # Ben's own still works
    desk.sees(lambda: len(desk.office.cards()) == 2)


def test_decision_forms_with_somebody_elses_request_or_by_somebody_else_decide_nothing(desk: Desk) -> None:
    his = desk.ask("$30 1d my own trial", "omar")
    hers = desk.ask()
    desk.clicks("omar", "Approve with changes", hers)
    view = desk.modal("omar", "You approve this instead")
    desk.who("omar").submit(view, {"cap": "x"})
    forged = last(desk, "view_submission")
    forged["view"]["state"]["values"]["cap"]["cap"]["value"] = "$400"
    own = copy.deepcopy(forged)
    own["view"]["private_metadata"] = value_of(his, "Approve")
    assert "Nobody approves their own request" in str(deliver(desk, own).body)
    for person in ("ana", "ben", "gus", "eve"):
        said = str(deliver(desk, by(desk, copy.deepcopy(forged), person)).body)
        assert "Only owners" in said or "Guests" in said or "own Slack workspace" in said
    assert "Waiting for an owner" in desk.text(hers)
    assert "Waiting for an owner" in desk.text(his)


def test_forms_with_missing_or_twisted_values_are_refused_politely(desk: Desk) -> None:
    view = form(desk, "ben")
    desk.who("ben").submit(view, {"cap": "x"})
    good = last(desk, "view_submission")
    twisted: list[Any] = [{}, {"cap": None}, {"cap": {"cap": None}}, {"cap": {"cap": {"value": 7}}}, None]
    for values in twisted:
        forged = copy.deepcopy(good)
        forged["view"]["state"] = {"values": values}
        said = str(deliver(desk, forged).body)
        assert "errors" in said or "update" in said
        assert "Something went wrong" not in said
    forged = copy.deepcopy(good)
    forged["view"]["state"]["values"]["cap"]["cap"]["value"] = "$5"
    forged["view"]["private_metadata"] = "team_nonsense"
    assert "not there any more" in str(deliver(desk, forged).body)
    forged["view"]["state"]["values"]["kind"]["kind"]["selected_option"]["value"] = "nonsense"
    assert "Choose what kind of key you need." in str(deliver(desk, forged).body)
    assert desk.office.cards() == []


def test_extending_or_giving_back_somebody_elses_key_by_an_edited_button(desk: Desk) -> None:
    desk.key()
    desk.types("ana", "/ai-key list")
    key_id = value_of(desk.receipt("ana"), "Give back")
    desk.ask("$6 1d another", "ben")
    desk.presses("ana", "Approve", desk.office.cards()[-1])
    click = last(desk, "block_actions")
    for action, words in (("give_back", "is not yours to give back"), ("extend", "Only the holder of a key")):
        forged = by(desk, copy.deepcopy(click), "ben")
        forged["actions"][0] |= {"action_id": action, "value": key_id, "action_ts": f"8{len(action)}.0"}
        deliver(desk, forged)
        assert words in desk.ephemerals("ben")[-1]
    assert len(desk.gateway.live_keys()) == 1
    assert desk.who("ben").modal() is None
