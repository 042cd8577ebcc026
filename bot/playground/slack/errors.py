"""How the fake Slack says no."""

from collections.abc import Sequence

from bot.playground.slack.model import JSON


class ApiError(Exception):
    """`{"ok": false, "error": code}` with HTTP 200, as Slack answers what it refuses."""

    def __init__(self, code: str, *, problems: Sequence[str] = (), **more: str) -> None:
        super().__init__(code)
        self.code = code
        self.problems = list(problems)
        self.more = more

    def body(self) -> JSON:
        body: JSON = {"ok": False, "error": self.code, **self.more}
        if self.problems:
            body["errors"] = self.problems
            body["response_metadata"] = {"messages": [f"[ERROR] {p}" for p in self.problems]}
        return body


class NotInSlack(Exception):
    """The script of a test, or the page, asked for something that a person could not do in Slack."""
