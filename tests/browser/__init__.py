"""A person at the playground's page, in a real Chromium, finding things by role and name only."""
