"""GitHub finds Ana's key in code: it goes off and the alert is resolved once, whatever happens to Purser meanwhile."""

from __future__ import annotations

import contextlib

import httpx

from bot.services import secret_alerts
from tests.faults import kit
from tests.github import SECRET, TOKEN, Alert, FakeGitHub
from tests.office import Bot, Office

DELIVERY = "72d3162e-cc78-11e3"


class Alerts:
    """The make-believe GitHub, and what it found. Deliveries are sent again by hand, as people do at GitHub."""

    def __init__(self, office: Office, failpoint: str, github: FakeGitHub) -> None:
        self.office = office
        self.github = github
        self.come = failpoint.endswith((f":{secret_alerts.ALERT}", f":{secret_alerts.RESOLVE}"))
        self._found: Alert | None = None
        if self.come:
            office.environment |= {
                "github_webhook_secret": SECRET,
                "github_token": TOKEN,
                "github_api_url": github.api_url,
            }

    def find(self) -> None:
        """The key is pushed, and the same delivery comes again whenever this is called again."""
        if self._found is None:
            self._found = self.github.finds(kit.shown_secrets(self.office)[-1])
        with contextlib.suppress(httpx.TransportError):  # it may die while it answers
            self.github.delivers(self._webhook(), self._found, delivery=DELIVERY)

    def is_resolved(self) -> bool:
        return self._found is not None and self._found.state == "resolved"

    def assert_told_once(self) -> None:
        if self.come:
            assert len(kit.rows(self.office, action="secret.reported")) == 1
            assert len(kit.rows(self.office, action="incident.opened")) == 1
            assert len(kit.rows(self.office, action="secret.resolved")) == 1

    def _webhook(self) -> str:
        bot = self.office.bots[-1]
        if isinstance(bot, Bot):
            assert bot.server is not None
            return f"http://127.0.0.1:{bot.server.port}/webhooks/github"
        return bot.url.replace("/slack/events", "/webhooks/github")
