"""The edge of every listener: nothing a handler raises is lost, and whoever was waiting is told once.

One of the three places with a broad `except`. Lazy listeners' errors never reach Bolt's own error handler,
and an error right after `ack()` would lose the ack, so acks are separate functions that only ack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from bot.services.context import BooksUnavailable, Repeated
from bot.slack.incoming import Incoming, Stop
from bot.slack.views import answers
from bot.slack.views.base import View
from bot.slack.views.requests import notice_modal, refused_modal

log = structlog.get_logger(__name__)

Handler = Callable[[Incoming], None]
Submission = Callable[[Incoming], "Response"]
Response = dict[str, Any]
"""What an ack of a form carries: nothing to close it, or a `response_action`."""

TRY_AGAIN = "Purser cannot reach its books just now. Nothing was changed; please try again in a minute."
LOOK_FIRST = (
    "Purser lost its books for a moment. What you did may or may not have been written down: look again in a "
    "minute, and repeat it if it was not. Nothing is done twice."
)


def guarded(handler: Handler, incoming: Callable[[dict[str, Any]], Incoming]) -> Callable[..., None]:
    """A lazy listener around `handler`: logs what it raises with a reference, and tells the person."""

    def listen(body: dict[str, Any]) -> None:
        event = incoming(body)
        try:
            handler(event)
        except Stop as stop:
            refusal = answers.refused(stop.refused)
            _tell(event, lambda: event.answer(refusal))
        except Repeated:
            log.info("delivered again; done already", delivery=event.delivery)
        except BooksUnavailable as away:
            log.exception("the books could not be used")
            text = LOOK_FIRST if away.maybe_committed else TRY_AGAIN
            _tell(event, lambda: event.answer(answers.plain(text)))
        except Exception:
            reference = event.purser.ids.new("ref")
            log.exception("a listener failed", reference=reference, what=event.what)
            _tell(event, lambda: event.answer(answers.failed(reference)))

    return listen


def answered(submission: Submission, incoming: Callable[[dict[str, Any]], Incoming]) -> Callable[..., None]:
    """An ack function around a form's `submission`: always acks, with what the form should show next."""

    def listen(ack: Callable[..., Any], body: dict[str, Any]) -> None:
        event = incoming(body)
        try:
            response = submission(event)
        except Stop as stop:
            response = replaced_by(refused_modal(stop.refused.text))
        except Repeated:
            response = replaced_by(notice_modal("Done already", "This was sent already. You can close this window."))
        except BooksUnavailable as away:
            log.exception("the books could not be used")
            text = LOOK_FIRST if away.maybe_committed else TRY_AGAIN
            response = replaced_by(notice_modal("Please try again", text))
        except Exception:
            reference = event.purser.ids.new("ref")
            log.exception("a form could not be taken in", reference=reference, what=event.what)
            response = replaced_by(notice_modal("Something went wrong", answers.failed(reference).text))
        ack(**response)

    return listen


def replaced_by(view: View) -> Response:
    """Answer a form by showing this view in its place."""
    return {"response_action": "update", "view": view}


def with_errors(errors: dict[str, str]) -> Response:
    """Answer a form by showing what is wrong beside its inputs."""
    return {"response_action": "errors", "errors": errors}


CLOSED: Response = {"response_action": "clear"}


def _tell(event: Incoming, tell: Callable[[], None]) -> None:
    try:
        tell()
    except Exception:
        log.exception("and the person could not be told", what=event.what)
