"""Turning off everything of a person or a project at once: what is meant, what will stop, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.budgets import Layer
from bot.domain.facts import KeyFacts
from bot.domain.keys import Key, KeyState, OffCause, Proof


@dataclass(frozen=True, slots=True)
class Group:
    """All keys that one person holds, or all keys of one project."""

    layer: Layer
    """MEMBER or PROJECT."""
    subject_id: str
    """A Slack user id, or a project's id."""

    @property
    def id(self) -> str:
        """As forms and effects carry it; `of` reads it."""
        return f"{self.layer}:{self.subject_id}"

    @classmethod
    def of(cls, text: str) -> Group | None:
        """Read an id; None for anything else."""
        layer, _, subject_id = text.partition(":")
        if layer not in (Layer.MEMBER, Layer.PROJECT) or not subject_id:
            return None
        return cls(Layer(layer), subject_id)


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What turning a group off would stop, as the form shows it before it asks once."""

    group: Group
    project_name: str = ""
    """Empty for a person."""
    team_name: str = ""
    """The project's team."""
    keys: tuple[KeyFacts, ...] = ()
    """Keys that would go off, the biggest spender of this UTC day first."""
    today_micros: Mapping[str, int] = field(default_factory=dict)
    """What each spent in this UTC day, by key id; only of those that the reader may see one by one."""
    off: int = 0
    """How many are off already."""
    unrevealed: int = 0
    """How many approved keys nobody has revealed yet: those are not stopped."""


@dataclass(frozen=True, slots=True)
class GroupOff:
    """What became of turning a group off, at this moment."""

    group: Group
    project_name: str = ""
    team_name: str = ""
    keys: tuple[KeyFacts, ...] = ()
    """Every key this turned off or found on its way off, as it is now."""
    already: int = 0
    """How many of them somebody else had turned off a moment before."""
    disable_lag_seconds: int = 0
    """How long a gateway may still accept a key after recording it as off."""


def goes_off(key: Key) -> bool:
    """Whether a group takes it along: it works, is being made, or would come back by itself."""
    if key.state in (KeyState.MINTING, KeyState.MINTED, KeyState.LIVE, KeyState.RESTORING):
        return True
    return key.state in (KeyState.DISABLING, KeyState.DISABLED) and key.off_cause is OffCause.BUDGET


def is_going_off(key: Key) -> bool:
    """Whether it was decided that it goes off, and no gateway has been seen to agree yet."""
    return key.state in (KeyState.DISABLING, KeyState.DISCARDING)


def proof_of(key: Key) -> Proof | None:
    """How far it is proven that the key is off; None while that is not confirmed."""
    if key.state is KeyState.DISCARDED:
        return Proof.RECORDED
    return key.proof if key.state is KeyState.DISABLED else None
