"""What must hold when things go wrong: races, failing gateways, a failing Slack, books that are away."""
