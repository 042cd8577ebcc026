"""What people of the organisation do with Purser: ask for keys, agree, take over, give back, restore, click too late.

Each goes through the use case that a click or command ends in, and what came of it is noted in what is true.
"""

from __future__ import annotations

from bot.domain.keys import KeyKind
from bot.domain.offboarding import Departure, LeftKey, Outcome
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Ask, Refused, Terms
from bot.services import approvals, giving, handing_over, leaving, requests, revealing, teams, turning_off
from bot.services.requests import Place
from storage import departures, keys, people
from tests.services.kit import USD
from tests.simulation.offboarding.founding import held
from tests.simulation.offboarding.organisation import WORKSPACE_OWNERS, Organisation
from tests.simulation.offboarding.replicas import at_once
from tests.simulation.offboarding.truth import Held, Person

WEEKS_OF_A_TRIAL = 2


class Deeds:
    """Everything that somebody can be seen to do in a year."""

    def __init__(self, org: Organisation) -> None:
        self.org, self.truth = org, org.truth

    # --- who there is to do it ---

    def owners(self, team: str, *but: str) -> list[str]:
        """Owners of a team who are there, as Purser has it, then the workspace's."""
        with self.org.books.reading() as session:
            found = people.team(session, team)
        assert found is not None
        named = [one for one in found.owner_ids if self.truth.people[one].is_here]
        return [one for one in dict.fromkeys((*named, *WORKSPACE_OWNERS)) if one not in but]

    # --- keys ---

    def asks(self, person_id: str, kind: KeyKind = KeyKind.TEMPORARY) -> str | None:
        """Somebody asks for a key; the request's id, unless that is refused."""
        purser = self.org.either().purser
        person = self.truth.people[person_id]
        if not person.is_here:
            return None
        actor = self.org.acting(person_id, purser)
        if isinstance(actor, Refused):
            return None
        days = WEEKS_OF_A_TRIAL * 7 * DAY_SECONDS if kind is KeyKind.TEMPORARY else None
        wanted = Ask(kind, Terms(20 * USD, days), "to try something")
        asked = requests.ask(purser, actor, Place(self.org.team_channels[person.team]), wanted)
        if isinstance(asked, requests.Duplicate):
            again = self.org.acting(person_id, purser)
            assert not isinstance(again, Refused), again
            asked = requests.send_draft(purser, again, asked.facts.request.id)
        if not isinstance(asked, requests.Sent):
            self.org.figures.count("asks refused")
            return None
        self.org.figures.count("asks")
        return asked.facts.request.id

    def approves(self, request_id: str, team: str, requester: str) -> bool:
        """An owner of the team presses Approve."""
        purser = self.org.either().purser
        actor = self.org.acting(self.owners(team, requester)[0], purser)
        if isinstance(actor, Refused):
            return False
        return isinstance(approvals.approve(purser, actor, request_id), approvals.Decided)

    def reveals(self, person_id: str, request_id: str) -> None:
        """The requester presses Reveal key; the gateway may fail them."""
        purser = self.org.either().purser
        actor = self.org.acting(person_id, purser)
        if isinstance(actor, Refused) or not self.truth.people[person_id].is_here:
            return
        shown = revealing.reveal(purser, actor, request_id, lambda _: None)
        if isinstance(shown, revealing.Shown):
            with self.org.books.reading() as session:
                key = keys.get(session, shown.key.id)
            assert key is not None
            self.truth.handed_out(held(key))
            self.org.figures.count("keys")

    def gets_a_key(self, person_id: str, kind: KeyKind = KeyKind.TEMPORARY) -> None:
        """Asked for, and agreed and revealed some hours later, if everybody is there then."""
        request_id, team = self.asks(person_id, kind), self.truth.people[person_id].team
        if request_id is None:
            return

        def agreed() -> None:
            if self.approves(request_id, team, person_id):
                self.org.after(lambda: self.reveals(person_id, request_id), minutes=30)

        self.org.after(agreed, hours=self.org.chance.uniform(0.2, 30))

    def gives_back(self, key: Held) -> None:
        """Its holder needs it no more."""
        if key.over or key.bereft or not self.truth.people[key.holder].is_here:
            return
        purser = self.org.either().purser
        actor = self.org.acting(key.holder, purser)
        if not isinstance(actor, Refused):
            did = turning_off.give_back(purser, actor, turning_off.Target(key_id=key.id))
            if not isinstance(did, Refused):
                self.truth.ended(key, "given back", self.org.clock.at)
                self.org.figures.count("given back")

    # --- people and teams ---

    def is_invited(self, person: Person) -> None:
        """Somebody new comes into a team."""
        purser = self.org.either().purser
        actor = self.org.acting(self.owners(person.team)[0], purser)
        if isinstance(actor, Refused) or not person.is_here:
            return
        did = teams.invite(purser, actor, self.org.team_channels[person.team], (person.id,))
        person.is_met = person.is_met or not isinstance(did, Refused)

    def moves(self, person: Person, to: str) -> None:
        """Somebody goes to another team; their keys stay theirs."""
        purser = self.org.either().purser
        owner = self.owners(person.team, person.id)[0]
        actor = self.org.acting(owner, purser)
        if isinstance(actor, Refused) or not person.is_here:
            return
        for key in [one for one in self.truth.of(person.id) if not one.is_personal and not one.over]:
            self._gives_away(key, person, owner)
        teams.remove(purser, actor, self.org.team_channels[person.team], (person.id,))
        person.team, person.is_owner = to, False
        self.is_invited(person)
        self.org.figures.count("transfers")

    def _gives_away(self, key: Held, person: Person, owner: str) -> None:
        """What somebody held for the team goes to a colleague who stays, but for what waits already."""
        if key.holder != person.id or key.bereft or key.team != person.team:
            return
        staff = [one for one in self.truth.here(person.team) if one.is_met and not one.is_guest and not one.is_hidden]
        to = next((one.id for one in staff if one.id not in (person.id, key.lead)), None)
        purser = self.org.either().purser
        actor = self.org.acting(owner, purser)
        if to is None or isinstance(actor, Refused):
            return
        with self.org.books.reading() as session:
            kept = keys.get(session, key.id)
        assert kept is not None
        did = giving.hand_over(purser, actor, kept.label, to)
        if not isinstance(did, Refused):
            self._note_hands(key, person.id, to)
            self.org.figures.count("handed over")

    # --- what leavers left ---

    def waiting(self, leaver_id: str) -> list[tuple[Departure, LeftKey]]:
        """Keys that wait because somebody left, as their teams' messages show them."""
        with self.org.books.reading() as session:
            last = departures.latest_of(session, leaver_id)
            left = [] if last is None else departures.keys_of(session, last.id)
        return [(last, one) for one in left if one.outcome is Outcome.WAITING and last is not None]

    def takes_over(self, leaver_id: str, *, all_at_once: bool, is_race: bool) -> None:
        """Owners press Take over: for all keys of a team, or for one; perhaps two of them at the same moment."""
        found = self.waiting(leaver_id)
        if not found:
            return
        departure, first = found[0]
        mine = [one for _, one in found if one.team_id == first.team_id]
        wanted = mine if all_at_once else mine[:1]
        takers = self.owners(first.team_id, leaver_id)[: 2 if is_race else 1]
        key_id = None if all_at_once else first.key_id

        def press(taker: str, number: int) -> None:
            purser = self.org.replicas[number].purser if is_race else self.org.either().purser
            actor = self.org.acting(taker, purser)
            if not isinstance(actor, Refused):
                handing_over.take_over(purser, actor, departure.id, first.team_id, key_id)

        if is_race and all(one.is_up for one in self.org.replicas):
            self.org.figures.races += 1
            at_once(*(lambda n=n, taker=taker: press(taker, n) for n, taker in enumerate(takers)))
        else:
            press(takers[0], 0 if self.org.replicas[0].is_up else 1)
        self._note_taken(departure.id, leaver_id, wanted, takers)

    def _note_taken(self, departure_id: str, leaver_id: str, wanted: list[LeftKey], takers: list[str]) -> None:
        """Exactly one of those who pressed has each key."""
        with self.org.books.reading() as session:
            after = {one.key_id: one for one in departures.keys_of(session, departure_id)}
        for one in wanted:
            became = after[one.key_id]
            if became.outcome is not Outcome.TAKEN:
                continue
            self.org.must(became.by in takers, f"{became} was taken over by somebody who never pressed")
            self._note_hands(self.truth.keys[one.key_id], leaver_id, str(became.by))
            self.org.figures.count("taken over")

    def _note_hands(self, key: Held, was: str, to: str) -> None:
        """A key changed hands: who had no part in it before has it now, or nobody new has."""
        with self.org.books.reading() as session:
            kept = keys.get(session, key.id)
        assert kept is not None
        of = {key.holder, key.lead, to}
        self.org.must(of >= {kept.holder_id, kept.lead_id}, f"{kept} became somebody's who has no part in it: {of}")
        self.org.must(was not in (kept.holder_id, kept.lead_id), f"{kept} is still {was}'s, not {to}'s")
        self.truth.taken_over(key, kept.holder_id, kept.lead_id)

    def disables(self, leaver_id: str) -> None:
        """An owner presses Disable now instead."""
        found = self.waiting(leaver_id)
        if not found:
            return
        departure, first = found[0]
        purser = self.org.either().purser
        actor = self.org.acting(self.owners(first.team_id, leaver_id)[0], purser)
        if isinstance(actor, Refused):
            return
        did = handing_over.disable_waiting(purser, actor, departure.id, first.team_id, first.key_id)
        if not isinstance(did, Refused):
            self.truth.ended(self.truth.keys[first.key_id], "disabled by an owner", self.org.clock.at)
            self.org.figures.count("disabled by an owner")

    def restores(self, person_id: str) -> None:
        """It was wrong that they were deactivated: an owner presses Restore."""
        if not self.truth.people[person_id].is_here:
            return
        with self.org.books.reading() as session:
            last = departures.latest_of(session, person_id)
        if last is None or last.noticed_at < self.truth.people[person_id].left[-1]:
            return
        purser = self.org.either().purser
        actor = self.org.acting(WORKSPACE_OWNERS[0], purser)
        if isinstance(actor, Refused):
            return
        did = leaving.restore(purser, actor, last.id)
        if isinstance(did, Refused):
            self.org.figures.count("restores refused")
            return
        self.org.figures.count("restores")
        self.truth.put_back(person_id, self.org.clock.at)
        for stays in did.stays:
            key = self.truth.keys[stays.key.id]
            is_over = key.ends_at is not None and key.ends_at <= self.org.clock.at
            holder = self.truth.people[key.holder]
            is_of_another_team = holder.team != key.team  # they kept it when they moved; off, it stays so
            self.org.must(is_over or is_of_another_team or not holder.is_here, f"stays off: {stays}")
            if not key.over:
                self.truth.ended(key, "could not be restored", self.org.clock.at)

    def clicks_too_late(self, person_id: str) -> None:
        """Somebody who left has a window open still: whatever they press is refused."""
        if self.truth.people[person_id].is_here or self.org.slack.down:
            return
        actor = self.org.acting(person_id, self.org.either().purser)
        self.truth.may_have_heard_of(person_id)
        self.org.must(isinstance(actor, Refused), f"{person_id} left and could act as {actor}")
