"""Which tests stay together on one worker (pytest-xdist), and which of them start first.

A file stays together, for what its tests share. Where they share nothing and take seconds each, every test goes to
whoever is free. What takes long starts first, so that no worker is left alone with it at the end.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

APART = ("tests/crash/", "tests/properties/", "tests/faults/", "tests/scenarios/", "tests/simulation/")
"""Folders whose tests go each their own way, but for the files of `TOGETHER`."""
TOGETHER = ("tests/faults/test_races.py", "tests/scenarios/test_bad_input.py")
"""Files there with something that is made once for all their tests."""
FIRST = (
    "tests/playground/test_weeks.py",
    "tests/properties/",
    "tests/simulation/",
    "tests/browser/",
    "tests/playground/",
    "tests/crash/",
    "tests/faults/",
    "tests/contract/",
    "tests/scenarios/",
    "tests/security/",
)
"""What takes long, longest first. What is not named comes after it, in random order."""


def unit(test: str) -> str:
    """What a test stays together with: its file, or nothing."""
    file = test.split("::", 1)[0]
    return test if file.startswith(APART) and file not in TOGETHER else file


def rank(unit: str) -> int:
    """The lower, the sooner it starts."""
    return next((place for place, start in enumerate(FIRST) if unit.startswith(start)), len(FIRST))


class Sharing(LoadFileScheduling):  # type: ignore[misc]
    """Hands units to workers in the order of collection: whoever is done takes the next."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
