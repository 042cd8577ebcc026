"""Which scope each Web API method needs, per kind of channel where Slack distinguishes
(docs.slack.dev/reference/methods).
"""

from collections.abc import Mapping

from bot.playground.slack.model import ChannelKind

# The methods there are, each with the scopes of which one must be granted; none means any token will do.
METHOD_SCOPES: Mapping[str, tuple[str, ...]] = {
    "api.test": (),
    "auth.test": (),
    "apps.connections.open": (),
    "bots.info": ("users:read",),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": (),
    "conversations.info": (),
    "conversations.join": ("channels:join",),
    "conversations.list": (),
    "conversations.members": (),
    "conversations.open": ("im:write",),
    "conversations.replies": (),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "reactions.add": ("reactions:write",),
    "team.info": ("team:read",),
    "users.conversations": (),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}

HISTORY: Mapping[ChannelKind, str] = {
    ChannelKind.PUBLIC: "channels:history",
    ChannelKind.PRIVATE: "groups:history",
    ChannelKind.IM: "im:history",
}
READ: Mapping[ChannelKind, str] = {
    ChannelKind.PUBLIC: "channels:read",
    ChannelKind.PRIVATE: "groups:read",
    ChannelKind.IM: "im:read",
}
