"""Faults to inject on demand: which call suffers what, how often. Decides nothing by chance."""

import threading
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


@dataclass
class Fault:
    """Hits the next `times` calls of `method` ("*" for any).

    For DUPLICATE, `method` is what is sent to the bot: "/ai-key", "block_actions", "view_submission", or
    an event's type; `copies` is how many deliveries there are in all.
    """

    kind: FaultKind
    method: str = "*"
    times: int = 1
    retry_after_seconds: int = 1
    seconds: float = 0.0
    copies: int = 2
    error: str = "internal_error"


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

    def take(self, method: str, *kinds: FaultKind) -> Fault | None:
        """The first fault of these kinds waiting for this call, used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and fault.method in ("*", method) and fault.times > 0:
                    fault.times -= 1
                    self._faults = [f for f in self._faults if f.times > 0]
                    return fault
            return None

    def wire(self) -> list[JSON]:
        with self._lock:
            return [asdict(f) for f in self._faults]
