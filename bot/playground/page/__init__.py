"""The playground's page: its files, and what it asks for beside what anybody may ask of the fake Slack.

The page itself is in static/: HTML, CSS and JavaScript as they are, without a build. Here is only what serves them.
"""

from bot.playground.page.routes import create_page
from bot.playground.page.switches import Switches, create_switches
from bot.playground.page.watch import Around, create_watch

__all__ = ["Around", "Switches", "create_page", "create_switches", "create_watch"]
