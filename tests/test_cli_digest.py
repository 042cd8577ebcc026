"""A digest on the command line: shown without being posted, in past weeks as it was posted, its chart as a picture."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from bot.domain.digests import Week
from bot.jobs.schedule import JOBS
from tests.office import Office
from tests.scenarios.desk import Desk, at_desk
from tests.test_cli import purser

pytestmark = pytest.mark.slow


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    shutil.copyfile(migrated_sqlite, tmp_path / "purser.db")
    return f"sqlite:///{tmp_path / 'purser.db'}"


def digest(office: Office, cwd: Path, *arguments: str) -> tuple[int, str, str]:
    """`purser run-job digest` with the office's settings."""
    settings = {name.upper(): value for name, value in office.settings().items()}
    done = purser("run-job", "digest", *arguments, cwd=cwd, **settings)
    return done.returncode, done.stdout, done.stderr


def run(desk: Desk, *names: str) -> None:
    for name in names:
        next(job for job in JOBS if job.name == name).run(desk.bot.running.purser)


def test_a_week_is_shown_before_it_is_posted_and_afterwards_as_it_was(sqlite_url: str, tmp_path: Path) -> None:
    with at_desk(sqlite_url, tmp_path) as desk:
        run(desk, "digest")
        _, secret = desk.key("$60 7d evaluate rerankers")
        assert desk.spends(secret, 12).status_code == 200
        week = Week.of(desk.at().date())
        eight = week.span.ends_at + timedelta(hours=8)
        desk.office.clock.advance(seconds=(eight - desk.at()).total_seconds())
        run(desk, "usage")
        code, shown, errors = digest(desk.office, tmp_path, "--team", "search", "--dry-run", "--png", "week.png")
        assert code == 0, errors
        assert shown.startswith(f"{week.name} has not been posted. This is what would be.")
        assert "$12 spent; the week before it was nothing." in shown
        assert "@Ana" in shown
        assert max(map(cell_len, shown.splitlines())) <= 80
        assert (tmp_path / "week.png").read_bytes().startswith(b"\x89PNG")
        assert not desk.count("Team search, "), "nothing is posted"

        desk.office.clock.advance(hours=1, seconds=5)
        run(desk, "usage", "digest")
        desk.settle()
        assert desk.count("Team search, ") == 1
        code, shown, _ = digest(desk.office, tmp_path, "--team", "search", "--dry-run", "--week", week.name)
        assert code == 0
        assert shown.startswith(f"{week.name} as it was posted on ")
        assert "The books say the same today." in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--team", "nobody", "--dry-run"], 2, "There is no team 'nobody'. There are: search."),
        (["--team", "search", "--dry-run", "--week", "46"], 2, "'46' is no week; weeks look like 2026-W47."),
        (["--team", "search"], 2, "A digest is shown with: purser run-job digest --team NAME --dry-run"),
        (["--dry-run"], 2, "A digest is shown with: purser run-job digest --team NAME --dry-run"),
        (["--team", "search", "--dry-run", "--png", "no.png"], 1, "There is nothing to draw in that week"),
    ],
)
def test_what_cannot_be_shown_is_said(
    sqlite_url: str, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    with at_desk(sqlite_url, tmp_path) as desk:
        found = digest(desk.office, tmp_path, *arguments)
        assert found[0] == code, found
        assert said in found[2]
        assert "Traceback" not in found[2]
        assert not (tmp_path / "no.png").exists()
