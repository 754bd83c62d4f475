"""Rows made again from the journal."""
