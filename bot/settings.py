"""Settings: the only reader of the environment. The policy file that it names is `policy_file`'s to read.

Everything wrong is found at once and said in one readable list (`SettingsError`), before anything starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot import policy_file
from bot.domain.policy import Policy

PEPPER_CHARS = 32
WEBHOOK_SECRET_CHARS = 16
NOT_OURS = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""With both in its environment, even empty, Bolt serves OAuth, ignores the bot token and runs no handler."""


class SettingsError(Exception):
    """What is missing or wrong, one line each, fit for the terminal. Values of secrets are not in it."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems in the order they should be read."""
        super().__init__("\n".join(problems))
        self.problems = problems


def _one_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        msg = "must be an address such as https://gateway.example.com"
        raise ValueError(msg)
    return value


def _ids(value: object) -> object:
    return tuple(part for part in re.split(r"[\s,]+", value) if part) if isinstance(value, str) else value


def _switch(value: object) -> object:
    """Yes or no as people write it; anything else is refused in words of ours."""
    known = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
    if isinstance(value, str) and value.strip().lower() not in known:
        msg = f"must be true or false; {value!r} is neither"
        raise ValueError(msg)
    return known[value.strip().lower()] if isinstance(value, str) else value


Switch = Annotated[bool, BeforeValidator(_switch)]
Url = Annotated[str, BeforeValidator(lambda value: _one_url(str(value).strip()))]


class Settings(BaseSettings):
    """What an installation is told by its environment. Field descriptions are the documentation."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, env_ignore_empty=True)

    slack_bot_token: SecretStr = Field(description="Bot token of the Slack app, starts with xoxb-.")
    slack_app_token: SecretStr | None = Field(
        None, description="App-level token with connections:write, starts with xapp-. Needed for Socket Mode."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Signing secret of the Slack app. Needed for `purser serve --http`."
    )
    slack_api_url: Url = Field("https://slack.com/api/", description="Where Slack's Web API is.")
    database_url: str = Field(
        "sqlite:///purser.db", description="The books: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
    )
    purser_owners: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_ids)] = Field(
        description="Slack user ids of the workspace's owners in Purser, separated by commas."
    )
    purser_finance: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_ids)] = Field(
        (), description="Slack user ids of people who see all usage and decide nothing, separated by commas."
    )
    purser_pepper: SecretStr = Field(
        description="Secret that fingerprints of keys are made with, at least 32 characters. Never change it."
    )
    litellm_base_url: Url = Field(description="Address of the LiteLLM proxy, as Purser reaches it.")
    litellm_master_key: SecretStr = Field(description="LiteLLM master key, or a key with the management role.")
    litellm_public_url: Url | None = Field(None, description="Address members are told; the base URL when left out.")
    github_webhook_secret: SecretStr | None = Field(
        None, description="Secret of GitHub's webhook for secret scanning alerts, at least 16 characters."
    )
    github_token: SecretStr | None = Field(
        None, description="GitHub token that reads secret scanning alerts and resolves them, to look secrets up."
    )
    github_api_url: Url = Field("https://api.github.com", description="Where GitHub's API is.")
    purser_config: Path | None = Field(None, description="A TOML file with the installation's policy.")
    purser_native_charts: Switch = Field(
        False,  # noqa: FBT003 - a default
        description="Use Slack's own chart blocks where it takes them; pictures otherwise, and when it refuses.",
    )
    purser_health: str = Field(
        "127.0.0.1:8081",
        description="Where /healthz and /readyz answer for `purser health`, HOST:PORT; `off` for nowhere.",
    )
    purser_log_level: str = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR. Slack's own loggers stay at INFO."
    )
    purser_clock_file: Path | None = Field(
        None, description="For the playground and tests: a file that holds by how many seconds the clock is moved."
    )
    purser_failpoint: str | None = Field(
        None, description="For tests: the name of the point at which the process kills itself."
    )

    @field_validator("slack_bot_token")
    @classmethod
    def _is_bot_token(cls, value: SecretStr) -> SecretStr:
        return _prefixed(value, "xoxb-")

    @field_validator("slack_app_token")
    @classmethod
    def _is_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else _prefixed(value, "xapp-")

    @field_validator("purser_pepper")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < PEPPER_CHARS:
            msg = f"must have at least {PEPPER_CHARS} characters; `openssl rand -hex 32` makes one"
            raise ValueError(msg)
        return value

    @field_validator("github_webhook_secret")
    @classmethod
    def _is_hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < WEBHOOK_SECRET_CHARS:
            msg = f"must have at least {WEBHOOK_SECRET_CHARS} characters; `openssl rand -hex 32` makes one"
            raise ValueError(msg)
        return value

    @field_validator("purser_owners", "purser_finance")
    @classmethod
    def _are_user_ids(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        wrong = [part for part in value if not re.fullmatch(r"[UW][A-Z0-9]{2,}", part)]
        if wrong or (not value and info.field_name == "purser_owners"):
            what = f"{wrong[0]!r} is not one; " if wrong else "there must be at least one; "
            where = 'a profile in Slack shows it under "Copy member ID"'
            msg = f"must be Slack user ids such as U024BE7LH: {what}{where}"
            raise ValueError(msg)
        return value

    @field_validator("purser_log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            msg = "must be DEBUG, INFO, WARNING or ERROR"
            raise ValueError(msg)
        return value.upper()

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if re.fullmatch(r"sqlite(\+pysqlite)?:///.+", value):
            return value
        if not re.fullmatch(r"(postgres|postgresql|postgresql\+psycopg)://[^\s/]*(/\S*)?", value) or not _has_port(
            value
        ):
            msg = "must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
            raise ValueError(msg)
        return value

    @field_validator("purser_health")
    @classmethod
    def _is_address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value != "off" and not (host and port.isascii() and port.isdigit() and int(port) < 65536):
            msg = f"must be HOST:PORT such as 127.0.0.1:8081, or off; {value!r} is neither"
            raise ValueError(msg)
        return value


def _has_port(url: str) -> bool:
    """Whether the port, if any, is one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _prefixed(value: SecretStr, prefix: str) -> SecretStr:
    if not value.get_secret_value().startswith(prefix):
        msg = f"must start with {prefix}"
        raise ValueError(msg)
    return value


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings and policy, both checked."""

    settings: Settings
    policy: Policy


def load(*, http: bool, any_mode: bool = False, **values: Any) -> Configuration:  # noqa: ANN401 - whatever the environment would hold
    """Read and check everything. `http` says which way Slack will reach us, unless `any_mode` will do.

    `values` stand in for environment variables. Raises `SettingsError` with every problem there is.
    """
    problems = _not_ours(values)
    settings: Settings | None = None
    try:
        settings = Settings(**values)
    except ValidationError as found:
        problems += [_line(error) for error in found.errors(include_url=False, include_input=False)]
    problems += [] if any_mode else _mode_problems(values, http=http)
    policy, wrong = policy_file.read(_given("PURSER_CONFIG", values))
    problems += wrong
    if problems or settings is None:
        raise SettingsError(problems)
    return Configuration(settings, policy)


def _not_ours(values: Mapping[str, object]) -> list[str]:
    found = [name for name in NOT_OURS if name in os.environ or name.lower() in values]
    return [f"{name} must not be set, not even empty: it makes Slack's library ignore the bot token." for name in found]


def _given(name: str, values: Mapping[str, object]) -> str | None:
    return str(values.get(name.lower()) or os.environ.get(name) or "") or None


def _mode_problems(values: Mapping[str, object], *, http: bool) -> list[str]:
    if http and _given("SLACK_SIGNING_SECRET", values) is None:
        return ["SLACK_SIGNING_SECRET is missing: --http needs it to tell Slack from anybody else."]
    if not http and _given("SLACK_APP_TOKEN", values) is None:
        return ["SLACK_APP_TOKEN is missing: Socket Mode needs it. Or start with `--http HOST:PORT`."]
    return []


def _line(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    name = "_".join(str(part) for part in error["loc"]).upper()
    description = Settings.model_fields[str(error["loc"][0])].description or ""
    if error["type"] == "missing":
        return f"{name} is missing: {description}"
    return f"{name} {str(error['msg']).removeprefix('Value error, ')}."
