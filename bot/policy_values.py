"""The values of a policy file: amounts, times, percents, people. What cannot be one is refused with what would be."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.domain.keys import KeyKind
from bot.domain.money import BadAmount
from bot.domain.money import parse as parse_usd
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS, BadDuration, parse_duration
from bot.domain.policy import Who

LONGEST_YEARS = 10
"""No time in the policy file may be longer: further on lie dates that no calendar here can hold."""
POLL_SECONDS = (10, HOUR_SECONDS)
"""How often spend may be read: seldomer is no guard, oftener is a burden on the gateway."""


def _amount(value: object) -> int:
    try:
        return parse_usd(str(value))
    except BadAmount as wrong:
        raise ValueError(str(wrong)) from None


def _amount_or_none(value: object) -> int:
    return 0 if str(value).strip() in {"$0", "0"} else _amount(value)


def _seconds(value: object) -> int:
    try:
        seconds = parse_duration(str(value))
    except BadDuration as wrong:
        raise ValueError(str(wrong)) from None
    if seconds > LONGEST_YEARS * 366 * DAY_SECONDS:
        msg = f"no time may be longer than {LONGEST_YEARS} years"
        raise ValueError(msg)
    return seconds


def _poll(value: object) -> int:
    typed = re.fullmatch(r"(\d{1,4}) ?(?:s|secs?|seconds?)", str(value).strip(), re.ASCII)
    least, most = POLL_SECONDS
    try:
        seconds = int(typed[1]) if typed else parse_duration(str(value))
    except BadDuration:
        seconds = 0
    if not least <= seconds <= most:
        msg = f"must be from 10s to 1h, such as 60s or 5m; {str(value)!r} is not"
        raise ValueError(msg)
    return seconds


def _person(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[UW][A-Z0-9]{2,}", value):
        msg = f'must be Slack user ids such as "U024BE7LH"; {value!r} is not one'
        raise ValueError(msg)
    return value


def _percent(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100:
        msg = f"must be whole percents from 1 to 100, such as 80; {value!r} is not one"
        raise ValueError(msg)
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10_000:
        msg = f"must be a whole number from 1 to 10000; {value!r} is not"
        raise ValueError(msg)
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > 40:
        msg = f'must be 1 to 40 of a-z, 0-9 and inner hyphens, such as "no-opus"; {value!r} is not'
        raise ValueError(msg)
    return value


def _one_of(kinds: type[KeyKind | Who]) -> Any:  # noqa: ANN401 - a pydantic annotation
    def known(value: object) -> object:
        names = [str(each) for each in kinds]
        if value not in names:
            there_is = ", ".join(names)
            msg = f"there is {there_is}; {value!r} is none of them"
            raise ValueError(msg)
        return kinds(str(value))

    return BeforeValidator(known)


Usd = Annotated[int, BeforeValidator(_amount)]
UsdOrNone = Annotated[int, BeforeValidator(_amount_or_none)]
Time = Annotated[int, BeforeValidator(_seconds)]
Poll = Annotated[int, BeforeValidator(_poll)]
Person = Annotated[str, BeforeValidator(_person)]
Percent = Annotated[int, BeforeValidator(_percent)]
Count = Annotated[int, BeforeValidator(_count)]
RuleName = Annotated[str, BeforeValidator(_name)]
Kind = Annotated[KeyKind, _one_of(KeyKind)]
Standing = Annotated[Who, _one_of(Who)]
