"""Properties of the whole: whatever people, time and the world do, in whatever order."""
