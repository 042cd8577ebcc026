"""Settings: whatever is missing or wrong is said at once, one readable line each, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.policy import Policy
from bot.settings import SettingsError, load
from tests import env_example

PEPPER = "0123456789abcdef0123456789abcdef"
APPROVAL = (
    "two_owners_from, lead_up_to, auto_approve_up_to, auto_approve_time, auto_approve_per_week, quiet_approvers, "
    "remind_after, escalate_after, give_up_after, claim_within"
)
COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-token",
    "SLACK_APP_TOKEN": "xapp-token",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "PURSER_OWNERS": "U0OLGA, W0OMAR",
    "PURSER_PEPPER": PEPPER,
    "LITELLM_BASE_URL": "http://litellm:4000",
    "LITELLM_MASTER_KEY": "sk-master-key",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete one, to be changed."""
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def problems(*, http: bool = False) -> list[str]:
    with pytest.raises(SettingsError) as found:
        load(http=http)
    return found.value.problems


def with_policy(environment: pytest.MonkeyPatch, path: Path, text: str) -> Path:
    file = path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    environment.setenv("PURSER_CONFIG", str(file))
    return file


@pytest.mark.usefixtures("environment")
def test_a_complete_environment_is_understood() -> None:
    found = load(http=False).settings
    assert found.purser_owners == ("U0OLGA", "W0OMAR")
    assert found.purser_finance == ()
    assert found.slack_api_url == "https://slack.com/api/"
    assert found.database_url == "sqlite:///purser.db"
    assert found.litellm_public_url is None


def test_finance_may_be_anybody_or_nobody(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PURSER_FINANCE", "U0FAY W0FINN")
    assert load(http=False).settings.purser_finance == ("U0FAY", "W0FINN")
    environment.setenv("PURSER_FINANCE", " ")
    assert load(http=False).settings.purser_finance == ()


REQUIRED = {
    "SLACK_BOT_TOKEN": "SLACK_BOT_TOKEN is missing: Bot token of the Slack app, starts with xoxb-.",
    "PURSER_OWNERS": "PURSER_OWNERS is missing: "
    "Slack user ids of the workspace's owners in Purser, separated by commas.",
    "PURSER_PEPPER": "PURSER_PEPPER is missing: "
    "Secret that fingerprints of keys are made with, at least 32 characters. Never change it.",
    "LITELLM_BASE_URL": "LITELLM_BASE_URL is missing: Address of the LiteLLM proxy, as Purser reaches it.",
    "LITELLM_MASTER_KEY": "LITELLM_MASTER_KEY is missing: LiteLLM master key, or a key with the management role.",
}


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("empty", [True, False])
def test_each_missing_setting_has_its_line(environment: pytest.MonkeyPatch, name: str, empty: bool) -> None:
    if empty:
        environment.setenv(name, "")
    else:
        environment.delenv(name)
    assert problems() == [REQUIRED[name]]


def test_every_problem_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        environment.delenv(name)
    environment.setenv("PURSER_LOG_LEVEL", "LOUD")
    assert problems() == [
        *REQUIRED.values(),
        "PURSER_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.",
        "SLACK_APP_TOKEN is missing: Socket Mode needs it. Or start with `--http HOST:PORT`.",
    ]


def test_the_mode_and_the_policy_file_are_checked_together(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("SLACK_APP_TOKEN")
    with_policy(environment, tmp_path, "[approval]\nremind = '1h'")
    assert problems() == [
        "SLACK_APP_TOKEN is missing: Socket Mode needs it. Or start with `--http HOST:PORT`.",
        f"PURSER_CONFIG: approval.remind: there is no such setting; there is {APPROVAL}.",
    ]


def test_the_policy_is_what_its_file_says(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load(http=False).policy == Policy()
    with_policy(environment, tmp_path, "[approval]\ntwo_owners_from = '$100'")
    assert load(http=False).policy.two_owners_from_micros == 100_000_000


def test_each_mode_needs_what_it_needs(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SLACK_APP_TOKEN", "")
    load(http=True)
    environment.setenv("SLACK_SIGNING_SECRET", "")
    needs = "SLACK_SIGNING_SECRET is missing: --http needs it to tell Slack from anybody else."
    assert problems(http=True) == [needs]
    load(http=False, any_mode=True)


NEEDS_IDS = "PURSER_OWNERS must be Slack user ids such as U024BE7LH: "
WHERE_IDS_ARE = 'a profile in Slack shows it under "Copy member ID".'
WRONG = [
    ("SLACK_BOT_TOKEN", "xoxp-user", "SLACK_BOT_TOKEN must start with xoxb-."),
    ("SLACK_APP_TOKEN", "xoxb-token", "SLACK_APP_TOKEN must start with xapp-."),
    ("PURSER_PEPPER", "short", "PURSER_PEPPER must have at least 32 characters; `openssl rand -hex 32` makes one."),
    ("PURSER_OWNERS", "U0OLGA, @omar", f"{NEEDS_IDS}'@omar' is not one; {WHERE_IDS_ARE}"),
    ("PURSER_OWNERS", " , ", f"{NEEDS_IDS}there must be at least one; {WHERE_IDS_ARE}"),
    ("PURSER_FINANCE", "U0FAY, fay", f"{NEEDS_IDS}'fay' is not one; {WHERE_IDS_ARE}".replace("OWNERS", "FINANCE")),
    ("SLACK_API_URL", "slack.com", "SLACK_API_URL must be an address such as https://gateway.example.com."),
    ("LITELLM_BASE_URL", "http://", "LITELLM_BASE_URL must be an address such as https://gateway.example.com."),
    ("LITELLM_PUBLIC_URL", "ftp://x", "LITELLM_PUBLIC_URL must be an address such as https://gateway.example.com."),
    ("DATABASE_URL", "mysql://h/x", "DATABASE_URL must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."),
    ("DATABASE_URL", "sqlite://", "DATABASE_URL must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."),
    (
        "DATABASE_URL",
        "postgresql://u:p@h:port/x",
        "DATABASE_URL must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
    ),
    ("PURSER_HEALTH", "8081", "PURSER_HEALTH must be HOST:PORT such as 127.0.0.1:8081, or off; '8081' is neither."),
    (
        "PURSER_HEALTH",
        "h:99999",
        "PURSER_HEALTH must be HOST:PORT such as 127.0.0.1:8081, or off; 'h:99999' is neither.",
    ),
    ("PURSER_NATIVE_CHARTS", "maybe", "PURSER_NATIVE_CHARTS must be true or false; 'maybe' is neither."),
    ("PURSER_LOG_LEVEL", "trace", "PURSER_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."),
    ("PURSER_CONFIG", "/not/there.toml", "PURSER_CONFIG: /not/there.toml cannot be read: No such file or directory."),
    (
        "SLACK_CLIENT_ID",
        "1.2",
        "SLACK_CLIENT_ID must not be set, not even empty: it makes Slack's library ignore the bot token.",
    ),
    (
        "SLACK_CLIENT_SECRET",
        "",
        "SLACK_CLIENT_SECRET must not be set, not even empty: it makes Slack's library ignore the bot token.",
    ),
]


@pytest.mark.parametrize(("name", "value", "line"), WRONG)
def test_each_wrong_setting_has_its_line(environment: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    environment.setenv(name, value)
    assert problems() == [line]


@pytest.mark.parametrize(
    "value",
    [
        "sqlite:///purser.db",
        "sqlite:////data/purser.db",
        "postgres://h/n",
        "postgresql://u:p@h:5432/n?sslmode=require",
        "postgresql+psycopg://h/n",
        "postgresql:///n?host=/run/postgresql",
    ],
)
def test_databases_of_both_kinds_are_taken(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("DATABASE_URL", value)
    assert load(http=False).settings.database_url == value


@pytest.mark.parametrize(("value", "on"), [("true", True), ("On", True), ("1", True), ("false", False), ("off", False)])
def test_native_charts_are_switched_on_in_plain_words(environment: pytest.MonkeyPatch, value: str, on: bool) -> None:
    environment.setenv("PURSER_NATIVE_CHARTS", value)
    assert load(http=False).settings.purser_native_charts is on


@pytest.mark.parametrize("value", ["off", "0.0.0.0:8081", "[::1]:8081"])
def test_health_is_an_address_or_off(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("PURSER_HEALTH", value)
    assert load(http=False).settings.purser_health == value


def test_seen_once_no_problem_repeats_a_secret(environment: pytest.MonkeyPatch) -> None:
    secrets = {
        "SLACK_BOT_TOKEN": "xoxp-very-secret-1",
        "SLACK_APP_TOKEN": "very-secret-2",
        "PURSER_PEPPER": "very-secret-3",
        "DATABASE_URL": "mysql://user:very-secret-4@host/name",
    }
    for name, value in secrets.items():
        environment.setenv(name, value)
    assert "secret-" not in "".join(problems())
    assert len(problems()) == 4


@pytest.mark.usefixtures("environment")
def test_seen_once_settings_do_not_print_secrets() -> None:
    shown = repr(load(http=False)) + str(load(http=False).settings.model_dump())
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "PURSER_PEPPER", "LITELLM_MASTER_KEY"):
        assert COMPLETE[name] not in shown, name


# --- the examples ---


def test_the_example_environment_is_the_settings() -> None:
    written = env_example.PATH.read_text(encoding="utf-8")
    assert written == env_example.text(), "run `python -m tests.env_example`"


def test_the_example_environment_filled_in_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = env_example.text().splitlines()
    asked_for = [line.rstrip("=") for line in lines if line and not line.startswith("#")]
    for name in asked_for:
        monkeypatch.setenv(name, COMPLETE[name])
    defaults = load(http=False, any_mode=True).settings
    for line in lines:
        if line.startswith("#") and not line.startswith("# "):
            name, _, value = line[1:].partition("=")
            monkeypatch.setenv(name, value)
    assert load(http=False, any_mode=True).settings == defaults
