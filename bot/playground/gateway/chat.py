"""The routes a member's key may call: the models, and a chat that is metered and stopped at the cap."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.playground.gateway import errors
from bot.playground.gateway.keys import StoredKey, hash_of
from bot.playground.gateway.management import sent
from bot.playground.gateway.models import Model, usage_of
from bot.playground.gateway.state import State

_CREATED = 1_677_610_602
"""The moment LiteLLM claims for every model."""


def chat(state: State) -> Blueprint:
    """The routes under the public base URL."""
    routes = Blueprint("chat", __name__)

    @routes.get("/v1/models")
    @routes.get("/models")
    def models() -> Response:
        with _noted(state, ""):
            caller = state.caller(request.headers.get("Authorization"), request.path)
            if isinstance(caller, str):
                return jsonify(_listed(state.offered))
            with state.settled():
                state.check_budget(caller, of_windows=False)
        allowed = caller.models or [model.name for model in state.offered]
        return jsonify(_listed(tuple(model for model in state.offered if model.name in allowed)))

    @routes.post("/v1/chat/completions")
    @routes.post("/chat/completions")
    def completions() -> Response:
        asked = sent()
        with _noted(state, str(asked.get("model", ""))):
            caller = state.caller(request.headers.get("Authorization"), request.path)
            return _complete(state, None if isinstance(caller, str) else caller, asked)

    return routes


@contextmanager
def _noted(state: State, model: str) -> Iterator[None]:
    """Write refused calls down under the key that was sent, whether it works or not."""
    try:
        yield
    except errors.Refused as refusal:
        if refusal.status == 400 and model not in {offered.name for offered in state.offered}:
            model = "unknown-model"
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if secret.startswith("sk-") and secret != state.master_key:
            state.note_refusal(hash_of(secret), model)
        raise


def _complete(state: State, key: StoredKey | None, asked: dict[str, Any]) -> Response:
    """Admit, answer, charge. The master key (no `key`) is never charged nor stopped."""
    name = str(asked.get("model", ""))
    if key is not None and key.models and name and name not in key.models:
        raise errors.model_not_allowed(name)
    if key is not None:
        with state.settled():
            state.check_budget(key)
    if not isinstance(asked.get("messages"), list):
        message = "/chat/completions: Missing required parameter: 'messages'."
        raise errors.refused(400, message, "invalid_request_error", "messages")
    model = next((model for model in state.offered if model.name == name), None)
    if model is None:
        raise errors.no_such_model(name)
    reserved = state.reserve(key, model) if key is not None else 0.0
    state.sleep(state.habits.chat_seconds)
    usage = usage_of(model, asked["messages"])
    if key is not None:
        usage = state.with_cache(key, model, asked["messages"], usage)
        state.charge(key, model, usage, reserved)
    reply = jsonify(_completion(state, model, usage.prompt_tokens, usage.completion_tokens))
    reply.headers["x-litellm-version"] = "1.106.2"
    reply.headers["x-litellm-response-cost"] = str(usage.cost)
    reply.headers["x-litellm-model-group"] = model.name
    if key is not None and key.max_budget is not None:
        reply.headers["x-litellm-key-max-budget"] = str(key.max_budget)
        # Not a running total: what is written, and this call.
        reply.headers["x-litellm-key-spend"] = str(key.spend + usage.cost)
    return reply


def _completion(state: State, model: Model, prompt: int, completion: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "created": int(state.clock().timestamp()),
        "model": model.name,
        "object": "chat.completion",
        "choices": [
            {
                "finish_reason": "stop",
                "index": 0,
                "message": {"content": model.reply, "role": "assistant"},
            }
        ],
        "usage": {
            "completion_tokens": completion,
            "prompt_tokens": prompt,
            "total_tokens": prompt + completion,
        },
    }


def _listed(models: tuple[Model, ...]) -> dict[str, Any]:
    return {
        "data": [
            {
                "id": model.name,
                "object": "model",
                "created": _CREATED,
                "owned_by": "openai",
                "mode": "chat",
                "max_input_tokens": 128_000,
                "max_output_tokens": model.most_tokens,
            }
            for model in models
        ],
        "object": "list",
    }
