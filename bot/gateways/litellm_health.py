"""Whether a LiteLLM proxy can be used, in words for its operator. It decides nothing else."""

from __future__ import annotations

from bot.gateways.base import Health
from bot.gateways.http import CallFailed, Http

NAME = "litellm"


def ping(http: Http) -> Health:
    """See `Gateway.ping`: readiness, then a management call with the master key."""
    try:
        ready = http.read("/health/readiness").body
    except CallFailed as failure:
        return Health(ok=False, message=_not_ready(failure))
    try:
        http.read("/key/list", {"page": 1, "size": 1})
    except CallFailed as failure:
        return Health(ok=False, message=_not_allowed(failure))
    version = ready.get("litellm_version") if isinstance(ready, dict) else None
    return Health(ok=True, message=f"{NAME} is ready", version=version or _version(http))


def _version(http: Http) -> str | None:
    """The version, where this LiteLLM has a page that tells; nothing depends on it."""
    try:
        body = http.read("/health/readiness/details").body
    except CallFailed:
        return None
    version = body.get("litellm_version") if isinstance(body, dict) else None
    return version if isinstance(version, str) else None


def _not_ready(failure: CallFailed) -> str:
    if failure.status == 503:
        return f"{NAME} is up but not ready (503): its database is away. Check LiteLLM's DATABASE_URL"
    return f"{failure.message}. Check LITELLM_BASE_URL and that LiteLLM is running"


def _not_allowed(failure: CallFailed) -> str:
    if failure.status in {401, 403}:
        return f"{NAME} does not accept Purser's master key ({failure.status}). Check LITELLM_MASTER_KEY"
    return f"{failure.message}. LiteLLM needs its own database to manage keys: check its DATABASE_URL"
