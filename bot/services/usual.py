"""What is usual in the hour in progress, kept in memory: it changes with the hour, and spend is looked at every minute.

Whoever is found above a line that is remembered is judged again on what the books say, so forgetting costs time only.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.spikes import Line

Subject = tuple[Layer, str]


class Usual:
    """Lines of subjects for one hour, and when each subject was last found to be above them."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._hour: datetime | None = None
        self._lines: dict[Subject, tuple[Line, ...]] = {}
        self._found: dict[Subject, datetime] = {}

    def begin(self, hour: datetime) -> None:
        """Forget the lines of any other hour."""
        if hour != self._hour:
            self._hour, self._lines = hour, {}
            self._found = {who: at for who, at in self._found.items() if (hour - at).total_seconds() < 7200}

    def lines(self, subject: Subject) -> tuple[Line, ...] | None:
        """The lines of this hour, or None."""
        return self._lines.get(subject)

    def know(self, subject: Subject, lines: tuple[Line, ...]) -> None:
        """Remember the lines of this hour."""
        self._lines[subject] = lines

    def forget(self, subject: Subject) -> None:
        """What was remembered is not so any more."""
        self._lines.pop(subject, None)

    def found(self, subject: Subject, now: datetime) -> None:
        """The subject was found above its line, and that was dealt with."""
        self._found[subject] = now

    def was_found(self, subject: Subject, now: datetime, within_seconds: int) -> bool:
        """Whether it was so lately."""
        at = self._found.get(subject)
        return at is not None and (now - at).total_seconds() < within_seconds
