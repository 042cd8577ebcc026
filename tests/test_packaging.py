"""What is installed is what is declared: pins complete, hashed, free of addresses; the image as promised."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import bot

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = ["build", "runtime", "dev"]


def declared(name: str) -> list[str]:
    """The requirements that someone wrote into requirements/NAME.in."""
    lines = (ROOT / f"requirements/{name}.in").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))]


def pinned(name: str) -> dict[str, str]:
    """The versions that requirements/NAME.txt pins, by normalised name."""
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    return {normal(found[1]): found[2] for found in re.finditer(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", text, re.MULTILINE)}


def normal(requirement: str) -> str:
    """The bare name of a requirement, as package indexes spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!;, ]", requirement)[0]).lower()


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, argument), continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def test_what_runs_is_declared_once_and_the_same() -> None:
    assert sorted(declared("runtime")) == sorted(PROJECT["dependencies"])


def test_the_version_is_the_same_everywhere() -> None:
    assert bot.__version__ == PROJECT["version"]


@pytest.mark.parametrize("name", PINS)
def test_everything_declared_is_pinned(name: str) -> None:
    assert {normal(requirement) for requirement in declared(name)} <= set(pinned(name))


def test_tests_run_on_the_versions_that_run_in_production() -> None:
    runtime, dev = pinned("runtime"), pinned("dev")
    assert {name: dev.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_a_hash_and_no_address(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\w)", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-i|-f)\b", text, re.MULTILINE)


def test_no_lock_file_that_records_addresses() -> None:
    assert not [name for name in ("uv.lock", "pylock.toml", "poetry.lock") if (ROOT / name).exists()]


def test_every_dependency_says_why_it_is_here() -> None:
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8").lower()
    names = {normal(requirement) for name in PINS for requirement in declared(name)}
    assert sorted(name for name in names if name not in reasons) == []


def test_a_wheel_holds_the_migrations_and_every_other_file_that_is_not_code(tmp_path: Path) -> None:
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    source.mkdir()
    junk = shutil.ignore_patterns("__pycache__", "*.pyc")
    for folder in ("bot", "storage"):
        shutil.copytree(ROOT / folder, source / folder, ignore=junk)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = [
        "wheel",
        "-qq",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(wheels),
        ".",
    ]
    subprocess.run([sys.executable, "-m", "pip", *build], cwd=source, check=True)
    (wheel,) = wheels.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "storage")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(wanted - held) == []
    assert not [name for name in held if name.startswith("tests/")]


def test_the_image_runs_one_process_as_nobody_in_particular() -> None:
    last_stage = instructions()[[index for index, (word, _) in enumerate(instructions()) if word == "FROM"][-1] :]
    last = dict(last_stage)
    assert int(last["USER"]) > 0
    assert json.loads(last["CMD"]) == ["purser", "serve"]
    assert last["HEALTHCHECK"].endswith('CMD ["purser", "health"]')
    assert last["VOLUME"] == "/data"
    assert "DATABASE_URL=sqlite:////data/purser.db" in last["ENV"]


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    copied = {
        source
        for word, argument in instructions()
        if word == "COPY" and not argument.startswith("--from")
        for source in argument.split()[:-1]
    }
    assert copied == {
        "requirements/build.txt",
        "requirements/runtime.txt",
        "pyproject.toml",
        "README.md",
        "bot",
        "storage",
    }
    installs = [argument for word, argument in instructions() if word == "RUN" and "requirements/" in argument]
    assert installs
    assert all(run.count("--require-hashes -r") == run.count("-r requirements/") for run in installs)
