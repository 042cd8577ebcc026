"""A key that somebody made at the gateway by hand: adopted for Ben, or turned off, once, whatever happens to Purser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from bot.domain.inventory import UnknownState
from bot.domain.keys import KeyState
from bot.playground.slack.model import Message
from bot.services import adopting, inventory_files, unknown
from bot.services.failpoints import Failpoint
from storage import unknown_keys
from tests.faults import kit
from tests.faults.test_gateway_faults import mint_behind_our_back
from tests.office import Office

T = TypeVar("T")
COMPARED_SECONDS = 601
ALIAS = "made-by-hand"
FILE = "purser-inventory-"
OFF_WORDS = "its own record says so"


class Strangers:
    """A key that Purser did not make, and what Olga does about it."""

    def __init__(self, office: Office, failpoint: str, is_dead: Callable[[], bool]) -> None:
        self.office = office
        effect = failpoint.partition(":")[2]
        self.is_adopted = effect == adopting.ADOPT or failpoint in (
            Failpoint.AFTER_ADOPTED,
            Failpoint.AFTER_SPEND_FORGOTTEN,
        )
        self.is_unwanted = effect == unknown.TURN_OFF
        self.is_exported = effect == inventory_files.FILE
        self.is_there = self.is_adopted or self.is_unwanted
        self._is_dead = is_dead
        self._is_asked = False

    # --- what people do ---

    def make(self) -> None:
        """Somebody with the master key; and time for gateway and books to be compared."""
        if not any(key.key_alias == ALIAS for key in self.office.gateway.keys):
            mint_behind_our_back(self.office, ALIAS)
        kit.let_pass(self.office, seconds=COMPARED_SECONDS)

    def adopt(self) -> None:
        """Whoever is not sure looks at the inventory again."""
        olga = self.office.slack.person("olga")
        with contextlib.suppress(AssertionError):
            olga.click("Adopt", in_=self._shown("Adopt"))
            form = self.office.sees(lambda: self._alive(olga.modal()), 8)
            olga.submit(form, {"kind": "temporary", "holder": "U0BEN", "cap": "$25", "time": "7d", "reason": "in CI"})

    def turn_off(self) -> None:
        with contextlib.suppress(AssertionError):
            self.office.slack.person("olga").click("Disable now", in_=self._shown("Disable now"))

    def give_up(self) -> None:
        """Ben gives the adopted key back, so that nothing works in the end."""
        label = kit.keys_of(self.office, "ben")[-1].label
        self.office.slack.person("ben").command(f"/ai-key return {label}", channel="search")

    def ask_file(self) -> None:
        """Once: who was told that the file comes waits for it."""
        if not self._is_asked:
            with contextlib.suppress(AssertionError):
                self.office.slack.person("olga").click("Export CSV", in_=self._shown("Export CSV"))
                self._is_asked = True

    # --- what they see ---

    def is_found(self) -> bool:
        return self._state() is UnknownState.OPEN

    def is_bens(self) -> bool:
        """Ben holds it, and the gateway's record has his cap."""
        held = [key for key in self.office.gateway.keys if key.key_alias == ALIAS]
        mine = kit.keys_of(self.office, "ben", KeyState.LIVE)
        return bool(mine) and [key.max_budget for key in held] == [25.0] and held[0].user_id == "U0BEN"

    def is_off(self) -> bool:
        return self._state() is UnknownState.DISABLED

    def is_given_back(self) -> bool:
        return bool(kit.keys_of(self.office, "ben", KeyState.DISABLED))

    def has_file(self) -> bool:
        return bool(kit.told(self.office, "olga", FILE))

    def assert_told_once(self) -> None:
        if self.is_there:
            assert len(kit.told(self.office, "olga", "did not make")) == 1
        if self.is_adopted:
            assert len(kit.keys_of(self.office, "ben")) == 1
            assert len(kit.told(self.office, "ben", "adopted a key")) == 1
            assert len(kit.rows(self.office, action="key.adopted")) == 1
        if self.is_unwanted:
            assert len(kit.rows(self.office, action="unknown.proven_off")) == 1
            assert len(kit.told(self.office, "olga", OFF_WORDS)) <= 1
        if self.is_exported:
            assert len(kit.told(self.office, "olga", FILE)) == 1

    def _state(self) -> UnknownState | None:
        with kit.looking(self.office) as session:
            tokens = [key.token for key in self.office.gateway.keys if key.key_alias == ALIAS]
            found = [unknown_keys.get(session, "litellm", token) for token in tokens]
        return found[0].state if found and found[0] is not None else None

    def _shown(self, label: str) -> Message:
        """The inventory with such a button, asked for now."""
        olga = self.office.slack.person("olga")
        before = len(olga.ephemerals("search"))
        olga.command("/ai-team inventory", channel="search")

        def new() -> Message | None:
            found = [one for one in olga.ephemerals("search")[before:] if label in str(one.blocks)]
            return self._alive(found[-1] if found else None)

        return self.office.sees(new, 8)

    def _alive(self, seen: T) -> T:
        """What is seen: nobody waits for a process that is dead."""
        assert seen or not self._is_dead(), "Purser is dead"
        return seen
