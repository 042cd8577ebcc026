"""`/ai-team`: setting up the team of a channel. People come as Slack's own mentions, which Slack resolves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.people import is_team_name
from bot.services import zones
from bot.slack.grammar import offboarding
from bot.slack.grammar.terms import amount, is_amount
from bot.slack.grammar.text import HELP_WORDS, Help, Mistake, Slip, not_a_person, person, quote, tidy

CREATE = "/ai-team create search $500"
INVITE = "/ai-team invite @ana @ben"
REMOVE = "/ai-team remove @ben"
OWNER = "/ai-team owner @omar"
PROJECT = "/ai-team project reranker $200 @ana"
POLICY = "/ai-team policy"
INCIDENTS = "/ai-team incidents"
WATCH = "/ai-team watch on"
DIGEST = "/ai-team digest 09:00 Europe/Berlin"
PEOPLE_MOST = 50


@dataclass(frozen=True, slots=True)
class ShowTeam:
    """The team of this channel."""


@dataclass(frozen=True, slots=True)
class CreateTeam:
    """Make this channel a team's home. Amount in micro-USD a month."""

    name: str
    monthly_micros: int


@dataclass(frozen=True, slots=True)
class Invite:
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddOwners:
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateProject:
    """A project of this channel's team. Amount in micro-USD a month; the lead by Slack user id."""

    name: str
    monthly_micros: int
    lead_id: str


@dataclass(frozen=True, slots=True)
class ShowPolicy:
    """What is allowed here."""


@dataclass(frozen=True, slots=True)
class ShowIncidents:
    """Which incidents are open."""


@dataclass(frozen=True, slots=True)
class ShowDigest:
    """When the weekly digest comes."""


@dataclass(frozen=True, slots=True)
class SetDigest:
    """When the weekly digest comes, in minutes after midnight and by the zone's name; None: as it was."""

    is_on: bool
    minutes: int | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Look through this channel's messages for keys, or not; None shows how it stands."""

    is_on: bool | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """More spend is expected, or what is: `grammar.expecting` reads these words."""

    words: tuple[str, ...]


TeamCommand = (
    ShowTeam
    | CreateTeam
    | Invite
    | Remove
    | AddOwners
    | CreateProject
    | ShowPolicy
    | ShowIncidents
    | Expect
    | ShowDigest
    | SetDigest
    | Watch
    | offboarding.OffboardingCommand
    | Help
    | Mistake
)

_PERSON_WITH_SPACES = re.compile(r"<@([UW][A-Z0-9]{1,20})\|[^<>]*>")


def parse(text: str) -> TeamCommand:
    """Read what follows `/ai-team`. Never raises."""
    tokens = _PERSON_WITH_SPACES.sub(r" <@\1> ", tidy(text)).split()
    if not tokens:
        return ShowTeam()
    word = tokens[0].lower()
    if word in HELP_WORDS:
        return Help()
    reader = _READERS.get(word)
    if reader is None:
        known = (
            "create, invite, remove, owner, project, lead, digest, expect, watch, incidents, inventory, review, "
            "handover, left, sweep and policy"
        )
        return Mistake(f"There is {known}, but not {quote(tokens[0])}.", INVITE)
    try:
        return reader(tokens[1:])
    except Slip as slip:
        return slip.mistake


def _create(tokens: list[str]) -> TeamCommand:
    name, monthly, rest = _name_and_amount(tokens, CREATE)
    if rest:
        raise Slip("A team has a name and a monthly budget, nothing else.", CREATE)
    return CreateTeam(name, monthly)


def _project(tokens: list[str]) -> TeamCommand:
    people = [token for token in tokens if token.startswith(("<", "@"))]
    name, monthly, rest = _name_and_amount([token for token in tokens if token not in people], PROJECT)
    if rest:
        raise Slip("A project has a name, a monthly budget and a lead, nothing else.", PROJECT)
    if not people:
        raise Slip("Name the lead, who answers for the project's keys.", PROJECT)
    leads = _people(people, PROJECT)
    if len(leads) > 1:
        raise Slip("A project has one lead.", PROJECT)
    return CreateProject(name, monthly, leads[0])


def _name_and_amount(tokens: list[str], example: str) -> tuple[str, int, list[str]]:
    """A name and an amount in either order, and what follows them."""
    if len(tokens) > 1 and is_amount(tokens[0], plain=False) and not is_amount(tokens[1], plain=False):
        tokens = [tokens[1], tokens[0], *tokens[2:]]
    if not tokens or is_amount(tokens[0], plain=False):
        raise Slip("A name is needed, and a monthly budget.", example)
    name = tokens[0].lower()
    if not is_team_name(name):
        raise Slip("Names have 1 to 40 of a-z, 0-9 and hyphens inside.", example)
    if len(tokens) < 2:
        raise Slip("Say how much may be spent a month.", example)
    return name, amount(tokens[1], example), tokens[2:]


def _people(tokens: list[str], example: str) -> tuple[str, ...]:
    """The people mentioned, each once. Raises `Slip` for anything that is no mention of a person."""
    found: list[str] = []
    for token in tokens:
        bare = token.strip(",") if token.endswith("&gt;") else token.strip(",;")
        if not bare or bare.lower() in {"and", "&amp;", "&"}:
            continue
        found_id = person(bare)
        if found_id is None:
            raise not_a_person(bare, example)
        found.append(found_id)
    if not found:
        raise Slip("Say whom, with @.", example)
    if len(set(found)) > PEOPLE_MOST:
        raise Slip(f"At most {PEOPLE_MOST} people at a time.", example)
    return tuple(dict.fromkeys(found))


def _invite(tokens: list[str]) -> TeamCommand:
    return Invite(_people(tokens, INVITE))


def _remove(tokens: list[str]) -> TeamCommand:
    return Remove(_people(tokens, REMOVE))


def _owner(tokens: list[str]) -> TeamCommand:
    return AddOwners(_people(tokens, OWNER))


def _expect(tokens: list[str]) -> TeamCommand:
    return Expect(tuple(tokens))


def _policy(tokens: list[str]) -> TeamCommand:
    if tokens:
        raise Slip("`policy` shows what is allowed here and takes nothing else.", POLICY)
    return ShowPolicy()


def _watch(tokens: list[str]) -> TeamCommand:
    match [token.lower() for token in tokens if token.lower() not in _FILLERS - {"on"}]:
        case []:
            return Watch()
        case ["on" | "start" | "yes"]:
            return Watch(is_on=True)
        case ["off" | "stop" | "no" | "end"]:
            return Watch(is_on=False)
        case _:
            raise Slip("`watch` takes `on`, `off`, or nothing, which shows how it stands.", WATCH)


def _incidents(tokens: list[str]) -> TeamCommand:
    if tokens:
        raise Slip("`incidents` shows those that are open and takes nothing else.", INCIDENTS)
    return ShowIncidents()


def _digest(tokens: list[str]) -> TeamCommand:
    words = [word for token in tokens if (word := token.strip(",").lower())]
    if not words:
        return ShowDigest()
    if words[0] in HELP_WORDS:
        return Help()
    if words == ["off"]:
        return SetDigest(is_on=False)
    if "off" in words:
        raise Slip("`off` stands alone.", "/ai-team digest off")
    rest = [word for word in words if word not in _FILLERS]
    if any(word.rstrip("s") in _OTHER_DAYS for word in rest):
        raise Slip("A digest tells of the week before and comes on Mondays; its time can be chosen.", DIGEST)
    minutes, place = _time_of_day(rest)
    if not place:
        return SetDigest(is_on=True, minutes=minutes)
    time_zone = zones.meant(" ".join(place))
    if time_zone is None:
        raise Slip(
            f"There is no time zone {quote(' '.join(place))}.", f"/ai-team digest 09:00 {zones.alike(' '.join(place))}"
        )
    return SetDigest(is_on=True, minutes=minutes, time_zone=time_zone)


def _time_of_day(words: list[str]) -> tuple[int | None, list[str]]:
    """Minutes after midnight, if a time comes first, and the words after it. Raises `Slip` for a time there is not."""
    if not words or not words[0][0].isdigit():
        return None, words
    text, after = words[0], words[1:]
    if after and after[0] in ("am", "pm"):
        text, after = text + after[0], after[1:]
    found = _TIME.fullmatch(text)
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if found and found[3]:
        hour = hour % 12 + (12 if found[3] == "pm" else 0) if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise Slip("Times look like 09:00 or 16:30.", DIGEST)
    return hour * 60 + minute, after


_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(am|pm)?", re.ASCII)
_FILLERS = frozenset({"on", "at", "in", "monday", "mondays", "from", "now"})
_OTHER_DAYS = frozenset({"tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekday"})

_READERS: dict[str, Callable[[list[str]], TeamCommand]] = {
    "create": _create,
    "invite": _invite,
    "remove": _remove,
    "owner": _owner,
    "project": _project,
    "policy": _policy,
    "incidents": _incidents,
    "watch": _watch,
    "digest": _digest,
    "expect": _expect,
    **offboarding.READERS,
}
