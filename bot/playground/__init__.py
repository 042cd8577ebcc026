"""Purser with no Slack and no accounts: strict stand-ins for both, over real HTTP on loopback.

Stands outside the bot, as Slack and a gateway do: it must not import bot.slack, bot.services or storage.
"""
