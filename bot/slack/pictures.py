"""Pictures of charts in Slack: drawn, uploaded unshared, and remembered: a message written anew keeps its picture."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPException

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.charts import Picture
from bot.domain.charts import Chart
from bot.services.ports import FileToSend
from bot.slack.files import Uploaded, upload

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.5
"""Before an upload that failed is tried again."""
UPLOAD_SECONDS = 5
"""For one pause in the upload of a picture."""
REST_SECONDS = 60
"""How long nothing is uploaded after an upload failed."""
KEPT = 200
"""Pictures whose file is remembered."""

_DRAWING_FAILS = (ArithmeticError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What a library for drawing may raise over what it is to draw, or where it is not whole."""
_LOST = (OSError, HTTPException, SlackClientError)


class NoPicture(Exception):
    """There is no picture to be had. `slow_down` is Slack's answer, where it asked for that."""

    def __init__(self, why: str, slow_down: SlackApiError | None = None) -> None:
        """Keep why."""
        super().__init__(why)
        self.slow_down = slow_down


@dataclass(frozen=True, slots=True)
class Shown:
    """A chart that was uploaded."""

    chart: Chart
    file_id: str
    key: tuple[tuple[str, str], ...]
    titled: bool


class Pictures:
    """All that were uploaded. For every thread."""

    def __init__(
        self, draw: Callable[[Chart], Picture], sleep: Callable[[float], None], seconds: Callable[[], float]
    ) -> None:
        """Nothing was uploaded yet."""
        self._draw = draw
        self._sleep = sleep
        self._seconds = seconds
        self._rest_until = float("-inf")
        self._known: OrderedDict[Chart, Shown] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, client: WebClient, charts: Iterable[Chart]) -> dict[Chart, Shown]:
        """The charts as files in Slack, uploaded where they are not yet. Raises `NoPicture`."""
        return {chart: self._find(chart) or self._new(client, chart) for chart in charts}

    def knows(self, charts: Iterable[Chart]) -> bool:
        """Whether one of these was uploaded before."""
        return any(self._find(chart) for chart in charts)

    def forget(self, charts: Iterable[Chart]) -> None:
        """Slack does not show these files."""
        with self._lock:
            for chart in charts:
                self._known.pop(chart, None)

    def _find(self, chart: Chart) -> Shown | None:
        with self._lock:
            if chart in self._known:
                self._known.move_to_end(chart)
            return self._known.get(chart)

    def _new(self, client: WebClient, chart: Chart) -> Shown:
        if self._seconds() < self._rest_until:
            raise NoPicture("an upload failed a moment ago")
        picture = self._drawn(chart)
        file = self._uploaded(client, FileToSend("chart.png", chart.title, picture.png))
        shown = Shown(chart, file.id, picture.key, picture.titled)
        with self._lock:
            self._known[chart] = shown
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return shown

    def _drawn(self, chart: Chart) -> Picture:
        try:
            return self._draw(chart)
        except _DRAWING_FAILS as failed:
            log.exception("a chart could not be drawn")
            raise NoPicture(type(failed).__name__) from failed

    def _uploaded(self, client: WebClient, file: FileToSend) -> Uploaded:
        """Uploaded at the first or second try: what nobody refers to is seen by nobody. Raises `NoPicture`."""
        try:
            try:
                return upload(client, file, UPLOAD_SECONDS)
            except _LOST as failed:
                if isinstance(failed, SlackApiError) and not _failed_inside(failed):
                    raise
                self._sleep(PAUSE_SECONDS)
                return upload(client, file, UPLOAD_SECONDS)
        except SlackApiError as refused:
            if asks_to_slow_down(refused):
                raise NoPicture("Slack asks to slow down", refused) from refused
            self._rest_until = self._seconds() + REST_SECONDS
            raise NoPicture(code_of(refused)) from refused
        except _LOST as lost:
            self._rest_until = self._seconds() + REST_SECONDS
            raise NoPicture(type(lost).__name__) from lost


def asks_to_slow_down(refused: SlackApiError) -> bool:
    """Whether the same call is fine later."""
    return _status(refused) == 429 or code_of(refused) in ("ratelimited", "rate_limited")


def code_of(refused: SlackApiError) -> str:
    """Slack's word for what is wrong."""
    response = refused.response
    return str(response.get("error", "")) if hasattr(response, "get") else ""


def _failed_inside(refused: SlackApiError) -> bool:
    return _status(refused) >= 500


def _status(refused: SlackApiError) -> int:
    return int(getattr(refused.response, "status_code", 200))
