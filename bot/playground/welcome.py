"""What the playground says once it stays up: where its page is, and what else there is."""

from __future__ import annotations

import shlex

from bot.playground.cast import TEAM, Cast, StoryFailed
from bot.playground.terminal import Terminal
from bot.playground.town import Town

VISITORS_REQUEST = "/ai-key $5 1d a visitor tries it from a shell"
JSON_HEADER = "-H 'Content-Type: application/json'"


def say_welcome(town: Town, out: Terminal) -> None:
    """The page first, then addresses, people and a shell's way in."""
    out.blank()
    out.note(f"Open {town.slack.base_url} in a browser: you can be anybody there.")
    out.blank()
    out.pairs(
        ("Gateway", town.gateway.base_url),
        ("Data, log", str(town.folder.path)),
        ("People", "ana and ben (members), omar and olga (owners), fay (finance),"),
        ("", "gus (guest), eve (from another workspace)"),
    )
    _say_api(town, out)
    again = "It went on from where it stopped." if town.resumed else "The next start goes on from here."
    out.blank()
    out.note(f"Ctrl-C stops it. {again}")
    out.note("`purser playground --reset` (or `make playground ARGS=--reset`) starts clean.")


def say_a_key(town: Town, cast: Cast, out: Terminal) -> None:
    """A fresh key to copy, for whoever saw the story and wants to use one."""
    out.blank()
    try:
        secret = cast.gets_a_key("ben", VISITORS_REQUEST, "omar")
    except StoryFailed as wrong:
        out.note(f"There is no key ready for you: {wrong}.")
        return
    out.note("A fresh key of Ben's, for your own shell:")
    out.copy(f"curl -s {town.gateway.base_url}/v1/chat/completions \\")
    out.copy(f"  -H 'Authorization: Bearer {secret}' \\")
    out.copy(f"  {JSON_HEADER} \\")
    out.copy("""  -d '{"model": "mock-gpt", "messages": [{"role": "user", "content": "Hi"}]}'""")


def _say_api(town: Town, out: Terminal) -> None:
    api = f"{town.slack.base_url}/_play"
    body = f'{{"as": "ana", "channel": "{TEAM}", "text": "/ai-key $10 2d try it"}}'
    out.blank()
    out.note("Or from a shell, as docs/playground.md tells; be Ana and ask, then read her screen:")
    out.copy(f"curl -s {api}/command {JSON_HEADER} \\")
    out.copy(f"  -d {shlex.quote(body)}")
    out.copy(f"curl -s {shlex.quote(f'{api}/text?as=ana')}")
