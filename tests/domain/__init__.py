"""The rules by examples and by properties; no books, no clock."""
