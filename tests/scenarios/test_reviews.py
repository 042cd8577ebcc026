"""`/ai-team review`: owners confirm each key in one thread, and what nobody confirms goes off; over the wire."""

from __future__ import annotations

from bot.jobs.schedule import JOBS
from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons

TITLE = "Review of team search's keys"
PAGE = "oldest first"


def begins(desk: Desk, person: str = "omar") -> Message:
    """An owner begins a review; its message, once every key stands in its thread."""
    said = desk.types(person, "/ai-team review")
    assert said.startswith("*The review has begun.*"), said
    desk.settle()
    return desk.posted(TITLE)


def looks(desk: Desk, **by: float) -> None:
    """Time passes; the job looks, what follows is done and told, and it looks again."""
    desk.office.clock.advance(**by)
    for _ in range(2):
        next(job for job in JOBS if job.name == "reviews").run(desk.bot.running.purser)
        desk.settle()


def page(desk: Desk, review: Message) -> Message:
    """The message of the thread that has the keys."""
    replies = desk.slack.channel("search").replies(review)
    return next(one for one in replies if PAGE in desk.text(one))


def test_owners_confirm_each_key_in_one_thread_and_the_message_counts(desk_each_way: Desk) -> None:
    desk = desk_each_way
    hers, _ = desk.key("member $50")
    his, secret = desk.key("automation nightly-evals $20 $2/day @ana run the evals", "ben")
    next(job for job in JOBS if job.name == "usage").run(desk.bot.running.purser)
    review = begins(desk)
    keys = page(desk, review)
    text = desk.text(keys)
    assert text.index(hers) < text.index(his)
    assert "led by @ana" in text
    assert "$20 a month, $2 a day" in text
    assert "never used" in text
    assert buttons(keys) == ["Keep", "Disable now"] * 2
    assert "is confirmed" in desk.presses("omar", "Keep", keys, nth=0)
    desk.sees(lambda: "Kept by @omar" in desk.text(desk.now(keys)) or None)
    desk.sees(lambda: "1 of 2 answered: 1 kept. 1 waits." in desk.text(desk.now(review)) or None)
    desk.presses("olga", "Disable now", desk.now(keys), nth=0)
    assert desk.office.chat(secret).status_code == 401
    looks(desk, minutes=1)
    assert "Turned off by @olga" in desk.text(desk.now(keys))
    assert "It is over" in desk.text(desk.now(review))
    assert "2 of 2 answered: 1 kept and 1 turned off by people." in desk.thread_says(review, "The review is over")


def test_silence_is_noticed_and_then_turns_off_with_proof(desk_on_each: Desk) -> None:
    desk = desk_on_each
    hers, secret = desk.key("member $50")
    his, kept = desk.key("member $50", "ben")
    review = begins(desk)
    desk.presses("omar", "Keep", page(desk, review), nth=1)
    looks(desk, days=11, minutes=1)
    notice = desk.thread_says(review, "unless an owner confirms it")
    assert hers in notice
    assert his not in notice
    assert "@omar" in notice
    assert hers in desk.text(desk.dm("ana", "of yours may be turned off"))
    assert desk.office.chat(secret).status_code == 200
    looks(desk, days=3, minutes=1)
    assert desk.office.chat(secret).status_code == 401
    assert desk.office.chat(kept).status_code == 200
    summary = desk.thread_says(review, "The review is over.")
    assert f"`{hers}` of @ana: recorded off" in summary
    assert "1 turned off as nobody confirmed it" in desk.text(desk.now(review))
    assert "no owner confirmed it" in desk.text(desk.dm("ana", f"Your key `{hers}` is off"))


def test_members_begin_and_confirm_nothing_and_nobody_confirms_their_own(desk: Desk) -> None:
    label, _ = desk.key("member $50", "olga")
    assert desk.types("ana", "/ai-team review") == "Only owners of the team can do this."
    review = begins(desk)
    keys = page(desk, review)
    assert desk.presses("ana", "Keep", keys) == "Only owners of team search confirm its keys."
    said = desk.presses("olga", "Keep", keys)
    assert said == f"You hold `{label}`, so somebody else has to confirm it: @omar."
    assert "is confirmed" in desk.presses("omar", "Keep", keys)
    assert "was confirmed already, by @omar" in desk.presses("omar", "Keep", keys)


def test_asked_again_it_shows_how_it_stands_and_an_owner_calls_it_off(desk: Desk) -> None:
    _, secret = desk.key("member $50")
    review = begins(desk)
    said = desk.types("ana", "/ai-team review")
    assert "0 of 1 answered. 1 waits." in said
    assert "Call off" not in buttons(desk.receipt("ana"))
    desk.types("omar", "/ai-team review")
    assert "Call off" in buttons(desk.receipt("omar"))
    assert desk.count(TITLE) == 1
    assert "Called off by @olga" in desk.presses("olga", "Call off", review)
    looks(desk, days=15)
    assert "Called off by @olga" in desk.text(desk.now(review))
    assert "Keep" not in buttons(desk.now(page(desk, review)))
    assert desk.office.chat(secret).status_code == 200


def test_a_double_click_confirms_once_and_the_thread_has_every_message_once(desk: Desk) -> None:
    desk.key("member $50")
    desk.slack.fault("reply_lost", "chat.postMessage")
    review = begins(desk)
    assert desk.count(TITLE) == 1
    assert sum(PAGE in said for said in desk.thread(review)) == 1
