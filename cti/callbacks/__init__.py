"""Callers who hung up and kept their place: they are called when it is their turn, once."""
