"""Dialling that an agent or a callback asks for, and previews."""
