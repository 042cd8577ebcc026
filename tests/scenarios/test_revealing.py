"""Revealing a key: minted at the click, shown once in a modal, to its requester; what is shown really works."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

from bot.playground.gateway.faults import FaultKind
from bot.playground.slack.model import Message, View
from tests.scenarios.desk import Desk, at_desk, buttons


def approved(desk: Desk, line: str = "$25 7d evaluate rerankers") -> Message:
    return desk.office.approve(desk.ask(line))


def literals(view: View) -> list[str]:
    """The blocks of a modal that are there to be copied: the key, and the snippets."""
    return [
        block["elements"][0]["elements"][0]["text"] for block in view.content["blocks"] if block["type"] == "rich_text"
    ]


def test_seen_once_by_the_requester_and_nobody_else(desk_on_each: Desk) -> None:
    desk = desk_on_each
    dm = approved(desk)
    assert desk.gateway.keys == []  # nothing exists before the click
    secret = desk.office.reveal(dm)
    desk.who("ana").close()
    desk.settle()
    said = desk.presses("ana", "Reveal key", dm)
    assert f"`{desk.label()}` was shown already" in said
    assert f"/ai-disable {desk.label()}" in said
    assert desk.who("ana").modal() is None
    assert len(desk.gateway.keys) == 1
    everything = json.dumps(desk.slack.dump())
    assert secret not in everything


def test_the_modal_says_what_the_key_is_and_its_snippets_work(sqlite_url: str, tmp_path: Path) -> None:
    with at_desk(sqlite_url, tmp_path) as desk:
        secret = desk.office.reveal(approved(desk, "$25 7d models=mock-gpt evaluate rerankers"))
        view = desk.modal("ana", "is yours")
        shown = desk.text(view)
        assert desk.gateway.base_url in shown
        assert "`mock-gpt`" in shown
        assert "$25 in total" in shown
        assert "(7 days)" in shown
        key, shell, curl, python = literals(view)
        assert key == secret
        assert not [block for block in view.content["blocks"] if block["type"] == "input"]
        assert "submit" not in view.content

        ran = subprocess.run(
            ["bash", "-c", f"{shell}\n{curl}"],
            input=f"{secret}\n",
            env={"PATH": os.environ["PATH"], "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        answer = ran.stdout.removeprefix("Key: ")
        assert json.loads(answer)["choices"][0]["message"]["content"] == "hello from the mock model"
        compile(python, "snippet", "exec")
        assert 'model="mock-gpt"' in python
        assert "OPENAI_BASE_URL" in python
        assert secret not in shell + curl + python


def test_members_are_told_the_public_address(sqlite_url: str, tmp_path: Path) -> None:
    from tests.office import Office

    with Office(sqlite_url, tmp_path) as office:
        office.environment = {"litellm_public_url": "https://ai.example.com/"}
        desk = Desk(office, office.open())
        office.found_team()
        office.reveal(approved(desk))
        shown = desk.text(desk.modal("ana", "is yours"))
        assert "`https://ai.example.com`" in shown
        assert 'OPENAI_BASE_URL="https://ai.example.com"' in shown
        assert office.gateway.base_url not in shown


def test_the_clock_starts_at_reveal(desk: Desk) -> None:
    dm = approved(desk)
    desk.pass_time(days=2)
    desk.office.reveal(dm)
    (key,) = desk.gateway.live_keys()
    assert key.expires is not None
    assert timedelta(days=7) - timedelta(minutes=1) < key.expires - desk.at() <= timedelta(days=7)
    assert "(7 days)" in desk.text(desk.modal("ana", "is yours"))


def test_unclaimed_it_lapses_after_72_hours_and_gives_back_its_promise(desk_on_each: Desk) -> None:
    desk = desk_on_each
    dm = approved(desk, "$400 7d evaluate rerankers")
    card = desk.office.card()
    desk.pass_time(hours=71, minutes=59)
    assert "Only $100 is left" in desk.types("ben", "/ai-key $101 1d more")
    desk.pass_time(minutes=1, seconds=1)
    assert "Lapsed: it was not revealed in time" in desk.text(card)
    assert "Lapsed" in desk.thread(card)[-1]
    assert "`/ai-key $400 7d what it is for`" in desk.text(desk.dm("ana", "has lapsed"))
    assert "lapsed" in desk.presses("ana", "Reveal key", dm)
    assert "$0 after this" in desk.types("ben", "/ai-key $500 1d more")
    assert desk.gateway.keys == []


def test_closing_the_window_while_the_key_is_made_leaves_no_working_key(desk: Desk) -> None:
    dm = approved(desk)
    desk.gateway.faults.add(FaultKind.LATENCY, seconds=0.6, route="/key/generate")
    ana = desk.who("ana")
    desk.clicks("ana", "Reveal key", dm)
    ana.close(desk.modal("ana", "Making a temporary key"))
    desk.settle()
    assert ana.modal() is None
    assert desk.gateway.live_keys() == []  # nobody saw it, so it is gone
    desk.slack.clear_violations()

    secret = desk.office.reveal(dm)
    assert desk.office.chat(secret).status_code == 200
    assert len(desk.gateway.live_keys()) == 1


def test_if_showing_fails_the_next_click_makes_another(desk: Desk) -> None:
    dm = approved(desk)
    desk.slack.fault("refuse", "views.update", error="not_found")
    desk.clicks("ana", "Reveal key", dm)
    said = desk.text(desk.modal("ana", "No key yet"))
    assert "withdrawn" in said
    assert "Press Reveal key again" in said
    desk.settle()
    assert desk.gateway.live_keys() == []
    desk.who("ana").close()
    secret = desk.office.reveal(dm)
    assert desk.office.chat(secret).status_code == 200
    assert len(desk.gateway.keys) == 2
    assert "Reveal key" in buttons(dm)


def test_while_the_gateway_is_down_nothing_is_lost(desk: Desk) -> None:
    dm = approved(desk)
    desk.gateway.stop()
    desk.clicks("ana", "Reveal key", dm)
    said = desk.text(desk.modal("ana", "No key yet"))
    assert re.search(r"press Reveal key again", said)
    desk.who("ana").close()
    desk.gateway.start()

    def again() -> bool:
        desk.clicks("ana", "Reveal key", dm)
        desk.settle()
        view = desk.who("ana").modal()
        said = "" if view is None else desk.text(view)
        if view is not None:
            desk.who("ana").close()
        return "is yours" in said

    desk.sees(again, 30)
    assert len(desk.gateway.live_keys()) == 1


def test_a_gateway_that_fails_at_the_first_reveal_is_no_earlier_try(desk: Desk) -> None:
    dm = approved(desk)
    desk.gateway.faults.add(FaultKind.ERROR, times=None)
    desk.clicks("ana", "Reveal key", dm)
    said = desk.text(desk.modal("ana", "No key yet"))
    assert "The gateway does not answer just now, so you have no key yet." in said
    assert "Your approval stands: press Reveal key again in a minute." in said
    assert "earlier" not in said
    assert [visit.path for visit in desk.gateway.journal].count("/key/generate") == 1
    desk.who("ana").close()
    assert "no second key is made" in desk.presses("ana", "Reveal key", dm)  # now there was one
    assert [visit.path for visit in desk.gateway.journal].count("/key/generate") == 1
    desk.gateway.faults.clear()
    desk.pass_time(minutes=1)
    assert desk.office.chat(desk.office.reveal(dm)).status_code == 200


def test_a_gateway_that_cannot_be_reached_has_made_nothing(desk: Desk) -> None:
    dm = approved(desk)
    desk.gateway.stop()
    desk.clicks("ana", "Reveal key", dm)
    said = desk.text(desk.modal("ana", "No key yet"))
    assert "so nothing was made" in said
    desk.gateway.start()
    desk.pass_time(minutes=1)
    assert desk.gateway.keys == []


def test_somebody_taken_out_of_the_team_reveals_nothing(desk: Desk) -> None:
    dm = approved(desk)
    desk.types("omar", "/ai-team remove @ana")
    assert "You are not in this team" in desk.presses("ana", "Reveal key", dm)
    assert desk.gateway.keys == []
