"""Whose secrets these are: many at once, by their fingerprints or by what a gateway calls them. No secret is here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlmodel import Session, col, select

from bot.domain.keys import Key
from storage import keys
from storage.tables import KeyRow

AT_ONCE = 500
"""How many are asked for in one query."""


def fingerprinted(session: Session, fingerprints: Collection[str]) -> dict[str, Key]:
    """The keys whose secrets have any of these fingerprints, by fingerprint."""
    asked = _pieces(fingerprints)
    found = [key for some in asked for key in _keys(session, col(KeyRow.fingerprint).in_(some))]
    return {key.fingerprint: key for key in found if key.fingerprint is not None}


def with_handle(session: Session, gateway: str, handles: Collection[str]) -> dict[str, Key]:
    """The keys that this gateway knows by any of these handles, by handle."""
    asked = _pieces(handles)
    at_gateway = KeyRow.gateway == gateway
    found = [key for some in asked for key in _keys(session, at_gateway, col(KeyRow.handle).in_(some))]
    return {key.handle: key for key in found if key.handle is not None}


def _pieces(wanted: Collection[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(wanted)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def _keys(session: Session, *where: Any) -> list[Key]:  # noqa: ANN401 - SQLAlchemy's column expressions
    found = [keys.get(session, key_id) for key_id in session.exec(select(KeyRow.id).where(*where)).all()]
    return [key for key in found if key is not None]
