"""Block Kit as pure functions of facts."""
