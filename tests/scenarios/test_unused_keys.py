"""Keys that nobody uses: asked about in one direct message, answered there, or off after silence; over the wire."""

from __future__ import annotations

from bot.jobs.schedule import JOBS
from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, buttons

ASKED, REMINDED, STOPPED = "Still needed?", "about to be turned off", "turned off:"
UNUSED_DAYS = 31


def looks(desk: Desk, **by: float) -> None:
    """Time passes; then spend and usage are read, questions looked at, and everything arrives."""
    desk.office.clock.advance(**by)
    for name in ("guard", "usage", "questions"):
        next(job for job in JOBS if job.name == name).run(desk.bot.running.purser)
    desk.settle()
    desk.office.clock.advance(seconds=4)  # what went off is told once it had time to be proven
    desk.settle()


def asked(desk: Desk, person: str = "ana") -> Message:
    """The message that asks this person."""
    return desk.dm(person, ASKED)


def offers(desk: Desk) -> int:
    """How many of Ana's direct messages have Reveal key."""
    return sum("Reveal key" in str(one.blocks) for one in desk.who("ana").dms())


def test_one_message_asks_about_all_keys_of_a_person_and_keep_is_seen_in_it(desk_each_way: Desk) -> None:
    desk = desk_each_way
    first, _ = desk.key("member $50")
    second, _ = desk.key("$5 30d a trial")
    looks(desk, days=UNUSED_DAYS - 10)
    third, secret = desk.key("automation nightly-evals $20 $2/day @ben run the evals")
    assert desk.office.chat(secret).status_code == 200
    looks(desk, days=10)
    shown = asked(desk)
    assert first in desk.text(shown)
    assert second not in desk.text(shown)  # it ended by itself
    assert third not in desk.text(shown)
    assert buttons(shown) == ["Keep", "Give back"]
    said = desk.presses("ana", "Keep", shown)
    assert said.startswith(f"*`{first}` is kept*")
    now = desk.sees(lambda: desk.now(shown) if "Kept by @ana" in desk.text(desk.now(shown)) else None)
    assert buttons(now) == []
    looks(desk, days=8)
    assert desk.dms("ana").count(desk.text(shown)) <= 1
    assert not any(REMINDED in said for said in desk.dms("ana"))


def test_given_back_in_the_message_it_is_off_and_the_message_says_so(desk: Desk) -> None:
    _, secret = desk.key("member $50")
    looks(desk, days=UNUSED_DAYS)
    shown = asked(desk)
    desk.clicks("ana", "Give back", shown)
    desk.sees(lambda: "Given back by @ana" in desk.text(desk.now(shown)) or None)
    assert desk.office.chat(secret).status_code == 401


def test_a_lead_turns_off_what_is_not_needed(desk: Desk) -> None:
    _, secret = desk.key("automation nightly-evals $20 $2/day @ben run the evals")
    looks(desk, days=UNUSED_DAYS)
    shown = asked(desk, "ben")
    assert buttons(shown) == ["Keep", "Disable now"]
    desk.presses("ben", "Disable now", shown)
    desk.sees(lambda: "Turned off by @ben" in desk.text(desk.now(shown)) or None)
    assert desk.office.chat(secret).status_code == 401


def test_silence_is_reminded_of_then_the_key_is_off_with_proof_and_an_owner_restores_it(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret = desk.key("member $50")
    looks(desk, days=UNUSED_DAYS)
    asked(desk)
    looks(desk, days=6)
    assert label in desk.text(desk.dm("ana", REMINDED))
    looks(desk, days=1, minutes=1)
    assert desk.office.chat(secret).status_code == 401
    told = desk.dm("omar", STOPPED)
    assert label in desk.text(told)
    assert "Recorded off" in desk.text(told)
    assert "nobody has used it for long" in desk.text(desk.dm("ana", f"Your key `{label}` is off"))
    assert desk.restores("omar", told, "10", "7 days")
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    looks(desk, days=1)
    assert sum(ASKED in said for said in desk.dms("ana")) == 1


def test_one_call_after_the_question_is_an_answer(desk: Desk) -> None:
    _, secret = desk.key("member $50")
    looks(desk, days=UNUSED_DAYS)
    asked(desk)
    desk.office.clock.advance(days=5)
    assert desk.office.chat(secret).status_code == 200
    looks(desk, days=1, hours=1)
    looks(desk, days=1, hours=1)
    assert desk.office.chat(secret).status_code == 200
    assert not any(REMINDED in said for said in desk.dms("ana"))


def test_a_rotation_that_is_due_is_told_once_and_started_with_a_button(desk: Desk) -> None:
    label, secret = desk.key("member $50")
    for _ in range(4):
        desk.office.clock.advance(days=20)
        assert desk.office.chat(secret).status_code == 200
        looks(desk)
    looks(desk, days=11)
    told = desk.dm("ana", "Time for a new key")
    assert label in desk.text(told)
    before = offers(desk)
    desk.presses("ana", "Rotate", told)
    desk.sees(lambda: offers(desk) == before + 1 or None)
    looks(desk, hours=1)
    assert sum("Time for a new key" in said for said in desk.dms("ana")) == 1
