"""A bounded record of every payload in and out, unmasked and in memory only: masking.py decides what is shown of
it, and nothing is written.
"""

import threading
from collections import deque
from dataclasses import asdict, dataclass

from bot.playground.slack.model import JSON
from bot.playground.slack.state import Clock


@dataclass(frozen=True)
class Entry:
    """One exchange. `direction` is "in" from the bot, "out" to it; `answer` is what the other side said."""

    seq: int
    at: str
    direction: str
    method: str
    body: JSON
    status: int
    answer: JSON
    duration_ms: int

    def wire(self) -> JSON:
        return asdict(self)


class Journal:
    def __init__(self, clock: Clock, size: int = 2000) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=size)
        self._seq = 0
        self._lock = threading.Lock()

    @property
    def seq(self) -> int:
        """The newest entry's number."""
        return self._seq

    def note(
        self,
        direction: str,
        method: str,
        body: JSON,
        *,
        status: int = 200,
        answer: JSON | None = None,
        ms: int = 0,
    ) -> Entry:
        with self._lock:
            self._seq += 1
            at = self._clock().isoformat(timespec="milliseconds")
            entry = Entry(self._seq, at, direction, method, body, status, answer or {}, ms)
            self._entries.append(entry)
            return entry

    def entries(self, *, since: int = 0, method: str | None = None, direction: str | None = None) -> list[Entry]:
        """Oldest first; `method` and `direction` narrow it."""
        with self._lock:
            return [
                e
                for e in self._entries
                if e.seq > since and method in (None, e.method) and direction in (None, e.direction)
            ]
