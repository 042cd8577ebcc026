"""What runs by itself: the schedule and nothing of the rules."""
