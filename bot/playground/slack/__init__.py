"""A strict, stateful stand-in for Slack, over real HTTP and Socket Mode, on loopback only.

The tests and the playground use the same one. `FakeSlack` is the way in; `check_message` and `check_view`
stand alone.
"""

from bot.playground.slack.blockkit import check_message, check_view
from bot.playground.slack.errors import NotInSlack
from bot.playground.slack.fake import FakeSlack
from bot.playground.slack.faults import Fault, FaultKind
from bot.playground.slack.model import Channel, Message, User, View
from bot.playground.slack.people import DM, Person, Room
from bot.playground.slack.reply import Reply
from bot.playground.slack.world import Options

__all__ = [
    "DM",
    "Channel",
    "FakeSlack",
    "Fault",
    "FaultKind",
    "Message",
    "NotInSlack",
    "Options",
    "Person",
    "Reply",
    "Room",
    "User",
    "View",
    "check_message",
    "check_view",
]
