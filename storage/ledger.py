"""The ledger: everything that happened, in order, each row sealed over the one before it.

Owns the numbering, the seal and its frozen format, and the proof that both are whole. Knows nothing of what
the actions mean, and never changes a row: a correction is a new one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import RowMapping, insert, select
from sqlmodel import Session, SQLModel

from storage import tables

GENESIS: Final = "0" * 64
"""What the first row names as the seal before it."""

_ledger = SQLModel.metadata.tables[str(tables.LedgerRow.__tablename__)]
_CHUNK_ROWS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened: who did what to whom, when, and why.

    `amount_micros` is micro-USD where money is involved; `period` is the month (`2026-11`) it counts in.
    """

    actor: str
    action: str
    idempotency_key: str
    at: datetime
    team_id: str | None = None
    project_id: str | None = None
    member_id: str | None = None
    key_id: str | None = None
    request_id: str | None = None
    period: str | None = None
    amount_micros: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Entry):
    """An entry as it stands in the ledger."""

    seq: int
    inputs_hash: str
    prev_hash: str
    hash: str


class KeyReused(Exception):
    """An idempotency key came again with other inputs: a bug in the caller, and nothing was written."""

    def __init__(self, idempotency_key: str, seq: int) -> None:
        super().__init__(f"{idempotency_key!r} already stands for something else, in ledger row {seq}")
        self.idempotency_key = idempotency_key
        self.seq = seq


class Fault(StrEnum):
    """What can be wrong with a row of the ledger."""

    SEQ = "seq"
    PREV_HASH = "prev_hash"
    INPUTS_HASH = "inputs_hash"
    HASH = "hash"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that differs from what it should be. `seq` is the number found, or the one missing."""

    seq: int
    fault: Fault
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row's number and seal, noted down elsewhere: shows a ledger that lost its end or was rewritten."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that the ledger and the tables disagree on."""

    check: str
    subject: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Check:
    """A figure that can be derived from the ledger, and how to find where it is not so."""

    name: str
    differences: Callable[[Session], Iterable[Difference]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. `head` is the last row: note it down, to hold the ledger to it later.

    `steps_back` counts rows timed before their predecessor: replicas' clocks differ, which is no fault.
    """

    count: int
    head: Anchor
    broken: Broken | None
    differences: tuple[Difference, ...]
    steps_back: int

    @property
    def ok(self) -> bool:
        """Whether every row and every figure is as it should be."""
        return self.broken is None and not self.differences


def append(session: Session, entry: Entry) -> int:
    """Write `entry` as the next row and return its number.

    The same idempotency key with the same inputs (everything but `at`) returns the earlier row's number and
    writes nothing; with other inputs it raises `KeyReused`. Raises `ValueError` for a naive `at` and for text
    that one of the databases could not hold. Call within `Books.transaction` only.
    """
    _refuse_unstorable(entry)
    inputs_hash = hash_inputs(entry)
    earlier = session.execute(
        select(_ledger.c.seq, _ledger.c.inputs_hash).where(_ledger.c.idempotency_key == entry.idempotency_key)
    ).first()
    if earlier is not None:
        if earlier.inputs_hash != inputs_hash:
            raise KeyReused(entry.idempotency_key, earlier.seq)
        return int(earlier.seq)
    row = _sealed(entry, head(session))
    session.execute(insert(_ledger).values(row))
    return int(row["seq"])


def append_many(session: Session, entries: Sequence[Entry]) -> int:
    """Write some hundreds of entries in their order, each as `append` would, in few statements; how many were new.

    Raises as `append` does, and `ValueError` for two entries of one idempotency key; then nothing is written.
    """
    new = {entry.idempotency_key: entry for entry in entries}
    if len(new) < len(entries):
        raise ValueError("two entries for the ledger have one idempotency key")
    columns = (_ledger.c.idempotency_key, _ledger.c.inputs_hash, _ledger.c.seq)
    for row in session.execute(select(*columns).where(_ledger.c.idempotency_key.in_(new))).all():
        if row.inputs_hash != hash_inputs(new.pop(row.idempotency_key)):
            raise KeyReused(row.idempotency_key, row.seq)
    last, rows = head(session), list[dict[str, Any]]()
    for entry in new.values():
        _refuse_unstorable(entry)
        rows.append(_sealed(entry, last))
        last = Anchor(rows[-1]["seq"], rows[-1]["hash"])
    if rows:
        session.execute(insert(_ledger), rows)
    return len(rows)


def head(session: Session) -> Anchor:
    """The last row; before the first one, number 0 and `GENESIS`."""
    last = session.execute(select(_ledger.c.seq, _ledger.c.hash).order_by(_ledger.c.seq.desc()).limit(1)).first()
    return Anchor(0, GENESIS) if last is None else Anchor(last.seq, last.hash)


def entries(
    session: Session,
    *,
    request_id: str | None = None,
    key_id: str | None = None,
    team_id: str | None = None,
    member_id: str | None = None,
    **others: str,
) -> list[Recorded]:
    """The rows that match all that is given, in order. `others` are further columns, such as `action`."""
    wanted = {
        "request_id": request_id,
        "key_id": key_id,
        "team_id": team_id,
        "member_id": member_id,
        **others,
    }
    query = select(_ledger).order_by(_ledger.c.seq)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(_ledger.c[column] == value)
    return [_recorded(row) for row in session.execute(query).mappings()]


def stream(session: Session) -> Generator[Recorded, None, None]:
    """Every row in order, a few hundred at a time in memory. Whoever stops early must `close` it."""
    query = select(_ledger).order_by(_ledger.c.seq)
    with session.execute(query, execution_options={"yield_per": _CHUNK_ROWS}) as result:
        for row in result.mappings():
            yield _recorded(row)


def verify(session: Session, *, checks: Sequence[Check] = (), anchors: Iterable[Anchor] = ()) -> Verdict:
    """Recompute the chain from its first row, stop at the first that differs, then run `checks`.

    A chain alone cannot show that its last rows are gone, or that someone with the database's keys rewrote it
    from some row on; `anchors` (heads noted down earlier) can.
    """
    noted = {anchor.seq: anchor for anchor in anchors if anchor.seq > 0}
    last, latest, steps_back, broken = Anchor(0, GENESIS), None, 0, None
    with closing(stream(session)) as rows:
        for row in rows:
            broken = _fault(row, last, noted.pop(row.seq, None))
            if broken is not None:
                break
            steps_back += latest is not None and row.at < latest
            last, latest = Anchor(row.seq, row.hash), row.at
    if broken is None and noted:
        missing = min(noted)
        broken = Broken(missing, Fault.MISSING, noted[missing].hash, "no such row")
    found = tuple(difference for check in checks for difference in check.differences(session))
    return Verdict(count=last.seq, head=last, broken=broken, differences=found, steps_back=steps_back)


class Format(StrEnum):
    """What `export` can write."""

    CSV = "csv"
    JSONL = "jsonl"


def export(session: Session, *, fmt: Format) -> Generator[str, None, None]:
    """The whole ledger, line by line with line ends. JSON lines are exact; CSV is safe for spreadsheets."""
    names = [field.name for field in fields(Recorded)]
    if fmt is Format.CSV:
        yield _csv_line(names)
    with closing(stream(session)) as rows:
        for row in rows:
            values = asdict(row) | {"at": _instant(row.at)}
            if fmt is Format.CSV:
                yield _csv_line([_unarmed(values[name]) for name in names])
            else:
                yield json.dumps({name: values[name] for name in names}, ensure_ascii=False) + "\n"


def hash_inputs(entry: Entry) -> str:
    """The seal over what a caller asked for: all but the time, so that a repetition is known as one."""
    return _sha256(["purser-inputs-v1", entry.idempotency_key, *_said(entry)])


def hash_row(entry: Entry, *, seq: int, prev_hash: str) -> str:
    """The seal over a row and, through `prev_hash`, over every row before it.

    Format v1, frozen: SHA-256 in hex of a JSON array without spaces, in ASCII (anything else escaped as JSON
    does, in lower case), of "purser-ledger-v1", prev_hash, seq, at (RFC 3339, UTC, six decimals, Z),
    idempotency_key, actor, action, team_id, project_id, member_id, key_id, request_id, period, amount_micros,
    reason.
    """
    return _sha256(["purser-ledger-v1", prev_hash, seq, _instant(entry.at), entry.idempotency_key, *_said(entry)])


def _refuse_unstorable(entry: Entry) -> None:
    if entry.at.tzinfo is None:
        raise ValueError("a naive datetime must not enter the ledger")
    for value in (entry.idempotency_key, *_said(entry)):
        if isinstance(value, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("text for the ledger has neither NUL nor lone surrogates")


def _said(entry: Entry) -> list[str | int | None]:
    return [
        entry.actor,
        entry.action,
        entry.team_id,
        entry.project_id,
        entry.member_id,
        entry.key_id,
        entry.request_id,
        entry.period,
        entry.amount_micros,
        entry.reason,
    ]


def _sha256(values: list[str | int | None]) -> str:
    return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode("ascii")).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _in_utc(entry: Entry) -> dict[str, Any]:
    return asdict(entry) | {"at": entry.at.astimezone(UTC)}


def _sealed(entry: Entry, last: Anchor) -> dict[str, Any]:
    """The row that follows `last`."""
    seal = {"inputs_hash": hash_inputs(entry), "prev_hash": last.hash, "seq": last.seq + 1}
    return _in_utc(entry) | seal | {"hash": hash_row(entry, seq=last.seq + 1, prev_hash=last.hash)}


def _recorded(row: RowMapping) -> Recorded:
    return Recorded(**row)


def _fault(row: Recorded, last: Anchor, noted: Anchor | None) -> Broken | None:
    """What is wrong with `row`, which should follow `last`."""
    comparisons = [
        (Fault.SEQ, str(last.seq + 1), str(row.seq)),
        (Fault.PREV_HASH, last.hash, row.prev_hash),
        (Fault.INPUTS_HASH, hash_inputs(row), row.inputs_hash),
        (Fault.HASH, hash_row(row, seq=row.seq, prev_hash=row.prev_hash), row.hash),
    ]
    if noted is not None:
        comparisons.append((Fault.HASH, noted.hash, row.hash))
    for fault, expected, found in comparisons:
        if expected != found:
            return Broken(row.seq, fault, expected, found)
    return None


def _csv_line(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue()


def _unarmed(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe: https://owasp.org/www-community/attacks/CSV_Injection."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return "'" + value
    return value
