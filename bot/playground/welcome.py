"""What the playground says once it stays up: where everything is, and lines to copy that really work."""

from __future__ import annotations

import shlex

from bot.playground.cast import TEAM, Cast, StoryFailed
from bot.playground.terminal import Terminal
from bot.playground.town import Town

VISITORS_REQUEST = "/ai-key $5 1d a visitor tries it from a shell"
JSON_HEADER = "-H 'Content-Type: application/json'"


def say_how_to_go_on(town: Town, cast: Cast, out: Terminal) -> None:
    """Addresses, a fresh key, and how to be anybody by curl."""
    out.headline("It stays up: now you")
    out.pairs(
        ("Fake Slack", f"{town.slack.base_url}/_play (JSON API; docs/playground.md)"),
        ("Gateway", town.gateway.base_url),
        ("Data, log", str(town.folder.path)),
        ("People", "ana and ben (members), omar and olga (owners), fay (finance),"),
        ("", "gus (guest), eve (from another workspace)"),
    )
    _say_a_key(town, cast, out)
    _say_api(town, out)
    again = "It went on from where it stopped." if town.resumed else "The next start goes on from here."
    out.blank()
    out.note(f"Ctrl-C stops it. {again}")
    out.note("`purser playground --reset` (or `make playground ARGS=--reset`) starts clean.")


def _say_a_key(town: Town, cast: Cast, out: Terminal) -> None:
    out.blank()
    try:
        secret = cast.gets_a_key("ben", VISITORS_REQUEST, "omar")
    except StoryFailed as wrong:
        out.note(f"There is no key ready for you ({wrong}). Ask for one:")
        return
    out.note("A fresh key of Ben's, for your own shell:")
    out.copy(f"curl -s {town.gateway.base_url}/v1/chat/completions \\")
    out.copy(f"  -H 'Authorization: Bearer {secret}' \\")
    out.copy(f"  {JSON_HEADER} \\")
    out.copy("""  -d '{"model": "mock-gpt", "messages": [{"role": "user", "content": "Hi"}]}'""")


def _say_api(town: Town, out: Terminal) -> None:
    api = f"{town.slack.base_url}/_play"
    out.blank()
    out.note("Be Ana, and type; be Omar, and press; then read Ana's screen:")
    _post(out, f"{api}/command", f'{{"as": "ana", "channel": "{TEAM}", "text": "/ai-key $10 2d try it"}}')
    _post(out, f"{api}/press", '{"as": "omar", "label": "Approve"}')
    out.copy(f"curl -s {shlex.quote(f'{api}/text?as=ana')}")
    out.blank()
    out.note("Move the clock by a day; the bot follows:")
    _post(out, f"{api}/clock", '{"advance_seconds": 86400}')


def _post(out: Terminal, url: str, body: str) -> None:
    out.copy(f"curl -s {url} \\")
    out.copy(f"  {JSON_HEADER} \\")
    out.copy(f"  -d {shlex.quote(body)}")
