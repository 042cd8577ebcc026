"""Words after `/ai-team` about who left, what they held, and which keys there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.people import is_team_name
from bot.slack.grammar.text import Slip, not_a_person, person, quote

SWEEP = "/ai-team sweep"
LEFT = "/ai-team left @ana"
HAND_OVER = "/ai-team handover ci-7kq2 @ben"
LEAD = "/ai-team lead reranker @ben"
REVIEW = "/ai-team review"
INVENTORY = "/ai-team inventory"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a look through everybody would turn off now. Changes nothing."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one leaver held and what was done about it; None: who left lately."""

    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give a project or automation key to somebody else."""

    label: str
    user_id: str


@dataclass(frozen=True, slots=True)
class ChangeLead:
    """Let somebody else lead a project of this channel's team."""

    project: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Review:
    """Ask this team's owners to confirm each of its keys, or show the review that is open."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is: people, keys, projects, gateways, and keys that Purser did not make."""


OffboardingCommand = Sweep | Left | HandOver | ChangeLead | Review | Inventory


def _sweep(tokens: list[str]) -> OffboardingCommand:
    if tokens:
        raise Slip("`sweep` shows what a sweep would turn off, and takes nothing else.", SWEEP)
    return Sweep()


def _left(tokens: list[str]) -> OffboardingCommand:
    if not tokens:
        return Left()
    if len(tokens) > 1:
        raise Slip("Name one person who left, or nobody.", LEFT)
    return Left(_one_person(tokens[0], LEFT))


def _handover(tokens: list[str]) -> OffboardingCommand:
    label, user_id = _name_and_person(tokens, "Say which key, by its label, and who gets it.", HAND_OVER)
    return HandOver(label, user_id)


def _lead(tokens: list[str]) -> OffboardingCommand:
    name, user_id = _name_and_person(tokens, "Say which project, and who leads it from now on.", LEAD)
    if not is_team_name(name):
        raise Slip(f"{quote(name)} is no project's name.", LEAD)
    return ChangeLead(name, user_id)


def _review(tokens: list[str]) -> OffboardingCommand:
    if tokens:
        raise Slip("`review` asks this team's owners to confirm its keys, and takes nothing else.", REVIEW)
    return Review()


def _inventory(tokens: list[str]) -> OffboardingCommand:
    if tokens:
        raise Slip("`inventory` shows what there is, and takes nothing else.", INVENTORY)
    return Inventory()


def _name_and_person(tokens: list[str], needed: str, example: str) -> tuple[str, str]:
    """A name and a mention in either order. Raises `Slip` for anything else."""
    words = [token for token in tokens if token.lower() not in {"to", "for", "of", "is"}]
    if len(words) != 2:
        raise Slip(needed, example)
    mentioned = [token for token in words if token.startswith(("<", "@"))]
    names = [token for token in words if token not in mentioned]
    if len(mentioned) != 1 or len(names) != 1:
        raise Slip(needed, example)
    return names[0].strip("`").lower(), _one_person(mentioned[0], example)


def _one_person(token: str, example: str) -> str:
    found = person(token)
    if found is None:
        raise not_a_person(token, example)
    return found


READERS: dict[str, Callable[[list[str]], OffboardingCommand]] = {
    "sweep": _sweep,
    "left": _left,
    "handover": _handover,
    "lead": _lead,
    "review": _review,
    "inventory": _inventory,
}
