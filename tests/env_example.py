"""Writes .env.example from the settings themselves, so that it cannot lie: `python -m tests.env_example`."""

from __future__ import annotations

from pathlib import Path

from pydantic_core import PydanticUndefined

from bot.settings import Settings

PATH = Path(__file__).parent.parent / ".env.example"
HEAD = """\
# Everything Purser is told by its environment. Copy this to .env and fill in what is required; the rest shows its
# default. Policy (limits, thresholds, waiting times) is in a file of its own: policy.example.toml.
"""


def text() -> str:
    """The whole file."""
    return "\n".join([HEAD, *(_entry(name) for name in Settings.model_fields)])


def _entry(name: str) -> str:
    """A required setting stands empty; any other is commented out and shows its default."""
    field = Settings.model_fields[name]
    required = field.default is PydanticUndefined
    comment = f"# {field.description}{' Required.' if required else ''}"
    default = "" if required or field.default in (None, ()) else str(field.default)
    return f"{comment}\n{'' if required else '#'}{name.upper()}={default}\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
