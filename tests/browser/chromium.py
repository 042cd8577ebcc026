"""Debian's own Chromium, driven by playwright: nothing is downloaded, and it reaches nothing but this machine."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser")
HOW_TO_INSTALL = "no Chromium: install it (Debian: apt-get install chromium)"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class NoChromium(Exception):
    """There is none on this machine; says how to get one."""


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """A headless browser. Raises `NoChromium`."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise NoChromium(HOW_TO_INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def profile(
    browser: Browser, width: int = 1280, height: int = 800, *, dark: bool = False, scale: float = 1
) -> BrowserContext:
    """A fresh profile with a window of this size; `scale` device pixels to each of the page's."""
    return browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        service_workers="block",
        permissions=["clipboard-read", "clipboard-write"],
    )
