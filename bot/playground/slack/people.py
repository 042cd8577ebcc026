"""The driver: people and channels with verbs that read like a story, for tests and for the narrated
walk-through.
"""

from collections.abc import Mapping

from bot.playground.slack.acts import Acts
from bot.playground.slack.elements import as_object
from bot.playground.slack.errors import NotInSlack
from bot.playground.slack.forms import find_input, interactive
from bot.playground.slack.model import JSON, Channel, Message, User, View
from bot.playground.slack.reply import Reply

Shown = Message | View
DM = "dm"


def blocks_of(shown: Shown) -> list[JSON]:
    return list(shown.content["blocks"]) if isinstance(shown, View) else shown.blocks


def buttons_of(shown: Shown) -> list[str]:
    """The labels of all buttons, in order."""
    return [e["text"]["text"] for _, e in interactive(blocks_of(shown)) if e["type"] == "button"]


class Room:
    """A channel as everybody in it sees it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def id(self) -> str:
        return self._channel.id

    @property
    def members(self) -> list[str]:
        return self._channel.members

    @property
    def messages(self) -> list[Message]:
        """Those outside threads, oldest first; ephemerals are never among them."""
        return [m for m in self._channel.messages if not m.in_thread or m.broadcast]

    def thread(self, message: Message) -> list[Message]:
        """The parent and its replies."""
        return self._channel.thread(message.thread_ts or message.ts)

    def replies(self, message: Message) -> list[Message]:
        return self.thread(message)[1:]


class Person:
    """Somebody at their Slack client. Raises NotInSlack for what Slack would not let them do."""

    def __init__(self, acts: Acts, user: User) -> None:
        self._acts = acts
        self._state = acts.state
        self.user = user

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def mention(self) -> str:
        return f"<@{self.user.id}>"

    def _channel(self, ref: str) -> Channel:
        return self._state.im(self.id) if ref == DM else self._state.channel(ref)

    # -- doing ---------------------------------------------------------------------------------------------

    def command(self, line: str, channel: str = "general", *, in_thread: bool = False) -> Reply:
        """Type a slash command; returns once it was acknowledged or Slack gave up. `channel` "dm" is the
        bot's.
        """
        return self._acts.command(self.id, line, self._channel(channel).id, in_thread=in_thread)

    def click(self, label: str, *, in_: Shown, nth: int = 0) -> Reply:
        """Press the button with exactly this label; a deep copy of a message stands for a stale screen."""
        found = [
            (block, element)
            for block, element in interactive(blocks_of(in_))
            if element["type"] == "button" and element["text"]["text"] == label
        ]
        if len(found) <= nth:
            raise NotInSlack(f"no button {label!r}; there are {buttons_of(in_)}")
        block, element = found[nth]
        return self._acts.act(self.id, in_, block, element)

    def choose(self, name: str, given: object, *, in_: Shown) -> Reply:
        """Give a select, picker or choice outside a form its answer; the bot hears of it at once.

        `name` is its action id, placeholder, or the text of its section; an overflow menu may be "...".
        """
        for block, element in interactive(blocks_of(in_)):
            names = {
                element["action_id"],
                as_object(element.get("placeholder")).get("text"),
                as_object(block.get("text")).get("text"),
                "..." if element["type"] == "overflow" else None,
            }
            if name in names and element["type"] != "button":
                return self._acts.act(self.id, in_, block, element, given)
        raise NotInSlack(f"nothing to choose called {name!r}")

    def fill(self, view: View | None, answers: Mapping[str, object]) -> View:
        """Fill in inputs by label, placeholder, block id or action id, without sending; None: the top modal."""
        view = view or self._top()
        for name, given in answers.items():
            block, element = find_input(view.content["blocks"], name)
            self._acts.fill(self.id, view, block, element, given)
        return view

    def submit(self, view: View | None = None, answers: Mapping[str, object] | None = None) -> Reply:
        """Fill in and submit a modal, by default the one on top."""
        view = view or self._top()
        self.fill(view, answers or {})
        return self._acts.submit(self.id, view)

    def close(self, view: View | None = None, *, everything: bool = False) -> Reply:
        return self._acts.close(self.id, view or self._top(), everything=everything)

    def options(self, name: str, typed: str, *, in_: Shown) -> list[JSON]:
        """What an external select offers after typing."""
        block, element = find_input(blocks_of(in_), name)
        return self._acts.options(self.id, in_, block, element, typed)

    def says(self, channel: str, text: str) -> Message:
        """Write in a channel; "dm" is the bot's direct messages. `@ana` and `#search` become mentions."""
        return self._acts.says(self.id, self._channel(channel).id, text)

    def reply(self, message: Message, text: str) -> Message:
        """Write in the thread of a message."""
        return self._acts.says(self.id, message.channel, text, message.thread_ts or message.ts)

    def edits(self, message: Message, text: str) -> Message:
        return self._acts.edits(self.id, message, text)

    def deletes(self, message: Message) -> None:
        self._acts.deletes(self.id, message)

    def uploads(self, channel: str, name: str, content: bytes) -> Message:
        return self._acts.uploads(self.id, self._channel(channel).id, name, content)

    def shortcut(self, callback_id: str, message: Message | None = None) -> Reply:
        return self._acts.shortcut(self.id, callback_id, message)

    def opens_home(self, tab: str = "home") -> None:
        self._acts.opens_home(self.id, tab)

    # -- seeing --------------------------------------------------------------------------------------------

    def modal(self) -> View | None:
        """The modal on top."""
        stack = self._state.modals.get(self.id, [])
        return stack[-1] if stack else None

    def modals(self) -> list[View]:
        return list(self._state.modals.get(self.id, []))

    def home(self) -> View | None:
        return self._state.homes.get(self.id)

    def ephemerals(self, channel: str | None = None) -> list[Message]:
        """What only this person sees, oldest first, of one channel or all."""
        wanted = self._channel(channel).id if channel else None
        return [m for m in self._state.ephemerals.get(self.id, []) if wanted in (None, m.channel)]

    def dms(self) -> list[Message]:
        """The direct messages with the bot, both sides', oldest first."""
        return list(self._state.im(self.id).messages) if self._state.has_im(self.id) else []

    def _top(self) -> View:
        view = self.modal()
        if view is None:
            raise NotInSlack(f"{self.user.name} has no modal open")
        return view
