"""Ana's key goes on spending after it was turned off and proven: it is deleted at its gateway, once."""

from __future__ import annotations

import contextlib

from bot.domain.keys import Key
from tests.faults import kit
from tests.office import Office, eventually

POLL_SECONDS = 61
POLLS = 6
SPENT_USD = 20.0
"""More than calls that were running when it was turned off are believed to cost."""


class AfterOff:
    """A key that does not stay off."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        self.is_wanted = failpoint.endswith(":gateway.remove")
        self._has_spent = False

    def spend(self) -> None:
        """Once, as soon as Purser knows what it had spent before; then the next poll comes."""
        if not self._has_spent:
            self._rest()
            self._has_spent = True
            with self.office.gateway.state.settled():
                for key in self.office.gateway.state.keys.values():
                    key.spend += SPENT_USD
                    key.total_spend += SPENT_USD
        kit.let_pass(self.office, seconds=POLL_SECONDS)

    def is_deleted(self) -> bool:
        return self._key().deleted_at is not None and bool(kit.told(self.office, "omar", "It can never come back"))

    def assert_told_once(self) -> None:
        if self.is_wanted:
            assert not self.office.gateway.state.keys
            assert len(kit.rows(self.office, action="key.spent_after_off")) == 1
            assert len(kit.rows(self.office, action="key.removed")) == 1
            assert len(kit.told(self.office, "omar", "after the gateway had recorded it as off")) == 1
            assert len(kit.told(self.office, "omar", "It can never come back; its holder")) == 1

    def _rest(self) -> None:
        """Let polls come until late figures about the key are in, some of which may fail on a busy machine."""
        for _ in range(POLLS):
            kit.let_pass(self.office, seconds=POLL_SECONDS)
            with contextlib.suppress(AssertionError):
                eventually(lambda: self._key().rest_at is not None)
                return
        raise AssertionError(f"the key did not come to rest in {POLLS} polls")

    def _key(self) -> Key:
        return kit.keys_of(self.office, "ana")[-1]
