"""Whose secrets these are: many at once, by their fingerprints or by what a gateway calls them. No secret is here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, SQLModel

from bot.domain.keys import Key
from storage import keys, tables

AT_ONCE = 500
"""How many are asked for in one query."""
_keys: Final = SQLModel.metadata.tables[str(tables.KeyRow.__tablename__)]
# Made once: a message is asked about in the time that making it would take.
_KNOWN: Final = select(_keys.c.id).where(
    or_(
        _keys.c.fingerprint.in_(bindparam("prints", expanding=True)),
        _keys.c.handle.in_(bindparam("handles", expanding=True)),
    )
)


def known(session: Session, fingerprints: Collection[str], handles: Collection[str]) -> list[Key]:
    """The keys that have any of these fingerprints, or that some gateway knows by any of these handles.

    Handles of two gateways may be alike: whose they are is for the caller to compare.
    """
    prints, names = sorted(fingerprints), sorted(handles)
    found: dict[str, None] = {}
    for start in range(0, max(len(prints), len(names)), AT_ONCE):
        asked = {"prints": prints[start : start + AT_ONCE], "handles": names[start : start + AT_ONCE]}
        found |= dict.fromkeys(session.execute(_KNOWN, asked).scalars())
    read = (keys.get(session, key_id) for key_id in found)
    return [key for key in read if key is not None]
