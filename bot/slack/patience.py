"""Nobody waits in silence: what takes longer than a moment is said to be under way before its outcome is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

from bot.services.ports import DeliveryError
from bot.slack.errors import translated
from bot.slack.incoming import Incoming
from bot.slack.views.base import Message

SILENCE_SECONDS = 1.0


@contextmanager
def told_if_slow(event: Incoming, message: Message) -> Iterator[None]:
    """Tell the person this once the block has taken a second. It is never told after the block has ended."""

    def tell() -> None:
        with suppress(DeliveryError), translated("saying that something is under way"):
            event.answer(message)

    timer = Timer(SILENCE_SECONDS, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
