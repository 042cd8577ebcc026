"""A simulated organisation whose people come, leave and come back for a year, while everything around Purser fails."""
