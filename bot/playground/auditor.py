"""Reads the bot's books as an auditor would: with the project's own functions, and never a word written.

In this process, for an answer in tens of milliseconds while the bot goes on writing.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import asdict
from datetime import UTC
from typing import Any

from bot.playground.slack import NotInSlack
from bot.services.auditing import verify
from storage import ledger
from storage.engine import Books, BooksUnavailable

_PATIENCE_SECONDS = 2.0


class Auditor:
    """Opens the books at the first look. Close it afterwards."""

    def __init__(self, database_url: str) -> None:
        """Nothing is opened yet."""
        self._url = database_url
        self._books: Books | None = None
        self._lock = threading.Lock()

    def look(self, since: int = 0) -> dict[str, Any]:
        """The ledger's rows after number `since`, and what `purser ledger verify` would say of all of them.

        Raises `NotInSlack` while the books cannot be read.
        """
        try:
            books = self._opened()
            with books.reading() as session, closing(ledger.stream(session)) as every:
                rows = [_wire(row) for row in every if row.seq > since]
            report = verify(books)
        except BooksUnavailable as wrong:
            raise NotInSlack(f"the books cannot be read just now: {wrong}") from None
        problems = [] if report.ok else [line for line in report.lines if not line.startswith("Head: ")]
        return {"rows": rows, "verified": report.ok, "report": list(report.lines), "problems": problems}

    def close(self) -> None:
        """Let go of the books."""
        with self._lock:
            if self._books is not None:
                self._books.close()
                self._books = None

    def _opened(self) -> Books:
        with self._lock:
            if self._books is None:
                books = Books(self._url, busy_timeout_seconds=_PATIENCE_SECONDS)
                try:
                    begun = books.revision() is not None
                except BooksUnavailable:
                    books.close()
                    raise
                if not begun:
                    books.close()
                    raise NotInSlack("the bot has not begun its books yet")
                self._books = books
            return self._books


def _wire(row: ledger.Recorded) -> dict[str, Any]:
    """As `purser ledger export` writes it."""
    at = row.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return asdict(row) | {"at": f"{at}Z"}
