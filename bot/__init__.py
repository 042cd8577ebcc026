"""Purser: hands out AI keys in Slack and keeps the books."""

__version__ = "0.1.0"
