"""Chromium, playgrounds, and pages that are watched: each test ends with a look at what must not have happened.

Without a Chromium these tests are skipped, but never in CI.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Protocol, TypedDict

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import NoChromium, profile, running
from tests.browser.visitor import PATIENCE_MS, Visitor
from tests.browser.witness import Witness
from tests.conftest import IN_CI
from tests.playground.visitors import Playground, unused_port

HERE = Path(__file__).parent
FAILURES = Path(tempfile.gettempdir()) / "purser-browser-failures"
QUIETLY = ("--no-open",)
SECONDS_A_TEST = 150
WITNESSES = pytest.StashKey[list[Witness]]()

Start = Callable[..., Playground]

expect.set_options(timeout=PATIENCE_MS)


class Look(TypedDict, total=False):
    """How somebody looks at the page."""

    width: int
    height: int
    dark: bool


class Visit(Protocol):
    """Opens a page on a playground; `outage` when the test takes something away on purpose."""

    def __call__(
        self,
        playground: Playground,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        outage: bool = False,
    ) -> Visitor: ...


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that lies here drives a browser, and has longer than a unit test."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(SECONDS_A_TEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the page showed when a test failed, and say where."""
    report = yield
    witnesses = item.stash.get(WITNESSES, [])
    if report.when == "call" and report.failed and witnesses:
        folder = FAILURES / re.sub(r"[^\w.-]+", "-", item.nodeid)
        shutil.rmtree(folder, ignore_errors=True)
        for number, witness in enumerate(witnesses, 1):
            kept = witness.save(folder / str(number))
            report.sections.append(("page", f"{kept}/page.png, page.txt, console.txt\n" + "\n".join(witness.faults())))
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    with contextlib.ExitStack() as stack:
        try:
            browser = stack.enter_context(running())
        except NoChromium as problem:
            if IN_CI:
                pytest.fail(str(problem))
            pytest.skip(str(problem))
        yield browser


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """A playground that the tests of one file share: each uses words and people of its own."""
    with Playground(tmp_path_factory.mktemp("playground"), *QUIETLY, port=unused_port()) as started:
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts playgrounds for one test alone, again in the same place if need be; pages close before they stop."""
    port = unused_port()
    with contextlib.ExitStack() as stack:
        yield lambda *options: stack.enter_context(Playground(tmp_path / "data", *QUIETLY, *options, port=port))


@pytest.fixture
def own_playground(start: Start) -> Playground:
    """A playground for one test alone: to move its clock, or to break it."""
    return start()


@pytest.fixture
def visit(chromium: Browser, start: Start, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Opens pages, each in a browser profile of its own. Fails the test for whatever went wrong on any of them."""
    open_pages: list[Callable[[], None]] = []
    witnesses = request.node.stash.setdefault(WITNESSES, [])

    def visit(
        playground: Playground, *, width: int = 1280, height: int = 800, dark: bool = False, outage: bool = False
    ) -> Visitor:
        context = profile(chromium, width, height, dark=dark)
        context.set_default_timeout(PATIENCE_MS)
        open_pages.append(context.close)
        page = context.new_page()
        witness = Witness(page, playground, outage=outage)
        witnesses.append(witness)
        visitor = Visitor(page, playground, witness)
        visitor.open()
        return visitor

    yield visit
    faults = [fault for witness in witnesses for fault in witness.faults()]
    for close in open_pages:
        close()
    assert not faults, "\n" + "\n".join(faults)


@pytest.fixture
def visitor(visit: Visit, playground: Playground) -> Visitor:
    """Somebody who has just opened the shared playground's page."""
    return visit(playground)


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page they have in front of them."""
    return visitor.page
