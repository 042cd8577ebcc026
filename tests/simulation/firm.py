"""A firm of two teams with every kind of key, whose budgets are low enough to be reached by what its keys burn."""

from __future__ import annotations

from collections import Counter, defaultdict
from copy import copy, deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from bot.domain.budgets import Layer
from bot.domain.keys import PERSONAL_KINDS, Key, KeyKind, KeyState
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import Policy
from bot.domain.requests import Ask, Refused, Terms
from bot.services import approvals, raising, requests, revealing, setting, teams
from bot.services.requests import Place
from bot.services.revealing import Shown
from storage import keys, people
from tests.company import ANA, BEN, OLGA, OMAR, Company, person
from tests.fakes import MortalBooks
from tests.services.kit import USD
from tests.simulation.lying import Burn, LyingGateway

SEARCH, OPS = "C0SEARCH", "C0OPS"
CLEO, DORA = person("cleo"), person("dora")
POLICY = Policy(two_owners_from_micros=100_000 * USD, spike_floor_micros=10**9 * USD)
"""Limits are what is tried: a key that ran into one must not be stopped for a spike before."""
Subject = tuple[Layer, str]
"""What a limit is on."""


class Firm(Company):
    """Olga and Omar own both teams; Ana and Ben are in search, Cleo and Dora in ops."""

    gateway: LyingGateway

    def __init__(self, books: MortalBooks, seed: int = 1, policy: Policy = POLICY) -> None:
        super().__init__(books, policy)
        self.random = Random(seed)
        self.gateway = LyingGateway(self.clock, self.random)
        self.purser = replace(self.purser, gateways={self.gateway.name: self.gateway})
        self.directory.everybody |= {CLEO.id: CLEO, DORA.id: DORA}
        self.keys: list[Key] = []
        """Every key as it was when it was revealed."""
        self.steps: dict[Subject, list[tuple[datetime, int]]] = defaultdict(list)
        """How high each limit was set, and when."""
        self.raises: dict[Subject, list[tuple[datetime, datetime, int]]] = defaultdict(list)
        """What was agreed on top of that: from when until when, and how much."""

    def twin(self, books: MortalBooks, seed: int) -> Firm:
        """The same firm over a copy of its books, before anything else happens to it."""
        twin = Firm(books, seed, self.purser.policy)
        twin.clock.at, twin.ids.counts = self.clock.at, Counter(self.ids.counts)
        twin.gateway.held, twin.gateway._made = dict(self.gateway.held), self.gateway._made
        twin.notifier.__dict__ |= {name: copy(kept) for name, kept in self.notifier.__dict__.items()}
        twin.keys, twin.steps, twin._deliveries = list(self.keys), deepcopy(self.steps), self._deliveries
        return twin

    # --- what people do ---

    def found(self, channel: str, name: str, monthly_usd: int, *members: Member) -> None:
        for did in (
            teams.create(self.purser, self.actor(OLGA), channel, name, monthly_usd * USD),
            teams.invite(self.purser, self.actor(OLGA), channel, tuple(member.id for member in members)),
            teams.make_owner(self.purser, self.actor(OLGA), channel, (OMAR.id,)),
        ):
            assert not isinstance(did, Refused), did
        with self.books.reading() as session:
            team = people.team_in_channel(session, channel)
        assert team is not None
        self.steps[Layer.TEAM, team.id].append((self.clock.now(), monthly_usd * USD))

    def start_project(self, channel: str, name: str, monthly_usd: int, lead: Member) -> None:
        new = teams.NewProject(name, monthly_usd * USD, lead.id)
        did = teams.add_project(self.purser, self.actor(OLGA), channel, new)
        assert not isinstance(did, Refused), did
        self.steps[self.subject(channel, setting.ProjectWord(name))].append((self.clock.now(), monthly_usd * USD))

    def key(self, who: Member, channel: str, wanted: Ask) -> Key:
        """Asked, approved by Omar, revealed."""
        asked = requests.ask(self.purser, self.actor(who), Place(channel), wanted)
        if isinstance(asked, requests.Duplicate):
            asked = requests.send_draft(self.purser, self.actor(who), asked.facts.request.id)
        assert isinstance(asked, requests.Sent), asked
        self._approve(asked.facts.request.id)
        shown = revealing.reveal(self.purser, self.actor(who), asked.facts.request.id, self.show)
        assert isinstance(shown, Shown), shown
        self.perform()
        key = self.now(shown.key)
        self.keys.append(key)
        self.steps[Layer.KEY, key.id].append((self.clock.now(), key.cap_micros))
        if key.daily_cap_micros is not None:
            self.steps[Layer.AUTOMATION, key.id].append((self.clock.now(), key.daily_cap_micros))
        return key

    def set_budget(
        self, channel: str, word: setting.TeamWord | setting.ProjectWord | setting.PersonWord, usd: int
    ) -> None:
        did = setting.set_budget(self.purser, self.actor(OLGA), channel, setting.BudgetSetting(word, usd * USD))
        assert isinstance(did, setting.BudgetSet), did
        self.steps[self.subject(channel, word)].append((self.clock.now(), usd * USD))

    def agree_to_raise(self, who: Member, channel: str, word: raising.RaiseWord, usd: int, until: datetime) -> None:
        """Asked for by `who`, approved by Omar."""
        wanted = raising.AskRaise(usd * USD, "more to do", target=word, ends_at=until)
        asked = raising.ask_raise(self.purser, self.actor(who), Place(channel), wanted)
        assert isinstance(asked, requests.Sent), asked
        self._approve(asked.facts.request.id)
        self.perform()
        self.raises[self.subject(channel, word)].append((self.clock.now(), until, usd * USD))

    def burn(
        self,
        key: Key,
        micros_per_second: int,
        seconds: float,
        *,
        every_seconds: float = 1,
        since: datetime | None = None,
    ) -> None:
        """Use a key for so many seconds, from now or a later moment on."""
        start, handle = since or self.clock.at, self.now(key).handle
        assert handle is not None
        offset = timedelta(seconds=self.random.uniform(0, every_seconds))
        micros = round(micros_per_second * every_seconds)
        self.gateway.start(Burn(handle, micros, start + offset, start + timedelta(seconds=seconds), every_seconds))

    def _approve(self, request_id: str) -> None:
        agreed = approvals.approve(self.purser, self.actor(OMAR), request_id)
        assert isinstance(agreed, approvals.Decided), agreed

    # --- what is true ---

    def now(self, key: Key) -> Key:
        """The key as the books have it now."""
        with self.books.reading() as session:
            found = keys.get(session, key.id)
        assert found is not None
        return found

    def on(self) -> set[str]:
        """Ids of the keys that the books call live and the gateway accepts."""
        accepted = {seen.handle for seen in self.gateway.on()}
        with self.books.reading() as session:
            return {key.id for key in keys.in_state(session, KeyState.LIVE) if key.handle in accepted}

    def under(self, subject: Subject) -> list[Key]:
        """The keys that are charged to a limit."""
        return [key for key in self.keys if subject in limits_over(key)]

    def height(self, subject: Subject, at: datetime) -> int | None:
        """How high the limit truly stood, raises included; None when there was none."""
        set_to = [micros for since, micros in self.steps[subject] if since <= at]
        if not set_to:
            return None
        return set_to[-1] + sum(micros for since, until, micros in self.raises[subject] if since <= at < until)

    def subject(self, channel: str, word: raising.RaiseWord) -> Subject:
        """What somebody who types this means."""
        with self.books.reading() as session:
            team = people.team_in_channel(session, channel)
            assert team is not None
            match word:
                case setting.PersonWord(member_id):
                    return Layer.MEMBER, member_id
                case setting.ProjectWord(name):
                    named = {project.name: project.id for project in people.projects_of(session, team.id)}
                    return Layer.PROJECT, named[name]
                case raising.KeyWord(label):
                    return Layer.KEY, next(key.id for key in self.keys if key.label == label)
                case _:
                    return Layer.TEAM, team.id


def limits_over(key: Key) -> list[Subject]:
    """Every limit a key is under."""
    over = [(Layer.TEAM, key.team_id), (Layer.KEY, key.id)]
    if key.project_id is not None:
        over.append((Layer.PROJECT, key.project_id))
    if key.kind in PERSONAL_KINDS:
        over.append((Layer.MEMBER, key.holder_id))
    if key.daily_cap_micros is not None:
        over.append((Layer.AUTOMATION, key.id))
    return over


def temporary(usd: int, reason: str) -> Ask:
    return Ask(KeyKind.TEMPORARY, Terms(usd * USD, 30 * DAY_SECONDS), reason)


def monthly(usd: int) -> Ask:
    return Ask(KeyKind.MEMBER, Terms(usd * USD, None), "daily work")


def production(usd: int, project: str) -> Ask:
    return Ask(KeyKind.PROJECT, Terms(usd * USD, None), f"serves {project}", name=project)


def automation(usd: int, daily_usd: int, name: str, lead: Member) -> Ask:
    terms = Terms(usd * USD, None, daily_cap_micros=daily_usd * USD)
    return Ask(KeyKind.AUTOMATION, terms, f"runs {name}", name=name, lead_id=lead.id)


def busy_firm(books: MortalBooks, seed: int) -> Firm:
    """A firm where each layer has a budget that is lower than what its keys may spend together."""
    firm = Firm(books, seed)
    firm.found(SEARCH, "search", 500, ANA, BEN)
    firm.found(OPS, "ops", 400, CLEO, DORA)
    firm.start_project(SEARCH, "reranker", 150, BEN)
    firm.start_project(OPS, "crawler", 150, DORA)
    for who, channel, wanted in (
        (ANA, SEARCH, monthly(30)),
        (ANA, SEARCH, temporary(25, "evaluate rerankers")),
        (ANA, SEARCH, temporary(20, "label a sample")),
        (BEN, SEARCH, monthly(25)),
        (BEN, SEARCH, production(90, "reranker")),
        (ANA, SEARCH, production(60, "reranker")),
        (BEN, SEARCH, automation(100, 12, "nightly", BEN)),
        (CLEO, OPS, monthly(60)),
        (DORA, OPS, monthly(60)),
        (CLEO, OPS, temporary(40, "try a parser")),
        (DORA, OPS, production(80, "crawler")),
        (CLEO, OPS, automation(90, 20, "crawl", DORA)),
    ):
        firm.key(who, channel, wanted)
    firm.set_budget(SEARCH, setting.PersonWord(ANA.id), 50)
    firm.set_budget(SEARCH, setting.ProjectWord("reranker"), 70)
    firm.set_budget(OPS, setting.TeamWord(), 130)
    firm.perform()
    return firm
