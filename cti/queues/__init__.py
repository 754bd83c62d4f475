"""Queues: their settings, and what goes on in them now."""
