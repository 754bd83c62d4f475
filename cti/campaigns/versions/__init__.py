"""Changing campaigns where they stand, and the history of their changes."""
