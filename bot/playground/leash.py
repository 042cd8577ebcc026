"""Runs `python -m bot ...` as it is, and stops it when whoever started it is gone, however that happened.

Standard input is the leash: a pipe that nobody writes to, whose other end closes with its owner.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _watch() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_watch, name="leash", daemon=True).start()
    sys.argv[0] = "purser"
    runpy.run_module("bot", run_name="__main__")
