"""How people speak to Purser."""
