"""The offices of the scenarios."""

from __future__ import annotations

from tests.scenarios.conftest import desk, desk_on_each, opened, sqlite_url

__all__ = ["desk", "desk_on_each", "opened", "sqlite_url"]
