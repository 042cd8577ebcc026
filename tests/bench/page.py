"""From a clean clone to the playground's page, and from a key or a click at the page to what is painted."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from tests.bench.ground import Skipped
from tests.bench.report import Section, Table, at, ms
from tests.browser import chromium
from tests.browser.visitor import Visitor
from tests.browser.witness import Witness
from tests.playground.visitors import ROOT, Playground, unused_port

VISITS = 10
ROUNDS = 30
WARMING_UP = 2
CLONES = 2
CLONE_SECONDS = 900

HOW = f"""\
*Clean clone*: `git clone` of this repository, then `make playground`, until the first 200 of the page: a new virtual
environment, the pinned packages from pip's cache, the bot on a new database. The second of {CLONES} clones counts; the
first fills the cache. The rest is measured at the page, in Chromium without a graphics card, on a playground with the
real bot on SQLite, the fake Slack and the fake gateway on the same cores. *Ready to type*: from the start of the
navigation to the composer, {VISITS} fresh profiles. Then {ROUNDS} rounds with two people side by side: Ana types a
request, Omar approves it. Times run from the key or the click to the frame that shows the answer, long poll and drawing
included; the acknowledgement alone, as the fake Slack measures it, stands beside it."""

CARDS = "[data-person=omar] article:not(.message-private)"
READY = """
window.ready = new Promise((resolve) => {
  new MutationObserver((_, observer) => {
    if (!document.querySelector("textarea[aria-label^='Message']")) return;
    observer.disconnect();
    resolve(performance.now());
  }).observe(document, { childList: true, subtree: true });
});
"""
ARM = """
([event, selector, words]) => {
  const shown = () => [...document.querySelectorAll(selector)].filter((one) => one.textContent.includes(words)).length;
  const before = shown();
  let began = null;
  addEventListener(event, () => (began ??= performance.now()), { capture: true, once: true });
  window.painted = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (began === null || shown() <= before) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    });
    observer.observe(document, { childList: true, subtree: true, characterData: true });
  });
}
"""


def measure() -> Section:
    """A clone, visits, rounds. Raises `Skipped` without a Chromium."""
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="purser-bench-", ignore_cleanup_errors=True) as folder:
        try:
            with chromium.running() as browser:
                version = browser.version
                with Playground(Path(folder) / "data", "--no-open", port=unused_port()) as playground:
                    taken["ready"] = [_visit(browser, playground) for _ in range(WARMING_UP + VISITS)][WARMING_UP:]
                    taken |= _rounds(browser, playground)
                    playground.stop()
        except chromium.NoChromium as problem:
            raise Skipped(str(problem)) from problem
        clones = [_clone(Path(folder) / f"clone-{number}") for number in range(CLONES)]
    named = {
        "ready": "navigation to ready to type",
        "receipt": "Enter on a command to its receipt painted",
        "ack": "of which the bot's acknowledgement",
        "approve": "click on Approve to the changed card painted",
    }
    rows = [(text, *(ms(at(taken[name], percent)) for percent in (50, 95, 100))) for name, text in named.items()]
    notes = [f"Clean clone to the page answered: {clones[-1]:.1f} s. Chromium {version}."]
    return Section("page", "The playground's page", HOW, [Table(("what", "median", "p95", "max"), rows)], notes)


def _visit(browser: Browser, playground: Playground) -> float:
    """Seconds until a fresh profile can type."""
    with chromium.profile(browser) as context:
        page = context.new_page()
        page.add_init_script(READY)
        page.goto(playground.page)
        return float(page.evaluate("window.ready")) / 1000


def _rounds(browser: Browser, playground: Playground) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {"receipt": [], "ack": [], "approve": []}
    with chromium.profile(browser, 1440, 900) as context:
        page = context.new_page()
        visitor = Visitor(page, playground, Witness(page, playground))
        visitor.open()
        ana, omar = visitor.two("ana", "omar")
        omar.goto("#search")
        box = ana.goto("#search").composer()
        for number in range(WARMING_UP + ROUNDS):
            reason = f"measure round {number} of many"
            box.fill(f"/ai-key $1 1d {reason}")
            page.evaluate(ARM, ["keydown", ".message-private", ""])
            with page.expect_response("**/_play/command") as answered:
                box.press("Enter")
            taken["receipt"].append(_painted(page))
            taken["ack"].append(answered.value.json()["ack_ms"] / 1000)
            button = omar.card(reason).get_by_role("button", name="Approve", exact=True)
            button.scroll_into_view_if_needed()
            time.sleep(0.3)  # nothing of the asking should still be on its way
            page.evaluate(ARM, ["pointerdown", CARDS, "Approved by"])
            button.click()
            taken["approve"].append(_painted(page))
            time.sleep(0.3)
    return {name: values[WARMING_UP:] for name, values in taken.items()}


def _painted(page: Page) -> float:
    """Seconds from the key or click until what was waited for was on the screen."""
    return float(page.evaluate("window.painted")) / 1000


def _clone(folder: Path) -> float:
    """Seconds from `git clone` to the page of a playground made from it."""
    began = time.monotonic()
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    port = unused_port()
    arguments = f"--no-open --port {port}"
    log = (folder.parent / f"{folder.name}.log").open("w", encoding="utf-8")
    making = subprocess.Popen(
        ["make", "playground", f"ARGS={arguments}"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "VIRTUAL_ENV"))},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}/"):
            assert making.poll() is None, Path(log.name).read_text(encoding="utf-8")
            assert time.monotonic() - began < CLONE_SECONDS, "it never answered"
            time.sleep(0.05)
        return time.monotonic() - began
    finally:
        os.killpg(making.pid, signal.SIGTERM)
        making.wait(60)
        log.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
