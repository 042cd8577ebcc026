"""How tests are shared out among workers: what shares something stays together, what takes long starts first."""

from __future__ import annotations

import re

import pytest

from tests import sharing
from tests.conftest import ROOT

SHARED = re.compile(r'scope="(module|package)"')


def test_a_file_stays_together_and_a_story_goes_alone() -> None:
    assert sharing.unit("tests/domain/test_money.py::test_a") == sharing.unit("tests/domain/test_money.py::test_b[1]")
    assert sharing.unit("tests/crash/test_x.py::test_a[1]") != sharing.unit("tests/crash/test_x.py::test_a[2]")


def test_whatever_a_file_makes_once_is_made_on_one_worker() -> None:
    files = [path for folder in sharing.APART for path in (ROOT / folder).rglob("test_*.py")]
    names = {path.relative_to(ROOT).as_posix() for path in files if SHARED.search(path.read_text(encoding="utf-8"))}
    assert names == set(sharing.TOGETHER)


def test_what_takes_long_starts_first() -> None:
    found = ["tests/domain/test_money.py", "tests/crash/test_x.py::test_a", "tests/playground/test_weeks.py"]
    assert sorted(found, key=sharing.rank) == found[::-1]


@pytest.mark.parametrize("start", [*sharing.APART, *sharing.FIRST, *sharing.TOGETHER])
def test_what_is_named_is_there(start: str) -> None:
    assert (ROOT / start).exists()
