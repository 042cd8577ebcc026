"""The main path as a story in the terminal: what each person types and sees, and how long it took.

Everything shown is what the bot sent to the fake Slack; nothing is made up here but who does what.
"""

from __future__ import annotations

import time

from bot.playground.cast import TEAM, Cast, StoryFailed
from bot.playground.process import BotProcess
from bot.playground.slack import Message
from bot.playground.terminal import Terminal, masked

FOUNDING = (f"/ai-team create {TEAM} $500", "/ai-team owner @omar", "/ai-team invite @ana @ben")
REQUEST = "/ai-key $25 7d evaluate rerankers"


class Story:
    """`play` it once; raises `StoryFailed` at the first step that does not happen."""

    def __init__(self, cast: Cast, bot: BotProcess, terminal: Terminal) -> None:
        """Nothing happens before `play`."""
        self._cast = cast
        self._bot = bot
        self._out = terminal

    def play(self) -> None:
        """All of it."""
        began = time.monotonic()
        self._found()
        card, dm = self._decide(self._ask())
        secret = self._reveal(dm)
        self._use(secret)
        self._turn_off(secret, card)
        self._refuse(secret)
        self._verify()
        self._out.blank()
        self._out.note(f"That was the whole way, in {time.monotonic() - began:.1f} s.")

    def _found(self) -> None:
        if founded(self._cast):
            self._out.step(1, f"#{TEAM} is a team already")
            return
        self._out.step(1, f"Olga makes #{TEAM} a team")
        self._out.note("She owns the workspace, has invited @purser to the channel, and sets it up in three lines.")
        began = time.monotonic()
        answers = found(self._cast)
        seconds = time.monotonic() - began
        for line, answer in answers:
            self._out.typed("Olga", f"#{TEAM}", line)
            self._sees("only Olga sees", answer)
        self._out.took((seconds, "for all three"))

    def _ask(self) -> Message:
        self._out.step(2, "Ana asks for a key")
        self._out.typed("Ana", f"#{TEAM}", REQUEST)
        began = time.monotonic()
        reply, receipt, card = self._cast.asks("ana", REQUEST)
        seconds = time.monotonic() - began
        self._out.screen("only Ana sees", "\n".join(self._text(receipt).splitlines()[:2]))
        self._out.note("Her receipt goes on as the card does, with [Cancel].")
        self._sees(f"everybody in #{TEAM} sees", card)
        self._out.took((reply.ack_ms / 1000, "to Slack's acknowledgement"), (seconds, "until the card was there"))
        return card

    def _decide(self, card: Message) -> tuple[Message, Message]:
        self._out.step(3, "Omar agrees")
        self._out.pressed("Omar", "the card", "Approve")
        began = time.monotonic()
        _, dm = self._cast.approves("omar", card, "ana")
        seconds = time.monotonic() - began
        self._sees("Ana, in her direct messages, sees", dm)
        self._out.note("No key exists yet: it is made when she presses the button.")
        self._out.took((seconds, "from Omar's click to Ana's message"))
        return card, dm

    def _reveal(self, dm: Message) -> str:
        self._out.step(4, "Ana reveals the key, once")
        self._out.pressed("Ana", "that message", "Reveal key")
        began = time.monotonic()
        _, text, secret = self._cast.reveals("ana", dm)
        seconds = time.monotonic() - began
        top, _, rest = text.partition("\n*In your shell*")
        if rest:
            top += "\n(and below: lines to copy for a shell, curl and Python)"
        self._out.screen("Ana, in a modal, sees", top)
        self._out.note("A playground key, shown whole here because it opens nothing but this fake gateway.")
        self._out.took((seconds, "from her click to the key, which was made in between"))
        self._cast.person("ana").close()
        return secret

    def _use(self, secret: str) -> None:
        self._out.step(5, "Ana uses it")
        call = self._cast.calls(secret)
        if call.status != 200:
            raise StoryFailed(f"the key was refused with {call.status}: {call.text}")
        self._out.note(f"Her program calls the gateway, not Purser: POST /v1/chat/completions with {masked(secret)}")
        self._out.note(f"  {call.status} “{call.text}”, for ${call.cost_usd:.6f} of the $25")
        self._out.took((call.seconds, "for the call"))

    def _turn_off(self, secret: str, card: Message) -> None:
        self._out.step(6, "Fay finds the key in a log and turns it off")
        self._out.note("Fay is in finance, and in no team. Anybody may turn a key off.")
        self._out.typed("Fay", f"#{TEAM}", f"/ai-disable {masked(secret)} found in a log")
        self._out.note("(She pastes the whole key; the middle is left out here.)")
        dms = len(self._cast.person("ana").dms())
        began = time.monotonic()
        _, answer = self._cast.types("fay", f"/ai-disable {secret} found in a log")
        self._cast.until("Fay reads proof that the key is off", lambda: "Probed" in self._text(answer))
        seconds = time.monotonic() - began
        self._sees("only Fay sees", answer)
        told = self._cast.until("Ana is told that her key is off", lambda: self._cast.person("ana").dms()[dms])
        self._sees("Ana, in her direct messages, sees", told)
        self._cast.until(f"the card in #{TEAM} shows the proof", lambda: "Probed" in self._text(self._now(card)))
        self._out.screen(f"the card in #{TEAM} now begins", "\n".join(self._text(self._now(card)).splitlines()[:2]))
        self._out.took((seconds, "from Fay's command to an answer with proof"))

    def _refuse(self, secret: str) -> None:
        self._out.step(7, "The key is refused")
        call = self._cast.calls(secret)
        if call.status != 401:
            raise StoryFailed(f"the key should be refused, and the gateway answered {call.status}")
        self._out.note(f"The same call again, with {masked(secret)}")
        self._out.note(f"  {call.status} “{call.text}”")
        self._out.took((call.seconds, "for the call"))

    def _verify(self) -> None:
        self._out.step(8, "The books are whole")
        began = time.monotonic()
        checked = self._bot.purser("ledger", "verify")
        said = (checked.stdout or checked.stderr).strip()
        if checked.returncode != 0:
            raise StoryFailed(f"`purser ledger verify` found something wrong:\n{said}")
        self._out.note("Every step is a row of an append-only ledger. `purser ledger verify` says:")
        for line in said.splitlines():
            self._out.note(f"  {line}")
        self._out.took((time.monotonic() - began, "for the command"))
        odd = self._cast.slack.violations
        if odd:
            raise StoryFailed("the fake Slack saw what a real one would refuse:\n" + "\n".join(odd))

    def _text(self, message: Message) -> str:
        return self._cast.slack.text_of(message)

    def _sees(self, who: str, message: Message) -> None:
        self._out.screen(who, self._text(message))

    def _now(self, card: Message) -> Message:
        return next(message for message in self._cast.cards() if message.ts == card.ts)


def founded(cast: Cast) -> bool:
    """Whether the bot is in the team's channel already."""
    return any(user == cast.slack.state.user("purser").id for user in cast.slack.channel(TEAM).members)


def found(cast: Cast) -> list[tuple[str, Message]]:
    """Make the channel a team with owners and members: each line and its answer."""
    cast.person("olga").command("/invite @purser", channel=TEAM)
    if not founded(cast):
        raise StoryFailed(f"Olga invites the bot into #{TEAM}: it is not there")
    return [(line, cast.types("olga", line)[1]) for line in FOUNDING]
