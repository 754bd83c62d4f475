"""Outbound dialling: whom to call, when, and how many at a time."""
