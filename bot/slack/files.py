"""Uploads files to Slack without sharing them: a URL is asked for, the bytes go there, the upload is completed.

Who sees a file is decided by the message that shows or links it. An upload whose message is never posted is seen by
nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from urllib.request import HTTPHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient

from bot.services.ports import FileToSend

UPLOAD_SECONDS = 60
"""For one pause in an upload, not for all of it."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in Slack that nobody but Purser sees yet."""

    id: str
    permalink: str
    """Whoever posts this link shares the file with who reads the message."""


def upload(client: WebClient, file: FileToSend) -> Uploaded:
    """Upload it. Raises what the Slack client raises, and OSError when the bytes do not arrive."""
    with _opened(file) as (content, length):
        place = client.files_getUploadURLExternal(filename=file.name, length=length)
        _post(client, str(place["upload_url"]), content, length)
    done = client.files_completeUploadExternal(files=[{"id": str(place["file_id"]), "title": file.title}])
    return Uploaded(str(place["file_id"]), str(done["files"][0].get("permalink") or ""))


@contextmanager
def _opened(file: FileToSend) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(file.content, bytes):
        yield BytesIO(file.content), len(file.content)
        return
    with file.content.open("rb") as content:
        yield content, file.content.stat().st_size


def _post(client: WebClient, url: str, content: BinaryIO, length: int) -> None:
    """The bytes, streamed. Slack names the URL; it is as trustworthy as the reply that names it."""
    if not url.startswith(("https://", "http://")):
        raise OSError("Slack named no address to upload to")
    opener = build_opener(
        HTTPHandler(), HTTPSHandler(context=client.ssl), *([] if client.proxy is None else [_proxy(client.proxy)])
    )
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
    request = Request(url, data=content, headers=headers, method="POST")  # noqa: S310 - its scheme is checked above
    with closing(opener.open(request, timeout=UPLOAD_SECONDS)) as reply:
        reply.read()


def _proxy(address: str) -> ProxyHandler:
    return ProxyHandler({"http": address, "https": address})
