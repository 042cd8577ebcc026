"""Ben leaves unheard, or is nowhere to be found: the daily sweep finds out, and owners are asked, once."""

from __future__ import annotations

from bot.playground.slack.faults import FaultKind
from bot.services.failpoints import Failpoint
from bot.services.sweeping_facts import SWEEP
from storage.ledger import Recorded
from tests.faults import kit
from tests.office import Office

ASKS = "A sweep stopped and asks you"
OWNERS = ("olga", "omar")


class Sweeps:
    """One day's sweep."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        self.is_asked = failpoint.partition(":")[2] == SWEEP
        self.comes = self.is_asked or failpoint in {Failpoint.AFTER_SWEEP_PAGE, Failpoint.AFTER_SWEEP_PERSON}
        self._has_begun = False

    def let_a_day_pass(self) -> None:
        """Once; whoever looks again later only waits."""
        if self._has_begun:
            kit.let_pass(self.office, minutes=3)
            return
        self._has_begun = True
        if self.is_asked:
            ben = self.office.slack.person("ben").id
            self.office.slack.fault(FaultKind.PEOPLE_HIDDEN, "users.list", times=None, users=[ben])
        else:
            self.office.slack.deactivate("ben", quietly=True)
        kit.let_pass(self.office, days=1, seconds=1)

    def is_over(self) -> bool:
        if self.is_asked:
            return all(kit.told(self.office, owner, ASKS) for owner in OWNERS)
        return bool(kit.rows(self.office, action="member.left")) and len(self._ended("sweep.done")) == 1

    def assert_told_once(self) -> None:
        """One sweep, one departure; each owner asked once."""
        if self.is_asked:
            assert len(self._ended("sweep.paused")) == 1
            assert [len(kit.told(self.office, owner, ASKS)) for owner in OWNERS] == [1, 1]
        elif self.comes:
            assert len(kit.rows(self.office, action="member.left")) == 1
            assert [row.reason.split(": ")[1] for row in self._ended("sweep.done")] == ["1 gone, 0 here again, 0 back"]

    def _ended(self, action: str) -> list[Recorded]:
        """Sweeps that found anything: there may have been one before that day."""
        return [row for row in kit.rows(self.office, action=action) if " 0 gone," not in row.reason]
