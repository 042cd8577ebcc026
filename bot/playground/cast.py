"""What people of the story do and wait for, each with a limit on patience; silent, so that story.py can narrate.

Speaks only as people do: types, presses, reads. `StoryFailed` says what did not happen, in words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx

from bot.playground.slack import FakeSlack, Message, NotInSlack, Person, Reply, View
from bot.playground.slack.people import buttons_of

TEAM = "search"
PATIENCE_SECONDS = 10.0
_SECRET = re.compile(r"sk-[\w-]{8,}")
T = TypeVar("T")


class StoryFailed(Exception):
    """A step that did not happen; its text says which."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the gateway: what came back, and how long it took."""

    status: int
    text: str
    cost_usd: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Cast:
    """The people at their screens."""

    slack: FakeSlack
    gateway_url: str
    patience_seconds: float = PATIENCE_SECONDS

    def person(self, name: str) -> Person:
        """Somebody of the cast."""
        return self.slack.person(name)

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """Wait until it is there. Raises `StoryFailed`."""
        try:
            return self.slack.wait_for(look, self.patience_seconds)
        except AssertionError:
            raise StoryFailed(f"{what}: it did not happen within {self.patience_seconds:g} s") from None

    def done(self, what: str, act: Callable[[], Reply]) -> Reply:
        """Do something and have it acknowledged. Raises `StoryFailed`."""
        try:
            reply = act()
        except (NotInSlack, KeyError) as wrong:
            raise StoryFailed(f"{what}: {wrong}") from None
        if not reply.ok:
            raise StoryFailed(f"{what}: {reply.error or reply.errors or reply.text or reply.status}")
        return reply

    def types(self, name: str, line: str) -> tuple[Reply, Message]:
        """Type a command in the team's channel and read the answer that only they see."""
        person = self.person(name)
        before = len(person.ephemerals(TEAM))
        what = f"{person.user.display_name} types {line.split(maxsplit=1)[0]}"
        reply = self.done(what, lambda: person.command(line, channel=TEAM))
        answer = self.until(f"{what} and reads an answer", lambda: person.ephemerals(TEAM)[before])
        return reply, answer

    def presses(self, name: str, label: str, shown: Message | View) -> Reply:
        """Press a button."""
        person = self.person(name)
        return self.done(f"{person.user.display_name} presses {label}", lambda: person.click(label, in_=shown))

    def cards(self) -> list[Message]:
        """The bot's messages in the team's channel, oldest first."""
        return [message for message in self.slack.channel(TEAM).messages if message.bot_id]

    def asks(self, name: str, line: str) -> tuple[Reply, Message, Message]:
        """Ask for a key, even when holding one: the reply, the receipt and the card."""
        before = len(self.cards())
        reply, receipt = self.types(name, line)
        if "Ask anyway" in buttons_of(receipt):
            self.presses(name, "Ask anyway", receipt)
        card = self.until(f"the card of {name}'s request appears in #{TEAM}", lambda: self.cards()[before])
        return reply, receipt, card

    def approves(self, name: str, card: Message, asker: str) -> tuple[Reply, Message]:
        """Approve: the reply, and the asker's direct message with the button."""
        before = len(self.person(asker).dms())
        reply = self.presses(name, "Approve", card)

        def told() -> Message | None:
            new = self.person(asker).dms()[before:]
            return next((message for message in new if "Reveal key" in buttons_of(message)), None)

        return reply, self.until(f"{asker} is told by direct message", told)

    def reveals(self, name: str, dm: Message) -> tuple[Reply, str, str]:
        """Press Reveal key: the reply, what the modal says, and the secret in it."""
        person = self.person(name)
        reply = self.presses(name, "Reveal key", dm)

        def shown() -> tuple[str, str] | None:
            text = self.slack.text_of(person.modal())
            secret = _SECRET.search(text)
            return None if secret is None else (text, secret[0])

        text, secret = self.until(f"{name} sees the key", shown)
        return reply, text, secret

    def gets_a_key(self, name: str, line: str, owner: str) -> str:
        """The whole way at once: ask, have it approved, reveal, close the modal. The secret."""
        _, _, card = self.asks(name, line)
        _, dm = self.approves(owner, card, name)
        _, _, secret = self.reveals(name, dm)
        self.person(name).close()
        return secret

    def calls(self, secret: str, model: str = "mock-gpt") -> Call:
        """Use a key as a program would. Raises `StoryFailed` when the gateway cannot be reached."""
        began = time.monotonic()
        try:
            reply = httpx.post(
                f"{self.gateway_url}/v1/chat/completions",
                headers={"Authorization": f"Bearer {secret}"},
                json={"model": model, "messages": [{"role": "user", "content": "Say hello"}]},
                timeout=self.patience_seconds,
                trust_env=False,
            )
        except httpx.HTTPError as failed:
            raise StoryFailed(f"the gateway was called and did not answer: {type(failed).__name__}") from None
        seconds = time.monotonic() - began
        body = reply.json()
        said = body["choices"][0]["message"]["content"] if reply.is_success else body["error"]["message"]
        cost = float(reply.headers.get("x-litellm-response-cost", 0))
        return Call(reply.status_code, said, cost, seconds)
