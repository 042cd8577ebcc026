"""`purser doctor`: looks at everything Purser needs, from outside, and says what to do about each failure.

Part of the composition layer. Changes nothing but one tiny key, made and deleted at once, and prints no secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy import text

from bot.app import RandomIds, SystemClock, gateways, slack_client
from bot.doctor_sweeps import daily_sweep
from bot.domain.keys import ALIAS_PREFIX
from bot.domain.periods import show_duration
from bot.gateways.base import CapPeriod, Gateway, GatewayError, KeySpec
from bot.services.auditing import verify
from bot.services.ports import Clock
from bot.settings import Configuration, Settings
from bot.slack.directory import member_from
from storage import outbox, people
from storage.engine import Books, BooksUnavailable

SCOPES: Mapping[str, str] = {
    "channels:history": "to read replies in a request's thread",
    "channels:read": "to see whether a team's channel still takes messages",
    "chat:write": "to post cards and messages",
    "commands": "to offer /ai-key and the others",
    "files:write": "to show charts and send CSV files",
    "groups:history": "to read replies in private channels",
    "groups:read": "to see whether a team's private channel still takes messages",
    "im:history": "to find a direct message again whose outcome was lost",
    "im:write": "to write to people directly",
    "users:read": "to know owners, guests and people who left",
}
"""What the bot token must be allowed, and why. `manifest.yml` asks for exactly these."""

OPTIONAL_SCOPES: Mapping[str, str] = {
    "files:read": "the leak watch reads no files",
    "users:read.email": "lists of people who left name them by Slack id only, and accounts at gateways are found by id",
}
"""What the bot token may be allowed besides, and what is so without it. `manifest.yml` offers exactly these."""

SKEW_SECONDS = 30
"""More than this, and expiry, warnings and Slack's signatures are judged by a wrong clock."""
BACKLOG_SECONDS = 600
"""An effect that has been due for longer than this is stuck."""
TINY_CAP_MICROS = 10_000
TINY_SECONDS = 600
TIMEOUT_SECONDS = 10

_SLACK_SILENT = (OSError, HTTPException, SlackClientError)
_REMEDIES = {
    "invalid_auth": "Copy the Bot User OAuth Token anew into SLACK_BOT_TOKEN (Slack app, OAuth & Permissions).",
    "not_authed": "Copy the Bot User OAuth Token anew into SLACK_BOT_TOKEN (Slack app, OAuth & Permissions).",
    "token_revoked": "The app was removed from the workspace: reinstall it and copy the new token.",
    "account_inactive": "The app was removed from the workspace: reinstall it and copy the new token.",
    "missing_scope": "Paste manifest.yml into the Slack app's manifest again and reinstall the app.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do when it is not well."""

    what: str
    ok: bool
    found: str
    remedy: str = ""


def examine(configuration: Configuration) -> list[Finding]:
    """Look at everything, in the order a newcomer would set it up. One failure does not hide the others."""
    settings = configuration.settings
    clock = SystemClock(settings.purser_clock_file)
    books = Books(settings.database_url, busy_timeout_seconds=TIMEOUT_SECONDS)
    client = slack_client(settings, timeout=TIMEOUT_SECONDS)
    try:
        findings = [Finding("Settings", ok=True, found="complete")]
        workspace, date, seen = _bot_token(client)
        findings += seen
        if settings.slack_app_token is not None:
            findings.append(_app_token(client, settings.slack_app_token.get_secret_value()))
        if workspace:
            named = {"PURSER_OWNERS": settings.purser_owners, "PURSER_FINANCE": settings.purser_finance}
            findings += [_person(client, one, workspace, setting) for setting, ids in named.items() for one in ids]
        findings += _books(books, clock, client if workspace else None, sweeps=configuration.policy.sweeps)
        for gateway in gateways(settings, clock).values():
            findings += _gateway(gateway, clock)
            gateway.close()
        findings.append(_public_address(settings))
        if date is not None:
            findings.append(_skew("Clock against Slack", clock.now(), date))
        return findings
    finally:
        books.close()


# --- Slack ---


def _bot_token(client: WebClient) -> tuple[str, datetime | None, list[Finding]]:
    """Who the token says we are: our workspace's id, Slack's time, and what was found."""
    what = "Slack bot token"
    try:
        said = client.auth_test()
    except SlackApiError as refused:
        return "", None, [_refused(what, refused)]
    except _SLACK_SILENT as silent:
        return "", None, [_silent(what, client.base_url, silent)]
    name, workspace = said.get("user", ""), said.get("team", "")
    findings = [Finding(what, ok=True, found=f"{name} in {workspace}"), _scopes(said.headers)]
    return str(said["team_id"]), _date(said.headers), findings


def _scopes(headers: Mapping[str, Any]) -> Finding:
    granted = {scope.strip() for scope in _header(headers, "x-oauth-scopes").split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        without = [f"without {one}, {so}" for one, so in OPTIONAL_SCOPES.items() if one not in granted]
        found = "; ".join([f"all {len(SCOPES)} granted", *without])
        return Finding("Slack scopes", ok=True, found=found)
    listed = "; ".join(f"{scope} {SCOPES[scope]}" for scope in missing)
    remedy = "Paste manifest.yml into the Slack app's manifest again, then reinstall the app to the workspace."
    return Finding("Slack scopes", ok=False, found=f"missing: {listed}", remedy=remedy)


def _app_token(client: WebClient, app_token: str) -> Finding:
    what = "Slack app token"
    try:
        client.apps_connections_open(app_token=app_token)
    except SlackApiError as refused:
        return Finding(
            what,
            ok=False,
            found=f"Slack refuses it: {refused.response['error']}",
            remedy="Make an app-level token with the scope connections:write (Slack app, Basic Information) and set "
            "SLACK_APP_TOKEN. Socket Mode must be switched on.",
        )
    except _SLACK_SILENT as silent:
        return _silent(what, client.base_url, silent)
    return Finding(what, ok=True, found="Socket Mode can connect")


def _person(client: WebClient, member_id: str, workspace: str, setting: str) -> Finding:
    what = f"{'Owner' if setting == 'PURSER_OWNERS' else 'Finance'} {member_id}"
    try:
        person = member_from(client.users_info(user=member_id)["user"])
    except SlackApiError as refused:
        code = str(refused.response["error"])
        if code in {"user_not_found", "user_not_visible"}:
            remedy = f'Correct {setting}; a profile in Slack shows its id under "Copy member ID".'
            return Finding(what, ok=False, found="Slack knows nobody with this id", remedy=remedy)
        return _refused(what, refused)
    except _SLACK_SILENT as silent:
        return _silent(what, client.base_url, silent)
    wrong = {
        "is deactivated in Slack": person.is_departed,
        "is a bot": person.is_bot,
        "is a guest, and guests cannot decide": person.is_guest and setting == "PURSER_OWNERS",
        "belongs to another workspace": person.workspace_id != workspace,
    }
    for found, is_so in wrong.items():
        if is_so:
            remedy = f"Name somebody else in {setting}."
            return Finding(what, ok=False, found=f"{person.name} {found}", remedy=remedy)
    return Finding(what, ok=True, found=person.name)


def _channel(client: WebClient, name: str, channel_id: str) -> Finding:
    what = f"Channel of team {name}"
    invite = "Type `/invite @purser` in the team's channel."
    try:
        channel: dict[str, Any] = client.conversations_info(channel=channel_id)["channel"]
    except SlackApiError as refused:
        if refused.response["error"] == "channel_not_found":
            found = f"{channel_id} is gone, or private without Purser in it"
            return Finding(what, ok=False, found=found, remedy=invite)
        return _refused(what, refused)
    except _SLACK_SILENT as silent:
        return _silent(what, client.base_url, silent)
    shown = f"#{channel.get('name', channel_id)}"
    if channel.get("is_archived"):
        remedy = "Unarchive it in Slack: its requests cannot be posted anywhere else."
        return Finding(what, ok=False, found=f"{shown} is archived", remedy=remedy)
    if not channel.get("is_member"):
        return Finding(what, ok=False, found=f"Purser is not in {shown}", remedy=invite)
    return Finding(what, ok=True, found=shown)


def _refused(what: str, refused: SlackApiError) -> Finding:
    code = str(refused.response["error"])
    remedy = _REMEDIES.get(code, "docs.slack.dev/reference/methods explains this error.")
    return Finding(what, ok=False, found=f"Slack refuses: {code}", remedy=remedy)


def _silent(what: str, base_url: str, silent: Exception) -> Finding:
    found = f"no answer from {base_url} ({type(silent).__name__})"
    return Finding(what, ok=False, found=found, remedy="Check the network, a proxy or firewall, and SLACK_API_URL.")


# --- the books ---


def _books(books: Books, clock: Clock, client: WebClient | None, *, sweeps: bool) -> Iterator[Finding]:
    try:
        revision, head = books.revision(), books.head()
    except BooksUnavailable as away:
        remedy = "Check DATABASE_URL, that the server runs, and that its user may create tables."
        yield Finding("Database", ok=False, found=str(away), remedy=remedy)
        return
    if revision != head:
        found = "empty" if revision is None else f"at revision {revision}, and this Purser needs {head}"
        remedy = "Run `purser migrate`; `purser serve` does it as well. A newer revision needs a newer Purser."
        yield Finding("Database", ok=False, found=found, remedy=remedy)
        return
    yield Finding("Database", ok=True, found=f"at revision {revision}")
    yield _skew("Clock against the database", clock.now(), _database_time(books))
    report = verify(books)
    remedy = "Stop Purser and keep a copy of the database. `purser ledger verify` names the first row that differs."
    yield Finding("Ledger", ok=report.ok, found=report.lines[0], remedy="" if report.ok else remedy)
    yield from _outbox(books, clock.now())
    yield Finding("Daily sweep", *daily_sweep(books, clock.now(), is_wanted=sweeps))
    if client is not None:
        with books.reading() as session:
            teams = people.all_teams(session)
        yield from (_channel(client, team.name, team.channel_id) for team in teams)


def _outbox(books: Books, now: datetime) -> Iterator[Finding]:
    with books.reading() as session:
        dead, backlog = outbox.dead(session), outbox.backlog(session, now)
    remedy = "Purser gave these up. Mend the cause; what was not told has to be told by hand."
    listed = "; ".join(f"{row.effect} since {row.created_at:%Y-%m-%d %H:%M}: {row.last_error}" for row in dead[:5])
    found = f"{len(dead)} given up ({listed})" if dead else "none"
    yield Finding("Dead letters", ok=not dead, found=found, remedy=remedy if dead else "")
    stuck = backlog.oldest_age_seconds > BACKLOG_SECONDS
    late = f"{backlog.effects} waiting, the oldest for {show_duration(int(backlog.oldest_age_seconds))}"
    found = late if backlog.effects else "nothing waits"
    remedy = "Is `purser serve` running? Its log says why an effect is tried again."
    yield Finding("Outbox", ok=not stuck, found=found, remedy=remedy if stuck else "")


def _database_time(books: Books) -> datetime:
    with books.reading() as session:
        said = session.connection().execute(text("SELECT CURRENT_TIMESTAMP")).scalar_one()
    told = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)  # SQLite tells UTC as plain text


# --- the gateway ---


def _gateway(gateway: Gateway, clock: Clock) -> Iterator[Finding]:
    health = gateway.ping()
    version = f", version {health.version}" if health.version else ""
    what = f"Gateway {gateway.name}"
    if not health.ok:
        yield Finding(
            what, ok=False, found=health.message, remedy="Purser cannot mint or stop keys until this is mended."
        )
        return
    yield Finding(what, ok=True, found=f"{health.message}{version}")
    yield _minting(gateway, clock)


def _minting(gateway: Gateway, clock: Clock) -> Finding:
    """Mint a key of one cent for ten minutes and delete it: whether the credentials may do both."""
    what = f"Minting at {gateway.name}"
    alias = f"{ALIAS_PREFIX}doctor-{RandomIds().suffix()}"
    spec = KeySpec(
        alias=alias,
        holder="purser-doctor",
        cap_micros=TINY_CAP_MICROS,
        cap_period=CapPeriod.TOTAL,
        expires_at=clock.now() + timedelta(seconds=TINY_SECONDS),
        models=(),
        tags={"purpose": "doctor"},
    )
    failed: GatewayError | None = None
    left_behind = True
    try:
        gateway.issue(spec)
    except GatewayError as failure:
        failed = failure
    try:
        for left in gateway.find_alias(alias):
            gateway.delete(left.handle)
        left_behind = bool(gateway.find_alias(alias))
    except GatewayError as failure:
        failed = failure
    if left_behind:
        found = f"a test key may be left behind as {alias}" + (f": {failed.message}" if failed else "")
        remedy = f"Delete {alias} at the gateway. It is worth $0.01 at most, and ends by itself in ten minutes."
        return Finding(what, ok=False, found=found, remedy=remedy)
    if failed is not None:
        remedy = "The credentials must be allowed to make and delete keys: check LITELLM_MASTER_KEY."
        return Finding(what, ok=False, found=f"refused: {failed.message}", remedy=remedy)
    return Finding(what, ok=True, found="a test key was made and deleted")


def _public_address(settings: Settings) -> Finding:
    """Members use this address, perhaps from another network: no answer here is only worth a remark."""
    url = settings.litellm_public_url or settings.litellm_base_url
    what = "Address members are told"
    try:
        httpx.get(url, timeout=TIMEOUT_SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as silent:
        found = f"{url} does not answer from here ({type(silent).__name__}). Members may still reach it; check once."
        return Finding(what, ok=True, found=found)
    return Finding(what, ok=True, found=f"{url} answers")


# --- clocks and headers ---


def _skew(what: str, ours: datetime, theirs: datetime) -> Finding:
    seconds = round((ours - theirs).total_seconds())
    if abs(seconds) <= SKEW_SECONDS:
        return Finding(what, ok=True, found="within 30 seconds")
    found = f"{abs(seconds)} seconds {'ahead' if seconds > 0 else 'behind'}"
    remedy = "Let this machine's clock follow NTP (and leave PURSER_CLOCK_FILE to the playground)."
    return Finding(what, ok=False, found=found, remedy=remedy)


def _date(headers: Mapping[str, Any]) -> datetime | None:
    said = _header(headers, "date")
    try:
        return parsedate_to_datetime(said) if said else None
    except ValueError:
        return None


def _header(headers: Mapping[str, Any], name: str) -> str:
    """A header whatever its case; slack_sdk keeps the server's, and lists for repeated ones."""
    for key, value in headers.items():
        if key.lower() == name:
            return ",".join(value) if isinstance(value, list) else str(value)
    return ""
