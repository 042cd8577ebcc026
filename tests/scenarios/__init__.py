"""Stories over the wire: real Slack payloads, a real bot, a gateway that answers."""
