"""What people do in the twelve weeks, in Slack as everybody does: they type, press, fill in, read.

Each deed returns once its effect can be seen. Knows nothing of when things happen.
"""

from __future__ import annotations

import math
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.playground.cast import StoryFailed
from bot.playground.gateway.keys import hash_of
from bot.playground.slack import FakeSlack, Message, NotInSlack, Person, Reply
from bot.playground.slack.model import Channel
from bot.playground.slack.people import buttons_of
from bot.playground.weeks.money import LEFT_BY_CUT_USD, Deal
from bot.playground.weeks.plan import Act, Plan, Verb
from bot.playground.weeks.who import SQUADS, Project, Squad, squad_of
from bot.playground.weeks.wishes import End, Fate, How, Wish

PATIENCE_SECONDS = 20.0
MINTED = "Reveal key"
LEAKED_AT = ("found in a log", "in a public repository", "pasted into a chat", "in a screenshot")
_SECRET = re.compile(r"sk-[\w-]{8,}")
_LABEL = re.compile(r"`([a-z0-9]+(?:-[a-z0-9]+)*-[a-z0-9]{4})`")
T = TypeVar("T")


@dataclass(slots=True)
class Seen:
    """What was seen of one wish so far. The secret is kept in memory only, by whoever revealed it."""

    receipt: Message | None = None
    card: Message | None = None
    dm: Message | None = None
    longer: Message | None = None
    """The card that asks for more time."""
    secret: str = field(default="", repr=False)
    token: str = ""
    label: str = ""


class Deeds:
    """Everybody's hands and eyes. Thread-safe: one person does one thing at a time."""

    def __init__(self, slack: FakeSlack, plan: Plan, spent: Callable[[str], float]) -> None:
        """Nothing is done yet. `spent` is what a team's keys have cost this month, in US dollars."""
        self._slack = slack
        self._state = slack.state
        self._plan = plan
        self._spent = spent
        self._raises: dict[str, Message] = {}
        """Cards that ask for more, by the deal's name."""
        self._hands: dict[str, threading.RLock] = defaultdict(threading.RLock)
        self.seen: dict[int, Seen] = {wish.number: Seen() for wish in plan.wishes}

    def do(self, act: Act) -> None:
        """Do it, and see what comes of it. Raises `StoryFailed` when nothing does."""
        try:
            with self._hands[act.who]:
                if isinstance(act.about, str) and (deal := self._plan.deal(act.about)) is not None:
                    self._about_budgets(act, deal)
                elif isinstance(act.about, str):
                    self._about_teams(act, act.about)
                else:
                    self._about_keys(act, self._plan.wish(act.about))
        except (AssertionError, NotInSlack, KeyError) as wrong:
            told = str(wrong).partition("\n")[0]
            raise StoryFailed(f"{act.who} wanted to {act.verb} {act.about!r}: {told}") from None

    def _about_teams(self, act: Act, name: str) -> None:
        if act.verb is Verb.FOUND:
            self._found(act.who, squad_of(name))
            return
        squad, project = next((squad, one) for squad in SQUADS for one in squad.projects if one.name == name)
        self._project(act.who, squad, project)

    def _about_keys(self, act: Act, wish: Wish) -> None:
        match act.verb:
            case Verb.ASK:
                self._ask(wish)
            case Verb.CANCEL:
                self._cancel(wish)
            case Verb.DECIDE:
                self._decide(act.who, wish)
            case Verb.REVEAL:
                self._reveal(wish)
            case Verb.EXTEND:
                self._extend(wish)
            case Verb.AGREE:
                self._agree(act.who, wish)
            case _:
                self._end(act.who, wish)

    # --- teams ---

    def _found(self, who: str, squad: Squad) -> None:
        person = self._slack.person(who)
        person.command("/invite @purser", channel=squad.name)
        self._types(person, squad.name, f"/ai-team create {squad.name} ${squad.monthly_usd}")
        self._types(person, squad.name, f"/ai-team owner {_mentions(squad.owners)}")
        self._types(person, squad.name, f"/ai-team invite {_mentions(squad.members)}")

    def _project(self, who: str, squad: Squad, project: Project) -> None:
        line = f"/ai-team project {project.name} ${project.monthly_usd} @{project.lead}"
        self._types(self._slack.person(who), squad.name, line)

    # --- budgets ---

    def _about_budgets(self, act: Act, deal: Deal) -> None:
        person = self._slack.person(act.who)
        if act.verb is Verb.GRANT:
            card = self._raises[deal.name]
            _fine(person.click("Approve", in_=card))
            self._until_decided(card)
            return
        channel = self._state.channel(deal.squad)
        before = len(channel.messages)
        label = next((self.seen[wish.number].label for wish in self._plan.wishes if wish.reason == deal.key_reason), "")
        enough = math.ceil(self._spent(deal.squad)) + LEFT_BY_CUT_USD
        answer = self._types(person, deal.squad, deal.line.replace("{label}", label).replace("{enough}", str(enough)))
        if deal.is_raise:
            self._raises[deal.name] = self._until(lambda: _card(channel, before, person, deal.reason))
        elif "a month now" not in self._slack.text_of(answer):
            raise NotInSlack(self._slack.text_of(answer))

    # --- asking and deciding ---

    def _ask(self, wish: Wish) -> None:
        person, channel = self._slack.person(wish.who), self._state.channel(wish.squad)
        before = len(channel.messages)
        receipt = self._types(person, wish.squad, f"/ai-key {_terms(wish)} {wish.reason}")
        if "Ask anyway" in buttons_of(receipt):
            _fine(person.click("Ask anyway", in_=receipt))
        seen = self.seen[wish.number]
        seen.receipt = receipt
        seen.card = self._until(lambda: _card(channel, before, person, wish.reason))

    def _cancel(self, wish: Wish) -> None:
        seen = self.seen[wish.number]
        assert seen.receipt is not None
        assert seen.card is not None
        _fine(self._slack.person(wish.who).click("Cancel", in_=seen.receipt))
        self._until_decided(seen.card)

    def _decide(self, who: str, wish: Wish) -> None:
        seen, person = self.seen[wish.number], self._slack.person(who)
        card = seen.card
        assert card is not None
        mailbox = self._state.im(self._slack.person(wish.who).id)
        before = len(mailbox.messages)
        second_word = "one more owner" in card.text
        self._say(person, wish, card)
        if wish.second is not None and not second_word:
            self._until(lambda: "one more owner" in card.text)
        elif wish.fate is Fate.DENIED:
            self._until_decided(card)
        else:
            seen.dm = self._until(lambda: _with_button(mailbox, before, MINTED))

    def _say(self, person: Person, wish: Wish, card: Message) -> None:
        terms = {"Cap in US dollars": f"${wish.cap}", "Time": f"{wish.days}d"}
        denied = wish.fate is Fate.DENIED
        match wish.how:
            case How.THREAD if denied:
                person.reply(card, f"deny {wish.note}")
            case How.THREAD:
                person.reply(card, f"approve ${wish.cap} {wish.days}d" if wish.fate is Fate.CHANGED else "approve")
            case How.FORM:
                _fine(person.click("Deny" if denied else "Approve with changes", in_=card))
                view = self._until(person.modal)
                _fine(person.submit(view, {"Why not?": wish.note} if denied else terms))
            case How.BUTTON:
                _fine(person.click("Approve", in_=card))

    # --- keys ---

    def _reveal(self, wish: Wish) -> None:
        seen, person = self.seen[wish.number], self._slack.person(wish.who)
        dm = seen.dm
        assert dm is not None
        _fine(person.click(MINTED, in_=dm))
        seen.secret = self._until(lambda: _SECRET.search(str((person.modal() or dm).__dict__)))[0]
        seen.token = hash_of(seen.secret)
        self._until(lambda: MINTED not in buttons_of(dm))
        seen.label = _LABEL.search(self._slack.text_of(dm))[1]  # type: ignore[index]
        person.close()

    def _extend(self, wish: Wish) -> None:
        seen, person = self.seen[wish.number], self._slack.person(wish.who)
        assert wish.extension is not None
        channel = self._state.channel(wish.squad)
        before = len(channel.messages)
        reason = f"not done yet: {wish.reason}"
        self._types(person, wish.squad, f"/ai-key extend {seen.label} {wish.extension.days}d {reason}")
        seen.longer = self._until(lambda: _card(channel, before, person, reason))

    def _agree(self, who: str, wish: Wish) -> None:
        longer = self.seen[wish.number].longer
        assert longer is not None
        _fine(self._slack.person(who).click("Approve", in_=longer))
        self._until_decided(longer)

    def _end(self, who: str, wish: Wish) -> None:
        seen, person = self.seen[wish.number], self._slack.person(who)
        if wish.end is End.RETURNED:
            self._types(person, wish.squad, f"/ai-key return {seen.label}")
            return
        where = LEAKED_AT[wish.number % len(LEAKED_AT)]
        if wish.end is End.DISABLED:
            self._types(person, wish.squad, f"/ai-disable {seen.label} seen {where}")
            return
        before = len(self._state.ephemerals.get(person.id, ()))
        self._types(person, wish.squad, f"/ai-disable {seen.secret} {where}")
        answers = self._state.ephemerals[person.id]  # the first may say that it takes its time
        self._until(lambda: any("Probed" in self._slack.text_of(answer) for answer in answers[before:]))

    # --- typing and waiting ---

    def _types(self, person: Person, channel: str, line: str) -> Message:
        """Type a command and read the answer that only they see."""
        before = len(self._state.ephemerals.get(person.id, ()))
        _fine(person.command(line, channel=channel))
        return self._until(lambda: self._state.ephemerals[person.id][before])

    def _until(self, look: Callable[[], T | None]) -> T:
        return self._slack.wait_for(look, PATIENCE_SECONDS)

    def _until_decided(self, card: Message) -> None:
        self._until(lambda: "Approve" not in buttons_of(card))


def _terms(wish: Wish) -> str:
    if wish.project:
        return f"project {wish.project} ${wish.asked_cap}"
    if wish.automation:
        return f"automation {wish.automation} ${wish.asked_cap} ${wish.daily_cap}/day @{wish.who}"
    return f"member ${wish.asked_cap}" if wish.is_member else f"${wish.asked_cap} {wish.asked_days}d"


def _fine(reply: Reply) -> None:
    if not reply.ok:
        raise NotInSlack(str(reply.error or reply.errors or reply.text or reply.status))


def _mentions(names: tuple[str, ...]) -> str:
    return " ".join(f"@{name}" for name in names)


def _card(channel: Channel, since: int, asker: Person, reason: str) -> Message | None:
    """The asker's card with this reason, among the newer messages."""
    for message in channel.messages[since:]:
        if message.bot_id and not message.in_thread and asker.mention in message.text and reason in str(message.blocks):
            return message
    return None


def _with_button(channel: Channel, since: int, label: str) -> Message | None:
    return next((message for message in channel.messages[since:] if label in buttons_of(message)), None)
