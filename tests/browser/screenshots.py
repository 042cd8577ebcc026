"""Takes the README's pictures of the playground: `python -m tests.browser.screenshots`.

Plays the main path for each scene at a real page; what is in a picture is what a visitor would see.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.test_budgets import looks, says
from tests.browser.visitor import PATIENCE_MS, Visitor
from tests.browser.witness import Witness
from tests.playground.visitors import ROOT, Playground, unused_port

PROMPTS = 12
SET_UP = ("/ai-team project reranker $300 @ana", "/ai-budget set @ben $40")
SERVICES = (
    "/ai-key project reranker $40 the reranker in production",
    "/ai-key automation nightly-evals $35 $35/day @ana nightly relevance evals",
)
TIMES, WORDS = 8, 4000
"""For the dearer model a prompt of so many words costs about four dollars."""
DAILY = (
    ("/ai-key member $200 daily work", "ana"),
    ("/ai-key member $150 daily work", "ben"),
    ("/ai-key automation summaries $90 $30/day @omar weekly summaries", "ben"),
)
WEEKS = (
    ((3100, 1200, 400), (2200, 2600, 400), (4000, 1100, 400), (2700, 1900, 400), (1600, 800, 400)),
    ((4400, 1500, 400), (3200, 3900, 400), (5600, 1400, 400), (6100, 2200, 400), (1800, 2100, 400)),
)
"""How many words Ana, Ben and the summaries ask about, from Monday to Friday of two weeks."""
WORDS_AT_ONCE = 1500
LEFT_BEHIND = (
    "/ai-key $12 6d try a third vendor",
    "/ai-key automation nightly-report $90 $10/day @ben nightly report",
)
EXPLAINED = "My retry had no backoff, sorry. Fixed."
NOTICED_MS = 90_000
IMAGES = ROOT / "docs" / "images"
REASON = "evaluate rerankers"
SAID = (
    ("olga", "Welcome to #search. Purser hands out the keys now: type /ai-key."),
    ("ben", "The small reranker beats BM25 on our set. Who compares it with the big one?"),
    ("ana", "I will. A week and a few dollars should do."),
)


@dataclass(frozen=True)
class Scene:
    """How to get there from the scene before, and the window it is taken in."""

    play: Callable[[Visitor], None]
    width: int = 1280
    height: int = 800
    dark: bool = False
    scale: float = 1.5


def ask(visitor: Visitor) -> None:
    """Ana fills in the form, and reads the facts before she sends it."""
    for name, text in SAID:
        visitor.playground.post("message", {"as": name, "channel": "search", "text": text})
    ana = visitor.be("ana").goto("#search").types("/ai-key")
    ana.fills("Cap in US dollars", "$25").fills("What is it for?", REASON).presses("Next")
    expect(ana.dialog).to_have_accessible_name("Check your request")
    expect(ana.dialog).to_contain_text("left now")


def approve(visitor: Visitor) -> None:
    """Omar opens the card's thread beside Ana's channel, and decides there."""
    ana, omar = visitor.two("ana", "omar")
    if ana.dialogs.count():
        ana.presses("Send request")
        expect(ana.dialog).to_contain_text("You asked for")
        ana.closes()
    omar.goto("#search")
    card = omar.card(REASON)
    card.hover()
    card.get_by_role("button", name="Reply in thread").click()
    omar.types("approve", "Reply in thread")
    expect(card).to_contain_text("Approved by")
    expect(omar.thread.get_by_role("article").nth(2)).to_be_visible()
    expect(ana.entry("dm")).to_have_accessible_name(re.compile("unread"))
    visitor.page.mouse.move(0, 0)


def reveal(visitor: Visitor) -> None:
    """Ana sees her key, this once."""
    visitor.be("ana").reveals()


def home(visitor: Visitor) -> None:
    """An hour later: Ana's Home tab with her request, week and keys; Omar's with what waits for him, and his team."""
    ana = visitor.be("ana")
    if ana.dialogs.count():
        ana.closes()
    playground = visitor.playground
    secret = playground.key("/ai-key $40 14d nightly relevance evals", "ana")
    for _ in range(PROMPTS):
        playground.post("chat", key=secret, model="mock-expensive", prompt="Which of these answers the question best?")
    playground.asks("/ai-key $15 3d try a second vendor", "ana")
    visitor.moves_clock("+1 hour")
    ana, omar = visitor.two("ana", "omar")
    for each in (ana, omar):
        each.goto("dm").goto("home")
    mine, his = (each.region.get_by_role("region", name="Home") for each in (ana, omar))
    expect(mine).to_contain_text(re.compile(r"spent \$0\.\d+ of \$40"))
    expect(mine).to_contain_text("$15 in total")
    expect(his).to_contain_text("1 request waits for a decision")


def budget(visitor: Visitor) -> None:
    """What Ben has left, beside what Omar reads when the team's budget is used up."""
    playground = visitor.playground
    for line in SET_UP:
        says(playground, "olga", line)
    own = playground.key("/ai-key $15 5d compare two vendors", "ben")
    secrets = [playground.key(line, "ana") for line in SERVICES]
    says(playground, "olga", "/ai-budget set team $60")
    for secret, times in ((own, 2), *((secret, TIMES) for secret in secrets)):
        for _ in range(times):
            playground.post("chat", key=secret, model="mock-expensive", prompt="word " * WORDS)
    looks(playground)
    ben, omar = visitor.two("ben", "omar")
    expect(omar.goto("#search").sees("is used up")).to_contain_text("recorded off")
    ben.goto("#general").types("/ai-budget", "Message #general")
    expect(ben.sees("Your limits")).to_contain_text("The lowest headroom binds")
    visitor.page.mouse.move(0, 0)


def digest(visitor: Visitor) -> None:
    """Omar reads on a Monday what the week was like, with its details in the thread beside it."""
    playground = visitor.playground
    for line in ("/ai-budget set team $900", "/ai-budget set @ben $300"):
        says(playground, "olga", line)
    looks(playground)
    secrets = [playground.key(line, person) for line, person in DAILY]
    for week in WEEKS:
        playground.post("clock", to="monday")
        for asked in week:
            for secret, words in zip(secrets, asked, strict=True):
                for left in range(words, 0, -WORDS_AT_ONCE):
                    prompt = "word " * min(left, WORDS_AT_ONCE)
                    playground.post("chat", key=secret, model="mock-expensive", prompt=prompt)
            playground.post("clock", to="tomorrow")
    playground.post("clock", to="monday")
    omar = visitor.be("omar").goto("#search")
    told = omar.sees("points more requests")
    told.get_by_role("button", name=re.compile("repl")).click()
    expect(omar.thread).to_contain_text("with a key used it")
    visitor.page.mouse.move(0, 0)


def usage(visitor: Visitor) -> None:
    """Ana asks what her team used, and by whom."""
    ana = visitor.be("ana").goto("#search").types("/ai-usage team last week by member")
    expect(ana.sees("By member")).to_contain_text("UTC")
    visitor.page.mouse.move(0, 0)


def leak(visitor: Visitor) -> None:
    """Ben posts a key of his in the channel that Purser looks through; Omar reads what became of it."""
    playground = visitor.playground
    says(playground, "olga", "/ai-team watch on")
    secret = playground.key("/ai-key $20 5d compare prompts", "ben")
    playground.post("message", {"as": "ben", "channel": "search", "text": f"Works for me: OPENAI_API_KEY={secret}"})
    omar = visitor.be("omar").goto("#search")
    told = omar.sees("was found where others can read it")
    expect(told).to_contain_text("Probed")
    told.get_by_role("button", name=re.compile("repl")).click()
    expect(omar.thread).to_contain_text("a call with the secret itself was refused")
    visitor.page.mouse.move(0, 0)


def incident(visitor: Visitor) -> None:
    """A script runs away with a key of Ana's; Olga looks after it and stops that key, Ana says why, Omar reads on."""
    playground = visitor.playground
    secret = playground.key("/ai-key $80 14d an agent that files tickets", "ana")
    playground.post("runaway", do="start", key=secret)
    omar = visitor.be("omar").goto("#search")
    told = omar.message("of its cap at once")
    expect(told).to_be_visible(timeout=NOTICED_MS)
    for label, then in (("Acknowledge", "looks after it."), ("Disable now", "Recorded off:")):
        playground.post("press", {"as": "olga", "label": label, "channel": "search"})
        expect(told).to_contain_text(then)
    told.get_by_role("button", name=re.compile("repl")).click()
    expect(omar.thread).to_contain_text("Off is proven:")
    thread = playground.get("state", person="ana")
    asked = next(one for room in thread["channels"] for one in room["messages"] if "of its cap at once" in one["text"])
    explained = {"as": "ana", "channel": "search", "thread_ts": asked["ts"], "text": EXPLAINED}
    playground.post("message", explained)
    expect(told).to_contain_text(EXPLAINED)
    visitor.page.mouse.move(0, 0)


def leaver(visitor: Visitor) -> None:
    """Ben leaves; his own key is off, his automation key waits. Omar reads what to do, and the evidence sheet."""
    playground = visitor.playground
    says(playground, "olga", "/ai-budget set team $2,000")
    for line in LEFT_BEHIND:
        playground.key(line, "ben")
    playground.post("people", {"user": "ben", "deleted": True})
    omar = visitor.be("omar").goto("#search")
    expect(omar.sees("the account is deactivated")).to_contain_text("recorded off")
    omar.types("/ai-team left @ben", "Message #search")
    expect(omar.sees("What was done when")).to_contain_text("proven off")
    visitor.page.mouse.move(0, 0)


def narrow(visitor: Visitor) -> None:
    """Omar decides on his phone, in the dark."""
    visitor.be("omar").goto("#search").card("try a second vendor")


SCENES = {
    "ask": Scene(ask),
    "approve": Scene(approve, scale=1.25),
    "reveal": Scene(reveal),
    "home": Scene(home, height=1000, scale=1.1),
    "narrow": Scene(narrow, width=390, height=844, dark=True, scale=2),
    "budget": Scene(budget, scale=1.1),
    "digest": Scene(digest, height=1000, scale=1.1),
    "usage": Scene(usage, height=900, scale=1.1),
    "leak": Scene(leak, height=900, scale=1.1),
    "incident": Scene(incident, height=1000, scale=1.1),
    "leaver": Scene(leaver, height=1160, scale=1.1),
}


def take(browser: Browser, playground: Playground, folder: Path) -> list[Path]:
    """Play all scenes in their order; the pictures written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, scene in SCENES.items():
        context = chromium.profile(browser, scene.width, scene.height, dark=scene.dark, scale=scene.scale)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        visitor = Visitor(page, playground, Witness(page, playground))
        visitor.open()
        page.get_by_role("button", name="Skip the tour").click()
        scene.play(visitor)
        expect(page.locator(".toast")).to_have_count(0)
        page.wait_for_timeout(300)  # whatever slides or fades has arrived
        written.append(folder / f"{name}.png")
        page.screenshot(path=written[-1])
        assert not visitor.witness.faults(), visitor.witness.faults()
        context.close()
    return written


def main() -> int:
    """Write the pictures and say how large they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=IMAGES, metavar="DIR", help="where to write them")
    given = parser.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory(prefix="purser-pictures-") as folder:
        data = Path(folder) / "data"
        with (
            Playground(data, "--no-open", port=unused_port()) as playground,
            chromium.running() as browser,
        ):
            for path in take(browser, playground, given.to):
                print(f"{path} ({path.stat().st_size // 1024} KiB)")
            playground.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
