"""What an administrator of the workspace does: people come and go, channels are made, archived, joined."""

from bot.playground.slack.model import BOT_USER_ID, TEAM_ID, Channel, ChannelKind, User
from bot.playground.slack.posting import join
from bot.playground.slack.world import World


class Workspace:
    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.state

    def invite(self, channel: str, user: str) -> None:
        join(self._world, self._state.channel(channel), self._state.user(user).id)

    def invite_bot(self, channel: str) -> None:
        """As somebody typing /invite @purser does."""
        join(self._world, self._state.channel(channel), BOT_USER_ID)

    def kick(self, channel: str, user: str) -> None:
        room, person = self._state.channel(channel), self._state.user(user)
        with self._state.lock:
            if person.id in room.members:
                self._world.events.joined_channel(person.id, room, joined=False)
                room.members.remove(person.id)
                self._state.reshape(room.id)

    def deactivate(self, user: str, *, quietly: bool = False) -> None:
        """The person leaves: out of every channel, and the app hears `user_change`, unless the event gets lost."""
        self._set_deleted(self._state.user(user), deleted=True, quietly=quietly)

    def reactivate(self, user: str) -> None:
        """The person is back, in no channel: they join again themselves."""
        self._set_deleted(self._state.user(user), deleted=False, quietly=False)

    def _set_deleted(self, user: User, *, deleted: bool, quietly: bool) -> None:
        with self._state.lock:
            user.deleted = deleted
            if deleted:
                for channel in self._state.channels.values():
                    if channel.kind is not ChannelKind.IM and user.id in channel.members:
                        channel.members.remove(user.id)
                        self._state.reshape(channel.id)
                self._state.modals.pop(user.id, None)
            self._state.touch()
            if not quietly:
                self._world.events.user_changed(user.id)

    def change_user(self, user: str, **fields: str | bool | int) -> User:
        """Set fields of a person (a profile, a role); the app hears `user_change`."""
        person = self._state.user(user)
        with self._state.lock:
            for name, value in fields.items():
                if not hasattr(person, name):
                    raise AttributeError(f"a user has no {name}")
                setattr(person, name, value)
            self._state.touch()
            self._world.events.user_changed(person.id)
        return person

    def add_user(self, name: str, real_name: str = "", **fields: str | bool | int) -> User:
        """A newcomer, in #general unless a guest; the app hears `team_join`."""
        full_name = real_name or name.capitalize()
        user = User(f"U0{name.upper()}", name, name.capitalize(), full_name, f"{name}@example.com")
        for key, value in fields.items():
            if not hasattr(user, key):
                raise AttributeError(f"a user has no {key}")
            setattr(user, key, value)
        with self._state.lock:
            if user.id in self._state.users:
                raise ValueError(f"there is a {name} already")
            self._state.users[user.id] = user
            if user.team_id == TEAM_ID and not user.is_restricted:
                self._state.channel("general").members.append(user.id)
            self._state.touch()
            self._world.events.emit("team_join", {"user": user.wire()})
        return user

    def add_channel(self, name: str, *members: str, private: bool = False) -> Channel:
        state = self._state
        with state.lock:
            kind = ChannelKind.PRIVATE if private else ChannelKind.PUBLIC
            people = [state.user(m).id for m in members]
            channel = Channel(state.new_id("C"), name, kind, people, created=state.now())
            state.channels[channel.id] = channel
            state.touch()
        return channel

    def archive(self, channel: str, *, archived: bool = True) -> None:
        room = self._state.channel(channel)
        with self._state.lock:
            room.archived = archived
            self._state.touch()
            kind = "channel_archive" if archived else "channel_unarchive"
            self._world.events.emit(kind, {"channel": room.id, "user": room.creator})
