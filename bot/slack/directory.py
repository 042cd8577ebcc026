"""Who there is, as Slack knows it: the services' `Directory` port, and how a person is read from what Slack says."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient

from bot.domain.leavers import Account
from bot.domain.people import Member, handle_from
from bot.services.ports import Accounts, CursorLost, DeliveryError, FailureKind, Page
from bot.slack.errors import translated

PAGE_PEOPLE = 200
"""People on one page: what Slack recommends at most (docs.slack.dev/reference/methods/users.list)."""
_NOBODY = ("user_not_found", "user_not_visible")


class SlackDirectory:
    """Looks people and channels up."""

    def __init__(self, client: WebClient, listing: WebClient | None = None) -> None:
        """`client` should give up well within three seconds; `listing`, for whole pages of people, may take longer."""
        self._client = client
        self._listing = listing or client

    def is_member_of(self, channel_id: str) -> bool:
        """Whether Purser is in this channel; one it cannot see is one it is not in. Raises `DeliveryError`."""
        try:
            with translated("looking a channel up"):
                found = self._client.conversations_info(channel=channel_id)
        except DeliveryError as failed:
            if failed.kind is FailureKind.PERMANENT and "channel_not_found" in failed.message:
                return False
            raise
        channel = found["channel"]
        return bool(channel.get("is_member")) and not channel.get("is_archived")

    def lookup(self, member_id: str) -> Member | None:
        """The person as Slack knows them now, or None. Raises `DeliveryError`."""
        user = self._user(member_id)
        return None if user is None else member_from(user)

    def account(self, member_id: str) -> Account | None:
        """The person's account with its address, or None. Raises `DeliveryError`."""
        user = self._user(member_id)
        return None if user is None else account_from(user)

    def people(self, cursor: str = "") -> Page:
        """One page of everybody, the deactivated too. Raises `CursorLost` for a place that Slack has forgotten."""
        users, following = self._page(cursor)
        return Page(tuple(map(member_from, users)), following)

    def accounts(self, cursor: str = "") -> Accounts:
        """The same page as accounts, with addresses where the app has `users:read.email`. Raises as `people` does."""
        users, following = self._page(cursor)
        return Accounts(tuple(map(account_from, users)), following)

    def _user(self, member_id: str) -> dict[str, Any] | None:
        try:
            with translated("looking a person up"):
                found: dict[str, Any] = self._client.users_info(user=member_id)["user"]
        except DeliveryError as failed:
            if failed.kind is FailureKind.PERMANENT and failed.message.endswith(_NOBODY):
                return None
            raise
        return found

    def _page(self, cursor: str) -> tuple[list[dict[str, Any]], str]:
        try:
            with translated("listing people"):
                found = self._listing.users_list(cursor=cursor or None, limit=PAGE_PEOPLE)
        except DeliveryError as failed:
            if cursor and failed.kind is FailureKind.PERMANENT and failed.message.endswith("invalid_cursor"):
                raise CursorLost(failed.kind, failed.message) from failed
            raise
        following = (found.get("response_metadata") or {}).get("next_cursor")
        return found.get("members") or [], str(following or "")


def account_from(user: dict[str, Any]) -> Account:
    """A person's account with its address, which counts as verified only where Slack says just that."""
    profile = user.get("profile") or {}
    return Account(
        person=member_from(user),
        email=str(profile.get("email") or ""),
        is_email_confirmed=user.get("is_email_confirmed") is True,
    )


def member_from(user: dict[str, Any]) -> Member:
    """A person from Slack's user object (docs.slack.dev/reference/objects/user-object)."""
    profile = user.get("profile") or {}
    name = profile.get("display_name") or user.get("real_name") or profile.get("real_name") or user.get("name") or ""
    return Member(
        id=str(user["id"]),
        workspace_id=str(user.get("team_id", "")),
        handle=handle_from(str(user.get("name") or name)),
        name=str(name),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_bot=bool(user.get("is_bot") or user.get("id") == "USLACKBOT"),
        is_departed=bool(user.get("deleted")),
        time_zone=str(user.get("tz") or ""),
    )
