"""What people do and read in scenarios, a line each, on top of an office: types, presses, reads, waits.

Answers are read as their reader sees them. Time moves by hand; `pass_time` lets everything due happen at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.domain.policy import Policy
from bot.jobs.schedule import JOBS
from bot.playground.slack.forms import interactive
from bot.playground.slack.model import Message, View
from bot.playground.slack.people import Person, buttons_of
from bot.playground.slack.reply import Reply
from bot.services.auditing import verify
from bot.services.expiry import pass_time
from storage import outbox
from tests.office import PATIENCE_SECONDS, Bot, Office

T = TypeVar("T")
WAIT = "The outcome follows here."
"""What a busy Purser says before its answer."""


class Desk:
    """An office where team search is founded: Olga and Omar own it, Ana and Ben are members."""

    def __init__(self, office: Office, bot: Bot) -> None:
        self.office = office
        self.bot = bot
        self.slack = office.slack
        self.gateway = office.gateway
        self._working: list[Future[Any]] = []
        self._watch(bot.running.listeners)

    # --- doing ---

    def who(self, person: str) -> Person:
        return self.slack.person(person)

    def types(self, person: str, line: str, channel: str = "search") -> str:
        """Type a command; the answer that only this person reads."""
        return self.answer(person, channel, lambda who: who.command(line, channel=channel))

    def presses(self, person: str, label: str, shown: Message | View, nth: int = 0) -> str:
        """Press a button; the answer that only this person reads, in the channel of the message."""
        channel = shown.channel if isinstance(shown, Message) else "dm"
        return self.answer(person, channel, lambda who: who.click(label, in_=shown, nth=nth))

    def answer(self, person: str, channel: str, does: Callable[[Person], Reply]) -> str:
        """Do something, and wait for the next ephemeral message to this person there that is not about waiting."""
        who = self.who(person)
        before = {message.ts for message in who.ephemerals(channel)}
        reply = does(who)
        assert reply.ok, reply

        def new() -> Message | None:
            there = (message for message in who.ephemerals(channel) if message.ts not in before)
            return next((message for message in there if WAIT not in self.text(message)), None)

        return self.text(self.sees(new))

    def clicks(self, person: str, label: str, shown: Message | View, nth: int = 0) -> None:
        """Press a button whose outcome shows elsewhere."""
        reply = self.who(person).click(label, in_=shown, nth=nth)
        assert reply.ok, reply

    def restores(self, person: str, shown: Message | View, amount: str = "", window: str = "24 hours") -> str:
        """Press Restore, choose how much and how long, and wait for the answer that comes as a direct message."""
        before = len(self.who(person).dms())
        self.clicks(person, "Restore", shown)
        form = self.modal(person, "It may spend")
        given = {"cap": amount, "time": window} if amount else {}
        assert self.who(person).submit(form, given).ok
        answers = ("works again", "being restored", "stays off", "already", "Only", "not off")

        def new() -> str | None:
            said = [self.text(message) for message in self.who(person).dms()[before:]]
            return next((one for one in said if any(words in one for words in answers)), None)

        return self.sees(new)

    def presses_in(self, person: str, label: str, shown: Message) -> str:
        """Press a button in an ephemeral message; what then stands in its place."""
        before = self.text(shown)
        self.clicks(person, label, self.slack.as_seen(shown))
        return self.sees(lambda: said if (said := self.text(shown)) != before else None)

    def replies(self, person: str, card: Message, text: str) -> None:
        """Write in the card's thread."""
        self.who(person).reply(card, text)

    def ask(self, line: str = "$25 7d evaluate rerankers", person: str = "ana") -> Message:
        """Ask in one line; the new card, once Purser knows where it stands."""
        card = self.office.ask(line, person)
        self.settle()
        return card

    def key(self, line: str = "$25 7d evaluate rerankers", person: str = "ana") -> tuple[str, str]:
        """A key from ask to reveal: its label and its secret."""
        secret = self.office.key(line, person)
        return self.label(), secret

    # --- reading ---

    def text(self, shown: Message | View | None) -> str:
        return self.slack.text_of(shown)

    def sees(self, look: Callable[[], T | None], timeout: float = PATIENCE_SECONDS) -> T:
        return self.office.sees(look, timeout)

    def label(self) -> str:
        """The label of the newest key, as the gateway's alias has it."""
        newest = max(self.gateway.keys, key=lambda key: key.created_at)
        return str(newest.key_alias).removeprefix("purser-")

    def card_says(self, card: Message, words: str) -> str:
        """Wait until the card reads so."""
        return self.sees(lambda: self.text(card) if words in self.text(self.now(card)) else None)

    def now(self, message: Message) -> Message:
        """The message as it stands."""
        found = self.slack.state.channels[message.channel].find(message.ts)
        assert found is not None
        return found

    def thread(self, card: Message) -> list[str]:
        """What stands in the card's thread, oldest first."""
        return [self.text(message) for message in self.slack.channel(card.channel).replies(card)]

    def thread_says(self, card: Message, words: str) -> str:
        """Wait for a reply with these words."""
        return self.sees(lambda: next((said for said in self.thread(card) if words in said), None))

    def dms(self, person: str) -> list[str]:
        """The direct messages from Purser, oldest first."""
        return [self.text(message) for message in self.who(person).dms()]

    def dm(self, person: str, words: str) -> Message:
        """Wait for a direct message with these words."""
        return self.office.reads(person, words)

    def ephemerals(self, person: str, channel: str = "search") -> list[str]:
        return [self.text(message) for message in self.who(person).ephemerals(channel)]

    def receipt(self, person: str = "ana", channel: str = "search") -> Message:
        """The newest message that only this person sees in the channel."""
        return self.sees(lambda: self.who(person).ephemerals(channel)[-1])

    def modal(self, person: str, words: str) -> View:
        """Wait until the modal on top says this."""
        who = self.who(person)
        return self.sees(lambda: who.modal() if words in self.text(who.modal()) else None)

    def home(self, person: str) -> View:
        """Open the Home tab and wait until it is as of now."""
        who = self.who(person)
        before = None if (old := who.home()) is None else old.hash
        who.opens_home()
        return self.sees(lambda: new if (new := who.home()) is not None and new.hash != before else None)

    def posted(self, words: str, channel: str = "search") -> Message:
        """Wait for a message of Purser in the channel with these words; the newest."""

        def look() -> Message | None:
            return next((one for one in reversed(self.office.cards(channel)) if words in self.text(one)), None)

        return self.sees(look)

    def count(self, words: str, channel: str = "search") -> int:
        """How many messages of Purser in the channel have these words."""
        return sum(words in self.text(one) for one in self.office.cards(channel))

    # --- money ---

    def spends(self, secret: str, dollars: float) -> httpx.Response:
        """One call that costs so much: $0.001 for each word, and $0.027 for the rest."""
        words = " ".join(["word"] * max(1, round(dollars * 1000) - 27))
        return httpx.post(
            f"{self.gateway.base_url}/v1/chat/completions",
            headers={"Authorization": f"Bearer {secret}"},
            json={"model": "mock-expensive", "messages": [{"role": "user", "content": words}]},
            timeout=PATIENCE_SECONDS,
            trust_env=False,
        )

    def watch(self, **by: float) -> None:
        """Move the clock, by a minute if nothing is said, let Purser look at all spend and limits, and let it tell."""
        self.office.clock.advance(**(by or {"minutes": 1}))
        next(job for job in JOBS if job.name == "guard").run(self.bot.running.purser)
        self.sees(self._gateways_done)
        self.office.clock.advance(seconds=4)  # what was stopped or came back is told 3 s later, proven by then
        self.settle()

    def _gateways_done(self) -> bool:
        with self.bot.running.purser.books.reading() as session:
            return not any(row.effect.startswith("gateway.") for row in outbox.pending(session))

    # --- time ---

    def pass_time(self, **by: float) -> None:
        """Move the clock, do everything that is due, and let all of it arrive."""
        self.office.clock.advance(**by)
        pass_time(self.bot.running.purser)
        self.settle()

    def settle(self) -> None:
        """Wait until Slack has delivered everything, every listener has ended, and nothing is left to tell or do."""
        self.slack.settle()
        wait(self._working, timeout=PATIENCE_SECONDS)
        self.bot.running.purser.wake()

        def done() -> bool:
            with self.bot.running.purser.books.reading() as session:
                return not outbox.pending(session)

        self.sees(done)

    def _watch(self, listeners: ThreadPoolExecutor) -> None:
        """Remember what the listeners' threads are given to do, to be able to wait for its end."""
        inner = listeners.submit

        def submit(work: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
            future = inner(work, *args, **more)
            self._working.append(future)
            return future

        listeners.submit = submit  # type: ignore[method-assign]

    def at(self) -> datetime:
        return self.office.clock.now()


def buttons(shown: Message | View) -> list[str]:
    """The labels of all buttons."""
    return buttons_of(shown)


def value_of(shown: Message | View, label: str) -> str:
    """The opaque id that a button carries."""
    blocks = shown.content["blocks"] if isinstance(shown, View) else shown.blocks
    found: list[dict[str, Any]] = [
        element
        for _, element in interactive(blocks)
        if element["type"] == "button" and element["text"]["text"] == label
    ]
    return str(found[0]["value"])


Opener = Callable[[Policy], AbstractContextManager[Desk]]


@contextmanager
def at_desk(url: str, tmp_path: Path, policy: Policy | None = None, mode: str = "http") -> Iterator[Desk]:
    """An open office with its desk. In the end Slack must have refused nothing, and the books must agree."""
    with Office(url, tmp_path, mode=mode, policy=policy) as office:
        bot = office.open()
        office.found_team()
        desk = Desk(office, bot)
        yield desk
        desk.settle()
        office.assert_nothing_odd()
        report = verify(bot.running.purser.books)
        assert report.ok, report.lines
