"""Purser killed at every named point, started again, and looked at."""
