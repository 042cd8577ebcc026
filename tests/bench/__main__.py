"""Runs the benchmarks that were named, or all, one after another; `--write` puts them into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.bench import (
    acks,
    disable,
    export,
    forecast,
    guard,
    headroom,
    leaks,
    offboarding,
    overshoot,
    page,
    reveal,
    spike_looks,
    spikes,
    start,
    sweep,
    usage_reports,
    usage_sync,
)
from tests.bench.ground import Skipped
from tests.bench.report import Section, write

BENCHMARKS: dict[str, Callable[[], Section]] = {
    "ack": acks.measure,
    "reveal": reveal.measure,
    "disable": disable.measure,
    "start": start.measure,
    "page": page.measure,
    "usage_sync": usage_sync.measure,
    "usage_reports": usage_reports.measure,
    "export": export.measure,
    "headroom": headroom.measure,
    "guard": guard.measure,
    "overshoot": overshoot.measure,
    "forecast": forecast.measure,
    "spikes": spikes.measure,
    "leaks": leaks.measure,
    "spike_looks": spike_looks.measure,
    "sweep": sweep.measure,
    "offboarding": offboarding.measure,
}


def main() -> int:
    """Measure, print, and write down if asked to. One that cannot be measured here is left out, saying why."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--write", action="store_true", help="rewrite their sections of docs/benchmarks.md")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    for name in given.names or BENCHMARKS:
        started = time.monotonic()
        try:
            section = BENCHMARKS[name]()
        except Skipped as why:
            print(f"== {name}: left out: {why}\n", flush=True)
            continue
        print(f"== {section.title} ({time.monotonic() - started:.0f} s)\n\n{section}\n", flush=True)
        if given.write:
            write(section)
    return 0


if __name__ == "__main__":
    sys.exit(main())
