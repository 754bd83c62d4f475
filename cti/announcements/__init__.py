"""Announcements that a supervisor switches on: a surge of calls, an outage, anything else."""
