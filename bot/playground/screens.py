"""What one person has on their screen, as plain text, and where on it a button is."""

from __future__ import annotations

from bot.playground.slack import FakeSlack, Message, Person, View
from bot.playground.slack.model import Channel
from bot.playground.slack.people import DM, buttons_of


def newest_with_button(slack: FakeSlack, person: Person, label: str, where: str | None = None) -> Message | View | None:
    """The newest thing this person sees with a button of this label: the modal on top first.

    `where` narrows it to a channel, "dm" or "home".
    """
    modal, home = person.modal(), person.home()
    if where is None and modal is not None and label in buttons_of(modal):
        return modal
    if where == "home":
        return home if home is not None and label in buttons_of(home) else None
    with slack.state.lock:
        wanted = None if where is None else _room(slack, person, where).id
        seen = [m for channel in _rooms(slack, person) for m in channel.messages]
        seen += person.ephemerals()
        found = [m for m in seen if wanted in (None, m.channel) and label in buttons_of(m)]
        return max(found, key=lambda message: message.ts, default=None)


def screen_text(slack: FakeSlack, person: Person, most: int = 20) -> str:
    """Channels with their threads, direct messages, what only they see, Home tab and modals; newest last."""
    lines: list[str] = []
    with slack.state.lock:
        for channel in _rooms(slack, person):
            lines += _channel(slack, person, channel, most)
        home = person.home()
        for title, view in [("Home tab", home), *(("Modal", view) for view in person.modals())]:
            if view is not None:
                lines += [f"=== {title}", *_indented(slack.text_of(view), "  "), ""]
    return "\n".join(lines) + "\n"


def _channel(slack: FakeSlack, person: Person, channel: Channel, most: int) -> list[str]:
    own = [m for m in person.ephemerals() if m.channel == channel.id]
    messages = sorted([*channel.messages, *own], key=lambda m: (m.thread_ts or m.ts, m.ts))[-most:]
    if not messages:
        return []
    lines = [f"=== {'#' + channel.name if channel.name else 'Direct messages with Purser'}"]
    for message in messages:
        indent = "    " if message.in_thread else "  "
        author = slack.state.users[message.user].display_name
        note = " (only you see this)" if message.is_ephemeral else ""
        lines += [f"{indent}{author}{note}:", *_indented(slack.text_of(message), indent + "  "), ""]
    return lines


def _rooms(slack: FakeSlack, person: Person) -> list[Channel]:
    return [channel for channel in slack.state.channels.values() if person.id in channel.members]


def _room(slack: FakeSlack, person: Person, where: str) -> Channel:
    return slack.state.im(person.id) if where == DM else slack.state.channel(where)


def _indented(text: str, indent: str) -> list[str]:
    return [f"{indent}{line}" for line in text.splitlines()]
