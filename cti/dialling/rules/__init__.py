"""Whom dialling may reach, when, and again when; pure."""
