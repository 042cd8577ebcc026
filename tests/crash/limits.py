"""What happens to Ana's key when limits have their way: used up, raised, and a month that turns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.periods import month_end, month_of
from bot.playground.slack.model import Message
from bot.services.failpoints import Failpoint
from storage import readings
from tests.faults import kit
from tests.office import Office, eventually

POLL_SECONDS = 61
POLLS = 4
STOPPING = {Failpoint.AFTER_STOP_COMMIT, Failpoint.AFTER_ALERT_POSTED}
SPENT_USD = 20.0
USED_UP, NEW_MONTH = "is used up", "A new month has begun"


class Limits:
    """Ana's key, the team's budget, and what people do about them."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        effect = failpoint.partition(":")[2]
        self.comes_back = effect == "gateway.resume" or failpoint == Failpoint.AFTER_GATEWAY_ENABLED
        self.is_stopped_on_the_way = self.comes_back or effect == "slack.alert" or failpoint in STOPPING
        self.is_raised = effect == "gateway.cap"
        self.sees_a_new_month = effect == "slack.channel"
        self._has_turned = False

    # --- what people do ---

    def use_up(self) -> None:
        """The key spends $20, which is all the team has."""
        self._spend()
        self._set_budget("$20")
        self._poll_until(lambda: self._key().state is not KeyState.LIVE)

    def give_more(self) -> None:
        self._set_budget("$500")
        self._poll_until(lambda: self._key().state is not KeyState.DISABLED)

    def ask_more(self) -> None:
        ana = self.office.slack.person("ana")
        ana.command(f"/ai-budget raise $5 {self._key().label} for 3d one more run", channel="search")

    def turn_month(self) -> None:
        """Once: who looks again after a crash finds the new month there."""
        if not self._has_turned:
            self._has_turned = True
            self._spend()
            self._poll_until(self._is_read)
            left = month_end(self.office.clock.now()) - self.office.clock.now()
            kit.let_pass(self.office, seconds=left.total_seconds())
        self.wait()

    def wait(self) -> None:
        """Until the next poll."""
        kit.let_pass(self.office, seconds=POLL_SECONDS)

    # --- what they see ---

    def is_stopped(self) -> bool:
        key = self._key()
        is_off = (key.state, key.off_cause) == (KeyState.DISABLED, OffCause.BUDGET)
        is_told = bool(self._alerts()) and "NOT confirmed" not in self.office.text(self._alerts()[0])
        # What is told of stops waits some seconds, so that more of them share one message.
        return is_off and is_told and bool(kit.told(self.office, "ana", "was stopped"))

    def is_back(self) -> bool:
        return self._key().state is KeyState.LIVE and bool(kit.told(self.office, "ana", "works again"))

    def is_asked(self) -> bool:
        return len(self.cards()) == 2

    def is_capped(self) -> bool:
        held = next(key for key in self.office.gateway.keys if key.token == self._key().handle)
        return held.max_budget == 30 and bool(kit.told(self.office, "ana", "$30"))

    def is_told_of_the_month(self) -> bool:
        return len(self._in_channel(NEW_MONTH)) == 1

    def cards(self) -> list[Message]:
        """Messages in the channel that are a request's card."""
        others = (
            USED_UP,
            "percent of",
            NEW_MONTH,
            "Team search, ",
            "Posted by",
            "Leak: ",
            "that Purser did not make",
            "Review of team",
            "Leak watch",
            "Not off: ",
            ") left.",
        )
        return [one for one in self.office.cards() if not any(words in self.office.text(one) for words in others)]

    def assert_told_once(self) -> None:
        """One message about the limit, one to the holder of what it stopped, one of what came back."""
        if self.is_stopped_on_the_way:
            assert len(self._alerts()) == 1
            assert len(kit.rows(self.office, action="key.budget")) == 1
            assert len(kit.told(self.office, "ana", "was stopped")) == 1
        if self.comes_back:
            assert len(kit.rows(self.office, action="key.resumed")) == 1
            assert len(kit.told(self.office, "ana", "works again")) == 1

    def _alerts(self) -> list[Message]:
        return self._in_channel(USED_UP)

    def _in_channel(self, words: str) -> list[Message]:
        return [message for message in self.office.cards() if words in self.office.text(message)]

    def _key(self) -> Key:
        return kit.keys_of(self.office, "ana")[-1]

    def _poll_until(self, look: Callable[[], bool]) -> None:
        """Let polls come, some of which may fail on a busy machine."""
        for _ in range(POLLS):
            self.wait()
            with contextlib.suppress(AssertionError):
                eventually(look)
                return
        raise AssertionError(f"nothing happened in {POLLS} polls")

    def _is_read(self) -> bool:
        with kit.looking(self.office) as session:
            spent = readings.spent(session, self._key().id, month_of(self.office.clock.now()))
            return spent is not None and spent.micros > 0

    def _spend(self) -> None:
        with self.office.gateway.state.settled():
            for key in self.office.gateway.state.keys.values():
                key.spend = key.total_spend = SPENT_USD

    def _set_budget(self, amount: str) -> None:
        olga = self.office.slack.person("olga")
        before = len(olga.ephemerals("search"))
        olga.command(f"/ai-budget set team {amount}", channel="search")
        self.office.sees(lambda: len(olga.ephemerals("search")) > before)
