"""Calls: what the record of a call is, and what people read of it."""
