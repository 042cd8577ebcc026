"""Tests mirror the tree; see CONTRIBUTING.md for the kinds of test and what each is for."""
