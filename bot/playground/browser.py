"""Opens the page by itself where somebody sits in front of a screen; never a browser inside the terminal.

Whatever opens it is cut off from the terminal, so that even a text browser chosen by the system cannot take it over.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Mapping

_OPENERS = {"darwin": "open"}
_OTHERWISE = "xdg-open"
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def may_open(environment: Mapping[str, str], platform: str, *, in_terminal: bool) -> bool:
    """Whether somebody started it by hand, on a machine with a screen."""
    has_screen = platform == "darwin" or any(environment.get(name) for name in _SCREENS)
    return in_terminal and has_screen and not environment.get("CI")


def open_page(url: str, platform: str) -> bool:
    """Ask the system to show it; False where there is no way to. Does not wait."""
    opener = shutil.which(_OPENERS.get(platform, _OTHERWISE))
    if opener is None:
        return False
    process = subprocess.Popen(  # noqa: S603 - the system's own, with our own address
        [opener, url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="browser", daemon=True).start()
    return True
