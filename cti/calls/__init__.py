"""Calls: the board that folds Asterisk's events into calls, legs and intervals."""
