"""Ana leaves, who has an account at the gateway; Omar asks for the evidence. Each is done once, whatever dies."""

from __future__ import annotations

from bot.domain import evidence_csv
from bot.domain.keys import KeyState, OffCause
from bot.playground.slack.model import Message
from bot.services import evidence, seats
from bot.services.failpoints import Failpoint
from tests.faults import kit
from tests.office import Office

ACCOUNT = {"user_id": "U0ANA", "user_email": "ana@example.com", "user_role": "internal_user"}
FILE = "purser-evidence-ana-"


class Accounts:
    """Her account at the gateway, and the file that says what became of it."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        self.has_one = failpoint == Failpoint.AFTER_SEAT_REMOVED or failpoint.endswith(f":{seats.SEAT}")
        self.is_evidence = failpoint.endswith(f":{evidence.FILE}")
        self.leave = self.has_one or self.is_evidence
        self._is_asked = False
        if self.leave:
            office.gateway.state.users["U0ANA"] = dict(ACCOUNT)

    def go(self) -> None:
        """Slack says so; whoever does it again changes nothing."""
        self.office.slack.deactivate("ana")

    def is_gone(self) -> bool:
        """Her key is off, and the ledger knows that the account is gone."""
        off = kit.keys_of(self.office, "ana", KeyState.DISABLED)
        return bool(off and off[-1].off_cause is OffCause.LEFT and kit.rows(self.office, action="seat.removed"))

    def ask(self) -> None:
        """The sheet, and its file, once: who was told that the file comes waits for it."""
        if not self._is_asked:
            self._is_asked = True
            omar = self.office.slack.person("omar")
            omar.command("/ai-team left @ana", channel="search")
            omar.click("Export CSV", in_=self.office.sees(self._sheet))

    def has_come(self) -> bool:
        return bool(kit.told(self.office, "omar", FILE))

    def assert_told_once(self) -> None:
        if self.leave:
            assert "U0ANA" not in self.office.gateway.state.users
            assert len(self.office.gateway.state.keys) == 1, "the key is off, and still there for a Restore"
            for action in ("seat.removing", "seat.removed"):
                assert len(kit.rows(self.office, action=action)) == 1, action
            assert kit.rows(self.office, action="seat.none") == []
        if self.is_evidence:
            (message,) = kit.told(self.office, "omar", FILE)
            linked = [one for one in self.office.slack.world.state.files.values() if one.id in str(message.text)]
            assert [one.content.decode().splitlines()[0] + "\n" for one in linked] == [evidence_csv.heading()]

    def _sheet(self) -> Message | None:
        shown = self.office.slack.person("omar").ephemerals("search")
        return next((one for one in reversed(shown) if "Export CSV" in str(one.blocks)), None)
