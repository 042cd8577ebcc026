"""Tests of the stand-ins for Slack and for a gateway."""
