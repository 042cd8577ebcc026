"""Uploads files to Slack without sharing them: a URL is asked for, the bytes go there, the upload is completed.

Who sees a file is decided by the message that shows or links it. An upload whose message is never posted is seen by
nobody.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from urllib.request import HTTPHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient

from bot.services.ports import DeliveryError, FailureKind, FileToSend
from bot.slack.errors import translated

UPLOAD_SECONDS = 20
"""For one pause in an upload, not for all of it."""
SLOW_SECONDS = 8
"""An upload that took longer leaves no time to post: who waits for it may have been given up and another come."""
KEPT = 50


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in Slack that nobody but Purser sees yet."""

    id: str
    permalink: str
    """Whoever posts this link shares the file with who reads the message."""


class Uploads:
    """Files that were uploaded and not posted yet, so that the next try need not upload them again."""

    def __init__(self, client: WebClient, seconds: Callable[[], float] = time.monotonic) -> None:
        """Nothing was uploaded yet."""
        self._client = client
        self._seconds = seconds
        self._kept: OrderedDict[str, Uploaded] = OrderedDict()
        self._lock = threading.Lock()

    def ready(self, sending_id: str, file: FileToSend) -> Uploaded:
        """The file, uploaded now or by an earlier try. Raises `DeliveryError`: also, to be tried again, after a slow
        upload. Nothing is lost by that, and posting never comes so late that another has posted meanwhile.
        """
        with self._lock:
            known = self._kept.get(sending_id)
        if known is not None:
            return known
        start = self._seconds()
        with translated("uploading a file"):
            uploaded = upload(self._client, file)
        if not uploaded.permalink:
            raise DeliveryError(FailureKind.PERMANENT, "Slack named no link to an uploaded file")
        with self._lock:
            self._kept[sending_id] = uploaded
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        if self._seconds() - start > SLOW_SECONDS:
            raise DeliveryError(FailureKind.TRANSIENT, "uploading a file took long; it is posted at the next try")
        return uploaded

    def done(self, sending_id: str) -> None:
        """Forget what was posted."""
        with self._lock:
            self._kept.pop(sending_id, None)


def upload(client: WebClient, file: FileToSend, pause_seconds: float = UPLOAD_SECONDS) -> Uploaded:
    """Upload it. Raises what the Slack client raises, and OSError when the bytes do not arrive."""
    with _opened(file) as (content, length):
        place = client.files_getUploadURLExternal(filename=file.name, length=length)
        _post(client, str(place["upload_url"]), content, length, pause_seconds)
    done = client.files_completeUploadExternal(files=[{"id": str(place["file_id"]), "title": file.title}])
    return Uploaded(str(place["file_id"]), str(done["files"][0].get("permalink") or ""))


@contextmanager
def _opened(file: FileToSend) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(file.content, bytes):
        yield BytesIO(file.content), len(file.content)
        return
    with file.content.open("rb") as content:
        yield content, file.content.stat().st_size


def _post(client: WebClient, url: str, content: BinaryIO, length: int, pause_seconds: float) -> None:
    """The bytes, streamed. Slack names the URL; it is as trustworthy as the reply that names it."""
    if not url.startswith(("https://", "http://")):
        raise OSError("Slack named no address to upload to")
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
    request = Request(url, data=content, headers=headers, method="POST")  # noqa: S310 - its scheme is checked above
    ways = [HTTPHandler(), HTTPSHandler(context=client.ssl)]
    opener = build_opener(*ways) if client.proxy is None else build_opener(*ways, _proxy(client.proxy))
    with closing(opener.open(request, timeout=pause_seconds)) as reply:
        reply.read()


def _proxy(address: str) -> ProxyHandler:
    return ProxyHandler({"http": address, "https": address})
