"""SIGKILL at every named failpoint, restart, and people click again as they would: everything converges.

Never two live keys for one request, never a live key that nobody holds, never a lost approval, one card, each
message once. The list of points is the code's own, so a new one without a story that reaches it fails here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.keys import UNSHOWN, KeyState, OffCause
from bot.domain.requests import Request, RequestState
from bot.playground.slack.model import Message
from bot.services.effects import EFFECTS
from bot.services.failpoints import Failpoint, all_failpoints
from storage import requests
from tests.crash.accounts import Accounts
from tests.crash.after_off import AfterOff
from tests.crash.alerts import Alerts
from tests.crash.digests import Digests
from tests.crash.exports import Export
from tests.crash.handing import LINE, Handing
from tests.crash.incidents import Incidents
from tests.crash.leaks import Leaks
from tests.crash.leavers import Leavers
from tests.crash.limits import Limits
from tests.crash.questions import Questions
from tests.crash.strangers import Strangers
from tests.crash.sweeps import Sweeps
from tests.faults import kit
from tests.github import FakeGitHub
from tests.office import Office, Spawned, eventually

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180), pytest.mark.filterwarnings("ignore::ResourceWarning")]
LEASES_SECONDS = 61
"""Past the lease of an effect (30 s) and of a reveal (60 s)."""


@dataclass(frozen=True)
class Step:
    """Something a person does, and how they see that it worked."""

    name: str
    act: Callable[[], object]
    done: Callable[[], bool]


class Story:
    """Ana's way to a key and its end, walked on whatever happens to Purser meanwhile."""

    def __init__(self, office: Office, failpoint: str, github: FakeGitHub) -> None:
        self.office = office
        self.failpoint = failpoint
        self.ana, self.omar = office.slack.person("ana"), office.slack.person("omar")
        self._on_screen: dict[str, Message] = {}
        self.limits = Limits(office, failpoint)
        self.export = Export(office, failpoint)
        self.digests = Digests(office, failpoint, self._is_dead)
        self.alerts = Alerts(office, failpoint, github)
        self.incidents = Incidents(office, failpoint)
        self.leaks = Leaks(office, failpoint)
        self.after_off = AfterOff(office, failpoint)
        self.sweeps = Sweeps(office, failpoint)
        self.handing = Handing(office, failpoint)
        self.leavers = Leavers(office, failpoint)
        self.accounts = Accounts(office, failpoint)
        self.questions = Questions(office, failpoint, self._is_dead)
        self.strangers = Strangers(office, failpoint, self._is_dead)
        self.dying: Spawned | None = office.spawn(failpoint=failpoint)
        office.found_team()

    def steps(self) -> Iterator[Step]:
        """The main path, with a detour where the failpoint lies on one."""
        yield Step("ask", self._ask, lambda: len(self.office.cards()) == 1)
        yield Step("approve", self._approve, lambda: bool(kit.reveal_dms(self.office, "ana")))
        if self.failpoint.endswith(":gateway.delete"):
            yield Step("spoil", self._spoil, self._is_withdrawn)
        yield Step("reveal", self._reveal, lambda: self._key_is(KeyState.LIVE))
        if self.failpoint.endswith(":gateway.extend"):
            yield Step("ask for more time", self._ask_more, lambda: len(self.office.cards()) == 2)
            yield Step("extend", self._approve, lambda: bool(kit.told(self.office, "ana", "now works")))
        yield from self._limits()
        if self.export.is_wanted:
            yield Step("use the key", self.export.use, self.export.is_used)
            yield Step("ask for a file", self.export.ask, self.export.has_come)
        if self.export.is_posted:
            yield Step("use the key", self.export.use, self.export.is_used)
            yield Step("look at usage", self.export.show, self.export.is_shown)
            yield Step("post it", self.export.post, lambda: bool(self.export.posts()))
        if self.digests.comes:
            yield Step("use the key", self.digests.use_key, self.digests.is_used)
            yield Step("ask for a digest", self.digests.want_one, self.digests.is_wanted)
        if self.alerts.come:
            yield Step("GitHub finds the key", self.alerts.find, self.alerts.is_resolved)
        yield from self._incidents()
        yield from self._strangers()
        yield from self._questions()
        if self.leavers.leave:
            yield Step("leave", self.leavers.go, self.leavers.are_gone)
        elif self.accounts.leave:
            yield Step("leave", self.accounts.go, self.accounts.is_gone)
        else:
            yield Step("disable", self._disable, lambda: self._key_is(KeyState.DISABLED, OffCause.DISABLED))
        yield from self._afterwards()

    def _afterwards(self) -> Iterator[Step]:
        if self.after_off.is_wanted:
            yield Step("it spends after that", self.after_off.spend, self.after_off.is_deleted)
        if self.limits.sees_a_new_month:
            yield Step("a month passes", self.limits.turn_month, self.limits.is_told_of_the_month)
        if self.accounts.is_evidence:
            yield Step("ask for evidence", self.accounts.ask, self.accounts.has_come)
        if self.sweeps.comes:
            yield Step("a day passes", self.sweeps.let_a_day_pass, self.sweeps.is_over)
        if self.digests.comes:
            yield Step("Monday comes", self.digests.wait_for_monday, self.digests.is_told)
        if self.handing.is_wanted:
            yield Step("give it away", self.handing.give, self.handing.is_given)
        if self.failpoint.endswith(":gateway.enable"):
            yield Step("restore", self._restore, lambda: self._key_is(KeyState.LIVE))

    def _limits(self) -> Iterator[Step]:
        if self.limits.is_stopped_on_the_way:
            yield Step("use the budget up", self.limits.use_up, self.limits.is_stopped)
        if self.limits.comes_back:
            yield Step("give the team more", self.limits.give_more, self.limits.is_back)
        if self.limits.is_raised:
            yield Step("ask for a raise", self.limits.ask_more, self.limits.is_asked)
            yield Step("agree to the raise", self._approve, self.limits.is_capped)

    def _incidents(self) -> Iterator[Step]:
        if self.incidents.is_leak:
            yield Step("paste the key", self.incidents.paste_key, self.incidents.is_told)
        if self.incidents.is_exported:
            yield Step("export the timeline", self.incidents.export, self.incidents.has_come)
        if self.incidents.is_credential:
            yield Step("paste the credential", self.incidents.paste_credential, self.incidents.owners_know)
        if self.leaks.is_posted:
            yield Step("watch the channel", self.leaks.watch, self.leaks.is_watched)
            yield Step("post the key", self.leaks.post_key, self.leaks.is_warned)

    def _questions(self) -> Iterator[Step]:
        if self.questions.is_reviewed:
            yield Step("begin a review", self.questions.begin, self.questions.is_begun)
        if self.questions.is_asked:
            yield Step("let the key rest", self.questions.wait, self.questions.is_told)

    def _strangers(self) -> Iterator[Step]:
        if self.strangers.is_there:
            yield Step("make a key by hand", self.strangers.make, self.strangers.is_found)
        if self.strangers.is_adopted:
            yield Step("adopt it", self.strangers.adopt, self.strangers.is_bens)
            yield Step("give it back", self.strangers.give_up, self.strangers.is_given_back)
        if self.strangers.is_unwanted:
            yield Step("turn it off", self.strangers.turn_off, self.strangers.is_off)
        if self.strangers.is_exported:
            yield Step("ask for the inventory", self.strangers.ask_file, self.strangers.has_file)

    def walk(self) -> None:
        """Do each step until it worked; when Purser dies, start it again and try again as people do."""
        for step in self.steps():
            step.act()
            self.office.sees(lambda step=step: step.done() or self._is_dead())  # type: ignore[misc]
            if self._is_dead():
                self._start_again(step)
            assert step.done(), f"{step.name} did not work out\n{self.office.slack.story()}"
        if self.dying is not None:
            self.dying.wait_dead()  # else no step of this story reaches the failpoint
            self._start_again(step)

    def _is_dead(self) -> bool:
        return self.dying is not None and self.dying.process.poll() is not None

    def _start_again(self, step: Step) -> None:
        assert self.dying is not None
        self.dying.wait_dead()
        self.dying = None
        kit.assert_never_two_live(self.office)
        self.office.open()
        if not step.done():
            step.act()  # people do not wait for leases
        self.office.clock.advance(seconds=LEASES_SECONDS)
        eventually(lambda: not kit.keys_of(self.office, "ana", *UNSHOWN))
        kit.settle(self.office)
        if not step.done():
            step.act()
            eventually(step.done)
        kit.settle(self.office)

    # --- what people do ---

    def _ask(self) -> None:
        line = LINE if self.handing.is_wanted else "$25 7d evaluate rerankers"
        self.ana.command(f"/ai-key {line}", channel="search")

    def _approve(self) -> None:
        """The card as Omar first saw it: he may click what is gone by now."""
        card = self.limits.cards()[-1]
        self.omar.click("Approve", in_=self._on_screen.setdefault(card.ts, self.office.slack.as_seen(card)))

    def _spoil(self) -> None:
        """Her window is gone when the key is to be shown in it."""
        self.office.slack.fault("refuse", "views.update", error="not_found")
        self._press_reveal()

    def _reveal(self) -> None:
        self.office.slack.world.faults.clear()
        self._press_reveal()

    def _press_reveal(self) -> None:
        self.ana.click("Reveal key", in_=kit.reveal_dms(self.office, "ana")[0])

    def _ask_more(self) -> None:
        self.ana.command(f"/ai-key extend {self._label()} 3d one more run", channel="search")

    def _disable(self) -> None:
        self.omar.command(f"/ai-disable {self._label()} seen in a log", channel="search")

    def _restore(self) -> None:
        def offer() -> Message | None:
            room = self.office.slack.channel("search")
            return next((m for m in room.replies(self.office.cards()[0]) if "Restore" in str(m.blocks)), None)

        self.omar.click("Restore", in_=self.office.sees(offer))
        with contextlib.suppress(AssertionError):  # no form for a key that is on its way back already
            self.omar.submit(self.office.sees(self.omar.modal, 4))

    # --- what they see ---

    def _label(self) -> str:
        return kit.keys_of(self.office, "ana")[-1].label

    def _key_is(self, state: KeyState, cause: OffCause | None = None) -> bool:
        found = kit.keys_of(self.office, "ana", state)
        return any(cause in (None, key.off_cause) for key in found)

    def _is_withdrawn(self) -> bool:
        mine = kit.keys_of(self.office, "ana")
        return bool(mine) and all(key.state is KeyState.DISCARDED for key in mine)


@pytest.mark.parametrize("failpoint", all_failpoints(EFFECTS))
def test_a_crash_here_loses_and_doubles_nothing(failpoint: str, migrated_sqlite: Path, tmp_path: Path) -> None:
    with FakeGitHub() as github, Office(kit.sqlite_url(tmp_path, migrated_sqlite), tmp_path) as office:
        story = Story(office, failpoint, github)
        story.walk()
        kit.assert_all_is_well(office)
        first = office.cards()[0]
        request = next(r for r in _requests(office) if r.card_ts == first.ts)
        assert request.state is RequestState.FULFILLED
        assert [row.actor for row in kit.rows(office, request_id=request.id, action="request.approved")] == ["U0OMAR"]
        assert len(kit.reveal_dms(office, "ana")) == 1
        secret = kit.shown_secrets(office)[-1]
        restored = failpoint.endswith(":gateway.enable")
        assert office.chat(secret).status_code == (200 if restored else 401)
        assert len(kit.live(office, "ana")) == int(restored)
        assert ("revealed" if restored else "turned off") in office.text(first).lower()
        assert len(story.limits.cards()) == (2 if failpoint.endswith((":gateway.extend", ":gateway.cap")) else 1)
        story.limits.assert_told_once()
        story.export.assert_told_once()
        story.digests.assert_told_once()
        story.alerts.assert_told_once()
        story.incidents.assert_told_once()
        story.leaks.assert_told_once()
        story.after_off.assert_told_once()
        story.strangers.assert_told_once()
        story.questions.assert_told_once()
        story.sweeps.assert_told_once()
        story.handing.assert_told_once()
        story.leavers.assert_told_once()
        story.accounts.assert_told_once()


@pytest.mark.parametrize(
    "failpoint",
    [Failpoint.AFTER_DECISION_COMMIT, Failpoint.AFTER_GATEWAY_MINTED, Failpoint.AFTER_GATEWAY_DISABLED],
)
def test_on_postgresql_as_well(failpoint: str, migrated_postgres_url: str, tmp_path: Path) -> None:
    with FakeGitHub() as github, Office(migrated_postgres_url, tmp_path) as office:
        Story(office, failpoint, github).walk()
        kit.assert_all_is_well(office)
        assert len(kit.reveal_dms(office, "ana")) == 1
        assert kit.live(office, "ana") == []


def test_a_failpoint_that_is_none_stops_the_start(migrated_sqlite: Path, tmp_path: Path) -> None:
    """A misspelt name would kill nothing, and a test of it would prove nothing."""
    with Office(kit.sqlite_url(tmp_path, migrated_sqlite), tmp_path) as office:
        with pytest.raises(AssertionError, match="there is no failpoint"):
            office.spawn(failpoint="after-lunch")
        assert office.cards() == []


def _requests(office: Office) -> list[Request]:
    with kit.looking(office) as session:
        return requests.of_requester(session, "U0ANA", *RequestState)
