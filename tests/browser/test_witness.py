"""The witness notices what it is there for: a page that misbehaves fails the test that opened it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from bot.playground.slack.world import BOT_TOKEN
from tests.browser.chromium import profile
from tests.browser.test_looks import CUT_OFF
from tests.browser.visitor import Visitor
from tests.browser.witness import Witness
from tests.playground.visitors import Playground, eventually

MISBEHAVIOURS = {
    'console.error("this went wrong")': "console error: this went wrong",
    'console.warn("this may go wrong")': "console warning: this may go wrong",
    'setTimeout(() => { throw new Error("nobody caught me"); })': "uncaught: .*nobody caught me",
    'fetch("/nowhere").catch(() => {})': "/nowhere answered 404",
    'new Image().src = "http://192.0.2.1/pixel.png"': "asked another host: http://192.0.2.1/pixel.png",
    'document.body.append(Object.assign(document.createElement("p"), { className: "unknown-block" }))': "does not know",
}


@pytest.fixture
def alone(chromium: Browser, playground: Playground) -> Iterator[Visitor]:
    """A visitor whose witness nobody asks at the end."""
    with profile(chromium) as context:
        page = context.new_page()
        visitor = Visitor(page, playground, Witness(page, playground))
        visitor.open()
        yield visitor


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_what_must_not_happen_is_noticed(alone: Visitor, misbehaviour: str) -> None:
    assert alone.witness.faults() == []

    alone.page.evaluate(f"() => {{ {misbehaviour} }}")

    def noticed() -> bool:
        alone.page.wait_for_timeout(20)
        return any(re.search(MISBEHAVIOURS[misbehaviour], fault) for fault in alone.witness.faults())

    assert eventually(noticed, 10)


def test_what_a_real_slack_would_refuse_is_noticed(alone: Visitor) -> None:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    alone.page.request.post(f"{alone.playground.page}/api/chat.shout", headers=headers, form={"text": "hi"})
    assert [fault for fault in alone.witness.faults() if "the fake Slack objects" in fault]


def test_a_button_out_of_the_page_is_noticed(alone: Visitor) -> None:
    assert alone.page.evaluate(CUT_OFF) == []
    alone.page.evaluate(
        """() => {
          const button = document.createElement("button");
          Object.assign(button.style, { position: "fixed", top: "9px", left: `${innerWidth - 20}px`, width: "90px" });
          document.body.append(button);
        }"""
    )
    assert len(alone.page.evaluate(CUT_OFF)) == 1
