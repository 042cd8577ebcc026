"""What comes of something a person did: the acknowledgement, and a way to wait for what is shown after it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.playground.slack.model import JSON


@dataclass
class Reply:
    """`status` is the bot's HTTP status (200 in Socket Mode), 0 if it never answered or was never asked.

    `text` is what the person reads at once: the acknowledgement's text, or Slack's own notice of failure.
    `errors`
    are the form's complaints by block id, from the bot or, with status 0, from Slack's client. `error` is
    Slack's word for a failed delivery.
    """

    status: int
    ack_ms: int = 0
    text: str = ""
    error: str | None = None
    body: JSON = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    later: Callable[[int, float], str] | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Acknowledged in time and without complaint."""
        return self.status == 200 and self.error is None and not self.errors

    def answer(self, timeout: float = 5.0) -> str:
        """Plain text of the first thing shown to this person because of it: at once, or within `timeout`
        seconds.

        A new ephemeral, modal (opened or updated) or direct message counts; TimeoutError if none comes.
        """
        if self.text or self.later is None:
            return self.text
        return self.later(self.seq, timeout)

    def wire(self) -> JSON:
        return {
            "status": self.status,
            "ack_ms": self.ack_ms,
            "text": self.text,
            "error": self.error,
            "errors": self.errors,
        }
