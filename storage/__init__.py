"""The books. Knows SQL and the domain's words; nothing of Slack, HTTP or the time of day."""
