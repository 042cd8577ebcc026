"""The cast and rooms every fake workspace starts with, the same each time."""

from bot.playground.slack.model import (
    BOT_USER_ID,
    OTHER_TEAM_ID,
    SLACKBOT_ID,
    TEAM_ID,
    Channel,
    ChannelKind,
    Team,
    User,
)
from bot.playground.slack.state import State


def _person(name: str, real_name: str, **more: str | bool | int) -> User:
    user = User(f"U0{name.upper()}", name, name.capitalize(), real_name, f"{name}@example.com")
    for key, value in more.items():
        setattr(user, key, value)
    return user


def people() -> list[User]:
    """Members, owners, finance, a guest, somebody from elsewhere, Slackbot and the bot."""
    return [
        _person("ana", "Ana Alvarez", tz="Europe/Madrid", tz_offset_seconds=3600, title="Engineer, search"),
        _person("ben", "Ben Becker", tz="Europe/Berlin", tz_offset_seconds=3600, title="Contractor"),
        _person("omar", "Omar Osman", is_admin=True, title="Head of engineering"),
        _person("olga", "Olga Orlova", is_admin=True, is_owner=True, title="Platform lead"),
        _person("fay", "Fay Fischer", title="Finance"),
        _person("gus", "Gus Garcia", is_restricted=True, title="Guest"),
        _person("eve", "Eve Evans", team_id=OTHER_TEAM_ID, email="eve@elsewhere.example", title="Vendor"),
        User(SLACKBOT_ID, "slackbot", "Slackbot", "Slackbot", ""),
        User(BOT_USER_ID, "purser", "Purser", "Purser", "", is_bot=True),
    ]


def seed(state: State) -> None:
    """Fill an empty state: #general and #search are public, #ops-private is not; the bot is in none of them.

    Eve is in #search through Slack Connect: she sees it and can press buttons there.
    """
    with state.lock:
        state.teams = {
            TEAM_ID: Team(TEAM_ID, "Playground", "playground"),
            OTHER_TEAM_ID: Team(OTHER_TEAM_ID, "Elsewhere", "elsewhere"),
        }
        state.users = {user.id: user for user in people()}
        here = ["U0ANA", "U0BEN", "U0OMAR", "U0OLGA", "U0FAY"]
        rooms = [
            Channel("C0GENERAL", "general", members=[*here], purpose="Everybody"),
            Channel("C0SEARCH", "search", members=[*here, "U0GUS", "U0EVE"], shared_with=[OTHER_TEAM_ID]),
            Channel("C0OPS", "ops-private", ChannelKind.PRIVATE, members=["U0OMAR", "U0OLGA", "U0FAY"]),
        ]
        for room in rooms:
            room.creator, room.created = "U0OLGA", state.now()
            state.channels[room.id] = room
        state.touch()
