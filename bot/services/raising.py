"""Asking for more: a raise of any limit until a moment, decided in a thread like a request for a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.allowing import end_refused
from bot.domain.budgets import Budget, Layer
from bot.domain.deciding import AutoApproved, Decision, decide
from bot.domain.facts import RaiseFormFacts
from bot.domain.keys import PERSONAL_KINDS, SPENDING, KeyState, OffCause, can_be_raised
from bot.domain.money import show
from bot.domain.people import Team
from bot.domain.periods import month_end
from bot.domain.requests import Ask, Because, Purpose, Refused, RequestState, Target, Terms
from bot.services.context import Actor, Purser, take_in
from bot.services.limits import asking_of_raise, charged_for, limit, name_of
from bot.services.requests import Place, Sent, team_for
from bot.services.resolving import Meant
from bot.services.sending import new_request, send
from bot.services.targets import Aim, LimitWord, aim, aim_at_key, aim_at_target, barrier_to_raise, bound_by
from bot.services.words import KeyWord, PersonWord, ProjectWord, TeamWord
from storage import alerts, keys, people, requests
from storage.engine import Session

__all__ = ["AskRaise", "KeyWord", "PersonWord", "ProjectWord", "RaiseWord", "TeamWord", "ask_raise", "raise_form"]

RaiseWord = LimitWord
"""What somebody wants raised, as typed; a `Target` as chosen in a form."""


@dataclass(frozen=True, slots=True)
class AskRaise:
    """A raise as somebody wants it. Amounts are micro-USD."""

    micros: int
    """By how much; or to how much, with `to`."""
    reason: str
    to: bool = False
    daily: bool = False
    """The day of an automation key is meant, not its month."""
    target: RaiseWord | None = None
    """None for the limit that binds the asker: their own budget if they have one, else their team's."""
    ends_at: datetime | None = None
    """When it falls back; None for the end of this month."""


def ask_raise(purser: Purser, actor: Actor, place: Place, wanted: AskRaise) -> Sent | Refused:
    """Ask for a raise. Refused, it changes nothing. The same delivery from Slack asks once."""
    with purser.deciding() as session:
        take_in(session, actor)
        found = _aimed(session, purser, actor, place, wanted)
        if isinstance(found, Refused):
            return found
        if refused := barrier_to_raise(purser, actor, found):
            return refused
        now_at = limit(session, purser, found.target, name_of(session, found.target))
        if now_at is None:
            return _nothing_to_raise(found)
        terms = _terms(purser, now_at, wanted)
        if isinstance(terms, Refused):
            return terms
        if refused := _waiting(session, actor, found):
            return refused
        meant = _meant(found, terms, wanted.reason)
        decision = _judged(session, purser, meant, now_at)
        if isinstance(decision, Refused):
            return decision
        assert not isinstance(decision, AutoApproved), "no rule grants a raise"
        gateway = purser.default_gateway.name if found.key is None else found.key.gateway
        request = new_request(purser, actor, meant, gateway)
        requests.add(session, request)
        return Sent(send(session, purser, actor, request, decision))


def raise_form(purser: Purser, actor: Actor, channel_id: str, about: str = "") -> RaiseFormFacts | Refused:
    """What the form for a raise offers this person, opened in this channel.

    `about` is the id of the alert or key whose button was pressed: its limit is preselected.
    """
    now = purser.now()
    with purser.books.reading() as session:
        pressed = _pressed(session, about)
        teams = _teams_of(session, purser, actor, channel_id, about, pressed)
        if isinstance(teams, Refused):
            return teams
        bound = bound_by(session, purser, actor, teams)
        limits = [stands for _, stands in bound]
        if pressed is not None and all(found.target != pressed for found, _ in bound):
            found = aim(session, teams[0], pressed)
            if isinstance(found, Refused):
                return found
            if refused := barrier_to_raise(purser, actor, found):
                return refused
            also = limit(session, purser, pressed, name_of(session, pressed))
            limits[:0] = [] if also is None else [also]
    if not limits:
        return Refused(Because.NOT_FOUND, f"Nothing limits team {teams[0].name}, so there is nothing to raise.")
    return RaiseFormFacts(tuple(limits), _chosen(limits, pressed), month_end(now), tuple(teams))


def _chosen(limits: list[Budget], pressed: Target | None) -> Budget:
    """The limit preselected: that of the button, else the person's own budget, else the first."""
    asked = (each for each in limits if pressed == Target(each.layer, each.subject_id))
    own = (each for each in limits if each.layer is Layer.MEMBER)
    return next(asked, None) or next(own, None) or limits[0]


def _pressed(session: Session, about: str) -> Target | None:
    """The limit that a button is about, by the id it carries; None for a form typed bare, or an id of nothing.

    For a key that a limit has stopped it is that limit.
    """
    alert = alerts.get(session, about) if about else None
    if alert is not None:
        return Target(alert.layer, alert.subject_id)
    key = keys.get(session, about) if about else None
    if key is not None and key.off_cause is OffCause.BUDGET and key.stop is not None:
        return Target(key.stop.layer, key.stop.subject_id)
    return None if key is None else Target(Layer.KEY, key.id)


def _teams_of(
    session: Session, purser: Purser, actor: Actor, channel_id: str, about: str, pressed: Target | None
) -> list[Team] | Refused:
    """The team that a form is about: that of the button's limit or key, wherever the button was, else the asker's.

    A person's budget belongs to no one team: where neither the channel nor their keys say which, it is several.
    """
    team_id = None if pressed is None else _team_id(session, about, pressed)
    here = people.team_in_channel(session, channel_id)
    if team_id is None and here is None and pressed is not None and pressed.layer is Layer.MEMBER:
        teams = [
            team
            for team in people.teams_of(session, pressed.subject_id)
            if actor.id == pressed.subject_id or purser.authority.owns(actor.member, team)
        ]
        using = _teams_using(session, pressed)
        if found := [team for team in teams if team.id in using] or teams:
            return found
    team = team_for(session, Place(channel_id, team_id), actor)
    return team if isinstance(team, Refused) else [team]


def _team_id(session: Session, about: str, pressed: Target) -> str | None:
    """The team that a button's key or limit belongs to; None for a person's budget on its own."""
    if pressed.layer is Layer.TEAM:
        return pressed.subject_id
    key = keys.get(session, about) or keys.get(session, pressed.subject_id)
    project = people.project(session, pressed.subject_id)
    return key.team_id if key else project.team_id if project else None


def _teams_using(session: Session, budget: Target) -> set[str]:
    """Teams of the keys that a person's budget has stopped; if it has stopped none, of all they can use."""
    held = keys.of_holder(session, budget.subject_id, SPENDING | {KeyState.DISABLED})
    used = [key for key in held if can_be_raised(key) and key.kind in PERSONAL_KINDS]
    stopped = {key.team_id for key in used if key.stop is not None and key.stop.layer is Layer.MEMBER}
    return stopped or {key.team_id for key in used}


def _aimed(session: Session, purser: Purser, actor: Actor, place: Place, wanted: AskRaise) -> Aim | Refused:
    """The limit that is meant. A key, or one chosen in a form, says itself which team it belongs to."""
    word = wanted.target
    if isinstance(word, KeyWord):
        return aim_at_key(session, word, daily=wanted.daily)
    if isinstance(word, Target) and word.layer is not Layer.MEMBER:
        return aim_at_target(session, word)
    if wanted.daily:
        text = "Only an automation key has a cap per day. Name it: `/ai-budget raise $5/day ci-7kq2 reason`."
        return Refused(Because.WRONG_LIMIT, text)
    team = team_for(session, place, actor)
    if isinstance(team, Refused):
        return team
    if word is None:
        own = limit(session, purser, Target(Layer.MEMBER, actor.id), actor.id)
        word = TeamWord() if own is None else PersonWord(actor.id)
    return aim(session, team, word)


def _terms(purser: Purser, now_at: Budget, wanted: AskRaise) -> Terms | Refused:
    """By how much and until when."""
    now = purser.now()
    ends_at = wanted.ends_at or month_end(now)
    if refused := end_refused(ends_at, now):
        return refused
    by = wanted.micros - now_at.budget_micros if wanted.to else wanted.micros
    if by <= 0:
        text = (
            f"{now_at.name} has {show(now_at.budget_micros)} already, so {show(wanted.micros)} is no raise. "
            f"Say by how much: `/ai-budget raise $50 reason`."
        )
        return Refused(Because.CAP_TOO_LARGE, text)
    return Terms(by, None, ends_at=ends_at)


def _waiting(session: Session, actor: Actor, found: Aim) -> Refused | None:
    """Whether the same person has asked for more of the same already."""
    waiting = requests.raises_of(session, found.target, RequestState.WAITING)
    mine = next((each for each in waiting if each.requester_id == actor.id), None)
    if mine is None:
        return None
    text = (
        f"You have asked for {show(mine.terms.cap_micros)} more here already, and owners have been told. "
        "Cancel that request first to ask for something else."
    )
    return Refused(Because.WRONG_STATE, text)


def _judged(session: Session, purser: Purser, meant: Meant, now_at: Budget) -> Decision:
    target = meant.ask.target
    key = keys.get(session, meant.ask.extends_key_id or "")
    charged = charged_for(session, purser, key) if key and target and target.layer is Layer.KEY else ()
    return decide(meant.ask, purser.policy, charged, asking_of_raise(session, target, now_at))


def _meant(found: Aim, terms: Terms, reason: str) -> Meant:
    wanted = Ask(
        kind=None if found.key is None else found.key.kind,
        terms=terms,
        reason=reason,
        purpose=Purpose.RAISE,
        extends_key_id=None if found.key is None else found.key.id,
        target=found.target,
    )
    return Meant(wanted, found.team, found.project)


def _nothing_to_raise(found: Aim) -> Refused:
    what = {
        Layer.TEAM: f"Team {found.team.name} has no budget",
        Layer.PROJECT: f"Project {'' if found.project is None else found.project.name} has no budget",
        Layer.MEMBER: f"<@{found.target.subject_id}> has no budget of their own",
    }.get(found.target.layer, "This key has no such cap")
    return Refused(Because.WRONG_LIMIT, f"{what}, so there is nothing to raise. `/ai-budget` shows every limit.")
