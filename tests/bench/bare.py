"""The smallest Bolt app there is, behind Purser's own web server: it acknowledges every command and does nothing.

What Purser's acknowledgements are compared with. Run as a process of its own; prints its address like `purser serve`.
"""

from __future__ import annotations

import re
import sys

from slack_bolt import App
from slack_sdk import WebClient

from bot.playground.slack.courier import require_loopback
from bot.web import WebServer, web_app


def main(slack_api_url: str, token: str, signing_secret: str) -> None:
    """Serve on a free port of loopback until killed."""
    client = WebClient(token=token, base_url=require_loopback(slack_api_url))
    bolt = App(client=client, signing_secret=signing_secret)
    bolt.command(re.compile(".*"))(lambda ack: ack())
    server = WebServer(web_app({}, bolt), "127.0.0.1", 0)
    print(f"Bare Bolt is serving on http://127.0.0.1:{server.port}", flush=True)
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
