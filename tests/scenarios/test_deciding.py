"""Deciding about a request: by button, by form and by reply; who may, and what the late ones read."""

from __future__ import annotations

import pytest

from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons

GUEST = "Guests can hold keys, but decide nothing about keys or teams. Ask an owner of the team."
NOT_OWNER = "Only owners of the team can do this."
OWN = "Nobody approves their own request. Another owner has to decide."


def test_approved_with_changes_shows_in_card_and_message_and_holds_at_the_gateway(desk: Desk) -> None:
    card = desk.ask("$25 7d evaluate rerankers")
    desk.clicks("omar", "Approve with changes", card)
    omar = desk.who("omar")
    form = desk.modal("omar", "You approve this instead")
    assert "($25)" in desk.text(form)
    assert "(7d)" in desk.text(form)
    assert omar.submit(form, {"cap": "-3", "time": "31d"}).errors == {"cap": "An amount must be more than $0."}
    assert "30 days" in omar.submit(form, {"cap": "$20", "time": "31d"}).errors["time"]
    assert omar.submit(form, {"time": "3d", "Models": ["mock-gpt"]}).ok
    assert omar.modal() is None

    desk.card_says(card, "Approved by @omar")
    changed = (
        "Asked for was a temporary key ($25 in total, 7 days). Models: `mock-gpt` instead of all the gateway offers."
    )
    for shown in (desk.text(card), desk.thread_says(card, "Approved"), desk.text(desk.dm("ana", "You can have"))):
        assert changed in shown
    assert "$20 in total" in desk.text(card)

    secret = desk.office.reveal(desk.who("ana").dms()[-1])
    (key,) = desk.gateway.live_keys()
    assert (key.max_budget, key.models) == (20.0, ["mock-gpt"])
    assert key.expires is not None
    assert 2.99 < (key.expires - desk.at()).total_seconds() / 86_400 <= 3
    assert desk.office.chat(secret).status_code == 200
    assert desk.office.chat(secret, "mock-expensive").status_code in (401, 403)


def test_changing_only_the_models_is_told_too(desk: Desk) -> None:
    card = desk.ask("$25 7d models=mock-gpt,mock-expensive evaluate rerankers")
    desk.replies("omar", card, "approve models=mock-gpt")
    assert "Models: `mock-gpt` instead of `mock-gpt` and `mock-expensive`." in desk.text(desk.dm("ana", "You can have"))


def test_a_no_comes_with_its_reason_to_thread_and_requester(desk: Desk) -> None:
    card = desk.ask()
    stale = desk.slack.as_seen(card)
    desk.clicks("omar", "Deny", card)
    form = desk.modal("omar", "@ana and the thread will see your reason")
    assert desk.who("omar").submit(form, {"reason": "no"}).errors == {"reason": "Say in a few words why not."}
    assert desk.who("omar").submit(form, {"reason": "too much for a trial"}).ok
    words = "Denied by @omar: “too much for a trial”."
    desk.card_says(card, words)
    assert buttons(desk.now(card)) == []
    desk.thread_says(card, words)
    assert words in desk.text(desk.dm("ana", "was not approved"))
    assert desk.presses("olga", "Approve", stale) == "Already denied by @omar."


def test_the_second_of_two_reads_who_was_faster_not_an_error(desk_on_each: Desk) -> None:
    desk = desk_on_each
    card = desk.ask()
    stale = desk.slack.as_seen(card)
    desk.clicks("olga", "Deny", card)  # Olga has the form open while Omar decides
    form = desk.modal("olga", "Why not?")
    desk.office.approve(card)
    said = "Already approved by @omar."
    assert desk.presses("olga", "Approve", stale) == said
    assert desk.presses("olga", "Approve with changes", stale) == said
    assert desk.presses("omar", "Deny", stale) == said
    assert desk.who("olga").submit(form, {"reason": "I think not"}).ok
    desk.modal("olga", said)
    assert "Approved by @omar" in desk.text(card)
    assert len([text for text in desk.dms("ana") if "You can have your key" in text]) == 1


def test_owners_decide_by_reply_and_other_talk_decides_nothing(desk: Desk) -> None:
    card = desk.ask("$40 2d a larger trial", "ben")
    for line in ("hm", "approve?", "I approve of this", "approval pending", "ask me tomorrow"):
        desk.replies("omar", card, line)
    desk.settle()
    assert desk.ephemerals("omar") == []
    assert len(desk.thread(card)) == 5

    for line, answer in (
        ("approve when legal agrees", "Nothing was decided."),
        ("deny", "Say in a few words why not."),
        ("approve $1e9", "Amounts look like $25 or $12.50."),
        ("approve models=gpt-none", "`gpt-none` is not offered."),
        ("approve $400000", "Only $500 is left"),
        ("approve 31d", "The longest time for a temporary key is 30 days."),
    ):
        before = len(desk.ephemerals("omar"))
        desk.replies("omar", card, line)
        assert answer in desk.sees(lambda n=before: desk.ephemerals("omar")[n]), line  # type: ignore[misc]
    assert "Waiting for an owner" in desk.text(card)

    desk.replies("omar", card, "Approve $20 3d")
    desk.card_says(card, "Approved by @omar")
    assert "$20 in total, 3 days" in desk.text(desk.dm("ben", "You can have your key"))
    desk.replies("olga", card, "deny too late")
    assert desk.office.text(desk.office.reads("olga", "Already", "search")) == "Already approved by @omar."


def test_a_plain_approve_and_a_deny_with_reason(desk: Desk) -> None:
    approved, denied = desk.ask(), desk.ask("$5 1d a try", "ben")
    desk.replies("omar", approved, "approve")
    desk.replies("olga", denied, "deny ask again *next* month")
    desk.card_says(approved, "Approved by @omar")
    desk.card_says(denied, "Denied by @olga: “ask again *next* month”")


def test_approve_elsewhere_decides_nothing(desk: Desk) -> None:
    card = desk.ask()
    talk = desk.who("omar").says("search", "about something else")
    desk.replies("omar", talk, "approve")
    desk.who("omar").says("search", "approve")
    desk.settle()
    assert "Waiting for an owner" in desk.text(card)
    assert desk.ephemerals("omar") == []


@pytest.mark.parametrize(
    ("person", "answer"), [("ben", NOT_OWNER), ("gus", GUEST), ("eve", "Purser only serves people of its own")]
)
def test_those_who_may_not_decide_read_why_and_change_nothing(desk: Desk, person: str, answer: str) -> None:
    """A member, a guest of the workspace, and somebody from another workspace who shares the channel."""
    card = desk.ask()
    for label in ("Approve", "Approve with changes", "Deny"):
        assert answer in desk.presses(person, label, card)
    desk.replies(person, card, "approve")
    desk.sees(lambda: len(desk.ephemerals(person)) == 4)
    assert answer in desk.ephemerals(person)[-1]
    assert desk.who(person).modal() is None
    assert "Waiting for an owner" in desk.text(card)
    assert desk.dms("ana") == []


def test_nobody_approves_their_own_request_not_even_a_workspace_owner(desk: Desk) -> None:
    for owner in ("omar", "olga"):
        card = desk.ask("$5 1d my own trial", owner)
        assert desk.presses(owner, "Approve", card) == OWN
        assert desk.presses(owner, "Approve with changes", card) == OWN
        desk.replies(owner, card, "approve")
        desk.sees(lambda who=owner: desk.ephemerals(who)[-1] == OWN)  # type: ignore[misc]
        assert "Waiting for an owner" in desk.text(card)
        assert f"@{owner}." not in desk.text(card).split("Asked")[1].split("Unanswered")[0]


def test_authority_is_looked_up_at_the_moment_of_the_click(desk: Desk) -> None:
    """An owner taken out of the team, one made a guest, one deactivated: none decides any more."""
    card = desk.ask()
    desk.types("olga", "/ai-team owner @fay @ben")
    desk.types("olga", "/ai-team remove @fay")
    assert desk.presses("fay", "Approve", card) == NOT_OWNER
    desk.slack.state.user("ben").is_restricted = True
    assert desk.presses("ben", "Approve", card) == GUEST

    omar = desk.slack.as_seen(card)
    _deactivate(desk, "omar")
    payload = _click_of(desk, "omar", omar)
    desk.slack.deliver("interactive", payload)
    desk.settle()
    assert "Waiting for an owner" in desk.text(card)
    assert "@omar" not in desk.text(desk.ask("$6 1d another", "ana")).split("Asked")[1].split("Unanswered")[0]


def test_nobody_approves_for_somebody_who_has_left(desk: Desk) -> None:
    card = desk.ask("$5 1d a try", "ben")
    stale = desk.slack.as_seen(card)
    _deactivate(desk, "ben")
    desk.card_says(card, "Closed: @ben has left. No key was made.")
    assert desk.presses("omar", "Approve", stale) == "Closed: @ben has left. No key was made."


def _deactivate(desk: Desk, person: str) -> None:
    user = desk.slack.state.user(person)
    user.deleted = True
    desk.slack.emit("user_change", user=user.wire())
    desk.settle()


def _click_of(desk: Desk, person: str, shown: Message) -> dict[str, object]:
    """The payload of an Approve that this person would have sent."""
    desk.clicks("ben", "Approve", shown)
    desk.settle()
    payload = dict(desk.slack.sent("block_actions")[-1])
    user = desk.slack.state.user(person)
    payload["user"] = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}
    actions = payload["actions"]
    assert isinstance(actions, list)
    payload["actions"] = [dict(actions[0], action_ts="1.5")]
    return payload
