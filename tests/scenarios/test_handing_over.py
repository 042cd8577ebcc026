"""Somebody leaves while others depend on their keys: taken over, turned off, given away; all of it over the wire."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.playground.slack.model import Message
from bot.services.handover_times import watch_handovers
from tests.scenarios.desk import Desk, buttons

LINE = "automation nightly-evals $50 $5/day @omar run the evals"


def leaves(desk: Desk, person: str = "ana") -> Message:
    """An administrator deactivates the account; the channel's message about it."""
    desk.slack.deactivate(person)
    desk.settle()
    return desk.posted(f"@{person}) left.")


def says(desk: Desk, message: Message, words: str) -> str:
    """Wait until the message reads so."""
    return desk.card_says(message, words)


def days_pass(desk: Desk, days: float) -> None:
    """Time passes, and what is due about keys that wait is done."""
    desk.office.clock.advance(days=days)
    watch_handovers(desk.bot.running.purser)
    desk.settle()


def holder(desk: Desk) -> str:
    """Whose the gateway says the only key is."""
    (key,) = desk.gateway.keys
    return str(key.user_id)


def test_a_lead_takes_a_key_over_and_it_works_on(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label, secret = desk.key(LINE)
    told = leaves(desk)
    said = desk.text(told)
    assert "Slack said so" in said
    assert (
        "1 key works on and waits for somebody to answer for it.* @omar: please take it over, or turn it off." in said
    )
    assert f"`{label}` · automation · they held it" in said
    assert buttons(told) == ["Take over", "Disable now"]
    assert desk.office.chat(secret).status_code == 200
    answer = desk.presses("omar", "Take over", told)
    assert f"*You answer for `{label}` now.* It works on as before." in answer
    assert f"The secret is not shown again: `/ai-key rotate {label}` gives you a new one." in answer
    says(desk, told, f"@omar took over `{label}`")
    assert buttons(desk.now(told)) == []
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    assert holder(desk) == desk.who("omar").id
    assert label in desk.types("omar", "/ai-key list")
    desk.thread_says(desk.office.cards()[0], f"@omar took over `{label}`, whose holder was @ana.")
    assert re.search(r"Held by\*?:?\s+@omar", desk.text(desk.now(desk.office.cards()[0])))
    days_pass(desk, 8)
    assert desk.office.chat(secret).status_code == 200


def test_two_press_at_once_and_the_other_reads_who_took_it(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, _ = desk.key(LINE)
    stale = desk.slack.as_seen(leaves(desk))
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda who: desk.presses(who, "Take over", stale), ("omar", "olga")))
    assert sum("You answer for" in one for one in said) == 1
    (other,) = [one for one in said if "You answer for" not in one]
    assert re.fullmatch(rf"`{label}` was taken over by @(omar|olga) already\.", other)


def test_who_may_not_decide_reads_who_may(desk: Desk) -> None:
    label, _ = desk.key(LINE)
    told = leaves(desk)
    answer = desk.presses("ben", "Take over", told)
    assert f"Only the lead of `{label}` and owners of team search can do this." in answer
    assert holder(desk) == desk.who("ana").id


def test_turned_off_instead_with_proof(desk: Desk) -> None:
    label, secret = desk.key(LINE)
    told = leaves(desk)
    answer = desk.presses("omar", "Disable now", told)
    assert f"*Turned off, as nobody has to take over:*\n`{label}`: recorded off" in answer
    assert desk.office.chat(secret).status_code == 401
    said = says(desk, told, "waits no more. Turned off by @omar")
    assert "Recorded off" in said
    assert buttons(desk.now(told)) == []
    desk.settle()
    assert not [said for said in desk.dms("olga") if label in said]


def test_nobody_takes_it_over_so_it_is_stopped_then_taken_late_and_restored(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key(LINE)
    told = leaves(desk)
    days_pass(desk, 2.01)
    desk.thread_says(told, f"@omar: `{label}` still waits for somebody since Ana left.")
    days_pass(desk, 4)
    desk.thread_says(told, f"*Last reminder.* @omar: `{label}` still waits")
    assert desk.office.chat(secret).status_code == 200
    days_pass(desk, 1)
    assert desk.office.chat(secret).status_code == 401
    desk.thread_says(told, "nobody took over within 7 days after Ana left")
    assert "recorded off" in says(desk, told, "Stopped, as nobody took over within 7 days:")
    assert buttons(desk.now(told)) == ["Take over"]
    answer = desk.presses("omar", "Take over", desk.now(told))
    assert f"`{label}` stays off until an owner restores it." in answer
    desk.settle()
    desk.restores("olga", desk.now(desk.office.cards()[0]))
    desk.settle()
    assert desk.office.chat(secret).status_code == 200


def test_a_lead_who_leaves_with_ten_automation_keys_is_one_message_and_one_press(desk: Desk) -> None:
    desk.types("olga", "/ai-team owner @ben")
    secrets = [desk.office.key(f"automation evals-{number} $10 $5/day @ben run the evals") for number in range(10)]
    before = len(desk.office.cards())
    told = leaves(desk, "ben")
    assert len(desk.office.cards()) == before + 1
    assert buttons(told) == ["Take over"] * 11 + ["Disable now"]
    assert "10 keys work on and wait for somebody to answer for them." in desk.text(told)
    answer = desk.presses("omar", "Take over", told, nth=3)
    assert "You lead `evals-" in answer
    assert "who holds it stays the same." in answer
    says(desk, told, "9 keys work on and wait")
    answer = desk.presses("omar", "Take over", desk.now(told), nth=9)
    assert "You answer for" in answer
    desk.settle()
    assert buttons(desk.now(told)) == []
    says(desk, told, "@omar took over `evals-")
    assert len(desk.office.cards()) == before + 1
    assert {desk.office.chat(secret).status_code for secret in secrets} == {200}


def test_who_is_asked_is_here_when_they_are_reminded(desk: Desk) -> None:
    label, _ = desk.key(LINE)
    told = leaves(desk)
    assert "@omar: please take it over" in desk.text(told)
    leaves(desk, "omar")
    says(desk, told, "@olga: please take it over")
    days_pass(desk, 2.01)
    desk.thread_says(told, f"@olga: `{label}` still waits")


def test_an_owner_hands_a_key_to_somebody_who_reads_how_to_get_a_secret(desk: Desk) -> None:
    label, secret = desk.key(LINE)
    answer = desk.types("olga", f"/ai-team handover {label} @ben")
    assert f"@ben answers for `{label}` from now on and is told. It works on as before." in answer
    told = desk.text(desk.dm("ben", f"@olga gave `{label}` to @ben"))
    assert f"gets a new one with `/ai-key rotate {label}`" in told
    desk.settle()
    assert holder(desk) == desk.who("ben").id
    assert desk.office.chat(secret).status_code == 200
    assert "is on its way" in desk.types("ben", f"/ai-key rotate {label}")
    assert "You hold no key" in desk.types("ana", f"/ai-key rotate {label}")


@pytest.mark.parametrize(
    ("who", "line", "said"),
    [
        ("ben", "handover {label} @omar", "Only the lead of"),
        ("olga", "handover {label} @gus", "is a guest in Slack"),
        ("olga", "handover nothing-0000 @ben", "No key is called `nothing-0000`"),
        ("olga", "handover {label}", "Say which key, by its label, and who gets it."),
        ("olga", "lead nothing @ben", "has no project nothing"),
        ("ben", "lead nothing @ben", "Only owners of the team can do this."),
    ],
)
def test_what_cannot_be_handed_over_says_why(desk: Desk, who: str, line: str, said: str) -> None:
    label, _ = desk.key(LINE)
    assert said in desk.types(who, f"/ai-team {line.format(label=label)}")
    assert holder(desk) == desk.who("ana").id


def test_another_lead_answers_for_the_projects_keys(desk: Desk) -> None:
    desk.types("olga", "/ai-team project reranker $200 @ana")
    label, secret = desk.key("project reranker $50 serve rerankers")
    told = leaves(desk)
    said = desk.text(told)
    assert "`reranker` is led by @olga now." in said
    assert "@olga: please take it over" in said
    assert "@ben leads project `reranker` from now on and is told." in desk.types("omar", "/ai-team lead reranker @ben")
    desk.dm("ben", "@omar made you the lead of project `reranker` of team `search`.")
    says(desk, told, "`reranker` is led by @ben now.")
    says(desk, told, "@ben: please take it over")
    desk.presses("ben", "Take over", desk.now(told))
    desk.settle()
    assert holder(desk) == desk.who("ben").id
    assert desk.office.chat(secret).status_code == 200
    assert label in desk.types("ben", "/ai-key list")


def test_a_return_offers_restore_and_what_was_taken_stays_taken(desk: Desk) -> None:
    _, own = desk.key()
    label, secret = desk.key(LINE)
    told = leaves(desk)
    assert desk.office.chat(own).status_code == 401
    desk.presses("omar", "Take over", told)
    desk.slack.reactivate("ana")
    desk.settle()
    says(desk, told, "They are back in Slack")
    assert desk.office.chat(own).status_code == 401
    answer = desk.presses("olga", "Restore", desk.now(told))
    assert "Restored what @ana had." in answer
    assert f"`{label}` stays with @omar, who took it over." in answer
    says(desk, told, "undone by @olga")
    desk.settle()
    assert [desk.office.chat(one).status_code for one in (own, secret)] == [200, 200]
    assert "Restore" not in buttons(desk.now(told))


def test_somebody_with_nothing_leaves_in_silence(desk: Desk) -> None:
    before = len(desk.office.cards())
    desk.slack.deactivate("ben")
    desk.settle()
    assert len(desk.office.cards()) == before
