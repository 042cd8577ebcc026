"""Ana's key is pasted, and so is what Purser manages the gateway with: each is an incident, told once."""

from __future__ import annotations

from bot.playground.slack.model import Message
from bot.services import incidents
from bot.services.failpoints import Failpoint
from tests.faults import kit
from tests.office import Office

LEAK, CREDENTIAL, EXPORT = "Leak: the secret of", "Leak: the credential", "Export timeline"
TOLD = {incidents.INCIDENT, incidents.THREAD, incidents.FILE}
IN_THREAD = 4
"""Context, checklist, that it was turned off, and that the gateway's record says so."""


class Incidents:
    """What was pasted, and what people read of it."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        effect = failpoint.partition(":")[2]
        self.is_leak = effect in TOLD or failpoint == Failpoint.AFTER_INCIDENT_POSTED
        self.is_exported = effect == incidents.FILE
        self.is_credential = effect == incidents.DIRECT

    # --- what people do ---

    def paste_key(self) -> None:
        secret = kit.shown_secrets(self.office)[-1]
        self.office.slack.person("omar").command(f"/ai-disable {secret}", channel="search")

    def paste_credential(self) -> None:
        """Once: it is said at once that the owners are told."""
        if not kit.rows(self.office, action="incident.opened"):
            self.office.slack.person("omar").command(f"/ai-disable {self.office.gateway.master_key}", channel="search")

    def export(self) -> None:
        """Once: who was told that the file comes waits for it."""
        if not kit.rows(self.office, action="incident.exported"):
            offer = next(message for message in self._thread() if EXPORT in str(message.blocks))
            self.office.slack.person("omar").click(EXPORT, in_=offer)

    # --- what they see ---

    def is_told(self) -> bool:
        return len(self.messages()) == 1 and len(self._thread()) >= IN_THREAD

    def owners_know(self) -> bool:
        return bool(kit.told(self.office, "olga", CREDENTIAL))

    def has_come(self) -> bool:
        return any(".md" in self.office.text(message) for message in self._thread())

    def messages(self) -> list[Message]:
        """Messages in the channel that are an incident's."""
        return [message for message in self.office.cards() if LEAK in self.office.text(message)]

    def assert_told_once(self) -> None:
        """One incident, one message, each step once; one file; one message to the owner."""
        if self.is_leak:
            assert len(kit.rows(self.office, action="incident.opened")) == len(self.messages()) == 1
            thread = [self.office.text(message) for message in self._thread()]
            assert len(thread) == len(set(thread)), thread
            assert sum("off" in words and "record" in words for words in thread) == 1, thread
        if self.is_exported:
            assert sum(".md" in self.office.text(message) for message in self._thread()) == 1
        if self.is_credential:
            assert len(kit.rows(self.office, action="incident.opened")) == 1
            assert len(kit.told(self.office, "olga", CREDENTIAL)) == 1

    def _thread(self) -> list[Message]:
        found = self.messages()
        return self.office.slack.channel("search").replies(found[0]) if found else []
