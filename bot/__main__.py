"""`python -m bot` is `purser`."""

from bot.cli import main

main()
