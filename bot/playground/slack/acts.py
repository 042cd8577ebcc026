"""What a person can do in Slack, as a call each: type, press, pick, submit, close. The driver and the page
share it.

Decides what Slack's client refuses by itself and what the person sees when the bot doesn't answer; which
payload says it is in payloads.py, and what the acknowledgement may carry in acks.py.
"""

from bot.playground.slack import payloads
from bot.playground.slack.acks import Acks
from bot.playground.slack.api_files import new_file
from bot.playground.slack.blockkit import MODAL
from bot.playground.slack.courier import Parcel
from bot.playground.slack.elements import as_object, check_options
from bot.playground.slack.errors import NotInSlack
from bot.playground.slack.forms import STATEFUL, Values, answer_for, complaints, interactive, starting_values
from bot.playground.slack.modals import pop_modal
from bot.playground.slack.model import BOT_USER_ID, JSON, TEAM_ID, Channel, ChannelKind, Message, User, View
from bot.playground.slack.posting import edit, escape_typed, join, post, remove
from bot.playground.slack.reply import Reply
from bot.playground.slack.world import World

TROUBLE = "We had some trouble connecting. Try again?"


class Acts:
    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.state
        self._acks = Acks(world)
        self._picked: dict[tuple[str, str], Values] = {}

    # -- typing --------------------------------------------------------------------------------------------

    def command(self, user_id: str, line: str, channel_id: str, *, in_thread: bool = False) -> Reply:
        """A line starting with a slash, typed in a channel."""
        user, channel = self._here(user_id, channel_id)
        command, text = (*line.strip().split(maxsplit=1), "", "")[:2]
        seq = self.state.seq
        if command == "/invite":
            return self._invite(user, channel, text)
        known = self.world.manifest.commands.get(command)
        if known is None or user.team_id != TEAM_ID:
            return self._acks.notice(user_id, channel_id, f"{command} is not a valid command.", seq)
        if in_thread:
            return self._acks.notice(user_id, channel_id, f"{command} is not supported in threads. Sorry!", seq)
        if "commands" not in self.world.scopes:
            self.world.violate(f"{command}: missing_scope commands")
            return self._acks.notice(user_id, channel_id, f"{command} is not a valid command.", seq)
        if known.should_escape:
            text = escape_typed(self.state, text, named=True)
        body = payloads.slash_command(self.world, user, channel, command, text.strip())
        ack = self.world.courier.deliver(Parcel("slash_commands", command, body))
        return self._acks.of_command(user_id, channel_id, line, ack, seq)

    def says(self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None) -> Message:
        """A plain message, in a thread if its parent is named."""
        user, channel = self._here(user_id, channel_id)
        self._may_write(user, channel)
        typed = escape_typed(self.state, text, named=False)
        message = Message(self.state.new_ts(), channel.id, user_id, typed, thread_ts=thread_ts)
        return post(self.world, message)

    def edits(self, user_id: str, message: Message, text: str) -> Message:
        self._own(user_id, message)
        return edit(self.world, message, text=escape_typed(self.state, text, named=False), blocks=None)

    def deletes(self, user_id: str, message: Message) -> None:
        self._own(user_id, message)
        remove(self.world, message)

    def joins(self, user_id: str, channel_id: str) -> None:
        """Join a public channel of the workspace, as its preview offers."""
        user, channel = self._person(user_id), self.state.channels[channel_id]
        if channel.kind is not ChannelKind.PUBLIC or channel not in self.state.visible_to(user_id):
            raise NotInSlack(f"{user.name} can't join #{channel.name}")
        join(self.world, channel, user_id)

    def uploads(self, user_id: str, channel_id: str, name: str, content: bytes) -> Message:
        user, channel = self._here(user_id, channel_id)
        self._may_write(user, channel)
        stored = new_file(self.world, name, len(content), user_id)
        stored.content, stored.uploaded, stored.complete = content, True, True
        stored.channels.append(channel.id)
        message = Message(self.state.new_ts(), channel.id, user_id, files=[stored.id], subtype="file_share")
        return post(self.world, message)

    # -- pressing and picking ------------------------------------------------------------------------------

    def act(self, user_id: str, shown: Message | View, block: JSON, element: JSON, given: object = None) -> Reply:
        """Use one element of a message or view: press a button, or give a select, picker or choice its
        answer.

        `shown` may be an old copy: somebody may press what they still have on their screen.
        """
        user = self._may_see(user_id, shown)
        seq = self.state.seq
        kind = element["type"]
        answer = {} if kind == "button" else answer_for(_as_select(element), given)
        body = payloads.frame(self.world, user, "block_actions")
        with self.state.lock:
            values = self._values(user_id, shown)
            if kind in STATEFUL:
                values.setdefault(block["block_id"], {})[element["action_id"]] = answer
            body |= payloads.container(self.world, user, shown)
        view_id = shown.id if isinstance(shown, View) else None
        body["trigger_id"] = self.world.tickets.trigger(user_id, view_id)
        body["actions"] = [payloads.action(block, element, answer, self.state.new_ts())]
        if not isinstance(shown, View):
            body["state"] = {"values": values}
        if not self.world.manifest.interactive:
            self.world.violate("block_actions: interactivity is off in the manifest")
            return self._acks.reply(user_id, 0, seq, error="dispatch_failed")
        ack = self.world.courier.deliver(Parcel("interactive", "block_actions", body))
        return self._acks.of_action(user_id, ack, seq)

    def options(self, user_id: str, shown: Message | View, block: JSON, element: JSON, typed: str) -> list[JSON]:
        """What the bot offers for an external select after a person typed something."""
        user = self._may_see(user_id, shown)
        body = payloads.frame(self.world, user, "block_suggestion")
        body |= payloads.container(self.world, user, shown)
        body.pop("response_url", None)
        body |= {"action_id": element["action_id"], "block_id": block["block_id"], "value": typed}
        ack = self.world.courier.deliver(Parcel("interactive", "block_suggestion", body))
        if ack.error:
            return []
        for problem in check_options(ack.body):
            self.world.violate(f"block_suggestion: {problem}")
        groups = [as_object(g).get("options", []) for g in ack.body.get("option_groups", [])]
        return [*ack.body.get("options", []), *(option for group in groups for option in group)]

    def fill(self, user_id: str, view: View, block: JSON, element: JSON, given: object) -> None:
        """Type or pick in a form without sending it; an input that dispatches tells the bot."""
        self._open(user_id, view)
        if block.get("dispatch_action") or block["type"] != "input":
            self.act(user_id, view, block, element, given)
            return
        with self.state.lock:
            view.values.setdefault(block["block_id"], {})[element["action_id"]] = answer_for(element, given)

    # -- views ---------------------------------------------------------------------------------------------

    def submit(self, user_id: str, view: View) -> Reply:
        """Press the modal's submit button with what was filled in."""
        user = self._may_see(user_id, view)
        self._open(user_id, view)
        seq = self.state.seq
        if "submit" not in view.content:
            raise NotInSlack("this view has no submit button")
        missing = complaints(view.content["blocks"], view.values)
        if missing:
            return self._acks.reply(user_id, 0, seq, errors=missing)
        body = payloads.view_event(self.world, user, view, "view_submission")
        body |= {"trigger_id": self.world.tickets.trigger(user_id, view.id), "response_urls": []}
        ack = self.world.courier.deliver(Parcel("interactive", "view_submission", body))
        if ack.error:
            view.notice = TROUBLE
            self.state.touch()
            return self._acks.reply(user_id, ack.status, seq, ms=ack.ms, text=TROUBLE, error=ack.error)
        reply, cleared = self._acks.of_submission(user_id, view, ack, seq)
        self._tell_closed(user, [v for v in cleared if v.id != view.id], cleared=True)
        return reply

    def close(self, user_id: str, view: View, *, everything: bool = False) -> Reply:
        """Press Cancel, or the cross, which closes the whole stack."""
        user = self._may_see(user_id, view)
        self._open(user_id, view)
        seq = self.state.seq
        everything = everything or bool(view.content.get("clear_on_close"))
        gone = pop_modal(self.world, view, everything=everything)
        return self._tell_closed(user, gone, cleared=everything) or self._acks.reply(user_id, 0, seq)

    def shortcut(self, user_id: str, callback_id: str, message: Message | None = None) -> Reply:
        """A shortcut from the message menu, or a global one when no message is given."""
        known = self.world.manifest.shortcuts.get(callback_id)
        wanted = "global" if message is None else "message"
        if known is None or known.kind != wanted:
            there = [s.callback_id for s in self.world.manifest.shortcuts.values() if s.kind == wanted]
            raise NotInSlack(f"no {wanted} shortcut {callback_id!r}; there are {there}")
        seq = self.state.seq
        if message is None:
            body = payloads.shortcut(self.world, self._person(user_id), callback_id)
        else:
            body = payloads.message_action(self.world, self._may_see(user_id, message), callback_id, message)
        ack = self.world.courier.deliver(Parcel("interactive", body["type"], body))
        return self._acks.of_action(user_id, ack, seq)

    def opens_home(self, user_id: str, tab: str = "home") -> str | None:
        """Open the app's Home or Messages tab; the event id, or None when the app didn't subscribe."""
        self._person(user_id)
        event: JSON = {"user": user_id, "channel": self.state.im(user_id).id, "tab": tab}
        home = self.state.homes.get(user_id)
        if home is not None and tab == "home":
            event["view"] = home.wire()
        return self.world.events.emit("app_home_opened", event)

    def reads(self, user_id: str, channel_id: str, ts: str) -> None:
        with self.state.lock:
            self.state.last_read.setdefault(user_id, {})[channel_id] = ts
            self.state.touch()

    # -- what Slack's client checks ------------------------------------------------------------------------

    def _person(self, user_id: str) -> User:
        user = self.state.user(user_id)
        if user.deleted:
            raise NotInSlack(f"{user.name} is deactivated and can't sign in")
        return user

    def _here(self, user_id: str, channel_id: str) -> tuple[User, Channel]:
        user, channel = self._person(user_id), self.state.channels[channel_id]
        if user_id not in channel.members:
            raise NotInSlack(f"{user.name} is not in #{channel.name}")
        if channel.archived:
            raise NotInSlack(f"#{channel.name} is archived")
        return user, channel

    def _may_write(self, user: User, channel: Channel) -> None:
        if BOT_USER_ID in channel.members and not channel.name and self.world.manifest.messages_tab_read_only:
            raise NotInSlack(f"{user.name} can't write here: the Messages tab is read-only")

    def _may_see(self, user_id: str, shown: Message | View) -> User:
        user = self._person(user_id)
        if isinstance(shown, View):
            if shown.user != user_id:
                raise NotInSlack(f"{user.name} doesn't see this view")
        elif shown.to not in (None, user_id) or user_id not in self.state.channels[shown.channel].members:
            raise NotInSlack(f"{user.name} doesn't see this message")
        return user

    def _open(self, user_id: str, view: View) -> None:
        if view.kind == MODAL and view not in self.state.modals.get(user_id, []):
            raise NotInSlack("this modal is closed")

    def _own(self, user_id: str, message: Message) -> None:
        if message.user != self._person(user_id).id:
            raise NotInSlack("this message is somebody else's")

    def _values(self, user_id: str, shown: Message | View) -> Values:
        if isinstance(shown, View):
            return shown.values
        if (user_id, shown.ts) not in self._picked:
            self._picked[user_id, shown.ts] = starting_values(shown.blocks)
        return self._picked[user_id, shown.ts]

    def _tell_closed(self, user: User, gone: list[View], *, cleared: bool) -> Reply | None:
        """Tell the app of closed views that asked for it; the first reply."""
        first: Reply | None = None
        for view in gone:
            if not view.content.get("notify_on_close"):
                continue
            body = payloads.view_event(self.world, user, view, "view_closed") | {"is_cleared": cleared}
            ack = self.world.courier.deliver(Parcel("interactive", "view_closed", body))
            reply = self._acks.of_action(user.id, ack, self.state.seq)
            first = first or reply
        return first

    def _invite(self, user: User, channel: Channel, text: str) -> Reply:
        seq = self.state.seq
        if user.is_restricted or user.is_ultra_restricted:
            return self._acks.notice(user.id, channel.id, "You can't invite people to this channel.", seq)
        invited = []
        for name in text.split():
            try:
                invited.append(self.state.user(name))
            except KeyError:
                return self._acks.notice(user.id, channel.id, f"There is no {name} here.", seq)
        for other in invited:
            join(self.world, channel, other.id)
        return self._acks.reply(user.id, 0, seq)


def _as_select(element: JSON) -> JSON:
    """An overflow menu answers as a select does."""
    return element | {"type": "static_select"} if element["type"] == "overflow" else element


def find_element(shown: Message | View, block_id: str, action_id: str) -> tuple[JSON, JSON]:
    """An element by its ids; NotInSlack when it isn't there any more."""
    blocks = shown.content["blocks"] if isinstance(shown, View) else shown.blocks
    for block, element in interactive(blocks):
        if block["block_id"] == block_id and element["action_id"] == action_id:
            return block, element
    raise NotInSlack(f"{block_id}/{action_id} is not there any more")


__all__ = ["Acts", "find_element"]
