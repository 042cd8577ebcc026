"""Twelve weeks of plausible life for a fresh playground: planned from a seed, lived through the real bot.

`plan` decides what happens when and `usage` what is spent; both are pure. `live` makes it happen.
"""
