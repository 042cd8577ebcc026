"""Whose secrets these are: many at once, by their fingerprints or by what a gateway calls them. No secret is here."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import or_
from sqlmodel import Session, col, select

from bot.domain.keys import Key
from storage import keys
from storage.tables import KeyRow

AT_ONCE = 500
"""How many are asked for in one query."""


def known(session: Session, fingerprints: Collection[str], handles: Collection[str]) -> list[Key]:
    """The keys that have any of these fingerprints, or that some gateway knows by any of these handles.

    Handles of two gateways may be alike: whose they are is for the caller to compare.
    """
    prints, names = sorted(fingerprints), sorted(handles)
    found = dict.fromkeys(key_id for start in _starts(prints, names) for key_id in _ids(session, prints, names, start))
    read = (keys.get(session, key_id) for key_id in found)
    return [key for key in read if key is not None]


def _starts(*wanted: list[str]) -> range:
    return range(0, max(map(len, wanted)), AT_ONCE)


def _ids(session: Session, prints: list[str], names: list[str], start: int) -> Iterator[str]:
    some_prints, some_names = prints[start : start + AT_ONCE], names[start : start + AT_ONCE]
    query = select(KeyRow.id).where(or_(col(KeyRow.fingerprint).in_(some_prints), col(KeyRow.handle).in_(some_names)))
    yield from session.exec(query).all()
