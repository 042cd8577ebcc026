"""Time zones by name, and what people who type one mean. Names are those of the IANA database."""

from __future__ import annotations

from datetime import UTC, tzinfo
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

LONGEST = 40
"""No name of a zone has more characters."""
_NO_PLACE = ("Etc/", "SystemV/", "posix/", "right/")


def zone(name: str) -> tzinfo:
    """The zone of this name; UTC where there is none, as for a name that Slack never told."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def named(name: str) -> str:
    """The name itself if there is such a zone, else `UTC`."""
    return name if name in available_timezones() else "UTC"


def meant(typed: str) -> str | None:
    """The zone somebody means by its name or its city, whatever the case: `europe/berlin`, `Berlin`, `new york`."""
    wanted = _plain(typed)
    if wanted in ("utc", "gmt", "z"):
        return "UTC"
    return _names().get(wanted)


def alike(typed: str) -> str:
    """The name that looks most like what was typed; where none does, an example."""
    found = get_close_matches(_plain(typed[:LONGEST]), _names(), n=1, cutoff=0.6)
    return _names()[found[0]] if found else "Europe/Berlin"


@cache
def _names() -> dict[str, str]:
    """Every zone by its name, and by its city where only one has that."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACE))
    cities: dict[str, list[str]] = {}
    for name in places:
        cities.setdefault(_plain(name.rpartition("/")[2]), []).append(name)
    return {city: names[0] for city, names in cities.items() if len(names) == 1} | {
        _plain(name): name for name in places
    }


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
