"""Attempts of campaigns while they live: sent, followed, cancelled, found again after a restart."""
