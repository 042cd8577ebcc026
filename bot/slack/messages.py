"""Something was written in a channel: every part of Purser that reads messages gets it, whatever the others do."""

from __future__ import annotations

from contextlib import ExitStack

from bot.slack import incidents, leaks, requests
from bot.slack.incoming import Incoming

READERS = (requests.thread_reply, incidents.explained, leaks.watch)
"""A reply may decide a request, or explain an incident; and any message may hold a key."""


def written(event: Incoming) -> None:
    """Let each of them read it. What one of them raises stops none of the others."""
    with ExitStack() as stack:
        for reads in reversed(READERS):
            stack.callback(reads, event)
