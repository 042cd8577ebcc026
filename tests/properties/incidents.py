"""The life of incidents as a state machine: what is noticed, what people do, time, crashes, a faulty Slack.

Beside it stands a plain model. After each step the books say what the model says; once all has settled, every step was
told once, in order, in one thread under one message that shows the truth.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.incident_lines import is_told
from bot.domain.incidents import Cause, Evidence, Incident, IncidentKind
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.requests import Refused
from bot.services import auditing, incident_care, incident_times, restoring, turning_off
from bot.services.context import Repeated
from bot.services.incident_export import export
from bot.services.incidents import AFTERWARDS
from bot.services.turning_off import Target
from storage import incidents as rows
from storage.tables import LedgerRow
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap, MortalBooks
from tests.properties.plain_incidents import People, Plain, PlainBooks
from tests.services.guard_kit import add_key, another
from tests.services.incident_kit import open_about
from tests.services.kit import USD, found_team
from tests.services.kit import key as key_now

ANYBODY = st.sampled_from([ANA, BEN, OMAR, OLGA])
PICK = st.integers(0, 1)
TICK = timedelta(minutes=31)
"""No number of ticks is an hour, two hours or a day, so both sides agree on what is before what."""
BEGAN = timedelta(minutes=10)
FAILPOINTS = ("before-effect:slack.incident", "after-effect:slack.incident", "after-incident-posted", "after-recorded:")

OFF_FAILPOINTS = ("after-disable-commit", "after-gateway-disabled")


class Incidents(RuleBasedStateMachine):
    """Runs the real services over real books; `open_books` gives each run books of its own."""

    open_books: ClassVar[Callable[[], MortalBooks]]

    def __init__(self) -> None:
        super().__init__()
        self.company = Company(type(self).open_books())
        found_team(self.company)
        self.keys = [add_key(self.company, ANA), add_key(self.company, OMAR, KeyKind.AUTOMATION, lead=BEN, daily_usd=9)]
        owners = (OLGA.id, OMAR.id)
        self.people = [People(ANA.id, None, owners), People(OMAR.id, BEN.id, owners)]
        self.plain = PlainBooks()
        self.ids: dict[int, str] = {}
        """The id of each plain incident, by its place."""

    def teardown(self) -> None:
        """Whatever happened: once the world behaves again, people have read all of it, once."""
        try:
            self.settled()
        finally:
            self.company.books.close()

    # --- what is noticed ---

    @rule(pick=PICK, kind=st.sampled_from(["spike", "loop", "leak", "after_off"]), usd=st.sampled_from([10, 30]))
    def notice(self, pick: int, kind: str, usd: int) -> None:
        key, now = self.keys[pick], self.now()
        seen = Evidence(since=now - BEGAN, seen_micros=usd * USD)
        expected = self.plain.notice(key.id, kind, usd * USD, now - BEGAN, now)
        found = open_about(self.company, key, IncidentKind(kind), seen)
        place = self.plain.all.index(expected)
        assert self.ids.setdefault(place, found.id) == found.id, "another incident than the plain one"

    @rule(pick=PICK)
    def two_notice_a_leak_at_once(self, pick: int) -> None:
        """Two replicas, one key."""
        for replica in (self.company, another(self.company)):
            now = self.now()
            expected = self.plain.notice(self.keys[pick].id, "leak", 0, now, now)
            found = open_about(replica, self.keys[pick], IncidentKind.LEAK, Evidence(since=now))
            assert self.ids.setdefault(self.plain.all.index(expected), found.id) == found.id

    # --- what people do ---

    @precondition(lambda self: self.plain.all)
    @rule(who=ANYBODY, pick=st.integers(0, 9), twice=st.booleans())
    def acknowledge(self, who: Member, pick: int, twice: bool) -> None:
        one, incident_id, people = self.pick(pick)
        is_done = people.may(who.id, "acknowledge") and one.state != "closed" and one.assignee is None
        actor = self.company.actor(who)
        done = incident_care.acknowledge(self.company.purser, actor, incident_id)
        assert isinstance(done, Refused) != is_done, done
        if is_done:
            now = self.now()
            one.state, one.assignee, one.quiet_since, one.snoozed_until = "acknowledged", who.id, now, None
            one.write("acknowledged", "", now)
            if twice:
                with contextlib.suppress(Repeated):
                    assert isinstance(incident_care.acknowledge(self.company.purser, actor, incident_id), Refused)

    @precondition(lambda self: self.plain.all)
    @rule(who=ANYBODY, pick=st.integers(0, 9), seconds=st.sampled_from([HOUR_SECONDS, DAY_SECONDS]))
    def snooze(self, who: Member, pick: int, seconds: int) -> None:
        one, incident_id, people = self.pick(pick)
        is_done = people.may(who.id, "snooze") and one.state != "closed"
        done = incident_care.snooze(self.company.purser, self.company.actor(who), incident_id, seconds)
        assert isinstance(done, Refused) != is_done, done
        if is_done:
            one.snoozed_until = self.now() + timedelta(seconds=seconds)
            one.write("snoozed", "", self.now())

    @precondition(lambda self: self.plain.all)
    @rule(who=ANYBODY, pick=st.integers(0, 9), other=ANYBODY)
    def assign(self, who: Member, pick: int, other: Member) -> None:
        one, incident_id, people = self.pick(pick)
        is_done = people.may(who.id, "assign") and one.state != "closed" and one.assignee != other.id
        done = incident_care.assign(self.company.purser, self.company.actor(who), incident_id, other.id)
        assert isinstance(done, Refused) != is_done, done
        if is_done:
            one.state, one.assignee, one.snoozed_until = "acknowledged", other.id, None
            one.quiet_since = self.now()
            one.write("assigned", other.id, self.now())

    @precondition(lambda self: self.plain.all)
    @rule(who=ANYBODY, pick=st.integers(0, 9), cause=st.sampled_from([Cause.RETRY_LOOP, Cause.EXPECTED]))
    def close(self, who: Member, pick: int, cause: Cause) -> None:
        one, incident_id, people = self.pick(pick)
        is_done = people.may(who.id, "close") and one.state != "closed"
        done = incident_care.close(self.company.purser, self.company.actor(who), incident_id, cause, "as it was")
        assert isinstance(done, Refused) != is_done, done
        if is_done:
            one.state, one.cause, one.closed_at, one.snoozed_until = "closed", str(cause), self.now(), None
            one.write("closed", "", self.now())

    @precondition(lambda self: self.plain.all)
    @rule(who=ANYBODY, pick=st.integers(0, 9))
    def reopen(self, who: Member, pick: int) -> None:
        one, incident_id, people = self.pick(pick)
        is_free = self.plain.open_about(one.key) is None
        is_done = people.may(who.id, "reopen") and one.state == "closed" and is_free
        done = incident_care.reopen(self.company.purser, self.company.actor(who), incident_id)
        assert isinstance(done, Refused) != is_done, done
        if is_done:
            one.reopen("", self.now())

    @precondition(lambda self: self.plain.all)
    @rule(who=ANYBODY, pick=st.integers(0, 9))
    def have_exported(self, who: Member, pick: int) -> None:
        one, incident_id, people = self.pick(pick)
        done = export(self.company.purser, self.company.actor(who), incident_id)
        assert isinstance(done, Refused) != people.may(who.id, "export"), done
        if not isinstance(done, Refused):
            one.write("exported", "", self.now())

    # --- what becomes of the key ---

    @rule(pick=PICK, who=ANYBODY, failpoint=st.none() | st.sampled_from(OFF_FAILPOINTS))
    def turn_off(self, pick: int, who: Member, failpoint: str | None) -> None:
        self.company.life.armed = failpoint
        with self.possibly_crashing():
            list(
                turning_off.disable(self.company.purser, self.company.actor(who), Target(key_id=self.key(pick).id), "")
            )

    @precondition(lambda self: any(self.key(pick).state is KeyState.DISABLED for pick in (0, 1)))
    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        if self.key(pick).leaked_at is None:
            restoring.restore(self.company.purser, self.company.actor(OLGA), self.key(pick).id)

    # --- time and the world ---

    @rule(ticks=st.sampled_from([1, 2, 5, 50]))
    def pass_time(self, ticks: int) -> None:
        self.company.clock.advance(seconds=ticks * TICK.total_seconds())

    @rule(both=st.booleans())
    def look(self, both: bool) -> None:
        """The job runs; sometimes in two replicas."""
        self.plain.remind(self.now(), timedelta(seconds=self.company.purser.policy.remind_incident_seconds))
        for replica in (self.company, another(self.company)) if both else (self.company,):
            incident_times.watch_incidents(replica.purser)

    @rule(failpoint=st.none() | st.sampled_from(FAILPOINTS))
    def perform(self, failpoint: str | None) -> None:
        self.company.life.armed = failpoint
        with self.possibly_crashing():
            self.company.perform()
        self.company.life.armed = None

    @rule(
        method=st.sampled_from(["post_incident", "update_incident", "follow_incident", "direct_incident", "send_file"]),
        mishap=st.sampled_from([Mishap.DOWN, Mishap.LOST]),
    )
    def slack_fails(self, method: str, mishap: Mishap) -> None:
        self.company.notifier.mishaps.add(method, mishap)

    # --- what must hold ---

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        for place, incident_id in self.ids.items():
            one, real = self.plain.all[place], self.incident(incident_id)
            assert (real.state, real.assignee_id, real.cause) == (one.state, one.assignee, one.cause)
            assert (real.snoozed_until is None) == (one.snoozed_until is None)
            written = [row.action.removeprefix("incident.") for row in self.added(incident_id)]
            mine = [what for what in written if not what.startswith("key.")]
            assert mine == [what for what, _, _ in one.rows]

    def settled(self) -> None:
        incident_times.watch_incidents(self.company.purser)
        self.company.settle()
        assert auditing.verify(self.company.books).ok
        for incident_id in self.ids.values():
            self._was_told_once(incident_id)

    def _was_told_once(self, incident_id: str) -> None:
        sent = [one for one in self.company.notifier.incidents if one.notice.facts.incident.id == incident_id]
        assert sum(one.where.startswith("channel:") for one in sent) == 1
        in_thread = [one.notice for one in sent if one.where.startswith("thread:")]
        assert [str(one.part) for one in in_thread if one.line is None] == ["context", "checklist"]
        told = [one.line.seq for one in in_thread if one.line is not None]
        assert told == sorted(set(told)), "told twice, or out of order"
        real = self.incident(incident_id)
        assert [seq for seq in self._owed(real) if seq not in told] == [], "something was not told"
        shown = self.company.notifier.incident_now[real.ts or ""].facts
        assert (shown.incident.state, shown.incident.assignee_id) == (real.state, real.assignee_id)
        assert shown.key is not None
        if real.closed_at is None or real.closed_at > self.now() - AFTERWARDS:  # older ones are left as they stand
            assert shown.key.key.state is key_now(self.company, real.subject_id).state

    def _owed(self, real: Incident) -> list[int]:
        """Rows that had to be told: all but what became of the key long after it was closed."""
        owed, closed_at = [], None
        with self.company.books.reading() as session:
            for row in rows.timeline(session, real):
                if row.action in ("incident.closed", "incident.reopened"):
                    closed_at = row.at if row.action == "incident.closed" else None
                if is_told(row.action) and (closed_at is None or row.at - closed_at < timedelta(days=1)):
                    owed.append(row.seq)
        return owed

    # --- helpers ---

    def possibly_crashing(self) -> contextlib.AbstractContextManager[None]:
        """A crash ends this process; another starts when every lease of it has ended."""
        return self.company.crashing(down_seconds=TICK.total_seconds())

    def now(self) -> datetime:
        return self.company.clock.at

    def key(self, pick: int) -> Key:
        return key_now(self.company, self.keys[pick].id)

    def pick(self, pick: int) -> tuple[Plain, str, People]:
        place = pick % len(self.plain.all)
        one = self.plain.all[place]
        return one, self.ids[place], self.people[[key.id for key in self.keys].index(one.key)]

    def incident(self, incident_id: str) -> Incident:
        with self.company.books.reading() as session:
            found = rows.get(session, incident_id)
        assert found is not None
        return found

    def added(self, incident_id: str) -> list[LedgerRow]:
        with self.company.books.reading() as session:
            return rows.added(session, incident_id)
