"""Logging: structured lines on standard error, and no secret in any of them.

Slack's own loggers print whole payloads at DEBUG, keys and all, so they never go below INFO; whatever else
looks like a credential is masked at the root, in messages, arguments and tracebacks alike.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Final

import structlog

NOISY: Final = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "urllib3", "werkzeug", "waitress")
"""Loggers of libraries that log payloads, addresses or every request below INFO."""

_SECRET: Final = re.compile(
    r"(?<![A-Za-z0-9])"
    r"(sk-[A-Za-z0-9_-]{8,}|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}"
    r"|gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9_]{20,}|AIza[A-Za-z0-9_-]{30,}"
    r"|(?:hf_|api_org_)[A-Za-z]{30,}|pplx-[A-Za-z0-9]{30,}|Bearer\s+[A-Za-z0-9._~+/=-]{8,})"
)


def masked(text: str) -> str:
    """The text with everything that looks like a credential replaced by its first characters."""
    return _SECRET.sub(lambda found: f"{found[0][:5]}[masked]", text)


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, so that nothing slips in by way of arguments or tracebacks."""

    def __init__(self, inner: logging.Formatter) -> None:
        """Format with `inner`, then mask."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        return masked(self._inner.format(record))


def _is_harmless(record: logging.LogRecord) -> bool:
    """Drops what those libraries say below INFO: Bolt gives its loggers the root's level, whatever theirs was."""
    return record.levelno >= logging.INFO or record.name.partition(".")[0] not in NOISY


def configure(level: str) -> None:
    """Send every log line, ours and libraries', to standard error in one format."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"]),
        ],
        foreign_pre_chain=shared,
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter(formatter))
    handler.addFilter(_is_harmless)
    # When a line cannot be written, Python would print it as it is, unmasked.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # A job that is still running when it is looked at again is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
