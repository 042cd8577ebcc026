"""Faults to inject on demand: which call suffers what, how often. Decides nothing by chance."""

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from bot.playground.slack.model import JSON


class FaultKind(StrEnum):
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After, nothing applied
    SERVER_ERROR = "server_error"  # 500, nothing applied
    SLOW = "slow"  # answered late
    REPLY_LOST = "reply_lost"  # applied, then the connection is cut
    CUT = "cut"  # the connection is cut, nothing applied
    DUPLICATE = "duplicate"  # a payload to the bot is delivered more than once
    REFUSE = "refuse"  # ok:false with a given error, nothing applied
    CHART_REFUSED = "chart_refused"  # invalid_blocks for a message with a chart block, as where Slack has none yet
    FILE_NOT_READY = "file_not_ready"  # invalid_blocks for a message with an uploaded picture: still worked on
    LIST_SHORT = "list_short"  # users.list ends early, or leaves out the people named
    LIST_REPEATED = "list_repeated"  # users.list tells each page's last person again on the next
    LIST_FOREIGN = "list_foreign"  # users.list tells of people as another workspace's
    PEOPLE_HIDDEN = "people_hidden"  # the people named are neither listed nor found by users.info


@dataclass
class Fault:
    """Hits the next `times` calls (None: all, until removed) of `method` ("*" for any).

    For DUPLICATE, `method` is what is sent to the bot: "/ai-key", "block_actions", "view_submission", or
    an event's type; `copies` is how many deliveries there are in all. `users` are those whom a fault of lists
    concerns, by id; empty for everybody.
    """

    kind: FaultKind
    method: str = "*"
    times: int | None = 1
    retry_after_seconds: int = 1
    seconds: float = 0.0
    copies: int = 2
    error: str = "internal_error"
    users: Sequence[str] = ()


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def remove(self, kind: FaultKind) -> None:
        """Forget the faults of one kind."""
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.kind is not kind]

    def waits(self, kind: FaultKind) -> bool:
        """Whether a call may still suffer this."""
        with self._lock:
            return any(fault.kind is kind for fault in self._faults)

    def take(self, method: str, *kinds: FaultKind) -> Fault | None:
        """The first fault of these kinds waiting for this call, used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and fault.method in ("*", method):
                    self._use_up(fault)
                    return fault
            return None

    def hides(self, user: str) -> bool:
        """Whether a person is not to be found at all; used up by nothing."""
        with self._lock:
            return any(fault.kind is FaultKind.PEOPLE_HIDDEN and user in fault.users for fault in self._faults)

    def _use_up(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)

    def wire(self) -> list[JSON]:
        with self._lock:
            return [asdict(f) for f in self._faults]
