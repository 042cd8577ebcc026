"""Ana leaves with her key: it goes off and is proven, and one message tells of it, whatever dies on the way."""

from __future__ import annotations

from bot.domain.keys import KeyState, OffCause
from bot.playground.slack.model import Message
from bot.services.failpoints import Failpoint
from tests.faults import kit
from tests.office import Office


class Leavers:
    """Somebody whom an administrator deactivates in Slack."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        points = (Failpoint.AFTER_LEFT_COMMIT, Failpoint.AFTER_DEPARTURE_POSTED)
        self.leave = failpoint in points or failpoint.endswith(":slack.departure")

    def go(self) -> None:
        """Slack says so; whoever does it again changes nothing."""
        self.office.slack.deactivate("ana")

    def are_gone(self) -> bool:
        """Her key is proven off, and the channel reads so."""
        off = kit.keys_of(self.office, "ana", KeyState.DISABLED)
        return bool(off) and all(key.off_cause is OffCause.LEFT for key in off) and bool(self._told())

    def assert_told_once(self) -> None:
        if self.leave:
            assert len(self._told()) == 1
            assert "1 key of their own is turned off" in self.office.text(self._told()[0])
            for action in ("member.left", "key.left", "key.proven_off", "team.removed"):
                assert len(kit.rows(self.office, action=action)) == 1, action

    def _told(self) -> list[Message]:
        return [one for one in self.office.cards() if "left." in self.office.text(one).split("\n")[0]]
