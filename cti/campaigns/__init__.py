"""Campaigns as drafts, and their contacts: out of files, out of customers, drawn at random."""
